//! `/console/machines/{id}`: one machine, and what is done to it as a whole.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::machines::{finding_words, kind_words, standing};
use super::told;
use super::{back, declined, left, shell, snippets, wanted};
use crate::base::{Id, Lifetime, Resource, Timestamp};
use crate::model::{
    ClientState, Credential, CredentialKind, Delegation, Finding, FindingKind, Machine, MachineStanding, ScopeEntry,
    ScopeSet, Subject, Tally,
};
use crate::operations::audit::{self, ActedBy, Which};
use crate::operations::declined::Declined;
use crate::operations::findings::{self, Insight, Replaced};
use crate::operations::machines::{self, Terms};
use crate::operations::names::{self, Names};
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, tag};
use crate::operations::{delegations, people, resources, scopes};
use crate::protocol::federation::Preset;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply::{self, length, moment};
use crate::web::views::FlashKind;
use crate::web::views::console::{
    AccessLine, CredentialLine, DelegationLine, FindingLine, Frame, Halt, MachinePage, Pill, ScopeUseLine, Section,
    Tone,
};

/// Delegations and events that its page shows, and how often it acted for somebody.
const SHOWN: usize = 20;
const ACTED: usize = 10;
/// The event of a machine that acts.
const EXCHANGED: &str = "token.exchanged";

pub(super) fn path(id: Id<Machine>) -> String {
    format!("/console/machines/{id}")
}

const WORDS: [(&str, FlashKind, &str); 13] = [
    ("made", FlashKind::Done, "The machine is made."),
    ("changed", FlashKind::Done, "The machine is changed. What it may do counts from its next token on."),
    ("stopped", FlashKind::Done, "Stopped. It gets no more tokens."),
    ("resumed", FlashKind::Done, "It may go on. The tokens it had before stay over."),
    ("retired", FlashKind::Done, "Retired for good."),
    ("handed-over", FlashKind::Done, "Somebody else answers for it now."),
    ("no-owner", FlashKind::Failed, "Nothing was handed over: nobody who can sign in here has that address."),
    ("trimmed", FlashKind::Done, "The unused scopes are taken away."),
    ("credential", FlashKind::Done, "The credential is made."),
    ("revoked", FlashKind::Done, "The credential is revoked."),
    ("delegated", FlashKind::Done, "It may act for them from now on."),
    ("delegation-revoked", FlashKind::Done, "It acts for them no more. What it held in their name is over."),
    ("wrong-name", FlashKind::Failed, "Nothing was retired: the name was another."),
];

/// `GET /console/machines/{id}`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let Administrator { visitor, by } = &admin;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let id: Id<Machine> = wanted(visitor, &id)?;
    let broken = |fault| visitor.broken(&fault);
    let insight = findings::of_machine(app, by, id).await.map_err(|why| declined(visitor, why))?;
    let machine = &insight.facts.machine;
    let owner = people::by_id(app, machine.owner).await.ok();
    let catalogue = scopes::list_all(app).await.map_err(broken)?;
    let all = resources::list(app).await.map_err(broken)?;
    let acts = delegations::of_actor(app, id, SHOWN + 1).await.map_err(broken)?;
    let names = names::of(app, acts.iter().map(|one| one.subject.text()).collect()).await.map_err(broken)?;
    let which = Which { about: Some(id.to_string()), ..Which::default() };
    let entries = audit::list(app, which, None, SHOWN).await.map_err(broken)?.entries;
    let told = told::of(&entries);
    let acting = ActedBy { actor: Some(id.to_string()), subject: None };
    let which = Which { acting, event: Some(EXCHANGED.to_owned()), ..Which::default() };
    let acted = audit::list(app, which, None, ACTED).await.map_err(broken)?.entries;
    let acted = told::folded(app, now, &told::of(&acted)).await.map_err(broken)?;
    let tally = &insight.facts.usage.used;
    let grants = tally.seen.map_or(0, |seen| seen.grants);
    let unused = unused(&insight, app.settings.now().machines.scopes_unused_after, now);
    let id_text = id.to_string();
    let resource = snippets::meant(machine.access.first().map(|access| &access.resource), &all);
    let first = insight.facts.credentials.iter().find(|credential| credential.is_live(now));
    let snippets = snippets::machine::of(
        app,
        &snippets::machine::For {
            client_id: &id_text,
            scope: machine.ceiling(resource.map(|resource| &resource.identifier)),
            resource,
            by: first.map(|credential| &credential.kind),
            secret: None,
            dpop_bound: machine.dpop_bound,
        },
    );
    let known: Vec<(Resource, String)> = all.iter().map(|r| (r.identifier.clone(), r.name.clone())).collect();
    let page = MachinePage {
        shell: shell(visitor, &request, &WORDS),
        frame: Frame::of(Section::Machines),
        href: path(id),
        name: machine.name.clone(),
        purpose: machine.purpose.clone(),
        description: machine.description.clone(),
        kind: kind_words(machine.kind).to_owned(),
        state: standing(machine, now),
        owner: owner.as_ref().map_or_else(|| "nobody".to_owned(), |owner| owner.name.clone()),
        owner_href: super::person::path(machine.owner),
        owner_email: owner.map(|owner| owner.email.as_str().to_owned()).unwrap_or_default(),
        tenant: machine.tenant.to_string(),
        tags: machine.tags.clone(),
        created: moment(machine.created_at, now),
        expires: machine.expires_at.map(|at| moment(at, now)),
        last_used: tally.last_at().map(|at| moment(at, now)),
        last_from: tally.last_from().map(|network| format!("from {network}")),
        grants: match grants {
            0 => "no tokens yet".to_owned(),
            1 => "1 token".to_owned(),
            many => format!("{many} tokens"),
        },
        waits: grants == 0 && first.is_some() && machine.standing(now) == MachineStanding::Active,
        halt: halt(visitor, &insight, grants, &acts).await?,
        findings: insight.findings.iter().map(found).collect(),
        credentials: insight.facts.credentials.iter().map(|one| credential(&insight, visitor, by, one)).collect(),
        access: access(&insight, &catalogue, &known, &unused, now),
        trim: match unused.len() {
            0 => None,
            1 => Some("Take away the scope that it does not use".to_owned()),
            many => Some(format!("Take away the {many} scopes that it does not use")),
        },
        lifetime: machine.access_for.map_or_else(|| "as each resource says".to_owned(), |life| length(life.seconds())),
        roles: machine.roles.iter().map(ToString::to_string).collect(),
        networks: machine.networks.iter().map(ToString::to_string).collect(),
        dpop_bound: machine.dpop_bound,
        more_delegations: acts.len() > SHOWN,
        delegations: acts.iter().take(SHOWN).map(|one| delegation(one, &names, now)).collect(),
        acted,
        chart: super::activity::of_machine(&insight.facts.usage, now),
        events: told::folded(app, now, &told).await.map_err(broken)?,
        snippets,
        id: id_text,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn title(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// How it stands with stopping; of one that is stopped, which of its tokens may still be taken.
async fn halt(visitor: &Visitor, insight: &Insight, grants: u64, acts: &[Delegation]) -> Result<Halt, PageProblem> {
    let (machine, now) = (&insight.facts.machine, visitor.ctx.at);
    if machine.state == ClientState::Active {
        return Ok(Halt::Runs { at_stake: at_stake(insight, grants, acts, now) });
    }
    let halted = machines::how_halted(&visitor.app, now, machine.id).await.map_err(|why| declined(visitor, why))?;
    let left = left::words(&halted.live, now);
    let because = machine.stopped.as_ref().map(|stopped| stopped.because.clone()).unwrap_or_default();
    let at = machine.stopped.as_ref().map(|stopped| moment(stopped.at, now));
    Ok(match machine.state {
        ClientState::Retired => Halt::Retired { at, because, left },
        _ => Halt::Stopped { at: at.unwrap_or_else(|| moment(machine.created_at, now)), because, left },
    })
}

/// Networks that are named in a sentence.
const NETWORKS: usize = 3;

/// Who depends on it, as far as anybody knows: what it got, from where it called, and for whom it acts.
fn at_stake(insight: &Insight, grants: u64, acts: &[Delegation], now: Timestamp) -> String {
    let used = &insight.facts.usage.used;
    let mut said = match used.last_at() {
        None => "It never got a token.".to_owned(),
        Some(at) => {
            let plural = if grants == 1 { "" } else { "s" };
            format!("It got {grants} token{plural}, the last one {}{}.", moment(at, now).words, whence(used))
        }
    };
    match acts.iter().filter(|one| one.is_live(now)).count() {
        0 => {}
        1 => said.push_str(" It acts for somebody: 1 delegation is live."),
        many if acts.len() > SHOWN => {
            said.push_str(&format!(" It acts for others: {many} or more delegations are live."))
        }
        many => said.push_str(&format!(" It acts for others: {many} delegations are live.")),
    }
    said
}

/// ", from 10.1.2.0/24 and 192.0.2.0/24"
fn whence(used: &Tally) -> String {
    let mut named: Vec<String> = used.callers.iter().take(NETWORKS).map(|caller| caller.network.to_string()).collect();
    let more = used.callers.len().saturating_sub(NETWORKS);
    if more > 0 {
        named.push(format!("{more} more network{}", if more == 1 { "" } else { "s" }));
    }
    match named.split_last() {
        None => String::new(),
        Some((only, [])) => format!(", from {only}"),
        Some((last, first)) => format!(", from {} and {last}", first.join(", ")),
    }
}

/// Who would notice if a credential ended, and whether anything is left to prove itself by.
fn at_stake_of(insight: &Insight, used: Option<&Tally>, one: &Credential, now: Timestamp) -> String {
    let last = used.and_then(|used| used.last_at().map(|at| (used, at)));
    let mut said = match last {
        Some((used, at)) => format!("It was last used {}{}.", moment(at, now).words, whence(used)),
        None => "Nobody has used it yet.".to_owned(),
    };
    if !insight.facts.credentials.iter().any(|other| other.id != one.id && other.is_live(now)) {
        said.push_str(" It is the only one that is good: without it the machine gets no token.");
    }
    said
}

fn credential(insight: &Insight, visitor: &Visitor, by: &Operator, one: &Credential) -> CredentialLine {
    let now = visitor.ctx.at;
    let used = insight.facts.by_credential.iter().find(|(id, _)| *id == one.id).map(|(_, tally)| tally);
    let state = one.standing(now);
    let tone = match state {
        "active" => Tone::Live,
        "being_replaced" => Tone::Soon,
        _ => Tone::Plain,
    };
    let successor = insight.replaced(&visitor.app, one, by).map(|replaced| match replaced {
        Replaced::Used(at) => {
            let from: Vec<String> = used
                .into_iter()
                .flat_map(|used| used.callers.iter().take(3).map(|caller| caller.network.to_string()))
                .collect();
            let whence = if from.is_empty() { String::new() } else { format!(" by {}", from.join(", ")) };
            format!(
                "Somebody still uses it: last {}{whence}. Find who has not taken up the new one.",
                moment(at, now).words
            )
        }
        Replaced::Silent(at) => {
            format!("Nobody used it since {}, while the new one is in use: safe to revoke.", moment(at, now).words)
        }
    });
    let live = one.is_live(now);
    let (kind, rules) = match &one.kind {
        CredentialKind::ClientSecret { .. } => ("Client secret".to_owned(), Vec::new()),
        CredentialKind::AccessKey { .. } => ("Access key".to_owned(), Vec::new()),
        CredentialKind::PublicKeys { .. } => ("Public keys".to_owned(), Vec::new()),
        CredentialKind::KeySet { .. } => ("Keys at its own address".to_owned(), Vec::new()),
        CredentialKind::Trust(trust) => {
            let preset = trust.preset.as_deref().and_then(Preset::named);
            let title = preset.map_or("Tokens of another issuer", |preset| preset.title).to_owned();
            (title, trust.rules.iter().map(ToString::to_string).collect())
        }
    };
    CredentialLine {
        id: one.id.to_string(),
        name: one.name.clone(),
        kind,
        hint: one.hint.clone(),
        state: Pill::new(state.replace('_', " "), tone),
        created: moment(one.created_at, now),
        expires: one.expires_at.map(|at| moment(at, now)),
        last_used: used.and_then(|used| used.last_at()).map(|at| moment(at, now)),
        last_from: used.and_then(|used| used.last_from()).map(|network| format!("from {network}")),
        successor,
        rules,
        at_stake: at_stake_of(insight, used, one, now),
        may_rotate: live
            && one.replaced_by.is_none()
            && matches!(one.kind, CredentialKind::ClientSecret { .. } | CredentialKind::AccessKey { .. }),
        may_revoke: live,
        may_try: matches!(one.kind, CredentialKind::Trust(_)),
    }
}

/// What it does not use: the scope, and where it is granted. Nothing is taken from one that is retired.
fn unused(insight: &Insight, after: Lifetime, now: Timestamp) -> Vec<(String, Option<Resource>)> {
    let facts = &insight.facts;
    if facts.machine.state == ClientState::Retired {
        return Vec::new();
    }
    let unused = findings::unused_grants(facts, after, now);
    unused.into_iter().map(|(scope, resource, _)| (scope.to_string(), resource.cloned())).collect()
}

fn access(
    insight: &Insight,
    catalogue: &[ScopeEntry],
    known: &[(Resource, String)],
    unused: &[(String, Option<Resource>)],
    now: Timestamp,
) -> Vec<AccessLine> {
    let (machine, used) = (&insight.facts.machine, &insight.facts.scopes);
    let line = |scopes: &ScopeSet, granted_at: Option<&Resource>, used_at: Option<&Resource>| -> Vec<ScopeUseLine> {
        scopes
            .iter()
            .map(|scope| ScopeUseLine {
                name: scope.to_string(),
                words: catalogue
                    .iter()
                    .find(|entry| entry.name == *scope)
                    .map_or_else(|| "Not in the catalogue".to_owned(), |entry| entry.description.clone()),
                last_used: used.last_at(scope, used_at).map(|at| moment(at, now)),
                unused: unused.iter().any(|(name, at)| *name == scope.to_string() && at.as_ref() == granted_at),
            })
            .collect()
    };
    if machine.access.is_empty() {
        if machine.scope.is_empty() {
            return Vec::new();
        }
        let scopes = line(&machine.scope, None, None);
        return vec![AccessLine { name: "Any registered resource".into(), identifier: None, lifetime: None, scopes }];
    }
    let named = |resource: &Resource| {
        known.iter().find(|(known, _)| known == resource).map_or_else(|| resource.to_string(), |(_, name)| name.clone())
    };
    machine
        .access
        .iter()
        .map(|access| AccessLine {
            name: named(&access.resource),
            identifier: Some(access.resource.to_string()),
            lifetime: access.access_for.map(|life| length(life.seconds())),
            scopes: match &access.scope {
                Some(scope) => line(scope, Some(&access.resource), Some(&access.resource)),
                None => line(&machine.scope, None, Some(&access.resource)),
            },
        })
        .collect()
}

fn delegation(one: &Delegation, names: &Names, now: Timestamp) -> DelegationLine {
    let state = one.standing(now);
    DelegationLine {
        id: one.id.to_string(),
        subject_href: match &one.subject {
            Subject::Person(id) => super::person::path(*id),
            Subject::Client(id) => format!("/console/machines/{id}"),
        },
        subject: names.of(&one.subject.text()).to_owned(),
        purpose: one.purpose.clone(),
        scopes: one.scope.iter().map(ToString::to_string).collect(),
        resources: one.resources.iter().map(ToString::to_string).collect(),
        state: Pill::new(state, if state == "live" { Tone::Live } else { Tone::Plain }),
        until: moment(one.expires_at, now),
        may_revoke: one.is_live(now),
    }
}

/// `POST /console/machines/{id}/suspension`
pub(super) async fn suspend(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id = wanted(visitor, &id)?;
    let done = machines::suspend(&visitor.app, &asked.by, id, Seen::Anything, asked.form.text("because")).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "stopped"))
}

/// `POST /console/machines/{id}/resumption`
pub(super) async fn resume(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id = wanted(visitor, &id)?;
    machines::resume(&visitor.app, &asked.by, id, Seen::Anything).await.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "resumed"))
}

/// `POST /console/machines/{id}/retirement`: nothing brings it back, so its name is asked for.
pub(super) async fn retire(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id = wanted(visitor, &id)?;
    let (machine, ..) = machines::show(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    if asked.form.text("name").trim() != machine.name {
        return Ok(back(visitor, &path(id), "wrong-name"));
    }
    let done = machines::retire(&visitor.app, &asked.by, id, Seen::Anything, asked.form.text("because")).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "retired"))
}

/// `POST /console/machines/{id}/handover`
pub(super) async fn hand_over(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id = wanted(visitor, &id)?;
    let owner = asked.form.text("owner").trim().parse();
    let owner = owner.map_err(|why| declined(visitor, Declined::field("owner", why)))?;
    match machines::hand_over(&visitor.app, &asked.by, id, Seen::Anything, owner).await {
        Ok(_) => Ok(back(visitor, &path(id), "handed-over")),
        Err(Declined::Invalid(_)) => Ok(back(visitor, &path(id), "no-owner")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/machines/{id}/trim`: takes away what it does not use, as that is found now.
pub(super) async fn trim(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let (app, by) = (&visitor.app, &asked.by);
    let id = wanted(visitor, &id)?;
    let insight = findings::of_machine(app, by, id).await.map_err(|why| declined(visitor, why))?;
    let unused = unused(&insight, app.settings.now().machines.scopes_unused_after, visitor.ctx.at);
    let as_found = Seen::OneOf(vec![tag(&insight.facts.machine).map_err(|fault| visitor.broken(&fault))?]);
    let done = machines::change(app, by, id, as_found, move |machine| {
        let stays = |scope: &str, resource: Option<&Resource>| {
            !unused.iter().any(|(name, at)| name == scope && at.as_ref() == resource)
        };
        let mut terms = Terms::of(machine)?;
        terms.scope = terms.scope.only(|scope| stays(scope.as_str(), None));
        for access in &mut terms.access {
            let here = access.resource.clone();
            access.scope = access.scope.take().map(|scope| scope.only(|scope| stays(scope.as_str(), Some(&here))));
        }
        Ok(terms)
    });
    done.await.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "trimmed"))
}

/// What somebody should look at, and where on this page it is mended.
fn found(finding: &Finding) -> FindingLine {
    let (mend, at) = match (finding.kind, finding.credential) {
        (FindingKind::NoOwner, _) => ("Hand it over", "hand-over".to_owned()),
        (FindingKind::Unused | FindingKind::NeverUsed, _) => ("Retire it", "hand-over".to_owned()),
        (FindingKind::ScopesUnused, _) => ("Take away what it does not need", "access".to_owned()),
        (FindingKind::MachineExpiring | FindingKind::NewNetwork, _) => ("See what it may do", "access".to_owned()),
        (FindingKind::OldSecretSilent, Some(id)) => ("Revoke it", id.to_string()),
        (FindingKind::CredentialMisused, Some(id)) => ("See the credential", id.to_string()),
        (FindingKind::OldSecretUsed, Some(id)) => ("See who uses it", id.to_string()),
        (FindingKind::SecretShared, _) => ("Give each its own", "credentials".to_owned()),
        (_, Some(id)) => ("Rotate it", id.to_string()),
        (_, None) => ("See its credentials", "credentials".to_owned()),
    };
    FindingLine {
        title: title(finding_words(finding.kind)),
        sentence: sentence(&finding.text),
        mend: mend.to_owned(),
        at,
    }
}

/// With a capital and a full stop, and without the marks that a command line puts around names.
fn sentence(text: &str) -> String {
    let text = text.replace('`', "");
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).chain(['.']).collect()
}
