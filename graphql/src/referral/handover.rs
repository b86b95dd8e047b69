//! The handover of a referral, limited by the disclosure rule. Every field that is answered is recorded as disclosed here.

use std::borrow::Cow;
use std::sync::atomic::{AtomicI64, Ordering};

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Error, Object, ObjectType, OutputType, Positioned, ServerResult,
    SimpleObject, Value,
};
use kim_domain::disclosure::{self, WithheldReason, known_to};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::value::Value as Stored;
use kim_entity::read::{Disputes, ListedReferral, Values};

use crate::error::Failure;
use crate::field;
use crate::field::display::german;
use crate::json;
use crate::run::planned::Relation;
use crate::run::session::Session;
use crate::run::write_object::resolve_object;
use crate::schema::word_enum::WordEnum;

const ABOUT_DISPUTED: &str = "Gezeigte Felder, deren Wert bestritten ist: gemeldet, und noch nicht entschieden; oder \
                              berichtigt, als die Übergabe schon zu Ende war, sodass hier noch der alte steht. Sie \
                              dürfen nur mit diesem Hinweis benutzt werden (§ 84 Abs. 2 SGB X).";

/// The handover of one referral.
pub(crate) struct Handover<'r> {
    row: &'r ListedReferral,
    values: &'r Values,
    /// The fields that the rule releases now and that are in the viewer's schema. Computed once for all fields.
    released: FieldSet,
    /// The released fields that are disputed.
    disputed: Relation<FieldSet>,
    /// The fields that were answered: a stored [`FieldSet`].
    answered: AtomicI64,
}

impl<'r> Handover<'r> {
    pub(crate) fn new(
        session: &Session,
        row: &'r ListedReferral,
        values: &'r Values,
        disputes: &Relation<Disputes>,
    ) -> Self {
        let known = known_to(session.viewer().agency().kind);
        let released = row.visible().restrict_to(known).fields();
        // A field that is not released is not reported as disputed either.
        let disputed = disputes.map(|disputes| released.and(disputes.fields));
        Self { row, values, released, disputed, answered: AtomicI64::new(0) }
    }

    /// Records the answered fields as disclosed.
    fn record_answered(&self, ctx: &ContextSelectionSet<'_>) {
        let answered = FieldSet::from_i64(self.answered.load(Ordering::Relaxed));
        if !answered.is_empty() {
            Session::of(ctx).show(self.row, answered);
        }
    }

    /// Whether a field is released. A released field counts as answered from now on.
    fn release(&self, field: HandoverField) -> bool {
        let is_released = self.released.contains(field);
        if is_released {
            self.answered.fetch_or(FieldSet::of(&[field]).to_i64(), Ordering::Relaxed);
        }
        is_released
    }

    /// Writes a handover field. Returns false for a field that must be resolved by the engine.
    fn write(&self, name: &str, json: &mut Vec<u8>) -> bool {
        HandoverField::shown_as(name).is_some_and(|field| match self.release(field) {
            true => field::write(name, field, self.values, json),
            false => {
                json::null(json);
                true
            }
        })
    }

    fn withheld(&self, field: HandoverField) -> Option<WithheldReason> {
        disclosure::withheld(&self.row.terms, field)
    }
}

impl OutputType for Handover<'_> {
    fn type_name() -> Cow<'static, str> {
        "Handover".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let mut object = field::meta_object::<Self>(
                "Was übergeben wurde: eine Kopie der angebotenen Angaben. Jedes Feld kann null sein: weil nichts \
                 angegeben ist, oder weil es jetzt nicht gezeigt wird; dann nennt `withheld` den Grund.",
                &["for work", "plan referral"],
                |field| Some(field.audience()),
                registry,
            );
            let withheld = <Vec<WithheldField>>::create_type_info(registry);
            let disputed = <Vec<WordEnum<HandoverField>>>::create_type_info(registry);
            let entries = <Vec<HandoverEntry<'_>>>::create_type_info(registry);
            let every_field = format!("list {}", HandoverField::ALL.len());
            if let MetaType::Object { fields, .. } = &mut object {
                let mut add = |name: &str, description, ty, declared: &[&str]| {
                    fields.insert(name.to_owned(), field::meta_field(name, description, ty, declared));
                };
                let about_withheld = "Felder Ihres Schemas, die diese Übergabe Ihnen jetzt nicht zeigt, und warum.";
                add("withheld", about_withheld, withheld, &["list 20"]);
                add("disputed", ABOUT_DISPUTED, disputed, &["list 5", "needs disputed"]);
                let about_entries = "Dasselbe als Liste, sodass eine Abfrage jeder Art von Stelle dient.";
                add("entries", about_entries, entries, &[&every_field]);
            }
            object
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let answer = resolve_object(ctx, self, |name, json| self.write(name, json)).await;
        self.record_answered(ctx);
        answer
    }
}

impl ContainerType for Handover<'_> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let selection = ctx.with_selection_set(&ctx.item.node.selection_set);
        let name = ctx.item.node.name.node.as_str();
        if let Some(field) = HandoverField::shown_as(name) {
            return match self.release(field) {
                true => field::resolve(ctx, field, self.values).await,
                false => Ok(Some(Value::Null)),
            };
        }
        let known = known_to(Session::of(ctx).viewer().agency().kind);
        match name {
            "withheld" => {
                let reason =
                    |field| Some(WithheldField { field: WordEnum(field), reason: WordEnum(self.withheld(field)?) });
                let list: Vec<_> = known.iter().filter_map(reason).collect();
                list.resolve(&selection, ctx.item).await.map(Some)
            }
            "disputed" => {
                let disputed =
                    self.disputed.get().map_err(|failure| Error::from(failure).into_server_error(ctx.item.pos))?;
                let list: Vec<_> = disputed.iter().map(WordEnum).collect();
                list.resolve(&selection, ctx.item).await.map(Some)
            }
            "entries" => {
                let list: Vec<_> = known.iter().map(|field| HandoverEntry { field, handover: self }).collect();
                list.resolve(&selection, ctx.item).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl ObjectType for Handover<'_> {}

/// Ein Feld Ihres Schemas, das jetzt nicht gezeigt wird, und der Grund. Er folgt aus der Regel, nie aus dem Wert.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct WithheldField {
    /// Das Feld.
    field: WordEnum<HandoverField>,
    /// Der Grund.
    reason: WordEnum<WithheldReason>,
}

/// Ein Feld mit Bezeichnung und lesbarem Wert.
pub(crate) struct HandoverEntry<'h> {
    field: HandoverField,
    handover: &'h Handover<'h>,
}

/// Ein Feld der Übergabe mit deutscher Bezeichnung und lesbarem Wert.
#[Object(tag = "for work", tag = "plan referral")]
impl HandoverEntry<'_> {
    /// Das Feld.
    async fn field(&self) -> WordEnum<HandoverField> {
        WordEnum(self.field)
    }
    /// Die Bezeichnung.
    async fn label(&self) -> &str {
        self.field.label()
    }
    /// Der Wert, wie er zu lesen ist; null, wenn nichts angegeben ist oder das Feld jetzt nicht gezeigt wird.
    #[graphql(tag = "needs all-fields")]
    async fn value(&self) -> Option<String> {
        if !self.handover.release(self.field) {
            return None;
        }
        let text = self.handover.values.get(self.field)?;
        Stored::parse(self.field.value_type(), text).map(|stored| german(&stored))
    }
    /// Ob der gezeigte Wert bestritten ist (§ 84 Abs. 2 SGB X).
    #[graphql(tag = "needs disputed")]
    async fn disputed(&self) -> Result<bool, Failure> {
        Ok(self.handover.disputed.get()?.contains(self.field))
    }
    /// Warum das Feld jetzt nicht gezeigt wird; null, wenn es gezeigt wird.
    async fn withheld(&self) -> Option<WordEnum<WithheldReason>> {
        self.handover.withheld(self.field).map(WordEnum)
    }
}
