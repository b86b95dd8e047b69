//! Spellings of courses, degrees and employment.

use kim_domain::value::{
    Accommodation, AnerkennungState, Employment, GermanLevel, IntegrationskursState, SchoolDegree,
};

use super::spelled;

spelled!(GermanLevel {
    NichtAlphabetisiert: "Analphabet", "Alphabetisierung";
    BelowA1: "A0", "keine", "kein Deutsch";
    A1: "GER A1", "A1 (GER)", "einfach";
    A2: "GER A2", "A2 (GER)", "hinreichend";
    B1: "GER B1", "B1 (GER)", "ausreichend";
    B2: "GER B2", "B2 (GER)", "gut";
    C1: "GER C1", "C1 (GER)";
    C2: "GER C2", "C2 (GER)";
    Unknown: "k.A.", "nicht bekannt";
});

spelled!(IntegrationskursState {
    KeinAnspruch: "nicht berechtigt";
    Berechtigt: "Berechtigung";
    Zugelassen: "zugelassen", "Zulassung";
    VerpflichtetAbh: "verpflichtet (ABH)", "verpflichtet ABH";
    VerpflichtetJc: "verpflichtet (Jobcenter)", "verpflichtet JC", "verpflichtet Jobcenter";
    VerpflichtetAsylblg: "verpflichtet (AsylbLG)";
    Wartet: "wartet", "Warteliste";
    Begonnen: "läuft", "laufend", "im Kurs";
    Unterbrochen: "Unterbrechung", "abgebrochen";
    Wiederholer: "Wiederholung", "Wiederholer";
    Abgeschlossen: "beendet";
    DtzA2: "DTZ A2";
    DtzB1: "DTZ B1";
    LidBestanden: "LiD bestanden", "LiD";
    Zertifikat: "Zertifikat B1", "Zertifikat";
});

spelled!(SchoolDegree {
    None: "ohne", "keiner", "kein Abschluss", "kein Schulabschluss";
    Foerderschulabschluss: "Förderschule";
    Hauptschulabschluss: "Hauptschule", "HSA", "Erster Schulabschluss", "ESA";
    MittlererSchulabschluss: "Realschule", "MSA", "mittlere Reife", "Realschulabschluss", "FOR";
    Fachhochschulreife: "Fachabitur", "FHR";
    Abitur: "Hochschulreife", "allgemeine Hochschulreife", "AHR";
    Foreign: "ausländisch", "ausländischer Schulabschluss", "Abschluss im Ausland";
});

spelled!(AnerkennungState {
    NichtBeantragt: "nein", "offen";
    TeilweiseAnerkannt: "teilweise";
    Anerkannt: "voll anerkannt", "ja";
    NichtErforderlich: "entfällt";
});

spelled!(Employment {
    FullTime: "Vollzeitbeschäftigung", "VZ";
    PartTime: "Teilzeitbeschäftigung", "TZ";
    Minijob: "geringfügig", "geringfügig beschäftigt";
    SelfEmployed: "selbstständig";
    VocationalTraining: "Azubi", "in Ausbildung", "Berufsausbildung";
    School: "Schüler", "Schülerin", "Berufskolleg";
    University: "Student", "Studentin", "Hochschule";
    VoluntaryService: "FSJ", "BFD";
    Course: "Sprachkurs", "Maßnahme", "Integrationskurs";
    Unemployed: "arbeitsuchend", "ohne Arbeit", "arbeitssuchend";
    NotWorking: "keine", "ohne Beschäftigung";
});

spelled!(Accommodation {
    Rented: "Wohnung", "eigene Wohnung";
    WithFamily: "bei Familie", "bei Bekannten";
    ReceptionCentre: "ZUE", "EAE", "Aufnahmeeinrichtung";
    Gemeinschaftsunterkunft: "GU", "Wohnheim";
    YouthWelfareHome: "Jugendhilfeeinrichtung", "Wohngruppe";
    Shelter: "Frauenhaus";
    Homeless: "obdachlos";
    Other: "sonstige";
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::spelling::Spelled;

    #[test]
    fn the_words_of_the_case_lists_are_understood() {
        assert_eq!(GermanLevel::find("b1"), Some(GermanLevel::B1));
        assert_eq!(GermanLevel::find("B1 (GER)"), Some(GermanLevel::B1));
        for text in
            ["B7", "<A1", "A1?", ">B1", "B1+", "B1-", "~B1", "A1/A2", "A1-A2", "(A1)", "!A1", "A1*", "≥B1", "B1 (?)"]
        {
            assert_eq!(GermanLevel::find(text), None, "{text}");
        }
        assert_eq!(GermanLevel::find("unbekannt"), Some(GermanLevel::Unknown));
        assert_eq!(IntegrationskursState::find("verpflichtet"), Some(IntegrationskursState::Verpflichtet));
        assert_eq!(IntegrationskursState::find("Zertifikat B1"), Some(IntegrationskursState::Zertifikat));
        assert_eq!(IntegrationskursState::find("kein Anspruch"), Some(IntegrationskursState::KeinAnspruch));
        assert_eq!(SchoolDegree::find("ohne"), Some(SchoolDegree::None));
        assert_eq!(SchoolDegree::find("Realschule"), Some(SchoolDegree::MittlererSchulabschluss));
        assert_eq!(AnerkennungState::find("teilweise"), Some(AnerkennungState::TeilweiseAnerkannt));
        assert_eq!(Employment::find("Vollzeit"), Some(Employment::FullTime));
        assert_eq!(Employment::find("selbstständig"), Some(Employment::SelfEmployed));
        assert_eq!(Accommodation::find("Frauenhaus"), Some(Accommodation::Shelter));
    }
}
