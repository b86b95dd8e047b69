//! The inputs of the mutations of referrals.

use async_graphql::{ID, InputObject};
use kim_casework::referral as casework;
use kim_casework::refusal::WorkError;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReferralKind, ReturnReason, WithdrawalReason};

use crate::run::inputs::inputs;
use crate::schema::scalar::{Date, DateTime};
use crate::schema::word_enum::WordEnum;

/// Eine Ansprechperson.
#[derive(Default, InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct ContactInput {
    /// Name.
    name: Option<String>,
    /// Telefon.
    phone: Option<String>,
    /// E-Mail.
    email: Option<String>,
}

impl From<ContactInput> for casework::Contact {
    fn from(input: ContactInput) -> Self {
        Self { name: input.name, phone: input.phone, email: input.email }
    }
}

inputs! {
    /// Was übergeben werden soll.
    "for senders" DraftReferralInput {
        /// Kennung Ihres Falls.
        case_id: ID,
        /// Kennung der Stelle, die gebeten werden soll.
        receiver_id: ID,
        /// Zweck.
        purpose: WordEnum<ReferralPurpose>,
        /// Art der Übergabe.
        #[graphql(default_with = "WordEnum(ReferralKind::Referral)")]
        kind: WordEnum<ReferralKind>,
        /// Die Felder; ohne Angabe alle, für die es eine Grundlage gibt.
        fields: Option<Vec<WordEnum<HandoverField>>>,
        /// Das Anliegen in einem Satz; ohne Angabe aus dem Zweck gebildet.
        concern: Option<String>,
        /// Ob die Übergabe einen Antrag enthält (§ 16 SGB I).
        #[graphql(default)]
        carries_application: bool,
        /// Ihr Aktenzeichen dazu.
        own_reference: Option<String>,
        /// Ihre Ansprechperson.
        contact: Option<ContactInput>,
    }

    /// Eine Übergabe, mit der etwas geschehen soll.
    "for work" ReferralInput of referral {}

    /// Ein Entwurf, der angeboten werden soll.
    "for senders" OfferReferralInput of referral {
        /// Andere Felder als im Entwurf.
        fields: Option<Vec<WordEnum<HandoverField>>>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }

    /// Eine Übergabe, die angenommen wird.
    "for work" AcceptReferralInput of referral {
        /// Ihr Aktenzeichen dazu; die andere Seite sieht es nie.
        own_reference: Option<String>,
        /// Ihre Ansprechperson.
        contact: Option<ContactInput>,
    }

    /// Eine Übergabe, die abgelehnt wird.
    "for work" DeclineReferralInput of referral {
        /// Warum.
        reason: WordEnum<DeclineReason>,
    }

    /// Eine Übergabe, für die eine andere Stelle zuständig ist.
    "for work" ForwardReferralInput of referral {
        /// Kennung der zuständigen Stelle.
        to_agency_id: ID,
        /// Der Zweck dort.
        purpose: WordEnum<ReferralPurpose>,
        /// Im Einvernehmen mit ihr (§ 14 Abs. 3 SGB IX).
        #[graphql(default)]
        by_agreement: bool,
    }

    /// Eine Rückfrage an die übergebende Stelle.
    "for work" RequestInformationInput of referral {
        /// Die Frage.
        question: String,
    }

    /// Die Antwort auf eine Rückfrage.
    "for senders" AnswerInformationInput of referral {
        /// Die Antwort.
        answer: String,
    }

    /// Eine Übergabe, die erledigt ist.
    "for work" CompleteReferralInput of referral {
        /// Das Ergebnis.
        outcome: WordEnum<Outcome>,
    }

    /// Eine Übergabe, die gescheitert ist.
    "for work" FailReferralInput of referral {
        /// Warum.
        reason: WordEnum<FailReason>,
    }

    /// Eine Übergabe, die zurückgegeben wird.
    "for work" ReturnReferralInput of referral {
        /// Warum.
        reason: WordEnum<ReturnReason>,
    }

    /// Eine Übergabe, die zurückgezogen wird.
    "for senders" WithdrawReferralInput of referral {
        /// Warum.
        reason: WordEnum<WithdrawalReason>,
    }

    /// Was an einer Übergabe anders werden soll. Eine Änderung am Fall fließt nie von selbst.
    "for senders" ChangeHandoverInput of referral {
        /// Felder, die dazukommen; jedes braucht heute eine Grundlage.
        #[graphql(default)]
        add: Vec<WordEnum<HandoverField>>,
        /// Felder, die wegfallen.
        #[graphql(default)]
        remove: Vec<WordEnum<HandoverField>>,
        /// Felder, deren Wert neu aus dem Fall übernommen wird; jedes ist übergeben und braucht heute eine Grundlage.
        #[graphql(default)]
        refresh: Vec<WordEnum<HandoverField>>,
        /// Das Anliegen mit anderen Worten.
        concern: Option<String>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }

    /// Eine Nachricht an die andere Seite.
    "for work" PostMessageInput of referral {
        /// Der Text.
        text: String,
    }

    /// Ein Termin mit der Klientin oder dem Klienten.
    "for work" RecordAppointmentInput of referral {
        /// Wann.
        at: DateTime,
        /// Wo.
        place: String,
        /// Was mitzubringen ist.
        bring: Option<String>,
    }

    /// Das Gespräch, in dem ein Fall übergeben wurde.
    "for work" RecordTalkInput of referral {
        /// Wann es war.
        held_on: Date,
        /// Wer dabei war, nach Funktion.
        participants: Vec<String>,
        /// Ob die Klientin oder der Klient dabei war.
        client_took_part: bool,
    }
}

pub(super) fn set(fields: &[WordEnum<HandoverField>]) -> FieldSet {
    fields.iter().map(|field| field.0).collect()
}

impl OfferReferralInput {
    pub(super) fn offer(&self) -> Result<casework::Offer, WorkError> {
        Ok(casework::Offer {
            target: self.target()?,
            fields: self.fields.as_deref().map(set),
            acknowledge_reporting_duty: self.acknowledge_reporting_duty,
        })
    }
}
