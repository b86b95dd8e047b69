//! The hash by which a second import recognises a row.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kim_domain::field::HandoverField;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::referral::ReferralStatus;
use kim_domain::value::CasePhase;
use unicode_normalization::UnicodeNormalization as _;

use super::case_row::CaseRow;

/// The version of new hashes. A stored hash names its version before a colon; the first version had none.
///
/// A new way of normalising a value is a new version: the row keeps the value of the earlier one in
/// [`CaseRow::first_values`], so that rows which are stored with its hash count as unchanged.
const NEWEST: &str = "2";

impl CaseRow {
    /// Hash of the row's content, independent of its spelling. It must stay the same in every version of this program.
    pub(crate) fn hash(&self, key: &FingerprintKey) -> String {
        format!("{NEWEST}:{}", self.digest(key, &self.values, str::to_owned))
    }

    /// Whether a stored hash of any version is that of this row, whose newest hash is known.
    pub(crate) fn has_hash(&self, key: &FingerprintKey, stored: &str, newest: &str) -> bool {
        stored == newest || (!stored.contains(':') && self.first_hashes(key).any(|first| first == stored))
    }

    /// The hashes of the first version, which normalised no text: of a list with composed letters, and of one with decomposed
    /// letters, as macOS writes them.
    pub(crate) fn first_hashes(&self, key: &FingerprintKey) -> impl Iterator<Item = String> {
        let mut values = self.values.clone();
        values.extend(self.first_values.clone());
        let decomposed = |text: &str| text.nfd().collect();
        [self.digest(key, &values, str::to_owned), self.digest(key, &values, decomposed)].into_iter()
    }

    /// The hash of the row's content, with these values, and all texts in this form.
    fn digest(
        &self,
        key: &FingerprintKey,
        values: &BTreeMap<HandoverField, String>,
        form: fn(&str) -> String,
    ) -> String {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let mut parts = vec![
            form(self.district.as_deref().unwrap_or_default()),
            self.phase.map(CasePhase::code).unwrap_or_default().to_owned(),
            day(self.opened_on),
            self.children.to_string(),
        ];
        for (field, value) in values {
            parts.extend([field.name().to_owned(), form(value)]);
        }
        if let Some(referral) = &self.referral {
            let standing = referral.standing;
            parts.extend([
                referral.receiver.clone(),
                referral.purpose.map(|(purpose, _)| purpose.code()).unwrap_or_default().to_owned(),
                standing.map(|standing| standing.status.code()).unwrap_or_default().to_owned(),
                standing.and_then(|standing| standing.reason).unwrap_or_default().to_owned(),
                standing.is_some_and(|standing| standing.ever_accepted).to_string(),
                standing
                    .and_then(|standing| standing.suspended_from)
                    .map(ReferralStatus::code)
                    .unwrap_or_default()
                    .to_owned(),
                day(referral.offered_on),
                day(referral.due_on),
                day(referral.closed_on),
                day(referral.consent_from),
                day(referral.consent_until),
                day(referral.release_on),
                referral.ticked.to_i64().to_string(),
            ]);
            // Only if it is set, so that rows of lists without the column keep their hash.
            if referral.report_outcome {
                parts.push("report_outcome".to_owned());
            }
        }
        key.content(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }
}
