//! The root fields for proposals of agreements and for the difference of two versions.

use async_graphql::{Context, ID, Object, SimpleObject};
use kim_domain::agency::Scope;
use kim_domain::agreement::{Changed, Content, Difference, ProposalStatus};
use kim_domain::id::Kind;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::read::Reads;
use uuid::Uuid;

use crate::agreement::AgreementField;
use crate::agreement::proposal::{AgreementProposal, AgreementProposalConnection, PROPOSALS, ProposalPlan, proposals};
use crate::error::{Failure, or_null};
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::{Plan as _, total};
use crate::run::session::Session;
use crate::schema::scalar::any;
use crate::schema::visible_schema::VisibleSchema;
use crate::schema::word_enum::WordEnum;

/// The root fields of proposals.
#[derive(Default)]
pub(crate) struct ProposalQuery;

#[Object]
impl ProposalQuery {
    /// Die Vorschläge für Schnittstellenvereinbarungen, die Ihre Stelle betreffen.
    #[graphql(tag = "for agreements", tag = "page")]
    async fn agreement_proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nur von diesem Stand.")] status: Option<WordEnum<ProposalStatus>>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<AgreementProposalConnection, Failure> {
        let snapshot = Session::of(ctx).read(Scope::AgreementRead).await?;
        let status = status.map(|status| status.0);
        let list = format!("{PROPOSALS} {}", status.map_or("", ProposalStatus::code));
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, |id| Uuid::parse_str(id).ok())?;
        let plan = ProposalPlan::below::<AgreementProposalConnection>(ctx);
        let page = snapshot.proposals(status, &window).await?;
        let total = total::<AgreementProposalConnection>(ctx, snapshot.count_proposals(status)).await?;
        let keys = page.rows.iter().map(|row| row.id.to_string());
        let rows = keys.zip(proposals(snapshot, &page.rows, plan).await?);
        Ok(AgreementProposalConnection::new(list, rows, &args, page.more, total))
    }

    /// Worin sich zwei Fassungen derselben Schnittstellenvereinbarung unterscheiden; null, wenn eine nicht Ihre ist oder
    /// es sie nicht gibt. Wer Vorschläge sieht, kann auch einen Vorschlag nennen.
    #[graphql(tag = "for all")]
    async fn agreement_difference(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Kennung der einen Fassung.")] from: ID,
        #[graphql(desc = "Kennung der anderen Fassung.")] to: ID,
    ) -> Option<AgreementDifference> {
        or_null(ctx, difference(ctx, &from, &to).await)
    }
}

async fn difference(ctx: &Context<'_>, from: &ID, to: &ID) -> Result<Option<AgreementDifference>, Failure> {
    let session = Session::of(ctx);
    let snapshot = session.read(Scope::AgreementRead).await?;
    let schema = VisibleSchema::of_request(ctx);
    let from = read_version(snapshot, schema, from).await?;
    let to = read_version(snapshot, schema, to).await?;
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(None);
    };
    if (from.receiver_id, from.purpose) != (to.receiver_id, to.purpose) {
        return Err(Failure::BadInput(
            "„from“ und „to“ müssen dieselbe empfangende Stelle und denselben Zweck haben.".into(),
        ));
    }
    Ok(Some(AgreementDifference::between(&from.content, &to.content)))
}

/// A version that is compared with another one.
struct ComparedVersion {
    receiver_id: Uuid,
    purpose: ReferralPurpose,
    content: Content,
}

/// Reads an agreement, or a proposal if the viewer's schema has proposals.
async fn read_version(snapshot: &Reads, schema: &VisibleSchema, id: &ID) -> Result<Option<ComparedVersion>, Failure> {
    let Some((kind, uuid)) = any(id)? else { return Ok(None) };
    if kind == Kind::Agreement {
        let found = snapshot.agreements_by_id(&[uuid]).await?.pop();
        return Ok(found.map(|row| ComparedVersion {
            receiver_id: row.receiver_id,
            purpose: row.purpose,
            content: (&row).into(),
        }));
    }
    if kind == Kind::Proposal && schema.has::<AgreementProposal>() {
        let found = snapshot.proposals_by_id(&[uuid]).await?.pop();
        return Ok(found.map(|row| ComparedVersion {
            receiver_id: row.receiver_id,
            purpose: row.purpose,
            content: row.content,
        }));
    }
    Ok(None)
}

/// Worin sich eine Fassung von einer anderen unterscheidet.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementDifference {
    /// Felder, die dazukommen.
    #[graphql(tag = "list 10")]
    added: Vec<AgreementField>,
    /// Felder, die wegfallen.
    #[graphql(tag = "list 10")]
    removed: Vec<AgreementField>,
    /// Felder, die von nun an einzeln angekreuzt werden müssen.
    #[graphql(tag = "list 10")]
    newly_ticked: Vec<AgreementField>,
    /// Felder, die nicht mehr einzeln angekreuzt werden müssen.
    #[graphql(tag = "list 10")]
    no_longer_ticked: Vec<AgreementField>,
    /// Die Frist zur Antwort in Arbeitstagen, wenn sie eine andere ist.
    respond_working_days: Option<ChangedDays>,
    /// Die Tage, an denen nach dem Abschluss noch gelesen werden darf, wenn es andere sind.
    access_days: Option<ChangedDays>,
    /// Ob die zweite Fassung auch einschränkt, was unter früheren läuft.
    narrows_running: bool,
}

/// Eine geänderte Zahl von Tagen.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct ChangedDays {
    /// Vorher.
    from: i32,
    /// Nachher.
    to: i32,
}

impl From<Changed> for ChangedDays {
    fn from(changed: Changed) -> Self {
        Self { from: changed.from.into(), to: changed.to.into() }
    }
}

impl AgreementDifference {
    fn between(from: &Content, to: &Content) -> Self {
        let difference = Difference::between(from, to);
        Self {
            added: AgreementField::list(difference.added, to),
            removed: AgreementField::list(difference.removed, from),
            newly_ticked: AgreementField::list(difference.newly_ticked, to),
            no_longer_ticked: AgreementField::list(difference.no_longer_ticked, to),
            respond_working_days: difference.respond_working_days.map(Into::into),
            access_days: difference.access_days.map(Into::into),
            narrows_running: difference.narrows_running,
        }
    }
}
