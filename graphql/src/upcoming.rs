//! Deadlines that the law puts on cases.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};
use kim_domain::upcoming::{Deadline, DeadlineKind};

use crate::case::Case;
use crate::coded::Coded;
use crate::connection::connection;
use crate::scalar::Date;

/// Eine Frist oder ein Tag, den das Gesetz für einen Fall wichtig macht.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct CaseDeadline {
    /// Art.
    kind: Coded<DeadlineKind>,
    /// Der letzte Tag, oder der Tag selbst.
    date: Date,
    /// Bezeichnung.
    label: &'static str,
    /// Rechtsgrundlage.
    legal_ground: &'static str,
}

impl From<&Deadline> for CaseDeadline {
    fn from(deadline: &Deadline) -> Self {
        Self {
            kind: Coded(deadline.kind),
            date: Date(deadline.date),
            label: deadline.kind.label(),
            legal_ground: deadline.ground,
        }
    }
}

/// A deadline with its case.
pub(crate) struct UpcomingDeadline {
    pub(crate) deadline: Deadline,
    pub(crate) case: Arc<Case>,
}

/// Eine anstehende Frist eines Ihrer offenen Fälle.
#[Object(tag = "for senders")]
impl UpcomingDeadline {
    /// Art.
    async fn kind(&self) -> Coded<DeadlineKind> {
        Coded(self.deadline.kind)
    }
    /// Der letzte Tag, oder der Tag selbst.
    async fn date(&self) -> Date {
        Date(self.deadline.date)
    }
    /// Bezeichnung.
    async fn label(&self) -> &'static str {
        self.deadline.kind.label()
    }
    /// Rechtsgrundlage.
    async fn legal_ground(&self) -> &'static str {
        self.deadline.ground
    }
    /// Der Fall.
    async fn case(&self) -> &Case {
        &self.case
    }
}

connection!(
    UpcomingDeadlineConnection,
    UpcomingDeadlineEdge,
    UpcomingDeadline,
    "for senders",
    "Eine Seite der anstehenden Fristen, die nächste zuerst."
);
