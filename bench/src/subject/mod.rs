//! The subjects: the measured programs, each with its own start command and requests.

pub(crate) mod kim;
mod postgraphile;
mod postrust;
mod sql;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::failure::Failure;
use crate::fixture::{Fixture, Single};
use crate::issuer::Issuer;
use crate::load::{Load, LoadResult, pgbench, wrk};
use crate::process::{Usage, usage};
use crate::requests::{self, Request};
use crate::task::Task;

/// A measured program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Subject {
    /// This project's server
    Kim,
    /// Hand-written SQL that returns JSON, by pgbench with prepared statements: the limit
    Sql,
    /// PostGraphile 5 (Node)
    Postgraphile,
    /// postrust (Rust)
    Postrust,
}

impl Subject {
    /// The name in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Kim => "kim",
            Self::Sql => "bare SQL",
            Self::Postgraphile => "PostGraphile",
            Self::Postrust => "postrust",
        }
    }
}

/// Settings for starting subjects.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Path of the program `kim`.
    pub(crate) kim: PathBuf,
    /// The repository's folder `bench`, in which the peers are installed.
    pub(crate) bench: PathBuf,
    /// Folder for temporary files.
    pub(crate) folder: PathBuf,
    /// Processes of PostGraphile.
    pub(crate) workers: usize,
    /// PostgreSQL connections of each peer.
    pub(crate) pool: usize,
}

/// A running subject.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) subject: Subject,
    /// The subject's label in this measurement.
    pub(crate) label: String,
    /// The GraphQL URL; for bare SQL the database's URL.
    pub(crate) url: String,
    /// Time from start to first answer.
    pub(crate) startup_time: Duration,
    child: Option<Child>,
    folder: PathBuf,
}

impl Running {
    /// Starts a subject and waits until it answers.
    pub(crate) async fn start(
        subject: Subject,
        label: &str,
        settings: &Settings,
        fixture: &Fixture,
        issuer: &Issuer,
    ) -> Result<Self, Failure> {
        let folder = settings.folder.join(label.replace(' ', "-"));
        std::fs::create_dir_all(&folder)?;
        let port = free_port()?;
        let (command, url, ready) = match subject {
            Subject::Kim => kim::command(settings, &folder, fixture, issuer, port)?,
            Subject::Postgraphile => postgraphile::command(settings, fixture, issuer, port)?,
            Subject::Postrust => postrust::command(settings, fixture, issuer, port)?,
            Subject::Sql => {
                let (url, startup_time) = (fixture.url.clone(), Duration::ZERO);
                return Ok(Self { subject, label: label.to_owned(), url, startup_time, child: None, folder });
            }
        };
        let began = Instant::now();
        let child = spawn(command, &folder.join("log"))?;
        let mut running =
            Self { subject, label: label.to_owned(), url, startup_time: Duration::ZERO, child: Some(child), folder };
        running.wait_for(&ready).await?;
        running.startup_time = began.elapsed();
        Ok(running)
    }

    /// The subject's folder for files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Resources used by the subject's processes. Zero for bare SQL, which runs in PostgreSQL only.
    pub(crate) fn usage(&self) -> Usage {
        self.child.as_ref().and_then(Child::id).map(usage).unwrap_or_default()
    }

    /// Sets the first referral that bare SQL accepts in its next turn.
    pub(crate) async fn take_turn(&self, fixture: &Fixture, begins: usize) -> Result<(), Failure> {
        if self.subject == Subject::Sql { sql::take_turn(&fixture.url, begins).await } else { Ok(()) }
    }

    /// The subject's requests for a task.
    pub(crate) async fn requests(&self, task: Task, fixture: &Fixture) -> Result<Vec<Request>, Failure> {
        match self.subject {
            Subject::Kim => kim::requests(&self.url, task, fixture).await,
            Subject::Postgraphile => postgraphile::requests(&self.url, task, fixture).await,
            Subject::Postrust => Ok(postrust::requests(task, fixture)),
            Subject::Sql => Ok(Vec::new()),
        }
    }

    /// Applies load with these requests. Bare SQL reads its requests from the database, where they have the same order.
    pub(crate) async fn load(
        &self,
        task: Task,
        fixture: &Fixture,
        requests: &[Request],
        load: Load,
    ) -> Result<LoadResult, Failure> {
        if self.subject == Subject::Sql {
            let variables = [("clerks", fixture.clerks.len()), ("singles", fixture.singles.len())];
            return pgbench(&self.url, &self.folder, &sql::script(&self.folder, task)?, &variables, load).await;
        }
        let file = self.folder.join(format!("{}.tsv", task.name()));
        requests::write(&file, requests)?;
        wrk(&self.url, &self.folder, &file, load).await
    }

    /// The raw answer to the first request of a task.
    pub(crate) async fn answer(&self, task: Task, requests: &[Request]) -> Result<Value, Failure> {
        match requests.first() {
            Some(request) => requests::send(&self.url, request).await,
            None => sql::answer(&self.url, task).await,
        }
    }

    async fn wait_for(&mut self, ready: &str) -> Result<(), Failure> {
        let client = reqwest::Client::new();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            // Any answer will do, also an error about the request.
            if client.get(ready).send().await.is_ok_and(|answer| !answer.status().is_server_error()) {
                return Ok(());
            }
            let gone = self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if gone || Instant::now() > until {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(Failure::new(format!("{} does not answer: {log}", self.label)));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn spawn(mut command: Command, log: &Path) -> Result<Child, Failure> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let file = std::fs::File::create(log)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).kill_on_drop(true);
    command.spawn().map_err(|error| Failure::new(format!("{program}: {error}; `make bench` installs the peers")))
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A request with this document.
fn request(token: &str, document: &str, variables: &Value) -> Request {
    Request { token: token.to_owned(), body: json!({"query": document, "variables": variables}).to_string() }
}

/// A peer's accept requests. They contain the new version; the peer refuses if it is not the next one.
fn check_accept(document: &str, fixture: &Fixture) -> Vec<Request> {
    let one = |single: &Single| {
        let (id, version) = (single.referral.id, single.referral.version + 1);
        request(&single.token, document, &json!({"id": id, "version": version}))
    };
    fixture.queue.iter().map(one).collect()
}

/// The cursor before a page deep in the list. Only the subject itself can provide it.
async fn find_cursor(url: &str, token: &str, document: &str, root: &str, rows: u64) -> Result<Value, Failure> {
    let (mut after, mut left) = (Value::Null, rows);
    while left > 0 {
        let first = left.min(100);
        let answer = requests::send(url, &request(token, document, &json!({"first": first, "after": after}))).await?;
        after = answer["data"][root]["pageInfo"]["endCursor"].clone();
        if after.is_null() {
            return Err(Failure::new(format!("no cursor: {answer}")));
        }
        left -= first;
    }
    Ok(after)
}
