//! The limits of a request, and the error for exceeding one.

use async_graphql::{Pos, ServerError};

use crate::error::{Code, with_code};

kim_domain::words! {
    /// A limit of a request: `extensions.limit` of errors with the code `LIMIT_EXCEEDED`.
    pub enum Limit("Grenze einer Anfrage") {
        Body = "BODY": "Bytes im Body",
        JsonNesting = "JSON_NESTING": "ineinander geschachtelte Objekte und Listen im JSON",
        JsonValues = "JSON_VALUES": "Werte im JSON",
        JsonMembers = "JSON_MEMBERS": "Angaben in einem Objekt im JSON",
        Nesting = "NESTING": "ineinander geschachtelte Klammern",
        Tokens = "TOKENS": "Namen, Werte und Zeichen im Dokument",
        Name = "NAME": "Zeichen in einem Namen oder einer Zahl",
        Names = "NAMES": "Zeichen in allen Namen zusammen",
        Document = "DOCUMENT": "Bytes im Dokument",
        Definitions = "DEFINITIONS": "Operationen und Fragmente",
        Fields = "FIELDS": "Felder, alle Fragmente eingesetzt",
        Depth = "DEPTH": "Ebenen",
        RootFields = "ROOT_FIELDS": "Felder auf der ersten Ebene",
        Aliases = "ALIASES": "Aliasse",
        Directives = "DIRECTIVES": "Direktiven",
        Rows = "ROWS": "Zeilen, die Seitengrößen miteinander multipliziert",
        Values = "VALUES": "Werte in der Antwort, nach den Seitengrößen geschätzt",
        Inputs = "INPUTS": "Werte in Argumenten, Variablen an jeder ihrer Stellen gezählt",
        Text = "TEXT": "Bytes in einem Text",
        Statistics = "STATISTICS": "Statistik",
        Page = "PAGE": "Zeilen auf einer Seite",
        Ids = "IDS": "Kennungen in einer Liste",
        Items = "ITEMS": "Zeilen in „items“",
    }
}

/// A request that exceeds a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceededLimit {
    /// The limit.
    pub limit: Limit,
    /// The maximum.
    pub max: u64,
}

impl std::fmt::Display for ExceededLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Die Anfrage ist zu groß: höchstens {} {}.", self.max, self.limit.label())
    }
}

impl ExceededLimit {
    /// The error, at its location in the document.
    pub(crate) fn at(self, place: Option<Pos>) -> ServerError {
        let mut error = with_code(ServerError::new(self.to_string(), place), Code::LimitExceeded);
        if let Some(extensions) = &mut error.extensions {
            extensions.set("limit", self.limit.code());
        }
        error
    }
}
