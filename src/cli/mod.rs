//! The command line: one file per noun.
//!
//! A command reaches a running appliance through its control socket, a stopped one by opening its file, and one somewhere else over its
//! API. Either way [`dispatch`] runs the same operation, for an [`Operator`] that says who asks and how far they reach.

mod answer;
mod audit;
mod backup;
mod client;
mod config;
mod credential;
mod crossing;
mod declared;
mod delegation;
mod doctor;
mod file;
mod grant;
mod key;
mod limits;
mod machine;
mod named;
mod person;
mod print;
mod provider;
mod remote;
mod resource;
mod restore;
mod role;
mod scope;
mod serve;
mod settings;
mod setup;
pub mod socket;
mod supervisor;
mod tenant;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use answer::{CommandError, ErrorKind, Password};
pub use remote::ORDERS;

use crate::app::App;
use crate::config::{Effective, Sources};
use crate::operations::operator::Operator;

/// An identity appliance for agents and people, in one binary and one file.
#[derive(Debug, Parser)]
#[command(name = "writ", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    elsewhere: remote::Elsewhere,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Above the options that every command takes, so that its own stand by themselves.
const GLOBAL: &str = "Options of every command";

/// Settings that are worth a flag; `writ config` lists all the others.
#[derive(Debug, clap::Args)]
struct Flags {
    /// Address and port to listen on [default: 127.0.0.1:9000]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The URL that browsers and clients use; the issuer
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "URL")]
    public_url: Option<String>,
    /// The directory that holds everything [default: data]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIRECTORY")]
    data: Option<String>,
    /// The settings file [default: writ.toml in the data directory, if there]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log lines as text or json
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Print one JSON object
    #[arg(long, global = true, help_heading = GLOBAL)]
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
    Serve {
        /// Serve an invented organisation, in memory: nothing is kept
        #[arg(long)]
        demo: bool,
    },
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
    /// What people have allowed applications
    #[command(subcommand)]
    Grant(grant::Verb),
    /// Signing keys
    #[command(subcommand)]
    Key(key::Verb),
    /// Limits on requests, and who met them
    #[command(subcommand)]
    Limits(limits::Verb),
    /// The settings, and those of them that are changed while Writ runs
    #[command(subcommand)]
    Settings(settings::Verb),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Make a backup, and restore it once to see that it can be
    Backup(backup::Backup),
    /// Put a backup into the place of the store, with nothing running
    Restore(restore::Restore),
    /// Give back what the store's file does not need, with nothing running
    Compact,
    /// Bring the store's file to this version's layout, as a start does, with nothing running
    Migrate(file::Migrate),
    /// Look at everything that somebody who helps would ask about, and say how to mend it
    Doctor(doctor::Doctor),
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
    PersonShow(person::Named),
    PersonSet(person::Set),
    PersonSuspend(person::Suspend),
    PersonResume(person::Named),
    PersonHandOver(person::HandOver),
    PersonPassword(person::SetPassword),
    PersonResetFactor(person::ByEmail),
    PersonPasskeys(person::ByEmail),
    PersonRemovePasskey(person::RemovePasskey),
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
    ResourceShow(resource::Named),
    ResourceSet(Box<resource::Set>),
    ResourceTools(resource::Named),
    ResourceDiscover(resource::Named),
    ResourceDescribe(resource::Describe),
    ResourceRemove(resource::Named),
    ScopeAdd(scope::Add),
    ScopeList,
    ScopeShow(scope::Named),
    ScopeSet(scope::Set),
    ScopeRemove(scope::Named),
    ClientAdd(client::Add),
    ClientList(client::List),
    ClientShow(client::Named),
    ClientSet(Box<client::Set>),
    ClientApprove(client::Named),
    ClientReject(client::Reasoned),
    ClientVerify(client::Named),
    ClientUnverify(client::Reasoned),
    ClientRotateSecret(client::RotateSecret),
    ClientEndOldSecrets(client::Named),
    ClientSuspend(client::Reasoned),
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
    CredentialSet(credential::Set),
    CredentialRevoke(credential::Revoke),
    DelegationAdd(Box<delegation::Add>),
    DelegationList(delegation::List),
    DelegationRevoke(delegation::Revoke),
    ProviderAdd(Box<provider::Add>),
    ProviderList,
    ProviderShow(provider::Named),
    ProviderSet(Box<provider::Set>),
    ProviderRemove(provider::Named),
    ProviderLink(provider::Link),
    ProviderUnlink(provider::Unlink),
    ProviderLinks(provider::Links),
    CrossingAdd(crossing::Add),
    CrossingList(crossing::List),
    CrossingShow(crossing::Named),
    CrossingRemove(crossing::Named),
    GrantList(grant::List),
    GrantShow(grant::Named),
    GrantRevoke(grant::Named),
    TokenAdd(token::Add),
    TokenList(token::List),
    TokenRevoke(token::Named),
    KeyList,
    KeyShow(key::Named),
    KeyRotate(key::Rotate),
    KeyRevoke(key::Revoke),
    LimitsList,
    LimitsSet(limits::Set),
    LimitsReset(limits::Reset),
    SettingsList(settings::List),
    SettingsSet(settings::Set),
    SettingsReset(settings::Reset),
    AuditList(audit::List),
    AuditVerify,
    Backup(backup::Make),
    BackupList(backup::List),
    Doctor(doctor::Doctor),
    Export(declared::Export),
    Apply(declared::Apply),
}

/// Runs one command: the only way in for the socket, the stopped file and the network alike.
pub async fn dispatch(app: &App, by: &Operator, command: Command) -> Result<Value, CommandError> {
    match command {
        Command::Setup(ask) => setup::complete(app, by, ask).await,
        Command::PersonAdd(ask) => person::add(app, by, ask).await,
        Command::PersonList(ask) => person::list(app, ask).await,
        Command::PersonShow(ask) => person::show(app, ask).await,
        Command::PersonSet(ask) => person::set(app, by, ask).await,
        Command::PersonSuspend(ask) => person::suspend(app, by, ask).await,
        Command::PersonResume(ask) => person::resume(app, by, ask).await,
        Command::PersonHandOver(ask) => person::hand_over(app, by, ask).await,
        Command::PersonPassword(ask) => person::password(app, by, ask).await,
        Command::PersonResetFactor(ask) => person::reset_factor(app, by, ask).await,
        Command::PersonPasskeys(ask) => person::passkeys(app, ask).await,
        Command::PersonRemovePasskey(ask) => person::remove_passkey(app, by, ask).await,
        Command::PersonRole(ask) => person::role(app, by, ask).await,
        Command::PersonClaims(ask) => person::claims(app, by, ask).await,
        Command::TenantAdd(ask) => tenant::add(app, by, ask).await,
        Command::TenantList => tenant::list(app).await,
        Command::TenantSet(ask) => tenant::set(app, by, ask).await,
        Command::TenantRemove(ask) => tenant::remove(app, by, ask).await,
        Command::RoleAdd(ask) => role::add(app, by, ask).await,
        Command::RoleList(ask) => role::list(app, ask).await,
        Command::RoleSet(ask) => role::set(app, by, ask).await,
        Command::RoleRemove(ask) => role::remove(app, by, ask).await,
        Command::ResourceAdd(ask) => resource::add(app, by, ask).await,
        Command::ResourceList => resource::list(app).await,
        Command::ResourceShow(ask) => resource::show(app, ask).await,
        Command::ResourceSet(ask) => resource::set(app, by, *ask).await,
        Command::ResourceTools(ask) => resource::tools(app, ask).await,
        Command::ResourceDiscover(ask) => resource::discover(app, by, ask).await,
        Command::ResourceDescribe(ask) => resource::describe(app, by, ask).await,
        Command::ResourceRemove(ask) => resource::remove(app, by, ask).await,
        Command::ScopeAdd(ask) => scope::add(app, by, ask).await,
        Command::ScopeList => scope::list(app).await,
        Command::ScopeShow(ask) => scope::show(app, ask).await,
        Command::ScopeSet(ask) => scope::set(app, by, ask).await,
        Command::ScopeRemove(ask) => scope::remove(app, by, ask).await,
        Command::ClientAdd(ask) => client::add(app, by, ask).await,
        Command::ClientList(ask) => client::list(app, ask).await,
        Command::ClientShow(ask) => client::show(app, by, ask).await,
        Command::ClientSet(ask) => client::set(app, by, *ask).await,
        Command::ClientApprove(ask) => client::approve(app, by, ask).await,
        Command::ClientReject(ask) => client::reject(app, by, ask).await,
        Command::ClientVerify(ask) => client::verify(app, by, ask).await,
        Command::ClientUnverify(ask) => client::unverify(app, by, ask).await,
        Command::ClientRotateSecret(ask) => client::rotate_secret(app, by, ask).await,
        Command::ClientEndOldSecrets(ask) => client::end_old_secrets(app, by, ask).await,
        Command::ClientSuspend(ask) => client::suspend(app, by, ask).await,
        Command::ClientResume(ask) => client::resume(app, by, ask).await,
        Command::ClientRemove(ask) => client::remove(app, by, ask).await,
        Command::TokenAdd(ask) => token::add(app, by, ask).await,
        Command::TokenList(ask) => token::list(app, ask).await,
        Command::TokenRevoke(ask) => token::revoke(app, by, ask).await,
        Command::MachineAdd(ask) => machine::add(app, by, *ask).await,
        Command::MachineList(ask) => machine::list(app, by, ask).await,
        Command::MachineShow(ask) => machine::show(app, by, ask).await,
        Command::MachineFindings(ask) => machine::findings(app, by, ask).await,
        Command::MachineSet(ask) => machine::set(app, by, *ask).await,
        Command::MachineHandOver(ask) => machine::hand_over(app, by, ask).await,
        Command::MachineSuspend(ask) => machine::suspend(app, by, ask).await,
        Command::MachineResume(ask) => machine::resume(app, by, ask).await,
        Command::MachineRetire(ask) => machine::retire(app, by, ask).await,
        Command::CredentialAdd(ask) => credential::add(app, by, *ask).await,
        Command::CredentialList(ask) => credential::list(app, by, ask).await,
        Command::CredentialTry(ask) => credential::attempt(app, by, ask).await,
        Command::CredentialRotate(ask) => credential::rotate(app, by, ask).await,
        Command::CredentialSet(ask) => credential::set(app, by, ask).await,
        Command::CredentialRevoke(ask) => credential::revoke(app, by, ask).await,
        Command::DelegationAdd(ask) => delegation::add(app, by, *ask).await,
        Command::DelegationList(ask) => delegation::list(app, by, ask).await,
        Command::DelegationRevoke(ask) => delegation::revoke(app, by, ask).await,
        Command::ProviderAdd(ask) => provider::add(app, by, *ask).await,
        Command::ProviderList => provider::list(app).await,
        Command::ProviderShow(ask) => provider::show(app, ask).await,
        Command::ProviderSet(ask) => provider::set(app, by, *ask).await,
        Command::ProviderRemove(ask) => provider::remove(app, by, ask).await,
        Command::ProviderLink(ask) => provider::link(app, by, ask).await,
        Command::ProviderUnlink(ask) => provider::unlink(app, by, ask).await,
        Command::ProviderLinks(ask) => provider::links(app, ask).await,
        Command::CrossingAdd(ask) => crossing::add(app, by, ask).await,
        Command::CrossingList(ask) => crossing::list(app, ask).await,
        Command::CrossingShow(ask) => crossing::show(app, ask).await,
        Command::CrossingRemove(ask) => crossing::remove(app, by, ask).await,
        Command::GrantList(ask) => grant::list(app, by, ask).await,
        Command::GrantShow(ask) => grant::show(app, by, ask).await,
        Command::GrantRevoke(ask) => grant::revoke(app, by, ask).await,
        Command::KeyList => key::list(app),
        Command::KeyShow(ask) => key::show(app, by, ask).await,
        Command::KeyRotate(ask) => key::rotate(app, by, ask).await,
        Command::KeyRevoke(ask) => key::revoke(app, by, ask).await,
        Command::LimitsList => limits::list(app),
        Command::LimitsSet(ask) => limits::set(app, by, ask).await,
        Command::LimitsReset(ask) => limits::reset(app, by, ask).await,
        Command::SettingsList(ask) => settings::list(app, &ask),
        Command::SettingsSet(ask) => settings::set(app, by, ask).await,
        Command::SettingsReset(ask) => settings::reset(app, by, ask).await,
        Command::AuditList(ask) => audit::list(app, ask).await,
        Command::AuditVerify => audit::verify(app).await,
        Command::Backup(ask) => backup::make(app, by, ask).await,
        Command::BackupList(ask) => backup::list(app, ask).await,
        Command::Doctor(ask) => doctor::examine(app, by, ask).await,
        Command::Export(_) => declared::export(app, by).await,
        Command::Apply(ask) => declared::apply(app, by, ask).await,
    }
}

/// How `writ apply --check` exits where things are not as the file says: neither done nor failed.
const DRIFT: u8 = 3;

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
    let remote = cli.elsewhere.remote()?;
    let here = |what: &str| match &remote {
        Some(_) => {
            Err(CommandError::new(ErrorKind::Refused, format!("not with --appliance (or WRIT_APPLIANCE): {what}")))
        }
        None => Ok(()),
    };
    let command = match cli.verb.unwrap_or(Verb::Serve { demo: false }) {
        Verb::Serve { demo } => {
            here("`serve` makes an appliance of the data directory here")?;
            return serve::run(effective, demo);
        }
        Verb::Config => {
            here("`config` shows the settings here; run it beside the appliance's file")?;
            print::answer(&config::list(&effective), cli.flags.json);
            return Ok(ExitCode::SUCCESS);
        }
        Verb::Restore(ask) => {
            here("`restore` makes the file of an appliance that is stopped; run it beside the file")?;
            print::answer(&ask.run(effective.config)?, cli.flags.json);
            return Ok(ExitCode::SUCCESS);
        }
        Verb::Compact => {
            here("`compact` is about the file of an appliance that is stopped; run it beside the file")?;
            print::answer(&file::compact(&effective.config)?, cli.flags.json);
            return Ok(ExitCode::SUCCESS);
        }
        Verb::Migrate(ask) => {
            here("`migrate` is about the file of an appliance that is stopped; run it beside the file")?;
            print::answer(&ask.run(&effective.config)?, cli.flags.json);
            return Ok(ExitCode::SUCCESS);
        }
        Verb::Doctor(ask) if remote.is_none() => return doctor::run(effective, ask, cli.flags.json),
        Verb::Doctor(ask) => Command::Doctor(ask),
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
        Verb::Grant(verb) => verb.command(),
        Verb::Key(key::Verb::Told(verb)) => verb.command(),
        Verb::Key(key::Verb::RotateMaster) => {
            here("`key rotate-master` works on the file of an appliance that is stopped")?;
            print::answer(&key::rotate_master(&effective.config)?, cli.flags.json);
            return Ok(ExitCode::SUCCESS);
        }
        Verb::Limits(verb) => verb.command(),
        Verb::Settings(verb) => verb.command(),
        Verb::Audit(verb) => verb.command(),
        Verb::Backup(ask) => match ask.asked()? {
            backup::Asked::Told(command) => command,
            backup::Asked::Fetch(ask) => {
                here(
                    "`backup fetch` gets a file from the object store to the computer it is typed on, by the settings there",
                )?;
                print::answer(&ask.run(&effective.config)?, cli.flags.json);
                return Ok(ExitCode::SUCCESS);
            }
        },
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
    let is_check = matches!(&command, Command::Apply(ask) if ask.checks());
    let answer = match &remote {
        Some(remote) => remote.ask(&command, &effective.config)?,
        None => answer::to(command, effective.config)?,
    };
    match shown.text(&answer)? {
        Some(text) => print::text(&text),
        None => print::answer(&answer, cli.flags.json),
    }
    if is_check && declared::differs(&answer) {
        return Ok(ExitCode::from(DRIFT));
    }
    let failed = is_verification && answer.get("intact") != Some(&Value::Bool(true));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whether a line that somebody may type is one that the program takes, without doing it: how the documents are held to it.
#[doc(hidden)]
pub fn parses(words: &[String]) -> Result<(), clap::Error> {
    Cli::try_parse_from(words).map(drop)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// One in 64 does.
    #[test]
    fn a_kid_may_begin_with_a_hyphen() {
        use clap::Parser as _;
        for kid in ["-ASHGMrXMzeF", "_x-"] {
            for line in [
                ["writ", "key", "revoke", kid, "--because", "x", "--yes"],
                ["writ", "key", "revoke", "--because", "x", "--yes", kid],
            ] {
                assert!(super::Cli::try_parse_from(line).is_ok(), "{line:?}");
            }
        }
    }

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::Cli::command().debug_assert();
    }
}
