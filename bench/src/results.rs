//! The measured results. They are stored as JSON, from which the report is generated.

use serde::{Deserialize, Serialize};

use crate::subject::Subject;
use crate::task::Task;

/// All results. A part that was not measured in this run keeps its earlier result.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// The subjects compared.
    pub(crate) compare: Option<Comparison>,
    /// kim on SQLite and on PostgreSQL.
    pub(crate) sqlite: Option<Comparison>,
    /// kim with ten times the data.
    pub(crate) growth: Option<Comparison>,
    /// Imports, bulk offers, statistics.
    pub(crate) work: Option<Facts>,
    /// Another agency's list while one agency sends many requests.
    #[serde(default)]
    pub(crate) flood: Option<Facts>,
    /// Start-up time, idle memory, size.
    pub(crate) start: Option<Facts>,
    /// Full load for a long time.
    pub(crate) soak: Option<Soak>,
}

/// Environment and date of a measurement.
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

/// Subjects measured in turns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) circumstances: Circumstances,
    pub(crate) lines: Vec<Line>,
    /// Peak resident memory per subject in MB.
    pub(crate) peaks: Vec<(String, f64)>,
}

/// A subject's rounds at one task with one number of connections.
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
    /// Requests per second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// CPU milliseconds per request of the subject's own processes.
    pub(crate) cpu: f64,
    /// CPU milliseconds per request of PostgreSQL's processes.
    pub(crate) postgres_cpu: f64,
    /// Resident memory at the end, in MB.
    pub(crate) memory: f64,
    /// Bytes per answer including headers; 0 for bare SQL.
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
    /// The median over the rounds.
    pub(crate) fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }
}

impl Comparison {
    /// The line of one subject, task and number of connections.
    pub(crate) fn line(&self, task: Task, connections: u32, label: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.task == task && line.connections == connections && line.label == label)
    }

    /// The labels in measuring order.
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
    /// Memory growth in MB per minute over the second half, by least squares.
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

/// The median; for an even number of values the mean of the two middle ones.
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
    fn the_slope_is_the_memory_growth_per_minute() {
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
