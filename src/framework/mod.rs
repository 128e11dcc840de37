//! What has no commerce in it.

pub mod arithmetic;
pub mod audit;
pub mod background;
pub mod batch;
pub mod cleanup;
pub mod clock;
pub mod context;
pub mod db;
pub mod error;
pub mod fetch;
pub mod id;
pub mod idempotency;
pub mod jobs;
pub mod migrate;
pub mod money;
pub mod outbox;
pub mod paging;
pub mod permission;
pub mod postgres;
pub mod relay;
pub mod secret;
pub mod spool;
pub mod tax;
