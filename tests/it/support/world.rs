//! Vendors, their people and goods, made through the API as a user would.

/// A vendor with its owner.
pub struct Vendor;
