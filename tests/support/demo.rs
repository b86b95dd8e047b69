//! `kim demo` in its own process, for external programs: the example clients and the examples in the documents.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};

use kim::development::{self, TokenSpec};
use kim_domain::agency::Role;
use tempfile::TempDir;

use super::process::OwnProcess;

/// A demo that serves one test, on a fixed day.
pub(crate) struct DemoProcess {
    /// Its URL, without a path.
    pub(crate) url: String,
    _child: OwnProcess,
    /// Kept open, because a program that prints into a closed pipe ends.
    _output: BufReader<ChildStdout>,
    _files: TempDir,
}

impl DemoProcess {
    /// Starts a demo on SQLite with the date 2026-11-20, for which its lists were made.
    pub(crate) fn start() -> Self {
        Self::start_with("", &[])
    }

    /// The same with this kim.toml and these environment variables.
    pub(crate) fn start_with(configuration: &str, variables: &[(&str, &str)]) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let database = format!("sqlite:{}", files.path().join("kim.sqlite").display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_kim"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--clock", "2026-11-20", "--database", &database]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KIM_")) {
            command.env_remove(name);
        }
        std::fs::write(files.path().join("kim.toml"), configuration).expect("a file");
        command.envs(variables.iter().copied());
        let mut child = OwnProcess(command.current_dir(files.path()).stdout(Stdio::piped()).spawn().expect("kim runs"));
        let mut output = BufReader::new(child.0.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert_ne!(output.read_line(&mut line).expect("a line"), 0, "the demo ended");
            if let Some(url) = line.trim().strip_suffix("/graphiql") {
                break url.to_owned();
            }
        };
        Self { url, _child: child, _output: output, _files: files }
    }

    /// Runs a program in a folder of the repository, with the demo's URL and a token in its environment. Returns its output.
    /// Its exit code must be 0.
    pub(crate) fn run(&self, folder: &str, token: &str, line: &[&str]) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let (program, arguments) = line.split_first().expect("a program");
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&folder).env("KIM_URL", &self.url).env("KIM_TOKEN", token);
        let output = command.output().unwrap_or_else(|error| panic!("{line:?}: {error}: run `make clients` once"));
        let [said, complained] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{line:?} in {}: {said}{complained}", folder.display());
        said
    }
}

/// A token of the development issuer with the usual scopes of this role.
pub(crate) fn token(agency: &str, role: Role) -> String {
    signed(&TokenSpec::usual(agency, role))
}

/// A token of the development issuer.
pub(crate) fn signed(spec: &TokenSpec) -> String {
    development::sign(spec).expect("a token")
}

/// Checks that the npm packages of a folder are installed. Only make installs them.
pub(crate) fn needs_packages(folder: &str) {
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("node_modules/.package-lock.json");
    assert!(there.exists(), "{folder} has no packages yet: run `make test`, or `make clients` once");
}
