//! An agreement is concluded once both sides have signed and both data protection officers have given an opinion.

use kim_casework::agreement::document;
use kim_domain::agency::Role;
use kim_domain::id::decode;
use kim_entity::agreement_proposal;
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::play::traeger;
use crate::support::world::{in_days, today};

use super::{BASIC, COURSE, Table, about, coordination, officer_of_receiver, officer_of_senders, person, receiver};

on_both! {
    async fn an_agreement_permits_offers_after_both_signatures_and_both_opinions(db: TestDatabase) {
        let table = Table::set(db).await;
        let draft = table.draft(COURSE).await;
        assert_eq!(table.offer(&draft).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");

        let proposal = table.done(&coordination(), "proposeAgreement", {
            let mut wish = table.wish(COURSE, &[]);
            // The coordination names fields by their labels.
            wish["fields"] = json!([{"label": "Anliegen"}, {"label": "Familienname"}, {"label": "Telefon"}, {"label": "Unterlagen (Liste)"}]);
            wish
        }).await;
        assert_eq!((&proposal["status"], &proposal["version"]), (&json!("OPEN"), &json!(1)));
        assert_eq!(proposal["availableActions"], json!(["SIGN", "TAKE_BACK"]));
        let documents = json!({"label": "Unterlagen (Liste)", "tickedOnly": true});
        assert!(proposal["fields"].as_array().expect("a list").contains(&documents), "what is C must be ticked: {proposal}");

        let signed = table.done(&receiver(), "signAgreement", about(&proposal, json!({}))).await;
        assert_eq!(signed["signatures"], json!([{"side": "RECEIVER", "agency": {"slug": "jobcenter"}, "staff": "leitung-jobcenter"}]));
        assert_eq!(signed["availableActions"], json!(["REJECT"]));
        // An opinion that was given in the meantime must be read before signing.
        let doubts = json!({"verdict": "UNFAVOURABLE", "reasons": "Das Telefon braucht es nicht."});
        assert_eq!(table.refused(&officer_of_receiver(), "giveOpinion", about(&signed, json!({"verdict": "UNFAVOURABLE"}))).await, "BAD_INPUT");
        let heard = table.done(&officer_of_receiver(), "giveOpinion", about(&signed, doubts)).await;
        assert_eq!(table.refused(&coordination(), "signAgreement", about(&signed, json!({}))).await, "CONFLICT");
        let both = table.done(&coordination(), "signAgreement", about(&heard, json!({}))).await;
        assert_eq!(both["status"], "OPEN", "the senders' officer was not heard");
        assert_eq!(both["signatures"][0]["staff"], Value::Null, "the other side's staff");
        assert_eq!(table.offer(&draft).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");

        let concluded = table.done(&officer_of_senders(), "giveOpinion", about(&both, json!({"verdict": "FAVOURABLE"}))).await;
        assert_eq!((&concluded["status"], &concluded["availableActions"]), (&json!("CONCLUDED"), &json!([])));
        assert_eq!((&concluded["agreement"]["version"], &concluded["agreement"]["validFrom"]), (&json!(1), &json!(today())));
        let opinions: Vec<_> = concluded["opinions"].as_array().expect("a list").iter().map(|one| (&one["verdict"], &one["reasons"])).collect();
        assert_eq!(opinions, [(&json!("UNFAVOURABLE"), &json!("Das Telefon braucht es nicht.")), (&json!("FAVOURABLE"), &Value::Null)]);

        let database = &table.play.server.database.database;
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
        let checked = &table.play.ask(&traeger(), &check).await["referral"];
        assert_eq!(checked["offerCheck"]["agreementInForce"], true);
        let offered = table.offer(&draft).await;
        assert_eq!(offered["data"]["offerReferral"]["referral"]["status"], "OFFERED", "{offered}");
        assert_eq!(offered["data"]["offerReferral"]["referral"]["dueOn"], "2026-11-27", "five working days");

        let mine = table.agreements(&receiver()).await;
        let mine = mine.iter().find(|one| one["purpose"]["code"] == "INTEGRATION_COURSE").expect("the new one");
        assert_eq!(mine["terms"], "Ansprache in einfacher Sprache.");
        assert_eq!(mine["parties"], json!([{"side": "RECEIVER", "agency": {"slug": "jobcenter"}}, {"side": "SENDER", "agency": {"slug": "koordination"}}]));
        assert_eq!(mine["signatures"], json!([{"side": "RECEIVER", "staff": "leitung-jobcenter", "agency": {"slug": "jobcenter"}},
            {"side": "SENDER", "staff": null, "agency": {"slug": "koordination"}}]));
        table.stop().await;
    }

    async fn one_side_or_one_person_cannot_conclude_an_agreement(db: TestDatabase) {
        let table = Table::set(db).await;
        let proposal = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        assert_eq!(table.refused(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await, "ACTION_NOT_ALLOWED", "one open proposal at a time");
        let signed = table.done(&receiver(), "signAgreement", about(&proposal, json!({}))).await;
        assert_eq!(table.refused(&receiver(), "signAgreement", about(&signed, json!({}))).await, "ILLEGAL_TRANSITION");
        let colleague = person("jobcenter", Role::Administrator, "stellvertretung");
        assert_eq!(table.refused(&colleague, "signAgreement", about(&signed, json!({}))).await, "ILLEGAL_TRANSITION");
        let same_person = person("koordination", Role::Administrator, "leitung-jobcenter");
        assert_eq!(table.refused(&same_person, "signAgreement", about(&signed, json!({}))).await, "ACTION_NOT_ALLOWED");
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        assert_eq!(table.refused(&of_traeger, "signAgreement", about(&signed, json!({}))).await, "ACTION_NOT_ALLOWED", "the coordination signs for the Träger");
        let both_hats = person("jobcenter", Role::DataProtectionOfficer, "leitung-jobcenter");
        assert_eq!(table.refused(&both_hats, "giveOpinion", about(&signed, json!({"verdict": "FAVOURABLE"}))).await, "ACTION_NOT_ALLOWED");

        // The other side rejects it. Another proposal may follow and be taken back.
        assert_eq!(table.refused(&of_traeger, "rejectAgreement", about(&signed, json!({}))).await, "ACTION_NOT_ALLOWED");
        let rejected = table.done(&coordination(), "rejectAgreement", about(&signed, json!({"reason": "Zu viel."}))).await;
        assert_eq!((&rejected["status"], &rejected["closeReason"]), (&json!("REJECTED"), &json!("Zu viel.")));
        assert_eq!(table.refused(&coordination(), "signAgreement", about(&rejected, json!({}))).await, "ILLEGAL_TRANSITION");
        let second = table.done(&of_traeger, "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        let taken_back = table.done(&of_traeger, "rejectAgreement", about(&second, json!({}))).await;
        assert_eq!(taken_back["status"], "TAKEN_BACK");
        let list = table.play.ask(&receiver(), "{ all: agreementProposals { totalCount } open: agreementProposals(status: OPEN) { totalCount } }").await;
        assert_eq!(list, json!({"all": {"totalCount": 2}, "open": {"totalCount": 0}}));
        table.stop().await;
    }

    async fn an_agreement_begins_after_the_last_signature_and_not_before_its_start_date(db: TestDatabase) {
        let table = Table::set(db).await;
        let main = table.play.server.database.database.raw().clone();
        let days = async |proposal: &Value, from: i64, until: i64| {
            let (_, id) = decode(proposal["id"].as_str().expect("an id")).expect("an id");
            let days = agreement_proposal::ActiveModel {
                id: Set(id), valid_from: Set(in_days(from)), valid_until: Set(Some(in_days(until))), ..Default::default()
            };
            days.update(&main).await.expect("a proposal of other days");
        };
        // A proposal whose period of validity has ended.
        let over = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        days(&over, -30, -1).await;
        assert_eq!(table.refused(&receiver(), "signAgreement", about(&over, json!({}))).await, "ILLEGAL_TRANSITION");
        table.done(&receiver(), "rejectAgreement", about(&over, json!({}))).await;

        // A proposal whose start was five days ago.
        let late = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        days(&late, -5, 30).await;
        let late = table.play_through(late).await;
        assert_eq!(late["agreement"]["validFrom"], json!(today()));
        let first = table.draft(COURSE).await;
        assert_eq!(table.offer(&first).await["data"]["offerReferral"]["referral"]["status"], "OFFERED");

        // A narrowing version that starts in five days: until then the first version applies.
        let mut next = table.wish(COURSE, &BASIC[..2]);
        (next["validFrom"], next["narrowsRunning"]) = (json!(in_days(5)), json!(true));
        assert_eq!(table.conclude(next).await["agreement"]["validFrom"], json!(in_days(5)));
        assert_eq!(table.closings().await, 0);
        let second = table.draft(COURSE).await;
        assert_eq!(table.offer(&second).await["data"]["offerReferral"]["referral"]["status"], "OFFERED", "with the telephone number");
        // Terminating the latest version terminates the first one too.
        let latest = table.agreements(&receiver()).await.pop().expect("the latest")["id"].clone();
        table.terminate(&receiver(), &latest, json!({"endsOn": today()})).await;
        let third = table.draft(COURSE).await;
        assert_eq!(table.offer(&third).await["errors"][0]["extensions"]["code"], "NO_AGREEMENT");
        table.stop().await;
    }

    async fn two_simultaneous_last_signatures_conclude_an_agreement_once(db: TestDatabase) {
        let table = Table::set(db).await;
        for round in 1..=5 {
            let mut proposal = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
            for (token, mutation, more) in [(receiver(), "signAgreement", json!({})), (officer_of_receiver(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
                (officer_of_senders(), "giveOpinion", json!({"verdict": "FAVOURABLE"}))] {
                proposal = table.done(&token, mutation, about(&proposal, more)).await;
            }
            let (one, other) = (coordination(), person("koordination", Role::Administrator, "stellvertretung-ki"));
            let (a, b) = tokio::join!(
                table.mutate(&one, "signAgreement", about(&proposal, json!({}))),
                table.mutate(&other, "signAgreement", about(&proposal, json!({}))),
            );
            let codes: Vec<_> = [&a, &b].iter().map(|answer| answer["errors"][0]["extensions"]["code"].clone()).collect();
            assert!(codes.contains(&Value::Null) && codes.contains(&json!("CONFLICT")), "{a} {b}");
            let versions = table.agreements(&receiver()).await.iter().filter(|one| one["purpose"]["code"] == "INTEGRATION_COURSE").count();
            assert_eq!(versions, round);
        }
        table.stop().await;
    }
}
