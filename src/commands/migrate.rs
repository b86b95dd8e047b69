//! `kim migrate`

use std::io::Write as _;

use kim_entity::database::Database;
use kim_migration::{LogMigrator, MainMigrator, MigratorTrait};

use crate::cli::MigrateArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::{create, open};

pub(super) async fn run(args: &MigrateArgs) -> Result<(), Failure> {
    if args.down && !args.yes_delete_all_data {
        return Err(Failure::usage(
            "migrate --down deletes every table with ALL ITS DATA, and nothing brings it back but a backup. Nothing was \
             done. If that is what you want: kim migrate --down --yes-delete-all-data",
        ));
    }
    let config = Config::for_data(&args.data)?;
    let (database, done) = if args.down {
        let database = open(&config.database).await?;
        down(&database).await?;
        (database, "The database is empty again.".to_owned())
    } else {
        let database = create(&config.database).await?;
        let done = match up(&database).await? {
            0 => "The database is ready: nothing was to be done.".to_owned(),
            steps => format!("The database is ready: {steps} steps were done."),
        };
        (database, done)
    };
    database.close().await.map_err(Failure::failed)?;
    writeln!(std::io::stdout(), "{done}")
        .map_err(|error| Failure::failed(format!("cannot write to standard output ({error}). {done}")))
}

/// Brings both databases to this version; how many steps were done.
///
/// # Errors
/// [`Failure::Failed`] when a step fails; the earlier ones stay.
pub async fn up(database: &Database) -> Result<usize, Failure> {
    let main =
        MainMigrator::get_pending_migrations(database.for_migrations().main).await.map_err(Failure::failed)?.len();
    let log = LogMigrator::get_pending_migrations(database.for_migrations().log).await.map_err(Failure::failed)?.len();
    MainMigrator::up(database.for_migrations().main, None).await.map_err(Failure::failed)?;
    LogMigrator::up(database.for_migrations().log, None).await.map_err(Failure::failed)?;
    Ok(main + log)
}

async fn down(database: &Database) -> Result<(), Failure> {
    LogMigrator::down(database.for_migrations().log, None).await.map_err(Failure::failed)?;
    MainMigrator::down(database.for_migrations().main, None).await.map_err(Failure::failed)
}
