//! The root of every change. Each field: check the scope, do the use case once, and answer with what the viewer sees then.
//!
//! A field is null where its change was refused: what was done beside it stays done, and is told.

mod agreement;
mod bulk;
mod case;
mod consent;
mod correction;
mod done;
mod referral;
mod support;

use async_graphql::MergedObject;

/// Alles, was Sie ändern können. Jede Änderung nimmt einen `idempotencyKey`: dieselbe Anfrage noch einmal ändert nichts
/// und bekommt dieselbe Antwort.
#[derive(Default, MergedObject)]
#[graphql(tag = "for all")]
pub(crate) struct Mutation(
    referral::ReferralMutation,
    agreement::AgreementMutation,
    consent::ConsentMutation,
    case::CaseMutation,
    bulk::BulkMutation,
    correction::CorrectionMutation,
    support::SupportMutation,
);
