//! Full load for a long time, to see whether memory stays constant.

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::load::{Load, Until};
use crate::results::{Circumstances, Soak};
use crate::subject::Running;
use crate::task::Task;

/// Interval of the memory samples.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(5);

/// Runs the clerk's list under load.
pub(crate) async fn soak(
    running: &Running,
    fixture: &Fixture,
    connections: u32,
    minutes: f64,
    circumstances: Circumstances,
) -> Result<Soak, Failure> {
    let requests = running.requests(Task::List, fixture).await?;
    let load = Load { connections, until: Until::Seconds((minutes * 60.0) as u32) };
    let (began, mut memory) = (Instant::now(), Vec::new());
    let loading = running.load(Task::List, fixture, &requests, load);
    tokio::pin!(loading);
    let done = loop {
        tokio::select! {
            done = &mut loading => break done?,
            () = tokio::time::sleep(SAMPLE_INTERVAL) => {
                let point = (began.elapsed().as_secs_f64(), running.usage().rss);
                eprintln!("  {:>5.0} s  {:>6.1} MB", point.0, point.1);
                memory.push(point);
            }
        }
    };
    Ok(Soak { circumstances, minutes, connections, requests: done.requests, failed: done.failed, memory })
}
