//! The visible fields of a referral, computed from the rows and the tables. Shares no code with the server's rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::facts::{Consent, Facts, Version};
use super::table::{Denial, Fields, Stage};

/// Bodies under § 35 SGB I.
const SGB_BODIES: [&str; 5] = ["JOBCENTER", "AGENTUR_FUER_ARBEIT", "JUGENDAMT", "SOZIALAMT", "EINGLIEDERUNGSHILFE"];

/// Purposes of the SGB, and those that reveal a special category (domain/data/purposes.csv).
static PURPOSES: LazyLock<[BTreeSet<&str>; 2]> = LazyLock::new(|| {
    let lines = include_str!("../../domain/data/purposes.csv").lines().skip(1);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    [3, 4].map(|column| rows.iter().filter(|row| row[column] == "yes").map(|row| row[0]).collect())
});

/// The stage of a referral for its receiver.
pub(crate) fn stage(facts: &Facts, referral: usize) -> Stage {
    let referral = &facts.referrals[referral];
    let open = if referral.ever_accepted { Stage::Full } else { Stage::Preview };
    match referral.status.code() {
        "OFFERED" | "ACKNOWLEDGED" | "INFO_REQUESTED" | "ACCEPTED" | "IN_PROGRESS" => open,
        "COMPLETED" | "FAILED" if referral.closed_days_ago.is_some_and(|days| days <= 30) => open,
        _ => Stage::Closed,
    }
}

/// The fields that it would show at a stage.
pub(crate) fn at(facts: &Facts, referral: usize, stage: Stage) -> Fields {
    let kind = facts.kind_of_receiver(referral);
    let agreed = agreed(facts, referral);
    let ground: Fields =
        consented(facts, referral, &agreed).union(&by_statute(facts, referral, &agreed)).copied().collect();
    let offered = &facts.referrals[referral].offered;
    let most = facts.table.most(kind, stage);
    most.into_iter()
        .filter(|field| agreed.fields.contains(field) && ground.contains(field) && offered.contains(field))
        .collect()
}

/// The fields of an agreement after narrowing versions.
struct Agreed {
    fields: Fields,
    ticked_only: Fields,
    statutory: Fields,
}

fn agreed(facts: &Facts, referral: usize) -> Agreed {
    let pinned = &facts.versions[facts.referrals[referral].version];
    let later = |other: &&Version| {
        other.receiver == pinned.receiver && other.purpose == pinned.purpose && other.number > pinned.number
    };
    let mut agreed = Agreed {
        fields: pinned.fields.clone(),
        ticked_only: pinned.ticked_only.clone(),
        statutory: pinned.statutory.clone(),
    };
    for other in facts.versions.iter().filter(later).filter(|other| other.narrows_now) {
        agreed.fields.retain(|field| other.fields.contains(field));
        agreed.statutory.retain(|field| other.statutory.contains(field));
        agreed.ticked_only.extend(&other.ticked_only);
    }
    if pinned.is_terminated {
        agreed.fields.clear();
    }
    agreed
}

/// Whether the client's consent is valid today.
fn holds(facts: &Facts, referral: usize, consent: &Consent) -> bool {
    let referral = &facts.referrals[referral];
    let bound = facts.agencies[referral.sender].is_bound_by_203;
    consent.data_protection
        && (consent.release || !bound)
        && (consent.art9 || !PURPOSES[1].contains(referral.purpose.code()))
        && consent.has_begun
        && !consent.has_ended
        && !consent.is_withdrawn
}

fn consented(facts: &Facts, referral: usize, agreed: &Agreed) -> Fields {
    let Some(consent) = &facts.referrals[referral].consent else { return Fields::new() };
    if !holds(facts, referral, consent) {
        return Fields::new();
    }
    let must = facts.table.ticked_only(facts.kind_of_receiver(referral));
    let as_a_whole =
        consent.fields.iter().filter(|field| !must.contains(*field) && !agreed.ticked_only.contains(*field));
    as_a_whole.chain(&consent.ticked).copied().collect()
}

fn by_statute(facts: &Facts, referral: usize, agreed: &Agreed) -> Fields {
    let row = &facts.referrals[referral];
    let is_body = |agency: usize| SGB_BODIES.contains(&facts.agencies[agency].kind.code());
    if !is_body(row.sender) || !is_body(row.receiver) || !PURPOSES[0].contains(row.purpose.code()) {
        return Fields::new();
    }
    let must = facts.table.ticked_only(facts.kind_of_receiver(referral));
    agreed.statutory.difference(&must).copied().collect()
}

/// The withheld fields of a referral, with reasons.
pub(crate) fn withheld(facts: &Facts, referral: usize) -> BTreeMap<&'static str, &'static str> {
    let (row, stage, agreed) = (&facts.referrals[referral], stage(facts, referral), agreed(facts, referral));
    let (kind, given) = (facts.kind_of_receiver(referral), at(facts, referral, stage));
    let (later, now) = (facts.table.most(kind, Stage::Full), facts.table.most(kind, stage));
    let carried = row.consent.as_ref().is_some_and(|consent| holds(facts, referral, consent));
    let by_statute = by_statute(facts, referral, &agreed);
    let reason = |field: &&'static str| {
        if stage == Stage::Closed {
            "CLOSED"
        } else if !carried && !by_statute.contains(field) {
            "CONSENT_ENDED"
        } else if later.contains(field) && !now.contains(field) {
            "NOT_YET_ACCEPTED"
        } else if !agreed.fields.contains(field) {
            "NOT_IN_AGREEMENT"
        } else {
            "NOT_OFFERED"
        }
    };
    let withheld = facts.table.fields.iter().filter(|field| !given.contains(*field));
    withheld.map(|field| (*field, reason(field))).collect()
}

/// Fields that are withheld only because of a cell of the table, with that cell.
pub(crate) fn denied(facts: &Facts, referral: usize) -> BTreeMap<&'static str, Denial> {
    let (stage, kind) = (stage(facts, referral), facts.kind_of_receiver(referral));
    let row = &facts.referrals[referral];
    let (given, later) = (at(facts, referral, stage), at(facts, referral, Stage::Full));
    let carried = row.consent.as_ref().filter(|consent| stage == Stage::Full && holds(facts, referral, consent));
    let agreed = agreed(facts, referral);
    let by_itself = |field: &&'static str| {
        carried.is_some_and(|consent| consent.fields.contains(*field))
            && agreed.fields.contains(*field)
            && !agreed.ticked_only.contains(*field)
            && row.offered.contains(*field)
    };
    let too_early = later.into_iter().filter(|_| stage == Stage::Preview).map(|field| (field, Denial::NotYet));
    let not_ticked =
        facts.table.ticked_only(kind).into_iter().filter(by_itself).map(|field| (field, Denial::NotTicked));
    too_early.chain(not_ticked).filter(|(field, _)| !given.contains(field)).collect()
}
