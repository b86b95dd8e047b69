//! Parsed documents, with a cache. Programs send the same few documents again and again, and parsing a document takes
//! longer than fetching its rows.

pub(crate) mod cache;
pub(crate) mod cost;
pub(crate) mod engine_merge;
pub(crate) mod inputs;
pub(crate) mod limits;
pub(crate) mod prepared;

use std::fmt;
use std::sync::{Arc, LazyLock};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Positioned, Request, ServerError, Variables};
use kim_domain::fingerprint::hex;
use sha2::{Digest as _, Sha256};

use crate::document::cache::Cache;
use crate::document::engine_merge::needs_engine_merge;
use crate::engine::rewrite::rewrite;
use crate::engine::unicode_escapes;

/// A request with its parsed document: the document, the name of the operation, and the variables.
pub struct ParsedRequest {
    pub(crate) document: Arc<Document>,
    /// The text of the document, if it may be cached.
    pub(crate) text: Option<String>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
}

impl ParsedRequest {
    /// Parses the document of a request. The brackets of the document must have been counted before.
    ///
    /// # Errors
    /// The document is invalid.
    pub fn read(request: Request) -> Result<Self, ServerError> {
        static PARSED: LazyLock<Cache<String, Document>> = LazyLock::new(Cache::default);
        let Request { query, operation_name, variables, .. } = request;
        let document = Document::read(&query, &PARSED)?;
        Ok(Self { document, text: is_cacheable(&query).then_some(query), operation_name, variables })
    }

    /// The type of the operation. `None` if the document has no such operation, or several and the request names none.
    #[must_use]
    pub fn operation_type(&self) -> Option<OperationType> {
        self.document.operation(self.operation_name.as_deref()).map(|operation| operation.node.ty)
    }

    /// The request for the engine, without further checks.
    #[must_use]
    pub fn request(&self) -> Request {
        engine_request(self.document.rewritten.clone(), self.operation_name.as_deref(), &self.variables)
    }
}

impl fmt::Debug for ParsedRequest {
    /// Without the variables, so that they cannot get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParsedRequest")
    }
}

/// Whether a document may be cached. Strings and comments may contain a person's name, so documents with them are not.
fn is_cacheable(text: &str) -> bool {
    text.len() <= cache::MAX_BYTES / 8 && !text.contains(['"', '#'])
}

/// The request for the engine.
pub(crate) fn engine_request(
    document: ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Request {
    let mut request = Request::new("").variables(variables.clone());
    request.operation_name = operation_name.map(str::to_owned);
    request.set_parsed_query(document);
    request
}

/// A parsed document, as sent and as executed.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) sent: ExecutableDocument,
    pub(crate) rewritten: ExecutableDocument,
    /// Whether the engine must [merge](engine_merge) objects of the response.
    pub(crate) needs_engine_merge: bool,
    /// A hash of the text.
    pub(crate) fingerprint: String,
}

impl Document {
    fn read(text: &str, parsed: &Cache<String, Self>) -> Result<Arc<Self>, ServerError> {
        if !is_cacheable(text) {
            return Self::parse(text).map(Arc::new);
        }
        if let Some(document) = parsed.get(text) {
            return Ok(document);
        }
        let document = Arc::new(Self::parse(text)?);
        parsed.insert(text.to_owned(), text.len(), Arc::clone(&document));
        Ok(document)
    }

    fn parse(text: &str) -> Result<Self, ServerError> {
        let sent = parse_query(unicode_escapes::replace(text))?;
        let mut rewritten = sent.clone();
        rewrite(&mut rewritten);
        let needs_engine_merge = needs_engine_merge(&rewritten);
        let fingerprint = hex(&Sha256::digest(text.as_bytes())[..16]);
        Ok(Self { sent, rewritten, needs_engine_merge, fingerprint })
    }

    /// The operation to execute: the one with this name, or the only one. `None` if there is no such operation, or
    /// several and no name is given.
    pub(crate) fn operation(&self, name: Option<&str>) -> Option<&Positioned<OperationDefinition>> {
        match (&self.rewritten.operations, name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            // An anonymous operation does not match any name.
            (DocumentOperations::Single(_), Some(_)) => None,
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
            (DocumentOperations::Multiple(_), None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_parsed_once() {
        let parsed = Cache::default();
        let read = |text: &str| Document::read(text, &parsed).expect("a document");
        let (first, again) = (read("{ viewer { role } }"), read("{ viewer { role } }"));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &read("{ viewer { role role } }")));
    }

    #[test]
    fn documents_with_strings_or_comments_and_long_documents_are_not_cached() {
        let parsed = Cache::default();
        let long = format!("{{ viewer {{ {} }} }}", "role ".repeat(4_000));
        for text in
            ["{ a } # Rahimi", "{ a(name: \"Rahimi\") { b } }", "{ a(name: \"\"\"Rahimi\"\"\") { b } }", long.as_str()]
        {
            Document::read(text, &parsed).expect("a document");
            assert!(ParsedRequest::read(Request::new(text)).expect("a document").text.is_none());
        }
        assert_eq!(parsed.len(), 0);
        assert!(ParsedRequest::read(Request::new("{ a }")).expect("a document").text.is_some());
    }

    #[test]
    fn errors_are_not_cached() {
        let parsed = Cache::default();
        Document::read("{ a", &parsed).expect_err("no document");
        assert_eq!(parsed.len(), 0);
    }
}
