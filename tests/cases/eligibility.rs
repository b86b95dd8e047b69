//! Who can be supported: the check of a rule set, and the decision.

use serde_json::{Value, json};

use super::{SHOWN, at, done, opened, refused};
use crate::support::on_both;
use crate::support::scenario::{Scenario, traeger};

on_both! {
    async fn an_eligibility_decision_keeps_the_version_of_its_rule_set(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = opened(&scenario, "K-1").await;
        let check = |more: &str| format!("{{ eligibilityCheck(caseId: {}{more}) {{ referenceDate result ruleSet {{ id }} findings {{ group result reasons }} }} }}", case["id"]);
        let of = |answer: &Value, group: &str| {
            let findings = answer["eligibilityCheck"]["findings"].as_array().expect("a list").clone();
            findings.into_iter().find(|one| one["group"] == group).expect("the group")
        };
        let open = scenario.ask(&traeger(), &check("")).await;
        assert_eq!((&open["eligibilityCheck"]["result"], &open["eligibilityCheck"]["ruleSet"]["id"]), (&json!("OPEN"), &json!("koeln-2023")));
        assert_eq!(of(&open, "DULDUNG_GESTATTUNG")["reasons"], json!(["JOBCENTER_LEADS_UNKNOWN"]));
        assert_eq!(of(&open, "LSBTI"), json!({"group": "LSBTI", "result": "NOT_ELIGIBLE", "reasons": ["NOT_STATED"]}));
        let early = scenario.ask(&traeger(), &check(", referenceDate: \"2022-06-01\", statements: {caseManagementClaim: false}")).await;
        assert_eq!((&early["eligibilityCheck"]["ruleSet"]["id"], &early["eligibilityCheck"]["result"]), (&json!("koeln-2021"), &json!("ELIGIBLE")));
        // The client turns 28 in May 2032.
        let edge = scenario.ask(&traeger(), &check(", referenceDate: \"2032-04-30\", statements: {jobcenterLeads: false}")).await;
        assert_eq!(of(&edge, "JUNGE_ERWACHSENE")["result"], "ELIGIBLE");
        let past = scenario.ask(&traeger(), &check(", referenceDate: \"2032-05-01\", statements: {jobcenterLeads: false}")).await;
        assert_eq!(of(&past, "JUNGE_ERWACHSENE"), json!({"group": "JUNGE_ERWACHSENE", "result": "NOT_ELIGIBLE", "reasons": ["TOO_OLD"]}));
        assert_eq!(of(&past, "ALLEINERZIEHENDE")["result"], "ELIGIBLE", "of any age");
        let before = scenario.ask(&traeger(), &check(", referenceDate: \"2020-01-01\"")).await;
        assert_eq!((&before["eligibilityCheck"]["ruleSet"], &before["eligibilityCheck"]["result"]), (&Value::Null, &json!("OPEN")));

        for (input, code) in [
            (json!({"eligible": true, "groups": ["DULDUNG_GESTATTUNG"]}), "ACTION_NOT_ALLOWED"),
            (json!({"eligible": true, "groups": ["LSBTI"], "statements": {"jobcenterLeads": false}}), "ACTION_NOT_ALLOWED"),
            (json!({"eligible": true, "groups": ["UNIONSBUERGER"]}), "BAD_INPUT"), (json!({"eligible": true}), "BAD_INPUT"),
            (json!({"eligible": false}), "BAD_INPUT"), (json!({"eligible": false, "explanation": "a", "groups": ["LSBTI"]}), "BAD_INPUT"),
            (json!({"eligible": false, "referenceDate": "2020-01-01"}), "ACTION_NOT_ALLOWED"),
        ] {
            assert_eq!(refused(&scenario, "decideEligibility", at(&case, input.clone())).await.0, code, "{input}");
        }
        let no = json!({"eligible": false, "explanation": "Keine Einwilligung in das Case Management"});
        let no = done(&scenario, "decideEligibility", at(&case, no), SHOWN).await;
        let admit = json!({"eligible": true, "groups": ["JUNGE_ERWACHSENE"], "referenceDate": "2022-06-01", "statements": {"caseManagementClaim": false}});
        let read = "version eligibilityDecisions { eligible decidedOn referenceDate ruleSet { id } groups explanation staff findings { group result } } admission { referenceDate }";
        let yes = done(&scenario, "decideEligibility", at(&no, admit), read).await;
        assert_eq!((&yes["version"], &yes["admission"]["referenceDate"]), (&json!(3), &json!("2022-06-01")));
        assert_eq!((&yes["eligibilityDecisions"][0]["eligible"], &yes["eligibilityDecisions"][0]["ruleSet"]["id"]), (&json!(false), &json!("koeln-2023")));
        let second = &yes["eligibilityDecisions"][1];
        assert_eq!((&second["decidedOn"], &second["ruleSet"]["id"], &second["groups"], &second["staff"]),
            (&json!("2026-11-20"), &json!("koeln-2021"), &json!(["JUNGE_ERWACHSENE"]), &json!("test-person")));
        assert_eq!(second["findings"].as_array().map(Vec::len), Some(6));
        // The client was admitted under the rules of 2021, so later checks use these rules.
        let kept = scenario.ask(&traeger(), &check("")).await;
        assert_eq!(kept["eligibilityCheck"]["ruleSet"]["id"], "koeln-2021");
        let rules = scenario.ask(&traeger(), "{ eligibilityRules { id validFrom open groups { group wording ageFrom ageTo } } }").await;
        assert_eq!(rules["eligibilityRules"].as_array().map(Vec::len), Some(2));
        assert_eq!(rules["eligibilityRules"][0]["groups"][0], json!({"group": "UNIONSBUERGER", "wording": "Unionsbürger*innen, 18-27", "ageFrom": 18, "ageTo": 27}));
        scenario.server.stop().await;
    }
}
