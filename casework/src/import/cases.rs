//! Imports a case list. Each row becomes a case and, if it names a receiver, a referral with history and consent.

use std::collections::{HashMap, HashSet};

use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::unscoped::Unscoped;
use uuid::Uuid;

use super::case_row::{COLUMNS, CaseRow};
use super::known::Directory;
use super::reference;
use super::report::Report;
use super::resolve::{Identity, Outcome, Ready, Resolver};
use super::sheet::Sheet;
use super::write::{BATCH, write};
use super::{ImportError, Options, Progress, begun, places};

/// Imports a case list. All valid rows are written in one transaction. `progress` is called with the number of written
/// rows.
///
/// # Errors
/// [`ImportError`] if the file is no case list, names an unknown `agency`, or the database fails.
#[expect(clippy::disallowed_methods, reason = "an operator imports the lists of all agencies")]
pub async fn cases(
    db: &Database,
    clock: &Clock,
    key: &FingerprintKey,
    file: &[u8],
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, ImportError> {
    let (now, today) = (clock.now_micros(), clock.today());
    let sheet = Sheet::read(file, COLUMNS, &options.ignored_columns)?;
    let rows: Vec<CaseRow> = sheet.rows.iter().map(|row| CaseRow::read(&sheet, row, today)).collect();
    let all = match options.dry_run {
        true => db.unscoped().begin_reading(today).await?,
        false => db.unscoped().begin(today).await?,
    };
    let directory = Directory::load(&all).await?;
    if let Some(slug) = &options.agency
        && directory.sender(slug).is_none()
    {
        return Err(ImportError::UnknownAgency(slug.clone()));
    }
    let numbers: Vec<String> = rows.iter().filter_map(|row| row.case_number.clone()).collect();
    let known = all.import_hashes(&numbers).await?;
    let mut resolver = Resolver { directory: &directory, key, only: options.agency.as_deref(), now, today, known };
    let mut sorted = Sorted { report: begun(&sheet), ..Sorted::default() };
    for (row, written) in rows.iter().zip(&sheet.rows) {
        sorted.add(resolver.resolve(row, &sheet, written));
    }
    drop(sheet);
    let Sorted { mut report, new, unchanged } = sorted;
    let present: Vec<&Identity<'_>> = new.iter().map(|row| &row.identity).chain(&unchanged).collect();
    report.duplicates = duplicates(&present);
    report.duplicates_elsewhere = duplicates_elsewhere(&all, &present).await?;
    if options.dry_run {
        return Ok(report);
    }
    let referrals = new.iter().filter(|row| row.referral.is_some()).count();
    let mut references = unused_references(&all, referrals).await?.into_iter();
    progress(0, report.accepted);
    let mut written = 0;
    for batch in new.chunks(BATCH) {
        write(&all, batch, &mut references, now).await?;
        written += batch.len() as u64;
        progress(written, report.accepted);
    }
    all.into_tx().commit().await?;
    Ok(report)
}

/// The rows by outcome.
#[derive(Debug, Default)]
struct Sorted<'a> {
    report: Report,
    new: Vec<Ready<'a>>,
    unchanged: Vec<Identity<'a>>,
}

impl<'a> Sorted<'a> {
    fn add(&mut self, outcome: Outcome<'a>) {
        match outcome {
            Outcome::New(ready) => {
                self.report.accepted += 1;
                if ready.row.district.is_some() && ready.district.is_none() {
                    let note = places::unknown_districts(ready.row.line, "Stadtbezirk", &ready.identity.agency.ags);
                    self.report.notes.push(note);
                }
                if let Some(referral) = &ready.referral {
                    for field in referral.plan.not_in_agreement.iter() {
                        self.report.notes.push(format!(
                            "Zeile {}: „{}“ gehört nicht zur Schnittstellenvereinbarung und wird nicht übergeben",
                            ready.row.line,
                            field.label()
                        ));
                    }
                }
                self.new.push(*ready);
            }
            Outcome::Unchanged(identity) => {
                self.report.unchanged += 1;
                self.unchanged.push(*identity);
            }
            Outcome::Refused(refused) => self.report.refused.extend(refused),
        }
    }
}

/// Rows of this file that may concern the same person: the line of each later row, with the line of that person's first
/// row in the municipality. Two rows of one case are not counted.
fn duplicates(present: &[&Identity<'_>]) -> Vec<(u64, u64)> {
    let mut in_order = present.to_vec();
    in_order.sort_by_key(|identity| identity.line);
    let mut first: HashMap<(&str, &str), &Identity<'_>> = HashMap::new();
    let mut cases = HashSet::new();
    let mut pairs = Vec::new();
    for identity in in_order {
        if !cases.insert((identity.agency.id, identity.case_number)) {
            continue;
        }
        let earlier = *first.entry((&identity.agency.ags, &identity.sound)).or_insert(identity);
        if earlier.line != identity.line {
            pairs.push((earlier.line, identity.line));
        }
    }
    pairs
}

/// Number of cases in the municipality outside this file that may concern a person of this file.
async fn duplicates_elsewhere(all: &Unscoped, present: &[&Identity<'_>]) -> Result<u64, DbErr> {
    let own: HashSet<(Uuid, &str)> =
        present.iter().map(|identity| (identity.agency.id, identity.case_number)).collect();
    let people: HashSet<(&str, &str)> =
        present.iter().map(|identity| (identity.agency.ags.as_str(), identity.sound.as_str())).collect();
    let sounds: HashSet<&str> = people.iter().map(|(_, sound)| *sound).collect();
    let sounds: Vec<String> = sounds.into_iter().map(str::to_owned).collect();
    let elsewhere: HashSet<(Uuid, String)> = all
        .similar_cases(&sounds)
        .await?
        .into_iter()
        .filter(|similar| people.contains(&(similar.ags.as_str(), similar.sound.as_str())))
        .map(|similar| (similar.agency_id, similar.case_number))
        .filter(|(agency, number)| !own.contains(&(*agency, number.as_str())))
        .collect();
    Ok(elsewhere.len() as u64)
}

/// New references that no referral has.
async fn unused_references(all: &Unscoped, count: usize) -> Result<HashSet<String>, DbErr> {
    let mut references = HashSet::with_capacity(count);
    while references.len() < count {
        {
            let mut rng = rand::rng();
            while references.len() < count {
                references.insert(reference::random(&mut rng));
            }
        }
        let candidates: Vec<String> = references.iter().cloned().collect();
        for taken in all.taken_references(&candidates).await? {
            references.remove(&taken);
        }
    }
    Ok(references)
}
