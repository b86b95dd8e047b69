//! Reports of wrong values of a viewer's referrals: one statement for all of them.

use std::collections::HashMap;

use kim_domain::correction::{CorrectionState, is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField};
use sea_orm::DbErr;
use uuid::Uuid;

use super::history::CORRECTIONS;
use super::{AgencyRow, HistoryKey, Page, Reads, Window};
use crate::keys::{ReferralKey, ids};
use crate::sql::Columns;

/// One report.
#[derive(Clone, Debug)]
pub struct CorrectionRow {
    /// Id.
    pub id: Uuid,
    /// The field; of the viewer's schema.
    pub field: HandoverField,
    /// The agency that reported.
    pub agency_id: Uuid,
    /// The person who reported; only staff of the viewer's agency.
    pub staff: Option<String>,
    /// For whom a service reported; only of the viewer's agency.
    pub acting_for: Option<String>,
    /// Microseconds.
    pub reported_at: i64,
    /// What is wrong.
    pub text: String,
    /// What would be right.
    pub suggested: Option<String>,
    /// Its state.
    pub state: CorrectionState,
    /// Microseconds.
    pub decided_at: Option<i64>,
    /// The sender's answer.
    pub decided_text: Option<String>,
    /// The person who decided; only staff of the viewer's agency.
    pub decided_staff: Option<String>,
    /// For whom a service decided; only of the viewer's agency.
    pub decided_acting_for: Option<String>,
}

/// The disputed fields of a referral's handover.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disputes {
    /// Fields whose value was reported as wrong in this referral or another one of the same case; also those that were found
    /// wrong after the copy was frozen.
    pub fields: FieldSet,
    /// Whether a report of this referral waits for its sender.
    pub to_decide: bool,
}

/// An agency that was notified of a correction.
#[derive(Clone, Debug)]
pub struct NotifiedRow {
    /// The agency.
    pub agency: AgencyRow,
    /// Microseconds.
    pub notified_at: i64,
}

impl Reads {
    /// A page of reports for each of these referrals, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn corrections(
        &self,
        referrals: &[ReferralKey],
        window: &Window<HistoryKey>,
    ) -> Result<HashMap<Uuid, Page<CorrectionRow>>, DbErr> {
        let own = self.viewer.agency().id;
        let mut sql = self.sql();
        sql.push("SELECT q.referral_id, q.id, q.field, q.agency_id, ");
        sql.only_where("q.agency_id =", own, ["q.staff", "q.acting_for"]);
        sql.push(", q.reported_at, q.text, q.suggested, q.state, q.decided_at, q.decided_text, ");
        // Only the sender decides, and it never reported.
        sql.only_where("q.agency_id <>", own, ["q.decided_staff", "q.decided_acting_for"]);
        self.push_entries(&mut sql, CORRECTIONS, "reported_at", referrals, window);
        self.pages(CORRECTIONS, sql, window, |columns| {
            Ok(CorrectionRow {
                id: columns.next()?,
                field: columns.word()?,
                agency_id: columns.next()?,
                staff: columns.next()?,
                acting_for: columns.next()?,
                reported_at: columns.next()?,
                text: columns.next()?,
                suggested: columns.next()?,
                state: columns.word()?,
                decided_at: columns.next()?,
                decided_text: columns.next()?,
                decided_staff: columns.next()?,
                decided_acting_for: columns.next()?,
            })
        })
        .await
    }

    /// The number of reports of each of these referrals that the viewer sees.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_corrections(&self, referrals: &[ReferralKey]) -> Result<HashMap<Uuid, i64>, DbErr> {
        self.count_history(CORRECTIONS, referrals).await
    }

    /// The disputed fields of these referrals now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn disputes(&self, referrals: &[ReferralKey]) -> Result<HashMap<Uuid, Disputes>, DbErr> {
        let mut found: HashMap<Uuid, Disputes> = HashMap::new();
        if referrals.is_empty() {
            return Ok(found);
        }
        let referrals = ids(referrals);
        let mut sql = self.sql();
        sql.push(
            "SELECT r.id, c.referral_id, c.field, c.state FROM referral r JOIN correction c ON c.case_id = r.case_id ",
        );
        sql.push("WHERE c.state = 'OPEN' AND ").is_one_of("r.id", &referrals);
        // A value that was found wrong after the copy was frozen stays wrong in the copy.
        sql.push(" UNION ALL SELECT n.referral_id, c.referral_id, c.field, c.state FROM correction_notice n ");
        sql.push("JOIN correction c ON c.id = n.correction_id WHERE n.outdated AND ");
        sql.is_one_of("n.referral_id", &referrals);
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let (id, by): (Uuid, Uuid) = (columns.next()?, columns.next()?);
            Ok((id, by, columns.word()?, columns.word::<CorrectionState>()?))
        };
        for (id, by, field, state) in self.readable("correction", rows.iter().map(read))?.into_iter().flatten() {
            if id == by || is_of_the_case(field) {
                let disputes = found.entry(id).or_default();
                disputes.fields = disputes.fields.or(same_fact(field));
                disputes.to_decide |= id == by && state == CorrectionState::Open;
            }
        }
        Ok(found)
    }

    /// The disputed fields of the records of these cases of the viewer's agency now. A report about a value that was handed over
    /// also concerns the value from which it was copied.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn disputes_of_cases(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, FieldSet>, DbErr> {
        let mut found: HashMap<Uuid, FieldSet> = HashMap::new();
        if cases.is_empty() {
            return Ok(found);
        }
        let mut sql = self.sql();
        sql.push(
            "SELECT c.case_id, c.field FROM correction c JOIN \"case\" k ON k.id = c.case_id WHERE k.agency_id = ",
        );
        sql.bind(self.viewer.agency().id).push(" AND c.state = 'OPEN' AND ").is_one_of("c.case_id", cases);
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            Ok((columns.next()?, columns.word()?))
        };
        for (case, field) in self.readable("correction", rows.iter().map(read))?.into_iter().flatten() {
            if is_of_the_case(field) {
                let fields = found.entry(case).or_default();
                *fields = fields.or(same_fact(field));
            }
        }
        Ok(found)
    }

    /// The other agencies that were notified of these corrections; only for the sender of the referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn notices(&self, corrections: &[Uuid]) -> Result<HashMap<Uuid, Vec<NotifiedRow>>, DbErr> {
        let mut found: HashMap<Uuid, Vec<NotifiedRow>> = HashMap::new();
        if corrections.is_empty() {
            return Ok(found);
        }
        let mut sql = self.sql();
        sql.push("SELECT n.correction_id, n.told_at, ").push(AgencyRow::COLUMNS).push(
            " FROM correction_notice n \
             JOIN correction c ON c.id = n.correction_id JOIN referral o ON o.id = c.referral_id \
             JOIN referral r ON r.id = n.referral_id JOIN agency g ON g.id = r.receiver_id \
             WHERE n.referral_id <> c.referral_id AND o.sender_id = ",
        );
        sql.bind(self.viewer.agency().id).push(" AND ").is_one_of("n.correction_id", corrections);
        sql.push(" ORDER BY n.told_at, n.referral_id");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let (id, notified_at) = (columns.next()?, columns.next()?);
            Ok((id, NotifiedRow { agency: AgencyRow::read(&mut columns)?, notified_at }))
        };
        for (id, notified) in self.readable("agency", rows.iter().map(read))?.into_iter().flatten() {
            found.entry(id).or_default().push(notified);
        }
        Ok(found)
    }
}
