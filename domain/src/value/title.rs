//! Residence titles and statuses, each with its legal basis.

crate::words! {
    /// A residence title or status (AufenthG, AsylG, FreizügG/EU). There is deliberately no value for "no title": only
    /// the Ausländerbehörde decides that, and public bodies would have to report it (§ 87 AufenthG). An unknown title
    /// has no value. A label ends with its paragraph, from which the import derives common spellings.
    pub enum Aufenthaltstitel("Aufenthaltstitel oder -status") for Work {
        FreizuegigEu = "FREIZUEGIG_EU": "Freizügigkeit EU § 2 FreizügG/EU",
        Aufenthaltskarte = "AUFENTHALTSKARTE": "Aufenthaltskarte § 5 Abs. 1 FreizügG/EU",
        DaueraufenthaltEuBuerger = "DAUERAUFENTHALT_EU_BUERGER": "Daueraufenthaltsrecht § 4a FreizügG/EU",
        Daueraufenthaltskarte = "DAUERAUFENTHALTSKARTE": "Daueraufenthaltskarte § 5 Abs. 5 FreizügG/EU",
        AufenthaltsdokumentGb = "AUFENTHALTSDOKUMENT_GB": "Aufenthaltsdokument-GB § 16 FreizügG/EU",
        Visum = "VISUM": "Visum § 6 AufenthG",
        BlaueKarteEu = "BLAUE_KARTE_EU": "Blaue Karte EU § 18g AufenthG",
        IctKarte = "ICT_KARTE": "ICT-Karte § 19 AufenthG",
        MobilerIctKarte = "MOBILER_ICT_KARTE": "Mobiler-ICT-Karte § 19b AufenthG",
        DaueraufenthaltEu = "DAUERAUFENTHALT_EU": "Erlaubnis zum Daueraufenthalt-EU § 9a AufenthG",
        Niederlassungserlaubnis9 = "NIEDERLASSUNGSERLAUBNIS_9": "Niederlassungserlaubnis § 9 AufenthG",
        Niederlassungserlaubnis18c = "NIEDERLASSUNGSERLAUBNIS_18C": "Niederlassungserlaubnis § 18c AufenthG",
        Niederlassungserlaubnis26Abs3 = "NIEDERLASSUNGSERLAUBNIS_26_3": "Niederlassungserlaubnis § 26 Abs. 3 AufenthG",
        Niederlassungserlaubnis26Abs4 = "NIEDERLASSUNGSERLAUBNIS_26_4": "Niederlassungserlaubnis § 26 Abs. 4 AufenthG",
        Niederlassungserlaubnis28Abs2 = "NIEDERLASSUNGSERLAUBNIS_28_2": "Niederlassungserlaubnis § 28 Abs. 2 AufenthG",
        Niederlassungserlaubnis35 = "NIEDERLASSUNGSERLAUBNIS_35": "Niederlassungserlaubnis § 35 AufenthG",
        Aufenthaltserlaubnis16a = "AUFENTHALTSERLAUBNIS_16A": "Aufenthaltserlaubnis § 16a AufenthG",
        Aufenthaltserlaubnis16b = "AUFENTHALTSERLAUBNIS_16B": "Aufenthaltserlaubnis § 16b AufenthG",
        Aufenthaltserlaubnis16d = "AUFENTHALTSERLAUBNIS_16D": "Aufenthaltserlaubnis § 16d AufenthG",
        Aufenthaltserlaubnis16e = "AUFENTHALTSERLAUBNIS_16E": "Aufenthaltserlaubnis § 16e AufenthG",
        Aufenthaltserlaubnis16f = "AUFENTHALTSERLAUBNIS_16F": "Aufenthaltserlaubnis § 16f AufenthG",
        Aufenthaltserlaubnis16g = "AUFENTHALTSERLAUBNIS_16G": "Aufenthaltserlaubnis § 16g AufenthG",
        Aufenthaltserlaubnis17 = "AUFENTHALTSERLAUBNIS_17": "Aufenthaltserlaubnis § 17 AufenthG",
        Aufenthaltserlaubnis18a = "AUFENTHALTSERLAUBNIS_18A": "Aufenthaltserlaubnis § 18a AufenthG",
        Aufenthaltserlaubnis18b = "AUFENTHALTSERLAUBNIS_18B": "Aufenthaltserlaubnis § 18b AufenthG",
        Aufenthaltserlaubnis18d = "AUFENTHALTSERLAUBNIS_18D": "Aufenthaltserlaubnis § 18d AufenthG",
        Aufenthaltserlaubnis19c = "AUFENTHALTSERLAUBNIS_19C": "Aufenthaltserlaubnis § 19c AufenthG",
        Aufenthaltserlaubnis19d = "AUFENTHALTSERLAUBNIS_19D": "Aufenthaltserlaubnis § 19d AufenthG",
        Aufenthaltserlaubnis19e = "AUFENTHALTSERLAUBNIS_19E": "Aufenthaltserlaubnis § 19e AufenthG",
        Aufenthaltserlaubnis20 = "AUFENTHALTSERLAUBNIS_20": "Aufenthaltserlaubnis § 20 AufenthG",
        Aufenthaltserlaubnis20a = "AUFENTHALTSERLAUBNIS_20A": "Aufenthaltserlaubnis § 20a AufenthG",
        Aufenthaltserlaubnis21 = "AUFENTHALTSERLAUBNIS_21": "Aufenthaltserlaubnis § 21 AufenthG",
        Aufenthaltserlaubnis22 = "AUFENTHALTSERLAUBNIS_22": "Aufenthaltserlaubnis § 22 AufenthG",
        Aufenthaltserlaubnis23Abs1 = "AUFENTHALTSERLAUBNIS_23_1": "Aufenthaltserlaubnis § 23 Abs. 1 AufenthG",
        Aufenthaltserlaubnis23Abs2 = "AUFENTHALTSERLAUBNIS_23_2": "Aufenthaltserlaubnis § 23 Abs. 2 AufenthG",
        Aufenthaltserlaubnis23Abs4 = "AUFENTHALTSERLAUBNIS_23_4": "Aufenthaltserlaubnis § 23 Abs. 4 AufenthG",
        Aufenthaltserlaubnis23a = "AUFENTHALTSERLAUBNIS_23A": "Aufenthaltserlaubnis § 23a AufenthG",
        Aufenthaltserlaubnis24 = "AUFENTHALTSERLAUBNIS_24": "Aufenthaltserlaubnis § 24 AufenthG",
        Aufenthaltserlaubnis25Abs1 = "AUFENTHALTSERLAUBNIS_25_1": "Aufenthaltserlaubnis § 25 Abs. 1 AufenthG",
        Aufenthaltserlaubnis25Abs2 = "AUFENTHALTSERLAUBNIS_25_2": "Aufenthaltserlaubnis § 25 Abs. 2 AufenthG",
        Aufenthaltserlaubnis25Abs3 = "AUFENTHALTSERLAUBNIS_25_3": "Aufenthaltserlaubnis § 25 Abs. 3 AufenthG",
        Aufenthaltserlaubnis25Abs4 = "AUFENTHALTSERLAUBNIS_25_4": "Aufenthaltserlaubnis § 25 Abs. 4 AufenthG",
        Aufenthaltserlaubnis25Abs4a = "AUFENTHALTSERLAUBNIS_25_4A": "Aufenthaltserlaubnis § 25 Abs. 4a AufenthG",
        Aufenthaltserlaubnis25Abs4b = "AUFENTHALTSERLAUBNIS_25_4B": "Aufenthaltserlaubnis § 25 Abs. 4b AufenthG",
        Aufenthaltserlaubnis25Abs5 = "AUFENTHALTSERLAUBNIS_25_5": "Aufenthaltserlaubnis § 25 Abs. 5 AufenthG",
        Aufenthaltserlaubnis25a = "AUFENTHALTSERLAUBNIS_25A": "Aufenthaltserlaubnis § 25a AufenthG",
        Aufenthaltserlaubnis25b = "AUFENTHALTSERLAUBNIS_25B": "Aufenthaltserlaubnis § 25b AufenthG",
        Aufenthaltserlaubnis28 = "AUFENTHALTSERLAUBNIS_28": "Aufenthaltserlaubnis § 28 AufenthG",
        Aufenthaltserlaubnis30 = "AUFENTHALTSERLAUBNIS_30": "Aufenthaltserlaubnis § 30 AufenthG",
        Aufenthaltserlaubnis31 = "AUFENTHALTSERLAUBNIS_31": "Aufenthaltserlaubnis § 31 AufenthG",
        Aufenthaltserlaubnis32 = "AUFENTHALTSERLAUBNIS_32": "Aufenthaltserlaubnis § 32 AufenthG",
        Aufenthaltserlaubnis33 = "AUFENTHALTSERLAUBNIS_33": "Aufenthaltserlaubnis § 33 AufenthG",
        Aufenthaltserlaubnis34 = "AUFENTHALTSERLAUBNIS_34": "Aufenthaltserlaubnis § 34 AufenthG",
        Aufenthaltserlaubnis36 = "AUFENTHALTSERLAUBNIS_36": "Aufenthaltserlaubnis § 36 AufenthG",
        Aufenthaltserlaubnis36a = "AUFENTHALTSERLAUBNIS_36A": "Aufenthaltserlaubnis § 36a AufenthG",
        Aufenthaltserlaubnis37 = "AUFENTHALTSERLAUBNIS_37": "Aufenthaltserlaubnis § 37 AufenthG",
        Aufenthaltserlaubnis38 = "AUFENTHALTSERLAUBNIS_38": "Aufenthaltserlaubnis § 38 AufenthG",
        Aufenthaltserlaubnis38a = "AUFENTHALTSERLAUBNIS_38A": "Aufenthaltserlaubnis § 38a AufenthG",
        Aufenthaltserlaubnis104c = "AUFENTHALTSERLAUBNIS_104C": "Aufenthaltserlaubnis § 104c AufenthG",
        Aufenthaltsgestattung = "AUFENTHALTSGESTATTUNG": "Aufenthaltsgestattung § 55 AsylG",
        Ankunftsnachweis = "ANKUNFTSNACHWEIS": "Ankunftsnachweis § 63a AsylG",
        Fiktionsbescheinigung = "FIKTIONSBESCHEINIGUNG": "Fiktionsbescheinigung § 81 Abs. 5 AufenthG",
        Fiktionsbescheinigung81Abs3Erlaubt = "FIKTIONSBESCHEINIGUNG_81_3_ERLAUBT": "Fiktionsbescheinigung § 81 Abs. 3 S. 1 AufenthG",
        Fiktionsbescheinigung81Abs3Ausgesetzt = "FIKTIONSBESCHEINIGUNG_81_3_AUSGESETZT": "Fiktionsbescheinigung § 81 Abs. 3 S. 2 AufenthG",
        Fiktionsbescheinigung81Abs4 = "FIKTIONSBESCHEINIGUNG_81_4": "Fiktionsbescheinigung § 81 Abs. 4 AufenthG",
        Duldung60a = "DULDUNG_60A": "Duldung § 60a AufenthG",
        Duldung60aAbs2Satz1 = "DULDUNG_60A_2_1": "Duldung § 60a Abs. 2 S. 1 AufenthG",
        Duldung60aAbs2Satz3 = "DULDUNG_60A_2_3": "Duldung § 60a Abs. 2 S. 3 AufenthG",
        Duldung60b = "DULDUNG_60B": "Duldung § 60b AufenthG",
        Ausbildungsduldung60c = "AUSBILDUNGSDULDUNG_60C": "Ausbildungsduldung § 60c AufenthG",
        Beschaeftigungsduldung60d = "BESCHAEFTIGUNGSDULDUNG_60D": "Beschäftigungsduldung § 60d AufenthG",
        Deutsch = "DEUTSCH": "deutsche Staatsangehörigkeit",
    }
}

impl Aufenthaltstitel {
    /// Whether this is a Duldung (§§ 60a to 60d AufenthG): not a title; the removal is suspended.
    #[must_use]
    pub const fn is_duldung(self) -> bool {
        matches!(
            self,
            Self::Duldung60a
                | Self::Duldung60aAbs2Satz1
                | Self::Duldung60aAbs2Satz3
                | Self::Duldung60b
                | Self::Ausbildungsduldung60c
                | Self::Beschaeftigungsduldung60d
        )
    }

    /// Whether this is a Gestattung, or the Ankunftsnachweis with which it begins (§ 55(1) AsylG).
    #[must_use]
    pub const fn is_gestattung(self) -> bool {
        matches!(self, Self::Aufenthaltsgestattung | Self::Ankunftsnachweis)
    }

    /// Whether this certifies that an application is pending (§ 81(5) AufenthG).
    #[must_use]
    pub const fn is_fiktion(self) -> bool {
        matches!(
            self,
            Self::Fiktionsbescheinigung
                | Self::Fiktionsbescheinigung81Abs3Erlaubt
                | Self::Fiktionsbescheinigung81Abs3Ausgesetzt
                | Self::Fiktionsbescheinigung81Abs4
        )
    }

    /// Whether this certifies a right that exists directly under the FreizügG/EU.
    #[must_use]
    pub const fn is_free_movement(self) -> bool {
        matches!(
            self,
            Self::FreizuegigEu
                | Self::Aufenthaltskarte
                | Self::DaueraufenthaltEuBuerger
                | Self::Daueraufenthaltskarte
                | Self::AufenthaltsdokumentGb
        )
    }
}
