//! `kim normalise`

use kim_casework::normalise::{Key, NormaliseError, Normalised, normalise};
use kim_domain::calendar::Clock;

use crate::cli::NormaliseArgs;
use crate::database::{open, refuse_unprepared};
use crate::failure::Failure;
use crate::fingerprint_key;
use crate::output::{note, print};

pub(super) async fn run(args: &NormaliseArgs) -> Result<(), Failure> {
    let config = args.data.config()?;
    let database = open(&config.database).await?;
    refuse_unprepared(&database).await?;
    let key = fingerprint_key::read_existing(config.fingerprint_key_file.as_deref(), &config.database)?;
    let progress = |table: &Normalised| note(&format!("{}: {} rows", table.table, table.rows));
    let key = if args.new_key { Key::New(&key) } else { Key::Known(&key) };
    let result = normalise(&database, &Clock::system(), key, progress).await;
    database.close().await.map_err(Failure::failed)?;
    print(&report(&result.map_err(failure)?))
}

fn failure(error: NormaliseError) -> Failure {
    match error {
        NormaliseError::WrongKey(_) => Failure::failed(format!(
            "{error}. Nothing was changed. Give the key that `kim serve` and `kim import` use; only if that key is lost or known to \
             others, and every server has the new one, renew all fingerprints with --new-key"
        )),
        // The error text of the database is dropped, because it can quote data.
        NormaliseError::Database(_) => {
            Failure::failed("the database did not answer; what was done before remains, and another run continues")
        }
    }
}

/// Counts, and the ids of refused values. Never a value.
fn report(done: &[Normalised]) -> String {
    let mut text = String::new();
    for table in done.iter().filter(|table| table.rows > 0) {
        let Normalised { table, rows, texts, fingerprints, .. } = table;
        text.push_str(&format!("{table}: {rows} rows, {texts} texts to NFC, {fingerprints} fingerprints renewed\n"));
    }
    for table in done {
        for (id, column) in &table.refused {
            text.push_str(&format!("refused and unchanged: {} {id} {column}\n", table.table));
        }
    }
    text
}
