//! Gap: directives of a variable's definition are not validated. No upstream issue found.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::{Positioned, ServerError};

use crate::error::invalid;
use crate::schema::visible_schema::VisibleSchema;

/// Refuses all directives: none of the schema's directives is allowed on variable definitions.
pub(crate) fn check(
    definition: &Positioned<VariableDefinition>,
    schema: &VisibleSchema,
) -> impl Iterator<Item = ServerError> {
    definition.node.directives.iter().map(|directive| {
        let name = &directive.node.name.node;
        let text = match schema.directive(name) {
            None => format!("Unknown directive \"{name}\""),
            Some(_) => format!("Directive \"{name}\" may not be used on \"VARIABLE_DEFINITION\""),
        };
        invalid(text, directive.pos)
    })
}
