//! All mutations. Each field checks the scope, runs the use case once, and returns the viewer's view after the change.
//!
//! A field is null if its change was refused. The changes of the other fields stay in effect and are in the response.

use async_graphql::MergedObject;

use crate::agency::mutations::AgencyMutation;
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
    AgencyMutation,
);
