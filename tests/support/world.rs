//! Rows for tests: agencies, agreements and referrals with every field filled by values that can be recognised.

use chrono::NaiveDate;
use kim_domain::agency::{AgencyKind, DataProtectionLaw, LegalForm};
use kim_domain::calendar::{Clock, noon_micros};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::{ClientFingerprints, FingerprintKey};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use kim_domain::value::{CasePhase, HouseholdMember, Relation};
use kim_entity::case_file::NewCase;
use kim_entity::code::Code;
use kim_entity::handover::HandoverRow;
use kim_entity::household_member::NewMember;
use kim_entity::message::NewMessage;
use kim_entity::person::{Fingerprints, PersonRow};
use kim_entity::values::Values;
use kim_entity::{agency, agreement, consent, municipality, raw, referral, referral_event};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseConnection, EntityTrait, IntoActiveModel};
use uuid::Uuid;

pub(crate) use super::canaries::{canary, value, value_or_part};

/// The day on which the tests take place.
pub(crate) const TODAY: &str = "2026-11-20";

/// That day.
pub(crate) fn today() -> NaiveDate {
    TODAY.parse().expect("a day")
}

/// Some days from then.
pub(crate) fn in_days(days: i64) -> NaiveDate {
    today() + chrono::TimeDelta::days(days)
}

/// Noon of a day, or now if noon is still to come, so that the test's own changes are later.
fn begun(day: NaiveDate) -> i64 {
    noon_micros(day).min(Clock::on(today()).now_micros())
}

/// What a consent says.
#[derive(Clone, Debug)]
pub(crate) struct ConsentSpec {
    pub(crate) fields: FieldSet,
    pub(crate) ticked: FieldSet,
    pub(crate) release: bool,
    pub(crate) data_protection: bool,
    pub(crate) until: Option<NaiveDate>,
    pub(crate) withdrawn: bool,
}

impl ConsentSpec {
    /// A consent to all fields, without an end.
    pub(crate) fn whole() -> Self {
        Self {
            fields: FieldSet::ALL,
            ticked: FieldSet::ALL,
            release: true,
            data_protection: true,
            until: None,
            withdrawn: false,
        }
    }
}

/// One referral of a new person and case.
#[derive(Clone, Debug)]
pub(crate) struct ReferralSpec {
    pub(crate) number: u32,
    pub(crate) sender: Uuid,
    pub(crate) receiver: Uuid,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) agreement: Uuid,
    pub(crate) status: ReferralStatus,
    pub(crate) ever_accepted: bool,
    pub(crate) closed_on: Option<NaiveDate>,
    pub(crate) due_on: NaiveDate,
    pub(crate) offered_on: NaiveDate,
    pub(crate) consent: Option<ConsentSpec>,
    pub(crate) offered: FieldSet,
    pub(crate) previous: Option<Uuid>,
    pub(crate) messages: u32,
}

/// Collects rows and writes them in few statements.
pub(crate) struct World {
    value: fn(u32, HandoverField) -> String,
    persons: Vec<PersonRow>,
    household: Vec<NewMember>,
    cases: Vec<NewCase>,
    consents: Vec<consent::ActiveModel>,
    referrals: Vec<referral::ActiveModel>,
    handovers: Vec<HandoverRow>,
    messages: Vec<NewMessage>,
    events: Vec<referral_event::ActiveModel>,
}

/// The test server's key (`support::server`).
pub(crate) fn key() -> FingerprintKey {
    FingerprintKey::from_hex(&"5a".repeat(32)).expect("a key")
}

/// Adds a municipality if it is not there.
pub(crate) async fn add_municipality(db: &DatabaseConnection, ags: &str) {
    let row = municipality::ActiveModel { ags: Set(ags.to_owned()), name: Set(format!("Ort {ags}")) };
    let already = sea_orm::sea_query::OnConflict::column(municipality::Column::Ags).do_nothing().to_owned();
    municipality::Entity::insert(row).on_conflict(already).exec_without_returning(db).await.expect("a municipality");
}

/// Adds an agency of a municipality.
pub(crate) async fn add_agency(db: &DatabaseConnection, ags: &str, slug: &str, kind: AgencyKind) -> Uuid {
    let id = kim_domain::id::new_uuid();
    agency::ActiveModel {
        id: Set(id),
        slug: Set(slug.to_owned()),
        name: Set(format!("Stelle {slug}")),
        kind: Set(Code(kind)),
        ags: Set(ags.to_owned()),
        legal_form: Set(Code(LegalForm::Private)),
        bound_by_203: Set(kind == AgencyKind::Traeger),
        data_protection_law: Set(Code(DataProtectionLaw::Dsgvo)),
        controller: Set(slug.to_owned()),
        association: Set(None),
        district: Set(None),
        baustein: Set(None),
        posts: Set(None),
        internal_specialisation: Set(Some(canary(0, "specialisation"))),
        enabled: Set(true),
        closings: Set(0),
        ..Default::default()
    }
    .insert(db)
    .await
    .expect("an agency");
    id
}

/// A version of an agreement, to be changed and inserted.
pub(crate) fn agreement(
    ags: &str,
    receiver: Uuid,
    purpose: ReferralPurpose,
    fields: FieldSet,
    ticked_only: FieldSet,
) -> agreement::Model {
    agreement::Model {
        id: kim_domain::id::new_uuid(),
        ags: ags.to_owned(),
        receiver_id: receiver,
        purpose: Code(purpose),
        version: 1,
        valid_from: in_days(-1000),
        valid_until: None,
        respond_working_days: 10,
        access_days: 30,
        contact: "schnittstelle@stelle.example".to_owned(),
        legal_ground: "Einwilligung".to_owned(),
        fields: fields.to_i64(),
        ticked_only: ticked_only.to_i64(),
        statutory_fields: 0,
        narrows_running: false,
        terminated_for_cause_on: None,
        created_at: 0,
    }
}

/// Inserts a version.
pub(crate) async fn insert_agreement(db: &DatabaseConnection, model: agreement::Model) -> Uuid {
    let id = model.id;
    model.into_active_model().insert(db).await.expect("an agreement");
    id
}

impl Default for World {
    fn default() -> Self {
        Self::of(value)
    }
}

impl World {
    /// Rows with these values of the fields.
    pub(crate) fn of(value: fn(u32, HandoverField) -> String) -> Self {
        Self {
            value,
            persons: Vec::new(),
            household: Vec::new(),
            cases: Vec::new(),
            consents: Vec::new(),
            referrals: Vec::new(),
            handovers: Vec::new(),
            messages: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Adds a person, a case, a consent, a referral, its handover, an event and messages. Returns the referral's id.
    pub(crate) fn add(&mut self, spec: &ReferralSpec) -> Uuid {
        let number = spec.number;
        let (person_id, case_id, referral_id) = (new(), new(), new());
        self.add_case(number, spec.sender, person_id, case_id);
        let consent_id =
            spec.consent.as_ref().map(|consent| self.add_consent(consent, spec.receiver, spec.purpose, person_id));
        let offered_at = if spec.status == ReferralStatus::Draft { 0 } else { begun(spec.offered_on) };
        self.referrals.push(referral::ActiveModel {
            id: Set(referral_id),
            case_id: Set(case_id),
            sender_id: Set(spec.sender),
            receiver_id: Set(spec.receiver),
            purpose: Set(Code(spec.purpose)),
            kind: Set(Code(ReferralKind::Referral)),
            status: Set(Code(spec.status)),
            version: Set(1),
            reference: Set(format!("REF-{number:05}")),
            sender_reference: Set(Some(canary(number, "senderReference"))),
            receiver_reference: Set(Some(canary(number, "receiverReference"))),
            agreement_id: Set(Some(spec.agreement)),
            consent_id: Set(consent_id),
            offered_fields: Set(spec.offered.to_i64()),
            ever_accepted: Set(spec.ever_accepted),
            pending: Set(spec.status.is_pending(spec.ever_accepted)),
            first_received_on: Set(Some(spec.offered_on)),
            offered_at: Set(offered_at),
            accepted_at: Set(None),
            closed_at: Set(spec.closed_on.map(noon_micros)),
            closed_on: Set(spec.closed_on),
            due_on: Set(if offered_at == 0 { referral::NO_DUE_DATE } else { spec.due_on }),
            reason: Set(None),
            suspended_from: Set(None),
            sender_contact_name: Set(None),
            sender_contact_phone: Set(None),
            sender_contact_email: Set(None),
            receiver_contact_name: Set(None),
            receiver_contact_phone: Set(None),
            receiver_contact_email: Set(None),
            previous_id: Set(spec.previous),
            hops: Set(0),
            created_at: Set(begun(spec.offered_on)),
            updated_at: Set(begun(spec.offered_on)),
            ..Default::default()
        });
        self.handovers.push(HandoverRow {
            referral_id,
            client: Some(self.fingerprints(number)),
            values: self.values(number),
        });
        self.add_history(spec, referral_id);
        referral_id
    }

    /// The rows of the last added referral, to be changed: the referral, its case, and the last added consent.
    pub(crate) fn last(&mut self) -> (&mut referral::ActiveModel, &NewCase, Option<&mut consent::ActiveModel>) {
        let (referral, case) = (self.referrals.last_mut(), self.cases.last());
        (referral.expect("a referral"), case.expect("its case"), self.consents.last_mut())
    }

    /// Adds a person and a case without a referral, and a consent if there is one. Returns the case's id.
    pub(crate) fn add_client(
        &mut self,
        number: u32,
        agency: Uuid,
        consent: Option<(ConsentSpec, Uuid, ReferralPurpose)>,
    ) -> Uuid {
        let (person_id, case_id) = (new(), new());
        self.add_case(number, agency, person_id, case_id);
        if let Some((consent, receiver, purpose)) = consent {
            self.add_consent(&consent, receiver, purpose, person_id);
        }
        case_id
    }

    fn add_case(&mut self, number: u32, agency_id: Uuid, person_id: Uuid, case_id: Uuid) {
        let mut values = self.values(number);
        self.persons.push(PersonRow {
            id: person_id,
            agency_id,
            fingerprints: Some(Fingerprints { exact: self.fingerprints(number), phonetic: None }),
            created_at: 0,
            values: values.clone(),
        });
        // The case has another concern than the handover, so that a test notices a read of the case.
        values.set(HandoverField::Concern, Some(&canary(number, "caseConcern")));
        self.cases.push(NewCase {
            id: case_id,
            agency_id,
            person_id,
            case_number: canary(number, "caseNumber"),
            district: None,
            phase: CasePhase::Linking,
            opened_on: in_days(-i64::from(number % 400)),
            import_hash: None,
            created_at: 0,
            values,
        });
        let given_name = Some(canary(number, "householdGivenName"));
        let member = HouseholdMember { relation: Relation::Child, given_name, family_name: None, birth_date: None };
        self.household.push(NewMember { id: new(), person_id, member });
    }

    fn values(&self, number: u32) -> Values {
        HandoverField::ALL.iter().map(|&field| (field, (self.value)(number, field))).collect()
    }

    /// The fingerprints of a client. Normalisation drops the number in the name: the birth date tells clients apart.
    fn fingerprints(&self, number: u32) -> ClientFingerprints {
        let born = (self.value)(number, HandoverField::BirthDate).parse().expect("a birth date");
        key().client_name(&(self.value)(number, HandoverField::FamilyName), born)
    }

    fn add_consent(
        &mut self,
        consent: &ConsentSpec,
        receiver: Uuid,
        purpose: ReferralPurpose,
        person_id: Uuid,
    ) -> Uuid {
        let id = new();
        self.consents.push(consent::ActiveModel {
            id: Set(id),
            person_id: Set(person_id),
            receiver_id: Set(receiver),
            purpose: Set(Code(purpose)),
            fields: Set(consent.fields.to_i64()),
            ticked: Set(consent.ticked.to_i64()),
            data_protection: Set(consent.data_protection),
            release_from_secrecy: Set(consent.release),
            release_on: Set(consent.release.then(|| in_days(-500))),
            art9: Set(true),
            valid_from: Set(in_days(-500)),
            valid_until: Set(consent.until),
            withdrawn_at: Set(consent.withdrawn.then(|| noon_micros(in_days(-1)))),
            created_at: Set(0),
            ..Default::default()
        });
        id
    }

    fn add_history(&mut self, spec: &ReferralSpec, referral_id: Uuid) {
        let at = begun(spec.offered_on);
        for part in 0..spec.messages {
            let sender = part % 2 == 0;
            self.messages.push(NewMessage {
                id: new(),
                referral_id,
                sent_at: at + i64::from(part),
                agency_id: if sender { spec.sender } else { spec.receiver },
                staff: Some(canary(spec.number, if sender { "senderStaff" } else { "receiverStaff" })),
                acting_for: Some(canary(spec.number, if sender { "senderStaff" } else { "receiverStaff" })),
                body: canary(spec.number, "message"),
            });
        }
        let event = |at, from, to, agency: Uuid, staff: &str| referral_event::ActiveModel {
            id: Set(new()),
            referral_id: Set(referral_id),
            at: Set(at),
            from_status: Set(from),
            to_status: Set(Code(to)),
            reason: Set(None),
            agency_id: Set(agency),
            staff: Set(Some(canary(spec.number, staff))),
            acting_for: Set(Some(canary(spec.number, staff))),
            imported: Set(false),
            ..Default::default()
        };
        let draft = ReferralStatus::Draft;
        self.events.push(event(at - 1, None, draft, spec.sender, "senderStaff"));
        if spec.status != draft {
            self.events.push(event(at, Some(Code(draft)), ReferralStatus::Offered, spec.sender, "senderStaff"));
        }
    }

    /// Writes everything that was added.
    pub(crate) async fn write(self, db: &DatabaseConnection) {
        raw::insert_with_parts(db, &self.persons).await.expect("persons");
        raw::insert(db, &self.household).await.expect("households");
        raw::insert(db, &self.cases).await.expect("cases");
        insert::<consent::Entity, _>(db, self.consents).await;
        insert::<referral::Entity, _>(db, self.referrals).await;
        raw::insert_with_parts(db, &self.handovers).await.expect("handovers");
        raw::insert(db, &self.messages).await.expect("messages");
        insert::<referral_event::Entity, _>(db, self.events).await;
        raw::record_stays(db).await.expect("stays");
    }
}

fn new() -> Uuid {
    kim_domain::id::new_uuid()
}

/// Writes rows of one table.
pub(crate) async fn insert<E, A>(db: &DatabaseConnection, rows: Vec<A>)
where
    E: EntityTrait,
    A: ActiveModelTrait<Entity = E>,
{
    // SQLite takes 32,766 bound values at the most, PostgreSQL 65,535.
    for chunk in rows.chunks(400) {
        E::insert_many(chunk.to_vec()).exec_without_returning(db).await.expect("rows");
    }
}
