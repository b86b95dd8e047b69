//! Every kind of consent and agreement, and sets of fields.

use kim_domain::field::{FieldSet, HandoverField};

use super::facts::Consent;
use super::table::Fields;
use crate::support::world::{ConsentSpec, in_days, today};

/// The content of a version of an agreement.
pub(crate) struct Terms {
    pub(crate) number: i32,
    pub(crate) fields: Fields,
    pub(crate) ticked_only: Fields,
    pub(crate) statutory: Fields,
    pub(crate) narrows: bool,
    pub(crate) begins_in: i64,
    pub(crate) terminated_in: Option<i64>,
}

impl Terms {
    pub(crate) fn of(number: i32, fields: Fields) -> Self {
        let (ticked_only, statutory) = (Fields::new(), Fields::new());
        Self { number, fields, ticked_only, statutory, narrows: false, begins_in: -100, terminated_in: None }
    }
}

/// A consent to all fields, as a whole and ticked.
pub(crate) fn consent(all: &Fields) -> Consent {
    Consent {
        fields: all.clone(),
        ticked: all.clone(),
        data_protection: true,
        release: true,
        art9: true,
        has_begun: true,
        has_ended: false,
        is_withdrawn: false,
        reports_outcome: true,
    }
}

/// Every kind of consent.
pub(crate) fn consents(all: &Fields) -> Vec<Option<Consent>> {
    let whole = consent(all);
    vec![
        None,
        Some(Consent { ticked: Fields::new(), ..whole.clone() }),
        Some(Consent { fields: Fields::new(), ticked: every(all, 4), ..whole.clone() }),
        Some(Consent { fields: every(all, 2), ticked: every(all, 3), ..whole.clone() }),
        Some(Consent { has_ended: true, ..whole.clone() }),
        Some(Consent { has_begun: false, ..whole.clone() }),
        Some(Consent { is_withdrawn: true, ..whole.clone() }),
        Some(Consent { release: false, ..whole.clone() }),
        Some(Consent { data_protection: false, ..whole.clone() }),
        Some(Consent { art9: false, ..whole.clone() }),
        Some(Consent { reports_outcome: false, ..whole }),
    ]
}

/// A valid consent ends today, so that the last day is tested.
pub(crate) fn spec(consent: &Consent) -> ConsentSpec {
    ConsentSpec {
        fields: set(&consent.fields),
        ticked: set(&consent.ticked),
        release: consent.release,
        data_protection: consent.data_protection,
        until: Some(if consent.has_ended { in_days(-1) } else { today() }),
        withdrawn: consent.is_withdrawn,
    }
}

/// Every second, or third, of these fields.
pub(crate) fn every(fields: &Fields, step: usize) -> Fields {
    fields.iter().copied().step_by(step).collect()
}

pub(crate) fn set(names: &Fields) -> FieldSet {
    names.iter().map(|name| HandoverField::from_name(name).expect("a field")).collect()
}
