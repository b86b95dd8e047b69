//! Proposes an agreement, or the next version of one. Fields beyond the ceiling cannot be proposed.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::agreement::{Beyond, ProposalStatus, agreeable};
use kim_domain::disclosure::known_to;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::agreement_proposal;
use kim_entity::code::Code;
use kim_entity::database::is_unique_violation;
use uuid::Uuid;

use super::{ProposalResult, position};
use crate::refusal::{ErrorCode, Refused, WorkError};
use crate::text::{line, text};
use crate::work::Work;

/// A field to agree on. Coordinators name fields only by their labels, because their schema has no handover fields.
#[derive(Clone, Debug)]
pub struct ProposedField {
    /// The field.
    pub field: Option<HandoverField>,
    /// Its German label, instead of `field`.
    pub label: Option<String>,
    /// Whether the client must tick the field individually.
    pub ticked_only: bool,
    /// Whether the field has a statutory ground.
    pub statutory: bool,
}

/// The proposed agreement.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The receiving agency.
    pub receiver: Option<Uuid>,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
    /// Number of working days to answer.
    pub respond_working_days: i32,
    /// Number of calendar days in which a closed referral can still be read.
    pub access_days: i32,
    /// The receiver's contact.
    pub contact: String,
    /// The legal ground.
    pub legal_ground: String,
    /// The fields.
    pub fields: Vec<ProposedField>,
    /// Whether it narrows running referrals.
    pub narrows_running: bool,
    /// Further terms, as text.
    pub terms: Option<String>,
}

/// Creates the proposal.
///
/// # Errors
/// BAD_INPUT for a receiver with which the viewer cannot agree on this purpose, a field beyond the ceiling (the text
/// names its place), or an invalid text, day or number; ACTION_NOT_ALLOWED while another proposal is open.
pub async fn propose(work: &mut Work<'_>, input: &Proposal) -> Result<ProposalResult, WorkError> {
    let receiver = match input.receiver {
        Some(id) => work.writes().receiver(id, input.purpose).await?,
        None => None,
    };
    let receiver = receiver.filter(|receiver| position(work, receiver.id).may_propose()).ok_or_else(|| {
        WorkError::bad_input("„receiverId“ ist keine Stelle, mit der Sie für diesen Zweck etwas vereinbaren können.")
    })?;
    if work.viewer().purposes().is_some_and(|purposes| !purposes.contains(&input.purpose)) {
        return Err(WorkError::not_allowed("Ihr Token gilt nicht für diesen Zweck."));
    }
    check_days(input, work.today())?;
    let agreed = agreed_fields(work.viewer().agency().kind, receiver.kind.0, input)?;
    let id = new_uuid();
    let row = agreement_proposal::Model {
        id,
        version: 1,
        status: Code(ProposalStatus::Open),
        ags: receiver.ags,
        receiver_id: receiver.id,
        purpose: Code(input.purpose),
        valid_from: input.valid_from,
        valid_until: input.valid_until,
        respond_working_days: within("respondWorkingDays", input.respond_working_days, 1, 250)?,
        access_days: within("accessDays", input.access_days, 0, 3_650)?,
        contact: line("contact", &input.contact)?,
        legal_ground: text("legalGround", &input.legal_ground)?,
        fields: agreed.fields.to_i64(),
        ticked_only: agreed.ticked_only.to_i64(),
        statutory_fields: agreed.statutory.to_i64(),
        narrows_running: input.narrows_running,
        terms: input.terms.as_deref().map(|terms| text("terms", terms)).transpose()?,
        agency_id: work.own_id(),
        staff: work.viewer().subject().to_owned(),
        created_at: work.now(),
        agreement_id: None,
        closed_by_id: None,
        closed_by_staff: None,
        closed_at: None,
        close_reason: None,
    };
    if work.writes().has_open_proposal(receiver.id, input.purpose).await? {
        return Err(already_open());
    }
    match work.writes().insert_proposal(row).await {
        Ok(()) => Ok(ProposalResult { proposal: id }),
        // Of two concurrent proposals, a unique index lets only one through.
        Err(error) if is_unique_violation(&error) => Err(already_open()),
        Err(error) => Err(error.into()),
    }
}

fn already_open() -> WorkError {
    WorkError::not_allowed(
        "Für diese Stelle und diesen Zweck ist schon ein Vorschlag offen. Bitte ihn erst ablehnen oder zurücknehmen.",
    )
}

fn check_days(input: &Proposal, today: NaiveDate) -> Result<(), WorkError> {
    if input.valid_from < today {
        return Err(WorkError::bad_input(
            "„validFrom“ liegt in der Vergangenheit: Vereinbart wird nichts rückwirkend.",
        ));
    }
    if input.valid_until.is_some_and(|last_day| last_day < input.valid_from) {
        return Err(WorkError::bad_input("„validUntil“ liegt vor „validFrom“."));
    }
    Ok(())
}

fn within(name: &str, number: i32, least: i16, most: i16) -> Result<i16, WorkError> {
    let fits = i16::try_from(number).ok().filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| WorkError::bad_input(format!("„{name}“ muss zwischen {least} und {most} liegen.")))
}

#[derive(Default)]
struct AgreedFields {
    fields: FieldSet,
    ticked_only: FieldSet,
    statutory: FieldSet,
}

/// The fields, each checked against the ceiling. Fields that a client must always tick are ticked-only even if the
/// input does not say so.
fn agreed_fields(own: AgencyKind, receiver: AgencyKind, input: &Proposal) -> Result<AgreedFields, WorkError> {
    let mut agreed = AgreedFields::default();
    for (place, proposed) in input.fields.iter().enumerate() {
        let field = named_field(own, place, proposed)?;
        if agreed.fields.contains(field) {
            return Err(WorkError::bad_input(format!("„fields[{place}]“ ({}) kommt doppelt vor.", field.label())));
        }
        let must_be_ticked = agreeable(receiver, input.purpose, field, proposed.statutory)
            .map_err(|beyond| refuse(own, receiver, place, field, beyond))?;
        agreed.fields.insert(field);
        if proposed.ticked_only || must_be_ticked {
            agreed.ticked_only.insert(field);
        }
        if proposed.statutory {
            agreed.statutory.insert(field);
        }
    }
    match agreed.fields.is_empty() {
        true => Err(WorkError::bad_input("„fields“ ist leer: Ohne Felder gibt es nichts zu vereinbaren.")),
        false => Ok(agreed),
    }
}

/// The field that an input names. A field that the viewer's kind does not know has the same answer as one that does not
/// exist.
fn named_field(own: AgencyKind, place: usize, proposed: &ProposedField) -> Result<HandoverField, WorkError> {
    // Coordinators know the labels of all fields that can be handed over.
    let known = known_to(if own == AgencyKind::Koordination { AgencyKind::Traeger } else { own });
    let found = match (proposed.field, proposed.label.as_deref()) {
        (Some(field), None) => Some(field),
        (None, Some(label)) => HandoverField::from_label(&kim_domain::value::nfc(label.trim())),
        (Some(_), Some(_)) | (None, None) => {
            return Err(WorkError::bad_input(format!("„fields[{place}]“ muss sein Feld genau einmal nennen.")));
        }
    };
    found
        .filter(|&field| known.contains(field))
        .ok_or_else(|| WorkError::bad_input(format!("„fields[{place}]“ nennt kein Feld der Übergabe.")))
}

fn refuse(own: AgencyKind, receiver: AgencyKind, place: usize, field: HandoverField, beyond: Beyond) -> WorkError {
    let (label, kind) = (field.label(), receiver.label());
    let text = match beyond {
        Beyond::Ceiling => format!("„fields[{place}]“: {kind} darf „{label}“ nie sehen. Bitte weglassen."),
        Beyond::Statute => {
            format!("„fields[{place}]“: Für „{label}“ gibt es hier keine gesetzliche Grundlage (§§ 67d, 69 SGB X).")
        }
    };
    // The coordinators' schema does not contain the codes of fields.
    let fields = if known_to(own).contains(field) { vec![field.code().to_owned()] } else { Vec::new() };
    WorkError::Refused(Refused { code: ErrorCode::BadInput, text, version: None, fields })
}
