//! Tenants, each a SIP domain of its own: `/api/v1/tenants`.

use crate::entry::{Resource, SecretUse};
use crate::shape;
use config::{Config, Entry, Key, Revision, Tenant, TenantId};
use std::sync::Arc;

impl Resource for Tenant {
    const NAME: &'static str = "Tenant";
    const NOUN: &'static str = "tenant";
    const PATH: &'static str = "/tenants";
    const REQUIRED: &'static [&'static str] = &["name", "realm"];
    const SECRET: SecretUse = SecretUse::None;
    type Shape = shape::Tenant;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.tenants.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.tenants.get(&TenantId(id))
    }

    fn key(id: u32) -> Key {
        Key::Tenant(TenantId(id))
    }

    fn entry(self) -> Entry {
        Entry::Tenant(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = TenantId(id);
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn name(&self) -> &str {
        &self.name
    }
}
