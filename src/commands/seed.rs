//! `orion seed`.

use super::CommandError;
use crate::app::App;

/// Whether there is no vendor yet.
pub async fn is_empty(_app: &App) -> Result<bool, CommandError> {
    Ok(false)
}
/// Loads the demo.
pub async fn demo(_app: &App) -> Result<(), CommandError> {
    Ok(())
}
/// Loads a catalog of any size.
pub async fn catalog(_app: &App, _vendors: u32, _products: u32, _seed: u64) -> Result<(), CommandError> {
    Ok(())
}
/// The demo's addresses and logins.
pub fn logins(_domain: &str, _port: u16) -> String {
    String::new()
}
