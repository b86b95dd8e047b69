//! The ruled columns of handovers: one statement, in which a column outside a row's mask is not read.

use std::collections::HashMap;
use std::ops::Range;

use kim_domain::disclosure::Visible;
use kim_domain::field::{FieldSet, HandoverField};
use sea_orm::DbErr;
use uuid::Uuid;

use super::Snapshot;
use crate::sql::Columns;

/// The values of one handover that were released, asked for and present, in the text form of
/// [`kim_domain::field::ValueType`].
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// One after the other: a list has hundreds of them.
    text: String,
    places: Vec<(HandoverField, Range<usize>)>,
}

impl Values {
    fn with_capacity(fields: usize) -> Self {
        Self { text: String::with_capacity(fields * 16), places: Vec::with_capacity(fields) }
    }

    /// The value of a field; `None` if it was not released, not asked for, or is empty.
    #[must_use]
    pub fn get(&self, field: HandoverField) -> Option<&str> {
        let (_, place) = self.places.iter().find(|(has, _)| *has == field)?;
        self.text.get(place.clone())
    }

    pub(super) fn push(&mut self, field: HandoverField, value: Option<&str>) {
        if let Some(value) = value {
            let from = self.text.len();
            self.text.push_str(value);
            self.places.push((field, from..self.text.len()));
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
            let mut row = Columns::of(row);
            let id = row.next()?;
            let mut values = Values::with_capacity(columns.iter().count());
            for field in columns.iter() {
                values.push(field, row.text()?);
            }
            handovers.insert(id, values);
        }
        Ok(handovers)
    }
}
