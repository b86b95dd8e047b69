//! Every kind of receiver × status × consent × agreement × offer: the answers are compared with the tables.
//!
//! The expectation is computed from the CSV files by separate code. It shares no code with the rule in `domain`.

mod expectation;
mod fixture;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField;
use kim_domain::referral::ReferralStatus as S;
use serde_json::{Value, json};

use crate::support::server::{TestServer, token};
use crate::support::world::{self, today};
use crate::support::{logs, on_both};

use self::expectation::Row;
use self::fixture::{Fixture, build};
use self::tables::Tables;

/// A selection of every field of a handover that exists for a kind of agency.
fn selection(tables: &Tables, kind: &str) -> String {
    let objects = |field: &str| match field {
        "planSteps" => "{ goal step responsible }",
        "documents" => "{ name state }",
        "legalRepresentative" => "{ name }",
        "nationalities" => "{ code }",
        "wohnsitzauflage" => "{ place }",
        "householdMembers" => "{ relation givenName }",
        "germanCertificate" => "{ level institute }",
        "integrationAchievements" => "{ kind }",
        _ => "",
    };
    tables.known(kind).iter().map(|field| format!("{field} {} ", objects(field))).collect()
}

/// Checks the handover of one referral.
fn check_handover(tables: &Tables, row: &Row, handover: &Value) {
    let given = row.visible_fields(tables);
    let known = tables.known(row.kind);
    for field in &known {
        let value = &handover[field];
        if given.contains(field) {
            let text = value.to_string();
            let canary = world::canary(row.number, field);
            let stored = world::value(row.number, HandoverField::from_name(field).expect("a field"));
            let plain = value.as_str().map_or_else(|| text.clone(), str::to_owned);
            let recognised = text.contains(&canary) || plain == stored || text.contains("SY") || text.contains("LSBTI");
            assert!(recognised, "{field} of {row:?} is {text}, stored {stored}");
        } else {
            assert_eq!(value, &Value::Null, "{field} of {row:?}");
        }
    }
    let expected: Vec<Value> = known
        .iter()
        .filter_map(|field| {
            let code = HandoverField::from_name(field).expect("a field").code();
            row.withheld_reason(tables, field).map(|reason| json!({"field": code, "reason": reason}))
        })
        .collect();
    assert_eq!(handover["withheld"], Value::Array(expected), "withheld of {row:?}");
    for entry in handover["entries"].as_array().expect("entries") {
        let code = entry["field"].as_str().expect("a field");
        let field = HandoverField::from_code(code).expect("a field").name();
        assert_eq!(entry["value"].is_null(), !given.contains(field), "entry {field} of {row:?}");
        assert_eq!(entry["withheld"].as_str(), row.withheld_reason(tables, field), "entry {field} of {row:?}");
    }
}

/// Checks that a body has no canary of a field or row that the viewer may not see.
fn check_canaries(tables: &Tables, rows: &BTreeMap<u32, Row>, kind: &str, body: &str) {
    for (at, _) in body.match_indices("Kanari") {
        let rest = &body[at + 6..];
        let number: u32 = rest[..5].parse().expect("a number");
        let field = rest[6..].split('x').next().expect("a field");
        let row = rows.get(&number).unwrap_or_else(|| panic!("a canary of a stranger: {number} {field}"));
        assert_eq!(row.kind, kind, "a canary of another's referral: {number} {field}");
        let opens = row.stage().is_some() && !row.visible_fields(tables).is_empty();
        let allowed = match field {
            "message" => opens,
            "receiverReference" | "receiverStaff" => true,
            field => row.visible_fields(tables).contains(field),
        };
        assert!(allowed, "canary {field} of {row:?}");
    }
}

on_both! {
    async fn every_agency_sees_exactly_what_the_tables_say(db: TestDatabase) {
        logs::collect();
        let tables = Tables::read();
        let fixture = build(&db, &tables).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let mut seen = 0;
        for (kind, agreement, slug) in &fixture.agencies {
            let role = if *kind == AgencyKind::Traeger { Role::CaseManager } else { Role::Clerk };
            let token = token(slug, role);
            let mine: BTreeMap<&String, &Row> = fixture.rows.iter().filter(|(_, row)| row.kind == kind.code() && row.agreement == *agreement).collect();
            let fields = selection(&tables, kind.code());
            let parts = format!("{fields} withheld {{ field reason }} entries {{ field value withheld }}");
            // As a list, through a fragment, page by page.
            let list = format!(
                "query($after: String) {{ referrals(first: 100, after: $after) {{ totalCount nodes {{ id status ...H messages {{ nodes {{ text }} }} events {{ nodes {{ toStatus staff }} }} }} pageInfo {{ endCursor hasNextPage }} }} }}
                 fragment H on Referral {{ handover {{ {parts} }} ownReference }}"
            );
            let mut after = Value::Null;
            let mut listed = BTreeSet::new();
            loop {
                let answer = server.ask(&token, &list, &json!({"after": after})).await;
                assert_eq!(answer["errors"], Value::Null, "{slug}");
                check_canaries(&tables, &fixture.by_number, kind.code(), &answer.to_string());
                let page = &answer["data"]["referrals"];
                let drafts = mine.values().filter(|row| row.status == S::Draft).count();
                assert_eq!(page["totalCount"], json!(mine.len() - drafts), "drafts are not the receiver's");
                for node in page["nodes"].as_array().expect("nodes") {
                    let id = node["id"].as_str().expect("an id").to_owned();
                    let row = mine.get(&id).unwrap_or_else(|| panic!("{id} is not of {slug}"));
                    check_handover(&tables, row, &node["handover"]);
                    assert_eq!(node["status"], row.status.code());
                    assert_eq!(node["messages"]["nodes"].as_array().expect("messages").is_empty(), row.visible_fields(&tables).is_empty(), "messages of {row:?}");
                    assert!(listed.insert(id), "twice in the list");
                    seen += 1;
                }
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            assert!(mine.iter().all(|(id, row)| listed.contains(*id) == (row.status != S::Draft)));
            // By id, through `node`, aliases and an inline fragment: a sample with drafts and referrals of other agencies.
            let mut ids: Vec<&String> = mine.keys().copied().step_by(5).collect();
            ids.extend(fixture.rows.keys().step_by(401));
            let ask_each = format!(
                "query($id: ID!) {{ one: referral(id: $id) {{ h: handover {{ {parts} }} }} two: node(id: $id) {{ __typename ... on Referral {{ handover {{ {parts} }} }} }} }}"
            );
            for id in ids {
                let answer = server.ask(&token, &ask_each, &json!({"id": id})).await;
                assert_eq!(answer["errors"], Value::Null, "{slug}");
                check_canaries(&tables, &fixture.by_number, kind.code(), &answer.to_string());
                match mine.get(id).filter(|row| row.status != S::Draft) {
                    Some(row) => {
                        check_handover(&tables, row, &answer["data"]["one"]["h"]);
                        assert_eq!(answer["data"]["two"]["handover"], answer["data"]["one"]["h"]);
                        assert_eq!(answer["data"]["two"]["__typename"], "Referral");
                    }
                    None => assert_eq!(answer["data"], json!({"one": null, "two": null}), "{slug} {id}"),
                }
            }
        }
        assert_eq!(seen, fixture.rows.len() - fixture.rows.len() / S::ALL.len());
        the_sender_sees_what_the_receiver_sees(&server, &tables, &fixture).await;
        let logged = logs::collected();
        assert!(logged.contains("kim"), "the log was collected");
        assert!(!logged.contains("Kanari"), "a canary is in the log");
        server.stop().await;
    }
}

/// The sender sees the same fields as the receiver, and their names, for a sample of referrals.
async fn the_sender_sees_what_the_receiver_sees(server: &TestServer, tables: &Tables, fixture: &Fixture) {
    let token = token("traeger-sender", Role::CaseManager);
    let query = "query($id: ID!) { referral(id: $id) { disclosure handover { entries { field value } } case { caseNumber record { counsellingNotes } } } }";
    for (id, row) in fixture.rows.iter().step_by(97) {
        let answer = server.ask(&token, query, &json!({"id": id})).await;
        let referral = &answer["data"]["referral"];
        let codes: BTreeSet<String> = row
            .visible_fields(tables)
            .iter()
            .map(|field| HandoverField::from_name(field).expect("a field").code().to_owned())
            .collect();
        let disclosed: BTreeSet<String> = serde_json::from_value(referral["disclosure"].clone()).expect("fields");
        assert_eq!(disclosed, codes, "{row:?}");
        for entry in referral["handover"]["entries"].as_array().expect("entries") {
            assert_eq!(!entry["value"].is_null(), codes.contains(entry["field"].as_str().expect("a field")), "{row:?}");
        }
        assert_eq!(referral["case"]["caseNumber"], world::canary(row.number, "caseNumber"));
        assert_eq!(referral["case"]["record"]["counsellingNotes"], world::canary(row.number, "counsellingNotes"));
    }
}
