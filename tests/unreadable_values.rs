//! Values in the database that the program cannot read: only what depends on them is missing in an answer.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cases;
use crate::consents::to_jobcenter;
use crate::support::database::TestDatabase;
use crate::support::office;
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{TestServer, token};
use crate::support::world::{ConsentSpec, today};

/// A value that is of no type but text.
const BROKEN: &str = "KAPUTT";

async fn execute(db: &TestDatabase, sql: &str) {
    db.database.raw().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Sets a column of the row with this id.
async fn set(db: &TestDatabase, table: &str, column: &str, key: &str, id: Uuid, value: &str) {
    // PostgreSQL compares the text of an id, SQLite has its bytes.
    let is_sqlite = db.database.backend() == DbBackend::Sqlite;
    let id = if is_sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
    execute(db, &format!("UPDATE {table} SET {column} = '{value}' WHERE {key} = {id}")).await;
}

/// Checks that there is one error for each of these paths, that it is INTERNAL with an id, and that nothing names the value.
/// An error without a path says that something is missing.
#[track_caller]
fn assert_errors(answer: &Value, paths: &[Value]) {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer}"));
    let of: Vec<&Value> = errors.iter().map(|error| &error["path"]).collect();
    assert_eq!(of, paths.iter().collect::<Vec<_>>(), "{answer}");
    for error in errors {
        assert_eq!(error["extensions"]["code"], "INTERNAL", "{answer}");
        assert!(error["extensions"]["id"].is_string(), "{answer}");
    }
    assert!(!answer.to_string().contains(BROKEN), "{answer}");
}

on_both! {
    async fn an_unreadable_value_of_a_handover_or_case_is_null_and_all_others_are_answered(db: TestDatabase) {
        let ids = office::fill(&db, 3).await;
        for column in ["gender", "birth_date", "nationalities", "household_members", "interpreter_needed"] {
            set(&db, "handover", column, "referral_id", ids[1], BROKEN).await;
        }
        execute(&db, &format!("UPDATE \"case\" SET phase = '{BROKEN}', target_group = '{BROKEN}' WHERE case_number LIKE '%2%'")).await;
        execute(&db, &format!("UPDATE person SET birth_date = '{BROKEN}', gender = '{BROKEN}' WHERE id IN (SELECT person_id FROM \"case\" WHERE phase = '{BROKEN}')")).await;
        execute(&db, &format!("UPDATE household_member SET relation = '{BROKEN}' WHERE person_id IN (SELECT person_id FROM \"case\" WHERE phase = '{BROKEN}')")).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let query = "{ referrals(first: 10) { totalCount nodes { reference handover { familyName gender birthDate nationalities { name } householdMembers { relation } interpreterNeeded } } } }";
        let answer = server.ask(&token("jobcenter", Role::Clerk), query, &json!({})).await;
        let nodes = answer["data"]["referrals"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!((nodes.len(), nodes[1]["reference"].as_str()), (3, Some("REF-00002")), "{answer}");
        let path = |field: &str| json!(["referrals", "nodes", 1, "handover", field]);
        assert_errors(&answer, &["gender", "birthDate", "nationalities", "householdMembers", "interpreterNeeded"].map(path));
        for (place, node) in nodes.iter().enumerate() {
            let handover = &node["handover"];
            assert!(handover["familyName"].is_string(), "{node}");
            for field in ["gender", "birthDate", "nationalities", "householdMembers", "interpreterNeeded"] {
                assert_eq!(handover[field].is_null(), place == 1, "{field}: {node}");
            }
        }
        // The same in fragments, which the engine merges.
        let merged = "{ referrals(first: 10) { nodes { ...A ...B } } } fragment A on Referral { handover { familyName } } fragment B on Referral { handover { gender } }";
        let answer = server.ask(&token("jobcenter", Role::Clerk), merged, &json!({})).await;
        assert_errors(&answer, &[path("gender")]);
        assert!(answer["data"]["referrals"]["nodes"][1]["handover"]["familyName"].is_string(), "{answer}");
        // The case, with values that are computed from others.
        let query = "{ cases(first: 10) { nodes { caseNumber phase record { familyName gender birthDate age targetGroup householdMembers { relation } } } } }";
        let answer = server.ask(&token("traeger", Role::CaseManager), query, &json!({})).await;
        let cases = answer["data"]["cases"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let broken = cases.iter().position(|case| case["phase"].is_null()).expect("the broken case");
        let in_record = |field: &str| json!(["cases", "nodes", broken, "record", field]);
        let mut paths = vec![json!(["cases", "nodes", broken, "phase"])];
        paths.extend(["gender", "birthDate", "age", "targetGroup", "householdMembers"].map(in_record));
        assert_errors(&answer, &paths);
        assert_eq!((cases.len(), cases.iter().filter(|case| case["record"]["age"].is_number()).count()), (3, 2), "{answer}");
        assert!(cases.iter().all(|case| case["record"]["familyName"].is_string()));
        server.stop().await;
    }

    async fn an_unreadable_row_is_left_out_of_its_list_with_an_error(db: TestDatabase) {
        let ids = office::fill(&db, 5).await;
        set(&db, "referral", "status", "id", ids[1], BROKEN).await;
        set(&db, "referral", "purpose", "id", ids[3], BROKEN).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let list = |after: &Value| format!("{{ referrals(first: 2, after: {after}) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ reference handover {{ familyName }} }} }} }}");
        let (mut after, mut seen) = (Value::Null, Vec::new());
        for _ in 0..3 {
            let answer = server.ask(&clerk, &list(&after), &json!({})).await;
            let page = &answer["data"]["referrals"];
            seen.extend(page["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(|node| node["reference"].clone()));
            if !answer["errors"].is_null() {
                assert_errors(&answer, &[Value::Null]);
            }
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, ["REF-00001", "REF-00003", "REF-00005"]);
        // By its id it is null, and the others are found.
        let all: Vec<String> = ids.iter().map(|id| encode(Kind::Referral, *id)).collect();
        let answer = server.ask(&clerk, "query($ids: [ID!]!) { referralsById(ids: $ids) { reference status } }", &json!({"ids": all})).await;
        let found = answer["data"]["referralsById"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(found.iter().map(Value::is_null).collect::<Vec<_>>(), [false, true, false, true, false], "{answer}");
        assert_errors(&answer, &[Value::Null]);
        // A request that does not need it has no error.
        let answer = server.ask(&clerk, &format!("{{ referral(id: \"{}\") {{ reference }} }}", all[0]), &json!({})).await;
        assert_eq!(answer, json!({"data": {"referral": {"reference": "REF-00001"}}}));
        // Nothing can be changed.
        let input = json!({"idempotencyKey": "a", "referralId": all[1], "expectedVersion": 1});
        let answer = server.ask(&clerk, "mutation($i: ReferralInput!) { startReferral(input: $i) { referral { id } } }", &json!({"i": input})).await;
        assert_errors(&answer, &[json!(["startReferral"])]);
        server.stop().await;
    }

    async fn each_list_keeps_the_entries_that_can_be_read(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION"});
        let draft = scenario.done(&traeger(), "draftReferral", input).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let mut referral = scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        for (mutation, input) in [
            ("recordTalk", json!({"heldOn": today(), "participants": ["Fallmanagerin"], "clientTookPart": true})),
            ("recordTalk", json!({"heldOn": today(), "participants": ["Dolmetscher"], "clientTookPart": true})),
            ("reportWrongValue", json!({"field": "PHONE", "text": "falsch"})),
            ("reportWrongValue", json!({"field": "CITY", "text": "falsch"})),
        ] {
            referral = scenario.done(&jobcenter(), mutation, on(&referral, input)).await;
        }
        let mut other = to_jobcenter(&scenario, &case, json!({}));
        other["idempotencyKey"] = json!("other");
        other["purpose"] = json!("INTEGRATION_COURSE");
        let mutations = [
            ("recordConsent", other, "consent { id }"),
            ("setPlan", json!({"goals": [{"text": "Arbeit", "steps": []}]}), "case { version }"),
            ("decideEligibility", json!({"eligible": false, "explanation": "a"}), "case { version }"),
            ("decideEligibility", json!({"eligible": false, "explanation": "b"}), "case { version }"),
        ];
        for (mutation, mut input, shown) in mutations {
            if input["caseId"].is_null() || input["idempotencyKey"].is_null() {
                let seen = scenario.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ id version }} }}")).await;
                input = cases::at(&seen["case"], input);
                input["idempotencyKey"] = json!(Uuid::now_v7());
            }
            let kind = mutation[..1].to_uppercase() + &mutation[1..];
            let query = format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {shown} }} }}");
            let answer = scenario.server.ask(&traeger(), &query, &json!({ "input": input })).await;
            assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
        }
        let officer = token("traeger", Role::DataProtectionOfficer);
        let of_referral = |shown: &str| format!("{{ referral(id: {}) {{ {shown} }} }}", referral["id"]);
        let of_case = |shown: &str| format!("{{ case(id: \"{case}\") {{ {shown} }} }}");
        let first_of = |table: &str| format!("WHERE id = (SELECT MIN(id{0}){1} FROM {table})", "::text", "::uuid");
        // Table, column, the token and query that lists it, the place of the list, and its length without the broken entry.
        let lists = [
            ("talk", "participants", jobcenter(), of_referral("talks { participants }"), "/data/referral/talks", 2),
            ("talk", "held_on", jobcenter(), of_referral("talks { participants }"), "/data/referral/talks", 1),
            ("correction", "state", jobcenter(), of_referral("corrections { nodes { text } }"), "/data/referral/corrections/nodes", 1),
            ("correction", "field", traeger(), of_case("record { disputed }"), "/data/case/record/disputed", 1),
            ("consent", "form", traeger(), of_case("consents { id }"), "/data/case/consents", 1),
            ("consent", "valid_from", traeger(), of_case("consents { id }"), "/data/case/consents", 1),
            ("consent", "form", officer, "{ consentFacts { nodes { art9 } } }".to_owned(), "/data/consentFacts/nodes", 1),
            ("eligibility_decision", "groups", traeger(), of_case("eligibilityDecisions { id groups }"), "/data/case/eligibilityDecisions", 2),
            ("eligibility_decision", "findings", traeger(), of_case("eligibilityDecisions { id findings { result } }"), "/data/case/eligibilityDecisions", 2),
            ("eligibility_decision", "decided_on", traeger(), of_case("eligibilityDecisions { id }"), "/data/case/eligibilityDecisions", 1),
            ("case", "plan", traeger(), of_case("version goals { text }"), "/data/case/goals", 0),
            ("referral_event", "detail", traeger(), of_referral("events { nodes { changedFields { field } } }"), "/data/referral/events/nodes", 8),
        ];
        for (table, column, viewer, query, place, rest) in lists {
            let db = &scenario.server.database;
            let (quoted, is_sqlite) = (format!("\"{table}\""), db.database.backend() == DbBackend::Sqlite);
            let which = first_of(&quoted);
            let which = if is_sqlite { which.replace("::text", "").replace("::uuid", "") } else { which };
            // PostgreSQL refuses a text in a column of days.
            if !is_sqlite && ["held_on", "valid_from", "decided_on"].contains(&column) {
                continue;
            }
            let whole = scenario.server.ask(&viewer, &query, &json!({})).await;
            assert_eq!(whole["errors"], Value::Null, "{table}.{column}: {whole}");
            let kept = format!("kept_{table}_{column}");
            execute(db, &format!("CREATE TABLE {kept} AS SELECT * FROM {quoted}")).await;
            execute(db, &format!("UPDATE {quoted} SET {column} = '{BROKEN}' {which}")).await;
            let answer = scenario.server.ask(&viewer, &query, &json!({})).await;
            let list = answer.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("{table}.{column}: {answer}"));
            assert_eq!(list.len(), rest, "{table}.{column}: {answer}");
            assert_errors(&answer, &[Value::Null]);
            execute(db, &format!("UPDATE {quoted} SET {column} = (SELECT k.{column} FROM {kept} k WHERE k.id = {quoted}.id)")).await;
            execute(db, &format!("DROP TABLE {kept}")).await;
        }
        scenario.server.stop().await;
    }

    async fn an_unreadable_word_of_a_history_or_feed_does_not_hide_the_others(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let declined = scenario.done(&jobcenter(), "declineReferral", on(&offered, json!({"reason": "NO_CAPACITY"}))).await;
        let db = &scenario.server.database;
        execute(db, &format!("UPDATE referral_event SET action = '{BROKEN}', from_status = '{BROKEN}' WHERE action = 'DECLINE'")).await;
        execute(db, &format!("UPDATE referral SET reason = '{BROKEN}'")).await;
        execute(db, &format!("UPDATE change SET kind = '{BROKEN}' WHERE seq = 1")).await;
        let query = format!("{{ referral(id: {}) {{ status declineReason events {{ nodes {{ action fromStatus toStatus }} }} }} changes {{ totalCount nodes {{ kind }} }} }}", declined["id"]);
        let answer = scenario.server.ask(&jobcenter(), &query, &json!({})).await;
        let last = answer["data"]["referral"]["events"]["nodes"].as_array().map_or(0, |all| all.len() - 1);
        let path = |field: &str| json!(["referral", "events", "nodes", last, field]);
        assert_errors(&answer, &[json!(["referral", "declineReason"]), path("action"), path("fromStatus"), Value::Null]);
        assert_eq!(answer["data"]["referral"]["events"]["nodes"][last], json!({"action": null, "fromStatus": null, "toStatus": "DECLINED"}));
        let total = answer["data"]["changes"]["totalCount"].as_u64().expect("a number");
        assert_eq!(answer["data"]["changes"]["nodes"].as_array().map(Vec::len), Some(total as usize - 1), "{answer}");
        assert_eq!(scenario.ask(&traeger(), "{ viewer { role } }").await["viewer"]["role"], "CASE_MANAGER");
        scenario.server.stop().await;
    }
}

/// On SQLite, whose days are texts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_rule_needs_and_cannot_be_read_is_closed() {
    let db = crate::support::database::fresh(crate::support::database::Backend::Sqlite).await;
    let ids = office::fill(&db, 3).await;
    set(&db, "referral", "due_on", "id", ids[0], BROKEN).await;
    execute(&db, &format!("UPDATE consent SET valid_until = '{BROKEN}' WHERE id = (SELECT consent_id FROM referral WHERE reference = 'REF-00002')")).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    let query = "{ referrals(orderBy: OFFERED_AT_ASC) { nodes { reference dueOn handover { familyName withheld { reason } } } } }";
    let answer = server.ask(&clerk, query, &json!({})).await;
    assert_errors(&answer, &[Value::Null]);
    let nodes = answer["data"]["referrals"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let of = |reference: &str| nodes.iter().find(|node| node["reference"] == reference).expect("a row");
    assert!(of("REF-00001")["dueOn"].is_null() && of("REF-00001")["handover"]["familyName"].is_string(), "{answer}");
    assert_eq!(of("REF-00002")["handover"]["familyName"], Value::Null, "{answer}");
    assert_eq!(of("REF-00002")["handover"]["withheld"][0]["reason"], "CONSENT_ENDED");
    assert!(of("REF-00003")["dueOn"].is_string() && of("REF-00003")["handover"]["familyName"].is_string(), "{answer}");
    // An agreement whose end cannot be read permits nothing. A list ordered by offer reads it from its table, others from
    // the cached directory.
    execute(&server.database, &format!("UPDATE agreement SET terminated_for_cause_on = '{BROKEN}'")).await;
    for query in [query, &query.replace("OFFERED_AT_ASC", "DUE_ON_ASC")] {
        let answer = server.ask(&clerk, query, &json!({})).await;
        let nodes = answer["data"]["referrals"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert!(nodes.len() == 3 && nodes.iter().all(|node| node["handover"]["familyName"].is_null()), "{answer}");
    }
    server.stop().await;
}
