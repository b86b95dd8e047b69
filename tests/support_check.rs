//! Support checks: does another Träger support the same person? The answer is yes or no, and a reference for both sides.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::field::HandoverField as F;
use kim_domain::id::{Kind, encode};
use kim_entity::{person_fingerprint, raw, support_check, support_consent, support_notice};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, traeger};
use crate::support::server::{claims, sign, token};
use crate::support::world::{self, World, in_days, today};

fn other() -> String {
    token("other", Role::CaseManager)
}

/// Writes a case of this agency for this person. Returns its id in the API.
async fn case(scenario: &Scenario, number: u32, agency: Uuid, family: &str, given: &str, born: &str) -> String {
    let main = scenario.server.database.database.raw();
    let mut world = World::default();
    let id = world.add_client(number, agency, None);
    world.write(main).await;
    let case = raw::cases(main).await.expect("cases").into_iter().find(|case| case.id == id).expect("a case");
    let persons = raw::persons(main).await.expect("persons");
    let client = persons.iter().find(|person| person.id == case.person_id).expect("a person");
    let text = |text: &str| Some(text.to_owned());
    let named =
        [(F::FamilyName, text(family)), (F::GivenName, text(given)), (F::BirthDate, text(born)), (F::Phone, None)];
    let values: Vec<_> = named.into_iter().chain([(F::Email, None)]).collect();
    raw::update_person(main, client, &values).await.expect("a name");
    encode(Kind::Case, id)
}

async fn change(scenario: &Scenario, token: &str, mutation: &str, selection: &str, mut input: Value) -> Value {
    let type_name = format!("{}Input", mutation[..1].to_uppercase() + &mutation[1..]);
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(Uuid::now_v7());
    }
    let query = format!("mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ {selection} }} }}");
    scenario.server.ask(token, &query, &json!({ "input": input })).await
}

async fn agrees(scenario: &Scenario, token: &str, case: &str, given: bool) {
    let answer =
        change(scenario, token, "recordSupportConsent", "caseId given", json!({"caseId": case, "given": given})).await;
    assert_eq!(answer, json!({"data": {"recordSupportConsent": {"caseId": case, "given": given}}}));
}

async fn try_check(scenario: &Scenario, token: &str, case: &str) -> Value {
    change(scenario, token, "supportCheck", "found reference", json!({ "caseId": case })).await
}

async fn check(scenario: &Scenario, token: &str, case: &str) -> (bool, Option<String>) {
    let answer = try_check(scenario, token, case).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let checked = &answer["data"]["supportCheck"];
    (checked["found"].as_bool().expect("yes or no"), checked["reference"].as_str().map(str::to_owned))
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no refusal: {answer}"))
}

async fn other_id(scenario: &Scenario) -> Uuid {
    use kim_entity::agency::{Column, Entity};
    let main = scenario.server.database.database.raw();
    Entity::find().filter(Column::Slug.eq("other")).one(main).await.expect("an agency").expect("one").id
}

on_both! {
    async fn both_sides_get_one_reference_and_no_data_of_each_other(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let elsewhere = other_id(&scenario).await;
        let here = case(&scenario, 9001, scenario.traeger, "Al-Haddad", "Youssef", "1999-05-07").await;
        // The other file has another spelling and order of the names, and day and month are swapped.
        let there = case(&scenario, 9002, elsewhere, "Yusuf", "Haddad", "1999-07-05").await;
        for (token, case) in [(traeger(), &here), (other(), &there)] {
            agrees(&scenario, &token, case, true).await;
        }
        let (found, reference) = check(&scenario, &traeger(), &here).await;
        assert!(found);
        let reference = reference.expect("a reference");
        let notices = "{ supportNotices { totalCount nodes { reference caseId at coordination { slug } } } }";
        for (token, case) in [(traeger(), &here), (other(), &there)] {
            let seen = &scenario.ask(&token, notices).await["supportNotices"];
            assert_eq!((&seen["totalCount"], &seen["nodes"][0]["caseId"]), (&json!(1), &json!(case)));
            assert_eq!((&seen["nodes"][0]["reference"], &seen["nodes"][0]["coordination"]["slug"]), (&json!(reference), &json!("koordination")));
            let text = seen.to_string();
            assert!(!text.contains("traeger") && !text.contains("other") && !text.contains("Haddad"), "{text}");
            let of_case = format!("{{ supportNotices(caseId: \"{case}\") {{ nodes {{ reference }} }} }}");
            assert_eq!(scenario.ask(&token, &of_case).await["supportNotices"]["nodes"], json!([{"reference": reference}]));
        }
        // A repeated check, and one from the other side, return the same reference and send no second notice.
        assert_eq!(check(&scenario, &traeger(), &here).await, (true, Some(reference.clone())));
        assert_eq!(check(&scenario, &other(), &there).await, (true, Some(reference)));
        let main = scenario.server.database.database.raw();
        assert_eq!(support_notice::Entity::find().count(main).await.expect("notices"), 2);
        let logged = support_check::Entity::find().all(main).await.expect("checks");
        assert_eq!(logged.len(), 3);
        assert!(logged.iter().all(|row| row.found && row.subject == "test-person"));
        // The other case is still unknown.
        let foreign = format!("{{ supportNotices(caseId: \"{there}\") {{ nodes {{ reference }} }} }}");
        assert_eq!(scenario.ask(&traeger(), &foreign).await["supportNotices"]["nodes"], json!([]));
        scenario.server.stop().await;
    }

    async fn a_support_check_needs_the_consent_of_both_clients(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let elsewhere = other_id(&scenario).await;
        let here = case(&scenario, 9001, scenario.traeger, "Ionescu", "Ioana", "2000-03-09").await;
        let there = case(&scenario, 9002, elsewhere, "IONESCU", "Ioana", "2000-03-09").await;
        assert_eq!(code(&try_check(&scenario, &traeger(), &here).await), "NO_LEGAL_GROUND");
        agrees(&scenario, &traeger(), &here, true).await;
        let main = scenario.server.database.database.raw();
        assert_eq!(check(&scenario, &traeger(), &here).await, (false, None), "the other has not agreed");
        assert_eq!(support_notice::Entity::find().count(main).await.expect("notices"), 0);

        agrees(&scenario, &other(), &there, true).await;
        let keyed = json!({"caseId": here, "idempotencyKey": "first"});
        let repeat = async || change(&scenario, &traeger(), "supportCheck", "found reference", keyed.clone()).await["data"]["supportCheck"].clone();
        let notices = async |token: &str| {
            let seen = scenario.ask(token, "{ supportNotices { totalCount nodes { reference } } }").await;
            (seen["supportNotices"]["totalCount"].clone(), seen["supportNotices"]["nodes"][0]["reference"].clone())
        };
        let first = repeat().await;
        assert_eq!((&first["found"], notices(&traeger()).await), (&json!(true), (json!(1), first["reference"].clone())));
        // A withdrawal applies at once and deletes the fingerprints.
        let before = person_fingerprint::Entity::find().count(main).await.expect("fingerprints");
        agrees(&scenario, &other(), &there, false).await;
        // The stored answer and the notices of both sides are hidden too.
        assert_eq!(repeat().await, json!({"found": false, "reference": null}));
        for token in [traeger(), other()] {
            assert_eq!(notices(&token).await, (json!(0), Value::Null));
        }
        assert!(person_fingerprint::Entity::find().count(main).await.expect("fingerprints") < before);
        assert_eq!(check(&scenario, &traeger(), &here).await, (false, None));
        agrees(&scenario, &traeger(), &here, false).await;
        assert_eq!(code(&try_check(&scenario, &traeger(), &here).await), "NO_LEGAL_GROUND");
        assert_eq!(person_fingerprint::Entity::find().count(main).await.expect("fingerprints"), 0, "fingerprints exist only with consent");
        scenario.server.stop().await;
    }

    async fn a_corrected_name_is_used_by_later_checks(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let elsewhere = other_id(&scenario).await;
        let here = case(&scenario, 9001, scenario.traeger, "Ionescu", "Ioana", "2000-03-09").await;
        let there = case(&scenario, 9002, elsewhere, "Popescu", "Elena", "2000-03-09").await;
        for (token, case) in [(traeger(), &here), (other(), &there)] {
            agrees(&scenario, &token, case, true).await;
        }
        assert_eq!(check(&scenario, &traeger(), &here).await, (false, None));
        let seen = scenario.ask(&other(), &format!("{{ case(id: \"{there}\") {{ version }} }}")).await;
        let name = json!({"familyName": "Ionescu", "givenName": "Joana"});
        let input = json!({"caseId": there, "expectedVersion": seen["case"]["version"], "record": name});
        let answer = change(&scenario, &other(), "updateCase", "case { id }", input).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        assert!(check(&scenario, &traeger(), &here).await.0);
        scenario.server.stop().await;
    }

    async fn a_consent_to_support_checks_ends_with_its_last_day(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let elsewhere = other_id(&scenario).await;
        let here = case(&scenario, 9001, scenario.traeger, "Ionescu", "Ioana", "2000-03-09").await;
        let there = case(&scenario, 9002, elsewhere, "Ionescu", "Ioana", "2000-03-09").await;
        let past = json!({"caseId": here, "given": true, "validUntil": in_days(-1)});
        assert_eq!(code(&change(&scenario, &traeger(), "recordSupportConsent", "given", past).await), "BAD_INPUT");
        agrees(&scenario, &traeger(), &here, true).await;
        let last_day = json!({"caseId": there, "given": true, "validUntil": today()});
        let answer = change(&scenario, &other(), "recordSupportConsent", "validUntil", last_day).await;
        assert_eq!(answer["data"]["recordSupportConsent"]["validUntil"], json!(today()));
        assert!(check(&scenario, &traeger(), &here).await.0);
        let main = scenario.server.database.database.raw();
        let over = support_consent::ActiveModel { valid_until: Set(Some(in_days(-1))), ..Default::default() };
        let of_that_day = support_consent::Column::ValidUntil.eq(today());
        support_consent::Entity::update_many().set(over).filter(of_that_day).exec(main).await.expect("a day later");
        assert_eq!(check(&scenario, &traeger(), &here).await, (false, None));
        scenario.server.stop().await;
    }

    async fn only_open_cases_of_other_traeger_of_the_municipality_are_compared(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let elsewhere = other_id(&scenario).await;
        world::add_municipality(main, "05112000").await;
        let duisburg = world::add_agency(main, "05112000", "duisburg", AgencyKind::Traeger).await;
        let person = ("Ionescu", "Ioana", "2000-03-09");
        let here = case(&scenario, 9001, scenario.traeger, person.0, person.1, person.2).await;
        let own = case(&scenario, 9002, scenario.traeger, person.0, person.1, person.2).await;
        let far = case(&scenario, 9003, duisburg, person.0, person.1, person.2).await;
        let sister = case(&scenario, 9004, elsewhere, person.0, "Elena", person.2).await;
        let closed = case(&scenario, 9005, elsewhere, person.0, person.1, person.2).await;
        for (token, case) in [(traeger(), &here), (traeger(), &own), (token("duisburg", Role::CaseManager), &far), (other(), &sister), (other(), &closed)] {
            agrees(&scenario, &token, case, true).await;
        }
        let (_, id) = kim_domain::id::decode(&closed).expect("an id");
        raw::close_case(main, id, Some(today())).await.expect("closed");
        assert_eq!(check(&scenario, &traeger(), &here).await, (false, None));
        assert_eq!(code(&try_check(&scenario, &other(), &closed).await), "ACTION_NOT_ALLOWED", "a closed case needs no check");
        raw::close_case(main, id, None).await.expect("open again");
        assert!(check(&scenario, &traeger(), &here).await.0);
        scenario.server.stop().await;
    }

    async fn support_checks_are_limited_per_case_and_per_person(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let first = case(&scenario, 9001, scenario.traeger, "Ionescu", "Ioana", "2000-03-09").await;
        agrees(&scenario, &traeger(), &first, true).await;
        for _ in 0..3 {
            assert_eq!(check(&scenario, &traeger(), &first).await, (false, None));
        }
        assert_eq!(code(&try_check(&scenario, &traeger(), &first).await), "RATE_LIMITED");
        // The limit applies per person. A repeat with the same key is not a second check.
        for number in 0..9 {
            let case = case(&scenario, 9100 + number, scenario.traeger, "Popescu", "Ion", "2001-04-10").await;
            agrees(&scenario, &traeger(), &case, true).await;
            for part in 0..3 {
                let input = json!({"caseId": case, "idempotencyKey": format!("{number}-{part}")});
                for _ in 0..2 {
                    let answer = change(&scenario, &traeger(), "supportCheck", "found", input.clone()).await;
                    assert_eq!(answer, json!({"data": {"supportCheck": {"found": false}}}), "{number} {part}");
                }
            }
        }
        let next = case(&scenario, 9200, scenario.traeger, "Popescu", "Ion", "2001-04-10").await;
        agrees(&scenario, &traeger(), &next, true).await;
        assert_eq!(code(&try_check(&scenario, &traeger(), &next).await), "RATE_LIMITED");
        let mut colleague = claims("traeger", Role::CaseManager);
        colleague["sub"] = json!("colleague");
        assert_eq!(check(&scenario, &sign(&colleague), &next).await, (false, None));
        assert_eq!(code(&try_check(&scenario, &sign(&colleague), &first).await), "RATE_LIMITED", "the limit per case applies to everybody");
        scenario.server.stop().await;
    }

    async fn a_rate_limited_check_can_be_repeated_with_the_same_key(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let first = case(&scenario, 9001, scenario.traeger, "Ionescu", "Ioana", "2000-03-09").await;
        agrees(&scenario, &traeger(), &first, true).await;
        for _ in 0..3 {
            check(&scenario, &traeger(), &first).await;
        }
        let keyed = json!({"caseId": first, "idempotencyKey": "later"});
        let refused = change(&scenario, &traeger(), "supportCheck", "found", keyed.clone()).await;
        assert_eq!(code(&refused), "RATE_LIMITED");
        // The same request is answered after a day has passed.
        let main = scenario.server.database.database.raw();
        let yesterday = sea_orm::ExprTrait::sub(support_check::Column::At.into_expr(), 25 * 3_600_000_000_i64);
        support_check::Entity::update_many().col_expr(support_check::Column::At, yesterday).exec(main).await.expect("a day later");
        for _ in 0..3 {
            let answer = change(&scenario, &traeger(), "supportCheck", "found", keyed.clone()).await;
            assert_eq!(answer, json!({"data": {"supportCheck": {"found": false}}}));
        }
        let used = change(&scenario, &traeger(), "supportCheck", "found", json!({"caseId": encode(Kind::Case, Uuid::now_v7()), "idempotencyKey": "later"})).await;
        assert_eq!(code(&used), "IDEMPOTENCY_MISMATCH", "once it is done, the key is used");
        scenario.server.stop().await;
    }

    async fn a_foreign_case_is_answered_like_a_missing_one_and_receivers_have_no_checks(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let here = case(&scenario, 9001, scenario.traeger, "Ionescu", "Ioana", "2000-03-09").await;
        let absent = encode(Kind::Case, Uuid::now_v7());
        for case in [&here, &absent] {
            assert_eq!(code(&try_check(&scenario, &other(), case).await), "NOT_FOUND");
            let said = json!({"caseId": case, "given": true});
            assert_eq!(code(&change(&scenario, &other(), "recordSupportConsent", "given", said).await), "NOT_FOUND");
        }
        assert_eq!(try_check(&scenario, &other(), &here).await, try_check(&scenario, &other(), &absent).await);
        assert_eq!(code(&try_check(&scenario, &jobcenter(), &here).await), "GRAPHQL_VALIDATION_FAILED");
        for (scopes, mutation) in [("case:write", "recordSupportConsent"), ("consent:write", "supportCheck")] {
            let mut narrow = claims("traeger", Role::CaseManager);
            narrow["scope"] = json!(scopes);
            let input = if mutation == "supportCheck" { json!({"caseId": here}) } else { json!({"caseId": here, "given": true}) };
            let selection = if mutation == "supportCheck" { "found" } else { "given" };
            assert_eq!(code(&change(&scenario, &sign(&narrow), mutation, selection, input).await), "FORBIDDEN");
        }
        scenario.server.stop().await;
    }
}
