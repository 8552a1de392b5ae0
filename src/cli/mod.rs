//! The command line: one file per noun.
//!
//! A command reaches a running appliance through its control socket, and a stopped one by opening its file. Either
//! way [`dispatch`] runs the same operation in a [`Context`] that differs only in the channel.

mod answer;
mod audit;
mod client;
mod config;
mod credential;
mod crossing;
mod declared;
mod delegation;
mod key;
mod machine;
mod person;
mod print;
mod provider;
mod resource;
mod role;
mod scope;
mod serve;
mod setup;
pub mod socket;
mod tenant;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use answer::{CommandError, ErrorKind, Password};

use crate::app::App;
use crate::config::{Effective, Sources};
use crate::model::Context;

/// An identity appliance for agents and people, in one binary and one file.
#[derive(Debug, Parser)]
#[command(name = "writ", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Settings that are worth a flag; `writ config` lists all the others.
#[derive(Debug, clap::Args)]
struct Flags {
    /// Address and port to listen on [default: 127.0.0.1:9000]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The URL that browsers and clients use; the issuer
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// The directory that holds everything [default: data]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data: Option<String>,
    /// The settings file [default: writ.toml in the data directory, if there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log lines as text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
}

impl Flags {
    fn load(&self) -> Result<Effective, CommandError> {
        let given = [
            ("listen", &self.listen),
            ("public_url", &self.public_url),
            ("data", &self.data),
            ("log.format", &self.log_format),
        ];
        let flags = given.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name, value))).collect();
        Sources::of_this_process(flags, self.config.clone())
            .load()
            .map_err(|error| CommandError::new(ErrorKind::Settings, error.to_string()))
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve (what `writ` does without a command)
    Serve,
    /// Make the first administrator
    Setup(setup::Setup),
    /// People
    #[command(subcommand)]
    Person(person::Verb),
    /// Tenants: organizations, environments or customers
    #[command(subcommand)]
    Tenant(tenant::Verb),
    /// Roles, and what they let their holders do
    #[command(subcommand)]
    Role(role::Verb),
    /// Protected resources: the MCP servers and APIs that tokens are for
    #[command(subcommand)]
    Resource(resource::Verb),
    /// The scope catalogue
    #[command(subcommand)]
    Scope(scope::Verb),
    /// Applications
    #[command(subcommand)]
    Client(client::Verb),
    /// Initial access tokens, for dynamic registration in the mode `token`
    #[command(subcommand)]
    Token(token::Verb),
    /// Machine identities
    #[command(subcommand)]
    Machine(machine::Verb),
    /// What machines prove themselves by
    #[command(subcommand)]
    Credential(credential::Verb),
    /// Who may act in whose name
    #[command(subcommand)]
    Delegation(delegation::Verb),
    /// Identity providers, whose word about people is taken here
    #[command(subcommand)]
    Provider(provider::Verb),
    /// Where applications may carry our word about people
    #[command(subcommand)]
    Crossing(crossing::Verb),
    /// Signing keys
    #[command(subcommand)]
    Key(key::Verb),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Write out what a file can say: scopes, resources, clients, machines; no secrets
    Export(declared::Export),
    /// Make things as a file says, all of it or nothing
    Apply(declared::Apply),
    /// The effective settings, and where each came from
    Config,
}

/// What the command line asks of an appliance, on the wire and off it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    Setup(setup::Setup),
    PersonAdd(person::Add),
    PersonList(person::List),
    PersonSuspend(person::Suspend),
    PersonResume(person::Named),
    PersonPassword(person::SetPassword),
    PersonRole(person::Role),
    PersonClaims(person::Claims),
    TenantAdd(tenant::Add),
    TenantList,
    TenantSet(tenant::Set),
    TenantRemove(tenant::Named),
    RoleAdd(role::Add),
    RoleList(role::List),
    RoleSet(role::Set),
    RoleRemove(role::Named),
    ResourceAdd(resource::Add),
    ResourceList,
    ResourceRemove(resource::Named),
    ScopeAdd(scope::Add),
    ScopeList,
    ScopeRemove(scope::Named),
    ClientAdd(client::Add),
    ClientList(client::List),
    ClientApprove(client::Named),
    ClientSuspend(client::Suspend),
    ClientResume(client::Named),
    ClientRemove(client::Named),
    MachineAdd(Box<machine::Add>),
    MachineList(machine::List),
    MachineShow(machine::Named),
    MachineFindings(machine::Findings),
    MachineSet(Box<machine::Set>),
    MachineHandOver(machine::HandOver),
    MachineSuspend(machine::Stop),
    MachineResume(machine::Named),
    MachineRetire(machine::Stop),
    CredentialAdd(Box<credential::Add>),
    CredentialList(machine::Named),
    CredentialTry(credential::Try),
    CredentialRotate(credential::Rotate),
    CredentialRevoke(credential::Revoke),
    DelegationAdd(Box<delegation::Add>),
    DelegationList(delegation::List),
    DelegationRevoke(delegation::Revoke),
    ProviderAdd(Box<provider::Add>),
    ProviderList,
    ProviderRemove(provider::Named),
    ProviderLink(provider::Link),
    ProviderUnlink(provider::Unlink),
    ProviderLinks(provider::Links),
    CrossingAdd(crossing::Add),
    CrossingList(crossing::List),
    CrossingRemove(crossing::Named),
    TokenAdd,
    KeyList,
    KeyRotate(key::Rotate),
    AuditList(audit::List),
    AuditVerify,
    Export(declared::Export),
    Apply(declared::Apply),
}

/// Runs one command: the only way in for the socket and for the stopped file alike.
pub async fn dispatch(app: &App, ctx: &Context, command: Command) -> Result<Value, CommandError> {
    match command {
        Command::Setup(ask) => setup::complete(app, ctx, ask).await,
        Command::PersonAdd(ask) => person::add(app, ctx, ask).await,
        Command::PersonList(ask) => person::list(app, ask).await,
        Command::PersonSuspend(ask) => person::suspend(app, ctx, ask).await,
        Command::PersonResume(ask) => person::resume(app, ctx, ask).await,
        Command::PersonPassword(ask) => person::password(app, ctx, ask).await,
        Command::PersonRole(ask) => person::role(app, ctx, ask).await,
        Command::PersonClaims(ask) => person::claims(app, ctx, ask).await,
        Command::TenantAdd(ask) => tenant::add(app, ctx, ask).await,
        Command::TenantList => tenant::list(app).await,
        Command::TenantSet(ask) => tenant::set(app, ctx, ask).await,
        Command::TenantRemove(ask) => tenant::remove(app, ctx, ask).await,
        Command::RoleAdd(ask) => role::add(app, ctx, ask).await,
        Command::RoleList(ask) => role::list(app, ask).await,
        Command::RoleSet(ask) => role::set(app, ctx, ask).await,
        Command::RoleRemove(ask) => role::remove(app, ctx, ask).await,
        Command::ResourceAdd(ask) => resource::add(app, ctx, ask).await,
        Command::ResourceList => resource::list(app).await,
        Command::ResourceRemove(ask) => resource::remove(app, ctx, ask).await,
        Command::ScopeAdd(ask) => scope::add(app, ctx, ask).await,
        Command::ScopeList => scope::list(app).await,
        Command::ScopeRemove(ask) => scope::remove(app, ctx, ask).await,
        Command::ClientAdd(ask) => client::add(app, ctx, ask).await,
        Command::ClientList(ask) => client::list(app, ask).await,
        Command::ClientApprove(ask) => client::approve(app, ctx, ask).await,
        Command::ClientSuspend(ask) => client::suspend(app, ctx, ask).await,
        Command::ClientResume(ask) => client::resume(app, ctx, ask).await,
        Command::ClientRemove(ask) => client::remove(app, ctx, ask).await,
        Command::TokenAdd => token::add(app, ctx).await,
        Command::MachineAdd(ask) => machine::add(app, ctx, *ask).await,
        Command::MachineList(ask) => machine::list(app, ctx, ask).await,
        Command::MachineShow(ask) => machine::show(app, ctx, ask).await,
        Command::MachineFindings(ask) => machine::findings(app, ctx, ask).await,
        Command::MachineSet(ask) => machine::set(app, ctx, *ask).await,
        Command::MachineHandOver(ask) => machine::hand_over(app, ctx, ask).await,
        Command::MachineSuspend(ask) => machine::suspend(app, ctx, ask).await,
        Command::MachineResume(ask) => machine::resume(app, ctx, ask).await,
        Command::MachineRetire(ask) => machine::retire(app, ctx, ask).await,
        Command::CredentialAdd(ask) => credential::add(app, ctx, *ask).await,
        Command::CredentialList(ask) => credential::list(app, ctx, ask).await,
        Command::CredentialTry(ask) => credential::attempt(app, ctx, ask).await,
        Command::CredentialRotate(ask) => credential::rotate(app, ctx, ask).await,
        Command::CredentialRevoke(ask) => credential::revoke(app, ctx, ask).await,
        Command::DelegationAdd(ask) => delegation::add(app, ctx, *ask).await,
        Command::DelegationList(ask) => delegation::list(app, ctx, ask).await,
        Command::DelegationRevoke(ask) => delegation::revoke(app, ctx, ask).await,
        Command::ProviderAdd(ask) => provider::add(app, ctx, *ask).await,
        Command::ProviderList => provider::list(app).await,
        Command::ProviderRemove(ask) => provider::remove(app, ctx, ask).await,
        Command::ProviderLink(ask) => provider::link(app, ctx, ask).await,
        Command::ProviderUnlink(ask) => provider::unlink(app, ctx, ask).await,
        Command::ProviderLinks(ask) => provider::links(app, ask).await,
        Command::CrossingAdd(ask) => crossing::add(app, ctx, ask).await,
        Command::CrossingList(ask) => crossing::list(app, ask).await,
        Command::CrossingRemove(ask) => crossing::remove(app, ctx, ask).await,
        Command::KeyList => key::list(app),
        Command::KeyRotate(ask) => key::rotate(app, ctx, ask).await,
        Command::AuditList(ask) => audit::list(app, ask).await,
        Command::AuditVerify => audit::verify(app).await,
        Command::Export(_) => declared::export(app, ctx).await,
        Command::Apply(ask) => declared::apply(app, ctx, ask).await,
    }
}

/// The whole program.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.flags.json;
    match obey(cli) {
        Ok(code) => code,
        Err(error) => {
            print::error(&error, json);
            ExitCode::FAILURE
        }
    }
}

fn obey(cli: Cli) -> Result<ExitCode, CommandError> {
    let effective = cli.flags.load()?;
    let command = match cli.verb.unwrap_or(Verb::Serve) {
        Verb::Serve => return serve::run(effective),
        Verb::Config => {
            print::answer(&config::list(&effective), cli.flags.json);
            return Ok(ExitCode::SUCCESS);
        }
        Verb::Setup(ask) => Command::Setup(ask.with_password()?),
        Verb::Person(verb) => verb.command()?,
        Verb::Tenant(verb) => verb.command(),
        Verb::Role(verb) => verb.command(),
        Verb::Resource(verb) => verb.command(),
        Verb::Scope(verb) => verb.command(),
        Verb::Client(verb) => verb.command()?,
        Verb::Token(verb) => verb.command(),
        Verb::Machine(verb) => verb.command(),
        Verb::Credential(verb) => verb.command()?,
        Verb::Delegation(verb) => verb.command(),
        Verb::Provider(verb) => verb.command()?,
        Verb::Crossing(verb) => verb.command(),
        Verb::Key(verb) => verb.command(),
        Verb::Audit(verb) => verb.command(),
        Verb::Export(ask) => Command::Export(ask),
        Verb::Apply(ask) => Command::Apply(ask.with_file()?),
    };
    let shown = match &command {
        Command::Export(_) if cli.flags.json => declared::Shown::Json,
        Command::Export(ask) => ask.shown()?,
        Command::Apply(_) if !cli.flags.json => declared::Shown::Plan,
        _ => declared::Shown::Lines,
    };
    let is_verification = matches!(command, Command::AuditVerify);
    let answer = answer::to(command, effective.config)?;
    match shown.text(&answer)? {
        Some(text) => print::text(&text),
        None => print::answer(&answer, cli.flags.json),
    }
    let failed = is_verification && answer.get("intact") != Some(&Value::Bool(true));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::Cli::command().debug_assert();
    }
}
