//! The subjects: what is measured side by side, each started and asked in its own way.

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
use crate::issuer::Issuer;
use crate::load::{Done, Load, pgbench, wrk};
use crate::process::{Usage, usage};
use crate::requests::{self, Ask};
use crate::stage::{Single, Stage};
use crate::task::Task;

/// What is measured.
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
    /// Its name in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Kim => "kim",
            Self::Sql => "bare SQL",
            Self::Postgraphile => "PostGraphile",
            Self::Postrust => "postrust",
        }
    }
}

/// What starting needs to know.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The program `kim`.
    pub(crate) kim: PathBuf,
    /// The folder `bench` of the repository, in which the peers are installed.
    pub(crate) bench: PathBuf,
    /// Where files may be left.
    pub(crate) folder: PathBuf,
    /// Processes of PostGraphile.
    pub(crate) workers: usize,
    /// Connections of each peer to PostgreSQL.
    pub(crate) pool: usize,
}

/// A subject that answers.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) subject: Subject,
    /// What it is called in this measurement.
    pub(crate) label: String,
    /// Where it answers; bare SQL: the database's URL.
    pub(crate) url: String,
    /// How long it took from its start to its first answer.
    pub(crate) started_in: Duration,
    child: Option<Child>,
    folder: PathBuf,
}

impl Running {
    /// Starts one and waits until it answers.
    pub(crate) async fn start(
        subject: Subject,
        label: &str,
        setting: &Setting,
        stage: &Stage,
        issuer: &Issuer,
    ) -> Result<Self, Failure> {
        let folder = setting.folder.join(label.replace(' ', "-"));
        std::fs::create_dir_all(&folder)?;
        let port = free_port()?;
        let (command, url, ready) = match subject {
            Subject::Kim => kim::command(setting, &folder, stage, issuer, port)?,
            Subject::Postgraphile => postgraphile::command(setting, stage, issuer, port)?,
            Subject::Postrust => postrust::command(setting, stage, issuer, port)?,
            Subject::Sql => {
                let (url, started_in) = (stage.url.clone(), Duration::ZERO);
                return Ok(Self { subject, label: label.to_owned(), url, started_in, child: None, folder });
            }
        };
        let began = Instant::now();
        let child = spawn(command, &folder.join("log"))?;
        let mut running =
            Self { subject, label: label.to_owned(), url, started_in: Duration::ZERO, child: Some(child), folder };
        running.wait_for(&ready).await?;
        running.started_in = began.elapsed();
        Ok(running)
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its processes used; nothing for bare SQL, whose work is PostgreSQL's alone.
    pub(crate) fn usage(&self) -> Usage {
        self.child.as_ref().and_then(Child::id).map(usage).unwrap_or_default()
    }

    /// Lets bare SQL take its turn at what can be accepted from here on.
    pub(crate) async fn take_turn(&self, stage: &Stage, begins: usize) -> Result<(), Failure> {
        if self.subject == Subject::Sql { sql::take_turn(&stage.url, begins).await } else { Ok(()) }
    }

    /// Its requests for a task.
    pub(crate) async fn asks(&self, task: Task, stage: &Stage) -> Result<Vec<Ask>, Failure> {
        match self.subject {
            Subject::Kim => kim::asks(&self.url, task, stage).await,
            Subject::Postgraphile => postgraphile::asks(&self.url, task, stage).await,
            Subject::Postrust => Ok(postrust::asks(task, stage)),
            Subject::Sql => Ok(Vec::new()),
        }
    }

    /// Puts it under load with these requests; bare SQL takes its own from the database, where they stand in the same order.
    pub(crate) async fn load(&self, task: Task, stage: &Stage, asks: &[Ask], load: Load) -> Result<Done, Failure> {
        if self.subject == Subject::Sql {
            let variables = [("clerks", stage.clerks.len()), ("singles", stage.singles.len())];
            return pgbench(&self.url, &self.folder, &sql::script(&self.folder, task)?, &variables, load).await;
        }
        let file = self.folder.join(format!("{}.tsv", task.name()));
        requests::write(&file, asks)?;
        wrk(&self.url, &self.folder, &file, load).await
    }

    /// Its answer to the first of its requests for a task, as it came.
    pub(crate) async fn answer(&self, task: Task, asks: &[Ask]) -> Result<Value, Failure> {
        match asks.first() {
            Some(ask) => requests::send(&self.url, ask).await,
            None => sql::answer(&self.url, task).await,
        }
    }

    async fn wait_for(&mut self, ready: &str) -> Result<(), Failure> {
        let client = reqwest::Client::new();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            // Any answer will do: one that says what is wrong with the request too.
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

/// A port that nobody listened on a moment ago.
fn free_port() -> Result<u16, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A request of this document.
fn ask(token: &str, document: &str, variables: &Value) -> Ask {
    Ask { token: token.to_owned(), body: json!({"query": document, "variables": variables}).to_string() }
}

/// A peer's requests to accept: it is told the version that comes next, and refuses if that is not the next.
fn accepts(document: &str, stage: &Stage) -> Vec<Ask> {
    let one = |single: &Single| {
        let (id, version) = (single.referral.id, single.referral.version + 1);
        ask(&single.token, document, &json!({"id": id, "version": version}))
    };
    stage.queue.iter().map(one).collect()
}

/// The cursor behind which a page deep in the list begins: only the subject itself can say it.
async fn walk(url: &str, token: &str, document: &str, root: &str, rows: u64) -> Result<Value, Failure> {
    let (mut after, mut left) = (Value::Null, rows);
    while left > 0 {
        let first = left.min(100);
        let answer = requests::send(url, &ask(token, document, &json!({"first": first, "after": after}))).await?;
        after = answer["data"][root]["pageInfo"]["endCursor"].clone();
        if after.is_null() {
            return Err(Failure::new(format!("no cursor: {answer}")));
        }
        left -= first;
    }
    Ok(after)
}
