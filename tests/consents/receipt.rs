//! The receipt that the client takes home.

use kim_domain::agency::Role;
use serde_json::json;

use crate::support::on_both;
use crate::support::scenario::{Scenario, traeger};
use crate::support::server::{claims, sign};

use super::{PURPOSE, done, given, to_jobcenter};

on_both! {
    async fn the_receipt_states_who_may_see_what_until_when(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        let query = format!("{{ case(id: \"{case}\") {{ consentReceipt {{ issuedOn german plain
            permits {{ receiver {{ slug }} purpose {{ code }} plainPurpose validUntil releaseFromSecrecy reportOutcome items {{ field label plain }} }} }} }} }}");
        let nothing = scenario.ask(&traeger(), &query).await["case"]["consentReceipt"].clone();
        assert_eq!(nothing["permits"], json!([]));
        assert!(nothing["plain"].as_str().expect("a text").contains("Im Moment bleibt alles bei uns."), "{nothing}");

        let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({"fields": ["FAMILY_NAME"], "ticked": ["CHILDCARE_NEEDED"], "reportOutcome": true}))).await;
        let receipt = scenario.ask(&traeger(), &query).await["case"]["consentReceipt"].clone();
        assert_eq!(receipt["issuedOn"], "2026-11-20");
        assert_eq!(receipt["permits"], json!([{"receiver": {"slug": "jobcenter"}, "purpose": {"code": "BENEFIT_APPLICATION"}, "plainPurpose": "Geld vom Job-Center",
            "validUntil": "2027-11-20", "releaseFromSecrecy": true, "reportOutcome": true, "items": [
                {"field": "FAMILY_NAME", "label": "Familienname", "plain": "Ihr Nach-Name"},
                {"field": "CHILDCARE_NEEDED", "label": "Kinderbetreuung nötig", "plain": "Ob jemand auf Ihre Kinder aufpassen soll"}]}]));
        let german = receipt["german"].as_str().expect("a text");
        assert!(german.contains("Stelle jobcenter") && german.contains("bis 20.11.2027") && german.contains("Familienname, Kinderbetreuung nötig"), "{german}");
        let plain = receipt["plain"].as_str().expect("a text");
        assert!(plain.contains("- Ihr Nach-Name\n") && plain.contains("Das gilt bis zum 20. November 2027."), "{plain}");

        // A consent without the release from secrecy, which this Träger needs, is not on the receipt.
        let without = json!({"consentId": consent["id"], "given": given(json!({"releaseFromSecrecy": false}))});
        done(&scenario, "renewConsent", without).await;
        assert_eq!(scenario.ask(&traeger(), &query).await["case"]["consentReceipt"]["permits"], json!([]));
        scenario.server.stop().await;
    }

    async fn a_receipt_under_a_token_limited_to_purposes_states_that_it_is_an_extract(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        let query = format!("{{ case(id: \"{case}\") {{ consentReceipt {{ complete german plain permits {{ purpose {{ code }} }} }} }} }}");
        let mut narrow = claims("traeger", Role::CaseManager);
        narrow["purposes"] = json!(["INTEGRATION_COURSE"]);
        let part = scenario.ask(&sign(&narrow), &query).await["case"]["consentReceipt"].clone();
        assert_eq!((&part["complete"], &part["permits"]), (&json!(false), &json!([])));
        let (german, plain) = (part["german"].as_str().expect("a text"), part["plain"].as_str().expect("a text"));
        assert!(german.contains("Dies ist ein Auszug.") && german.contains("Integrationskurs"), "{german}");
        assert!(!german.contains("Zurzeit darf keine andere Stelle") && !plain.contains("Im Moment bleibt alles bei uns"), "{german} {plain}");
        let whole = scenario.ask(&traeger(), &query).await["case"]["consentReceipt"].clone();
        assert_eq!((&whole["complete"], whole["permits"].as_array().map(Vec::len)), (&json!(true), Some(1)));
        scenario.server.stop().await;
    }
}
