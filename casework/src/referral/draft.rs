//! A draft: what is to be handed over to whom, before anybody else learns of it.

use kim_domain::disclosure::{self, Stage};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralKind;
pub use kim_entity::read::Contact;
use kim_entity::write::{NewDraft, OwnList};
use uuid::Uuid;

use super::offer::Parties;
use super::{Done, Target};
use crate::import::random_reference;
use crate::list_length::one_more;
use crate::refusal::Refusal;
use crate::text::{optional_line, text};
use crate::work::{Work, mover};

/// A professional to talk to, its lines checked.
pub(super) fn checked(contact: &Contact) -> Result<Contact, Refusal> {
    Ok(Contact {
        name: optional_line("contact.name", contact.name.as_deref())?,
        phone: optional_line("contact.phone", contact.phone.as_deref())?,
        email: optional_line("contact.email", contact.email.as_deref())?,
    })
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
/// that is not the viewer's; ACTION_NOT_ALLOWED for a closed one or one that has too many, and for a purpose that the token is not
/// for.
pub async fn draft(work: &mut Work<'_>, input: &Draft) -> Result<Done, Refusal> {
    let case = match input.case {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    let case = case.ok_or_else(Refusal::not_found)?;
    if case.closed_on.is_some() {
        return Err(Refusal::not_allowed("Der Fall ist abgeschlossen."));
    }
    one_more(work, OwnList::Referrals(case.id)).await?;
    work.within_token(input.purpose)?;
    let receiver = match input.receiver {
        Some(id) if id != work.own_id() => work.writes().receiver(id, input.purpose).await?,
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
    let contact = checked(&input.contact)?;
    let id = new_uuid();
    let first = work.drafted(work.own_id(), id);
    let row = NewDraft {
        id,
        case_id: case.id,
        sender_id: work.own_id(),
        receiver_id: parties.receiver.id,
        purpose: input.purpose,
        kind: input.kind,
        reference: random_reference(&mut rand::rng()),
        sender_reference: optional_line("ownReference", input.own_reference.as_deref())?,
        agreement_id: parties.agreement.as_ref().map(|agreement| agreement.id),
        consent_id: parties.consent.as_ref().map(|consent| consent.id),
        offered: fields,
        carries_application: input.carries_application,
        first_received_on: None,
        sender_contact: contact,
        previous_id: None,
        hops: 0,
        concern,
        created_at: work.now(),
    };
    work.tx().insert_draft(row, first).await?;
    Ok(Done { referral: id })
}

/// Throws a draft away. Nobody else has seen it, and nothing of it is kept.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION for what was offered.
pub async fn discard(work: &mut Work<'_>, target: Target) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    row.rest
        .standing
        .after(ReferralAction::Discard, mover(&row))
        .map_err(|why| Refusal::unmoved(why, ReferralAction::Discard, row.status))?;
    work.writes().delete_draft(row.id).await?;
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
