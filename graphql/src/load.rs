//! Fetches what a plan asks for: a constant number of statements for any number of rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kim_domain::agency::Scope;
use kim_domain::disclosure::known_to;
use kim_domain::life::{Mover, ReferralAction::OfferAgain};
use kim_entity::read::{AgencyRow, CaseRow, ListedReferral, Reads, ReferralRest, ReferralRow, Side};
use uuid::Uuid;

use crate::agency::Parties;
use crate::case::Case;
use crate::case_parts;
use crate::consent::{self, Consent};
use crate::consent_receipt::ConsentReceipt;
use crate::correction;
use crate::error::Failure;
use crate::history::{self, Histories};
use crate::plan::{CasePlan, ReferralPlan};
use crate::referral::Referral;

/// Completes rows of referrals, in their order.
pub(crate) async fn referrals<R: Into<Option<ReferralRest>>>(
    snapshot: &Reads,
    rows: Vec<ReferralRow<R>>,
    plan: &ReferralPlan,
) -> Result<Vec<Referral>, Failure> {
    let rows: Vec<ListedReferral> = rows.into_iter().map(|row| row.map(Into::into)).collect();
    let asked = plan.handover.and(known_to(snapshot.viewer().agency().kind));
    let released: Vec<_> = rows.iter().map(|row| (row.id, row.visible().restrict_to(asked))).collect();
    let mut values = snapshot.handovers(&released).await?;
    let parties = if plan.parties { sides(snapshot, &rows).await? } else { Parties::default() };

    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let with_texts: Vec<Uuid> = rows.iter().filter(|row| Referral::opens_texts(row)).map(|row| row.id).collect();
    let (with_texts, all) = (&with_texts[..], &ids[..]);
    let read = |window| async move { snapshot.messages(with_texts, &window).await };
    let count = snapshot.count_messages(with_texts);
    let mut messages = Histories::fetch(&plan.messages, history::MESSAGES, with_texts, read, count).await?;
    let read = |window| async move { snapshot.events(all, &window).await };
    let count = snapshot.count_events(all);
    let mut events = Histories::fetch(&plan.events, history::EVENTS, all, read, count).await?;
    let read = |window| async move { snapshot.corrections(with_texts, &window).await };
    let count = snapshot.count_corrections(with_texts);
    let mut corrections = Histories::fetch(&plan.corrections, correction::CORRECTIONS, with_texts, read, count).await?;
    let appointments = if plan.appointments { snapshot.appointments(with_texts).await? } else { HashMap::new() };
    let talks = if plan.talks { snapshot.talks(with_texts).await? } else { HashMap::new() };
    let drafts = if plan.offer_check { snapshot.drafts(all).await? } else { HashMap::new() };
    let sends = snapshot.viewer().agency().kind.sends();
    let notices = if plan.told && sends {
        let reported: BTreeSet<Uuid> = corrections.rows().map(|row| row.id).collect();
        snapshot.notices(&reported.into_iter().collect::<Vec<_>>()).await?
    } else {
        HashMap::new()
    };
    let notices = Arc::new(notices);
    let disputes =
        if plan.disputed || (plan.actions && sends) { snapshot.disputes(all).await? } else { HashMap::new() };
    let mut continuable = Vec::new();
    for row in rows.iter().filter(|row| plan.actions && row.side == Side::Sender) {
        if Referral::rest_of(row)?.standing.permits(OfferAgain, Mover::Sender) {
            continuable.push(row.id);
        }
    }
    let continuable = snapshot.continuable(&continuable).await?;
    let previous = match &plan.previous {
        Some(plan) => {
            let wanted: Vec<Uuid> = rests(&rows)?.filter_map(|rest| rest.previous_id).collect();
            let found = snapshot.referrals_by_id(&wanted).await?;
            let found = Box::pin(referrals(snapshot, found, plan)).await?;
            found.into_iter().map(|referral| (referral.row.id, Arc::new(referral))).collect()
        }
        None => HashMap::new(),
    };
    let mut consents: HashMap<Uuid, Consent> = HashMap::new();
    if let Some(plan) = plan.consent
        && snapshot.viewer().may(Scope::CaseRead)
    {
        let own = rows.iter().filter(|row| row.side == Side::Sender);
        let wanted: BTreeSet<Uuid> = rests(own)?.filter_map(|rest| rest.consent_id).collect();
        let found = snapshot.consents_by_id(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let loaded = consent::load(snapshot, &found, plan).await?;
        consents.extend(found.iter().map(|row| row.id).zip(loaded));
    }
    let own_cases = match &plan.case {
        Some(plan) if snapshot.viewer().may(Scope::CaseRead) => {
            let wanted: BTreeSet<Uuid> = rests(&rows)?.map(|rest| rest.case_id).collect();
            let wanted: Vec<Uuid> = wanted.into_iter().collect();
            let found = snapshot.cases_by_id(&wanted, plan.record).await?;
            let found = Box::pin(cases(snapshot, found, plan)).await?;
            found.into_iter().map(|case| (case.row.id, Arc::new(case))).collect()
        }
        Some(_) | None => HashMap::new(),
    };

    let complete = |row: ListedReferral| {
        let rest = row.rest.as_ref();
        Referral {
            parties: Arc::clone(&parties),
            values: values.remove(&row.id).unwrap_or_default(),
            messages: messages.take(row.id),
            events: events.take(row.id),
            appointments: appointments.get(&row.id).cloned().unwrap_or_default(),
            talks: talks.get(&row.id).cloned().unwrap_or_default(),
            corrections: corrections.take(row.id),
            notices: Arc::clone(&notices),
            disputes: disputes.get(&row.id).copied().unwrap_or_default(),
            can_be_continued: continuable.contains(&row.id),
            draft: drafts.get(&row.id).cloned(),
            previous: rest.and_then(|rest| previous.get(&rest.previous_id?).map(Arc::clone)),
            case: rest.and_then(|rest| own_cases.get(&rest.case_id).map(Arc::clone)),
            consent: rest.and_then(|rest| consents.get(&rest.consent_id?).cloned()),
            row,
        }
    };
    Ok(rows.into_iter().map(complete).collect())
}

/// The rest of rows that were read whole.
fn rests<'r>(
    rows: impl IntoIterator<Item = &'r ListedReferral>,
) -> Result<impl Iterator<Item = &'r ReferralRest>, Failure> {
    let rests: Vec<_> = rows.into_iter().map(Referral::rest_of).collect::<Result<_, _>>()?;
    Ok(rests.into_iter())
}

/// Completes rows of cases, in their order.
pub(crate) async fn cases(snapshot: &Reads, rows: Vec<CaseRow>, plan: &CasePlan) -> Result<Vec<Case>, Failure> {
    let mut of_case: HashMap<Uuid, Vec<Referral>> = HashMap::new();
    if let Some(plan) = &plan.referrals
        && snapshot.viewer().may(Scope::ReferralRead)
    {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let found = snapshot.referrals_of_cases(&ids).await?;
        for referral in Box::pin(referrals(snapshot, found, plan)).await? {
            of_case.entry(Referral::rest_of(&referral.row)?.case_id).or_default().push(referral);
        }
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut parts = case_parts::parts(snapshot, &ids, plan).await?;
    let mut of_client = consents_of(snapshot, &rows, plan).await?;
    let complete = |row: CaseRow| {
        let (consents, receipt) = of_client.remove(&row.id).unwrap_or_default();
        let parts = parts.remove(&row.id).unwrap_or_default();
        Case { referrals: of_case.remove(&row.id).unwrap_or_default(), consents, receipt, parts, row }
    };
    Ok(rows.into_iter().map(complete).collect())
}

/// The consents of the clients of these cases, and their receipts, by case.
async fn consents_of(
    snapshot: &Reads,
    rows: &[CaseRow],
    plan: &CasePlan,
) -> Result<HashMap<Uuid, (Vec<Consent>, Option<ConsentReceipt>)>, Failure> {
    let mut found = HashMap::new();
    if plan.consents.is_none() && !plan.receipt {
        return Ok(found);
    }
    let persons: BTreeSet<Uuid> = rows.iter().map(|row| row.person_id).collect();
    let of_person = snapshot.consents_of_clients(&persons.into_iter().collect::<Vec<_>>()).await?;
    let all: Vec<_> = of_person.values().flatten().cloned().collect();
    let bound_by_203 = if plan.receipt { snapshot.is_bound_by_203().await? } else { true };
    let names = match plan.receipt {
        true => parties(snapshot, all.iter().map(|row| row.receiver_id).collect()).await?,
        false => Parties::default(),
    };
    let loaded = consent::load(snapshot, &all, plan.consents.unwrap_or_default()).await?;
    let loaded: HashMap<Uuid, Consent> = all.iter().map(|row| row.id).zip(loaded).collect();
    let (own, today, only) = (snapshot.viewer().agency(), snapshot.today(), snapshot.viewer().purposes());
    for row in rows {
        let own_rows = of_person.get(&row.person_id).map_or(&[][..], Vec::as_slice);
        let consents = own_rows.iter().filter_map(|one| loaded.get(&one.id).cloned()).collect();
        let receipt = plan.receipt.then(|| ConsentReceipt::of(own, bound_by_203, own_rows, &names, today, only));
        found.insert(row.id, (consents, receipt));
    }
    Ok(found)
}

/// The two sides of these referrals. The viewer's own agency and every sender are known already.
async fn sides(snapshot: &Reads, rows: &[ListedReferral]) -> Result<Parties, Failure> {
    let own = snapshot.viewer().agency();
    let own = AgencyRow::from(own);
    let mut known = HashMap::from([(own.id, own)]);
    for row in rows {
        known.entry(row.sender_id).or_insert_with(|| row.sender.clone());
    }
    let others: BTreeSet<Uuid> = rows.iter().map(|row| row.receiver_id).filter(|id| !known.contains_key(id)).collect();
    let others = snapshot.parties(&others.into_iter().collect::<Vec<_>>()).await?;
    known.extend(others.into_iter().map(|agency| (agency.id, agency)));
    Ok(Arc::new(known))
}

/// These agencies, to be named on either side of a referral or an agreement.
pub(crate) async fn parties(snapshot: &Reads, ids: BTreeSet<Uuid>) -> Result<Parties, Failure> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let found = snapshot.parties(&ids).await?;
    Ok(Arc::new(found.into_iter().map(|agency| (agency.id, agency)).collect()))
}
