//! Gives an application our word about a person, to carry to another authorization server.
//! draft-ietf-oauth-identity-assertion-authz-grant §4.3.

use super::issue::{self, Issued};
use crate::app::App;
use crate::base::{Fault, Id};
use crate::keys::Typ;
use crate::model::{
    ClientState, Context, Crossing, Event, Family, GrantType, IdentityAssertion, Person, PersonState, Session,
};
use crate::operations::dpop::{self, Sender};
use crate::operations::introspect::{self, Known};
use crate::operations::{Problem, find_client};
use crate::protocol::claims::{Confirmation, ID_TOKEN_TYPE, IdClaims, PersonClaims};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{Proof, held};
use crate::protocol::id_jag::{self, AssertionRequest, IdJagClaims, LIVES, SubjectKind};
use crate::protocol::refusal::{Refusal, ensure};
use crate::store::tables::{CROSSINGS, CROSSINGS_BY_CLIENT, FAMILIES, FAMILIES_BY_GRANT, PEOPLE};
use crate::store::{Read, Tx};

/// Most lines of tokens that are looked at for the one that an id token came with, the newest first.
const MOST_LINES: usize = 200;

/// Whom the subject token speaks of, as far as its own words go.
enum Said {
    /// An id token says who signed in and in which session.
    Signed {
        person: Id<Person>,
        session: Id<Session>,
    },
    Refresh(Box<Known>),
}

/// The signature is checked here; everything that may change is read, decided and written in one transaction.
pub(super) async fn give(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: AssertionRequest,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    if let Err(refusal) = id_jag::may_use(&client, GrantType::TokenExchange) {
        app.tally.count("token exchange by a client that may not");
        return Err(refusal.into());
    }
    let said = match ask.kind {
        SubjectKind::IdToken => id_token(app, ctx, &client, ask.subject_token.expose()),
        SubjectKind::RefreshToken => match introspect::find(app, ctx, ask.subject_token.expose()).await? {
            Some(known @ Known::Refresh { .. }) => Ok(Said::Refresh(Box::new(known))),
            _ => Err(Refusal::SubjectTokenInvalid),
        },
    };
    let said = match said {
        Ok(said) => said,
        Err(refusal) => {
            app.tally.count("exchange of an unknown token");
            return Err(refusal.into());
        }
    };
    let giving = Giving { app: app.clone(), client, ask, proof, said };
    let outcome = app.store.write("assert identity", ctx, move |tx| giving.run(tx));
    Ok(outcome.await??)
}

/// An id token of ours that was given to this very client and is not over. §4.3.2: "the IdP MUST validate the assertion and MUST
/// validate that the audience of the assertion … matches the client_id of the client authentication of the request."
fn id_token(app: &App, ctx: &Context, client: &AuthenticatedClient, token: &str) -> Result<Said, Refusal> {
    let verified = app.keys.current().verify(token, Typ::Exactly(ID_TOKEN_TYPE));
    let claims = verified.map_err(|_| Refusal::SubjectTokenInvalid)?.into_claims();
    let claims: IdClaims =
        serde_json::from_value(serde_json::Value::Object(claims)).map_err(|_| Refusal::SubjectTokenInvalid)?;
    let live = claims.iss == app.issuer.as_str() && ctx.at.seconds() < claims.exp;
    ensure(live, Refusal::SubjectTokenInvalid)?;
    ensure(claims.aud == client.id().to_string(), Refusal::SubjectTokenElsewhere)?;
    match (claims.sub.parse(), claims.sid.parse()) {
        (Ok(person), Ok(session)) => Ok(Said::Signed { person, session }),
        _ => Err(Refusal::SubjectTokenInvalid),
    }
}

struct Giving {
    app: App,
    client: AuthenticatedClient,
    ask: AssertionRequest,
    proof: Option<Proof>,
    said: Said,
}

/// What was decided: by which crossing, of whom, under which of the person's grants.
struct Decided {
    crossing: Crossing,
    person: Person,
    family: Family,
    claims: IdJagClaims,
}

impl Giving {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Result<Issued, Refusal>, Fault> {
        let sender = match dpop::spend(tx, self.proof.as_ref())? {
            Ok(sender) => sender,
            Err(refusal) => return self.refuse(tx, refusal),
        };
        match self.decide(tx, sender)? {
            Ok(decided) => self.put_down(tx, decided).map(Ok),
            Err(refusal) => self.refuse(tx, refusal),
        }
    }

    fn refuse(&self, tx: &mut Tx<'_>, refusal: Refusal) -> Result<Result<Issued, Refusal>, Fault> {
        let (client, why) = (self.client.id().clone(), format!("{refusal:?}"));
        tx.record(Event::TokenRefused { client, grant: "token_exchange".to_owned(), why })?;
        Ok(Err(refusal))
    }

    fn decide(&self, tx: &Tx<'_>, sender: Sender) -> Result<Result<Decided, Refusal>, Fault> {
        if find_client::state(tx, self.client.id())? != Some(ClientState::Active) {
            return Ok(Err(Refusal::ClientSuspended));
        }
        let Some(family) = self.family(tx)? else { return Ok(Err(Refusal::SubjectTokenInvalid)) };
        // A refresh token that is bound to a key is shown with a proof of it, here as at the endpoint it is for.
        if let Err(refusal) = held(family.jkt.as_ref(), sender.jkt().as_ref(), Refusal::RefreshOfAnotherKey) {
            return Ok(Err(refusal));
        }
        let person = family.person.map(|person| tx.get(&PEOPLE, &person)).transpose()?.flatten();
        let Some(person) = person.filter(|person| person.state == PersonState::Active) else {
            return Ok(Err(Refusal::SubjectTokenInvalid));
        };
        let Some((at, method)) = family.sign_in() else { return Ok(Err(Refusal::SubjectTokenInvalid)) };
        let key = (self.client.id().to_string(), self.ask.audience.clone());
        let crossing = tx.find(&CROSSINGS, &CROSSINGS_BY_CLIENT, &key)?.map(|(_, crossing)| crossing);
        let (scope, resource) = match id_jag::assert(crossing.as_ref(), &self.ask) {
            Ok(said) => said,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(crossing) = crossing else { return Ok(Err(Refusal::CrossingNotAllowed)) };
        let now = tx.now();
        let claims = IdJagClaims {
            iss: self.app.issuer.to_string(),
            sub: person.id.to_string(),
            aud: crossing.audience.clone(),
            client_id: crossing.client_there.clone(),
            jti: Id::<IdentityAssertion>::new(now, &self.app.entropy)?.to_string(),
            exp: now.plus(LIVES).seconds(),
            iat: now.seconds(),
            resource,
            scope,
            auth_time: at.seconds(),
            how: method.into(),
            email: PersonClaims::for_scope(&person, &family.scope).email,
            cnf: sender.jkt().map(|jkt| Confirmation { jkt }),
        };
        Ok(Ok(Decided { crossing, person, family, claims }))
    }

    /// The person's grant that the subject token belongs to, if it stands: an id token is worth no more than the tokens it came with.
    fn family(&self, tx: &Tx<'_>) -> Result<Option<Family>, Fault> {
        match &self.said {
            Said::Refresh(known) => match &**known {
                Known::Refresh { family, .. } if family.client_id == *self.client.id() => {
                    // As it is now, and not as it was when the token was found.
                    let family = tx.get(&FAMILIES, &family.id)?.filter(|now| now.generation == family.generation);
                    let stands = family.is_some() && introspect::stands(tx, known, tx.now())?;
                    Ok(family.filter(|family| stands && family.is_live(tx.now())))
                }
                _ => Ok(None),
            },
            Said::Signed { person, session } => {
                let key = (*person, self.client.id().to_string());
                let lines = tx.list_newest(&FAMILIES, &FAMILIES_BY_GRANT, &key, None, MOST_LINES)?.rows;
                let theirs = |family: &Family| family.session == Some(*session) && family.is_live(tx.now());
                Ok(lines.into_iter().map(|(_, family)| family).find(theirs))
            }
        }
    }

    fn put_down(&self, tx: &mut Tx<'_>, decided: Decided) -> Result<Issued, Fault> {
        let Decided { crossing, person, family, claims } = decided;
        tx.record(Event::IdentityAsserted {
            client: self.client.id().clone(),
            person: person.id,
            crossing: crossing.id,
            audience: crossing.audience,
            client_there: crossing.client_there,
            scope: claims.scope.clone(),
            resource: claims.resource.clone(),
            family: family.id,
            assertion: claims.jti.clone(),
            expires_at: tx.now().plus(LIVES),
        })?;
        Ok(issue::identity_assertion(&self.app, claims))
    }
}
