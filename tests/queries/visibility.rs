//! Which referrals, cases, agencies and agreements a viewer sees.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use kim_entity::agency;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::server::{TestServer, claims, sign, token};
use crate::support::world::{self, today};

use super::{data, fill, listed};

on_both! {
    async fn an_object_of_others_is_null_like_a_missing_one(db: TestDatabase) {
        let fixture = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let [first, draft] = [0, 10].map(|place: usize| encode(Kind::Referral, fixture.ids[place]));
        let unknown = encode(Kind::Referral, kim_domain::id::new_uuid());
        let jobcenter = encode(Kind::Agency, fixture.jobcenter);
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
        // An id of another type is unknown. A malformed id is an error with a path.
        assert_eq!(data(&server, &clerk, &format!("{{ referral(id: \"{jobcenter}\") {{ id }} }}")).await["referral"], Value::Null);
        let answer = server.ask(&clerk, "{ viewer { role } mine: referral(id: \"7\") { id } }", &json!({})).await;
        assert_eq!(answer["data"], json!({"viewer": {"role": "CLERK"}, "mine": null}));
        assert_eq!((&answer["errors"][0]["path"], &answer["errors"][0]["extensions"]["code"]), (&json!(["mine"]), &json!("BAD_INPUT")));
        // Only agencies of the viewer's municipality.
        assert_eq!(data(&server, &clerk, &format!("{{ node(id: \"{jobcenter}\") {{ __typename id ... on Agency {{ slug }} }} }}")).await["node"]["slug"], "jobcenter");
        let elsewhere = token("jobcenter-du", Role::Clerk);
        assert_eq!(data(&server, &elsewhere, &format!("{{ node(id: \"{jobcenter}\") {{ id }} }}")).await["node"], Value::Null);
        let agencies = data(&server, &elsewhere, "{ agencies { totalCount nodes { slug } } }").await;
        assert_eq!(agencies["agencies"], json!({"totalCount": 1, "nodes": [{"slug": "jobcenter-du"}]}));
        // The previous referral is shown only to its parties.
        let second = encode(Kind::Referral, fixture.ids[1]);
        let previous = format!("{{ referral(id: \"{second}\") {{ previous {{ reference handover {{ familyName }} }} }} }}");
        let shown = data(&server, &clerk, &previous).await;
        assert_eq!(shown["referral"]["previous"]["reference"], "REF-00001");
        assert_eq!(shown["referral"]["previous"]["handover"]["familyName"], world::canary(1, "familyName"));
        assert_eq!(data(&server, &token("traeger", Role::CaseManager), &previous).await["referral"], json!({"previous": null}));
        server.stop().await;
    }

    async fn a_traeger_reads_its_own_cases_in_full_and_no_others(db: TestDatabase) {
        let fixture = fill(&db).await;
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
        assert_ne!(fixture.traeger, fixture.other_traeger);
        server.stop().await;
    }

    async fn a_viewer_sees_only_its_agreements_and_only_fields_of_its_schema(db: TestDatabase) {
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

    async fn a_disabled_agency_is_not_listed(db: TestDatabase) {
        let fixture = fill(&db).await;
        let main = db.database.raw();
        let mut row = agency::Entity::find_by_id(fixture.traeger).one(main).await.expect("a database").expect("a row").into_active_model();
        row.enabled = Set(false);
        row.update(main).await.expect("updated");
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let agencies = data(&server, &clerk, "{ agencies(kind: TRAEGER) { nodes { slug } } }").await;
        assert_eq!(agencies["agencies"]["nodes"], json!([{"slug": "traeger-2"}]));
        // Its referrals remain, with its name.
        let list = data(&server, &clerk, "{ referrals(filter: {reference: \"REF-00002\"}) { nodes { sender { slug } } } }").await;
        assert_eq!(list["referrals"]["nodes"][0]["sender"]["slug"], "traeger");
        server.stop().await;
    }

    async fn a_token_limited_to_purposes_sees_no_other_referrals(db: TestDatabase) {
        let fixture = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let mut narrow = claims("jobcenter", Role::Clerk);
        narrow["purposes"] = json!(["INTEGRATION_COURSE"]);
        let narrow = sign(&narrow);
        assert_eq!(listed(&server, &narrow, "first: 100").await, [8, 2, 4, 10, 6, 12]);
        assert_eq!(data(&server, &narrow, "{ referralCounts { total } agreements { totalCount } }").await, json!({"referralCounts": {"total": 6}, "agreements": {"totalCount": 1}}));
        let other = encode(Kind::Referral, fixture.ids[0]);
        assert_eq!(data(&server, &narrow, &format!("{{ referral(id: \"{other}\") {{ id }} }}")).await["referral"], Value::Null);
        server.stop().await;
    }

    async fn a_missing_scope_is_refused_and_hides_only_its_fields(db: TestDatabase) {
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
}
