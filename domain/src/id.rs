//! Ids in the API: TypeIDs, i.e. a type prefix and the UUIDv7 in base32 (`referral_01h45…`).

use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

crate::words! {
    /// What an id refers to. The code is the id's prefix.
    pub enum Kind("Art eines Bezeichners") {
        Referral = "referral": "Übergabe",
        Case = "case": "Fall",
        Agency = "agency": "Stelle",
        Agreement = "agreement": "Schnittstellenvereinbarung",
        Proposal = "proposal": "Vorschlag einer Schnittstellenvereinbarung",
        Person = "person": "Person",
        Consent = "consent": "Einwilligung",
        Message = "message": "Nachricht",
        Event = "event": "Ereignis",
        Correction = "correction": "Gemeldete Angabe",
        Disclosure = "disclosure": "Eintrag im Protokoll",
        Note = "note": "Beratungsnotiz",
        Decision = "decision": "Entscheidung über die Zielgruppe",
    }
}

/// Why a text is not a usable id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The text is not a TypeID.
    #[error("not an id")]
    NotAnId,
    /// The text is a TypeID of a kind that does not exist. It refers to nothing and is treated as an unknown id.
    #[error("an id of no kind that exists")]
    UnknownKind,
}

/// Encodes an id for the API.
#[must_use]
pub fn encode(kind: Kind, id: Uuid) -> String {
    DynamicType::new(kind.code())
        .map_or_else(|_| String::new(), |prefix| TypeSafeId::from_type_and_uuid(prefix, id).to_string())
}

/// Decodes an id of the API.
///
/// # Errors
/// [`Malformed`]
pub fn decode(text: &str) -> Result<(Kind, Uuid), Malformed> {
    let id: TypeSafeId<DynamicType> = text.parse().map_err(|_| Malformed::NotAnId)?;
    // Upper case would be a second spelling of the same id.
    if id.to_string() != text {
        return Err(Malformed::NotAnId);
    }
    let kind = <Kind as crate::Word>::from_code(id.type_prefix()).ok_or(Malformed::UnknownKind)?;
    Ok((kind, id.uuid()))
}

/// A new id in version 7, so that ids sort by creation time.
#[must_use]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_round_trips() {
        for &kind in Kind::ALL {
            let id = new_uuid();
            let text = encode(kind, id);
            assert!(text.starts_with(kind.code()), "{text}");
            assert_eq!(decode(&text), Ok((kind, id)));
        }
    }

    #[test]
    fn an_unknown_kind_is_not_a_malformed_id() {
        let text = encode(Kind::Case, new_uuid());
        assert_eq!(decode(&text.replace("case_", "shoe_")), Err(Malformed::UnknownKind));
        for text in [
            "",
            "case",
            "case_",
            "case_123",
            "referral_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "Case_01h455vb4pex5vsknk084sn02q",
            "💥",
        ] {
            assert_eq!(decode(text), Err(Malformed::NotAnId), "{text}");
        }
        assert_eq!(decode(&text.to_uppercase()), Err(Malformed::NotAnId));
    }

    #[test]
    fn ids_sort_by_time() {
        let ids: Vec<Uuid> = (0..1000).map(|_| new_uuid()).collect();
        assert!(ids.is_sorted());
    }
}
