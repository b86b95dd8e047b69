//! What the parts of the schema are made of: declarations, what of them is visible, scalars, and words as enums.

pub(crate) mod declaration;
pub(crate) mod needs;
pub(crate) mod scalar;
pub(crate) mod visibility;
pub(crate) mod visible_schema;
pub(crate) mod word_enum;
