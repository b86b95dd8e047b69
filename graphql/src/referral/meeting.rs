//! Appointments and talks of a referral.

use async_graphql::SimpleObject;
use kim_entity::read::{AppointmentRow, TalkRow};

use crate::agency::{Agency, Parties};
use crate::schema::scalar::{Date, DateTime};

/// Ein Termin.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct Appointment {
    /// Wann.
    at: Option<DateTime>,
    /// Wo.
    place: String,
    /// Was mitzubringen ist.
    bring: Option<String>,
    /// Die Stelle, die ihn eingetragen hat.
    agency: Option<Agency>,
    /// Wer ihn eingetragen hat; nur bei der eigenen Stelle.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat; nur bei der eigenen Stelle.
    acting_for: Option<String>,
}

impl Appointment {
    pub(crate) fn of(row: &AppointmentRow, parties: &Parties) -> Self {
        Self {
            at: DateTime::from_micros(row.at),
            place: row.place.clone(),
            bring: row.bring.clone(),
            agency: parties.get(&row.agency_id).cloned().map(Agency),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
        }
    }
}

/// Ein Gespräch, in dem ein Fall übergeben wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct Talk {
    /// Wann es war.
    held_on: Date,
    /// Wer dabei war, nach Funktion.
    #[graphql(tag = "list 4")]
    participants: Vec<String>,
    /// Ob die Klientin oder der Klient dabei war.
    client_took_part: bool,
    /// Die Stelle, die es festgehalten hat.
    agency: Option<Agency>,
    /// Wer es festgehalten hat; nur bei der eigenen Stelle.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat; nur bei der eigenen Stelle.
    acting_for: Option<String>,
}

impl Talk {
    pub(crate) fn of(row: &TalkRow, parties: &Parties) -> Self {
        Self {
            held_on: Date(row.held_on),
            participants: row.participants.clone(),
            client_took_part: row.client_took_part,
            agency: parties.get(&row.agency_id).cloned().map(Agency),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
        }
    }
}
