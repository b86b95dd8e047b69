//! The scalars of the schema: days, instants, months, periods and ids.

use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as ChronoDateTime, NaiveDate, SecondsFormat, Utc};
use kim_domain::birth_date::BirthDate;
use kim_domain::id::{self, Kind};
use kim_domain::period::{Month, Period};
use uuid::Uuid;

use crate::error::Failure;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(pub(crate) NaiveDate);

/// A birth date that is known in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BirthDatePart(pub(crate) BirthDate);

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) ChronoDateTime<Utc>);

/// A month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MonthScalar(pub(crate) Month);

/// A month or a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PeriodScalar(pub(crate) Period);

/// Declares scalars that are strings, with functions to parse and to format a value and the message for an invalid one.
macro_rules! scalars {
    ($($(#[doc = $about:literal])+ $name:literal $audience:literal $scalar:ident($type:ty) {
        $read:expr, $hint:literal, $write:expr
    })+) => {
        /// How a value of each scalar is written, for errors about a value that is not.
        pub(crate) const HINTS: &[(&str, &str)] = &[
            $(($name, $hint),)+
            ("ID", "Kennung als Text, z. B. referral_01h455vb4pex5vsknk084sn02q"),
        ];
    $(
        $(#[doc = $about])+
        #[Scalar(name = $name, tag = $audience)]
        impl ScalarType for $scalar {
            fn parse(value: Value) -> InputValueResult<Self> {
                let read: fn(&str) -> Option<$type> = $read;
                text_of(&value).and_then(read).map(Self).ok_or_else(|| InputValueError::custom($hint))
            }
            fn is_valid(value: &Value) -> bool {
                // The engine calls this in validation, for literals and variables: invalid values never reach a resolver.
                Self::parse(value.clone()).is_ok()
            }
            fn to_value(&self) -> Value {
                let write: fn(&$type) -> String = $write;
                Value::String(write(&self.0))
            }
        }
    )+ };
}

scalars! {
    /// Ein Tag (ISO 8601), z. B. `2026-11-20`.
    "Date" "for all" Date(NaiveDate) {
        // Exactly ten characters, because chrono also accepts `2026-1-1`.
        |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10),
        "a day is written 2026-11-20",
        // The same text as with `%Y-%m-%d`, without parsing a pattern for each value.
        ToString::to_string
    }
    /// Ein Zeitpunkt (RFC 3339), ausgegeben in UTC, z. B. `2026-11-20T11:00:00Z`.
    "DateTime" "for all" DateTime(ChronoDateTime<Utc>) {
        |text| ChronoDateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc()),
        "an instant is written 2026-11-20T11:00:00Z",
        |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
    /// Was von einem Geburtsdatum bekannt ist, das nur zum Teil bekannt ist: `1990-05` oder `1990`.
    "BirthDatePart" "for work" BirthDatePart(BirthDate) {
        |text| text.parse().ok().filter(|born: &BirthDate| born.day().is_none()),
        "Jahr als JJJJ (1990) oder Monat als JJJJ-MM (1990-05)",
        ToString::to_string
    }
    /// Ein Monat, z. B. `2026-10`.
    "Month" "for work" MonthScalar(Month) { Month::parse, "Monat als JJJJ-MM (2026-03)", ToString::to_string }
    /// Ein Monat oder ein Quartal, z. B. `2026-10` oder `2026-Q4`.
    "Period" "for coordination" PeriodScalar(Period) {
        Period::parse, "Monat als JJJJ-MM (2026-03), Quartal als JJJJ-QN (2026-Q1)", ToString::to_string
    }
}

/// How an id is written, for errors about a text that is none.
pub(crate) const ID_EXAMPLE: &str = "Kennungen sehen so aus: referral_01h455vb4pex5vsknk084sn02q";

fn text_of(value: &Value) -> Option<&str> {
    if let Value::String(text) = value { Some(text) } else { None }
}

impl DateTime {
    /// From microseconds since 1970.
    pub(crate) fn from_micros(micros: i64) -> Option<Self> {
        ChronoDateTime::from_timestamp_micros(micros).map(Self)
    }
}

/// Encodes an id for the API.
pub(crate) fn global(kind: Kind, id: Uuid) -> ID {
    ID(id::encode(kind, id))
}

/// Decodes an id of this kind. `None` for an id of another kind, which the caller treats like an id that does not
/// exist.
pub(crate) fn local(kind: Kind, id: &ID) -> Result<Option<Uuid>, Failure> {
    Ok(any(id)?.filter(|(has, _)| *has == kind).map(|(_, id)| id))
}

/// Decodes an id of any kind. `None` for an unknown kind.
pub(crate) fn any(id: &ID) -> Result<Option<(Kind, Uuid)>, Failure> {
    match id::decode(id) {
        Ok(found) => Ok(Some(found)),
        Err(id::Malformed::UnknownKind) => Ok(None),
        Err(id::Malformed::NotAnId) => Err(Failure::BadInput(format!("Das ist keine Kennung. {ID_EXAMPLE}"))),
    }
}
