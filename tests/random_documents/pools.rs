//! Ids, file numbers and clients for arguments: those that the viewer sees, and others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Datelike as _;
use kim_domain::birth_date::BirthDate;
use kim_domain::field::HandoverField as F;
use serde_json::{Value, json};

use super::facts::{Facts, Named};
use super::generator::Pool;
use super::viewers::Viewer;
use crate::support::world::{canary, value, value_or_part};

/// Ids and texts that arguments may name, by their prefix or name.
pub(crate) type Names = BTreeMap<String, Vec<String>>;

/// Those of all rows.
pub(crate) fn names(facts: &Facts) -> Names {
    let mut names = Names::new();
    facts.ids.keys().for_each(|id| add_id(&mut names, id));
    (0..facts.referrals.len()).for_each(|referral| add_texts(&mut names, facts, referral, true));
    names
}

/// The pool of a viewer: ids and texts of objects that it finds, and those of all objects.
pub(crate) fn pool(facts: &Facts, viewer: &Viewer, all: &Arc<Names>) -> Pool {
    let (mut own, mut clients) = (Names::new(), Vec::new());
    for (id, named) in facts.ids.iter().filter(|(_, named)| viewer.finds_by_id(facts, named)) {
        add_id(&mut own, id);
        // Referrals in which a cell of the table denies a field are requested more often.
        if matches!(named, Named::Referral(referral) if !facts.denied[*referral].is_empty()) {
            add_id(&mut own, id);
            add_id(&mut own, id);
        }
    }
    for referral in 0..facts.referrals.len() {
        let number = facts.referrals[referral].number;
        let has_case = viewer.has_case(facts, referral);
        if viewer.sees(facts, referral).is_some() || has_case {
            add_texts(&mut own, facts, referral, has_case);
            clients.push(client(number));
        } else if number.is_multiple_of(20) {
            clients.push(client(number));
        }
    }
    Pool { own, all: Arc::clone(all), clients }
}

fn add_id(names: &mut Names, id: &str) {
    let prefix = id.split_once('_').expect("a prefix").0;
    names.entry(prefix.to_owned()).or_default().push(id.to_owned());
}

fn add_texts(names: &mut Names, facts: &Facts, referral: usize, with_case: bool) {
    let number = facts.referrals[referral].number;
    names.entry("reference".to_owned()).or_default().push(format!("REF-{number:05}"));
    if with_case {
        names.entry("caseNumber".to_owned()).or_default().push(canary(number, "caseNumber"));
    }
}

/// A client's family name and birth date, as a search names them.
fn client(number: u32) -> Value {
    let (family_name, born) = (value(number, F::FamilyName), value_or_part(number, F::BirthDate));
    match born.parse().expect("a birth date") {
        BirthDate::Day(day) => json!({"familyName": family_name, "birthDate": day}),
        BirthDate::Month(first) | BirthDate::Year(first) => {
            json!({"familyName": family_name, "birthYear": first.year()})
        }
    }
}

/// Every class of canary that somebody may read.
pub(crate) fn classes(facts: &Facts) -> BTreeSet<String> {
    const TEXTS: &str = "message talk senderAppointment receiverAppointment correction correctionOfFew senderContact \
        receiverContact senderReference senderStaff receiverReference receiverStaff consentStaff guardian witness formReason \
        wording caseConcern caseNumber householdGivenName result goal note noteStaff decisionStaff grounds \
        supportReference agreementContact agreementGround proposalContact proposalGround closeReason terms signerStaff \
        opinionReasons officerStaff";
    let is_text = |field: &&str| {
        value(1, F::from_name(field).expect("a field")).starts_with("Kanari")
            || value(1, F::from_name(field).expect("a field")).contains("\"Kanari")
    };
    let fields = facts.table.fields.iter().copied().filter(is_text);
    fields.chain(TEXTS.split_whitespace()).map(str::to_owned).collect()
}
