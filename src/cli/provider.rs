//! `writ provider`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, json_file, scope_set};
use super::{Command, CommandError, ErrorKind, Password};
use crate::app::App;
use crate::base::Timestamp;
use crate::model::{Email, IdentityProvider, PersonBy, SubjectLink};
use crate::operations::operator::Operator;
use crate::operations::people;
use crate::operations::providers::{self, NewProvider, ProviderChange, SignInTerms};
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Take the word of an identity provider about people: its assertions (ID-JAG), and if it says so, let people sign in with it
    Add(Box<Add>),
    /// List them
    List,
    /// Show one
    Show(Named),
    /// Change its keys, by what it knows people, or how they sign in with it
    Set(Box<Set>),
    /// Take one's word no more
    Remove(Named),
    /// Say who one of its subjects is here
    Link(Link),
    /// Forget who one of its subjects is
    Unlink(Unlink),
    /// The subjects of one that are somebody here
    Links(Links),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// The issuer, exactly as its assertions say it
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// Where its keys are [default: where its own metadata says]
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// A file with its keys, a JWK Set, if they cannot be fetched
    #[arg(long = "jwks", value_name = "FILE")]
    #[serde(skip)]
    jwks_file: Option<PathBuf>,
    #[arg(skip)]
    jwks: Option<Value>,
    /// Know people by the e-mail address that it verified, if it is of this domain [default: by linked subjects]
    #[arg(long = "email-domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    #[command(flatten)]
    #[serde(default)]
    sign_in: SignIn,
}

/// How people sign in with it.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub(super) struct SignIn {
    /// People sign in with it; this is what they read on the button
    #[arg(long = "sign-in", value_name = "NAME")]
    #[serde(default)]
    name: Option<String>,
    /// What this appliance is called there
    #[arg(long, value_name = "ID")]
    #[serde(default)]
    client_id: Option<String>,
    /// Read its secret there from standard input [default: it has none]
    #[arg(long)]
    #[serde(skip)]
    client_secret_stdin: bool,
    #[arg(skip)]
    #[serde(default)]
    secret: Option<Password>,
    /// What is asked for there [default: openid email]
    #[arg(long, value_name = "SCOPE")]
    #[serde(default)]
    scope: Vec<String>,
}

impl SignIn {
    /// Standard input is the caller's, so it is read here and not by the appliance.
    fn with_secret(mut self) -> Result<Self, CommandError> {
        self.secret = self.client_secret_stdin.then(Password::client_secret_from_stdin).transpose()?;
        Ok(self)
    }

    /// `None`: nothing was said of it.
    fn terms(self, (on, no_secret): (Option<bool>, bool)) -> Result<Option<SignInTerms>, CommandError> {
        let secret = match self.secret {
            Some(secret) => Some(Some(secret.into_secret()?)),
            None => no_secret.then_some(None),
        };
        let scope = match self.scope.is_empty() {
            true => None,
            false => Some(scope_set("--scope", &self.scope)?),
        };
        let terms = SignInTerms { name: self.name, client_id: self.client_id, secret, scope, on };
        let SignInTerms { name, client_id, secret, scope, on } = &terms;
        let is_said = name.is_some() || client_id.is_some() || secret.is_some() || scope.is_some() || on.is_some();
        Ok(is_said.then_some(terms))
    }
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its issuer, or its id
    issuer: String,
    /// Where its keys are from now on
    #[arg(long, value_name = "URL", conflicts_with_all = ["jwks_file", "own_keys"])]
    jwks_uri: Option<String>,
    /// A file with its keys from now on, a JWK Set
    #[arg(long = "jwks", value_name = "FILE", conflicts_with = "own_keys")]
    #[serde(skip)]
    jwks_file: Option<PathBuf>,
    #[arg(skip)]
    jwks: Option<Value>,
    /// Its keys are where its own metadata says
    #[arg(long)]
    #[serde(default)]
    own_keys: bool,
    /// Know people by the e-mail address that it verified, if it is of this domain; all of them are said
    #[arg(long = "email-domain", value_name = "DOMAIN", conflicts_with = "by_link")]
    domains: Vec<String>,
    /// Know people by linked subjects
    #[arg(long)]
    #[serde(default)]
    by_link: bool,
    #[command(flatten)]
    #[serde(default)]
    sign_in: SignIn,
    /// It has no secret there any more
    #[arg(long, conflicts_with = "client_secret_stdin")]
    #[serde(default)]
    no_client_secret: bool,
    /// Whether the button is there
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"])]
    #[serde(default)]
    button: Option<String>,
    /// People do not sign in with it any more, and its secret is forgotten; its assertions are still taken
    #[arg(long, conflicts_with_all = ["name", "client_id", "client_secret_stdin", "scope", "no_client_secret", "button"])]
    #[serde(default)]
    no_sign_in: bool,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its issuer, or its id
    issuer: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Link {
    /// Its issuer, or its id
    issuer: String,
    /// Its name for the person: the `sub` of its assertions
    subject: String,
    /// The e-mail address or id of the person
    #[arg(long, value_name = "WHOM")]
    person: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Unlink {
    /// Its issuer, or its id
    issuer: String,
    /// Its name for the person
    subject: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Links {
    /// Its issuer, or its id
    issuer: String,
    /// Only those behind this subject
    #[arg(long, value_name = "SUBJECT")]
    after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

impl Verb {
    pub(super) fn command(self) -> Result<Command, CommandError> {
        Ok(match self {
            Self::Add(mut ask) => {
                // The file is the caller's, so it is read here and not by the appliance.
                ask.jwks = ask.jwks_file.as_deref().map(|path| json_file("--jwks", path)).transpose()?;
                ask.sign_in = ask.sign_in.with_secret()?;
                Command::ProviderAdd(ask)
            }
            Self::List => Command::ProviderList,
            Self::Show(ask) => Command::ProviderShow(ask),
            Self::Set(mut ask) => {
                ask.jwks = ask.jwks_file.as_deref().map(|path| json_file("--jwks", path)).transpose()?;
                ask.sign_in = ask.sign_in.with_secret()?;
                Command::ProviderSet(ask)
            }
            Self::Remove(ask) => Command::ProviderRemove(ask),
            Self::Link(ask) => Command::ProviderLink(ask),
            Self::Unlink(ask) => Command::ProviderUnlink(ask),
            Self::Links(ask) => Command::ProviderLinks(ask),
        })
    }
}

fn person_by(domains: Vec<String>) -> PersonBy {
    if domains.is_empty() { PersonBy::Link } else { PersonBy::Email { domains } }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let Add { issuer, jwks_uri, jwks, domains, sign_in, .. } = ask;
    let sign_in = sign_in.terms((None, false))?;
    let new = NewProvider { issuer, jwks_uri, jwks, person_by: person_by(domains), sign_in };
    Ok(row(app, &providers::trust(app, by, new).await?))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = providers::list(app).await?.iter().map(|provider| row(app, provider)).collect();
    Ok(json!({ "providers": rows }))
}

pub(super) async fn show(app: &App, ask: Named) -> Result<Value, CommandError> {
    let provider = providers::named(app, &ask.issuer).await?;
    let mut shown = row(app, &provider);
    if let (Some(members), Some(jwks)) = (shown.as_object_mut(), provider.jwks) {
        members.insert("jwks".to_owned(), jwks);
    }
    Ok(shown)
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    let on = ask.button.map(|button| button == "on");
    let terms = ask.sign_in.terms((on, ask.no_client_secret))?;
    let sign_in = if ask.no_sign_in { Some(None) } else { terms.map(Some) };
    let are_named = ask.own_keys || ask.jwks.is_some() || ask.jwks_uri.is_some();
    let change = ProviderChange {
        jwks_uri: are_named.then_some(ask.jwks_uri),
        jwks: are_named.then_some(ask.jwks),
        person_by: (ask.by_link || !ask.domains.is_empty()).then(|| person_by(ask.domains)),
        sign_in,
    };
    Ok(row(app, &providers::change(app, by, id, Seen::Anything, change).await?))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    Ok(row(app, &providers::remove(app, by, id, Seen::Anything).await?))
}

pub(super) async fn link(app: &App, by: &Operator, ask: Link) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    let person = match ask.person.parse() {
        Ok(id) => id,
        Err(_) => {
            let email = argument("--person", ask.person.parse::<Email>())?;
            let nobody = || CommandError::new(ErrorKind::NotFound, "--person: nobody here has this e-mail address");
            people::find(app, &email).await?.ok_or_else(nobody)?.id
        }
    };
    Ok(link_row(&providers::link(app, by, id, ask.subject, person).await?))
}

pub(super) async fn unlink(app: &App, by: &Operator, ask: Unlink) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    Ok(link_row(&providers::unlink(app, by, id, Seen::Anything, ask.subject).await?))
}

pub(super) async fn links(app: &App, ask: Links) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    let page = providers::links(app, id, ask.after, ask.limit).await?;
    let rows: Vec<Value> = page.rows.iter().map(|(_, link)| link_row(link)).collect();
    Ok(json!({ "links": rows, "next": page.next }))
}

fn row(app: &App, provider: &IdentityProvider) -> Value {
    let mut row = json!({
        "provider_id": provider.id,
        "issuer": provider.issuer,
        "person_by": match provider.person_by {
            PersonBy::Link => "link",
            PersonBy::Email { .. } => "email",
        },
        "created_at": provider.created_at.iso(),
    });
    if let Some(members) = row.as_object_mut() {
        if let PersonBy::Email { domains } = &provider.person_by {
            members.insert("email_domains".to_owned(), json!(domains));
        }
        if let Some(uri) = &provider.jwks_uri {
            members.insert("jwks_uri".to_owned(), json!(uri));
        }
        if let Some(sign_in) = &provider.sign_in {
            let said = json!({
                "name": sign_in.name,
                "client_id": sign_in.client_id,
                "secret_set_at": sign_in.secret_set_at.map(Timestamp::iso),
                "scope": sign_in.scope,
                "on": sign_in.on,
                "redirect_uri": providers::redirect_uri(app, provider.id),
            });
            members.insert("sign_in".to_owned(), said);
        }
    }
    row
}

fn link_row(link: &SubjectLink) -> Value {
    json!({ "subject": link.subject, "person_id": link.person, "linked_at": link.linked_at.iso() })
}
