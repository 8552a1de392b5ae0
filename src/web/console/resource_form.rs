//! "Protect an MCP server", and other terms for one.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::machine_form::ABOUT_PEOPLE;
use super::resources::{MOST_ACCESS, path};
use super::{as_seen, back, declined, mark, once, sentence, wanted};
use crate::base::{Id, Lifetime, Resource};
use crate::model::{Algorithm, ProtectedResource, Risk, SaidClaim, Scope, ScopeEntry, ScopeSet, TokenFormat};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::resources::{self, IsDefault, NewResource, ResourceChange};
use crate::operations::scopes::{self, NewScope};
use crate::operations::seen::tag;
use crate::protocol::display_name::DisplayName;
use crate::protocol::own_scopes;
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::Field;
use crate::web::views::console::{Choice, Frame, NewScopeRow, ResourceFormPage, ScopeChoice, Section};
use crate::web::words::{ResourceFormWords, Words};

/// What most MCP servers offer: these stand first.
const USUAL: [&str; 3] = ["mcp:read", "mcp:tools", "mcp:write"];
/// Rows for new scopes in an empty form, and the most that are read.
const ROWS: usize = 3;
const MOST_ROWS: usize = 16;

/// What was typed, before it is looked at.
#[derive(Clone, Debug, Default)]
struct Typed {
    identifier: String,
    name: String,
    scopes: Vec<String>,
    new_scopes: Vec<(String, String, bool)>,
    default_scopes: String,
    aliases: String,
    algorithm: String,
    format: String,
    lifetime: String,
    machine_lifetime: String,
    /// What tokens say beside scopes.
    claims: Vec<String>,
    is_default: bool,
}

impl Typed {
    /// An empty form.
    fn anew() -> Self {
        Self { claims: SaidClaim::ALL.map(|(name, _)| name.to_owned()).to_vec(), ..Self::default() }
    }

    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        let rows = form.all("new_scope").zip(form.all("new_words")).zip(form.all("new_risk"));
        let rows = rows.map(|((name, words), risk)| (name.trim().to_owned(), words.trim().to_owned(), risk == "high"));
        Self {
            identifier: text("identifier"),
            name: text("name"),
            scopes: form.all("scope").map(str::to_owned).collect(),
            new_scopes: rows.filter(|(name, words, _)| !name.is_empty() || !words.is_empty()).take(MOST_ROWS).collect(),
            default_scopes: text("default_scopes"),
            aliases: form.text("aliases").replace('\r', "").trim().to_owned(),
            algorithm: text("algorithm"),
            format: text("format"),
            lifetime: text("lifetime"),
            machine_lifetime: text("machine_lifetime"),
            claims: form.all("claim").map(str::to_owned).collect(),
            is_default: form.text("default") == "yes",
        }
    }

    /// What a resource has now, as it would be typed.
    fn of_resource(resource: &ProtectedResource) -> Self {
        Self {
            name: resource.name.clone(),
            scopes: resource.scopes.iter().map(ToString::to_string).collect(),
            default_scopes: resource.default_scopes.to_string(),
            aliases: resource.aliases.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            algorithm: resource.algorithm.as_str().to_owned(),
            format: format_name(resource.format).to_owned(),
            lifetime: resource.access_for.to_string(),
            machine_lifetime: resource.machine_access_most.map(|life| life.to_string()).unwrap_or_default(),
            claims: resource.said().map(|claim| claim.as_str().to_owned()).collect(),
            is_default: resource.is_default,
            ..Self::default()
        }
    }

    /// What is meant, or what is wrong with which field.
    fn meant(&self, t: &ResourceFormWords) -> Result<Meant, Wrong> {
        let mut wrong = Wrong::default();
        let mut say = |field: &'static str, why: String| wrong.fields.0.push((field, why));
        let name = DisplayName::parse(&self.name).map_err(|why| say("name", why.to_string())).ok();
        let scopes = self.scopes.join(" ").parse::<ScopeSet>().map_err(|why| say("scopes", why.to_string())).ok();
        let default_scopes =
            self.default_scopes.parse::<ScopeSet>().map_err(|why| say("default_scopes", why.to_string())).ok();
        let mut aliases = Vec::new();
        for line in self.aliases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match Resource::parse(line) {
                Ok(alias) => aliases.push(alias),
                Err(why) => say("aliases", format!("{line}: {why}")),
            }
        }
        let mut life = |field, text: &str| {
            let life = (!text.is_empty()).then(|| text.parse::<Lifetime>()).transpose();
            life.map_err(|_| say(field, t.lifetime_wrong.to_owned())).ok().flatten()
        };
        let access_for = life("access_lifetime", &self.lifetime);
        let machine_access_most = life("machine_access_lifetime", &self.machine_lifetime);
        let mut new_scopes = Vec::new();
        for (n, (name, words, risky)) in self.new_scopes.iter().enumerate() {
            let risk = if *risky { Risk::High } else { Risk::Low };
            match name.parse::<Scope>() {
                Ok(_) if own_scopes::is_own(name) => {
                    wrong.rows.push((n, t.own_scope.to_owned()));
                }
                Ok(_) if words.is_empty() => wrong.rows.push((n, t.words_missing.to_owned())),
                Ok(name) => {
                    new_scopes.push(NewScope { name, description: words.clone(), risk, implies: ScopeSet::new() })
                }
                Err(_) => wrong.rows.push((n, t.scope_wrong.to_owned())),
            }
        }
        match (name, scopes, default_scopes) {
            (Some(name), Some(scopes), Some(default_scopes)) if wrong.is_empty() => {
                let added = new_scopes.iter().map(|scope| scope.name.clone()).collect();
                Ok(Meant {
                    name,
                    scopes: scopes.union(&added),
                    default_scopes: (!self.default_scopes.is_empty()).then_some(default_scopes),
                    new_scopes,
                    aliases,
                    algorithm: self.algorithm.parse().unwrap_or_default(),
                    format: if self.format == "opaque" { TokenFormat::Opaque } else { TokenFormat::Jwt },
                    access_for,
                    machine_access_most,
                    claims: self.claims.iter().filter_map(|claim| claim.parse().ok()).collect(),
                })
            }
            _ => Err(wrong),
        }
    }
}

/// What was typed, understood.
struct Meant {
    name: DisplayName,
    scopes: ScopeSet,
    default_scopes: Option<ScopeSet>,
    new_scopes: Vec<NewScope>,
    aliases: Vec<Resource>,
    algorithm: Algorithm,
    format: TokenFormat,
    access_for: Option<Lifetime>,
    machine_access_most: Option<Lifetime>,
    claims: BTreeSet<SaidClaim>,
}

/// What is wrong with which field, and with which row of the new scopes.
#[derive(Default)]
struct Wrong {
    fields: Invalid,
    rows: Vec<(usize, String)>,
    /// What no field can say.
    problem: Option<String>,
}

impl Wrong {
    fn is_empty(&self) -> bool {
        self.fields.0.is_empty() && self.rows.is_empty() && self.problem.is_none()
    }

    fn of(words: &Words, declined: &Declined) -> Self {
        match declined {
            Declined::Invalid(invalid) => Self { fields: invalid.clone(), ..Self::default() },
            other => Self { problem: Some(sentence(words, other)), ..Self::default() },
        }
    }
}

const fn format_name(format: TokenFormat) -> &'static str {
    match format {
        TokenFormat::Jwt => "jwt",
        TokenFormat::Opaque => "opaque",
    }
}

/// `GET /console/resources/new`
pub(super) async fn new(admin: Administrator) -> Result<HttpResponse, PageProblem> {
    page(&admin.visitor, StatusCode::OK, &Typed::anew(), &Wrong::default(), None).await
}

/// `POST /console/resources/new`
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = asked;
    let visitor = &form.visitor;
    let typed = Typed::of(&form);
    let refuse = async |wrong: Wrong| page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &typed, &wrong, None).await;
    let identifier = Resource::parse(&typed.identifier);
    let (identifier, meant) = match (identifier, typed.meant(&visitor.words().console.resource_form)) {
        (Ok(identifier), Ok(meant)) => (identifier, meant),
        (identifier, meant) => {
            let mut wrong = meant.err().unwrap_or_default();
            if let Err(why) = identifier {
                wrong.fields.0.push(("identifier", why.to_string()));
            }
            return refuse(wrong).await;
        }
    };
    let new = NewResource {
        identifier,
        name: meant.name,
        aliases: meant.aliases,
        scopes: meant.scopes,
        default_scopes: meant.default_scopes,
        is_default: typed.is_default,
        algorithm: meant.algorithm,
        format: meant.format,
        access_for: meant.access_for,
        machine_access_most: meant.machine_access_most,
        claims: Some(meant.claims),
    };
    let by = once(&visitor.app, by, form.text("once"), &["resource", &format!("{typed:?}")]);
    match resources::add_with_scopes(&visitor.app, &by, new, meant.new_scopes).await {
        Ok(made) => Ok(back(visitor, &path(made.id), "protected")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(other) => refuse(Wrong::of(visitor.words(), &other)).await,
    }
}

/// `GET /console/resources/{id}/change`
pub(super) async fn edit(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let resource = resources::find(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    page(visitor, StatusCode::OK, &Typed::of_resource(&resource), &Wrong::default(), Some(&resource)).await
}

/// `POST /console/resources/{id}/change`
pub(super) async fn update(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let visitor = &form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let typed = Typed::of(form);
    let resource = resources::find(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let refuse =
        async |wrong: Wrong| page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &typed, &wrong, Some(&resource)).await;
    let meant = match typed.meant(&visitor.words().console.resource_form) {
        Ok(meant) => meant,
        Err(wrong) => return refuse(wrong).await,
    };
    // What is not offered any more is not given unasked any more either.
    let gone = resource.scopes.minus(&meant.scopes);
    let change = ResourceChange {
        name: Some(meant.name),
        aliases: Some(meant.aliases),
        scopes: Some(meant.scopes),
        default_scopes: Some(meant.default_scopes.unwrap_or_default().minus(&gone)),
        is_default: Some(if typed.is_default { IsDefault::Yes } else { IsDefault::No }),
        algorithm: Some(meant.algorithm),
        format: Some(meant.format),
        access_for: meant.access_for.or(Some(visitor.app.settings.now().lifetimes.access)),
        machine_access_most: meant.machine_access_most.or(Some(MOST_ACCESS)),
        claims: Some(meant.claims),
        // Decided on a page of its own.
        tool_scopes: None,
    };
    match resources::change(&visitor.app, by, id, as_seen(form), change).await {
        Ok(_) => Ok(back(visitor, &path(id), "changed")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(other) => refuse(Wrong::of(visitor.words(), &other)).await,
    }
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    typed: &Typed,
    wrong: &Wrong,
    changes: Option<&ProtectedResource>,
) -> Result<HttpResponse, PageProblem> {
    let broken = |fault| visitor.broken(&fault);
    let t = &visitor.words().console.resource_form;
    let catalogue = scopes::list_all(&visitor.app).await.map_err(broken)?;
    let field = |name: &str, value: &str| Field { value: value.to_owned(), error: wrong.fields.of(name) };
    let folded = ["default_scopes", "aliases", "algorithm", "access_lifetime", "machine_access_lifetime", "claims"];
    let set = [&typed.default_scopes, &typed.aliases, &typed.lifetime, &typed.machine_lifetime];
    let unfolded = folded.iter().any(|name| wrong.fields.of(name).is_some())
        || (changes.is_none()
            && (typed.is_default
                || typed.claims.len() < SaidClaim::ALL.len()
                || set.iter().any(|text| !text.is_empty())));
    let algorithm = if typed.algorithm.is_empty() { Algorithm::default().as_str() } else { &typed.algorithm };
    let formats = [(TokenFormat::Jwt, t.signed), (TokenFormat::Opaque, t.opaque)]
        .map(|(format, label)| (format_name(format), label));
    let page = ResourceFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Resources),
        once: mark(&visitor.app, &visitor.ctx).map_err(broken)?,
        seen: match changes {
            Some(resource) => tag(resource).map_err(broken)?.text(),
            None => String::new(),
        },
        action: changes
            .map_or_else(|| "/console/resources/new".to_owned(), |resource| format!("{}/change", path(resource.id))),
        changes: changes.map(|resource| (resource.name.clone(), path(resource.id))),
        identifier: field("identifier", &typed.identifier),
        name: field("name", &typed.name),
        scopes: choices(visitor, &catalogue, typed),
        scope_error: wrong.fields.of("scopes").or_else(|| wrong.fields.of("new_scopes")),
        new_scopes: if changes.is_some() { Vec::new() } else { rows(typed, wrong) },
        default_scopes: field("default_scopes", &typed.default_scopes),
        aliases: field("aliases", &typed.aliases),
        algorithms: visitor
            .app
            .config
            .keys
            .algorithms
            .iter()
            .map(|known| Choice::new(known.as_str(), known.as_str(), known.as_str() == algorithm))
            .collect(),
        algorithm_error: wrong.fields.of("algorithm"),
        formats: formats.into_iter().map(|(value, label)| Choice::new(value, label, typed.format == value)).collect(),
        lifetime: Field { value: typed.lifetime.clone(), error: wrong.fields.of("access_lifetime") },
        machine_lifetime: Field {
            value: typed.machine_lifetime.clone(),
            error: wrong.fields.of("machine_access_lifetime"),
        },
        claims: SaidClaim::ALL
            .into_iter()
            .map(|(name, claim)| Choice::new(name, t.claim(claim), typed.claims.iter().any(|chosen| chosen == name)))
            .collect(),
        claims_error: wrong.fields.of("claims"),
        is_default: typed.is_default,
        unfolded,
        problem: wrong.problem.clone().or_else(|| {
            let nothing =
                if changes.is_some() { visitor.words().console.thing.nothing_changed } else { t.nothing_registered };
            (!wrong.is_empty()).then(|| nothing.to_owned())
        }),
    };
    reply::page(visitor, status, &page, &[])
}

/// What of the catalogue may be offered: what is chosen first, then what every MCP server knows, then by name.
fn choices(visitor: &Visitor, catalogue: &[ScopeEntry], typed: &Typed) -> Vec<ScopeChoice> {
    let is_chosen = |name: &str| typed.scopes.iter().any(|chosen| chosen == name);
    let mut choices: Vec<ScopeChoice> = catalogue
        .iter()
        .filter(|entry| {
            let name = entry.name.as_str();
            is_chosen(name) || !(ABOUT_PEOPLE.contains(&name) || own_scopes::is_own(name))
        })
        .map(|entry| ScopeChoice {
            name: entry.name.to_string(),
            words: visitor.describes(entry),
            risky: entry.risk == Risk::High,
            chosen: is_chosen(entry.name.as_str()),
        })
        .collect();
    choices.sort_by_key(|choice| (!choice.chosen, !USUAL.contains(&choice.name.as_str())));
    choices
}

/// What was typed as new scopes, and room for more.
fn rows(typed: &Typed, wrong: &Wrong) -> Vec<NewScopeRow> {
    let error = |n: usize| wrong.rows.iter().find(|(row, _)| *row == n).map(|(_, why)| why.clone());
    let typed_rows = typed.new_scopes.iter().enumerate().map(|(n, (name, words, risky))| NewScopeRow {
        name: name.clone(),
        words: words.clone(),
        risky: *risky,
        error: error(n),
    });
    let empty = ROWS.saturating_sub(typed.new_scopes.len()).max(1);
    typed_rows.chain(std::iter::repeat_n(NewScopeRow::default(), empty)).collect()
}
