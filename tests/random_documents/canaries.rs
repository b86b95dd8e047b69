//! Finds canaries, ids and agencies anywhere in the text of an answer.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::viewers::Viewer;
use super::world::STRANGE;

/// The example id in the text of an error. It is the id of no row.
pub(crate) const EXAMPLE: &str = "referral_01h455vb4pex5vsknk084sn02q";

/// Classes of canaries that were shown to somebody.
pub(crate) type Classes = BTreeSet<String>;

/// Checks every canary, id and foreign agency in a text. `echoed` are ids of the request that the answer repeats.
pub(crate) fn check(
    facts: &Facts,
    viewer: &Viewer,
    body: &str,
    echoed: &[String],
    seen: &mut Classes,
) -> Result<(), String> {
    for (at, word) in body.match_indices("Kanari") {
        let rest = &body[at + word.len()..];
        let number: u32 = rest.get(..5).and_then(|digits| digits.parse().ok()).ok_or("a canary without a number")?;
        let class = rest[6..].split('x').next().unwrap_or_default();
        if !viewer.may_read(facts, number, class) {
            return Err(format!("the canary {class} of {number}"));
        }
        seen.insert(class.to_owned());
    }
    for (at, _) in body.match_indices('_') {
        if let Some(id) = id_around(body, at)
            && id != EXAMPLE
            && !echoed.iter().any(|echo| echo == id)
            && !facts.ids.get(id).is_some_and(|named| viewer.may_know(facts, named))
        {
            return Err(format!("the id {id}"));
        }
    }
    for (at, _) in body.match_indices(STRANGE) {
        let slug: String =
            body[at..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        if !viewer.knows(facts, facts.agency(&slug)) {
            return Err(format!("the agency {slug}"));
        }
    }
    Ok(())
}

/// The TypeID whose prefix ends here: lower case letters, and 26 letters and digits.
fn id_around(body: &str, at: usize) -> Option<&str> {
    const LENGTH: usize = 26;
    let bytes = body.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let suffix = bytes.get(at + 1..)?.iter().take_while(|byte| is_part(byte)).count();
    let prefix = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_lowercase()).count();
    (suffix == LENGTH && prefix > 0).then(|| &body[at - prefix..=at + LENGTH])
}
