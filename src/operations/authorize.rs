//! A browser's way through an authorization. OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2.
//!
//! Nothing is stored until somebody who is signed in has allowed something: a stranger at this endpoint makes nobody write. What
//! is asked for travels sealed, in a ticket that is good in one browser for a few minutes. Every page comes back here, and
//! `protocol::authorize::next` alone knows which comes after which.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::answering::{Answer, Answering, Verdict, refuse};
use super::find_client::{self, Found};
use super::find_resource;
use super::look_alike::resembles;
use super::sign_in::SignedIn;
use super::ticket;
use crate::app::{App, Asked};
use crate::base::{Digest, Fault, FaultKind, Id, Lifetime, RedirectUri, Timestamp};
use crate::keys::{Typ, Verified};
use crate::model::{
    Actor, Authorization, Client, Consent, Context, Person, Prompt, ProtectedResource, Scope, ScopeEntry, ScopeSet,
    Tombstone,
};
use crate::protocol::authorize::{self, Addressed, Next, Present, Show};
use crate::protocol::claims::ID_TOKEN_TYPE;
use crate::protocol::language::Wish;
use crate::protocol::own_scopes;
use crate::protocol::params::Parameters;
use crate::protocol::refusal::Refusal;
use crate::protocol::scope::may_refresh;
use crate::store::Read;
use crate::store::tables::{CONSENTS, CONSENTS_BY_GRANT, SCOPES, consent_key};

/// What the browser is to do.
#[derive(Debug)]
pub enum Step {
    /// Go back to the client, with a code or an error.
    Answer(Answer),
    /// Sign in, then come back with the ticket.
    SignIn(SignInAsk),
    /// Ask the person.
    Consent(Box<ConsentAsk>),
    /// Show a page of ours; nothing goes to the client.
    Show(Show),
    /// The ticket is over, was answered already, or belongs to another browser.
    Over,
}

#[derive(Debug)]
pub struct SignInAsk {
    pub ticket: String,
    /// The application's name.
    pub application: String,
    pub login_hint: Option<String>,
    /// Where the way of this authorization ends.
    pub redirect_uri: RedirectUri,
    /// Whoever is signed in has to prove it again.
    pub again: bool,
    /// Whoever signs in proves it to us, so there is no door to a provider.
    pub afresh: bool,
    /// The application wants an account to be chosen, so whoever is signed in is not taken for granted.
    pub chooses_account: bool,
}

/// Everything the consent page says.
#[derive(Debug)]
pub struct ConsentAsk {
    pub ticket: String,
    pub client: Client,
    pub person: Person,
    pub resource: Option<Arc<ProtectedResource>>,
    pub redirect_uri: RedirectUri,
    /// What is asked for and not held yet, in words.
    pub scopes: Vec<ScopeEntry>,
    /// What it holds already, in words.
    pub held: Vec<ScopeEntry>,
    pub asked: ScopeSet,
    /// Refresh tokens will be given: until the person takes it back.
    pub lasting: bool,
    pub access_for: Lifetime,
    /// An application that is known here and whose name this one's resembles.
    pub resembles: Option<String>,
    /// The page was answered with Allow and nothing to allow.
    pub nothing_chosen: bool,
}

/// What the consent form brings back: what was asked, and of whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) authorization: Authorization,
    pub(super) person: Id<Person>,
    pub(super) held: ScopeSet,
}

impl Shown {
    /// The scopes that the page offered.
    pub(super) fn asked(&self) -> ScopeSet {
        self.authorization.scope.minus(&self.held)
    }
}

const AUTHORIZATION: &[u8] = b"authorization";
const CONSENT: &[u8] = b"consent";

/// An authorization request arrives. `browser` is the digest of the browser's own cookie.
pub async fn begin(
    app: &App,
    ctx: &Context,
    query: &[u8],
    browser: Digest,
    signed_in: Option<&SignedIn>,
) -> Result<Step, Fault> {
    let params = Parameters::read(query);
    let client_id = match authorize::client_id(&params) {
        Ok(id) => id,
        Err(show) => return Ok(show_counted(app, show)),
    };
    let client = match find_client::find(app, &client_id).await? {
        Found::Client(client) => *client,
        Found::Gone(Tombstone { name, rejected: Some(because), .. }) => {
            return Ok(Step::Show(Show::ClientRejected { name, because }));
        }
        Found::Gone(tombstone) => return Ok(Step::Show(Show::ClientGone { name: tombstone.name })),
        Found::BadDocument(error) => return Ok(show_counted(app, Show::ClientDocument(error.to_string()))),
        Found::Unknown => return Ok(show_counted(app, Show::ClientUnknown)),
    };
    let addressed = match authorize::address(&params, &client) {
        Ok(addressed) => addressed,
        Err(show) => return Ok(show_counted(app, show)),
    };
    match read(app, ctx, &params, &client, &addressed, browser).await? {
        Ok(authorization) => {
            let (id, network) = (ctx.from.request, ctx.from.network.clone());
            app.refusals.asked(Asked { at: ctx.at, id, client: client.id.clone(), network });
            step(app, ctx, authorization, client, signed_in).await
        }
        Err(refusal) => {
            app.tally.count("authorization request refused");
            let ctx = ctx.by(Actor::Client(client.id.clone()));
            let reply = (&addressed.redirect_uri, addressed.response_mode, addressed.state.as_deref());
            let carried = refuse(app, &ctx, reply, &refusal);
            let verdict = Verdict::Refused;
            Ok(Step::Answer(Answer { carried, to: addressed.redirect_uri, application: client.name, verdict }))
        }
    }
}

/// The browser comes back with its ticket.
pub async fn resume(
    app: &App,
    ctx: &Context,
    ticket: &str,
    browser: Digest,
    signed_in: Option<&SignedIn>,
) -> Result<Step, Fault> {
    let Some(authorization) = ticket::open::<Authorization>(app, ticket, AUTHORIZATION) else { return Ok(Step::Over) };
    if !is_current(app, &authorization, browser, ctx.at) {
        return Ok(Step::Over);
    }
    match find_client::find(app, &authorization.client_id).await? {
        Found::Client(client) if client.fingerprint() == authorization.client => {
            step(app, ctx, authorization, *client, signed_in).await
        }
        Found::BadDocument(error) if error.is_transient() => Ok(Step::Show(Show::ClientDocument(error.to_string()))),
        _ => Ok(Step::Over),
    }
}

/// What a sign-in page says, if its ticket is good here: the application it is for.
pub async fn sign_in_ask(
    app: &App,
    ctx: &Context,
    ticket: &str,
    browser: Digest,
    signed_in: Option<&SignedIn>,
) -> Result<Option<SignInAsk>, Fault> {
    // As if nobody were signed in, or it might be answered here and now.
    match resume(app, ctx, ticket, browser, None).await? {
        Step::SignIn(ask) => Ok(Some(SignInAsk { again: signed_in.is_some(), ..ask })),
        _ => Ok(None),
    }
}

/// Whether it was asked here, and not too long ago. Attack cases 40 and 42: a link or form from another browser is worth nothing.
pub(super) fn is_current(app: &App, authorization: &Authorization, browser: Digest, now: Timestamp) -> bool {
    authorization.browser == browser && now < authorization.asked_at.plus(app.settings.now().lifetimes.authorization)
}

/// Reads the request of a client whose redirect URI was checked.
async fn read(
    app: &App,
    ctx: &Context,
    params: &Parameters<'_>,
    client: &Client,
    addressed: &Addressed,
    browser: Digest,
) -> Result<Result<Authorization, Refusal>, Fault> {
    let request = match authorize::read(params, client, addressed) {
        Ok(request) => request,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let subject = match request.id_token_hint.as_deref().map(|hint| hinted(app, ctx.at, hint)).transpose() {
        Ok(subject) => subject,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (asked, asking, within) = (request.resource.clone(), client.clone(), app.clone());
    let facts = app.store.read(move |view| find_resource::facts(&within, view, asked.as_ref(), &asking)).await?;
    let (resource, narrowed) = match authorize::narrow(&request, client, facts) {
        Ok(narrowed) => narrowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(Authorization {
        id: Id::new(ctx.at, &app.entropy)?,
        client_id: client.id.clone(),
        client: client.fingerprint(),
        redirect_uri: addressed.redirect_uri.clone(),
        response_mode: addressed.response_mode,
        state: addressed.state.clone(),
        scope: narrowed.scope,
        dropped: narrowed.dropped,
        resource: resource.map(|resource| resource.identifier.clone()),
        code_challenge: request.code_challenge,
        nonce: request.nonce,
        tenant: request.tenant,
        prompt: request.prompt,
        max_age: request.max_age,
        login_hint: request.login_hint,
        subject,
        language: request.language,
        dpop_jkt: request.dpop_jkt,
        asked_at: ctx.at,
        browser,
    }))
}

/// What a form brought, as it goes around once more in an address. An id token names a person and is signed for whoever reads it, so it stands in
/// no address that a proxy or a history keeps: in its place stands, sealed, whom it names. That opens nothing; it only keeps others out.
pub fn around(app: &App, at: Timestamp, form: &[u8]) -> Result<String, Fault> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut sealed = false;
    for (name, value) in url::form_urlencoded::parse(form) {
        if name != HINT || value.is_empty() {
            query.append_pair(&name, &value);
        } else if std::mem::replace(&mut sealed, true) {
            // That it is there twice is all that matters.
            query.append_pair(HINT, "again");
        } else {
            query.append_pair(HINT, &ticket::seal(app, &Hinted { subject: hinted(app, at, &value).ok(), at }, HINTED)?);
        }
    }
    Ok(query.finish())
}

const HINT: &str = "id_token_hint";
const HINTED: &[u8] = b"id token hint";

/// Whom a hint named that was posted; nobody, if it was none of ours.
#[derive(Serialize, Deserialize)]
struct Hinted {
    subject: Option<Id<Person>>,
    at: Timestamp,
}

/// How long it may go around. The browser is sent there at once; an address that was kept names nobody later.
const GOES_AROUND: Lifetime = Lifetime::from_minutes(10);

/// Whom an earlier id token is about; its age does not matter, and whose it was neither.
fn hinted(app: &App, now: Timestamp, id_token: &str) -> Result<Id<Person>, Refusal> {
    if let Some(Hinted { subject, at }) = ticket::open(app, id_token, HINTED) {
        return subject.filter(|_| now < at.plus(GOES_AROUND)).ok_or(Refusal::MalformedParameter(HINT));
    }
    let verified = app.keys.current().verify(id_token, Typ::Exactly(ID_TOKEN_TYPE)).ok();
    authorize::hinted(verified.as_ref().map(Verified::claims), app.issuer.as_str())
}

/// Takes the one step that comes next.
async fn step(
    app: &App,
    ctx: &Context,
    authorization: Authorization,
    client: Client,
    signed_in: Option<&SignedIn>,
) -> Result<Step, Fault> {
    let authorization = for_whom(authorization, signed_in);
    let present = signed_in.map(present);
    let consent = match signed_in {
        None => None,
        Some(signed_in) => {
            let key = consent_key(signed_in.person().id, &authorization.client_id, authorization.resource.as_ref());
            app.store.read(move |view| Ok(view.find(&CONSENTS, &CONSENTS_BY_GRANT, &key)?.map(|(_, c)| c))).await?
        }
    };
    match (authorize::next(&authorization, present, consent.as_ref()), signed_in) {
        (Next::Refuse(refusal), _) => {
            let to = authorization.redirect_uri;
            let ctx = ctx.by(Actor::Client(authorization.client_id.clone()));
            let reply = (&to, authorization.response_mode, authorization.state.as_deref());
            let carried = refuse(app, &ctx, reply, &refusal);
            Ok(Step::Answer(Answer { carried, to, application: client.name, verdict: Verdict::Refused }))
        }
        (Next::SignIn { again }, _) => Ok(Step::SignIn(SignInAsk {
            application: client.name,
            redirect_uri: authorization.redirect_uri.clone(),
            login_hint: authorization.login_hint.clone(),
            again,
            afresh: authorize::wants_proof(&authorization),
            // Somebody else than who is signed in may be meant.
            chooses_account: authorization.prompt.contains(&Prompt::SelectAccount) || authorization.subject.is_some(),
            ticket: ticket::seal(app, &authorization, AUTHORIZATION)?,
        })),
        (Next::Consent { held }, Some(signed_in)) => ask_consent(app, authorization, client, signed_in, held).await,
        (Next::Answer, Some(signed_in)) => answer_silently(app, ctx, authorization, client, signed_in).await,
        (Next::Consent { .. } | Next::Answer, None) => Err(Fault::new(FaultKind::Bug, "nobody is there to be asked")),
    }
}

/// The scopes of the appliance's own API are for administrators. Somebody else who is asked for them is not even shown them: they
/// are left out, and audited with the rest that was.
fn for_whom(authorization: Authorization, signed_in: Option<&SignedIn>) -> Authorization {
    let asked = authorization.scope.iter().any(|scope| own_scopes::is_own(scope.as_str()));
    if !asked || signed_in.is_none_or(SignedIn::is_administrator) {
        return authorization;
    }
    let scope = authorization.scope.only(|scope| !own_scopes::is_own(scope.as_str()));
    let dropped = authorization.dropped.union(&authorization.scope.minus(&scope));
    Authorization { scope, dropped, ..authorization }
}

pub(super) async fn ask_consent(
    app: &App,
    authorization: Authorization,
    client: Client,
    signed_in: &SignedIn,
    held: ScopeSet,
) -> Result<Step, Fault> {
    // Nothing of it is new, and the person is to be asked all the same: then about all of it, or Allow would give what the
    // page does not offer.
    let held = if offered(&authorization.scope.minus(&held)).is_empty() { ScopeSet::new() } else { held };
    let named = authorization.resource.clone();
    let wanted = authorization.scope.minus(&held);
    let had = held.clone();
    let candidate = client.clone();
    let (resource, scopes, held_entries, resembles) = app
        .store
        .read(move |view| {
            let resource = named.as_ref().map(|named| find_resource::named(view, named)).transpose()?.flatten();
            Ok((resource, in_words(view, &wanted)?, in_words(view, &had)?, resembles(view, &candidate)?))
        })
        .await?;
    let shown = Shown { authorization: authorization.clone(), person: signed_in.person().id, held };
    Ok(Step::Consent(Box::new(ConsentAsk {
        ticket: ticket::seal(app, &shown, CONSENT)?,
        person: signed_in.person().clone(),
        access_for: resource.as_ref().map_or(app.settings.now().lifetimes.access, |resource| resource.access_for),
        lasting: may_refresh(&client, &authorization.scope),
        resource: resource.map(Arc::new),
        redirect_uri: authorization.redirect_uri,
        scopes,
        held: held_entries,
        asked: authorization.scope,
        resembles,
        nothing_chosen: false,
        client,
    })))
}

/// Those that are lines of the page. `offline_access` is none: the page says for how long instead.
pub(super) fn offered(scopes: &ScopeSet) -> ScopeSet {
    scopes.only(|scope| scope.as_str() != "offline_access")
}

/// What the catalogue says about each scope; one that has gone from it meanwhile is shown by its name, as risky.
fn in_words(read: &impl Read, scopes: &ScopeSet) -> Result<Vec<ScopeEntry>, Fault> {
    let unknown = |scope: &Scope| ScopeEntry {
        name: scope.clone(),
        // The page says that it knows no words for it.
        description: String::new(),
        risk: crate::model::Risk::High,
        implies: ScopeSet::new(),
        created_at: Timestamp::default(),
    };
    scopes
        .iter()
        .map(|scope| Ok(read.get(&SCOPES, &scope.as_str().to_owned())?.unwrap_or_else(|| unknown(scope))))
        .collect()
}

/// Answers under a remembered consent, which is looked at again inside the transaction: it may have been revoked meanwhile.
async fn answer_silently(
    app: &App,
    ctx: &Context,
    authorization: Authorization,
    client: Client,
    signed_in: &SignedIn,
) -> Result<Step, Fault> {
    let ctx = ctx.by(signed_in.actor());
    let answering = Answering { app: app.clone(), authorization, client, session: signed_in.session().id };
    let (person, present) = (signed_in.person().id, present(signed_in));
    let answering_too = answering.clone();
    let outcome = app.store.write("answer authorization", &ctx, move |tx| {
        let authorization = &answering.authorization;
        let key = consent_key(person, &authorization.client_id, authorization.resource.as_ref());
        let consent = tx.find(&CONSENTS, &CONSENTS_BY_GRANT, &key)?.map(|(_, consent)| consent);
        match authorize::next(authorization, Some(present), consent.as_ref()) {
            Next::Answer => answering.issue_code(tx, &authorization.scope),
            _ => Ok(Err(Refusal::InteractionRequired)),
        }
    });
    Ok(answering_too.to_client(&ctx, outcome.await?))
}

/// The language that the application of a ticket asked for. Whoever has the ticket may know.
pub fn wish(app: &App, ticket: &str) -> Option<Wish> {
    let authorization = ticket::open::<Authorization>(app, ticket, AUTHORIZATION)
        .or_else(|| open_shown(app, ticket).map(|shown| shown.authorization))?;
    Some(Wish { language: authorization.language?, at: authorization.asked_at })
}

pub(super) fn open_shown(app: &App, ticket: &str) -> Option<Shown> {
    ticket::open(app, ticket, CONSENT)
}

fn present(signed_in: &SignedIn) -> Present {
    let session = signed_in.session();
    Present { person: session.person, auth_time: session.auth_time, proved: session.method.is_proof_to_us() }
}

fn show_counted(app: &App, show: Show) -> Step {
    app.tally.count("authorization request shown an error page");
    Step::Show(show)
}

/// The consent that a person has given an application at a resource.
pub(super) fn standing_consent(read: &impl Read, shown: &Shown) -> Result<Option<Consent>, Fault> {
    let authorization = &shown.authorization;
    let key = consent_key(shown.person, &authorization.client_id, authorization.resource.as_ref());
    Ok(read.find(&CONSENTS, &CONSENTS_BY_GRANT, &key)?.map(|(_, consent)| consent))
}
