//! Fills the database of the demo: imports example lists of Köln and Duisburg and a small list of the demo itself, as a
//! user would, and adds the data for which lists have no column.

use chrono::{NaiveDate, TimeDelta};
use kim_casework::import::{self, Options, Report};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::database::Database;

use super::guard::{self, Content};
use super::{continued, enrich, shift::shift};
use crate::failure::Failure;

/// The day for which the lists were made. Their dates are moved so that this day becomes today.
const LISTS_MADE_ON: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 20);

const AGENCIES: &[u8] = include_bytes!("data/agencies.csv");
const AGREEMENTS: &[u8] = include_bytes!("data/agreements.csv");
const CASES: [&[u8]; 3] = [
    // Contains mistakes that real lists have: the import refuses 12 of its rows.
    include_bytes!("data/cases_koeln.csv"),
    include_bytes!("data/cases_duisburg.csv"),
    // Purposes, statuses and due dates of today that the other lists lack. The names show that the people are invented.
    include_bytes!("data/cases_demo.csv"),
];
const VALUES: &[u8] = include_bytes!("data/values_demo.csv");
const MESSAGES: &[u8] = include_bytes!("data/messages_demo.csv");
const CONTINUED: &[u8] = include_bytes!("data/continued_demo.csv");

/// Number of rows that were written.
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

/// Prepares a database for the demo. Deletes the data of an earlier demo and fills the database. With `keep`, existing
/// data of a demo stays, and the result is `None`.
///
/// # Errors
/// [`Failure::Usage`] if the database contains data of no demo; [`Failure::Failed`] if it cannot be filled.
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
    let days = shift_of(clock);
    let (options, no_progress) = (Options::default(), &mut |_, _| {});
    let mut filled = Filled::default();

    let agencies = import::agencies(database, clock, AGENCIES, &options, no_progress).await.map_err(Failure::failed)?;
    filled.agencies = accepted(&agencies, "agencies.csv")?;
    let list = shift(AGREEMENTS, days);
    let agreements =
        import::agreements(database, clock, &list, &options, no_progress).await.map_err(Failure::failed)?;
    filled.agreements = accepted(&agreements, "agreements.csv")?;
    for list in CASES {
        let list = shift(list, days);
        let report =
            import::cases(database, clock, key, &list, &options, no_progress).await.map_err(Failure::failed)?;
        filled.cases += report.accepted;
        filled.refused += report.refused_rows();
    }
    enrich::values(database, clock, &shift(VALUES, days)).await?;
    enrich::date_back(database, clock).await?;
    enrich::messages(database, clock, MESSAGES).await?;
    // Last, because the steps before need cases with exactly one referral.
    continued::referrals(database, clock, CONTINUED).await?;
    database.analyze().await.map_err(Failure::failed)?;
    Ok(filled)
}

/// Duration by which the dates of the lists are moved.
pub(super) fn shift_of(clock: &Clock) -> TimeDelta {
    clock.today() - LISTS_MADE_ON.unwrap_or_default()
}

/// Number of accepted rows of a list that must have no mistakes.
fn accepted(report: &Report, name: &str) -> Result<u64, Failure> {
    if report.refused.is_empty() {
        Ok(report.accepted)
    } else {
        Err(Failure::failed(format!("{name}: {}", report.to_text())))
    }
}
