//! Trunks, `/api/v1/trunks`, and how they do, `/api/v1/trunk-status`.

use crate::entry::{Resource, SecretUse};
use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use crate::shape;
use axum::Json;
use axum::extract::State;
use call::TrunkStatus;
use config::{Config, Entry, Key, Revision, Secret, Trunk, TrunkId};
use std::sync::Arc;

impl Resource for Trunk {
    const NAME: &'static str = "Trunk";
    const NOUN: &'static str = "trunk";
    const PATH: &'static str = "/trunks";
    const REQUIRED: &'static [&'static str] = &["name"];
    const SECRET: SecretUse = SecretUse::Kept;
    type Shape = shape::Trunk;

    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>> {
        config.trunks.values()
    }

    fn find(config: &Config, id: u32) -> Option<&Arc<Self>> {
        config.trunks.get(&TrunkId(id))
    }

    fn key(id: u32) -> Key {
        Key::Trunk(TrunkId(id))
    }

    fn entry(self) -> Entry {
        Entry::Trunk(self)
    }

    fn id(&self) -> u32 {
        self.id.0
    }

    fn set_id(&mut self, id: u32) {
        self.id = TrunkId(id);
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn keep(&mut self, secret: Secret) {
        self.secret = secret;
    }
}

/// How every trunk does.
#[utoipa::path(
    get,
    path = "/trunk-status",
    tag = "trunks",
    operation_id = "list_trunk_status",
    responses((status = 200, description = "All trunks.", body = Page<TrunkStatus>)),
)]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<Page<TrunkStatus>>, Problem> {
    Ok(Json(Page::whole(app.backend.trunks().await?)))
}
