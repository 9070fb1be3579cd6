//! Extensions: `/api/v1/extensions`.

use crate::entry::{Login, Resource, SecretUse};
use crate::shape;
use config::{Config, Entry, Extension, ExtensionId, Key, Revision};
use std::sync::Arc;

impl Resource for Extension {
    const NAME: &'static str = "Extension";
    const NOUN: &'static str = "extension";
    const PATH: &'static str = "/extensions";
    const REQUIRED: &'static [&'static str] = &["number"];
    const SECRET: SecretUse = SecretUse::Hashed;
    type Shape = shape::Extension;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.extensions.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.extensions.get(&ExtensionId(id))
    }

    fn key(id: u32) -> Key {
        Key::Extension(ExtensionId(id))
    }

    fn entry(self) -> Entry {
        Entry::Extension(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = ExtensionId(id);
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn number(&self) -> Option<&str> {
        Some(self.number.as_str())
    }

    fn login(&mut self) -> Option<Login<'_>> {
        let (user, credentials) = (self.number.as_str(), &mut self.credentials);
        Some(Login { tenant: self.tenant, user, credentials })
    }
}
