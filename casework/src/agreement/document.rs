//! An agreement as a document that people read and file: Markdown, in German.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::agreement::AgreementSide;
use kim_domain::calendar::berlin_day;
use kim_domain::disclosure::{Level, level};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::database::Database;
use kim_entity::{
    agency, agreement, agreement_opinion, agreement_proposal, agreement_signature, agreement_termination, municipality,
};
use sea_orm::{ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _};

/// Everything that the document says.
struct Facts {
    municipality: String,
    agreement: agreement::Model,
    agencies: Vec<agency::Model>,
    proposal: Option<agreement_proposal::Model>,
    signatures: Vec<agreement_signature::Model>,
    opinions: Vec<agreement_opinion::Model>,
    terminations: Vec<agreement_termination::Model>,
}

/// The document of a version, or of the latest one; `None` if there is no such agreement.
///
/// # Errors
/// The database does not answer.
pub async fn document(
    database: &Database,
    receiver: &str,
    purpose: ReferralPurpose,
    version: Option<i32>,
) -> Result<Option<String>, DbErr> {
    let tx = database.legacy_read().await?;
    let facts = facts(tx.legacy(), receiver, purpose, version).await?;
    tx.roll_back().await?;
    Ok(facts.map(|facts| facts.page()))
}

async fn facts(
    tx: &DatabaseTransaction,
    receiver: &str,
    purpose: ReferralPurpose,
    version: Option<i32>,
) -> Result<Option<Facts>, DbErr> {
    use agreement::Column;
    let Some(receiver) = agency::Entity::find().filter(agency::Column::Slug.eq(receiver)).one(tx).await? else {
        return Ok(None);
    };
    let mut versions = agreement::Entity::find()
        .filter(Column::ReceiverId.eq(receiver.id))
        .filter(Column::Purpose.eq(purpose.code()))
        .order_by_desc(Column::Version);
    if let Some(version) = version {
        versions = versions.filter(Column::Version.eq(version));
    }
    let Some(agreement) = versions.one(tx).await? else { return Ok(None) };
    let of_agreement = agreement_proposal::Column::AgreementId.eq(agreement.id);
    let proposal = agreement_proposal::Entity::find().filter(of_agreement).one(tx).await?;
    let (mut signatures, mut opinions) = (Vec::new(), Vec::new());
    if let Some(proposal) = &proposal {
        let of_proposal = agreement_signature::Column::ProposalId.eq(proposal.id);
        signatures = agreement_signature::Entity::find().filter(of_proposal).all(tx).await?;
        let of_proposal = agreement_opinion::Column::ProposalId.eq(proposal.id);
        opinions = agreement_opinion::Entity::find().filter(of_proposal).all(tx).await?;
    }
    signatures.sort_by_key(|one| one.at);
    opinions.sort_by_key(|one| one.at);
    let agencies = agency::Entity::find()
        .filter(agency::Column::Ags.eq(agreement.ags.as_str()))
        .order_by_asc(agency::Column::Slug)
        .all(tx)
        .await?;
    let later = agreement::Entity::find()
        .filter(Column::ReceiverId.eq(receiver.id))
        .filter(Column::Purpose.eq(purpose.code()))
        .filter(Column::Version.gte(agreement.version))
        .all(tx)
        .await?;
    let of_later = agreement_termination::Column::AgreementId.is_in(later.iter().map(|version| version.id));
    let terminations = agreement_termination::Entity::find().filter(of_later);
    let terminations = terminations.order_by_asc(agreement_termination::Column::EndsOn).all(tx).await?;
    let place = municipality::Entity::find_by_id(agreement.ags.as_str()).one(tx).await?;
    let municipality = place.map_or_else(|| agreement.ags.clone(), |place| place.name);
    Ok(Some(Facts { municipality, agreement, agencies, proposal, signatures, opinions, terminations }))
}

impl Facts {
    fn page(&self) -> String {
        let (agreement, purpose) = (&self.agreement, self.agreement.purpose.0);
        let mut page = String::new();
        let mut say = |text: String| {
            page.push_str(&text);
            page.push('\n');
        };
        say(format!("# Schnittstellenvereinbarung: {}\n", inline(purpose.label())));
        say(format!("{}, Fassung {}\n", inline(&self.municipality), agreement.version));
        say("## Parteien\n".to_owned());
        say(format!("- **Empfangende Stelle:** {}", self.name_and_controller(agreement.receiver_id)));
        say(format!("- **Übergebende Träger**, vertreten durch: {}", self.coordination()));
        for sender in self.agencies.iter().filter(|one| one.kind.0.sends() && one.enabled) {
            say(format!("  - {}", with_controller(sender)));
        }
        say("\n## Zweck und Rechtsgrundlage\n".to_owned());
        say(format!("- **Zweck:** {} (`{}`)", inline(purpose.label()), purpose.code()));
        say(format!("- **Rechtskreis:** {}", inline(purpose.rechtskreis().label())));
        say(format!("- **Rechtsgrundlage:** {}", inline(&agreement.legal_ground)));
        say("\n## Geltung und Fristen\n".to_owned());
        say(format!("- **Gilt ab:** {}", day(agreement.valid_from)));
        say(format!("- **Gilt bis:** {}", agreement.valid_until.map_or_else(|| "unbefristet".to_owned(), day)));
        say(format!("- **Antwort binnen:** {} Arbeitstagen", agreement.respond_working_days));
        say(format!("- **Lesbar nach dem Abschluss:** {} Tage", agreement.access_days));
        say(format!("- **Ansprechstelle:** {}", inline(&agreement.contact)));
        let narrows = if agreement.narrows_running { "ja, vom ersten Tag der Geltung an" } else { "nein" };
        say(format!("- **Schränkt laufende Übergaben ein:** {narrows}"));
        say("\n## Felder\n\n| Feld | Abschnitt | Ab wann | Einwilligung |\n|---|---|---|---|".to_owned());
        for field in FieldSet::from_i64(agreement.fields).iter() {
            say(self.field(field));
        }
        if let Some(terms) = self.proposal.as_ref().and_then(|proposal| proposal.terms.as_deref()) {
            say(format!("\n## Weitere Abreden\n\n{}", quote(terms)));
        }
        self.say_acts(&mut say);
        self.say_ends(&mut say);
        page
    }

    /// A line of the table of fields.
    fn field(&self, field: HandoverField) -> String {
        let agreement = &self.agreement;
        let since = match level(agreement.purpose.0.receiver_kind(), field) {
            Level::Never => "nie (Obergrenze)",
            Level::Preview => "ab dem Angebot",
            Level::Accepted | Level::Ticked => "nach der Annahme",
        };
        let ground = if FieldSet::from_i64(agreement.statutory_fields).contains(field) {
            "auf gesetzlicher Grundlage"
        } else if FieldSet::from_i64(agreement.ticked_only).contains(field) {
            "einzeln angekreuzt"
        } else {
            "im Ganzen"
        };
        format!("| {} | {} | {since} | {ground} |", inline(field.label()), inline(field.block().label()))
    }

    fn say_acts(&self, say: &mut impl FnMut(String)) {
        say("\n## Unterschriften\n".to_owned());
        for one in &self.signatures {
            let who = self.name(one.agency_id);
            say(format!("- {}: {who}, Administration, am {}", side(one.side.0), moment(one.at)));
        }
        if self.proposal.is_none() {
            say("Diese Fassung wurde eingelesen; unterschrieben ist sie auf Papier.".to_owned());
            return;
        }
        say("\n## Stellungnahmen der Datenschutzbeauftragten\n".to_owned());
        for one in &self.opinions {
            let (who, verdict) = (self.name(one.agency_id), one.verdict.0.label());
            say(format!("- {}: {who}, am {}: **{verdict}**", side(one.side.0), moment(one.at)));
            if let Some(reasons) = &one.reasons {
                say(format!("\n{}\n", quote(reasons)));
            }
        }
    }

    fn say_ends(&self, say: &mut impl FnMut(String)) {
        if self.terminations.is_empty() {
            return;
        }
        say("\n## Kündigung\n".to_owned());
        for one in &self.terminations {
            let how = match one.for_cause {
                true => "aus wichtigem Grund; laufende Übergaben sind geschlossen",
                false => "ordentlich; laufende Übergaben gehen weiter",
            };
            let (who, on) = (self.name(one.agency_id), day(one.ends_on));
            say(format!("- zum {on}, {how}. {}: {who}, erklärt am {}", side(one.side.0), moment(one.created_at)));
            say(format!("\n{}\n", quote(&one.reason)));
        }
    }

    fn name(&self, id: uuid::Uuid) -> String {
        self.agencies.iter().find(|agency| agency.id == id).map_or_else(String::new, |agency| inline(&agency.name))
    }

    fn name_and_controller(&self, id: uuid::Uuid) -> String {
        self.agencies.iter().find(|agency| agency.id == id).map_or_else(String::new, with_controller)
    }

    /// Who signed for the senders, or else who may.
    fn coordination(&self) -> String {
        let signed = self.signatures.iter().find(|one| one.side.0 == AgreementSide::Sender).map(|one| one.agency_id);
        let acts = |agency: &&agency::Model| match signed {
            Some(id) => agency.id == id,
            None => agency.kind.0 == AgencyKind::Koordination && agency.enabled,
        };
        self.agencies.iter().find(acts).map_or_else(|| "niemanden".to_owned(), with_controller)
    }
}

fn with_controller(agency: &agency::Model) -> String {
    format!("{} (Verantwortlicher: {})", inline(&agency.name), inline(&agency.controller))
}

fn side(side: AgreementSide) -> &'static str {
    match side {
        AgreementSide::Receiver => "Für die empfangende Stelle",
        AgreementSide::Sender => "Für die Träger",
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

fn moment(micros: i64) -> String {
    day(berlin_day(DateTime::from_timestamp_micros(micros).unwrap_or_default()))
}

/// A text in a line: what people wrote is never markup, and never ends the line or the cell.
fn inline(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                // Writing to a String cannot fail.
                let _ = write!(line, "\\{letter}");
            }
            '\n' | '\t' => line.push(' '),
            other => line.push(other),
        }
    }
    line
}

/// A text of several lines, set off as what somebody wrote.
fn quote(text: &str) -> String {
    let line = |line: &str| {
        let line = inline(line.trim());
        // At its beginning, these would make a list or a heading.
        if line.starts_with(['-', '+', '=', '~']) { format!("> \\{line}") } else { format!("> {line}") }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_never_markup() {
        assert_eq!(inline("a | b\n# c <script>"), "a \\| b \\# c \\<script\\>");
        assert_eq!(quote("eins\n- *zwei*"), "> eins\n>\n> \\- \\*zwei\\*");
    }
}
