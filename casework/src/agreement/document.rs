//! The document of an agreement that people read and file: Markdown, in German.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate};
use kim_domain::agency::AgencyKind;
use kim_domain::agreement::AgreementSide;
use kim_domain::calendar::berlin_day;
use kim_domain::disclosure::{Level, level};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::DbErr;
use kim_entity::agency;
use kim_entity::database::Database;
use kim_entity::unscoped::AgreementRecord;

/// The content of the document.
struct Facts(AgreementRecord);

/// The document of a version, or of the latest version. `None` if the agreement does not exist.
///
/// # Errors
/// The database does not answer.
#[expect(clippy::disallowed_methods, reason = "an operator exports agreements of all agencies")]
pub async fn document(
    database: &Database,
    receiver: &str,
    purpose: ReferralPurpose,
    version: Option<i32>,
) -> Result<Option<String>, DbErr> {
    let record = database.unscoped().agreement_record(receiver, purpose, version).await?;
    Ok(record.map(|record| Facts(record).page()))
}

impl Facts {
    fn page(&self) -> String {
        let (agreement, purpose) = (&self.0.agreement, self.0.agreement.purpose.0);
        let mut page = String::new();
        let mut say = |text: String| {
            page.push_str(&text);
            page.push('\n');
        };
        say(format!("# Schnittstellenvereinbarung: {}\n", inline(purpose.label())));
        say(format!("{}, Fassung {}\n", inline(&self.0.municipality), agreement.version));
        say("## Parteien\n".to_owned());
        say(format!("- **Empfangende Stelle:** {}", self.name_and_controller(agreement.receiver_id)));
        say(format!("- **Übergebende Träger**, vertreten durch: {}", self.coordination()));
        for sender in self.0.agencies.iter().filter(|one| one.kind.0.sends() && one.enabled) {
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
        if let Some(terms) = self.0.proposal.as_ref().and_then(|proposal| proposal.terms.as_deref()) {
            say(format!("\n## Weitere Abreden\n\n{}", quote(terms)));
        }
        self.say_acts(&mut say);
        self.say_ends(&mut say);
        page
    }

    /// A row of the table of fields.
    fn field(&self, field: HandoverField) -> String {
        let agreement = &self.0.agreement;
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
        for one in &self.0.signatures {
            let who = self.name(one.agency_id);
            say(format!("- {}: {who}, Administration, am {}", side(one.side.0), moment(one.at)));
        }
        if self.0.proposal.is_none() {
            say("Diese Fassung wurde eingelesen; unterschrieben ist sie auf Papier.".to_owned());
            return;
        }
        say("\n## Stellungnahmen der Datenschutzbeauftragten\n".to_owned());
        for one in &self.0.opinions {
            let (who, verdict) = (self.name(one.agency_id), one.verdict.0.label());
            say(format!("- {}: {who}, am {}: **{verdict}**", side(one.side.0), moment(one.at)));
            if let Some(reasons) = &one.reasons {
                say(format!("\n{}\n", quote(reasons)));
            }
        }
    }

    fn say_ends(&self, say: &mut impl FnMut(String)) {
        if self.0.terminations.is_empty() {
            return;
        }
        say("\n## Kündigung\n".to_owned());
        for one in &self.0.terminations {
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
        self.0.agencies.iter().find(|agency| agency.id == id).map_or_else(String::new, |agency| inline(&agency.name))
    }

    fn name_and_controller(&self, id: uuid::Uuid) -> String {
        self.0.agencies.iter().find(|agency| agency.id == id).map_or_else(String::new, with_controller)
    }

    /// The agency that signed for the senders, or that may sign for them.
    fn coordination(&self) -> String {
        let signed = self.0.signatures.iter().find(|one| one.side.0 == AgreementSide::Sender).map(|one| one.agency_id);
        let acts = |agency: &&agency::Model| match signed {
            Some(id) => agency.id == id,
            None => agency.kind.0 == AgencyKind::Koordination && agency.enabled,
        };
        self.0.agencies.iter().find(acts).map_or_else(|| "niemanden".to_owned(), with_controller)
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

/// Escapes a user's text for one line, so that it neither acts as markup nor ends the line or the cell.
fn inline(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                // Writing to a String never fails.
                let _ = write!(line, "\\{letter}");
            }
            '\n' | '\t' => line.push(' '),
            other => line.push(other),
        }
    }
    line
}

/// A user's text of several lines, as a block quote.
fn quote(text: &str) -> String {
    let line = |line: &str| {
        let line = inline(line.trim());
        // At the start of a line these characters would begin a list or a heading.
        if line.starts_with(['-', '+', '=', '~']) { format!("> \\{line}") } else { format!("> {line}") }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_users_is_escaped() {
        assert_eq!(inline("a | b\n# c <script>"), "a \\| b \\# c \\<script\\>");
        assert_eq!(quote("eins\n- *zwei*"), "> eins\n>\n> \\- \\*zwei\\*");
    }
}
