//! Root fields of one request that ask by id: together they take as many statements as one, and read no more of a row than
//! was asked of it.

use std::collections::BTreeMap;

use kim_domain::agency::Role;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::{Kind, decode, encode, new_uuid};
use sea_orm::{Statement, Value as Bound};
use serde_json::{Value, json};

use crate::statement_counts::{Watched, fill, is_of_log};
use crate::support::{json_of, on_both};

/// What a poller asks of a referral.
const NEEDED: &str = "id version handover { familyName birthDate } messages(last: 2) { totalCount nodes { text } }
    previous { id handover { familyName } }";

/// Referrals that show something.
const PENDING: &str = "referrals(filter: {pending: true}, first: $first)";

/// The ids of a list's rows.
async fn ids(watched: &Watched, list: &str, first: i32) -> Vec<String> {
    let (response, ..) = watched.ask(&format!("query($first: Int) {{ {list} {{ nodes {{ id }} }} }}"), first).await;
    let data = json_of(&response);
    let rows = data.as_object().and_then(|data| data.values().next()).expect("a list")["nodes"].clone();
    rows.as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// Asks without an error, and returns the data and the statements that read.
async fn reads(watched: &Watched, query: &str) -> (Value, Vec<String>) {
    let (response, reads, _) = watched.ask(query, 0).await;
    (json_of(&response), reads)
}

/// A root field for each of these ids, under aliases.
fn each(ids: &[String], field: impl Fn(usize, &str) -> String) -> String {
    let fields: Vec<_> = ids.iter().enumerate().map(|(place, id)| format!("r{place}: {}", field(place, id))).collect();
    format!("{{ {} }}", fields.join(" "))
}

fn referral(id: &str, selection: &str) -> String {
    format!("referral(id: \"{id}\") {{ {selection} }}")
}

fn node(id: &str, ty: &str, selection: &str) -> String {
    format!("node(id: \"{id}\") {{ ... on {ty} {{ {selection} }} }}")
}

/// The masks of the handovers that a request read, by referral.
fn masks(statements: &[Statement]) -> BTreeMap<String, FieldSet> {
    let mut found = BTreeMap::new();
    for statement in statements.iter().filter(|one| one.sql.contains("JOIN handover h")) {
        let (mut ids, mut bits) = (Vec::new(), Vec::new());
        for value in statement.values.iter().flat_map(|values| &values.0) {
            let all = if let Bound::Array(_, Some(all)) = value { all.to_vec() } else { vec![value.clone()] };
            for value in all {
                if let Bound::Uuid(Some(id)) = &value {
                    ids.push(encode(Kind::Referral, *id));
                }
                if let Bound::BigInt(Some(mask)) = &value {
                    bits.push(FieldSet::from_i64(*mask));
                }
            }
        }
        assert_eq!(ids.len(), bits.len(), "{statement:?}");
        found.extend(ids.into_iter().zip(bits));
    }
    found
}

on_both! {
    async fn ten_referrals_under_aliases_take_as_many_statements_as_one(db: TestDatabase) {
        fill(&db, 500).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Service).await;
        let ids = ids(&watched, PENDING, 10).await;
        let (one, of_one) = reads(&watched, &each(&ids[..1], |_, id| referral(id, NEEDED))).await;
        let (ten, of_ten) = reads(&watched, &each(&ids, |_, id| referral(id, NEEDED))).await;
        // Who, rows, values, messages, their count; nothing is continued.
        assert_eq!((of_one.len(), of_ten.len()), (5, 5), "{of_ten:#?}");
        assert_eq!(ten["r0"], one["r0"]);
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(ten[format!("r{place}")]["id"], json!(id));
        }
        // `node` finds the same, and so does one field for all of them.
        let some = |place: usize, id: &str| if place.is_multiple_of(2) { node(id, "Referral", NEEDED) } else { referral(id, NEEDED) };
        let (mixed, statements) = reads(&watched, &each(&ids, some)).await;
        assert_eq!((&mixed, statements.len()), (&ten, 5), "{statements:#?}");
        let (list, statements) = reads(&watched, &format!("{{ referralsById(ids: {}) {{ {NEEDED} }} }}", json!(ids))).await;
        let of_aliases: Vec<_> = (0..ids.len()).map(|place| ten[format!("r{place}")].clone()).collect();
        assert_eq!((&list["referralsById"], statements.len()), (&json!(of_aliases), 5), "{statements:#?}");
    }

    async fn different_selections_take_as_many_statements_as_one_with_all_of_them(db: TestDatabase) {
        fill(&db, 500).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Service).await;
        let ids = ids(&watched, PENDING, 10).await;
        let parts = ["handover { familyName }", "messages(last: 2) { nodes { text } }", "messages(first: 1) { nodes { id } }",
            "events { totalCount }", "receiver { name }"];
        let all = "a: messages(last: 2) { nodes { text } } b: messages(first: 1) { nodes { id } } events { totalCount }
            handover { familyName } receiver { name }";
        let (_, of_one) = reads(&watched, &each(&ids[..1], |_, id| referral(id, all))).await;
        let (ten, of_ten) = reads(&watched, &each(&ids, |place, id| referral(id, parts[place % parts.len()]))).await;
        // Who, rows, values, two pages of messages, events, their count.
        assert_eq!((of_one.len(), of_ten.len()), (7, 7), "{of_ten:#?}");
        assert!(ten["r1"]["messages"]["nodes"][1]["text"].is_string() && ten["r3"]["events"]["totalCount"].is_number(), "{ten}");
        assert!(ten["r4"]["receiver"]["name"].is_string() && ten["r2"]["messages"]["nodes"][0]["id"].is_string(), "{ten}");
    }

    async fn only_the_fields_selected_for_a_referral_are_read(db: TestDatabase) {
        fill(&db, 500).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Service).await;
        let ids = ids(&watched, PENDING, 4).await;
        let selections = ["id", "handover { familyName }", "id handover { city }", "messages { nodes { text } }"];
        let mut query = each(&ids, |place, id| referral(id, selections[place]));
        // One of them twice: what both ask.
        query.insert_str(query.len() - 1, &format!("again: {} ", node(&ids[2], "Referral", "handover { birthDate }")));
        let (response, statements) = watched.ask_with(&query, json!({})).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        assert!(json_of(&response)["r1"]["handover"]["familyName"].is_string());
        let expected = BTreeMap::from([
            (ids[1].clone(), FieldSet::of(&[HandoverField::FamilyName])),
            (ids[2].clone(), FieldSet::of(&[HandoverField::City, HandoverField::BirthDate])),
        ]);
        assert_eq!(masks(&statements), expected);
        // Messages are read of the one referral of which they were asked.
        let messages = statements.iter().find(|one| one.sql.contains("message ")).expect("a statement");
        let bound = format!("{:?}", messages.values);
        let uuid = |id: &str| decode(id).expect("an id").1.to_string();
        assert!(bound.contains(&uuid(&ids[3])) && ids[..3].iter().all(|id| !bound.contains(&uuid(id))), "{bound}");
    }

    async fn a_refused_alias_does_not_affect_the_others(db: TestDatabase) {
        fill(&db, 500).await;
        let own = Watched::new(&db.url, "jobcenter-3", Role::Service).await;
        let other = Watched::new(&db.url, "jobcenter-4", Role::Service).await;
        let (mine, foreign) = (ids(&own, PENDING, 2).await, ids(&other, PENDING, 1).await);
        let unknown = encode(Kind::Referral, new_uuid());
        let agency = encode(Kind::Agency, new_uuid());
        let asked = [mine[0].clone(), foreign[0].clone(), unknown, "7".to_owned(), mine[1].clone(), agency, mine[0].clone()];
        let found = [Some(&mine[0]), None, None, None, Some(&mine[1]), None, Some(&mine[0])];
        let (response, all) = own.ask_with(&each(&asked, |_, id| referral(id, "id handover { familyName }")), json!({})).await;
        let data = json_of(&response);
        for (place, id) in found.iter().enumerate() {
            let answer = &data[format!("r{place}")];
            assert_eq!(id.is_some(), answer["handover"]["familyName"].is_string(), "{place}: {answer}");
            assert_eq!(answer["id"], json!(id), "{place}");
        }
        let errors = serde_json::to_value(&response.errors).expect("JSON");
        let refused = |errors: &Value| (errors.as_array().map(Vec::len), errors[0]["path"].clone(), errors[0]["extensions"]["code"].clone());
        assert_eq!(refused(&errors), (Some(1), json!(["r3"]), json!("BAD_INPUT")));
        let reads = all.iter().filter(|one| !is_of_log(&one.sql)).count();
        assert_eq!(reads, 3, "who, rows, values: {all:#?}");

        // The same ids in one field, in a variable: an entry for each, and the error at its place.
        let query = "query($ids: [ID!]!) { referralsById(ids: $ids) { id handover { familyName } } }";
        let (response, all) = own.ask_with(query, json!({"ids": asked})).await;
        let data = json_of(&response);
        let entries: Vec<_> = data["referralsById"].as_array().expect("a list").iter().map(|entry| entry["id"].as_str()).collect();
        assert_eq!(entries, found.map(|id| id.map(String::as_str)));
        let errors = serde_json::to_value(&response.errors).expect("JSON");
        assert_eq!(refused(&errors), (Some(1), json!(["referralsById", 3]), json!("BAD_INPUT")));
        assert_eq!(all.iter().filter(|one| !is_of_log(&one.sql)).count(), 3);
    }

    async fn a_hundred_ids_are_one_list_and_more_are_refused(db: TestDatabase) {
        fill(&db, 1_100).await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Service).await;
        let mut ids = ids(&watched, "referrals(first: $first)", 100).await;
        let query = "query($ids: [ID!]!) { referralsById(ids: $ids) { id handover { familyName } } }";
        let (response, all) = watched.ask_with(query, json!({"ids": ids})).await;
        assert_eq!(json_of(&response)["referralsById"].as_array().map(Vec::len), Some(100));
        assert_eq!(all.iter().filter(|one| !is_of_log(&one.sql)).count(), 3);
        let (response, _) = watched.ask_with(query, json!({"ids": []})).await;
        assert_eq!(json_of(&response), json!({"referralsById": []}));
        ids.push(ids[0].clone());
        let (response, _) = watched.ask_with(query, json!({"ids": ids})).await;
        let errors = serde_json::to_value(&response.errors).expect("JSON");
        assert_eq!((&errors[0]["extensions"]["code"], &errors[0]["extensions"]["limit"]), (&json!("LIMIT_EXCEEDED"), &json!("IDS")));
        assert_eq!(json_of(&response), Value::Null);
        // The cost counts every id: 100 with 100 messages each are too many rows.
        ids.truncate(100);
        let costly = "query($ids: [ID!]!) { referralsById(ids: $ids) { messages(first: 100) { nodes { id } } } }";
        let (response, _) = watched.ask_with(costly, json!({"ids": ids})).await;
        let errors = serde_json::to_value(&response.errors).expect("JSON");
        assert_eq!(errors[0]["extensions"]["limit"], json!("ROWS"));
        let (response, _) = watched.ask_with(costly, json!({"ids": &ids[..50]})).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
    }

    async fn ten_cases_under_aliases_take_as_many_statements_as_one(db: TestDatabase) {
        fill(&db, 100).await;
        let watched = Watched::new(&db.url, "traeger", Role::CaseManager).await;
        let ids = ids(&watched, "cases(first: $first)", 10).await;
        let parts = "id record { familyName } referrals { id handover { city } } notes { totalCount } consents { receiver { name } }";
        let case = |id: &str| format!("case(id: \"{id}\") {{ {parts} }}");
        let (one, of_one) = reads(&watched, &each(&ids[..1], |_, id| case(id))).await;
        let (ten, of_ten) = reads(&watched, &each(&ids, |_, id| case(id))).await;
        assert_eq!(of_one.len(), of_ten.len(), "{of_ten:#?}");
        assert_eq!(ten["r0"], one["r0"]);
        let some = |place: usize, id: &str| if place.is_multiple_of(2) { node(id, "Case", parts) } else { case(id) };
        let (mixed, statements) = reads(&watched, &each(&ids, some)).await;
        assert_eq!((&mixed, statements.len()), (&ten, of_one.len()), "{statements:#?}");
    }

    async fn nodes_of_each_kind_take_as_many_statements_as_one_of_the_kind(db: TestDatabase) {
        fill(&db, 100).await;
        let watched = Watched::new(&db.url, "traeger", Role::CaseManager).await;
        let agencies = ids(&watched, "agencies(first: $first)", 5).await;
        let agreements = ids(&watched, "agreements(first: $first)", 5).await;
        let (response, ..) = watched.ask("query($first: Int) { cases(first: $first) { nodes { consents { id } } } }", 5).await;
        let cases = json_of(&response)["cases"]["nodes"].clone();
        let consents: Vec<String> = cases.as_array().expect("cases").iter()
            .map(|case| case["consents"][0]["id"].as_str().expect("an id").to_owned()).collect();
        let kinds = [
            (agencies, "Agency", "name"),
            (agreements, "Agreement", "version receiver { name } signatures { side }"),
            (consents, "Consent", "state receiver { name } history { step }"),
        ];
        for (ids, ty, selection) in kinds {
            assert_eq!(ids.len(), 5, "{ty}");
            let (one, of_one) = reads(&watched, &each(&ids[..1], |_, id| node(id, ty, selection))).await;
            let (five, of_five) = reads(&watched, &each(&ids, |_, id| node(id, ty, selection))).await;
            assert_eq!(of_one.len(), of_five.len(), "{of_five:#?}");
            assert_eq!(five["r0"], one["r0"]);
            assert!((0..5).all(|place| five[format!("r{place}")].is_object()), "{five}");
        }
    }

    async fn agencies_of_a_mutations_payload_take_one_statement(db: TestDatabase) {
        fill(&db, 20).await;
        let watched = Watched::new(&db.url, "traeger", Role::CaseManager).await;
        let list = "query($first: Int) { referrals(direction: OUTGOING, filter: {pending: true}, first: $first) { nodes { id version } } }";
        let (response, ..) = watched.ask(list, 1).await;
        let referral = json_of(&response)["referrals"]["nodes"][0].clone();
        let input = json!({"idempotencyKey": "message-1", "referralId": referral["id"], "expectedVersion": referral["version"], "text": "a"});
        let query = "mutation($input: PostMessageInput!) { postMessage(input: $input) { referral { receiver { slug }
            messages { nodes { author { slug } } } consent { receiver { slug } } case { consents { receiver { slug } } consentReceipt { plain } } } } }";
        let (response, statements) = watched.ask_with(query, json!({"input": input})).await;
        let data = json_of(&response)["postMessage"]["referral"].clone();
        assert_eq!(data["consent"]["receiver"], data["receiver"], "{data} {:?}", response.errors);
        assert_eq!(data["case"]["consents"][0]["receiver"], data["receiver"], "{data}");
        let names = |one: &&Statement| one.sql.contains("g.slug") || one.sql.starts_with("SELECT version FROM directory");
        assert_eq!(statements.iter().filter(names).count(), 1, "{statements:#?}");
    }
}
