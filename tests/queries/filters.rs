//! Filters, orders and counts of referrals.

use std::collections::BTreeSet;

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use serde_json::json;

use crate::support::on_both;
use crate::support::server::{TestServer, token};
use crate::support::world::{self, today};

use super::{code, data, fill, listed};

on_both! {
    async fn referrals_are_filtered_and_ordered_as_requested(db: TestDatabase) {
        let fixture = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let find = async |arguments: &str| listed(&server, &clerk, arguments).await;
        assert_eq!(find("first: 100").await, [1, 7, 8, 2, 3, 4, 5, 10, 6, 9, 12], "by due day; the draft is not here");
        assert_eq!(find("orderBy: DUE_ON_DESC").await, [12, 9, 6, 10, 5, 4, 3, 2, 8, 7, 1]);
        assert_eq!(find("orderBy: OFFERED_AT_ASC").await, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]);
        assert_eq!(find("orderBy: OFFERED_AT_DESC").await, [12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(find("filter: {pending: true}").await, [1, 2, 3, 10], "a question after acceptance is not pending");
        assert_eq!(find("filter: {pending: false, status: [INFO_REQUESTED]}").await, [4]);
        assert_eq!(find("filter: {overdue: true}").await, [1, 2], "only while the receiver is to act, and not on the day itself");
        assert_eq!(find("filter: {overdue: false, pending: true}").await, [3, 10]);
        assert_eq!(find("filter: {ballWith: MINE}").await, [1, 2, 5, 10, 6]);
        assert_eq!(find("filter: {ballWith: THEIRS}").await, [3, 4, 9]);
        assert_eq!(find("filter: {status: [ACCEPTED, DECLINED]}").await, [8, 5]);
        assert_eq!(find("filter: {status: []}").await, [] as [u32; 0]);
        assert_eq!(find("filter: {purpose: [INTEGRATION_COURSE], pending: true}").await, [2, 10]);
        assert_eq!(find("filter: {dueBefore: \"2026-11-20\"}").await, [1, 7, 8, 2]);
        assert_eq!(find("filter: {updatedAfter: \"2026-11-10T12:00:00+01:00\"}").await, [12]);
        assert_eq!(find("filter: {reference: \"REF-00005\"}").await, [5]);
        let other = encode(Kind::Agency, fixture.other_traeger);
        assert_eq!(find(&format!("filter: {{agency: \"{other}\"}}")).await, [1, 7, 4, 10]);
        let not_an_agency = encode(Kind::Case, fixture.other_traeger);
        assert_eq!(find(&format!("filter: {{agency: \"{not_an_agency}\"}}")).await, [] as [u32; 0]);
        assert_eq!(code(&server, &clerk, "{ referrals(filter: {agency: \"nonsense\"}) { nodes { id } } }").await, "BAD_INPUT");
        // The sender's lists.
        let traeger = token("traeger", Role::CaseManager);
        assert_eq!(listed(&server, &traeger, "direction: OUTGOING").await, [8, 2, 3, 5, 6, 9, 12, 11], "with its draft, last");
        assert_eq!(listed(&server, &traeger, "direction: OUTGOING, filter: {ballWith: MINE}").await, [3, 9, 11]);
        assert_eq!(listed(&server, &traeger, "direction: INCOMING").await, [] as [u32; 0]);
        server.stop().await;
    }

    async fn a_client_is_found_only_by_referrals_that_show_the_client(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let client = |number: u32| {
            let (name, born) = (world::value(number, HandoverField::FamilyName), world::value(number, HandoverField::BirthDate));
            // With other letter case and spaces.
            format!("filter: {{client: {{familyName: \" {} \", birthDate: \"{born}\"}}}}", name.to_uppercase())
        };
        let clerk = token("jobcenter", Role::Clerk);
        assert_eq!(listed(&server, &clerk, &client(1)).await, [1]);
        assert_eq!(listed(&server, &clerk, &client(7)).await, [7], "completed, and still open to be read");
        for closed in [8, 9, 12] {
            assert_eq!(listed(&server, &clerk, &client(closed)).await, [] as [u32; 0], "closed: as if it were not there");
        }
        assert_eq!(listed(&server, &clerk, &client(77)).await, [] as [u32; 0]);
        let counts = data(&server, &clerk, &format!("{{ referralCounts({}) {{ total }} }}", client(1))).await;
        assert_eq!(counts["referralCounts"]["total"], 1);
        let traeger = token("traeger", Role::CaseManager);
        let found = data(&server, &traeger, &format!("{{ cases({}) {{ nodes {{ caseNumber }} totalCount }} }}", client(2))).await;
        assert_eq!(found["cases"], json!({"nodes": [{"caseNumber": world::canary(2, "caseNumber")}], "totalCount": 1}));
        let stranger = data(&server, &traeger, &format!("{{ cases({}) {{ totalCount }} }}", client(1))).await;
        assert_eq!(stranger["cases"]["totalCount"], 0, "another Träger's client");
        server.stop().await;
    }

    async fn counts_equal_those_of_the_lists(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let counts = data(&server, &token("jobcenter", Role::Clerk), "{ referralCounts { total pending overdue dueThisWeek ballMine byStatus { status count } byPurpose { purpose { code } count } byAgency { agency { slug } count } } }").await;
        let counts = &counts["referralCounts"];
        // Friday 20 November 2026: the third is due today, the fourth on Saturday, the fifth and tenth on Sunday.
        assert_eq!(json!([counts["total"], counts["pending"], counts["overdue"], counts["dueThisWeek"], counts["ballMine"]]), json!([11, 4, 2, 4, 5]));
        let statuses: BTreeSet<(String, i64)> = counts["byStatus"].as_array().expect("a list").iter().map(|one| (one["status"].to_string(), one["count"].as_i64().expect("a number"))).collect();
        assert!(statuses.contains(&("\"OFFERED\"".to_owned(), 2)) && statuses.contains(&("\"INFO_REQUESTED\"".to_owned(), 2)));
        assert_eq!(statuses.iter().map(|(_, count)| count).sum::<i64>(), 11);
        assert_eq!(counts["byPurpose"], json!([{"purpose": {"code": "BENEFIT_APPLICATION"}, "count": 5}, {"purpose": {"code": "INTEGRATION_COURSE"}, "count": 6}]));
        assert_eq!(counts["byAgency"], json!([{"agency": {"slug": "traeger"}, "count": 7}, {"agency": {"slug": "traeger-2"}, "count": 4}]));
        let outgoing = data(&server, &token("traeger", Role::CaseManager), "{ referralCounts(direction: OUTGOING, filter: {pending: true}) { total ballMine byAgency { agency { slug } count } } }").await;
        assert_eq!(outgoing["referralCounts"], json!({"total": 2, "ballMine": 1, "byAgency": [{"agency": {"slug": "jobcenter"}, "count": 2}]}));
        server.stop().await;
    }
}
