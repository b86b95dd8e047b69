//! The disclosure rule, tested as a table and by algebraic properties. The tests of this folder share their terms.

mod algebra;
mod ceiling;
mod conditions;
mod stage;
mod withheld;

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Agreement, Consent, Stage, Terms, visible};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn today() -> NaiveDate {
    day("2026-11-20")
}

/// Terms that grant everything, so that a field can only be missing because of the one thing that a test takes away.
fn everything_granted(receiver: AgencyKind, purpose: ReferralPurpose) -> Terms {
    Terms {
        receiver,
        sender: AgencyKind::Traeger,
        sender_bound_by_203: true,
        purpose,
        stage: Stage::Full,
        agreement: Agreement { fields: FieldSet::ALL, ticked_only: FieldSet::EMPTY, statutory: FieldSet::EMPTY },
        consent: Some(Consent {
            fields: FieldSet::ALL,
            ticked: FieldSet::ALL,
            data_protection: true,
            release_from_secrecy: true,
            art9: true,
            valid_from: today(),
            valid_until: Some(today()),
            withdrawn: false,
        }),
        offered: FieldSet::ALL,
        today: today(),
    }
}

fn jobcenter() -> Terms {
    everything_granted(AgencyKind::Jobcenter, ReferralPurpose::BenefitApplication)
}

fn with_consent(terms: Terms, change: impl FnOnce(&mut Consent)) -> Terms {
    let mut consent = terms.consent.expect("a consent");
    change(&mut consent);
    Terms { consent: Some(consent), ..terms }
}

fn sees(terms: &Terms, field: F) -> bool {
    visible(terms).fields().contains(field)
}
