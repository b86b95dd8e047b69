//! How a unit of work ends. A part of it may be refused by itself, and leaves nothing then.

use std::collections::BTreeSet;

use kim_entity::DbErr;
use uuid::Uuid;

use super::{Work, WorkTx as _, Worker};
use crate::refusal::Refusal;

/// Where a part of the work began: see [`Work::begin_part`].
#[derive(Debug)]
pub(crate) struct Part {
    events: usize,
    changes: usize,
    closed_to: BTreeSet<Uuid>,
}

impl<W: Worker> Work<'_, W> {
    /// Begins a part of the work that may be refused by itself. Parts do not nest.
    pub(crate) async fn begin_part(&self) -> Result<Part, DbErr> {
        self.tx().begin_part().await?;
        let record = &self.record;
        let (events, changes) = (record.events.len(), record.changes.len());
        Ok(Part { events, changes, closed_to: record.closed_to.clone() })
    }

    /// Ends it: refused, it leaves nothing, and the rest stays.
    pub(crate) async fn end_part<T>(&mut self, part: Part, result: Result<T, Refusal>) -> Result<T, Refusal> {
        match &result {
            Ok(_) => self.tx().end_part(true).await?,
            Err(Refusal::Refused(_)) => {
                self.record.events.truncate(part.events);
                self.record.changes.truncate(part.changes);
                self.record.closed_to = part.closed_to;
                self.tx().end_part(false).await?;
            }
            // The database does not answer: there is nothing to go on with.
            Err(Refusal::Database(_)) => {}
        }
        result
    }

    /// Makes it last: writes the events, numbers the changes, holds back disclosures if something closes, and commits.
    pub(crate) async fn finish(self) -> Result<(), DbErr> {
        self.by.into_tx().finish(self.record, self.now, self.clock).await
    }

    /// Gives it up.
    pub(crate) async fn give_up(self) -> Result<(), DbErr> {
        self.by.into_tx().roll_back().await
    }
}
