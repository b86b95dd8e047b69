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

use super::Snapshot;
use crate::referral::NO_DUE_DATE;
use crate::sql::{Columns, Sql};

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

    /// Whether the receiver has let the day pass.
    #[must_use]
    pub fn overdue(&self, today: NaiveDate) -> bool {
        self.standing.status.ball() == Some(BallHolder::Receiver) && self.due_on.is_some_and(|due| due < today)
    }
}

const COLUMNS: &str = "r.id, r.version, r.kind, r.purpose, r.status, r.ever_accepted, r.asked_from, r.suspended_from, r.reference, \
     r.sender_id, r.receiver_id, \
     r.sender_reference, r.receiver_reference, r.sender_contact_name, r.sender_contact_phone, r.sender_contact_email, \
     r.receiver_contact_name, r.receiver_contact_phone, r.receiver_contact_email, r.first_received_on, r.offered_at, \
     r.accepted_at, r.closed_at, r.updated_at, r.due_on, r.previous_id, r.case_id, r.agreement_id, r.consent_id, \
     r.carries_application, r.statutory_due_on, r.reason, c.report_outcome, r.closed_on, r.offered_fields, s.kind, s.bound_by_203, \
     a.fields, a.ticked_only, a.statutory_fields, a.access_days, a.terminated_for_cause_on, \
     c.fields, c.ticked, c.data_protection, c.release_from_secrecy, c.art9, c.valid_from, c.valid_until, c.withdrawn_at";

const TABLES: &str = " FROM referral r LEFT JOIN agreement a ON a.id = r.agreement_id JOIN agency s ON s.id = r.sender_id \
     LEFT JOIN consent c ON c.id = r.consent_id";

impl Snapshot {
    /// The columns of a referral and of the rule, and the tables they come from, up to WHERE.
    pub(super) fn select(&self) -> Sql {
        let mut sql = self.sql();
        sql.push("SELECT ").push(COLUMNS);
        // Later versions that narrow running referrals too; versions themselves never change.
        sql.push(", (SELECT ").list_of(&["n.fields", "n.ticked_only", "n.statutory_fields"]).push(
            " FROM agreement n WHERE n.receiver_id = a.receiver_id AND n.purpose = a.purpose AND n.version > a.version \
             AND n.narrows_running AND n.valid_from <= ",
        );
        sql.bind(self.today).push(")").push(TABLES).push(" WHERE ");
        sql
    }

    pub(super) async fn fetch(&self, sql: Sql) -> Result<Vec<ReferralRow>, DbErr> {
        let rows = sql.all(&self.transaction).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: &QueryResult) -> Result<ReferralRow, DbErr> {
        let mut columns = Columns::of(row);
        let (id, version) = (columns.next()?, columns.next()?);
        let (kind, purpose) = (columns.word()?, columns.word()?);
        let standing = Standing {
            status: columns.word()?,
            ever_accepted: columns.next()?,
            asked_from: columns.word_or_none()?,
            suspended_from: columns.word_or_none()?,
        };
        let reference = columns.next()?;
        let (sender_id, receiver_id): (Uuid, Uuid) = (columns.next()?, columns.next()?);
        let side = if receiver_id == self.viewer.agency().id { Side::Receiver } else { Side::Sender };
        let (sender_reference, receiver_reference): (Option<String>, _) = (columns.next()?, columns.next()?);
        Ok(ReferralRow {
            id,
            version,
            kind,
            purpose,
            standing,
            reference,
            sender_id,
            receiver_id,
            own_reference: match side {
                Side::Sender => sender_reference,
                Side::Receiver => receiver_reference,
            },
            sender_contact: contact(&mut columns)?,
            receiver_contact: contact(&mut columns)?,
            first_received_on: columns.next()?,
            offered_at: Some(columns.next()?).filter(|&instant: &i64| instant > 0),
            accepted_at: columns.next()?,
            closed_at: columns.next()?,
            updated_at: columns.next()?,
            due_on: Some(columns.next()?).filter(|&day| day != NO_DUE_DATE),
            previous_id: columns.next()?,
            case_id: columns.next()?,
            agreement_id: columns.next()?,
            consent_id: columns.next()?,
            carries_application: columns.next()?,
            statutory_due_on: columns.next()?,
            reason: columns.next()?,
            report_outcome: columns.next::<Option<bool>>()?.unwrap_or(false),
            side,
            terms: self.terms(side, purpose, standing, &mut columns)?,
        })
    }

    fn terms(
        &self,
        side: Side,
        purpose: ReferralPurpose,
        standing: Standing,
        columns: &mut Columns<'_>,
    ) -> Result<Terms, DbErr> {
        let closed_on: Option<NaiveDate> = columns.next()?;
        let offered = columns.fields()?;
        let sender: AgencyKind = columns.word()?;
        let sender_bound_by_203: bool = columns.next()?;
        // A draft may have none.
        let pinned = agreement([columns.fields_or_none()?, columns.fields_or_none()?, columns.fields_or_none()?]);
        let access_days = columns.next::<Option<i16>>()?.unwrap_or(0);
        let ended: Option<NaiveDate> = columns.next()?;
        let consent = consent(columns)?;
        let narrowing = columns.rows_of_fields()?.into_iter().map(agreement);
        let mut agreement = narrowing.fold(pinned, Agreement::narrowed_by);
        if ended.is_some_and(|day| day <= self.today) {
            agreement.fields = FieldSet::EMPTY;
        }
        Ok(Terms {
            // The viewer's own kind, not the purpose's, decides its ceiling.
            receiver: match side {
                Side::Receiver => self.viewer.agency().kind,
                Side::Sender => purpose.receiver_kind(),
            },
            sender,
            sender_bound_by_203,
            purpose,
            stage: disclosure::stage(
                standing.status,
                standing.ever_accepted,
                closed_on,
                u16::try_from(access_days).unwrap_or(0),
                self.today,
            ),
            agreement,
            consent,
            offered,
            today: self.today,
        })
    }
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
