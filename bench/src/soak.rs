//! Full load for long: does memory stay flat?

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::load::{Load, Until};
use crate::results::{Circumstances, Soak};
use crate::stage::Stage;
use crate::subject::Running;
use crate::task::Task;

/// Memory is looked at so often.
const EVERY: Duration = Duration::from_secs(5);

/// Keeps the clerk's list under load.
pub(crate) async fn soak(
    running: &Running,
    stage: &Stage,
    connections: u32,
    minutes: f64,
    circumstances: Circumstances,
) -> Result<Soak, Failure> {
    let asks = running.asks(Task::List, stage).await?;
    let load = Load { connections, until: Until::Seconds((minutes * 60.0) as u32) };
    let (began, mut memory) = (Instant::now(), Vec::new());
    let loading = running.load(Task::List, stage, &asks, load);
    tokio::pin!(loading);
    let done = loop {
        tokio::select! {
            done = &mut loading => break done?,
            () = tokio::time::sleep(EVERY) => {
                let point = (began.elapsed().as_secs_f64(), running.usage().rss);
                eprintln!("  {:>5.0} s  {:>6.1} MB", point.0, point.1);
                memory.push(point);
            }
        }
    };
    Ok(Soak { circumstances, minutes, connections, requests: done.requests, failed: done.failed, memory })
}
