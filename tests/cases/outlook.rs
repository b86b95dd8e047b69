//! Who can be supported, and what the law puts in the months to come.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};

use super::{SHOWN, at, done, opened, refused};
use crate::support::on_both;
use crate::support::play::{Play, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::today;

on_both! {
    async fn eligibility_is_decided_under_a_version_that_the_case_keeps(db: TestDatabase) {
        let play = Play::begin(db).await;
        let case = opened(&play, "K-1").await;
        let check = |more: &str| format!("{{ eligibilityCheck(caseId: {}{more}) {{ referenceDate result ruleSet {{ id }} findings {{ group result reasons }} }} }}", case["id"]);
        let of = |answer: &Value, group: &str| {
            let findings = answer["eligibilityCheck"]["findings"].as_array().expect("a list").clone();
            findings.into_iter().find(|one| one["group"] == group).expect("the group")
        };
        let open = play.ask(&traeger(), &check("")).await;
        assert_eq!((&open["eligibilityCheck"]["result"], &open["eligibilityCheck"]["ruleSet"]["id"]), (&json!("OPEN"), &json!("koeln-2023")));
        assert_eq!(of(&open, "DULDUNG_GESTATTUNG")["reasons"], json!(["JOBCENTER_LEADS_UNKNOWN"]));
        assert_eq!(of(&open, "LSBTI"), json!({"group": "LSBTI", "result": "NOT_ELIGIBLE", "reasons": ["NOT_STATED"]}));
        let early = play.ask(&traeger(), &check(", referenceDate: \"2022-06-01\", statements: {caseManagementClaim: false}")).await;
        assert_eq!((&early["eligibilityCheck"]["ruleSet"]["id"], &early["eligibilityCheck"]["result"]), (&json!("koeln-2021"), &json!("ELIGIBLE")));
        // The 28th birthday is in 2032.
        let edge = play.ask(&traeger(), &check(", referenceDate: \"2032-04-30\", statements: {jobcenterLeads: false}")).await;
        assert_eq!(of(&edge, "JUNGE_ERWACHSENE")["result"], "ELIGIBLE");
        let past = play.ask(&traeger(), &check(", referenceDate: \"2032-05-01\", statements: {jobcenterLeads: false}")).await;
        assert_eq!(of(&past, "JUNGE_ERWACHSENE"), json!({"group": "JUNGE_ERWACHSENE", "result": "NOT_ELIGIBLE", "reasons": ["TOO_OLD"]}));
        assert_eq!(of(&past, "ALLEINERZIEHENDE")["result"], "ELIGIBLE", "of any age");
        let before = play.ask(&traeger(), &check(", referenceDate: \"2020-01-01\"")).await;
        assert_eq!((&before["eligibilityCheck"]["ruleSet"], &before["eligibilityCheck"]["result"]), (&Value::Null, &json!("OPEN")));

        for (input, code) in [
            (json!({"eligible": true, "groups": ["DULDUNG_GESTATTUNG"]}), "ACTION_NOT_ALLOWED"),
            (json!({"eligible": true, "groups": ["LSBTI"], "statements": {"jobcenterLeads": false}}), "ACTION_NOT_ALLOWED"),
            (json!({"eligible": true, "groups": ["UNIONSBUERGER"]}), "BAD_INPUT"), (json!({"eligible": true}), "BAD_INPUT"),
            (json!({"eligible": false}), "BAD_INPUT"), (json!({"eligible": false, "explanation": "a", "groups": ["LSBTI"]}), "BAD_INPUT"),
            (json!({"eligible": false, "referenceDate": "2020-01-01"}), "ACTION_NOT_ALLOWED"),
        ] {
            assert_eq!(refused(&play, "decideEligibility", at(&case, input.clone())).await.0, code, "{input}");
        }
        let no = json!({"eligible": false, "explanation": "Keine Einwilligung in das Case Management"});
        let no = done(&play, "decideEligibility", at(&case, no), SHOWN).await;
        let admit = json!({"eligible": true, "groups": ["JUNGE_ERWACHSENE"], "referenceDate": "2022-06-01", "statements": {"caseManagementClaim": false}});
        let read = "version eligibilityDecisions { eligible decidedOn referenceDate ruleSet { id } groups explanation staff findings { group result } } admission { referenceDate }";
        let yes = done(&play, "decideEligibility", at(&no, admit), read).await;
        assert_eq!((&yes["version"], &yes["admission"]["referenceDate"]), (&json!(3), &json!("2022-06-01")));
        assert_eq!((&yes["eligibilityDecisions"][0]["eligible"], &yes["eligibilityDecisions"][0]["ruleSet"]["id"]), (&json!(false), &json!("koeln-2023")));
        let second = &yes["eligibilityDecisions"][1];
        assert_eq!((&second["decidedOn"], &second["ruleSet"]["id"], &second["groups"], &second["staff"]),
            (&json!("2026-11-20"), &json!("koeln-2021"), &json!(["JUNGE_ERWACHSENE"]), &json!("test-person")));
        assert_eq!(second["findings"].as_array().map(Vec::len), Some(6));
        // Admitted under 2021, looked at under 2021 from then on.
        let kept = play.ask(&traeger(), &check("")).await;
        assert_eq!(kept["eligibilityCheck"]["ruleSet"]["id"], "koeln-2021");
        let rules = play.ask(&traeger(), "{ eligibilityRules { id validFrom open groups { group wording ageFrom ageTo } } }").await;
        assert_eq!(rules["eligibilityRules"].as_array().map(Vec::len), Some(2));
        assert_eq!(rules["eligibilityRules"][0]["groups"][0], json!({"group": "UNIONSBUERGER", "wording": "Unionsbürger*innen, 18-27", "ageFrom": 18, "ageTo": 27}));
        play.server.stop().await;
    }

    async fn deadlines_of_all_open_cases_come_soonest_first(db: TestDatabase) {
        let play = Play::begin_on(db, Clock::on(today())).await;
        let young = json!({"familyName": "A", "birthDate": "2009-02-01", "aufenthaltstitel": "DULDUNG_60A", "aufenthaltstitelValidUntil": "2027-01-31"});
        let young = done(&play, "openCase", json!({"caseNumber": "K-1", "record": young}), SHOWN).await;
        let chance = json!({"familyName": "B", "birthDate": "2000-03-01", "aufenthaltstitel": "AUFENTHALTSERLAUBNIS_104C",
            "aufenthaltstitelValidUntil": "2027-06-30", "currentBenefit": "GRUNDSICHERUNGSGELD", "benefitEndsOn": "2026-12-31"});
        let chance = done(&play, "openCase", json!({"caseNumber": "K-2", "record": chance}), SHOWN).await;
        done(&play, "updateCase", at(&chance, json!({"phase": "MONITORING"})), SHOWN).await;
        let draft = json!({"caseId": young["id"], "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": "BENEFIT_APPLICATION"});
        play.done(&traeger(), "draftReferral", draft).await;

        let list = "{ upcomingDeadlines(first: 100) { totalCount nodes { kind date legalGround case { caseNumber } } } }";
        let found = &play.ask(&traeger(), list).await["upcomingDeadlines"];
        let seen: Vec<_> = found["nodes"].as_array().expect("a list").iter()
            .map(|one| [&one["date"], &one["kind"], &one["case"]["caseNumber"]].map(|text| text.as_str().expect("a text").to_owned())).collect();
        assert_eq!(seen, [
            ["2026-11-30", "BENEFIT_APPLICATION", "K-1"], ["2026-12-31", "BENEFIT_END", "K-2"], ["2027-01-31", "TITLE_EXPIRY", "K-1"],
            ["2027-02-01", "BIRTHDAY_18", "K-1"], ["2027-02-28", "RESIDENCE_25A_CUT_OFF", "K-2"], ["2027-03-01", "BIRTHDAY_27", "K-2"],
            ["2027-05-20", "PLAN_REVIEW", "K-2"], ["2027-06-30", "CHANCE_TITLE_EXPIRY", "K-2"]]);
        assert_eq!(found["totalCount"], 8);
        assert!(found["nodes"][0]["legalGround"].as_str().is_some_and(|ground| ground.contains("§ 37 SGB II")));

        let mut after = String::new();
        let mut kinds = Vec::new();
        loop {
            let page = format!("{{ upcomingDeadlines(first: 3{after}) {{ nodes {{ kind }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let page = &play.ask(&traeger(), &page).await["upcomingDeadlines"];
            kinds.extend(page["nodes"].as_array().expect("a list").iter().map(|one| one["kind"].as_str().expect("a word").to_owned()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(kinds, seen.iter().map(|one| one[1].clone()).collect::<Vec<_>>());

        let of_case = |months: i32| format!("{{ case(id: {}) {{ upcomingDeadlines(withinMonths: {months}) {{ kind date label }} }} }}", young["id"]);
        let near = &play.ask(&traeger(), &of_case(1)).await["case"]["upcomingDeadlines"];
        assert_eq!(*near, json!([{"kind": "BENEFIT_APPLICATION", "date": "2026-11-30", "label": "Antrag auf Grundsicherungsgeld noch in diesem Monat"}]));
        let too_far = play.server.ask(&traeger(), &of_case(37), &json!({})).await;
        assert_eq!(too_far["errors"][0]["extensions"]["code"], "BAD_INPUT");
        // A token for other purposes does not learn of the application, and a closed case has no deadlines.
        let mut limited = claims("traeger", Role::CaseManager);
        limited["purposes"] = json!(["TITLE_EXTENSION"]);
        assert_eq!(play.ask(&sign(&limited), list).await["upcomingDeadlines"]["totalCount"], 7);
        done(&play, "closeCase", at(&young, json!({"reason": "MOVED", "withdrawReferrals": true})), SHOWN).await;
        assert_eq!(play.ask(&traeger(), list).await["upcomingDeadlines"]["totalCount"], 5);
        play.server.stop().await;
    }
}
