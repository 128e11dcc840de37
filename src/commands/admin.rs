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
        .map_err(describe)?;
    println!("{email} is a platform admin");
    Ok(())
}

fn describe(failure: crate::framework::error::Failure) -> CommandError {
    use crate::framework::error::Failure;
    match failure {
        Failure::Refused(refusals) => {
            refusals.iter().map(|refusal| refusal.message.as_ref()).collect::<Vec<_>>().join(" ").into()
        }
        Failure::Error(error) => error.message.into_owned().into(),
        Failure::Conflict => "Too many changes at once; try again.".into(),
    }
}
