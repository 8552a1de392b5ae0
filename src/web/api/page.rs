//! `GET /api/v1/docs`: the document, for people.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use super::operation::{Operation, Shape};
use super::problem::KINDS;
use super::{NOUNS, document};
use crate::web::extract::Visitor;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{ApiMember, ApiNoun, ApiOperation, ApiPage, ApiParameter, ApiProblem, ApiSchema};

pub(super) async fn show(visitor: Visitor) -> Result<HttpResponse, PageProblem> {
    let visitor = visitor.in_english();
    let document = document::document(&visitor.app.issuer);
    let page = ApiPage {
        shell: visitor.shell(),
        issuer: visitor.app.issuer.to_string(),
        document: visitor.app.issuer.url(super::DOCUMENT),
        nouns: NOUNS
            .iter()
            .map(|noun| ApiNoun {
                title: noun.title.to_owned(),
                about: noun.about.to_owned(),
                operations: noun.operations.iter().map(operation).collect(),
            })
            .collect(),
        schemas: document.components.iter().flat_map(|all| &all.schemas).map(|(name, s)| schema(name, s)).collect(),
        problems: KINDS
            .iter()
            .map(|kind| ApiProblem {
                name: kind.name.to_owned(),
                status: kind.status,
                title: kind.title.to_owned(),
                advice: kind.advice.to_owned(),
            })
            .collect(),
    };
    reply::page(&visitor, StatusCode::OK, &page, &[])
}

fn operation(operation: &Operation) -> ApiOperation {
    let name = |shape: &Option<Shape>| shape.as_ref().map(|shape| (shape.name)().into_owned());
    let filters = operation.filters.iter().map(|parameter| ApiParameter {
        name: parameter.name.clone(),
        about: parameter.description.clone().unwrap_or_default(),
    });
    ApiOperation {
        id: operation.id.to_owned(),
        method: operation.method.as_str().to_owned(),
        path: operation.path.to_owned(),
        summary: operation.summary.to_owned(),
        scope: operation.scope.to_owned(),
        filters: filters.collect(),
        takes: name(&operation.input),
        gives: name(&operation.output),
    }
}

fn schema(name: &str, schema: &RefOr<Schema>) -> ApiSchema {
    let json = serde_json::to_value(schema).unwrap_or_default();
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let required: Vec<&str> =
        json.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let members = json.get("properties").and_then(Value::as_object).into_iter().flatten();
    let members = members.map(|(member, of)| ApiMember {
        name: member.clone(),
        kind: kind(of),
        required: required.contains(&member.as_str()),
        about: text(of, "description"),
    });
    ApiSchema {
        name: name.to_owned(),
        about: text(&json, "description"),
        members: members.collect(),
        words: words(&json),
    }
}

/// The values of an enumeration.
fn words(json: &Value) -> Vec<String> {
    let values = json.get("enum").and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A type in a word or two: `text`, `list of Grant`, `number or null`.
fn kind(of: &Value) -> String {
    if let Some(reference) = of.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for several in ["oneOf", "allOf", "anyOf"] {
        if let Some(parts) = of.get(several).and_then(Value::as_array) {
            return parts.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    let word = |name: &str| match name {
        "string" => match of.get("format").and_then(Value::as_str) {
            Some("date-time") => "time".to_owned(),
            _ => "text".to_owned(),
        },
        "array" => format!("list of {}", of.get("items").map(kind).unwrap_or_default()),
        "integer" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    };
    match of.get("type") {
        Some(Value::String(name)) => word(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}
