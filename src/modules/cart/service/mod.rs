//! Use cases of carts. All of it can be called without HTTP.

mod checkout;
mod create;
mod expire;
mod lines;
mod merge;
mod methods;
mod open;
mod read;
mod update;

pub use checkout::{lock_for_checkout, mark_ordered, reopen};
pub use create::create;
pub use expire::{CRON, JOBS, delete_expired};
pub use lines::{add, change, clear, remove};
pub use merge::merge_on_login;
pub use methods::{method_create, method_update, offered_methods, team_methods};
pub use open::Done;
pub use read::{by_id, by_token, own};
pub use update::update;
