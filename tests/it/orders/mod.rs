//! Orders: from checkout to delivery, and every way in which it can go otherwise.

mod checkout;
mod lifecycle;
mod shop;
