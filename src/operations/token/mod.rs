//! The token endpoint. OAuth 2.1 §3.2.

mod access_key;
mod assertion_request;
mod client_credentials;
mod code;
mod exchange;
mod identity_assertion;
pub(crate) mod issue;
mod now;
mod refresh;

pub use access_key::exchange_access_key;
use serde::Serialize;

use super::Problem;
use crate::app::App;
use crate::model::{Context, ScopeSet};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{self, Proof};
use crate::protocol::token_request::TokenRequest;

/// What the tally calls refusals of clients that nobody here answers for.
const SELF_REGISTERED: &str = "token request of an application that registered itself";

/// OAuth 2.1 §3.2.3; OpenID Connect Core §3.1.3.3 adds `id_token`. Holds secrets: it has no `Debug`.
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// RFC 8693 §2.2.1: what kind of token was issued, where one was exchanged for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    pub expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Always said, also when it is what was asked for.
    pub scope: ScopeSet,
}

/// Gives tokens for a grant; with a proof, tokens that are bound to its key (RFC 9449 §5). The set of grants is closed, so this is
/// a match and no registry.
pub async fn exchange(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: TokenRequest,
    proof: Option<Proof>,
) -> Result<TokenResponse, Problem> {
    dpop::demanded(&client, proof.as_ref())?;
    let grant = ask.grant_type();
    let issued = match ask {
        TokenRequest::Code(ask) => code::redeem(app, ctx, client, ask, proof).await?,
        TokenRequest::Refresh(ask) => refresh::rotate(app, ctx, client, ask, proof).await?,
        TokenRequest::ClientCredentials(ask) => client_credentials::grant(app, ctx, client, ask, proof).await?,
        TokenRequest::Exchange(ask) => exchange::exchange(app, ctx, client, *ask, proof).await?,
        TokenRequest::Workload(ask) => client_credentials::by_exchange(app, ctx, client, *ask, proof).await?,
        TokenRequest::JwtBearer(ask) => client_credentials::by_assertion(app, ctx, client, ask, proof).await?,
        TokenRequest::IdentityAssertion(ask) => identity_assertion::redeem(app, ctx, client, ask, proof).await?,
        TokenRequest::AssertionRequest(ask) => assertion_request::give(app, ctx, client, *ask, proof).await?,
    };
    // After the commit, and on this request's own thread: the writer never signs.
    let tokens = issued.sign(app)?;
    app.hours.count(ctx.at, grant.into());
    Ok(tokens)
}
