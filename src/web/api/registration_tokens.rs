//! Initial access tokens: who has one registers applications where registration takes one. RFC 7591 §3.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::NoFilter;
use crate::base::{Lifetime, Secret};
use crate::model::InitialAccessToken;
use crate::operations::registration::{self, NewToken};
use crate::protocol::own_scopes::{ADMIN, CLIENTS};

pub(super) fn noun() -> Noun {
    let (all, at) = ("/api/v1/registration-tokens", "/api/v1/registration-tokens/{id}");
    Noun::new(
        "Registration tokens",
        "id",
        "What applications register with where registration takes a token. Whoever has one registers as if an administrator did.",
    )
    .list(What(all, "listRegistrationTokens", CLIENTS.read, "List registration tokens, the newest first"), list)
    .create(What(all, "createRegistrationToken", ADMIN, "Make a token that lets its bearers register applications"), create)
    .show(What(at, "showRegistrationToken", CLIENTS.read, "Show a registration token, but for itself"), show)
    .remove(
        What(at, "revokeRegistrationToken", CLIENTS.write, "End one at once; who registered with it stays registered"),
        revoke,
    )
}

/// Leave to register applications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegistrationToken)]
struct TokenView {
    #[schema(example = "iat_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    /// In the answer to the request that made it, and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    initial_access_token: Option<String>,
    /// What administrators know it by.
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// How many registered with it.
    uses: u32,
    /// How many may; without it, any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    most_uses: Option<u32>,
}

/// A registration token that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenAsked {
    #[serde(default)]
    #[schema(max_length = 128, example = "the onboarding script")]
    name: String,
    /// For so many seconds it lets its bearers register; without it, for 30 days.
    #[serde(default)]
    #[schema(minimum = 300, maximum = 31622400, nullable = false, example = 604800)]
    expires_in: Option<u64>,
    /// How many may register with it; without it, any number.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000000, nullable = false)]
    most_uses: Option<u32>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<TokenView>, Problem> {
    let page = registration::initial_access_tokens(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, row)| view(row, None)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<TokenView>, Problem> {
    let row = registration::initial_access_token(&call.app, call.id()?).await?;
    Ok(One::of(&row, view(&row, None))?)
}

async fn create(call: Call, ask: TokenAsked) -> Result<(String, One<TokenView>), Problem> {
    let new = NewToken { name: ask.name, lasts: ask.expires_in.map(Lifetime::from_seconds), most_uses: ask.most_uses };
    let (row, token) = registration::add_initial_access_token(&call.app, &call.by, new).await?;
    Ok((row.id.to_string(), One::of(&row, view(&row, Some(&token)))?))
}

async fn revoke(call: Call) -> Result<(), Problem> {
    Ok(registration::revoke_initial_access_token(&call.app, &call.by, call.id()?, call.seen()).await?)
}

fn view(row: &InitialAccessToken, token: Option<&Secret>) -> TokenView {
    TokenView {
        id: row.id.to_string(),
        initial_access_token: token.map(|token| token.expose().to_owned()),
        name: row.name.clone(),
        created_at: row.created_at.iso(),
        expires_at: row.expires_at.iso(),
        uses: row.uses,
        most_uses: row.most_uses,
    }
}
