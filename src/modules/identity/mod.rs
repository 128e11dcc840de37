//! People who log in: admins and teams.

pub mod service;
