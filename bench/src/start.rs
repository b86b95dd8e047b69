//! kim's start-up time, idle memory and program size, and the cost of the rule.

use std::time::Duration;

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::issuer::Issuer;
use crate::results::{Fact, median};
use crate::rule::rule;
use crate::subject::{Running, Settings, Subject};

/// Number of starts.
const REPETITIONS: usize = 5;

/// Measures these.
pub(crate) async fn start(settings: &Settings, fixture: &Fixture, issuer: &Issuer) -> Result<Vec<Fact>, Failure> {
    let (mut started, mut rest) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let running = Running::start(Subject::Kim, "kim", settings, fixture, issuer).await?;
        started.push(running.startup_time.as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_secs(2)).await;
        rest.push(running.usage().rss);
    }
    let size = std::fs::metadata(&settings.kim)?.len() as f64 / 1_048_576.0;
    Ok(vec![
        Fact::new("from start to ready", median(started), "ms"),
        Fact::new("memory at rest", median(rest), "MB"),
        Fact::new("size of the program", size, "MB"),
        rule(),
    ])
}
