//! Ready-made commands and settings, filled with what is so here.

use crate::app::App;
use crate::base::Resource;
use crate::model::{CredentialKind, ScopeSet};
use crate::web::views::console::Snippet;

/// For what a machine's program needs.
pub(super) struct For<'a> {
    pub(super) client_id: &'a str,
    pub(super) scope: &'a ScopeSet,
    pub(super) resource: Option<&'a Resource>,
    /// What it proves itself by; `None` for nothing yet.
    pub(super) by: Option<&'a CredentialKind>,
    /// The secret, on the one page that shows it.
    pub(super) secret: Option<&'a str>,
}

/// How to get a token with what the machine has. Secrets stand in the environment, never in a command.
pub(super) fn of(app: &App, wanted: &For<'_>) -> Vec<Snippet> {
    let token = format!("{}/oauth/token", app.issuer);
    let scope = wanted.scope.to_string();
    let resource = wanted.resource.map(ToString::to_string);
    let mut all = Vec::new();
    let mut add = |name: &str, title: &str, text: String| {
        all.push(Snippet { id: format!("snippet-{name}"), title: title.to_owned(), text });
    };
    let environment = |name: &str, variable: &str| {
        wanted.secret.map(|secret| {
            (
                name.to_owned(),
                format!("WRIT_CLIENT_ID={}\n{variable}={secret}\nWRIT_TOKEN_URL={token}\n", wanted.client_id),
            )
        })
    };
    let mut form = Vec::new();
    if !scope.is_empty() {
        form.push(("scope", scope.clone()));
    }
    if let Some(resource) = &resource {
        form.push(("resource", resource.clone()));
    }
    match wanted.by {
        Some(CredentialKind::ClientSecret { .. }) => {
            if let Some((name, text)) = environment("env", "WRIT_CLIENT_SECRET") {
                add(&name, ".env", text);
            }
            let data: String =
                form.iter().map(|(name, value)| format!(" \\\n  --data-urlencode '{name}={value}'")).collect();
            add(
                "curl",
                "curl",
                format!(
                    "curl -u \"{}:$WRIT_CLIENT_SECRET\" {token} \\\n  -d grant_type=client_credentials{data}\n",
                    wanted.client_id
                ),
            );
            let python: String = form.iter().map(|(name, value)| format!(", {name}={value:?}")).collect();
            add(
                "python",
                "Python (Authlib)",
                format!(
                    "import os\nfrom authlib.integrations.httpx_client import OAuth2Client\n\nclient = OAuth2Client({:?}, os.environ[\"WRIT_CLIENT_SECRET\"])\ntoken = client.fetch_token({token:?}, grant_type=\"client_credentials\"{python})\n",
                    wanted.client_id
                ),
            );
            let parameters: String = form.iter().map(|(name, value)| format!(", {name}: {value:?}")).collect();
            add(
                "typescript",
                "TypeScript (openid-client)",
                format!(
                    "import * as client from \"openid-client\";\n\nconst writ = await client.discovery(new URL({:?}), {:?}, process.env.WRIT_CLIENT_SECRET);\nconst tokens = await client.clientCredentialsGrant(writ, {{ {} }});\n",
                    app.issuer.to_string(),
                    wanted.client_id,
                    parameters.trim_start_matches(", ")
                ),
            );
            let pairs: String = form.iter().map(|(name, value)| format!("\n        ({name:?}, {value:?}),")).collect();
            add(
                "rust",
                "Rust (reqwest)",
                format!(
                    "let secret = std::env::var(\"WRIT_CLIENT_SECRET\")?;\nlet token: serde_json::Value = reqwest::Client::new()\n    .post({token:?})\n    .basic_auth({:?}, Some(secret))\n    .form(&[\n        (\"grant_type\", \"client_credentials\"),{pairs}\n    ])\n    .send().await?.error_for_status()?.json().await?;\n",
                    wanted.client_id
                ),
            );
        }
        Some(CredentialKind::AccessKey { .. }) => {
            if let Some((name, text)) = environment("env", "WRIT_ACCESS_KEY") {
                add(&name, ".env", text);
            }
            add(
                "curl",
                "curl",
                format!(
                    "curl -X POST {}/v1/auth/accesskey/exchange \\\n  -H \"Authorization: Bearer $WRIT_ACCESS_KEY\" \\\n  -H 'Content-Type: application/json' -d '{{}}'\n",
                    app.issuer
                ),
            );
        }
        Some(CredentialKind::Trust(_)) => {
            let data: String =
                form.iter().map(|(name, value)| format!(" \\\n  --data-urlencode '{name}={value}'")).collect();
            add(
                "curl",
                "curl",
                format!(
                    "curl {token} \\\n  -d grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \\\n  --data-urlencode \"assertion=$WORKLOAD_TOKEN\"{data}\n"
                ),
            );
        }
        Some(CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. }) => {
            let data: String =
                form.iter().map(|(name, value)| format!(" \\\n  --data-urlencode '{name}={value}'")).collect();
            add(
                "curl",
                "curl",
                format!(
                    "# $ASSERTION: a JWT that its private key signed; iss and sub {}, aud {}\ncurl {token} \\\n  -d grant_type=client_credentials \\\n  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\\n  --data-urlencode \"client_assertion=$ASSERTION\"{data}\n",
                    wanted.client_id, app.issuer
                ),
            );
        }
        None => {}
    }
    all
}
