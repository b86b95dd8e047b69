//! Runs the timer's actions periodically while the server runs. Several servers may run a timer: each skips the
//! referrals that another has locked.

use std::time::Duration;

use kim_casework::timer::{self, RunCounts, TimerPeriods};
use kim_domain::calendar::Clock;
use kim_entity::database::{Database, is_timeout};
use tokio::sync::watch;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::session::SessionPeriods;

/// Interval and periods of the timer.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// Pause between the end of a run and the next run.
    pub interval: Duration,
    /// Periods after which the timer acts.
    pub periods: TimerPeriods,
}

impl Timer {
    /// The configured timer, unless it is disabled.
    #[must_use]
    pub fn configured(config: &Config) -> Option<Self> {
        let interval = Duration::from_secs(config.timer_seconds);
        (!interval.is_zero()).then_some(Self { interval, periods: config.timer_periods() })
    }

    /// Runs until `stop` is true, which is checked between two actions. A failed run is logged, and the next run
    /// retries.
    pub(crate) async fn run(self, database: Database, clock: Clock, metrics: Metrics, mut stop: watch::Receiver<bool>) {
        loop {
            let stopping = stop.clone();
            match timer::tick(&database, &clock, self.periods, || !*stopping.borrow()).await {
                Ok(done) => {
                    metrics.ticked(done.failed == 0, &counts(&done));
                    log_run(&done);
                }
                Err(error) => {
                    metrics.ticked(false, &[]);
                    // The database's error text is not logged, because it can quote data.
                    tracing::error!(in_time = !is_timeout(&error), "a run of the timer failed");
                }
            }
            if database.sessions().delete_ended(SessionPeriods::default().lasting()).await.is_err() {
                tracing::error!("ended sessions could not be deleted");
            }
            tokio::select! {
                // A dropped sender means that the server has ended.
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }
}

/// Number of actions of a run, by the names that the metrics and `kim tick` use.
pub(crate) fn counts(done: &RunCounts) -> [(&'static str, u64); 5] {
    [
        ("expired", done.expired),
        ("suspended", done.suspended),
        ("withdrawn", done.withdrawn),
        ("reminded", done.reminded),
        ("forgotten", done.forgotten),
    ]
}

fn log_run(done: &RunCounts) {
    let RunCounts { expired, suspended, withdrawn, reminded, forgotten, failed } = *done;
    if failed > 0 {
        tracing::error!(failed, "some actions of the timer failed; the next run retries them");
    }
    if *done != RunCounts::default() {
        tracing::info!(expired, suspended, withdrawn, reminded, forgotten, "timer");
    }
}
