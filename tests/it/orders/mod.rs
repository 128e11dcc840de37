//! Orders: from checkout to delivery, and every way in which it can go otherwise.

mod checkout;
mod life;
mod lifecycle;
mod shop;
