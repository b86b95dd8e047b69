//! What a viewer may see of each kind of row, besides the fields of the handover.

use kim_domain::agency::Scope;
use kim_domain::purpose::ReferralPurpose;

use super::facts::{AGREEMENTS, Event, Facts, Named, PROPOSALS};
use super::table::{Fields, SENDS};
use super::viewers::Viewer;

const COORDINATION: &str = "KOORDINATION";
/// Fields by which a client is found, and which are thereby disclosed.
const AT_THE_DESK: [&str; 2] = ["familyName", "birthDate"];

/// The viewer's side of a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Sender,
    Receiver,
}

impl Viewer {
    /// The viewer's side of a referral; none if the viewer is no party.
    pub(crate) fn side(&self, facts: &Facts, referral: usize) -> Option<Side> {
        let row = &facts.referrals[referral];
        let side = match self.agency {
            agency if agency == row.receiver && row.status.code() != "DRAFT" => Side::Receiver,
            agency if agency == row.sender => Side::Sender,
            _ => return None,
        };
        (self.works_on_referrals() && self.is_for(row.purpose)).then_some(side)
    }

    /// The same, if its token may read referrals.
    pub(crate) fn sees(&self, facts: &Facts, referral: usize) -> Option<Side> {
        self.side(facts, referral).filter(|_| self.may(Scope::ReferralRead))
    }

    /// Whether it sees a field of a handover.
    pub(crate) fn is_shown(&self, facts: &Facts, referral: usize, field: &str) -> bool {
        facts.gives(referral, field)
            && facts.table.known(self.kind).contains(&field)
            && self.sees(facts, referral).is_some()
    }

    /// The fields of a handover that it sees.
    pub(crate) fn shown(&self, facts: &Facts, referral: usize) -> Fields {
        if self.sees(facts, referral).is_none() {
            return Fields::new();
        }
        facts.table.known(self.kind).iter().copied().filter(|field| facts.gives(referral, field)).collect()
    }

    /// Disputed fields: reported in any referral of the same case.
    pub(crate) fn disputed(&self, facts: &Facts, referral: usize) -> Fields {
        let case = facts.referrals[referral].case_of;
        let of_case = facts.referrals.iter().filter(|other| other.case_of == case);
        let disputed: Fields = of_case.filter_map(|other| other.disputed).collect();
        self.shown(facts, referral).intersection(&disputed).copied().collect()
    }

    /// Whether it may read messages and other texts of a referral.
    pub(crate) fn reads_texts(&self, facts: &Facts, referral: usize) -> bool {
        match self.sees(facts, referral) {
            Some(Side::Sender) => true,
            Some(Side::Receiver) => facts.gives_something(referral),
            None => false,
        }
    }

    /// Whether it may see the outcome of a referral.
    pub(crate) fn is_told(&self, facts: &Facts, referral: usize) -> bool {
        match self.sees(facts, referral) {
            Some(Side::Receiver) => true,
            Some(Side::Sender) => {
                let consent = facts.referrals[referral].consent.as_ref();
                consent.is_some_and(|consent| consent.reports_outcome && !consent.is_withdrawn)
            }
            None => false,
        }
    }

    /// Whether the case of a referral is its own.
    pub(crate) fn has_case(&self, facts: &Facts, case: usize) -> bool {
        self.works_on_cases() && facts.referrals[case].sender == self.agency
    }

    pub(crate) fn sees_consent(&self, facts: &Facts, referral: usize) -> bool {
        self.has_case(facts, referral) && self.is_for(facts.referrals[referral].purpose)
    }

    pub(crate) fn sees_version(&self, facts: &Facts, version: usize) -> bool {
        let version = &facts.versions[version];
        self.has_agreements(facts, version.receiver, version.purpose)
    }

    pub(crate) fn sees_proposal(&self, facts: &Facts, proposal: usize) -> bool {
        let proposal = &facts.proposals[proposal];
        self.works_on_agreements() && self.has_agreements(facts, proposal.receiver, proposal.purpose)
    }

    /// Whether agreements with this receiver for this purpose concern it.
    fn has_agreements(&self, facts: &Facts, receiver: usize, purpose: ReferralPurpose) -> bool {
        let concerned = match self.kind {
            SENDS | COORDINATION => facts.agencies[receiver].ags == facts.agencies[self.agency].ags,
            _ => receiver == self.agency,
        };
        concerned && self.may(Scope::AgreementRead) && self.is_for(purpose)
    }

    /// Whether it may see an agency: one of its municipality, or the other party of its own referrals or agreements.
    pub(crate) fn knows(&self, facts: &Facts, agency: usize) -> bool {
        let (own, other) = (&facts.agencies[self.agency], &facts.agencies[agency]);
        let oversees =
            self.role.code() == "DATA_PROTECTION_OFFICER" && self.kind == SENDS && self.may(Scope::AuditRead);
        own.ags == other.ags && other.is_enabled
            || facts.referrals.iter().enumerate().any(|(place, row)| {
                let of_consent = row.receiver == agency && row.consent.is_some();
                (row.sender == agency || row.receiver == agency) && self.sees(facts, place).is_some()
                    || of_consent && (self.sees_consent(facts, place) || oversees && row.sender == self.agency)
            })
    }

    pub(crate) fn sees_event(&self, facts: &Facts, event: &Event) -> bool {
        let own = event.agency == facts.agencies[self.agency].id;
        self.sees(facts, event.referral).is_some()
            && (!event.is_draft && !event.senders_alone || own)
            && (!event.is_appointment || own || self.is_told(facts, event.referral))
    }

    /// Which reports of a referral it sees, by their fields.
    pub(crate) fn reports(&self, facts: &Facts, referral: usize) -> Vec<&'static str> {
        let known = facts.table.known(self.kind);
        let reported = facts.referrals[referral].reported.iter().copied();
        reported.filter(|field| self.reads_texts(facts, referral) && known.contains(field)).collect()
    }

    /// Whether it finds a referral by name and birth date.
    pub(crate) fn finds(&self, facts: &Facts, referral: usize) -> bool {
        AT_THE_DESK.iter().all(|field| facts.gives(referral, field)) && self.sees(facts, referral).is_some()
    }

    /// Whether it may see the object of an id.
    pub(crate) fn may_know(&self, facts: &Facts, named: &Named) -> bool {
        match named {
            Named::Agency(agency) => self.knows(facts, *agency),
            Named::Version(version) => self.sees_version(facts, *version),
            Named::Proposal(proposal) => self.sees_proposal(facts, *proposal),
            Named::Referral(referral) => self.sees(facts, *referral).is_some(),
            Named::Case(case) | Named::OfCase(case) => self.has_case(facts, *case),
            Named::Consent(referral) => self.sees_consent(facts, *referral),
            Named::Text(referral) => self.reads_texts(facts, *referral),
            Named::Event(event) => self.sees_event(facts, &facts.events[*event]),
            Named::Correction(referral, field) => self.reports(facts, *referral).contains(field),
        }
    }

    /// Whether `node` returns the object of an id.
    pub(crate) fn finds_by_id(&self, facts: &Facts, named: &Named) -> bool {
        match named {
            // An agency of another municipality is visible only as a party.
            Named::Agency(agency) => {
                let (own, other) = (&facts.agencies[self.agency], &facts.agencies[*agency]);
                own.ags == other.ags && other.is_enabled
            }
            Named::Version(_) | Named::Proposal(_) | Named::Referral(_) | Named::Case(_) | Named::Consent(_) => {
                self.may_know(facts, named)
            }
            Named::Text(_) | Named::Event(_) | Named::Correction(..) | Named::OfCase(_) => false,
        }
    }

    /// Whether it may read a canary: a text of this class, of the row of this number.
    pub(crate) fn may_read(&self, facts: &Facts, number: u32, class: &str) -> bool {
        if number >= PROPOSALS {
            return self.may_read_of_proposal(facts, (number - PROPOSALS) as usize, class);
        }
        if number >= AGREEMENTS {
            let of_version = matches!(class, "agreementContact" | "agreementGround");
            return of_version && self.sees_version(facts, (number - AGREEMENTS) as usize);
        }
        if number == 0 {
            // An agency's specialisation, and a support notice without consent, are visible to nobody.
            return class == "supportReference"
                && self.works_on_cases()
                && ["traeger-0", "traeger-1"].contains(&&*self.slug);
        }
        let Some(referral) = facts.by_number(number) else { return false };
        let is = |side| self.sees(facts, referral) == Some(side);
        match class {
            "message" | "talk" | "senderAppointment" => self.reads_texts(facts, referral),
            "receiverAppointment" => self.reads_texts(facts, referral) && self.is_told(facts, referral),
            "correction" => self.reports(facts, referral).iter().any(|field| *field != "targetGroup"),
            "correctionOfFew" => self.reports(facts, referral).contains(&"targetGroup"),
            "senderContact" | "receiverContact" => self.sees(facts, referral).is_some(),
            "senderReference" | "senderStaff" => is(Side::Sender),
            "receiverReference" | "receiverStaff" => is(Side::Receiver),
            "consentStaff" | "guardian" | "witness" | "formReason" | "wording" => self.sees_consent(facts, referral),
            "caseConcern" | "caseNumber" | "householdGivenName" | "result" | "goal" | "note" | "noteStaff"
            | "decisionStaff" | "grounds" => self.has_case(facts, referral),
            // The concern of a case is another text.
            field if facts.table.has(field) => {
                self.is_shown(facts, referral, field) || field != "concern" && self.has_case(facts, referral)
            }
            _ => false,
        }
    }

    /// Whether there is a canary of this class that it may read.
    pub(crate) fn may_read_some(&self, facts: &Facts, class: &str) -> bool {
        let numbered = |from: u32, rows: usize| from..from + u32::try_from(rows).expect("few rows");
        let mut numbers = numbered(0, facts.referrals.len() + 1)
            .chain(numbered(AGREEMENTS, facts.versions.len()))
            .chain(numbered(PROPOSALS, facts.proposals.len()));
        numbers.any(|number| self.may_read(facts, number, class))
    }

    fn may_read_of_proposal(&self, facts: &Facts, proposal: usize, class: &str) -> bool {
        let row = &facts.proposals[proposal];
        let (sees, became) = (self.sees_proposal(facts, proposal), row.became);
        let either = sees || became.is_some_and(|version| self.sees_version(facts, version));
        match class {
            "proposalContact" | "proposalGround" | "closeReason" => sees,
            "terms" => either,
            "signerStaff" => either && row.receiver == self.agency,
            "opinionReasons" => either && self.works_on_agreements(),
            "officerStaff" => either && self.works_on_agreements() && row.receiver == self.agency,
            _ => false,
        }
    }
}
