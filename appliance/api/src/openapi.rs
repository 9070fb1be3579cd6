//! The OpenAPI 3.1 document, from the types and routes as they are.

use crate::entry::BASE;
use crate::problem::{self, FieldError, Problem};
use crate::router::{guarded, open};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
};
use utoipa_axum::router::OpenApiRouter;

/// The document that `/api/v1/openapi.json` answers with.
pub fn openapi() -> OpenApi {
    let mut paths = OpenApiRouter::new().nest(BASE, guarded()).into_openapi();
    for operation in paths.paths.paths.values_mut().flat_map(operations) {
        let unauthorized = problem_response("Nobody is logged in.");
        operation.responses.responses.insert("401".to_owned(), unauthorized);
        let requirement = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
        operation.security = Some(vec![requirement("token"), requirement("cookie")]);
    }
    paths.merge(OpenApiRouter::new().nest(BASE, open()).into_openapi());
    for operation in paths.paths.paths.values_mut().flat_map(operations) {
        let problem = problem_response("What went wrong, in a sentence.");
        operation.responses.responses.insert("default".to_owned(), problem);
    }
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of `session`, `setup/claim` or `tokens`."))
        .build();
    let cookie = ApiKeyValue::with_description(
        crate::access::COOKIE,
        "Set by `session` and `setup/claim`. Whatever changes something must also carry the \
         header `X-CSRF-Token` with `csrf` of the session.",
    );
    let components = ComponentsBuilder::new()
        .schema_from::<Problem>()
        .schema_from::<FieldError>()
        .schema_from::<call::Event>()
        .schema_from::<call::CallQuality>()
        .schema_from::<call::LineTrace>()
        .schema_from::<call::LineLayer>()
        .schema_from::<call::Speaker>()
        .schema_from::<call::QualityPoint>()
        .schema_from::<call::Quality>()
        .schema_from::<call::Played>()
        .schema_from::<call::Scale>()
        .schema_from::<call::StreamSummary>()
        .schema_from::<call::QualitySummary>()
        .security_scheme("token", SecurityScheme::Http(token))
        .security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .build();
    let mut info = Info::new("Strowger", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let mut document = OpenApiBuilder::new().info(info).components(Some(components)).build();
    document.merge(paths);
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations =
        [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
    operations.into_iter().flatten()
}

fn problem_response(description: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(description);
    response.content(problem::MEDIA_TYPE, content).into()
}

const ABOUT: &str = "\
Sets up the box, shows what it does, and follows it live.

Lists answer `{\"items\": [...], \"next\": cursor or null}`. What can be set up carries an ETag; a \
PUT or DELETE with If-Match is refused with 412 when somebody else was faster. Whatever goes wrong \
is answered by a problem document (RFC 9457) whose `errors` name the fields; beside what is listed \
here, 413, 429 with Retry-After, 503 and 507 (the disk is full) may come from everywhere. Times are \
milliseconds since 1970-01-01 UTC.

Figures for Prometheus are at `/metrics`: programs on the box itself need no log-in there, others \
send a token.";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn document() -> Value {
        serde_json::to_value(openapi()).unwrap()
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.clone());
                }
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn it_is_openapi_3_1_and_every_reference_leads_somewhere() {
        let document = document();
        assert!(
            document["openapi"].as_str().unwrap().starts_with("3.1"),
            "{}",
            document["openapi"]
        );
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 30, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_operation_has_its_own_id_a_tag_and_a_sentence() {
        let document = document();
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path}"));
                assert!(ids.insert(id.to_owned()), "{id} twice");
                assert!(operation["tags"][0].is_string(), "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path}");
                assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            }
        }
        assert!(ids.contains("create_extension") && ids.contains("listen_for_events"), "{ids:?}");
    }

    #[test]
    fn what_may_be_left_out_is_told_apart_from_what_is_always_there() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["ExtensionInput"]["required"], serde_json::json!(["number"]));
        let shown = schemas["Extension"]["required"].as_array().unwrap();
        assert!(shown.iter().any(|name| name == "revision"), "{shown:?}");
        assert!(!shown.iter().any(|name| name == "secret"), "{shown:?}");
        assert!(schemas["ExtensionInput"]["properties"]["secret"]["writeOnly"] == true);
        assert!(schemas["Trunk"]["properties"]["secret"].is_null());
    }
}
