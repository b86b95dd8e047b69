//! Queries of referrals, cases, agencies and agreements. The tests of this folder share twelve referrals.

mod at_the_desk;
mod filters;
mod pages;
mod selection;
mod visibility;

use kim_domain::agency::AgencyKind;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::server::TestServer;
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};

const KOELN: &str = "05315000";
const DUISBURG: &str = "05112000";

struct Fixture {
    traeger: Uuid,
    other_traeger: Uuid,
    jobcenter: Uuid,
    ids: Vec<Uuid>,
}

/// Writes twelve referrals from two Träger to one Jobcenter, and agencies of another municipality.
async fn fill(db: &TestDatabase) -> Fixture {
    let main = db.database.raw();
    for ags in [KOELN, DUISBURG] {
        world::add_municipality(main, ags).await;
    }
    let traeger = world::add_agency(main, KOELN, "traeger", AgencyKind::Traeger).await;
    let other_traeger = world::add_agency(main, KOELN, "traeger-2", AgencyKind::Traeger).await;
    let jobcenter = world::add_agency(main, KOELN, "jobcenter", AgencyKind::Jobcenter).await;
    world::add_agency(main, KOELN, "abh", AgencyKind::Auslaenderbehoerde).await;
    world::add_agency(main, KOELN, "ki", AgencyKind::Koordination).await;
    world::add_agency(main, DUISBURG, "jobcenter-du", AgencyKind::Jobcenter).await;
    let mut agreements = Vec::new();
    for purpose in [ReferralPurpose::BenefitApplication, ReferralPurpose::IntegrationCourse] {
        let model = world::agreement(
            KOELN,
            jobcenter,
            purpose,
            FieldSet::of(&[HandoverField::FamilyName, HandoverField::BirthDate, HandoverField::City]),
            FieldSet::EMPTY,
        );
        agreements.push((purpose, world::insert_agreement(main, model).await));
    }
    let mut world = World::default();
    let mut ids: Vec<Uuid> = Vec::new();
    let states = [
        S::Offered,
        S::Acknowledged,
        S::InfoRequested,
        S::InfoRequested,
        S::Accepted,
        S::InProgress,
        S::Completed,
        S::Declined,
        S::Suspended,
        S::Offered,
        S::Draft,
        S::Withdrawn,
    ];
    for (place, status) in states.into_iter().enumerate() {
        let number = u32::try_from(place).expect("small") + 1;
        let (purpose, agreement) = agreements[place % 2];
        ids.push(world.add(&ReferralSpec {
            number,
            sender: if place % 3 == 0 { other_traeger } else { traeger },
            receiver: jobcenter,
            purpose,
            agreement,
            status,
            ever_accepted: place == 3 || matches!(status, S::Accepted | S::InProgress | S::Completed),
            closed_on: (status == S::Completed).then(today),
            due_on: in_days([-5, -1, 0, 1, 2, 3, -3, -2, 7, 2, 0, 9][place]),
            offered_on: in_days(-20 + i64::from(number)),
            consent: Some(ConsentSpec::whole()),
            offered: FieldSet::ALL,
            // The second referral continues the first one, which another Träger sent.
            previous: (place == 1).then(|| ids[0]),
            messages: number % 4,
        }));
    }
    world.write(main).await;
    Fixture { traeger, other_traeger, jobcenter, ids }
}

fn numbers(list: &Value) -> Vec<u32> {
    let reference = |node: &Value| node["reference"].as_str().expect("a reference")[4..].parse().expect("a number");
    list["nodes"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(reference).collect()
}

async fn data(server: &TestServer, token: &str, query: &str) -> Value {
    let answer = server.ask(token, query, &json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{query}");
    answer["data"].clone()
}

async fn listed(server: &TestServer, token: &str, arguments: &str) -> Vec<u32> {
    let query = format!("{{ referrals({arguments}) {{ nodes {{ reference }} totalCount }} }}");
    let data = data(server, token, &query).await;
    let found = numbers(&data["referrals"]);
    assert_eq!(data["referrals"]["totalCount"], json!(found.len()), "{arguments}");
    found
}

async fn code(server: &TestServer, token: &str, query: &str) -> String {
    let answer = server.ask(token, query, &json!({})).await;
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
