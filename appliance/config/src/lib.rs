//! What an installer can set, parsed once into types.
//!
//! The same types make the API, the rows and the forms. A [`Config`] is immutable: a change makes a
//! new one with [`Config::apply`], which also says what to write to disk.

mod capture;
mod change;
mod codec;
mod device;
mod encryption;
mod extension;
mod feature;
mod id;
mod isdn;
mod network;
mod number;
mod path;
mod pattern;
mod prompts;
mod route;
mod secret;
mod settings;
mod tenant;
mod trunk;
mod zone;

pub use capture::CaptureLimits;
pub use change::{Applied, Change, Entry, Expect, Invalid, Key, Problem, Row};
pub use codec::{CodecName, CodecOrder, CodecPolicy};
pub use device::Device;
pub use encryption::Encryption;
pub use extension::{Extension, Forwarding};
pub use feature::{BadPin, Feature, FeatureKind, FeatureTone, Pin};
pub use id::{
    DeviceId, ExtensionId, FeatureId, InboundRouteId, OutboundRouteId, Revision, TenantId, TrunkId,
};
pub use isdn::{
    BadChannels, ChannelSelection, Channels, Isdn, IsdnDialect, IsdnNumbering, IsdnSide, IsdnSpan,
    IsdnTimer, NumberType, SpanBuildOut, SpanCode, SpanFraming,
};
pub use network::{BadOrigin, External, Network, Subnet, WebOrigin};
pub use number::{BadNumber, Number};
pub use path::PathPolicy;
pub use pattern::{BadPattern, Pattern};
pub use prompts::{Prompts, RecordingTone};
pub use route::{InboundRoute, OutboundRoute};
pub use secret::{Credentials, Secret};
pub use settings::Settings;
pub use tenant::Tenant;
pub use trunk::{CallerId, NumberFormat, Trunk, TrunkKind, TrunkTransport};
pub use zone::{Country, UnknownCountry, Zone};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Everything that was set up, at one instant.
///
/// Cheap to clone: the entries are shared. Look-ups by number or name go through indexes that are
/// kept beside the entries.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Counts changes; every entry carries the revision that last touched it.
    pub revision: Revision,
    /// What concerns the box as a whole.
    pub settings: Arc<Settings>,
    /// Tenants; the default one, id 1, always exists.
    pub tenants: BTreeMap<TenantId, Arc<Tenant>>,
    /// Extensions: people and places that have an internal number.
    pub extensions: BTreeMap<ExtensionId, Arc<Extension>>,
    /// Devices with a log-in of their own; each belongs to an extension.
    pub devices: BTreeMap<DeviceId, Arc<Device>>,
    /// Lines to the outside world.
    pub trunks: BTreeMap<TrunkId, Arc<Trunk>>,
    /// Where calls from trunks go.
    pub inbound_routes: BTreeMap<InboundRouteId, Arc<InboundRoute>>,
    /// Which trunk a dialled number takes.
    pub outbound_routes: BTreeMap<OutboundRouteId, Arc<OutboundRoute>>,
    /// Numbers that the box itself answers.
    pub features: BTreeMap<FeatureId, Arc<Feature>>,
    index: Arc<Index>,
}

#[derive(Debug, Default)]
struct Index {
    by_number: HashMap<(TenantId, String), ExtensionId>,
    by_feature: HashMap<(TenantId, String), FeatureId>,
    by_device: HashMap<(TenantId, String), DeviceId>,
    by_extension: BTreeMap<ExtensionId, Vec<DeviceId>>,
}

impl Config {
    /// The configuration of a box fresh from the carton: one tenant, and the numbers that the box
    /// answers.
    ///
    /// `realm` is the digest realm of the default tenant; it must never change afterwards, because
    /// every stored credential depends on it (RFC 7616 §3.4.2).
    pub fn fresh(realm: &str) -> Self {
        let tenant = Tenant::default_tenant(realm);
        let mut config = Self::default();
        config.tenants.insert(tenant.id, Arc::new(tenant));
        for feature in Feature::defaults() {
            config.features.insert(feature.id, Arc::new(feature));
        }
        config.reindex();
        config
    }

    /// Puts together what was read from disk.
    pub fn assemble(revision: Revision, settings: Settings, entries: Vec<Entry>) -> Self {
        let mut config = Self { revision, settings: Arc::new(settings), ..Self::default() };
        for entry in entries {
            config.insert(entry);
        }
        config.reindex();
        config
    }

    /// The extension with this internal number.
    pub fn extension_by_number(&self, tenant: TenantId, number: &str) -> Option<&Arc<Extension>> {
        let id = self.index.by_number.get(&(tenant, number.to_owned()))?;
        self.extensions.get(id)
    }

    /// What the box itself answers under this number, switched off or not.
    pub fn feature_by_number(&self, tenant: TenantId, number: &str) -> Option<&Arc<Feature>> {
        let id = self.index.by_feature.get(&(tenant, number.to_owned()))?;
        self.features.get(id)
    }

    /// The device with this log-in name.
    pub fn device_by_name(&self, tenant: TenantId, name: &str) -> Option<&Arc<Device>> {
        let id = self.index.by_device.get(&(tenant, name.to_owned()))?;
        self.devices.get(id)
    }

    /// The devices of an extension that log in under their own names.
    pub fn devices_of(&self, extension: ExtensionId) -> impl Iterator<Item = &Arc<Device>> {
        let ids = self.index.by_extension.get(&extension).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.devices.get(id))
    }

    /// The tenant of a SIP domain: the one that carries it, else the default tenant, since a phone
    /// may register at the box's address, its name or any domain that the box does not know.
    pub fn tenant_of_domain(&self, domain: &str) -> TenantId {
        self.tenants
            .values()
            .find(|tenant| tenant.domains.iter().any(|known| known.eq_ignore_ascii_case(domain)))
            .map_or(TenantId::DEFAULT, |tenant| tenant.id)
    }

    /// The tenant itself; `None` only for an id that was never issued.
    pub fn tenant(&self, id: TenantId) -> Option<&Arc<Tenant>> {
        self.tenants.get(&id)
    }

    /// Inbound routes in the order in which they are tried.
    pub fn inbound_in_order(&self, tenant: TenantId) -> Vec<&Arc<InboundRoute>> {
        let mut routes: Vec<_> =
            self.inbound_routes.values().filter(|route| route.tenant == tenant).collect();
        routes.sort_by_key(|route| (route.order, route.id));
        routes
    }

    /// Outbound routes in the order in which they are tried.
    pub fn outbound_in_order(&self, tenant: TenantId) -> Vec<&Arc<OutboundRoute>> {
        let mut routes: Vec<_> =
            self.outbound_routes.values().filter(|route| route.tenant == tenant).collect();
        routes.sort_by_key(|route| (route.order, route.id));
        routes
    }

    /// The numbering plan of the chosen country.
    pub fn zone(&self) -> &'static Zone {
        self.settings.country.zone()
    }

    /// Whether this number summons help: the country's own and those that the installer added.
    pub fn is_emergency(&self, dialled: &str) -> bool {
        self.zone().emergency.contains(&dialled)
            || self.settings.extra_emergency.iter().any(|number| number.as_str() == dialled)
    }
}
