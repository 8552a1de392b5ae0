//! `writ role`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of};
use super::machine::given;
use super::{Command, CommandError};
use crate::app::App;
use crate::model::{Permission, Role, RoleIn, TenantName};
use crate::operations::operator::Operator;
use crate::operations::roles::{self, RoleChange, RoleTerms};
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a role
    Add(Add),
    /// List them
    List(List),
    /// Change one; what is not named stays
    Set(Set),
    /// Remove one that nobody has
    Remove(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its name
    role: String,
    /// The tenant it is a role in
    #[arg(long = "in", value_name = "TENANT", default_value = TenantName::MAIN)]
    within: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    #[command(flatten)]
    named: Named,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
    /// Something it lets its holders do, such as users.create
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    #[command(flatten)]
    named: Named,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// Something it lets its holders do; all that are given replace all there were, an empty one clears them
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Option<Vec<String>>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those in one tenant
    #[arg(long = "in", value_name = "TENANT")]
    within: Option<String>,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::RoleAdd(ask),
            Self::List(ask) => Command::RoleList(ask),
            Self::Set(ask) => Command::RoleSet(ask),
            Self::Remove(ask) => Command::RoleRemove(ask),
        }
    }
}

impl Named {
    fn parsed(&self) -> Result<RoleIn, CommandError> {
        Ok(RoleIn { tenant: argument("--in", self.within.parse())?, role: argument("ROLE", self.role.parse())? })
    }
}

fn permissions(texts: &[String]) -> Result<Vec<Permission>, CommandError> {
    let texts: Vec<String> = given(texts).map(str::to_owned).collect();
    list_of("--permission", &texts, str::parse)
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let terms = RoleTerms { description: ask.description, permissions: permissions(&ask.permissions)? };
    Ok(row(&roles::add(app, by, ask.named.parsed()?, terms).await?))
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let within = ask.within.map(|text| argument("--in", text.parse::<TenantName>())).transpose()?;
    let rows: Vec<Value> = roles::list(app, within).await?.iter().map(row).collect();
    Ok(json!({ "roles": rows }))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let held = ask.named.parsed()?;
    let permissions = ask.permissions.as_deref().map(permissions).transpose()?;
    let change = RoleChange { description: ask.description, permissions };
    Ok(row(&roles::change(app, by, held, Seen::Anything, change).await?))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let held = ask.parsed()?;
    roles::remove(app, by, held.clone(), Seen::Anything).await?;
    Ok(json!({ "removed": held }))
}

fn row(role: &Role) -> Value {
    json!({
        "role": role.name,
        "tenant": role.tenant,
        "description": role.description,
        "permissions": role.permissions,
    })
}
