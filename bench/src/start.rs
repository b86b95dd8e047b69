//! How soon kim answers, what it takes at rest, how large it is, and what the rule costs.

use std::time::Duration;

use crate::failure::Failure;
use crate::issuer::Issuer;
use crate::results::{Fact, median};
use crate::rule::rule;
use crate::stage::Stage;
use crate::subject::{Running, Setting, Subject};

/// So often it is started.
const TIMES: usize = 5;

/// Measures it.
pub(crate) async fn start(setting: &Setting, stage: &Stage, issuer: &Issuer) -> Result<Vec<Fact>, Failure> {
    let (mut started, mut rest) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let running = Running::start(Subject::Kim, "kim", setting, stage, issuer).await?;
        started.push(running.started_in.as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_secs(2)).await;
        rest.push(running.usage().rss);
    }
    let size = std::fs::metadata(&setting.kim)?.len() as f64 / 1_048_576.0;
    Ok(vec![
        Fact::new("from start to ready", median(started), "ms"),
        Fact::new("memory at rest", median(rest), "MB"),
        Fact::new("size of the program", size, "MB"),
        rule(),
    ])
}
