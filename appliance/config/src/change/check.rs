//! What makes sense: each entry by itself and beside the others.

mod isdn;

use super::{Entry, Invalid, Problem};
use crate::{
    CaptureLimits, CodecName, CodecPolicy, Config, Device, Extension, ExtensionId, Feature,
    FeatureId, FeatureKind, InboundRoute, Number, OutboundRoute, Settings, Tenant, TenantId, Trunk,
    TrunkId, TrunkKind,
};

impl Config {
    pub(super) fn check(&self, entry: &Entry) -> Result<(), Invalid> {
        match entry {
            Entry::Tenant(tenant) => self.check_tenant(tenant),
            Entry::Extension(extension) => self.check_extension(extension),
            Entry::Device(device) => self.check_device(device),
            Entry::Trunk(trunk) => self.check_trunk(trunk),
            Entry::InboundRoute(route) => self.check_inbound(route),
            Entry::OutboundRoute(route) => self.check_outbound(route),
            Entry::Feature(feature) => self.check_feature(feature),
            Entry::Settings(settings) => check_settings(settings),
        }
    }

    fn check_tenant(&self, tenant: &Tenant) -> Result<(), Invalid> {
        text("name", &tenant.name)?;
        text("realm", &tenant.realm)?;
        let old = self.tenants.get(&tenant.id);
        if old.is_some_and(|old| old.realm != tenant.realm) {
            return Err(Invalid::at("realm", Problem::Fixed));
        }
        codecs(Some(&tenant.codecs))
    }

    fn check_extension(&self, extension: &Extension) -> Result<(), Invalid> {
        let number = extension.number.as_str();
        if number.len() > MAX_EXTENSION_DIGITS || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Invalid::at("number", Problem::NotAnExtensionNumber));
        }
        if self.is_emergency(number) {
            return Err(Invalid::at("number", Problem::Emergency));
        }
        let twin = self.extension_by_number(extension.tenant, number);
        if let Some(twin) = twin.filter(|twin| twin.id != extension.id) {
            return Err(Invalid::at("number", Problem::Taken(twin.name.clone())));
        }
        if let Some(twin) = self.feature_by_number(extension.tenant, number) {
            return Err(Invalid::at("number", Problem::Taken(twin.name.clone())));
        }
        if let Some(twin) = self.device_by_name(extension.tenant, number) {
            return Err(Invalid::at("number", Problem::Taken(format!("device {}", twin.name))));
        }
        self.check_tenant_exists(extension.tenant)?;
        length("name", &extension.name)?;
        range("forward.no_answer_seconds", extension.forward.no_answer_seconds.into(), 5, 300)?;
        let targets = [
            ("forward.always", &extension.forward.always),
            ("forward.busy", &extension.forward.busy),
            ("forward.no_answer", &extension.forward.no_answer),
            ("forward.unreachable", &extension.forward.unreachable),
        ];
        let to_itself = |target: &Option<Number>| target.as_ref() == Some(&extension.number);
        match targets.into_iter().find(|(_, target)| to_itself(target)) {
            Some((field, _)) => Err(Invalid::at(field, Problem::ToItself)),
            None => Ok(()),
        }
    }

    fn check_device(&self, device: &Device) -> Result<(), Invalid> {
        text("name", &device.name)?;
        if !device.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
            return Err(Invalid::at("name", Problem::NotALogin));
        }
        let twin = self.device_by_name(device.tenant, &device.name);
        if twin.is_some_and(|twin| twin.id != device.id) {
            return Err(Invalid::at("name", Problem::Taken(device.name.clone())));
        }
        if self.extension_by_number(device.tenant, &device.name).is_some() {
            return Err(Invalid::at("name", Problem::Taken(format!("extension {}", device.name))));
        }
        let extension = self.extensions.get(&device.extension);
        if extension.is_none_or(|extension| extension.tenant != device.tenant) {
            let wanted = format!("extension {}", device.extension);
            return Err(Invalid::at("extension", Problem::Unknown(wanted)));
        }
        codecs(device.codecs.as_ref())?;
        self.check_tenant_exists(device.tenant)
    }

    fn check_trunk(&self, trunk: &Trunk) -> Result<(), Invalid> {
        text("name", &trunk.name)?;
        let twin = self.trunks.values().find(|twin| {
            twin.id != trunk.id && twin.tenant == trunk.tenant && twin.name == trunk.name
        });
        if twin.is_some() {
            return Err(Invalid::at("name", Problem::Taken(trunk.name.clone())));
        }
        self.check_tenant_exists(trunk.tenant)?;
        match (trunk.kind, &trunk.isdn) {
            (TrunkKind::Isdn, Some(isdn)) => return self.check_isdn(trunk.id, isdn),
            (TrunkKind::Isdn, None) => return Err(Invalid::at("isdn", Problem::Missing)),
            (TrunkKind::Register | TrunkKind::Static, Some(_)) => {
                return Err(Invalid::at("isdn", Problem::NotIsdn));
            }
            (TrunkKind::Register | TrunkKind::Static, None) => {}
        }
        text("host", &trunk.host)?;
        if !is_host(&trunk.host) {
            return Err(Invalid::at("host", Problem::NotAHost));
        }
        if trunk.domain.as_deref().is_some_and(|domain| !is_host(domain)) {
            return Err(Invalid::at("domain", Problem::NotAHost));
        }
        if trunk.port == Some(0) {
            return Err(Invalid::at("port", Problem::OutOfRange(1, 65_535)));
        }
        if trunk.kind == TrunkKind::Register {
            text("username", &trunk.username)?;
        }
        length("username", &trunk.username)?;
        if trunk.username.bytes().any(|b| b.is_ascii_control() || b" <>\"@".contains(&b)) {
            return Err(Invalid::at("username", Problem::NotALogin));
        }
        range("register_seconds", trunk.register_seconds.into(), 60, 86_400)?;
        if trunk.qualify_seconds != 0 {
            range("qualify_seconds", trunk.qualify_seconds.into(), 10, 3600)?;
        }
        codecs(trunk.codecs.as_ref())
    }

    fn check_inbound(&self, route: &InboundRoute) -> Result<(), Invalid> {
        text("name", &route.name)?;
        if let Some(trunk) = route.trunk {
            self.check_trunk_exists("trunk", trunk)?;
        }
        let destination = route.destination.as_str();
        if self.extension_by_number(route.tenant, destination).is_none()
            && self.feature_by_number(route.tenant, destination).is_none()
        {
            let wanted = format!("extension {destination}");
            return Err(Invalid::at("destination", Problem::Unknown(wanted)));
        }
        self.check_tenant_exists(route.tenant)
    }

    fn check_outbound(&self, route: &OutboundRoute) -> Result<(), Invalid> {
        text("name", &route.name)?;
        if route.trunks.is_empty() && !route.barred {
            return Err(Invalid::at("trunks", Problem::Missing));
        }
        for trunk in &route.trunks {
            self.check_trunk_exists("trunks", *trunk)?;
        }
        let dialable = |b: u8| b.is_ascii_digit() || b"*#+".contains(&b);
        if !route.prepend.bytes().all(dialable) {
            return Err(Invalid::at("prepend", Problem::NotAnExtensionNumber));
        }
        length("prepend", &route.prepend)?;
        self.check_by_line(route)?;
        self.check_tenant_exists(route.tenant)
    }

    fn check_feature(&self, feature: &Feature) -> Result<(), Invalid> {
        let number = feature.number.as_str();
        if number.len() > MAX_EXTENSION_DIGITS || feature.number.is_e164() {
            return Err(Invalid::at("number", Problem::NotInside));
        }
        if self.is_emergency(number) {
            return Err(Invalid::at("number", Problem::Emergency));
        }
        let twin = self.feature_by_number(feature.tenant, number);
        if let Some(twin) = twin.filter(|twin| twin.id != feature.id) {
            return Err(Invalid::at("number", Problem::Taken(twin.name.clone())));
        }
        if let Some(twin) = self.extension_by_number(feature.tenant, number) {
            let twin = format!("extension {}", twin.number);
            return Err(Invalid::at("number", Problem::Taken(twin)));
        }
        if let Some(old) = self.features.get(&feature.id)
            && (&old.number, old.tenant) != (&feature.number, feature.tenant)
        {
            // A route that leads here must not lead nowhere.
            self.check_unused_feature(feature.id)?;
        }
        length("name", &feature.name)?;
        self.check_announcement(feature)?;
        self.check_tenant_exists(feature.tenant)
    }

    /// An announcement has something to say, and whoever heard it comes to an end some time.
    fn check_announcement(&self, feature: &Feature) -> Result<(), Invalid> {
        if feature.kind != FeatureKind::Announcement {
            return Ok(());
        }
        if feature.sound.is_none() {
            return Err(Invalid::at("sound", Problem::Missing));
        }
        let mut next = feature.onward();
        if let Some(number) = next
            && number != &feature.number
            && self.extension_by_number(feature.tenant, number.as_str()).is_none()
            && self.feature_by_number(feature.tenant, number.as_str()).is_none()
        {
            let wanted = format!("extension or number of the box {number}");
            return Err(Invalid::at("then", Problem::Unknown(wanted)));
        }
        for _ in 0..=self.features.len() {
            let Some(number) = next else { return Ok(()) };
            if number == &feature.number {
                break;
            }
            let announced = self.feature_by_number(feature.tenant, number.as_str());
            next = announced.and_then(|it| it.onward());
        }
        Err(Invalid::at("then", Problem::ToItself))
    }

    fn check_tenant_exists(&self, tenant: TenantId) -> Result<(), Invalid> {
        if self.tenants.contains_key(&tenant) {
            return Ok(());
        }
        Err(Invalid::at("tenant", Problem::Unknown(format!("tenant {tenant}"))))
    }

    fn check_trunk_exists(&self, field: &'static str, trunk: TrunkId) -> Result<(), Invalid> {
        if self.trunks.contains_key(&trunk) {
            return Ok(());
        }
        Err(Invalid::at(field, Problem::Unknown(format!("trunk {trunk}"))))
    }

    /// A tenant is empty before it goes; devices go with their extensions.
    pub(super) fn check_unused_tenant(&self, id: TenantId) -> Result<(), Invalid> {
        let extension = self.extensions.values().find(|entry| entry.tenant == id);
        let trunk = self.trunks.values().find(|entry| entry.tenant == id);
        let inbound = self.inbound_routes.values().find(|entry| entry.tenant == id);
        let outbound = self.outbound_routes.values().find(|entry| entry.tenant == id);
        let feature = self.features.values().find(|entry| entry.tenant == id);
        let user = extension
            .map(|user| format!("extension {}", user.number))
            .or_else(|| trunk.map(|user| format!("trunk {}", user.name)))
            .or_else(|| inbound.map(|user| format!("inbound route {}", user.name)))
            .or_else(|| outbound.map(|user| format!("outbound route {}", user.name)))
            .or_else(|| feature.map(|user| format!("number {}", user.number)));
        user.map_or(Ok(()), |user| Err(Invalid::at("", Problem::InUse(user))))
    }

    pub(super) fn check_unused_extension(&self, id: ExtensionId) -> Result<(), Invalid> {
        let Some(extension) = self.extensions.get(&id) else { return Ok(()) };
        let user = self.inbound_routes.values().find(|route| {
            route.tenant == extension.tenant && route.destination == extension.number
        });
        match user {
            Some(route) => {
                Err(Invalid::at("", Problem::InUse(format!("inbound route {}", route.name))))
            }
            None => self.check_not_announced(extension.tenant, &extension.number),
        }
    }

    /// No announcement leads to a number that goes.
    fn check_not_announced(&self, tenant: TenantId, number: &Number) -> Result<(), Invalid> {
        let leads_here =
            |it: &&std::sync::Arc<Feature>| it.tenant == tenant && it.onward() == Some(number);
        match self.features.values().find(leads_here) {
            Some(it) => Err(Invalid::at("", Problem::InUse(format!("number {}", it.number)))),
            None => Ok(()),
        }
    }

    pub(super) fn check_unused_feature(&self, id: FeatureId) -> Result<(), Invalid> {
        let Some(feature) = self.features.get(&id) else { return Ok(()) };
        let leads_here = |route: &&std::sync::Arc<InboundRoute>| {
            route.tenant == feature.tenant && route.destination == feature.number
        };
        match self.inbound_routes.values().find(leads_here) {
            Some(route) => {
                Err(Invalid::at("", Problem::InUse(format!("inbound route {}", route.name))))
            }
            None => self.check_not_announced(feature.tenant, &feature.number),
        }
    }

    pub(super) fn check_unused_trunk(&self, id: TrunkId) -> Result<(), Invalid> {
        let inbound = self.inbound_routes.values().find(|route| route.trunk == Some(id));
        if let Some(route) = inbound {
            return Err(Invalid::at("", Problem::InUse(format!("inbound route {}", route.name))));
        }
        let outbound = self.outbound_routes.values().find(|route| route.trunks.contains(&id));
        match outbound {
            Some(route) => {
                Err(Invalid::at("", Problem::InUse(format!("outbound route {}", route.name))))
            }
            None => Ok(()),
        }
    }
}

fn check_settings(settings: &Settings) -> Result<(), Invalid> {
    text("name", &settings.name)?;
    range("ring_seconds", settings.ring_seconds.into(), 10, 3600)?;
    range("session_seconds", settings.session_seconds.into(), 90, 86_400)?;
    if settings.silence_seconds != 0 {
        range("silence_seconds", settings.silence_seconds.into(), 10, 3600)?;
    }
    range("load_percent", settings.load_percent.into(), 0, 95)?;
    range("max_calls", settings.max_calls.into(), 1, 100_000)?;
    range("cdr_days", settings.cdr_days.into(), 0, 36_500)?;
    if settings.cdr_count != 0 {
        range("cdr_count", settings.cdr_count.into(), 1000, 100_000_000)?;
    }
    range("recording_days", settings.recording_days.into(), 0, 36_500)?;
    range("recording_mb", settings.recording_mb.into(), 0, 1_000_000_000)?;
    range("recording_free_percent", settings.recording_free_percent.into(), 0, 90)?;
    let CaptureLimits { seconds, megabytes, at_once, keep_days, keep_megabytes } =
        settings.captures;
    range("captures.seconds", seconds.into(), 1, 86_400)?;
    range("captures.megabytes", megabytes.into(), 1, 4_096)?;
    range("captures.at_once", at_once.into(), 1, 32)?;
    range("captures.keep_days", keep_days.into(), 0, 3_650)?;
    range("captures.keep_megabytes", keep_megabytes.into(), 1, 1_000_000)?;
    Ok(())
}

fn text(field: &'static str, value: &str) -> Result<(), Invalid> {
    if value.trim().is_empty() {
        return Err(Invalid::at(field, Problem::Missing));
    }
    length(field, value)
}

fn length(field: &'static str, value: &str) -> Result<(), Invalid> {
    if value.chars().count() > MAX_TEXT {
        return Err(Invalid::at(field, Problem::TooLong(MAX_TEXT)));
    }
    Ok(())
}

/// Who may speak nothing cannot call.
fn codecs(policy: Option<&CodecPolicy>) -> Result<(), Invalid> {
    let Some(policy) = policy else { return Ok(()) };
    let left = CodecName::ALL.into_iter().any(|codec| policy.allows(Some(codec)));
    if !left {
        return Err(Invalid::at("codecs", Problem::Missing));
    }
    let most = CodecName::ALL.len();
    if policy.allow.len().max(policy.deny.len()) > most {
        return Err(Invalid::at("codecs", Problem::TooLong(most)));
    }
    match policy.packet_millis {
        Some(millis) if millis % 10 != 0 || !(10..=60).contains(&millis) => {
            Err(Invalid::at("codecs.packet_millis", Problem::OutOfRange(10, 60)))
        }
        Some(_) | None => Ok(()),
    }
}

fn range(field: &'static str, value: u64, low: u64, high: u64) -> Result<(), Invalid> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Invalid::at(field, Problem::OutOfRange(low, high)))
}

/// A name of RFC 1123 §2.1 or an address; IPv6 with or without brackets.
fn is_host(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

const MAX_TEXT: usize = 100;
const MAX_EXTENSION_DIGITS: usize = 15;
