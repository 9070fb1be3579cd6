//! Changes: checked as a whole against the configuration as it is, then applied as a whole.

mod check;
mod entry;
mod problem;

pub use entry::{Entry, Key};
pub use problem::{Invalid, Problem};

use crate::{
    Config, DeviceId, ExtensionId, FeatureId, InboundRouteId, Index, OutboundRouteId, Revision,
    TenantId, TrunkId,
};
use std::sync::Arc;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Credentials, Device, Extension, Feature, Forwarding, InboundRoute, Number, OutboundRoute,
        Pattern, Tenant,
    };

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
            channels: None,
            number_type: None,
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
            channels: None,
            number_type: None,
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
            numbering: None,
            channels: None,
        };
        let (full, made) = put(&config, Entry::OutboundRoute(route)).unwrap();
        let refused = full.apply(Change::Delete(Key::Tenant(id), Expect::Any)).unwrap_err();
        assert_eq!(refused.problem, Problem::InUse("outbound route Out".to_owned()));
        let (empty, _) = full.apply(Change::Delete(made.key, Expect::Any)).unwrap();
        assert!(empty.apply(Change::Delete(Key::Tenant(id), Expect::Any)).is_ok());
    }
}
