//! How an application signs people in, and how a client is set up that comes as one registered application.

use super::request::{Given, Request};
use super::{clients, filled, snippet, word};
use crate::app::App;
use crate::model::{AuthMethod, Client, GrantType, ProtectedResource, ScopeSet};
use crate::web::views::console::{Snippet, Snippets};
use crate::web::words::Words;

/// Its code, and the settings of clients. `resource` is what its tokens are for, if that is known; `secret` is on the one page that shows it.
pub(in crate::web::console) fn of(
    app: &App,
    words: &Words,
    client: &Client,
    resource: Option<&ProtectedResource>,
    secret: Option<&str>,
) -> Snippets {
    let t = &words.console.snippets;
    let scope = scope(client, resource);
    let token_url = app.issuer.url("/oauth/token");
    let mut code = Vec::new();
    if let Some(secret) = secret {
        let text = format!("WRIT_CLIENT_ID={}\nWRIT_CLIENT_SECRET={secret}\nWRIT_TOKEN_URL={token_url}\n", client.id);
        code.push(snippet("env", ".env", text).noted(t.env));
    }
    let signs_in = client.allows_grant(GrantType::AuthorizationCode) && !client.redirect_uris.is_empty();
    if signs_in {
        code.extend(signing_in(app, words, client, resource, &scope, &token_url));
    } else if client.allows_grant(GrantType::ClientCredentials) && client.auth_method.has_secret() {
        code.extend(for_itself(client, resource, &scope, token_url).snippets(words));
    }
    if !client.serves.is_empty() && client.auth_method.has_secret() {
        let text = format!(
            "curl -sS \\\n  -u \"{}:$WRIT_CLIENT_SECRET\" \\\n  --data-urlencode \"token=$TOKEN\" \\\n  {}\n",
            client.id,
            word(&app.issuer.url("/oauth/introspect"))
        );
        code.push(snippet("introspect", t.introspect, text));
    }
    let clients = match resource.filter(|_| signs_in) {
        Some(resource) => clients::of_application(words, resource, client),
        None => Vec::new(),
    };
    Snippets { code, clients }
}

/// What it would ask for: what it may have at most, or what the resource gives unasked.
fn scope(client: &Client, resource: Option<&ProtectedResource>) -> String {
    let own = client.scope.as_ref().filter(|scope| !scope.is_empty());
    let scope = match (own, resource) {
        (Some(own), Some(resource)) => own.intersection(&resource.scopes),
        (Some(own), None) => own.clone(),
        (None, Some(resource)) => resource.default_scopes.clone(),
        (None, None) => ScopeSet::new(),
    };
    scope.to_string()
}

fn for_itself(client: &Client, resource: Option<&ProtectedResource>, scope: &str, url: String) -> Request {
    let mut fields = vec![("grant_type", Given::Here("client_credentials".to_owned()))];
    if !scope.is_empty() {
        fields.push(("scope", Given::Here(scope.to_owned())));
    }
    if let Some(resource) = resource {
        fields.push(("resource", Given::Here(resource.identifier.to_string())));
    }
    Request { url, basic: Some((client.id.to_string(), "WRIT_CLIENT_SECRET")), fields, dpop: false }
}

fn signing_in(
    app: &App,
    words: &Words,
    client: &Client,
    resource: Option<&ProtectedResource>,
    scope: &str,
    token_url: &str,
) -> Vec<Snippet> {
    let id = client.id.to_string();
    let redirect = client.redirect_uris.first().map_or("", |uri| uri.as_str());
    let has_secret = client.auth_method.has_secret();
    let mut asked = vec![("response_type", "code"), ("client_id", &id), ("redirect_uri", redirect)];
    if !scope.is_empty() {
        asked.push(("scope", scope));
    }
    if let Some(resource) = resource {
        asked.push(("resource", resource.identifier.as_str()));
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked).finish();
    let authorize = app.issuer.url("/oauth/authorize");
    let proof = match client.auth_method {
        AuthMethod::None | AuthMethod::PrivateKeyJwt => format!("--data-urlencode client_id={id}"),
        AuthMethod::ClientSecretBasic => format!("-u \"{id}:$WRIT_CLIENT_SECRET\""),
        AuthMethod::ClientSecretPost => {
            format!("--data-urlencode client_id={id} --data-urlencode \"client_secret=$WRIT_CLIENT_SECRET\"")
        }
    };
    let curl = format!(
        "curl -sS {proof} \\\n  --data-urlencode grant_type=authorization_code \\\n  --data-urlencode {} \\\n  --data-urlencode \"code=$CODE\" \\\n  --data-urlencode \"code_verifier=$VERIFIER\" \\\n  {}\n",
        word(&format!("redirect_uri={redirect}")),
        word(token_url)
    );
    let opens = format!(
        "VERIFIER=$(openssl rand -hex 32)\nCHALLENGE=$(printf %s \"$VERIFIER\" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=')\necho \"{authorize}?{query}&code_challenge_method=S256&code_challenge=$CHALLENGE\"\n"
    );
    let literal = |text: &str| format!("{text:?}");
    let text = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { literal(text) };
    let method = client.auth_method.as_str();
    let named = |separator: &str, line: &dyn Fn(&str, &str) -> String| -> String {
        let pairs = [("scope", scope), ("resource", resource.map_or("", |resource| resource.identifier.as_str()))];
        let lines = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        lines.map(|(name, value)| line(name, value)).collect::<Vec<_>>().join(separator)
    };
    let values = [
        ("«issuer»", literal(app.issuer.as_str())),
        ("«authorize»", literal(&authorize)),
        ("«token»", literal(token_url)),
        ("«id»", literal(&id)),
        ("«redirect»", literal(redirect)),
        ("«scope»", text(scope, "None")),
        ("«method»", literal(method)),
        ("«python secret»", if has_secret { "os.environ[\"WRIT_CLIENT_SECRET\"]" } else { "None" }.to_owned()),
        (
            "«node secret»",
            if has_secret { ", process.env.WRIT_CLIENT_SECRET" } else { ", undefined, client.None()" }.to_owned(),
        ),
        ("«python resource»", resource.map_or_else(String::new, |r| format!(", resource={:?}", r.identifier.as_str()))),
        ("«node asked»", named("", &|name, value| format!("  {name}: {value:?},\n"))),
        (
            "«rust secret»",
            if has_secret {
                "\n    .set_client_secret(ClientSecret::new(std::env::var(\"WRIT_CLIENT_SECRET\")?))"
            } else {
                ""
            }
            .to_owned(),
        ),
        (
            "«rust asked»",
            scope
                .split_whitespace()
                .map(|one| format!("\n    .add_scope(Scope::new({one:?}.to_owned()))"))
                .collect::<String>()
                + &resource.map_or_else(String::new, |r| {
                    format!("\n    .add_extra_param(\"resource\", {:?})", r.identifier.as_str())
                }),
        ),
    ];
    let t = &words.console.snippets;
    vec![
        snippet("authorize", t.authorize, opens).noted(t.authorize_about),
        snippet("curl", t.by_hand, curl).noted(t.by_hand_about),
        snippet("python", "Python", filled(PYTHON, &values)).noted(t.with_authlib),
        snippet("typescript", "TypeScript", filled(TYPESCRIPT, &values)).noted(t.with_openid_client),
        snippet("rust", "Rust", filled(RUST, &values)).noted(t.with_oauth2),
    ]
}

const PYTHON: &str = r#"import os

from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client

client = OAuth2Client(
    «id»,
    «python secret»,
    redirect_uri=«redirect»,
    scope=«scope»,
    token_endpoint_auth_method=«method»,
    code_challenge_method="S256",
)
verifier = generate_token(48)               # keep it, and state, with the person's session
url, state = client.create_authorization_url(«authorize», code_verifier=verifier«python resource»)

# Send the person to url. Then, with the address that they came back to:
token = client.fetch_token(«token», authorization_response=came_back_to, code_verifier=verifier)
"#;

const TYPESCRIPT: &str = r#"import * as client from "openid-client";

const writ = await client.discovery(new URL(«issuer»), «id»«node secret»);
const verifier = client.randomPKCECodeVerifier(); // keep it, and state, with the person's session
const state = client.randomState();
const url = client.buildAuthorizationUrl(writ, {
  redirect_uri: «redirect»,
«node asked»  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});

// Send the person to url. Then, with the address that they came back to:
const tokens = await client.authorizationCodeGrant(writ, cameBackTo, { pkceCodeVerifier: verifier, expectedState: state });
"#;

const RUST: &str = r#"use oauth2::basic::BasicClient;
use oauth2::*;

let client = BasicClient::new(ClientId::new(«id».to_owned()))«rust secret»
    .set_auth_uri(AuthUrl::new(«authorize».to_owned())?)
    .set_token_uri(TokenUrl::new(«token».to_owned())?)
    .set_redirect_uri(RedirectUrl::new(«redirect».to_owned())?);
let (challenge, verifier) = PkceCodeChallenge::new_random_sha256(); // keep verifier and state with the session
let (url, state) = client
    .authorize_url(CsrfToken::new_random)«rust asked»
    .set_pkce_challenge(challenge)
    .url();

// Send the person to url. Then, if state is the same, with the code that came back:
let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
let token = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier).request_async(&http).await?;
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_value() {
        let known = [
            "«issuer»",
            "«authorize»",
            "«token»",
            "«id»",
            "«redirect»",
            "«scope»",
            "«method»",
            "«python secret»",
            "«node secret»",
            "«python resource»",
            "«node asked»",
            "«rust secret»",
            "«rust asked»",
        ];
        let values: Vec<(&str, String)> = known.into_iter().map(|place| (place, "\"x\"".to_owned())).collect();
        for code in [PYTHON, TYPESCRIPT, RUST] {
            assert!(!filled(code, &values).contains(['«', '»']));
        }
    }
}
