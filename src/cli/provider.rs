//! `writ provider`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, json_file};
use super::{Command, CommandError, ErrorKind};
use crate::app::App;
use crate::model::{Context, Email, IdentityProvider, PersonBy, SubjectLink};
use crate::operations::people;
use crate::operations::providers::{self, NewProvider};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Take the word of an identity provider about people (ID-JAG)
    Add(Box<Add>),
    /// List them
    List,
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
pub struct Named {
    /// Its issuer
    issuer: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Link {
    /// The issuer
    issuer: String,
    /// Its name for the person: the `sub` of its assertions
    subject: String,
    /// The e-mail address or id of the person
    #[arg(long, value_name = "WHOM")]
    person: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Unlink {
    /// The issuer
    issuer: String,
    /// Its name for the person
    subject: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Links {
    /// The issuer
    issuer: String,
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
            Self::Remove(ask) => Command::ProviderRemove(ask),
            Self::Link(ask) => Command::ProviderLink(ask),
            Self::Unlink(ask) => Command::ProviderUnlink(ask),
            Self::Links(ask) => Command::ProviderLinks(ask),
        })
    }
}

pub(super) async fn add(app: &App, ctx: &Context, ask: Add) -> Result<Value, CommandError> {
    let person_by = match ask.domains {
        domains if domains.is_empty() => PersonBy::Link,
        domains => PersonBy::Email { domains },
    };
    let new = NewProvider { issuer: ask.issuer, jwks_uri: ask.jwks_uri, jwks: ask.jwks, person_by };
    Ok(row(&providers::trust(app, ctx, new).await?))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = providers::list(app).await?.iter().map(row).collect();
    Ok(json!({ "providers": rows }))
}

pub(super) async fn remove(app: &App, ctx: &Context, ask: Named) -> Result<Value, CommandError> {
    Ok(row(&providers::remove(app, ctx, ask.issuer).await?))
}

pub(super) async fn link(app: &App, ctx: &Context, ask: Link) -> Result<Value, CommandError> {
    let person = match ask.person.parse() {
        Ok(id) => id,
        Err(_) => {
            let email = argument("--person", ask.person.parse::<Email>())?;
            let nobody = || CommandError::new(ErrorKind::NotFound, "--person: nobody here has this e-mail address");
            people::find(app, &email).await?.ok_or_else(nobody)?.id
        }
    };
    Ok(link_row(&providers::link(app, ctx, ask.issuer, ask.subject, person).await?))
}

pub(super) async fn unlink(app: &App, ctx: &Context, ask: Unlink) -> Result<Value, CommandError> {
    Ok(link_row(&providers::unlink(app, ctx, ask.issuer, ask.subject).await?))
}

pub(super) async fn links(app: &App, ask: Links) -> Result<Value, CommandError> {
    let rows: Vec<Value> = providers::links(app, ask.issuer, ask.limit).await?.iter().map(link_row).collect();
    Ok(json!({ "links": rows }))
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
