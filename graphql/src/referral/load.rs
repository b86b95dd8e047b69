//! Loads the planned relations of referrals with a constant number of statements for any number of rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kim_domain::agency::Scope;
use kim_domain::disclosure::known_to;
use kim_domain::life::{Mover, ReferralAction::OfferAgain};
use kim_entity::keys::ReferralKey;
use kim_entity::read::{AgencyRow, ListedReferral, Reads, ReferralRest, ReferralRow, Side};
use uuid::Uuid;

use crate::agency::Parties;
use crate::case::{self, Case};
use crate::consent::{self, Consent};
use crate::error::Failure;
use crate::referral::Referral;
use crate::referral::correction;
use crate::referral::history;
use crate::referral::plan::ReferralPlan;
use crate::run::by_id::FindById;
use crate::run::history::{Histories, History};
use crate::run::plan::HistoryPlan;
use crate::run::planned::{Loading, Planned, PlannedById, Relation};

/// Adds the planned relations to rows of referrals, in their order.
pub(crate) fn referrals<'f, R: Into<Option<ReferralRest>>>(
    snapshot: &'f Reads,
    rows: Planned<'f, ReferralRow<R>, ReferralPlan>,
) -> Loading<'f, Referral> {
    let rows = rows.into_iter().map(|(row, plan)| (row.map(Into::into), plan)).collect();
    Box::pin(complete_referrals(snapshot, rows))
}

async fn complete_referrals(
    snapshot: &Reads,
    rows: Planned<'_, ListedReferral, ReferralPlan>,
) -> Result<Vec<Referral>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let known = known_to(snapshot.viewer().agency().kind);
    let released = |(row, plan): &(ListedReferral, &ReferralPlan)| {
        (row.key(), row.visible().restrict_to(plan.handover.and(known)))
    };
    let mut values = snapshot.handovers(&rows.iter().map(released).collect::<Vec<_>>()).await?;
    let parties = sides(snapshot, &rows).await?;

    let ids = |has: fn(&ReferralPlan) -> bool| -> Vec<Uuid> {
        rows.iter().filter(|(_, plan)| has(plan)).map(|(row, _)| row.id).collect()
    };
    let with_texts =
        |has: fn(&ReferralPlan) -> bool| keys_where(&rows, |row, plan| Referral::may_read_texts(row) && has(plan));
    let histories = |of: fn(&ReferralPlan) -> &HistoryPlan, only_texts: bool| -> Vec<(ReferralKey, &HistoryPlan)> {
        let is_included = |(row, _): &&(ListedReferral, &ReferralPlan)| !only_texts || Referral::may_read_texts(row);
        rows.iter().filter(is_included).map(|(row, plan)| (row.key(), of(plan))).collect()
    };
    let read = |keys: Vec<_>, window| async move { snapshot.messages(&keys, &window).await };
    let count = |keys: Vec<_>| async move { snapshot.count_messages(&keys).await };
    let pages = histories(|plan| &plan.messages, true);
    let mut messages = Histories::fetch(history::MESSAGES, &pages, read, count).await?;
    let read = |keys: Vec<_>, window| async move { snapshot.events(&keys, &window).await };
    let count = |keys: Vec<_>| async move { snapshot.count_events(&keys).await };
    let pages = histories(|plan| &plan.events, false);
    let mut events = Histories::fetch(history::EVENTS, &pages, read, count).await?;
    let read = |keys: Vec<_>, window| async move { snapshot.corrections(&keys, &window).await };
    let count = |keys: Vec<_>| async move { snapshot.count_corrections(&keys).await };
    let pages = histories(|plan| &plan.corrections, true);
    let mut corrections = Histories::fetch(correction::CORRECTIONS, &pages, read, count).await?;
    let mut appointments = snapshot.appointments(&with_texts(|plan| plan.appointments)).await?;
    let mut talks = snapshot.talks(&with_texts(|plan| plan.talks)).await?;
    let mut drafts = snapshot.offer_checks(&ids(|plan| plan.offer_check)).await?;
    let sends = snapshot.viewer().agency().kind.sends();
    let with_notices = if sends { ids(|plan| plan.notices) } else { Vec::new() };
    let reported: BTreeSet<Uuid> = corrections.rows_of(&with_notices).map(|row| row.id).collect();
    let notices = Arc::new(snapshot.notices(&reported.into_iter().collect::<Vec<_>>()).await?);
    // Only a sender decides on reports.
    let needs_disputes = |plan: &ReferralPlan| plan.disputed || (plan.actions && sends);
    let disputed = keys_where(&rows, |_, plan| needs_disputes(plan));
    let disputes = snapshot.disputes(&disputed).await?;
    let mut offerable = Vec::new();
    for (row, _) in rows.iter().filter(|(row, plan)| plan.actions && row.side == Side::Sender) {
        if Referral::rest_of(row)?.standing.permits(OfferAgain, Mover::Sender) {
            offerable.push(row.id);
        }
    }
    let continuable = snapshot.continuable(&offerable).await?;
    let previous = previous(snapshot, &rows).await?;
    let consents = consents(snapshot, &rows).await?;
    let own_cases = own_cases(snapshot, &rows).await?;

    let complete = |(row, plan): (ListedReferral, &ReferralPlan)| {
        let (id, rest, reads_texts) = (row.id, row.rest.as_ref(), Referral::may_read_texts(&row));
        Referral {
            parties: Arc::clone(&parties),
            // A handover of which nothing is released and selected was not read.
            values: values.remove(&id).unwrap_or_default(),
            messages: if reads_texts { messages.take(id) } else { History::Hidden },
            events: events.take(id),
            appointments: Relation::planned(plan.appointments, || appointments.remove(&id).unwrap_or_default()),
            talks: Relation::planned(plan.talks, || talks.remove(&id).unwrap_or_default()),
            corrections: if reads_texts { corrections.take(id) } else { History::Hidden },
            notices: Relation::planned(plan.notices, || Arc::clone(&notices)),
            disputes: Relation::planned(needs_disputes(plan), || disputes.get(&id).copied().unwrap_or_default()),
            can_be_continued: Relation::planned(plan.actions, || continuable.contains(&id)),
            draft: Relation::planned(plan.offer_check, || drafts.remove(&id)),
            previous: Relation::planned(plan.previous.is_some(), || {
                rest.and_then(|rest| previous.get(&rest.previous_id?).map(Arc::clone))
            }),
            case: Relation::planned(plan.case.is_some(), || {
                rest.and_then(|rest| own_cases.get(&rest.case_id()).map(Arc::clone))
            }),
            consent: Relation::planned(plan.consent.is_some(), || {
                rest.and_then(|rest| consents.get(&rest.consent_id?).cloned())
            }),
            row,
        }
    };
    Ok(rows.into_iter().map(complete).collect())
}

/// Reads referrals by id. Referrals that are not the viewer's are omitted.
async fn referrals_by_id(
    snapshot: &Reads,
    requested: &PlannedById<'_, ReferralPlan>,
) -> Result<Vec<Referral>, Failure> {
    let rows = snapshot.referrals_by_id(&requested.ids()).await?;
    referrals(snapshot, requested.of(rows, |row| row.id)).await
}

impl FindById for Referral {
    type Plan = ReferralPlan;

    fn find<'f>(snapshot: &'f Reads, requested: &'f PlannedById<'f, ReferralPlan>) -> Loading<'f, (Uuid, Self)> {
        Box::pin(async {
            let found = referrals_by_id(snapshot, requested).await?;
            Ok(found.into_iter().map(|referral| (referral.row.id, referral)).collect())
        })
    }
}

/// The keys of the rows for which `has` is true.
fn keys_where(
    rows: &[(ListedReferral, &ReferralPlan)],
    has: impl Fn(&ListedReferral, &ReferralPlan) -> bool,
) -> Vec<ReferralKey> {
    rows.iter().filter(|(row, plan)| has(row, plan)).map(|(row, _)| row.key()).collect()
}

/// The previous referrals that these referrals continue, by id.
async fn previous(
    snapshot: &Reads,
    rows: &[(ListedReferral, &ReferralPlan)],
) -> Result<HashMap<Uuid, Arc<Referral>>, Failure> {
    let mut requested = PlannedById::default();
    for (row, plan) in rows {
        if let Some(plan) = &plan.previous
            && let Some(id) = Referral::rest_of(row)?.previous_id
        {
            requested.add(id, &**plan);
        }
    }
    let found = referrals_by_id(snapshot, &requested).await?;
    Ok(found.into_iter().map(|referral| (referral.row.id, Arc::new(referral))).collect())
}

/// The consents on which these referrals are based, by id; only for the sender.
async fn consents(
    snapshot: &Reads,
    rows: &[(ListedReferral, &ReferralPlan)],
) -> Result<HashMap<Uuid, Consent>, Failure> {
    let mut requested = PlannedById::default();
    for (row, plan) in rows.iter().filter(|(row, _)| row.side == Side::Sender) {
        if let Some(plan) = &plan.consent
            && snapshot.viewer().may(Scope::CaseRead)
            && let Some(id) = Referral::rest_of(row)?.consent_id
        {
            requested.add(id, plan);
        }
    }
    let found = snapshot.consents_by_id(&requested.ids()).await?;
    let loaded = consent::load(snapshot, &found, requested.together()).await?;
    Ok(found.iter().map(|row| row.id).zip(loaded).collect())
}

/// The viewer's own cases from which these referrals were drafted, by id.
async fn own_cases(
    snapshot: &Reads,
    rows: &[(ListedReferral, &ReferralPlan)],
) -> Result<HashMap<Uuid, Arc<Case>>, Failure> {
    let mut requested = PlannedById::default();
    for (row, plan) in rows {
        if let Some(plan) = &plan.case
            && snapshot.viewer().may(Scope::CaseRead)
        {
            requested.add(Referral::rest_of(row)?.case_id(), &**plan);
        }
    }
    let found = case::load::cases_by_id(snapshot, &requested).await?;
    Ok(found.into_iter().map(|case| (case.row.id, Arc::new(case))).collect())
}

/// The agencies on both sides of the referrals whose plan needs them. The viewer's own agency and the senders are not read
/// again.
async fn sides(snapshot: &Reads, rows: &[(ListedReferral, &ReferralPlan)]) -> Result<Parties, Failure> {
    let rows: Vec<_> = rows.iter().filter(|(_, plan)| plan.parties).map(|(row, _)| row).collect();
    if rows.is_empty() {
        return Ok(Parties::default());
    }
    let own = snapshot.viewer().agency();
    let own = AgencyRow::from(own);
    let mut parties = HashMap::from([(own.id, own)]);
    for row in &rows {
        parties.entry(row.sender_id).or_insert_with(|| row.sender.clone());
    }
    let others: BTreeSet<Uuid> =
        rows.iter().map(|row| row.receiver_id).filter(|id| !parties.contains_key(id)).collect();
    let others = snapshot.parties(&others.into_iter().collect::<Vec<_>>()).await?;
    parties.extend(others.into_iter().map(|agency| (agency.id, agency)));
    Ok(Arc::new(parties))
}
