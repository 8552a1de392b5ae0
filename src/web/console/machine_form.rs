//! A new machine, and other terms for one.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::credentials::{kinds, next_is, shown};
use super::machine::path;
use super::{as_seen, back, declined, mark, once, sentence, wanted};
use crate::base::{AddressRange, Id, Lifetime, Resource, Timestamp};
use crate::model::{Access, Machine, MachineKind, RoleName, ScopeSet, TenantName};
use crate::operations::credentials::{NewCredential, NewProof};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::machines::{self, NewMachine, Terms};
use crate::operations::seen::tag;
use crate::operations::{resources, scopes};
use crate::protocol::display_name::DisplayName;
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::Field;
use crate::web::views::console::{Choice, Frame, MachineForm, MachineFormPage, Section};
use crate::web::words::Words;

/// Scopes that only people have a use for: what they tell an application about themselves.
pub(super) const ABOUT_PEOPLE: [&str; 6] =
    ["openid", "profile", "email", "offline_access", "descope.claims", "descope.custom_claims"];

/// What was typed, before it is looked at.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    kind: String,
    purpose: String,
    owner: String,
    tenant: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    description: String,
    tags: String,
    lifetime: String,
    expires: String,
    networks: String,
    roles: String,
    dpop: bool,
    credential: String,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            name: text("name"),
            kind: text("kind"),
            purpose: text("purpose"),
            owner: text("owner"),
            tenant: text("tenant"),
            scopes: form.all("scope").map(str::to_owned).collect(),
            resources: form.all("resource").map(str::to_owned).collect(),
            description: form.text("description").replace('\r', "").trim().to_owned(),
            tags: text("tags"),
            lifetime: text("lifetime"),
            expires: text("expires"),
            networks: text("networks"),
            roles: text("roles"),
            dpop: form.text("dpop") == "yes",
            credential: text("credential"),
        }
    }

    /// What a machine has now, as it would be typed.
    fn of_machine(machine: &Machine) -> Self {
        let joined = |all: Vec<String>, between: &str| all.join(between);
        Self {
            name: machine.name.clone(),
            kind: machine.kind.as_str().to_owned(),
            purpose: machine.purpose.clone(),
            scopes: machine.scope.iter().map(ToString::to_string).collect(),
            resources: machine.access.iter().map(|access| access.resource.to_string()).collect(),
            description: machine.description.clone(),
            tags: joined(machine.tags.clone(), ", "),
            lifetime: machine.access_for.map(|life| format!("{}s", life.seconds())).unwrap_or_default(),
            expires: machine.expires_at.map(date).unwrap_or_default(),
            networks: joined(machine.networks.iter().map(ToString::to_string).collect(), " "),
            roles: joined(machine.roles.iter().map(ToString::to_string).collect(), " "),
            dpop: machine.dpop_bound,
            ..Self::default()
        }
    }

    /// The terms, or what is wrong with which field. Resources keep what was said of them in particular.
    fn terms(&self, words: &Words, before: &[Access], now: Timestamp) -> Result<Terms, Invalid> {
        let t = &words.console.machine_form.wrong;
        let mut wrong = Invalid::default();
        let mut say = |field: &'static str, why: String| wrong.0.push((field, why));
        let name = DisplayName::parse(&self.name).map_err(|why| say("name", why.to_string())).ok();
        let kind = MachineKind::parse(&self.kind).unwrap_or(MachineKind::Service);
        let scope: Option<ScopeSet> = self.scopes.join(" ").parse().map_err(|_| say("scope", t.scope.to_owned())).ok();
        let mut access = Vec::new();
        for text in &self.resources {
            match Resource::parse(text) {
                Ok(resource) => {
                    let known = before.iter().find(|access| access.resource == resource).cloned();
                    access.push(known.unwrap_or(Access { resource, scope: None, access_for: None }));
                }
                Err(why) => say("resource", why.to_string()),
            }
        }
        let lifetime = (!self.lifetime.is_empty()).then(|| self.lifetime.parse::<Lifetime>()).transpose();
        let lifetime = lifetime.map_err(|_| say("access_lifetime", t.lifetime.to_owned())).ok().flatten();
        let expires = (!self.expires.is_empty()).then(|| day(&self.expires).filter(|end| *end > now));
        if expires == Some(None) {
            say("expires_at", t.day.to_owned());
        }
        let networks: Result<Vec<AddressRange>, _> =
            self.networks.split([' ', ',']).filter(|text| !text.is_empty()).map(str::parse).collect();
        let networks = networks.map_err(|_| say("networks", t.networks.to_owned())).unwrap_or_default();
        let roles: Result<Vec<RoleName>, _> =
            self.roles.split([' ', ',']).filter(|text| !text.is_empty()).map(str::parse).collect();
        let roles = roles.map_err(|_| say("roles", t.roles.to_owned())).unwrap_or_default();
        let (Some(name), Some(scope), true) = (name, scope, wrong.0.is_empty()) else { return Err(wrong) };
        Ok(Terms {
            description: self.description.clone(),
            tags: self.tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
            access,
            access_for: lifetime,
            expires_at: expires.flatten(),
            roles,
            networks,
            dpop_bound: self.dpop,
            ..Terms::new(name, kind, self.purpose.clone(), scope)
        })
    }
}

/// The day of a time, as `<input type="date">` has it.
pub(super) fn date(at: Timestamp) -> String {
    at.iso().get(..10).unwrap_or_default().to_owned()
}

/// The end of a day.
pub(super) fn day(text: &str) -> Option<Timestamp> {
    (text.len() == 10).then(|| Timestamp::parse_iso(&format!("{text}T23:59:59Z"))).flatten()
}

/// `GET /console/machines/new`
pub(super) async fn new(admin: Administrator) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let owner = visitor.signed_in.as_ref().map(|me| me.person().email.as_str().to_owned()).unwrap_or_default();
    let typed =
        Typed { owner, tenant: TenantName::default().to_string(), kind: "agent".to_owned(), ..Typed::default() };
    page(visitor, StatusCode::OK, &typed, &Invalid::default(), None, None).await
}

/// `GET /console/machines/{id}/change`
pub(super) async fn edit(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let id = wanted(visitor, &id)?;
    let (machine, ..) = machines::show(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    page(visitor, StatusCode::OK, &Typed::of_machine(&machine), &Invalid::default(), None, Some(&machine)).await
}

/// `POST /console/machines/new`
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = asked;
    let visitor = &form.visitor;
    let typed = Typed::of(&form);
    let refuse = async |invalid: Invalid, problem: Option<String>| {
        page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &typed, &invalid, problem, None).await
    };
    let new = match new_machine(visitor.words(), &typed, visitor.ctx.at) {
        Ok(new) => new,
        Err(invalid) => return refuse(invalid, None).await,
    };
    let by = once(&visitor.app, by, form.text("once"), &["machine", &format!("{typed:?}")]);
    match machines::add(&visitor.app, &by, new).await {
        Ok(made) => match made.credential {
            Some(credential) => shown(visitor, &made.machine, credential, None).await,
            None => Ok(match AFTERWARDS.contains(&typed.credential.as_str()) {
                true => next_is(visitor, made.machine.id, &typed.credential),
                false => back(visitor, &path(made.machine.id), "made"),
            }),
        },
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => refuse(invalid, None).await,
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))).await,
    }
}

fn new_machine(words: &Words, typed: &Typed, now: Timestamp) -> Result<NewMachine, Invalid> {
    let mut wrong = Invalid::default();
    let owner = typed.owner.parse().map_err(|why: &'static str| wrong.0.push(("owner", why.to_owned())));
    let tenant: Result<TenantName, _> =
        if typed.tenant.is_empty() { Ok(TenantName::default()) } else { typed.tenant.parse() };
    let tenant = tenant.map_err(|_| wrong.0.push(("tenant", words.console.machine_form.wrong.tenant.to_owned())));
    let terms = typed.terms(words, &[], now).map_err(|more| wrong.0.extend(more.0));
    let proof = match typed.credential.as_str() {
        "client_secret" => Some((NewProof::ClientSecret, words.console.machine_form.first_secret)),
        "access_key" => Some((NewProof::AccessKey, words.console.machine_form.first_access_key)),
        _ => None,
    };
    let credential = proof.and_then(|(proof, name)| {
        Some(NewCredential { name: DisplayName::parse(name).ok()?, proof, expires_at: None })
    });
    match (owner, tenant, terms) {
        (Ok(owner), Ok(tenant), Ok(terms)) => Ok(NewMachine { terms, owner, tenant, credential }),
        _ => Err(wrong),
    }
}

/// `POST /console/machines/{id}/change`
pub(super) async fn update(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let visitor = &form.visitor;
    let id: Id<Machine> = wanted(visitor, &id)?;
    let typed = Typed::of(form);
    let (machine, ..) = machines::show(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let refuse = async |invalid: Invalid, problem: Option<String>| {
        page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &typed, &invalid, problem, Some(&machine)).await
    };
    let (asked, words, now) = (typed.clone(), visitor.words(), visitor.ctx.at);
    let changed = machines::change(&visitor.app, by, id, as_seen(form), move |machine| {
        let terms = asked.terms(words, &machine.access, now).map_err(Declined::Invalid)?;
        // What this form does not ask for stays.
        Ok(Terms {
            custom_claims: machine.custom_claims.clone(),
            serves: machine.serves.clone(),
            refresh_tokens: machine.refresh_tokens,
            ..terms
        })
    });
    match changed.await {
        Ok(_) => Ok(back(visitor, &path(id), "changed")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => refuse(invalid, None).await,
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))).await,
    }
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    typed: &Typed,
    wrong: &Invalid,
    problem: Option<String>,
    changes: Option<&Machine>,
) -> Result<HttpResponse, PageProblem> {
    let broken = |fault| visitor.broken(&fault);
    let catalogue = scopes::list_all(&visitor.app).await.map_err(broken)?;
    let known = resources::list(&visitor.app).await.map_err(broken)?;
    let field = |name: &str, value: &str| Field { value: value.to_owned(), error: wrong.of(name) };
    let folded = ["tenant", "access_lifetime", "expires_at", "networks", "roles", "tags", "description"];
    let set = [&typed.lifetime, &typed.expires, &typed.networks, &typed.roles, &typed.tags, &typed.description];
    let form = MachineForm {
        name: field("name", &typed.name),
        kinds: MachineKind::ALL
            .into_iter()
            .map(|(name, kind)| {
                Choice::new(name, visitor.words().console.machine_labels.kind(kind), name == typed.kind)
            })
            .collect(),
        purpose: field("purpose", &typed.purpose),
        owner: field("owner", &typed.owner),
        tenant: field("tenant", &typed.tenant),
        scopes: catalogue
            .iter()
            // What speaks of a person says nothing about a machine; what it has already stays to be seen.
            .filter(|entry| {
                !ABOUT_PEOPLE.contains(&entry.name.as_str()) || typed.scopes.contains(&entry.name.to_string())
            })
            .map(|entry| {
                let name = entry.name.to_string();
                let chosen = typed.scopes.contains(&name);
                Choice::new(name, visitor.describes(entry), chosen)
            })
            .collect(),
        scope_error: wrong.of("scope"),
        resources: known
            .iter()
            .map(|resource| {
                let identifier = resource.identifier.to_string();
                let chosen = typed.resources.contains(&identifier);
                Choice::new(identifier, resource.name.clone(), chosen)
            })
            .collect(),
        resource_error: wrong.of("resource"),
        description: field("description", &typed.description),
        tags: field("tags", &typed.tags),
        lifetime: field("access_lifetime", &typed.lifetime),
        expires: field("expires_at", &typed.expires),
        networks: field("networks", &typed.networks),
        roles: field("roles", &typed.roles),
        dpop_bound: typed.dpop,
        unfolded: typed.dpop
            || folded.iter().any(|name| wrong.of(name).is_some())
            || set.iter().any(|text| !text.is_empty()),
        problem: problem
            .or_else(|| (!wrong.0.is_empty()).then(|| visitor.words().console.machine_form.nothing_changed.to_owned())),
    };
    let page = MachineFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Machines),
        form,
        action: changes
            .map_or_else(|| "/console/machines/new".to_owned(), |machine| format!("{}/change", path(machine.id))),
        changes: changes.map(|machine| (machine.name.clone(), path(machine.id))),
        once: mark(&visitor.app, &visitor.ctx).map_err(broken)?,
        seen: match changes {
            Some(machine) => tag(machine).map_err(broken)?.text(),
            None => String::new(),
        },
        credentials: match changes {
            Some(_) => Vec::new(),
            None => first_credentials(visitor.words(), &typed.credential),
        },
    };
    reply::page(visitor, status, &page, &[])
}

fn first_credentials(words: &Words, chosen: &str) -> Vec<Choice> {
    let chosen = if chosen.is_empty() { "client_secret" } else { chosen };
    let none = Choice::new("none", words.console.machine_form.no_credential, chosen == "none");
    kinds(words, chosen).into_iter().chain([none]).collect()
}

/// Kinds that have a form of their own, which comes next.
const AFTERWARDS: [&str; 3] = ["public_keys", "key_set", "trust"];
