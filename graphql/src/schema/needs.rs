//! What a plan has to fetch for a field, as the field declares it: `#[graphql(tag = "needs parties")]`, on a type that
//! declares whose plan it is part of: `plan referral`.

/// Declares the needs that a plan knows, by their words.
macro_rules! needs {
    ($(
        $(#[doc = $about:literal])+
        $plan:literal $kind:ident: $name:ident { $($need:ident = $word:literal,)+ }
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
                $($need,)+
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
    /// Of referrals, their histories and their handovers. `listed`: no more of the row than a list reads; a referral's field
    /// that does not say so needs the whole row. `handover`: the handover fields below it.
    "referral" Referral: ReferralNeed {
        Listed = "listed", Parties = "parties", Actions = "actions", Previous = "previous", OfferCheck = "offer-check",
        Handover = "handover", AllFields = "all-fields", Disputed = "disputed",
        Messages = "messages", Events = "events", Corrections = "corrections", Notices = "notices",
        Appointments = "appointments", Talks = "talks", Consent = "consent", Case = "case",
    }
    /// Of cases and their records. `record`: the fields of the record below it.
    "case" Case: CaseNeed {
        Record = "record", Disputed = "disputed", Referrals = "referrals", Consents = "consents", Receipt = "receipt",
        Notes = "notes", Goals = "goals", Decisions = "decisions", Deadlines = "deadlines",
    }
    /// Of consents.
    "consent" Consent: ConsentNeed { Receiver = "receiver", History = "history", }
    /// Of agreements and proposals.
    "agreement" Agreement: AgreementNeed { Signatures = "signatures", Opinions = "opinions", Sides = "sides", }
    /// Of connections: how many rows there are in all.
    "page" Page: PageNeed { Total = "total", }
    /// Of numbers: by purpose, by agency with their names, the time in each state.
    "count" Count: CountNeed { Purposes = "purposes", Agencies = "agencies", Stays = "stays", }
}
