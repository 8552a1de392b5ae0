//! `writ person`.

use clap::{ArgAction, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, with_left};
use super::machine::{claim, given};
use super::{Command, CommandError, Password, named};
use crate::app::App;
use crate::base::Id;
use crate::model::{Email, Membership, Passkey, Person, RoleIn, Standing};
use crate::operations::declined::Declined;
use crate::operations::machines;
use crate::operations::named::PersonName;
use crate::operations::operator::Operator;
use crate::operations::own_passkeys;
use crate::operations::own_sign_in;
use crate::operations::people::{self, NewPerson, PersonChange};
use crate::operations::roles::{self, MembershipChange};
use crate::operations::seen::Seen;
use crate::operations::set_password::set_password;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Add somebody who may sign in
    Add(Add),
    /// List them, the newest first
    List(List),
    /// Show one
    Show(Named),
    /// Change what somebody is called, or the address they sign in with; their sessions stay
    Set(Set),
    /// Stop one: they sign in nowhere, and nothing acts for them
    Suspend(Suspend),
    /// Let a stopped one go on
    Resume(Named),
    /// Make somebody else answer for all the machines that one answers for, or for none of them
    HandOver(HandOver),
    /// Give somebody a new password: their sessions end, and failed sign-ins are forgiven
    Password(SetPassword),
    /// Ask somebody for no code any more: their telephone and their recovery codes are gone
    ResetFactor(ByEmail),
    /// List somebody's passkeys
    Passkeys(ByEmail),
    /// Remove one of somebody's passkeys: the device is lost. Every session of theirs ends
    RemovePasskey(RemovePasskey),
    /// Give somebody roles, or take them away; without either, say what they have
    Role(Role),
    /// Change what tokens about somebody say under customClaims
    Claims(Claims),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct HandOver {
    /// Who answers for them now: an id or an e-mail address
    person: String,
    /// Who answers for them from now on: an id or an e-mail address
    #[arg(long, value_name = "PERSON")]
    to: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct ByEmail {
    /// The address they sign in with
    #[arg(long)]
    email: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct RemovePasskey {
    /// The address they sign in with
    #[arg(long)]
    email: String,
    /// Which of them
    #[arg(long, value_name = "PASSKEY_ID")]
    passkey: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Role {
    /// The address they sign in with
    #[arg(long)]
    email: String,
    /// A role they have from now on
    #[arg(long, value_name = "TENANT/ROLE")]
    add: Vec<String>,
    /// A role they have no more
    #[arg(long, value_name = "TENANT/ROLE")]
    remove: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Claims {
    /// The address they sign in with
    #[arg(long)]
    email: String,
    /// A claim, as NAME=JSON; all that are given replace all there were, an empty one clears them
    #[arg(long = "claim", value_name = "NAME=JSON", required = true)]
    claims: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// The address they sign in with
    #[arg(long)]
    pub(super) email: String,
    /// What they are called
    #[arg(long)]
    pub(super) name: String,
    /// Read the password from standard input
    #[arg(long, required = true, action = ArgAction::SetTrue)]
    #[serde(skip)]
    password_stdin: bool,
    #[arg(skip)]
    pub(super) password: Password,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those behind this one
    #[arg(long, value_name = "PERSON")]
    before: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Their id, or the address they sign in with
    #[arg(value_name = "PERSON")]
    person_id: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Their id, or the address they sign in with
    #[arg(value_name = "PERSON")]
    person_id: String,
    /// The address they sign in with from now on
    #[arg(long, required_unless_present = "name")]
    email: Option<String>,
    /// What they are called from now on
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Suspend {
    /// Their id, or the address they sign in with
    #[arg(value_name = "PERSON")]
    person_id: String,
    /// Why, for whoever reads the audit log
    #[arg(long, value_name = "WORDS")]
    because: String,
}

impl Add {
    pub(super) fn with_password(self) -> Result<Self, CommandError> {
        Ok(Self { password: Password::from_stdin()?, ..self })
    }
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct SetPassword {
    /// The address they sign in with
    #[arg(long)]
    email: String,
    /// Read the password from standard input
    #[arg(long, required = true, action = ArgAction::SetTrue)]
    #[serde(skip)]
    password_stdin: bool,
    #[arg(skip)]
    password: Password,
}

impl Verb {
    pub(super) fn command(self) -> Result<Command, CommandError> {
        match self {
            Self::Add(ask) => ask.with_password().map(Command::PersonAdd),
            Self::List(ask) => Ok(Command::PersonList(ask)),
            Self::Show(named) => Ok(Command::PersonShow(named)),
            Self::Set(ask) => Ok(Command::PersonSet(ask)),
            Self::Suspend(ask) => Ok(Command::PersonSuspend(ask)),
            Self::Resume(named) => Ok(Command::PersonResume(named)),
            Self::HandOver(ask) => Ok(Command::PersonHandOver(ask)),
            Self::ResetFactor(ask) => Ok(Command::PersonResetFactor(ask)),
            Self::Passkeys(ask) => Ok(Command::PersonPasskeys(ask)),
            Self::RemovePasskey(ask) => Ok(Command::PersonRemovePasskey(ask)),
            Self::Password(ask) => {
                Ok(Command::PersonPassword(SetPassword { password: Password::from_stdin()?, ..ask }))
            }
            Self::Role(ask) => Ok(Command::PersonRole(ask)),
            Self::Claims(ask) => Ok(Command::PersonClaims(ask)),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let new = NewPerson::parse(&ask.email, &ask.name, ask.password.into_secret()?).map_err(Declined::Invalid)?;
    let person = people::create(app, by, new, Standing::Member).await?;
    Ok(json!({ "person_id": person.id.to_string() }))
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let before = match &ask.before {
        Some(text) => Some(named::person(app, "--before", text).await?),
        None => None,
    };
    let page = people::list(app, before, ask.limit.min(1_000)).await?;
    let rows: Vec<Value> = page.rows.iter().map(|(_, person)| row(person)).collect();
    Ok(json!({ "people": rows, "next": page.next }))
}

pub(super) async fn show(app: &App, ask: Named) -> Result<Value, CommandError> {
    Ok(row(&people::by_id(app, named::person(app, "PERSON", &ask.person_id).await?).await?))
}

fn row(person: &Person) -> Value {
    json!({
        "person_id": person.id.to_string(),
        "email": person.email.as_str(),
        "name": person.name,
        "standing": person.standing,
        "state": person.state,
        "created_at": person.created_at.iso(),
    })
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = named::person(app, "PERSON", &ask.person_id).await?;
    let change = PersonChange::parse(ask.email.as_deref(), ask.name.as_deref()).map_err(Declined::Invalid)?;
    Ok(row(&people::change(app, by, id, Seen::Anything, change).await?))
}

pub(super) async fn suspend(app: &App, by: &Operator, ask: Suspend) -> Result<Value, CommandError> {
    let id = named::person(app, "PERSON", &ask.person_id).await?;
    let (person, live) = people::suspend(app, by, id, Seen::Anything, &ask.because).await?;
    Ok(with_left(json!({ "person_id": id.to_string(), "state": person.state }), &live))
}

pub(super) async fn resume(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::person(app, "PERSON", &ask.person_id).await?;
    let person = people::resume(app, by, id, Seen::Anything).await?;
    Ok(json!({ "person_id": id.to_string(), "state": person.state }))
}

pub(super) async fn hand_over(app: &App, by: &Operator, ask: HandOver) -> Result<Value, CommandError> {
    let from = named::person(app, "PERSON", &ask.person).await?;
    let to = argument("--to", ask.to.parse::<PersonName>())?;
    let (machines, owner) = machines::hand_over_all(app, by, from, to).await?;
    Ok(json!({ "machines": machines, "owner": owner.id.to_string(), "owner_email": owner.email.as_str() }))
}

pub(super) async fn password(app: &App, by: &Operator, ask: SetPassword) -> Result<Value, CommandError> {
    let person = set_password(app, by, &ask.email, ask.password.into_secret()?).await?;
    Ok(json!({ "person_id": person.to_string() }))
}

pub(super) async fn reset_factor(app: &App, by: &Operator, ask: ByEmail) -> Result<Value, CommandError> {
    let email = argument("--email", ask.email.parse::<Email>())?;
    let person = roles::membership_of(app, &email).await?.person;
    let sessions = own_sign_in::reset(app, by, person).await?;
    Ok(json!({ "person_id": person.to_string(), "sessions_ended": sessions }))
}

pub(super) async fn passkeys(app: &App, ask: ByEmail) -> Result<Value, CommandError> {
    let email = argument("--email", ask.email.parse::<Email>())?;
    let person = roles::membership_of(app, &email).await?.person;
    let rows: Vec<Value> = own_passkeys::list_of(app, person).await?.iter().map(passkey_row).collect();
    Ok(json!({ "passkeys": rows }))
}

fn passkey_row(passkey: &Passkey) -> Value {
    json!({
        "passkey_id": passkey.id.to_string(),
        "name": passkey.name,
        "backed_up": passkey.backed_up,
        "created_at": passkey.created_at.iso(),
        "last_used_at": passkey.last_used_at.map(|at| at.iso()),
    })
}

pub(super) async fn remove_passkey(app: &App, by: &Operator, ask: RemovePasskey) -> Result<Value, CommandError> {
    let email = argument("--email", ask.email.parse::<Email>())?;
    let passkey = argument("--passkey", ask.passkey.parse::<Id<Passkey>>())?;
    let person = roles::membership_of(app, &email).await?.person;
    let sessions = own_passkeys::remove_of(app, by, person, passkey).await?;
    Ok(json!({ "passkey_id": passkey.to_string(), "sessions_ended": sessions }))
}

pub(super) async fn role(app: &App, by: &Operator, ask: Role) -> Result<Value, CommandError> {
    let email = argument("--email", ask.email.parse::<Email>())?;
    let add = list_of("--add", &ask.add, str::parse::<RoleIn>)?;
    let remove = list_of("--remove", &ask.remove, str::parse::<RoleIn>)?;
    if add.is_empty() && remove.is_empty() {
        return Ok(membership(&roles::membership_of(app, &email).await?));
    }
    let person = roles::membership_of(app, &email).await?.person;
    let change = MembershipChange { give: add, take: remove, ..MembershipChange::default() };
    Ok(membership(&roles::change_membership(app, by, person, Seen::Anything, change).await?))
}

pub(super) async fn claims(app: &App, by: &Operator, ask: Claims) -> Result<Value, CommandError> {
    let email = argument("--email", ask.email.parse::<Email>())?;
    let claims = given(&ask.claims).map(claim).collect::<Result<serde_json::Map<_, _>, _>>()?;
    let person = roles::membership_of(app, &email).await?.person;
    let change = MembershipChange { custom_claims: Some(claims), ..MembershipChange::default() };
    Ok(membership(&roles::change_membership(app, by, person, Seen::Anything, change).await?))
}

fn membership(membership: &Membership) -> Value {
    json!({
        "person_id": membership.person.to_string(),
        "roles": membership.roles,
        "custom_claims": membership.custom_claims,
    })
}
