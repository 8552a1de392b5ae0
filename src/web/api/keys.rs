//! Signing keys: their public side.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::Listed;
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{AlgorithmName, NoFilter};
use crate::model::{KeyState, SigningKey};
use crate::operations::keys::{self, Haste};
use crate::protocol::own_scopes::KEYS;

pub(super) fn noun() -> Noun {
    Noun::new(
        "Keys",
        "kid",
        "What tokens are signed with. The schedule turns keys by itself; a private half is never shown.",
    )
    .list(What("/api/v1/keys", "listKeys", KEYS.read, "List the signing keys, the oldest first"), list)
    .tell(What("/api/v1/keys/rotation", "rotateKeys", KEYS.write, "Sign with new keys before it is due"), rotate)
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
    }
}
