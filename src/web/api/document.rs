//! The OpenAPI document, made from the operations themselves. OpenAPI 3.1.

use actix_web::HttpResponse;
use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::NOUNS;
use super::cursor::{MOST, USUAL};
use super::operation::{Kind, Noun, Operation, Shape};
use super::problem::{KINDS, PROBLEM_JSON, ProblemDocument};
use crate::base::Issuer;
use crate::web::extract::Caller;

/// `GET /api/v1/openapi.json`
pub(super) async fn show(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(document(&caller.app.issuer))
}

/// The document for one appliance.
pub(super) fn document(issuer: &Issuer) -> OpenApi {
    let about = "Administers one Writ. Every request carries an access token of this appliance's own, \
                 `Authorization: Bearer …`, with the scope that the operation names; or the access key of a machine that \
                 has this scope, in its place or in `X-API-Key`.";
    let info = InfoBuilder::new().title("Writ").version(env!("CARGO_PKG_VERSION")).description(Some(about));
    let mut components = ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()))
        .security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))))
        .schema("Problem", ProblemDocument::schema());
    let mut parts = Vec::new();
    ProblemDocument::schemas(&mut parts);
    for operation in super::operations() {
        for shape in operation.input.iter().chain(&operation.output) {
            parts.push(((shape.name)().into_owned(), (shape.schema)()));
            (shape.parts)(&mut parts);
        }
    }
    for (name, schema) in parts {
        components = components.schema(name, schema);
    }
    let mut paths = PathsBuilder::new();
    for noun in NOUNS.iter() {
        for operation in &noun.operations {
            let item = PathItemBuilder::new().operation(method(operation), described(noun, operation)).build();
            paths = paths.path(operation.path, item);
        }
    }
    let tags = NOUNS.iter().map(|noun| TagBuilder::new().name(noun.title).description(Some(noun.about)).build());
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([ServerBuilder::new().url(issuer.as_str()).build()]))
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags))
        .build()
}

fn method(operation: &Operation) -> HttpMethod {
    match operation.kind {
        Kind::List | Kind::Show => HttpMethod::Get,
        Kind::Create | Kind::Do | Kind::Tell => HttpMethod::Post,
        Kind::Change => HttpMethod::Patch,
        Kind::Remove => HttpMethod::Delete,
    }
}

fn described(noun: &Noun, operation: &Operation) -> utoipa::openapi::path::Operation {
    let mut described = OperationBuilder::new()
        .tag(noun.title)
        .operation_id(Some(operation.id))
        .summary(Some(operation.summary))
        .security(SecurityRequirement::new("token", [operation.scope]))
        // OpenAPI 3.1: "the array MAY contain a list of role names which are required for the execution".
        .security(SecurityRequirement::new("key", [operation.scope]));
    for name in places(operation) {
        described = described.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)))),
        );
    }
    for parameter in parameters(operation.kind).into_iter().chain(operation.filters.iter().cloned()) {
        described = described.parameter(parameter);
    }
    if let Some(input) = &operation.input {
        let body = RequestBodyBuilder::new()
            .required(Some(if operation.may_be_bare() { Required::False } else { Required::True }))
            .content("application/json", ContentBuilder::new().schema(Some(reference(input))).build());
        described = described.request_body(Some(body.build()));
    }
    let (status, done) = success(operation);
    described = described.response(status, with_links(noun, operation, done));
    for status in refusals(operation) {
        described = described.response(status.to_string(), refusal(status));
    }
    described.build()
}

/// The names of the variable parts of its address.
fn places(operation: &Operation) -> impl Iterator<Item = &'static str> {
    operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn parameters(kind: Kind) -> Vec<Parameter> {
    let header = |name: &str, required, about: &str, schema: ObjectBuilder| {
        let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(required);
        header.description(Some(about)).schema(Some(schema)).build()
    };
    let tag = || ObjectBuilder::new().schema_type(Type::String).pattern(Some(r#"^(\*|"[A-Za-z0-9_-]{1,64}")$"#));
    match kind {
        Kind::List => {
            let limit = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(MOST))
                .default(Some(json!(USUAL)));
            let query = |name: &str, about: &str, schema: ObjectBuilder| {
                let query = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
                query.required(Required::False).description(Some(about)).schema(Some(schema)).build()
            };
            vec![
                query("limit", "At most this many.", limit),
                query(
                    "cursor",
                    "Where to go on: `next` of the page before.",
                    ObjectBuilder::new().schema_type(Type::String),
                ),
            ]
        }
        Kind::Create => {
            let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
            let about = "The same request under the same key has its effect once, for a day.";
            vec![header("Idempotency-Key", Required::False, about, key)]
        }
        Kind::Change | Kind::Remove => {
            vec![header("If-Match", Required::True, "The ETag that was read.", tag())]
        }
        Kind::Do => vec![header("If-Match", Required::False, "The ETag that was read.", tag())],
        Kind::Show | Kind::Tell => Vec::new(),
    }
}

fn success(operation: &Operation) -> (&'static str, Response) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let with_header = |response: ResponseBuilder, name: &str, about: &str| {
        response.header(name, HeaderBuilder::new().schema(Some(text())).description(Some(about)).build())
    };
    let body = |response: ResponseBuilder, schema: RefOr<Schema>| {
        response.content("application/json", ContentBuilder::new().schema(Some(schema)).build())
    };
    let response = ResponseBuilder::new();
    match (operation.kind, &operation.output) {
        (Kind::List, Some(output)) => {
            let page = ObjectBuilder::new()
                .property("items", ArrayBuilder::new().items(reference(output)))
                .required("items")
                .property(
                    "next",
                    text().description(Some("The cursor of the next page; none where this is the last.")),
                );
            let response = body(response.description("A page of the list."), RefOr::T(Schema::Object(page.build())));
            ("200", with_header(response, "Link", "The next page, `rel=\"next\"`, if there is one.").build())
        }
        (Kind::Create, Some(output)) => {
            let response = body(response.description("It was made."), reference(output));
            let response = with_header(response, "Location", "Its address.");
            ("201", with_header(response, "ETag", "What a change of it is to be sent with.").build())
        }
        (Kind::Tell | Kind::Remove, Some(output)) => {
            ("200", body(response.description("It is done."), reference(output)).build())
        }
        (_, Some(output)) => {
            let response = body(response.description("As it is now."), reference(output));
            ("200", with_header(response, "ETag", "What a change of it is to be sent with.").build())
        }
        (_, None) => ("204", response.description("It is done.").build()),
    }
}

/// From what was made or listed to what can be done with it.
fn with_links(noun: &Noun, operation: &Operation, mut response: Response) -> Response {
    let (place, tag) = match operation.kind {
        Kind::Create => (format!("$response.body#/{}", noun.key), true),
        Kind::List => (format!("$response.body#/items/0/{}", noun.key), false),
        _ => return response,
    };
    // The list of those that have something is none of that.
    let below = format!("{}/{{id}}", operation.path);
    // What an operation's address needs besides must be in this one's: a link of a provider is not known by the provider.
    let known = |other: &Operation| places(other).all(|name| name == "id" || places(operation).any(|own| own == name));
    for other in noun.operations.iter().filter(|other| other.path.starts_with(&below) && known(other)) {
        let mut link = LinkBuilder::new().operation_id(other.id).parameter("path.id", place.as_str());
        // What is further up in the address is the same.
        for name in places(other).filter(|name| *name != "id") {
            link = link.parameter(format!("path.{name}"), format!("$request.path.{name}"));
        }
        if tag && other.kind.needs_seen() {
            link = link.parameter("header.If-Match", "$response.header.ETag");
        }
        response.links.insert(other.id.to_owned(), RefOr::T(link.build()));
    }
    response
}

/// The statuses that an operation answers with when it is not done.
fn refusals(operation: &Operation) -> Vec<u16> {
    let mut statuses = vec![400, 401, 403, 408, 413, 429, 500, 503];
    if places(operation).next().is_some() || operation.weigh.is_some() {
        statuses.push(404);
    }
    if operation.input.is_some() {
        statuses.push(415);
    }
    match operation.kind {
        Kind::List | Kind::Show => {}
        Kind::Create => statuses.extend([409, 422]),
        Kind::Tell => statuses.push(409),
        Kind::Do => statuses.extend([409, 412]),
        Kind::Change | Kind::Remove => statuses.extend([409, 412, 428]),
    }
    statuses.sort_unstable();
    statuses
}

fn refusal(status: u16) -> Response {
    let titles: Vec<&str> = KINDS.iter().filter(|kind| kind.status == status).map(|kind| kind.title).collect();
    let problem = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(titles.join("; "))
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(problem)).build())
        .build()
}

fn reference(shape: &Shape) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name((shape.name)()))
}
