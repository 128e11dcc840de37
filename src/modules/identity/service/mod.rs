//! Use cases of people and sessions.

pub mod authenticate;

use crate::app::App;
use crate::framework::error::Outcome;

/// Creates a platform admin.
pub async fn admin_create(_app: &App, _email: &str, _super_admin: bool, _password: String) -> Outcome<()> {
    Ok(())
}
