//! Spellings of personal attributes: gender, language, family, target groups, work permission.

use kim_domain::value::{Benefit, CasePhase, Gender, Language, MaritalStatus, TargetGroup, WorkPermission};

use super::spelled;

spelled!(Gender {
    Female: "w", "weibl", "frau", "f";
    Male: "m", "männl", "mann";
    Diverse: "d", "div";
    NotStated: "x", "k.A.", "ohne Angabe";
});

spelled!(Language {
    Albanian: "Shqip";
    Azerbaijani: "Aseri";
    Bengali: "Bangla";
    Chinese: "Mandarin";
    Farsi: "Persisch";
    Fula: "Fulfulde", "Pular";
    GermanSignLanguage: "DGS", "Gebärdensprache";
    Hausa: "Hausa";
    Kurmanji: "Kurmanci", "Kurmandji", "Kurdisch (Kurmandschi)", "Kurdisch-Kurmandschi";
    Malinke: "Maninka", "Mandinka";
    Pashto: "Paschto", "Pashto";
    Punjabi: "Punjabi";
    Romani: "Romani", "Romanesisch";
    Serbian: "Serbokroatisch";
    Sorani: "Kurdisch (Sorani)", "Kurdisch-Sorani";
    Swahili: "Suaheli", "Kisuaheli";
    Thai: "Thai";
    Tigrinya: "Tigrinisch", "Tigrigna";
    Other: "andere", "sonstige";
});

spelled!(MaritalStatus {
    Single: "LD";
    Married: "VH", "verh.";
    Widowed: "VW", "verw.";
    Divorced: "GS", "gesch.";
    Annulled: "EA";
    CivilPartnership: "LP", "eingetragene Lebenspartnerschaft", "verpartnert";
    PartnershipEndedByDeath: "LV";
    PartnershipAnnulled: "LA";
    PartnershipEndedByDeclaredDeath: "LE";
    NotKnown: "NB", "unbekannt";
});

spelled!(TargetGroup {
    JungeErwachsene: "18-27", "18 bis 27", "18-27 Jahre", "junge Erwachsene";
    DuldungGestattung: "Duldung/Gestattung", "Duldung", "Gestattung";
    Unionsbuerger: "Unionsbürger*innen", "Unionsbürger:innen", "Unionsbürger/innen", "Unionsbürger/-innen",
        "Unionsbürger_innen", "Unionsbürgerin", "EU", "EU-Bürger";
    Alleinerziehende: "alleinerziehend", "AE";
    Familienangehoerige: "Familienangehörige", "Familie", "FAM", "Haushaltsangehörige";
    Behinderung: "BEH", "mit Behinderung";
    Lsbti: "LSBTIQ", "LSBTIQ*", "LSTBIQ*", "queer";
});

spelled!(WorkPermission {
    ErwerbstaetigkeitErlaubt: "erlaubt", "ja";
    NurMitErlaubnisAbh: "nur mit Erlaubnis ABH", "mit Erlaubnis der ABH", "nur mit Erlaubnis der ABH";
    NurMitZustimmungBa: "nur mit Zustimmung BA", "nur mit Zustimmung der BA";
    BestimmterArbeitgeber: "bestimmter Arbeitgeber", "nur bestimmter Arbeitgeber";
    NichtErlaubt: "nein", "nicht gestattet";
    Unklar: "unbekannt", "ungeklärt";
});

spelled!(Benefit {
    None: "nein", "keine Leistung";
    Grundsicherungsgeld: "Grundsicherungsgeld", "Bürgergeld", "SGB II", "ALG II";
    Arbeitslosengeld: "Arbeitslosengeld", "ALG I", "ALG", "SGB III";
    Berufsausbildungsbeihilfe: "BAB";
    Asylblg3: "AsylbLG", "§ 3 AsylbLG";
    Asylblg2: "§ 2 AsylbLG", "Analogleistungen";
    Hilfe: "Sozialhilfe", "SGB XII", "Hilfe zum Lebensunterhalt";
    Jugendhilfe: "Jugendhilfe", "SGB VIII";
});

spelled!(CasePhase {
    Intake: "Klärung", "Fallklärung", "Aufnahme", "Intaking";
    Planning: "Integrationsplan", "Integrationsplanung", "Planung", "Hilfeplan";
    Linking: "Vermittlung";
    Evaluation: "Abschluss", "Evaluation/Abschluss";
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::spelling::Spelled;

    #[test]
    fn the_words_of_the_case_lists_are_understood() {
        assert_eq!(Gender::find("w"), Some(Gender::Female));
        assert_eq!(Gender::find("Weiblich"), Some(Gender::Female));
        assert_eq!(Language::find("Tuerkisch"), Some(Language::Turkish));
        assert_eq!(Language::find("farsi"), Some(Language::Farsi));
        assert_eq!(Language::find("Klingonisch"), None);
        for text in ["w?", "m/w", "(w)", "w*", "!m"] {
            assert_eq!(Gender::find(text), None, "{text}");
        }
        for text in ["Duldung?", "18-27?", "<18-27", "Familie/EU"] {
            assert_eq!(TargetGroup::find(text), None, "{text}");
        }
        assert_eq!(TargetGroup::find("Unionsbürger:innen"), Some(TargetGroup::Unionsbuerger));
        assert_eq!(MaritalStatus::find("gesch."), Some(MaritalStatus::Divorced));
        assert_eq!(TargetGroup::find("18–27"), Some(TargetGroup::JungeErwachsene));
        assert_eq!(TargetGroup::find("Duldung/Gestattung"), Some(TargetGroup::DuldungGestattung));
        assert_eq!(WorkPermission::find("nur mit Erlaubnis ABH"), Some(WorkPermission::NurMitErlaubnisAbh));
        assert_eq!(Benefit::find("Bürgergeld"), Some(Benefit::Grundsicherungsgeld));
        assert_eq!(CasePhase::find("Hilfeplanung"), Some(CasePhase::Planning));
    }
}
