//! The values of handovers: one statement, in which a column outside a row's mask is not read.

use std::collections::HashMap;

use kim_domain::disclosure::Visible;
use kim_domain::field::FieldSet;
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use crate::codec::handover;
use crate::codec::values::Values;
use crate::keys::ReferralKey;
use crate::sql::Columns;

impl Reads {
    /// The released values of these handovers, by referral. A field that no row releases is not in the statement, and one that a
    /// row does not release counts as not read there.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if a referral has no handover; the database does not answer.
    pub async fn handovers(&self, released: &[(ReferralKey, Visible)]) -> Result<HashMap<Uuid, Values>, DbErr> {
        let masks: Vec<(Uuid, i64)> = released
            .iter()
            .filter(|(_, visible)| !visible.fields().is_empty())
            .map(|(key, visible)| (key.id(), visible.fields().to_i64()))
            .collect();
        let columns = released.iter().fold(FieldSet::EMPTY, |all, (_, visible)| all.or(visible.fields()));
        if masks.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = self.sql();
        sql.push("SELECT h.referral_id");
        handover::push_masked(&mut sql, columns);
        sql.push(" FROM ").masks(&masks).push(" JOIN handover h ON h.referral_id = m.id");
        let rows = sql.all(self.connection()).await?;
        if rows.len() != masks.len() {
            return Err(DbErr::RecordNotFound("the handover of a referral".into()));
        }
        let masks: HashMap<Uuid, i64> = masks.into_iter().collect();
        let mut handovers = HashMap::with_capacity(rows.len());
        for row in &rows {
            let mut row = Columns::of(row);
            let id = row.next()?;
            let mask = masks.get(&id).map_or(FieldSet::EMPTY, |&mask| FieldSet::from_i64(mask));
            handovers.insert(id, handover::read_masked(&mut row, columns, mask)?);
        }
        Ok(handovers)
    }
}
