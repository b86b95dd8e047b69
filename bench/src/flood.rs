//! One agency sends many requests. Measures what a clerk of another agency notices.

use std::time::Duration;

use chrono::{Datelike as _, Months, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::calendar::Clock;
use kim_entity::database::Database;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::agency::{Agency, single_row};
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::issuer::Issuer;
use crate::load::{Load, LoadResult, Until, wrk};
use crate::requests::{self, Request};
use crate::results::Fact;
use crate::subject::Running;
use crate::task::Task;

/// Seconds for which the other requests run before the clerk's are measured.
const LEAD: u32 = 2;
/// Agencies that send together what one agency sends alone.
const AGENCIES: usize = 64;

/// Measures the clerk's list, on one connection, beside the requests of others. Changes the database: one Jobcenter gets the
/// referrals of all Jobcenters and of the Agentur für Arbeit.
pub(crate) async fn flood(
    running: &Running,
    fixture: &Fixture,
    issuer: &Issuer,
    seconds: u32,
) -> Result<Vec<Fact>, Failure> {
    let database = Database::open(&fixture.url).await?;
    let jobcenter = Agency::first_of_kind(&database, AgencyKind::Jobcenter).await?;
    for table in ["referral", "referral_stay"] {
        let merged = format!(
            "UPDATE {table} SET receiver_id = '{}' WHERE receiver_id IN (SELECT id FROM agency WHERE kind IN ('JOBCENTER', 'AGENTUR_FUER_ARBEIT'))",
            jobcenter.id
        );
        database.raw().execute_unprepared(&merged).await?;
        database.raw().execute_unprepared(&format!("VACUUM (ANALYZE) {table}")).await?;
    }
    let count = format!("SELECT count(*) FROM referral WHERE receiver_id = '{}'", jobcenter.id);
    let referrals: i64 = single_row(&database, &count).await?.try_get_by_index(0)?;

    let list = running.requests(Task::List, fixture).await?;
    let [clerk, colleague] = [list.first(), list.get(1)].map(|one| one.cloned().into_iter().collect::<Vec<_>>());
    let mut everybody = Vec::new();
    for kind in [AgencyKind::Auslaenderbehoerde, AgencyKind::Sozialamt] {
        for agency in Agency::of_kind(&database, kind, AGENCIES).await? {
            let body = list.first().map(|request| request.body.clone()).unwrap_or_default();
            everybody.push(Request { token: issuer.token(&agency)?, body });
        }
    }
    everybody.truncate(AGENCIES);
    database.close().await?;
    let token = issuer.token(&jobcenter)?;
    let counts = vec![Request { token: token.clone(), body: ten_counts() }];
    let statistics = vec![Request { token, body: three_years(Clock::system().today()) }];

    let mut facts = vec![Fact::new("referrals of the agency that asks for statistics", referrals as f64, "")];
    let alone = load(running, "clerk", &clerk, 1, seconds).await?;
    facts.push(Fact::new("the clerk's list of another agency, alone", alone.p50, "ms (p50, 1 connection)"));
    for (what, requests, connections) in [
        ("statistics of three years", &statistics, 16),
        ("statistics of three years", &statistics, 130),
        ("ten counts in each request", &counts, 16),
        ("ten counts in each request", &counts, 130),
        ("lists", &colleague, 16),
        ("lists", &colleague, 130),
        ("lists by 64 agencies", &everybody, 16),
        ("lists by 64 agencies", &everybody, 130),
    ] {
        let others = load(running, "others", requests, connections, seconds + LEAD + 1);
        let measured = async {
            tokio::time::sleep(Duration::from_secs(LEAD.into())).await;
            load(running, "clerk", &clerk, 1, seconds).await
        };
        let (others, measured) = tokio::join!(others, measured);
        let (others, measured) = (others?, measured?);
        let label = format!("the same beside {what} on {connections} connections");
        facts.push(Fact::new(&label, measured.p50, "ms (p50, 1 connection)"));
        facts.push(Fact::new(format!("{label}: refused or timed out"), measured.failed as f64, "requests"));
        facts.push(Fact::new(format!("{label}: of the others"), others.failed as f64, "refused or timed out"));
    }
    Ok(facts)
}

async fn load(
    running: &Running,
    name: &str,
    requests: &[Request],
    connections: u32,
    seconds: u32,
) -> Result<LoadResult, Failure> {
    let file = running.folder().join(format!("flood-{name}.tsv"));
    requests::write(&file, requests)?;
    wrk(&running.url, running.folder(), &file, Load { connections, until: Until::Seconds(seconds) }).await
}

/// Counts of all referrals, ten times: as many root fields as a document may have.
fn ten_counts() -> String {
    let counts = |n| format!("a{n}: referralCounts {{ total overdue byStatus {{ count }} byPurpose {{ count }} }} ");
    let fields: String = (0..10).map(counts).collect();
    json!({ "query": format!("{{ {fields} }}") }).to_string()
}

/// The most expensive statistics: 36 months with the time in each state.
fn three_years(today: NaiveDate) -> String {
    let first = today.checked_sub_months(Months::new(35)).unwrap_or(today);
    let [from, to] = [first, today].map(|day| format!("{:04}-{:02}", day.year(), day.month()));
    let query = format!(
        "{{ referralStatistics(filter: {{from: \"{from}\", to: \"{to}\"}}) {{ total byStatus {{ status count }} \
         byMonth {{ month total }} byAgency {{ count }} timeInState {{ status medianHours }} }} }}"
    );
    json!({ "query": query }).to_string()
}
