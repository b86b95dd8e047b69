//! Which viewers an audience includes. Separate from [`Audience`], because the rule is needed to answer this, and the words
//! and fields that the rule is about declare an audience themselves.

use crate::agency::{AgencyKind, Role};
use crate::audience::{Audience, NAMES};
use crate::disclosure::known_to;
use crate::field::HandoverField;

impl Audience {
    /// Whether the audience includes a viewer with this role at an agency of this kind.
    #[must_use]
    pub fn includes(self, kind: AgencyKind, role: Role) -> bool {
        match self {
            Self::All => true,
            Self::Work => role.works_on_referrals(),
            Self::Senders => role.works_on_referrals() && kind.sends(),
            Self::Agreements => role.works_on_agreements(),
            Self::Proposers => matches!(role, Role::Administrator | Role::Coordinator),
            Self::Signers | Self::Administrators => role == Role::Administrator,
            Self::Officers => role == Role::DataProtectionOfficer,
            Self::SenderOfficers => role == Role::DataProtectionOfficer && kind.sends(),
            Self::Coordination => role == Role::Coordinator,
            Self::AnyField => !known_to(kind).is_empty(),
            Self::Field(name) => HandoverField::from_name(name).is_some_and(|field| known_to(kind).contains(field)),
        }
    }

    /// The audience with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let named = NAMES.iter().find(|(has, _)| *has == name).map(|(_, audience)| *audience);
        named.or_else(|| HandoverField::from_name(name).map(HandoverField::audience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agency::pairs;

    #[test]
    fn every_audience_is_found_by_its_name() {
        let fields = HandoverField::ALL.iter().copied().map(HandoverField::audience);
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

    #[test]
    fn an_audience_of_an_unknown_field_includes_nobody() {
        assert_eq!(pairs().filter(|&(kind, role)| Audience::Field("nothing").includes(kind, role)).count(), 0);
    }
}
