//! `kim agreement export`: an agreement as a document, on standard output.

use kim_casework::agreement::document;

use super::say;
use crate::cli::AgreementExportArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve;

pub(super) async fn export(args: &AgreementExportArgs) -> Result<(), Failure> {
    let config = Config::for_data(&args.data)?;
    let database = serve::open(&config.database).await?;
    serve::refuse_unmigrated(&database).await?;
    let page = document(&database, &args.receiver, args.purpose, args.version).await.map_err(Failure::failed)?;
    database.close().await.map_err(Failure::failed)?;
    let page = page.ok_or_else(|| {
        let version = args.version.map_or_else(String::new, |version| format!(" in Fassung {version}"));
        Failure::failed(format!(
            "für „{}“ und {} gibt es{version} keine Schnittstellenvereinbarung",
            args.receiver, args.purpose
        ))
    })?;
    say(&page)
}
