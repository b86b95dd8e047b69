//! Legal deadlines of a case that its Träger should know months ahead.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use crate::field::{FieldSet, HandoverField as F};
use crate::value::{Aufenthaltstitel, Benefit, CasePhase, Value};

/// Default look-ahead in months (as in § 41(3) SGB VIII).
pub const MONTHS_AHEAD: u32 = 12;

/// Maximum interval between two reviews of a plan (§ 15(3) SGB II for the Kooperationsplan).
const REVIEW_MONTHS: Months = Months::new(6);

crate::words! {
    /// Kinds of deadlines.
    pub enum DeadlineKind("Art einer anstehenden Frist") for Senders {
        TitleExpiry = "TITLE_EXPIRY": "Aufenthaltstitel oder -status läuft ab",
        ChanceTitleExpiry = "CHANCE_TITLE_EXPIRY": "Chancen-Aufenthaltsrecht läuft ab: vorher §§ 25a, 25b AufenthG beantragen",
        Residence25aCutOff = "RESIDENCE_25A_CUT_OFF": "letzter Tag für den Antrag nach § 25a AufenthG",
        BenefitApplication = "BENEFIT_APPLICATION": "Antrag auf Grundsicherungsgeld noch in diesem Monat",
        BenefitEnd = "BENEFIT_END": "Leistung endet",
        Birthday18 = "BIRTHDAY_18": "18. Geburtstag",
        Birthday21 = "BIRTHDAY_21": "21. Geburtstag",
        Birthday25 = "BIRTHDAY_25": "25. Geburtstag",
        Birthday27 = "BIRTHDAY_27": "27. Geburtstag",
        PlanReview = "PLAN_REVIEW": "Hilfeplan überprüfen",
    }
}

/// A deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// The last possible day, or the day of the event.
    pub date: NaiveDate,
    /// The kind of deadline.
    pub kind: DeadlineKind,
    /// The legal ground, for people.
    pub ground: &'static str,
}

/// The record fields from which deadlines are derived.
pub const READ: FieldSet = FieldSet::of(&[
    F::BirthDate,
    F::Aufenthaltstitel,
    F::AufenthaltstitelValidUntil,
    F::CurrentBenefit,
    F::BenefitEndsOn,
]);

/// The known facts of a case.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseFacts {
    birth_date: Option<NaiveDate>,
    title: Option<Aufenthaltstitel>,
    title_valid_until: Option<NaiveDate>,
    benefit: Option<Benefit>,
    benefit_ends_on: Option<NaiveDate>,
    /// The case's phase.
    pub phase: Option<CasePhase>,
    /// Day of the plan's last review, or else of the case's opening.
    pub reviewed_on: Option<NaiveDate>,
    /// Whether an application for Grundsicherungsgeld is planned and not yet filed.
    pub applies_for_benefit: bool,
}

impl CaseFacts {
    /// Collects the facts from a record's stored values. `read` returns a field's text.
    pub fn of<'r>(read: impl Fn(F) -> Option<&'r str>) -> Self {
        let value = |field: F| read(field).and_then(|text| Value::parse(field.value_type(), text));
        let date = |field: F| if let Some(Value::Date(day)) = value(field) { Some(day) } else { None };
        Self {
            birth_date: if let Some(Value::BirthDate(born)) = value(F::BirthDate) { born.day() } else { None },
            title: if let Some(Value::Aufenthaltstitel(title)) = value(F::Aufenthaltstitel) {
                Some(title)
            } else {
                None
            },
            title_valid_until: date(F::AufenthaltstitelValidUntil),
            benefit: if let Some(Value::Benefit(benefit)) = value(F::CurrentBenefit) { Some(benefit) } else { None },
            benefit_ends_on: date(F::BenefitEndsOn),
            ..Self::default()
        }
    }
}

/// The deadlines of an open case from today until `within_months` later, the soonest first. A missed review is due
/// today.
#[must_use]
pub fn upcoming(facts: &CaseFacts, today: NaiveDate, within_months: u32) -> Vec<Deadline> {
    let last = today.checked_add_months(Months::new(within_months)).unwrap_or(NaiveDate::MAX);
    let birthday = |age| facts.birth_date.and_then(|born| birthday(born, age));
    let mut found: Vec<Deadline> = [
        facts.title_valid_until.map(|day| title_expiry(facts.title, day)),
        birthday(27).filter(|_| can_lead_to_25a(facts.title)).and_then(|day| {
            // "vor Vollendung des 27. Lebensjahres": the 27th year of life ends with the day before the birthday (§§
            // 187(2), 188(2) BGB).
            Some(Deadline {
                date: day.checked_sub_days(Days::new(1))?,
                kind: DeadlineKind::Residence25aCutOff,
                ground: "§ 25a Abs. 1 AufenthG: Antrag vor Vollendung des 27. Lebensjahres",
            })
        }),
        facts.applies_for_benefit.then(|| Deadline {
            date: end_of_month(today),
            kind: DeadlineKind::BenefitApplication,
            ground: "§ 37 SGB II: Der Antrag wirkt auf den Ersten des Monats zurück, nicht weiter",
        }),
        facts.benefit_ends_on.map(|date| Deadline {
            date,
            kind: DeadlineKind::BenefitEnd,
            ground: ground_of_benefit(facts.benefit),
        }),
        birthday(18).map(|date| Deadline {
            date,
            kind: DeadlineKind::Birthday18,
            ground: "§ 2 BGB, §§ 7, 41 SGB VIII: volljährig; Hilfe für junge Volljährige auf Antrag",
        }),
        birthday(21).map(|date| Deadline {
            date,
            kind: DeadlineKind::Birthday21,
            ground: "§ 41 SGB VIII: Hilfe für junge Volljährige in der Regel bis 21; Übergang ein Jahr vorher prüfen (Abs. 3)",
        }),
        birthday(25).map(|date| Deadline {
            date,
            kind: DeadlineKind::Birthday25,
            ground: "§ 7 Abs. 3 SGB II: ab 25 eigene Bedarfsgemeinschaft im Haushalt der Eltern",
        }),
        birthday(27).map(|date| Deadline {
            date,
            kind: DeadlineKind::Birthday27,
            ground: "§ 7 Abs. 1 Nr. 4 SGB VIII: kein junger Mensch mehr; vom Jugendmigrationsdienst zur Migrationsberatung",
        }),
        plan_review(facts, today),
    ]
    .into_iter()
    .flatten()
    .filter(|deadline| (today..=last).contains(&deadline.date))
    .collect();
    found.sort_unstable();
    found
}

/// The birthday at which a person reaches an age. For people born on 29 February it is 1 March in other years.
fn birthday(born: NaiveDate, age: i32) -> Option<NaiveDate> {
    let year = born.year().checked_add(age)?;
    born.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
}

fn end_of_month(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(day)
}

fn plan_review(facts: &CaseFacts, today: NaiveDate) -> Option<Deadline> {
    let runs = match facts.phase? {
        CasePhase::Linking | CasePhase::Monitoring => true,
        CasePhase::Intake | CasePhase::Assessment | CasePhase::Planning | CasePhase::Evaluation => false,
    };
    let due = facts.reviewed_on?.checked_add_months(REVIEW_MONTHS)?;
    runs.then_some(Deadline {
        date: due.max(today),
        kind: DeadlineKind::PlanReview,
        ground: "§ 15 SGB II entsprechend: spätestens nach sechs Monaten überprüfen",
    })
}

/// Whether a title can lead to § 25a AufenthG: a Duldung, or the Chancen-Aufenthaltsrecht, which was made for this
/// step.
fn can_lead_to_25a(title: Option<Aufenthaltstitel>) -> bool {
    title.is_some_and(|title| title.is_duldung() || title == Aufenthaltstitel::Aufenthaltserlaubnis104c)
}

fn title_expiry(title: Option<Aufenthaltstitel>, date: NaiveDate) -> Deadline {
    let (kind, ground) = match title {
        Some(Aufenthaltstitel::Aufenthaltserlaubnis104c) => (
            DeadlineKind::ChanceTitleExpiry,
            "§ 104c AufenthG: nur als Aufenthaltserlaubnis nach § 25a oder § 25b zu verlängern; vor Ablauf beantragen",
        ),
        Some(title) if title.is_duldung() => {
            (DeadlineKind::TitleExpiry, "§ 60a AufenthG: Die Duldung ist befristet; vor Ablauf erneuern lassen")
        }
        Some(title) if title.is_gestattung() => (
            DeadlineKind::TitleExpiry,
            "§§ 55, 63 AsylG: Die Bescheinigung ist befristet; vor Ablauf verlängern lassen",
        ),
        Some(title) if title.is_fiktion() => (
            DeadlineKind::TitleExpiry,
            "§ 81 Abs. 5 AufenthG: Die Bescheinigung ist befristet; vor Ablauf erneuern lassen",
        ),
        Some(title) if title.is_free_movement() => {
            (DeadlineKind::TitleExpiry, "FreizügG/EU: Das Recht besteht weiter, die Karte ist zu erneuern")
        }
        Some(_) | None => (
            DeadlineKind::TitleExpiry,
            "§ 81 Abs. 4 AufenthG: Bei Antrag vor Ablauf gilt der Titel bis zur Entscheidung fort",
        ),
    };
    Deadline { date, kind, ground }
}

/// The law behind the end of a benefit, and the consequence.
const fn ground_of_benefit(benefit: Option<Benefit>) -> &'static str {
    match benefit {
        Some(Benefit::Grundsicherungsgeld) => "§§ 37, 41 SGB II: Weiterbewilligung vor dem Ende beantragen",
        Some(Benefit::Arbeitslosengeld) => {
            "§ 147 SGB III: Anspruch ist ausgeschöpft; Grundsicherungsgeld beantragen (§ 37 SGB II)"
        }
        Some(Benefit::Berufsausbildungsbeihilfe) => "§ 69 SGB III: Bewilligung ist befristet; neu beantragen",
        Some(Benefit::Bafoeg) => "§ 50 Abs. 3 BAföG: Bewilligungszeitraum endet; neu beantragen",
        Some(Benefit::Asylblg3 | Benefit::Asylblg2) => {
            "§ 1 Abs. 3 AsylbLG: endet mit dem Monat, in dem die Voraussetzung wegfällt; Folgeleistung beantragen"
        }
        Some(Benefit::Hilfe | Benefit::Grundsicherung) => "§ 44 SGB XII: Bewilligungszeitraum endet; neu beantragen",
        Some(Benefit::Jugendhilfe) => "§ 41 Abs. 3 SGB VIII: Übergang in andere Leistungen ein Jahr vorher prüfen",
        Some(Benefit::Wohngeld) => "§ 25 WoGG: Bewilligungszeitraum endet; neu beantragen",
        Some(Benefit::Kinderzuschlag) => "§ 6a BKGG: Bewilligungszeitraum endet; neu beantragen",
        Some(Benefit::None | Benefit::Other) | None => "Bewilligung endet; rechtzeitig neu beantragen (§ 16 SGB I)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeadlineKind as K;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn facts(values: &[(F, &str)]) -> CaseFacts {
        CaseFacts::of(|field| values.iter().find(|(has, _)| *has == field).map(|(_, text)| *text))
    }

    /// The deadlines within twelve months of 20 November 2026.
    fn due(facts: &CaseFacts) -> Vec<(K, String)> {
        upcoming(facts, day("2026-11-20"), MONTHS_AHEAD).iter().map(|one| (one.kind, one.date.to_string())).collect()
    }

    #[test]
    fn a_title_expiry_is_listed_from_twelve_months_before_to_its_last_day() {
        let until = |text: &str| {
            due(&facts(&[(F::Aufenthaltstitel, "AUFENTHALTSERLAUBNIS_25_3"), (F::AufenthaltstitelValidUntil, text)]))
        };
        for seen in ["2026-11-20", "2027-11-20"] {
            assert_eq!(until(seen), [(K::TitleExpiry, seen.to_owned())]);
        }
        for unseen in ["2026-11-19", "2027-11-21"] {
            assert_eq!(until(unseen), []);
        }
    }

    #[test]
    fn a_chancen_aufenthaltsrecht_can_only_become_25a_or_25b() {
        let facts =
            facts(&[(F::Aufenthaltstitel, "AUFENTHALTSERLAUBNIS_104C"), (F::AufenthaltstitelValidUntil, "2027-03-31")]);
        let found = upcoming(&facts, day("2026-11-20"), 12);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, K::ChanceTitleExpiry);
        assert!(found[0].ground.contains("§ 25b"));
    }

    #[test]
    fn the_last_day_for_25a_is_the_day_before_the_27th_birthday() {
        let born = (F::BirthDate, "2000-05-01");
        let expected = [(K::Residence25aCutOff, "2027-04-30".to_owned()), (K::Birthday27, "2027-05-01".to_owned())];
        for title in ["DULDUNG_60A", "AUFENTHALTSERLAUBNIS_104C"] {
            assert_eq!(due(&facts(&[born, (F::Aufenthaltstitel, title)])), expected, "{title}");
        }
        for title in ["AUFENTHALTSGESTATTUNG", "AUFENTHALTSERLAUBNIS_25_2"] {
            assert_eq!(due(&facts(&[born, (F::Aufenthaltstitel, title)])), expected[1..], "{title}");
        }
    }

    #[test]
    fn birthdays_that_change_the_applicable_law_are_listed() {
        for (born, kind) in [
            ("2009-01-01", K::Birthday18),
            ("2006-01-01", K::Birthday21),
            ("2002-01-01", K::Birthday25),
            ("2000-01-01", K::Birthday27),
        ] {
            assert_eq!(due(&facts(&[(F::BirthDate, born)])), [(kind, "2027-01-01".to_owned())]);
        }
        assert_eq!(due(&facts(&[(F::BirthDate, "1990-01-01")])), []);
        // None of 2009 + 18, 2006 + 21 and 2000 + 27 is a leap year.
        assert_eq!(due(&facts(&[(F::BirthDate, "2000-02-29")])), [(K::Birthday27, "2027-03-01".to_owned())]);
    }

    #[test]
    fn a_planned_application_is_due_at_the_end_of_the_month() {
        let planned = CaseFacts { applies_for_benefit: true, ..Default::default() };
        assert_eq!(due(&planned), [(K::BenefitApplication, "2026-11-30".to_owned())]);
        assert_eq!(end_of_month(day("2028-02-10")), day("2028-02-29"));
        assert_eq!(end_of_month(day("2026-12-31")), day("2026-12-31"));
    }

    #[test]
    fn the_end_of_every_benefit_is_listed() {
        for &benefit in Benefit::ALL {
            let found = upcoming(
                &facts(&[(F::CurrentBenefit, benefit.code()), (F::BenefitEndsOn, "2027-01-31")]),
                day("2026-11-20"),
                12,
            );
            assert_eq!((found.len(), found[0].kind), (1, K::BenefitEnd), "{benefit}");
        }
    }

    #[test]
    fn a_plan_review_is_due_after_six_months_and_today_if_missed() {
        let reviewed =
            |phase, on: &str| CaseFacts { phase: Some(phase), reviewed_on: Some(day(on)), ..Default::default() };
        assert_eq!(due(&reviewed(CasePhase::Linking, "2026-08-31")), [(K::PlanReview, "2027-02-28".to_owned())]);
        assert_eq!(due(&reviewed(CasePhase::Monitoring, "2025-01-01")), [(K::PlanReview, "2026-11-20".to_owned())]);
        for phase in [CasePhase::Intake, CasePhase::Assessment, CasePhase::Planning, CasePhase::Evaluation] {
            assert_eq!(due(&reviewed(phase, "2026-08-31")), []);
        }
    }

    #[test]
    fn the_soonest_comes_first() {
        let mut all = facts(&[
            (F::BirthDate, "2002-01-01"),
            (F::Aufenthaltstitel, "AUFENTHALTSGESTATTUNG"),
            (F::AufenthaltstitelValidUntil, "2026-12-24"),
            (F::BenefitEndsOn, "2027-06-30"),
        ]);
        all.applies_for_benefit = true;
        let kinds: Vec<K> = due(&all).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [K::BenefitApplication, K::TitleExpiry, K::Birthday25, K::BenefitEnd]);
    }
}
