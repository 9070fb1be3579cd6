//! Countries that the box knows: `/api/v1/countries`.

use crate::page::Page;
use axum::Json;
use config::Zone;
use serde::Serialize;
use utoipa::ToSchema;

/// A country and how numbers are dialled there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    #[schema(example = "GB")]
    code: &'static str,
    /// Its name in English.
    #[schema(example = "United Kingdom")]
    name: &'static str,
    /// E.164 country code.
    #[schema(example = "44")]
    calling_code: &'static str,
    /// What is dialled before a national number; empty where there is nothing.
    #[schema(example = "0")]
    trunk_prefix: &'static str,
    /// What is dialled before an international number.
    #[schema(example = "00")]
    international_prefix: &'static str,
    /// Numbers that summon help.
    #[schema(value_type = Vec<String>, example = json!(["999", "112"]))]
    emergency: &'static [&'static str],
}

/// The countries to choose from.
#[utoipa::path(
    get,
    path = "/countries",
    tag = "settings",
    operation_id = "list_countries",
    responses((status = 200, description = "All countries, by code.", body = Page<Country>)),
)]
pub(crate) async fn list() -> Json<Page<Country>> {
    Json(Page::whole(Zone::all().iter().map(Country::from).collect()))
}

impl From<&'static Zone> for Country {
    fn from(zone: &'static Zone) -> Self {
        Self {
            code: zone.code,
            name: zone.name,
            calling_code: zone.calling_code,
            trunk_prefix: zone.trunk_prefix,
            international_prefix: zone.international_prefix,
            emergency: zone.emergency,
        }
    }
}
