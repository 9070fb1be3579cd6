//! One thing that can be set up, and its name.

use crate::{
    Device, DeviceId, Extension, ExtensionId, Feature, FeatureId, InboundRoute, InboundRouteId,
    OutboundRoute, OutboundRouteId, Revision, Settings, Tenant, TenantId, Trunk, TrunkId,
};

/// One thing that can be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A tenant.
    Tenant(Tenant),
    /// An extension.
    Extension(Extension),
    /// A device.
    Device(Device),
    /// A trunk.
    Trunk(Trunk),
    /// An inbound route.
    InboundRoute(InboundRoute),
    /// An outbound route.
    OutboundRoute(OutboundRoute),
    /// A number that the box itself answers.
    Feature(Feature),
    /// The settings of the box.
    Settings(Settings),
}

/// Names one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A tenant.
    Tenant(TenantId),
    /// An extension.
    Extension(ExtensionId),
    /// A device.
    Device(DeviceId),
    /// A trunk.
    Trunk(TrunkId),
    /// An inbound route.
    InboundRoute(InboundRouteId),
    /// An outbound route.
    OutboundRoute(OutboundRouteId),
    /// A number that the box itself answers.
    Feature(FeatureId),
    /// The settings of the box.
    Settings,
}

impl Entry {
    /// Its key.
    pub fn key(&self) -> Key {
        match self {
            Self::Tenant(entry) => Key::Tenant(entry.id),
            Self::Extension(entry) => Key::Extension(entry.id),
            Self::Device(entry) => Key::Device(entry.id),
            Self::Trunk(entry) => Key::Trunk(entry.id),
            Self::InboundRoute(entry) => Key::InboundRoute(entry.id),
            Self::OutboundRoute(entry) => Key::OutboundRoute(entry.id),
            Self::Feature(entry) => Key::Feature(entry.id),
            Self::Settings(_) => Key::Settings,
        }
    }

    pub(super) fn is_new(&self) -> bool {
        match self {
            Self::Tenant(entry) => entry.id == TenantId::NEW,
            Self::Extension(entry) => entry.id == ExtensionId::NEW,
            Self::Device(entry) => entry.id == DeviceId::NEW,
            Self::Trunk(entry) => entry.id == TrunkId::NEW,
            Self::InboundRoute(entry) => entry.id == InboundRouteId::NEW,
            Self::OutboundRoute(entry) => entry.id == OutboundRouteId::NEW,
            Self::Feature(entry) => entry.id == FeatureId::NEW,
            Self::Settings(_) => false,
        }
    }

    pub(super) fn stamp(&mut self, revision: Revision) {
        match self {
            Self::Tenant(entry) => entry.revision = revision,
            Self::Extension(entry) => entry.revision = revision,
            Self::Device(entry) => entry.revision = revision,
            Self::Trunk(entry) => entry.revision = revision,
            Self::InboundRoute(entry) => entry.revision = revision,
            Self::OutboundRoute(entry) => entry.revision = revision,
            Self::Feature(entry) => entry.revision = revision,
            Self::Settings(entry) => entry.revision = revision,
        }
    }
}
