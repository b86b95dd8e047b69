//! The viewers: agencies in every role, with unlimited and with limited tokens.

use std::collections::BTreeSet;

use kim_domain::agency::{Role, Scope, pairs};
use kim_domain::purpose::ReferralPurpose;
use serde_json::json;

use super::facts::Facts;
use super::table::SENDS;
use crate::support::server::{claims, sign};

/// A viewer.
pub(crate) struct Viewer {
    pub(crate) agency: usize,
    pub(crate) slug: String,
    /// Code of the agency's kind.
    pub(crate) kind: &'static str,
    pub(crate) role: Role,
    /// Scopes that its token lacks.
    pub(crate) lacks: Vec<Scope>,
    /// Purposes to which its token is limited.
    pub(crate) purposes: Option<BTreeSet<ReferralPurpose>>,
    /// Its share of the documents.
    pub(crate) weight: usize,
}

impl Viewer {
    fn new(facts: &Facts, slug: &str, role: Role, weight: usize) -> Self {
        let agency = facts.agency(slug);
        let kind = facts.agencies[agency].kind.code();
        Self { agency, slug: slug.to_owned(), kind, role, lacks: Vec::new(), purposes: None, weight }
    }

    /// Kind and role, which decide its schema.
    pub(crate) fn pair(&self) -> (&'static str, &'static str) {
        (self.kind, self.role.code())
    }

    pub(crate) fn token(&self) -> String {
        let mut claims = claims(&self.slug, self.role);
        let scopes: Vec<&str> = Scope::ALL.iter().filter(|scope| self.may(**scope)).map(|scope| scope.code()).collect();
        claims["scope"] = json!(scopes.join(" "));
        if let Some(purposes) = &self.purposes {
            claims["purposes"] = purposes.iter().map(|purpose| purpose.code()).collect();
        }
        sign(&claims)
    }

    pub(crate) fn may(&self, scope: Scope) -> bool {
        !self.lacks.contains(&scope)
    }

    /// Whether its token is not limited to other purposes.
    pub(crate) fn is_for(&self, purpose: ReferralPurpose) -> bool {
        self.purposes.as_ref().is_none_or(|purposes| purposes.contains(&purpose))
    }

    pub(crate) fn works_on_referrals(&self) -> bool {
        matches!(self.role.code(), "CLERK" | "CASE_MANAGER" | "SERVICE")
    }

    pub(crate) fn works_on_agreements(&self) -> bool {
        matches!(self.role.code(), "ADMINISTRATOR" | "COORDINATOR" | "DATA_PROTECTION_OFFICER")
    }

    pub(crate) fn works_on_cases(&self) -> bool {
        self.works_on_referrals() && self.kind == SENDS && self.may(Scope::CaseRead)
    }

    /// The viewer in one line, for error messages.
    pub(crate) fn name(&self) -> String {
        format!("{} {} without {:?} for {:?}", self.slug, self.role.code(), self.lacks, self.purposes)
    }
}

/// Every pair of kind and role, at several agencies and with several tokens.
pub(crate) fn viewers(facts: &Facts) -> Vec<Viewer> {
    let mut viewers = Vec::new();
    for (kind, role) in pairs() {
        let slug = kind.code().to_lowercase().replace('_', "-");
        if slug == "koordination" {
            viewers.push(Viewer::new(facts, &slug, role, 4));
            continue;
        }
        let [first, second, third] = [0, 1, 2].map(|place| format!("{slug}-{place}"));
        // A Träger has the largest schema: it sends, receives and has cases.
        let times = if kind.code() == SENDS { 2 } else { 1 };
        let new = |slug: &str, weight: usize| Viewer::new(facts, slug, role, weight * times);
        viewers.push(new(&first, 4));
        viewers.push(new(&second, 2));
        viewers.push(Viewer { lacks: vec![Scope::AgreementRead], ..new(&third, 1) });
        if !new(&first, 1).works_on_referrals() {
            continue;
        }
        viewers.push(new(&third, 1));
        let last = ReferralPurpose::ALL.iter().copied().rfind(|purpose| purpose.receiver_kind() == kind);
        viewers.push(Viewer { purposes: Some(last.into_iter().collect()), ..new(&first, 2) });
        viewers.push(Viewer { lacks: vec![Scope::CaseRead, Scope::CaseWrite], ..new(&first, 1) });
        viewers.push(Viewer { lacks: vec![Scope::ReferralRead, Scope::ReferralWrite], ..new(&first, 1) });
    }
    viewers.push(Viewer::new(facts, "fern-jobcenter", Role::Clerk, 4));
    viewers.push(Viewer::new(facts, "fern-traeger", Role::CaseManager, 4));
    viewers.push(Viewer::new(facts, "fern-koordination", Role::Administrator, 2));
    viewers
}
