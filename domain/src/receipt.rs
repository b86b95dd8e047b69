//! The consent receipt for the client to take home: who may see what until when. Pure text, in German and in plain
//! language (Leichte Sprache).

use chrono::{Datelike as _, NaiveDate};

use crate::field::{FieldSet, HandoverField};
use crate::plain;
use crate::purpose::ReferralPurpose;

/// What one agency may see.
#[derive(Clone, Debug)]
pub struct Permit {
    /// The agency's name.
    pub receiver: String,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// The maximum set of fields.
    pub fields: FieldSet,
    /// First valid day.
    pub valid_from: NaiveDate,
    /// Last valid day; `None`: until withdrawn.
    pub valid_until: Option<NaiveDate>,
    /// Whether the sender may also talk to the agency about the client (§ 203 StGB).
    pub release_from_secrecy: bool,
    /// Whether the agency may report the outcome.
    pub report_outcome: bool,
}

/// The receipt in the German of official letters. `only`: the receipt covers consents for these purposes alone, and
/// says so.
#[must_use]
pub fn german(permits: &[Permit], sender: &str, today: NaiveDate, only: Option<&[ReferralPurpose]>) -> String {
    let mut text = format!("Ihre Einwilligungen\n{sender}, Stand: {}\n", day(today));
    if let Some(purposes) = only {
        text.push_str("\nDies ist ein Auszug. Für andere Zwecke können weitere Einwilligungen gelten. ");
        text.push_str(&format!("Hier stehen nur die für: {}.\n", purpose_list(purposes, ReferralPurpose::label)));
    }
    if permits.is_empty() {
        let what = if only.is_some() { "Dafür darf zurzeit" } else { "Zurzeit darf" };
        text.push_str(&format!("\n{what} keine andere Stelle über uns etwas von Ihnen sehen.\n"));
    }
    for permit in permits {
        let until = permit.valid_until.map_or("bis zu Ihrem Widerruf".to_owned(), |last| format!("bis {}", day(last)));
        text.push_str(&format!(
            "\n{}\nZweck: {}\nGilt vom {} {until}.\nDie Stelle darf höchstens sehen: {}.\n",
            permit.receiver,
            permit.purpose.label(),
            day(permit.valid_from),
            labels(permit.fields),
        ));
        if permit.release_from_secrecy {
            text.push_str("Dafür haben Sie uns von der Schweigepflicht entbunden.\n");
        }
        text.push_str(match permit.report_outcome {
            true => "Die Stelle darf uns das Ergebnis mitteilen.\n",
            false => "Das Ergebnis teilt die Stelle uns nicht mit.\n",
        });
    }
    text.push_str(
        "\nSie können jede Einwilligung jederzeit für die Zukunft widerrufen, als Ganzes oder für einzelne Angaben. Uns \
         das zu sagen genügt. Nachteile für unsere Beratung haben Sie dadurch nicht.\n",
    );
    text
}

/// The receipt in plain language.
#[must_use]
pub fn plain(permits: &[Permit], sender: &str, today: NaiveDate, only: Option<&[ReferralPurpose]>) -> String {
    let mut text = format!(
        "Wer darf etwas über Sie wissen?\n\nDiese Liste ist von: {sender}\nDie Liste ist vom {}.\n",
        long_day(today)
    );
    if let Some(purposes) = only {
        text.push_str("\nDas ist nur ein Teil von der Liste.\nEs gibt vielleicht noch mehr.\nHier geht es nur um:\n");
        purposes.iter().for_each(|purpose| text.push_str(&format!("- {}\n", plain::purpose(*purpose))));
    }
    if permits.is_empty() {
        let what = if only.is_some() { "Dazu bleibt im Moment" } else { "Im Moment bleibt" };
        text.push_str(&format!("\n{what} alles bei uns.\n"));
    }
    for permit in permits {
        text.push_str(&format!("\nDie Stelle heißt: {}\n", permit.receiver));
        text.push_str(&format!("Es geht um: {}.\n", plain::purpose(permit.purpose)));
        text.push_str("Diese Stelle darf wissen:\n");
        for field in permit.fields.iter() {
            text.push_str(&format!("- {}\n", plain::field(field)));
        }
        match permit.valid_until {
            Some(last) => text.push_str(&format!("Das gilt bis zum {}.\n", long_day(last))),
            None => text.push_str("Das gilt, bis Sie Stopp sagen.\n"),
        }
        if permit.release_from_secrecy {
            text.push_str("Wir dürfen mit der Stelle über Sie sprechen.\n");
        }
        text.push_str(match permit.report_outcome {
            true => "Die Stelle darf uns danach sagen: So ist es ausgegangen.\n",
            false => "Die Stelle behält das Ergebnis für sich.\n",
        });
    }
    text.push_str(
        "\nSie können jeden Tag Stopp sagen.\nSie können zu allem Stopp sagen.\nOder nur zu einem Teil.\nSagen Sie es uns \
         einfach.\nDann gilt es sofort.\nWir helfen Ihnen auch dann weiter.\n",
    );
    text
}

fn purpose_list(purposes: &[ReferralPurpose], label: impl Fn(ReferralPurpose) -> &'static str) -> String {
    purposes.iter().map(|purpose| label(*purpose)).collect::<Vec<_>>().join(", ")
}

fn labels(fields: FieldSet) -> String {
    fields.iter().map(HandoverField::label).collect::<Vec<_>>().join(", ")
}

fn day(date: NaiveDate) -> String {
    date.format("%d.%m.%Y").to_string()
}

/// A date with the month's name.
fn long_day(date: NaiveDate) -> String {
    const MONTHS: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    format!("{}. {month} {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn permit() -> Permit {
        Permit {
            receiver: "Jobcenter Musterstadt".to_owned(),
            purpose: ReferralPurpose::BenefitApplication,
            fields: FieldSet::of(&[HandoverField::FamilyName, HandoverField::InterpreterNeeded]),
            valid_from: day("2026-11-20"),
            valid_until: Some(day("2027-11-20")),
            release_from_secrecy: true,
            report_outcome: false,
        }
    }

    #[test]
    fn the_receipt_tells_who_may_see_what_until_when() {
        let text = german(&[permit()], "Träger Beispiel", day("2026-11-20"), None);
        assert_eq!(
            text,
            "Ihre Einwilligungen\nTräger Beispiel, Stand: 20.11.2026\n\nJobcenter Musterstadt\n\
             Zweck: Antrag auf Grundsicherungsgeld\nGilt vom 20.11.2026 bis 20.11.2027.\n\
             Die Stelle darf höchstens sehen: Familienname, Dolmetscherbedarf.\n\
             Dafür haben Sie uns von der Schweigepflicht entbunden.\nDas Ergebnis teilt die Stelle uns nicht mit.\n\n\
             Sie können jede Einwilligung jederzeit für die Zukunft widerrufen, als Ganzes oder für einzelne Angaben. Uns \
             das zu sagen genügt. Nachteile für unsere Beratung haben Sie dadurch nicht.\n"
        );
        let text = plain(&[permit()], "Träger Beispiel", day("2026-11-20"), None);
        assert_eq!(
            text,
            "Wer darf etwas über Sie wissen?\n\nDiese Liste ist von: Träger Beispiel\nDie Liste ist vom 20. November 2026.\n\n\
             Die Stelle heißt: Jobcenter Musterstadt\nEs geht um: Geld vom Job-Center.\nDiese Stelle darf wissen:\n\
             - Ihr Nach-Name\n- Ob Ihnen jemand übersetzen soll\nDas gilt bis zum 20. November 2027.\n\
             Wir dürfen mit der Stelle über Sie sprechen.\nDie Stelle behält das Ergebnis für sich.\n\n\
             Sie können jeden Tag Stopp sagen.\nSie können zu allem Stopp sagen.\nOder nur zu einem Teil.\n\
             Sagen Sie es uns einfach.\nDann gilt es sofort.\nWir helfen Ihnen auch dann weiter.\n"
        );
    }

    #[test]
    fn every_plain_receipt_follows_the_rules_of_plain_language() {
        let plain_names = |permit: Permit| Permit { receiver: "Amt".to_owned(), ..permit };
        for &purpose in ReferralPurpose::ALL {
            for (report_outcome, valid_until) in [(true, None), (false, Some(day("2027-03-01")))] {
                let one = Permit { purpose, report_outcome, valid_until, fields: FieldSet::ALL, ..permit() };
                for only in [None, Some(&[purpose][..]), Some(ReferralPurpose::ALL)] {
                    let text = plain(&[plain_names(one.clone())], "Verein", day("2026-12-31"), only);
                    assert_eq!(plain::is_plain(&text), Ok(()), "{purpose}");
                }
            }
        }
        for only in [None, Some(ReferralPurpose::ALL)] {
            assert_eq!(plain::is_plain(&plain(&[], "Verein", day("2026-01-01"), only)), Ok(()));
        }
    }

    #[test]
    fn an_extract_never_claims_to_be_complete() {
        let course = [ReferralPurpose::IntegrationCourse];
        let today = day("2026-11-20");
        let (all, some) = (german(&[], "Träger", today, None), german(&[], "Träger", today, Some(&course)));
        assert!(all.contains("\nZurzeit darf keine andere Stelle"), "{all}");
        assert!(some.contains("Dies ist ein Auszug.") && some.contains(course[0].label()), "{some}");
        assert!(some.contains("\nDafür darf zurzeit keine andere Stelle"), "{some}");
        let (all, some) = (plain(&[], "Träger", today, None), plain(&[], "Träger", today, Some(&course)));
        assert!(
            all.contains("\nIm Moment bleibt alles bei uns.") && !some.contains("\nIm Moment bleibt alles bei uns."),
            "{some}"
        );
        assert!(some.contains("nur ein Teil") && some.contains(plain::purpose(course[0])), "{some}");
    }
}
