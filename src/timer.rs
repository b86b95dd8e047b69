//! Lets the clock work every minute, for as long as the server runs. Several servers may: what one is at, another skips.

use std::time::Duration;

use kim_casework::clock::{self, Done, Patience};
use kim_domain::calendar::Clock;
use kim_entity::database::{Database, took_too_long};
use tokio::sync::watch;

use crate::metrics::Metrics;

/// When the clock works, and how patient it is.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    /// From the end of a run to the next.
    pub every: Duration,
    /// How long it waits before it does something.
    pub patience: Patience,
}

impl Timer {
    /// Works until the order to stop, which is heard between two actions. A run that fails is logged, and the next one
    /// tries again.
    pub(crate) async fn run(self, database: Database, clock: Clock, metrics: Metrics, mut stop: watch::Receiver<bool>) {
        loop {
            let order = stop.clone();
            match clock::tick(&database, &clock, self.patience, || !*order.borrow()).await {
                Ok(done) => {
                    metrics.ticked(done.failed == 0, &counts(&done));
                    tell(&done);
                }
                Err(error) => {
                    metrics.ticked(false, &[]);
                    // What a database says can quote data.
                    tracing::error!(in_time = !took_too_long(&error), "a run of the timer failed");
                }
            }
            tokio::select! {
                // Without a sender there is no server any more.
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }
}

/// What a run did, by the words of metrics and of `kim tick`.
pub(crate) fn counts(done: &Done) -> [(&'static str, u64); 5] {
    [
        ("expired", done.expired),
        ("suspended", done.suspended),
        ("withdrawn", done.withdrawn),
        ("reminded", done.reminded),
        ("forgotten", done.forgotten),
    ]
}

fn tell(done: &Done) {
    let Done { expired, suspended, withdrawn, reminded, forgotten, failed } = *done;
    if failed > 0 {
        tracing::error!(failed, "the timer could not do everything: the next run tries again");
    }
    if *done != Done::default() {
        tracing::info!(expired, suspended, withdrawn, reminded, forgotten, "timer");
    }
}
