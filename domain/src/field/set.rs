//! Sets of handover fields.

use super::HandoverField;

/// A set of handover fields. Bit n is the field with number n.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FieldSet(u64);

impl FieldSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);
    /// All fields.
    pub const ALL: Self = Self::of(HandoverField::ALL);

    /// The set of these fields.
    #[must_use]
    pub const fn of(fields: &[HandoverField]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < fields.len() {
            bits |= 1 << fields[i] as u8;
            i += 1;
        }
        Self(bits)
    }
    /// The stored form: a bit per field, of the 63 bits of a positive `bigint`.
    #[must_use]
    pub const fn to_i64(self) -> i64 {
        self.0.cast_signed()
    }
    /// Reads a stored set. Bits without a field are dropped and grant nothing.
    #[must_use]
    pub const fn from_i64(bits: i64) -> Self {
        Self(bits.cast_unsigned() & Self::ALL.0)
    }
    /// The intersection.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// The union.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// The difference: fields of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// Whether the field is in the set.
    #[must_use]
    pub const fn contains(self, field: HandoverField) -> bool {
        self.0 & (1 << field as u8) != 0
    }
    /// Whether every field of this set is in the other.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The number of fields.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }
    /// Adds a field.
    pub const fn insert(&mut self, field: HandoverField) {
        self.0 |= 1 << field as u8;
    }
    /// The fields, in reading order.
    pub fn iter(self) -> impl Iterator<Item = HandoverField> {
        HandoverField::ALL.iter().copied().filter(move |&field| self.contains(field))
    }
}

impl FromIterator<HandoverField> for FieldSet {
    fn from_iter<I: IntoIterator<Item = HandoverField>>(fields: I) -> Self {
        let mut set = Self::EMPTY;
        fields.into_iter().for_each(|field| set.insert(field));
        set
    }
}

impl std::fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(HandoverField::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_fields_is_stored_compared_and_combined() {
        let some = FieldSet::of(&[HandoverField::Age, HandoverField::CounsellingNotes]);
        assert_eq!(some.len(), 2);
        assert_eq!(FieldSet::from_i64(some.to_i64()), some);
        assert_eq!(some.iter().collect::<FieldSet>(), some);
        assert_eq!(FieldSet::from_i64(-1), FieldSet::ALL);
        assert_eq!(FieldSet::ALL.len(), HandoverField::ALL.len());
        assert!(some.is_within(FieldSet::ALL) && !FieldSet::ALL.is_within(some));
        assert!(FieldSet::ALL.without(FieldSet::ALL).is_empty() && !some.is_empty());
        assert_eq!(some.and(FieldSet::of(&[HandoverField::Age])).or(FieldSet::EMPTY).len(), 1);
        assert_eq!(format!("{some:?}"), r#"{"age", "counsellingNotes"}"#);
    }
}
