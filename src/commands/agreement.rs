//! `kim agreement export`: an agreement as a document, on standard output.

use kim_casework::agreement::document;

use crate::cli::AgreementExportArgs;
use crate::database::{open, refuse_unprepared};
use crate::failure::Failure;
use crate::output::print;

pub(super) async fn export(args: &AgreementExportArgs) -> Result<(), Failure> {
    let config = args.data.config()?;
    let database = open(&config.database).await?;
    refuse_unprepared(&database).await?;
    let text = document(&database, &args.receiver, args.purpose, args.version).await.map_err(Failure::failed)?;
    database.close().await.map_err(Failure::failed)?;
    let text = text.ok_or_else(|| {
        let version = args.version.map_or_else(String::new, |version| format!(" in Fassung {version}"));
        Failure::failed(format!(
            "für „{}“ und {} gibt es{version} keine Schnittstellenvereinbarung",
            args.receiver, args.purpose
        ))
    })?;
    print(&text)
}
