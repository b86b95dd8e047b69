//! `kim tick`

use kim_casework::timer;
use kim_domain::calendar::Clock;

use crate::cli::TickArgs;
use crate::database::{open, refuse_unprepared};
use crate::failure::Failure;
use crate::output::print;
use crate::timer::counts;

pub(super) async fn run(args: &TickArgs) -> Result<(), Failure> {
    let config = args.data.config()?;
    let database = open(&config.database).await?;
    refuse_unprepared(&database).await?;
    let result = timer::tick(&database, &Clock::system(), config.timer_periods(), || true).await;
    database.close().await.map_err(Failure::failed)?;
    // The error text of the database is dropped, because it can quote data, and cron sends it by mail.
    let done =
        result.map_err(|_| Failure::failed("the database did not answer; actions that were done before remain"))?;
    let lines: String = counts(&done).iter().map(|(action, count)| format!("{action}: {count}\n")).collect();
    print(&lines)?;
    match done.failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("{failed} actions failed; the next run retries them"))),
    }
}
