//! What the rule costs a list: the part of a request's time that goes into deciding what may be shown.

use std::hint::black_box;
use std::time::Instant;

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Agreement, Consent, Stage, Terms, consented, known_to, statutory, visible};
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;

use crate::results::Fact;

/// Rows of a page of fifty, and one more to know whether there is another.
const ROWS: u32 = 51;
const TIMES: u32 = 20_000;

/// What is measured here.
pub(crate) const RULE: &str = "the rule for the rows of a list of 50";

/// Asks it as often as a list asks: twice for each row, which columns are read and which are answered, and for the log under
/// which ground.
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
    for _ in 0..TIMES * ROWS {
        let terms = black_box(&terms);
        let asked = known_to(terms.receiver);
        black_box((visible(terms).asked(asked), visible(terms).asked(asked), consented(terms), statutory(terms)));
    }
    Fact::new(RULE, began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES), "µs")
}
