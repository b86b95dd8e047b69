//! Measures the subjects in turns at each task, in several rounds, so that a slow moment of the machine affects all of
//! them.

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::load::{Load, Until};
use crate::process::{proportional_memory, usage};
use crate::results::{Circumstances, Comparison, Line, Round};
use crate::subject::Running;
use crate::task::Task;

/// What is measured, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) tasks: Vec<Task>,
    pub(crate) connections: Vec<u32>,
    pub(crate) rounds: u32,
    pub(crate) seconds: u32,
    pub(crate) warm_up: u32,
    /// The process id of PostgreSQL's postmaster.
    pub(crate) postgres: u32,
}

/// A subject and its fixture.
pub(crate) type Contender<'a> = (&'a Running, &'a Fixture);

/// Measures the subjects.
pub(crate) async fn compare(
    contenders: &[Contender<'_>],
    measurement: &Measurement,
    circumstances: Circumstances,
) -> Result<Comparison, Failure> {
    let mut queue = Queue::new(contenders, measurement);
    let mut lines = Vec::new();
    for &task in &measurement.tasks {
        let mut requests = Vec::new();
        for (running, fixture) in contenders {
            requests.push(running.requests(task, fixture).await?);
        }
        for &connections in &measurement.connections {
            let mut here: Vec<Line> = contenders
                .iter()
                .map(|(running, _)| {
                    let (subject, label) = (running.subject, running.label.clone());
                    Line { task, connections, subject, label, rounds: Vec::new() }
                })
                .collect();
            for number in 0..measurement.rounds as usize {
                // Each round starts with another subject.
                for place in (0..contenders.len()).map(|place| (place + number) % contenders.len()) {
                    let (running, fixture) = contenders[place];
                    let (mine, load) = if task == Task::Accept {
                        let turn = queue.next();
                        running.take_turn(fixture, turn.0).await?;
                        (
                            requests[place].get(turn.0..).unwrap_or_default(),
                            Until::Requests(turn.1, measurement.seconds),
                        )
                    } else {
                        let warm_up = Load { connections, until: Until::Seconds(measurement.warm_up) };
                        running.load(task, fixture, &requests[place], warm_up).await?;
                        (&requests[place][..], Until::Seconds(measurement.seconds))
                    };
                    let load = Load { connections, until: load };
                    here[place].rounds.push(round(running, task, fixture, mine, load, measurement.postgres).await?);
                }
            }
            print_lines(&here);
            lines.extend(here);
        }
    }
    let mut peaks: Vec<_> =
        contenders.iter().map(|(running, _)| (running.label.clone(), running.usage().peak)).collect();
    peaks.push((
        "PostgreSQL at the end, including shared buffers and all connections".to_owned(),
        proportional_memory(measurement.postgres),
    ));
    Ok(Comparison { circumstances, lines, peaks })
}

async fn round(
    running: &Running,
    task: Task,
    fixture: &Fixture,
    requests: &[crate::requests::Request],
    load: Load,
    postgres: u32,
) -> Result<Round, Failure> {
    let before = (running.usage().cpu, usage(postgres).cpu);
    let done = running.load(task, fixture, requests, load).await?;
    let (after, postgres) = (running.usage(), usage(postgres).cpu);
    let requests = done.requests.max(1) as f64;
    Ok(Round {
        rate: done.requests as f64 / done.seconds.max(1e-9),
        p50: done.p50,
        p99: done.p99,
        cpu: 1e3 * (after.cpu - before.0) / requests,
        postgres_cpu: 1e3 * (postgres - before.1) / requests,
        memory: after.rss,
        bytes: done.bytes as f64 / requests,
        failed: done.failed,
    })
}

/// Distributes the pending referrals, so that none is accepted twice.
struct Queue {
    next: usize,
    each: usize,
}

impl Queue {
    fn new(contenders: &[Contender<'_>], measurement: &Measurement) -> Self {
        let turns = contenders.len() * measurement.connections.len() * measurement.rounds as usize;
        let waiting = contenders.iter().map(|(_, fixture)| fixture.queue.len()).min().unwrap_or(0);
        Self { next: 0, each: waiting / turns.max(1) }
    }

    /// First index of the next turn, and its number of requests. Some referrals are left over for requests that are
    /// under way when the turn ends.
    fn next(&mut self) -> (usize, usize) {
        let begins = self.next;
        self.next += self.each;
        (begins, self.each.saturating_sub(64).max(1))
    }
}

fn print_lines(lines: &[Line]) {
    for line in lines {
        let failed: u64 = line.rounds.iter().map(|round| round.failed).sum();
        let failed = if failed > 0 { format!(", {failed} FAILED") } else { String::new() };
        eprintln!(
            "  {:28} {:>3} connections  {:24} {:>8.0}/s  p50 {:>8.2} ms  p99 {:>8.2} ms{failed}",
            line.task.title(),
            line.connections,
            line.label,
            line.median(|round| round.rate),
            line.median(|round| round.p50),
            line.median(|round| round.p99),
        );
    }
}
