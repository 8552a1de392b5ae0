//! `writ machine`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, scope_set, with_left};
use super::{Command, CommandError, named};
use super::{credential, delegation};
use crate::app::App;
use crate::base::{AddressRange, Id, Lifetime, Resource, Timestamp};
use crate::model::{Access, Context, FindingKind, Machine, MachineKind, RoleName, ScopeSet, TenantName};
use crate::operations::credentials::{NewCredential, NewProof};
use crate::operations::declined::Declined;
use crate::operations::delegations;
use crate::operations::findings::{self, Insight};
use crate::operations::machines::{self, NewMachine, Terms, Which};
use crate::operations::named::PersonName;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::display_name::DisplayName;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make an identity, with a secret unless told otherwise
    Add(Box<Add>),
    /// List them, the newest first
    List(List),
    /// One of them, with its credentials, its use and what there is to be said about it
    Show(Named),
    /// What there is to be said about all of them: unused, forgotten, expiring, in strange hands
    Findings(Findings),
    /// Change what it is or may do; what is not named stays
    Set(Box<Set>),
    /// Make somebody else answer for it
    HandOver(HandOver),
    /// Stop it: it gets no more tokens, and those it has are over
    Suspend(Stop),
    /// Let a stopped one act again
    Resume(Named),
    /// End it for good, with all its credentials
    Retire(Stop),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// What it is called; in one tenant, one machine
    #[arg(long)]
    name: String,
    /// Who answers for it: a person's id or e-mail address
    #[arg(long, value_name = "PERSON")]
    owner: String,
    /// Which organization or environment it belongs to
    #[arg(long, default_value = TenantName::MAIN)]
    tenant: String,
    /// What it is for
    #[arg(long)]
    purpose: String,
    /// agent, service, ci or device
    #[arg(long, default_value = "service")]
    kind: String,
    #[command(flatten)]
    about: About,
    /// Make it without a secret; `writ credential add` gives it one later
    #[arg(long)]
    no_secret: bool,
    /// When its secret ends, such as 90d [default: never]
    #[arg(long, value_name = "TIME", conflicts_with = "no_secret")]
    secret_expires_in: Option<String>,
}

/// What can be said when it is made and changed later. A repeated one replaces all there were; an empty one clears them.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
struct About {
    /// Whatever else there is to know about it
    #[arg(long)]
    description: Option<String>,
    /// A word to find it by
    #[arg(long = "tag", value_name = "TAG")]
    tags: Option<Vec<String>>,
    /// A scope it may ask for; must be in the catalogue
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// A resource it may have tokens for, with scopes of its own there as URL=scope,scope [default: any]
    #[arg(long = "resource", value_name = "URL")]
    resources: Option<Vec<String>>,
    /// A resource it answers for: it may introspect that resource's tokens
    #[arg(long = "serves", value_name = "URL")]
    serves: Option<Vec<String>>,
    /// How long its access tokens live, such as 15m; a day at most [default: what the resource says]
    #[arg(long, value_name = "TIME")]
    access_lifetime: Option<String>,
    /// When its own time is over, such as 90d from now [default: never]
    #[arg(long, value_name = "TIME")]
    expires_in: Option<String>,
    /// A role it has in its tenant
    #[arg(long = "role", value_name = "ROLE")]
    roles: Option<Vec<String>>,
    /// A network it may call from, such as 10.0.0.0/8 [default: anywhere]
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Option<Vec<String>>,
    /// Whether it gets tokens only for a key that it proves to have (DPoP)
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true")]
    dpop_bound: Option<bool>,
    /// Whether it gets refresh tokens for its access keys and for tokens of other issuers
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true")]
    refresh_tokens: Option<bool>,
    /// What its tokens say under customClaims, as NAME=JSON
    #[arg(long = "claim", value_name = "NAME=JSON")]
    claims: Option<Vec<String>>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    #[command(flatten)]
    named: Named,
    /// What it is called from now on
    #[arg(long)]
    name: Option<String>,
    /// What it is for
    #[arg(long)]
    purpose: Option<String>,
    /// agent, service, ci or device
    #[arg(long)]
    kind: Option<String>,
    #[command(flatten)]
    about: About,
    /// Let it have no end
    #[arg(long, conflicts_with = "expires_in")]
    never_expires: bool,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those behind this one
    #[arg(long, value_name = "CLIENT_ID")]
    before: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Only those whose name or tags have words that begin like these
    #[arg(long, value_name = "WORDS", conflicts_with = "before")]
    search: Option<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Findings {
    /// Only of this kind, such as `unused`
    #[arg(long)]
    kind: Option<String>,
    /// Only those of machines behind this one
    #[arg(long, value_name = "CLIENT_ID")]
    after: Option<String>,
    /// Of at most this many machines
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its client_id or name
    machine: String,
    /// The tenant in which it has that name
    #[arg(long = "in", value_name = "TENANT", default_value = TenantName::MAIN)]
    within: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct HandOver {
    #[command(flatten)]
    named: Named,
    /// Who answers for it from now on: a person's id or e-mail address
    #[arg(long, value_name = "PERSON")]
    to: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Stop {
    #[command(flatten)]
    named: Named,
    /// Why, for whoever reads the audit log
    #[arg(long, value_name = "WORDS")]
    because: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::MachineAdd(ask),
            Self::List(ask) => Command::MachineList(ask),
            Self::Show(ask) => Command::MachineShow(ask),
            Self::Findings(ask) => Command::MachineFindings(ask),
            Self::Set(ask) => Command::MachineSet(ask),
            Self::HandOver(ask) => Command::MachineHandOver(ask),
            Self::Suspend(ask) => Command::MachineSuspend(ask),
            Self::Resume(ask) => Command::MachineResume(ask),
            Self::Retire(ask) => Command::MachineRetire(ask),
        }
    }
}

impl Named {
    pub(super) async fn resolve(&self, app: &App) -> Result<Id<Machine>, CommandError> {
        named::machine_in(app, &self.within, &self.machine).await
    }
}

impl About {
    /// What is named replaces what was there.
    fn upon(&self, mut terms: Terms, now: Timestamp) -> Result<Terms, CommandError> {
        if let Some(description) = &self.description {
            terms.description.clone_from(description);
        }
        if let Some(tags) = &self.tags {
            terms.tags = given(tags).map(str::to_owned).collect();
        }
        if let Some(scopes) = &self.scopes {
            terms.scope = scope_set("--scope", scopes)?;
        }
        if let Some(resources) = &self.resources {
            terms.access = given(resources).map(access).collect::<Result<_, _>>()?;
        }
        if let Some(serves) = &self.serves {
            terms.serves = list_of("--serves", &words(serves), Resource::parse)?;
        }
        if let Some(lifetime) = &self.access_lifetime {
            terms.access_for = Some(argument("--access-lifetime", lifetime.parse::<Lifetime>())?);
        }
        if let Some(after) = &self.expires_in {
            terms.expires_at = Some(now.plus(argument("--expires-in", after.parse::<Lifetime>())?));
        }
        if let Some(roles) = &self.roles {
            terms.roles = list_of("--role", &words(roles), str::parse::<RoleName>)?;
        }
        if let Some(networks) = &self.networks {
            terms.networks = list_of("--network", &words(networks), str::parse::<AddressRange>)?;
        }
        terms.dpop_bound = self.dpop_bound.unwrap_or(terms.dpop_bound);
        terms.refresh_tokens = self.refresh_tokens.unwrap_or(terms.refresh_tokens);
        if let Some(claims) = &self.claims {
            terms.custom_claims = given(claims).map(claim).collect::<Result<_, _>>()?;
        }
        Ok(terms)
    }
}

/// What is said at all: an empty word says that there are none.
pub(super) fn given(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().map(String::as_str).filter(|word| !word.is_empty())
}

fn words(words: &[String]) -> Vec<String> {
    given(words).map(str::to_owned).collect()
}

/// `URL`, or `URL=scope,scope`. An address may hold `=`, a scope list holds no slash.
fn access(text: &str) -> Result<Access, CommandError> {
    let (url, scopes) = match text.rsplit_once('=') {
        Some((url, scopes)) if !scopes.contains('/') => (url, Some(scopes)),
        _ => (text, None),
    };
    let list = |scopes: &str| scopes.split(',').map(str::to_owned).collect::<Vec<_>>();
    Ok(Access {
        resource: argument("--resource", Resource::parse(url))?,
        scope: scopes.map(|scopes| scope_set("--resource", &list(scopes))).transpose()?,
        access_for: None,
    })
}

pub(super) fn claim(text: &str) -> Result<(String, Value), CommandError> {
    let (name, json) =
        text.split_once('=').ok_or_else(|| CommandError::argument("--claim", "write it as NAME=JSON"))?;
    // A word that is no JSON is a text: nobody likes to quote twice.
    Ok((name.to_owned(), serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))))
}

fn kind(text: &str) -> Result<MachineKind, CommandError> {
    MachineKind::parse(text).ok_or_else(|| CommandError::argument("--kind", "is agent, service, ci or device"))
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let name = argument("--name", DisplayName::parse(&ask.name))?;
    let terms = Terms::new(name, kind(&ask.kind)?, ask.purpose, ScopeSet::new());
    let secret = match (ask.no_secret, &ask.secret_expires_in) {
        (true, _) => None,
        (false, after) => {
            let after = after.as_deref().map(str::parse::<Lifetime>).transpose();
            Some(NewCredential {
                name: argument("--name", DisplayName::parse("first secret"))?,
                proof: NewProof::ClientSecret,
                expires_at: argument("--secret-expires-in", after)?.map(|after| by.at.plus(after)),
            })
        }
    };
    let new = NewMachine {
        terms: ask.about.upon(terms, by.at)?,
        owner: argument("--owner", ask.owner.parse::<PersonName>())?,
        tenant: argument("--tenant", ask.tenant.parse::<TenantName>())?,
        credential: secret,
    };
    let made = machines::add(app, by, new).await?;
    let mut answer = json!({ "client_id": made.machine.id });
    if let (Some(credential), Some(members)) = (made.credential, answer.as_object_mut()) {
        members.insert("credential_id".to_owned(), json!(credential.credential.id));
        if let Some(secret) = credential.secret {
            members.insert("client_secret".to_owned(), secret.expose().into());
        }
    }
    Ok(answer)
}

pub(super) async fn list(app: &App, by: &Operator, ask: List) -> Result<Value, CommandError> {
    if let Some(words) = &ask.search {
        let which = Which { words: Some(words.clone()), ..Which::default() };
        let found = machines::list(app, by, which, None, ask.limit).await?.rows;
        let found = findings::of_machines(app, by, found.into_iter().map(|(_, machine)| machine).collect()).await?;
        return Ok(json!({ "machines": found.iter().map(|it| seen(it, by)).collect::<Vec<_>>() }));
    }
    let before = ask.before.map(|text| argument("--before", text.parse::<Id<Machine>>())).transpose()?;
    let page = machines::list(app, by, Which::default(), before, ask.limit).await?;
    let machines = page.rows.into_iter().map(|(_, machine)| machine).collect();
    let rows: Vec<Value> = findings::of_machines(app, by, machines).await?.iter().map(|it| seen(it, by)).collect();
    Ok(json!({ "machines": rows, "next": page.next }))
}

/// A machine in a list: when it was last used, and the kinds of its findings.
fn seen(insight: &Insight, ctx: &Context) -> Value {
    let mut answer = row(&insight.facts.machine, ctx);
    if let Some(members) = answer.as_object_mut() {
        let mut kinds: Vec<&str> = insight.findings.iter().map(|finding| finding.kind.as_str()).collect();
        kinds.dedup();
        members.insert("last_used_at".to_owned(), json!(insight.facts.usage.used.last_at().map(Timestamp::iso)));
        members.insert("findings".to_owned(), json!(kinds));
    }
    answer
}

pub(super) async fn findings(app: &App, by: &Operator, ask: Findings) -> Result<Value, CommandError> {
    let kind = |text: &str| {
        let known: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.as_str()).collect();
        FindingKind::parse(text)
            .ok_or_else(|| CommandError::argument("--kind", format!("is one of {}", known.join(", "))))
    };
    let kind = ask.kind.as_deref().map(kind).transpose()?;
    let after = ask.after.map(|text| argument("--after", text.parse::<Id<Machine>>())).transpose()?;
    let page = findings::list(app, by, kind, after, ask.limit).await?;
    let rows: Vec<Value> = page.rows.iter().flat_map(|(_, insight)| said(insight)).collect();
    Ok(json!({ "findings": rows, "next": page.next }))
}

fn said(insight: &Insight) -> impl Iterator<Item = Value> {
    insight.findings.iter().map(|finding| {
        json!({
            "client_id": finding.machine,
            "name": insight.facts.machine.name,
            "tenant": insight.facts.machine.tenant,
            "finding": finding.kind.as_str(),
            "since": finding.since.map(Timestamp::iso),
            "credential": finding.credential,
            "about": finding.told(),
        })
    })
}

fn row(machine: &Machine, ctx: &Context) -> Value {
    json!({
        "client_id": machine.id,
        "name": machine.name,
        "kind": machine.kind.as_str(),
        "tenant": machine.tenant,
        "state": machine.standing(ctx.at).as_str(),
        "owner": machine.owner,
        "created_at": machine.created_at.iso(),
    })
}

pub(super) async fn show(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let (machine, credentials, owner) = machines::show(app, ask.resolve(app).await?).await?;
    let insight = findings::of_machine(app, by, machine.id).await?;
    let mut answer = whole(&machine, by);
    if let Some(members) = answer.as_object_mut() {
        members.insert("owner_email".to_owned(), json!(owner.map(|owner| owner.email)));
        let used = &insight.facts.usage.used;
        if let Some(seen) = used.seen {
            members.insert("last_used_at".to_owned(), seen.last_at.iso().into());
            members.insert("last_used_from".to_owned(), json!(used.last_from()));
            members.insert("grants".to_owned(), seen.grants.into());
            members.insert("scopes_used".to_owned(), scopes_used(&insight).into());
        }
        let rows: Vec<Value> = credentials.iter().map(|one| credential::seen(app, one, &insight, by)).collect();
        members.insert("credentials".to_owned(), rows.into());
        let said: Vec<Value> = (insight.findings.iter())
            .map(|finding| {
                json!({
                    "finding": finding.kind.as_str(),
                    "since": finding.since.map(Timestamp::iso),
                    "about": finding.told(),
                })
            })
            .collect();
        members.insert("findings".to_owned(), said.into());
        let delegations = delegations::of_actor(app, machine.id, MOST_SHOWN).await?;
        let live = delegations.iter().filter(|delegation| delegation.is_live(by.at));
        let rows: Vec<Value> = live.map(|delegation| delegation::row(delegation, by)).collect();
        if !rows.is_empty() {
            members.insert("acts_for".to_owned(), rows.into());
        }
    }
    Ok(answer)
}

/// The scopes that it made use of, by when they were last used.
fn scopes_used(insight: &Insight) -> Vec<String> {
    let mut used: Vec<_> = insight.facts.scopes.scopes.iter().collect();
    used.sort_by_key(|one| std::cmp::Reverse(one.seen.last_at));
    let mut names: Vec<String> = Vec::new();
    for one in used {
        if !names.contains(&one.scope.to_string()) {
            names.push(one.scope.to_string());
        }
    }
    names
}

/// Most delegations that are looked through for those it acts by.
const MOST_SHOWN: usize = 1_000;

/// Everything about a machine; its credentials are rows of their own.
fn whole(machine: &Machine, ctx: &Context) -> Value {
    let mut answer = row(machine, ctx);
    if let Some(members) = answer.as_object_mut() {
        let mut say = |name: &str, value: Value| {
            if !value.is_null() && value != json!("") && value != json!([]) && value != json!({}) {
                members.insert(name.to_owned(), value);
            }
        };
        let access = machine.access.iter().map(|access| match &access.scope {
            Some(scope) => format!("{}={}", access.resource, scope.to_string().replace(' ', ",")),
            None => access.resource.to_string(),
        });
        say("purpose", json!(machine.purpose));
        say("description", json!(machine.description));
        say("tags", json!(machine.tags));
        say("scope", json!(machine.scope));
        say("resources", access.collect::<Vec<_>>().into());
        say("serves", json!(machine.serves));
        say("access_lifetime", json!(machine.access_for.map(Lifetime::seconds)));
        say("expires_at", json!(machine.expires_at.map(Timestamp::iso)));
        say("roles", json!(machine.roles));
        say("networks", json!(machine.networks));
        say("dpop_bound", if machine.dpop_bound { true.into() } else { Value::Null });
        say("refresh_tokens", if machine.refresh_tokens { true.into() } else { Value::Null });
        say("custom_claims", json!(machine.custom_claims));
        say("stopped_at", json!(machine.stopped.as_ref().map(|stopped| stopped.at.iso())));
        say("stopped_because", json!(machine.stopped.as_ref().map(|stopped| &stopped.because)));
    }
    answer
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = ask.named.resolve(app).await?;
    let name = ask.name.as_deref().map(|name| argument("--name", DisplayName::parse(name))).transpose()?;
    let kind = ask.kind.as_deref().map(kind).transpose()?;
    let now = by.at;
    // Parsed once to be refused here, with the argument's name; the row it is laid upon is the transaction's.
    ask.about.upon(Terms::of(&machines::show(app, id).await?.0)?, now)?;
    let machine = machines::change(app, by, id, Seen::Anything, move |machine| {
        let mut terms = Terms::of(machine)?;
        if ask.never_expires {
            terms.expires_at = None;
        }
        terms.name = name.clone().unwrap_or(terms.name);
        terms.kind = kind.unwrap_or(terms.kind);
        terms.purpose = ask.purpose.clone().unwrap_or(terms.purpose);
        ask.about.upon(terms, now).map_err(|error| Declined::field("terms", error.text))
    })
    .await?;
    Ok(whole(&machine, by))
}

pub(super) async fn hand_over(app: &App, by: &Operator, ask: HandOver) -> Result<Value, CommandError> {
    let to = argument("--to", ask.to.parse::<PersonName>())?;
    let id = ask.named.resolve(app).await?;
    let machine = machines::hand_over(app, by, id, Seen::Anything, to).await?;
    Ok(row(&machine, by))
}

pub(super) async fn suspend(app: &App, by: &Operator, ask: Stop) -> Result<Value, CommandError> {
    let id = ask.named.resolve(app).await?;
    Ok(halted(machines::suspend(app, by, id, Seen::Anything, &ask.because).await?, by))
}

pub(super) async fn resume(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let machine = machines::resume(app, by, ask.resolve(app).await?, Seen::Anything).await?;
    Ok(row(&machine, by))
}

pub(super) async fn retire(app: &App, by: &Operator, ask: Stop) -> Result<Value, CommandError> {
    let id = ask.named.resolve(app).await?;
    Ok(halted(machines::retire(app, by, id, Seen::Anything, &ask.because).await?, by))
}

fn halted(halted: machines::Halted, ctx: &Context) -> Value {
    let mut answer = with_left(row(&halted.machine, ctx), &halted.live);
    if let Some(members) = answer.as_object_mut() {
        members.insert("tokens_live_until".to_owned(), halted.tokens_live_until.iso().into());
    }
    answer
}
