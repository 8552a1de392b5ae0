//! `writ delegation`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, scope_set, with_left};
use super::named::{machine_in, somebody_in};
use super::{Command, CommandError};
use crate::app::App;
use crate::base::{Id, Lifetime, Resource};
use crate::model::{Context, Delegation, DelegationState, TenantName};
use crate::operations::delegations::{self, NewDelegation, Which};
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::store::Page;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Let a machine act for a person or for another machine
    Add(Add),
    /// List them, the newest first
    List(List),
    /// Take one back; the tokens that came of it are over
    Revoke(Revoke),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// Who may act: the `client_id` of a machine, or its name
    #[arg(long, value_name = "MACHINE")]
    actor: String,
    /// In whose name: the e-mail address or id of a person, or the `client_id` or name of a machine
    #[arg(long = "for", value_name = "WHOM")]
    subject: String,
    /// The tenant of machines that are named by their names
    #[arg(long = "in", value_name = "TENANT", default_value = TenantName::MAIN)]
    within: String,
    /// A scope it may have; must be in the catalogue
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// A resource it may use them at [default: wherever it may go]
    #[arg(long = "resource", value_name = "URL")]
    resources: Vec<String>,
    /// What it is for, as the person will read it
    #[arg(long)]
    purpose: String,
    /// When it is over, such as 30d; 366d at most
    #[arg(long, value_name = "TIME", default_value = "90d")]
    expires_in: String,
    /// Also if the person has no role in the machine's tenant
    #[arg(long)]
    #[serde(default)]
    across: bool,
    /// The machine that its tokens name as the next who may act (`may_act`)
    #[arg(long, value_name = "MACHINE")]
    may_act: Option<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those by which this machine acts
    #[arg(long, value_name = "MACHINE")]
    actor: Option<String>,
    /// Only those in the name of this person or machine
    #[arg(long = "for", value_name = "WHOM")]
    subject: Option<String>,
    /// The tenant of machines that are named by their names
    #[arg(long = "in", value_name = "TENANT", default_value = TenantName::MAIN)]
    within: String,
    /// Only those before this one
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Revoke {
    /// Its id
    delegation: String,
    /// Why, for the audit log
    #[arg(long)]
    because: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::DelegationAdd(Box::new(ask)),
            Self::List(ask) => Command::DelegationList(ask),
            Self::Revoke(ask) => Command::DelegationRevoke(ask),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let may_act = match &ask.may_act {
        Some(next) => Some(machine_in(app, &ask.within, next).await?),
        None => None,
    };
    let new = NewDelegation {
        actor: machine_in(app, &ask.within, &ask.actor).await?,
        subject: somebody_in(app, &ask.within, "--for", &ask.subject).await?,
        scope: scope_set("--scope", &ask.scopes)?,
        resources: list_of("--resource", &ask.resources, Resource::parse)?,
        may_act,
        across: ask.across,
        purpose: ask.purpose,
        lasts: argument("--expires-in", ask.expires_in.parse::<Lifetime>())?,
    };
    let delegation = delegations::grant(app, by, new).await?;
    Ok(row(&delegation, by))
}

pub(super) async fn list(app: &App, by: &Operator, ask: List) -> Result<Value, CommandError> {
    let before = ask.before.map(|text| argument("--before", text.parse::<Id<Delegation>>())).transpose()?;
    let mut which = Which::default();
    if let Some(actor) = &ask.actor {
        which.actor = Some(machine_in(app, &ask.within, actor).await?);
    }
    if let Some(whom) = &ask.subject {
        which.subject = Some(somebody_in(app, &ask.within, "--for", whom).await?);
    }
    let Page { rows, next } = delegations::list(app, by.at, which, before, ask.limit).await?;
    let rows: Vec<Value> = rows.iter().map(|(_, delegation)| row(delegation, by)).collect();
    Ok(json!({ "delegations": rows, "next": next }))
}

pub(super) async fn revoke(app: &App, by: &Operator, ask: Revoke) -> Result<Value, CommandError> {
    let id = argument("DELEGATION", ask.delegation.parse::<Id<Delegation>>())?;
    let (over, left) = delegations::revoke(app, by, id, Seen::Anything, &ask.because).await?;
    Ok(with_left(row(&over, by), &left))
}

pub(super) fn row(delegation: &Delegation, ctx: &Context) -> Value {
    let mut row = json!({
        "delegation_id": delegation.id,
        "actor": delegation.actor,
        "subject": delegation.subject.text(),
        "scope": delegation.scope,
        "purpose": delegation.purpose,
        "state": delegation.standing(ctx.at),
        "granted_by": delegation.granted_by,
        "granted_at": delegation.granted_at.iso(),
        "expires_at": delegation.expires_at.iso(),
    });
    if let Some(members) = row.as_object_mut() {
        if !delegation.resources.is_empty() {
            members.insert("resources".to_owned(), json!(delegation.resources));
        }
        if let Some(next) = delegation.may_act {
            members.insert("may_act".to_owned(), json!(next));
        }
        if let DelegationState::Revoked { at, because, .. } = &delegation.state {
            members.insert("revoked_at".to_owned(), at.iso().into());
            members.insert("revoked_because".to_owned(), because.as_str().into());
        }
    }
    row
}
