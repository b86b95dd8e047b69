//! Corrections of wrong values over HTTP. The tests of this folder share one client's case with two receivers.

mod deciding;
mod reporting;

use std::collections::BTreeSet;

use kim_domain::agency::Role;
use kim_domain::change::ChangeKind;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, decode, encode};
use kim_domain::purpose::ReferralPurpose as P;
use kim_entity::{change, consent, raw};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::ConsentSpec;

fn abh() -> String {
    token("abh", Role::Clerk)
}

/// One client's case, with a referral to the Jobcenter and one to the Ausländerbehörde.
struct TwoReceivers {
    scenario: Scenario,
    of_jobcenter: Value,
    of_abh: Value,
}

impl TwoReceivers {
    async fn begin(db: crate::support::database::TestDatabase) -> Self {
        let offered = Self::offered(db).await;
        let of_abh = offered.scenario.done(&abh(), "acceptReferral", on(&offered.of_abh, json!({}))).await;
        Self { of_abh, ..offered }
    }

    /// Only the Jobcenter accepts its referral.
    async fn offered(db: crate::support::database::TestDatabase) -> Self {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, P::BenefitApplication, Some(ConsentSpec::whole())).await;
        let main = scenario.server.database.database.raw();
        let given = consent::Entity::find().one(main).await.expect("a database").expect("the consent");
        let also = consent::ActiveModel {
            id: Set(Uuid::now_v7()),
            receiver_id: Set(scenario.abh),
            purpose: Set(kim_entity::code::Code(P::TitleExtension)),
            ..given.into_active_model().reset_all()
        };
        also.insert(main).await.expect("a second consent");
        let mut offered = Vec::new();
        for (receiver, purpose) in [(scenario.jobcenter, P::BenefitApplication), (scenario.abh, P::TitleExtension)] {
            let input =
                json!({"caseId": case, "receiverId": encode(Kind::Agency, receiver), "purpose": purpose.code()});
            let draft = scenario.done(&traeger(), "draftReferral", input).await;
            let input = on(&draft, json!({"acknowledgeReportingDuty": true}));
            offered.push(scenario.done(&traeger(), "offerReferral", input).await);
        }
        let of_jobcenter = scenario.done(&jobcenter(), "acceptReferral", on(&offered[0], json!({}))).await;
        Self { scenario, of_jobcenter, of_abh: offered.remove(1) }
    }

    /// A referral as this party sees it.
    async fn seen(&self, token: &str, referral: &Value) -> Value {
        let query = format!(
            "{{ referral(id: {}) {{ id version status availableActions
                handover {{ phone disputed entries {{ field disputed }} }}
                corrections(first: 10) {{ totalCount nodes {{ id field state text suggestedValue decisionText staff decidedBy agency {{ slug }} }} }}
                events {{ nodes {{ action staff agency {{ slug }} changedFields {{ field change }} }} }} }} }}",
            referral["id"]
        );
        self.scenario.ask(token, &query).await["referral"].clone()
    }

    async fn report(&self) -> Value {
        let input =
            json!({"field": "PHONE", "text": "Die Nummer gehört jemand anderem.", "suggestedValue": "0221 7654321"});
        self.scenario.done(&jobcenter(), "reportWrongValue", on(&self.of_jobcenter, input)).await
    }

    /// Corrects the client's telephone number in the Träger's case.
    async fn correct_the_case(&self) {
        let main = self.scenario.server.database.database.raw();
        let client = raw::persons(main).await.expect("persons").pop().expect("the client");
        let number = [(HandoverField::Phone, Some("0221 7654321".to_owned()))];
        raw::update_person(main, &client, &number).await.expect("corrected");
    }

    /// The input for a decision on the Jobcenter's first report.
    async fn decision(&self, more: Value) -> Value {
        let seen = self.seen(&traeger(), &self.of_jobcenter).await;
        let mut input = on(&seen, more);
        input["correctionId"] = seen["corrections"]["nodes"][0]["id"].clone();
        input
    }

    /// Number of entries about corrections of a referral in an agency's feed.
    async fn corrections_in_feed(&self, agency: Uuid, referral: &Value) -> usize {
        let id = decode(referral["id"].as_str().expect("an id")).expect("an id").1;
        let told = change::Entity::find()
            .filter(change::Column::AgencyId.eq(agency))
            .filter(change::Column::ReferralId.eq(id))
            .filter(change::Column::Kind.eq(ChangeKind::Correction.code()));
        told.all(self.scenario.server.database.database.raw()).await.expect("changes").len()
    }
}

fn disputed(seen: &Value) -> (Value, BTreeSet<&str>) {
    let entries = seen["handover"]["entries"].as_array().expect("entries").iter();
    let marked =
        entries.filter(|entry| entry["disputed"] == true).map(|entry| entry["field"].as_str().expect("a field"));
    (seen["handover"]["disputed"].clone(), marked.collect())
}

fn last_event(seen: &Value) -> &Value {
    seen["events"]["nodes"].as_array().expect("events").last().expect("an event")
}

/// Executes a mutation of a case in its current version. Returns the code of the error, or null.
async fn change_case(scenario: &Scenario, mutation: &str, case: &str, mut input: Value) -> Value {
    let seen = scenario.ask(&traeger(), &format!("{{ case(id: {}) {{ version }} }}", json!(case))).await;
    input["caseId"] = json!(case);
    input["expectedVersion"] = seen["case"]["version"].clone();
    input["idempotencyKey"] = json!(Uuid::now_v7());
    let kind = mutation[..1].to_uppercase() + &mutation[1..];
    let query = format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ case {{ version }} }} }}");
    let answer = scenario.server.ask(&traeger(), &query, &json!({ "input": input })).await;
    answer["errors"][0]["extensions"]["code"].clone()
}
