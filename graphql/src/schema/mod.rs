//! Parts of every schema: declarations, visibility, scalars, and enums of domain words.

pub(crate) mod declaration;
pub(crate) mod needs;
pub(crate) mod scalar;
pub(crate) mod visibility;
pub(crate) mod visible_schema;
pub(crate) mod word_enum;
