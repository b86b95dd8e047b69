//! Proposes an agreement, or the next version of one. Nothing that goes beyond the ceiling can be proposed at all.

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

use super::{ProposalDone, standpoint};
use crate::refusal::{Because, Refusal, Refused};
use crate::text::{line, text};
use crate::work::Work;

/// A field that is to be agreed on. The coordination, which is handed nothing over, knows fields by their labels alone.
#[derive(Clone, Debug)]
pub struct FieldWish {
    /// The field.
    pub field: Option<HandoverField>,
    /// Or its German label.
    pub label: Option<String>,
    /// The client must tick it by itself.
    pub ticked_only: bool,
    /// A statute lets it pass.
    pub statutory: bool,
}

/// What is to be agreed on.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The agency that is to receive.
    pub receiver: Option<Uuid>,
    /// What for.
    pub purpose: ReferralPurpose,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
    /// Working days to answer.
    pub respond_working_days: i32,
    /// Calendar days in which a closed referral can still be read.
    pub access_days: i32,
    /// The receiver's contact.
    pub contact: String,
    /// The legal ground.
    pub legal_ground: String,
    /// The fields.
    pub fields: Vec<FieldWish>,
    /// Whether it narrows referrals that run.
    pub narrows_running: bool,
    /// What else is to be agreed.
    pub terms: Option<String>,
}

/// Proposes it.
///
/// # Errors
/// BAD_INPUT for a receiver with whom this viewer has nothing to agree on, a field beyond the ceiling (with its place), a
/// text, a day or a number; ACTION_NOT_ALLOWED while another proposal is open.
pub async fn propose(work: &mut Work<'_>, input: &Proposal) -> Result<ProposalDone, Refusal> {
    let receiver = match input.receiver {
        Some(id) => work.writes().receiver(id, input.purpose).await?,
        None => None,
    };
    let receiver = receiver.filter(|receiver| standpoint(work, receiver.id).may_propose()).ok_or_else(|| {
        Refusal::bad_input("„receiverId“ ist keine Stelle, mit der Sie für diesen Zweck etwas vereinbaren können.")
    })?;
    if work.viewer().purposes().is_some_and(|purposes| !purposes.contains(&input.purpose)) {
        return Err(Refusal::not_allowed("Ihr Token gilt nicht für diesen Zweck."));
    }
    check_days(input, work.today())?;
    let agreed = agreed(work.viewer().agency().kind, receiver.kind.0, input)?;
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
        return Err(another_is_open());
    }
    match work.writes().insert_proposal(row).await {
        Ok(()) => Ok(ProposalDone { proposal: id }),
        // Two at once: an index of the database lets one through.
        Err(error) if is_unique_violation(&error) => Err(another_is_open()),
        Err(error) => Err(error.into()),
    }
}

fn another_is_open() -> Refusal {
    Refusal::not_allowed(
        "Für diese Stelle und diesen Zweck ist schon ein Vorschlag offen. Bitte ihn erst ablehnen oder zurücknehmen.",
    )
}

fn check_days(input: &Proposal, today: NaiveDate) -> Result<(), Refusal> {
    if input.valid_from < today {
        return Err(Refusal::bad_input("„validFrom“ liegt in der Vergangenheit: Vereinbart wird nichts rückwirkend."));
    }
    if input.valid_until.is_some_and(|last_day| last_day < input.valid_from) {
        return Err(Refusal::bad_input("„validUntil“ liegt vor „validFrom“."));
    }
    Ok(())
}

fn within(name: &str, number: i32, least: i16, most: i16) -> Result<i16, Refusal> {
    let fits = i16::try_from(number).ok().filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| Refusal::bad_input(format!("„{name}“ muss zwischen {least} und {most} liegen.")))
}

#[derive(Default)]
struct Agreed {
    fields: FieldSet,
    ticked_only: FieldSet,
    statutory: FieldSet,
}

/// The fields, each within the ceiling. What a client must tick anyway is ticked only, whether the wish says so or not.
fn agreed(own: AgencyKind, receiver: AgencyKind, input: &Proposal) -> Result<Agreed, Refusal> {
    let mut agreed = Agreed::default();
    for (place, wish) in input.fields.iter().enumerate() {
        let field = named(own, place, wish)?;
        if agreed.fields.contains(field) {
            return Err(Refusal::bad_input(format!("„fields[{place}]“ ({}) kommt doppelt vor.", field.label())));
        }
        let must_be_ticked = agreeable(receiver, input.purpose, field, wish.statutory)
            .map_err(|beyond| refuse(own, receiver, place, field, beyond))?;
        agreed.fields.insert(field);
        if wish.ticked_only || must_be_ticked {
            agreed.ticked_only.insert(field);
        }
        if wish.statutory {
            agreed.statutory.insert(field);
        }
    }
    match agreed.fields.is_empty() {
        true => Err(Refusal::bad_input("„fields“ ist leer: Ohne Felder gibt es nichts zu vereinbaren.")),
        false => Ok(agreed),
    }
}

/// The field that a wish names. What the viewer's kind does not know is answered like what never existed.
fn named(own: AgencyKind, place: usize, wish: &FieldWish) -> Result<HandoverField, Refusal> {
    // The coordination's labels are those of whatever can be handed over.
    let known = known_to(if own == AgencyKind::Koordination { AgencyKind::Traeger } else { own });
    let found = match (wish.field, wish.label.as_deref()) {
        (Some(field), None) => Some(field),
        (None, Some(label)) => HandoverField::from_label(label.trim()),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Refusal::bad_input(format!("„fields[{place}]“ muss sein Feld genau einmal nennen.")));
        }
    };
    found
        .filter(|&field| known.contains(field))
        .ok_or_else(|| Refusal::bad_input(format!("„fields[{place}]“ nennt kein Feld der Übergabe.")))
}

fn refuse(own: AgencyKind, receiver: AgencyKind, place: usize, field: HandoverField, beyond: Beyond) -> Refusal {
    let (label, kind) = (field.label(), receiver.label());
    let text = match beyond {
        Beyond::Ceiling => format!("„fields[{place}]“: {kind} darf „{label}“ nie sehen. Bitte weglassen."),
        Beyond::Statute => {
            format!("„fields[{place}]“: Für „{label}“ gibt es hier keine gesetzliche Grundlage (§§ 67d, 69 SGB X).")
        }
    };
    // The coordination's schema has no codes of fields.
    let fields = if known_to(own).contains(field) { vec![field.code().to_owned()] } else { Vec::new() };
    Refusal::Refused(Refused { because: Because::BadInput, text, version: None, fields })
}
