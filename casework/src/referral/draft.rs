//! Drafts of referrals, which only their sender can see.

use kim_domain::disclosure::{self, Stage};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralKind;
pub use kim_entity::read::Contact;
use kim_entity::write::{DraftOf, NewDraft, OwnList};
use uuid::Uuid;

use super::offer::Parties;
use super::{ReferralResult, Target};
use crate::import::random_reference;
use crate::list_length::require_room;
use crate::refusal::WorkError;
use crate::telephone;
use crate::text::{office, optional, optional_line, optional_number, text};
use crate::work::{Work, mover};

/// Checks the lines of a contact.
pub(super) fn checked(contact: &Contact) -> Result<Contact, WorkError> {
    Ok(Contact {
        name: optional(contact.name.as_deref(), |name| office("contact.name", name))?,
        phone: optional(contact.phone.as_deref(), |number| telephone::checked("contact.phone", number))?,
        email: optional_line("contact.email", contact.email.as_deref())?,
    })
}

/// The referral to draft.
#[derive(Clone, Debug)]
pub struct Draft {
    /// One of the viewer's cases.
    pub case: Option<Uuid>,
    /// The receiving agency.
    pub receiver: Option<Uuid>,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// The kind of referral.
    pub kind: ReferralKind,
    /// The fields. `None`: all fields with a ground; if there are none, all fields of the agreement that need no tick.
    pub fields: Option<FieldSet>,
    /// The concern, in a sentence.
    pub concern: Option<String>,
    /// Whether it contains an application (§ 16 SGB I).
    pub carries_application: bool,
    /// The sender's file number of the referral.
    pub own_reference: Option<String>,
    /// The sender's contact.
    pub contact: Contact,
}

/// Creates a draft.
///
/// # Errors
/// BAD_INPUT for a receiver that cannot receive this purpose, a field that its kind may never get, or an invalid text;
/// NOT_FOUND for a case that is not the viewer's; ACTION_NOT_ALLOWED for a closed case, one with too many referrals, and for a purpose that the
/// token does not include.
pub async fn draft(work: &mut Work<'_>, input: &Draft) -> Result<ReferralResult, WorkError> {
    let case = match input.case {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    let case = case.ok_or_else(WorkError::not_found)?;
    if case.closed_on.is_some() {
        return Err(WorkError::not_allowed("Der Fall ist abgeschlossen."));
    }
    require_room(work, OwnList::Referrals(case.id)).await?;
    work.require_purpose(input.purpose)?;
    let receiver = match input.receiver {
        Some(id) if id != work.own_id() => work.writes().receiver(id, input.purpose).await?,
        Some(_) | None => None,
    };
    let receiver = receiver.ok_or_else(|| {
        WorkError::bad_input("„receiverId“ ist keine Stelle Ihrer Kommune, die für diesen Zweck gebeten werden kann.")
    })?;
    let parties = Parties::find(work, case.key(), receiver, input.purpose).await?;
    let fields = match input.fields {
        Some(fields) => parties.within_ceiling(fields)?,
        None => parties.usual(work.today()),
    };
    let concern = input.concern.as_deref().map(|concern| text("concern", concern)).transpose()?;
    let contact = checked(&input.contact)?;
    let id = new_uuid();
    let first = work.draft_event(work.own_id(), id);
    let row = NewDraft {
        id,
        receiver_id: parties.receiver.id,
        purpose: input.purpose,
        kind: input.kind,
        reference: random_reference(&mut rand::rng()),
        sender_reference: optional_number("ownReference", input.own_reference.as_deref())?,
        agreement_id: parties.agreement.as_ref().map(|agreement| agreement.id),
        consent_id: parties.consent.as_ref().map(|consent| consent.id),
        offered: fields,
        carries_application: input.carries_application,
        first_received_on: None,
        sender_contact: contact,
        hops: 0,
        concern,
        created_at: work.now(),
    };
    work.writes().insert_draft(DraftOf::Case(&case), row, first).await?;
    Ok(ReferralResult { referral: id })
}

/// Deletes a draft and everything that belongs to it. Nobody else has seen it.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION if it was offered.
pub async fn discard(work: &mut Work<'_>, target: Target) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    row.rest
        .standing
        .after(ReferralAction::Discard, mover(&row))
        .map_err(|why| WorkError::unmoved(why, ReferralAction::Discard, row.status))?;
    work.writes().delete_draft(&row).await?;
    Ok(ReferralResult { referral: row.id })
}

impl Parties {
    /// The fields that are handed over by default.
    fn usual(&self, today: chrono::NaiveDate) -> FieldSet {
        let carried = disclosure::visible(&self.terms(Stage::Full, FieldSet::ALL, today)).fields();
        match (&self.agreement, carried.is_empty()) {
            (Some(agreement), true) => {
                FieldSet::from_i64(agreement.fields).without(FieldSet::from_i64(agreement.ticked_only))
            }
            (Some(_) | None, _) => carried,
        }
    }

    /// Refuses fields that this kind of receiver may never get.
    pub(super) fn within_ceiling(&self, fields: FieldSet) -> Result<FieldSet, WorkError> {
        let never = fields.without(disclosure::ceiling(self.receiver.kind.0, Stage::Full));
        match never.iter().next() {
            None => Ok(fields),
            Some(_) => {
                let labels: Vec<_> = never.iter().map(HandoverField::label).collect();
                Err(WorkError::bad_input(format!("Diese Art von Stelle darf das nie sehen: {}.", labels.join(", "))))
            }
        }
    }
}
