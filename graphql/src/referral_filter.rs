//! What narrows a list of referrals.

use async_graphql::{ID, InputObject};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{Ball, ReferralStatus};

use crate::coded::Coded;
use crate::scalar::{Date, DateTime};

/// Auswahl aus den Übergaben. Kein Feld der Übergabe kann gefiltert werden außer über `client`.
#[derive(Debug, Default, InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct ReferralFilter {
    /// Einer dieser Stände.
    pub(crate) status: Option<Vec<Coded<ReferralStatus>>>,
    /// Ob die empfangende Stelle noch zu entscheiden hat.
    pub(crate) pending: Option<bool>,
    /// Ob sie die Frist verstreichen ließ.
    pub(crate) overdue: Option<bool>,
    /// Wer am Zug ist.
    pub(crate) ball_with: Option<Coded<Ball>>,
    /// Einer dieser Zwecke.
    pub(crate) purpose: Option<Vec<Coded<ReferralPurpose>>>,
    /// Die andere Stelle.
    pub(crate) agency: Option<ID>,
    /// Frist vor diesem Tag.
    pub(crate) due_before: Option<Date>,
    /// Geändert nach diesem Zeitpunkt.
    pub(crate) updated_after: Option<DateTime>,
    /// Das Zeichen der Übergabe, genau.
    pub(crate) reference: Option<String>,
    /// Die Person am Schalter; findet nur Übergaben, die Ihnen Namen und Geburtsdatum jetzt zeigen.
    pub(crate) client: Option<ClientInput>,
}

/// Die Person am Schalter: genau nach Angleichung der Schreibweise (Groß- und Kleinschreibung, Akzente, Bindestriche).
#[derive(Clone, InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct ClientInput {
    /// Familienname.
    pub(crate) family_name: String,
    /// Geburtsdatum.
    pub(crate) birth_date: Date,
}

impl std::fmt::Debug for ClientInput {
    /// A name never gets into a log by way of Debug.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientInput")
    }
}
