//! Lists, filters, orders, pages, counts, nodes and cases, as a client asks for them.

use std::collections::BTreeSet;

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;
use kim_entity::agency;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::on_both;
use crate::support::server::{TestServer, claims, sign, token};
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};

const KOELN: &str = "05315000";
const DUISBURG: &str = "05112000";

struct Houses {
    traeger: Uuid,
    other_traeger: Uuid,
    jobcenter: Uuid,
    ids: Vec<Uuid>,
}

/// Twelve referrals of two Träger to one Jobcenter, and another municipality beside them.
async fn fill(db: &TestDatabase) -> Houses {
    let main = db.database.raw();
    for ags in [KOELN, DUISBURG] {
        world::add_municipality(main, ags).await;
    }
    let traeger = world::add_agency(main, KOELN, "traeger", AgencyKind::Traeger).await;
    let other_traeger = world::add_agency(main, KOELN, "traeger-2", AgencyKind::Traeger).await;
    let jobcenter = world::add_agency(main, KOELN, "jobcenter", AgencyKind::Jobcenter).await;
    world::add_agency(main, KOELN, "abh", AgencyKind::Auslaenderbehoerde).await;
    world::add_agency(main, KOELN, "ki", AgencyKind::Koordination).await;
    world::add_agency(main, DUISBURG, "jobcenter-du", AgencyKind::Jobcenter).await;
    let mut agreements = Vec::new();
    for purpose in [ReferralPurpose::BenefitApplication, ReferralPurpose::IntegrationCourse] {
        let model = world::agreement(
            KOELN,
            jobcenter,
            purpose,
            FieldSet::of(&[HandoverField::FamilyName, HandoverField::BirthDate, HandoverField::City]),
            FieldSet::EMPTY,
        );
        agreements.push((purpose, world::insert_agreement(main, model).await));
    }
    let mut world = World::default();
    let mut ids: Vec<Uuid> = Vec::new();
    let states = [
        S::Offered,
        S::Acknowledged,
        S::InfoRequested,
        S::InfoRequested,
        S::Accepted,
        S::InProgress,
        S::Completed,
        S::Declined,
        S::Suspended,
        S::Offered,
        S::Draft,
        S::Withdrawn,
    ];
    for (place, status) in states.into_iter().enumerate() {
        let number = u32::try_from(place).expect("small") + 1;
        let (purpose, agreement) = agreements[place % 2];
        ids.push(world.add(&ReferralSpec {
            number,
            sender: if place % 3 == 0 { other_traeger } else { traeger },
            receiver: jobcenter,
            purpose,
            agreement,
            status,
            ever_accepted: place == 3 || matches!(status, S::Accepted | S::InProgress | S::Completed),
            closed_on: (status == S::Completed).then(today),
            due_on: in_days([-5, -1, 0, 1, 2, 3, -3, -2, 7, 2, 0, 9][place]),
            offered_on: in_days(-20 + i64::from(number)),
            consent: Some(ConsentSpec::whole()),
            offered: FieldSet::ALL,
            // The second continues the first, which another Träger sent.
            previous: (place == 1).then(|| ids[0]),
            messages: number % 4,
        }));
    }
    world.write(main).await;
    Houses { traeger, other_traeger, jobcenter, ids }
}

fn numbers(list: &Value) -> Vec<u32> {
    let reference = |node: &Value| node["reference"].as_str().expect("a reference")[4..].parse().expect("a number");
    list["nodes"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(reference).collect()
}

async fn data(server: &TestServer, token: &str, query: &str) -> Value {
    let answer = server.ask(token, query, &json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{query}");
    answer["data"].clone()
}

async fn listed(server: &TestServer, token: &str, arguments: &str) -> Vec<u32> {
    let query = format!("{{ referrals({arguments}) {{ nodes {{ reference }} totalCount }} }}");
    let data = data(server, token, &query).await;
    let found = numbers(&data["referrals"]);
    assert_eq!(data["referrals"]["totalCount"], json!(found.len()), "{arguments}");
    found
}

async fn code(server: &TestServer, token: &str, query: &str) -> String {
    let answer = server.ask(token, query, &json!({})).await;
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

on_both! {
    async fn filters_narrow_and_orders_order(db: TestDatabase) {
        let houses = fill(&db).await;
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
        let other = encode(Kind::Agency, houses.other_traeger);
        assert_eq!(find(&format!("filter: {{agency: \"{other}\"}}")).await, [1, 7, 4, 10]);
        let not_an_agency = encode(Kind::Case, houses.other_traeger);
        assert_eq!(find(&format!("filter: {{agency: \"{not_an_agency}\"}}")).await, [] as [u32; 0]);
        assert_eq!(code(&server, &clerk, "{ referrals(filter: {agency: \"nonsense\"}) { nodes { id } } }").await, "BAD_INPUT");
        // The sender's side.
        let traeger = token("traeger", Role::CaseManager);
        assert_eq!(listed(&server, &traeger, "direction: OUTGOING").await, [8, 2, 3, 5, 6, 9, 12, 11], "with its draft, last");
        assert_eq!(listed(&server, &traeger, "direction: OUTGOING, filter: {ballWith: MINE}").await, [3, 9, 11]);
        assert_eq!(listed(&server, &traeger, "direction: INCOMING").await, [] as [u32; 0]);
        server.stop().await;
    }

    async fn the_client_at_the_desk_is_found_in_released_rows_only(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let client = |number: u32| {
            let (name, born) = (world::value(number, HandoverField::FamilyName), world::value(number, HandoverField::BirthDate));
            // However it is typed at the desk.
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

    async fn pages_go_forwards_and_backwards_and_cursors_belong_to_their_list(db: TestDatabase) {
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

    async fn messages_and_events_are_paged_within_each_row(db: TestDatabase) {
        let houses = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        // The third has three messages.
        let id = encode(Kind::Referral, houses.ids[2]);
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

    async fn what_is_not_yours_is_null_as_if_it_were_not_there(db: TestDatabase) {
        let houses = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let [first, draft] = [0, 10].map(|place: usize| encode(Kind::Referral, houses.ids[place]));
        let unknown = encode(Kind::Referral, kim_domain::id::new_uuid());
        let jobcenter = encode(Kind::Agency, houses.jobcenter);
        let both = |id: &str| format!("{{ referral(id: \"{id}\") {{ reference }} node(id: \"{id}\") {{ id }} }}");
        let nothing = json!({"referral": null, "node": null});
        let clerk = token("jobcenter", Role::Clerk);
        assert_eq!(data(&server, &clerk, &both(&first)).await["referral"]["reference"], "REF-00001");
        assert_eq!(data(&server, &clerk, &both(&draft)).await, nothing, "a draft is not the receiver's");
        assert_eq!(data(&server, &clerk, &both(&unknown)).await, nothing);
        for stranger in [token("traeger", Role::CaseManager), token("abh", Role::Clerk), token("jobcenter-du", Role::Service)] {
            assert_eq!(data(&server, &stranger, &both(&first)).await, nothing);
            assert_eq!(data(&server, &stranger, "{ referrals(filter: {reference: \"REF-00001\"}) { totalCount } }").await["referrals"]["totalCount"], 0);
        }
        // An id of another kind is unknown, one that is none is an error with its place.
        assert_eq!(data(&server, &clerk, &format!("{{ referral(id: \"{jobcenter}\") {{ id }} }}")).await["referral"], Value::Null);
        let answer = server.ask(&clerk, "{ viewer { role } mine: referral(id: \"7\") { id } }", &json!({})).await;
        assert_eq!(answer["data"], json!({"viewer": {"role": "CLERK"}, "mine": null}));
        assert_eq!((&answer["errors"][0]["path"], &answer["errors"][0]["extensions"]["code"]), (&json!(["mine"]), &json!("BAD_INPUT")));
        // Agencies: those of the municipality.
        assert_eq!(data(&server, &clerk, &format!("{{ node(id: \"{jobcenter}\") {{ __typename id ... on Agency {{ slug }} }} }}")).await["node"]["slug"], "jobcenter");
        let elsewhere = token("jobcenter-du", Role::Clerk);
        assert_eq!(data(&server, &elsewhere, &format!("{{ node(id: \"{jobcenter}\") {{ id }} }}")).await["node"], Value::Null);
        let agencies = data(&server, &elsewhere, "{ agencies { totalCount nodes { slug } } }").await;
        assert_eq!(agencies["agencies"], json!({"totalCount": 1, "nodes": [{"slug": "jobcenter-du"}]}));
        // What it continues is shown to those whose it is.
        let second = encode(Kind::Referral, houses.ids[1]);
        let previous = format!("{{ referral(id: \"{second}\") {{ previous {{ reference handover {{ familyName }} }} }} }}");
        let shown = data(&server, &clerk, &previous).await;
        assert_eq!(shown["referral"]["previous"]["reference"], "REF-00001");
        assert_eq!(shown["referral"]["previous"]["handover"]["familyName"], world::canary(1, "familyName"));
        assert_eq!(data(&server, &token("traeger", Role::CaseManager), &previous).await["referral"], json!({"previous": null}));
        server.stop().await;
    }

    async fn counts_are_those_of_the_lists(db: TestDatabase) {
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

    async fn a_token_for_some_purposes_sees_no_others(db: TestDatabase) {
        let houses = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let mut narrow = claims("jobcenter", Role::Clerk);
        narrow["purposes"] = json!(["INTEGRATION_COURSE"]);
        let narrow = sign(&narrow);
        assert_eq!(listed(&server, &narrow, "first: 100").await, [8, 2, 4, 10, 6, 12]);
        assert_eq!(data(&server, &narrow, "{ referralCounts { total } agreements { totalCount } }").await, json!({"referralCounts": {"total": 6}, "agreements": {"totalCount": 1}}));
        let other = encode(Kind::Referral, houses.ids[0]);
        assert_eq!(data(&server, &narrow, &format!("{{ referral(id: \"{other}\") {{ id }} }}")).await["referral"], Value::Null);
        server.stop().await;
    }

    async fn a_scope_that_is_missing_is_said_and_nothing_else(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let mut bare = claims("traeger", Role::CaseManager);
        bare["scope"] = json!("agreement:write unknown:scope");
        let bare = sign(&bare);
        for query in ["{ referrals { nodes { id } } }", "{ referralCounts { total } }", "{ cases { nodes { id } } }", "{ agreements { nodes { id } } }"] {
            let answer = server.ask(&bare, query, &json!({})).await;
            assert_eq!((&answer["data"], &answer["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("FORBIDDEN")), "{query}");
        }
        assert_eq!(data(&server, &bare, "{ viewer { scopes } purposes { code } agencies { totalCount } }").await["viewer"]["scopes"], json!(["agreement:write"]));
        let mut reader = claims("traeger", Role::CaseManager);
        reader["scope"] = json!("referral:read");
        let answer = server.ask(&sign(&reader), "{ referrals(direction: OUTGOING, first: 1) { nodes { reference case { id } } } }", &json!({})).await;
        assert_eq!(answer["data"]["referrals"]["nodes"], json!([{"reference": "REF-00008", "case": null}]));
        assert_eq!(answer["errors"][0]["path"], json!(["referrals", "nodes", 0, "case"]));
        server.stop().await;
    }

    async fn a_traeger_reads_its_own_cases_in_full_and_no_others(db: TestDatabase) {
        let houses = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let traeger = token("traeger", Role::CaseManager);
        let query = "{ cases(first: 3) { totalCount pageInfo { hasNextPage endCursor } nodes { id caseNumber phase openedOn record { concern familyName age counsellingNotes targetGroup householdMembers { relation givenName } } referrals { reference status } } } }";
        let cases = data(&server, &traeger, query).await["cases"].clone();
        assert_eq!((&cases["totalCount"], &cases["pageInfo"]["hasNextPage"]), (&json!(8), &json!(true)));
        let case = &cases["nodes"][0];
        assert_eq!(case["record"]["concern"], world::canary(2, "caseConcern"));
        assert_eq!(case["record"]["counsellingNotes"], world::canary(2, "counsellingNotes"));
        assert_eq!(case["record"]["targetGroup"], json!(["LSBTI"]));
        assert_eq!(case["record"]["householdMembers"], json!([{"relation": "CHILD", "givenName": world::canary(2, "householdGivenName")}]));
        assert_eq!(case["referrals"], json!([{"reference": "REF-00002", "status": "ACKNOWLEDGED"}]));
        let after = &cases["pageInfo"]["endCursor"];
        let rest = data(&server, &traeger, &format!("{{ cases(after: {after}, first: 100) {{ nodes {{ caseNumber }} }} }}")).await;
        assert_eq!(rest["cases"]["nodes"].as_array().expect("rows").len(), 5);
        let id = case["id"].as_str().expect("an id");
        let one = format!("{{ case(id: \"{id}\") {{ caseNumber }} node(id: \"{id}\") {{ ... on Case {{ caseNumber }} }} }}");
        let number = json!({"caseNumber": world::canary(2, "caseNumber")});
        assert_eq!(data(&server, &traeger, &one).await, json!({"case": number, "node": number}));
        assert_eq!(data(&server, &token("traeger-2", Role::Service), &one).await, json!({"case": null, "node": null}));
        assert_eq!(data(&server, &token("jobcenter", Role::Clerk), &format!("{{ node(id: \"{id}\") {{ id }} }}")).await["node"], Value::Null);
        assert_eq!(data(&server, &traeger, "{ cases(filter: {phase: [INTAKE]}) { totalCount } }").await["cases"]["totalCount"], 0);
        assert_eq!(data(&server, &traeger, "{ cases(filter: {open: true, phase: [LINKING]}) { totalCount } }").await["cases"]["totalCount"], 8);
        assert_ne!(houses.traeger, houses.other_traeger);
        server.stop().await;
    }

    async fn agreements_concern_the_viewer_and_name_only_fields_of_its_schema(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let query = "{ agreements { totalCount nodes { id receiver { slug } version validFrom validUntil accessDays purpose { code } fields { label tickedOnly statutory } } } }";
        for (slug, role, count) in [("jobcenter", Role::Clerk, 2), ("traeger", Role::CaseManager, 2), ("ki", Role::Coordinator, 2), ("abh", Role::Administrator, 0), ("jobcenter-du", Role::DataProtectionOfficer, 0)] {
            let agreements = data(&server, &token(slug, role), query).await["agreements"].clone();
            assert_eq!(agreements["totalCount"], json!(count), "{slug}");
            assert_eq!(agreements["nodes"].as_array().expect("rows").len(), count);
        }
        let fields = data(&server, &token("jobcenter", Role::Clerk), "{ agreements(first: 1) { nodes { fields { field label } } } }").await;
        assert_eq!(fields["agreements"]["nodes"][0]["fields"][0], json!({"field": "FAMILY_NAME", "label": "Familienname"}));
        server.stop().await;
    }

    async fn a_variable_s_default_decides_what_is_skipped(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let anonymous = "query($skip: Boolean! = true, $with: Boolean = true) { referrals(first: 1) { nodes { reference @include(if: $with) status @skip(if: $skip) handover { city familyName @skip(if: $skip) } } } }";
        // With a name and without: the parser keeps them apart.
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

    async fn an_answer_has_the_order_of_the_question(db: TestDatabase) {
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

    async fn an_agency_that_was_disabled_is_listed_no_more(db: TestDatabase) {
        let houses = fill(&db).await;
        let main = db.database.raw();
        let mut row = agency::Entity::find_by_id(houses.traeger).one(main).await.expect("a database").expect("a row").into_active_model();
        row.enabled = Set(false);
        row.update(main).await.expect("updated");
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let agencies = data(&server, &clerk, "{ agencies(kind: TRAEGER) { nodes { slug } } }").await;
        assert_eq!(agencies["agencies"]["nodes"], json!([{"slug": "traeger-2"}]));
        // What it handed over stays where it is, with its name.
        let list = data(&server, &clerk, "{ referrals(filter: {reference: \"REF-00002\"}) { nodes { sender { slug } } } }").await;
        assert_eq!(list["referrals"]["nodes"][0]["sender"]["slug"], "traeger");
        server.stop().await;
    }
}
