//! Rare and longer work: an import, a bulk offer of a thousand referrals, statistics.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use tokio::process::Command;
use uuid::Uuid;

use crate::agency::Agency;
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::issuer::Issuer;
use crate::load::{Load, Until, wrk};
use crate::requests::{self, Request};
use crate::results::Fact;
use crate::subject::{Running, Settings};

/// Number of rows of the imported list.
const ROWS: usize = 5_000;
/// Number of referrals offered in one call.
const OFFERS: usize = 1_000;

/// Measures this work. Changes the database.
pub(crate) async fn work(
    running: &Running,
    settings: &Settings,
    fixture: &Fixture,
    issuer: &Issuer,
) -> Result<Vec<Fact>, Failure> {
    let mut facts = import(settings, running.folder()).await?;
    facts.extend(bulk_offer(running, fixture, issuer).await?);
    facts.extend(statistics(running, fixture, issuer).await?);
    Ok(facts)
}

/// Imports a case list of one Träger with a referral in each row.
async fn import(settings: &Settings, folder: &Path) -> Result<Vec<Fact>, Failure> {
    let file = folder.join("cases.csv");
    std::fs::write(&file, case_list(Clock::system().today())?)?;
    let began = Instant::now();
    let mut command = Command::new(&settings.kim);
    command.args(["import", "cases", "--json"]).arg(&file).arg("--config").arg(folder.join("kim.toml"));
    let output = command.output().await?;
    let seconds = began.elapsed().as_secs_f64();
    if !output.status.success() {
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return Err(Failure::new(format!("the import failed: {}", said.chars().take(600).collect::<String>())));
    }
    Ok(vec![Fact::new(format!("import of {ROWS} cases with referrals"), ROWS as f64 / seconds, "rows/s")])
}

fn case_list(today: NaiveDate) -> Result<String, Failure> {
    let german = |days| (today - Days::new(days)).format("%d.%m.%Y").to_string();
    let until = (today + Days::new(300)).format("%d.%m.%Y").to_string();
    let mut text = String::from(
        "Fallnummer;Träger;Nachname;Vorname;Geburtsdatum;Geschlecht;Staatsangehörigkeit;Aufenthaltstitel;Sprachniveau;\
         Straße;PLZ;Ort;Telefon;Sprache;Dolmetscher;Aufnahme am;Phase;Anliegen;Übergabe an;Zweck;Übergeben am;Frist;\
         Status;Einwilligung vom;Einwilligung bis;Schweigepflichtentbindung vom;Rückmeldung\n",
    );
    for n in 0..ROWS {
        let born = german(7_000 + n as u64 % 9_000);
        writeln!(
            text,
            "IMPORT-{n};traeger-000;Muster{};Amina;{born};w;Syrien;Duldung § 60a AufenthG;B1;Hauptstraße {n};50667;Köln;\
             0221 555{n:05};Arabisch;ja;{};Linking;Beratung und Termin;jobcenter-000;Integrationskurs;{};{until};offen;{};\
             {until};{};ja",
            letters(n),
            german(60),
            german(2),
            german(30),
            german(30),
        )?;
    }
    Ok(text)
}

/// A number written in letters, because names contain no digits.
fn letters(number: usize) -> String {
    format!("{number}").bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect()
}

/// Creates drafts one by one, which is not measured, and then offers all of them in one call.
async fn bulk_offer(running: &Running, fixture: &Fixture, issuer: &Issuer) -> Result<Vec<Fact>, Failure> {
    const DRAFT: &str =
        "mutation($input: DraftReferralInput!) { draftReferral(input: $input) { referral { id version } } }";
    const OFFER: &str = "mutation($input: BulkOfferReferralsInput!) { bulkOfferReferrals(input: $input) {
        results { referralId error { code } } } }";
    let database = Database::open(&fixture.url).await?;
    let agency = Agency::first_of_kind(&database, AgencyKind::Traeger).await?;
    let token = issuer.token(&agency)?;
    let sql = format!(
        "SELECT case_id, receiver_id, purpose FROM referral WHERE sender_id = '{}' AND status = 'COMPLETED' \
         ORDER BY offered_at DESC LIMIT {OFFERS}",
        agency.id
    );
    let rows = database.raw().query_all_raw(Statement::from_string(database.backend(), sql)).await?;
    database.close().await?;
    let mut items = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let (case, receiver): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let input = json!({"input": {
            "idempotencyKey": format!("bench-draft-{n}"), "caseId": encode(Kind::Case, case),
            "receiverId": encode(Kind::Agency, receiver), "purpose": row.try_get_by_index::<String>(2)?,
        }});
        let answer = send_document(running, &token, DRAFT, &input).await?;
        let draft = &answer["data"]["draftReferral"]["referral"];
        items.push(json!({"referralId": draft["id"], "expectedVersion": draft["version"],
            "acknowledgeReportingDuty": true}));
    }
    let count = items.len();
    let began = Instant::now();
    let answer = send_document(
        running,
        &token,
        OFFER,
        &json!({"input": {"idempotencyKey": "bench-bulk-offer", "items": items}}),
    )
    .await?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    let results = answer["data"]["bulkOfferReferrals"]["results"].as_array().cloned().unwrap_or_default();
    if let Some(refused) = results.iter().find(|result| !result["error"].is_null()) {
        return Err(Failure::new(format!("an offer was refused: {refused}")));
    }
    Ok(vec![Fact::new(format!("offer of {count} drafts in one call"), took, "ms")])
}

/// Measures statistics with one connection.
async fn statistics(running: &Running, fixture: &Fixture, issuer: &Issuer) -> Result<Vec<Fact>, Failure> {
    let own = |direction: &str| {
        format!(
            "{{ referralStatistics(direction: {direction}) {{ total byStatus {{ status count }} byMonth {{ month total }} \
             overdueShare timeInState {{ status medianHours }} }} }}"
        )
    };
    let database = Database::open(&fixture.url).await?;
    let agencies = [
        ("statistics of an Ausländerbehörde, a year", AgencyKind::Auslaenderbehoerde, own("INCOMING")),
        ("statistics of a Träger, a year", AgencyKind::Traeger, own("OUTGOING")),
        ("a coordination's statistics of a quarter", AgencyKind::Koordination, quarter(Clock::system().today())),
    ];
    let mut facts = Vec::new();
    for (what, kind, query) in agencies {
        let mut requests = Vec::new();
        for agency in Agency::of_kind(&database, kind, 32).await? {
            let body = json!({"query": query}).to_string();
            requests.push(Request { token: issuer.token(&agency)?, body });
        }
        if let Some(first) = requests.first() {
            requests::send(&running.url, first).await?;
        }
        let file = running.folder().join("statistics.tsv");
        requests::write(&file, &requests)?;
        let load = Load { connections: 1, until: Until::Seconds(5) };
        let done = wrk(&running.url, running.folder(), &file, load).await?;
        if done.failed > 0 {
            return Err(Failure::new(format!("{what}: {} of {} failed", done.failed, done.requests)));
        }
        facts.push(Fact::new(what, done.p50, "ms (p50, 1 connection)"));
    }
    database.close().await?;
    Ok(facts)
}

/// The last complete quarter.
fn quarter(today: NaiveDate) -> String {
    use chrono::Datelike as _;
    let (year, quarter) = match (today.year(), today.month0() / 3) {
        (year, 0) => (year - 1, 4),
        (year, over) => (year, over),
    };
    format!(
        "{{ municipalityStatistics(period: \"{year}-Q{quarter}\", by: [PURPOSE, STATUS]) {{ withheld cells {{ count }} \
         timeInState {{ receiverKind }} }} }}"
    )
}

async fn send_document(running: &Running, token: &str, query: &str, variables: &Value) -> Result<Value, Failure> {
    let body = json!({"query": query, "variables": variables}).to_string();
    requests::send(&running.url, &Request { token: token.to_owned(), body }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_complete_quarter_may_be_in_the_last_year() {
        let day = |text: &str| text.parse().expect("a day");
        assert!(quarter(day("2026-01-10")).contains("2025-Q4"));
        assert!(quarter(day("2026-11-20")).contains("2026-Q3"));
    }
}
