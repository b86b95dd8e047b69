//! Import of lists. The tests of this folder share small lists and the demo's lists.

mod agencies;
mod faults;
mod files;
mod normalised;
mod rows;
mod same_checks;
mod volume;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kim_casework::import::{ImportError, Options, RefusalCode, Report, agencies, agreements, cases, districts};
use kim_domain::calendar::{Clock, noon_micros};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::referral::ReferralStatus as S;
use kim_entity::case_file::NewCase;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::handover::HandoverRow;
use kim_entity::household_member::NewMember;
use kim_entity::person::PersonRow;
use kim_entity::raw::Stored;
use kim_entity::{agency, agreement, consent, raw, referral, referral_event};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::support::on_both;

const AGENCIES: &[u8] = include_bytes!("../src/demo/data/agencies.csv");
const AGREEMENTS: &[u8] = include_bytes!("../src/demo/data/agreements.csv");
const KOELN: &[u8] = include_bytes!("../src/demo/data/cases_koeln.csv");
const DUISBURG: &[u8] = include_bytes!("../src/demo/data/cases_duisburg.csv");

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day")
}

fn key() -> FingerprintKey {
    FingerprintKey::new([7; 32])
}

/// Writes agencies and agreements.
async fn prepare(db: &Database) {
    let options = Options::default();
    let report = agencies(db, &Clock::on(today()), AGENCIES, &options, &mut |_, _| {}).await.expect("agencies");
    assert_eq!((report.accepted, report.refused.len()), (32, 0), "{}", report.to_text());
    let report = agreements(db, &Clock::on(today()), AGREEMENTS, &options, &mut |_, _| {}).await.expect("agreements");
    assert_eq!((report.accepted, report.refused.len()), (report.rows, 0), "{}", report.to_text());
}

async fn import(db: &Database, file: &[u8], options: &Options) -> Result<Report, ImportError> {
    cases(db, &Clock::on(today()), &key(), file, options, &mut |_, _| {}).await
}

async fn imported(db: &Database, file: &[u8]) -> Report {
    import(db, file, &Options::default()).await.expect("a case list")
}

/// Number of rows in each table of cases.
async fn counts(db: &Database) -> [u64; 7] {
    [
        count::<PersonRow>(db).await,
        count::<NewCase>(db).await,
        count::<NewMember>(db).await,
        consent::Entity::find().count(db.raw()).await.expect("a count"),
        referral::Entity::find().count(db.raw()).await.expect("a count"),
        count::<HandoverRow>(db).await,
        referral_event::Entity::find().count(db.raw()).await.expect("a count"),
    ]
}

async fn count<S: Stored>(db: &Database) -> u64 {
    raw::count::<S>(db.raw()).await.expect("a count").unsigned_abs()
}

/// The case of a number.
async fn case_of(db: &Database, number: &str) -> NewCase {
    let cases = raw::cases(db.raw()).await.expect("cases");
    cases.into_iter().find(|case| case.case_number == number).expect("a case")
}

/// The referral of a case number.
async fn referral_of(db: &Database, number: &str) -> referral::Model {
    let case = case_of(db, number).await;
    let referral = referral::Entity::find().filter(referral::Column::CaseId.eq(case.id)).one(db.raw()).await;
    referral.expect("an answer").expect("a referral")
}

async fn handover_of(db: &Database, number: &str) -> HandoverRow {
    let id = referral_of(db, number).await.id;
    raw::handover(db.raw(), id).await.expect("an answer").expect("a handover")
}

async fn history_of(db: &Database, number: &str) -> Vec<referral_event::Model> {
    let id = referral_of(db, number).await.id;
    let events = referral_event::Entity::find().filter(referral_event::Column::ReferralId.eq(id));
    events.order_by_asc(referral_event::Column::At).all(db.raw()).await.expect("events")
}

fn codes(report: &Report) -> BTreeMap<&'static str, Vec<u64>> {
    let mut codes: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for refusal in &report.refused {
        codes.entry(refusal.code.code()).or_default().push(refusal.line);
    }
    for lines in codes.values_mut() {
        lines.sort_unstable();
    }
    codes
}

/// A small list in UTF-8 with these rows of columns and cells. Other columns get valid defaults.
fn list(rows: &[&[(&str, &str)]]) -> String {
    const DEFAULTS: &[(&str, &str)] = &[
        ("Fallnummer", "T-1"),
        ("Träger", "traeger-kalk"),
        ("Nachname", "Rahimi"),
        ("Vorname", "Reza"),
        ("Geburtsdatum", "24.12.1999"),
        ("Geschlecht", "m"),
        ("Aufenthaltstitel", "§ 25 Abs. 3 AufenthG"),
        ("Telefon", "0221 5550"),
        ("Straße", "Musterweg 1"),
        ("Kinder", "2"),
        ("Aufnahme am", "22.09.2026"),
        ("Phase", "Intake"),
        ("Anliegen", "canary concern"),
        ("Übergabe an", "jobcenter-koeln"),
        ("Zweck", "Integrationskurs"),
        ("Übergeben am", "10.10.2026"),
        ("Frist", "24.10.2026"),
        ("Status", "offen"),
        ("Erledigt am", ""),
        ("Einwilligung vom", "09.10.2026"),
        ("Einwilligung bis", "09.10.2027"),
        ("Schweigepflichtentbindung vom", "09.10.2026"),
        ("Zusätzlich eingewilligt", ""),
        ("Stadtbezirk", ""),
        ("Notiz", "canary note"),
    ];
    let line = |cells: Vec<&str>| format!("{}\n", cells.join(";"));
    let mut file = line(DEFAULTS.iter().map(|(column, _)| *column).collect());
    for row in rows {
        let cell = |(column, default): &(&'static str, &'static str)| {
            row.iter().find(|(name, _)| name == column).map_or(*default, |(_, cell)| *cell).to_owned()
        };
        let cells: Vec<String> = DEFAULTS.iter().map(cell).collect();
        file.push_str(&line(cells.iter().map(String::as_str).collect()));
    }
    file
}

/// The cells of a row without a referral.
const NO_REFERRAL: [(&str, &str); 8] = [
    ("Übergabe an", ""),
    ("Zweck", ""),
    ("Übergeben am", ""),
    ("Frist", ""),
    ("Status", ""),
    ("Einwilligung vom", ""),
    ("Einwilligung bis", ""),
    ("Schweigepflichtentbindung vom", ""),
];
