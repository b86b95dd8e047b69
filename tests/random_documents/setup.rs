//! Reads each viewer's schema, and ids from the database, before the random documents.

use std::collections::BTreeMap;

use kim_domain::id::{Kind, encode};
use kim_entity::{correction, eligibility_decision, raw, referral_event};
use sea_orm::{DatabaseConnection, EntityTrait as _};
use serde_json::Value;

use super::facts::{Event, Facts, Named};
use super::schema::Schema;
use super::table::SENDS;
use super::viewers::Viewer;
use crate::support::server::TestServer;

/// Registers rows whose ids occur in answers but not in the facts.
pub(crate) async fn register(db: &DatabaseConnection, facts: &mut Facts) {
    let referrals: BTreeMap<_, _> = facts.referrals.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
    facts.events.clear();
    facts.messages.clear();
    facts.notes.clear();
    let cases: BTreeMap<_, _> = facts.referrals.iter().enumerate().map(|(place, row)| (row.own_case, place)).collect();
    for row in raw::messages(db).await.expect("messages") {
        let referral = referrals[&row.referral_id];
        *facts.messages.entry(referral).or_default() += 1;
        facts.ids.insert(encode(Kind::Message, row.id), Named::Text(referral));
    }
    for row in referral_event::Entity::find().all(db).await.expect("events") {
        facts.ids.insert(encode(Kind::Event, row.id), Named::Event(facts.events.len()));
        facts.events.push(Event {
            referral: referrals[&row.referral_id],
            agency: row.agency_id,
            is_draft: row.to_status.0.code() == "DRAFT",
            senders_alone: row.senders_alone,
            is_appointment: row.action.is_some_and(|action| action.0.code() == "RECORD_APPOINTMENT"),
        });
    }
    for row in correction::Entity::find().all(db).await.expect("corrections") {
        let named = Named::Correction(referrals[&row.referral_id], row.field.0.name());
        facts.ids.insert(encode(Kind::Correction, row.id), named);
    }
    for row in raw::notes(db).await.expect("notes") {
        *facts.notes.entry(cases[&row.case_id]).or_default() += 1;
        facts.ids.insert(encode(Kind::Note, row.id), Named::OfCase(cases[&row.case_id]));
    }
    for row in eligibility_decision::Entity::find().all(db).await.expect("decisions") {
        facts.ids.insert(encode(Kind::Decision, row.id), Named::OfCase(cases[&row.case_id]));
    }
}

/// Reads a viewer's schema and checks that it has exactly the handover fields of its kind.
pub(crate) async fn schema(server: &TestServer, facts: &Facts, viewer: &Viewer) -> Schema {
    let answer = server.ask(&viewer.token(), include_str!("../data/introspection.graphql"), &Value::Null).await;
    let types = &answer["data"]["__schema"]["types"];
    let has = |name: &str| types.as_array().expect("types").iter().any(|ty| ty["name"] == name);
    let schema = Schema::read(&answer["data"]["__schema"]);
    if viewer.works_on_referrals() {
        let fields = schema.fields("Handover").iter().map(|field| field.name.as_str());
        let fields: Vec<&str> = fields.filter(|field| facts.table.has(field)).collect();
        assert_eq!(fields, facts.table.known(viewer.kind), "{}", viewer.name());
    }
    assert_eq!(has("Handover"), viewer.works_on_referrals(), "{}", viewer.name());
    assert_eq!(has("Case"), viewer.works_on_referrals() && viewer.kind == SENDS, "{}", viewer.name());
    schema
}
