//! `/console/machines/{id}`: one machine, and what is done to it as a whole.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::machines::standing;
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
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{
    AccessLine, CredentialLine, DelegationLine, FindingLine, Frame, Halt, MachinePage, Pill, ScopeUseLine, Section,
    Tone,
};
use crate::web::words::{MachineWasWords, StakeWords, Words};

/// Delegations and events that its page shows, and how often it acted for somebody.
const SHOWN: usize = 20;
const ACTED: usize = 10;
/// The event of a machine that acts.
const EXCHANGED: &str = "token.exchanged";

pub(super) fn path(id: Id<Machine>) -> String {
    format!("/console/machines/{id}")
}

fn said(t: &MachineWasWords) -> [(&'static str, FlashKind, &'static str); 13] {
    [
        ("made", FlashKind::Done, t.made),
        ("changed", FlashKind::Done, t.changed),
        ("stopped", FlashKind::Done, t.stopped),
        ("resumed", FlashKind::Done, t.resumed),
        ("retired", FlashKind::Done, t.retired),
        ("handed-over", FlashKind::Done, t.handed_over),
        ("no-owner", FlashKind::Failed, t.no_owner),
        ("trimmed", FlashKind::Done, t.trimmed),
        ("credential", FlashKind::Done, t.credential),
        ("revoked", FlashKind::Done, t.revoked),
        ("delegated", FlashKind::Done, t.delegated),
        ("delegation-revoked", FlashKind::Done, t.delegation_revoked),
        ("wrong-name", FlashKind::Failed, t.wrong_name),
    ]
}

/// `GET /console/machines/{id}`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let Administrator { visitor, by } = &admin;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let (words, t) = (visitor.words(), &visitor.words().console.machine);
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
    let acted = told::folded(app, visitor.words(), now, &told::of(&acted)).await.map_err(broken)?;
    let tally = &insight.facts.usage.used;
    let grants = tally.seen.map_or(0, |seen| seen.grants);
    let unused = unused(&insight, app.settings.now().machines.scopes_unused_after, now);
    let id_text = id.to_string();
    let resource = snippets::meant(machine.access.first().map(|access| &access.resource), &all);
    let first = insight.facts.credentials.iter().find(|credential| credential.is_live(now));
    let snippets = snippets::machine::of(
        app,
        visitor.words(),
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
        shell: shell(visitor, &request, &said(&t.was)),
        frame: Frame::of(Section::Machines),
        href: path(id),
        name: machine.name.clone(),
        purpose: machine.purpose.clone(),
        description: machine.description.clone(),
        kind: words.console.machine_labels.kind(machine.kind).to_owned(),
        state: standing(words, machine, now),
        owner: owner.as_ref().map_or_else(|| t.nobody.to_owned(), |owner| owner.name.clone()),
        owner_href: super::person::path(machine.owner),
        owner_email: owner.map(|owner| owner.email.as_str().to_owned()).unwrap_or_default(),
        tenant: machine.tenant.to_string(),
        tags: machine.tags.clone(),
        created: words.at(machine.created_at, now),
        expires: machine.expires_at.map(|at| words.at(at, now)),
        last_used: tally.last_at().map(|at| words.at(at, now)),
        last_from: tally.last_from().map(ToString::to_string),
        grants: (t.grants)(grants),
        waits: grants == 0 && first.is_some() && machine.standing(now) == MachineStanding::Active,
        halt: halt(visitor, &insight, grants, &acts).await?,
        findings: insight.findings.iter().map(|one| found(words, one)).collect(),
        credentials: insight.facts.credentials.iter().map(|one| credential(&insight, visitor, by, one)).collect(),
        access: access(visitor, &insight, &catalogue, &known, &unused),
        trim: (!unused.is_empty()).then(|| (t.access.trim)(unused.len())),
        lifetime: machine
            .access_for
            .map_or_else(|| t.access.as_resources_say.to_owned(), |life| words.length(life.seconds())),
        roles: machine.roles.iter().map(ToString::to_string).collect(),
        networks: machine.networks.iter().map(ToString::to_string).collect(),
        dpop_bound: machine.dpop_bound,
        more_delegations: acts.len() > SHOWN,
        delegations: acts.iter().take(SHOWN).map(|one| delegation(words, one, &names, now)).collect(),
        acted,
        chart: super::activity::of_machine(visitor.words(), &insight.facts.usage, now),
        events: told::folded(app, visitor.words(), now, &told).await.map_err(broken)?,
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
    let (machine, words, now) = (&insight.facts.machine, visitor.words(), visitor.ctx.at);
    if machine.state == ClientState::Active {
        return Ok(Halt::Runs { at_stake: at_stake(words, insight, grants, acts, now) });
    }
    let halted = machines::how_halted(&visitor.app, now, machine.id).await.map_err(|why| declined(visitor, why))?;
    let left = left::words(words, &halted.live, now);
    let because = machine.stopped.as_ref().map(|stopped| stopped.because.clone()).unwrap_or_default();
    let at = machine.stopped.as_ref().map(|stopped| words.at(stopped.at, now));
    Ok(match machine.state {
        ClientState::Retired => Halt::Retired { at, because, left },
        _ => Halt::Stopped { at: at.unwrap_or_else(|| words.at(machine.created_at, now)), because, left },
    })
}

/// Networks that are named in a sentence.
const NETWORKS: usize = 3;

/// Who depends on it, as far as anybody knows: what it got, from where it called, and for whom it acts.
fn at_stake(words: &Words, insight: &Insight, grants: u64, acts: &[Delegation], now: Timestamp) -> String {
    let (t, used) = (&words.console.machine.stake, &insight.facts.usage.used);
    let mut said = vec![match used.last_at() {
        None => t.never_got.to_owned(),
        Some(at) => (t.got)(grants, &words.at(at, now).words, &whence(t, used)),
    }];
    match acts.iter().filter(|one| one.is_live(now)).count() {
        0 => {}
        1 => said.push(t.acts_for_one.to_owned()),
        many => said.push((t.acts_for)(many, acts.len() > SHOWN)),
    }
    said.join(" ")
}

/// "10.1.2.0/24 and 192.0.2.0/24"
fn whence(t: &StakeWords, used: &Tally) -> String {
    let mut named: Vec<String> = used.callers.iter().take(NETWORKS).map(|caller| caller.network.to_string()).collect();
    let more = used.callers.len().saturating_sub(NETWORKS);
    if more > 0 {
        named.push((t.more_networks)(more));
    }
    (t.networks)(&named)
}

/// Who would notice if a credential ended, and whether anything is left to prove itself by.
fn at_stake_of(words: &Words, insight: &Insight, used: Option<&Tally>, one: &Credential, now: Timestamp) -> String {
    let t = &words.console.machine.stake;
    let last = used.and_then(|used| used.last_at().map(|at| (used, at)));
    let said = match last {
        Some((used, at)) => (t.used)(&words.at(at, now).words, &whence(t, used)),
        None => t.unused.to_owned(),
    };
    match insight.facts.credentials.iter().any(|other| other.id != one.id && other.is_live(now)) {
        true => said,
        false => format!("{said} {}", t.only_one),
    }
}

fn credential(insight: &Insight, visitor: &Visitor, by: &Operator, one: &Credential) -> CredentialLine {
    let (words, now) = (visitor.words(), visitor.ctx.at);
    let (t, labels) = (&words.console.machine.credentials, &words.console.machine_labels);
    let used = insight.facts.by_credential.iter().find(|(id, _)| *id == one.id).map(|(_, tally)| tally);
    let state = one.standing(now);
    let tone = match state {
        "active" => Tone::Live,
        "being_replaced" => Tone::Soon,
        _ => Tone::Plain,
    };
    let successor = insight.replaced(&visitor.app, one, by).map(|replaced| match replaced {
        Replaced::Used(at) => {
            let callers = used.into_iter().flat_map(|used| used.callers.iter().take(NETWORKS));
            let from: Vec<String> = callers.map(|caller| caller.network.to_string()).collect();
            (t.still_used)(&words.at(at, now).words, &from.join(", "))
        }
        Replaced::Silent(at) => (t.silent)(&words.at(at, now).words),
    });
    let live = one.is_live(now);
    let rules = match &one.kind {
        CredentialKind::Trust(trust) => trust.rules.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    CredentialLine {
        id: one.id.to_string(),
        name: one.name.clone(),
        kind: kind(words, &one.kind).to_owned(),
        hint: one.hint.clone(),
        state: Pill::new(labels.credential(state), tone),
        created: words.at(one.created_at, now),
        expires: one.expires_at.map(|at| words.at(at, now)),
        last_used: used.and_then(|used| used.last_at()).map(|at| words.at(at, now)),
        last_from: used.and_then(|used| used.last_from()).map(ToString::to_string),
        successor,
        rules,
        at_stake: at_stake_of(words, insight, used, one, now),
        may_rotate: live
            && one.replaced_by.is_none()
            && matches!(one.kind, CredentialKind::ClientSecret { .. } | CredentialKind::AccessKey { .. }),
        may_revoke: live,
        may_try: matches!(one.kind, CredentialKind::Trust(_)),
    }
}

fn kind(words: &Words, kind: &CredentialKind) -> &'static str {
    let (t, form) = (&words.console.machine.credentials, &words.console.credential_form);
    match kind {
        CredentialKind::ClientSecret { .. } => form.client_secret,
        CredentialKind::AccessKey { .. } => form.access_key,
        CredentialKind::PublicKeys { .. } => form.public_keys,
        CredentialKind::KeySet { .. } => t.key_set,
        CredentialKind::Trust(trust) => {
            trust.preset.as_deref().and_then(Preset::named).map_or(t.other_issuer, |preset| form.preset(preset))
        }
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
    visitor: &Visitor,
    insight: &Insight,
    catalogue: &[ScopeEntry],
    known: &[(Resource, String)],
    unused: &[(String, Option<Resource>)],
) -> Vec<AccessLine> {
    let (words, now) = (visitor.words(), visitor.ctx.at);
    let t = &words.console.machine.access;
    let (machine, used) = (&insight.facts.machine, &insight.facts.scopes);
    let line = |scopes: &ScopeSet, granted_at: Option<&Resource>, used_at: Option<&Resource>| -> Vec<ScopeUseLine> {
        scopes
            .iter()
            .map(|scope| ScopeUseLine {
                name: scope.to_string(),
                words: catalogue
                    .iter()
                    .find(|entry| entry.name == *scope)
                    .map_or_else(|| t.uncatalogued.to_owned(), |entry| visitor.describes(entry)),
                last_used: used.last_at(scope, used_at).map(|at| words.at(at, now)),
                unused: unused.iter().any(|(name, at)| *name == scope.to_string() && at.as_ref() == granted_at),
            })
            .collect()
    };
    if machine.access.is_empty() {
        if machine.scope.is_empty() {
            return Vec::new();
        }
        let scopes = line(&machine.scope, None, None);
        return vec![AccessLine { name: t.anywhere.into(), identifier: None, lifetime: None, scopes }];
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
            lifetime: access.access_for.map(|life| words.length(life.seconds())),
            scopes: match &access.scope {
                Some(scope) => line(scope, Some(&access.resource), Some(&access.resource)),
                None => line(&machine.scope, None, Some(&access.resource)),
            },
        })
        .collect()
}

fn delegation(words: &Words, one: &Delegation, names: &Names, now: Timestamp) -> DelegationLine {
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
        state: Pill::new(
            words.console.machine_labels.delegation(state),
            if state == "live" { Tone::Live } else { Tone::Plain },
        ),
        until: words.at(one.expires_at, now),
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
fn found(words: &Words, finding: &Finding) -> FindingLine {
    let t = &words.console.machine.mend;
    let (mend, at) = match (finding.kind, finding.credential) {
        (FindingKind::NoOwner, _) => (t.hand_over, "hand-over".to_owned()),
        (FindingKind::Unused | FindingKind::NeverUsed, _) => (t.retire, "hand-over".to_owned()),
        (FindingKind::ScopesUnused, _) => (t.trim, "access".to_owned()),
        (FindingKind::MachineExpiring | FindingKind::NewNetwork, _) => (t.see_access, "access".to_owned()),
        (FindingKind::OldSecretSilent, Some(id)) => (t.revoke, id.to_string()),
        (FindingKind::CredentialMisused, Some(id)) => (t.see_credential, id.to_string()),
        (FindingKind::OldSecretUsed, Some(id)) => (t.see_users, id.to_string()),
        (FindingKind::SecretShared, _) => (t.give_each, "credentials".to_owned()),
        (_, Some(id)) => (t.rotate, id.to_string()),
        (_, None) => (t.see_credentials, "credentials".to_owned()),
    };
    FindingLine {
        title: title(words.console.machine_labels.finding(finding.kind)),
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
