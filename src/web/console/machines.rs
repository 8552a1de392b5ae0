//! `/console/machines`: the list, and stopping several at once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{declined, kept, listing, or_any, queries, shell, with};
use crate::base::{Id, Lifetime, Timestamp};
use crate::model::{FindingKind, Machine, MachineKind, MachineStanding, Person, Tenant, TenantName};
use crate::operations::declined::Declined;
use crate::operations::findings::{self, Insight};
use crate::operations::machines::{self, Order, Place, Sorted, Which};
use crate::operations::names;
use crate::operations::seen::Seen;
use crate::operations::tenants;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{Choice, First, Frame, Head, MachineRow, MachinesPage, Pill, Section, Tone};
use crate::web::words::Words;

/// Machines on one page.
const A_PAGE: usize = 50;
/// Most machines stopped by one form.
const MOST_STOPPED: usize = 100;
/// Most tenants offered to choose from.
const TENANTS: usize = 50;

const LIST: &str = "/console/machines";
/// What the address of the list may say, and a form leads back to.
const FILTER: [&str; 8] = ["q", "state", "kind", "finding", "owner", "tenant", "tag", "sort"];
/// Whoever was used within this is missed by somebody.
const LATELY: Lifetime = Lifetime::from_days(1);

const STATES: [(&str, MachineStanding); 4] = [
    ("active", MachineStanding::Active),
    ("suspended", MachineStanding::Suspended),
    ("expired", MachineStanding::Expired),
    ("retired", MachineStanding::Retired),
];

const ORDERS: [(&str, Order); 6] = [
    ("", Order::Newest),
    ("made", Order::Oldest),
    ("name", Order::Name),
    ("-name", Order::NameBackwards),
    ("-used", Order::UsedLast),
    ("used", Order::UsedFirst),
];

/// What the address of the list says.
#[derive(Default)]
struct Asked {
    text: Option<String>,
    state: Option<MachineStanding>,
    kind: Option<MachineKind>,
    finding: Option<FindingKind>,
    owner: Option<Id<Person>>,
    tenant: Option<TenantName>,
    tag: Option<String>,
    order: Order,
    before: Option<Place>,
    count: usize,
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let asked = queries(request);
        let said = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let state = said("state").and_then(|state| STATES.into_iter().find(|(name, _)| *name == state));
        let order = said("sort").and_then(|sort| ORDERS.into_iter().find(|(name, _)| *name == sort));
        Self {
            text: said("q").map(str::to_owned),
            state: state.map(|(_, state)| state),
            kind: said("kind").and_then(MachineKind::parse),
            finding: said("finding").and_then(FindingKind::parse),
            owner: said("owner").and_then(|id| id.parse().ok()),
            tenant: said("tenant").and_then(|name| name.parse().ok()),
            tag: said("tag").map(str::to_owned),
            order: order.map(|(_, order)| order).unwrap_or_default(),
            before: said("before").and_then(|place| place.parse().ok()),
            count: said("count").and_then(|count| count.parse().ok()).unwrap_or_default(),
        }
    }

    fn which(&self) -> Which {
        Which {
            state: self.state,
            kind: self.kind,
            owner: self.owner,
            tenant: self.tenant.clone(),
            tag: self.tag.clone(),
            finding: self.finding,
            words: self.text.clone(),
        }
    }

    fn is_narrowed(&self) -> bool {
        let some = [self.text.is_some(), self.kind.is_some(), self.state.is_some(), self.finding.is_some()];
        some.contains(&true) || self.owner.is_some() || self.tenant.is_some() || self.tag.is_some()
    }

    /// What is to be known about the order of what is shown.
    fn about_order(&self, words: &Words, found: &Sorted, tenants: usize) -> Option<String> {
        let t = &words.console.machines;
        let by_name = matches!(self.order, Order::Name | Order::NameBackwards);
        let mut said = Vec::new();
        if let Some(newest) = found.only_newest {
            said.push((t.only_newest)(&words.console.charts.number(newest as u64)));
        }
        if by_name && self.tenant.is_none() && tenants > 1 {
            said.push(t.by_tenant.to_owned());
        }
        if by_name && self.state.is_none() {
            said.push(t.none_retired.to_owned());
        }
        (!said.is_empty()).then(|| said.join(" "))
    }
}

/// `GET /console/machines`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Administrator { visitor, by } = &admin;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let (t, labels) = (&visitor.words().console.machines, &visitor.words().console.machine_labels);
    let broken = |fault| visitor.broken(&fault);
    let asked = Asked::of(&request);
    let found = machines::sorted(app, by, asked.which(), asked.order, asked.before.clone(), A_PAGE);
    let mut found = found.await.map_err(broken)?;
    let known = tenants::page(app, None, TENANTS).await.map_err(broken)?;
    let known: Vec<Tenant> = known.rows.into_iter().map(|(_, tenant)| tenant).collect();
    let about_order = asked.about_order(visitor.words(), &found, known.len());
    let rows = findings::of_machines(app, by, std::mem::take(&mut found.machines)).await.map_err(broken)?;
    let owners = rows.iter().map(|insight| insight.facts.machine.owner.to_string());
    let owners = owners.chain(asked.owner.map(|id| id.to_string())).collect();
    let owners = names::of(app, owners).await.map_err(broken)?;
    let stopped = (t.were_stopped)(asked.count.min(MOST_STOPPED));
    let words = [
        ("stopped", FlashKind::Done, stopped.as_str()),
        ("some", FlashKind::Failed, t.some_stopped),
        ("none", FlashKind::Failed, t.none_chosen),
    ];
    let head = |up: (&str, Order), down: (&str, Order), first: &str| {
        let (sort, next) = match asked.order {
            order if order == up.1 => ("ascending", down.0),
            order if order == down.1 => ("descending", up.0),
            _ => ("", first),
        };
        Head { sort, href: with(&request, LIST, &FILTER, ("sort", next)) }
    };
    let page = MachinesPage {
        shell: shell(visitor, &request, &words),
        frame: Frame { query: asked.text.clone().unwrap_or_default(), ..listing(visitor, &request, Section::Machines) },
        here: kept(request.query_string(), &FILTER),
        states: or_any(
            visitor.words(),
            STATES.into_iter().map(|(name, one)| Choice::new(name, labels.standing(one), asked.state == Some(one))),
        ),
        kinds: or_any(
            visitor.words(),
            MachineKind::ALL
                .into_iter()
                .map(|(name, one)| Choice::new(name, labels.kind(one), asked.kind == Some(one))),
        ),
        findings: or_any(
            visitor.words(),
            FindingKind::ALL
                .iter()
                .map(|one| Choice::new(one.as_str(), labels.finding(*one), asked.finding == Some(*one))),
        ),
        tenants: tenants_to_choose(visitor.words(), &known, asked.tenant.as_ref()),
        orders: ORDERS.into_iter().map(|(name, one)| Choice::new(name, t.in_order(one), asked.order == one)).collect(),
        by_name: head(("name", Order::Name), ("-name", Order::NameBackwards), "name"),
        by_use: head(("used", Order::UsedFirst), ("-used", Order::UsedLast), "-used"),
        about_order,
        first: match asked.order {
            Order::Newest => First::Newest,
            Order::Oldest => First::Oldest,
            _ => First::First,
        },
        owner: asked.owner.map(|id| (id.to_string(), owners.of(&id.to_string()).to_owned())),
        tag: asked.tag.clone(),
        narrowed: asked.is_narrowed(),
        rows: rows.iter().map(|insight| row(visitor.words(), insight, &owners, now)).collect(),
        next: found.next.map(|place| with(&request, LIST, &FILTER, ("before", &place.to_string()))),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// Nothing, where there is only one.
fn tenants_to_choose(words: &Words, known: &[Tenant], chosen: Option<&TenantName>) -> Vec<Choice> {
    if known.len() <= 1 && chosen.is_none() {
        return Vec::new();
    }
    let offered = known.iter().map(|one| {
        let label = format!("{} ({})", one.title, one.name);
        Choice::new(one.name.to_string(), label, chosen == Some(&one.name))
    });
    let stray = chosen.filter(|name| !known.iter().any(|one| one.name == **name));
    or_any(words, offered.chain(stray.map(|name| Choice::new(name.to_string(), name.to_string(), true))))
}

fn row(words: &Words, insight: &Insight, owners: &names::Names, now: Timestamp) -> MachineRow {
    let (t, labels) = (&words.console.machines, &words.console.machine_labels);
    let facts = &insight.facts;
    let machine = &facts.machine;
    let live: Vec<_> = facts.credentials.iter().filter(|credential| credential.is_live(now)).collect();
    let ends = live.iter().filter_map(|credential| credential.expires_at).min();
    let oldest = live.iter().map(|credential| credential.created_at).min();
    let mut flags: Vec<String> =
        insight.findings.iter().map(|finding| labels.finding(finding.kind).to_owned()).collect();
    flags.dedup();
    let (used, granted) = findings::used_grants(facts);
    MachineRow {
        id: machine.id.to_string(),
        name: machine.name.clone(),
        purpose: machine.purpose.clone(),
        kind: labels.kind(machine.kind).to_owned(),
        tenant: machine.tenant.to_string(),
        owner: owners.of(&machine.owner.to_string()).to_owned(),
        state: standing(words, machine, now),
        credentials: in_words(words, live.len(), oldest.map(|at| now.since(at))),
        ends: ends.map(|end| words.at(end, now)),
        scopes: if granted == 0 { String::new() } else { (t.scopes_of)(used, granted) },
        last_used: facts.usage.used.last_at().map(|at| words.at(at, now)),
        used_lately: facts.usage.used.last_at().is_some_and(|at| now.since(at) < LATELY),
        last_from: facts.usage.used.last_from().map(ToString::to_string),
        flags,
        may_stop: machine.standing(now) == MachineStanding::Active || machine.standing(now) == MachineStanding::Expired,
    }
}

/// How many credentials, and how old the oldest is.
fn in_words(words: &Words, count: usize, age: Option<Lifetime>) -> String {
    let t = &words.console.machines;
    let Some(age) = age else { return t.no_credentials.to_owned() };
    match age < Lifetime::from_days(1) {
        true => (t.new_credentials)(count),
        false => (t.old_credentials)(count, &words.length(age.seconds())),
    }
}

pub(super) fn standing(words: &Words, machine: &Machine, now: Timestamp) -> Pill {
    let standing = machine.standing(now);
    let tone = match standing {
        MachineStanding::Active => Tone::Live,
        MachineStanding::Expired | MachineStanding::Suspended => Tone::Danger,
        MachineStanding::Retired => Tone::Plain,
    };
    Pill::new(words.console.machine_labels.standing(standing), tone)
}

/// `POST /console/machines/suspension`: each of them alone, so that one that cannot be stopped keeps none of the others running.
pub(super) async fn suspend(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let visitor: &Visitor = &form.visitor;
    let filter = kept(form.text("here"), &FILTER);
    let list = if filter.is_empty() { format!("{LIST}?") } else { format!("{LIST}?{filter}&") };
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
