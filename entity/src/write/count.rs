//! Counts rows that the viewer's agency added to a list that is always read completely.

use sea_orm::DbErr;
use uuid::Uuid;

use super::Writes;
use crate::keys::ClientKey;

/// A list of one referral, case or client.
#[derive(Clone, Copy, Debug)]
pub enum OwnList {
    /// The appointments of this referral.
    Appointments(Uuid),
    /// The talks of this referral.
    Talks(Uuid),
    /// The decisions on eligibility of this case.
    Decisions(Uuid),
    /// The referrals of this case.
    Referrals(Uuid),
    /// The consents of this client, whose data only one agency writes.
    Consents(ClientKey),
}

impl Writes {
    /// How many rows the viewer's agency added to a list.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_own(&self, list: OwnList) -> Result<i64, DbErr> {
        let (table, author, owner, id) = match list {
            OwnList::Appointments(id) => ("appointment", Some("agency_id"), "referral_id", id),
            OwnList::Talks(id) => ("talk", Some("agency_id"), "referral_id", id),
            OwnList::Decisions(id) => ("eligibility_decision", Some("agency_id"), "case_id", id),
            OwnList::Referrals(id) => ("referral", Some("sender_id"), "case_id", id),
            OwnList::Consents(client) => ("consent", None, "person_id", client.id()),
        };
        let mut sql = self.tx().sql();
        sql.push("SELECT COUNT(*) FROM ").push(table).push(" WHERE ").push(owner).push(" = ").bind(id);
        if let Some(author) = author {
            sql.push(" AND ").push(author).push(" = ").bind(self.author().agency_id);
        }
        sql.one(self.tx().connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }
}
