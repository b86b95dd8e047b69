//! `kim tick`

use kim_casework::clock;
use kim_domain::calendar::Clock;

use crate::cli::TickArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve;
use crate::timer::counts;

pub(super) async fn run(args: &TickArgs) -> Result<(), Failure> {
    let config = Config::for_data(&args.data)?;
    let database = serve::open(&config.database).await?;
    serve::refuse_unmigrated(&database).await?;
    let ticked = clock::tick(&database, &Clock::system(), config.patience(), || true).await;
    database.close().await.map_err(Failure::failed)?;
    // What a database says can quote data, and cron mails it.
    let done = ticked.map_err(|_| Failure::failed("the database did not answer; what was done before stays done"))?;
    let lines: String = counts(&done).iter().map(|(word, count)| format!("{word}: {count}\n")).collect();
    super::say(&lines)?;
    match done.failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("{failed} referrals could not be worked on; the next run tries again"))),
    }
}
