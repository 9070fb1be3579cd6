//! Routes: `/api/v1/routes/inbound` and `/api/v1/routes/outbound`.

use crate::entry::{Resource, SecretUse};
use crate::shape;
use config::{
    Config, Entry, InboundRoute, InboundRouteId, Key, OutboundRoute, OutboundRouteId, Revision,
};
use std::sync::Arc;

impl Resource for InboundRoute {
    const NAME: &'static str = "InboundRoute";
    const NOUN: &'static str = "inbound_route";
    const PATH: &'static str = "/routes/inbound";
    const REQUIRED: &'static [&'static str] = &["name", "did", "destination"];
    const SECRET: SecretUse = SecretUse::None;
    type Shape = shape::InboundRoute;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.inbound_routes.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.inbound_routes.get(&InboundRouteId(id))
    }

    fn key(id: u32) -> Key {
        Key::InboundRoute(InboundRouteId(id))
    }

    fn entry(self) -> Entry {
        Entry::InboundRoute(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = InboundRouteId(id);
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Resource for OutboundRoute {
    const NAME: &'static str = "OutboundRoute";
    const NOUN: &'static str = "outbound_route";
    const PATH: &'static str = "/routes/outbound";
    const REQUIRED: &'static [&'static str] = &["name", "pattern", "trunks"];
    const SECRET: SecretUse = SecretUse::None;
    type Shape = shape::OutboundRoute;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.outbound_routes.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.outbound_routes.get(&OutboundRouteId(id))
    }

    fn key(id: u32) -> Key {
        Key::OutboundRoute(OutboundRouteId(id))
    }

    fn entry(self) -> Entry {
        Entry::OutboundRoute(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = OutboundRouteId(id);
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn name(&self) -> &str {
        &self.name
    }
}
