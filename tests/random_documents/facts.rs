//! Facts: the content of the test's rows in the test's own types.

use std::collections::BTreeMap;

use kim_domain::agency::AgencyKind;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use uuid::Uuid;

use super::rule;
use super::table::{Denial, Fields, Table};

/// Canaries of agreements and of proposals have numbers from here on; those of referrals and cases are lower.
pub(crate) const AGREEMENTS: u32 = 20_000;
pub(crate) const PROPOSALS: u32 = 30_000;

/// An agency.
pub(crate) struct Agency {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) kind: AgencyKind,
    pub(crate) ags: &'static str,
    pub(crate) is_enabled: bool,
    pub(crate) is_bound_by_203: bool,
}

/// A version of an agreement.
pub(crate) struct Version {
    pub(crate) id: Uuid,
    pub(crate) receiver: usize,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) number: i32,
    pub(crate) fields: Fields,
    pub(crate) ticked_only: Fields,
    pub(crate) statutory: Fields,
    /// Whether it narrows running referrals and is in force.
    pub(crate) narrows_now: bool,
    pub(crate) is_terminated: bool,
}

/// A proposal of an agreement, and the version that was concluded from it.
pub(crate) struct Proposal {
    pub(crate) id: Uuid,
    pub(crate) receiver: usize,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) became: Option<usize>,
}

/// A consent.
#[derive(Clone)]
pub(crate) struct Consent {
    pub(crate) fields: Fields,
    pub(crate) ticked: Fields,
    pub(crate) data_protection: bool,
    pub(crate) release: bool,
    pub(crate) art9: bool,
    pub(crate) has_begun: bool,
    pub(crate) has_ended: bool,
    pub(crate) is_withdrawn: bool,
    pub(crate) reports_outcome: bool,
}

/// A referral, and its client and case with the same number.
pub(crate) struct Referral {
    pub(crate) number: u32,
    pub(crate) id: Uuid,
    /// Its case and its client.
    pub(crate) own_case: Uuid,
    pub(crate) own_person: Uuid,
    /// The referral to which its case belongs: itself, or an earlier one.
    pub(crate) case_of: usize,
    pub(crate) sender: usize,
    pub(crate) receiver: usize,
    pub(crate) purpose: ReferralPurpose,
    pub(crate) status: ReferralStatus,
    pub(crate) ever_accepted: bool,
    pub(crate) closed_days_ago: Option<i64>,
    pub(crate) version: usize,
    pub(crate) consent: Option<Consent>,
    pub(crate) consent_id: Option<Uuid>,
    pub(crate) offered: Fields,
    pub(crate) previous: Option<usize>,
    /// A value that the receiver reported as wrong, without a decision.
    pub(crate) disputed: Option<&'static str>,
    /// Fields of all reports.
    pub(crate) reported: Vec<&'static str>,
}

/// An event of a referral's history.
pub(crate) struct Event {
    pub(crate) referral: usize,
    pub(crate) agency: Uuid,
    pub(crate) is_draft: bool,
    pub(crate) senders_alone: bool,
    pub(crate) is_appointment: bool,
}

/// The object of an id.
pub(crate) enum Named {
    Agency(usize),
    Version(usize),
    Proposal(usize),
    Referral(usize),
    Case(usize),
    Consent(usize),
    /// Parts of a referral that both sides may read while the receiver may read texts.
    Text(usize),
    Event(usize),
    Correction(usize, &'static str),
    /// A part of a case.
    OfCase(usize),
}

/// All facts.
pub(crate) struct Facts {
    pub(crate) table: Table,
    pub(crate) agencies: Vec<Agency>,
    pub(crate) versions: Vec<Version>,
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) referrals: Vec<Referral>,
    pub(crate) events: Vec<Event>,
    /// By id in the API.
    pub(crate) ids: BTreeMap<String, Named>,
    /// Number of messages of each referral.
    pub(crate) messages: BTreeMap<usize, usize>,
    /// Number of notes of each case.
    pub(crate) notes: BTreeMap<usize, usize>,
    /// Withheld fields of each referral, with reasons (`rule::withheld`).
    pub(crate) withheld: Vec<BTreeMap<&'static str, &'static str>>,
    /// Fields that only a cell of the table denies (`rule::denied`).
    pub(crate) denied: Vec<BTreeMap<&'static str, Denial>>,
}

impl Facts {
    pub(crate) fn agency(&self, slug: &str) -> usize {
        self.agencies.iter().position(|agency| agency.slug == slug).expect("an agency")
    }

    /// The referral of a canary's number: they are numbered from 1.
    pub(crate) fn by_number(&self, number: u32) -> Option<usize> {
        (number as usize).checked_sub(1).filter(|place| *place < self.referrals.len())
    }

    /// Computes the visible fields of every referral.
    pub(crate) fn work_out(&mut self) {
        let all = 0..self.referrals.len();
        self.withheld = all.clone().map(|referral| rule::withheld(self, referral)).collect();
        self.denied = all.map(|referral| rule::denied(self, referral)).collect();
    }

    /// Whether a field of a referral is visible to its receiver.
    pub(crate) fn gives(&self, referral: usize, field: &str) -> bool {
        !self.withheld[referral].contains_key(field)
    }

    pub(crate) fn gives_something(&self, referral: usize) -> bool {
        self.withheld[referral].len() < self.table.fields.len()
    }

    /// The place of a row of this id, if it is a referral.
    pub(crate) fn referral(&self, id: &str) -> Option<usize> {
        if let Named::Referral(referral) = self.ids.get(id)? { Some(*referral) } else { None }
    }

    /// The same for a case.
    pub(crate) fn case(&self, id: &str) -> Option<usize> {
        if let Named::Case(case) = self.ids.get(id)? { Some(*case) } else { None }
    }

    pub(crate) fn kind_of_receiver(&self, referral: usize) -> &'static str {
        self.agencies[self.referrals[referral].receiver].kind.code()
    }

    /// Registers all ids of the API: agencies, agreements, proposals, referrals, cases and consents.
    pub(crate) fn name_rows(&mut self) {
        let agencies = self.agencies.iter().enumerate();
        self.ids.extend(agencies.map(|(place, one)| (encode(Kind::Agency, one.id), Named::Agency(place))));
        let versions = self.versions.iter().enumerate();
        self.ids.extend(versions.map(|(place, one)| (encode(Kind::Agreement, one.id), Named::Version(place))));
        let proposals = self.proposals.iter().enumerate();
        self.ids.extend(proposals.map(|(place, one)| (encode(Kind::Proposal, one.id), Named::Proposal(place))));
        for (place, one) in self.referrals.iter().enumerate() {
            self.ids.insert(encode(Kind::Referral, one.id), Named::Referral(place));
            self.ids.insert(encode(Kind::Case, one.own_case), Named::Case(place));
            self.ids.extend(one.consent_id.map(|id| (encode(Kind::Consent, id), Named::Consent(place))));
        }
    }
}
