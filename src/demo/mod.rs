//! `kim demo`: the server on example data, with the development issuer.

use kim_domain::calendar::Clock;

use crate::cli::DemoArgs;
use crate::commands::migrate;
use crate::config::Config;
use crate::failure::Failure;
use crate::issuers::Issuers;
use crate::serve::{self, Parts};
use crate::{development, fingerprint_key, telemetry};

/// Runs the demo until a signal.
///
/// # Errors
/// [`Failure`]: what kept it from starting.
pub async fn run(args: &DemoArgs) -> Result<(), Failure> {
    telemetry::start(&Config { log_filter: "warn".to_owned(), ..Config::default() })?;
    let clock = args.clock.map_or_else(Clock::system, Clock::on);
    if let Some(folder) = sqlite_folder(&args.database) {
        std::fs::create_dir_all(folder).map_err(Failure::failed)?;
    }
    let database = serve::open(&args.database).await?;
    migrate::up(&database).await?;
    let running = serve::listen(Parts {
        listen: args.listen,
        key: fingerprint_key::read(None, &args.database)?,
        database,
        clock,
        issuers: Issuers::fixed(development::verifier()?),
        jwks: Some(development::jwks()),
    })
    .await?;
    println!("http://{}/graphql", running.address());
    running.until_signal().await
}

fn sqlite_folder(database: &str) -> Option<&std::path::Path> {
    std::path::Path::new(database.strip_prefix("sqlite:")?).parent()
}
