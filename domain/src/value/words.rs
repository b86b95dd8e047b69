//! Closed value lists, except the residence titles, which have their own file.

crate::words! {
    /// Sex as civil registration knows it (xpersonenstand geschlecht_3).
    pub enum Gender("Geschlecht") for Work {
        Female = "FEMALE": "weiblich",
        Male = "MALE": "männlich",
        Diverse = "DIVERSE": "divers",
        NotStated = "NOT_STATED": "keine Angabe",
    }
}

crate::words! {
    /// The client's preferred language of communication.
    pub enum Language("Sprache") for Work {
        Albanian = "ALBANIAN": "Albanisch",
        Amharic = "AMHARIC": "Amharisch",
        Arabic = "ARABIC": "Arabisch",
        Armenian = "ARMENIAN": "Armenisch",
        Azerbaijani = "AZERBAIJANI": "Aserbaidschanisch",
        Bengali = "BENGALI": "Bengalisch",
        Bosnian = "BOSNIAN": "Bosnisch",
        Bulgarian = "BULGARIAN": "Bulgarisch",
        Chinese = "CHINESE": "Chinesisch",
        Croatian = "CROATIAN": "Kroatisch",
        Dari = "DARI": "Dari",
        Dutch = "DUTCH": "Niederländisch",
        English = "ENGLISH": "Englisch",
        Ewe = "EWE": "Ewe",
        Farsi = "FARSI": "Farsi",
        French = "FRENCH": "Französisch",
        Fula = "FULA": "Fula",
        Georgian = "GEORGIAN": "Georgisch",
        German = "GERMAN": "Deutsch",
        GermanSignLanguage = "GERMAN_SIGN_LANGUAGE": "Deutsche Gebärdensprache",
        Greek = "GREEK": "Griechisch",
        Hausa = "HAUSA": "Haussa",
        Hindi = "HINDI": "Hindi",
        Hungarian = "HUNGARIAN": "Ungarisch",
        Igbo = "IGBO": "Igbo",
        Italian = "ITALIAN": "Italienisch",
        Kurmanji = "KURMANJI": "Kurmandschi",
        Lingala = "LINGALA": "Lingala",
        Macedonian = "MACEDONIAN": "Mazedonisch",
        Malinke = "MALINKE": "Malinke",
        Mongolian = "MONGOLIAN": "Mongolisch",
        Oromo = "OROMO": "Oromo",
        Pashto = "PASHTO": "Paschtu",
        Polish = "POLISH": "Polnisch",
        Portuguese = "PORTUGUESE": "Portugiesisch",
        Punjabi = "PUNJABI": "Pandschabi",
        Romani = "ROMANI": "Romanes",
        Romanian = "ROMANIAN": "Rumänisch",
        Russian = "RUSSIAN": "Russisch",
        Serbian = "SERBIAN": "Serbisch",
        Somali = "SOMALI": "Somali",
        Sorani = "SORANI": "Sorani",
        Spanish = "SPANISH": "Spanisch",
        Swahili = "SWAHILI": "Swahili",
        Tamil = "TAMIL": "Tamil",
        Thai = "THAI": "Thailändisch",
        Tigrinya = "TIGRINYA": "Tigrinya",
        Turkish = "TURKISH": "Türkisch",
        Twi = "TWI": "Twi",
        Ukrainian = "UKRAINIAN": "Ukrainisch",
        Urdu = "URDU": "Urdu",
        Vietnamese = "VIETNAMESE": "Vietnamesisch",
        Wolof = "WOLOF": "Wolof",
        Yoruba = "YORUBA": "Yoruba",
        Other = "OTHER": "andere Sprache",
    }
}

crate::words! {
    /// How the client must not be contacted, for the client's safety.
    pub enum ContactRestriction("Einschränkung der Kontaktaufnahme") for Work {
        NoCalls = "NO_CALLS": "nicht anrufen",
        NoVoicemail = "NO_VOICEMAIL": "nicht auf die Mailbox sprechen",
        NoLetters = "NO_LETTERS": "keine Briefe an die Anschrift",
        NoHomeVisits = "NO_HOME_VISITS": "keine Hausbesuche",
        ThroughTraegerOnly = "THROUGH_TRAEGER_ONLY": "nur über den Träger",
    }
}

crate::words! {
    /// Whether the client may work (§§ 4a, 60a(6), 60b(5) AufenthG, § 61 AsylG). Every title must state this.
    pub enum WorkPermission("Arbeitserlaubnis") for Work {
        ErwerbstaetigkeitErlaubt = "ERWERBSTAETIGKEIT_ERLAUBT": "Erwerbstätigkeit erlaubt",
        BeschaeftigungErlaubt = "BESCHAEFTIGUNG_ERLAUBT": "Beschäftigung erlaubt",
        NurMitErlaubnisAbh = "NUR_MIT_ERLAUBNIS_ABH": "nur mit Erlaubnis der Ausländerbehörde",
        NurMitZustimmungBa = "NUR_MIT_ZUSTIMMUNG_BA": "nur mit Zustimmung der Bundesagentur für Arbeit",
        BestimmterArbeitgeber = "BESTIMMTER_ARBEITGEBER": "nur bei einem bestimmten Arbeitgeber",
        NichtErlaubt = "NICHT_ERLAUBT": "nicht erlaubt",
        Unklar = "UNKLAR": "unklar",
    }
}

crate::words! {
    /// Family status (DSMeld familienstand_2).
    pub enum MaritalStatus("Familienstand") for Work {
        Single = "SINGLE": "ledig",
        Married = "MARRIED": "verheiratet",
        Widowed = "WIDOWED": "verwitwet",
        Divorced = "DIVORCED": "geschieden",
        Annulled = "ANNULLED": "Ehe aufgehoben",
        CivilPartnership = "CIVIL_PARTNERSHIP": "in eingetragener Lebenspartnerschaft",
        PartnershipEndedByDeath = "PARTNERSHIP_ENDED_BY_DEATH": "durch Tod aufgelöste Lebenspartnerschaft",
        PartnershipAnnulled = "PARTNERSHIP_ANNULLED": "aufgehobene Lebenspartnerschaft",
        PartnershipEndedByDeclaredDeath = "PARTNERSHIP_ENDED_BY_DECLARED_DEATH": "durch Todeserklärung aufgelöste Lebenspartnerschaft",
        NotKnown = "NOT_KNOWN": "nicht bekannt",
    }
}

crate::words! {
    /// Relation of a household member to the client.
    pub enum Relation("Beziehung zur Klientin oder zum Klienten") for Work {
        Spouse = "SPOUSE": "Ehe- oder Lebenspartnerin oder -partner",
        Partner = "PARTNER": "Partnerin oder Partner",
        Child = "CHILD": "Kind",
        Parent = "PARENT": "Elternteil",
        Sibling = "SIBLING": "Geschwister",
        OtherRelative = "OTHER_RELATIVE": "andere verwandte Person",
        Other = "OTHER": "andere Person",
    }
}

crate::words! {
    /// The client's accommodation.
    pub enum Accommodation("Art der Unterkunft") for Work {
        Rented = "RENTED": "Mietwohnung",
        WithFamily = "WITH_FAMILY": "bei Familie oder Bekannten",
        ReceptionCentre = "RECEPTION_CENTRE": "Aufnahmeeinrichtung des Landes",
        Gemeinschaftsunterkunft = "GEMEINSCHAFTSUNTERKUNFT": "Gemeinschaftsunterkunft",
        MunicipalFlat = "MUNICIPAL_FLAT": "kommunale Unterbringung in einer Wohnung",
        YouthWelfareHome = "YOUTH_WELFARE_HOME": "Einrichtung der Jugendhilfe",
        Shelter = "SHELTER": "Schutzeinrichtung",
        Homeless = "HOMELESS": "wohnungslos",
        Other = "OTHER": "andere Unterkunft",
    }
}

crate::words! {
    /// Level of German (GER, § 2(9) to (12) AufenthG). An unknown level has no value.
    pub enum GermanLevel("Deutschniveau (GER)") for Work {
        NichtAlphabetisiert = "NICHT_ALPHABETISIERT": "nicht alphabetisiert",
        BelowA1 = "BELOW_A1": "unter A1",
        A1 = "A1": "A1",
        A2 = "A2": "A2",
        B1 = "B1": "B1",
        B2 = "B2": "B2",
        C1 = "C1": "C1",
        C2 = "C2": "C2",
        Unknown = "UNKNOWN": "unbekannt",
    }
}

crate::words! {
    /// State of the Integrationskurs (§§ 44, 44a AufenthG, §§ 4 to 17 IntV).
    pub enum IntegrationskursState("Stand des Integrationskurses") for Work {
        KeinAnspruch = "KEIN_ANSPRUCH": "kein Anspruch",
        Berechtigt = "BERECHTIGT": "berechtigt (§ 44 Abs. 1 AufenthG)",
        Zugelassen = "ZUGELASSEN": "zugelassen (§ 44 Abs. 4 AufenthG)",
        Verpflichtet = "VERPFLICHTET": "verpflichtet",
        VerpflichtetAbh = "VERPFLICHTET_ABH": "von der Ausländerbehörde verpflichtet",
        VerpflichtetJc = "VERPFLICHTET_JC": "vom Jobcenter verpflichtet",
        VerpflichtetAsylblg = "VERPFLICHTET_ASYLBLG": "nach dem AsylbLG verpflichtet",
        Angemeldet = "ANGEMELDET": "angemeldet",
        Eingestuft = "EINGESTUFT": "eingestuft",
        Wartet = "WARTET": "wartet auf einen Platz",
        Begonnen = "BEGONNEN": "begonnen",
        Unterbrochen = "UNTERBROCHEN": "unterbrochen",
        NichtOrdnungsgemaess = "NICHT_ORDNUNGSGEMAESS": "nicht ordnungsgemäß teilgenommen",
        Wiederholer = "WIEDERHOLER": "wiederholt (300 Stunden)",
        Abgeschlossen = "ABGESCHLOSSEN": "abgeschlossen",
        AbgeschlossenOhneB1 = "ABGESCHLOSSEN_OHNE_B1": "abgeschlossen ohne B1",
        DtzA2 = "DTZ_A2": "DTZ mit A2 bestanden",
        DtzB1 = "DTZ_B1": "DTZ mit B1 bestanden",
        LidBestanden = "LID_BESTANDEN": "Leben in Deutschland bestanden",
        Zertifikat = "ZERTIFIKAT": "Zertifikat Integrationskurs",
    }
}

crate::words! {
    /// The highest school degree.
    pub enum SchoolDegree("Schulabschluss") for Work {
        None = "NONE": "ohne Abschluss",
        Foerderschulabschluss = "FOERDERSCHULABSCHLUSS": "Förderschulabschluss",
        Hauptschulabschluss = "HAUPTSCHULABSCHLUSS": "Hauptschulabschluss",
        MittlererSchulabschluss = "MITTLERER_SCHULABSCHLUSS": "mittlerer Schulabschluss",
        Fachhochschulreife = "FACHHOCHSCHULREIFE": "Fachhochschulreife",
        Abitur = "ABITUR": "Abitur",
        Foreign = "FOREIGN": "ausländischer Abschluss",
    }
}

crate::words! {
    /// State of the recognition of a foreign qualification (BQFG).
    pub enum AnerkennungState("Stand der Anerkennung") for Work {
        NichtBeantragt = "NICHT_BEANTRAGT": "nicht beantragt",
        Beantragt = "BEANTRAGT": "beantragt",
        TeilweiseAnerkannt = "TEILWEISE_ANERKANNT": "teilweise anerkannt",
        Anerkannt = "ANERKANNT": "anerkannt",
        Abgelehnt = "ABGELEHNT": "abgelehnt",
        NichtErforderlich = "NICHT_ERFORDERLICH": "nicht erforderlich",
    }
}

crate::words! {
    /// The client's occupation or training.
    pub enum Employment("Beschäftigung") for Work {
        FullTime = "FULL_TIME": "Vollzeit",
        PartTime = "PART_TIME": "Teilzeit",
        Minijob = "MINIJOB": "Minijob",
        SelfEmployed = "SELF_EMPLOYED": "selbständig",
        VocationalTraining = "VOCATIONAL_TRAINING": "Ausbildung",
        School = "SCHOOL": "Schule",
        University = "UNIVERSITY": "Studium",
        Internship = "INTERNSHIP": "Praktikum",
        VoluntaryService = "VOLUNTARY_SERVICE": "Freiwilligendienst",
        Course = "COURSE": "Sprachkurs oder Maßnahme",
        ParentalLeave = "PARENTAL_LEAVE": "Elternzeit",
        Unemployed = "UNEMPLOYED": "arbeitslos",
        NotWorking = "NOT_WORKING": "nicht erwerbstätig",
    }
}

crate::words! {
    /// The benefit that the client receives.
    pub enum Benefit("Derzeitige Leistung") for Work {
        None = "NONE": "keine",
        Grundsicherungsgeld = "GRUNDSICHERUNGSGELD": "Grundsicherungsgeld (SGB II)",
        Arbeitslosengeld = "ARBEITSLOSENGELD": "Arbeitslosengeld (SGB III)",
        Berufsausbildungsbeihilfe = "BERUFSAUSBILDUNGSBEIHILFE": "Berufsausbildungsbeihilfe",
        Bafoeg = "BAFOEG": "BAföG",
        Asylblg3 = "ASYLBLG_3": "Grundleistungen (§ 3 AsylbLG)",
        Asylblg2 = "ASYLBLG_2": "Analogleistungen (§ 2 AsylbLG)",
        Hilfe = "HILFE_ZUM_LEBENSUNTERHALT": "Hilfe zum Lebensunterhalt (SGB XII)",
        Grundsicherung = "GRUNDSICHERUNG": "Grundsicherung im Alter und bei Erwerbsminderung",
        Jugendhilfe = "JUGENDHILFE": "Jugendhilfe (SGB VIII)",
        Wohngeld = "WOHNGELD": "Wohngeld",
        Kinderzuschlag = "KINDERZUSCHLAG": "Kinderzuschlag",
        Other = "OTHER": "andere Leistung",
    }
}

crate::words! {
    /// The target groups of KIM. A group alone can be Art. 9 data, so it is handed over only if ticked.
    pub enum TargetGroup("Zielgruppe") for Work {
        JungeErwachsene = "JUNGE_ERWACHSENE": "18 bis 27 Jahre",
        DuldungGestattung = "DULDUNG_GESTATTUNG": "Duldung oder Gestattung",
        Unionsbuerger = "UNIONSBUERGER": "Unionsbürgerinnen und Unionsbürger",
        Alleinerziehende = "ALLEINERZIEHENDE": "Alleinerziehende",
        Familienangehoerige = "FAMILIENANGEHOERIGE": "Haushaltsangehörige Familienmitglieder",
        Behinderung = "BEHINDERUNG": "Menschen mit Behinderung",
        Lsbti = "LSBTI": "LSBTI",
    }
}

crate::words! {
    /// The procedure requested from an office (Baustein 3).
    pub enum Procedure("Beantragtes Verfahren") for Work {
        Aufenthaltserlaubnis25a = "AUFENTHALTSERLAUBNIS_25A": "Aufenthaltserlaubnis § 25a AufenthG",
        Aufenthaltserlaubnis25b = "AUFENTHALTSERLAUBNIS_25B": "Aufenthaltserlaubnis § 25b AufenthG",
        Niederlassungserlaubnis = "NIEDERLASSUNGSERLAUBNIS": "Niederlassungserlaubnis",
        Verlaengerung = "VERLAENGERUNG": "Verlängerung des Aufenthaltstitels",
        Beschaeftigungserlaubnis = "BESCHAEFTIGUNGSERLAUBNIS": "Beschäftigungserlaubnis",
        Ausbildungsduldung = "AUSBILDUNGSDULDUNG": "Ausbildungsduldung § 60c AufenthG",
        Beschaeftigungsduldung = "BESCHAEFTIGUNGSDULDUNG": "Beschäftigungsduldung § 60d AufenthG",
        Familiennachzug = "FAMILIENNACHZUG": "Familiennachzug",
        Wohnsitzauflage = "WOHNSITZAUFLAGE": "Aufhebung oder Änderung der Wohnsitzauflage",
        Reiseausweis = "REISEAUSWEIS": "Reiseausweis",
        Einbuergerung = "EINBUERGERUNG": "Einbürgerung § 10 StAG",
    }
}

crate::words! {
    /// Phase of the case management (DGCC).
    pub enum CasePhase("Phase des Case Managements") for Senders {
        Intake = "INTAKE": "Intake",
        Assessment = "ASSESSMENT": "Assessment",
        Planning = "PLANNING": "Hilfeplanung",
        Linking = "LINKING": "Linking",
        Monitoring = "MONITORING": "Monitoring",
        Evaluation = "EVALUATION": "Evaluation",
    }
}
