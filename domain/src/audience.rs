//! For whom a part of the API exists: by the kind of a viewer's agency and the viewer's role. What does not exist for a
//! viewer is not in its schema at all.

use std::fmt;

use crate::agency::{AgencyKind, Role};
use crate::disclosure::known_to;
use crate::field::HandoverField;

/// A group of viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone.
    All,
    /// Whoever works on referrals, from either side.
    Work,
    /// Those who work on referrals at an agency whose kind hands cases over.
    Senders,
    /// Whoever works on agreements in the making.
    Agreements,
    /// Whoever proposes agreements.
    Proposers,
    /// Whoever signs agreements for an agency.
    Signers,
    /// Data protection officers.
    Officers,
    /// Data protection officers of agencies whose kind hands cases over.
    SenderOfficers,
    /// The coordination: agreements and statistics, no person.
    Coordination,
    /// Whoever's agency is of a kind that knows any handover field.
    AnyField,
    /// Whoever's agency is of a kind that knows this handover field.
    Field(HandoverField),
}

/// Each audience by its name; one of a single field is named after the field.
const NAMES: [(&str, Audience); 10] = [
    ("all", Audience::All),
    ("work", Audience::Work),
    ("senders", Audience::Senders),
    ("agreements", Audience::Agreements),
    ("proposers", Audience::Proposers),
    ("signers", Audience::Signers),
    ("officers", Audience::Officers),
    ("sender-officers", Audience::SenderOfficers),
    ("coordination", Audience::Coordination),
    ("any-field", Audience::AnyField),
];

impl Audience {
    /// Whether a viewer of this kind of agency and this role is among them.
    #[must_use]
    pub fn includes(self, kind: AgencyKind, role: Role) -> bool {
        match self {
            Self::All => true,
            Self::Work => role.works_on_referrals(),
            Self::Senders => role.works_on_referrals() && kind.sends(),
            Self::Agreements => role.works_on_agreements(),
            Self::Proposers => matches!(role, Role::Administrator | Role::Coordinator),
            Self::Signers => role == Role::Administrator,
            Self::Officers => role == Role::DataProtectionOfficer,
            Self::SenderOfficers => role == Role::DataProtectionOfficer && kind.sends(),
            Self::Coordination => role == Role::Coordinator,
            Self::AnyField => !known_to(kind).is_empty(),
            Self::Field(field) => known_to(kind).contains(field),
        }
    }

    /// The audience of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let named = NAMES.iter().find(|(has, _)| *has == name).map(|(_, audience)| *audience);
        named.or_else(|| HandoverField::from_name(name).map(Self::Field))
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Field(field) = self {
            return f.write_str(field.name());
        }
        let name = NAMES.iter().find(|(_, has)| has == self).map(|(name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agency::pairs;

    #[test]
    fn every_audience_is_found_by_its_name() {
        let fields = HandoverField::ALL.iter().copied().map(Audience::Field);
        for audience in NAMES.iter().map(|(_, audience)| *audience).chain(fields) {
            assert_eq!(Audience::from_name(&audience.to_string()), Some(audience));
        }
        assert_eq!(Audience::from_name("nobody"), None);
    }

    #[test]
    fn every_audience_includes_somebody_and_only_one_includes_everyone() {
        for (name, audience) in NAMES {
            let included = pairs().filter(|&(kind, role)| audience.includes(kind, role)).count();
            assert!(included > 0, "{name}");
            assert_eq!(included == pairs().count(), audience == Audience::All, "{name}");
        }
    }
}
