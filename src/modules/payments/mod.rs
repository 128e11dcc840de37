//! Payments and their gateways.
