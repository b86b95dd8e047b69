//! A referral's states, and properties that follow from the state alone.

crate::words! {
    /// How a case or a part of it is handed over.
    pub enum ReferralKind("Art der Übergabe") for Work | Coordination {
        Referral = "REFERRAL": "Verweisung",
        WarmHandover = "WARM_HANDOVER": "Begleitete Übergabe",
        Transfer = "TRANSFER": "Fallübergabe",
    }
}

crate::words! {
    /// State of a referral.
    pub enum ReferralStatus("Stand einer Übergabe") for Work | Coordination {
        Draft = "DRAFT": "Entwurf" for Senders,
        Offered = "OFFERED": "angeboten",
        Acknowledged = "ACKNOWLEDGED": "Eingang bestätigt",
        InfoRequested = "INFO_REQUESTED": "Rückfrage",
        Accepted = "ACCEPTED": "angenommen",
        InProgress = "IN_PROGRESS": "in Bearbeitung",
        Completed = "COMPLETED": "erledigt",
        Failed = "FAILED": "gescheitert",
        Declined = "DECLINED": "abgelehnt",
        Forwarded = "FORWARDED": "weitergeleitet",
        Withdrawn = "WITHDRAWN": "zurückgezogen",
        Expired = "EXPIRED": "abgelaufen",
        Returned = "RETURNED": "zurückgegeben",
        Suspended = "SUSPENDED": "ausgesetzt",
    }
}

/// The party that has to act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BallHolder {
    /// The sending agency.
    Sender,
    /// The receiving agency.
    Receiver,
}

impl ReferralStatus {
    /// The party that has to act next; `None` once the referral is closed.
    #[must_use]
    pub const fn ball(self) -> Option<BallHolder> {
        match self {
            Self::Draft | Self::InfoRequested | Self::Suspended => Some(BallHolder::Sender),
            Self::Offered | Self::Acknowledged | Self::Accepted | Self::InProgress => Some(BallHolder::Receiver),
            Self::Completed
            | Self::Failed
            | Self::Declined
            | Self::Forwarded
            | Self::Withdrawn
            | Self::Expired
            | Self::Returned => None,
        }
    }

    /// Whether the receiver still has to decide: offered, acknowledged, or a question asked before acceptance.
    #[must_use]
    pub const fn is_pending(self, ever_accepted: bool) -> bool {
        match self {
            Self::Offered | Self::Acknowledged => true,
            Self::InfoRequested => !ever_accepted,
            Self::Draft
            | Self::Accepted
            | Self::InProgress
            | Self::Completed
            | Self::Failed
            | Self::Declined
            | Self::Forwarded
            | Self::Withdrawn
            | Self::Expired
            | Self::Returned
            | Self::Suspended => false,
        }
    }

    /// Whether the referral is offered and neither closed nor suspended. These states need a ground.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Offered | Self::Acknowledged | Self::InfoRequested | Self::Accepted | Self::InProgress => true,
            Self::Draft
            | Self::Completed
            | Self::Failed
            | Self::Declined
            | Self::Forwarded
            | Self::Withdrawn
            | Self::Expired
            | Self::Returned
            | Self::Suspended => false,
        }
    }

    /// The states in which this party has to act.
    pub fn with_ball(holder: BallHolder) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |status| status.ball() == Some(holder))
    }
}

crate::words! {
    /// Why a receiver declined a referral.
    pub enum DeclineReason("Grund einer Ablehnung") for Work | Coordination {
        NotCompetent = "NOT_COMPETENT": "nicht zuständig",
        NoCapacity = "NO_CAPACITY": "keine Kapazität",
        Incomplete = "INCOMPLETE": "Angaben unvollständig",
        RequirementsNotMet = "REQUIREMENTS_NOT_MET": "Voraussetzungen nicht erfüllt",
        AlreadyInProcedure = "ALREADY_IN_PROCEDURE": "Verfahren läuft bereits",
        DoubleSupport = "DOUBLE_SUPPORT": "Doppelförderung",
        ClientNotReached = "CLIENT_NOT_REACHED": "Klientin oder Klient nicht erreicht",
        Other = "OTHER": "anderer Grund",
    }
}

crate::words! {
    /// The outcome of a completed referral.
    pub enum Outcome("Ergebnis einer Übergabe") for Work {
        SupportStarted = "SUPPORT_STARTED": "Leistung oder Hilfe hat begonnen",
        ApplicationGranted = "APPLICATION_GRANTED": "Antrag bewilligt",
        ApplicationRefused = "APPLICATION_REFUSED": "Antrag abgelehnt",
        Counselled = "COUNSELLED": "Beratung abgeschlossen",
        ReferredOn = "REFERRED_ON": "an ein anderes Angebot verwiesen",
        NoLongerNeeded = "NO_LONGER_NEEDED": "Bedarf entfallen",
        Other = "OTHER": "anderes Ergebnis",
    }
}

crate::words! {
    /// Why an accepted referral failed.
    pub enum FailReason("Grund eines Scheiterns") for Work {
        ClientNotReached = "CLIENT_NOT_REACHED": "Klientin oder Klient nicht erreicht",
        ClientBrokeOff = "CLIENT_BROKE_OFF": "Klientin oder Klient hat abgebrochen",
        RequirementsNotMet = "REQUIREMENTS_NOT_MET": "Voraussetzungen nicht erfüllt",
        MovedAway = "MOVED_AWAY": "verzogen",
        NoAnswer = "NO_ANSWER": "Rückfrage blieb ohne Antwort",
        Other = "OTHER": "anderer Grund",
    }
}

crate::words! {
    /// Why a receiver returned an accepted referral.
    pub enum ReturnReason("Grund einer Rückgabe") for Work {
        NotCompetent = "NOT_COMPETENT": "doch nicht zuständig",
        NoCapacity = "NO_CAPACITY": "keine Kapazität",
        ClientNotReached = "CLIENT_NOT_REACHED": "Klientin oder Klient nicht erreicht",
        NoAnswer = "NO_ANSWER": "Rückfrage blieb ohne Antwort",
        Other = "OTHER": "anderer Grund",
    }
}

crate::words! {
    /// Why a sender withdrew a referral.
    pub enum WithdrawalReason("Grund einer Rücknahme") for Senders {
        ClientWish = "CLIENT_WISH": "Wunsch der Klientin oder des Klienten",
        Moved = "MOVED": "verzogen",
        Died = "DIED": "verstorben",
        BrokeOff = "BROKE_OFF": "Begleitung abgebrochen",
        /// A personal data breach, to be recorded (Art. 33 DSGVO).
        Misdirected = "MISDIRECTED": "an die falsche Stelle gegangen (Datenpanne, Art. 33 DSGVO)",
        /// By the timer: the referral was suspended for too long.
        GroundEnded = "GROUND_ENDED": "Grundlage entfallen und nicht erneuert",
        Other = "OTHER": "anderer Grund",
    }
}

crate::words! {
    /// Why a referral was suspended.
    pub enum SuspensionReason("Grund einer Aussetzung") for Work {
        /// The last valid day of the consent has passed, or no consent is effective.
        ConsentEnded = "CONSENT_ENDED": "Die Einwilligung besteht nicht oder nicht mehr",
    }
}

crate::words! {
    /// An agency's side of its referrals.
    pub enum Direction("Richtung") for Work {
        Incoming = "INCOMING": "eingehend",
        Outgoing = "OUTGOING": "ausgehend" for Senders,
    }
}

crate::words! {
    /// The party that has to act next, from the viewer's perspective.
    pub enum Ball("Wer am Zug ist") for Work {
        Mine = "MINE": "wir",
        Theirs = "THEIRS": "die andere Stelle",
    }
}

crate::words! {
    /// Sort orders of referral lists. None of them uses a ruled field.
    pub enum ReferralOrder("Reihenfolge") for Work {
        DueOnAsc = "DUE_ON_ASC": "Frist, die nächste zuerst",
        DueOnDesc = "DUE_ON_DESC": "Frist, die letzte zuerst",
        OfferedAtAsc = "OFFERED_AT_ASC": "Übergeben, die älteste zuerst",
        OfferedAtDesc = "OFFERED_AT_DESC": "Übergeben, die neueste zuerst",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReferralStatus as S;

    #[test]
    fn pending_referrals_wait_for_the_receivers_decision() {
        let pending = |accepted| S::ALL.iter().copied().filter(|s| s.is_pending(accepted)).collect::<Vec<_>>();
        assert_eq!(pending(false), [S::Offered, S::Acknowledged, S::InfoRequested]);
        assert_eq!(pending(true), [S::Offered, S::Acknowledged]);
    }

    #[test]
    fn a_question_makes_the_sender_act_next() {
        let holds = |holder| S::with_ball(holder).collect::<Vec<_>>();
        assert_eq!(holds(BallHolder::Sender), [S::Draft, S::InfoRequested, S::Suspended]);
        assert_eq!(holds(BallHolder::Receiver), [S::Offered, S::Acknowledged, S::Accepted, S::InProgress]);
    }

    #[test]
    fn five_states_need_a_ground() {
        let open = S::ALL.iter().filter(|status| status.is_open()).count();
        assert_eq!(open, 5);
    }
}
