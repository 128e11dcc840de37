//! `orion admin`.

use super::CommandError;
use crate::app::App;

/// Creates a platform admin; the password is the first line of standard input.
pub async fn create(app: &App, email: &str, super_admin: bool) -> Result<(), CommandError> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    crate::modules::identity::service::admin_create(app, email, super_admin, password)
        .await
        .map_err(super::told)?;
    println!("{email} is a platform admin");
    Ok(())
}
