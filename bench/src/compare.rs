//! Measures in turns: each subject after the other at one task, and all again, so that a slow moment of the machine meets
//! them alike.

use crate::failure::Failure;
use crate::load::{Load, Until};
use crate::process::{shared_once, usage};
use crate::results::{Circumstances, Comparison, Line, Round};
use crate::stage::Stage;
use crate::subject::Running;
use crate::task::Task;

/// What is measured and how long.
#[derive(Clone, Debug)]
pub(crate) struct Measuring {
    pub(crate) tasks: Vec<Task>,
    pub(crate) connections: Vec<u32>,
    pub(crate) rounds: u32,
    pub(crate) seconds: u32,
    pub(crate) warm_up: u32,
    /// PostgreSQL's first process.
    pub(crate) postgres: u32,
}

/// A subject and the stage that it stands on.
pub(crate) type Contender<'a> = (&'a Running, &'a Stage);

/// Measures them.
pub(crate) async fn compare(
    contenders: &[Contender<'_>],
    measuring: &Measuring,
    circumstances: Circumstances,
) -> Result<Comparison, Failure> {
    let mut queue = Queue::new(contenders, measuring);
    let mut lines = Vec::new();
    for &task in &measuring.tasks {
        let mut asks = Vec::new();
        for (running, stage) in contenders {
            asks.push(running.asks(task, stage).await?);
        }
        for &connections in &measuring.connections {
            let mut here: Vec<Line> = contenders
                .iter()
                .map(|(running, _)| {
                    let (subject, label) = (running.subject, running.label.clone());
                    Line { task, connections, subject, label, rounds: Vec::new() }
                })
                .collect();
            for number in 0..measuring.rounds as usize {
                // Who comes first is another one each time.
                for place in (0..contenders.len()).map(|place| (place + number) % contenders.len()) {
                    let (running, stage) = contenders[place];
                    let (mine, load) = if task == Task::Accept {
                        let turn = queue.next();
                        running.take_turn(stage, turn.0).await?;
                        (asks[place].get(turn.0..).unwrap_or_default(), Until::Requests(turn.1, measuring.seconds))
                    } else {
                        let warm_up = Load { connections, until: Until::Seconds(measuring.warm_up) };
                        running.load(task, stage, &asks[place], warm_up).await?;
                        (&asks[place][..], Until::Seconds(measuring.seconds))
                    };
                    let load = Load { connections, until: load };
                    here[place].rounds.push(round(running, task, stage, mine, load, measuring.postgres).await?);
                }
            }
            tell(&here);
            lines.extend(here);
        }
    }
    let mut peaks: Vec<_> =
        contenders.iter().map(|(running, _)| (running.label.clone(), running.usage().peak)).collect();
    peaks.push((
        "PostgreSQL now, with its shared buffers and the connections of all".to_owned(),
        shared_once(measuring.postgres),
    ));
    Ok(Comparison { circumstances, lines, peaks })
}

async fn round(
    running: &Running,
    task: Task,
    stage: &Stage,
    asks: &[crate::requests::Ask],
    load: Load,
    postgres: u32,
) -> Result<Round, Failure> {
    let before = (running.usage().cpu, usage(postgres).cpu);
    let done = running.load(task, stage, asks, load).await?;
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

/// The referrals that wait to be accepted, dealt out so that nobody gets one twice.
struct Queue {
    next: usize,
    each: usize,
}

impl Queue {
    fn new(contenders: &[Contender<'_>], measuring: &Measuring) -> Self {
        let turns = contenders.len() * measuring.connections.len() * measuring.rounds as usize;
        let waiting = contenders.iter().map(|(_, stage)| stage.queue.len()).min().unwrap_or(0);
        Self { next: 0, each: waiting / turns.max(1) }
    }

    /// Where a turn begins, and how many requests it is. Some are left over, for those on their way when it ends.
    fn next(&mut self) -> (usize, usize) {
        let begins = self.next;
        self.next += self.each;
        (begins, self.each.saturating_sub(64).max(1))
    }
}

fn tell(lines: &[Line]) {
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
