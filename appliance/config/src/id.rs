//! Identifiers: two things that must not be swapped have two types.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// Stands for "not stored yet": [`crate::Config::apply`] gives the entry a real one.
            pub const NEW: Self = Self(0);
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A tenant: one SIP domain with its own numbers.
    TenantId
}
id! {
    /// An extension.
    ExtensionId
}
id! {
    /// A device.
    DeviceId
}
id! {
    /// A number that the box itself answers.
    FeatureId
}
id! {
    /// A trunk.
    TrunkId
}
id! {
    /// An inbound route.
    InboundRouteId
}
id! {
    /// An outbound route.
    OutboundRouteId
}

impl TenantId {
    /// The tenant that every box has.
    pub const DEFAULT: Self = Self(1);
}

/// Counts changes of the configuration; an entry's revision is its ETag.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The one after this.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
