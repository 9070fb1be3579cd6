//! The world as calls see it when they decide.

use crate::lines::Lines;
use crate::registrar::Registrar;
use crate::trunk::Trunks;
use call::{LegId, UnixMillis};
use config::{Config, TenantId, TrunkId};
use pbx::World;
use std::sync::Arc;

/// The world as `pbx` may see it.
pub(crate) struct View<'a> {
    pub(crate) config: Arc<Config>,
    pub(crate) registrar: &'a Registrar,
    pub(crate) trunks: &'a Trunks,
    pub(crate) lines: &'a Lines,
    pub(crate) next_leg: &'a mut u64,
    pub(crate) clock: UnixMillis,
}

impl World for View<'_> {
    fn config(&self) -> &Config {
        &self.config
    }

    fn registrations(&self, tenant: TenantId, number: &str) -> Vec<call::RegistrationId> {
        self.registrar.of(tenant, number)
    }

    fn is_down(&self, trunk: TrunkId) -> bool {
        self.trunks.is_down(trunk) || self.lines.is_down(trunk)
    }

    fn new_leg(&mut self) -> LegId {
        *self.next_leg += 1;
        LegId(*self.next_leg)
    }

    fn clock(&self) -> UnixMillis {
        self.clock
    }
}
