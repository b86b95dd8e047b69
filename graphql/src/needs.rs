//! What a plan has to fetch for a field, as the field declares it: `#[graphql(tag = "needs parties")]`, on a type that
//! declares whose plan it is part of: `plan referral`.

/// Declares the needs that a plan knows, by their words.
macro_rules! needs {
    ($(
        $(#[doc = $about:literal])+
        $plan:literal $kind:ident: $name:ident { $($(#[doc = $doc:literal])+ $need:ident = $word:literal,)+ }
    )+) => {
        /// What a field needs, by the plan that fetches it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Need {
            $($(#[doc = $about])+ $kind($name),)+
        }

        impl Need {
            /// The need of this word in a plan.
            pub(crate) fn read(plan: &str, word: &str) -> Option<Self> {
                match (plan, word) {
                    $($(($plan, $word) => Some(Self::$kind($name::$need)),)+)+
                    _ => None,
                }
            }
        }

        $(
            $(#[doc = $about])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(crate) enum $name {
                $($(#[doc = $doc])+ $need,)+
            }

            impl $name {
                /// Those of a field.
                pub(crate) fn of(needs: &[Need]) -> impl Iterator<Item = Self> {
                    needs.iter().filter_map(|need| if let Need::$kind(need) = need { Some(*need) } else { None })
                }
            }
        )+
    };
}

needs! {
    /// Of referrals. A field that does not need `listed` needs the whole row.
    "referral" Referral: ReferralNeed {
        /// No more of the row than a list reads.
        Listed = "listed",
        /// The agencies on both sides.
        Parties = "parties",
        /// The handover fields below it.
        Handover = "handover",
        /// All handover fields.
        AllFields = "all-fields",
        /// Which handover fields are disputed.
        Disputed = "disputed",
        /// Appointments.
        Appointments = "appointments",
        /// Talks.
        Talks = "talks",
        /// A page of messages.
        Messages = "messages",
        /// A page of events.
        Events = "events",
        /// A page of reports of wrong values.
        Corrections = "corrections",
        /// Who else was told of them.
        Notices = "notices",
        /// What can be done now.
        Actions = "actions",
        /// What its sender should know before it offers.
        OfferCheck = "offer-check",
        /// The referral that it continues.
        Previous = "previous",
        /// The consent that it rests on.
        Consent = "consent",
        /// The sender's case.
        Case = "case",
    }
    /// Of cases.
    "case" Case: CaseNeed {
        /// The fields of the record below it.
        Record = "record",
        /// Which fields of the record are disputed.
        Disputed = "disputed",
        /// The case's referrals.
        Referrals = "referrals",
        /// The client's consents.
        Consents = "consents",
        /// Who may see what until when.
        Receipt = "receipt",
        /// A page of notes.
        Notes = "notes",
        /// The plan.
        Goals = "goals",
        /// Decisions on eligibility.
        Decisions = "decisions",
        /// Deadlines.
        Deadlines = "deadlines",
    }
    /// Of consents.
    "consent" Consent: ConsentNeed {
        /// The agencies that may get something.
        Receiver = "receiver",
        /// What happened to it.
        History = "history",
    }
    /// Of agreements and proposals.
    "agreement" Agreement: AgreementNeed {
        /// Who signed.
        Signatures = "signatures",
        /// Who advised.
        Opinions = "opinions",
        /// Who stands on either side.
        Sides = "sides",
    }
    /// Of pages.
    "page" Page: PageNeed {
        /// How many rows there are in all.
        Total = "total",
    }
    /// Of numbers.
    "count" Count: CountNeed {
        /// Counted by purpose.
        Purposes = "purposes",
        /// Counted by agency, with their names.
        Agencies = "agencies",
        /// The time in each state.
        Stays = "stays",
    }
}
