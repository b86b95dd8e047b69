//! One referral as its sender or receiver may know it, with the inputs of the rule.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{self, Agreement, Consent, Stage, Terms, Visible};
use kim_domain::field::FieldSet;
use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, ReferralKind};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{AgencyRow, Snapshot};
use crate::referral::NO_DUE_DATE;
use crate::sql::{Columns, Sql};
use crate::viewer::Viewer;

/// On which side of a referral the viewer's agency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It handed over.
    Sender,
    /// It was asked.
    Receiver,
}

/// A professional to talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

/// One referral without its handover, as the viewer may know it.
#[derive(Clone, Debug)]
pub struct ReferralRow {
    /// Id.
    pub id: Uuid,
    /// Counts changes.
    pub version: i32,
    /// How it is handed over.
    pub kind: ReferralKind,
    /// What is asked.
    pub purpose: ReferralPurpose,
    /// Where it stands, and where it goes back to.
    pub standing: Standing,
    /// Its own reference, for the phone.
    pub reference: String,
    /// Who handed over.
    pub sender_id: Uuid,
    /// What its receiver may know of it.
    pub sender: AgencyRow,
    /// Who was asked.
    pub receiver_id: Uuid,
    /// The viewer's own file number; the other side's is not read.
    pub own_reference: Option<String>,
    /// The sender's professional.
    pub sender_contact: Contact,
    /// The receiver's professional.
    pub receiver_contact: Contact,
    /// The day of first receipt (§ 16 SGB I).
    pub first_received_on: Option<NaiveDate>,
    /// Microseconds; `None` before the offer.
    pub offered_at: Option<i64>,
    /// Microseconds.
    pub accepted_at: Option<i64>,
    /// Microseconds.
    pub closed_at: Option<i64>,
    /// Microseconds.
    pub updated_at: i64,
    /// Day on which an answer is due.
    pub due_on: Option<NaiveDate>,
    /// The referral that this one continues.
    pub previous_id: Option<Uuid>,
    /// The sender's case.
    pub case_id: Uuid,
    /// The version of the agreement that it was offered under; none for a draft that waits for one.
    pub agreement_id: Option<Uuid>,
    /// The consent that it rests on.
    pub consent_id: Option<Uuid>,
    /// Whether it brings an application (§ 16 SGB I).
    pub carries_application: bool,
    /// A day set by law that nothing moves (§ 14 SGB IX).
    pub statutory_due_on: Option<NaiveDate>,
    /// Code of its outcome, or of the reason for which it was closed.
    pub reason: Option<String>,
    /// Whether the client lets the receiver tell the sender what came of it.
    pub report_outcome: bool,
    /// Where the viewer stands.
    pub side: Side,
    /// The inputs of the rule, today.
    pub terms: Terms,
}

impl ReferralRow {
    /// What the receiver may see now.
    #[must_use]
    pub fn visible(&self) -> Visible {
        disclosure::visible(&self.terms)
    }

    /// What the receiver would see now, had it accepted and were the referral open.
    #[must_use]
    pub fn visible_if_accepted(&self) -> Visible {
        disclosure::visible(&Terms { stage: Stage::Full, ..self.terms })
    }

    /// Whether the client lets the receiver tell the sender what came of it.
    #[must_use]
    pub fn reports_outcome(&self) -> bool {
        self.report_outcome && self.terms.consent.is_some_and(|consent| !consent.withdrawn)
    }

    /// Whether the receiver has let the day pass.
    #[must_use]
    pub fn overdue(&self, today: NaiveDate) -> bool {
        self.standing.status.ball() == Some(BallHolder::Receiver) && self.due_on.is_some_and(|due| due < today)
    }
}

/// What a list shows, and the inputs of the rule.
const LISTED: &str = "r.id, r.purpose, r.status, r.ever_accepted, r.reference, r.sender_id, r.receiver_id, r.due_on, r.closed_on, \
     s.slug, s.name, s.kind, r.offered_fields, s.bound_by_203, \
     a.fields, a.ticked_only, a.statutory_fields, a.access_days, a.terminated_for_cause_on, \
     c.fields, c.ticked, c.data_protection, c.release_from_secrecy, c.art9, c.valid_from, c.valid_until, c.withdrawn_at";

/// The rest.
const MORE: &str = "r.version, r.kind, r.asked_from, r.suspended_from, r.sender_reference, r.receiver_reference, \
     r.sender_contact_name, r.sender_contact_phone, r.sender_contact_email, \
     r.receiver_contact_name, r.receiver_contact_phone, r.receiver_contact_email, r.first_received_on, r.offered_at, \
     r.accepted_at, r.closed_at, r.updated_at, r.previous_id, r.case_id, r.agreement_id, r.consent_id, \
     r.carries_application, r.statutory_due_on, r.reason, c.report_outcome";

const TABLES: &str = " FROM referral r LEFT JOIN agreement a ON a.id = r.agreement_id JOIN agency s ON s.id = r.sender_id \
     LEFT JOIN consent c ON c.id = r.consent_id";

/// How much of a row is read. Fifty rows of a list are twice as dear whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What a list shows: id, purpose, state, reference, parties, due day, and the inputs of the rule. The rest of the row
    /// is empty, and its standing knows no question and no suspension.
    Listed,
    /// All of it.
    Whole,
}

/// For whom a row is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading<'v> {
    /// A viewer, whose agency is one of its sides.
    Viewer(&'v Viewer),
    /// The clock, or the rule asked for the other referrals of a case: nobody. As its sender would, who answers for what is
    /// done there.
    Clock,
}

impl Reading<'_> {
    fn side(self, receiver_id: Uuid) -> Side {
        match self {
            Self::Viewer(viewer) if viewer.agency().id == receiver_id => Side::Receiver,
            Self::Viewer(_) | Self::Clock => Side::Sender,
        }
    }

    /// The kind of the receiver. The viewer's own kind, not the purpose's, decides its ceiling.
    fn receiver(self, side: Side, purpose: ReferralPurpose) -> AgencyKind {
        match (self, side) {
            (Self::Viewer(viewer), Side::Receiver) => viewer.agency().kind,
            (Self::Viewer(_), Side::Sender) | (Self::Clock, _) => purpose.receiver_kind(),
        }
    }
}

/// The columns of a referral and of the rule, and the tables they come from, up to WHERE.
pub(crate) fn select(mut sql: Sql, extent: Extent, today: NaiveDate) -> Sql {
    sql.push("SELECT ").push(LISTED);
    // Later versions that narrow running referrals too; versions themselves never change.
    sql.push(", (SELECT ").list_of(&["n.fields", "n.ticked_only", "n.statutory_fields"]).push(
        " FROM agreement n WHERE n.receiver_id = a.receiver_id AND n.purpose = a.purpose AND n.version > a.version \
             AND n.narrows_running AND n.valid_from <= ",
    );
    sql.bind(today).push(")");
    if extent == Extent::Whole {
        sql.push(", ").push(MORE);
    }
    sql.push(TABLES).push(" WHERE ");
    sql
}

impl Snapshot {
    pub(super) fn select(&self, extent: Extent) -> Sql {
        select(self.sql(), extent, self.today)
    }

    pub(super) async fn fetch(&self, sql: Sql, extent: Extent) -> Result<Vec<ReferralRow>, DbErr> {
        let rows = sql.all(&self.transaction).await?;
        rows.iter().map(|row| Reading::Viewer(&self.viewer).row(row, extent, self.today)).collect()
    }
}

impl Reading<'_> {
    /// Reads a row of what [`select`] selected.
    pub(crate) fn row(self, row: &QueryResult, extent: Extent, today: NaiveDate) -> Result<ReferralRow, DbErr> {
        let mut columns = Columns::of(row);
        let (id, purpose) = (columns.next()?, columns.word()?);
        let (status, ever_accepted) = (columns.word()?, columns.next()?);
        let reference = columns.next()?;
        let (sender_id, receiver_id): (Uuid, Uuid) = (columns.next()?, columns.next()?);
        let side = self.side(receiver_id);
        let due_on = Some(columns.next()?).filter(|&day| day != NO_DUE_DATE);
        let closed_on = columns.next()?;
        let sender = AgencyRow { id: sender_id, slug: columns.next()?, name: columns.next()?, kind: columns.word()? };
        let standing = Standing { status, ever_accepted, asked_from: None, suspended_from: None };
        let listed = ReferralRow {
            id,
            purpose,
            standing,
            reference,
            sender_id,
            receiver_id,
            due_on,
            side,
            terms: self.terms(side, purpose, sender.kind, (standing, closed_on), today, &mut columns)?,
            sender,
            version: 0,
            kind: ReferralKind::Referral,
            own_reference: None,
            sender_contact: Contact::default(),
            receiver_contact: Contact::default(),
            first_received_on: None,
            offered_at: None,
            accepted_at: None,
            closed_at: None,
            updated_at: 0,
            previous_id: None,
            case_id: Uuid::nil(),
            agreement_id: None,
            consent_id: None,
            carries_application: false,
            statutory_due_on: None,
            reason: None,
            report_outcome: false,
        };
        match extent {
            Extent::Listed => Ok(listed),
            Extent::Whole => more(listed, &mut columns),
        }
    }

    fn terms(
        self,
        side: Side,
        purpose: ReferralPurpose,
        sender: AgencyKind,
        (standing, closed_on): (Standing, Option<NaiveDate>),
        today: NaiveDate,
        columns: &mut Columns<'_>,
    ) -> Result<Terms, DbErr> {
        let offered = columns.fields()?;
        let sender_bound_by_203: bool = columns.next()?;
        // A draft may have none.
        let pinned = agreement([columns.fields_or_none()?, columns.fields_or_none()?, columns.fields_or_none()?]);
        let access_days = columns.next::<Option<i16>>()?.unwrap_or(0);
        let ended: Option<NaiveDate> = columns.next()?;
        let consent = consent(columns)?;
        let narrowing = columns.rows_of_fields()?.into_iter().map(agreement);
        let mut agreement = narrowing.fold(pinned, Agreement::narrowed_by);
        if ended.is_some_and(|day| day <= today) {
            agreement.fields = FieldSet::EMPTY;
        }
        Ok(Terms {
            receiver: self.receiver(side, purpose),
            sender,
            sender_bound_by_203,
            purpose,
            stage: disclosure::stage(
                standing.status,
                standing.ever_accepted,
                closed_on,
                u16::try_from(access_days).unwrap_or(0),
                today,
            ),
            agreement,
            consent,
            offered,
            today,
        })
    }
}

/// Reads the columns of [`MORE`].
fn more(listed: ReferralRow, columns: &mut Columns<'_>) -> Result<ReferralRow, DbErr> {
    let (version, kind) = (columns.next()?, columns.word()?);
    let standing =
        Standing { asked_from: columns.word_or_none()?, suspended_from: columns.word_or_none()?, ..listed.standing };
    let (sender_reference, receiver_reference): (Option<String>, _) = (columns.next()?, columns.next()?);
    Ok(ReferralRow {
        version,
        kind,
        standing,
        own_reference: match listed.side {
            Side::Sender => sender_reference,
            Side::Receiver => receiver_reference,
        },
        sender_contact: contact(columns)?,
        receiver_contact: contact(columns)?,
        first_received_on: columns.next()?,
        offered_at: Some(columns.next()?).filter(|&instant: &i64| instant > 0),
        accepted_at: columns.next()?,
        closed_at: columns.next()?,
        updated_at: columns.next()?,
        previous_id: columns.next()?,
        case_id: columns.next()?,
        agreement_id: columns.next()?,
        consent_id: columns.next()?,
        carries_application: columns.next()?,
        statutory_due_on: columns.next()?,
        reason: columns.next()?,
        report_outcome: columns.next::<Option<bool>>()?.unwrap_or(false),
        ..listed
    })
}

/// The columns `fields`, `ticked_only` and `statutory_fields` of a version.
const fn agreement([fields, ticked_only, statutory]: [FieldSet; 3]) -> Agreement {
    Agreement { fields, ticked_only, statutory }
}

fn contact(columns: &mut Columns<'_>) -> Result<Contact, DbErr> {
    Ok(Contact { name: columns.next()?, phone: columns.next()?, email: columns.next()? })
}

/// The consent of a LEFT JOIN: all of its columns are null if there is none.
fn consent(columns: &mut Columns<'_>) -> Result<Option<Consent>, DbErr> {
    let fields: Option<i64> = columns.next()?;
    let ticked: Option<i64> = columns.next()?;
    let data_protection: Option<bool> = columns.next()?;
    let release_from_secrecy: Option<bool> = columns.next()?;
    let art9: Option<bool> = columns.next()?;
    let valid_from: Option<NaiveDate> = columns.next()?;
    let valid_until: Option<NaiveDate> = columns.next()?;
    let withdrawn_at: Option<i64> = columns.next()?;
    Ok(valid_from.map(|valid_from| Consent {
        fields: FieldSet::from_i64(fields.unwrap_or(0)),
        ticked: FieldSet::from_i64(ticked.unwrap_or(0)),
        data_protection: data_protection.unwrap_or(false),
        release_from_secrecy: release_from_secrecy.unwrap_or(false),
        art9: art9.unwrap_or(false),
        valid_from,
        valid_until,
        withdrawn: withdrawn_at.is_some(),
    }))
}
