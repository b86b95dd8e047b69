//! A separate database for every test.

use std::sync::atomic::{AtomicU32, Ordering};

use kim_entity::database::Database;
use kim_migration::{LogMigrator, MainMigrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// Files in a directory that is deleted after the test.
    Sqlite,
    /// A database on the server that `KIM_TEST_POSTGRES` names.
    Postgres,
}

/// An open database and its URL. The database is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    /// The open database.
    pub(crate) database: Database,
    /// Its URL, for a second process or connection.
    pub(crate) url: String,
    keeper: Keeper,
}

/// What is deleted after the test.
#[derive(Debug)]
enum Keeper {
    Directory { _deletes_itself: TempDir },
    Server { name: String },
}

/// A migrated, empty database. It is migrated once per run and then copied.
pub(crate) async fn fresh(backend: Backend) -> TestDatabase {
    match backend {
        Backend::Sqlite => {
            static TEMPLATE: OnceCell<[Vec<u8>; 2]> = OnceCell::const_new();
            let files = TEMPLATE.get_or_init(migrated_files).await;
            let directory = tempfile::tempdir().expect("a directory");
            for (file, name) in files.iter().zip(SQLITE_FILES) {
                std::fs::write(directory.path().join(name), file).expect("a writable directory");
            }
            open_sqlite(directory).await
        }
        Backend::Postgres => {
            static TEMPLATE: OnceCell<String> = OnceCell::const_new();
            let template = TEMPLATE.get_or_init(migrated_template).await;
            open_postgres(create_database(Some(template)).await).await
        }
    }
}

/// A database without a table.
pub(crate) async fn empty(backend: Backend) -> TestDatabase {
    match backend {
        Backend::Sqlite => open_sqlite(tempfile::tempdir().expect("a directory")).await,
        Backend::Postgres => open_postgres(create_database(None).await).await,
    }
}

/// The main file and the log's, as [`Database::create`] names them.
const SQLITE_FILES: [&str; 2] = ["kim.sqlite", "kim-log.sqlite"];

async fn migrated_files() -> [Vec<u8>; 2] {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_owned();
    let db = open_sqlite(directory).await;
    migrate(&db.database).await;
    // Closing the last connection merges the WAL into the file.
    db.database.close().await.expect("closed");
    SQLITE_FILES.map(|name| std::fs::read(path.join(name)).expect("a readable file"))
}

async fn open_sqlite(directory: TempDir) -> TestDatabase {
    let url = format!("sqlite:{}", directory.path().join(SQLITE_FILES[0]).display());
    let database = Database::create(&url).await.expect("an open database");
    TestDatabase { database, url, keeper: Keeper::Directory { _deletes_itself: directory } }
}

async fn migrated_template() -> String {
    let name = create_database(None).await;
    let database = Database::open(&url_of(&name)).await.expect("an open database");
    migrate(&database).await;
    // A template must have no connections while it is copied.
    database.close().await.expect("closed");
    name
}

async fn open_postgres(name: String) -> TestDatabase {
    let url = url_of(&name);
    let database = Database::open(&url).await.expect("an open database");
    TestDatabase { database, url, keeper: Keeper::Server { name } }
}

async fn migrate(database: &Database) {
    MainMigrator::up(database.raw(), None).await.expect("the main database migrates");
    LogMigrator::up(database.raw_log(), None).await.expect("the log migrates");
}

/// Creates a database with a name that no other test or run on the same server uses.
async fn create_database(template: Option<&String>) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("kim_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let template = template.map_or("template0", String::as_str);
    on_server(&format!("DROP DATABASE IF EXISTS {name}")).await;
    on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    name
}

/// Runs a statement on the server's own database.
async fn on_server(statement: &str) {
    let mut options = ConnectOptions::new(server_url());
    options.max_connections(1).sqlx_logging(false);
    let server = sea_orm::Database::connect(options).await.expect("KIM_TEST_POSTGRES names a server that answers");
    server.execute_unprepared(statement).await.expect("a role that may create databases");
    server.close().await.expect("closed");
}

fn server_url() -> String {
    std::env::var("KIM_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("KIM_TEST_POSTGRES is not set: run `make test`, or `tests/with-postgres.sh cargo test`")
    })
}

/// The URL of another database on the same server.
fn url_of(name: &str) -> String {
    let server = server_url();
    let (server, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let (server, _) = server.rsplit_once('/').expect("KIM_TEST_POSTGRES ends in /DATABASE");
    format!("{server}/{name}?{parameters}")
}

impl TestDatabase {
    /// Gathers statistics. On PostgreSQL it also runs VACUUM until every page is marked as visible to all transactions, without
    /// which no index-only scan is planned. One VACUUM may skip pages while another transaction, for example autovacuum's, is
    /// open.
    pub(crate) async fn vacuum(&self) {
        let raw = self.database.raw();
        if self.database.backend() == DbBackend::Sqlite {
            raw.execute_unprepared("ANALYZE").await.expect("statistics");
            return;
        }
        let unknown = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
                       AND relallvisible < relpages";
        for _ in 0..120 {
            raw.execute_unprepared("VACUUM ANALYZE").await.expect("statistics");
            let left =
                raw.query_all_raw(Statement::from_string(DbBackend::Postgres, unknown)).await.expect("an answer");
            if left.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        panic!("for a minute, VACUUM could not mark all pages as visible: does a transaction stay open?");
    }
}

impl Drop for TestDatabase {
    /// Deletes the database, if possible. The test's runtime is ending, so the statement gets its own runtime. A database that
    /// remains does no harm: `tests/with-postgres.sh` removes the whole cluster.
    fn drop(&mut self) {
        match &self.keeper {
            Keeper::Directory { .. } => {}
            Keeper::Server { name } => {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.map(|runtime| runtime.block_on(on_server(&statement)))
                });
                drop(dropped.join());
            }
        }
    }
}
