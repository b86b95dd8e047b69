//! The filter of lists of referrals.

use async_graphql::{ID, InputObject};
use kim_domain::birth_date::BirthDate;
use kim_domain::fingerprint::{ClientFingerprints, can_be_found};
use kim_domain::id::Kind;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{Ball, Direction, ReferralStatus};
use kim_domain::value::nfc;
use kim_entity::read::{self, Reads};

use crate::error::Failure;
use crate::run::session::Session;
use crate::schema::scalar::{Date, DateTime, local};
use crate::schema::word_enum::WordEnum;

/// Auswahl aus den Übergaben. Kein Feld der Übergabe kann gefiltert werden außer über `client`.
#[derive(Debug, Default, InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct ReferralFilter {
    /// Einer dieser Stände.
    pub(crate) status: Option<Vec<WordEnum<ReferralStatus>>>,
    /// Ob die empfangende Stelle noch zu entscheiden hat.
    pub(crate) pending: Option<bool>,
    /// Ob sie die Frist verstreichen ließ.
    pub(crate) overdue: Option<bool>,
    /// Wer am Zug ist.
    pub(crate) ball_with: Option<WordEnum<Ball>>,
    /// Einer dieser Zwecke.
    pub(crate) purpose: Option<Vec<WordEnum<ReferralPurpose>>>,
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

/// Die Person am Schalter, in jeder Schreibweise des Namens (Groß- und Kleinschreibung, Akzente, Bindestriche). Jeder Teil eines
/// Doppelnamens findet sie auch, außer Zusätzen wie „von“ und Teilen mit weniger als drei Buchstaben. Ein Doppelname findet auch, wer
/// einen seiner Teile als ganzen Namen hat; zwei Doppelnamen mit nur einem gemeinsamen Teil sind verschieden.
#[derive(Clone, InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct ClientInput {
    /// Familienname.
    pub(crate) family_name: String,
    /// Geburtsdatum. Genau eines von `birthDate` und `birthYear` ist nötig.
    pub(crate) birth_date: Option<Date>,
    /// Geburtsjahr; findet nur Personen, deren Geburtsdatum nur zum Teil bekannt ist.
    pub(crate) birth_year: Option<i32>,
}

impl std::fmt::Debug for ClientInput {
    /// Omits the values, so that no name gets into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientInput")
    }
}

/// Replaces the client in a filter by the ids of the rows that release the name and birth date. A row in the result
/// confirms both, so they are recorded as disclosed for each row, even if no handover field is selected.
pub(crate) async fn find_client(
    session: &Session,
    snapshot: &Reads,
    direction: Direction,
    filter: &mut read::ReferralFilter,
    client: Option<ClientFingerprints>,
) -> Result<(), Failure> {
    if let Some(client) = client {
        let rows = snapshot.released_to_desk(direction, filter, &client).await?;
        rows.iter().for_each(|row| session.show(row, read::AT_THE_DESK));
        filter.client = Some(rows.iter().map(|row| row.id).collect());
    }
    Ok(())
}

/// The filter without its client, and the keyed fingerprints of the client.
pub(crate) fn referral_filter(
    session: &Session,
    input: ReferralFilter,
) -> Result<(read::ReferralFilter, Option<ClientFingerprints>), Failure> {
    // An id of another kind is treated like an unknown id: no row matches the nil UUID.
    let agency = input.agency.map(|id| local(Kind::Agency, &id)).transpose()?.map(Option::unwrap_or_default);
    let client = input.client.map(|client| fingerprint(session, &client)).transpose()?;
    let filter = read::ReferralFilter {
        status: input.status.map(unique_words),
        pending: input.pending,
        overdue: input.overdue,
        ball_with: input.ball_with.map(|ball| ball.0),
        purpose: input.purpose.map(unique_words),
        agency,
        due_before: input.due_before.map(|day| day.0),
        updated_after: input.updated_after.map(|instant| instant.0.timestamp_micros()),
        reference: input.reference.map(|reference| nfc(&reference)),
        client: None,
    };
    Ok((filter, client))
}

/// The largest number of characters in a name. Unicode normalisation of thousands of combining marks takes milliseconds.
const MAX_NAME_LENGTH: usize = 200;

/// The keyed fingerprints of a client. Refuses a name that is too long.
pub(crate) fn fingerprint(session: &Session, client: &ClientInput) -> Result<ClientFingerprints, Failure> {
    if client.family_name.chars().nth(MAX_NAME_LENGTH).is_some() {
        return Err(Failure::BadInput(format!("Ein Name hat höchstens {MAX_NAME_LENGTH} Zeichen.")));
    }
    if !can_be_found(&client.family_name) {
        return Err(Failure::BadInput("„familyName“ enthält keinen Buchstaben.".to_owned()));
    }
    let born = match (client.birth_date, client.birth_year) {
        (Some(day), None) => BirthDate::Day(day.0),
        (None, Some(year)) => BirthDate::of_year(year).filter(|_| (1900..=2200).contains(&year)).ok_or_else(|| {
            Failure::BadInput("„birthYear“ ist kein Jahr, das stimmen kann: vierstellig, etwa 1990.".to_owned())
        })?,
        (Some(_), Some(_)) | (None, None) => {
            let text = "„client“ braucht genau eines von „birthDate“ und „birthYear“.";
            return Err(Failure::BadInput(text.to_owned()));
        }
    };
    Ok(session.key().sought_client(&client.family_name, born))
}

/// The words without duplicates. A list of 8,000 words in a statement takes 17 ms, and an enum has about a dozen.
pub(crate) fn unique_words<W: PartialEq>(coded: Vec<WordEnum<W>>) -> Vec<W> {
    let mut words = Vec::new();
    for word in coded {
        if !words.contains(&word.0) {
            words.push(word.0);
        }
    }
    words
}
