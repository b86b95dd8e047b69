//! Ends a unit of work, or a part of it that can be refused separately.

use std::collections::BTreeSet;

use kim_entity::DbErr;
use uuid::Uuid;

use super::{Work, WorkTx as _, Worker};
use crate::refusal::WorkError;

/// The start of a part of the work: see [`Work::begin_part`].
#[derive(Debug)]
pub(crate) struct Part {
    events: usize,
    changes: usize,
    closed_to: BTreeSet<Uuid>,
}

impl<W: Worker> Work<'_, W> {
    /// Begins a part of the work that can be refused without refusing the rest. Parts do not nest.
    pub(crate) async fn begin_part(&self) -> Result<Part, DbErr> {
        self.tx().begin_part().await?;
        let record = &self.record;
        let (events, changes) = (record.events.len(), record.changes.len());
        Ok(Part { events, changes, closed_to: record.closed_to.clone() })
    }

    /// Ends the part. A refused part is rolled back; the rest of the work stays.
    pub(crate) async fn end_part<T>(&mut self, part: Part, result: Result<T, WorkError>) -> Result<T, WorkError> {
        match &result {
            Ok(_) => self.tx().end_part(true).await?,
            Err(WorkError::Refused(_)) => {
                self.record.events.truncate(part.events);
                self.record.changes.truncate(part.changes);
                self.record.closed_to = part.closed_to;
                self.tx().end_part(false).await?;
            }
            // The whole transaction has failed, so there is nothing to roll back to.
            Err(WorkError::Database(_)) => {}
        }
        result
    }

    /// Commits: writes the events, numbers the changes, and holds back disclosures if fields close.
    pub(crate) async fn finish(self) -> Result<(), DbErr> {
        self.by.into_tx().finish(self.record, self.now, self.clock).await
    }

    /// Rolls everything back.
    pub(crate) async fn roll_back(self) -> Result<(), DbErr> {
        self.by.into_tx().roll_back().await
    }
}
