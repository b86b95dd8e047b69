//! What a request asks for, read from its selection before anything is fetched: so that the number of statements
//! depends on the shape of the request and never on the number of rows. What a field needs it declares itself
//! (`schema/needs.rs`).

use async_graphql::{Context, OutputType, SelectionField};
use kim_entity::DbErr;

use crate::error::Failure;
use crate::run::page::PageArgs;
use crate::schema::declaration::Weight;
use crate::schema::needs::{Need, PageNeed};
use crate::schema::visible_schema::{KnownField, KnownFields, VisibleSchema};

/// A field that is asked for.
pub(crate) struct Selected<'c> {
    field: SelectionField<'c>,
    /// What is known of it; `None` for the field that is being resolved.
    known: Option<&'c KnownField>,
    /// The fields of its value, if that is an object.
    on: Option<&'c KnownFields>,
    schema: &'c VisibleSchema,
}

impl<'c> Selected<'c> {
    /// The field that is being resolved, whose value is a `T` or may be one.
    pub(crate) fn of<T: OutputType>(ctx: &'c Context<'c>) -> Self {
        let schema = VisibleSchema::of_request(ctx);
        Self { field: ctx.field(), known: None, on: schema.fields_of(&T::type_name()), schema }
    }

    /// Its name, whatever alias it has.
    pub(crate) fn name(&self) -> &'c str {
        self.field.name()
    }

    /// What is asked of its value. Fields of other types, as `node` has them in fragments, are left out.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Self> {
        self.field.selection_set().filter_map(|field| {
            let known = self.on?.get(field.name())?;
            Some(Self { field, known: Some(known), on: self.schema.fields_of(&known.leads_to), schema: self.schema })
        })
    }

    /// Those of its fields whose values are of this type, or the rows of this type if it is a connection.
    pub(crate) fn each<T: OutputType>(&self) -> Vec<Self> {
        let (wanted, mut found) = (T::type_name(), Vec::new());
        for field in self.fields() {
            match field.known {
                Some(known) if known.leads_to == wanted => found.push(field),
                Some(known) if known.declared.weight == Weight::InPage => found.extend(field.each::<T>()),
                Some(_) | None => {}
            }
        }
        found
    }

    /// What the field needs.
    pub(crate) fn needs(&self) -> &'c [Need] {
        self.known.map_or(&[], |known| &known.declared.needs)
    }

    /// Whether a connection is asked how many rows it has in all.
    fn wants_total(&self) -> bool {
        self.fields().any(|field| PageNeed::of(field.needs()).any(|need| need == PageNeed::Total))
    }

    /// Whether a connection is asked for texts of its rows: what is shown of them is logged.
    pub(crate) fn wants_texts<T: OutputType>(&self) -> bool {
        self.each::<T>()
            .iter()
            .any(|row| row.fields().any(|field| field.known.is_some_and(|known| known.declared.is_logged)))
    }
}

/// How many rows a list has in all, if its connection, which is being resolved, is asked for that.
pub(crate) async fn total<T: OutputType>(
    ctx: &Context<'_>,
    count: impl Future<Output = Result<i64, DbErr>>,
) -> Result<Option<i64>, Failure> {
    Ok(if Selected::of::<T>(ctx).wants_total() { Some(count.await?) } else { None })
}

/// What is asked of values of one type.
pub(crate) trait Plan: Default {
    /// The type.
    type Of: OutputType;

    /// Adds what a selection on the type asks for.
    fn add(&mut self, selected: &Selected<'_>);

    /// Adds what another plan asks for.
    fn merge(&mut self, other: &Self);

    /// Of the field that is being resolved.
    fn of_field(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        plan.add(&Selected::of::<Self::Of>(ctx));
        plan
    }

    /// Of what lies below the field that is being resolved: the rows of a connection, or the part of a payload.
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

/// Adds what another plan asks of a relation.
pub(crate) fn merge_relation<P: Plan>(own: &mut Option<P>, other: Option<&P>) {
    if let Some(other) = other {
        own.get_or_insert_default().merge(other);
    }
}

/// What is asked of a history, a list in pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct HistoryPlan {
    /// Each distinct page.
    pub(crate) pages: Vec<PageArgs>,
    /// Whether its rows are counted.
    pub(crate) count: bool,
}

impl HistoryPlan {
    pub(crate) fn add(&mut self, connection: &Selected<'_>) {
        self.count |= connection.wants_total();
        // Arguments that cannot be read are refused by the resolver, with their place.
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
