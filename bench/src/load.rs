//! Load generators: `wrk` for HTTP, `pgbench` for bare SQL. Both keep a number of connections busy.

use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::failure::Failure;

/// Size and duration of a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Connections that always have a request under way.
    pub(crate) connections: u32,
    /// The end of the load.
    pub(crate) until: Until,
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After a number of seconds.
    Seconds(u32),
    /// After a number of requests, all of them different, or after a number of seconds.
    Requests(usize, u32),
}

/// Result of a load. Times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadResult {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) failed: u64,
    pub(crate) bytes: u64,
}

#[derive(Deserialize)]
struct WrkOutput {
    requests: u64,
    micros: f64,
    p50: f64,
    p99: f64,
    bytes: u64,
    failed: u64,
}

/// Sends the requests of a file to a URL.
pub(crate) async fn wrk(url: &str, folder: &Path, requests: &Path, load: Load) -> Result<LoadResult, Failure> {
    let script = folder.join("load.lua");
    std::fs::write(&script, include_str!("load.lua"))?;
    let (seconds, limit) = match load.until {
        Until::Seconds(seconds) => (seconds, None),
        Until::Requests(count, seconds) => (seconds, Some(count.to_string())),
    };
    let mut command = Command::new("wrk");
    // One thread of wrk can send many times more than any subject answers, and leaves the cores to the subjects.
    command.args(["-t1", "--timeout", "30s"]).arg(format!("-c{}", load.connections)).arg(format!("-d{seconds}s"));
    command.arg("-s").arg(script).arg(url).arg("--").arg(requests).args(limit);
    let output = run(&mut command).await?;
    let line = output.lines().rev().find(|line| line.starts_with('{'));
    let printed: WrkOutput = serde_json::from_str(line.ok_or_else(|| Failure::new(format!("wrk said: {output}")))?)?;
    Ok(LoadResult {
        requests: printed.requests,
        seconds: printed.micros / 1e6,
        p50: printed.p50 / 1e3,
        p99: printed.p99 / 1e3,
        failed: printed.failed,
        bytes: printed.bytes,
    })
}

/// Runs an SQL script repeatedly.
pub(crate) async fn pgbench(
    database: &str,
    folder: &Path,
    script: &Path,
    variables: &[(&str, usize)],
    load: Load,
) -> Result<LoadResult, Failure> {
    let prefix = folder.join("pgbench");
    let mut command = Command::new("pgbench");
    command.args(["--no-vacuum", "--protocol=prepared", "--log", "--jobs=1"]);
    command.arg(format!("--client={}", load.connections)).arg("--log-prefix").arg(&prefix);
    match load.until {
        Until::Seconds(seconds) => command.arg(format!("--time={seconds}")),
        Until::Requests(count, _) => command.arg(format!("--transactions={}", count / load.connections as usize)),
    };
    for (name, value) in variables {
        command.arg("--define").arg(format!("{name}={value}"));
    }
    let output = run(command.arg("--file").arg(script).arg(database)).await?;
    let number = |before: &str| output.split_once(before)?.1.split_whitespace().next()?.parse::<f64>().ok();
    let mut micros = logged(&prefix)?;
    micros.sort_unstable();
    let quantile = |of_hundred: usize| micros.get(micros.len() * of_hundred / 100).copied().unwrap_or(0) as f64 / 1e3;
    Ok(LoadResult {
        requests: micros.len() as u64,
        // On a busy machine no transaction may have ended; then there is no rate.
        seconds: number("tps = ").map_or(1.0, |tps| micros.len() as f64 / tps),
        p50: quantile(50),
        p99: quantile(99),
        failed: number("failed transactions: ").unwrap_or(0.0) as u64,
        bytes: 0,
    })
}

/// Reads the times of all transactions from pgbench's log files and removes the files.
fn logged(prefix: &Path) -> Result<Vec<u64>, Failure> {
    let (folder, name) = (prefix.parent(), prefix.file_name().and_then(|name| name.to_str()));
    let (Some(folder), Some(name)) = (folder, name) else { return Err(Failure::new("no folder for pgbench's log")) };
    let mut micros = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().and_then(|file| file.to_str()).is_some_and(|file| file.starts_with(&format!("{name}."))) {
            let text = std::fs::read_to_string(&path)?;
            micros.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok()));
            std::fs::remove_file(path)?;
        }
    }
    Ok(micros)
}

async fn run(command: &mut Command) -> Result<String, Failure> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().await.map_err(|error| {
        Failure::new(format!("{program}: {error}; `make bench` installs what is missing on Debian"))
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(Failure::new(format!("{program} failed: {text}{}", String::from_utf8_lossy(&output.stderr))));
    }
    Ok(text)
}
