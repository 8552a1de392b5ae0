//! `/console/machines`: the list, and stopping several at once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{declined, kept, listing, queries, shell};
use crate::base::{Id, Lifetime, Timestamp};
use crate::model::{FindingKind, Machine, MachineKind, MachineStanding, Person};
use crate::operations::declined::Declined;
use crate::operations::findings::{self, Insight};
use crate::operations::machines::{self, Which};
use crate::operations::names;
use crate::operations::seen::Seen;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply::{self, moment};
use crate::web::views::FlashKind;
use crate::web::views::console::{Choice, Frame, MachineRow, MachinesPage, Pill, Section, Tone};

/// Machines on one page.
const A_PAGE: usize = 50;
/// Most machines stopped by one form.
const MOST_STOPPED: usize = 100;

/// What the address of the list may say, and a form leads back to.
const FILTER: [&str; 5] = ["q", "state", "kind", "finding", "owner"];
/// Whoever was used within this is missed by somebody.
const LATELY: Lifetime = Lifetime::from_days(1);

const STATES: [(&str, MachineStanding); 4] = [
    ("active", MachineStanding::Active),
    ("suspended", MachineStanding::Suspended),
    ("expired", MachineStanding::Expired),
    ("retired", MachineStanding::Retired),
];

/// `GET /console/machines`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Administrator { visitor, by } = &admin;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let (text, kind) = (said("q"), said("kind").and_then(MachineKind::parse));
    let state = said("state").and_then(|state| STATES.into_iter().find(|(name, _)| *name == state));
    let finding = said("finding").and_then(FindingKind::parse);
    let owner = said("owner").and_then(|id| id.parse::<Id<Person>>().ok());
    let before = said("before").and_then(|id| id.parse::<Id<Machine>>().ok());

    let which = Which {
        state: state.map(|(_, state)| state),
        kind,
        finding,
        words: text.map(str::to_owned),
        owner,
        ..Which::default()
    };
    let page = machines::list(app, by, which, before, A_PAGE).await.map_err(broken)?;
    let found = page.rows.into_iter().map(|(_, machine)| machine).collect();
    let found = findings::of_machines(app, by, found).await.map_err(broken)?;
    let next = page.next;
    let owners = found.iter().map(|insight| insight.facts.machine.owner.to_string());
    let owners = owners.chain(owner.map(|id| id.to_string())).collect();
    let owners = names::of(app, owners).await.map_err(broken)?;
    let next = next.map(|next| {
        let kept = FILTER.into_iter().filter_map(|name| Some((name, said(name)?)));
        let next = next.to_string();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("before", &next)
            .finish();
        format!("/console/machines?{query}")
    });
    let count = said("count").and_then(|count| count.parse::<usize>().ok()).unwrap_or_default().min(MOST_STOPPED);
    let stopped = match count {
        0 => "The chosen machines are stopped.".to_owned(),
        1 => "1 machine is stopped.".to_owned(),
        many => format!("{many} machines are stopped."),
    };
    let words = [
        ("stopped", FlashKind::Done, stopped.as_str()),
        ("some", FlashKind::Failed, "Not all of them could be stopped: some are retired or gone."),
        ("none", FlashKind::Failed, "Choose the machines to stop first."),
    ];
    let page = MachinesPage {
        shell: shell(visitor, &request, &words),
        frame: Frame { query: text.unwrap_or_default().to_owned(), ..listing(visitor, &request, Section::Machines) },
        here: kept(request.query_string(), &FILTER),
        states: std::iter::once(Choice::new("", "Any", state.is_none()))
            .chain(
                STATES.into_iter().map(|(name, standing)| {
                    Choice::new(name, name, state.is_some_and(|(_, chosen)| chosen == standing))
                }),
            )
            .collect(),
        kinds: std::iter::once(Choice::new("", "Any", kind.is_none()))
            .chain(
                MachineKind::ALL.into_iter().map(|(name, one)| Choice::new(name, kind_words(one), kind == Some(one))),
            )
            .collect(),
        findings: std::iter::once(Choice::new("", "Any", finding.is_none()))
            .chain(
                FindingKind::ALL
                    .iter()
                    .map(|one| Choice::new(one.as_str(), finding_words(*one), finding == Some(*one))),
            )
            .collect(),
        owner: owner.map(|id| (id.to_string(), owners.of(&id.to_string()).to_owned())),
        narrowed: [text.is_some(), kind.is_some(), state.is_some(), finding.is_some(), owner.is_some()].contains(&true),
        rows: found.iter().map(|insight| row(insight, &owners, now)).collect(),
        next,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn row(insight: &Insight, owners: &names::Names, now: Timestamp) -> MachineRow {
    let facts = &insight.facts;
    let machine = &facts.machine;
    let live: Vec<_> = facts.credentials.iter().filter(|credential| credential.is_live(now)).collect();
    let ends = live.iter().filter_map(|credential| credential.expires_at).min();
    let mut flags: Vec<String> =
        insight.findings.iter().map(|finding| finding_words(finding.kind).to_owned()).collect();
    flags.dedup();
    MachineRow {
        id: machine.id.to_string(),
        name: machine.name.clone(),
        purpose: machine.purpose.clone(),
        kind: kind_words(machine.kind).to_owned(),
        owner: owners.of(&machine.owner.to_string()).to_owned(),
        state: standing(machine, now),
        credentials: match ends {
            Some(end) if live.len() == 1 => format!("1, ends {}", moment(end, now).words),
            Some(end) => format!("{}, one ends {}", live.len(), moment(end, now).words),
            None => live.len().to_string(),
        },
        last_used: facts.usage.used.last_at().map(|at| moment(at, now)),
        used_lately: facts.usage.used.last_at().is_some_and(|at| now.since(at) < LATELY),
        last_from: facts.usage.used.last_from().map(|network| format!("from {network}")),
        flags,
        may_stop: machine.standing(now) == MachineStanding::Active || machine.standing(now) == MachineStanding::Expired,
    }
}

/// What there is to be said about a machine, in as few words as a row has room for.
pub(super) const fn finding_words(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::CredentialMisused => "credential misused",
        FindingKind::NoOwner => "no owner",
        FindingKind::Unused => "unused",
        FindingKind::NeverUsed => "never used",
        FindingKind::ScopesUnused => "unused scopes",
        FindingKind::SecretOld => "old secret",
        FindingKind::CredentialExpiring => "credential ends soon",
        FindingKind::MachineExpiring => "ends soon",
        FindingKind::NewNetwork => "new network",
        FindingKind::SecretShared => "shared secret",
        FindingKind::OldSecretUsed => "replaced secret in use",
        FindingKind::OldSecretSilent => "replaced secret silent",
    }
}

pub(super) fn kind_words(kind: MachineKind) -> &'static str {
    match kind {
        MachineKind::Agent => "Agent",
        MachineKind::Service => "Service",
        MachineKind::Ci => "CI job",
        MachineKind::Device => "Device",
    }
}

pub(super) fn standing(machine: &Machine, now: Timestamp) -> Pill {
    match machine.standing(now) {
        MachineStanding::Active => Pill::new("active", Tone::Live),
        MachineStanding::Expired => Pill::new("expired", Tone::Danger),
        MachineStanding::Suspended => Pill::new("suspended", Tone::Danger),
        MachineStanding::Retired => Pill::new("retired", Tone::Plain),
    }
}

/// `POST /console/machines/suspension`: each of them alone, so that one that cannot be stopped keeps none of the others running.
pub(super) async fn suspend(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let visitor: &Visitor = &form.visitor;
    let filter = kept(form.text("here"), &FILTER);
    let list = if filter.is_empty() { "/console/machines?".to_owned() } else { format!("/console/machines?{filter}&") };
    let here = |said: &str| reply::see_other(visitor, &format!("{}{list}said={said}", visitor.app.issuer.path()));
    let chosen: Vec<Id<Machine>> = form.all("machine").filter_map(|id| id.parse().ok()).take(MOST_STOPPED).collect();
    if chosen.is_empty() {
        return Ok(here("none"));
    }
    let (count, mut all) = (chosen.len(), true);
    for id in chosen {
        match machines::suspend(&visitor.app, by, id, Seen::Anything, form.text("because")).await {
            Ok(_) => {}
            Err(Declined::Conflict(_) | Declined::Missing(_)) => all = false,
            Err(other) => return Err(declined(visitor, other)),
        }
    }
    Ok(if all { here(&format!("stopped&count={count}")) } else { here("some") })
}
