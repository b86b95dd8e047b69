//! What was measured: kept as JSON, from which the report is written.

use serde::{Deserialize, Serialize};

use crate::subject::Subject;
use crate::task::Task;

/// Everything. A part that was not measured keeps what an earlier run said.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// The subjects beside each other.
    pub(crate) compare: Option<Comparison>,
    /// kim on SQLite and on PostgreSQL.
    pub(crate) sqlite: Option<Comparison>,
    /// kim on ten times the data.
    pub(crate) growth: Option<Comparison>,
    /// Imports, bulk offers, statistics.
    pub(crate) work: Option<Facts>,
    /// Start-up, memory at rest, size.
    pub(crate) start: Option<Facts>,
    /// Full load for long.
    pub(crate) soak: Option<Soak>,
}

/// On what and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Circumstances {
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) versions: Vec<(String, String)>,
    pub(crate) postgres: String,
    pub(crate) data: String,
    pub(crate) seconds: u32,
    pub(crate) rounds: u32,
}

/// Some that were measured in turns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) circumstances: Circumstances,
    pub(crate) lines: Vec<Line>,
    /// The most memory that each had resident, in MB.
    pub(crate) peaks: Vec<(String, f64)>,
}

/// One of them at one task with so many connections.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) task: Task,
    pub(crate) connections: u32,
    pub(crate) subject: Subject,
    pub(crate) label: String,
    pub(crate) rounds: Vec<Round>,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Requests in a second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// Milliseconds of CPU for a request, of the subject's own processes.
    pub(crate) cpu: f64,
    /// The same of PostgreSQL's.
    pub(crate) postgres_cpu: f64,
    /// Resident memory at the end, MB.
    pub(crate) memory: f64,
    /// Bytes of an answer with its headers; 0 for bare SQL.
    pub(crate) bytes: f64,
    /// Requests that failed.
    pub(crate) failed: u64,
}

/// Single numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) circumstances: Circumstances,
    pub(crate) facts: Vec<Fact>,
}

/// One number with its name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

/// A long run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Soak {
    pub(crate) circumstances: Circumstances,
    pub(crate) minutes: f64,
    pub(crate) connections: u32,
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    /// (seconds since the start, MB)
    pub(crate) memory: Vec<(f64, f64)>,
}

impl Fact {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { what: what.into(), value, unit: unit.to_owned() }
    }
}

impl Line {
    /// The median round of something.
    pub(crate) fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }
}

impl Comparison {
    /// The line of one.
    pub(crate) fn line(&self, task: Task, connections: u32, label: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.task == task && line.connections == connections && line.label == label)
    }

    /// The labels, in the order in which they were measured.
    pub(crate) fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !labels.contains(&line.label.as_str()) {
                labels.push(&line.label);
            }
        }
        labels
    }
}

impl Soak {
    /// By how much memory grew in a minute over the second half, in MB: the least squares' line.
    pub(crate) fn slope(&self) -> f64 {
        let half = &self.memory[self.memory.len() / 2..];
        let n = half.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| half.iter().map(of).sum::<f64>() / n.max(1.0);
        let (at, memory) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = half.iter().map(|point| (point.0 - at).powi(2)).sum();
        let together: f64 = half.iter().map(|point| (point.0 - at) * (point.1 - memory)).sum();
        if spread > 0.0 { 60.0 * together / spread } else { 0.0 }
    }
}

/// The middle one; of an even number the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn memory_that_grows_by_a_megabyte_a_minute_is_seen() {
        let memory = (0..120).map(|n| (f64::from(n) * 5.0, 60.0 + f64::from(n) / 12.0)).collect();
        let soak = Soak {
            circumstances: Circumstances::default(),
            minutes: 10.0,
            connections: 64,
            requests: 0,
            failed: 0,
            memory,
        };
        assert!((soak.slope() - 1.0).abs() < 1e-9);
    }
}
