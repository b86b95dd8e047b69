//! A closed list of words, spelled the same in Rust, database, JWT and GraphQL.

use crate::audience::Audience;

/// A word of a closed list, with its code (GraphQL, database, JWT) and its German label.
pub trait Word: Copy + Eq + Send + Sync + 'static {
    /// Name of the list in the GraphQL schema.
    const NAME: &'static str;
    /// Description of the list in German.
    const ABOUT: &'static str;
    /// The audiences of the list in the API; empty for a list that is not part of the API.
    const AUDIENCES: &'static [Audience];
    /// All words in declaration order.
    const ALL: &'static [Self];
    /// The audiences of this word, if it has fewer than its list; empty otherwise.
    fn audiences(self) -> Vec<Audience>;
    /// The code in ASCII, SCREAMING_SNAKE_CASE.
    fn code(self) -> &'static str;
    /// The German label with umlauts, as an office would print it.
    fn label(self) -> &'static str;
    /// The word with exactly this code: no case folding, no trimming.
    #[must_use]
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.code() == code)
    }
}

/// Declares a closed list of words, for whom it exists in the API, and which words are for fewer than the list.
///
/// ```
/// kim_domain::words! {
///     /// A traffic light.
///     pub enum Light("Ampel") for All { Red = "RED": "rot", Green = "GREEN": "grün" for Senders | Officers }
/// }
/// use kim_domain::Word;
/// use kim_domain::audience::Audience;
/// assert_eq!(Light::from_code("RED").map(Light::label), Some("rot"));
/// assert_eq!(Light::AUDIENCES, [Audience::All]);
/// assert_eq!(Light::Green.audiences(), [Audience::Senders, Audience::Officers]);
/// ```
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])+ pub enum $name:ident($about:literal) $(for $($list:ident)|+)? {
        $($(#[doc = $variant_doc:literal])*
        $variant:ident = $code:literal : $label:literal $(for $($whom:ident)|+)?),+ $(,)?
    }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $label] $(#[doc = $variant_doc])* $variant),+
        }
        impl $name {
            /// All words of the list in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code in GraphQL, database and JWT.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
            /// The German label.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }
        impl $crate::Word for $name {
            const NAME: &'static str = stringify!($name);
            const ABOUT: &'static str = $about;
            const AUDIENCES: &'static [$crate::audience::Audience] = &[$($($crate::audience::Audience::$list),+)?];
            const ALL: &'static [Self] = Self::ALL;
            fn audiences(self) -> Vec<$crate::audience::Audience> {
                match self { $(Self::$variant => vec![$($($crate::audience::Audience::$whom),+)?]),+ }
            }
            fn code(self) -> &'static str { Self::code(self) }
            fn label(self) -> &'static str { Self::label(self) }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.code()) }
        }
        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str> as $crate::serde::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::Word>::from_code(&code)
                    .ok_or_else(|| $crate::serde::de::Error::custom(concat!("no such ", stringify!($name))))
            }
        }
    };
}
