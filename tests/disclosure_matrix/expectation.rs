//! What one generated referral gives its receiver, computed from the tables. Shares no code with the rule in `domain`.

use std::collections::BTreeSet;

use kim_domain::referral::ReferralStatus as S;

use super::tables::Tables;

pub(super) const NARROWED_FIELDS: [&str; 2] = ["familyName", "postalCode"];
/// Fields of every agreement that must be ticked since a later version. A whole consent has ticked only the second one.
pub(super) const TICKED_SINCE: [&str; 2] = ["familyName", "postalCode"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConsentCase {
    None,
    Good,
    Expired,
    Withdrawn,
    OneFlagOnly,
    InPart,
}
pub(super) const CONSENTS: [ConsentCase; 6] = [
    ConsentCase::None,
    ConsentCase::Good,
    ConsentCase::Expired,
    ConsentCase::Withdrawn,
    ConsentCase::OneFlagOnly,
    ConsentCase::InPart,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AgreementCase {
    Good,
    Narrowed,
    TickedSince,
    Ended,
    TerminatedForCause,
}
pub(super) const AGREEMENTS: [AgreementCase; 5] = [
    AgreementCase::Good,
    AgreementCase::Narrowed,
    AgreementCase::TickedSince,
    AgreementCase::Ended,
    AgreementCase::TerminatedForCause,
];

/// One generated referral.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) number: u32,
    pub(super) kind: &'static str,
    pub(super) purpose: &'static str,
    pub(super) status: S,
    pub(super) ever_accepted: bool,
    pub(super) closed_days_ago: Option<i64>,
    pub(super) consent: ConsentCase,
    pub(super) agreement: AgreementCase,
    pub(super) whole_offer: bool,
}

impl Row {
    /// Whether the referral is open in full, or in preview; none if it is closed.
    pub(super) fn stage(&self) -> Option<bool> {
        match self.status.code() {
            "OFFERED" | "ACKNOWLEDGED" | "INFO_REQUESTED" | "ACCEPTED" | "IN_PROGRESS" => Some(self.ever_accepted),
            "COMPLETED" | "FAILED" if self.closed_days_ago.is_some_and(|days| days <= 30) => Some(self.ever_accepted),
            _ => None,
        }
    }

    pub(super) fn consent_holds(&self) -> bool {
        matches!(self.consent, ConsentCase::Good | ConsentCase::InPart)
    }

    pub(super) fn agreed(&self, tables: &Tables) -> BTreeSet<String> {
        let all = &tables.agreements[self.purpose].0;
        match self.agreement {
            AgreementCase::Good | AgreementCase::TickedSince | AgreementCase::Ended => all.clone(),
            AgreementCase::Narrowed => {
                all.iter().filter(|field| NARROWED_FIELDS.contains(&field.as_str())).cloned().collect()
            }
            AgreementCase::TerminatedForCause => BTreeSet::new(),
        }
    }

    pub(super) fn consented(&self, tables: &Tables) -> BTreeSet<String> {
        let (all, ticked) = &tables.agreements[self.purpose];
        let en_bloc = all.difference(ticked);
        match self.consent {
            ConsentCase::None | ConsentCase::Expired | ConsentCase::Withdrawn | ConsentCase::OneFlagOnly => {
                BTreeSet::new()
            }
            ConsentCase::Good => all.clone(),
            ConsentCase::InPart => {
                en_bloc.enumerate().filter(|(place, _)| place % 2 == 0).map(|(_, field)| field.clone()).collect()
            }
        }
    }

    /// Fields that a later version requires to be ticked, and that were not ticked.
    pub(super) fn missing_ticks(&self) -> &'static [&'static str] {
        match (self.agreement, self.consent) {
            (AgreementCase::TickedSince, ConsentCase::Good) => &TICKED_SINCE[..1],
            (AgreementCase::TickedSince, _) => &TICKED_SINCE,
            _ => &[],
        }
    }

    pub(super) fn offered(&self, tables: &Tables) -> BTreeSet<String> {
        let all = &tables.agreements[self.purpose].0;
        if self.whole_offer {
            all.clone()
        } else {
            all.iter().enumerate().filter(|(place, _)| place % 3 != 0).map(|(_, field)| field.clone()).collect()
        }
    }

    /// Why a field is withheld; none if it is visible.
    pub(super) fn withheld_reason(&self, tables: &Tables, field: &str) -> Option<&'static str> {
        let Some(full) = self.stage() else { return Some("CLOSED") };
        if !self.consent_holds() {
            return Some("CONSENT_ENDED");
        }
        let level = tables.level(field, self.kind);
        if !full && matches!(level, 'A' | 'C') {
            return Some("NOT_YET_ACCEPTED");
        }
        if level == '-' || !self.agreed(tables).contains(field) {
            return Some("NOT_IN_AGREEMENT");
        }
        let given = self.consented(tables).contains(field) && self.offered(tables).contains(field);
        let given = given && !self.missing_ticks().contains(&field);
        (!given).then_some("NOT_OFFERED")
    }

    pub(super) fn visible_fields(&self, tables: &Tables) -> BTreeSet<String> {
        tables.known(self.kind).into_iter().filter(|field| self.withheld_reason(tables, field).is_none()).collect()
    }
}
