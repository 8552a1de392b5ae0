//! What a protected server needs in its code. The longer pieces are those of `docs/clients.md`, which the tests run.

use serde_json::json;

use super::{filled, pretty, short, snippet, word};
use crate::app::App;
use crate::model::{ProtectedResource, TokenFormat};
use crate::web::views::console::Snippet;
use crate::web::words::Words;

/// Its code, and what it answers to who comes without a token.
pub(in crate::web::console) fn of(app: &App, words: &Words, resource: &ProtectedResource) -> Vec<Snippet> {
    let t = &words.console.snippets;
    let issuer = app.issuer.as_str();
    let identifier = resource.identifier.as_str();
    let scopes: Vec<&str> = resource.scopes.iter().map(|scope| scope.as_str()).collect();
    let wanted: Vec<&str> = resource.default_scopes.iter().map(|scope| scope.as_str()).collect();
    let values = [
        ("«issuer»", format!("{issuer:?}")),
        ("«resource»", format!("{identifier:?}")),
        ("«name»", format!("{:?}", short(&resource.name))),
        ("«scopes»", format!("{scopes:?}")),
        ("«wanted»", format!("{wanted:?}")),
        ("«algorithm»", format!("{:?}", resource.algorithm.as_str())),
        ("«Algorithm»", resource.algorithm.as_str().to_owned()),
    ];
    let document = json!({
        "resource": identifier,
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
    });
    let environment = format!(
        "ISSUER={}\nRESOURCE={}\nJWKS_URI={}\n",
        word(issuer),
        word(identifier),
        word(&app.issuer.url("/.well-known/jwks.json"))
    );
    let introspect = format!(
        "# A client that answers for this resource: writ client add --name {} --auth client_secret_basic \\\n#   --grant client_credentials --serves {}\ncurl -u \"$CLIENT_ID:$CLIENT_SECRET\" --data-urlencode \"token=$TOKEN\" {}\n",
        word(&resource.name),
        word(identifier),
        word(&app.issuer.url("/oauth/introspect"))
    );
    let mut all = match resource.format {
        TokenFormat::Jwt => vec![
            snippet("env", ".env", environment),
            snippet("python", "Python (MCP SDK)", filled(PYTHON, &values)),
            snippet("typescript", "TypeScript (MCP SDK)", filled(TYPESCRIPT, &values)),
            snippet("rust", "Rust (jsonwebtoken)", filled(RUST, &values)),
        ],
        TokenFormat::Opaque => Vec::new(),
    };
    all.push(snippet("introspect", t.introspect_each, introspect));
    all.push(snippet("metadata", t.metadata, pretty(&document)));
    all
}

const PYTHON: &str = r#"import asyncio

import jwt                                  # PyJWT, with its crypto extra
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

ISSUER = «issuer»
RESOURCE = «resource»


class WritVerifier(TokenVerifier):
    keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json")

    def check(self, token: str) -> AccessToken | None:
        try:
            if jwt.get_unverified_header(token)["typ"].lower() not in ("at+jwt", "application/at+jwt"):
                return None
            claims = jwt.decode(
                token,
                self.keys.get_signing_key_from_jwt(token),
                algorithms=[«algorithm»],
                audience=RESOURCE,
                issuer=ISSUER,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]},
            )
        except (jwt.PyJWTError, KeyError):
            return None
        return AccessToken(
            token=token, client_id=claims["client_id"], scopes=claims.get("scope", "").split(),
            expires_at=claims["exp"], resource=RESOURCE, subject=claims["sub"], claims=claims,
        )

    async def verify_token(self, token: str) -> AccessToken | None:
        return await asyncio.to_thread(self.check, token)


server = MCPServer(
    «name»,
    token_verifier=WritVerifier(),
    auth=AuthSettings(
        issuer_url=ISSUER, resource_server_url=RESOURCE, required_scopes=«wanted», validate_token_resource=True,
    ),
)
app = server.streamable_http_app()          # for uvicorn, say
"#;

const TYPESCRIPT: &str = r#"import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
    createMcpHandler, getOAuthProtectedResourceMetadataUrl, McpServer, OAuthError, oauthMetadataResponse, requireBearerAuth,
} from "@modelcontextprotocol/server";
import { createRemoteJWKSet, jwtVerify } from "jose";

const issuer = «issuer»; // text, not a URL: a URL would write a slash behind it
const resource = «resource»;
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

const verifier = {
    async verifyAccessToken(token) {
        const { payload } = await jwtVerify(token, keys, {
            issuer, audience: resource, typ: "at+jwt", algorithms: [«algorithm»],
            requiredClaims: ["sub", "exp", "iat", "jti", "client_id"],
        }).catch((refused) => {
            throw new OAuthError("invalid_token", refused.code ?? "not a token of this server");
        });
        const scopes = (payload.scope ?? "").split(" ").filter(Boolean);
        return { token, clientId: payload.client_id, scopes, expiresAt: payload.exp, resource: new URL(resource), extra: { claims: payload } };
    },
};

const discovery = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
const described = { oauthMetadata: await discovery.json(), resourceServerUrl: new URL(resource), scopesSupported: «scopes» };
const gate = requireBearerAuth({
    verifier, requiredScopes: «wanted», expectedResource: new URL(resource),
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(resource)),
});
const mcp = createMcpHandler(() => new McpServer({ name: «name», version: "1.0.0" }));

createServer(toNodeHandler({
    async fetch(request) {
        const document = oauthMetadataResponse(request, described);
        if (document) return document;
        const admitted = await gate(request);
        return admitted instanceof Response ? admitted : await mcp.fetch(request, { authInfo: admitted });
    },
})).listen(8000);
"#;

const RUST: &str = r#"use anyhow::{Context as _, ensure};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

const ISSUER: &str = «issuer»;
const RESOURCE: &str = «resource»;

#[derive(serde::Deserialize)]
struct Claims {
    sub: String,
    client_id: String,
    #[serde(default)]
    scope: String,
}

/// Keep them, and fetch them again when a token names a key that is not among them.
async fn keys() -> anyhow::Result<JwkSet> {
    Ok(reqwest::get(format!("{ISSUER}/.well-known/jwks.json")).await?.error_for_status()?.json().await?)
}

fn check(token: &str, keys: &JwkSet) -> anyhow::Result<Claims> {
    let header = decode_header(token)?;
    ensure!(header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt")), "not an access token");
    let key = keys.find(header.kid.as_deref().unwrap_or_default()).context("an unknown key")?;
    let mut rules = Validation::new(Algorithm::«Algorithm»);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[RESOURCE]);
    rules.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    Ok(decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &rules)?.claims)
}

// A request without a good token gets 401 and
// WWW-Authenticate: Bearer resource_metadata="…/.well-known/oauth-protected-resource…",
// where the metadata below is served.
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_left_empty() {
        for code in [PYTHON, TYPESCRIPT, RUST] {
            let places = ["«issuer»", "«resource»", "«name»", "«scopes»", "«wanted»", "«algorithm»", "«Algorithm»"];
            let values: Vec<(&str, String)> = places.iter().map(|place| (*place, "\"x\"".to_owned())).collect();
            assert!(!filled(code, &values).contains(['«', '»']));
        }
    }
}
