//! The root of every change. Each field: check the scope, do the use case once, and answer with what the viewer sees then.
//!
//! A field is null where its change was refused: what was done beside it stays done, and is told.

use async_graphql::MergedObject;

use crate::agreement::mutations::AgreementMutation;
use crate::case::consent_mutations::ConsentMutation;
use crate::case::mutations::CaseMutation;
use crate::referral::bulk::BulkMutation;
use crate::referral::correction_mutations::CorrectionMutation;
use crate::referral::mutations::ReferralMutation;
use crate::support::mutations::SupportMutation;

/// Alles, was Sie ändern können. Jede Änderung nimmt einen `idempotencyKey`: dieselbe Anfrage noch einmal ändert nichts
/// und bekommt dieselbe Antwort.
#[derive(Default, MergedObject)]
#[graphql(tag = "for all")]
pub(crate) struct Mutation(
    ReferralMutation,
    AgreementMutation,
    ConsentMutation,
    CaseMutation,
    BulkMutation,
    CorrectionMutation,
    SupportMutation,
);
