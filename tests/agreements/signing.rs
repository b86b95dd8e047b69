//! An agreement is concluded once both sides have signed and both data protection officers have given an opinion.

use kim_casework::agreement::document;
use kim_domain::agency::Role;
use kim_domain::id::decode;
use kim_entity::agreement_proposal;
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::traeger;
use crate::support::world::{in_days, today};

use super::{
    BASIC, COURSE, Negotiation, coordination, officer_of_receiver, officer_of_senders, person, receiver, to_proposal,
};

on_both! {
    async fn an_agreement_permits_offers_after_both_signatures_and_both_opinions(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let draft = negotiation.draft(COURSE).await;
        assert_eq!(negotiation.offer(&draft).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");

        let proposal = negotiation.done(&coordination(), "proposeAgreement", {
            let mut terms = negotiation.terms(COURSE, &[]);
            // The coordination names fields by their labels.
            terms["fields"] = json!([{"label": "Anliegen"}, {"label": "Familienname"}, {"label": "Telefon"}, {"label": "Unterlagen (Liste)"}]);
            terms
        }).await;
        assert_eq!((&proposal["status"], &proposal["version"]), (&json!("OPEN"), &json!(1)));
        assert_eq!(proposal["availableActions"], json!(["SIGN", "TAKE_BACK"]));
        let documents = json!({"label": "Unterlagen (Liste)", "tickedOnly": true});
        assert!(proposal["fields"].as_array().expect("a list").contains(&documents), "what is C must be ticked: {proposal}");

        let signed = negotiation.done(&receiver(), "signAgreement", to_proposal(&proposal, json!({}))).await;
        assert_eq!(signed["signatures"], json!([{"side": "RECEIVER", "agency": {"slug": "jobcenter"}, "staff": "leitung-jobcenter"}]));
        assert_eq!(signed["availableActions"], json!(["REJECT"]));
        // An opinion that was given in the meantime must be read before signing.
        let doubts = json!({"verdict": "UNFAVOURABLE", "reasons": "Das Telefon braucht es nicht."});
        assert_eq!(negotiation.refused(&officer_of_receiver(), "giveOpinion", to_proposal(&signed, json!({"verdict": "UNFAVOURABLE"}))).await, "BAD_INPUT");
        let heard = negotiation.done(&officer_of_receiver(), "giveOpinion", to_proposal(&signed, doubts)).await;
        assert_eq!(negotiation.refused(&coordination(), "signAgreement", to_proposal(&signed, json!({}))).await, "CONFLICT");
        let both = negotiation.done(&coordination(), "signAgreement", to_proposal(&heard, json!({}))).await;
        assert_eq!(both["status"], "OPEN", "the senders' officer was not heard");
        assert_eq!(both["signatures"][0]["staff"], Value::Null, "the other side's staff");
        assert_eq!(negotiation.offer(&draft).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");

        let concluded = negotiation.done(&officer_of_senders(), "giveOpinion", to_proposal(&both, json!({"verdict": "FAVOURABLE"}))).await;
        assert_eq!((&concluded["status"], &concluded["availableActions"]), (&json!("CONCLUDED"), &json!([])));
        assert_eq!((&concluded["agreement"]["version"], &concluded["agreement"]["validFrom"]), (&json!(1), &json!(today())));
        let opinions: Vec<_> = concluded["opinions"].as_array().expect("a list").iter().map(|one| (&one["verdict"], &one["reasons"])).collect();
        assert_eq!(opinions, [(&json!("UNFAVOURABLE"), &json!("Das Telefon braucht es nicht.")), (&json!("FAVOURABLE"), &Value::Null)]);

        let database = &negotiation.scenario.server.database.database;
        let page = document(database, "jobcenter", COURSE, None).await.expect("a database").expect("a document");
        for line in ["# Schnittstellenvereinbarung: Integrationskurs", "- **Gilt ab:** 20.11.2026", "- **Antwort binnen:** 5 Arbeitstagen",
            "> Ansprache in einfacher Sprache.", "- Für die empfangende Stelle: Stelle jobcenter, Administration, am 20.11.2026",
            "- Für die Träger: Stelle koordination, Administration, am 20.11.2026",
            "- Für die empfangende Stelle: Stelle jobcenter, am 20.11.2026: **Bedenken**", "> Das Telefon braucht es nicht.",
            "| Unterlagen (Liste) | Anliegen | nach der Annahme | einzeln angekreuzt |"] {
            assert!(page.lines().any(|has| has == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("leitung-"), "no names of staff: {page}");

        // The agreement applies to the draft, and the offer succeeds.
        let check = format!("{{ referral(id: {}) {{ disclosure(ifAccepted: true) offerCheck {{ agreementInForce }} }} }}", draft["id"]);
        let checked = &negotiation.scenario.ask(&traeger(), &check).await["referral"];
        assert_eq!(checked["offerCheck"]["agreementInForce"], true);
        let offered = negotiation.offer(&draft).await;
        assert_eq!(offered["data"]["offerReferral"]["referral"]["status"], "OFFERED", "{offered}");
        assert_eq!(offered["data"]["offerReferral"]["referral"]["dueOn"], "2026-11-27", "five working days");

        let mine = negotiation.agreements(&receiver()).await;
        let mine = mine.iter().find(|one| one["purpose"]["code"] == "INTEGRATION_COURSE").expect("the new one");
        assert_eq!(mine["terms"], "Ansprache in einfacher Sprache.");
        assert_eq!(mine["parties"], json!([{"side": "RECEIVER", "agency": {"slug": "jobcenter"}}, {"side": "SENDER", "agency": {"slug": "koordination"}}]));
        assert_eq!(mine["signatures"], json!([{"side": "RECEIVER", "staff": "leitung-jobcenter", "agency": {"slug": "jobcenter"}},
            {"side": "SENDER", "staff": null, "agency": {"slug": "koordination"}}]));
        negotiation.stop().await;
    }

    async fn one_side_or_one_person_cannot_conclude_an_agreement(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let proposal = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        assert_eq!(negotiation.refused(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await, "ACTION_NOT_ALLOWED", "one open proposal at a time");
        let signed = negotiation.done(&receiver(), "signAgreement", to_proposal(&proposal, json!({}))).await;
        assert_eq!(negotiation.refused(&receiver(), "signAgreement", to_proposal(&signed, json!({}))).await, "ILLEGAL_TRANSITION");
        let colleague = person("jobcenter", Role::Administrator, "stellvertretung");
        assert_eq!(negotiation.refused(&colleague, "signAgreement", to_proposal(&signed, json!({}))).await, "ILLEGAL_TRANSITION");
        let same_person = person("koordination", Role::Administrator, "leitung-jobcenter");
        assert_eq!(negotiation.refused(&same_person, "signAgreement", to_proposal(&signed, json!({}))).await, "ACTION_NOT_ALLOWED");
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        assert_eq!(negotiation.refused(&of_traeger, "signAgreement", to_proposal(&signed, json!({}))).await, "ACTION_NOT_ALLOWED", "the coordination signs for the Träger");
        let both_hats = person("jobcenter", Role::DataProtectionOfficer, "leitung-jobcenter");
        assert_eq!(negotiation.refused(&both_hats, "giveOpinion", to_proposal(&signed, json!({"verdict": "FAVOURABLE"}))).await, "ACTION_NOT_ALLOWED");

        // The other side rejects it. Another proposal may follow and be taken back.
        assert_eq!(negotiation.refused(&of_traeger, "rejectAgreement", to_proposal(&signed, json!({}))).await, "ACTION_NOT_ALLOWED");
        let rejected = negotiation.done(&coordination(), "rejectAgreement", to_proposal(&signed, json!({"reason": "Zu viel."}))).await;
        assert_eq!((&rejected["status"], &rejected["closeReason"]), (&json!("REJECTED"), &json!("Zu viel.")));
        assert_eq!(negotiation.refused(&coordination(), "signAgreement", to_proposal(&rejected, json!({}))).await, "ILLEGAL_TRANSITION");
        let second = negotiation.done(&of_traeger, "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        let taken_back = negotiation.done(&of_traeger, "rejectAgreement", to_proposal(&second, json!({}))).await;
        assert_eq!(taken_back["status"], "TAKEN_BACK");
        let list = negotiation.scenario.ask(&receiver(), "{ all: agreementProposals { totalCount } open: agreementProposals(status: OPEN) { totalCount } }").await;
        assert_eq!(list, json!({"all": {"totalCount": 2}, "open": {"totalCount": 0}}));
        negotiation.stop().await;
    }

    async fn an_agreement_begins_after_the_last_signature_and_not_before_its_start_date(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let main = negotiation.scenario.server.database.database.raw().clone();
        let days = async |proposal: &Value, from: i64, until: i64| {
            let (_, id) = decode(proposal["id"].as_str().expect("an id")).expect("an id");
            let days = agreement_proposal::ActiveModel {
                id: Set(id), valid_from: Set(in_days(from)), valid_until: Set(Some(in_days(until))), ..Default::default()
            };
            days.update(&main).await.expect("a proposal of other days");
        };
        // A proposal whose period of validity has ended.
        let over = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        days(&over, -30, -1).await;
        assert_eq!(negotiation.refused(&receiver(), "signAgreement", to_proposal(&over, json!({}))).await, "ILLEGAL_TRANSITION");
        negotiation.done(&receiver(), "rejectAgreement", to_proposal(&over, json!({}))).await;

        // A proposal whose start was five days ago.
        let late = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        days(&late, -5, 30).await;
        let late = negotiation.sign_until_concluded(late).await;
        assert_eq!(late["agreement"]["validFrom"], json!(today()));
        let first = negotiation.draft(COURSE).await;
        assert_eq!(negotiation.offer(&first).await["data"]["offerReferral"]["referral"]["status"], "OFFERED");

        // A narrowing version that starts in five days: until then the first version applies.
        let mut next = negotiation.terms(COURSE, &BASIC[..2]);
        (next["validFrom"], next["narrowsRunning"]) = (json!(in_days(5)), json!(true));
        assert_eq!(negotiation.conclude(next).await["agreement"]["validFrom"], json!(in_days(5)));
        assert_eq!(negotiation.closings().await, 0);
        let second = negotiation.draft(COURSE).await;
        assert_eq!(negotiation.offer(&second).await["data"]["offerReferral"]["referral"]["status"], "OFFERED", "with the telephone number");
        // Terminating the latest version terminates the first one too.
        let latest = negotiation.agreements(&receiver()).await.pop().expect("the latest")["id"].clone();
        negotiation.terminate(&receiver(), &latest, json!({"endsOn": today()})).await;
        let third = negotiation.draft(COURSE).await;
        assert_eq!(negotiation.offer(&third).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");
        negotiation.stop().await;
    }

    async fn two_simultaneous_last_signatures_conclude_an_agreement_once(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        for round in 1..=5 {
            let mut proposal = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
            for (token, mutation, more) in [(receiver(), "signAgreement", json!({})), (officer_of_receiver(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
                (officer_of_senders(), "giveOpinion", json!({"verdict": "FAVOURABLE"}))] {
                proposal = negotiation.done(&token, mutation, to_proposal(&proposal, more)).await;
            }
            let (one, other) = (coordination(), person("koordination", Role::Administrator, "stellvertretung-ki"));
            let (a, b) = tokio::join!(
                negotiation.mutate(&one, "signAgreement", to_proposal(&proposal, json!({}))),
                negotiation.mutate(&other, "signAgreement", to_proposal(&proposal, json!({}))),
            );
            let codes: Vec<_> = [&a, &b].iter().map(|answer| answer["errors"][0]["extensions"]["code"].clone()).collect();
            assert!(codes.contains(&Value::Null) && codes.contains(&json!("CONFLICT")), "{a} {b}");
            let versions = negotiation.agreements(&receiver()).await.iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE").count();
            assert_eq!(versions, round);
        }
        negotiation.stop().await;
    }
}
