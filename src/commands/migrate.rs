//! `kim migrate`

use kim_entity::database::Database;
use kim_migration::{LogMigrator, MainMigrator, MigratorTrait};

use crate::cli::MigrateArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::open;

pub(super) async fn run(args: &MigrateArgs) -> Result<(), Failure> {
    let config = Config::for_data(&args.data)?;
    let database = open(&config.database).await?;
    if args.down {
        down(&database).await?;
        println!("The database is empty again.");
    } else {
        match up(&database).await? {
            0 => println!("The database is ready: nothing was to be done."),
            steps => println!("The database is ready: {steps} steps were done."),
        }
    }
    database.close().await.map_err(Failure::failed)
}

/// Brings both databases to this version; how many steps were done.
///
/// # Errors
/// [`Failure::Failed`] when a step fails; the earlier ones stay.
pub async fn up(database: &Database) -> Result<usize, Failure> {
    let main = MainMigrator::get_pending_migrations(&database.main).await.map_err(Failure::failed)?.len();
    let log = LogMigrator::get_pending_migrations(&database.log).await.map_err(Failure::failed)?.len();
    MainMigrator::up(&database.main, None).await.map_err(Failure::failed)?;
    LogMigrator::up(&database.log, None).await.map_err(Failure::failed)?;
    Ok(main + log)
}

async fn down(database: &Database) -> Result<(), Failure> {
    LogMigrator::down(&database.log, None).await.map_err(Failure::failed)?;
    MainMigrator::down(&database.main, None).await.map_err(Failure::failed)
}
