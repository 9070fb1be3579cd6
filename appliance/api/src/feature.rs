//! Numbers that the box itself answers: `/api/v1/numbers`.

use crate::entry::{Resource, SecretUse};
use crate::shape;
use config::{Config, Entry, Feature, FeatureId, Key, Revision};
use std::sync::Arc;

impl Resource for Feature {
    const NAME: &'static str = "Number";
    const NOUN: &'static str = "number";
    const PATH: &'static str = "/numbers";
    const REQUIRED: &'static [&'static str] = &["number", "kind"];
    const SECRET: SecretUse = SecretUse::None;
    type Shape = shape::Number;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.features.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.features.get(&FeatureId(id))
    }

    fn key(id: u32) -> Key {
        Key::Feature(FeatureId(id))
    }

    fn entry(self) -> Entry {
        Entry::Feature(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = FeatureId(id);
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
}
