//! How a database is opened, and what its read and write transactions guarantee.

use kim_entity::database::Database;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TransactionTrait};

use crate::support::database::{Backend, fresh};
use crate::support::on_both;
use crate::support::process::{OwnProcess, free_port};

/// A statement's first value.
async fn value<T: sea_orm::TryGetable>(db: &impl ConnectionTrait, query: &str) -> T {
    let row: Option<QueryResult> =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), query)).await.expect(query);
    row.expect("a row").try_get_by_index(0).expect("a value")
}

const INSERT: &str = "INSERT INTO municipality VALUES ('05112000', 'Duisburg')";
const COUNT: &str = "SELECT count(*) FROM municipality";

on_both! {
    async fn a_snapshot_does_not_see_later_commits(db: TestDatabase) {
        let snapshot = db.database.raw_read().await.expect("a snapshot");
        assert_eq!(value::<i64>(&snapshot, COUNT).await, 0);
        let write = db.database.raw_write().await.expect("a transaction");
        write.execute_unprepared(INSERT).await.expect("a row");
        write.commit().await.expect("committed");
        assert_eq!(value::<i64>(&snapshot, COUNT).await, 0);
        drop(snapshot);
        let later = db.database.raw_read().await.expect("a snapshot");
        assert_eq!(value::<i64>(&later, COUNT).await, 1);
    }

    async fn an_uncommitted_transaction_leaves_nothing(db: TestDatabase) {
        let write = db.database.raw_write().await.expect("a transaction");
        write.execute_unprepared(INSERT).await.expect("a row");
        drop(write);
        assert_eq!(value::<i64>(db.database.raw(), COUNT).await, 0);
    }

    async fn readers_are_not_blocked_by_a_writer(db: TestDatabase) {
        let write = db.database.raw_write().await.expect("a transaction");
        write.execute_unprepared(INSERT).await.expect("a row");
        for _ in 0..20 {
            let snapshot = db.database.raw_read().await.expect("a snapshot");
            assert_eq!(value::<i64>(&snapshot, COUNT).await, 0);
        }
        db.database.raw_log().execute_unprepared("DELETE FROM disclosed").await.expect("the log has its own writer");
    }

    async fn concurrent_writers_wait_for_each_other(db: TestDatabase) {
        let mut writers = tokio::task::JoinSet::new();
        for number in 0..20 {
            let database = db.database.clone();
            writers.spawn(async move {
                let write = database.raw_write().await.expect("a transaction");
                let count: i64 = value(&write, COUNT).await;
                let row = format!("INSERT INTO municipality VALUES ('{number:08}', '{count}')");
                write.execute_unprepared(&row).await.expect("a row");
                write.commit().await.expect("committed");
            });
        }
        while let Some(written) = writers.join_next().await {
            written.expect("a writer that did not fail");
        }
        assert_eq!(value::<i64>(db.database.raw(), COUNT).await, 20);
    }
}

#[tokio::test]
async fn sqlite_is_opened_with_full_synchronisation_and_foreign_keys() {
    let db = fresh(Backend::Sqlite).await;
    for connection in [db.database.raw(), db.database.raw_log()] {
        assert_eq!(value::<String>(connection, "PRAGMA journal_mode").await, "wal");
        assert_eq!(value::<i32>(connection, "PRAGMA synchronous").await, 2, "FULL");
        assert_eq!(value::<i32>(connection, "PRAGMA foreign_keys").await, 1);
        assert_eq!(value::<i32>(connection, "PRAGMA busy_timeout").await, 10_000);
    }
    let write = db.database.raw_write().await.expect("a transaction");
    assert_eq!(value::<i32>(&write, "PRAGMA synchronous").await, 2, "FULL");
    assert_eq!(value::<i32>(&write, "PRAGMA foreign_keys").await, 1);
}

#[tokio::test]
async fn a_sqlite_write_transaction_takes_the_lock_at_its_beginning() {
    let db = fresh(Backend::Sqlite).await;
    let _write = db.database.raw_write().await.expect("a transaction");
    let other = db.database.raw().begin().await.expect("a transaction");
    other.execute_unprepared("PRAGMA busy_timeout = 0").await.expect("set");
    let error = other.execute_unprepared(INSERT).await.expect_err("locked").to_string();
    assert!(error.contains("locked"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn sqlite_files_are_accessible_only_to_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let database = Database::create(&format!("sqlite://{}/kim.sqlite?mode=rwc", directory.path().display())).await;
    let database = database.expect("an open database");
    database.raw().execute_unprepared("CREATE TABLE t (x)").await.expect("a table");
    database.raw_log().execute_unprepared("CREATE TABLE t (x)").await.expect("a table");
    let mut names = vec![];
    for file in directory.path().read_dir().expect("a directory") {
        let file = file.expect("a file");
        assert_eq!(file.metadata().expect("metadata").permissions().mode() & 0o777, 0o600, "{file:?}");
        names.push(file.file_name().into_string().expect("a name"));
    }
    names.sort();
    let expected = [
        "kim-log.sqlite",
        "kim-log.sqlite-shm",
        "kim-log.sqlite-wal",
        "kim.sqlite",
        "kim.sqlite-shm",
        "kim.sqlite-wal",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_postgres_snapshot_cannot_write() {
    let db = fresh(Backend::Postgres).await;
    let snapshot = db.database.raw_read().await.expect("a snapshot");
    assert_eq!(value::<String>(&snapshot, "SHOW transaction_isolation").await, "repeatable read");
    assert!(snapshot.execute_unprepared(INSERT).await.is_err());
    let write = db.database.raw_write().await.expect("a transaction");
    assert_eq!(value::<String>(&write, "SHOW transaction_isolation").await, "read committed");
    assert_eq!(value::<String>(&write, "SHOW transaction_read_only").await, "off");
    assert_eq!(db.database.backend(), DbBackend::Postgres);
}

#[tokio::test]
async fn opening_a_url_twice_opens_the_same_database() {
    let db = fresh(Backend::Sqlite).await;
    db.database.raw().execute_unprepared(INSERT).await.expect("a row");
    let second = Database::open(&db.url).await.expect("an open database");
    assert_eq!(value::<i64>(second.raw(), COUNT).await, 1);
}

#[tokio::test]
async fn opening_a_database_creates_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("kim.sqlite");
    let url = format!("sqlite:{}", file.display());
    let refused = async |missing: &str| {
        let error = Database::open(&url).await.expect_err("nothing is there").to_string();
        assert!(error.contains(missing) && error.contains("`kim migrate` makes one"), "{error}");
    };
    refused("kim.sqlite").await;
    assert_eq!(directory.path().read_dir().expect("a directory").count(), 0);
    // Only the log's file is missing, for example after an incomplete restore.
    Database::create(&url).await.expect("a new database").close().await.expect("closed");
    std::fs::remove_file(directory.path().join("kim-log.sqlite")).expect("removed");
    refused("kim-log.sqlite").await;
    assert_eq!(directory.path().read_dir().expect("a directory").count(), 1);
    Database::create(&url).await.expect("made again");
    Database::open(&url).await.expect("there");
}

#[tokio::test]
async fn an_error_while_opening_never_contains_the_url() {
    // A server that closes every connection.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let deaf = format!("postgres://kim:canary@{}/kim", listener.local_addr().expect("an address"));
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    for url in [deaf.as_str(), "postgres://kim:canary@host:no/kim", "mysql://kim:canary@host/kim"] {
        let error = Database::open(url).await.expect_err(url);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

/// A statement that takes minutes.
const LONG: &str =
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000000000) SELECT count(*) FROM n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_sqlite_statement_is_interrupted_and_its_connection_is_reused() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("kim.sqlite").display());
    let brief = std::time::Duration::from_millis(300);
    Database::create(&url).await.expect("created").close().await.expect("closed");
    let db = Database::open_within(&url, brief).await.expect("open");
    let statement = || Statement::from_string(DbBackend::Sqlite, LONG);
    // More statements than there are connections, each abandoned by its caller.
    for _ in 0..20 {
        let given_up = tokio::time::timeout(brief / 10, db.raw().query_one_raw(statement())).await;
        assert!(given_up.is_err(), "{given_up:?}");
    }
    let begun = std::time::Instant::now();
    let error = db.raw().query_one_raw(statement()).await.expect_err("interrupted");
    assert!(kim_entity::database::is_timeout(&error), "{error}");
    for _ in 0..20 {
        assert_eq!(value::<i64>(db.raw(), "SELECT 1").await, 1);
    }
    assert!(begun.elapsed() < brief * 10, "{:?}", begun.elapsed());
    db.close().await.expect("closed");
}

/// PgBouncer in its own process, in front of the tests' PostgreSQL.
struct PgBouncer {
    url: String,
    _child: OwnProcess,
    _files: tempfile::TempDir,
}

impl PgBouncer {
    /// Starts it. `ignored`: start-up parameters that it drops without a word.
    async fn start(database: &str, ignored: &str) -> Self {
        Self::start_in("session", database, ignored).await
    }

    async fn start_in(mode: &str, database: &str, ignored: &str) -> Self {
        let target = reqwest::Url::parse(database).expect("a URL");
        let port = free_port();
        let files = tempfile::tempdir().expect("a folder");
        let config = files.path().join("pgbouncer.ini");
        let (host, target_port) = (target.host_str().expect("a host"), target.port().unwrap_or(5432));
        let text = format!(
            "[databases]\n* = host={host} port={target_port} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             auth_type = any\npool_mode = {mode}\nunix_socket_dir =\nignore_startup_parameters = {ignored}\n",
            target.username()
        );
        std::fs::write(&config, text).expect("written");
        // As root it demands another user, who must be able to read the file.
        let mut command = std::process::Command::new("pgbouncer");
        if std::process::Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n" {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(files.path(), std::fs::Permissions::from_mode(0o755)).expect("readable");
            command.args(["-u", "nobody"]);
        }
        let child = command.arg("-q").arg(&config).stderr(std::process::Stdio::null()).spawn();
        let child = OwnProcess(child.expect("pgbouncer: `make test` installs it on Debian"));
        let mut url = target;
        url.set_port(Some(port)).expect("a port");
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Self { url: url.to_string(), _child: child, _files: files }
    }
}

#[tokio::test]
async fn a_pooler_that_drops_the_start_up_options_is_refused_with_a_clear_text() {
    let db = fresh(Backend::Postgres).await;
    let pooler = PgBouncer::start(&db.url, "extra_float_digits,options").await;
    let why = Database::open(&pooler.url).await.expect_err("refused").to_string();
    for part in
        ["transaction_isolation \"read committed\"", "\"repeatable read\"", "start-up options", "docs/operation.md"]
    {
        assert!(why.contains(part), "{why}");
    }
    for (mode, ignored) in
        [("session", "extra_float_digits"), ("session", "options"), ("transaction", "extra_float_digits,options")]
    {
        let pooler = PgBouncer::start_in(mode, &db.url, ignored).await;
        let why = Database::open(&pooler.url).await.expect_err("refused").to_string();
        assert!(
            why.contains("between kim and PostgreSQL") && why.contains("docs/operation.md"),
            "{mode}, {ignored}: {why}"
        );
    }
}
