//! The dates that the law sets for a case in the coming months.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use serde_json::json;

use super::{SHOWN, at, done};
use crate::support::on_both;
use crate::support::scenario::{Scenario, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::today;

on_both! {
    async fn deadlines_of_all_open_cases_are_listed_soonest_first(db: TestDatabase) {
        let scenario = Scenario::begin_on(db, Clock::on(today())).await;
        let young = json!({"familyName": "A", "birthDate": "2009-02-01", "aufenthaltstitel": "DULDUNG_60A", "aufenthaltstitelValidUntil": "2027-01-31"});
        let young = done(&scenario, "openCase", json!({"caseNumber": "K-1", "record": young}), SHOWN).await;
        let chance = json!({"familyName": "B", "birthDate": "2000-03-01", "aufenthaltstitel": "AUFENTHALTSERLAUBNIS_104C",
            "aufenthaltstitelValidUntil": "2027-06-30", "currentBenefit": "GRUNDSICHERUNGSGELD", "benefitEndsOn": "2026-12-31"});
        let chance = done(&scenario, "openCase", json!({"caseNumber": "K-2", "record": chance}), SHOWN).await;
        done(&scenario, "updateCase", at(&chance, json!({"phase": "MONITORING"})), SHOWN).await;
        let draft = json!({"caseId": young["id"], "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION"});
        scenario.done(&traeger(), "draftReferral", draft).await;

        let list = "{ upcomingDeadlines(first: 100) { totalCount nodes { kind date legalGround case { caseNumber } } } }";
        let found = &scenario.ask(&traeger(), list).await["upcomingDeadlines"];
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
            let page = &scenario.ask(&traeger(), &page).await["upcomingDeadlines"];
            kinds.extend(page["nodes"].as_array().expect("a list").iter().map(|one| one["kind"].as_str().expect("a word").to_owned()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(kinds, seen.iter().map(|one| one[1].clone()).collect::<Vec<_>>());

        let of_case = |months: i32| format!("{{ case(id: {}) {{ upcomingDeadlines(withinMonths: {months}) {{ kind date label }} }} }}", young["id"]);
        let near = &scenario.ask(&traeger(), &of_case(1)).await["case"]["upcomingDeadlines"];
        assert_eq!(*near, json!([{"kind": "BENEFIT_APPLICATION", "date": "2026-11-30", "label": "Antrag auf Grundsicherungsgeld noch in diesem Monat"}]));
        let too_far = scenario.server.ask(&traeger(), &of_case(37), &json!({})).await;
        assert_eq!(too_far["errors"][0]["extensions"]["code"], "BAD_INPUT");
        // A token that is limited to other purposes does not see the application's deadline. A closed case has no deadlines.
        let mut limited = claims("traeger", Role::CaseManager);
        limited["purposes"] = json!(["TITLE_EXTENSION"]);
        assert_eq!(scenario.ask(&sign(&limited), list).await["upcomingDeadlines"]["totalCount"], 7);
        done(&scenario, "closeCase", at(&young, json!({"reason": "MOVED", "withdrawReferrals": true})), SHOWN).await;
        assert_eq!(scenario.ask(&traeger(), list).await["upcomingDeadlines"]["totalCount"], 5);
        scenario.server.stop().await;
    }
}
