//! Proofs that a row was found. What acts on a row, or on rows that belong to it, takes the row or its key and no bare id: only
//! the reads of this crate make keys, and each of them is narrowed to a viewer or one of
//! [`Unscoped`](crate::unscoped::Unscoped).

use uuid::Uuid;

macro_rules! keys {
    ($($(#[doc = $about:literal])+ $name:ident;)+) => { $(
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// For the reads of this crate.
            pub(crate) const fn of(id: Uuid) -> Self {
                Self(id)
            }
            /// The id.
            #[must_use]
            pub const fn id(self) -> Uuid {
                self.0
            }
        }

        impl From<$name> for Uuid {
            fn from(key: $name) -> Self {
                key.0
            }
        }
    )+ };
}

keys! {
    /// A referral of which the viewer's agency is a side.
    ReferralKey;
    /// A case of the viewer's agency.
    CaseKey;
    /// A client of the viewer's agency.
    ClientKey;
    /// A consent of such a client.
    ConsentKey;
}

/// The ids of these keys.
pub(crate) fn ids<K: Copy + Into<Uuid>>(keys: &[K]) -> Vec<Uuid> {
    keys.iter().map(|&key| key.into()).collect()
}
