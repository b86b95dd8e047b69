//! The life of a referral over HTTP: every move, who may make it, and what each side sees.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{SHOWN, Scenario, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::{ConsentSpec, add_agency, in_days};

fn actions(referral: &Value) -> Vec<&str> {
    referral["availableActions"].as_array().expect("a list").iter().map(|one| one.as_str().expect("a word")).collect()
}

on_both! {
    async fn a_referral_goes_from_draft_through_a_question_to_an_outcome(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let draft = scenario.draft(Some(ConsentSpec::whole())).await;
        assert_eq!((&draft["status"], &draft["version"]), (&json!("DRAFT"), &json!(1)));
        assert_eq!(actions(&draft), ["OFFER", "DISCARD", "CHANGE_HANDOVER"]);
        let one = |id: &Value| format!("{{ referral(id: {id}) {{ status handover {{ familyName }} }} }}");
        assert_eq!(scenario.ask(&jobcenter(), &one(&draft["id"])).await, json!({"referral": null}), "a draft is its sender's");

        assert_eq!(scenario.refused(&traeger(), "offerReferral", on(&draft, json!({}))).await, "BAD_INPUT", "§ 87 AufenthG");
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        assert_eq!((&offered["status"], &offered["ballWith"]["slug"]), (&json!("OFFERED"), &json!("jobcenter")));
        // Ten working days without a public holiday.
        assert_eq!(offered["dueOn"], json!("2026-12-04"));
        assert_eq!(scenario.ask(&jobcenter(), &one(&draft["id"])).await["referral"]["status"], "OFFERED");

        let list = scenario.ask(&jobcenter(), "{ referrals(filter: {pending: true}) { nodes { id version availableActions } } }").await;
        let seen = &list["referrals"]["nodes"][0];
        assert_eq!(actions(seen), ["ACKNOWLEDGE", "ACCEPT", "DECLINE", "FORWARD", "REQUEST_INFORMATION", "POST_MESSAGE",
            "RECORD_APPOINTMENT", "RECORD_TALK", "REPORT_WRONG_VALUE"]);
        let asked = scenario.done(&jobcenter(), "requestInformation", on(seen, json!({"question": "Seit wann?"}))).await;
        assert_eq!((&asked["status"], &asked["ballWith"]["slug"]), (&json!("INFO_REQUESTED"), &json!("traeger")));
        let answered = scenario.done(&traeger(), "answerInformation", on(&asked, json!({"answer": "Seit Mai."}))).await;
        assert_eq!((&answered["status"], &answered["dueOn"]), (&json!("OFFERED"), &json!("2026-12-04")), "the due date continued");

        let input = json!({"ownReference": "JC-7", "contact": {"name": "Frau Beispiel"}});
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&answered, input)).await;
        assert_eq!((&accepted["status"], &accepted["dueOn"]), (&json!("ACCEPTED"), &Value::Null));
        let started = scenario.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        let appointment = json!({"at": "2026-12-01T09:00:00Z", "place": "Raum 12", "bring": "Pass"});
        let met = scenario.done(&jobcenter(), "recordAppointment", on(&started, appointment)).await;
        let completed = scenario.done(&jobcenter(), "completeReferral", on(&met, json!({"outcome": "APPLICATION_GRANTED"}))).await;
        assert_eq!((&completed["status"], actions(&completed)), (&json!("COMPLETED"), vec![]));

        let id = &draft["id"];
        let history = format!("{{ referral(id: {id}) {{ ownReference receiverContact {{ name }} outcome appointments {{ place }}
            messages {{ nodes {{ text author {{ slug }} }} }}
            events {{ nodes {{ fromStatus toStatus action agency {{ slug }} staff }} }} }} }}");
        let of_receiver = &scenario.ask(&jobcenter(), &history).await["referral"];
        assert_eq!((&of_receiver["ownReference"], &of_receiver["outcome"]), (&json!("JC-7"), &json!("APPLICATION_GRANTED")));
        assert_eq!(of_receiver["messages"]["nodes"], json!([
            {"text": "Seit wann?", "author": {"slug": "jobcenter"}}, {"text": "Seit Mai.", "author": {"slug": "traeger"}}]));
        let moves: Vec<_> = of_receiver["events"]["nodes"].as_array().expect("a list").iter()
            .map(|event| (event["action"].as_str().expect("an action"), event["toStatus"].as_str().expect("a state"))).collect();
        assert_eq!(moves, [("OFFER", "OFFERED"), ("REQUEST_INFORMATION", "INFO_REQUESTED"), ("ANSWER_INFORMATION", "OFFERED"),
            ("ACKNOWLEDGE", "ACKNOWLEDGED"), ("ACCEPT", "ACCEPTED"), ("START", "IN_PROGRESS"), ("RECORD_APPOINTMENT", "IN_PROGRESS"),
            ("COMPLETE", "COMPLETED")]);
        assert_eq!(of_receiver["events"]["nodes"][0]["staff"], Value::Null, "the other side's staff");
        let of_sender = &scenario.ask(&traeger(), &history).await["referral"];
        assert_eq!(of_sender["receiverContact"]["name"], "Frau Beispiel");
        assert_eq!((&of_sender["outcome"], &of_sender["appointments"]), (&Value::Null, &json!([])), "the client did not permit it");
        assert_eq!(of_sender["ownReference"], Value::Null, "the other side's file number");

        let foreign = token("other", Role::CaseManager);
        for query in [one(id), history] {
            assert_eq!(scenario.ask(&foreign, &query).await, json!({"referral": null}));
        }
        scenario.server.stop().await;
    }

    async fn an_agency_that_is_no_party_gets_the_same_answer_as_for_a_missing_referral(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let foreign = [token("other", Role::CaseManager), token("abh", Role::Clerk)];
        let absent = json!({"id": encode(Kind::Referral, Uuid::now_v7()), "version": 1});
        for (mutation, more) in [
            ("acceptReferral", json!({})), ("declineReferral", json!({"reason": "NO_CAPACITY"})), ("acknowledgeReferral", json!({})),
            ("startReferral", json!({})), ("completeReferral", json!({"outcome": "OTHER"})), ("failReferral", json!({"reason": "OTHER"})),
            ("returnReferral", json!({"reason": "OTHER"})), ("postMessage", json!({"text": "a"})),
            ("requestInformation", json!({"question": "a"})), ("recordTalk", json!({"heldOn": in_days(0), "participants": ["a"], "clientTookPart": true})),
            ("recordAppointment", json!({"at": "2026-12-01T09:00:00Z", "place": "a"})),
            ("forwardReferral", json!({"toAgencyId": encode(Kind::Agency, scenario.abh), "purpose": "TITLE_EXTENSION"})),
        ] {
            for token in &foreign {
                let of_foreign = scenario.mutate(token, mutation, on(&offered, more.clone())).await;
                let of_absent = scenario.mutate(token, mutation, on(&absent, more.clone())).await;
                assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{mutation}: {of_foreign}");
                assert_eq!(of_foreign, of_absent, "{mutation}");
            }
        }
        let mut tried = vec![("offerReferral", json!({})), ("withdrawReferral", json!({"reason": "MOVED"})), ("changeHandover", json!({})),
            ("answerInformation", json!({"answer": "a"})), ("discardReferral", json!({})), ("offerAgain", json!({}))];
        for (mutation, more) in tried.drain(..) {
            let of_foreign = scenario.mutate(&foreign[0], mutation, on(&offered, more.clone())).await;
            let of_absent = scenario.mutate(&foreign[0], mutation, on(&absent, more)).await;
            assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{mutation}: {of_foreign}");
            assert_eq!(of_foreign, of_absent, "{mutation}");
        }
        scenario.server.stop().await;
    }

    async fn only_the_receiver_answers_and_only_from_permitted_states(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        assert_eq!(scenario.refused(&traeger(), "acceptReferral", on(&offered, json!({}))).await, "ACTION_NOT_ALLOWED");
        assert_eq!(scenario.refused(&traeger(), "declineReferral", on(&offered, json!({"reason": "OTHER"}))).await, "ACTION_NOT_ALLOWED");
        for (mutation, more) in [("startReferral", json!({})), ("completeReferral", json!({"outcome": "OTHER"})), ("returnReferral", json!({"reason": "OTHER"}))] {
            assert_eq!(scenario.refused(&jobcenter(), mutation, on(&offered, more)).await, "ILLEGAL_TRANSITION", "{mutation}");
        }
        let stale = json!({"id": offered["id"], "version": 1});
        let answer = scenario.mutate(&jobcenter(), "acceptReferral", on(&stale, json!({}))).await;
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "CONFLICT", "version": offered["version"]}), "{answer}");
        let declined = scenario.done(&jobcenter(), "declineReferral", on(&offered, json!({"reason": "NOT_COMPETENT"}))).await;
        assert_eq!(declined["status"], "DECLINED");
        let seen = scenario.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ declineReason handover {{ familyName withheld {{ reason }} }} }} }}", offered["id"])).await;
        assert_eq!((&seen["referral"]["declineReason"], &seen["referral"]["handover"]["familyName"]), (&json!("NOT_COMPETENT"), &Value::Null));
        assert_eq!(seen["referral"]["handover"]["withheld"][0]["reason"], "CLOSED");

        let again = scenario.done(&traeger(), "offerAgain", on(&declined, json!({"acknowledgeReportingDuty": true}))).await;
        assert_eq!(again["status"], "OFFERED");
        assert_ne!(again["id"], declined["id"]);
        let withdrawn = scenario.done(&traeger(), "withdrawReferral", on(&again, json!({"reason": "CLIENT_WISH"}))).await;
        assert_eq!((&withdrawn["status"], actions(&withdrawn)), (&json!("WITHDRAWN"), vec!["OFFER_AGAIN"]));
        scenario.server.stop().await;
    }

    async fn an_ended_referral_is_offered_again_only_once(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let declined = scenario.done(&jobcenter(), "declineReferral", on(&offered, json!({"reason": "NO_CAPACITY"}))).await;
        let current = async || {
            let seen = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ {SHOWN} }} }}", declined["id"])).await;
            seen["referral"].clone()
        };
        let declined = current().await;
        assert_eq!(actions(&declined), ["OFFER_AGAIN"]);
        // Two colleagues with the same version send simultaneous requests.
        let again = || json!({"acknowledgeReportingDuty": true});
        let (token, input) = (traeger(), on(&declined, again()));
        let (one, other) = tokio::join!(scenario.mutate(&token, "offerAgain", input.clone()), scenario.mutate(&token, "offerAgain", input));
        let won: Vec<_> = [&one, &other].into_iter().filter(|answer| answer["errors"].is_null()).collect();
        assert_eq!(won.len(), 1, "{one} {other}");
        let lost = [&one, &other].into_iter().find(|answer| !answer["errors"].is_null()).expect("the other");
        assert_eq!(lost["errors"][0]["extensions"], json!({"code": "CONFLICT", "version": 4}), "{lost}");

        let seen = current().await;
        assert_eq!((actions(&seen), &seen["version"]), (vec![], &json!(4)));
        assert_eq!(scenario.refused(&traeger(), "offerAgain", on(&seen, again())).await, "ILLEGAL_TRANSITION", "another referral continues it");
        // The new referral can be offered again when it has ended.
        let second = &won[0]["data"]["offerAgain"]["referral"];
        let withdrawn = scenario.done(&traeger(), "withdrawReferral", on(second, json!({"reason": "CLIENT_WISH"}))).await;
        assert_eq!(actions(&withdrawn), ["OFFER_AGAIN"]);
        assert_eq!(scenario.done(&traeger(), "offerAgain", on(&withdrawn, again())).await["status"], "OFFERED");
        assert_eq!(scenario.refused(&traeger(), "offerAgain", on(&seen, again())).await, "ILLEGAL_TRANSITION");
        scenario.server.stop().await;
    }

    async fn a_receiver_that_is_not_competent_for_an_application_must_forward_it(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let sozialamt = add_agency(scenario.server.database.database.raw(), "05315000", "sozialamt", AgencyKind::Sozialamt).await;
        let (question, not_competent) = (json!({"question": "Wo gemeldet?"}), || json!({"reason": "NOT_COMPETENT"}));
        let steps = [
            (vec![], "declineReferral"),
            (vec![("requestInformation", question.clone())], "declineReferral"),
            (vec![("acceptReferral", json!({}))], "returnReferral"),
            (vec![("acceptReferral", json!({})), ("startReferral", json!({})), ("requestInformation", question)], "returnReferral"),
        ];
        for (carries_application, (steps, mutation)) in [true, false].into_iter().flat_map(|one| steps.iter().map(move |steps| (one, steps))) {
            let purpose = ReferralPurpose::BenefitApplication;
            let case = scenario.case(scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
            let input = json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": purpose.code(), "carriesApplication": carries_application});
            let draft = scenario.done(&traeger(), "draftReferral", input).await;
            let mut now = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
            for (step, input) in steps {
                now = scenario.done(&jobcenter(), step, on(&now, input.clone())).await;
            }
            let accepted = *mutation == "returnReferral";
            let seen = scenario.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ {SHOWN} }} }}", now["id"])).await;
            let now = seen["referral"].clone();
            assert_eq!(actions(&now).contains(&"FORWARD"), carries_application || !accepted, "{now}");
            let forward = json!({"toAgencyId": encode(Kind::Agency, sozialamt), "purpose": "SOCIAL_ASSISTANCE"});
            if carries_application {
                assert_eq!(scenario.refused(&jobcenter(), mutation, on(&now, not_competent())).await, "ACTION_NOT_ALLOWED", "{mutation} {now}");
                let id = now["id"].as_str().expect("an id");
                let bulk = json!({"input": {"idempotencyKey": id, "action": if accepted { "RETURN" } else { "DECLINE" },
                    (if accepted { "returnReason" } else { "declineReason" }): "NOT_COMPETENT", "items": [{"referralId": id, "expectedVersion": now["version"]}]}});
                let query = "mutation($input: BulkAnswerReferralsInput!) { bulkAnswerReferrals(input: $input) { results { error { code } } } }";
                let many = scenario.server.ask(&jobcenter(), query, &bulk).await;
                assert_eq!(many["data"]["bulkAnswerReferrals"]["results"], json!([{"error": {"code": "ACTION_NOT_ALLOWED"}}]), "{many}");
                assert_eq!(scenario.done(&jobcenter(), "forwardReferral", on(&now, forward)).await["status"], "FORWARDED");
            } else {
                if accepted {
                    assert_eq!(scenario.refused(&jobcenter(), "forwardReferral", on(&now, forward)).await, "ILLEGAL_TRANSITION");
                }
                scenario.done(&jobcenter(), mutation, on(&now, not_competent())).await;
            }
        }
        scenario.server.stop().await;
    }

    async fn implausible_dates_and_misleading_texts_are_refused(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        for at in ["0001-01-01T09:00:00Z", "2021-11-01T09:00:00Z", "2031-12-01T09:00:00Z", "9999-12-31T09:00:00Z"] {
            let input = on(&offered, json!({"at": at, "place": "Raum 12"}));
            assert_eq!(scenario.refused(&jobcenter(), "recordAppointment", input).await, "BAD_INPUT", "{at}");
        }
        for day in ["0001-01-01", "2021-11-01"] {
            let input = on(&offered, json!({"heldOn": day, "participants": ["Fachkraft"], "clientTookPart": true}));
            assert_eq!(scenario.refused(&jobcenter(), "recordTalk", input).await, "BAD_INPUT", "{day}");
        }
        for reference in ["JC-\u{202e}7", "JC-\u{2066}7", "\u{feff}JC-7"] {
            assert_eq!(scenario.refused(&jobcenter(), "acceptReferral", on(&offered, json!({"ownReference": reference}))).await, "BAD_INPUT", "{reference:?}");
        }
        let met = scenario.done(&jobcenter(), "recordAppointment", on(&offered, json!({"at": "2027-01-04T09:00:00Z", "place": "Raum 12"}))).await;
        scenario.done(&jobcenter(), "postMessage", on(&met, json!({"text": "سلام می\u{200c}خواهم"}))).await;
        scenario.server.stop().await;
    }

    async fn nothing_is_offered_without_an_agreement_and_a_ground(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let acknowledged = || json!({"acknowledgeReportingDuty": true});
        let without = scenario.draft(None).await;
        assert_eq!(scenario.refused(&traeger(), "offerReferral", on(&without, acknowledged())).await, "NO_LEGAL_GROUND");
        for broken in [
            ConsentSpec { data_protection: false, ..ConsentSpec::whole() },
            ConsentSpec { release: false, ..ConsentSpec::whole() },
            ConsentSpec { withdrawn: true, ..ConsentSpec::whole() },
            ConsentSpec { until: Some(in_days(-1)), ..ConsentSpec::whole() },
        ] {
            let draft = scenario.draft(Some(broken.clone())).await;
            assert_eq!(scenario.refused(&traeger(), "offerReferral", on(&draft, acknowledged())).await, "NO_LEGAL_GROUND", "{broken:?}");
        }
        let purpose = ReferralPurpose::IntegrationCourse;
        let case = scenario.case(scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": purpose.code()});
        let draft = scenario.done(&traeger(), "draftReferral", input).await;
        let check = format!("{{ referral(id: {}) {{ offerCheck {{ agreementInForce groundHolds reportingDuty duplicates lacking {{ field reason }} }} }} }}", draft["id"]);
        assert_eq!(scenario.ask(&traeger(), &check).await["referral"]["offerCheck"]["agreementInForce"], false);
        assert_eq!(scenario.refused(&traeger(), "offerReferral", on(&draft, acknowledged())).await, "NO_AGREEMENT");
        scenario.server.stop().await;
    }

    async fn a_repeated_request_gets_the_same_answer_and_changes_nothing(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let keyed = |input: Value| { let mut input = on(&offered, input); input["idempotencyKey"] = json!("accept-1"); input };
        let first = scenario.done(&jobcenter(), "acceptReferral", keyed(json!({}))).await;
        let second = scenario.done(&jobcenter(), "acceptReferral", keyed(json!({}))).await;
        assert_eq!(first, second);
        assert_eq!(scenario.refused(&jobcenter(), "acceptReferral", keyed(json!({"ownReference": "other"}))).await, "IDEMPOTENCY_MISMATCH");
        assert_eq!(scenario.refused(&jobcenter(), "declineReferral", keyed(json!({"reason": "OTHER"}))).await, "IDEMPOTENCY_MISMATCH");
        // A key belongs to the person who used it.
        let colleague = token("jobcenter", Role::Service);
        let mut stale = on(&offered, json!({}));
        stale["idempotencyKey"] = json!("refused-1");
        assert_eq!(scenario.refused(&colleague, "acceptReferral", stale.clone()).await, "CONFLICT");
        assert_eq!(scenario.refused(&colleague, "acceptReferral", stale).await, "CONFLICT", "a refusal is repeated too");
        let events = scenario.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ version events {{ totalCount }} }} }}", offered["id"])).await;
        assert_eq!(events["referral"], json!({"version": 3, "events": {"totalCount": 3}}));
        scenario.server.stop().await;
    }
}
