//! What can be proposed, and who sees a proposal.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{jobcenter, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::{self, in_days};

use super::{BASIC, COURSE, Negotiation, coordination, person, receiver, to_proposal};

on_both! {
    async fn a_proposal_cannot_exceed_the_ceiling(db: TestDatabase) {
        let negotiation = Negotiation::begin(db).await;
        let of_traeger = person("traeger", Role::Administrator, "leitung-traeger");
        let beyond = negotiation.terms(COURSE, &[HandoverField::Concern, HandoverField::TargetGroup]);
        let answer = negotiation.mutate(&of_traeger, "proposeAgreement", beyond).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"], json!({"code": "BAD_INPUT", "fields": ["TARGET_GROUP"]}), "{answer}");
        assert!(error["message"].as_str().expect("a text").contains("fields[1]"), "{answer}");
        // The coordination gets the same error, without the field's name.
        let mut labelled = negotiation.terms(COURSE, &[]);
        labelled["fields"] = json!([{"label": "Anliegen"}, {"label": HandoverField::TargetGroup.label()}]);
        let answer = negotiation.mutate(&coordination(), "proposeAgreement", labelled).await;
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "BAD_INPUT"}), "{answer}");
        assert!(answer["errors"][0]["message"].as_str().expect("a text").contains("fields[1]"), "{answer}");
        // For the Jobcenter such a field is unknown, by its name and by its label.
        let name = |name: &str| { let mut terms = negotiation.terms(COURSE, &[]); terms["fields"] = json!([{"field": name}]); terms };
        let label = |label: &str| { let mut terms = negotiation.terms(COURSE, &[]); terms["fields"] = json!([{"label": label}]); terms };
        for write in [&name as &dyn Fn(&str) -> Value, &label] {
            let [hidden, nonsense] = if write("x")["fields"][0]["field"].is_null() { [HandoverField::TargetGroup.label(), "Unsinn"] } else { ["TARGET_GROUP", "UNSINN"] };
            let of_hidden = negotiation.mutate(&receiver(), "proposeAgreement", write(hidden)).await.to_string();
            let of_nonsense = negotiation.mutate(&receiver(), "proposeAgreement", write(nonsense)).await.to_string();
            assert!(of_hidden.contains("errors"), "{of_hidden}");
            assert_eq!(of_hidden.replace(hidden, "…"), of_nonsense.replace(nonsense, "…"));
        }
        // The coordination's schema contains no field names, also not in variables.
        let answer = negotiation.mutate(&coordination(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        assert!(answer["data"].is_null() && answer.to_string().contains("GRAPHQL_VALIDATION_FAILED"), "{answer}");
        for (member, value) in [("validFrom", json!(in_days(-1))), ("validUntil", json!(in_days(-1))), ("respondWorkingDays", json!(0)),
            ("accessDays", json!(9999)), ("fields", json!([])), ("contact", json!("")), ("terms", json!("Nummer 12345BG0123456")),
            ("purpose", json!("TITLE_EXTENSION")), ("receiverId", json!(encode(Kind::Agency, Uuid::now_v7()))),
            ("fields", json!([{"field": "PHONE"}, {"field": "PHONE"}])), ("fields", json!([{}])),
            ("fields", json!([{"field": "PHONE", "statutory": true}]))] {
            let mut terms = negotiation.terms(COURSE, &BASIC);
            terms[member] = value;
            assert_eq!(negotiation.refused(&receiver(), "proposeAgreement", terms).await, "BAD_INPUT", "{member}");
        }
        negotiation.stop().await;
    }

    async fn an_agency_that_is_no_party_cannot_find_a_proposal(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, "05112000").await;
        world::add_agency(main, "05112000", "ki-duisburg", AgencyKind::Koordination).await;
        world::add_agency(main, "05112000", "traeger-duisburg", AgencyKind::Traeger).await;
        let negotiation = Negotiation::begin(db).await;
        let proposal = negotiation.done(&receiver(), "proposeAgreement", negotiation.terms(COURSE, &BASIC)).await;
        let absent = json!({"id": encode(Kind::Proposal, Uuid::now_v7()), "version": 1});
        let node = format!("{{ node(id: {}) {{ id }} agreementProposals {{ totalCount }} }}", proposal["id"]);
        for agency in ["ki-duisburg", "traeger-duisburg", "abh"] {
            let admin = person(agency, Role::Administrator, "jemand");
            let officer = person(agency, Role::DataProtectionOfficer, "jemand");
            assert_eq!(negotiation.scenario.ask(&admin, &node).await, json!({"node": null, "agreementProposals": {"totalCount": 0}}));
            for (token, mutation, more) in [(&admin, "signAgreement", json!({})), (&admin, "rejectAgreement", json!({})), (&officer, "giveOpinion", json!({"verdict": "FAVOURABLE"}))] {
                let of_foreign = negotiation.mutate(token, mutation, to_proposal(&proposal, more.clone())).await;
                let of_absent = negotiation.mutate(token, mutation, to_proposal(&absent, more)).await;
                assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{agency} {mutation}: {of_foreign}");
                assert_eq!(of_foreign, of_absent, "{agency} {mutation}");
            }
            let terms = if agency == "ki-duisburg" { let mut terms = negotiation.terms(COURSE, &[]); terms["fields"] = json!([{"label": "Anliegen"}]); terms } else { negotiation.terms(COURSE, &BASIC[..1]) };
            assert_eq!(negotiation.refused(&admin, "proposeAgreement", terms).await, "BAD_INPUT", "{agency}");
        }
        // For a clerk and a case manager this part of the schema does not exist.
        let signing = "mutation { signAgreement(input: {idempotencyKey: \"a\", proposalId: \"b\", expectedVersion: 1}) { proposal { id } } }";
        for token in [jobcenter(), traeger()] {
            for query in ["{ agreementProposals { totalCount } }", signing] {
                let answer = negotiation.scenario.server.ask(&token, query, &json!({})).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
            }
            let node = format!("{{ node(id: {}) {{ id }} }}", proposal["id"]);
            assert_eq!(negotiation.scenario.ask(&token, &node).await, json!({"node": null}));
        }
        // A token without the scope is refused. A token limited to other purposes finds nothing.
        let mut reader = claims("jobcenter", Role::Administrator);
        reader["scope"] = json!("agreement:read");
        assert_eq!(negotiation.refused(&sign(&reader), "signAgreement", to_proposal(&proposal, json!({}))).await, "FORBIDDEN");
        let mut narrow = claims("jobcenter", Role::Administrator);
        narrow["purposes"] = json!(["BENEFIT_APPLICATION"]);
        assert_eq!(negotiation.refused(&sign(&narrow), "signAgreement", to_proposal(&proposal, json!({}))).await, "NOT_FOUND");
        negotiation.stop().await;
    }
}
