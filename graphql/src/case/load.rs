//! Loads the planned relations of cases with a constant number of statements for any number of rows.

use std::collections::{BTreeSet, HashMap};

use kim_domain::agency::Scope;
use kim_entity::keys::ClientKey;
use kim_entity::read::{CaseRow, Reads};
use uuid::Uuid;

use crate::agency::{self, Parties};
use crate::case::plan::CasePlan;
use crate::case::{Case, parts};
use crate::consent::receipt::ConsentReceipt;
use crate::consent::{self, Consent, ConsentPlan};
use crate::error::Failure;
use crate::referral::Referral;
use crate::referral::load::referrals;
use crate::referral::plan::ReferralPlan;
use crate::run::by_id::FindById;
use crate::run::plan::Plan as _;
use crate::run::planned::{Loading, Planned, PlannedById, Relation, unplanned};

/// Reads cases by id. Cases of other agencies are omitted.
pub(crate) async fn cases_by_id(snapshot: &Reads, requested: &PlannedById<'_, CasePlan>) -> Result<Vec<Case>, Failure> {
    let rows = snapshot.cases_by_id(&requested.ids(), requested.together().record).await?;
    cases(snapshot, requested.of(rows, |row| row.id)).await
}

impl FindById for Case {
    type Plan = CasePlan;

    fn find<'f>(snapshot: &'f Reads, requested: &'f PlannedById<'f, CasePlan>) -> Loading<'f, (Uuid, Self)> {
        Box::pin(async {
            let found = cases_by_id(snapshot, requested).await?;
            Ok(found.into_iter().map(|case| (case.row.id, case)).collect())
        })
    }
}

/// Adds the planned relations to rows of cases, in their order.
pub(crate) fn cases<'f>(snapshot: &'f Reads, rows: Planned<'f, CaseRow, CasePlan>) -> Loading<'f, Case> {
    Box::pin(complete_cases(snapshot, rows))
}

async fn complete_cases(snapshot: &Reads, rows: Planned<'_, CaseRow, CasePlan>) -> Result<Vec<Case>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut referrals = referrals_by_case(snapshot, &rows).await?;
    let mut parts = parts::parts(snapshot, &rows).await?;
    let mut consents = consents_by_case(snapshot, &rows).await?;
    let complete = |(row, plan): (CaseRow, &CasePlan)| {
        let (consents, receipt) = consents.remove(&row.id).unwrap_or_default();
        let parts = parts.remove(&row.id).ok_or_else(|| unplanned("the parts of a case"))?;
        Ok(Case {
            referrals: Relation::planned(plan.referrals.is_some(), || referrals.remove(&row.id).unwrap_or_default()),
            consents: Relation::planned(plan.consents.is_some(), || consents),
            receipt: Relation::planned(plan.receipt, || receipt),
            parts,
            row,
        })
    };
    rows.into_iter().map(complete).collect()
}

/// The referrals of these cases, by case.
async fn referrals_by_case(
    snapshot: &Reads,
    rows: &[(CaseRow, &CasePlan)],
) -> Result<HashMap<Uuid, Vec<Referral>>, Failure> {
    let may_read = snapshot.viewer().may(Scope::ReferralRead);
    let plans = rows.iter().filter_map(|(row, plan)| Some((row.id, plan.referrals.as_deref().filter(|_| may_read)?)));
    let plans: HashMap<Uuid, &ReferralPlan> = plans.collect();
    let found = snapshot.referrals_of_cases(&plans.keys().copied().collect::<Vec<_>>()).await?;
    let found = found.into_iter().filter_map(|row| plans.get(&row.rest.case_id()).map(|&plan| (row, plan))).collect();
    let mut by_case: HashMap<Uuid, Vec<Referral>> = HashMap::new();
    for referral in referrals(snapshot, found).await? {
        by_case.entry(Referral::rest_of(&referral.row)?.case_id()).or_default().push(referral);
    }
    Ok(by_case)
}

/// The consents of the clients of these cases, and their receipts, by case.
async fn consents_by_case(
    snapshot: &Reads,
    rows: &[(CaseRow, &CasePlan)],
) -> Result<HashMap<Uuid, (Vec<Consent>, Option<ConsentReceipt>)>, Failure> {
    let rows: Vec<_> = rows.iter().filter(|(_, plan)| plan.consents.is_some() || plan.receipt).collect();
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let clients: BTreeSet<ClientKey> = rows.iter().map(|(row, _)| row.client()).collect();
    let by_client = snapshot.consents_of_clients(&clients.into_iter().collect::<Vec<_>>()).await?;
    let all: Vec<_> = by_client.values().flatten().cloned().collect();
    let mut plan = ConsentPlan::default();
    rows.iter().filter_map(|(_, wanted)| wanted.consents.as_ref()).for_each(|wanted| plan.merge(wanted));
    let receipts = rows.iter().any(|(_, plan)| plan.receipt);
    let bound_by_203 = if receipts { snapshot.is_bound_by_203().await? } else { true };
    let receivers = match receipts {
        true => agency::parties(snapshot, all.iter().map(|row| row.receiver_id).collect()).await?,
        false => Parties::default(),
    };
    let loaded = consent::load(snapshot, &all, plan).await?;
    let loaded: HashMap<Uuid, Consent> = all.iter().map(|row| row.id).zip(loaded).collect();
    let (own, today, only) = (snapshot.viewer().agency(), snapshot.today(), snapshot.viewer().purposes());
    let mut by_case = HashMap::new();
    for (row, plan) in rows {
        let own_rows = by_client.get(&row.client()).map_or(&[][..], Vec::as_slice);
        let consents = own_rows.iter().filter_map(|one| loaded.get(&one.id).cloned()).collect();
        let receipt = plan.receipt.then(|| ConsentReceipt::of(own, bound_by_203, own_rows, &receivers, today, only));
        by_case.insert(row.id, (consents, receipt));
    }
    Ok(by_case)
}
