//! Declares the inputs of mutations.

/// Declares inputs of mutations, each for an audience. Every input has the idempotency key. An input `of` a referral, a
/// case, a proposal or an agency also has its id and expected version.
macro_rules! inputs {
    ($($(#[doc = $about:literal])+ $audience:literal $name:ident $(of $of:ident)? { $($fields:tt)* })+) => {
        $(inputs!(@ $($of)?: $(#[doc = $about])+ $audience $name { $($fields)* });)+
    };
    (@ : $(#[doc = $about:literal])+ $audience:literal $name:ident {
        $($(#[$attribute:meta])+ $field:ident: $ty:ty,)*
    }) => {
        $(#[doc = $about])+
        #[derive(async_graphql::InputObject)]
        #[graphql(tag = $audience)]
        pub(crate) struct $name {
            /// Ihr Schlüssel für diese Anfrage, für jede andere ein anderer.
            pub(super) idempotency_key: String,
            $($(#[$attribute])+ pub(super) $field: $ty,)*
        }
    };
    (@ referral: $($input:tt)+) => {
        inputs!(@ [/// Kennung der Übergabe.
            referral_id] Referral [kim_casework::referral::Target] $($input)+);
    };
    (@ case: $($input:tt)+) => {
        inputs!(@ [/// Kennung des Falls.
            case_id] Case [kim_casework::case::Target] $($input)+);
    };
    (@ agency: $($input:tt)+) => {
        inputs!(@ [/// Kennung Ihrer Stelle.
            agency_id] Agency [kim_casework::agency::AgencyTarget] $($input)+);
    };
    (@ proposal: $($input:tt)+) => {
        inputs!(@ [/// Kennung des Vorschlags.
            proposal_id] Proposal [kim_casework::agreement::ProposalTarget] $($input)+);
    };
    (@ [$(#[doc = $doc:literal])+ $id:ident] $kind:ident [$($target:tt)+]
        $(#[doc = $about:literal])+ $audience:literal $name:ident { $($fields:tt)* }
    ) => {
        inputs!(@ : $(#[doc = $about])+ $audience $name {
            $(#[doc = $doc])+
            $id: async_graphql::ID,
            /// Die Version, die Sie gesehen haben.
            expected_version: i32,
            $($fields)*
        });
        impl $name {
            /// The target of the mutation. Without an id if the id is of another kind; then the use case answers
            /// `NOT_FOUND`.
            pub(super) fn target(&self) -> Result<$($target)+, kim_casework::refusal::WorkError> {
                let id = $crate::run::change::local_or_refused(kim_domain::id::Kind::$kind, &self.$id)?;
                Ok($($target)+ { id, expected_version: self.expected_version })
            }
        }
    };
}
pub(crate) use inputs;
