//! Referrals that continue another, which a case list cannot say: what a forwarding leaves behind, and a second try after
//! a refusal. Both keep the day of first receipt (§ 16 SGB I).

use chrono::{Days, Months, NaiveDate};
use kim_domain::Word;
use kim_domain::calendar::{Clock, age_on, noon_micros};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::handover::HandoverRow;
use kim_entity::write::Tx;
use kim_entity::{agency, agreement, case_file, consent, person, referral, referral_event};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::enrich::{Cases, rows, wrong};
use crate::failure::Failure;

/// Writes the referrals of `continued_demo.csv`: case number, to whom, purpose, days since the offer, reference. Without
/// days it is the draft that a forwarding makes, which nothing of the client is in yet.
pub(super) async fn referrals(database: &Database, clock: &Clock, file: &[u8]) -> Result<(), Failure> {
    let tx = database.legacy_write().await.map_err(Failure::failed)?;
    let cases = Cases::load(&tx).await?;
    for [number, to, purpose, days_ago, reference] in rows(file)? {
        let (case, previous) = cases.get(&number)?;
        let purpose = ReferralPurpose::from_code(&purpose).ok_or_else(|| wrong(&number, &purpose))?;
        let agreement = agreement_with(&tx, &to, purpose).await?.ok_or_else(|| wrong(&number, &to))?;
        let next = Next { case, previous, agreement, reference };
        match (previous.status.0, days_ago.parse()) {
            (ReferralStatus::Forwarded, Err(_)) => next.draft(&tx).await?,
            (ReferralStatus::Declined, Ok(days)) => {
                let day = clock.today().checked_sub_days(Days::new(days)).ok_or_else(|| wrong(&number, &days_ago))?;
                next.offer(&tx, day).await?;
            }
            (status, _) => return Err(wrong(&number, status.code())),
        }
    }
    tx.commit().await.map_err(Failure::failed)
}

async fn agreement_with(
    tx: &Tx,
    receiver: &str,
    purpose: ReferralPurpose,
) -> Result<Option<agreement::Model>, Failure> {
    let receiver = agency::Entity::find().filter(agency::Column::Slug.eq(receiver)).one(tx.legacy()).await;
    let Some(receiver) = receiver.map_err(Failure::failed)? else { return Ok(None) };
    agreement::Entity::find()
        .filter(agreement::Column::ReceiverId.eq(receiver.id))
        .filter(agreement::Column::Purpose.eq(Code(purpose)))
        .order_by_desc(agreement::Column::Version)
        .one(tx.legacy())
        .await
        .map_err(Failure::failed)
}

/// A referral to be made, and what it continues.
struct Next<'a> {
    case: &'a case_file::Model,
    previous: &'a referral::Model,
    agreement: agreement::Model,
    reference: String,
}

impl Next<'_> {
    /// The draft stands since the moment of the forwarding.
    async fn draft(&self, tx: &Tx) -> Result<(), Failure> {
        let at = self.previous.closed_at.unwrap_or(self.previous.updated_at);
        let draft = referral::ActiveModel { hops: Set(self.previous.hops + 1), ..self.referral(at) };
        let id = self.insert(tx, draft).await?;
        let empty = HandoverRow { referral_id: id, ..Default::default() };
        tx.insert_handovers(&[empty]).await.map_err(Failure::failed)?;
        self.event(tx, id, at, None, ReferralStatus::Draft).await
    }

    async fn offer(&self, tx: &Tx, day: NaiveDate) -> Result<(), Failure> {
        let at = noon_micros(day);
        let person = person::Entity::find_by_id(self.case.person_id).one(tx.legacy()).await.map_err(Failure::failed)?;
        let person = person.ok_or_else(|| wrong(&self.case.case_number, "no such person"))?;
        let offered = referral::ActiveModel {
            status: Set(Code(ReferralStatus::Offered)),
            pending: Set(true),
            consent_id: Set(Some(self.consent(tx, day).await?)),
            offered_at: Set(at),
            due_on: Set(day + Days::new(14)),
            ..self.referral(at)
        };
        let id = self.insert(tx, offered).await?;
        let copy = self.handover(id, &person, day);
        tx.insert_handovers(&[copy]).await.map_err(Failure::failed)?;
        self.event(tx, id, at, Some(ReferralStatus::Draft), ReferralStatus::Offered).await
    }

    /// A draft to the receiver of the agreement, that continues the previous one.
    fn referral(&self, at: i64) -> referral::ActiveModel {
        referral::ActiveModel {
            id: Set(new_uuid()),
            receiver_id: Set(self.agreement.receiver_id),
            purpose: Set(self.agreement.purpose),
            kind: Set(Code(ReferralKind::Referral)),
            status: Set(Code(ReferralStatus::Draft)),
            version: Set(1),
            reference: Set(self.reference.clone()),
            receiver_reference: Set(None),
            agreement_id: Set(Some(self.agreement.id)),
            consent_id: Set(None),
            offered_fields: Set(self.unticked().to_i64()),
            ever_accepted: Set(false),
            pending: Set(false),
            offered_at: Set(0),
            accepted_at: Set(None),
            closed_at: Set(None),
            closed_on: Set(None),
            due_on: Set(referral::NO_DUE_DATE),
            reason: Set(None),
            suspended_from: Set(None),
            receiver_contact_name: Set(None),
            receiver_contact_phone: Set(None),
            receiver_contact_email: Set(Some(self.agreement.contact.clone())),
            previous_id: Set(Some(self.previous.id)),
            created_at: Set(at),
            updated_at: Set(at),
            // Case, sender, their contact and the day of first receipt stay as they were.
            ..self.previous.clone().into_active_model().reset_all()
        }
    }

    /// What the agreement permits and the client need not tick.
    fn unticked(&self) -> FieldSet {
        FieldSet::from_i64(self.agreement.fields).without(FieldSet::from_i64(self.agreement.ticked_only))
    }

    async fn consent(&self, tx: &Tx, day: NaiveDate) -> Result<Uuid, Failure> {
        let id = new_uuid();
        let given = consent::ActiveModel {
            id: Set(id),
            person_id: Set(self.case.person_id),
            receiver_id: Set(self.agreement.receiver_id),
            purpose: Set(self.agreement.purpose),
            fields: Set(self.unticked().to_i64()),
            ticked: Set(FieldSet::EMPTY.to_i64()),
            data_protection: Set(true),
            release_from_secrecy: Set(true),
            release_on: Set(Some(day)),
            art9: Set(false),
            valid_from: Set(day),
            valid_until: Set(day.checked_add_months(Months::new(12))),
            withdrawn_at: Set(None),
            created_at: Set(noon_micros(day)),
            ..Default::default()
        };
        consent::Entity::insert(given).exec_without_returning(tx.legacy()).await.map_err(Failure::failed)?;
        Ok(id)
    }

    /// The copy that the receiver reads, as an import makes it.
    fn handover(&self, id: Uuid, person: &person::Model, day: NaiveDate) -> HandoverRow {
        let client_fingerprint = person.fingerprint.clone();
        let mut copy = HandoverRow { referral_id: id, client_fingerprint, ..Default::default() };
        for field in self.unticked().iter() {
            let text = if field == F::Concern {
                Some(format!("Es geht um: {}.", self.agreement.purpose.0.label()))
            } else if field == F::Age {
                person.birth_date.as_deref().and_then(|born| Some(age_on(born.parse().ok()?, day).to_string()))
            } else {
                person.text(field).or_else(|| self.case.text(field))
            };
            copy.values.set(field, text.as_deref());
        }
        copy
    }

    async fn insert(&self, tx: &Tx, new: referral::ActiveModel) -> Result<Uuid, Failure> {
        let id = new.id.clone().take().unwrap_or_default();
        referral::Entity::insert(new).exec_without_returning(tx.legacy()).await.map_err(Failure::failed)?;
        Ok(id)
    }

    async fn event(
        &self,
        tx: &Tx,
        id: Uuid,
        at: i64,
        from: Option<ReferralStatus>,
        to: ReferralStatus,
    ) -> Result<(), Failure> {
        let event = referral_event::ActiveModel {
            id: Set(new_uuid()),
            referral_id: Set(id),
            at: Set(at),
            from_status: Set(from.map(Code)),
            to_status: Set(Code(to)),
            reason: Set(None),
            agency_id: Set(self.previous.sender_id),
            staff: Set(None),
            imported: Set(true),
            ..Default::default()
        };
        referral_event::Entity::insert(event)
            .exec_without_returning(tx.legacy())
            .await
            .map(drop)
            .map_err(Failure::failed)
    }
}
