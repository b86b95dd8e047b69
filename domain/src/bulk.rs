//! Bulk answers: actions on many referrals in one call.

/// Maximum number of rows per call. A change of Rechtskreis causes some hundreds of handovers in a day.
pub const MAX_ROWS: usize = 1_000;

crate::words! {
    /// A receiver's bulk answer. Only moves that need no free text per referral are offered.
    pub enum BulkAnswer("Antwort auf viele Übergaben zugleich") for Work {
        Acknowledge = "ACKNOWLEDGE": "Eingang bestätigen",
        Accept = "ACCEPT": "annehmen",
        /// Needs a reason.
        Decline = "DECLINE": "ablehnen; braucht „declineReason“",
        Start = "START": "Bearbeitung beginnen",
        /// Needs an outcome.
        Complete = "COMPLETE": "abschließen; braucht „outcome“",
        /// Needs a reason.
        Fail = "FAIL": "als gescheitert abschließen; braucht „failReason“",
        /// Needs a reason.
        Return = "RETURN": "zurückgeben; braucht „returnReason“",
    }
}
