//! Pages: `first`/`after` and `last`/`before`, and cursors that carry the list they were made for.

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

/// The rows of a page that does not say how many.
pub(crate) const DEFAULT: u64 = 20;
/// The rows of the largest page.
pub(crate) const MOST: u64 = 100;
/// How many ids one field may be given.
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

/// Whether anything lies before and after a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    next: bool,
    previous: bool,
}

impl Place {
    /// Of a page. Against the direction of counting it is known only that the page was not the first.
    pub(crate) const fn of(args: &PageArgs, more: bool) -> Self {
        match args.last {
            Some(_) => Self { next: args.before.is_some(), previous: more },
            None => Self { next: more, previous: args.after.is_some() },
        }
    }

    /// With the cursors of its first and last row.
    pub(crate) fn between(self, start: Option<String>, end: Option<String>) -> PageInfo {
        PageInfo { has_next_page: self.next, has_previous_page: self.previous, start_cursor: start, end_cursor: end }
    }
}

/// How many rows a page is to have, as the caller says.
pub(crate) type PageSize = Option<i32>;

/// The arguments of a page as the caller gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PageArgs {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

impl PageArgs {
    /// Reads them from a selected field, for the plan. What cannot be read here is refused by the resolver.
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

    /// What to fetch; `list` says which list a cursor must have been made for, `read` its key.
    pub(crate) fn window<K>(&self, list: &str, read: impl Fn(&str) -> Option<K>) -> Result<Window<K>, Failure> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Failure::BadInput("Bitte nur „first“ oder nur „last“ angeben.".into()));
        }
        let wanted = self.first.or(self.last).map_or(Ok(DEFAULT), u64::try_from);
        let limit = wanted.map_err(|_| Failure::BadInput("„first“ und „last“ sind nicht negativ.".into()))?;
        if limit > MOST {
            return Err(Failure::LimitExceeded(Limit::Page, format!("Eine Seite hat höchstens {MOST} Zeilen.")));
        }
        let key = |cursor: &Option<String>| cursor.as_deref().map(|cursor| open(list, cursor, &read)).transpose();
        Ok(Window { limit, from_end: self.last.is_some(), after: key(&self.after)?, before: key(&self.before)? })
    }
}

/// The key of a row in its list. It is written only if its cursor is asked for.
#[derive(Clone, Debug)]
pub(crate) enum RowKey {
    /// As it is.
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

fn open<K>(list: &str, cursor: &str, read: impl Fn(&str) -> Option<K>) -> Result<K, Failure> {
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

/// A short mark of a list's name, order and filter. It guards against mistakes, not against forgery: a cursor only
/// says where to go on among rows that are narrowed to the viewer anyway.
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
        assert_eq!(open("referrals DUE_ON_ASC", &made, number).expect("its own list"), 7);
        for list in ["referrals DUE_ON_DESC", ""] {
            assert!(matches!(open(list, &made, number), Err(Failure::BadInput(_))));
        }
        for garbage in ["", "7", "!!!", "AAAA", &made[1..]] {
            assert!(matches!(open("referrals DUE_ON_ASC", garbage, number), Err(Failure::BadInput(_))));
        }
    }

    #[test]
    fn a_page_has_20_rows_and_100_at_most() {
        let window = |first, last| PageArgs { first, last, ..PageArgs::default() }.window("", number);
        assert_eq!(window(None, None).expect("the default").limit, 20);
        assert_eq!(window(Some(0), None).expect("none").limit, 0);
        assert!(window(None, Some(100)).expect("the most").from_end);
        assert!(matches!(window(Some(101), None), Err(Failure::LimitExceeded(Limit::Page, _))));
        assert!(matches!(window(Some(-1), None), Err(Failure::BadInput(_))));
        assert!(matches!(window(Some(1), Some(1)), Err(Failure::BadInput(_))));
    }
}
