//! Statutory deadlines of cases.

use std::sync::Arc;

use async_graphql::SimpleObject;
use kim_domain::upcoming::{Deadline, DeadlineKind};

use crate::case::Case;
use crate::run::connection::connection;
use crate::schema::scalar::Date;
use crate::schema::word_enum::WordEnum;

/// Eine Frist oder ein Tag, den das Gesetz für einen Fall wichtig macht.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct CaseDeadline {
    /// Art.
    kind: WordEnum<DeadlineKind>,
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
            kind: WordEnum(deadline.kind),
            date: Date(deadline.date),
            label: deadline.kind.label(),
            legal_ground: deadline.ground,
        }
    }
}

/// Eine anstehende Frist eines Ihrer offenen Fälle.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct UpcomingDeadline {
    #[graphql(flatten)]
    pub(crate) deadline: CaseDeadline,
    /// Der Fall.
    pub(crate) case: Arc<Case>,
}

connection!(
    UpcomingDeadlineConnection,
    UpcomingDeadlineEdge,
    UpcomingDeadline,
    "for senders",
    "Eine Seite der anstehenden Fristen, die nächste zuerst."
);
