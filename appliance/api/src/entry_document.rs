//! The five operations of [`crate::entry`] as the OpenAPI document tells them.
//!
//! What is read and what is written are two schemas, `Extension` and `ExtensionInput`: every field
//! is there in the first, most may be left out of the second.

use crate::entry::{self, BASE, Resource, SecretUse};
use crate::router::App;
use axum::routing::{MethodRouter, get};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ArrayBuilder, SchemaType, Type};
use utoipa::openapi::{
    Content, ContentBuilder, Object, ObjectBuilder, Ref, RefOr, Required, Schema,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// The routes of a resource, and what the document says of them.
pub(crate) fn routes<R: Resource>() -> OpenApiRouter<App> {
    let collection: MethodRouter<App> = get(entry::list::<R>).post(entry::create::<R>);
    let item: MethodRouter<App> =
        get(entry::read::<R>).put(entry::replace::<R>).delete(entry::delete::<R>);

    let mut collection_paths = Paths::new();
    collection_paths.add_path_operation(R::PATH, vec![HttpMethod::Get], list::<R>());
    collection_paths.add_path_operation(R::PATH, vec![HttpMethod::Post], create::<R>());
    let one = format!("{}/{{id}}", R::PATH);
    let mut item_paths = Paths::new();
    item_paths.add_path_operation(&one, vec![HttpMethod::Get], read::<R>());
    item_paths.add_path_operation(&one, vec![HttpMethod::Put], replace::<R>());
    item_paths.add_path_operation(&one, vec![HttpMethod::Delete], delete::<R>());

    OpenApiRouter::new().routes((schemas::<R>(), collection_paths, collection)).routes((
        Vec::new(),
        item_paths,
        item,
    ))
}

fn list<R: Resource>() -> Operation {
    let text = || Object::with_type(Type::String);
    let page = Ref::from_schema_name(page_name::<R>());
    operation::<R>(&format!("list_{}s", R::NOUN), &format!("Lists the {}s, by id.", noun::<R>()))
        .parameter(query("limit", "At most so many, 1 to 500; 100 if left out.", integer()))
        .parameter(query("cursor", "`next` of the page before.", text()))
        .parameter(query("q", "Only those whose name or number begins like this.", text()))
        .parameter(query("number", "Only the one with this number.", text()))
        .response("200", ResponseBuilder::new().description("A page.").content(JSON, content(page)))
        .build()
}

fn create<R: Resource>() -> Operation {
    let location = HeaderBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .description(Some(format!("`{BASE}{}/{{id}}`", R::PATH)))
        .build();
    operation::<R>(&format!("create_{}", R::NOUN), &format!("Creates: {}.", noun::<R>()))
        .request_body(Some(input::<R>()))
        .response("201", shown::<R>("Created.").header("Location", location))
        .build()
}

fn read<R: Resource>() -> Operation {
    operation::<R>(&format!("read_{}", R::NOUN), &format!("Reads the {}.", noun::<R>()))
        .parameter(id())
        .parameter(demand("If-None-Match", "An ETag: the answer is 304 when it still holds."))
        .response("200", shown::<R>("It."))
        .response("304", ResponseBuilder::new().description("Still that of If-None-Match."))
        .build()
}

fn replace<R: Resource>() -> Operation {
    let summary = format!(
        "Replaces the {}. What is left out gets its default; a secret stays as it is.",
        noun::<R>()
    );
    operation::<R>(&format!("replace_{}", R::NOUN), &summary)
        .parameter(id())
        .parameter(demand("If-Match", "The ETag that was read: 412 when it holds no longer."))
        .request_body(Some(input::<R>()))
        .response("200", shown::<R>("As it is now."))
        .build()
}

fn delete<R: Resource>() -> Operation {
    operation::<R>(&format!("delete_{}", R::NOUN), &format!("Deletes the {}.", noun::<R>()))
        .parameter(id())
        .parameter(demand("If-Match", "The ETag that was read: 412 when it holds no longer."))
        .response("204", ResponseBuilder::new().description("Deleted."))
        .build()
}

fn operation<R: Resource>(id: &str, summary: &str) -> OperationBuilder {
    let tag = R::PATH.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    OperationBuilder::new().tag(tag).operation_id(Some(id)).summary(Some(summary))
}

fn shown<R: Resource>(description: &str) -> ResponseBuilder {
    let tag = HeaderBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .description(Some("Its revision, for If-Match."))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(JSON, content(Ref::from_schema_name(R::NAME)))
        .header("ETag", tag)
}

fn input<R: Resource>() -> RequestBody {
    RequestBodyBuilder::new()
        .content(JSON, content(Ref::from_schema_name(input_name::<R>())))
        .required(Some(Required::True))
        .build()
}

/// What is read, what is written, a page, and whatever they are made of.
fn schemas<R: Resource>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    R::Shape::schemas(&mut schemas);
    let shape = match R::Shape::schema() {
        RefOr::T(Schema::Object(object)) => object,
        RefOr::T(_) | RefOr::Ref(_) => Object::new(),
    };
    let mut shown = shape.clone();
    shown.required = shown.properties.keys().cloned().collect();
    let mut input = shape;
    input.required = R::REQUIRED.iter().map(|name| (*name).to_owned()).collect();
    for read_only in ["id", "revision"] {
        input.properties.remove(read_only);
    }
    let secret = |object: ObjectBuilder| RefOr::T(Schema::Object(object.build()));
    let text = || ObjectBuilder::new().schema_type(Type::String);
    if R::SECRET == SecretUse::Hashed {
        let made = "The password that was made because none was sent. Shown this once.";
        let made = text().read_only(true).description(Some(made));
        shown.properties.insert("secret".to_owned(), secret(made));
    }
    if R::SECRET != SecretUse::None {
        let says = match R::SECRET {
            SecretUse::Hashed => "The password to log in with; left out, it stays, or one is made.",
            SecretUse::Kept | SecretUse::None => "The account's password; left out, it stays.",
        };
        let nullable = SchemaType::from_iter([Type::String, Type::Null]);
        let written = text().schema_type(nullable).write_only(true).description(Some(says));
        input.properties.insert("secret".to_owned(), secret(written));
    }
    let one = Ref::from_schema_name(R::NAME);
    let next = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("Hand this back as `cursor` for the next page."));
    let page = ObjectBuilder::new()
        .property("items", ArrayBuilder::new().items(one))
        .property("next", next)
        .required("items")
        .required("next");
    schemas.push((R::NAME.to_owned(), Schema::Object(shown).into()));
    schemas.push((input_name::<R>(), Schema::Object(input).into()));
    schemas.push((page_name::<R>(), page.build().into()));
    schemas
}

fn noun<R: Resource>() -> String {
    R::NOUN.replace('_', " ")
}

fn input_name<R: Resource>() -> String {
    format!("{}Input", R::NAME)
}

fn page_name<R: Resource>() -> String {
    format!("Page_{}", R::NAME)
}

fn content(schema: Ref) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

fn id() -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(integer()))
        .description(Some("Its id."))
        .build()
}

fn query(name: &str, description: &str, schema: Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .schema(Some(schema))
        .description(Some(description))
        .build()
}

fn demand(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(Object::with_type(Type::String)))
        .description(Some(description))
        .build()
}

fn integer() -> Object {
    Object::with_type(Type::Integer)
}

const JSON: &str = "application/json";
