//! The keys of an answer and their order follow from the selection.

use std::collections::BTreeSet;

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use serde_json::json;

use crate::support::on_both;
use crate::support::server::{TestServer, token};
use crate::support::world::today;

use super::fill;

on_both! {
    async fn the_default_of_a_variable_applies_to_skip_and_include(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let anonymous = "query($skip: Boolean! = true, $with: Boolean = true) { referrals(first: 1) { nodes { reference @include(if: $with) status @skip(if: $skip) handover { city familyName @skip(if: $skip) } } } }";
        // With and without an operation name: the parser represents them differently.
        for query in [anonymous.to_owned(), anonymous.replacen("query", "query Named", 1)] {
            for (variables, expected) in [
                (json!({}), &["reference", "handover"][..]),
                (json!({"skip": false}), &["reference", "status", "handover"]),
                (json!({"with": false}), &["handover"]),
            ] {
                let answer = server.ask(&clerk, &query, &variables).await;
                let node = answer["data"]["referrals"]["nodes"][0].as_object().unwrap_or_else(|| panic!("{answer}"));
                let keys: BTreeSet<&str> = node.keys().map(String::as_str).collect();
                assert_eq!(keys, expected.iter().copied().collect());
                let shown = node["handover"].as_object().expect("a handover").contains_key("familyName");
                assert_eq!(shown, variables["skip"] == json!(false));
            }
        }
        server.stop().await;
    }

    async fn an_answer_has_the_order_of_its_selection(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let query = "{ zuletzt: agencies { nodes { slug name id } } ...F purposes { rechtskreis code } referralCounts { total } viewer { subject role } }
            fragment F on Query { agreements(first: 1) { totalCount } referrals(first: 1) { pageInfo { hasNextPage } nodes { status id handover { city familyName } dueOn } } }";
        for query in [query.to_owned(), format!("query Named {query}")] {
            let response = server.post(&query, &json!({})).bearer_auth(token("jobcenter", Role::Clerk)).send().await;
            let answer = response.expect("an answer").text().await.expect("a body");
            let mut rest = answer.as_str();
            for key in "zuletzt nodes slug name id agreements totalCount referrals pageInfo nodes status id handover city \
                        familyName dueOn purposes rechtskreis code referralCounts viewer subject role".split_whitespace() {
                let at = rest.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is out of order: {answer}"));
                rest = &rest[at + 1..];
            }
        }
        server.stop().await;
    }
}
