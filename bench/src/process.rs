//! What processes use, from Linux's /proc: time on the CPU and memory.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::failure::Failure;

/// Ticks of the CPU's clock in a second: 100 on every Linux that we know of.
const TICKS: f64 = 100.0;

/// What a process and those that it started used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Seconds on the CPU, since they began.
    pub(crate) cpu: f64,
    /// Resident memory now, in MB. Pages that several share count for each.
    pub(crate) rss: f64,
    /// The sum of the most that each had resident.
    pub(crate) peak: f64,
}

struct Stat {
    parent: u32,
    ticks: u64,
    children_ticks: u64,
}

/// How often a family is looked at until it is the same twice, and how long between.
const LOOKS: usize = 100;
const BETWEEN: Duration = Duration::from_millis(20);

/// What the process and its descendants used so far; nothing if it is gone. A process that ends meanwhile, like a connection of
/// PostgreSQL that was closed a moment ago, would be counted twice or not at all: looked at until none came or went.
pub(crate) fn usage(root: u32) -> Usage {
    let pids = |family: &[(u32, Stat)]| family.iter().map(|(pid, _)| *pid).collect::<BTreeSet<u32>>();
    let mut now = family(root);
    for _ in 0..LOOKS {
        std::thread::sleep(BETWEEN);
        let later = family(root);
        let same = pids(&now) == pids(&later);
        now = later;
        if same {
            break;
        }
    }
    let mut sum = Usage::default();
    for (pid, stat) in now {
        // The time of children that have ended is their parent's: PostgreSQL's connections come and go.
        sum.cpu += (stat.ticks + stat.children_ticks) as f64 / TICKS;
        sum.rss += kilobytes(pid, "status", "VmRSS:");
        sum.peak += kilobytes(pid, "status", "VmHWM:");
    }
    sum
}

/// What they have resident, in MB, each page that they share counted once: what PostgreSQL takes.
pub(crate) fn shared_once(root: u32) -> f64 {
    family(root).into_iter().map(|(pid, _)| kilobytes(pid, "smaps_rollup", "Pss:")).sum()
}

/// The process and its descendants.
fn family(root: u32) -> Vec<(u32, Stat)> {
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

/// The process that started this one.
pub(crate) fn parent(pid: u32) -> Result<u32, Failure> {
    stat(pid).map(|stat| stat.parent).ok_or_else(|| Failure::new(format!("there is no process {pid} on this machine")))
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        ticks: number(11)? + number(12)?,
        children_ticks: number(13)? + number(14)?,
    })
}

/// A line of such a file, given there in kB, in MB.
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
