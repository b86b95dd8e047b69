//! `kim serve`

use kim_domain::calendar::Clock;

use crate::cli::ServeArgs;
use crate::config::{Config, Flags};
use crate::failure::Failure;
use crate::{serve, telemetry};

pub(super) async fn run(args: &ServeArgs) -> Result<(), Failure> {
    let flags = Flags { database: args.data.database.clone(), listen: args.listen, log: args.log };
    let config = Config::read(args.data.config.as_deref(), &flags)?;
    let _telemetry = telemetry::start(&config)?;
    let signals = serve::ShutdownSignals::install()?;
    serve::start(&config, Clock::system()).await?.run_until(signals).await
}
