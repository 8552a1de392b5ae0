//! `/account/delegations`: a person lets a machine act for them, by a link that its owner sent.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{encoded, query};
use crate::base::{Id, Lifetime, Resource};
use crate::model::{Machine, Risk, ScopeSet, Subject};
use crate::operations::account::{self, Offer};
use crate::operations::declined::Declined;
use crate::operations::delegations::{self, NewDelegation};
use crate::operations::sign_in::SignedIn;
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{
    DelegatedAgent, DelegationPage, DelegationPlace, DelegationStep, DelegationTerms, Length, Need, Person, ScopeLine,
    Target,
};

/// How long it may last: the values of the form. The longest is [`delegations::LONGEST`].
const LASTS: [&str; 5] = ["1d", "7d", "30d", "90d", A_YEAR];
const A_YEAR: &str = "366d";
const USUAL: &str = "30d";

/// Which machine a link means, and where. It is made of parsed things only, so a link can lead through the sign-in and nowhere else.
#[derive(Clone, Debug)]
pub(super) struct Onward {
    machine: Id<Machine>,
    resource: Option<Resource>,
}

impl Onward {
    /// From a query or a form.
    pub(super) fn read(field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let machine = field("machine")?.parse().ok()?;
        Some(Self { machine, resource: field("resource").and_then(|text| Resource::parse(&text).ok()) })
    }

    fn text(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("machine", &self.machine.to_string());
        if let Some(resource) = &self.resource {
            query.append_pair("resource", resource.as_str());
        }
        query.finish()
    }

    /// The page, below the issuer.
    pub(super) fn path(&self) -> String {
        format!("/account/delegations/new?{}", self.text())
    }
}

/// `GET /account/delegations/new`
pub(crate) async fn new(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let base = visitor.app.issuer.path();
    let onward = Onward::read(|name| query(&request, name));
    let Some(signed_in) = &visitor.signed_in else {
        let to = onward.map_or_else(|| "/account".to_owned(), |onward| onward.path());
        return Ok(reply::see_other(&visitor, &format!("{base}/sign-in?to={}", encoded(&to))));
    };
    let onward = onward.ok_or_else(|| nobody(&visitor))?;
    let offer = offered(&visitor, signed_in, &onward).await?;
    reply::page(&visitor, StatusCode::OK, &view(&visitor, signed_in, offer, Left::default()), &[])
}

/// `POST /account/delegations`
pub(crate) async fn create(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let onward = Onward::read(|name| form.optional(name).map(str::to_owned)).ok_or_else(|| nobody(visitor))?;
    if form.text("decision") != "allow" {
        return Ok(reply::see_other(visitor, &format!("{base}/account?allowed=no")));
    }
    let offer = offered(visitor, signed_in, &onward).await?;
    let ticked: ScopeSet = form.all("scope").filter_map(|scope| scope.parse().ok()).collect();
    let Some((resource, scopes)) = &offer.at else {
        return reply::page(visitor, StatusCode::OK, &view(visitor, signed_in, offer, Left::default()), &[]);
    };
    // What was not on the page was not allowed.
    let scope: ScopeSet =
        scopes.iter().map(|entry| entry.name.clone()).filter(|name| ticked.contains(name.as_str())).collect();
    let t = &visitor.words().delegation;
    let mut left = Left { ticked: Some(scope.clone()), ..Left::of(&form) };
    if scope.is_empty() {
        left.error = Some(t.nothing_ticked.to_owned());
        return reply::page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &view(visitor, signed_in, offer, left), &[]);
    }
    let lasts = LASTS.into_iter().find(|value| *value == form.text("lasts")).unwrap_or(USUAL);
    let new = NewDelegation {
        actor: offer.machine.id,
        subject: Subject::Person(signed_in.person().id),
        scope,
        resources: vec![resource.identifier.clone()],
        may_act: None,
        // A person knows for themselves whether it is of another organization.
        across: true,
        purpose: form.text("purpose").to_owned(),
        lasts: lasts.parse::<Lifetime>().unwrap_or(delegations::USUAL),
    };
    let words = match delegations::grant_own(&visitor.app, &visitor.ctx, signed_in, new).await {
        Ok(_) => return Ok(reply::see_other(visitor, &format!("{base}/account?allowed=yes"))),
        Err(Declined::Broken(fault)) => return Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => match invalid.of("purpose") {
            Some(_) => t.purpose_wrong.to_owned(),
            None => t.cannot.to_owned(),
        },
        // Somebody was quicker: another page of the same person, or an administrator.
        Err(_) => t.taken.to_owned(),
    };
    left.error = Some(words);
    reply::page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &view(visitor, signed_in, offer, left), &[])
}

/// How the form was left.
#[derive(Default)]
struct Left {
    ticked: Option<ScopeSet>,
    purpose: Option<String>,
    lasts: Option<String>,
    error: Option<String>,
}

impl Left {
    fn of(form: &Posted) -> Self {
        let purpose = form.text("purpose").chars().take(500).collect();
        Self { ticked: None, purpose: Some(purpose), lasts: Some(form.text("lasts").to_owned()), error: None }
    }
}

async fn offered(visitor: &Visitor, signed_in: &SignedIn, onward: &Onward) -> Result<Offer, PageProblem> {
    let offer = account::offer(&visitor.app, visitor.ctx.at, signed_in, onward.machine, onward.resource.clone()).await;
    offer.map_err(|declined| match declined {
        Declined::Broken(fault) => visitor.broken(&fault),
        _ => nobody(visitor),
    })
}

/// A link that leads to no machine that could act.
fn nobody(visitor: &Visitor) -> PageProblem {
    PageProblem::told(visitor.shell(), 404, &visitor.words().delegation.nobody, None, &visitor.ctx)
}

fn view(visitor: &Visitor, signed_in: &SignedIn, offer: Offer, left: Left) -> DelegationPage {
    let words = visitor.words();
    let machine = offer.machine;
    let step = match (offer.already, offer.at) {
        (Some(already), _) if left.error.is_none() => {
            DelegationStep::Already { until: visitor.moment(already.expires_at) }
        }
        (_, Some((_, scopes))) if scopes.is_empty() => DelegationStep::Nothing,
        (_, Some((resource, scopes))) => {
            let mut lines: Vec<ScopeLine> = scopes
                .iter()
                .map(|entry| {
                    let need = if entry.risk == Risk::High { Need::Risky } else { Need::Ordinary };
                    let line = ScopeLine::new(entry.name.as_str(), visitor.describes(entry), need);
                    match &left.ticked {
                        Some(ticked) => line.ticked(ticked.contains(entry.name.as_str())),
                        None => line,
                    }
                })
                .collect();
            // The risky ones stand together, at the end.
            lines.sort_by_key(|line| line.need);
            let chosen = left.lasts.as_deref().filter(|lasts| LASTS.contains(lasts)).unwrap_or(USUAL);
            DelegationStep::Decide(Box::new(DelegationTerms {
                target: Target { name: resource.name, identifier: resource.identifier.to_string() },
                scopes: lines,
                purpose: left.purpose.unwrap_or_else(|| machine.purpose.clone()),
                lasts: LASTS
                    .iter()
                    .map(|value| Length {
                        value: (*value).to_owned(),
                        words: match value.parse::<Lifetime>() {
                            Ok(lasts) if *value != A_YEAR => words.length(lasts.seconds()),
                            _ => words.time.a_year.to_owned(),
                        },
                        chosen: *value == chosen,
                    })
                    .collect(),
                error: left.error,
            }))
        }
        (_, None) if offer.places.is_empty() => DelegationStep::Nothing,
        (_, None) => DelegationStep::Choose(
            offer
                .places
                .into_iter()
                .map(|place| {
                    let onward = Onward { machine: machine.id, resource: Some(place.identifier.clone()) };
                    let target = Target { name: place.name, identifier: place.identifier.to_string() };
                    DelegationPlace { target, href: onward.path() }
                })
                .collect(),
        ),
    };
    let person = |name: &str, email: &str| Person { name: name.to_owned(), email: email.to_owned() };
    DelegationPage {
        shell: visitor.shell(),
        owner: person(&offer.owner.name, offer.owner.email.as_str()),
        account: person(&signed_in.person().name, signed_in.person().email.as_str()),
        agent: DelegatedAgent::new(
            machine.id.to_string(),
            machine.name,
            words.kinds.of(machine.kind).this.to_owned(),
            machine.purpose,
        ),
        step,
    }
}
