//! The needs of fields: what a plan fetches for a field. A field declares its needs with a tag
//! (`#[graphql(tag = "needs parties")]`), and its type declares the plan (`plan referral`).

/// Declares the needs of each plan, with the words for them in tags.
macro_rules! needs {
    ($(
        $(#[doc = $about:literal])+
        $plan:literal $kind:ident: $name:ident { $($need:ident = $word:literal,)+ }
    )+) => {
        /// A need of a field, by plan.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Need {
            $($(#[doc = $about])+ $kind($name),)+
        }

        impl Need {
            /// Whether there is a plan of this name.
            pub(crate) fn has_plan(plan: &str) -> bool {
                [$($plan),+].contains(&plan)
            }

            /// The need with this word in a plan.
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
                $($need,)+
            }

            impl $name {
                /// The needs of a field that belong to this plan.
                pub(crate) fn of(needs: &[Need]) -> impl Iterator<Item = Self> {
                    needs.iter().filter_map(|need| if let Need::$kind(need) = need { Some(*need) } else { None })
                }
            }
        )+
    };
}

needs! {
    /// Needs in referrals, their histories and handovers. `listed`: only the columns that lists read. A field of a
    /// referral without this need needs the whole row. `handover`: the selected handover fields.
    "referral" Referral: ReferralNeed {
        Listed = "listed", Parties = "parties", Actions = "actions", Previous = "previous", OfferCheck = "offer-check",
        Handover = "handover", AllFields = "all-fields", Disputed = "disputed",
        Messages = "messages", Events = "events", Corrections = "corrections", Notices = "notices",
        Appointments = "appointments", Talks = "talks", Consent = "consent", Case = "case",
    }
    /// Needs in cases and their records. `record`: the selected fields of the record.
    "case" Case: CaseNeed {
        Record = "record", Disputed = "disputed", Referrals = "referrals", Consents = "consents", Receipt = "receipt",
        Notes = "notes", Goals = "goals", Decisions = "decisions", Deadlines = "deadlines",
    }
    /// Needs in consents.
    "consent" Consent: ConsentNeed { Receiver = "receiver", History = "history", }
    /// Needs in agreements and proposals.
    "agreement" Agreement: AgreementNeed { Signatures = "signatures", Opinions = "opinions", Sides = "sides", }
    /// Needs in connections. `total`: the total number of rows.
    "page" Page: PageNeed { Total = "total", }
    /// Needs in statistics: counts by purpose, counts by agency with the agencies' names, the time in each state.
    "count" Count: CountNeed { Purposes = "purposes", Agencies = "agencies", Stays = "stays", }
}
