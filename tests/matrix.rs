//! Kind of receiver × status × consent × agreement × offer: what the wire says, against what the tables say.
//!
//! The expectation is worked out from the CSV files by code of its own and shares nothing with the rule in `domain`.

use std::collections::{BTreeMap, BTreeSet};

use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::server::{TestServer, token};
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};
use crate::support::{logs, on_both};

const AGS: &str = "05315000";
const NOT_ART9_RELEASED: [&str; 2] = ["familyName", "postalCode"];
/// Fields of every agreement that a later version wants ticked. Who consents to everything has ticked the second one.
const TICKED_SINCE: [&str; 2] = ["familyName", "postalCode"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConsentIs {
    None,
    Good,
    Expired,
    Withdrawn,
    OneFlagOnly,
    InPart,
}
const CONSENTS: [ConsentIs; 6] = [
    ConsentIs::None,
    ConsentIs::Good,
    ConsentIs::Expired,
    ConsentIs::Withdrawn,
    ConsentIs::OneFlagOnly,
    ConsentIs::InPart,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgreementIs {
    Good,
    Narrowed,
    TickedSince,
    Ended,
    TerminatedForCause,
}
const AGREEMENTS: [AgreementIs; 5] = [
    AgreementIs::Good,
    AgreementIs::Narrowed,
    AgreementIs::TickedSince,
    AgreementIs::Ended,
    AgreementIs::TerminatedForCause,
];

/// The tables as text, read without the domain's help.
struct Tables {
    /// field → kind → level.
    ceiling: BTreeMap<String, BTreeMap<String, char>>,
    order: Vec<String>,
    /// purpose → (fields, ticked only), of Köln.
    agreements: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Tables {
    fn read() -> Self {
        let mut lines = include_str!("../domain/data/disclosure.csv").lines();
        let header: Vec<&str> = lines.next().expect("a header").split(';').collect();
        let mut ceiling = BTreeMap::new();
        let mut order = Vec::new();
        for line in lines {
            let cells: Vec<&str> = line.split(';').collect();
            let levels = (4..header.len() - 1)
                .map(|column| (header[column].to_owned(), cells[column].chars().next().expect("a level")))
                .collect();
            order.push(cells[0].to_owned());
            ceiling.insert(cells[0].to_owned(), levels);
        }
        let mut agreements = BTreeMap::new();
        for line in include_str!("../src/demo/data/agreements.csv").lines().skip(1).filter(|line| line.starts_with(AGS))
        {
            let mut cells = line.split(';');
            let purpose = cells.nth(2).expect("a purpose").to_owned();
            let fields = line.rsplit(';').next().expect("fields").split(',');
            let (mut all, mut ticked) = (BTreeSet::new(), BTreeSet::new());
            for field in fields {
                let name = field.trim_end_matches('?');
                if name != field {
                    ticked.insert(name.to_owned());
                }
                all.insert(name.to_owned());
            }
            agreements.insert(purpose, (all, ticked));
        }
        Self { ceiling, order, agreements }
    }

    fn level(&self, field: &str, kind: &str) -> char {
        self.ceiling[field][kind]
    }

    /// Fields of the kind's schema. A Träger also sends: what anyone may receive exists for it.
    fn known(&self, kind: &str) -> Vec<String> {
        let exists = |field: &&String| {
            self.level(field, kind) != '-'
                || kind == "TRAEGER" && self.ceiling[*field].values().any(|level| *level != '-')
        };
        self.order.iter().filter(exists).cloned().collect()
    }
}

/// One generated referral, in words.
#[derive(Clone, Debug)]
struct Row {
    number: u32,
    kind: &'static str,
    purpose: &'static str,
    status: S,
    ever_accepted: bool,
    closed_days_ago: Option<i64>,
    consent: ConsentIs,
    agreement: AgreementIs,
    whole_offer: bool,
}

impl Row {
    /// "OPEN" in preview or in full, or closed.
    fn stage(&self) -> Option<bool> {
        match self.status.code() {
            "OFFERED" | "ACKNOWLEDGED" | "INFO_REQUESTED" | "ACCEPTED" | "IN_PROGRESS" => Some(self.ever_accepted),
            "COMPLETED" | "FAILED" if self.closed_days_ago.is_some_and(|days| days <= 30) => Some(self.ever_accepted),
            _ => None,
        }
    }

    fn consent_holds(&self) -> bool {
        matches!(self.consent, ConsentIs::Good | ConsentIs::InPart)
    }

    fn agreed(&self, tables: &Tables) -> BTreeSet<String> {
        let all = &tables.agreements[self.purpose].0;
        match self.agreement {
            AgreementIs::Good | AgreementIs::TickedSince | AgreementIs::Ended => all.clone(),
            AgreementIs::Narrowed => {
                all.iter().filter(|field| NOT_ART9_RELEASED.contains(&field.as_str())).cloned().collect()
            }
            AgreementIs::TerminatedForCause => BTreeSet::new(),
        }
    }

    fn consented(&self, tables: &Tables) -> BTreeSet<String> {
        let (all, ticked) = &tables.agreements[self.purpose];
        let en_bloc = all.difference(ticked);
        match self.consent {
            ConsentIs::None | ConsentIs::Expired | ConsentIs::Withdrawn | ConsentIs::OneFlagOnly => BTreeSet::new(),
            ConsentIs::Good => all.clone(),
            ConsentIs::InPart => {
                en_bloc.enumerate().filter(|(place, _)| place % 2 == 0).map(|(_, field)| field.clone()).collect()
            }
        }
    }

    /// What a later version wants ticked and the client consented to with the rest.
    fn not_ticked(&self) -> &'static [&'static str] {
        match (self.agreement, self.consent) {
            (AgreementIs::TickedSince, ConsentIs::Good) => &TICKED_SINCE[..1],
            (AgreementIs::TickedSince, _) => &TICKED_SINCE,
            _ => &[],
        }
    }

    fn offered(&self, tables: &Tables) -> BTreeSet<String> {
        let all = &tables.agreements[self.purpose].0;
        if self.whole_offer {
            all.clone()
        } else {
            all.iter().enumerate().filter(|(place, _)| place % 3 != 0).map(|(_, field)| field.clone()).collect()
        }
    }

    /// What the design says of one field: given, or why not.
    fn reason(&self, tables: &Tables, field: &str) -> Option<&'static str> {
        let Some(full) = self.stage() else { return Some("CLOSED") };
        if !self.consent_holds() {
            return Some("CONSENT_ENDED");
        }
        let level = tables.level(field, self.kind);
        if !full && matches!(level, 'A' | 'C') {
            return Some("NOT_YET_ACCEPTED");
        }
        if level == '-' || !self.agreed(tables).contains(field) {
            return Some("NOT_IN_AGREEMENT");
        }
        let given = self.consented(tables).contains(field) && self.offered(tables).contains(field);
        let given = given && !self.not_ticked().contains(&field);
        (!given).then_some("NOT_OFFERED")
    }

    fn gives(&self, tables: &Tables) -> BTreeSet<String> {
        tables.known(self.kind).into_iter().filter(|field| self.reason(tables, field).is_none()).collect()
    }
}

fn field_set(names: &BTreeSet<String>) -> FieldSet {
    names.iter().map(|name| HandoverField::from_name(name).expect("a field")).collect()
}

fn names(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn consent_of(row: &Row, tables: &Tables) -> Option<ConsentSpec> {
    let (all, ticked) = &tables.agreements[row.purpose];
    let since: &[&str] = if row.agreement == AgreementIs::TickedSince { &TICKED_SINCE[1..] } else { &[] };
    let whole = ConsentSpec {
        fields: field_set(&all.difference(ticked).cloned().collect()),
        ticked: field_set(&ticked.union(&names(since)).cloned().collect()),
        ..ConsentSpec::whole()
    };
    match row.consent {
        ConsentIs::None => None,
        ConsentIs::Good => Some(whole),
        ConsentIs::Expired => Some(ConsentSpec { until: Some(in_days(-1)), ..whole }),
        ConsentIs::Withdrawn => Some(ConsentSpec { withdrawn: true, ..whole }),
        ConsentIs::OneFlagOnly => Some(ConsentSpec {
            release: row.number.is_multiple_of(2),
            data_protection: !row.number.is_multiple_of(2),
            ..whole
        }),
        ConsentIs::InPart => {
            Some(ConsentSpec { fields: field_set(&row.consented(tables)), ticked: FieldSet::EMPTY, ..whole })
        }
    }
}

/// Everything a kind of agency can ask of a handover, in four ways.
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

/// Checks one answer for one referral.
fn check(tables: &Tables, row: &Row, handover: &Value) {
    let given = row.gives(tables);
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
            row.reason(tables, field).map(|reason| json!({"field": code, "reason": reason}))
        })
        .collect();
    assert_eq!(handover["withheld"], Value::Array(expected), "withheld of {row:?}");
    for entry in handover["entries"].as_array().expect("entries") {
        let code = entry["field"].as_str().expect("a field");
        let field = HandoverField::from_code(code).expect("a field").name();
        assert_eq!(entry["value"].is_null(), !given.contains(field), "entry {field} of {row:?}");
        assert_eq!(entry["withheld"].as_str(), row.reason(tables, field), "entry {field} of {row:?}");
    }
}

/// No canary of a row or field that is not given, in a whole body.
fn no_other_canary(tables: &Tables, rows: &BTreeMap<u32, Row>, kind: &str, body: &str) {
    for (at, _) in body.match_indices("Kanari") {
        let rest = &body[at + 6..];
        let number: u32 = rest[..5].parse().expect("a number");
        let field = rest[6..].split('x').next().expect("a field");
        let row = rows.get(&number).unwrap_or_else(|| panic!("a canary of a stranger: {number} {field}"));
        assert_eq!(row.kind, kind, "a canary of another's referral: {number} {field}");
        let opens = row.stage().is_some() && !row.gives(tables).is_empty();
        let allowed = match field {
            "message" => opens,
            "receiverReference" | "receiverStaff" => true,
            field => row.gives(tables).contains(field),
        };
        assert!(allowed, "canary {field} of {row:?}");
    }
}

struct Fixture {
    rows: BTreeMap<String, Row>,
    by_number: BTreeMap<u32, Row>,
    agencies: Vec<(AgencyKind, AgreementIs, String)>,
}

async fn build(db: &TestDatabase, tables: &Tables) -> Fixture {
    let main = db.database.raw();
    world::add_municipality(main, AGS).await;
    let sender = world::add_agency(main, AGS, "traeger-sender", AgencyKind::Traeger).await;
    let (mut rows, mut by_number, mut agencies) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut world = World::default();
    let mut number = 0u32;
    for &kind in AgencyKind::ALL.iter().filter(|kind| kind.receives()) {
        let purpose =
            ReferralPurpose::ALL.iter().copied().find(|purpose| purpose.receiver_kind() == kind).expect("a purpose");
        for agreement_is in AGREEMENTS {
            let slug = format!("{}-{}", kind.code().to_lowercase().replace('_', "-"), agreement_is as u8);
            let receiver = world::add_agency(main, AGS, &slug, kind).await;
            let (all, ticked) = &tables.agreements[purpose.code()];
            let mut first = world::agreement(AGS, receiver, purpose, field_set(all), field_set(ticked));
            let later = async |version, narrows_running, in_force_in, fields: &[&str], ticked: &[&str]| {
                let (fields, ticked) = (field_set(&names(fields)), field_set(&names(ticked)));
                let narrowing = kim_entity::agreement::Model {
                    version,
                    narrows_running,
                    valid_from: in_days(in_force_in),
                    ..world::agreement(AGS, receiver, purpose, fields, ticked)
                };
                world::insert_agreement(main, narrowing).await;
            };
            match agreement_is {
                // A later version that does not narrow what runs.
                AgreementIs::Good => later(2, false, 0, &[], &[]).await,
                AgreementIs::Narrowed => {
                    later(2, true, 0, &NOT_ART9_RELEASED, &[]).await;
                    // Not in force yet.
                    later(3, true, 1, &[], &[]).await;
                }
                AgreementIs::TickedSince => {
                    let all: Vec<&str> = all.iter().map(String::as_str).collect();
                    later(2, true, 0, &all, &TICKED_SINCE).await;
                    later(3, true, 1, &all, &all).await;
                }
                AgreementIs::Ended => first.valid_until = Some(in_days(-10)),
                AgreementIs::TerminatedForCause => first.terminated_for_cause_on = Some(today()),
            }
            let agreement = world::insert_agreement(main, first).await;
            agencies.push((kind, agreement_is, slug));
            for &status in S::ALL {
                for consent in CONSENTS {
                    for whole_offer in [true, false] {
                        number += 1;
                        let before = matches!(status, S::Draft | S::Offered | S::Acknowledged);
                        let after = matches!(status, S::Accepted | S::InProgress | S::Returned);
                        let ever_accepted = after || !before && number.is_multiple_of(2);
                        let closed_days_ago =
                            matches!(status, S::Completed | S::Failed).then(|| [0, 30, 31, 400][number as usize % 4]);
                        let row = Row {
                            number,
                            kind: kind.code(),
                            purpose: purpose.code(),
                            status,
                            ever_accepted,
                            closed_days_ago,
                            consent,
                            agreement: agreement_is,
                            whole_offer,
                        };
                        let id = world.add(&ReferralSpec {
                            number,
                            sender,
                            receiver,
                            purpose,
                            agreement,
                            status,
                            ever_accepted,
                            closed_on: closed_days_ago.map(|days| in_days(-days)),
                            due_on: in_days(i64::from(number % 60) - 30),
                            offered_on: in_days(-40),
                            consent: consent_of(&row, tables),
                            offered: field_set(&row.offered(tables)),
                            previous: None,
                            messages: 2,
                        });
                        rows.insert(encode(Kind::Referral, id), row.clone());
                        by_number.insert(number, row);
                    }
                }
            }
        }
    }
    world.write(main).await;
    db.database.analyze().await.expect("statistics");
    Fixture { rows, by_number, agencies }
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
            // As a list, through a fragment, page after page.
            let list = format!(
                "query($after: String) {{ referrals(first: 100, after: $after) {{ totalCount nodes {{ id status ...H messages {{ nodes {{ text }} }} events {{ nodes {{ toStatus staff }} }} }} pageInfo {{ endCursor hasNextPage }} }} }}
                 fragment H on Referral {{ handover {{ {parts} }} ownReference }}"
            );
            let mut after = Value::Null;
            let mut listed = BTreeSet::new();
            loop {
                let answer = server.ask(&token, &list, &json!({"after": after})).await;
                assert_eq!(answer["errors"], Value::Null, "{slug}");
                no_other_canary(&tables, &fixture.by_number, kind.code(), &answer.to_string());
                let page = &answer["data"]["referrals"];
                let drafts = mine.values().filter(|row| row.status == S::Draft).count();
                assert_eq!(page["totalCount"], json!(mine.len() - drafts), "drafts are not the receiver's");
                for node in page["nodes"].as_array().expect("nodes") {
                    let id = node["id"].as_str().expect("an id").to_owned();
                    let row = mine.get(&id).unwrap_or_else(|| panic!("{id} is not of {slug}"));
                    check(&tables, row, &node["handover"]);
                    assert_eq!(node["status"], row.status.code());
                    assert_eq!(node["messages"]["nodes"].as_array().expect("messages").is_empty(), row.gives(&tables).is_empty(), "messages of {row:?}");
                    assert!(listed.insert(id), "twice in the list");
                    seen += 1;
                }
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            assert!(mine.iter().all(|(id, row)| listed.contains(*id) == (row.status != S::Draft)));
            // By id, through `node`, aliases and an inline fragment; a sample, with drafts and strangers among it.
            let mut ids: Vec<&String> = mine.keys().copied().step_by(5).collect();
            ids.extend(fixture.rows.keys().step_by(401));
            let ask_each = format!(
                "query($id: ID!) {{ one: referral(id: $id) {{ h: handover {{ {parts} }} }} two: node(id: $id) {{ __typename ... on Referral {{ handover {{ {parts} }} }} }} }}"
            );
            for id in ids {
                let answer = server.ask(&token, &ask_each, &json!({"id": id})).await;
                assert_eq!(answer["errors"], Value::Null, "{slug}");
                no_other_canary(&tables, &fixture.by_number, kind.code(), &answer.to_string());
                match mine.get(id).filter(|row| row.status != S::Draft) {
                    Some(row) => {
                        check(&tables, row, &answer["data"]["one"]["h"]);
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

/// The sender's view of a sample: the same fields as the receiver, and which of them by name.
async fn the_sender_sees_what_the_receiver_sees(server: &TestServer, tables: &Tables, fixture: &Fixture) {
    let token = token("traeger-sender", Role::CaseManager);
    let query = "query($id: ID!) { referral(id: $id) { disclosure handover { entries { field value } } case { caseNumber record { counsellingNotes } } } }";
    for (id, row) in fixture.rows.iter().step_by(97) {
        let answer = server.ask(&token, query, &json!({"id": id})).await;
        let referral = &answer["data"]["referral"];
        let codes: BTreeSet<String> = row
            .gives(tables)
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
