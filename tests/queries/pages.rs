//! Pages of lists, and of the messages and events of each referral.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::server::{TestServer, token};
use crate::support::world::{self, today};

use super::{code, data, fill, numbers};

on_both! {
    async fn pages_run_in_both_directions_and_a_cursor_is_refused_by_another_list(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let page = async |arguments: &str| {
            let query = format!("{{ referrals({arguments}) {{ nodes {{ reference }} edges {{ cursor node {{ reference }} }} pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }}");
            data(&server, &clerk, &query).await["referrals"].clone()
        };
        for order in ["DUE_ON_ASC", "DUE_ON_DESC", "OFFERED_AT_ASC", "OFFERED_AT_DESC"] {
            let whole = numbers(&page(&format!("orderBy: {order}")).await);
            let (mut forwards, mut after) = (Vec::new(), Value::Null);
            loop {
                let one = page(&format!("orderBy: {order}, first: 4, after: {after}")).await;
                assert_eq!(one["edges"][0]["node"]["reference"], one["nodes"][0]["reference"]);
                assert_eq!(one["pageInfo"]["startCursor"], one["edges"][0]["cursor"]);
                assert_eq!(one["pageInfo"]["hasPreviousPage"], json!(!forwards.is_empty()));
                forwards.extend(numbers(&one));
                if one["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = one["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(forwards, whole);
            let (mut backwards, mut before) = (Vec::new(), Value::Null);
            loop {
                let one = page(&format!("orderBy: {order}, last: 4, before: {before}")).await;
                let mut found = numbers(&one);
                found.extend(backwards);
                backwards = found;
                if one["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
                before = one["pageInfo"]["startCursor"].clone();
            }
            assert_eq!(backwards, whole);
        }
        let cursor = page("first: 1").await["pageInfo"]["endCursor"].clone();
        for other in ["orderBy: DUE_ON_DESC", "filter: {pending: true}", "filter: {reference: \"x\"}"] {
            let query = format!("{{ referrals({other}, after: {cursor}) {{ nodes {{ id }} }} }}");
            assert_eq!(code(&server, &clerk, &query).await, "BAD_INPUT", "{other}");
        }
        for bad in ["first: -1", "first: 1, last: 1", "after: \"nonsense\""] {
            assert_eq!(code(&server, &clerk, &format!("{{ referrals({bad}) {{ nodes {{ id }} }} }}")).await, "BAD_INPUT", "{bad}");
        }
        assert_eq!(code(&server, &clerk, "{ referrals(first: 101) { nodes { id } } }").await, "LIMIT_EXCEEDED");
        assert_eq!(numbers(&page("first: 0").await), [] as [u32; 0]);
        server.stop().await;
    }

    async fn each_referral_has_pages_of_messages_and_events(db: TestDatabase) {
        let fixture = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        // The third referral has three messages.
        let id = encode(Kind::Referral, fixture.ids[2]);
        let query = format!("{{ referral(id: \"{id}\") {{ a: messages(first: 2) {{ totalCount nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} b: messages(last: 2) {{ nodes {{ id author {{ slug }} staff }} pageInfo {{ hasPreviousPage }} }}
            events {{ totalCount nodes {{ fromStatus toStatus agency {{ slug }} staff imported at }} }} }} }}");
        let referral = data(&server, &clerk, &query).await["referral"].clone();
        assert_eq!(referral["a"]["totalCount"], 3);
        assert_eq!(referral["a"]["nodes"][1], json!({"id": referral["b"]["nodes"][0]["id"]}));
        assert_eq!((&referral["a"]["pageInfo"]["hasNextPage"], &referral["b"]["pageInfo"]["hasPreviousPage"]), (&json!(true), &json!(true)));
        let staff: Vec<_> = referral["b"]["nodes"].as_array().expect("two").iter().map(|node| (node["author"]["slug"].as_str().expect("a slug"), node["staff"].is_null())).collect();
        assert_eq!(staff, [("jobcenter", false), ("traeger", true)], "staff are shown to their own agency");
        let after = &referral["a"]["pageInfo"]["endCursor"];
        let rest = data(&server, &clerk, &format!("{{ referral(id: \"{id}\") {{ messages(after: {after}) {{ nodes {{ id }} }} }} }}")).await;
        assert_eq!(rest["referral"]["messages"]["nodes"], json!([{"id": referral["b"]["nodes"][1]["id"]}]));
        assert_eq!(referral["events"]["totalCount"], 1, "the draft was the sender's");
        let event = &referral["events"]["nodes"][0];
        assert_eq!((&event["fromStatus"], &event["toStatus"], &event["staff"]), (&Value::Null, &json!("OFFERED"), &Value::Null));
        let own = data(&server, &token("traeger", Role::CaseManager), &format!("{{ referral(id: \"{id}\") {{ events {{ nodes {{ fromStatus toStatus staff }} }} }} }}")).await;
        let staff = world::canary(3, "senderStaff");
        assert_eq!(own["referral"]["events"]["nodes"], json!([{"fromStatus": null, "toStatus": "DRAFT", "staff": staff}, {"fromStatus": "DRAFT", "toStatus": "OFFERED", "staff": staff}]));
        server.stop().await;
    }
}
