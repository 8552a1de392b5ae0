//! How a machine's program gets a token, and how a client that runs as the machine is set up with it.

use serde_json::json;

use super::request::{Given, Request};
use super::{clients, snippet};
use crate::app::App;
use crate::model::{CredentialKind, ProtectedResource, ScopeSet};
use crate::web::views::console::{Snippet, Snippets};
use crate::web::words::Words;

/// What a machine's program needs.
pub(in crate::web::console) struct For<'a> {
    pub(in crate::web::console) client_id: &'a str,
    pub(in crate::web::console) scope: &'a ScopeSet,
    /// What its tokens are for.
    pub(in crate::web::console) resource: Option<&'a ProtectedResource>,
    /// What it proves itself by; `None` for nothing yet.
    pub(in crate::web::console) by: Option<&'a CredentialKind>,
    /// The secret, on the one page that shows it.
    pub(in crate::web::console) secret: Option<&'a str>,
    /// Every token of it is bound to a key that it proves to have.
    pub(in crate::web::console) dpop_bound: bool,
}

/// How to get a token with what the machine has, and where to put it.
pub(in crate::web::console) fn of(app: &App, words: &Words, wanted: &For<'_>) -> Snippets {
    let t = &words.console.snippets;
    let Some(by) = wanted.by else { return Snippets::default() };
    let request = request(app, wanted, by);
    let mut code = Vec::new();
    if let (Some(secret), Some(variable)) = (wanted.secret, variable(by)) {
        let text =
            format!("WRIT_CLIENT_ID={}\n{variable}={secret}\nWRIT_TOKEN_URL={}\n", wanted.client_id, request.url);
        code.push(snippet("env", ".env", text).noted(t.env));
    }
    code.extend(request.snippets(words));
    if wanted.dpop_bound {
        code.push(proof(words, &request.url));
    }
    if matches!(by, CredentialKind::AccessKey { .. }) {
        code.push(exchange(app, words));
    }
    if matches!(by, CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. }) {
        code.push(assertion(app, words, wanted.client_id));
    }
    let clients = match wanted.resource {
        // What they send is a token alone, and one that is bound to a key is not taken alone.
        Some(resource) if !wanted.dpop_bound => clients::of_machine(words, resource, &request),
        _ => Vec::new(),
    };
    Snippets { code, clients }
}

/// The variable in which the secret stands.
fn variable(by: &CredentialKind) -> Option<&'static str> {
    match by {
        CredentialKind::ClientSecret { .. } => Some("WRIT_CLIENT_SECRET"),
        CredentialKind::AccessKey { .. } => Some("WRIT_ACCESS_KEY"),
        CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. } | CredentialKind::Trust(_) => None,
    }
}

fn request(app: &App, wanted: &For<'_>, by: &CredentialKind) -> Request {
    let here = |text: &str| Given::Here(text.to_owned());
    let (mut basic, mut fields) = (None, Vec::new());
    match by {
        CredentialKind::ClientSecret { .. } => {
            basic = Some((wanted.client_id.to_owned(), "WRIT_CLIENT_SECRET"));
            fields.push(("grant_type", here("client_credentials")));
        }
        // It says whose it is, so it is enough alone.
        CredentialKind::AccessKey { .. } => {
            fields.push(("grant_type", here("client_credentials")));
            fields.push(("client_secret", Given::Environment("WRIT_ACCESS_KEY")));
        }
        CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. } => {
            fields.push(("grant_type", here("client_credentials")));
            fields.push(("client_assertion_type", here("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")));
            fields.push(("client_assertion", Given::Environment("WRIT_ASSERTION")));
        }
        CredentialKind::Trust(_) => {
            fields.push(("grant_type", here("urn:ietf:params:oauth:grant-type:jwt-bearer")));
            fields.push(("assertion", Given::Environment("WORKLOAD_TOKEN")));
        }
    }
    if !wanted.scope.is_empty() {
        fields.push(("scope", Given::Here(wanted.scope.to_string())));
    }
    if let Some(resource) = wanted.resource {
        fields.push(("resource", Given::Here(resource.identifier.to_string())));
    }
    Request { url: app.issuer.url("/oauth/token"), basic, fields, dpop: wanted.dpop_bound }
}

/// For code that knows access keys from elsewhere (docs/clients.md).
fn exchange(app: &App, words: &Words) -> Snippet {
    let text = format!(
        "curl -sS -X POST {} \\\n  -H \"Authorization: Bearer $WRIT_ACCESS_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{}'\n",
        app.issuer.url("/v1/auth/accesskey/exchange"),
        json!({})
    );
    snippet("exchange", words.console.snippets.exchange, text)
}

/// RFC 9449 §4.2: the proof of a key that goes with the request, and to which the token is bound from then on.
fn proof(words: &Words, token_url: &str) -> Snippet {
    let text = format!(
        "import time\nimport uuid\n\nimport jwt                                  # PyJWT, with its crypto extra\nfrom cryptography.hazmat.primitives.serialization import load_pem_private_key\n\nkey = load_pem_private_key(open(\"private.pem\", \"rb\").read(), None)    # a P-256 key of its own\npublic = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)\nproof = jwt.encode(\n    {{\"jti\": str(uuid.uuid4()), \"htm\": \"POST\", \"htu\": {token_url:?}, \"iat\": int(time.time())}},\n    key, algorithm=\"ES256\", headers={{\"typ\": \"dpop+jwt\", \"jwk\": public}},\n)\nprint(proof)\n"
    );
    let t = &words.console.snippets;
    snippet("dpop", t.proof, text).noted(t.proof_about)
}

/// RFC 7523 §3: what is signed with the private key.
fn assertion(app: &App, words: &Words, client_id: &str) -> Snippet {
    let text = format!(
        "import time\nimport uuid\n\nimport jwt                                  # PyJWT, with its crypto extra\n\nnow = int(time.time())\nassertion = jwt.encode(\n    {{\"iss\": {client_id:?}, \"sub\": {client_id:?}, \"aud\": {:?}, \"iat\": now, \"exp\": now + 60, \"jti\": str(uuid.uuid4())}},\n    open(\"private.pem\").read(), algorithm=\"ES256\", headers={{\"kid\": \"the kid of its public key\"}},\n)\nprint(assertion)\n",
        app.issuer.as_str()
    );
    let t = &words.console.snippets;
    snippet("assertion", t.assertion, text).noted(t.assertion_about)
}
