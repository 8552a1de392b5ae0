//! The document, the page and the doors say the same.

use std::collections::BTreeSet;

use serde_json::Value;
use writ::web::routes::{DOORS, Who};

use super::Office;

fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn every_door_of_the_api_is_in_the_document_and_no_other() {
    let office = Office::open();
    let document = office.world.request("GET", "/api/v1/openapi.json").send().expect_status(200).json();
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let doors: BTreeSet<(String, String)> = DOORS
        .iter()
        .filter(|door| door.pattern.starts_with("/api/") && door.who == Who::Administrator)
        .flat_map(|door| door.methods.iter().map(|method| (method.to_string(), door.pattern.to_owned())))
        .collect();
    assert!(doors.len() > 30, "{}", doors.len());
    assert_eq!(operations(&document), doors);
    // Besides them, only the document and its page.
    let others: Vec<&str> = DOORS
        .iter()
        .filter(|door| door.pattern.starts_with("/api/") && door.who != Who::Administrator)
        .map(|door| door.pattern)
        .collect();
    assert_eq!(others, ["/api/v1/openapi.json", "/api/v1/docs"]);
}

#[test]
fn the_document_is_whole() {
    let office = Office::open();
    let document = office.world.request("GET", "/api/v1/openapi.json").send().json();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is nowhere");
    }
    let mut ids = BTreeSet::new();
    let catalogue = office.get("/scopes?limit=200");
    let known: Vec<&str> =
        catalogue["items"].as_array().unwrap().iter().filter_map(|scope| scope["name"].as_str()).collect();
    for item in document["paths"].as_object().unwrap().values() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} stands twice");
            let scope = operation["security"][0]["token"][0].as_str().unwrap();
            assert!(known.contains(&scope), "{id}: {scope} is not in the catalogue");
            assert_eq!(scope.ends_with(":read"), method == "get" || id == "verifyAudit", "{id}: {scope}");
            for status in ["400", "401", "403"] {
                let problem = &operation["responses"][status]["content"]["application/problem+json"]["schema"];
                assert_eq!(problem["$ref"], "#/components/schemas/Problem", "{id} {status}");
            }
        }
    }
    // Nothing that comes in may have members nobody knows, but a command: its members are its arguments, and it knows them itself.
    for item in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values()) {
        let Some(reference) = item["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str() else {
            continue;
        };
        let name = reference.rsplit('/').next().unwrap();
        if name != "Command" {
            assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
        }
    }
}

#[test]
fn the_page_tells_of_every_operation_schema_and_problem() {
    let office = Office::open();
    let document = office.world.request("GET", "/api/v1/openapi.json").send().json();
    let page = office.world.request("GET", "/api/v1/docs").send();
    page.expect_status(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (method, path) in operations(&document) {
        assert!(page.body.contains(&format!("<code>{method} {path}</code>")), "{method} {path}");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.body.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
    for link in page.body.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.body.contains(&format!("id=\"{link}\"")), "#{link} leads nowhere");
    }
    // Where the type of a problem leads.
    let problem = office.ask("GET", "/nothing").send().json();
    let kind = problem["type"].as_str().unwrap().split_once('#').unwrap().1;
    assert!(page.body.contains(&format!("id=\"{kind}\"")), "{kind}");
    assert!(page.body.len() < 150_000, "{} bytes", page.body.len());
}

/// OpenAPI 3.1 §4.8.20.1: what a link takes from a request must be in that request's address.
#[test]
fn every_link_can_be_followed() {
    let office = Office::open();
    let document = office.world.request("GET", "/api/v1/openapi.json").send().json();
    let mut links = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            for response in operation["responses"].as_object().unwrap().values() {
                for (name, link) in response["links"].as_object().into_iter().flatten() {
                    links += 1;
                    for taken in link["parameters"].as_object().unwrap().values() {
                        let taken = taken.as_str().unwrap();
                        let place = taken.strip_prefix("$request.path.").map(|place| format!("{{{place}}}"));
                        assert!(place.is_none_or(|place| path.contains(&place)), "{path} -> {name}: {taken}");
                    }
                }
            }
        }
    }
    assert!(links > 50, "{links}");
}
