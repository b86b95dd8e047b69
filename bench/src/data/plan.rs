//! How much there is and who is who: agencies and referrals by their number, from which every row follows.

use chrono::{Days, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::calendar::midnight_micros;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use uuid::Uuid;

use super::dice::Dice;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scale {
    /// A hundredth, to see whether everything works: 1,000 cases, 6 municipalities.
    #[value(name = "0.01")]
    Hundredth,
    /// 100,000 cases, 300,000 referrals, 900,000 messages; 54 municipalities, 432 agencies.
    #[value(name = "1")]
    One,
    /// Ten times all of it.
    #[value(name = "10")]
    Ten,
    /// Ten times the cases at the same agencies: each has ten times as many.
    #[value(name = "10-same-agencies")]
    TenSameAgencies,
}

impl Scale {
    /// Its name in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Hundredth => "a hundredth",
            Self::One => "once",
            Self::Ten => "ten times",
            Self::TenSameAgencies => "ten times, same agencies",
        }
    }

    /// The name of its database.
    pub(crate) fn database(self) -> String {
        format!("kim_bench_{}", self.title().replace([' ', ','], "_").replace("__", "_"))
    }

    /// How much that is.
    pub(crate) fn describe(self) -> String {
        let plan = Plan::new(self, NaiveDate::default());
        let (agencies, referrals) = (plan.municipalities * KINDS.len() as u64, plan.referrals());
        format!(
            "{} cases, {referrals} referrals, {} messages, {} municipalities, {agencies} agencies",
            plan.cases,
            referrals * MESSAGES,
            plan.municipalities
        )
    }
}

/// The agencies of each municipality, in the order of their numbers. The first hands over, the last coordinates.
pub(crate) const KINDS: [AgencyKind; 8] = [
    AgencyKind::Traeger,
    AgencyKind::Auslaenderbehoerde,
    AgencyKind::Jobcenter,
    AgencyKind::AgenturFuerArbeit,
    AgencyKind::Einbuergerungsbehoerde,
    AgencyKind::Jugendamt,
    AgencyKind::Sozialamt,
    AgencyKind::Koordination,
];
/// How many of them receive.
const RECEIVERS: u64 = 6;
/// Referrals of each case, to different receivers.
pub(crate) const REFERRALS: u64 = 3;
/// Messages of each referral.
pub(crate) const MESSAGES: u64 = 3;
/// Over so many days until today the referrals were offered, the oldest first.
const DAYS: u64 = 730;
/// In the last fifth of them lies what is still pending, as it would: three of four there, 15 of 100 of all.
const RECENT: f64 = 0.8;

/// The stream of referrals.
const REFERRAL: u64 = 2;

/// The whole of the data, not yet written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many municipalities.
    pub(crate) municipalities: u64,
    /// How many cases.
    pub(crate) cases: u64,
    /// The day until which everything happened.
    pub(crate) today: NaiveDate,
}

/// One of the tables whose ids are made here; part of each id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Agency = 1,
    Agreement,
    Person,
    Case,
    Consent,
    Referral,
    Event,
    Message,
}

/// One referral, as far as several tables speak of it.
#[derive(Clone, Debug)]
pub(crate) struct Referral {
    pub(crate) number: u64,
    pub(crate) case: u64,
    pub(crate) municipality: u64,
    /// Which of [`KINDS`] receives.
    pub(crate) receiver: usize,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) status: ReferralStatus,
    pub(crate) ever_accepted: bool,
    /// Microseconds since 1970.
    pub(crate) offered_at: i64,
    pub(crate) offered_on: NaiveDate,
    pub(crate) due_on: NaiveDate,
    pub(crate) closed_on: Option<NaiveDate>,
    /// For what else is to be thrown for it.
    pub(crate) dice: Dice,
}

impl Plan {
    /// The data of this scale, until this day.
    pub(crate) const fn new(scale: Scale, today: NaiveDate) -> Self {
        let (municipalities, cases) = match scale {
            Scale::Hundredth => (6, 1_000),
            Scale::One => (54, 100_000),
            Scale::Ten => (540, 1_000_000),
            Scale::TenSameAgencies => (54, 1_000_000),
        };
        Self { municipalities, cases, today }
    }

    /// How many referrals.
    pub(crate) const fn referrals(&self) -> u64 {
        self.cases * REFERRALS
    }

    /// A row's id: UUIDv7 of the instant in which a row like it would have been made.
    pub(crate) fn id(&self, table: Table, number: u64) -> Uuid {
        let at = match table {
            Table::Agency | Table::Agreement => midnight_micros(self.today - Days::new(DAYS)),
            Table::Person | Table::Case => self.offered_at(number * REFERRALS),
            Table::Consent | Table::Referral => self.offered_at(number),
            Table::Event => self.offered_at(number / EVENTS),
            Table::Message => self.offered_at(number / MESSAGES),
        };
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&(at / 1_000).to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        // The variant's bits are free in any number that we come to.
        bytes[8] = 0x80;
        bytes[7] = table as u8;
        Uuid::from_bytes(bytes)
    }

    /// The id of an agency of a municipality, by its place among [`KINDS`].
    pub(crate) fn agency(&self, municipality: u64, kind: usize) -> Uuid {
        self.id(Table::Agency, municipality * KINDS.len() as u64 + kind as u64)
    }

    /// The id of a receiver's agreement for a purpose.
    pub(crate) fn agreement(&self, municipality: u64, purpose: ReferralPurpose) -> Uuid {
        self.id(Table::Agreement, municipality * ReferralPurpose::ALL.len() as u64 + purpose as u64)
    }

    /// The municipality whose Träger has the case.
    pub(crate) const fn municipality_of(&self, case: u64) -> u64 {
        case % self.municipalities
    }

    fn offered_at(&self, referral: u64) -> i64 {
        let micros_a_day = 86_400_000_000_i128;
        let span = i128::from(DAYS) * micros_a_day;
        let gone = span * i128::from(referral) / i128::from(self.referrals().max(1));
        midnight_micros(self.today - Days::new(DAYS)) + i64::try_from(gone).unwrap_or(0)
    }

    /// A referral by its number: they are numbered in the order in which they were offered, three to a case.
    pub(crate) fn referral(&self, number: u64) -> Referral {
        let mut dice = Dice::of(REFERRAL, number);
        let case = number / REFERRALS;
        let municipality = self.municipality_of(case);
        // In turn, and for one case three different ones.
        let turn = (case / self.municipalities + number % REFERRALS * 2) % RECEIVERS;
        let receiver = usize::try_from(turn).unwrap_or(0) + 1;
        let purposes = purposes_of(KINDS[receiver]);
        let purpose = *dice.one(&purposes);
        let offered_at = self.offered_at(number);
        let past_days = number * DAYS / self.referrals().max(1);
        let offered_on = self.today - Days::new(DAYS) + Days::new(past_days);
        let recent = number as f64 >= RECENT * self.referrals() as f64;
        let (status, ever_accepted) = status(recent, &mut dice);
        let due_on = if status.is_pending(ever_accepted) {
            self.today - Days::new(20) + Days::new(dice.below(60))
        } else {
            offered_on + Days::new(14 + dice.below(10))
        };
        let closed_on = status.ball().is_none().then(|| (offered_on + Days::new(5 + dice.below(90))).min(self.today));
        Referral {
            number,
            case,
            municipality,
            receiver,
            purpose,
            status,
            ever_accepted,
            offered_at,
            offered_on,
            due_on,
            closed_on,
            dice,
        }
    }
}

/// Room for the moves of one referral in the numbers of events.
pub(crate) const EVENTS: u64 = 8;

/// What can be asked of an agency of this kind.
pub(crate) fn purposes_of(kind: AgencyKind) -> Vec<ReferralPurpose> {
    ReferralPurpose::ALL.iter().copied().filter(|purpose| purpose.receiver_kind() == kind).collect()
}

/// Where a referral stands, and whether it was ever accepted.
fn status(recent: bool, dice: &mut Dice) -> (ReferralStatus, bool) {
    use ReferralStatus as S;
    let chance = dice.below(100);
    if recent {
        return match chance {
            0..40 => (S::Offered, false),
            40..68 => (S::Acknowledged, false),
            68..75 => (S::InfoRequested, false),
            75..83 => (S::Accepted, true),
            83..95 => (S::InProgress, true),
            _ => (S::Completed, true),
        };
    }
    match chance {
        0..3 => (S::Accepted, true),
        3..15 => (S::InProgress, true),
        15..78 => (S::Completed, true),
        78..84 => (S::Failed, true),
        84..91 => (S::Declined, false),
        91..94 => (S::Withdrawn, false),
        94..98 => (S::Expired, false),
        _ => (S::Returned, true),
    }
}
