//! Amount of data, and the agencies and referrals by their number, from which every row is derived.

use chrono::{Days, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::calendar::midnight_micros;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use uuid::Uuid;

use super::random::Random;

/// Amount of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scale {
    /// A hundredth, to check whether everything works: 1,000 cases, 6 municipalities.
    #[value(name = "0.01")]
    Hundredth,
    /// 100,000 cases, 300,000 referrals, 900,000 messages; 54 municipalities, 432 agencies.
    #[value(name = "1")]
    One,
    /// Ten times everything.
    #[value(name = "10")]
    Ten,
    /// Ten times the cases at the same agencies, so that each agency has ten times as many.
    #[value(name = "10-same-agencies")]
    TenSameAgencies,
}

impl Scale {
    /// The name in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Hundredth => "a hundredth",
            Self::One => "once",
            Self::Ten => "ten times",
            Self::TenSameAgencies => "ten times, same agencies",
        }
    }

    /// The database's name.
    pub(crate) fn database(self) -> String {
        format!("kim_bench_{}", self.title().replace([' ', ','], "_").replace("__", "_"))
    }

    /// A description of the amount.
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

/// The agencies of each municipality in the order of their numbers. The first sends, the last coordinates.
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
/// Referrals per case, to different receivers.
pub(crate) const REFERRALS: u64 = 3;
/// Messages per referral.
pub(crate) const MESSAGES: u64 = 3;
/// The referrals were offered during this number of days until today, the oldest first.
const DAYS: u64 = 730;
/// Start of the last fifth of the referrals, which contains the pending ones, as in practice: three of four there, 15
/// of 100 overall.
const RECENT: f64 = 0.8;

/// Random stream of the referrals.
const REFERRAL: u64 = 2;

/// All data, not yet generated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Number of municipalities.
    pub(crate) municipalities: u64,
    /// Number of cases.
    pub(crate) cases: u64,
    /// The day of the last events.
    pub(crate) today: NaiveDate,
}

/// The tables whose ids are generated here. The number is part of each id.
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

/// The properties of a referral that several tables need.
#[derive(Clone, Debug)]
pub(crate) struct Referral {
    pub(crate) number: u64,
    pub(crate) case: u64,
    pub(crate) municipality: u64,
    /// Index of the receiver in [`KINDS`].
    pub(crate) receiver: usize,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) status: ReferralStatus,
    pub(crate) ever_accepted: bool,
    /// Microseconds since 1970.
    pub(crate) offered_at: i64,
    pub(crate) offered_on: NaiveDate,
    pub(crate) due_on: NaiveDate,
    pub(crate) closed_on: Option<NaiveDate>,
    /// Random stream for further properties.
    pub(crate) random: Random,
}

impl Plan {
    /// The data of this scale up to this day.
    pub(crate) const fn new(scale: Scale, today: NaiveDate) -> Self {
        let (municipalities, cases) = match scale {
            Scale::Hundredth => (6, 1_000),
            Scale::One => (54, 100_000),
            Scale::Ten => (540, 1_000_000),
            Scale::TenSameAgencies => (54, 1_000_000),
        };
        Self { municipalities, cases, today }
    }

    /// Number of referrals.
    pub(crate) const fn referrals(&self) -> u64 {
        self.cases * REFERRALS
    }

    /// The id of a row: a UUIDv7 with the time at which the row would have been created.
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
        // The variant's bits are unused in all numbers that occur.
        bytes[8] = 0x80;
        bytes[7] = table as u8;
        Uuid::from_bytes(bytes)
    }

    /// The id of a municipality's agency, by its index in [`KINDS`].
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

    /// A referral by its number. Referrals are numbered in the order of their offers, three per case.
    pub(crate) fn referral(&self, number: u64) -> Referral {
        let mut random = Random::of(REFERRAL, number);
        let case = number / REFERRALS;
        let municipality = self.municipality_of(case);
        // The receivers take turns; the three receivers of one case differ.
        let turn = (case / self.municipalities + number % REFERRALS * 2) % RECEIVERS;
        let receiver = usize::try_from(turn).unwrap_or(0) + 1;
        let purposes = purposes_of(KINDS[receiver]);
        let purpose = *random.pick(&purposes);
        let offered_at = self.offered_at(number);
        let past_days = number * DAYS / self.referrals().max(1);
        let offered_on = self.today - Days::new(DAYS) + Days::new(past_days);
        let recent = number as f64 >= RECENT * self.referrals() as f64;
        let (status, ever_accepted) = status(recent, &mut random);
        let due_on = if status.is_pending(ever_accepted) {
            self.today - Days::new(20) + Days::new(random.below(60))
        } else {
            offered_on + Days::new(14 + random.below(10))
        };
        let closed_on = status.ball().is_none().then(|| (offered_on + Days::new(5 + random.below(90))).min(self.today));
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
            random,
        }
    }
}

/// Maximum number of events per referral, for numbering the events.
pub(crate) const EVENTS: u64 = 8;

/// The purposes that an agency of this kind receives.
pub(crate) fn purposes_of(kind: AgencyKind) -> Vec<ReferralPurpose> {
    ReferralPurpose::ALL.iter().copied().filter(|purpose| purpose.receiver_kind() == kind).collect()
}

/// The status of a referral, and whether it was ever accepted.
fn status(recent: bool, random: &mut Random) -> (ReferralStatus, bool) {
    use ReferralStatus as S;
    let chance = random.below(100);
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
