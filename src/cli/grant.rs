//! `writ grant`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, with_left};
use super::{Command, CommandError, named};
use crate::app::App;
use crate::base::{Id, Timestamp};
use crate::model::{Consent, Family, FamilyState};
use crate::operations::grants::{self, Grant, Which};
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List what people have allowed applications: the newest first, or those of a person, the oldest first
    List(List),
    /// Show one, with the lines of tokens under it
    Show(Named),
    /// Take one back: it is asked about again, and every token under it is over
    Revoke(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only what this person has allowed: an id or an e-mail address
    #[arg(long, value_name = "WHO")]
    person: Option<String>,
    /// Only what this application was allowed: a client_id, or a name that no other has
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// Only those behind this one
    #[arg(long, value_name = "GRANT")]
    after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its id
    grant: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List(ask) => Command::GrantList(ask),
            Self::Show(named) => Command::GrantShow(named),
            Self::Revoke(named) => Command::GrantRevoke(named),
        }
    }
}

pub(super) async fn list(app: &App, by: &Operator, ask: List) -> Result<Value, CommandError> {
    let which = Which {
        person: match &ask.person {
            Some(text) => Some(named::person(app, "--person", text).await?),
            None => None,
        },
        client: match &ask.client {
            Some(text) => Some(named::client(app, "--client", text).await?),
            None => None,
        },
    };
    let after = ask.after.map(|text| argument("--after", text.parse::<Id<Consent>>())).transpose()?;
    let page = grants::list(app, which, after, ask.limit.min(1_000)).await?;
    let rows: Vec<Value> = page.rows.iter().map(|(_, grant)| row(grant, by.at)).collect();
    Ok(json!({ "grants": rows, "next": page.next }))
}

pub(super) async fn show(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let grant = grants::find(app, argument("GRANT", ask.grant.parse())?).await?;
    let mut answer = row(&grant, by.at);
    if let Some(members) = answer.as_object_mut() {
        let lines: Vec<Value> = grant.families.iter().map(|family| line(family, by.at)).collect();
        members.insert("families".to_owned(), lines.into());
    }
    Ok(answer)
}

pub(super) async fn revoke(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = argument("GRANT", ask.grant.parse::<Id<Consent>>())?;
    let left = grants::revoke(app, by, id, Seen::Anything).await?;
    Ok(with_left(json!({ "grant_id": id.to_string(), "state": "revoked" }), &left))
}

fn row(grant: &Grant, now: Timestamp) -> Value {
    let Grant { consent, families } = grant;
    json!({
        "grant_id": consent.id.to_string(),
        "person": consent.person.to_string(),
        "client_id": consent.client_id,
        "name": consent.client_name,
        "resource": consent.resource,
        "scope": consent.scope,
        "remembered": consent.remembered,
        "given_at": consent.given_at.iso(),
        "live": families.iter().filter(|family| family.is_live(now)).count(),
    })
}

fn line(family: &Family, now: Timestamp) -> Value {
    json!({
        "family_id": family.id.to_string(),
        "state": match family.state {
            FamilyState::Revoked { .. } => "revoked",
            FamilyState::Live if family.is_live(now) => "live",
            FamilyState::Live => "expired",
        },
        "scope": family.scope,
        "created_at": family.created_at.iso(),
        "last_used_at": family.last_used_at.iso(),
        "expires_at": family.expires_at.iso(),
    })
}
