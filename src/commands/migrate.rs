//! `kim migrate`

use crate::cli::MigrateArgs;
use crate::database::{create, migrate_down, migrate_up, open};
use crate::failure::Failure;
use crate::output::print;

pub(super) async fn run(args: &MigrateArgs) -> Result<(), Failure> {
    if args.down && !args.yes_delete_all_data {
        return Err(Failure::usage(
            "migrate --down deletes every table with ALL ITS DATA, and only a backup can restore it. Nothing was \
             done. If you want that: kim migrate --down --yes-delete-all-data",
        ));
    }
    let config = args.data.config()?;
    let (database, result) = if args.down {
        let database = open(&config.database).await?;
        migrate_down(&database).await?;
        (database, "All migrations were undone. The database is empty.".to_owned())
    } else {
        let database = create(&config.database).await?;
        let result = match migrate_up(&database).await? {
            0 => "The database is ready: no migration was missing.".to_owned(),
            count => format!("The database is ready: {count} migrations were run."),
        };
        (database, result)
    };
    database.close().await.map_err(Failure::failed)?;
    print(&format!("{result}\n")).map_err(|error| Failure::failed(format!("{error}. {result}")))
}
