//! What can be proposed, and who sees a proposal.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::play::{jobcenter, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::{self, in_days};

use super::{BASIC, COURSE, Table, about, coordination, person, receiver};

on_both! {
    async fn a_proposal_cannot_exceed_the_ceiling(db: TestDatabase) {
        let table = Table::set(db).await;
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        let beyond = table.wish(COURSE, &[HandoverField::Concern, HandoverField::TargetGroup]);
        let answer = table.mutate(&of_traeger, "proposeAgreement", beyond).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"], json!({"code": "BAD_INPUT", "fields": ["TARGET_GROUP"]}), "{answer}");
        assert!(error["message"].as_str().expect("a text").contains("fields[1]"), "{answer}");
        // The coordination gets the same error, without the field's name.
        let mut labelled = table.wish(COURSE, &[]);
        labelled["fields"] = json!([{"label": "Anliegen"}, {"label": HandoverField::TargetGroup.label()}]);
        let answer = table.mutate(&coordination(), "proposeAgreement", labelled).await;
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "BAD_INPUT"}), "{answer}");
        assert!(answer["errors"][0]["message"].as_str().expect("a text").contains("fields[1]"), "{answer}");
        // For the Jobcenter such a field is unknown, by its name and by its label.
        let name = |name: &str| { let mut wish = table.wish(COURSE, &[]); wish["fields"] = json!([{"field": name}]); wish };
        let label = |label: &str| { let mut wish = table.wish(COURSE, &[]); wish["fields"] = json!([{"label": label}]); wish };
        for write in [&name as &dyn Fn(&str) -> Value, &label] {
            let [hidden, nonsense] = if write("x")["fields"][0]["field"].is_null() { [HandoverField::TargetGroup.label(), "Unsinn"] } else { ["TARGET_GROUP", "UNSINN"] };
            let of_hidden = table.mutate(&receiver(), "proposeAgreement", write(hidden)).await.to_string();
            let of_nonsense = table.mutate(&receiver(), "proposeAgreement", write(nonsense)).await.to_string();
            assert!(of_hidden.contains("errors"), "{of_hidden}");
            assert_eq!(of_hidden.replace(hidden, "…"), of_nonsense.replace(nonsense, "…"));
        }
        // The coordination's schema contains no field names, also not in variables.
        let answer = table.mutate(&coordination(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        assert!(answer["data"].is_null() && answer.to_string().contains("GRAPHQL_VALIDATION_FAILED"), "{answer}");
        for (member, value) in [("validFrom", json!(in_days(-1))), ("validUntil", json!(in_days(-1))), ("respondWorkingDays", json!(0)),
            ("accessDays", json!(9999)), ("fields", json!([])), ("contact", json!("")), ("terms", json!("Nummer 12345BG0123456")),
            ("purpose", json!("TITLE_EXTENSION")), ("receiverId", json!(encode(Kind::Agency, Uuid::now_v7()))),
            ("fields", json!([{"field": "PHONE"}, {"field": "PHONE"}])), ("fields", json!([{}])),
            ("fields", json!([{"field": "PHONE", "statutory": true}]))] {
            let mut wish = table.wish(COURSE, &BASIC);
            wish[member] = value;
            assert_eq!(table.refused(&receiver(), "proposeAgreement", wish).await, "BAD_INPUT", "{member}");
        }
        table.stop().await;
    }

    async fn an_agency_that_is_no_party_cannot_find_a_proposal(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, "05112000").await;
        world::add_agency(main, "05112000", "ki-duisburg", AgencyKind::Koordination).await;
        world::add_agency(main, "05112000", "traeger-duisburg", AgencyKind::Traeger).await;
        let table = Table::set(db).await;
        let proposal = table.done(&receiver(), "proposeAgreement", table.wish(COURSE, &BASIC)).await;
        let absent = json!({"id": encode(Kind::Proposal, Uuid::now_v7()), "version": 1});
        let node = format!("{{ node(id: {}) {{ id }} agreementProposals {{ totalCount }} }}", proposal["id"]);
        for agency in ["ki-duisburg", "traeger-duisburg", "abh"] {
            let admin = person(agency, Role::Administrator, "jemand");
            let officer = person(agency, Role::DataProtectionOfficer, "jemand");
            assert_eq!(table.play.ask(&admin, &node).await, json!({"node": null, "agreementProposals": {"totalCount": 0}}));
            for (token, mutation, more) in [(&admin, "signAgreement", json!({})), (&admin, "rejectAgreement", json!({})), (&officer, "giveOpinion", json!({"verdict": "FAVOURABLE"}))] {
                let of_foreign = table.mutate(token, mutation, about(&proposal, more.clone())).await;
                let of_absent = table.mutate(token, mutation, about(&absent, more)).await;
                assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{agency} {mutation}: {of_foreign}");
                assert_eq!(of_foreign, of_absent, "{agency} {mutation}");
            }
            let wish = if agency == "ki-duisburg" { let mut wish = table.wish(COURSE, &[]); wish["fields"] = json!([{"label": "Anliegen"}]); wish } else { table.wish(COURSE, &BASIC[..1]) };
            assert_eq!(table.refused(&admin, "proposeAgreement", wish).await, "BAD_INPUT", "{agency}");
        }
        // For a clerk and a case manager this part of the schema does not exist.
        let signing = "mutation { signAgreement(input: {idempotencyKey: \"a\", proposalId: \"b\", expectedVersion: 1}) { proposal { id } } }";
        for token in [jobcenter(), traeger()] {
            for query in ["{ agreementProposals { totalCount } }", signing] {
                let answer = table.play.server.ask(&token, query, &json!({})).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
            }
            let node = format!("{{ node(id: {}) {{ id }} }}", proposal["id"]);
            assert_eq!(table.play.ask(&token, &node).await, json!({"node": null}));
        }
        // A token without the scope is refused. A token limited to other purposes finds nothing.
        let mut reader = claims("jobcenter", Role::Administrator);
        reader["scope"] = json!("agreement:read");
        assert_eq!(table.refused(&sign(&reader), "signAgreement", about(&proposal, json!({}))).await, "FORBIDDEN");
        let mut narrow = claims("jobcenter", Role::Administrator);
        narrow["purposes"] = json!(["BENEFIT_APPLICATION"]);
        assert_eq!(table.refused(&sign(&narrow), "signAgreement", about(&proposal, json!({}))).await, "NOT_FOUND");
        table.stop().await;
    }
}
