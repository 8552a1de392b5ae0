//! `writ key`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::argument;
use super::{Command, CommandError, ErrorKind};
use crate::app::App;
use crate::base::{Clock, Entropy, FaultKind};
use crate::config::Config;
use crate::keys::rotate::Haste;
use crate::model::{Algorithm, KeyState, SigningKey};
use crate::operations::keys::{self, Breaks, IdTokens};
use crate::operations::master_key::{self, Kept};
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    #[command(flatten)]
    Told(Told),
    /// Put a new master key in the place of the present one, while nobody serves
    RotateMaster,
}

/// What a running appliance does as well.
#[derive(Debug, Subcommand)]
pub(super) enum Told {
    /// List the signing keys
    List,
    /// One of them, and what stops working without it
    Show(Named),
    /// Sign with new keys before it is due
    Rotate(Rotate),
    /// Withdraw a key that is not trusted any more, with everything it signed
    Revoke(Revoke),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Rotate {
    /// ES256, RS256 or EdDSA [default: all]
    #[arg(long)]
    algorithm: Option<String>,
    /// Do not wait until everybody can know the new key
    #[arg(long)]
    at_once: bool,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its kid, which may begin with a hyphen
    #[arg(allow_hyphen_values = true)]
    kid: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Revoke {
    #[command(flatten)]
    named: Named,
    /// Why, for whoever reads the audit log
    #[arg(long, value_name = "WORDS")]
    because: Option<String>,
    /// Do it. Without this, what stops working is said, and nothing is done
    #[arg(long, requires = "because")]
    yes: bool,
}

impl Told {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::KeyList,
            Self::Show(ask) => Command::KeyShow(ask),
            Self::Rotate(ask) => Command::KeyRotate(ask),
            Self::Revoke(ask) => Command::KeyRevoke(ask),
        }
    }
}

/// Beside the file, and never through an appliance that runs: what it holds of the old key would be good for nothing.
pub(super) fn rotate_master(config: &Config) -> Result<Value, CommandError> {
    let changed = master_key::change(config, &Clock::System, &Entropy::os(), &|_| Ok(()));
    let changed = changed.map_err(|fault| match fault.kind() {
        FaultKind::Busy => CommandError::new(
            ErrorKind::Refused,
            "the appliance is running: stop it, change the master key, and start it again. Nothing was changed",
        ),
        _ => fault.into(),
    })?;
    let next = match changed.kept {
        Kept::File => "master.key is the new key. Make a backup; the old key is still needed for the backups before",
        Kept::Settings => {
            "set master_key to what master_key_next is, and take master_key_next away, before the next start"
        }
    };
    if let Some(why) = changed.not_rewritten {
        let again = match changed.kept {
            Kept::File => "run this again: the key is changed once more, and the file written anew",
            Kept::Settings => "run this again before you do: the file is written anew",
        };
        let text = format!(
            "the master key is changed: {next}. But the file still has what was sealed under the old key, in parts that nothing uses, because it \
             could not be written anew: {why}. Mend that, and {again}"
        );
        return Err(CommandError::new(ErrorKind::Broken, text));
    }
    let copies: Vec<String> = changed.copies.iter().map(|copy| copy.display().to_string()).collect();
    Ok(json!({
        "changed": true,
        "signing_keys": changed.signing_keys,
        "second_factors": changed.second_factors,
        "provider_secrets": changed.provider_secrets,
        "audit_gaps": changed.gaps,
        "audit_head_key": changed.head_key,
        "copies_under_the_old_key": copies,
        "next": next,
    }))
}

pub(super) fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = keys::list(app)?.iter().map(row).collect();
    Ok(json!({ "keys": rows }))
}

fn row(key: &SigningKey) -> Value {
    let state = match key.state {
        KeyState::Next { .. } => "next",
        KeyState::Signing { .. } => "signing",
        KeyState::Retained { .. } => "retained",
        KeyState::Revoked { .. } => "revoked",
    };
    json!({ "kid": key.kid, "algorithm": key.algorithm.as_str(), "state": state, "since": key.state_since().iso() })
}

pub(super) async fn show(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    Ok(told(&keys::breaks(app, by, &ask.kid).await?))
}

pub(super) async fn revoke(app: &App, by: &Operator, ask: Revoke) -> Result<Value, CommandError> {
    let (kid, because) = (&ask.named.kid, ask.because.unwrap_or_default());
    let breaks = match ask.yes {
        true => keys::revoke(app, by, kid, Seen::Anything, &because).await?,
        false => keys::breaks(app, by, kid).await?,
    };
    let mut answer = told(&breaks);
    if let (false, Some(members)) = (ask.yes, answer.as_object_mut()) {
        members.insert("done".to_owned(), "nothing: add --yes (and --because) to withdraw it".into());
    }
    Ok(answer)
}

/// A key, and what a withdrawal breaks.
fn told(breaks: &Breaks) -> Value {
    let mut answer = row(&breaks.key);
    let Some(members) = answer.as_object_mut() else { return answer };
    let mut say = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    let mut resources: Vec<String> = breaks.resources.iter().map(ToString::to_string).collect();
    if breaks.more_resources > 0 {
        resources.push(format!("and {} more", breaks.more_resources));
    }
    let mut signs = Vec::new();
    if breaks.own {
        signs.push("access tokens for the appliance itself".to_owned());
    }
    match &breaks.id_tokens {
        IdTokens::Usually => signs.push("ID tokens of applications that registered no other algorithm".to_owned()),
        IdTokens::Of { names, not_all, .. } => {
            let mut whose = names.clone();
            whose.extend(breaks.id_tokens.unnamed());
            whose.extend(not_all.then(|| "maybe others: only the newest applications were looked at".to_owned()));
            signs.extend((!whose.is_empty()).then(|| format!("ID tokens of {}", whose.join(", "))));
        }
    }
    if breaks.status_lists {
        signs.push("status lists".to_owned());
    }
    if signs.is_empty() {
        signs.push(if resources.is_empty() { "nothing" } else { "nothing else" }.to_owned());
    }
    say("signs_tokens_for", json!(resources));
    say("signs", json!(signs.join("; ")));
    say("tokens_at_most", json!(breaks.tokens.at_most));
    say("tokens_until", json!(breaks.tokens.until.map(|at| at.iso())));
    say("taken_elsewhere_until", json!(breaks.taken_until.iso()));
    if let Some(next) = &breaks.successor {
        say("successor", json!(next.kid));
        say("successor_known_to_all", json!(next.known_to_all));
    }
    answer
}

pub(super) async fn rotate(app: &App, by: &Operator, ask: Rotate) -> Result<Value, CommandError> {
    let algorithm = ask.algorithm.map(|text| argument("--algorithm", text.parse::<Algorithm>())).transpose()?;
    let haste = if ask.at_once { Haste::AtOnce } else { Haste::WhenPublished };
    let rows: Vec<Value> = (keys::rotate(app, by, algorithm, haste).await?.iter())
        .map(|turned| json!({ "algorithm": turned.algorithm.as_str(), "signs_from": turned.signs_from.iso() }))
        .collect();
    Ok(json!({ "rotated": rows }))
}
