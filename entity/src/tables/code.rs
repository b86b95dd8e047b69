//! A word of a closed list as a column: TEXT holding the word's code.

use kim_domain::Word;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, IntoActiveValue, QueryResult, TryFromU64, TryGetError, TryGetable, Value};

/// A word, stored as its code. A code that is in no list is a [`DbErr::Type`] that names the list, never the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code<T>(pub T);

impl<T> From<T> for Code<T> {
    fn from(word: T) -> Self {
        Self(word)
    }
}

impl<T: Word> From<Code<T>> for Value {
    fn from(code: Code<T>) -> Self {
        Self::from(code.0.code())
    }
}

impl<T: Word> TryGetable for Code<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let code = String::try_get_by(row, index)?;
        T::from_code(&code).map(Self).ok_or_else(|| DbErr::Type(format!("no such {}", T::NAME)).into())
    }
}

impl<T: Word> ValueType for Code<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let code = <String as ValueType>::try_from(value)?;
        T::from_code(&code).map(Self).ok_or(ValueTypeErr)
    }

    fn type_name() -> String {
        T::NAME.to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}

impl<T: Word> Nullable for Code<T> {
    fn null() -> Value {
        Value::String(None)
    }
}

/// A word may be part of a key; no database makes one by counting.
impl<T: Word> TryFromU64 for Code<T> {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64(T::NAME))
    }
}

impl<T: Word> IntoActiveValue<Self> for Code<T> {
    fn into_active_value(self) -> sea_orm::ActiveValue<Self> {
        sea_orm::ActiveValue::Set(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kim_domain::agency::AgencyKind;

    #[test]
    fn a_word_is_its_code_and_back() {
        for &kind in AgencyKind::ALL {
            let value = Value::from(Code(kind));
            assert_eq!(value, Value::from(kind.code()));
            assert_eq!(<Code<AgencyKind> as ValueType>::try_from(value).ok(), Some(Code(kind)));
        }
    }

    #[test]
    fn a_code_of_no_list_is_refused() {
        assert!(<Code<AgencyKind> as ValueType>::try_from(Value::from("jobcenter")).is_err());
        assert!(<Code<AgencyKind> as ValueType>::try_from(Value::from(7)).is_err());
    }

    #[test]
    fn no_word_is_null() {
        let none: Option<Code<AgencyKind>> = None;
        assert_eq!(Value::from(none), Value::String(None));
    }
}
