//! Who sees a consent, and what it lets the sender see.

use kim_domain::agency::Role;
use kim_domain::id::{Kind, encode};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign, token};

use super::{PURPOSE, done, given, mutate, to_jobcenter};

on_both! {
    async fn only_the_agency_that_recorded_a_consent_can_find_it(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        let other = token("other", Role::CaseManager);
        let absent = json!(encode(Kind::Consent, Uuid::now_v7()));
        for (mutation, more) in [("withdrawConsent", json!({})), ("renewConsent", json!({"given": given(json!({}))}))] {
            let input = |id: &Value| { let mut input = more.clone(); input["consentId"] = id.clone(); input };
            let of_foreign = mutate(&scenario, &other, mutation, input(&consent["id"])).await;
            let of_absent = mutate(&scenario, &other, mutation, input(&absent)).await;
            assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{of_foreign}");
            assert_eq!(of_foreign, of_absent);
        }
        let foreign_case = mutate(&scenario, &other, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        assert_eq!(foreign_case["errors"][0]["extensions"]["code"], "NOT_FOUND");
        let node = format!("{{ node(id: {}) {{ id }} }}", consent["id"]);
        for token in [&other, &jobcenter()] {
            assert_eq!(scenario.ask(token, &node).await, json!({"node": null}));
        }
        assert_eq!(scenario.ask(&traeger(), &node).await["node"]["id"], consent["id"]);
        for hidden in ["{ referrals { nodes { consent { id } } } }", "{ consentFacts { totalCount } }",
                       "mutation { withdrawConsent(input: {idempotencyKey: \"a\", consentId: \"a\"}) { consent { id } } }"] {
            let answer = scenario.server.ask(&jobcenter(), hidden, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{hidden}: {answer}");
        }
        // A token limited to other purposes, and a token without the scope.
        let mut narrow = claims("traeger", Role::CaseManager);
        narrow["purposes"] = json!(["INTEGRATION_COURSE"]);
        let answer = mutate(&scenario, &sign(&narrow), "withdrawConsent", json!({"consentId": consent["id"]})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
        let mut reading = claims("traeger", Role::Service);
        reading["scope"] = json!("case:read referral:read referral:write");
        let answer = mutate(&scenario, &sign(&reading), "withdrawConsent", json!({"consentId": consent["id"]})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        scenario.server.stop().await;
    }

    async fn a_data_protection_officer_sees_facts_of_consents_and_no_person(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        for number in 0..3 {
            let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
            let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({"reportOutcome": number == 0}))).await;
            if number == 2 {
                done(&scenario, "withdrawConsent", json!({"consentId": consent["id"]})).await;
            }
        }
        let query = "query($after: String) { consentFacts(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { sender { slug } receiver { slug } purpose { code } state dataProtection releaseFromSecrecy releaseOn art9 reportOutcome form validFrom validUntil withdrawnAt } } }";
        let officer = token("traeger", Role::DataProtectionOfficer);
        let first = scenario.server.ask(&officer, query, &json!({})).await;
        let facts = &first["data"]["consentFacts"];
        assert_eq!((&facts["totalCount"], facts["nodes"].as_array().map(Vec::len)), (&json!(3), Some(2)), "{first}");
        assert_eq!(facts["nodes"][0], json!({"sender": {"slug": "traeger"}, "receiver": {"slug": "jobcenter"}, "purpose": {"code": "BENEFIT_APPLICATION"},
            "state": "IN_FORCE", "dataProtection": true, "releaseFromSecrecy": true, "releaseOn": "2026-11-20", "art9": false, "reportOutcome": true,
            "form": "WRITTEN", "validFrom": "2026-11-20", "validUntil": "2027-11-20", "withdrawnAt": null}));
        let second = scenario.server.ask(&officer, query, &json!({"after": facts["pageInfo"]["endCursor"]})).await;
        let last = &second["data"]["consentFacts"]["nodes"];
        assert_eq!((last.as_array().map(Vec::len), &last[0]["state"]), (Some(1), &json!("WITHDRAWN")), "{second}");
        assert!(!first.to_string().contains("Kanari"), "{first}");
        // Another controller's officer sees none of them. For other roles the field does not exist.
        let other = scenario.server.ask(&token("other", Role::DataProtectionOfficer), query, &json!({})).await;
        assert_eq!(other["data"]["consentFacts"]["totalCount"], 0, "{other}");
        for token in [token("jobcenter", Role::DataProtectionOfficer), traeger(), token("traeger", Role::Administrator)] {
            let answer = scenario.server.ask(&token, query, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
        }
        let mut without = claims("traeger", Role::DataProtectionOfficer);
        without["scope"] = json!("agreement:read");
        let answer = scenario.server.ask(&sign(&without), query, &json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        scenario.server.stop().await;
    }

    async fn without_the_clients_permission_the_sender_sees_only_the_status(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let mut shown = Vec::new();
        for tells in [false, true] {
            let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
            let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({"reportOutcome": tells}))).await;
            let draft = scenario.done(&traeger(), "draftReferral",
                json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code(), "fields": ["FAMILY_NAME"]})).await;
            let mut one = scenario.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
            one = scenario.done(&jobcenter(), "acceptReferral", on(&one, json!({}))).await;
            // Version, time and count of events do not reveal an appointment.
            let counts = format!("{{ referral(id: {}) {{ version updatedAt events {{ totalCount }} }} }}", draft["id"]);
            let before = scenario.ask(&traeger(), &counts).await;
            one = scenario.done(&jobcenter(), "recordAppointment", on(&one, json!({"at": "2026-12-01T09:00:00Z", "place": "Raum 12"}))).await;
            assert_eq!(scenario.ask(&traeger(), &counts).await == before, !tells, "{before}");
            one = scenario.done(&jobcenter(), "startReferral", on(&one, json!({}))).await;
            scenario.done(&jobcenter(), "completeReferral", on(&one, json!({"outcome": "APPLICATION_GRANTED"}))).await;
            let query = format!("{{ referral(id: {}) {{ status outcome appointments {{ place }}
                events {{ totalCount nodes {{ action }} }} consent {{ reportOutcome }} }} }}", draft["id"]);
            let of_sender = scenario.ask(&traeger(), &query).await["referral"].clone();
            let events = of_sender["events"]["nodes"].to_string();
            assert_eq!((&of_sender["status"], &of_sender["consent"]["reportOutcome"]), (&json!("COMPLETED"), &json!(tells)));
            assert_eq!(of_sender["outcome"], if tells { json!("APPLICATION_GRANTED") } else { Value::Null });
            assert_eq!(of_sender["appointments"].as_array().map(Vec::len), Some(usize::from(tells)));
            assert_eq!(events.contains("RECORD_APPOINTMENT"), tells, "{events}");
            let feed = kim_entity::change::Entity::find().all(scenario.server.database.database.raw()).await.expect("the feed");
            let of_appointments = |agency: Uuid| feed.iter().filter(|row| row.agency_id == agency && row.kind.0.code() == "APPOINTMENT").count();
            assert_eq!((of_appointments(scenario.jobcenter), of_appointments(scenario.traeger)), (1 + usize::from(tells), usize::from(tells)));
            shown.push((draft["id"].clone(), consent["id"].clone(), query));
        }
        // After a withdrawal the sender no longer sees the outcome.
        let (_, consent, query) = &shown[1];
        done(&scenario, "withdrawConsent", json!({"consentId": consent})).await;
        assert_eq!(scenario.ask(&traeger(), query).await["referral"]["outcome"], Value::Null);
        scenario.server.stop().await;
    }
}
