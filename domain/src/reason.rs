//! Reasons for the end of a referral, in the words of imported lists. A receiver's refusal has its own list:
//! [`DeclineReason`](crate::referral::DeclineReason).

crate::words! {
    /// Why a sender withdrew a referral.
    pub enum WithdrawalReason("Grund einer Rücknahme") for Senders {
        ClientsWish = "CLIENTS_WISH": "Wunsch der Klientin oder des Klienten",
        Moved = "MOVED": "verzogen",
        Died = "DIED": "verstorben",
        BrokeOff = "BROKE_OFF": "Kontakt abgebrochen",
        Misdirected = "MISDIRECTED": "an die falsche Stelle gesendet",
        ConsentEnded = "CONSENT_ENDED": "Einwilligung beendet",
        Other = "OTHER": "anderer Grund",
    }
}

crate::words! {
    /// Why an accepted referral failed.
    pub enum FailureReason("Grund eines Scheiterns") {
        ClientNotReached = "CLIENT_NOT_REACHED": "Klientin oder Klient nicht erreicht",
        BrokeOff = "BROKE_OFF": "Kontakt abgebrochen",
        RequirementsNotMet = "REQUIREMENTS_NOT_MET": "Voraussetzungen nicht erfüllt",
        ApplicationRefused = "APPLICATION_REFUSED": "Antrag abgelehnt",
        Unanswered = "UNANSWERED": "Rückfrage nicht beantwortet",
        Other = "OTHER": "anderer Grund",
    }
}
