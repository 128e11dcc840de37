//! The sweep: every field of the committed schema, as everybody who must not have it. A field without a case fails.

mod audit;
mod cases;
mod isolation;
mod permissions;
mod reach;
mod schema;
mod world;
