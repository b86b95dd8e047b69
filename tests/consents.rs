//! Consents over the wire: recorded, renewed and withdrawn by their own agency, and what that does to what rests on them.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::{agency, raw};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::play::{Play, SHOWN, jobcenter, on, traeger};
use crate::support::server::{claims, sign, token};
use crate::support::world::{ConsentSpec, in_days, today};

const PURPOSE: ReferralPurpose = ReferralPurpose::BenefitApplication;

/// What a written consent of an adult says, to be changed.
pub(crate) fn given(change: Value) -> Value {
    let mut given = json!({
        "fields": ["FAMILY_NAME", "GIVEN_NAME", "BIRTH_DATE", "CITY", "PHONE"], "ticked": [],
        "dataProtection": true, "releaseFromSecrecy": true, "form": "WRITTEN", "language": "ARABIC", "interpreter": true,
    });
    given.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    given
}

/// Does something with a consent; the whole answer.
pub(crate) async fn mutate(play: &Play, token: &str, mutation: &str, mut input: Value) -> Value {
    let type_name = mutation[..1].to_uppercase() + &mutation[1..] + "Input";
    let query = format!(
        "mutation($input: {type_name}!) {{ {mutation}(input: $input) {{
            consent {{ id state fields ticked validFrom validUntil releaseOn withdrawnAt renews history {{ step fields staff }} }}
            referrals {{ {SHOWN} }} }} }}"
    );
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(Uuid::now_v7());
    }
    play.server.ask(token, &query, &json!({ "input": input })).await
}

/// Does it, and expects it done; the consent and the referrals that it concerned.
pub(crate) async fn done(play: &Play, mutation: &str, input: Value) -> (Value, Vec<Value>) {
    let answer = mutate(play, &traeger(), mutation, input).await;
    assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
    let payload = &answer["data"][mutation];
    (payload["consent"].clone(), payload["referrals"].as_array().expect("a list").clone())
}

/// Does it, and expects it refused; the code and the fields.
async fn refused(play: &Play, mutation: &str, input: Value) -> (String, Value) {
    let answer = mutate(play, &traeger(), mutation, input).await;
    assert_eq!(answer["data"], json!({ mutation: null }), "{mutation}: {answer}");
    let extensions = &answer["errors"][0]["extensions"];
    (extensions["code"].as_str().expect("a code").to_owned(), extensions["fields"].clone())
}

fn to_jobcenter(play: &Play, case: &str, change: Value) -> Value {
    json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": PURPOSE.code(), "given": given(change)})
}

/// What the Jobcenter sees of a referral's handover.
async fn seen(play: &Play, id: &Value) -> Value {
    let query = format!(
        "{{ referral(id: {id}) {{ status handover {{ familyName birthDate withheld {{ field reason }} }} }} }}"
    );
    play.ask(&jobcenter(), &query).await["referral"].clone()
}

on_both! {
    async fn a_recorded_consent_lets_drafts_go_out_and_a_withdrawn_one_closes_them(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        let draft = play.done(&traeger(), "draftReferral",
            json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": PURPOSE.code(), "fields": ["FAMILY_NAME", "BIRTH_DATE", "PHONE"]})).await;
        assert_eq!(play.refused(&traeger(), "offerReferral", on(&draft, json!({}))).await, "NO_LEGAL_GROUND");

        let (consent, referrals) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        assert_eq!((&consent["state"], &consent["validUntil"]), (&json!("IN_FORCE"), &json!("2027-11-20")), "twelve months");
        assert_eq!(consent["releaseOn"], json!("2026-11-20"));
        assert_eq!(consent["history"][0]["step"], "RECORDED");
        assert_eq!(consent["history"][0]["staff"], "test-person");
        assert_eq!((referrals.len(), &referrals[0]["id"]), (1, &draft["id"]));
        let again = refused(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        assert_eq!(again.0, "ACTION_NOT_ALLOWED", "there is one already");

        let offered = play.done(&traeger(), "offerReferral", on(&referrals[0], json!({}))).await;
        assert!(seen(&play, &draft["id"]).await["handover"]["familyName"].is_string());

        let id = &consent["id"];
        let (withdrawn, referrals) = done(&play, "withdrawConsent", json!({"consentId": id})).await;
        assert_eq!(withdrawn["state"], "WITHDRAWN");
        assert!(withdrawn["withdrawnAt"].is_string());
        assert_eq!(referrals[0]["status"], "SUSPENDED");
        let after = seen(&play, &draft["id"]).await;
        assert_eq!((&after["status"], &after["handover"]["familyName"]), (&json!("SUSPENDED"), &Value::Null));
        assert_eq!(after["handover"]["withheld"][0]["reason"], "CLOSED");
        assert_eq!(refused(&play, "withdrawConsent", json!({"consentId": id})).await.0, "ILLEGAL_TRANSITION");

        let renewed = json!({"consentId": id, "given": given(json!({"validUntil": in_days(30)}))});
        let (renewal, referrals) = done(&play, "renewConsent", renewed.clone()).await;
        assert_eq!((&renewal["renews"], &renewal["validUntil"]), (id, &json!(in_days(30))));
        assert_eq!((&referrals[0]["status"], &referrals[0]["dueOn"]), (&json!("OFFERED"), &offered["dueOn"]));
        assert!(seen(&play, &draft["id"]).await["handover"]["familyName"].is_string());
        assert_eq!(refused(&play, "renewConsent", renewed).await.0, "ILLEGAL_TRANSITION", "only once");
        let listed = play.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ consents {{ id state receiver {{ slug }} history {{ step }} }} }} }}")).await;
        assert_eq!(listed["case"]["consents"], json!([
            {"id": renewal["id"], "state": "IN_FORCE", "receiver": {"slug": "jobcenter"}, "history": [{"step": "RECORDED"}]},
            {"id": id, "state": "WITHDRAWN", "receiver": {"slug": "jobcenter"},
             "history": [{"step": "RECORDED"}, {"step": "WITHDRAWN"}, {"step": "RENEWED"}]}]));
        play.server.stop().await;
    }

    async fn a_part_that_is_withdrawn_closes_those_fields_and_no_others(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({"ticked": ["CHILDCARE_NEEDED"]}))).await;
        let draft = play.done(&traeger(), "draftReferral",
            json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": PURPOSE.code(), "fields": ["FAMILY_NAME", "BIRTH_DATE"]})).await;
        play.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
        let id = &consent["id"];
        let foreign = refused(&play, "withdrawConsent", json!({"consentId": id, "fields": ["STREET"]})).await;
        assert_eq!(foreign, ("BAD_INPUT".to_owned(), json!(["STREET"])));
        assert_eq!(refused(&play, "withdrawConsent", json!({"consentId": id, "fields": []})).await.0, "BAD_INPUT");

        let (part, referrals) = done(&play, "withdrawConsent", json!({"consentId": id, "fields": ["BIRTH_DATE", "CHILDCARE_NEEDED"]})).await;
        assert_eq!((&part["state"], &part["ticked"]), (&json!("IN_FORCE"), &json!([])));
        assert_eq!(part["history"][1]["step"], "WITHDRAWN_IN_PART");
        assert_eq!(part["history"][1]["fields"], json!(["BIRTH_DATE", "CHILDCARE_NEEDED"]));
        assert_eq!((referrals.len(), &referrals[0]["status"]), (1, &json!("OFFERED")));
        let after = seen(&play, &draft["id"]).await;
        assert!(after["handover"]["familyName"].is_string(), "{after}");
        assert_eq!(after["handover"]["birthDate"], Value::Null, "{after}");
        assert!(after["handover"]["withheld"].as_array().expect("a list").contains(&json!({"field": "BIRTH_DATE", "reason": "NOT_OFFERED"})), "what was ticked is the sender's");

        // The last field that was offered takes the ground with it, though the consent has others.
        let (part, referrals) = done(&play, "withdrawConsent", json!({"consentId": id, "fields": ["FAMILY_NAME"]})).await;
        assert_eq!((&part["state"], &referrals[0]["status"]), (&json!("IN_FORCE"), &json!("SUSPENDED")));
        // What takes the last field is a withdrawal of all of it.
        let (all, _) = done(&play, "withdrawConsent", json!({"consentId": id, "fields": ["GIVEN_NAME", "CITY", "PHONE"]})).await;
        assert_eq!(all["state"], "WITHDRAWN");
        play.server.stop().await;
    }

    async fn what_is_withdrawn_is_not_found_again_in_an_older_paper(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, Some(ConsentSpec::whole())).await;
        let old = play.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ consents {{ id }} }} }}")).await["case"]["consents"][0]["id"].clone();
        let (new, _) = done(&play, "renewConsent", json!({"consentId": old, "given": given(json!({}))})).await;
        done(&play, "withdrawConsent", json!({"consentId": new["id"]})).await;
        let states = play.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ consents {{ state }} }} }}")).await;
        assert_eq!(states["case"]["consents"], json!([{"state": "WITHDRAWN"}, {"state": "WITHDRAWN"}]));
        let draft = play.done(&traeger(), "draftReferral",
            json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": PURPOSE.code()})).await;
        assert_eq!(play.refused(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await, "NO_LEGAL_GROUND");
        // A client who consents anew after that is recorded anew.
        let (_, referrals) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        assert_eq!(referrals[0]["id"], draft["id"]);
        play.server.stop().await;
    }

    async fn a_consent_with_less_closes_what_it_no_longer_carries(db: TestDatabase) {
        let play = Play::begin(db).await;
        let offered = play.offered().await;
        assert!(seen(&play, &offered["id"]).await["handover"]["birthDate"].is_string());
        let consent = play.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id state }} }} }}", offered["id"])).await;
        let id = &consent["referral"]["consent"]["id"];
        let (_, referrals) = done(&play, "renewConsent", json!({"consentId": id, "given": given(json!({"fields": ["FAMILY_NAME"]}))})).await;
        assert_eq!(referrals[0]["status"], "OFFERED");
        let after = seen(&play, &offered["id"]).await;
        assert!(after["handover"]["familyName"].is_string() && after["handover"]["birthDate"].is_null(), "{after}");
        // Without the release a Träger that is bound by § 203 StGB hands nothing over.
        let newer = play.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"])).await["referral"]["consent"]["id"].clone();
        let (_, referrals) = done(&play, "renewConsent", json!({"consentId": newer, "given": given(json!({"releaseFromSecrecy": false}))})).await;
        assert_eq!(referrals[0]["status"], "SUSPENDED");
        play.server.stop().await;
    }

    async fn what_is_no_consent_is_not_recorded(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        for (change, fields) in [
            (json!({"fields": ["FAMILY_NAME", "CHILDCARE_NEEDED"]}), json!(["CHILDCARE_NEEDED"])),
            (json!({"ticked": ["TARGET_GROUP"], "art9": true}), json!(["TARGET_GROUP"])),
            (json!({"dataProtection": false, "releaseFromSecrecy": false}), Value::Null),
            (json!({"form": "ORAL"}), Value::Null),
            (json!({"validFrom": in_days(1)}), Value::Null),
            (json!({"validUntil": in_days(-1)}), Value::Null),
            (json!({"validUntil": in_days(800)}), Value::Null),
            (json!({"scanSha256": "12"}), Value::Null),
            (json!({"witness": "Nummer 12345BG0123456"}), Value::Null),
            (json!({"fields": []}), Value::Null),
        ] {
            let answer = refused(&play, "recordConsent", to_jobcenter(&play, &case, change.clone())).await;
            assert_eq!(answer, ("BAD_INPUT".to_owned(), fields), "{change}");
        }
        let oral = json!({"form": "ORAL", "formReason": "kann nicht schreiben", "witness": "Frau Beispiel", "scanSha256": "AB".repeat(32)});
        let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, oral)).await;
        let facts = play.ask(&traeger(), &format!("{{ node(id: {}) {{ ... on Consent {{ form formReason witness scanSha256 language interpreter guardian understands staff dataProtection }} }} }}", consent["id"])).await;
        assert_eq!(facts["node"], json!({"form": "ORAL", "formReason": "kann nicht schreiben", "witness": "Frau Beispiel",
            "scanSha256": "ab".repeat(32), "language": "ARABIC", "interpreter": true, "guardian": null, "understands": false,
            "staff": "test-person", "dataProtection": true}));
        play.server.stop().await;
    }

    async fn a_minor_s_consent_names_a_guardian_or_that_the_client_understands(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        let main = play.server.database.database.raw();
        let client = raw::persons(main).await.expect("persons").pop().expect("a client");
        let born = |day: &str| [(HandoverField::BirthDate, Some(day.to_owned()))];
        raw::update_person(main, &client, &born("2010-01-01")).await.expect("a minor");
        assert_eq!(refused(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await.0, "BAD_INPUT");
        let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({"guardian": "Mutter"}))).await;
        let (consent, _) = done(&play, "renewConsent", json!({"consentId": consent["id"], "given": given(json!({"understands": true}))})).await;
        // A child of three understands nothing of it, whoever says so.
        raw::update_person(main, &client, &born("2023-01-01")).await.expect("a child");
        let alone = json!({"consentId": consent["id"], "given": given(json!({"understands": true}))});
        assert_eq!(refused(&play, "renewConsent", alone).await.0, "BAD_INPUT");
        done(&play, "renewConsent", json!({"consentId": consent["id"], "given": given(json!({"guardian": "Mutter"}))})).await;
        play.server.stop().await;
    }

    async fn from_a_closed_case_nothing_is_consented_to_any_more(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        let close = "mutation($input: CloseCaseInput!) { closeCase(input: $input) { case { closedOn } } }";
        let input = json!({"input": {"idempotencyKey": "close", "caseId": case, "expectedVersion": 1, "reason": "GOALS_REACHED"}});
        let closed = play.server.ask(&traeger(), close, &input).await;
        assert_eq!(closed["errors"], Value::Null, "{closed}");
        let renewal = json!({"consentId": consent["id"], "given": given(json!({}))});
        assert_eq!(refused(&play, "renewConsent", renewal).await.0, "ACTION_NOT_ALLOWED");
        assert_eq!(refused(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await.0, "ACTION_NOT_ALLOWED");
        done(&play, "withdrawConsent", json!({"consentId": consent["id"]})).await;
        play.server.stop().await;
    }

    async fn nobody_else_finds_a_consent(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        let other = token("other", Role::CaseManager);
        let absent = json!(encode(Kind::Consent, Uuid::now_v7()));
        for (mutation, more) in [("withdrawConsent", json!({})), ("renewConsent", json!({"given": given(json!({}))}))] {
            let input = |id: &Value| { let mut input = more.clone(); input["consentId"] = id.clone(); input };
            let of_foreign = mutate(&play, &other, mutation, input(&consent["id"])).await;
            let of_absent = mutate(&play, &other, mutation, input(&absent)).await;
            assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{of_foreign}");
            assert_eq!(of_foreign, of_absent);
        }
        let foreign_case = mutate(&play, &other, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        assert_eq!(foreign_case["errors"][0]["extensions"]["code"], "NOT_FOUND");
        let node = format!("{{ node(id: {}) {{ id }} }}", consent["id"]);
        for token in [&other, &jobcenter()] {
            assert_eq!(play.ask(token, &node).await, json!({"node": null}));
        }
        assert_eq!(play.ask(&traeger(), &node).await["node"]["id"], consent["id"]);
        for hidden in ["{ referrals { nodes { consent { id } } } }", "{ consentFacts { totalCount } }",
                       "mutation { withdrawConsent(input: {idempotencyKey: \"a\", consentId: \"a\"}) { consent { id } } }"] {
            let answer = play.server.ask(&jobcenter(), hidden, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{hidden}: {answer}");
        }
        // A token that is limited to purposes, and one without the scope.
        let mut narrow = claims("traeger", Role::CaseManager);
        narrow["purposes"] = json!(["INTEGRATION_COURSE"]);
        let answer = mutate(&play, &sign(&narrow), "withdrawConsent", json!({"consentId": consent["id"]})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
        let mut reading = claims("traeger", Role::Service);
        reading["scope"] = json!("case:read referral:read referral:write");
        let answer = mutate(&play, &sign(&reading), "withdrawConsent", json!({"consentId": consent["id"]})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        play.server.stop().await;
    }

    async fn a_data_protection_officer_sees_facts_and_nobody_behind_them(db: TestDatabase) {
        let play = Play::begin(db).await;
        for number in 0..3 {
            let case = play.case(play.jobcenter, PURPOSE, None).await;
            let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({"reportOutcome": number == 0}))).await;
            if number == 2 {
                done(&play, "withdrawConsent", json!({"consentId": consent["id"]})).await;
            }
        }
        let query = "query($after: String) { consentFacts(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { sender { slug } receiver { slug } purpose { code } state dataProtection releaseFromSecrecy releaseOn art9 reportOutcome form validFrom validUntil withdrawnAt } } }";
        let officer = token("traeger", Role::DataProtectionOfficer);
        let first = play.server.ask(&officer, query, &json!({})).await;
        let facts = &first["data"]["consentFacts"];
        assert_eq!((&facts["totalCount"], facts["nodes"].as_array().map(Vec::len)), (&json!(3), Some(2)), "{first}");
        assert_eq!(facts["nodes"][0], json!({"sender": {"slug": "traeger"}, "receiver": {"slug": "jobcenter"}, "purpose": {"code": "BENEFIT_APPLICATION"},
            "state": "IN_FORCE", "dataProtection": true, "releaseFromSecrecy": true, "releaseOn": "2026-11-20", "art9": false, "reportOutcome": true,
            "form": "WRITTEN", "validFrom": "2026-11-20", "validUntil": "2027-11-20", "withdrawnAt": null}));
        let second = play.server.ask(&officer, query, &json!({"after": facts["pageInfo"]["endCursor"]})).await;
        let last = &second["data"]["consentFacts"]["nodes"];
        assert_eq!((last.as_array().map(Vec::len), &last[0]["state"]), (Some(1), &json!("WITHDRAWN")), "{second}");
        assert!(!first.to_string().contains("Kanari"), "{first}");
        // Another controller's officer sees nothing of it, and nobody else has the word.
        let other = play.server.ask(&token("other", Role::DataProtectionOfficer), query, &json!({})).await;
        assert_eq!(other["data"]["consentFacts"]["totalCount"], 0, "{other}");
        for token in [token("jobcenter", Role::DataProtectionOfficer), traeger(), token("traeger", Role::Administrator)] {
            let answer = play.server.ask(&token, query, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
        }
        let mut without = claims("traeger", Role::DataProtectionOfficer);
        without["scope"] = json!("agreement:read");
        let answer = play.server.ask(&sign(&without), query, &json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        play.server.stop().await;
    }

    async fn the_client_takes_home_who_may_see_what_until_when(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        let query = format!("{{ case(id: \"{case}\") {{ consentReceipt {{ issuedOn german plain
            permits {{ receiver {{ slug }} purpose {{ code }} plainPurpose validUntil releaseFromSecrecy reportOutcome items {{ field label plain }} }} }} }} }}");
        let nothing = play.ask(&traeger(), &query).await["case"]["consentReceipt"].clone();
        assert_eq!(nothing["permits"], json!([]));
        assert!(nothing["plain"].as_str().expect("a text").contains("Im Moment bleibt alles bei uns."), "{nothing}");

        let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({"fields": ["FAMILY_NAME"], "ticked": ["CHILDCARE_NEEDED"], "reportOutcome": true}))).await;
        let receipt = play.ask(&traeger(), &query).await["case"]["consentReceipt"].clone();
        assert_eq!(receipt["issuedOn"], "2026-11-20");
        assert_eq!(receipt["permits"], json!([{"receiver": {"slug": "jobcenter"}, "purpose": {"code": "BENEFIT_APPLICATION"}, "plainPurpose": "Geld vom Job-Center",
            "validUntil": "2027-11-20", "releaseFromSecrecy": true, "reportOutcome": true, "items": [
                {"field": "FAMILY_NAME", "label": "Familienname", "plain": "Ihr Nach-Name"},
                {"field": "CHILDCARE_NEEDED", "label": "Kinderbetreuung nötig", "plain": "Ob jemand auf Ihre Kinder aufpassen soll"}]}]));
        let german = receipt["german"].as_str().expect("a text");
        assert!(german.contains("Stelle jobcenter") && german.contains("bis 20.11.2027") && german.contains("Familienname, Kinderbetreuung nötig"), "{german}");
        let plain = receipt["plain"].as_str().expect("a text");
        assert!(plain.contains("- Ihr Nach-Name\n") && plain.contains("Das gilt bis zum 20. November 2027."), "{plain}");

        // What carries nothing permits nothing: withdrawn, or without the release that this Träger needs.
        let without = json!({"consentId": consent["id"], "given": given(json!({"releaseFromSecrecy": false}))});
        done(&play, "renewConsent", without).await;
        assert_eq!(play.ask(&traeger(), &query).await["case"]["consentReceipt"]["permits"], json!([]));
        play.server.stop().await;
    }

    async fn what_a_token_for_some_purposes_takes_home_says_that_it_is_a_part(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = play.case(play.jobcenter, PURPOSE, None).await;
        done(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        let query = format!("{{ case(id: \"{case}\") {{ consentReceipt {{ complete german plain permits {{ purpose {{ code }} }} }} }} }}");
        let mut narrow = claims("traeger", Role::CaseManager);
        narrow["purposes"] = json!(["INTEGRATION_COURSE"]);
        let part = play.ask(&sign(&narrow), &query).await["case"]["consentReceipt"].clone();
        assert_eq!((&part["complete"], &part["permits"]), (&json!(false), &json!([])));
        let (german, plain) = (part["german"].as_str().expect("a text"), part["plain"].as_str().expect("a text"));
        assert!(german.contains("Dies ist ein Auszug.") && german.contains("Integrationskurs"), "{german}");
        assert!(!german.contains("Zurzeit darf keine andere Stelle") && !plain.contains("Im Moment bleibt alles bei uns"), "{german} {plain}");
        let whole = play.ask(&traeger(), &query).await["case"]["consentReceipt"].clone();
        assert_eq!((&whole["complete"], whole["permits"].as_array().map(Vec::len)), (&json!(true), Some(1)));
        play.server.stop().await;
    }

    async fn without_the_client_s_leave_the_sender_learns_the_status_and_no_more(db: TestDatabase) {
        let play = Play::begin(db).await;
        let mut shown = Vec::new();
        for tells in [false, true] {
            let case = play.case(play.jobcenter, PURPOSE, None).await;
            let (consent, _) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({"reportOutcome": tells}))).await;
            let draft = play.done(&traeger(), "draftReferral",
                json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": PURPOSE.code(), "fields": ["FAMILY_NAME"]})).await;
            let mut one = play.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
            one = play.done(&jobcenter(), "acceptReferral", on(&one, json!({}))).await;
            // Nor does anything that counts tell of an appointment: neither version nor instant.
            let counts = format!("{{ referral(id: {}) {{ version updatedAt events {{ totalCount }} }} }}", draft["id"]);
            let before = play.ask(&traeger(), &counts).await;
            one = play.done(&jobcenter(), "recordAppointment", on(&one, json!({"at": "2026-12-01T09:00:00Z", "place": "Raum 12"}))).await;
            assert_eq!(play.ask(&traeger(), &counts).await == before, !tells, "{before}");
            one = play.done(&jobcenter(), "startReferral", on(&one, json!({}))).await;
            play.done(&jobcenter(), "completeReferral", on(&one, json!({"outcome": "APPLICATION_GRANTED"}))).await;
            let query = format!("{{ referral(id: {}) {{ status outcome appointments {{ place }}
                events {{ totalCount nodes {{ action }} }} consent {{ reportOutcome }} }} }}", draft["id"]);
            let of_sender = play.ask(&traeger(), &query).await["referral"].clone();
            let events = of_sender["events"]["nodes"].to_string();
            assert_eq!((&of_sender["status"], &of_sender["consent"]["reportOutcome"]), (&json!("COMPLETED"), &json!(tells)));
            assert_eq!(of_sender["outcome"], if tells { json!("APPLICATION_GRANTED") } else { Value::Null });
            assert_eq!(of_sender["appointments"].as_array().map(Vec::len), Some(usize::from(tells)));
            assert_eq!(events.contains("RECORD_APPOINTMENT"), tells, "{events}");
            let feed = kim_entity::change::Entity::find().all(play.server.database.database.raw()).await.expect("the feed");
            let of_appointments = |agency: Uuid| feed.iter().filter(|row| row.agency_id == agency && row.kind.0.code() == "APPOINTMENT").count();
            assert_eq!((of_appointments(play.jobcenter), of_appointments(play.traeger)), (1 + usize::from(tells), usize::from(tells)));
            shown.push((draft["id"].clone(), consent["id"].clone(), query));
        }
        // A withdrawal ends the telling too.
        let (_, consent, query) = &shown[1];
        done(&play, "withdrawConsent", json!({"consentId": consent})).await;
        assert_eq!(play.ask(&traeger(), query).await["referral"]["outcome"], Value::Null);
        play.server.stop().await;
    }

    async fn a_repeated_withdrawal_is_told_the_same_and_changes_nothing(db: TestDatabase) {
        let play = Play::begin(db).await;
        let offered = play.offered().await;
        let consent = play.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"])).await["referral"]["consent"]["id"].clone();
        let input = json!({"consentId": consent, "idempotencyKey": "once"});
        let first = done(&play, "withdrawConsent", input.clone()).await;
        assert_eq!(done(&play, "withdrawConsent", input).await, first);
        let closings = agency::Entity::find_by_id(play.jobcenter).one(play.server.database.database.raw()).await.expect("a database");
        assert_eq!(closings.map(|row| row.closings), Some(1));
        play.server.stop().await;
    }

    async fn a_consent_that_has_ended_is_followed_by_a_new_one(db: TestDatabase) {
        let play = Play::begin(db).await;
        let spec = ConsentSpec { until: Some(in_days(-1)), ..ConsentSpec::whole() };
        let draft = play.draft(Some(spec)).await;
        let case = play.ask(&traeger(), &format!("{{ referral(id: {}) {{ case {{ id consents {{ state }} }} }} }}", draft["id"])).await["referral"]["case"].clone();
        assert_eq!(case["consents"], json!([{"state": "ENDED"}]));
        let case = case["id"].as_str().expect("an id").to_owned();
        let (_, referrals) = done(&play, "recordConsent", to_jobcenter(&play, &case, json!({}))).await;
        assert_eq!(referrals.len(), 1);
        let fields = json!({"fields": ["FAMILY_NAME"]});
        assert_eq!(play.done(&traeger(), "offerReferral", on(&referrals[0], fields)).await["status"], "OFFERED");
        play.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_reveals_a_disability_is_explicit_and_written() {
    let db = crate::support::database::fresh(crate::support::database::Backend::Sqlite).await;
    let office = crate::support::world::add_agency;
    crate::support::world::add_municipality(db.database.raw(), "05315000").await;
    let receiver = office(db.database.raw(), "05315000", "egh", AgencyKind::Eingliederungshilfe).await;
    let play = Play::begin_on(db, Clock::on(today())).await;
    let purpose = ReferralPurpose::ParticipationSupport;
    let case = play.case(receiver, purpose, None).await;
    let input = |change: Value| json!({"caseId": case, "receiverId": encode(Kind::Agency, receiver), "purpose": purpose.code(), "given": given(change)});
    assert_eq!(refused(&play, "recordConsent", input(json!({}))).await.0, "BAD_INPUT");
    let oral = json!({"art9": true, "form": "ORAL", "formReason": "a", "witness": "b"});
    assert_eq!(refused(&play, "recordConsent", input(oral)).await.0, "BAD_INPUT");
    done(&play, "recordConsent", input(json!({"art9": true, "ticked": ["DISABILITY"], "form": "ELECTRONIC"}))).await;
    play.server.stop().await;
}
