//! A closed list of words, spelled the same in Rust, database, JWT and GraphQL.

/// One word of a closed list: its code (GraphQL, database, JWT) and its German label.
pub trait Word: Copy + Eq + Send + Sync + 'static {
    /// The list's name in the GraphQL schema.
    const NAME: &'static str;
    /// What the list is, with its German term.
    const ABOUT: &'static str;
    /// Every word, in the order of its declaration.
    const ALL: &'static [Self];
    /// The code: ASCII, SCREAMING_SNAKE_CASE.
    fn code(self) -> &'static str;
    /// The German label, with umlauts, as an office would print it.
    fn label(self) -> &'static str;
    /// The word with this code. Exact: no case folding, no trimming.
    #[must_use]
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.code() == code)
    }
}

/// Declares a closed list of words.
///
/// ```
/// kim_domain::words! {
///     /// A traffic light.
///     pub enum Light("Ampel") { Red = "RED": "rot", Green = "GREEN": "grün" }
/// }
/// use kim_domain::Word;
/// assert_eq!(Light::from_code("RED").map(Light::label), Some("rot"));
/// ```
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])+ pub enum $name:ident($about:literal) {
        $($(#[doc = $variant_doc:literal])* $variant:ident = $code:literal : $label:literal),+ $(,)?
    }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $label] $(#[doc = $variant_doc])* $variant),+
        }
        impl $name {
            /// Every word of the list, in the order of its declaration.
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
            const ALL: &'static [Self] = Self::ALL;
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
