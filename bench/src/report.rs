//! The report: ratios first, then the numbers themselves. Whoever reads it elsewhere has another machine.

use std::fmt::Write as _;

use crate::results::{Circumstances, Comparison, Fact, Facts, Line, Results, Round, Soak};
use crate::rule::RULE;
use crate::subject::Subject;
use crate::task::Task;

/// What kim is compared with in each ratio.
const KIM: &str = Subject::Kim.title();
/// The connections at which ratios are given.
const AT: u32 = 16;

/// The whole report as Markdown.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = String::from(
        "# How fast\n\nWritten by `make bench`; bench/README.md says what is measured and how. Ratios are what to look at: both of\n\
         their sides were measured in turns in one run on one machine.\n",
    );
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, results);
    text
}

fn write_all(text: &mut String, results: &Results) -> std::fmt::Result {
    let mut before: Option<&Circumstances> = None;
    if let Some(comparison) = &results.compare {
        ratios(text, comparison)?;
        rates(text, comparison)?;
        costs(text, comparison)?;
        circumstances(text, &comparison.circumstances, &mut before)?;
    }
    if let Some(comparison) = &results.sqlite {
        writeln!(
            text,
            "\n## SQLite beside PostgreSQL, one connection\n\nRequests per second: above 1 SQLite is faster.\n"
        )?;
        beside(text, comparison)?;
        circumstances(text, &comparison.circumstances, &mut before)?;
    }
    if let Some(comparison) = &results.growth {
        writeln!(
            text,
            "\n## When the data grows\n\nWhat a request costs, as a multiple of the first column: the reciprocal of the rate.\n"
        )?;
        growth(text, comparison)?;
        circumstances(text, &comparison.circumstances, &mut before)?;
    }
    for (title, facts) in [("Larger work", &results.work), ("Start, size and the rule", &results.start)] {
        if let Some(Facts { circumstances: on, facts }) = facts {
            table_of(text, title, facts)?;
            if let Some(share) = share_of_rule(results, facts) {
                writeln!(text, "\nOf kim's own CPU for a clerk's list above, the rule takes {share:.1} %.")?;
            }
            circumstances(text, on, &mut before)?;
        }
    }
    if let Some(soak) = &results.soak {
        soaked(text, soak)?;
        circumstances(text, &soak.circumstances, &mut before)?;
    }
    Ok(())
}

fn ratios(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let others: Vec<&str> = comparison.labels().into_iter().filter(|&label| label != KIM).collect();
    writeln!(text, "\n## kim : the others, {AT} connections\n")?;
    writeln!(
        text,
        "Requests per second: above 1 kim is faster. p99, the time that one of a hundred exceeds: below 1 kim is faster.\n"
    )?;
    write!(text, "| |")?;
    for other in &others {
        write!(text, " requests/s : {other} |")?;
    }
    for other in &others {
        write!(text, " p99 : {other} |")?;
    }
    writeln!(text, "\n|---|{}", "---:|".repeat(2 * others.len()))?;
    for task in Task::ALL {
        let Some(kim) = comparison.line(task, AT, KIM) else { continue };
        write!(text, "| {} |", task.title())?;
        let of: [fn(&Round) -> f64; 2] = [|round| round.rate, |round| round.p99];
        for value in of {
            for other in &others {
                match comparison.line(task, AT, other) {
                    Some(line) => write!(text, " {:.2} |", kim.median(value) / line.median(value).max(1e-9))?,
                    None => write!(text, " – |")?,
                }
            }
        }
        writeln!(text)?;
    }
    Ok(())
}

fn rates(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let labels = comparison.labels();
    writeln!(text, "\n## Requests per second (p50 / p99 in ms) [slowest and fastest round]\n")?;
    writeln!(text, "| | connections | {} |\n|---|---:|{}", labels.join(" | "), "---:|".repeat(labels.len()))?;
    rows(text, comparison, |line| {
        let (p50, p99) = (line.median(|round| round.p50), line.median(|round| round.p99));
        let failed: u64 = line.rounds.iter().map(|round| round.failed).sum();
        let failed = if failed > 0 { format!(", **{failed} failed**") } else { String::new() };
        let rates = line.rounds.iter().map(|round| round.rate);
        let (least, most) = (rates.clone().fold(f64::INFINITY, f64::min), rates.fold(0.0, f64::max));
        format!("{:.0} ({p50:.2} / {p99:.2}{failed}) [{least:.0}–{most:.0}]", line.median(|round| round.rate))
    })
}

fn costs(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let labels = comparison.labels();
    writeln!(
        text,
        "\n## CPU for a request, in ms: the subject's own + PostgreSQL's · memory in MB · size of an answer in kB\n"
    )?;
    writeln!(text, "| | connections | {} |\n|---|---:|{}", labels.join(" | "), "---:|".repeat(labels.len()))?;
    rows(text, comparison, |line| {
        let of = |value: fn(&Round) -> f64| line.median(value);
        let (cpu, postgres) = (of(|round| round.cpu), of(|round| round.postgres_cpu));
        if line.subject == Subject::Sql {
            return format!("{postgres:.2}");
        }
        let (memory, size) = (of(|round| round.memory), of(|round| round.bytes) / 1e3);
        format!("{cpu:.2} + {postgres:.2} · {memory:.0} · {size:.1}")
    })?;
    let peaks: Vec<String> = comparison
        .peaks
        .iter()
        .filter(|(_, peak)| *peak > 0.0)
        .map(|(label, peak)| format!("{label} {peak:.0} MB"))
        .collect();
    writeln!(text, "\nThe most memory that was resident: {}.", peaks.join(", "))
}

/// One row for each task and number of connections, one cell for each subject.
fn rows(text: &mut String, comparison: &Comparison, cell: impl Fn(&Line) -> String) -> std::fmt::Result {
    let labels = comparison.labels();
    let mut seen = Vec::new();
    for line in &comparison.lines {
        let key = (line.task, line.connections);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        write!(text, "| {} | {} |", line.task.title(), line.connections)?;
        for label in &labels {
            let cell = comparison.line(line.task, line.connections, label).map_or("–".to_owned(), &cell);
            write!(text, " {cell} |")?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn beside(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let labels = comparison.labels();
    writeln!(text, "| | ratio | {} |\n|---|---:|{}", labels.join(" | "), "---:|".repeat(labels.len()))?;
    for task in Task::ALL {
        let lines: Vec<&Line> = labels.iter().filter_map(|label| comparison.line(task, 1, label)).collect();
        let [one, other] = lines[..] else { continue };
        let rate = |line: &Line| line.median(|round| round.rate);
        write!(text, "| {} | {:.2} |", task.title(), rate(one) / rate(other).max(1e-9))?;
        for line in [one, other] {
            write!(text, " {:.0}/s (p50 {:.2} ms) |", rate(line), line.median(|round| round.p50))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn growth(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let labels = comparison.labels();
    writeln!(text, "| | connections | {} |\n|---|---:|{}", labels.join(" | "), "---:|".repeat(labels.len()))?;
    let basis = |line: &Line| labels.first().and_then(|first| comparison.line(line.task, line.connections, first));
    rows(text, comparison, |line| {
        let rate = |line: &Line| line.median(|round| round.rate).max(1e-9);
        let times = basis(line).map_or(1.0, |first| rate(first) / rate(line));
        let cpu = line.median(|round| round.cpu + round.postgres_cpu);
        format!("{times:.2} (p50 {:.2} ms, CPU {cpu:.2} ms)", line.median(|round| round.p50))
    })
}

fn table_of(text: &mut String, title: &str, facts: &[Fact]) -> std::fmt::Result {
    writeln!(text, "\n## {title}\n\n| | |\n|---|---:|")?;
    for fact in facts {
        let digits = usize::from(fact.value < 100.0);
        writeln!(text, "| {} | {:.digits$} {} |", fact.what, fact.value, fact.unit)?;
    }
    Ok(())
}

/// What of kim's own CPU for a clerk's list the rule takes, in per cent, if both were measured.
fn share_of_rule(results: &Results, facts: &[Fact]) -> Option<f64> {
    let rule = facts.iter().find(|fact| fact.what == RULE)?;
    let list = results.compare.as_ref()?.line(Task::List, AT, KIM)?;
    Some(100.0 * rule.value / 1e3 / list.median(|round| round.cpu).max(1e-9))
}

fn soaked(text: &mut String, soak: &Soak) -> std::fmt::Result {
    let memory = |at: Option<&(f64, f64)>| at.map_or(0.0, |point| point.1);
    let most = soak.memory.iter().map(|point| point.1).fold(0.0, f64::max);
    writeln!(
        text,
        "\n## Full load for long\n\nThe clerk's list for {} minutes at {} connections: {} requests, {} failed. Memory {:.0} MB after \
         the first seconds, {:.0} MB at the end, {most:.0} MB at the most; over the second half it grew by {:.2} MB a minute.",
        soak.minutes,
        soak.connections,
        soak.requests,
        soak.failed,
        memory(soak.memory.first()),
        memory(soak.memory.last()),
        soak.slope()
    )
}

/// Where and when, in full for the first part and for the others as far as it is another.
fn circumstances<'a>(
    text: &mut String,
    on: &'a Circumstances,
    before: &mut Option<&'a Circumstances>,
) -> std::fmt::Result {
    let last = before.replace(on);
    let other = |of: fn(&Circumstances) -> &str| last.is_none_or(|last| of(last) != of(on));
    writeln!(text)?;
    if other(|on| &on.date) || other(|on| &on.machine) {
        writeln!(text, "- {}: {}", on.date, on.machine)?;
    }
    if last.is_none_or(|last| last.versions != on.versions) {
        let versions: Vec<String> = on.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        writeln!(text, "- {}", versions.join(", "))?;
    }
    if other(|on| &on.postgres) {
        writeln!(text, "- PostgreSQL with {}", on.postgres)?;
    }
    if other(|on| &on.data) {
        writeln!(text, "- {}", on.data)?;
    }
    if last.is_none_or(|last| (last.rounds, last.seconds) != (on.rounds, on.seconds)) {
        writeln!(text, "- the median of {} rounds of {} s, each after a warm-up, in turns", on.rounds, on.seconds)?;
    }
    Ok(())
}
