//! Appointments with the client, and the talk in which a case is handed over.

use chrono::{Months, NaiveDate};
use kim_domain::calendar::berlin_day;
use kim_domain::change::ChangeKind;
use kim_domain::life::ReferralAction;
use kim_entity::write::{NewAppointment, NewTalk, OwnList};

use super::{Done, Target};
use crate::list_length::one_more;
use crate::refusal::Refusal;
use crate::text::{line, text};
use crate::work::Work;

/// So many take part in a talk at the most.
const MOST_PARTICIPANTS: usize = 20;

/// Nobody makes or holds one so far from today: a year was mistyped.
const FARTHEST: Months = Months::new(5 * 12);

/// An appointment.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// When; microseconds since 1970.
    pub at: i64,
    /// Where.
    pub place: String,
    /// What to bring.
    pub bring: Option<String>,
}

/// A talk.
#[derive(Clone, Debug)]
pub struct Talk {
    /// When it was held.
    pub held_on: NaiveDate,
    /// Who took part, by function.
    pub participants: Vec<String>,
    /// Whether the client did (§ 86c(2) SGB VIII wants it).
    pub client_took_part: bool,
}

/// Records an appointment.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION once it is closed, ACTION_NOT_ALLOWED for one too many, BAD_INPUT.
pub async fn record_appointment(work: &mut Work<'_>, target: Target, input: &Appointment) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    one_more(work, OwnList::Appointments(row.id)).await?;
    let day = chrono::DateTime::from_timestamp_micros(input.at).map(berlin_day);
    if !day.is_some_and(|day| is_near(day, work.today())) {
        return Err(too_far("at"));
    }
    let appointment = NewAppointment {
        at: input.at,
        place: line("place", &input.place)?,
        bring: input.bring.as_deref().map(|bring| text("bring", bring)).transpose()?,
    };
    work.happen(&row, ReferralAction::RecordAppointment, ChangeKind::Appointment, None, Default::default()).await?;
    work.writes().insert_appointment(row.id, appointment, work.now()).await?;
    Ok(Done { referral: row.id })
}

/// Records the talk of a handover.
///
/// # Errors
/// As [`record_appointment`]; BAD_INPUT for a talk that is still to come, or without anybody.
pub async fn record_talk(work: &mut Work<'_>, target: Target, input: &Talk) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    one_more(work, OwnList::Talks(row.id)).await?;
    if input.held_on > work.today() {
        return Err(Refusal::bad_input("„heldOn“ liegt in der Zukunft: ein Gespräch wird festgehalten, wenn es war."));
    }
    if !is_near(input.held_on, work.today()) {
        return Err(too_far("heldOn"));
    }
    if input.participants.is_empty() || input.participants.len() > MOST_PARTICIPANTS {
        return Err(Refusal::bad_input(format!("„participants“ braucht 1 bis {MOST_PARTICIPANTS} Einträge.")));
    }
    let names: Vec<String> =
        input.participants.iter().map(|name| line("participants", name)).collect::<Result<_, _>>()?;
    let talk = NewTalk {
        held_on: input.held_on,
        participants: serde_json::Value::from(names).to_string(),
        client_took_part: input.client_took_part,
    };
    work.happen(&row, ReferralAction::RecordTalk, ChangeKind::Talk, None, Default::default()).await?;
    work.writes().insert_talk(row.id, talk, work.now()).await?;
    Ok(Done { referral: row.id })
}

fn is_near(day: NaiveDate, today: NaiveDate) -> bool {
    let (first, last) = (today.checked_sub_months(FARTHEST), today.checked_add_months(FARTHEST));
    first.is_some_and(|first| first <= day) && last.is_some_and(|last| day <= last)
}

fn too_far(name: &str) -> Refusal {
    Refusal::bad_input(format!("„{name}“ ist mehr als fünf Jahre von heute entfernt. Stimmt das Jahr?"))
}
