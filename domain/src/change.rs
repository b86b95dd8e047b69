//! Kinds of entries in the feed of changes.

crate::words! {
    /// What changed about a referral, as an agency's feed reports it.
    pub enum ChangeKind("Art einer Änderung") for Work {
        Moved = "MOVED": "Stand geändert",
        Message = "MESSAGE": "Nachricht",
        HandoverChanged = "HANDOVER_CHANGED": "Übergebenes geändert",
        ConsentChanged = "CONSENT_CHANGED": "Einwilligung geändert",
        AgreementChanged = "AGREEMENT_CHANGED": "Schnittstellenvereinbarung enger oder beendet",
        Appointment = "APPOINTMENT": "Termin",
        Talk = "TALK": "Übergabegespräch",
        Correction = "CORRECTION": "Berichtigung",
        Reminder = "REMINDER": "Erinnerung an eine Frist",
    }
}
