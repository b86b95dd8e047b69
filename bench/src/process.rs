//! CPU time and memory of processes, from Linux's /proc.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::failure::Failure;

/// Clock ticks per second: 100 on every common Linux.
const TICKS: f64 = 100.0;

/// Resources used by a process and its descendants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU seconds since the start.
    pub(crate) cpu: f64,
    /// Resident memory now, in MB. Shared pages count for each process.
    pub(crate) rss: f64,
    /// Sum of the peak resident memory of each process.
    pub(crate) peak: f64,
}

struct Stat {
    parent: u32,
    ticks: u64,
    children_ticks: u64,
}

/// Maximum number of samples until two consecutive samples contain the same processes, and the time between samples.
const MAX_SAMPLES: usize = 100;
const SAMPLE_INTERVAL: Duration = Duration::from_millis(20);

/// Resources used so far by a process and its descendants; zero if the process is gone. A process that ends during
/// sampling, like a PostgreSQL connection that was just closed, would be counted twice or not at all. Sampling is
/// therefore repeated until no process came or went.
pub(crate) fn usage(root: u32) -> Usage {
    let pids = |process_tree: &[(u32, Stat)]| process_tree.iter().map(|(pid, _)| *pid).collect::<BTreeSet<u32>>();
    let mut now = process_tree(root);
    for _ in 0..MAX_SAMPLES {
        std::thread::sleep(SAMPLE_INTERVAL);
        let later = process_tree(root);
        let same = pids(&now) == pids(&later);
        now = later;
        if same {
            break;
        }
    }
    let mut sum = Usage::default();
    for (pid, stat) in now {
        // Time of ended children is added to their parent. PostgreSQL's connections come and go.
        sum.cpu += (stat.ticks + stat.children_ticks) as f64 / TICKS;
        sum.rss += kilobytes(pid, "status", "VmRSS:");
        sum.peak += kilobytes(pid, "status", "VmHWM:");
    }
    sum
}

/// Resident memory in MB with shared pages counted once (PSS): what PostgreSQL really uses.
pub(crate) fn proportional_memory(root: u32) -> f64 {
    process_tree(root).into_iter().map(|(pid, _)| kilobytes(pid, "smaps_rollup", "Pss:")).sum()
}

/// The process and its descendants.
fn process_tree(root: u32) -> Vec<(u32, Stat)> {
    let all: HashMap<u32, Stat> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect();
    let descends = |mut pid: u32| loop {
        if pid == root {
            return true;
        }
        match all.get(&pid) {
            Some(stat) if stat.parent > 1 => pid = stat.parent,
            _ => return false,
        }
    };
    let pids: Vec<u32> = all.keys().copied().filter(|&pid| descends(pid)).collect();
    let mut all = all;
    pids.into_iter().filter_map(|pid| Some((pid, all.remove(&pid)?))).collect()
}

/// The parent process id.
pub(crate) fn parent(pid: u32) -> Result<u32, Failure> {
    stat(pid).map(|stat| stat.parent).ok_or_else(|| Failure::new(format!("there is no process {pid} on this machine")))
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name is in brackets and may contain anything.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        ticks: number(11)? + number(12)?,
        children_ticks: number(13)? + number(14)?,
    })
}

/// A line of this file, converted from kB to MB.
fn kilobytes(pid: u32, file: &str, key: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number: Option<f64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default() / 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_a_parent() {
        let me = std::process::id();
        let used = usage(me);
        assert!(used.rss > 1.0 && used.peak >= used.rss, "{used:?}");
        assert!(parent(me).is_ok());
        assert!(parent(u32::MAX).is_err());
    }
}
