//! The ruled columns of handovers: one statement, in which a column outside a row's mask is not read.

use std::collections::HashMap;

use kim_domain::disclosure::Visible;
use kim_domain::field::{FieldSet, HandoverField};
use sea_orm::DbErr;
use uuid::Uuid;

use super::Snapshot;

/// The values of one handover that were released, asked for and present, in the text form of
/// [`kim_domain::field::ValueType`].
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(HandoverField, String)>);

impl Values {
    /// The value of a field; `None` if it was not released, not asked for, or is empty.
    #[must_use]
    pub fn get(&self, field: HandoverField) -> Option<&str> {
        self.0.iter().find(|(has, _)| *has == field).map(|(_, value)| value.as_str())
    }

    pub(super) fn push(&mut self, field: HandoverField, value: Option<String>) {
        if let Some(value) = value {
            self.0.push((field, value));
        }
    }
}

impl Snapshot {
    /// The released values of these handovers. Fields that no row releases are not in the statement at all.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handovers(&self, released: &[(Uuid, Visible)]) -> Result<HashMap<Uuid, Values>, DbErr> {
        let masks: Vec<(Uuid, i64)> = released
            .iter()
            .filter(|(_, visible)| !visible.fields().is_empty())
            .map(|(id, visible)| (*id, visible.fields().to_i64()))
            .collect();
        let columns = released.iter().fold(FieldSet::EMPTY, |all, (_, visible)| all.or(visible.fields()));
        if masks.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = self.sql();
        sql.push("SELECT h.referral_id");
        for field in columns.iter() {
            let bit = FieldSet::of(&[field]).to_i64();
            sql.push(&format!(", CASE WHEN m.mask & {bit} <> 0 THEN h.{} END", field.column()));
        }
        sql.push(" FROM ").masks(&masks).push(" JOIN handover h ON h.referral_id = m.id");
        let rows = sql.all(&self.transaction).await?;
        let mut handovers = HashMap::with_capacity(rows.len());
        for row in &rows {
            let mut values = Values::default();
            for (place, field) in columns.iter().enumerate() {
                values.push(field, row.try_get_by_index(place + 1)?);
            }
            handovers.insert(row.try_get_by_index(0)?, values);
        }
        Ok(handovers)
    }
}
