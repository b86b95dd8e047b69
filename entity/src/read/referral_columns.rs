//! Reads rows of referrals: joined to sender and agreement, or, in a list, with both from the directory. The results are the
//! same (`tests/statement_counts.rs`).

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::disclosure::{self, Agreement, Consent, Terms};
use kim_domain::field::FieldSet;
use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::referral_row::{Contact, Extent, ListedReferral, Reading, ReferralRest, ReferralRow, Side};
use super::{AgencyRow, Reads};
use crate::agency_directory::{Agency, AgencyDetails, Agreed, Directory, Pinned, details};
use crate::keys::ReferralKey;
use crate::sql::{Columns, Sql};
use crate::tables::referral::NO_DUE_DATE;

/// The columns of the row that a list shows.
const LISTED: &str = "r.id, r.purpose, r.status, r.ever_accepted, r.reference, r.sender_id, r.receiver_id, r.due_on, r.closed_on, \
     r.offered_fields, ";

/// The inputs of the rule from the consent; the index `consent_rule` covers them.
const CONSENT: &str = "c.fields, c.ticked, c.data_protection, c.release_from_secrecy, c.art9, c.valid_from, c.valid_until, c.withdrawn_at";

/// The columns of the sender that a list shows, and the inputs of the rule from the sender and the agreement.
const SIDES: &str = concat!(
    "s.slug, s.name, s.kind, ",
    details!("s"),
    ", s.bound_by_203, a.fields, a.ticked_only, a.statutory_fields, a.access_days, a.terminated_for_cause_on, "
);

/// The rest of the row.
const REST: &str = "r.version, r.kind, r.asked_from, r.suspended_from, r.sender_reference, r.receiver_reference, \
     r.sender_contact_name, r.sender_contact_phone, r.sender_contact_email, \
     r.receiver_contact_name, r.receiver_contact_phone, r.receiver_contact_email, r.first_received_on, r.offered_at, \
     r.accepted_at, r.closed_at, r.updated_at, r.previous_id, r.case_id, r.agreement_id, r.consent_id, \
     r.carries_application, r.statutory_due_on, r.reason, c.report_outcome";

/// The last day that a database has.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

const TABLES: &str =
    " FROM referral r LEFT JOIN agreement a ON a.id = r.agreement_id JOIN agency s ON s.id = r.sender_id";

const CONSENTS: &str = " LEFT JOIN consent c";
const CONSENT_OF_ROW: &str = " ON c.id = r.consent_id WHERE ";

/// Selects the columns of a referral and of the rule from their tables, up to WHERE.
pub(crate) fn select(mut sql: Sql, extent: Extent, today: NaiveDate) -> Sql {
    sql.push("SELECT ").push(LISTED).push(SIDES);
    // Also later versions that narrow running referrals; a version itself never changes.
    sql.push("(SELECT ").list_of(&["n.fields", "n.ticked_only", "n.statutory_fields"]).push(
        " FROM agreement n WHERE n.receiver_id = a.receiver_id AND n.purpose = a.purpose AND n.version > a.version \
             AND n.narrows_running AND (n.valid_from <= ",
    );
    // On SQLite a text that is no day is greater than all days. Such a version may have begun.
    sql.bind(today).push(" OR n.valid_from > ").bind(LAST_DAY).push(")), ").push(CONSENT);
    if extent == Extent::Whole {
        sql.push(", ").push(REST);
    }
    sql.push(TABLES).push(CONSENTS).push(CONSENT_OF_ROW);
    sql
}

impl Reads {
    /// As [`select`], but a list is not joined to tables that the directory caches.
    pub(super) fn select(&self, extent: Extent) -> Sql {
        let mut sql = self.sql();
        if self.listing(extent).is_none() {
            return select(sql, extent, self.today);
        }
        sql.push("SELECT ").push(LISTED).push("r.agreement_id, ").push(CONSENT).push(" FROM referral r");
        sql.push(CONSENTS).within_index("consent_rule").push(CONSENT_OF_ROW);
        sql
    }

    /// Reads rows that [`select`](Self::select) selected as [`Extent::Whole`].
    pub(super) async fn fetch(&self, sql: Sql) -> Result<Vec<ReferralRow>, DbErr> {
        let (rows, reading) = (sql.all(self.connection()).await?, self.reading());
        let rows = self.readable("referral", rows.iter().map(|row| reading.whole(row, self.today)))?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn reading(&self) -> Reading<'_> {
        Reading::Viewer(&self.viewer, self.unreadable.as_deref())
    }

    /// Reads rows that [`select`](Self::select) selected in this extent; none for a row that cannot be read.
    pub(super) async fn fetch_listed(&self, sql: Sql, extent: Extent) -> Result<Vec<Option<ListedReferral>>, DbErr> {
        let (rows, reading) = (sql.all(self.connection()).await?, self.reading());
        let read = |row| match (extent, self.listing(extent)) {
            (Extent::Whole, _) => Ok(reading.whole(row, self.today)?.map(Some)),
            (Extent::Listed, Some(directory)) => Ok(reading.with_directory(row, directory, self.today)?.map(|()| None)),
            (Extent::Listed, None) => Ok(reading.listed(row, self.today)?.map(|()| None)),
        };
        self.readable("referral", rows.iter().map(read))
    }

    /// The directory, if rows are read with it.
    fn listing(&self, extent: Extent) -> Option<&Directory> {
        self.directory.as_deref().filter(|_| extent == Extent::Listed)
    }
}

/// The columns of [`LISTED`].
struct Listed {
    id: Uuid,
    purpose: ReferralPurpose,
    status: ReferralStatus,
    ever_accepted: bool,
    reference: String,
    sender_id: Uuid,
    receiver_id: Uuid,
    due_on: Option<NaiveDate>,
    closed_on: Option<NaiveDate>,
    offered: FieldSet,
}

impl Listed {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            purpose: columns.word()?,
            status: columns.word()?,
            ever_accepted: columns.next()?,
            reference: columns.next()?,
            sender_id: columns.next()?,
            receiver_id: columns.next()?,
            due_on: columns.nullable("referral.due_on")?.filter(|&day| day != NO_DUE_DATE),
            // An ended referral without a closing day is closed to its receiver.
            closed_on: columns.nullable("referral.closed_on")?,
            offered: columns.fields()?,
        })
    }
}

impl Reading<'_> {
    /// Reads a row of what [`select`] selected as [`Extent::Whole`].
    pub(crate) fn whole(self, row: &QueryResult, today: NaiveDate) -> Result<ReferralRow, DbErr> {
        let mut columns = self.columns(row);
        let (listed, ever_accepted) = self.joined(&mut columns, today)?;
        let rest = rest(&mut columns, &listed, ever_accepted)?;
        Ok(listed.map(|()| rest))
    }

    /// Reads a row of what [`select`] selected as [`Extent::Listed`].
    pub(crate) fn listed(self, row: &QueryResult, today: NaiveDate) -> Result<ReferralRow<()>, DbErr> {
        self.joined(&mut self.columns(row), today).map(|(listed, _)| listed)
    }

    /// Reads what a list shows, and whether the referral was ever accepted.
    fn joined(self, columns: &mut Columns<'_>, today: NaiveDate) -> Result<(ReferralRow<()>, bool), DbErr> {
        let listed = Listed::read(columns)?;
        let ever_accepted = listed.ever_accepted;
        let sender = AgencyRow {
            id: listed.sender_id,
            slug: columns.shared_text()?,
            name: columns.shared_text()?,
            kind: columns.word()?,
            details: Arc::new(AgencyDetails::read(columns)?),
        };
        let sender = Agency { row: sender, bound_by_203: columns.next()? };
        let noted = columns.noted();
        // A draft may have no agreement.
        let pinned = Pinned {
            agreement: agreement([columns.fields_or_none()?, columns.fields_or_none()?, columns.fields_or_none()?]),
            access_days: columns.next::<Option<i16>>()?.unwrap_or(0),
            ended: columns.nullable("agreement.terminated_for_cause_on")?,
        };
        let agreed = pinned.on(today, columns.rows_of_fields()?.into_iter().map(agreement));
        // An agreement whose end cannot be read may have ended.
        let agreed = if columns.noted() > noted { Agreed::NOTHING } else { agreed };
        let consent = consent(columns)?;
        Ok((self.complete(listed, sender, agreed, consent, today), ever_accepted))
    }

    /// Reads a row of a list that was not joined to tables that the directory caches.
    fn with_directory(
        self,
        row: &QueryResult,
        directory: &Directory,
        today: NaiveDate,
    ) -> Result<ReferralRow<()>, DbErr> {
        let mut columns = self.columns(row);
        let listed = Listed::read(&mut columns)?;
        let sender = directory.agency(listed.sender_id)?.clone();
        let agreed = match columns.next()? {
            Some(id) => directory.agreed(id, today)?,
            None => Agreed::NOTHING,
        };
        Ok(self.complete(listed, sender, agreed, consent(&mut columns)?, today))
    }

    /// Adds the viewer's side and the inputs of the rule.
    fn complete(
        self,
        listed: Listed,
        sender: Agency,
        agreed: Agreed,
        consent: Option<Consent>,
        today: NaiveDate,
    ) -> ReferralRow<()> {
        let side = self.side(listed.receiver_id);
        let access_days = u16::try_from(agreed.access_days).unwrap_or(0);
        let terms = Terms {
            receiver: self.receiver(side, listed.purpose),
            sender: sender.row.kind,
            sender_bound_by_203: sender.bound_by_203,
            purpose: listed.purpose,
            stage: disclosure::stage(listed.status, listed.ever_accepted, listed.closed_on, access_days, today),
            agreement: agreed.agreement,
            consent,
            offered: listed.offered,
            today,
        };
        ReferralRow {
            id: listed.id,
            purpose: listed.purpose,
            status: listed.status,
            reference: listed.reference,
            sender_id: listed.sender_id,
            receiver_id: listed.receiver_id,
            due_on: listed.due_on,
            side,
            terms,
            sender: sender.row,
            rest: (),
            key: ReferralKey::of(listed.id),
        }
    }
}

/// Reads the columns of [`REST`].
fn rest(columns: &mut Columns<'_>, listed: &ReferralRow<()>, ever_accepted: bool) -> Result<ReferralRest, DbErr> {
    let (version, kind) = (columns.next()?, columns.word()?);
    let standing = Standing {
        status: listed.status,
        ever_accepted,
        asked_from: columns.word_or_none()?,
        suspended_from: columns.word_or_none()?,
    };
    let (sender_reference, receiver_reference): (Option<String>, _) = (columns.next()?, columns.next()?);
    Ok(ReferralRest {
        version,
        kind,
        standing,
        own_reference: match listed.side {
            Side::Sender => sender_reference,
            Side::Receiver => receiver_reference,
        },
        sender_contact: contact(columns)?,
        receiver_contact: contact(columns)?,
        first_received_on: columns.nullable("referral.first_received_on")?,
        offered_at: Some(columns.next()?).filter(|&instant: &i64| instant > 0),
        accepted_at: columns.next()?,
        closed_at: columns.next()?,
        updated_at: columns.next()?,
        previous_id: columns.next()?,
        case_id: columns.next()?,
        agreement_id: columns.next()?,
        consent_id: columns.next()?,
        carries_application: columns.next()?,
        statutory_due_on: columns.nullable("referral.statutory_due_on")?,
        reason: columns.next()?,
        // A draft may have no consent.
        report_outcome: columns.next::<Option<bool>>()?.unwrap_or(false),
    })
}

/// The columns `fields`, `ticked_only` and `statutory_fields` of a version.
const fn agreement([fields, ticked_only, statutory]: [FieldSet; 3]) -> Agreement {
    Agreement { fields, ticked_only, statutory }
}

fn contact(columns: &mut Columns<'_>) -> Result<Contact, DbErr> {
    Ok(Contact { name: columns.next()?, phone: columns.next()?, email: columns.next()? })
}

/// The consent of a LEFT JOIN: all of its columns are null if there is none. A consent that cannot be read completely
/// permits nothing.
fn consent(columns: &mut Columns<'_>) -> Result<Option<Consent>, DbErr> {
    let noted = columns.noted();
    let fields: Option<i64> = columns.nullable("consent.fields")?;
    let ticked: Option<i64> = columns.nullable("consent.ticked")?;
    let data_protection: Option<bool> = columns.nullable("consent.data_protection")?;
    let release_from_secrecy: Option<bool> = columns.nullable("consent.release_from_secrecy")?;
    let art9: Option<bool> = columns.nullable("consent.art9")?;
    let valid_from: Option<NaiveDate> = columns.nullable("consent.valid_from")?;
    let valid_until: Option<NaiveDate> = columns.nullable("consent.valid_until")?;
    let withdrawn_at: Option<i64> = columns.nullable("consent.withdrawn_at")?;
    if columns.noted() > noted {
        return Ok(None);
    }
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
