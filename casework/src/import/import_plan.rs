//! Plans the referral of a row: its current status, the history that this implies, the consent, and the handed-over
//! values. Pure code without database access.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::calendar::noon_micros;
use kim_domain::consent::{ConsentForm, Declaration, ValidDays, only_ticked};
use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, ReferralStatus as S};

use super::case_row::{CaseRow, ReferralRow};
use super::spelling::status::Standing;

/// The parties of a referral and its agreement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties {
    pub(crate) sender: AgencyKind,
    pub(crate) sender_bound_by_203: bool,
    pub(crate) receiver: AgencyKind,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) agreement: disclosure::Agreement,
}

/// A referral that is ready to be written.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) standing: Standing,
    pub(crate) offered: FieldSet,
    pub(crate) consent: Option<disclosure::Consent>,
    pub(crate) history: Vec<Event>,
    /// Time of the offer; 0 for a draft.
    pub(crate) offered_at: i64,
    pub(crate) closed_at: Option<i64>,
    pub(crate) closed_on: Option<NaiveDate>,
    /// Day of the offer; today for a draft.
    offered_on: NaiveDate,
    /// Ticked fields that the agreement does not include.
    pub(crate) not_in_agreement: FieldSet,
}

/// A move of a referral, with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: i64,
    pub(crate) from: Option<S>,
    pub(crate) to: S,
    pub(crate) by: BallHolder,
}

/// Plans the referral of a row. `now` is in microseconds, `today` is the day in Berlin.
/// `days` are those of the consent.
pub(crate) fn plan(
    referral: &ReferralRow,
    standing: Standing,
    parties: &Parties,
    days: Option<ValidDays>,
    now: i64,
    today: NaiveDate,
) -> Plan {
    let ticked = referral.ticked.and(parties.agreement.fields);
    let consent = consent(referral, parties, ticked, days);
    let standing = suspended_without_ground(standing, consent, parties, today);
    let offered = parties.agreement.fields.without(parties.agreement.ticked_only).or(ticked);
    let moves = moves(&standing);
    let offered_on = referral.offered_on.unwrap_or(today);
    let closed_on = is_closed(standing.status).then_some(referral.closed_on.unwrap_or(offered_on));
    let suspended_on = match consent.and_then(|consent| consent.valid_until) {
        Some(last_day) if last_day < today => last_day.checked_add_days(Days::new(1)).unwrap_or(today),
        Some(_) | None => offered_on,
    };
    let day_of = |to: S| {
        if to == S::Suspended {
            suspended_on
        } else if is_closed(to) {
            closed_on.unwrap_or(offered_on)
        } else {
            offered_on
        }
    };
    let history = times(&moves, day_of, now);
    let at = |wanted: S| history.iter().find(|event| event.to == wanted).map(|event| event.at);
    Plan {
        standing,
        offered,
        consent,
        offered_at: at(S::Offered).unwrap_or(0),
        closed_at: closed_on.and_then(|_| at(standing.status)),
        closed_on,
        offered_on,
        not_in_agreement: referral.ticked.without(parties.agreement.fields),
        history,
    }
}

fn consent(
    referral: &ReferralRow,
    parties: &Parties,
    ticked: FieldSet,
    days: Option<ValidDays>,
) -> Option<disclosure::Consent> {
    let days = days?;
    Some(disclosure::Consent {
        fields: parties.agreement.fields.without(parties.agreement.ticked_only),
        ticked,
        data_protection: referral.consent_from.is_some(),
        release_from_secrecy: referral.release_on.is_some(),
        art9: ticked.iter().any(F::is_art9),
        valid_from: days.valid_from,
        valid_until: Some(days.valid_until),
        withdrawn: false,
    })
}

/// The consent of a row as a declaration; `None` if the row has none. A list does not say how it was given, nor whether
/// it names special categories: without that the consent is no ground for them, and the referral comes in as suspended.
pub(crate) fn declaration(referral: &ReferralRow, parties: &Parties) -> Option<Declaration> {
    let valid_from = referral.consent_from.or(referral.release_on)?;
    let agreement = parties.agreement;
    Some(Declaration {
        fields: agreement.fields.without(only_ticked(parties.receiver, agreement.ticked_only)),
        ticked: referral.ticked.and(agreement.fields),
        data_protection: referral.consent_from.is_some(),
        release_from_secrecy: referral.release_on.is_some(),
        release_on: referral.release_on,
        art9: true,
        valid_from: Some(valid_from),
        valid_until: referral.consent_until,
        form: ConsentForm::Written,
        form_has_reason: false,
        is_witnessed: false,
        has_guardian: false,
        understands: false,
    })
}

/// An open referral whose ground does not hold today is suspended: its data was never to flow.
fn suspended_without_ground(
    standing: Standing,
    consent: Option<disclosure::Consent>,
    parties: &Parties,
    today: NaiveDate,
) -> Standing {
    let terms = Terms {
        receiver: parties.receiver,
        sender: parties.sender,
        sender_bound_by_203: parties.sender_bound_by_203,
        purpose: parties.purpose,
        stage: Stage::Full,
        agreement: parties.agreement,
        consent,
        offered: FieldSet::ALL,
        today,
    };
    if standing.status.is_open() && !disclosure::consent_holds(&terms) {
        Standing { status: S::Suspended, suspended_from: Some(standing.status), ..standing }
    } else {
        standing
    }
}

/// The moves that a status implies, beginning with the offer.
fn moves(standing: &Standing) -> Vec<S> {
    let accepted = [S::Offered, S::Acknowledged, S::Accepted];
    let mut path = match standing.status {
        S::Draft => vec![S::Draft],
        S::Offered => vec![S::Offered],
        S::Acknowledged => vec![S::Offered, S::Acknowledged],
        S::InfoRequested if standing.ever_accepted => accepted.to_vec(),
        S::InfoRequested | S::Declined | S::Forwarded | S::Withdrawn | S::Expired => vec![S::Offered],
        S::Accepted => accepted.to_vec(),
        S::InProgress | S::Completed | S::Failed => [&accepted[..], &[S::InProgress]].concat(),
        S::Returned => accepted.to_vec(),
        S::Suspended => {
            let before =
                Standing { status: standing.suspended_from.unwrap_or(S::Offered), suspended_from: None, ..*standing };
            moves(&before)
        }
    };
    if path.last() != Some(&standing.status) {
        path.push(standing.status);
    }
    path
}

/// Dates each move at noon of its day, one microsecond apart, and before now.
fn times(moves: &[S], day_of: impl Fn(S) -> NaiveDate, now: i64) -> Vec<Event> {
    let latest = now - i64::try_from(moves.len()).unwrap_or(i64::MAX);
    let mut history: Vec<Event> = Vec::with_capacity(moves.len());
    for &to in moves {
        let previous = history.last();
        let noon = noon_micros(day_of(to)).min(latest);
        let at = previous.map_or(noon, |previous| noon.max(previous.at + 1));
        let from = match previous {
            Some(previous) => Some(previous.to),
            None => (to != S::Draft).then_some(S::Draft),
        };
        history.push(Event { at, from, to, by: mover(to) });
    }
    history
}

/// The side that makes a move. Only the receiver answers. Expiry and suspension are listed under the sender.
const fn mover(to: S) -> BallHolder {
    match to {
        S::Draft | S::Offered | S::Withdrawn | S::Expired | S::Suspended => BallHolder::Sender,
        S::Acknowledged
        | S::InfoRequested
        | S::Accepted
        | S::InProgress
        | S::Completed
        | S::Failed
        | S::Declined
        | S::Forwarded
        | S::Returned => BallHolder::Receiver,
    }
}

fn is_closed(status: S) -> bool {
    status.ball().is_none()
}

impl Plan {
    /// The receiver's copy: the offered values; empty for a draft. The concern is a sentence about the purpose, because
    /// the client's own words stay in the case.
    pub(crate) fn handover(&self, row: &CaseRow, purpose: ReferralPurpose) -> BTreeMap<F, String> {
        if self.standing.status == S::Draft {
            return BTreeMap::new();
        }
        let value = |field: F| {
            if field == F::Concern {
                Some(format!("Es geht um: {}.", purpose.label()))
            } else if field == F::Age {
                row.birth_date?.age_on(self.offered_on).map(|age| age.to_string())
            } else {
                row.values.get(&field).filter(|_| field != F::CounsellingNotes).cloned()
            }
        };
        self.offered.iter().filter_map(|field| Some((field, value(field)?))).collect()
    }
}

#[cfg(test)]
mod tests;
