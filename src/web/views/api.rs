//! `/api/v1/docs`: what the administrators' API can do.

use askama::Template;

use super::Sample;
use super::shell::{Shell, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/api.html")]
pub struct ApiPage {
    pub shell: Shell,
    pub issuer: String,
    /// The address of the document for programs.
    pub document: String,
    pub nouns: Vec<ApiNoun>,
    pub schemas: Vec<ApiSchema>,
    pub problems: Vec<ApiProblem>,
}

#[derive(Clone, Debug)]
pub struct ApiNoun {
    pub title: String,
    pub about: String,
    pub operations: Vec<ApiOperation>,
}

#[derive(Clone, Debug)]
pub struct ApiOperation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub scope: String,
    pub filters: Vec<ApiParameter>,
    /// The schemas of its body and of what comes back.
    pub takes: Option<String>,
    pub gives: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ApiParameter {
    pub name: String,
    pub about: String,
}

#[derive(Clone, Debug)]
pub struct ApiSchema {
    pub name: String,
    pub about: String,
    pub members: Vec<ApiMember>,
    /// The values, if it is an enumeration.
    pub words: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct ApiMember {
    pub name: String,
    pub kind: String,
    pub required: bool,
    pub about: String,
}

#[derive(Clone, Debug)]
pub struct ApiProblem {
    pub name: String,
    pub status: u16,
    pub title: String,
    pub advice: String,
}

impl Sample for ApiPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let operation = |method: &str, path: &str, id: &str, summary: &str| ApiOperation {
            id: id.into(),
            method: method.into(),
            path: path.into(),
            summary: summary.into(),
            scope: "writ:clients:read".into(),
            filters: Vec::new(),
            takes: None,
            gives: Some("Client".into()),
        };
        let member = |name: &str, kind: &str, about: &str| ApiMember {
            name: name.into(),
            kind: kind.into(),
            required: true,
            about: about.into(),
        };
        let page = |shell| Self {
            shell,
            issuer: "http://127.0.0.1:9000".into(),
            document: "http://127.0.0.1:9000/api/v1/openapi.json".into(),
            nouns: vec![ApiNoun {
                title: "Applications".into(),
                about: "What RFC 7591 calls a client.".into(),
                operations: vec![
                    ApiOperation {
                        filters: vec![ApiParameter { name: "state".into(), about: "Only those in this state.".into() }],
                        ..operation("GET", "/api/v1/clients", "listClients", "List applications, the newest first")
                    },
                    ApiOperation {
                        takes: Some("ClientPatch".into()),
                        ..operation("PATCH", "/api/v1/clients/{id}", "changeClient", "Change an application")
                    },
                ],
            }],
            schemas: vec![
                ApiSchema {
                    name: "Client".into(),
                    about: "An application.".into(),
                    members: vec![member("client_id", "text", ""), member("state", "ClientState", "")],
                    words: Vec::new(),
                },
                ApiSchema {
                    name: "ClientPatch".into(),
                    about: String::new(),
                    members: vec![member("client_name", "text or null", "What people read on the consent page.")],
                    words: Vec::new(),
                },
                ApiSchema {
                    name: "ClientState".into(),
                    about: String::new(),
                    members: Vec::new(),
                    words: vec!["active".into(), "suspended".into()],
                },
            ],
            problems: vec![ApiProblem {
                name: "stale".into(),
                status: 412,
                title: "It was changed since it was read".into(),
                advice: "Read it again.".into(),
            }],
        };
        let hostile = Self { issuer: sample::HOSTILE.into(), ..page(sample::shell()) };
        vec![("stranger", page(sample::shell())), ("branded", page(sample::branded())), ("hostile", hostile)]
    }
}
