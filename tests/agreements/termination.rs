//! An agreement is terminated, with notice or for cause.

use kim_domain::agency::Role;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{jobcenter, on, traeger};
use crate::support::world::{ConsentSpec, in_days, today};

use super::{BASIC, COURSE, Negotiation, coordination, person, receiver, to_proposal};

on_both! {
    async fn an_ordinary_termination_prevents_offers_and_keeps_running_referrals(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let agreement = negotiation.conclude(negotiation.terms(COURSE, &BASIC)).await["agreement"]["id"].clone();
        let draft = negotiation.draft(COURSE).await;
        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        for (input, expected) in [(json!({}), "BAD_INPUT"), (json!({"endsOn": in_days(-1)}), "BAD_INPUT"), (json!({"endsOn": today(), "forCause": true}), "BAD_INPUT")] {
            assert_eq!(code(&negotiation.terminate(&coordination(), &agreement, input).await), expected);
        }
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        assert_eq!(code(&negotiation.terminate(&of_traeger, &agreement, json!({"endsOn": today()})).await), "ACTION_NOT_ALLOWED");
        let foreign = person("abh", Role::Administrator, "leitung-abh");
        assert_eq!(code(&negotiation.terminate(&foreign, &agreement, json!({"endsOn": today()})).await), "NOT_FOUND");

        // Notice for a future day: until then offers are permitted.
        let ended = negotiation.terminate(&receiver(), &agreement, json!({"endsOn": in_days(10)})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"]["terminatedOn"], json!(in_days(10)), "{ended}");
        assert_eq!(code(&negotiation.terminate(&receiver(), &agreement, json!({"endsOn": today()})).await), "ILLEGAL_TRANSITION");
        let offered = negotiation.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        assert_eq!(offered["status"], "OFFERED");

        // Notice for today, for an imported agreement with a running referral.
        let running = negotiation.scenario.offered().await;
        let waiting = negotiation.scenario.draft(Some(ConsentSpec::whole())).await;
        let imported = negotiation.agreements(&receiver()).await;
        let imported = imported.iter().find(|one| one["purpose"]["code"] == "BENEFIT_APPLICATION").expect("the agreement of the scenario")["id"].clone();
        let ended = negotiation.terminate(&coordination(), &imported, json!({"endsOn": today()})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"],
            json!({"id": imported, "version": 1, "terminatedOn": today(), "terminatedForCause": false}), "{ended}");
        let acknowledged = json!({"acknowledgeReportingDuty": true});
        assert_eq!(negotiation.scenario.refused(&traeger(), "offerReferral", on(&waiting, acknowledged)).await, "NO_AGREEMENT");
        let check = format!("{{ referral(id: {}) {{ offerCheck {{ agreementInForce }} }} }}", waiting["id"]);
        assert_eq!(negotiation.scenario.ask(&traeger(), &check).await["referral"]["offerCheck"]["agreementInForce"], false);
        assert_ne!(negotiation.seen(&running).await["handover"]["familyName"], Value::Null, "running referrals continue");
        assert_eq!(negotiation.scenario.done(&jobcenter(), "acceptReferral", on(&running, json!({}))).await["status"], "ACCEPTED");
        // After notice was given, a termination for cause still applies at once.
        let ended = negotiation.terminate(&receiver(), &imported, json!({"forCause": true})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"]["terminatedForCause"], true, "{ended}");
        assert_eq!(negotiation.seen(&running).await["handover"]["familyName"], Value::Null);
        // The other agreement is not affected.
        assert_ne!(negotiation.seen(&offered).await["handover"]["familyName"], Value::Null);
        negotiation.stop().await;
    }

    async fn a_termination_for_cause_closes_referrals_under_every_version_at_once(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let first = negotiation.conclude(negotiation.terms(COURSE, &BASIC)).await["agreement"]["id"].clone();
        let draft = negotiation.draft(COURSE).await;
        let waiting = negotiation.draft(COURSE).await;
        let offered = negotiation.offer(&draft).await["data"]["offerReferral"]["referral"].clone();
        let second = negotiation.conclude(negotiation.terms(COURSE, &BASIC)).await["agreement"]["id"].clone();
        let open = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        let open = negotiation.done(&receiver(), "signAgreement", to_proposal(&open, json!({}))).await;
        assert_ne!(negotiation.seen(&offered).await["handover"]["familyName"], Value::Null);
        assert_eq!(negotiation.closings().await, 0, "a version that does not narrow closes nothing");

        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        assert_eq!(code(&negotiation.terminate(&coordination(), &first, json!({"forCause": true})).await), "ILLEGAL_TRANSITION", "not the latest");
        let ended = negotiation.terminate(&coordination(), &second, json!({"forCause": true})).await;
        assert_eq!(ended["data"]["terminateAgreement"]["agreement"],
            json!({"id": second, "version": 2, "terminatedOn": today(), "terminatedForCause": true}), "{ended}");
        assert_eq!(negotiation.closings().await, 1);
        let seen = negotiation.seen(&offered).await;
        assert_eq!((&seen["handover"]["familyName"], &seen["handover"]["concern"]), (&Value::Null, &Value::Null), "offered under the first version");
        assert_eq!(negotiation.offer(&waiting).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");
        let closed = negotiation.scenario.ask(&coordination(), &format!("{{ node(id: {}) {{ ... on AgreementProposal {{ status closeReason closedBy {{ slug }} }} }} }}", open["id"])).await;
        assert_eq!(closed["node"], json!({"status": "REJECTED", "closeReason": "Neuordnung", "closedBy": {"slug": "koordination"}}));
        assert_eq!(negotiation.refused(&coordination(), "signAgreement", to_proposal(&open, json!({}))).await, "CONFLICT");
        for one in negotiation.agreements(&receiver()).await.iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE") {
            assert_eq!((&one["terminatedOn"], &one["terminatedForCause"]), (&json!(today()), &json!(true)));
        }

        // A new agreement permits new offers. Closed referrals stay closed.
        let third = negotiation.conclude(negotiation.terms(COURSE, &BASIC)).await;
        assert_eq!(third["agreement"]["version"], 3);
        assert_eq!(negotiation.offer(&waiting).await["data"]["offerReferral"]["referral"]["status"], "OFFERED");
        assert_eq!(negotiation.seen(&offered).await["handover"]["familyName"], Value::Null);
        negotiation.stop().await;
    }
}
