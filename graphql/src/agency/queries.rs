//! The root fields `viewer`, `agencies` and `purposes`.

use async_graphql::{Context, Object, SimpleObject};
use kim_domain::agency::{AgencyKind, Role, Scope};
use kim_domain::purpose::ReferralPurpose;

use crate::agency::{AGENCIES, Agency, AgencyConnection, Purpose};
use crate::error::Failure;
use crate::run::page::{PageArgs, PageSize};
use crate::run::plan::total;
use crate::run::session::Session;
use crate::schema::word_enum::WordEnum;

/// The root fields of agencies.
#[derive(Default)]
pub(crate) struct AgencyQuery;

#[Object]
impl AgencyQuery {
    /// Wer Sie nach Ihrem Token sind.
    #[graphql(tag = "for all")]
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        Session::of(ctx).viewer().into()
    }

    /// Die Stellen Ihrer Kommune.
    #[graphql(tag = "for all", tag = "page")]
    async fn agencies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nur diese Art von Stelle.")] kind: Option<WordEnum<AgencyKind>>,
        #[graphql(desc = "Höchstens so viele: 20, wenn nichts angegeben ist, und nie mehr als 100.")] first: PageSize,
        #[graphql(desc = "Nach diesem Zeiger.")] after: Option<String>,
    ) -> Result<AgencyConnection, Failure> {
        let snapshot = Session::of(ctx).read_public().await?;
        let kind = kind.map(|kind| kind.0);
        let list = format!("{AGENCIES} {}", kind.map_or("", AgencyKind::code));
        let args = PageArgs { first, after, ..PageArgs::default() };
        let window = args.window(&list, |slug| Some(slug.to_owned()))?;
        let page = snapshot.agencies(kind, &window).await?;
        let total = total::<AgencyConnection>(ctx, snapshot.count_agencies(kind)).await?;
        let rows = page.rows.into_iter().map(|row| (row.slug.to_string(), Agency(row)));
        Ok(AgencyConnection::new(list, rows, &args, page.more, total))
    }

    /// Was von wem erbeten werden kann.
    #[graphql(tag = "for all", tag = "list 20")]
    async fn purposes(&self) -> Vec<Purpose> {
        ReferralPurpose::ALL.iter().copied().map(Purpose).collect()
    }
}

/// Wer Sie nach Ihrem Token sind.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct Viewer {
    /// Die Person oder das Programm, wie der Aussteller sie nennt.
    subject: String,
    /// Für wen ein Fachverfahren handelt.
    acting_for: Option<String>,
    /// Ihre Rolle.
    role: WordEnum<Role>,
    /// Ihre Stelle.
    agency: Agency,
    /// Ihre Berechtigungen.
    #[graphql(tag = "list 11")]
    scopes: Vec<&'static str>,
}

impl From<&kim_entity::viewer::Viewer> for Viewer {
    fn from(viewer: &kim_entity::viewer::Viewer) -> Self {
        Self {
            subject: viewer.subject().to_owned(),
            acting_for: viewer.acting_for().map(str::to_owned),
            role: WordEnum(viewer.role()),
            agency: Agency(viewer.agency().into()),
            scopes: viewer.scopes().map(Scope::code).collect(),
        }
    }
}
