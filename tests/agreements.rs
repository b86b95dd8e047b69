//! Agreements over HTTP. The tests of this folder share a negotiation.

mod narrowing;
mod notification;
mod proposals;
mod signing;
mod termination;

use kim_domain::agency::Role;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::agency;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::{ConsentSpec, today};

/// A token of a person at an agency.
fn person(agency: &str, role: Role, subject: &str) -> String {
    let mut claims = claims(agency, role);
    claims["sub"] = json!(subject);
    sign(&claims)
}

fn receiver() -> String {
    person("jobcenter", Role::Administrator, "leitung-jobcenter")
}
fn coordination() -> String {
    person("koordination", Role::Administrator, "leitung-ki")
}
fn officer_of_receiver() -> String {
    person("jobcenter", Role::DataProtectionOfficer, "dsb-jobcenter")
}
fn officer_of_senders() -> String {
    person("koordination", Role::DataProtectionOfficer, "dsb-stadt")
}

const SHOWN: &str = "id version status availableActions validFrom proposedBy { slug } closeReason
    signatures { side agency { slug } staff } opinions { side verdict reasons staff agency { slug } }
    agreement { id version validFrom } fields { label tickedOnly }";

/// A server on which an agreement of the Jobcenter is negotiated. For this purpose no agreement exists yet.
struct Negotiation {
    scenario: Scenario,
}

impl Negotiation {
    async fn begin(db: TestDatabase) -> Self {
        Self { scenario: Scenario::begin(db).await }
    }

    /// Executes a mutation of a proposal. Returns the whole answer.
    async fn mutate(&self, token: &str, mutation: &str, mut input: Value) -> Value {
        let type_name = mutation[..1].to_uppercase() + &mutation[1..];
        let query =
            format!("mutation($input: {type_name}Input!) {{ {mutation}(input: $input) {{ proposal {{ {SHOWN} }} }} }}");
        if input["idempotencyKey"].is_null() {
            input["idempotencyKey"] = json!(Uuid::now_v7());
        }
        self.scenario.server.ask(token, &query, &json!({ "input": input })).await
    }

    async fn done(&self, token: &str, mutation: &str, input: Value) -> Value {
        let answer = self.mutate(token, mutation, input).await;
        assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
        answer["data"][mutation]["proposal"].clone()
    }

    async fn refused(&self, token: &str, mutation: &str, input: Value) -> String {
        let answer = self.mutate(token, mutation, input).await;
        assert_eq!(answer["data"], json!({ mutation: null }), "{mutation}: {answer}");
        answer["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }

    /// The input for a proposal of the Jobcenter for this purpose.
    fn terms(&self, purpose: ReferralPurpose, fields: &[HandoverField]) -> Value {
        let fields: Vec<Value> = fields.iter().map(|field| json!({"field": field.code()})).collect();
        json!({"receiverId": encode(Kind::Agency, self.scenario.jobcenter), "purpose": purpose.code(), "validFrom": today(),
            "respondWorkingDays": 5, "accessDays": 14, "contact": "kurs@jobcenter.example", "legalGround": "Einwilligung",
            "terms": "Ansprache in einfacher Sprache.", "fields": fields})
    }

    /// Makes a proposal and has it signed until it is concluded.
    async fn conclude(&self, terms: Value) -> Value {
        let proposal = self.done(&receiver(), "proposeAgreement", terms).await;
        self.sign_until_concluded(proposal).await
    }

    async fn sign_until_concluded(&self, mut proposal: Value) -> Value {
        for (token, mutation, more) in [
            (receiver(), "signAgreement", json!({})),
            (officer_of_receiver(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
            (coordination(), "signAgreement", json!({})),
            (officer_of_senders(), "giveOpinion", json!({"verdict": "FAVOURABLE"})),
        ] {
            proposal = self.done(&token, mutation, to_proposal(&proposal, more)).await;
        }
        assert_eq!(proposal["status"], "CONCLUDED");
        proposal
    }

    /// Terminates an agreement. Returns the whole answer.
    async fn terminate(&self, token: &str, agreement: &Value, mut input: Value) -> Value {
        let query = "mutation($input: TerminateAgreementInput!) { terminateAgreement(input: $input) {
            agreement { id version terminatedOn terminatedForCause } } }";
        input["idempotencyKey"] = json!(Uuid::now_v7());
        input["agreementId"] = agreement.clone();
        input["reason"] = json!("Neuordnung");
        self.scenario.server.ask(token, query, &json!({ "input": input })).await
    }

    async fn agreements(&self, token: &str) -> Vec<Value> {
        let query =
            "{ agreements { nodes { id version purpose { code } terms terminatedOn terminatedForCause narrowsRunning
            parties { side agency { slug } } signatures { side staff agency { slug } } } } }";
        self.scenario.ask(token, query).await["agreements"]["nodes"].as_array().expect("a list").clone()
    }

    /// A draft to the Jobcenter for this purpose. The client consented to all fields.
    async fn draft(&self, purpose: ReferralPurpose) -> Value {
        let case = self.scenario.case(self.scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": case, "receiverId": encode(Kind::Agency, self.scenario.jobcenter), "purpose": purpose.code()});
        self.scenario.done(&traeger(), "draftReferral", input).await
    }

    async fn offer(&self, draft: &Value) -> Value {
        let input = json!({"acknowledgeReportingDuty": true, "fields": ["CONCERN", "FAMILY_NAME", "PHONE"]});
        self.scenario.mutate(&traeger(), "offerReferral", on(draft, input)).await
    }

    /// What the Jobcenter sees of a referral.
    async fn seen(&self, referral: &Value) -> Value {
        let query = format!(
            "{{ referral(id: {}) {{ status handover {{ concern familyName phone withheld {{ field reason }} }} }} }}",
            referral["id"]
        );
        self.scenario.ask(&jobcenter(), &query).await["referral"].clone()
    }

    /// The Jobcenter's number of closings. Answers that are being computed when it increases are computed again.
    async fn closings(&self) -> i64 {
        let main = self.scenario.server.database.database.raw();
        let agency = agency::Entity::find_by_id(self.scenario.jobcenter).one(main).await.expect("a database");
        agency.expect("the Jobcenter").closings
    }

    /// A referral's version, its last event, and the kinds of its changes in the feed, as this party sees them.
    async fn history(&self, token: &str, referral: &Value) -> (i64, Value, Vec<String>) {
        let query = format!(
            "{{ referral(id: {}) {{ version events(last: 1) {{ nodes {{ action fromStatus toStatus agency {{ slug }} staff changedFields {{ field change }} }} }} }}
               changes(first: 100) {{ nodes {{ kind referralId }} }} }}",
            referral["id"]
        );
        let seen = self.scenario.ask(token, &query).await;
        let changes = seen["changes"]["nodes"].as_array().expect("a list").iter();
        let kinds = changes
            .filter(|change| change["referralId"] == referral["id"])
            .map(|change| change["kind"].as_str().expect("a kind").to_owned());
        (
            seen["referral"]["version"].as_i64().expect("a number"),
            seen["referral"]["events"]["nodes"][0].clone(),
            kinds.collect(),
        )
    }

    async fn stop(self) {
        self.scenario.server.stop().await;
    }
}

/// An input with this proposal's id and version.
fn to_proposal(proposal: &Value, mut input: Value) -> Value {
    input["proposalId"] = proposal["id"].clone();
    input["expectedVersion"] = proposal["version"].clone();
    input
}

const COURSE: ReferralPurpose = ReferralPurpose::IntegrationCourse;
const BASIC: [HandoverField; 3] = [HandoverField::Concern, HandoverField::FamilyName, HandoverField::Phone];
