//! `orion serve` and `orion worker`.

use std::time::Duration;

use super::boot::{Schema, boot};
use super::{CommandError, seed};
use crate::app::App;

/// Serves until a signal comes, then lets requests and jobs end.
pub async fn serve(with_worker: bool, demo: bool) -> Result<(), CommandError> {
    let boot = boot(Schema::BringUpToDate).await?;
    let app = boot.app.clone();
    if demo && !app.config.is_production() && seed::is_empty(&app).await? {
        tracing::info!("the database is empty: loading the demo");
        seed::demo(&app).await?;
    }
    let listener = tokio::net::TcpListener::bind(app.config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", app.config.listen))?;
    let background = crate::framework::background::start(&app, with_worker);
    announce(&app, listener.local_addr()?, demo);
    crate::http::server::serve(app, listener, signal()).await?;
    tracing::info!("stopping");
    if tokio::time::timeout(Duration::from_secs(30), background.stop()).await.is_err() {
        tracing::warn!("jobs were still running after 30 s; they will be taken up again");
    }
    if let Some(server) = boot.server {
        server.stop().await?;
    }
    Ok(())
}

/// Runs jobs and the relay only.
pub async fn worker() -> Result<(), CommandError> {
    let boot = boot(Schema::BringUpToDate).await?;
    let background = crate::framework::background::start(&boot.app, true);
    tracing::info!("working");
    signal().await;
    background.stop().await;
    Ok(())
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

fn announce(app: &App, address: std::net::SocketAddr, demo: bool) {
    let config = &app.config;
    tracing::info!("listening on http://{address}");
    if config.is_production() {
        return;
    }
    println!(
        "\nOrion is serving.\n  playground   http://{address}/\n  GraphQL      http://{address}/graphql"
    );
    if demo {
        print!("{}", seed::logins(&config.platform_domain, address.port()));
    }
}
