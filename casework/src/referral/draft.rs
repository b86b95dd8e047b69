//! A draft: what is to be handed over to whom, before anybody else learns of it.

use kim_domain::disclosure::{self, Stage};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::{handover, referral, referral_event};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::offer::Parties;
use super::{Done, Target};
use crate::refusal::Refusal;
use crate::text::{optional_line, text};
use crate::work::{Work, mover};

/// A professional to talk to.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// Name.
    pub name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

impl Contact {
    /// The same, its lines checked.
    pub(crate) fn checked(&self) -> Result<Self, Refusal> {
        Ok(Self {
            name: optional_line("contact.name", self.name.as_deref())?,
            phone: optional_line("contact.phone", self.phone.as_deref())?,
            email: optional_line("contact.email", self.email.as_deref())?,
        })
    }
}

/// What is to be handed over.
#[derive(Clone, Debug)]
pub struct Draft {
    /// One of the viewer's cases.
    pub case: Option<Uuid>,
    /// The agency that is to be asked.
    pub receiver: Option<Uuid>,
    /// What for.
    pub purpose: ReferralPurpose,
    /// How.
    pub kind: ReferralKind,
    /// The fields; `None`: all that there is a ground for, or else all that the agreement has and nobody need tick.
    pub fields: Option<FieldSet>,
    /// What it is about, in a sentence.
    pub concern: Option<String>,
    /// Whether it brings an application (§ 16 SGB I).
    pub carries_application: bool,
    /// The sender's file number for it.
    pub own_reference: Option<String>,
    /// Whom the receiver can call.
    pub contact: Contact,
}

/// Drafts a referral.
///
/// # Errors
/// BAD_INPUT for a receiver that cannot be asked for this, a field that its kind never gets, or a text; NOT_FOUND for a case
/// that is not the viewer's; ACTION_NOT_ALLOWED for a closed one, and for a purpose that the token is not for.
pub async fn draft(work: &mut Work<'_>, input: &Draft) -> Result<Done, Refusal> {
    let case = match input.case {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    let case = case.ok_or_else(Refusal::not_found)?;
    if case.closed_on.is_some() {
        return Err(Refusal::not_allowed("Der Fall ist abgeschlossen."));
    }
    work.within_token(input.purpose)?;
    let receiver = match input.receiver {
        Some(id) if id != work.own_id() => work.writing().receiver(id, input.purpose).await?,
        Some(_) | None => None,
    };
    let receiver = receiver.ok_or_else(|| {
        Refusal::bad_input("„receiverId“ ist keine Stelle Ihrer Kommune, die für diesen Zweck gebeten werden kann.")
    })?;
    let parties = Parties::find(work, case.id, receiver, input.purpose).await?;
    let fields = match input.fields {
        Some(fields) => parties.within_ceiling(fields)?,
        None => parties.usual(work.today()),
    };
    let concern = input.concern.as_deref().map(|concern| text("concern", concern)).transpose()?;
    let contact = input.contact.checked()?;
    let id = new_uuid();
    let row = referral::ActiveModel {
        id: Set(id),
        case_id: Set(case.id),
        sender_id: Set(work.own_id()),
        receiver_id: Set(parties.receiver.id),
        purpose: Set(Code(input.purpose)),
        kind: Set(Code(input.kind)),
        sender_reference: Set(optional_line("ownReference", input.own_reference.as_deref())?),
        agreement_id: Set(parties.agreement.as_ref().map(|agreement| agreement.id)),
        consent_id: Set(parties.consent.as_ref().map(|consent| consent.id)),
        offered_fields: Set(fields.to_i64()),
        carries_application: Set(input.carries_application),
        sender_contact_name: Set(contact.name),
        sender_contact_phone: Set(contact.phone),
        sender_contact_email: Set(contact.email),
        ..blank(work.now())
    };
    insert(work, row, concern).await?;
    work.drafted(work.own_id(), id).await?;
    Ok(Done { referral: id })
}

/// Writes a draft and what it is about.
pub(super) async fn insert(
    work: &Work<'_>,
    row: referral::ActiveModel,
    concern: Option<String>,
) -> Result<(), Refusal> {
    let id = row.id.clone().take().unwrap_or_default();
    referral::Entity::insert(row).exec_without_returning(work.tx()).await?;
    let about = handover::ActiveModel { referral_id: Set(id), concern: Set(concern), ..Default::default() };
    handover::Entity::insert(about).exec_without_returning(work.tx()).await?;
    Ok(())
}

/// A draft's columns that are the same in each.
pub(super) fn blank(now: i64) -> referral::ActiveModel {
    referral::ActiveModel {
        status: Set(Code(ReferralStatus::Draft)),
        version: Set(1),
        reference: Set(crate::import::random_reference(&mut rand::rng())),
        ever_accepted: Set(false),
        pending: Set(false),
        offered_at: Set(0),
        due_on: Set(referral::NO_DUE_DATE),
        hops: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}

/// Throws a draft away. Nobody else has seen it, and nothing of it is kept.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION for what was offered.
pub async fn discard(work: &mut Work<'_>, target: Target) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    row.standing
        .after(ReferralAction::Discard, mover(&row))
        .map_err(|why| Refusal::unmoved(why, ReferralAction::Discard, row.standing.status))?;
    handover::Entity::delete_by_id(row.id).exec(work.tx()).await?;
    let events = referral_event::Column::ReferralId.eq(row.id);
    referral_event::Entity::delete_many().filter(events).exec(work.tx()).await?;
    referral::Entity::delete_by_id(row.id).exec(work.tx()).await?;
    Ok(Done { referral: row.id })
}

impl Parties {
    /// What would be handed over if nobody said which fields.
    fn usual(&self, today: chrono::NaiveDate) -> FieldSet {
        let carried = disclosure::visible(&self.terms(Stage::Full, FieldSet::ALL, today)).fields();
        match (&self.agreement, carried.is_empty()) {
            (Some(agreement), true) => {
                FieldSet::from_i64(agreement.fields).without(FieldSet::from_i64(agreement.ticked_only))
            }
            (Some(_) | None, _) => carried,
        }
    }

    /// The fields, none of which this kind of receiver never gets.
    pub(super) fn within_ceiling(&self, fields: FieldSet) -> Result<FieldSet, Refusal> {
        let never = fields.without(disclosure::ceiling(self.receiver.kind.0, Stage::Full));
        match never.iter().next() {
            None => Ok(fields),
            Some(_) => {
                let labels: Vec<_> = never.iter().map(HandoverField::label).collect();
                Err(Refusal::bad_input(format!("Diese Art von Stelle darf das nie sehen: {}.", labels.join(", "))))
            }
        }
    }
}
