//! The command line, with an appliance that is somewhere else: the same command travels over its API, and the same operation runs there, as
//! whoever the credential belongs to.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::GLOBAL;
use super::{Command, CommandError, ErrorKind, dispatch};
use crate::app::App;
use crate::base::{Fault, FaultKind, Issuer, Secret};
use crate::config::Config;
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::outbound::{Answered, Appliance, OutboundError};
use crate::protocol::own_scopes::{
    ADMIN, AUDIT, BACKUPS, CLIENTS, CROSSINGS, DELEGATIONS, GRANTS, KEYS, MACHINES, MEMBERSHIPS, PEOPLE, PROVIDERS,
    READ, RESOURCES, ROLES, SCOPES, TENANTS,
};
use crate::web::{Obeying, Orders};

/// Where commands are taken.
const COMMANDS: &str = "/api/v1/commands";
/// Longest command, in bytes: the API reads no longer body.
const LONGEST_COMMAND: usize = 64 * 1_024;
/// Longest credential, in bytes.
const LONGEST_CREDENTIAL: u64 = 16 * 1_024;

/// Which appliance, and as whom. Neither a key nor a token is ever an argument: arguments are seen by everybody on the machine.
#[derive(Debug, clap::Args)]
pub(super) struct Elsewhere {
    /// Run the command at an appliance somewhere else, by its public URL
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "URL", env = "WRIT_APPLIANCE")]
    appliance: Option<String>,
    /// A file with an access key for it [or the variable WRIT_ACCESS_KEY]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILE", conflicts_with = "token_file")]
    access_key_file: Option<PathBuf>,
    /// A file with an access token for it [or the variable WRIT_TOKEN]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// An appliance somewhere else, and the credential for it.
pub(super) struct Remote {
    issuer: Issuer,
    credential: Secret,
}

impl Elsewhere {
    /// Where the command goes; `None` for the appliance of the data directory.
    pub(super) fn remote(self) -> Result<Option<Remote>, CommandError> {
        let Some(url) = self.appliance.filter(|url| !url.is_empty()) else {
            if self.access_key_file.is_some() || self.token_file.is_some() {
                let why = "say which appliance it is for; beside the appliance's file no credential is needed";
                return Err(CommandError::argument("--appliance", why));
            }
            return Ok(None);
        };
        let issuer = Issuer::parse(url.strip_suffix('/').unwrap_or(&url));
        let issuer = issuer.map_err(|why| CommandError::argument("--appliance", why))?;
        if !issuer.is_https() && !issuer.is_loopback() {
            let why = "use https: over http everybody on the way could read the credential";
            return Err(CommandError::argument("--appliance", why));
        }
        let credential = match (self.access_key_file, self.token_file) {
            (Some(file), _) => read("--access-key-file", &file)?,
            (None, Some(file)) => read("--token-file", &file)?,
            (None, None) => from_environment()?,
        };
        Ok(Some(Remote { issuer, credential }))
    }
}

fn from_environment() -> Result<Secret, CommandError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (variable("WRIT_ACCESS_KEY"), variable("WRIT_TOKEN")) {
        (Some(_), Some(_)) => Err(CommandError::argument(
            "WRIT_ACCESS_KEY, WRIT_TOKEN",
            "set one of them: two credentials are one too many",
        )),
        (Some(one), None) | (None, Some(one)) => credential("WRIT_ACCESS_KEY, WRIT_TOKEN", &one),
        (None, None) => Err(CommandError::argument(
            "--appliance",
            "an appliance elsewhere takes a credential: set WRIT_ACCESS_KEY to an access key of a machine, or WRIT_TOKEN to an access \
             token for the appliance, or name a file with --access-key-file or --token-file",
        )),
    }
}

fn read(name: &str, path: &Path) -> Result<Secret, CommandError> {
    use std::io::Read as _;
    let wrong = |why: String| CommandError::argument(name, format!("{}: {why}", path.display()));
    let mut text = zeroize::Zeroizing::new(String::new());
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(LONGEST_CREDENTIAL).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    credential(name, &text)
}

/// What fits into a header: RFC 6750 §2.1, `b64token`.
fn credential(name: &str, text: &str) -> Result<Secret, CommandError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if fits {
        Ok(Secret::new(text))
    } else {
        Err(CommandError::argument(name, "this is neither an access key nor a token"))
    }
}

impl Remote {
    /// Has the command run there.
    pub(super) fn ask(&self, command: &Command, config: &Config) -> Result<Value, CommandError> {
        if let Needs::Here(why) = needs(command) {
            return Err(CommandError::new(ErrorKind::Refused, format!("not with --appliance: {why}")));
        }
        let json =
            serde_json::to_vec(command).map_err(|e| Fault::because(FaultKind::Bug, "a command has no JSON", e))?;
        let json = zeroize::Zeroizing::new(json);
        if json.len() > LONGEST_COMMAND {
            let text = "this is longer than an appliance elsewhere takes in one command, 64 KiB: split the file, or run it there";
            return Err(CommandError::new(ErrorKind::Invalid, text));
        }
        let unreadable = |error: std::io::Error| CommandError::argument("outbound.extra_root", error);
        let extra = config.outbound.extra_root.as_ref().map(std::fs::read).transpose().map_err(unreadable)?;
        let appliance = Appliance::new(self.issuer.clone(), extra.as_deref())?;
        match appliance.post(COMMANDS, &self.credential, &json) {
            Ok(answered) => self.understood(&answered),
            Err(error) => {
                Err(CommandError::new(ErrorKind::Unreachable, format!("{}: {}", self.issuer, unreached(&error))))
            }
        }
    }

    fn understood(&self, answered: &Answered) -> Result<Value, CommandError> {
        let said: Value = serde_json::from_str(&answered.body).unwrap_or_default();
        if answered.status == 200 && said.is_object() {
            return Ok(said);
        }
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        // RFC 9457 §3.1: what is not a problem document was not answered by an appliance.
        let kind = text("type").rsplit('#').next().unwrap_or_default().to_owned();
        let (detail, here) = (text("detail"), &self.issuer);
        let (kind, words) = match (answered.status, kind.as_str()) {
            (_, "") => (
                ErrorKind::Unreachable,
                format!(
                    "{here} answered with status {} and not as an appliance does: is this its public URL?",
                    answered.status
                ),
            ),
            (401, _) => (ErrorKind::Forbidden, format!("{here} does not take this credential: {detail}")),
            (403, _) => (ErrorKind::Forbidden, format!("{here} does not allow this: {detail}")),
            (404, _) if detail == NOWHERE => (
                ErrorKind::Unreachable,
                format!(
                    "the appliance at {here} takes no commands: it is of another version than {}",
                    env!("CARGO_PKG_VERSION")
                ),
            ),
            (404, _) => (ErrorKind::NotFound, detail),
            (400 | 413, _) => (ErrorKind::Invalid, messages(&said).unwrap_or(detail)),
            (429 | 503, _) => (ErrorKind::Busy, format!("{here}: {detail}")),
            (500.., _) => {
                (ErrorKind::Broken, format!("{here}: {detail}. Its log has the story, under {}", text("error_id")))
            }
            _ => (ErrorKind::Refused, detail),
        };
        Err(CommandError::new(kind, words))
    }
}

/// What the API says at an address where there is nothing.
const NOWHERE: &str = "there is nothing at this address";

fn messages(said: &Value) -> Option<String> {
    let errors = said.get("errors")?.as_array()?.iter();
    let lines: Vec<&str> = errors.filter_map(|error| error.get("message")?.as_str()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// In words for whoever typed the address. Those of the error itself are for strangers.
fn unreached(error: &OutboundError) -> String {
    match error {
        OutboundError::NameNotFound => "there is no host of this name".to_owned(),
        OutboundError::NoConnection | OutboundError::ForbiddenAddress => "nobody answers there".to_owned(),
        OutboundError::Certificate => {
            "its TLS certificate is not valid for this name, has expired, or comes from an authority that is not trusted here; \
             outbound.extra_root names one that is"
                .to_owned()
        }
        OutboundError::Malformed => "nobody answers there, or not with HTTP".to_owned(),
        other => other.to_string(),
    }
}

/// What a command takes when it comes over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// The scope that the API asks for where it does the same.
    Scope(&'static str),
    /// It makes sense beside the file only, for this reason.
    Here(&'static str),
}

/// No path on the appliance's computer is chosen from elsewhere.
const A_PLACE: &str = "a place is one on the computer that the appliance runs on. Without it the backup goes where the appliance's \
                       setting backup.directory says; or run it there";

fn needs(command: &Command) -> Needs {
    Needs::Scope(match command {
        Command::Setup(_) => {
            return Needs::Here(
                "while there is no administrator there is nobody whose credential could be good. Run it beside the file, or open the link",
            );
        }
        Command::Backup(ask) if ask.names_a_place() => return Needs::Here(A_PLACE),
        Command::BackupList(ask) if ask.names_a_place() => return Needs::Here(A_PLACE),
        Command::Backup(_) => BACKUPS.write,
        Command::BackupList(_) => BACKUPS.read,
        // It also asks an address that whoever types it names, which may lie on the appliance's own network.
        Command::Doctor(_) => {
            return Needs::Here("it looks at the files and asks from where they are. Run it beside them");
        }
        Command::PersonList(_) | Command::PersonShow(_) => PEOPLE.read,
        Command::PersonAdd(_) | Command::PersonSet(_) | Command::PersonSuspend(_) | Command::PersonResume(_) => {
            PEOPLE.write
        }
        Command::TenantList => TENANTS.read,
        Command::TenantAdd(_) | Command::TenantSet(_) | Command::TenantRemove(_) => TENANTS.write,
        Command::RoleList(_) => ROLES.read,
        Command::RoleAdd(_) | Command::RoleSet(_) | Command::RoleRemove(_) => ROLES.write,
        Command::PersonRole(_) | Command::PersonClaims(_) => MEMBERSHIPS.write,
        Command::ResourceList | Command::ResourceShow(_) | Command::ResourceTools(_) => RESOURCES.read,
        Command::ResourceAdd(_)
        | Command::ResourceSet(_)
        | Command::ResourceDiscover(_)
        | Command::ResourceDescribe(_)
        | Command::ResourceRemove(_) => RESOURCES.write,
        Command::ScopeList | Command::ScopeShow(_) => SCOPES.read,
        Command::ScopeAdd(_) | Command::ScopeSet(_) | Command::ScopeRemove(_) => SCOPES.write,
        Command::ClientList(_) | Command::ClientShow(_) | Command::TokenList(_) => CLIENTS.read,
        Command::TokenRevoke(_)
        | Command::ClientAdd(_)
        | Command::ClientSet(_)
        | Command::ClientApprove(_)
        | Command::ClientReject(_)
        | Command::ClientVerify(_)
        | Command::ClientUnverify(_)
        | Command::ClientRotateSecret(_)
        | Command::ClientEndOldSecrets(_)
        | Command::ClientSuspend(_)
        | Command::ClientResume(_)
        | Command::ClientRemove(_) => CLIENTS.write,
        Command::MachineList(_)
        | Command::MachineShow(_)
        | Command::MachineFindings(_)
        | Command::CredentialList(_) => MACHINES.read,
        Command::MachineAdd(_)
        | Command::MachineSet(_)
        | Command::MachineHandOver(_)
        | Command::PersonHandOver(_)
        | Command::MachineSuspend(_)
        | Command::MachineResume(_)
        | Command::MachineRetire(_)
        | Command::CredentialAdd(_)
        | Command::CredentialRotate(_)
        | Command::CredentialSet(_)
        | Command::CredentialRevoke(_)
        | Command::CredentialTry(_) => MACHINES.write,
        Command::DelegationList(_) => DELEGATIONS.read,
        Command::DelegationAdd(_) | Command::DelegationRevoke(_) => DELEGATIONS.write,
        Command::ProviderList | Command::ProviderShow(_) | Command::ProviderLinks(_) => PROVIDERS.read,
        Command::CrossingList(_) | Command::CrossingShow(_) => CROSSINGS.read,
        Command::CrossingAdd(_) | Command::CrossingRemove(_) => CROSSINGS.write,
        Command::GrantList(_) | Command::GrantShow(_) => GRANTS.read,
        Command::GrantRevoke(_) => GRANTS.write,
        Command::KeyList | Command::KeyShow(_) => KEYS.read,
        Command::KeyRotate(_) | Command::KeyRevoke(_) => KEYS.write,
        Command::LimitsList | Command::SettingsList(_) => READ,
        Command::LimitsSet(_) | Command::LimitsReset(_) | Command::SettingsSet(_) | Command::SettingsReset(_) => ADMIN,
        Command::AuditList(_) | Command::AuditVerify => AUDIT.read,
        Command::Export(_) => READ,
        // Whose password is known, and whose word is taken, is who one can be.
        Command::PersonPassword(_)
        | Command::PersonResetFactor(_)
        | Command::PersonPasskeys(_)
        | Command::PersonRemovePasskey(_)
        | Command::ProviderAdd(_)
        | Command::ProviderSet(_)
        | Command::ProviderRemove(_)
        | Command::ProviderLink(_)
        | Command::ProviderUnlink(_)
        | Command::TokenAdd(_)
        | Command::Apply(_) => ADMIN,
    })
}

/// How commands are run that come over the network.
pub const ORDERS: Orders = Orders { needs: scope_of, obey };

fn scope_of(bytes: &[u8]) -> Option<&'static str> {
    match needs(&serde_json::from_slice(bytes).ok()?) {
        Needs::Scope(scope) => Some(scope),
        Needs::Here(_) => None,
    }
}

fn obey(app: App, by: Operator, command: Value) -> Obeying {
    Box::pin(async move {
        let command: Command = serde_json::from_value(command).map_err(|error| {
            let version = env!("CARGO_PKG_VERSION");
            let why = format!("Writ {version} does not understand this command; is yours of another version? {error}");
            Declined::field("command", why.chars().take(300).collect::<String>())
        })?;
        match needs(&command) {
            Needs::Here(why) => return Err(Declined::Conflict(why.to_owned())),
            // Asked again of what will run, whatever was read before.
            Needs::Scope(scope) if !by.reaches(scope) => {
                return Err(Declined::Forbidden(format!("this takes a credential with the scope `{scope}`")));
            }
            Needs::Scope(_) => {}
        }
        dispatch(&app, &by, command).await.map_err(declined)
    })
}

/// A command's error, for whoever does not have the file: what broke is for the log.
fn declined(error: CommandError) -> Declined {
    match error.kind {
        ErrorKind::Invalid => Declined::field("command", error.text),
        ErrorKind::NotFound => Declined::Missing(error.text),
        ErrorKind::Refused | ErrorKind::Unreachable => Declined::Conflict(error.text),
        ErrorKind::Forbidden => Declined::Forbidden(error.text),
        ErrorKind::Busy => Declined::Broken(Fault::new(FaultKind::Busy, error.text)),
        ErrorKind::Settings | ErrorKind::Broken => Declined::Broken(Fault::new(FaultKind::Storage, error.text)),
    }
}
