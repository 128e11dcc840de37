//! Use cases of people and sessions.

pub mod admin;
pub mod audit;
pub mod authenticate;
pub mod invitation;
pub mod login;
pub mod session;
pub mod team;

pub use admin::admin_create;
