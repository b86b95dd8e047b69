//! A scenario for tests: a municipality with a Träger that has cases and consents, a Jobcenter, an Ausländerbehörde, and
//! another Träger that is no party of any referral.

use std::sync::atomic::{AtomicU32, Ordering};

use kim::config::Config;
use kim_domain::agency::{AgencyKind, LegalForm, Role};
use kim_domain::calendar::Clock;
use kim_domain::disclosure::{Stage, ceiling};
use kim_domain::field::FieldSet;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::{agency, agreement};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::database::TestDatabase;
use super::server::{TestServer, token};
use super::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};

const AGS: &str = "05315000";

/// The server and the ids of its agencies.
pub(crate) struct Scenario {
    pub(crate) server: TestServer,
    pub(crate) jobcenter: Uuid,
    pub(crate) abh: Uuid,
    pub(crate) traeger: Uuid,
    number: AtomicU32,
}

/// The fields of a referral that its moves change.
pub(crate) const SHOWN: &str = "id version status dueOn ballWith { slug } availableActions";

impl Scenario {
    pub(crate) async fn begin(db: TestDatabase) -> Self {
        Self::begin_on(db, Clock::on(today())).await
    }

    pub(crate) async fn begin_on(db: TestDatabase, clock: Clock) -> Self {
        Self::begin_with(db, clock, |_| {}).await
    }

    pub(crate) async fn begin_with(db: TestDatabase, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let main = db.database.raw();
        world::add_municipality(main, AGS).await;
        let traeger = world::add_agency(main, AGS, "traeger", AgencyKind::Traeger).await;
        world::add_agency(main, AGS, "other", AgencyKind::Traeger).await;
        world::add_agency(main, AGS, "koordination", AgencyKind::Koordination).await;
        let jobcenter = world::add_agency(main, AGS, "jobcenter", AgencyKind::Jobcenter).await;
        let abh = world::add_agency(main, AGS, "abh", AgencyKind::Auslaenderbehoerde).await;
        for id in [jobcenter, abh] {
            let public = agency::ActiveModel {
                id: Set(id),
                legal_form: Set(kim_entity::code::Code(LegalForm::Public)),
                ..Default::default()
            };
            public.update(main).await.expect("a public body");
        }
        for (receiver, purpose) in
            [(jobcenter, ReferralPurpose::BenefitApplication), (abh, ReferralPurpose::TitleExtension)]
        {
            let fields = ceiling(purpose.receiver_kind(), Stage::Full);
            let agreement = world::agreement(AGS, receiver, purpose, fields, FieldSet::EMPTY);
            world::insert_agreement(main, agreement).await;
        }
        let server = TestServer::start_with(db, clock, change).await;
        Self { server, jobcenter, abh, traeger, number: AtomicU32::new(1) }
    }

    /// The same scenario on a server with another clock.
    pub(crate) async fn with_clock(self, clock: Clock) -> Self {
        let Self { server, jobcenter, abh, traeger, number } = self;
        let server = TestServer::start(server.close().await, clock).await;
        Self { server, jobcenter, abh, traeger, number }
    }

    /// Writes a new case of the Träger, with this consent for the receiver and purpose. Returns its id in the API.
    pub(crate) async fn case(&self, receiver: Uuid, purpose: ReferralPurpose, consent: Option<ConsentSpec>) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut world = World::default();
        let case = world.add_client(number, self.traeger, consent.map(|consent| (consent, receiver, purpose)));
        world.write(self.server.database.database.raw()).await;
        encode(Kind::Case, case)
    }

    /// Writes referrals of the Träger to the Jobcenter with this status, without a history. `consent` gives the consent of each
    /// by its place in the list. Their version is 1.
    pub(crate) async fn prepared(
        &self,
        status: ReferralStatus,
        count: u32,
        consent: impl Fn(u32) -> Option<ConsentSpec>,
    ) -> Vec<String> {
        let main = self.server.database.database.raw();
        let of_jobcenter = agreement::Entity::find().filter(agreement::Column::ReceiverId.eq(self.jobcenter));
        let agreement = of_jobcenter.one(main).await.expect("a database").expect("an agreement").id;
        let first = self.number.fetch_add(count, Ordering::Relaxed);
        let mut world = World::default();
        let ids = (0..count).map(|place| {
            world.add(&ReferralSpec {
                number: first + place,
                sender: self.traeger,
                receiver: self.jobcenter,
                purpose: ReferralPurpose::BenefitApplication,
                agreement,
                status,
                ever_accepted: false,
                closed_on: None,
                due_on: in_days(10),
                offered_on: today(),
                consent: consent(place),
                offered: ceiling(AgencyKind::Jobcenter, Stage::Full),
                previous: None,
                messages: 0,
            })
        });
        let ids = ids.map(|id| encode(Kind::Referral, id)).collect();
        world.write(main).await;
        ids
    }

    /// Sends a query that must succeed. Returns its data.
    pub(crate) async fn ask(&self, token: &str, query: &str) -> Value {
        let answer = self.server.ask(token, query, &json!({})).await;
        assert_eq!(answer["errors"], Value::Null, "{query}: {answer}");
        answer["data"].clone()
    }

    /// Executes a mutation of a referral. Returns the whole answer.
    pub(crate) async fn mutate(&self, token: &str, mutation: &str, input: Value) -> Value {
        let mut type_name = match mutation {
            "discardReferral" | "acknowledgeReferral" | "startReferral" => "Referral".to_owned(),
            "offerAgain" => "OfferReferral".to_owned(),
            other => other[..1].to_uppercase() + &other[1..],
        };
        type_name.push_str("Input");
        let query =
            format!("mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ referral {{ {SHOWN} }} }} }}");
        let mut input = input;
        if input["idempotencyKey"].is_null() {
            input["idempotencyKey"] = json!(Uuid::now_v7());
        }
        self.server.ask(token, &query, &json!({ "input": input })).await
    }

    /// Executes a mutation that must succeed. Returns the referral.
    pub(crate) async fn done(&self, token: &str, mutation: &str, input: Value) -> Value {
        let answer = self.mutate(token, mutation, input).await;
        assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
        answer["data"][mutation]["referral"].clone()
    }

    /// Executes a mutation that must be refused. Returns the code.
    pub(crate) async fn refused(&self, token: &str, mutation: &str, input: Value) -> String {
        let answer = self.mutate(token, mutation, input).await;
        assert_eq!(answer["data"], json!({ mutation: null }), "{mutation}: {answer}");
        answer["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }

    /// A draft to the Jobcenter, from a new case with this consent.
    pub(crate) async fn draft(&self, consent: Option<ConsentSpec>) -> Value {
        let purpose = ReferralPurpose::BenefitApplication;
        let case = self.case(self.jobcenter, purpose, consent).await;
        let input =
            json!({"caseId": case, "receiverId": encode(Kind::Agency, self.jobcenter), "purpose": purpose.code()});
        self.done(&traeger(), "draftReferral", input).await
    }

    /// A referral that is offered to the Jobcenter.
    pub(crate) async fn offered(&self) -> Value {
        let draft = self.draft(Some(ConsentSpec::whole())).await;
        // Every client has an expired residence title.
        let input = json!({"acknowledgeReportingDuty": true});
        self.done(&traeger(), "offerReferral", on(&draft, input)).await
    }
}

/// An input with this referral's id and version.
pub(crate) fn on(referral: &Value, mut input: Value) -> Value {
    input["referralId"] = referral["id"].clone();
    input["expectedVersion"] = referral["version"].clone();
    input
}

/// The Träger's case manager.
pub(crate) fn traeger() -> String {
    token("traeger", Role::CaseManager)
}

/// The Jobcenter's clerk.
pub(crate) fn jobcenter() -> String {
    token("jobcenter", Role::Clerk)
}
