//! One run: makes what is missing, starts the subjects, checks them, measures, and writes down what came of it.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::check::{accepts, same_answers};
use crate::compare::{Measuring, compare};
use crate::data::{self, Scale};
use crate::failure::Failure;
use crate::issuer::Issuer;
use crate::machine;
use crate::postgres::Server;
use crate::report;
use crate::results::{Circumstances, Comparison, Facts, Results, Soak};
use crate::soak::soak;
use crate::stage::Stage;
use crate::start::start;
use crate::subject::{Running, Setting, Subject};
use crate::task::Task;
use crate::work::work;

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The subjects beside each other
    Compare,
    /// kim on SQLite and on PostgreSQL, one connection
    Sqlite,
    /// kim on ten times the data
    Growth,
    /// Imports, bulk offers, statistics
    Work,
    /// Start-up, memory at rest, size
    Start,
    /// Full load for long
    Soak,
}

/// `kim-bench run`
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArgs {
    /// A PostgreSQL server on this machine, as a superuser, which lets a role `peer` in without a password
    #[arg(long, env = "KIM_TEST_POSTGRES", hide_env_values = true)]
    postgres: String,
    /// The program that is measured
    #[arg(long, default_value = "target/release/kim")]
    kim: PathBuf,
    /// The folder with the peers; also where RESULTS.md and results.json are written
    #[arg(long, default_value = "bench")]
    bench: PathBuf,
    /// What to measure
    #[arg(long, value_delimiter = ',', default_value = "compare,sqlite,growth,work,start,soak")]
    parts: Vec<Part>,
    /// How much data the parts but `growth` stand on
    #[arg(long, default_value = "1")]
    scale: Scale,
    /// How much data `growth` stands on, the basis first
    #[arg(long, value_delimiter = ',', default_value = "1,10,10-same-agencies")]
    growth: Vec<Scale>,
    /// Who is compared
    #[arg(long, value_delimiter = ',', default_value = "kim,sql,postgraphile,postrust")]
    subjects: Vec<Subject>,
    /// What is asked
    #[arg(long, value_delimiter = ',', default_value = "flat,list,messages,counts,one,deep,accept")]
    tasks: Vec<Task>,
    /// Connections that are kept busy
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<u32>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Seconds of load before each
    #[arg(long, default_value_t = 2)]
    warm_up: u32,
    /// How often each is measured, in turns; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Processes of PostGraphile; a core each if it is not said
    #[arg(long)]
    workers: Option<usize>,
    /// Connections of each peer to PostgreSQL, of all its processes together
    #[arg(long, default_value_t = 16)]
    pool: usize,
    /// Minutes of `soak`
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Look whether it all works, in two or three minutes: a hundredth of the data, 16 connections, one short round. The
    /// numbers mean nothing and are written beside the others
    #[arg(long)]
    quick: bool,
    /// Keep the databases on the server for the next run
    #[arg(long)]
    keep: bool,
}

/// The database that a part changes as it likes: a copy.
const COPY: &str = "kim_bench_copy";

/// Measures.
pub(crate) async fn run(mut args: RunArgs) -> Result<(), Failure> {
    if args.quick {
        args.scale = Scale::Hundredth;
        args.growth = vec![Scale::Hundredth];
        (args.connections, args.rounds, args.seconds, args.warm_up) = (vec![16], 1, 2, 1);
        args.minutes = args.minutes.min(0.2);
    }
    let folder = args.bench.join(".work");
    std::fs::create_dir_all(&folder)?;
    let setting = Setting {
        kim: args.kim.canonicalize().map_err(|error| Failure::new(format!("{}: {error}", args.kim.display())))?,
        bench: args.bench.canonicalize()?,
        folder: folder.canonicalize()?,
        workers: args.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get)),
        pool: args.pool,
    };
    let server = Server::connect(&args.postgres).await?;
    let bench = Bench { measuring: measuring(&args, &server).await?, server, setting, issuer: Issuer::new()?, args };
    let file = bench.file();
    let mut results: Results = match std::fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Results::default(),
    };
    for part in bench.args.parts.clone() {
        eprintln!("{part:?}");
        match part {
            Part::Compare => results.compare = Some(bench.compare().await?),
            Part::Sqlite => results.sqlite = Some(bench.sqlite().await?),
            Part::Growth => results.growth = Some(bench.growth().await?),
            Part::Work => results.work = Some(bench.work().await?),
            Part::Start => results.start = Some(bench.start().await?),
            Part::Soak => results.soak = Some(bench.soak().await?),
        }
        // After each part: an hour's numbers shall not be lost with the last part.
        std::fs::write(&file, serde_json::to_string_pretty(&results)? + "\n")?;
        std::fs::write(file.with_file_name(bench.report()), report::markdown(&results))?;
    }
    bench.clean_up().await?;
    println!("{}", report::markdown(&results));
    Ok(())
}

async fn measuring(args: &RunArgs, server: &Server) -> Result<Measuring, Failure> {
    Ok(Measuring {
        tasks: args.tasks.clone(),
        connections: args.connections.clone(),
        rounds: args.rounds,
        seconds: args.seconds,
        warm_up: args.warm_up,
        postgres: server.process().await?,
    })
}

/// What the parts share.
struct Bench {
    args: RunArgs,
    measuring: Measuring,
    server: Server,
    setting: Setting,
    issuer: Issuer,
}

impl Bench {
    async fn compare(&self) -> Result<Comparison, Failure> {
        let stage = self.copy(self.args.scale).await?;
        eprintln!("  the peers' tables");
        stage.set_for_peers().await?;
        let mut running = Vec::new();
        for &subject in &self.args.subjects {
            running.push(Running::start(subject, subject.title(), &self.setting, &stage, &self.issuer).await?);
        }
        same_answers(&running, &self.measuring.tasks, &stage).await?;
        if self.measuring.tasks.contains(&Task::Accept) {
            accepts(&running, &stage).await?;
        }
        eprintln!("  all give the same answers, and leave one log row behind");
        let contenders: Vec<_> = running.iter().map(|running| (running, &stage)).collect();
        compare(&contenders, &self.measuring, self.circumstances(&[self.args.scale]).await?).await
    }

    async fn sqlite(&self) -> Result<Comparison, Failure> {
        let postgres = self.copy(self.args.scale).await?;
        let path = self.setting.folder.join(format!("{}.sqlite", self.args.scale.database()));
        let url = format!("sqlite:{}", path.display());
        if !path.exists() {
            data::make(&url, self.args.scale).await?;
        }
        let sqlite = Stage::set(&url, &self.issuer).await?;
        let [on_sqlite, on_postgres] = [("kim on SQLite", &sqlite), ("kim on PostgreSQL", &postgres)];
        let running = [
            Running::start(Subject::Kim, on_sqlite.0, &self.setting, on_sqlite.1, &self.issuer).await?,
            Running::start(Subject::Kim, on_postgres.0, &self.setting, on_postgres.1, &self.issuer).await?,
        ];
        let tasks = self.measuring.tasks.iter().copied().filter(|&task| task != Task::Accept).collect();
        let measuring = Measuring { tasks, connections: vec![1], ..self.measuring.clone() };
        let contenders = [(&running[0], &sqlite), (&running[1], &postgres)];
        compare(&contenders, &measuring, self.circumstances(&[self.args.scale]).await?).await
    }

    async fn growth(&self) -> Result<Comparison, Failure> {
        let mut stages = Vec::new();
        for &scale in &self.args.growth {
            stages.push((scale, Stage::set(&self.data(scale).await?, &self.issuer).await?));
        }
        let mut running = Vec::new();
        for (scale, stage) in &stages {
            running.push(Running::start(Subject::Kim, scale.title(), &self.setting, stage, &self.issuer).await?);
        }
        let tasks = vec![Task::List, Task::Deep, Task::Counts, Task::Total];
        let measuring = Measuring { tasks, connections: vec![1, 16], ..self.measuring.clone() };
        let contenders: Vec<_> = running.iter().zip(&stages).map(|(running, (_, stage))| (running, stage)).collect();
        compare(&contenders, &measuring, self.circumstances(&self.args.growth).await?).await
    }

    async fn work(&self) -> Result<Facts, Failure> {
        let stage = self.copy(self.args.scale).await?;
        let running = self.kim(&stage).await?;
        let facts = work(&running, &self.setting, &stage, &self.issuer).await?;
        Ok(Facts { circumstances: self.circumstances(&[self.args.scale]).await?, facts })
    }

    async fn start(&self) -> Result<Facts, Failure> {
        let stage = self.copy(self.args.scale).await?;
        let facts = start(&self.setting, &stage, &self.issuer).await?;
        Ok(Facts { circumstances: self.circumstances(&[self.args.scale]).await?, facts })
    }

    async fn soak(&self) -> Result<Soak, Failure> {
        let stage = self.copy(self.args.scale).await?;
        let running = self.kim(&stage).await?;
        let connections = self.args.connections.iter().copied().max().unwrap_or(64);
        let circumstances = self.circumstances(&[self.args.scale]).await?;
        soak(&running, &stage, connections, self.args.minutes, circumstances).await
    }

    async fn kim(&self, stage: &Stage) -> Result<Running, Failure> {
        Running::start(Subject::Kim, "kim", &self.setting, stage, &self.issuer).await
    }

    /// The database with so much data, made if it is not there; nobody changes it.
    async fn data(&self, scale: Scale) -> Result<String, Failure> {
        let name = scale.database();
        if !self.server.has(&name).await? {
            eprintln!("  data of scale {}", scale.title());
            // Under another name until it is whole.
            let unfinished = format!("{name}_unfinished");
            self.server.create(&unfinished, None).await?;
            data::make(&self.server.url_of(&unfinished), scale).await?;
            self.server.rename(&unfinished, &name).await?;
        }
        Ok(self.server.url_of(&name))
    }

    /// A stage on a copy of it.
    async fn copy(&self, scale: Scale) -> Result<Stage, Failure> {
        self.data(scale).await?;
        self.server.create(COPY, Some(&scale.database())).await?;
        Stage::set(&self.server.url_of(COPY), &self.issuer).await
    }

    async fn circumstances(&self, scales: &[Scale]) -> Result<Circumstances, Failure> {
        let (version, settings) = self.server.describe().await?;
        let mut versions = machine::versions(&self.setting);
        versions.push(("PostgreSQL".to_owned(), version));
        Ok(Circumstances {
            date: machine::today(),
            machine: machine::describe(),
            versions,
            postgres: settings,
            data: scales.iter().map(|scale| scale.describe()).collect::<Vec<_>>().join("; "),
            seconds: self.args.seconds,
            rounds: self.args.rounds,
        })
    }

    async fn clean_up(&self) -> Result<(), Failure> {
        self.server.drop(COPY).await?;
        if !self.args.keep {
            for &scale in self.args.growth.iter().chain([&self.args.scale]) {
                self.server.drop(&scale.database()).await?;
            }
        }
        Ok(())
    }

    fn file(&self) -> PathBuf {
        let name = if self.args.quick { ".work/quick.json" } else { "results.json" };
        self.setting.bench.join(name)
    }

    fn report(&self) -> &'static Path {
        Path::new(if self.args.quick { "quick.md" } else { "RESULTS.md" })
    }
}
