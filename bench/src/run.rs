//! One run: creates missing data, starts the subjects, checks them, measures, and writes the results.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::check::{check_accept, check_same_answers};
use crate::compare::{Measurement, compare};
use crate::data::{self, Scale};
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::flood::flood;
use crate::issuer::Issuer;
use crate::machine;
use crate::postgres::Server;
use crate::report;
use crate::results::{Circumstances, Comparison, Facts, Results, Soak};
use crate::soak::soak;
use crate::start::start;
use crate::subject::{Running, Settings, Subject};
use crate::task::Task;
use crate::work::work;

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The subjects compared
    Compare,
    /// kim on SQLite and on PostgreSQL, one connection
    Sqlite,
    /// kim with ten times the data
    Growth,
    /// Imports, bulk offers, statistics
    Work,
    /// Another agency's list while one agency sends many requests
    Flood,
    /// Start-up time, idle memory, size
    Start,
    /// Full load for a long time
    Soak,
}

/// `kim-bench run`
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArgs {
    /// A PostgreSQL server on this machine, as a superuser. It must let a role `peer` in without a password
    #[arg(long, env = "KIM_TEST_POSTGRES", hide_env_values = true)]
    postgres: String,
    /// The program to measure
    #[arg(long, default_value = "target/release/kim")]
    kim: PathBuf,
    /// The folder with the peers; also where RESULTS.md and results.json are written
    #[arg(long, default_value = "bench")]
    bench: PathBuf,
    /// The parts to measure
    #[arg(long, value_delimiter = ',', default_value = "compare,sqlite,growth,work,flood,start,soak")]
    parts: Vec<Part>,
    /// Amount of data for all parts except `growth`
    #[arg(long, default_value = "1")]
    scale: Scale,
    /// Amounts of data for `growth`, the basis first
    #[arg(long, value_delimiter = ',', default_value = "1,10,10-same-agencies")]
    growth: Vec<Scale>,
    /// The subjects to compare
    #[arg(long, value_delimiter = ',', default_value = "kim,sql,postgraphile,postrust")]
    subjects: Vec<Subject>,
    /// The tasks to measure
    #[arg(long, value_delimiter = ',', default_value = "flat,list,messages,counts,one,deep,accept")]
    tasks: Vec<Task>,
    /// Numbers of busy connections
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<u32>,
    /// Seconds per measurement
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Seconds of warm-up before each measurement
    #[arg(long, default_value_t = 2)]
    warm_up: u32,
    /// Rounds; the median is reported
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Processes of PostGraphile; one per core by default
    #[arg(long)]
    workers: Option<usize>,
    /// PostgreSQL connections of each peer, over all its processes
    #[arg(long, default_value_t = 16)]
    pool: usize,
    /// Minutes of `soak`
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Check in two or three minutes that everything works: a hundredth of the data, 16 connections, one short round.
    /// The numbers mean nothing and are written to separate files
    #[arg(long)]
    quick: bool,
    /// Keep the databases on the server for the next run
    #[arg(long)]
    keep: bool,
}

/// Name of the database copy that a part may change.
const COPY: &str = "kim_bench_copy";

/// Runs the benchmark.
pub(crate) async fn run(mut args: RunArgs) -> Result<(), Failure> {
    if args.quick {
        args.scale = Scale::Hundredth;
        args.growth = vec![Scale::Hundredth];
        (args.connections, args.rounds, args.seconds, args.warm_up) = (vec![16], 1, 2, 1);
        args.minutes = args.minutes.min(0.2);
    }
    let folder = args.bench.join(".work");
    std::fs::create_dir_all(&folder)?;
    let settings = Settings {
        kim: args.kim.canonicalize().map_err(|error| Failure::new(format!("{}: {error}", args.kim.display())))?,
        bench: args.bench.canonicalize()?,
        folder: folder.canonicalize()?,
        workers: args.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get)),
        pool: args.pool,
    };
    let server = Server::connect(&args.postgres).await?;
    let bench =
        Bench { measurement: measurement(&args, &server).await?, server, settings, issuer: Issuer::new()?, args };
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
            Part::Flood => results.flood = Some(bench.flood().await?),
            Part::Start => results.start = Some(bench.start().await?),
            Part::Soak => results.soak = Some(bench.soak().await?),
        }
        // After each part, so that an hour's results are not lost if a later part fails.
        std::fs::write(&file, serde_json::to_string_pretty(&results)? + "\n")?;
        std::fs::write(file.with_file_name(bench.report()), report::markdown(&results))?;
    }
    bench.clean_up().await?;
    println!("{}", report::markdown(&results));
    Ok(())
}

async fn measurement(args: &RunArgs, server: &Server) -> Result<Measurement, Failure> {
    Ok(Measurement {
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
    measurement: Measurement,
    server: Server,
    settings: Settings,
    issuer: Issuer,
}

impl Bench {
    async fn compare(&self) -> Result<Comparison, Failure> {
        let fixture = self.copy(self.args.scale).await?;
        eprintln!("  the peers' tables");
        fixture.create_peer_tables().await?;
        let mut running = Vec::new();
        for &subject in &self.args.subjects {
            running.push(Running::start(subject, subject.title(), &self.settings, &fixture, &self.issuer).await?);
        }
        check_same_answers(&running, &self.measurement.tasks, &fixture).await?;
        if self.measurement.tasks.contains(&Task::Accept) {
            check_accept(&running, &fixture).await?;
        }
        eprintln!("  all subjects give the same answers and write one log row");
        let contenders: Vec<_> = running.iter().map(|running| (running, &fixture)).collect();
        compare(&contenders, &self.measurement, self.circumstances(&[self.args.scale]).await?).await
    }

    async fn sqlite(&self) -> Result<Comparison, Failure> {
        let postgres = self.copy(self.args.scale).await?;
        let path = self.settings.folder.join(format!("{}.sqlite", self.args.scale.database()));
        let url = format!("sqlite:{}", path.display());
        if !path.exists() {
            data::make(&url, self.args.scale).await?;
        }
        let sqlite = Fixture::load(&url, &self.issuer).await?;
        let [on_sqlite, on_postgres] = [("kim on SQLite", &sqlite), ("kim on PostgreSQL", &postgres)];
        let running = [
            Running::start(Subject::Kim, on_sqlite.0, &self.settings, on_sqlite.1, &self.issuer).await?,
            Running::start(Subject::Kim, on_postgres.0, &self.settings, on_postgres.1, &self.issuer).await?,
        ];
        let tasks = self.measurement.tasks.iter().copied().filter(|&task| task != Task::Accept).collect();
        let measurement = Measurement { tasks, connections: vec![1], ..self.measurement.clone() };
        let contenders = [(&running[0], &sqlite), (&running[1], &postgres)];
        compare(&contenders, &measurement, self.circumstances(&[self.args.scale]).await?).await
    }

    async fn growth(&self) -> Result<Comparison, Failure> {
        let mut fixtures = Vec::new();
        for &scale in &self.args.growth {
            fixtures.push((scale, Fixture::load(&self.data(scale).await?, &self.issuer).await?));
        }
        let mut running = Vec::new();
        for (scale, fixture) in &fixtures {
            running.push(Running::start(Subject::Kim, scale.title(), &self.settings, fixture, &self.issuer).await?);
        }
        let tasks = vec![Task::List, Task::Deep, Task::Counts, Task::Total];
        let measurement = Measurement { tasks, connections: vec![1, 16], ..self.measurement.clone() };
        let contenders: Vec<_> =
            running.iter().zip(&fixtures).map(|(running, (_, fixture))| (running, fixture)).collect();
        compare(&contenders, &measurement, self.circumstances(&self.args.growth).await?).await
    }

    async fn work(&self) -> Result<Facts, Failure> {
        let fixture = self.copy(self.args.scale).await?;
        let running = self.kim(&fixture).await?;
        let facts = work(&running, &self.settings, &fixture, &self.issuer).await?;
        Ok(Facts { circumstances: self.circumstances(&[self.args.scale]).await?, facts })
    }

    async fn flood(&self) -> Result<Facts, Failure> {
        let fixture = self.copy(self.args.scale).await?;
        let running = self.kim(&fixture).await?;
        let facts = flood(&running, &fixture, &self.issuer, self.args.seconds).await?;
        Ok(Facts { circumstances: self.circumstances(&[self.args.scale]).await?, facts })
    }

    async fn start(&self) -> Result<Facts, Failure> {
        let fixture = self.copy(self.args.scale).await?;
        let facts = start(&self.settings, &fixture, &self.issuer).await?;
        Ok(Facts { circumstances: self.circumstances(&[self.args.scale]).await?, facts })
    }

    async fn soak(&self) -> Result<Soak, Failure> {
        let fixture = self.copy(self.args.scale).await?;
        let running = self.kim(&fixture).await?;
        let connections = self.args.connections.iter().copied().max().unwrap_or(64);
        let circumstances = self.circumstances(&[self.args.scale]).await?;
        soak(&running, &fixture, connections, self.args.minutes, circumstances).await
    }

    async fn kim(&self, fixture: &Fixture) -> Result<Running, Failure> {
        Running::start(Subject::Kim, "kim", &self.settings, fixture, &self.issuer).await
    }

    /// URL of the database with this amount of data. Created if missing, and never changed afterwards.
    async fn data(&self, scale: Scale) -> Result<String, Failure> {
        let name = scale.database();
        if !self.server.has(&name).await? {
            eprintln!("  data of scale {}", scale.title());
            // Has another name until it is complete.
            let unfinished = format!("{name}_unfinished");
            self.server.create(&unfinished, None).await?;
            data::make(&self.server.url_of(&unfinished), scale).await?;
            self.server.rename(&unfinished, &name).await?;
        }
        Ok(self.server.url_of(&name))
    }

    /// A fixture on a copy of this database.
    async fn copy(&self, scale: Scale) -> Result<Fixture, Failure> {
        self.data(scale).await?;
        self.server.create(COPY, Some(&scale.database())).await?;
        Fixture::load(&self.server.url_of(COPY), &self.issuer).await
    }

    async fn circumstances(&self, scales: &[Scale]) -> Result<Circumstances, Failure> {
        let (version, settings) = self.server.describe().await?;
        let mut versions = machine::versions(&self.settings);
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
        self.settings.bench.join(name)
    }

    fn report(&self) -> &'static Path {
        Path::new(if self.args.quick { "quick.md" } else { "RESULTS.md" })
    }
}
