//! Gap: the directives, the arguments and the selection of `__typename` are not validated. No upstream issue found.

use async_graphql::parser::types::{Field, InlineFragment, Selection, SelectionSet};
use async_graphql::registry::MetaType;
use async_graphql::{Positioned, ServerError};

use crate::error::invalid;

/// The name of the field.
pub(crate) const FIELD: &str = "__typename";

/// Refuses arguments and a selection of `__typename`.
pub(crate) fn check(field: &Field, of: Option<&MetaType>) -> impl Iterator<Item = ServerError> {
    let on = of.map_or("", MetaType::name);
    let arguments = field.arguments.iter().map(move |(name, _)| {
        let text = format!("Unknown argument \"{}\" on field \"{FIELD}\" of type \"{on}\".", name.node);
        invalid(text, name.pos)
    });
    let selection = (!field.selection_set.node.items.is_empty()).then(|| {
        let text = format!("Field \"{FIELD}\" must not have a selection since type \"String!\" has no subfields");
        invalid(text, field.name.pos)
    });
    arguments.chain(selection)
}

/// Moves the directives of `__typename` to a fragment around the field, where the engine validates them.
pub(crate) fn wrap(item: &mut Selection) {
    if let Selection::Field(field) = item
        && field.node.name.node == FIELD
        && !field.node.directives.is_empty()
    {
        let (pos, directives) = (field.pos, std::mem::take(&mut field.node.directives));
        let items = vec![Positioned::new(Selection::Field(field.clone()), pos)];
        let selection_set = Positioned::new(SelectionSet { items }, pos);
        let inline = InlineFragment { type_condition: None, directives, selection_set };
        *item = Selection::InlineFragment(Positioned::new(inline, pos));
    }
}
