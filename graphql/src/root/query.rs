//! All queries. Each field checks the scope, makes a plan, fetches the rows, and returns objects that do not wait.

use async_graphql::MergedObject;

use crate::agency::history::AgencyHistoryQuery;
use crate::agency::queries::AgencyQuery;
use crate::agreement::proposal_queries::ProposalQuery;
use crate::agreement::queries::AgreementQuery;
use crate::case::queries::CaseQuery;
use crate::case::work_queries::CaseWorkQuery;
use crate::consent::facts::ConsentFactQuery;
use crate::feed::FeedQuery;
use crate::referral::queries::ReferralQuery;
use crate::root::node::NodeQuery;
use crate::statistics::StatisticsQuery;
use crate::support::SupportQuery;

/// Alles, was Sie lesen können. Was es für Ihre Art von Stelle und Ihre Rolle nicht gibt, steht nicht im Schema.
#[derive(Default, MergedObject)]
#[graphql(tag = "for all")]
pub(crate) struct Query(
    AgencyQuery,
    ReferralQuery,
    AgreementQuery,
    CaseQuery,
    NodeQuery,
    ProposalQuery,
    FeedQuery,
    ConsentFactQuery,
    CaseWorkQuery,
    StatisticsQuery,
    SupportQuery,
    AgencyHistoryQuery,
);
