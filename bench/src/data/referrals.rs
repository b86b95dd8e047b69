//! Referrals with their handovers, events and messages.

use kim_domain::calendar::noon_micros;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::life::ReferralAction;
use kim_domain::referral::{DeclineReason, Outcome, ReferralKind, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::handover::HandoverRow;
use kim_entity::message::NewMessage;
use kim_entity::name_part::NamePart;
use kim_entity::{referral, referral_event};
use sea_orm::ActiveValue::Set;

use super::client::{staff, value};
use super::plan::{EVENTS, KINDS, MESSAGES, Plan, Referral, Table};
use super::random::Random;
use super::rows::{FINGERPRINT_KEY, fields};

/// Random stream of the messages.
const MESSAGE: u64 = 4;

/// Crockford's alphabet, which the server uses for references.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Odd, so that the multiplication maps different numbers to different results.
const REFERENCE_FACTOR: u64 = 0x2_545f_4914_f6cd;

const BODIES: [&str; 6] = [
    "Die Unterlagen sind vollständig. Ein Termin ist in der kommenden Woche möglich.",
    "Bitte reichen Sie die Meldebescheinigung nach; alles andere liegt vor.",
    "Die Klientin ist ab Montag wieder erreichbar, am besten vormittags.",
    "Danke für die schnelle Rückmeldung. Wir kommen zum Termin mit.",
    "Der Dolmetscher ist bestellt. Bitte planen Sie eine Stunde ein.",
    "Zur Kenntnis: Die Familie ist umgezogen, die neue Anschrift folgt.",
];

impl Plan {
    /// The referrals.
    pub(crate) fn referral_rows(self) -> impl Iterator<Item = referral::ActiveModel> + Send {
        (0..self.referrals()).map(move |number| self.referral_row(&self.referral(number)))
    }

    fn referral_row(&self, one: &Referral) -> referral::ActiveModel {
        let accepted_at = one.ever_accepted.then(|| one.offered_at + 4 * 86_400_000_000);
        let asked_from = (one.status == ReferralStatus::InfoRequested).then_some(Code(ReferralStatus::Acknowledged));
        referral::ActiveModel {
            id: Set(self.id(Table::Referral, one.number)),
            case_id: Set(self.id(Table::Case, one.case)),
            sender_id: Set(self.agency(one.municipality, 0)),
            receiver_id: Set(self.agency(one.municipality, one.receiver)),
            purpose: Set(Code(one.purpose)),
            kind: Set(Code(ReferralKind::Referral)),
            status: Set(Code(one.status)),
            version: Set(version(one)),
            reference: Set(reference(one.number)),
            agreement_id: Set(Some(self.agreement(one.municipality, one.purpose))),
            consent_id: Set(Some(self.id(Table::Consent, one.number))),
            offered_fields: Set(fields(KINDS[one.receiver]).to_i64()),
            ever_accepted: Set(one.ever_accepted),
            pending: Set(one.status.is_pending(one.ever_accepted)),
            first_received_on: Set(Some(one.offered_on)),
            offered_at: Set(one.offered_at),
            accepted_at: Set(accepted_at),
            closed_at: Set(one.closed_on.map(noon_micros)),
            closed_on: Set(one.closed_on),
            due_on: Set(one.due_on),
            reason: Set(reason(one)),
            asked_from: Set(asked_from),
            paused_days: Set(asked_from.is_some().then_some(5)),
            carries_application: Set(false),
            reporting_duty_acknowledged: Set(true),
            hops: Set(0),
            created_at: Set(one.offered_at),
            updated_at: Set(one.offered_at),
            ..Default::default()
        }
    }

    /// The handovers: a copy of the client's data, as far as offered.
    pub(crate) fn handover_rows(self) -> impl Iterator<Item = HandoverRow> + Send {
        let key = FingerprintKey::new(FINGERPRINT_KEY);
        (0..self.referrals()).map(move |number| {
            let one = self.referral(number);
            let text = |field| Some((field, value(one.case, field, self.today)?));
            HandoverRow {
                referral_id: self.id(Table::Referral, number),
                client: self.fingerprints(&key, one.case),
                values: fields(KINDS[one.receiver]).iter().filter_map(text).collect(),
            }
        })
    }

    /// The parts of the double names in handovers.
    pub(crate) fn handover_name_part_rows(self) -> impl Iterator<Item = NamePart<HandoverRow>> + Send {
        let key = FingerprintKey::new(FINGERPRINT_KEY);
        (0..self.referrals()).flat_map(move |number| {
            let client = self.fingerprints(&key, self.referral(number).case);
            NamePart::of(self.id(Table::Referral, number), client.as_ref())
        })
    }

    /// The events, from the draft to the current status.
    pub(crate) fn event_rows(self) -> impl Iterator<Item = referral_event::ActiveModel> + Send {
        (0..self.referrals()).flat_map(move |number| {
            let mut one = self.referral(number);
            let steps = path(one.status);
            let from = std::iter::once(None).chain(steps.iter().copied().map(|(_, status)| Some(status)));
            let moves: Vec<_> = from.zip(steps.iter().copied()).collect();
            moves.into_iter().enumerate().map(move |(step, (from, (action, to)))| {
                let sender = matches!(action, None | Some(ReferralAction::Offer | ReferralAction::Withdraw));
                let days = 86_400_000_000 * i64::try_from(step).unwrap_or(0).saturating_sub(1);
                referral_event::ActiveModel {
                    id: Set(self.id(Table::Event, number * EVENTS + step as u64)),
                    referral_id: Set(self.id(Table::Referral, number)),
                    at: Set(one.offered_at + days - i64::from(step == 0)),
                    from_status: Set(from.map(Code)),
                    to_status: Set(Code(to)),
                    reason: Set(None),
                    agency_id: Set(self.agency(one.municipality, if sender { 0 } else { one.receiver })),
                    staff: Set(Some(staff(&mut one.random))),
                    imported: Set(false),
                    senders_alone: Set(false),
                    action: Set(action.map(Code)),
                    ..Default::default()
                }
            })
        })
    }

    /// The messages, alternating between both sides.
    pub(crate) fn message_rows(self) -> impl Iterator<Item = NewMessage> + Send {
        (0..self.referrals() * MESSAGES).map(move |number| {
            let one = self.referral(number / MESSAGES);
            let part = number % MESSAGES;
            let place = if part.is_multiple_of(2) { 0 } else { one.receiver };
            let mut random = Random::of(MESSAGE, number);
            NewMessage {
                id: self.id(Table::Message, number),
                referral_id: self.id(Table::Referral, one.number),
                sent_at: one.offered_at + i64::try_from(part).unwrap_or(0) * 36_000_000_000,
                agency_id: self.agency(one.municipality, place),
                staff: Some(staff(&mut random)),
                acting_for: None,
                body: (*random.pick(&BODIES)).to_owned(),
            }
        })
    }
}

fn reference(number: u64) -> String {
    let mut bits = number.wrapping_mul(REFERENCE_FACTOR) & ((1 << 50) - 1);
    let mut letters = [0; 10];
    for letter in &mut letters {
        *letter = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    let letters = String::from_utf8_lossy(&letters).into_owned();
    format!("{}-{}", &letters[..5], &letters[5..])
}

fn version(one: &Referral) -> i32 {
    i32::try_from(path(one.status).len()).unwrap_or(1)
}

fn reason(one: &Referral) -> Option<String> {
    let mut random = one.random.clone();
    match one.status {
        ReferralStatus::Completed => Some(random.pick(Outcome::ALL).code().to_owned()),
        ReferralStatus::Declined => Some(random.pick(DeclineReason::ALL).code().to_owned()),
        ReferralStatus::Failed | ReferralStatus::Returned | ReferralStatus::Withdrawn => Some("OTHER".to_owned()),
        ReferralStatus::Draft
        | ReferralStatus::Offered
        | ReferralStatus::Acknowledged
        | ReferralStatus::InfoRequested
        | ReferralStatus::Accepted
        | ReferralStatus::InProgress
        | ReferralStatus::Forwarded
        | ReferralStatus::Expired
        | ReferralStatus::Suspended => None,
    }
}

/// The moves that lead to a status.
fn path(status: ReferralStatus) -> &'static [(Option<ReferralAction>, ReferralStatus)] {
    use ReferralAction as A;
    use ReferralStatus as S;
    const LONGEST: [(Option<A>, S); 6] = [
        (None, S::Draft),
        (Some(A::Offer), S::Offered),
        (Some(A::Acknowledge), S::Acknowledged),
        (Some(A::Accept), S::Accepted),
        (Some(A::Start), S::InProgress),
        (Some(A::Complete), S::Completed),
    ];
    match status {
        S::Draft => &LONGEST[..1],
        S::Offered => &LONGEST[..2],
        S::Acknowledged => &LONGEST[..3],
        S::Accepted => &LONGEST[..4],
        S::InProgress => &LONGEST[..5],
        S::Completed => &LONGEST,
        S::InfoRequested => &[LONGEST[0], LONGEST[1], LONGEST[2], (Some(A::RequestInformation), S::InfoRequested)],
        S::Failed => &[LONGEST[0], LONGEST[1], LONGEST[2], LONGEST[3], LONGEST[4], (Some(A::Fail), S::Failed)],
        S::Returned => &[LONGEST[0], LONGEST[1], LONGEST[2], LONGEST[3], (Some(A::Return), S::Returned)],
        S::Declined => &[LONGEST[0], LONGEST[1], (Some(A::Decline), S::Declined)],
        S::Withdrawn => &[LONGEST[0], LONGEST[1], (Some(A::Withdraw), S::Withdrawn)],
        S::Expired => &[LONGEST[0], LONGEST[1], (Some(A::Expire), S::Expired)],
        S::Forwarded => &[LONGEST[0], LONGEST[1], (Some(A::Forward), S::Forwarded)],
        S::Suspended => &[LONGEST[0], LONGEST[1], (Some(A::Suspend), S::Suspended)],
    }
}
