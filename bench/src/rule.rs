//! The cost of the disclosure rule for a list.

use std::hint::black_box;
use std::time::Instant;

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Agreement, Consent, Stage, Terms, consented, known_to, statutory, visible};
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;

use crate::results::Fact;

/// Rows of a page of fifty, plus one that tells whether there is a next page.
const ROWS: u32 = 51;
const REPETITIONS: u32 = 20_000;

/// Name of this measurement. The report looks the fact up by it.
pub(crate) const RULE: &str = "the rule for the rows of a list of 50";

/// Evaluates the rule as often as a list does: twice per row (columns to read, fields to answer), and once for the
/// log's ground.
pub(crate) fn rule() -> Fact {
    let day = NaiveDate::default();
    let terms = Terms {
        receiver: AgencyKind::Auslaenderbehoerde,
        sender: AgencyKind::Traeger,
        sender_bound_by_203: true,
        purpose: ReferralPurpose::TitleExtension,
        stage: Stage::Preview,
        agreement: Agreement { fields: FieldSet::ALL, ticked_only: FieldSet::EMPTY, statutory: FieldSet::EMPTY },
        consent: Some(Consent {
            fields: FieldSet::ALL,
            ticked: FieldSet::EMPTY,
            data_protection: true,
            release_from_secrecy: true,
            art9: false,
            valid_from: day,
            valid_until: None,
            withdrawn: false,
        }),
        offered: FieldSet::ALL,
        today: day,
    };
    let began = Instant::now();
    for _ in 0..REPETITIONS * ROWS {
        let terms = black_box(&terms);
        let asked = known_to(terms.receiver);
        black_box((
            visible(terms).restrict_to(asked),
            visible(terms).restrict_to(asked),
            consented(terms),
            statutory(terms),
        ));
    }
    Fact::new(RULE, began.elapsed().as_secs_f64() * 1e6 / f64::from(REPETITIONS), "µs")
}
