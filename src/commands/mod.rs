//! The commands of the binary.

mod admin;
mod boot;
pub mod doctor;
pub mod seed;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use boot::{Boot, boot};

use crate::framework::error::Failure;

/// Orion, a headless commerce engine for many vendors.
#[derive(Parser, Debug)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serves the API, with the worker in it.
    Serve {
        /// Leaves the worker to other processes (`orion worker`).
        #[arg(long)]
        no_worker: bool,
        /// Loads the demo first if the database is empty, and prints its logins (development only).
        #[arg(long)]
        demo: bool,
    },
    /// Runs background jobs and the relay only.
    Worker,
    /// Brings the schema up to date.
    Migrate {
        /// Makes the database and its four roles first; `ORION_OWNER_DATABASE_URL` must then log in as a superuser.
        #[arg(long)]
        bootstrap: bool,
    },
    /// Loads the demo, or a catalog of any size, the same for the same seed.
    Seed {
        /// So many vendors instead of the demo.
        #[arg(long)]
        vendors: Option<u32>,
        /// So many products for each of them.
        #[arg(long, default_value_t = 100)]
        products: u32,
        /// What the made-up data is drawn from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Prints the schema.
    Schema,
    /// Manages platform admins.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Checks the invariants of a live database; names each breach and fails if there is one.
    Doctor,
}

#[derive(Subcommand, Debug)]
enum AdminCommand {
    /// Creates a platform admin, or sets the password and role of an existing one.
    Create {
        /// The e-mail address.
        #[arg(long)]
        email: String,
        /// May make other admins.
        #[arg(long = "super")]
        super_admin: bool,
        /// Reads the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

/// What a command fails with.
pub type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Runs a command.
pub async fn run(cli: Cli) -> Result<ExitCode, CommandError> {
    if let Command::Schema = cli.command {
        print!("{}", crate::graphql::schema::sdl());
        return Ok(ExitCode::SUCCESS);
    }
    boot::start_log();
    match cli.command {
        Command::Serve { no_worker, demo } => serve::serve(!no_worker, demo).await?,
        Command::Worker => serve::worker().await?,
        Command::Migrate { bootstrap } => boot::migrate(bootstrap).await?,
        Command::Seed { vendors, products, seed } => {
            let boot = boot(boot::Schema::BringUpToDate).await?;
            match vendors {
                Some(vendors) => seed::catalog(&boot.app, vendors, products, seed).await?,
                None => seed::demo(&boot.app).await?,
            }
        }
        Command::Admin { command: AdminCommand::Create { email, super_admin, password_stdin: _ } } => {
            let boot = boot(boot::Schema::BringUpToDate).await?;
            admin::create(&boot.app, &email, super_admin).await?;
        }
        Command::Doctor => {
            let boot = boot(boot::Schema::AsItIs).await?;
            let breaches = doctor::check(&boot.app).await?;
            for breach in &breaches {
                println!("BREACH {breach}");
            }
            if !breaches.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
            println!("clean");
        }
        Command::Schema => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// A use case's failure, for the terminal.
fn told(failure: Failure) -> CommandError {
    match failure {
        Failure::Refused(refusals) => {
            refusals.iter().map(|refusal| refusal.message.as_ref()).collect::<Vec<_>>().join(" ").into()
        }
        Failure::Error(error) => error.message.into_owned().into(),
        Failure::Conflict => "too many changes at once; try again".into(),
    }
}
