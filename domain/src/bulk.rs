//! What can be done with many referrals in one call.

/// The most rows of one call. A change of Rechtskreis brings some hundreds of handovers in a day.
pub const MOST_ROWS: usize = 1_000;

crate::words! {
    /// What a receiver can answer to many referrals at once: moves that need no words of their own for each.
    pub enum BulkAnswer("Antwort auf viele Übergaben zugleich") for Work {
        Acknowledge = "ACKNOWLEDGE": "Eingang bestätigen",
        Accept = "ACCEPT": "annehmen",
        /// With a reason.
        Decline = "DECLINE": "ablehnen; braucht „declineReason“",
        Start = "START": "Bearbeitung beginnen",
        /// With an outcome.
        Complete = "COMPLETE": "abschließen; braucht „outcome“",
        /// With a reason.
        Fail = "FAIL": "als gescheitert abschließen; braucht „failReason“",
        /// With a reason.
        Return = "RETURN": "zurückgeben; braucht „returnReason“",
    }
}
