//! What the mutations of referrals take.

use async_graphql::{ID, InputObject};
use kim_casework::referral as casework;
use kim_casework::refusal::Refusal;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReferralKind, ReturnReason, WithdrawalReason};

use crate::coded::Coded;
use crate::mutation::done::target;
use crate::scalar::{Date, DateTime};

/// Declares an input about one referral: which, in which version, under which key, and what else it says.
macro_rules! input {
    ($(#[$about:meta])+ $name:ident { $($(#[$attribute:meta])* $field:ident: $ty:ty,)* }) => {
        #[derive(InputObject)]
        $(#[$about])+
        pub(crate) struct $name {
            /// Ihr Schlüssel für diese Anfrage, für jede andere ein anderer.
            pub(super) idempotency_key: String,
            /// Kennung der Übergabe.
            pub(super) referral_id: ID,
            /// Die Version, die Sie gesehen haben.
            pub(super) expected_version: i32,
            $($(#[$attribute])* pub(super) $field: $ty,)*
        }
        impl $name {
            pub(super) fn target(&self) -> Result<casework::Target, Refusal> {
                target(&self.referral_id, self.expected_version)
            }
        }
    };
}

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

/// Was übergeben werden soll.
#[derive(InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct DraftReferralInput {
    /// Ihr Schlüssel für diese Anfrage, für jede andere ein anderer.
    pub(super) idempotency_key: String,
    /// Kennung Ihres Falls.
    pub(super) case_id: ID,
    /// Kennung der Stelle, die gebeten werden soll.
    pub(super) receiver_id: ID,
    /// Zweck.
    pub(super) purpose: Coded<ReferralPurpose>,
    /// Art der Übergabe.
    #[graphql(default_with = "Coded(ReferralKind::Referral)")]
    pub(super) kind: Coded<ReferralKind>,
    /// Die Felder; ohne Angabe alle, für die es eine Grundlage gibt.
    pub(super) fields: Option<Vec<Coded<HandoverField>>>,
    /// Das Anliegen in einem Satz; ohne Angabe aus dem Zweck gebildet.
    pub(super) concern: Option<String>,
    /// Ob die Übergabe einen Antrag enthält (§ 16 SGB I).
    #[graphql(default)]
    pub(super) carries_application: bool,
    /// Ihr Aktenzeichen dazu.
    pub(super) own_reference: Option<String>,
    /// Ihre Ansprechperson.
    pub(super) contact: Option<ContactInput>,
}

input! {
    /// Eine Übergabe, mit der etwas geschehen soll.
    #[graphql(tag = "for work")]
    ReferralInput {}
}

input! {
    /// Ein Entwurf, der angeboten werden soll.
    #[graphql(tag = "for senders")]
    OfferReferralInput {
        /// Andere Felder als im Entwurf.
        fields: Option<Vec<Coded<HandoverField>>>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }
}

input! {
    /// Eine Übergabe, die angenommen wird.
    #[graphql(tag = "for work")]
    AcceptReferralInput {
        /// Ihr Aktenzeichen dazu; die andere Seite sieht es nie.
        own_reference: Option<String>,
        /// Ihre Ansprechperson.
        contact: Option<ContactInput>,
    }
}

input! {
    /// Eine Übergabe, die abgelehnt wird.
    #[graphql(tag = "for work")]
    DeclineReferralInput {
        /// Warum.
        reason: Coded<DeclineReason>,
    }
}

input! {
    /// Eine Übergabe, für die eine andere Stelle zuständig ist.
    #[graphql(tag = "for work")]
    ForwardReferralInput {
        /// Kennung der zuständigen Stelle.
        to_agency_id: ID,
        /// Der Zweck dort.
        purpose: Coded<ReferralPurpose>,
        /// Im Einvernehmen mit ihr (§ 14 Abs. 3 SGB IX).
        #[graphql(default)]
        by_agreement: bool,
    }
}

input! {
    /// Eine Rückfrage an die übergebende Stelle.
    #[graphql(tag = "for work")]
    RequestInformationInput {
        /// Die Frage.
        question: String,
    }
}

input! {
    /// Die Antwort auf eine Rückfrage.
    #[graphql(tag = "for senders")]
    AnswerInformationInput {
        /// Die Antwort.
        answer: String,
    }
}

input! {
    /// Eine Übergabe, die erledigt ist.
    #[graphql(tag = "for work")]
    CompleteReferralInput {
        /// Das Ergebnis.
        outcome: Coded<Outcome>,
    }
}

input! {
    /// Eine Übergabe, die gescheitert ist.
    #[graphql(tag = "for work")]
    FailReferralInput {
        /// Warum.
        reason: Coded<FailReason>,
    }
}

input! {
    /// Eine Übergabe, die zurückgegeben wird.
    #[graphql(tag = "for work")]
    ReturnReferralInput {
        /// Warum.
        reason: Coded<ReturnReason>,
    }
}

input! {
    /// Eine Übergabe, die zurückgezogen wird.
    #[graphql(tag = "for senders")]
    WithdrawReferralInput {
        /// Warum.
        reason: Coded<WithdrawalReason>,
    }
}

input! {
    /// Was an einer Übergabe anders werden soll. Eine Änderung am Fall fließt nie von selbst.
    #[graphql(tag = "for senders")]
    ChangeHandoverInput {
        /// Felder, die dazukommen; jedes braucht heute eine Grundlage.
        #[graphql(default)]
        add: Vec<Coded<HandoverField>>,
        /// Felder, die wegfallen.
        #[graphql(default)]
        remove: Vec<Coded<HandoverField>>,
        /// Felder, deren Wert neu aus dem Fall übernommen wird; jedes ist übergeben und braucht heute eine Grundlage.
        #[graphql(default)]
        refresh: Vec<Coded<HandoverField>>,
        /// Das Anliegen mit anderen Worten.
        concern: Option<String>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }
}

input! {
    /// Eine Nachricht an die andere Seite.
    #[graphql(tag = "for work")]
    PostMessageInput {
        /// Der Text.
        text: String,
    }
}

input! {
    /// Ein Termin mit der Klientin oder dem Klienten.
    #[graphql(tag = "for work")]
    RecordAppointmentInput {
        /// Wann.
        at: DateTime,
        /// Wo.
        place: String,
        /// Was mitzubringen ist.
        bring: Option<String>,
    }
}

input! {
    /// Das Gespräch, in dem ein Fall übergeben wurde.
    #[graphql(tag = "for work")]
    RecordTalkInput {
        /// Wann es war.
        held_on: Date,
        /// Wer dabei war, nach Funktion.
        participants: Vec<String>,
        /// Ob die Klientin oder der Klient dabei war.
        client_took_part: bool,
    }
}

pub(super) fn set(fields: &[Coded<HandoverField>]) -> FieldSet {
    fields.iter().map(|field| field.0).collect()
}

impl OfferReferralInput {
    pub(super) fn offer(&self) -> Result<casework::Offer, Refusal> {
        Ok(casework::Offer {
            target: self.target()?,
            fields: self.fields.as_deref().map(set),
            acknowledge_reporting_duty: self.acknowledge_reporting_duty,
        })
    }
}
