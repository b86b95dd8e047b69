//! The mutation of an agency's master data.

use async_graphql::{Context, MaybeUndefined, Object, SimpleObject};
use kim_casework::agency as casework;
use kim_domain::agency::Scope;

use crate::agency::Agency;
use crate::error::or_null;
use crate::run::change::change;
use crate::run::inputs::inputs;
use crate::run::session::Session;

inputs! {
    /// Was an den Stammdaten Ihrer Stelle anders werden soll; was nicht genannt ist, bleibt, und null löscht.
    "for administrators" UpdateAgencyInput of agency {
        /// Name; er lässt sich nicht löschen.
        name: Option<String>,
        /// Straße und Hausnummer.
        street: MaybeUndefined<String>,
        /// Postleitzahl.
        postal_code: MaybeUndefined<String>,
        /// Ort.
        city: MaybeUndefined<String>,
        /// Telefon.
        phone: MaybeUndefined<String>,
        /// E-Mail-Adresse der Stelle.
        email: MaybeUndefined<String>,
        /// Öffnungszeiten, in Worten.
        opening_hours: MaybeUndefined<String>,
        /// Schlüssel des Stadtbezirks oder Support-Centers.
        district: MaybeUndefined<String>,
    }
}

/// Was aus einer Änderung der Stammdaten wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for administrators")]
pub(crate) struct AgencyPayload {
    /// Die Stelle, wie sie jetzt ist.
    #[graphql(tag = "conveyed")]
    agency: Option<Agency>,
}

/// The mutations of agencies.
#[derive(Default)]
pub(crate) struct AgencyMutation;

#[Object]
impl AgencyMutation {
    /// Ändert die Stammdaten Ihrer eigenen Stelle; alle Beteiligten sehen sie sofort. Jede Änderung steht in
    /// `agencyHistory`. Kurzname, Art und Kommune ändern sich nie.
    #[graphql(tag = "for administrators")]
    async fn update_agency(&self, ctx: &Context<'_>, input: UpdateAgencyInput) -> Option<AgencyPayload> {
        let payload = async {
            let key = input.idempotency_key.clone();
            let changed: casework::AgencyResult = change(ctx, Scope::AgencyWrite, "updateAgency", key, async |work| {
                let target = input.target()?;
                let given = |value: MaybeUndefined<String>| match value {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(value) => Some(Some(value)),
                };
                let update = casework::UpdateAgency {
                    name: input.name,
                    street: given(input.street),
                    postal_code: given(input.postal_code),
                    city: given(input.city),
                    phone: given(input.phone),
                    email: given(input.email),
                    opening_hours: given(input.opening_hours),
                    district: given(input.district),
                };
                casework::update(work, target, &update).await
            })
            .await?;
            let snapshot = Session::of(ctx).after().await?;
            let agency = snapshot.agencies_by_id(&[changed.agency]).await?.pop().map(Agency);
            drop(snapshot);
            Ok(Some(AgencyPayload { agency }))
        };
        or_null(ctx, Box::pin(payload).await)
    }
}
