//! Documents, read once: programs send the same few over and over, and reading one takes longer than fetching its rows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Positioned, Request, ServerError, Variables};
use kim_domain::fingerprint::hex;
use sha2::{Digest as _, Sha256};

use crate::engine::rewrite::rewrite;
use crate::engine_merge::needs_engine_merge;

/// Bytes of text of all documents that are kept; then it begins anew. What is kept takes some thirty times as much.
const MOST: usize = 128 * 1024;

/// What a client asks: which operation of a document, with which variables. The document is read once, here.
pub struct Asked {
    pub(crate) document: Arc<Document>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Variables,
}

impl Asked {
    /// Reads a request whose document's brackets were counted.
    ///
    /// # Errors
    /// What is wrong with the document, and where.
    pub fn read(request: Request) -> Result<Self, ServerError> {
        let Request { query, operation_name, variables, .. } = request;
        Ok(Self { document: Document::read(&query)?, operation_name, variables })
    }

    /// What the operation does; `None` if there is none, or it is not said which.
    #[must_use]
    pub fn operation_type(&self) -> Option<OperationType> {
        operation(&self.document.sent, self.operation_name.as_deref()).map(|operation| operation.node.ty)
    }

    /// What the engine gets.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.document.merged.clone());
        request
    }
}

impl fmt::Debug for Asked {
    /// Variables never get into a log by way of Debug.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

/// The operation that runs: the named one, or the only one, which may have a name as well. `None` if the document does
/// not say which that is.
pub(crate) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d Positioned<OperationDefinition>> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        // One without a name cannot be asked for by name.
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// A document as it was sent, and as it is executed.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) sent: ExecutableDocument,
    /// With everything said once.
    pub(crate) merged: ExecutableDocument,
    /// Whether it still asks for an object in pieces, which are the engine's to put together.
    pub(crate) in_pieces: bool,
    /// Which document it was, without its text: a hash.
    pub(crate) fingerprint: String,
}

impl Document {
    fn read(text: &str) -> Result<Arc<Self>, ServerError> {
        static KEPT: LazyLock<Kept> = LazyLock::new(Kept::default);
        KEPT.read(text)
    }

    fn parse(text: &str) -> Result<Self, ServerError> {
        let sent = parse_query(text)?;
        let mut merged = sent.clone();
        rewrite(&mut merged);
        let in_pieces = needs_engine_merge(&merged);
        Ok(Self { sent, merged, in_pieces, fingerprint: hex(&Sha256::digest(text.as_bytes())[..16]) })
    }
}

/// Documents by their text.
#[derive(Debug, Default)]
struct Kept(Mutex<(HashMap<String, Arc<Document>>, usize)>);

impl Kept {
    fn read(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        // A text or a comment within it may name a person: such a document is not kept longer than its request.
        if text.contains(['"', '#']) || text.len() > MOST / 8 {
            return Document::parse(text).map(Arc::new);
        }
        if let Some(document) = self.0.lock().unwrap_or_else(PoisonError::into_inner).0.get(text) {
            return Ok(Arc::clone(document));
        }
        let document = Arc::new(Document::parse(text)?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (documents, bytes) = &mut *kept;
        if *bytes + text.len() > MOST {
            (*documents, *bytes) = (HashMap::new(), 0);
        }
        if documents.insert(text.to_owned(), Arc::clone(&document)).is_none() {
            *bytes += text.len();
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_once() {
        let kept = Kept::default();
        let read = |text: &str| kept.read(text).expect("a document");
        let (first, again) = (read("{ viewer { role } }"), read("{ viewer { role } }"));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &read("{ viewer { role role } }")));
    }

    #[test]
    fn what_may_name_a_person_is_not_kept() {
        let kept = Kept::default();
        for text in ["{ a } # Rahimi", "{ a(name: \"Rahimi\") { b } }", "{ a(name: \"\"\"Rahimi\"\"\") { b } }"] {
            kept.read(text).expect("a document");
        }
        assert_eq!(kept.0.lock().expect("kept").0.len(), 0);
    }

    #[test]
    fn it_does_not_grow_without_end_and_errors_are_not_kept() {
        let kept = Kept::default();
        for number in 0..2_000 {
            kept.read(&format!("{{ a{number}: viewer {{ {} }} }}", "role ".repeat(30))).expect("a document");
            kept.read(&format!("{{ a{number}")).expect_err("no document");
        }
        let kept = kept.0.lock().expect("kept");
        assert!(kept.1 <= MOST && kept.0.keys().map(String::len).sum::<usize>() == kept.1);
        assert!(!kept.0.is_empty());
    }
}
