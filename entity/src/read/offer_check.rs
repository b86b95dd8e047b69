//! Information for a sender before it offers, for the first time or again: a constant number of statements for any number of
//! referrals.

use std::collections::{HashMap, HashSet};

use kim_domain::agency::LegalForm;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::referral::ReferralStatus;
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use crate::codec::person;
use crate::codec::values::Values;
use crate::sql::Columns;

/// The client's residence title and its last day.
const TITLE: FieldSet = FieldSet::of(&[F::Aufenthaltstitel, F::AufenthaltstitelValidUntil]);

/// The circumstances of a draft.
#[derive(Clone, Debug)]
pub struct OfferCheckRow {
    /// Whether it can be offered under an agreement today.
    pub agreed: bool,
    /// The legal form of the sender.
    pub sender: LegalForm,
    /// The legal form of the receiver.
    pub receiver: LegalForm,
    /// The client's residence title and its last day.
    pub title: Values,
    /// Open referrals of the viewer's agency to the same receiver, for the same purpose, of the same client.
    pub duplicates: Vec<Uuid>,
}

impl Reads {
    /// Those of these referrals that are drafts of the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn offer_checks(&self, referrals: &[Uuid]) -> Result<HashMap<Uuid, OfferCheckRow>, DbErr> {
        let mut found = HashMap::new();
        if referrals.is_empty() {
            return Ok(found);
        }
        let mut sql = self.sql();
        sql.push("SELECT r.id, EXISTS (SELECT 1 FROM agreement n WHERE n.receiver_id = r.receiver_id AND n.purpose = r.purpose AND ");
        sql.agreement_in_force(self.today);
        sql.push("), s.legal_form, g.legal_form");
        person::push_columns(&mut sql, TITLE);
        sql.push(
            " FROM referral r \
             JOIN agency s ON s.id = r.sender_id JOIN agency g ON g.id = r.receiver_id \
             JOIN \"case\" k ON k.id = r.case_id JOIN person p ON p.id = k.person_id \
             WHERE r.status = 'DRAFT' AND r.sender_id = ",
        );
        sql.bind(self.viewer.agency().id).push(" AND ").is_one_of("r.id", referrals);
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let id: Uuid = columns.next()?;
            let (agreed, sender, receiver) = (columns.next()?, columns.word()?, columns.word()?);
            let title = person::read(&mut columns, TITLE)?;
            Ok((id, OfferCheckRow { agreed, sender, receiver, title, duplicates: Vec::new() }))
        };
        found.extend(self.readable("agency", rows.iter().map(read))?.into_iter().flatten());
        let drafts: Vec<Uuid> = found.keys().copied().collect();
        if !drafts.is_empty() {
            self.add_duplicates(&drafts, &mut found).await?;
        }
        Ok(found)
    }

    /// Those of these referrals of the viewer's agency whose case is open, and which no other referral continues.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn continuable(&self, referrals: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
        if referrals.is_empty() {
            return Ok(HashSet::new());
        }
        let mut sql = self.sql();
        sql.push("SELECT r.id FROM referral r JOIN \"case\" k ON k.id = r.case_id WHERE k.closed_on IS NULL AND r.sender_id = ");
        sql.bind(self.viewer.agency().id).push(" AND ").is_one_of("r.id", referrals);
        // A continuation belongs to the same case, and is found by an index only with that condition.
        sql.push(" AND NOT EXISTS (SELECT 1 FROM referral n WHERE n.case_id = r.case_id AND n.previous_id = r.id)");
        sql.all(self.connection()).await?.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    async fn add_duplicates(&self, drafts: &[Uuid], found: &mut HashMap<Uuid, OfferCheckRow>) -> Result<(), DbErr> {
        let running = |status: &ReferralStatus| status.is_open() || *status == ReferralStatus::Suspended;
        let mut sql = self.sql();
        sql.push(
            "SELECT r.id, d.id FROM referral r JOIN \"case\" k ON k.id = r.case_id JOIN person p ON p.id = k.person_id \
             JOIN person o ON ",
        );
        sql.push(person::IS_SAME_CLIENT).push(
            " JOIN \"case\" c ON c.person_id = o.id JOIN referral d ON d.case_id = c.id AND d.id <> r.id \
             AND d.receiver_id = r.receiver_id AND d.purpose = r.purpose WHERE r.sender_id = ",
        );
        sql.bind(self.viewer.agency().id).push(" AND d.status IN ");
        sql.words(ReferralStatus::ALL.iter().copied().filter(running)).push(" AND ").is_one_of("r.id", drafts);
        sql.push(" ORDER BY d.id");
        for row in &sql.all(self.connection()).await? {
            let (draft, duplicate): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            if let Some(of_draft) = found.get_mut(&draft)
                && !of_draft.duplicates.contains(&duplicate)
            {
                of_draft.duplicates.push(duplicate);
            }
        }
        Ok(())
    }
}
