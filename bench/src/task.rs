//! The tasks. Every subject gets the same ones, in its own dialect.

/// A kind of request.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Task {
    /// 20 pending referrals with name and birth date
    Flat,
    /// The clerk's list: 50 pending referrals by deadline, twelve fields, the sender, the reference
    List,
    /// The clerk's list with the last three messages of each referral and their authors
    Messages,
    /// The numbers of a dashboard
    Counts,
    /// One referral by its id
    One,
    /// A page deep in the list of all referrals
    Deep,
    /// How many referrals there are
    Total,
    /// Accept a referral, each time another one
    Accept,
}

impl Task {
    /// All tasks in measuring order. Writing tasks come last.
    pub(crate) const ALL: [Self; 8] =
        [Self::Flat, Self::List, Self::Messages, Self::Counts, Self::One, Self::Deep, Self::Total, Self::Accept];

    /// The name in files and flags.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::List => "list",
            Self::Messages => "messages",
            Self::Counts => "counts",
            Self::One => "one",
            Self::Deep => "deep",
            Self::Total => "total",
            Self::Accept => "accept",
        }
    }

    /// The name in the report.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Flat => "flat list of 20",
            Self::List => "clerk's list",
            Self::Messages => "clerk's list with messages",
            Self::Counts => "counts of a dashboard",
            Self::One => "one referral by id",
            Self::Deep => "page deep in the list",
            Self::Total => "totalCount",
            Self::Accept => "accept",
        }
    }

    /// Whether the answer discloses data about clients, so that it must be logged.
    pub(crate) const fn discloses(self) -> bool {
        match self {
            Self::Flat | Self::List | Self::Messages | Self::One | Self::Deep => true,
            Self::Counts | Self::Total | Self::Accept => false,
        }
    }

    /// kim's document for the task.
    pub(crate) const fn kim(self) -> &'static str {
        match self {
            Self::Flat => include_str!("../queries/kim/flat.graphql"),
            Self::List => include_str!("../queries/kim/list.graphql"),
            Self::Messages => include_str!("../queries/kim/messages.graphql"),
            Self::Counts => include_str!("../queries/kim/counts.graphql"),
            Self::One => include_str!("../queries/kim/one.graphql"),
            Self::Deep => include_str!("../queries/kim/deep.graphql"),
            Self::Total => include_str!("../queries/kim/total.graphql"),
            Self::Accept => include_str!("../queries/kim/accept.graphql"),
        }
    }
}
