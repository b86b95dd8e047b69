//! Groups of viewers, by the kind of the viewer's agency and the viewer's role. Each part of the API declares its audience,
//! and does not exist in the schemas of other viewers.

use std::fmt;

/// A group of viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All viewers.
    All,
    /// Roles that work on referrals, as sender or receiver.
    Work,
    /// Roles that work on referrals at an agency whose kind sends referrals.
    Senders,
    /// Roles that work on proposals of agreements.
    Agreements,
    /// Roles that propose agreements.
    Proposers,
    /// Roles that sign agreements.
    Signers,
    /// Administrators: they keep the master data of their own agency.
    Administrators,
    /// Data protection officers.
    Officers,
    /// Data protection officers of agencies whose kind sends referrals.
    SenderOfficers,
    /// Coordinators: they see agreements and statistics, but no person.
    Coordination,
    /// Viewers at an agency whose kind knows any handover field.
    AnyField,
    /// Viewers at an agency whose kind knows the handover field of this name.
    Field(&'static str),
}

/// Every audience that is not named after a field, with its name.
pub(crate) const NAMES: [(&str, Audience); 11] = [
    ("all", Audience::All),
    ("work", Audience::Work),
    ("senders", Audience::Senders),
    ("agreements", Audience::Agreements),
    ("proposers", Audience::Proposers),
    ("signers", Audience::Signers),
    ("administrators", Audience::Administrators),
    ("officers", Audience::Officers),
    ("sender-officers", Audience::SenderOfficers),
    ("coordination", Audience::Coordination),
    ("any-field", Audience::AnyField),
];

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Field(name) = self {
            return f.write_str(name);
        }
        let name = NAMES.iter().find(|(_, has)| has == self).map(|(name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}
