//! Devices, phones with a log-in of their own: `/api/v1/devices`.

use crate::entry::{Login, Resource, SecretUse};
use crate::shape;
use config::{Config, Device, DeviceId, Entry, Key, Revision};
use std::sync::Arc;

impl Resource for Device {
    const NAME: &'static str = "Device";
    const NOUN: &'static str = "device";
    const PATH: &'static str = "/devices";
    const REQUIRED: &'static [&'static str] = &["name", "extension"];
    const SECRET: SecretUse = SecretUse::Hashed;
    type Shape = shape::Device;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.devices.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.devices.get(&DeviceId(id))
    }

    fn key(id: u32) -> Key {
        Key::Device(DeviceId(id))
    }

    fn entry(self) -> Entry {
        Entry::Device(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = DeviceId(id);
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn login(&mut self) -> Option<Login<'_>> {
        let (user, credentials) = (self.name.as_str(), &mut self.credentials);
        Some(Login { tenant: self.tenant, user, credentials })
    }
}
