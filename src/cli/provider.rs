//! `writ provider`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, json_file};
use super::{Command, CommandError, ErrorKind};
use crate::app::App;
use crate::model::{Email, IdentityProvider, PersonBy, SubjectLink};
use crate::operations::operator::Operator;
use crate::operations::people;
use crate::operations::providers::{self, NewProvider, ProviderChange};
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Take the word of an identity provider about people (ID-JAG)
    Add(Box<Add>),
    /// List them
    List,
    /// Show one
    Show(Named),
    /// Change its keys, or by what it knows people
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
                Command::ProviderAdd(ask)
            }
            Self::List => Command::ProviderList,
            Self::Show(ask) => Command::ProviderShow(ask),
            Self::Set(mut ask) => {
                ask.jwks = ask.jwks_file.as_deref().map(|path| json_file("--jwks", path)).transpose()?;
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
    let Add { issuer, jwks_uri, jwks, domains, .. } = ask;
    let new = NewProvider { issuer, jwks_uri, jwks, person_by: person_by(domains) };
    Ok(row(&providers::trust(app, by, new).await?))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = providers::list(app).await?.iter().map(row).collect();
    Ok(json!({ "providers": rows }))
}

pub(super) async fn show(app: &App, ask: Named) -> Result<Value, CommandError> {
    let provider = providers::named(app, &ask.issuer).await?;
    let mut shown = row(&provider);
    if let (Some(members), Some(jwks)) = (shown.as_object_mut(), provider.jwks) {
        members.insert("jwks".to_owned(), jwks);
    }
    Ok(shown)
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    let are_named = ask.own_keys || ask.jwks.is_some() || ask.jwks_uri.is_some();
    let change = ProviderChange {
        jwks_uri: are_named.then_some(ask.jwks_uri),
        jwks: are_named.then_some(ask.jwks),
        person_by: (ask.by_link || !ask.domains.is_empty()).then(|| person_by(ask.domains)),
    };
    Ok(row(&providers::change(app, by, id, Seen::Anything, change).await?))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = providers::named(app, &ask.issuer).await?.id;
    Ok(row(&providers::remove(app, by, id, Seen::Anything).await?))
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

fn row(provider: &IdentityProvider) -> Value {
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
    }
    row
}

fn link_row(link: &SubjectLink) -> Value {
    json!({ "subject": link.subject, "person_id": link.person, "linked_at": link.linked_at.iso() })
}
