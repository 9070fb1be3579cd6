//! Changes: checked as a whole against the configuration as it is, then applied as a whole.

use crate::{
    Config, Device, DeviceId, Extension, ExtensionId, Feature, FeatureId, InboundRoute,
    InboundRouteId, Index, OutboundRoute, OutboundRouteId, Revision, Settings, Tenant, TenantId,
    Trunk, TrunkId,
};
use std::fmt;
use std::sync::Arc;

mod check;

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

/// What somebody wants changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // one at a time, made by a person
pub enum Change {
    /// Store this entry: a new one when its id is 0, else in place of the one with its id.
    /// Credentials that are `None` stay as they are unless the log-in name changed.
    Put(Entry, Expect),
    /// Remove this entry and what cannot be without it.
    Delete(Key, Expect),
}

/// Which revision the writer has seen (If-Match of RFC 9110 §13.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there.
    Any,
    /// This one and no other.
    Revision(Revision),
}

/// What an accepted change means for the disk: these rows, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The entry that was asked for; for a deletion what was removed.
    pub key: Key,
    /// The revision of the configuration after the change.
    pub revision: Revision,
    /// Rows to write.
    pub rows: Vec<Row>,
}

/// One row to write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // a handful at a time
pub enum Row {
    /// Insert or replace.
    Put(Entry),
    /// Remove.
    Delete(Key),
}

/// Why a change is refused, and at which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The field's name as in the API; empty when the entry as a whole is meant.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no such entry.
    NotFound,
    /// Somebody else changed it first; this is its revision now.
    Outdated(Revision),
    /// It must not be empty.
    Missing,
    /// Longer than so many characters.
    TooLong(usize),
    /// Outside this range.
    OutOfRange(u64, u64),
    /// Another entry has this number or name already.
    Taken(String),
    /// The other entry that it names does not exist.
    Unknown(String),
    /// This entry still needs it.
    InUse(String),
    /// It summons help in this country and cannot be given away.
    Emergency,
    /// A feature's number is dialled inside: it has no plus.
    NotInside,
    /// Only digits make an extension's number.
    NotAnExtensionNumber,
    /// Letters, digits and `-_.` only.
    NotALogin,
    /// Not a host name or an address.
    NotAHost,
    /// A forwarding to itself.
    ToItself,
    /// Cannot be changed once set.
    Fixed,
}

impl Config {
    /// Applies a change: a new configuration and the rows to write, or the reason why not. The old
    /// configuration stays as it is.
    pub fn apply(&self, change: Change) -> Result<(Config, Applied), Invalid> {
        let mut next = self.clone();
        next.revision = self.revision.next();
        let (key, rows) = match change {
            Change::Put(entry, expect) => next.put(entry, expect)?,
            Change::Delete(key, expect) => next.delete(key, expect)?,
        };
        next.reindex();
        let revision = next.revision;
        Ok((next, Applied { key, revision, rows }))
    }

    /// The revision of an entry; `None` when there is no such entry.
    pub fn revision_of(&self, key: Key) -> Option<Revision> {
        match key {
            Key::Tenant(id) => self.tenants.get(&id).map(|entry| entry.revision),
            Key::Extension(id) => self.extensions.get(&id).map(|entry| entry.revision),
            Key::Device(id) => self.devices.get(&id).map(|entry| entry.revision),
            Key::Trunk(id) => self.trunks.get(&id).map(|entry| entry.revision),
            Key::InboundRoute(id) => self.inbound_routes.get(&id).map(|entry| entry.revision),
            Key::OutboundRoute(id) => self.outbound_routes.get(&id).map(|entry| entry.revision),
            Key::Feature(id) => self.features.get(&id).map(|entry| entry.revision),
            Key::Settings => Some(self.settings.revision),
        }
    }

    fn put(&mut self, mut entry: Entry, expect: Expect) -> Result<(Key, Vec<Row>), Invalid> {
        let existing = self.revision_of(entry.key());
        if entry.is_new() {
            self.number_new(&mut entry);
        } else {
            self.check_expected(existing, expect)?;
        }
        entry.stamp(self.revision);
        self.keep_secrets(&mut entry);
        self.check(&entry)?;
        let key = entry.key();
        self.insert(entry.clone());
        Ok((key, vec![Row::Put(entry)]))
    }

    fn delete(&mut self, key: Key, expect: Expect) -> Result<(Key, Vec<Row>), Invalid> {
        self.check_expected(self.revision_of(key), expect)?;
        let mut rows = vec![Row::Delete(key)];
        match key {
            Key::Settings => return Err(Invalid::at("", Problem::Fixed)),
            Key::Tenant(TenantId::DEFAULT) => return Err(Invalid::at("", Problem::Fixed)),
            Key::Tenant(id) => {
                self.check_unused_tenant(id)?;
                self.tenants.remove(&id);
            }
            Key::Extension(id) => {
                self.check_unused_extension(id)?;
                let devices: Vec<_> = self.devices_of(id).map(|device| device.id).collect();
                for device in devices {
                    self.devices.remove(&device);
                    rows.push(Row::Delete(Key::Device(device)));
                }
                self.extensions.remove(&id);
            }
            Key::Device(id) => {
                self.devices.remove(&id);
            }
            Key::Trunk(id) => {
                self.check_unused_trunk(id)?;
                self.trunks.remove(&id);
            }
            Key::InboundRoute(id) => {
                self.inbound_routes.remove(&id);
            }
            Key::OutboundRoute(id) => {
                self.outbound_routes.remove(&id);
            }
            Key::Feature(id) => {
                self.check_unused_feature(id)?;
                self.features.remove(&id);
            }
        }
        Ok((key, rows))
    }

    fn check_expected(&self, existing: Option<Revision>, expect: Expect) -> Result<(), Invalid> {
        let Some(existing) = existing else { return Err(Invalid::at("", Problem::NotFound)) };
        match expect {
            Expect::Revision(seen) if seen != existing => {
                Err(Invalid::at("", Problem::Outdated(existing)))
            }
            Expect::Revision(_) | Expect::Any => Ok(()),
        }
    }

    fn number_new(&self, entry: &mut Entry) {
        fn after<K: Copy + Ord, V>(
            map: &std::collections::BTreeMap<K, V>,
            raw: fn(K) -> u32,
        ) -> u32 {
            map.last_key_value().map_or(1, |(last, _)| raw(*last).saturating_add(1))
        }
        match entry {
            Entry::Tenant(tenant) => tenant.id = TenantId(after(&self.tenants, |id| id.0)),
            Entry::Extension(extension) => {
                extension.id = ExtensionId(after(&self.extensions, |id| id.0));
            }
            Entry::Device(device) => device.id = DeviceId(after(&self.devices, |id| id.0)),
            Entry::Trunk(trunk) => trunk.id = TrunkId(after(&self.trunks, |id| id.0)),
            Entry::InboundRoute(route) => {
                route.id = InboundRouteId(after(&self.inbound_routes, |id| id.0));
            }
            Entry::OutboundRoute(route) => {
                route.id = OutboundRouteId(after(&self.outbound_routes, |id| id.0));
            }
            Entry::Feature(feature) => feature.id = FeatureId(after(&self.features, |id| id.0)),
            Entry::Settings(_) => {}
        }
    }

    /// A form that leaves the password out does not wipe it, but a new log-in name does: the hash
    /// covers the name.
    fn keep_secrets(&self, entry: &mut Entry) {
        match entry {
            Entry::Extension(new) => {
                let old = self.extensions.get(&new.id);
                if let Some(old) = old.filter(|old| old.number == new.number) {
                    new.credentials = new.credentials.or(old.credentials);
                }
            }
            Entry::Device(new) => {
                let old = self.devices.get(&new.id);
                if let Some(old) = old.filter(|old| old.name == new.name) {
                    new.credentials = new.credentials.or(old.credentials);
                }
            }
            Entry::Trunk(new) => {
                if let Some(old) = self.trunks.get(&new.id).filter(|_| new.secret.is_empty()) {
                    new.secret = old.secret.clone();
                }
            }
            Entry::Tenant(_)
            | Entry::InboundRoute(_)
            | Entry::OutboundRoute(_)
            | Entry::Feature(_)
            | Entry::Settings(_) => {}
        }
    }

    pub(crate) fn insert(&mut self, entry: Entry) {
        match entry {
            Entry::Tenant(entry) => drop(self.tenants.insert(entry.id, Arc::new(entry))),
            Entry::Extension(entry) => drop(self.extensions.insert(entry.id, Arc::new(entry))),
            Entry::Device(entry) => drop(self.devices.insert(entry.id, Arc::new(entry))),
            Entry::Trunk(entry) => drop(self.trunks.insert(entry.id, Arc::new(entry))),
            Entry::InboundRoute(entry) => {
                self.inbound_routes.insert(entry.id, Arc::new(entry));
            }
            Entry::OutboundRoute(entry) => {
                self.outbound_routes.insert(entry.id, Arc::new(entry));
            }
            Entry::Feature(entry) => drop(self.features.insert(entry.id, Arc::new(entry))),
            Entry::Settings(entry) => self.settings = Arc::new(entry),
        }
    }

    pub(crate) fn reindex(&mut self) {
        let mut index = Index::default();
        for extension in self.extensions.values() {
            let key = (extension.tenant, extension.number.as_str().to_owned());
            index.by_number.insert(key, extension.id);
        }
        for feature in self.features.values() {
            let key = (feature.tenant, feature.number.as_str().to_owned());
            index.by_feature.insert(key, feature.id);
        }
        for device in self.devices.values() {
            index.by_device.insert((device.tenant, device.name.clone()), device.id);
            index.by_extension.entry(device.extension).or_default().push(device.id);
        }
        self.index = Arc::new(index);
    }
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

    fn is_new(&self) -> bool {
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

    fn stamp(&mut self, revision: Revision) {
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

impl Invalid {
    fn at(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("this does not exist, or no longer"),
            Self::Outdated(now) => {
                write!(f, "somebody else changed this meanwhile (revision {now}): load it again")
            }
            Self::Missing => f.write_str("this must not be empty"),
            Self::TooLong(most) => write!(f, "at most {most} characters"),
            Self::OutOfRange(low, high) => write!(f, "a number from {low} to {high}"),
            Self::Taken(by) if by.is_empty() => f.write_str("this is taken already"),
            Self::Taken(by) => write!(f, "this is taken already, by {by}"),
            Self::Unknown(what) => write!(f, "there is no {what}"),
            Self::InUse(by) => write!(f, "still used by {by}: change that first"),
            Self::Emergency => f.write_str("this number summons help and cannot be given away"),
            Self::NotInside => f.write_str("only digits, * and #, at most 15"),
            Self::NotAnExtensionNumber => f.write_str("only digits, at most 15"),
            Self::NotALogin => f.write_str("only letters, digits and - _ ."),
            Self::NotAHost => f.write_str("a host name or an address, without port"),
            Self::ToItself => f.write_str("an extension cannot be forwarded to itself"),
            Self::Fixed => f.write_str("this cannot be changed"),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return self.problem.fmt(f);
        }
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Forwarding, Number, Pattern};

    fn extension(number: &str) -> Extension {
        Extension {
            id: ExtensionId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            number: Number::parse(number).unwrap(),
            name: format!("Desk {number}"),
            enabled: true,
            caller_id: None,
            do_not_disturb: false,
            forward: Forwarding::default(),
            credentials: Some(Credentials { md5: [1; 16], sha256: [2; 32] }),
        }
    }

    fn put(config: &Config, entry: Entry) -> Result<(Config, Applied), Invalid> {
        config.apply(Change::Put(entry, Expect::Any))
    }

    fn with_201() -> Config {
        put(&Config::fresh("strowger"), Entry::Extension(extension("201"))).unwrap().0
    }

    #[test]
    fn a_number_is_given_out_once_in_a_tenant() {
        let config = with_201();
        let refused = put(&config, Entry::Extension(extension("201"))).unwrap_err();
        assert_eq!(refused.field, "number");
        assert_eq!(refused.problem, Problem::Taken("Desk 201".to_owned()));
        assert!(put(&config, Entry::Extension(extension("202"))).is_ok());
    }

    #[test]
    fn the_number_for_help_is_nobodys_extension() {
        let refused = put(&with_201(), Entry::Extension(extension("999"))).unwrap_err();
        assert_eq!(refused.problem, Problem::Emergency);
    }

    #[test]
    fn two_writers_do_not_overwrite_each_other() {
        let config = with_201();
        let mut mine = (**config.extension_by_number(TenantId::DEFAULT, "201").unwrap()).clone();
        let seen = mine.revision;
        let (config, _) = put(&config, Entry::Extension(mine.clone())).unwrap();
        mine.name = "Late".to_owned();
        let late = Change::Put(Entry::Extension(mine), Expect::Revision(seen));
        let refused = config.apply(late).unwrap_err();
        assert!(matches!(refused.problem, Problem::Outdated(_)));
    }

    #[test]
    fn a_password_stays_unless_the_log_in_name_changes() {
        let config = with_201();
        let mut edit = (**config.extension_by_number(TenantId::DEFAULT, "201").unwrap()).clone();
        edit.credentials = None;
        edit.name = "Reception".to_owned();
        let (config, _) = put(&config, Entry::Extension(edit.clone())).unwrap();
        assert!(config.extensions[&edit.id].credentials.is_some());
        edit.number = Number::parse("301").unwrap();
        let (config, _) = put(&config, Entry::Extension(edit.clone())).unwrap();
        assert!(config.extensions[&edit.id].credentials.is_none());
    }

    #[test]
    fn an_extension_takes_its_devices_with_it_but_not_a_route() {
        let config = with_201();
        let id = config.extension_by_number(TenantId::DEFAULT, "201").unwrap().id;
        let device = Device {
            id: DeviceId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            extension: id,
            name: "desk-phone".to_owned(),
            enabled: true,
            codecs: None,
            encryption: None,
            media_path: None,
            credentials: None,
        };
        let (config, _) = put(&config, Entry::Device(device)).unwrap();
        let route = InboundRoute {
            id: InboundRouteId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            name: "Main".to_owned(),
            enabled: true,
            order: 1,
            trunk: None,
            did: Pattern::parse("!").unwrap(),
            caller: None,
            destination: Number::parse("201").unwrap(),
        };
        let (routed, applied) = put(&config, Entry::InboundRoute(route)).unwrap();
        let delete = Change::Delete(Key::Extension(id), Expect::Any);
        let refused = routed.apply(delete.clone()).unwrap_err();
        assert_eq!(refused.problem, Problem::InUse("inbound route Main".to_owned()));
        let (free, _) = routed.apply(Change::Delete(applied.key, Expect::Any)).unwrap();
        let (empty, gone) = free.apply(delete).unwrap();
        assert!(empty.devices.is_empty() && empty.extensions.is_empty());
        assert_eq!(gone.rows.len(), 2);
    }

    #[test]
    fn a_number_of_the_box_is_nobodys_elses_and_summons_no_help() {
        let config = with_201();
        let echo = config.feature_by_number(TenantId::DEFAULT, "*43").unwrap();
        let asked = |number: &str| {
            let number = Number::parse(number).unwrap();
            let feature = Feature { id: FeatureId::NEW, number, ..(**echo).clone() };
            put(&config, Entry::Feature(feature)).map(|(config, _)| config)
        };
        let refused = |number: &str| asked(number).unwrap_err().problem;
        assert_eq!(refused("999"), Problem::Emergency);
        assert_eq!(refused("+442079460958"), Problem::NotInside);
        assert_eq!(refused("*43"), Problem::Taken("Echo test".to_owned()));
        assert_eq!(refused("201"), Problem::Taken("extension 201".to_owned()));
        let taken = put(&asked("600").unwrap(), Entry::Extension(extension("600"))).unwrap_err();
        assert_eq!(taken.problem, Problem::Taken("Echo test".to_owned()));
    }

    #[test]
    fn a_number_of_the_box_stays_while_a_route_leads_there() {
        let config = with_201();
        let mut echo = (**config.feature_by_number(TenantId::DEFAULT, "*43").unwrap()).clone();
        let route = InboundRoute {
            id: InboundRouteId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            name: "Test line".to_owned(),
            enabled: true,
            order: 1,
            trunk: None,
            did: Pattern::parse("!").unwrap(),
            caller: None,
            destination: echo.number.clone(),
        };
        let (config, _) = put(&config, Entry::InboundRoute(route)).unwrap();
        let in_use = Problem::InUse("inbound route Test line".to_owned());
        let gone = config.apply(Change::Delete(Key::Feature(echo.id), Expect::Any));
        assert_eq!(gone.unwrap_err().problem, in_use);
        echo.number = Number::parse("*44").unwrap();
        assert_eq!(put(&config, Entry::Feature(echo)).unwrap_err().problem, in_use);
    }

    #[test]
    fn an_extension_is_not_forwarded_to_itself() {
        let mut extension = extension("201");
        extension.forward.busy = Some(Number::parse("201").unwrap());
        let refused = put(&Config::fresh("r"), Entry::Extension(extension)).unwrap_err();
        assert_eq!((refused.field, refused.problem), ("forward.busy", Problem::ToItself));
    }

    #[test]
    fn the_realm_of_a_tenant_never_changes() {
        let config = Config::fresh("strowger");
        let mut tenant = (*config.tenants[&TenantId::DEFAULT]).clone();
        tenant.realm = "other".to_owned();
        let refused = put(&config, Entry::Tenant(tenant)).unwrap_err();
        assert_eq!((refused.field, refused.problem), ("realm", Problem::Fixed));
    }

    #[test]
    fn a_tenant_goes_only_when_it_is_empty() {
        let tenant = Tenant {
            id: TenantId(0),
            name: "Second".to_owned(),
            realm: "second".to_owned(),
            ..(*Config::fresh("strowger").tenants[&TenantId::DEFAULT]).clone()
        };
        let (config, made) = put(&with_201(), Entry::Tenant(tenant)).unwrap();
        let Key::Tenant(id) = made.key else { panic!("{made:?}") };
        let route = OutboundRoute {
            id: OutboundRouteId(0),
            revision: Revision::default(),
            tenant: id,
            name: "Out".to_owned(),
            enabled: true,
            order: 1,
            pattern: Pattern::parse("0.").unwrap(),
            caller: None,
            strip: 0,
            prepend: String::new(),
            trunks: Vec::new(),
            barred: true,
        };
        let (full, made) = put(&config, Entry::OutboundRoute(route)).unwrap();
        let refused = full.apply(Change::Delete(Key::Tenant(id), Expect::Any)).unwrap_err();
        assert_eq!(refused.problem, Problem::InUse("outbound route Out".to_owned()));
        let (empty, _) = full.apply(Change::Delete(made.key, Expect::Any)).unwrap();
        assert!(empty.apply(Change::Delete(Key::Tenant(id), Expect::Any)).is_ok());
    }
}
