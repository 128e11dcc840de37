//! The binary: `orion serve`, `worker`, `migrate`, `seed`, `schema`, `admin`, `doctor`.

use std::process::ExitCode;

use clap::Parser as _;
use orion::commands::{Cli, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("orion: {error}");
            ExitCode::FAILURE
        }
    }
}
