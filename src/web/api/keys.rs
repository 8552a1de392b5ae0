//! Signing keys: their public side.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{AlgorithmName, NoFilter, Reason, StillTaken};
use crate::model::{KeyState, SigningKey};
use crate::operations::keys::{self, Breaks, Haste, IdTokens};
use crate::protocol::own_scopes::KEYS;

pub(super) fn noun() -> Noun {
    Noun::new(
        "Keys",
        "kid",
        "What tokens are signed with. The schedule turns keys by itself; a private half is never shown.",
    )
    .list(What("/api/v1/keys", "listKeys", KEYS.read, "List the signing keys, the oldest first"), list)
    // Before what stands in the place of a kid.
    .tell(What("/api/v1/keys/rotation", "rotateKeys", KEYS.write, "Sign with new keys before it is due"), rotate)
    .show(
        What("/api/v1/keys/{id}", "showKey", KEYS.read, "Show a signing key, and what stops working without it"),
        show,
    )
    .act(
        What(
            "/api/v1/keys/{id}/revocation",
            "revokeKey",
            KEYS.write,
            "Withdraw a key that is not trusted any more, with everything it signed",
        ),
        revoke,
    )
}

/// A signing key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyView {
    kid: String,
    algorithm: AlgorithmName,
    state: State,
    /// When it came into this state; of one that waits, when it signs at the earliest.
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// What stops working when it is withdrawn, or stopped when it was. Where one key is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    withdrawal: Option<Withdrawal>,
}

/// What a withdrawal breaks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyWithdrawal)]
struct Withdrawal {
    /// The resources whose access tokens it signs; the first of them.
    resources: Vec<String>,
    /// How many there are besides.
    more_resources: u64,
    /// Whether it signs access tokens for the appliance itself, and identity assertions.
    own_tokens: bool,
    /// Whether it signs the ID tokens of every application that registered no other algorithm.
    usual_id_tokens: bool,
    /// The applications that registered its algorithm for their ID tokens, by name; the first of them.
    id_tokens_of: Vec<String>,
    /// How many there are besides.
    more_id_tokens_of: u64,
    /// Whether there may be others still: only the newest applications were looked at.
    id_tokens_not_all: bool,
    status_lists: bool,
    /// What it signed and is not over: refused here from the withdrawal on. Tokens of all algorithms are counted.
    tokens: StillTaken,
    /// Until when verifiers that keep a copy of the key set may still take them.
    #[schema(format = DateTime)]
    taken_until: String,
    /// The key that signs in its place. Without one, one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    successor: Option<String>,
    /// Whether every copy of the key set has the successor by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    successor_known: Option<bool>,
}

/// `next` is published and does not sign yet, `retained` signs no more, `revoked` is withdrawn with all it signed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeyState)]
enum State {
    Next,
    Signing,
    Retained,
    Revoked,
}

/// Which keys to turn, and how soon.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// Without it, all.
    #[serde(default)]
    algorithm: Option<AlgorithmName>,
    /// Do not wait until everybody can know the new key.
    #[serde(default)]
    at_once: bool,
}

/// What a rotation came to.
#[derive(Debug, Serialize, ToSchema)]
struct Rotated {
    rotated: Vec<Turned>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Turned {
    algorithm: AlgorithmName,
    /// When the new key signs.
    #[schema(format = DateTime)]
    signs_from: String,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<KeyView>, Problem> {
    let from: Option<String> = window.from()?;
    // A few for each algorithm, so the page is cut out of all of them.
    let keys = keys::list(&call.app)?;
    let behind = from.and_then(|kid| keys.iter().position(|key| key.kid == kid)).map_or(0, |at| at + 1);
    let here: Vec<&SigningKey> = keys.iter().skip(behind).take(window.limit).collect();
    let next = here.last().filter(|_| keys.len() > behind + here.len()).map(|key| key.kid.clone());
    Ok(Listed::of(here.into_iter().map(view).collect(), &window, next))
}

async fn rotate(call: Call, ask: Rotation) -> Result<Rotated, Problem> {
    let haste = if ask.at_once { Haste::AtOnce } else { Haste::WhenPublished };
    let turned = keys::rotate(&call.app, &call.by, ask.algorithm.map(Into::into), haste).await?;
    let turned =
        turned.iter().map(|turned| Turned { algorithm: turned.algorithm.into(), signs_from: turned.signs_from.iso() });
    Ok(Rotated { rotated: turned.collect() })
}

async fn show(call: Call) -> Result<One<KeyView>, Problem> {
    let kid: String = call.id()?;
    shown(&keys::breaks(&call.app, &call.by, &kid).await?)
}

async fn revoke(call: Call, ask: Reason) -> Result<One<KeyView>, Problem> {
    let kid: String = call.id()?;
    shown(&keys::revoke(&call.app, &call.by, &kid, call.seen(), &ask.because).await?)
}

fn shown(breaks: &Breaks) -> Result<One<KeyView>, Problem> {
    let (usual_id_tokens, id_tokens_of, more, id_tokens_not_all) = match &breaks.id_tokens {
        IdTokens::Usually => (true, Vec::new(), 0, false),
        IdTokens::Of { names, more, not_all } => (false, names.clone(), *more, *not_all),
    };
    let withdrawal = Withdrawal {
        resources: breaks.resources.iter().map(ToString::to_string).collect(),
        more_resources: breaks.more_resources as u64,
        own_tokens: breaks.own,
        usual_id_tokens,
        id_tokens_of,
        more_id_tokens_of: more as u64,
        id_tokens_not_all,
        status_lists: breaks.status_lists,
        tokens: breaks.tokens.clone().into(),
        taken_until: breaks.taken_until.iso(),
        successor: breaks.successor.as_ref().map(|next| next.kid.clone()),
        successor_known: breaks.successor.as_ref().map(|next| next.known_to_all),
    };
    Ok(One::of(&breaks.key, KeyView { withdrawal: Some(withdrawal), ..view(&breaks.key) })?)
}

fn view(key: &SigningKey) -> KeyView {
    KeyView {
        kid: key.kid.clone(),
        algorithm: key.algorithm.into(),
        state: match key.state {
            KeyState::Next { .. } => State::Next,
            KeyState::Signing { .. } => State::Signing,
            KeyState::Retained { .. } => State::Retained,
            KeyState::Revoked { .. } => State::Revoked,
        },
        since: key.state_since().iso(),
        created_at: key.created_at.iso(),
        withdrawal: None,
    }
}
