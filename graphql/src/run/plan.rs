//! Plans: what a request selects, read from the document before anything is fetched. So the number of statements
//! depends on the shape of the request and not on the number of rows. Each field declares its needs
//! (`schema/needs.rs`).

use async_graphql::{Context, OutputType, SelectionField};
use kim_entity::DbErr;

use crate::error::Failure;
use crate::run::page::PageArgs;
use crate::schema::declaration::Weight;
use crate::schema::needs::{Need, PageNeed};
use crate::schema::visible_schema::{VisibleField, VisibleFields, VisibleSchema};

/// A selected field.
pub(crate) struct Selected<'c> {
    field: SelectionField<'c>,
    /// The field in the viewer's schema. `None` for the current field.
    visible: Option<&'c VisibleField>,
    /// The fields of the field's type, if the type is an object.
    on: Option<&'c VisibleFields>,
    schema: &'c VisibleSchema,
}

impl<'c> Selected<'c> {
    /// The current field, whose value is or may be a `T`.
    pub(crate) fn of<T: OutputType>(ctx: &'c Context<'c>) -> Self {
        let schema = VisibleSchema::of_request(ctx);
        Self { field: ctx.field(), visible: None, on: schema.fields_of(&T::type_name()), schema }
    }

    /// The name of the field, not its alias.
    pub(crate) fn name(&self) -> &'c str {
        self.field.name()
    }

    /// The selected fields of the value. Omits fields of other types, which `node` can have in fragments.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Self> {
        self.field.selection_set().filter_map(|field| {
            let visible = self.on?.get(field.name())?;
            Some(Self {
                field,
                visible: Some(visible),
                on: self.schema.fields_of(&visible.type_name),
                schema: self.schema,
            })
        })
    }

    /// The selected fields whose values are of this type. In a connection these are the rows.
    pub(crate) fn each<T: OutputType>(&self) -> Vec<Self> {
        let (wanted, mut found) = (T::type_name(), Vec::new());
        for field in self.fields() {
            match field.visible {
                Some(visible) if visible.type_name == wanted => found.push(field),
                Some(visible) if visible.declared.weight == Weight::InPage => found.extend(field.each::<T>()),
                Some(_) | None => {}
            }
        }
        found
    }

    /// The declared needs of the field.
    pub(crate) fn needs(&self) -> &'c [Need] {
        self.visible.map_or(&[], |visible| &visible.declared.needs)
    }

    /// Whether the total number of rows is selected from a connection.
    fn wants_total(&self) -> bool {
        self.fields().any(|field| PageNeed::of(field.needs()).any(|need| need == PageNeed::Total))
    }

    /// Whether texts whose disclosure is logged are selected from the rows of a connection.
    pub(crate) fn wants_texts<T: OutputType>(&self) -> bool {
        self.each::<T>()
            .iter()
            .any(|row| row.fields().any(|field| field.visible.is_some_and(|visible| visible.declared.is_logged)))
    }
}

/// The total number of rows of a list, if it is selected from the current field, a connection.
pub(crate) async fn total<T: OutputType>(
    ctx: &Context<'_>,
    count: impl Future<Output = Result<i64, DbErr>>,
) -> Result<Option<i64>, Failure> {
    Ok(if Selected::of::<T>(ctx).wants_total() { Some(count.await?) } else { None })
}

/// What is selected from values of one type, and so has to be fetched.
pub(crate) trait Plan: Default {
    /// The type of the values.
    type Of: OutputType;

    /// Adds the fields that are selected from a field of the type.
    fn add(&mut self, selected: &Selected<'_>);

    /// Adds everything in another plan.
    fn merge(&mut self, other: &Self);

    /// The plan for the current field.
    fn of_field(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        plan.add(&Selected::of::<Self::Of>(ctx));
        plan
    }

    /// The plan for values below the current field: the rows of a connection, or a part of a payload.
    fn below<T: OutputType>(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        Selected::of::<T>(ctx).each::<Self::Of>().iter().for_each(|one| plan.add(one));
        plan
    }
}

impl<P: Plan> Plan for Box<P> {
    type Of = P::Of;

    fn add(&mut self, selected: &Selected<'_>) {
        P::add(self, selected);
    }

    fn merge(&mut self, other: &Self) {
        P::merge(self, other);
    }
}

/// Adds another plan for a relation.
pub(crate) fn merge_relation<P: Plan>(own: &mut Option<P>, other: Option<&P>) {
    if let Some(other) = other {
        own.get_or_insert_default().merge(other);
    }
}

/// The plan for a history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct HistoryPlan {
    /// The selected pages, each once.
    pub(crate) pages: Vec<PageArgs>,
    /// Whether the total number of rows is selected.
    pub(crate) count: bool,
}

impl HistoryPlan {
    pub(crate) fn add(&mut self, connection: &Selected<'_>) {
        self.count |= connection.wants_total();
        // The resolver refuses invalid arguments, with their location.
        let Ok(arguments) = connection.field.arguments() else { return };
        self.add_page(PageArgs::of_selection(&arguments));
    }

    fn add_page(&mut self, args: PageArgs) {
        if !self.pages.contains(&args) {
            self.pages.push(args);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count |= other.count;
        other.pages.iter().for_each(|page| self.add_page(page.clone()));
    }
}
