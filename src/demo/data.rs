//! The demo's data: example lists of Köln and Duisburg, imported as a user would, and a small list of its own.

use chrono::{NaiveDate, TimeDelta};
use kim_casework::import::{self, Options, Report};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::database::Database;

use super::guard::{self, Content};
use super::{continued, enrich, shift::shift};
use crate::failure::Failure;

/// The day for which the lists were made; their dates are moved so that it is today.
const AS_OF: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 20);

const AGENCIES: &[u8] = include_bytes!("data/agencies.csv");
const AGREEMENTS: &[u8] = include_bytes!("data/agreements.csv");
const CASES: [&[u8]; 3] = [
    // With the mistakes that real lists have: the import refuses 12 of its rows.
    include_bytes!("data/cases_koeln.csv"),
    include_bytes!("data/cases_duisburg.csv"),
    // What the others lack: purposes, statuses, deadlines of today. Invented people, named so.
    include_bytes!("data/cases_demo.csv"),
];
const VALUES: &[u8] = include_bytes!("data/values_demo.csv");
const MESSAGES: &[u8] = include_bytes!("data/messages_demo.csv");
const CONTINUED: &[u8] = include_bytes!("data/continued_demo.csv");

/// What was put into the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Agencies.
    pub agencies: u64,
    /// Agreements.
    pub agreements: u64,
    /// Cases.
    pub cases: u64,
    /// Rows of case lists that the import refused.
    pub refused: usize,
}

/// Makes a database ready: empties it of an earlier demo and fills it, or keeps what a demo left; `None` then.
///
/// # Errors
/// [`Failure::Usage`] if it holds anything that is not a demo's; [`Failure::Failed`] if it cannot be filled.
pub async fn prepare(
    database: &Database,
    clock: &Clock,
    key: &FingerprintKey,
    keep: bool,
) -> Result<Option<Filled>, Failure> {
    match (guard::claim(database).await?, keep) {
        (Content::Demo, true) => return Ok(None),
        (Content::Demo, false) => guard::empty(database).await.map_err(Failure::failed)?,
        (Content::Nothing, _) => {}
    }
    fill(database, clock, key).await.map(Some)
}

async fn fill(database: &Database, clock: &Clock, key: &FingerprintKey) -> Result<Filled, Failure> {
    let days = moved_by(clock);
    let (options, silent) = (Options::default(), &mut |_, _| {});
    let mut filled = Filled::default();

    let agencies = import::agencies(database, clock, AGENCIES, &options, silent).await.map_err(Failure::failed)?;
    filled.agencies = whole(&agencies, "agencies.csv")?;
    let list = shift(AGREEMENTS, days);
    let agreements = import::agreements(database, clock, &list, &options, silent).await.map_err(Failure::failed)?;
    filled.agreements = whole(&agreements, "agreements.csv")?;
    for list in CASES {
        let list = shift(list, days);
        let report = import::cases(database, clock, key, &list, &options, silent).await.map_err(Failure::failed)?;
        filled.cases += report.accepted;
        filled.refused += report.refused_rows();
    }
    enrich::values(database, clock, &shift(VALUES, days)).await?;
    enrich::received(database, clock).await?;
    enrich::messages(database, clock, MESSAGES).await?;
    // Last: until now a case has one referral, by which the others find it.
    continued::referrals(database, clock, CONTINUED).await?;
    database.analyze().await.map_err(Failure::failed)?;
    Ok(filled)
}

/// By how much the dates of the lists are moved.
pub(super) fn moved_by(clock: &Clock) -> TimeDelta {
    clock.today() - AS_OF.unwrap_or_default()
}

/// How many rows went in; a list of ours without mistakes goes in whole.
fn whole(report: &Report, name: &str) -> Result<u64, Failure> {
    if report.refused.is_empty() {
        Ok(report.accepted)
    } else {
        Err(Failure::failed(format!("{name}: {}", report.to_text())))
    }
}
