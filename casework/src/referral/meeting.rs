//! Appointments with the client, and handover talks.

use chrono::{Months, NaiveDate};
use kim_domain::calendar::berlin_day;
use kim_domain::change::ChangeKind;
use kim_domain::life::ReferralAction;
use kim_entity::write::{NewAppointment, NewTalk, OwnList};

use super::{ReferralResult, Target};
use crate::list_length::require_room;
use crate::refusal::WorkError;
use crate::text::{line, text};
use crate::work::Work;

/// Maximum number of participants of a talk.
const MAX_PARTICIPANTS: usize = 20;

/// Maximum distance of a day from today. A greater one is probably a mistyped year.
const MAX_DISTANCE: Months = Months::new(5 * 12);

/// An appointment.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// The time, in microseconds since 1970.
    pub at: i64,
    /// The place.
    pub place: String,
    /// What the client should bring.
    pub bring: Option<String>,
}

/// A handover talk.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The day of the talk.
    pub held_on: NaiveDate,
    /// The participants, by function.
    pub participants: Vec<String>,
    /// Whether the client took part, as § 86c(2) SGB VIII requires.
    pub client_took_part: bool,
}

/// Records an appointment.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION for a closed referral, BAD_INPUT.
pub async fn record_appointment(
    work: &mut Work<'_>,
    target: Target,
    input: &Appointment,
) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    require_room(work, OwnList::Appointments(row.id)).await?;
    let day = chrono::DateTime::from_timestamp_micros(input.at).map(berlin_day);
    if !day.is_some_and(|day| is_near(day, work.today())) {
        return Err(too_far("at"));
    }
    let appointment = NewAppointment {
        at: input.at,
        place: line("place", &input.place)?,
        bring: input.bring.as_deref().map(|bring| text("bring", bring)).transpose()?,
    };
    work.write_action(&row, ReferralAction::RecordAppointment, ChangeKind::Appointment, None, Default::default())
        .await?;
    work.writes().insert_appointment(&row, appointment, work.now()).await?;
    Ok(ReferralResult { referral: row.id })
}

/// Records a handover talk.
///
/// # Errors
/// As [`record_appointment`]; BAD_INPUT for a talk in the future, or without participants.
pub async fn record_talk(work: &mut Work<'_>, target: Target, input: &Talk) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    require_room(work, OwnList::Talks(row.id)).await?;
    if input.held_on > work.today() {
        return Err(WorkError::bad_input(
            "„heldOn“ liegt in der Zukunft: ein Gespräch wird festgehalten, wenn es war.",
        ));
    }
    if !is_near(input.held_on, work.today()) {
        return Err(too_far("heldOn"));
    }
    if input.participants.is_empty() || input.participants.len() > MAX_PARTICIPANTS {
        return Err(WorkError::bad_input(format!("„participants“ braucht 1 bis {MAX_PARTICIPANTS} Einträge.")));
    }
    let names: Vec<String> =
        input.participants.iter().map(|name| line("participants", name)).collect::<Result<_, _>>()?;
    let talk = NewTalk {
        held_on: input.held_on,
        participants: serde_json::Value::from(names).to_string(),
        client_took_part: input.client_took_part,
    };
    work.write_action(&row, ReferralAction::RecordTalk, ChangeKind::Talk, None, Default::default()).await?;
    work.writes().insert_talk(&row, talk, work.now()).await?;
    Ok(ReferralResult { referral: row.id })
}

fn is_near(day: NaiveDate, today: NaiveDate) -> bool {
    let (first, last) = (today.checked_sub_months(MAX_DISTANCE), today.checked_add_months(MAX_DISTANCE));
    first.is_some_and(|first| first <= day) && last.is_some_and(|last| day <= last)
}

fn too_far(name: &str) -> WorkError {
    WorkError::bad_input(format!("„{name}“ ist mehr als fünf Jahre von heute entfernt. Stimmt das Jahr?"))
}
