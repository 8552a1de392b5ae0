//! `writ grant`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::argument;
use super::{Command, CommandError, ErrorKind};
use crate::app::App;
use crate::base::{Id, Timestamp};
use crate::model::{ClientId, Consent, Email, Family, FamilyState, Person};
use crate::operations::grants::{self, Grant, Which};
use crate::operations::operator::Operator;
use crate::operations::people;
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
    /// Only what this application was allowed
    #[arg(long, value_name = "CLIENT_ID")]
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

async fn person(app: &App, named: &str) -> Result<Id<Person>, CommandError> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let email = argument("--person", named.parse::<Email>())?;
    let nobody = || CommandError::new(ErrorKind::NotFound, "--person: nobody here has this e-mail address");
    Ok(people::find(app, &email).await?.ok_or_else(nobody)?.id)
}

pub(super) async fn list(app: &App, by: &Operator, ask: List) -> Result<Value, CommandError> {
    let which = Which {
        person: match &ask.person {
            Some(named) => Some(person(app, named).await?),
            None => None,
        },
        client: ask.client.map(|text| argument("--client", text.parse::<ClientId>())).transpose()?,
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
    grants::revoke(app, by, id, Seen::Anything).await?;
    Ok(json!({ "grant_id": id.to_string(), "state": "revoked" }))
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
