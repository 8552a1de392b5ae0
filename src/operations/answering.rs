//! The answer to an authorization: a code put down once, or the reason why there is none, and the way back to the client.
//! OAuth 2.1 §4.1.2.

use std::fmt;

use super::authorize::Step;
use super::find_client;
use crate::app::App;
use crate::base::{Fault, Id, Lifetime, OpaqueToken, RedirectUri, TokenKind};
use crate::model::{
    Actor, Authorization, AuthorizationCode, Client, ClientId, CodeState, Context, DocumentRecord, Event, PersonState,
    Request, ResponseMode, ScopeSet, Session,
};
use crate::protocol::authorize::{self, Carried};
use crate::protocol::refusal::Refusal;
use crate::protocol::registration;
use crate::store::tables::{CLIENTS, CODES, DOCUMENTS, PEOPLE, SESSIONS};
use crate::store::{Read, Tx};

/// What the client is told, by way of the browser.
#[derive(Clone)]
pub struct Answer {
    pub carried: Carried,
    pub to: RedirectUri,
    /// The application's name.
    pub application: String,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// By the person.
    Denied,
    /// By the protocol: the person had no say.
    Refused,
}

/// What is carried holds a code.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("to", &self.to).field("verdict", &self.verdict).finish_non_exhaustive()
    }
}

/// What it takes to answer an authorization with a code.
#[derive(Clone)]
pub(super) struct Answering {
    pub(super) app: App,
    pub(super) authorization: Authorization,
    pub(super) client: Client,
    pub(super) session: Id<Session>,
}

impl Answering {
    /// Puts down a code, once: its id is the authorization's, so a second answer finds the first (attack case 39).
    pub(super) fn issue_code(&self, tx: &mut Tx<'_>, scope: &ScopeSet) -> Result<Result<OpaqueToken, Refusal>, Fault> {
        let authorization = &self.authorization;
        if self.is_answered(tx)? {
            return Ok(Err(Refusal::AuthorizationOver));
        }
        let Some(session) = tx.get(&SESSIONS, &self.session)? else { return Ok(Err(Refusal::LoginRequired)) };
        let person = tx.get(&PEOPLE, &session.person)?;
        if person.is_none_or(|person| person.state != PersonState::Active) {
            return Ok(Err(Refusal::AccessDenied));
        }
        if !find_client::stands(tx, &authorization.client_id)? {
            return Ok(Err(Refusal::AccessDenied));
        }
        // Allowed was what the page showed: a name, keys and addresses that changed since are asked about anew (attack case 35).
        if find_client::fingerprint(tx, &authorization.client_id)?.is_some_and(|now| now != authorization.client) {
            return Ok(Err(Refusal::AuthorizationOver));
        }
        let (code, row) = self.put_code(tx, &session, scope, self.app.settings.now().lifetimes.code)?;
        mark_used(tx, &self.client, self.app.settings.now().lifetimes.family)?;
        if !authorization.dropped.is_empty() {
            let (client, dropped) = (authorization.client_id.clone(), authorization.dropped.clone());
            tx.record(Event::ScopeNarrowed { client, dropped })?;
        }
        tx.record(Event::CodeIssued {
            client: authorization.client_id.clone(),
            person: session.person,
            scope: scope.clone(),
            resource: authorization.resource.clone(),
            code: row.digest.short(),
        })?;
        Ok(Ok(code))
    }

    /// Puts down that the answer was no, once: in the place of the code, one that nobody is told and that is over already.
    pub(super) fn deny(&self, tx: &mut Tx<'_>) -> Result<Refusal, Fault> {
        if self.is_answered(tx)? {
            return Ok(Refusal::AuthorizationOver);
        }
        let Some(session) = tx.get(&SESSIONS, &self.session)? else { return Ok(Refusal::LoginRequired) };
        self.put_code(tx, &session, &ScopeSet::new(), Lifetime::default())?;
        tx.record(Event::ConsentDenied { person: session.person, client: self.authorization.client_id.clone() })?;
        Ok(Refusal::AccessDenied)
    }

    fn is_answered(&self, tx: &Tx<'_>) -> Result<bool, Fault> {
        Ok(tx.get(&CODES, &self.authorization.id.of())?.is_some())
    }

    fn put_code(
        &self,
        tx: &mut Tx<'_>,
        session: &Session,
        scope: &ScopeSet,
        lifetime: Lifetime,
    ) -> Result<(OpaqueToken, AuthorizationCode), Fault> {
        let authorization = &self.authorization;
        let id: Id<AuthorizationCode> = authorization.id.of();
        let code = OpaqueToken::new(TokenKind::AuthorizationCode, id, &self.app.entropy)?;
        let expires_at = tx.now().plus(lifetime);
        let row = AuthorizationCode {
            id,
            digest: code.digest(),
            client_id: authorization.client_id.clone(),
            redirect_uri: authorization.redirect_uri.clone(),
            code_challenge: authorization.code_challenge.clone(),
            person: session.person,
            session: session.id,
            scope: scope.clone(),
            resource: authorization.resource.clone(),
            nonce: authorization.nonce.clone(),
            dpop_jkt: authorization.dpop_jkt,
            tenant: authorization.tenant.clone(),
            auth_time: session.auth_time,
            method: session.method,
            issued_at: tx.now(),
            expires_at,
            forgotten_at: expires_at.plus(REMEMBERED),
            state: CodeState::Fresh,
        };
        tx.put(&CODES, &id, &row)?;
        Ok((code, row))
    }

    /// The browser's way back, with the code or with the reason why there is none.
    pub(super) fn to_client(&self, ctx: &Context, outcome: Result<OpaqueToken, Refusal>) -> Step {
        let asked = &self.authorization;
        let (to, mode, state) = (&asked.redirect_uri, asked.response_mode, asked.state.as_deref());
        let (carried, verdict) = match outcome {
            Ok(code) => {
                let answer = [("code", code.secret().expose())];
                (authorize::carried(to, mode, state, self.app.issuer.as_str(), &answer), Verdict::Allowed)
            }
            Err(Refusal::AuthorizationOver) => return Step::Over,
            Err(refusal) => {
                let ctx = ctx.by(Actor::Client(self.client.id.clone()));
                (refuse(&self.app, &ctx, (to, mode, state), &refusal), Verdict::Refused)
            }
        };
        Step::Answer(Answer { carried, to: to.clone(), application: self.client.name.clone(), verdict })
    }
}

/// How long a spent or expired code is remembered, so that its replay is known for one.
const REMEMBERED: Lifetime = Lifetime::from_hours(1);

/// Notes that the application was used: a dynamic registration is then no longer about to be reaped, and a client-id document
/// is kept as it was consented to.
fn mark_used(tx: &mut Tx<'_>, client: &Client, family: Lifetime) -> Result<(), Fault> {
    let now = tx.now();
    match &client.id {
        ClientId::Registered(id) => match tx.get(&CLIENTS, id)?.and_then(|row| registration::used(&row, now, family)) {
            Some(row) => tx.put(&CLIENTS, id, &row),
            None => Ok(()),
        },
        ClientId::Document(url) => {
            let known = tx.get(&DOCUMENTS, url)?;
            let what = known.as_ref().map(|known| known.client.differences(client)).unwrap_or_default();
            if known
                .is_some_and(|known| what.is_empty() && client.created_at < known.seen_at.plus(find_client::SEEN_EVERY))
            {
                return Ok(());
            }
            if !what.is_empty() {
                let what = what.into_iter().map(str::to_owned).collect();
                tx.record(Event::ClientDocumentChanged { client: client.id.clone(), what })?;
            }
            tx.put(&DOCUMENTS, url, &DocumentRecord { client: client.clone(), seen_at: client.created_at })
        }
        ClientId::Machine(_) => Ok(()),
    }
}

/// Where an answer goes, how, and what it brings back.
pub(super) type Reply<'a> = (&'a RedirectUri, ResponseMode, Option<&'a str>);

/// OAuth 2.1 §4.1.2.1, with the id under which the whole story is found.
pub(super) fn refuse(app: &App, ctx: &Context, (to, mode, state): Reply<'_>, refusal: &Refusal) -> Carried {
    super::tell(app, ctx, refusal);
    let (text, id) = (refusal.public_text(), ctx.from.request.map(|id: Id<Request>| id.to_string()));
    let mut answer = vec![("error", refusal.error().as_str()), ("error_description", text.as_str())];
    if let Some(id) = &id {
        answer.push(("error_id", id));
    }
    // §4.1.2.1 error_uri: "identifying a human-readable web page with information about the error".
    let page = match refusal {
        Refusal::ResourceUnknown { asked, .. } => {
            let query: String =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", asked.as_str()).finish();
            Some(app.issuer.url(&format!("/oauth/unknown-resource?{query}")))
        }
        _ => None,
    };
    if let Some(page) = &page {
        answer.push(("error_uri", page));
    }
    authorize::carried(to, mode, state, app.issuer.as_str(), &answer)
}
