//! The page that asks for permission, and what is decided there.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::base::{Destination, RedirectUri};
use crate::model::{ClientId, Provenance, Risk, ScopeSet};
use crate::operations::authorize::ConsentAsk;
use crate::operations::consent::{Decision, Remember, decide};
use crate::web::extract::{Posted, Visitor};
use crate::web::oauth::authorize::{Led, take};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{
    self, Applicant, ConsentPage, Need, PermissionLine, Person, ScopeLine, Standing, Target, Technical, Until,
};

/// Shows the page. Its form may lead to the application's redirect URI and nowhere else.
pub(crate) fn ask(visitor: &Visitor, ask: ConsentAsk) -> Result<HttpResponse, PageProblem> {
    let target = ask.redirect_uri.form_action_source();
    let status = if ask.nothing_chosen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    reply::page(visitor, status, &view(visitor, ask), &[target])
}

/// `POST /oauth/consent`
pub(crate) async fn create(form: Posted) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let expired = || PageProblem::new(visitor.shell(), views::Problem::FlowExpired, &visitor.ctx);
    let signed_in = visitor.signed_in.as_ref().ok_or_else(expired)?;
    let decision = match form.text("decision") {
        "allow" => Decision::Allow {
            scope: form.all("scope").filter_map(|scope| scope.parse().ok()).collect::<ScopeSet>(),
            remember: if form.optional("remember").is_some() { Remember::ThisToo } else { Remember::OnlyNow },
        },
        "deny" => Decision::Deny,
        _ => return Err(expired()),
    };
    let step = decide(&visitor.app, &visitor.ctx, form.text("ticket"), decision, visitor.browser(), signed_in).await;
    take(visitor, step.map_err(|fault| visitor.broken(&fault))?, Led::ByOurForm).await
}

fn view(visitor: &Visitor, ask: ConsentAsk) -> ConsentPage {
    let client = &ask.client;
    let standing = match (&client.provenance, &client.id) {
        (Provenance::Document, ClientId::Document(url)) => Standing::Verified { domain: host(url) },
        (Provenance::Dynamic { .. }, _) => match client.verified() {
            Some(mark) => Standing::Checked { at: visitor.moment(mark.at) },
            None => Standing::SelfRegistered,
        },
        _ => Standing::Administrator,
    };
    let t = &visitor.words().consent;
    let registered = match client.provenance {
        Provenance::Administrator | Provenance::Machine => t.administrator,
        Provenance::Dynamic { .. } => t.dynamic,
        Provenance::Document => t.document,
    };
    let lines = ask.scopes.iter().filter(|entry| entry.name.as_str() != "offline_access").map(|entry| {
        let need = match entry.risk {
            _ if entry.name.as_str() == "openid" => Need::Fixed,
            Risk::Low => Need::Ordinary,
            Risk::High => Need::Risky,
        };
        let line = ScopeLine::new(entry.name.as_str(), visitor.describes(entry), need);
        // The page comes back as it was left: with nothing ticked.
        if ask.nothing_chosen { line.ticked(false) } else { line }
    });
    // In the order in which they are easy to agree to; the risky ones are not ticked, and stand together.
    let mut lines: Vec<ScopeLine> = lines.collect();
    lines.sort_by_key(|line| line.need);
    let destination = ask.redirect_uri.destination();
    // RFC 8252 §8.6: a native application's identity cannot be assured, so being asked each time is the default there; whoever
    // prefers not to be says so.
    let assured = !matches!(standing, Standing::SelfRegistered) && matches!(destination, Destination::Site(_));
    ConsentPage {
        shell: visitor.shell(),
        ticket: ask.ticket,
        applicant: Applicant { resembles: ask.resembles, ..Applicant::new(&client.name, standing) },
        destination: match destination {
            Destination::Site(host) => views::Destination::Site(host),
            Destination::ThisComputer => views::Destination::ThisComputer,
            Destination::Application(scheme) => views::Destination::Application(scheme),
        },
        account: Person { name: ask.person.name.clone(), email: ask.person.email.as_str().to_owned() },
        switch_account: None,
        resources: ask
            .resource
            .iter()
            .map(|resource| Target { name: resource.name.clone(), identifier: resource.identifier.to_string() })
            .collect(),
        scopes: lines,
        held: ask
            .held
            .iter()
            .filter(|entry| entry.name.as_str() != "offline_access")
            .map(|entry| PermissionLine::new(entry.name.as_str(), visitor.describes(entry)))
            .collect(),
        until: if ask.lasting {
            Until::Revoked
        } else {
            Until::About(visitor.words().length(ask.access_for.seconds()))
        },
        remember: Some(assured),
        nothing_ticked: ask.nothing_chosen,
        technical: Technical {
            client_id: client.id.to_string(),
            scopes: ask.asked.to_string(),
            redirect_uri: ask.redirect_uri.to_string(),
            registered: registered.to_owned(),
            registered_at: match client.provenance {
                Provenance::Document => None,
                _ => Some(visitor.moment(client.created_at)),
            },
        },
    }
}

fn host(url: &str) -> String {
    match RedirectUri::parse(url).map(|url| url.destination()) {
        Ok(Destination::Site(host)) => host,
        _ => url.to_owned(),
    }
}
