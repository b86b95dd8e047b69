//! Pages: the arguments `first`/`after` and `last`/`before`, and cursors, which are valid for one list only.

use std::fmt;

use async_graphql::{SimpleObject, Value};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use kim_entity::read::Window;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Failure;
use crate::error::limit::Limit;

/// Number of rows of a page without `first` and `last`.
pub(crate) const DEFAULT_ROWS: u64 = 20;
/// Maximum number of rows of a page.
pub(crate) const MAX_ROWS: u64 = 100;
/// Maximum number of ids in the argument `ids`.
pub(crate) const MAX_IDS: usize = 100;

/// Wo diese Seite in der Liste liegt.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct PageInfo {
    /// Ob nach dieser Seite noch etwas kommt.
    has_next_page: bool,
    /// Ob vor dieser Seite noch etwas liegt.
    has_previous_page: bool,
    /// Zeiger auf die erste Zeile.
    start_cursor: Option<String>,
    /// Zeiger auf die letzte Zeile.
    end_cursor: Option<String>,
}

/// Whether the list has rows before and after a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    next: bool,
    previous: bool,
}

impl Place {
    /// The position of a page. `more`: whether the list has more rows in the direction of paging. In the other
    /// direction it is only known whether the arguments had a cursor.
    pub(crate) const fn of(args: &PageArgs, more: bool) -> Self {
        match args.last {
            Some(_) => Self { next: args.before.is_some(), previous: more },
            None => Self { next: more, previous: args.after.is_some() },
        }
    }

    /// Adds the cursors of the first and the last row.
    pub(crate) fn between(self, start: Option<String>, end: Option<String>) -> PageInfo {
        PageInfo { has_next_page: self.next, has_previous_page: self.previous, start_cursor: start, end_cursor: end }
    }
}

/// The argument `first` or `last`.
pub(crate) type PageSize = Option<i32>;

/// The arguments of a page as sent by the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PageArgs {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

impl PageArgs {
    /// Reads the arguments of a selected field, for the plan. Invalid arguments are ignored; the resolver refuses them.
    pub(crate) fn of_selection(arguments: &[(async_graphql::Name, Value)]) -> Self {
        let find = |name: &str| arguments.iter().find(|(has, _)| has == name).map(|(_, value)| value);
        let number = |name: &str| match find(name) {
            Some(Value::Number(number)) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
            _ => None,
        };
        let text = |name: &str| match find(name) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        Self { first: number("first"), after: text("after"), last: number("last"), before: text("before") }
    }

    /// The window to fetch. A cursor must have been made for `list`; `read` parses its key.
    pub(crate) fn window<K>(&self, list: &str, read: impl Fn(&str) -> Option<K>) -> Result<Window<K>, Failure> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Failure::BadInput("Bitte nur „first“ oder nur „last“ angeben.".into()));
        }
        let wanted = self.first.or(self.last).map_or(Ok(DEFAULT_ROWS), u64::try_from);
        let limit = wanted.map_err(|_| Failure::BadInput("„first“ und „last“ sind nicht negativ.".into()))?;
        if limit > MAX_ROWS {
            return Err(Failure::LimitExceeded(Limit::Page, format!("Eine Seite hat höchstens {MAX_ROWS} Zeilen.")));
        }
        let key = |cursor: &Option<String>| cursor.as_deref().map(|cursor| decode(list, cursor, &read)).transpose();
        Ok(Window { limit, from_end: self.last.is_some(), after: key(&self.after)?, before: key(&self.before)? })
    }
}

/// The key of a row in its list. It is formatted only if the cursor is selected.
#[derive(Clone, Debug)]
pub(crate) enum RowKey {
    /// A formatted key.
    Text(String),
    /// A day and an id.
    Day(NaiveDate, Uuid),
    /// An instant, in microseconds, and an id.
    Instant(i64, Uuid),
}

impl From<String> for RowKey {
    fn from(key: String) -> Self {
        Self::Text(key)
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(key) => f.write_str(key),
            Self::Day(day, id) => write!(f, "{day}.{id}"),
            Self::Instant(at, id) => write!(f, "{at}.{id}"),
        }
    }
}

/// A cursor: the [`mark`] of the list, and the key of a row in it.
pub(crate) fn cursor(mark: &str, key: impl fmt::Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{mark}.{key}"))
}

fn decode<K>(list: &str, cursor: &str, read: impl Fn(&str) -> Option<K>) -> Result<K, Failure> {
    let refused =
        || Failure::BadInput("Dieser Zeiger (cursor) gehört nicht zu dieser Liste, Ordnung und Auswahl.".into());
    let text =
        URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(refused)?;
    let (made_for, key) = text.split_once('.').ok_or_else(refused)?;
    if made_for != mark(list) {
        return Err(refused());
    }
    read(key).ok_or_else(refused)
}

/// A short hash of a list's name, order and filter. It protects against mistakes, not against forgery: a cursor is only
/// a position in a list, and every list is narrowed to the viewer.
pub(crate) fn mark(list: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(list.as_bytes())[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(key: &str) -> Option<i64> {
        key.parse().ok()
    }

    #[test]
    fn a_cursor_is_refused_with_another_list() {
        let made = cursor(&mark("referrals DUE_ON_ASC"), "7");
        assert_eq!(decode("referrals DUE_ON_ASC", &made, number).expect("the same list"), 7);
        for list in ["referrals DUE_ON_DESC", ""] {
            assert!(matches!(decode(list, &made, number), Err(Failure::BadInput(_))));
        }
        for garbage in ["", "7", "!!!", "AAAA", &made[1..]] {
            assert!(matches!(decode("referrals DUE_ON_ASC", garbage, number), Err(Failure::BadInput(_))));
        }
    }

    #[test]
    fn a_page_has_20_rows_by_default_and_at_most_100() {
        let window = |first, last| PageArgs { first, last, ..PageArgs::default() }.window("", number);
        assert_eq!(window(None, None).expect("the default").limit, 20);
        assert_eq!(window(Some(0), None).expect("none").limit, 0);
        assert!(window(None, Some(100)).expect("the most").from_end);
        assert!(matches!(window(Some(101), None), Err(Failure::LimitExceeded(Limit::Page, _))));
        assert!(matches!(window(Some(-1), None), Err(Failure::BadInput(_))));
        assert!(matches!(window(Some(1), Some(1)), Err(Failure::BadInput(_))));
    }
}
