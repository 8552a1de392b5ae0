//! The word of one authorization server about a person, taken by another: ID-JAG, which MCP calls enterprise-managed
//! authorization. draft-ietf-oauth-identity-assertion-authz-grant.
//!
//! Both sides are here. Who signed somebody in says so to an application that it gave an id token ([`assert`]); who has what the
//! application wants takes that word instead of asking the person ([`read`], [`accept`]). An administrator on either side has
//! written down beforehand whom it is said to, and from whom it is taken.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::{Confirmation, HowSignedIn};
use super::client_auth::AuthenticatedClient;
use super::params::Parameters;
use super::refusal::{Refusal, ensure};
use super::scope::Narrowed;
use super::token_request::JwtBearer;
use super::{dpop, scope, strict_json, target};
use crate::base::{Digest, Issuer, Lifetime, Resource, Secret, Timestamp};
use crate::model::{Crossing, GrantType, PersonState, ProtectedResource, ScopeSet};

/// Its `typ`. §3: "The typ of the JWT indicated in the JWT header MUST be oauth-id-jag+jwt."
pub const ID_JAG_TYPE: &str = "oauth-id-jag+jwt";
/// What it is called in a token exchange. §4.3.
pub const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
/// What taking it is called in metadata.
pub const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

/// How long one that is made here is good.
pub const LIVES: Lifetime = Lifetime::from_minutes(5);
/// None is taken that is good for longer.
const LONGEST: Lifetime = Lifetime::from_minutes(10);
/// How far clocks may differ.
const SKEW: Lifetime = Lifetime::from_seconds(30);
/// Longest assertion, and longest claims in it, in bytes.
const LONGEST_TOKEN: usize = 16 * 1_024;
pub const LONGEST_SUBJECT: usize = 255;
const LONGEST_JTI: usize = 256;

/// Whether an assertion says that it is one: RFC 8725 §3.11, one kind of token never passes for another. Nothing else of it is
/// looked at.
pub fn is_one(assertion: &str) -> bool {
    let header = assertion.split('.').next().filter(|_| assertion.len() <= LONGEST_TOKEN);
    let header = header.and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let header = header.and_then(|json| strict_json::parse_object(&json, LONGEST_TOKEN).ok());
    let typ = header.as_ref().and_then(|header| header.get("typ")).and_then(Value::as_str).unwrap_or_default();
    // RFC 7515 §4.1.9: "application/" may be left out where no other slash is.
    let short = typ.split_once('/').filter(|(kind, _)| kind.eq_ignore_ascii_case("application"));
    short.map_or(typ, |(_, short)| short).eq_ignore_ascii_case(ID_JAG_TYPE)
}

/// The issuer that an assertion names (§3), before anything is believed.
pub fn claimed_issuer(assertion: &str) -> Option<String> {
    let claims = assertion.split('.').nth(1).filter(|_| assertion.len() <= LONGEST_TOKEN)?;
    let claims = strict_json::parse_object(&URL_SAFE_NO_PAD.decode(claims).ok()?, LONGEST_TOKEN).ok()?;
    text(&claims, "iss").filter(|iss| iss.len() <= 512).map(str::to_owned)
}

/// Whether a client may bring one, or ask for one: it authenticates, and an administrator said that it may use the grant. A machine
/// acts for people by delegations, which say that it does. The draft, beside §4.3 and §4.4.1: "SHOULD only be supported for confidential
/// clients".
pub fn may_use(client: &AuthenticatedClient, grant: GrantType) -> Result<(), Refusal> {
    let may = client.allows_grant(grant) && client.machine().is_none() && !client.is_public();
    ensure(may, Refusal::GrantNotAllowed)
}

/// What an assertion says, once its provider's signature was checked and it is for us, from this client, now.
#[derive(Clone, Debug)]
pub struct Asserted {
    pub subject: String,
    pub jti: String,
    /// The address, if the provider says that it verified it.
    pub email: Option<String>,
    resource: Option<Resource>,
    scope: Option<ScopeSet>,
    jkt: Option<Digest>,
    /// Until when its use must be remembered.
    pub good_until: Timestamp,
}

impl Asserted {
    /// What its one use is remembered by.
    pub fn replay_key(&self, issuer: &str) -> Digest {
        Digest::of_all(&[b"id-jag jti\n", issuer.as_bytes(), b"\n", self.jti.as_bytes()])
    }

    /// The resource that is meant: the assertion's, or the request's where the assertion names none.
    pub fn resource<'a>(&'a self, ask: &'a JwtBearer) -> Option<&'a Resource> {
        self.resource.as_ref().or(ask.resource.as_ref())
    }
}

/// Reads the claims of an assertion that `client` brings. §3, §4.4.1.
pub fn read(
    claims: &Map<String, Value>,
    issuer: &Issuer,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Result<Asserted, Refusal> {
    let bad = |why| Err(Refusal::GrantAssertionInvalid(why));
    // §4.4.1: "If the aud claim is an array, it MUST contain exactly one element, and that element MUST be the issuer identifier of
    // the Resource Authorization Server."
    let aud = match claims.get("aud") {
        Some(Value::Array(list)) if list.len() == 1 => list.first().and_then(Value::as_str),
        aud => aud.and_then(Value::as_str),
    };
    if aud != Some(issuer.as_str()) {
        return bad("aud is not this server's issuer, alone");
    }
    // §4.4.1: "The client_id claim MUST identify the same client as the client authentication in the request."
    if text(claims, "client_id") != Some(client.id().to_string().as_str()) {
        return bad("client_id is another client's");
    }
    // §3 has `exp` and `iat` as required. RFC 7521 §5.2: "The authorization server MAY reject assertions with an Expires At
    // attribute value that is unreasonably far in the future."
    let (Some(exp), Some(iat)) = (date(claims, "exp"), date(claims, "iat")) else {
        return bad("exp or iat is missing");
    };
    if now >= exp.plus(SKEW) {
        return bad("it has expired");
    }
    if exp > now.plus(LONGEST).plus(SKEW) {
        return bad("it is good for more than ten minutes");
    }
    if iat > now.plus(SKEW) || claims.contains_key("nbf") && date(claims, "nbf").is_none_or(|nbf| nbf > now.plus(SKEW))
    {
        return bad("it is not valid yet");
    }
    let Some(jti) = bounded(claims, "jti", LONGEST_JTI) else { return bad("jti is missing or too long") };
    let Some(subject) = bounded(claims, "sub", LONGEST_SUBJECT) else { return bad("sub is missing or too long") };
    // What limits an assertion and is not understood must not be left out, or more would be given than was said.
    if claims.contains_key("authorization_details") || claims.contains_key("act") {
        return bad("authorization_details and act are not taken here");
    }
    let resource = match claims.get("resource") {
        None => None,
        Some(Value::Array(list)) if list.len() == 1 => list.first(),
        one => one,
    };
    let resource = match resource.map(|one| one.as_str().and_then(|one| Resource::parse(one).ok())) {
        Some(None) => return bad("resource is not one URI"),
        resource => resource.flatten(),
    };
    let scope = match claims.get("scope").map(|scope| scope.as_str().and_then(|scope| scope.parse().ok())) {
        Some(None) => return bad("scope is malformed"),
        scope => scope.flatten(),
    };
    // RFC 7800 §3.1: who is to present it has this key. Another kind of confirmation is none that can be checked here.
    let jkt = match claims.get("cnf").map(|cnf| cnf.get("jkt").and_then(Value::as_str).and_then(Digest::parse)) {
        Some(None) => return bad("cnf has no jkt"),
        jkt => jkt.flatten(),
    };
    let verified = claims.get("email_verified") == Some(&Value::Bool(true));
    let email = bounded(claims, "email", 254).filter(|_| verified).map(str::to_owned);
    let (subject, jti) = (subject.to_owned(), jti.to_owned());
    Ok(Asserted { subject, jti, email, resource, scope, jkt, good_until: exp.plus(SKEW) })
}

/// Everything there is to know besides, as it stands in one transaction.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Of whoever is meant, if anybody here is.
    pub person: Option<PersonState>,
    pub target: target::Facts,
    /// The thumbprint of the key that the caller has shown to have.
    pub key: Option<Digest>,
}

/// What may be issued.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub resource: Arc<ProtectedResource>,
    pub narrowed: Narrowed,
}

/// Decides what the client gets for a good assertion. §4.4.1.
pub fn accept(
    asserted: &Asserted,
    facts: Facts,
    client: &AuthenticatedClient,
    ask: &JwtBearer,
) -> Result<Accepted, Refusal> {
    let other = Refusal::GrantAssertionInvalid("it is bound to another key");
    dpop::held(asserted.jkt.as_ref(), facts.key.as_ref(), other)?;
    let person = facts.person.ok_or(Refusal::GrantAssertionInvalid("nobody here is known by it"))?;
    ensure(person == PersonState::Active, Refusal::GrantAssertionInvalid("nobody here is known by it"))?;
    // §4.4.1: "The granted resources MAY be a subset of the resources in the ID-JAG", and no other.
    let same = match (&asserted.resource, &ask.resource) {
        (Some(said), Some(asked)) => said.folded() == asked.folded(),
        _ => true,
    };
    ensure(same, Refusal::ResourceWidened)?;
    // Never for the appliance itself: nobody administers it on another's word.
    let resource = target::required(facts.target, client, Refusal::ResourceNotAllowed { resource: None })?;
    // §4.4.1: "The granted scopes MAY be a subset of the scopes in the ID-JAG issued by the IdP".
    let said = asserted.scope.clone().unwrap_or_else(|| resource.default_scopes.clone());
    let mut most = said.intersection(&resource.scopes);
    if let Some(ceiling) = client.ceiling(Some(&resource)) {
        most = most.intersection(ceiling);
    }
    let asked = ask.scope.as_ref().unwrap_or(&said);
    let narrowed = Narrowed { scope: asked.intersection(&most), dropped: asked.minus(&most) };
    ensure(!narrowed.scope.is_empty(), Refusal::ScopeNoneLeft)?;
    Ok(Accepted { resource, narrowed })
}

/// A request for one. §4.3.
#[derive(Clone, Debug)]
pub struct AssertionRequest {
    pub subject_token: Secret,
    pub kind: SubjectKind,
    /// The issuer of the server that it is for.
    pub audience: String,
    pub resource: Option<Resource>,
    pub scope: Option<ScopeSet>,
}

/// What says who the person is. §4.3: "Either the Identity Assertion … or a Refresh Token".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    IdToken,
    RefreshToken,
}

impl AssertionRequest {
    /// Whether a token exchange asks for one.
    pub fn is_asked(params: &Parameters<'_>) -> bool {
        params.optional("requested_token_type") == Some(ID_JAG)
    }

    pub fn parse(params: &Parameters<'_>) -> Result<Self, Refusal> {
        let subject_token = Secret::new(params.required("subject_token")?);
        let kind = match params.required("subject_token_type")? {
            "urn:ietf:params:oauth:token-type:id_token" => SubjectKind::IdToken,
            "urn:ietf:params:oauth:token-type:refresh_token" => SubjectKind::RefreshToken,
            _ => return Err(Refusal::TokenTypeUnsupported("subject_token_type")),
        };
        // §4.3: "The additional parameters … actor_token and actor_token_type are not used in this specification."
        for unused in ["actor_token", "actor_token_type", "authorization_details"] {
            ensure(params.optional(unused).is_none(), Refusal::MalformedParameter(unused))?;
        }
        let audience = params.required("audience")?;
        ensure(params.audiences().all(|other| other == audience), Refusal::ResourceMany)?;
        Ok(Self {
            subject_token,
            kind,
            // §4.3: "audience: REQUIRED - The issuer identifier of the Resource Authorization Server".
            audience: params.bounded("audience", 512)?.unwrap_or_default().to_owned(),
            resource: target::requested(params.resources())?,
            scope: scope::parse(params.optional("scope"))?,
        })
    }
}

/// Decides what an assertion may say, by the crossing that the administrator wrote down. §4.3.2: "The IdP evaluates
/// administrator-defined policy for the token exchange request".
pub fn assert(crossing: Option<&Crossing>, ask: &AssertionRequest) -> Result<(ScopeSet, Option<Resource>), Refusal> {
    let crossing = crossing.ok_or(Refusal::CrossingNotAllowed)?;
    let scope = ask.scope.as_ref().unwrap_or(&crossing.scope);
    ensure(scope.is_subset_of(&crossing.scope), Refusal::ExchangeWidened)?;
    let resource = match (&ask.resource, crossing.resources.as_slice()) {
        (asked, []) => asked.clone(),
        (Some(asked), listed) => {
            let known = listed.iter().find(|one| one.folded() == asked.folded());
            Some(known.ok_or(Refusal::CrossingNotAllowed)?.clone())
        }
        (None, [only]) => Some(only.clone()),
        (None, _) => return Err(Refusal::MissingParameter("resource")),
    };
    Ok((scope.clone(), resource))
}

/// The claims of one that is made here. §3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdJagClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub client_id: String,
    pub jti: String,
    pub exp: i64,
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    pub scope: ScopeSet,
    pub auth_time: i64,
    #[serde(flatten)]
    pub how: HowSignedIn,
    /// Only where the person allowed the client to know it. Nobody here verified it, and so nothing is said of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

fn bounded<'c>(claims: &'c Map<String, Value>, name: &str, longest: usize) -> Option<&'c str> {
    text(claims, name).filter(|text| (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control))
}

/// RFC 7519 §2: a NumericDate may have a fraction. Nothing outside a sane range is a date.
fn date(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let seconds = claims.get(name)?.as_f64().filter(|at| (0.0..4.0e10).contains(at))?;
    Some(Timestamp::from_seconds(seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::model::ClientId;
    use serde_json::json;

    fn with_header(header: &Value) -> String {
        format!("{}.e30.x", URL_SAFE_NO_PAD.encode(header.to_string()))
    }

    #[test]
    fn an_assertion_is_known_by_its_type_and_by_nothing_else() {
        for typ in ["oauth-id-jag+jwt", "OAuth-ID-JAG+JWT", "application/oauth-id-jag+jwt"] {
            assert!(is_one(&with_header(&json!({ "typ": typ, "alg": "none" }))), "{typ}");
        }
        for typ in [json!("JWT"), json!("at+jwt"), json!("oauth-id-jag"), json!(1), json!(null)] {
            assert!(!is_one(&with_header(&json!({ "typ": typ }))), "{typ}");
        }
        for other in ["", ".", "a.b.c", "e30.e30.e30", "ü.ü.ü"] {
            assert!(!is_one(other), "{other}");
        }
        assert!(!is_one(&format!("{}{}", with_header(&json!({ "typ": ID_JAG_TYPE })), "x".repeat(LONGEST_TOKEN))));
    }

    fn ask(body: &str) -> Result<AssertionRequest, Refusal> {
        AssertionRequest::parse(&Parameters::parse(body.as_bytes())?)
    }

    const GOOD: &str =
        "subject_token=t&subject_token_type=urn:ietf:params:oauth:token-type:id_token&audience=https://rs.example";

    #[test]
    fn a_request_for_one_says_whom_it_is_about_and_whom_it_is_for() {
        assert_eq!(ask(GOOD).unwrap().kind, SubjectKind::IdToken);
        for (body, refusal) in [
            ("subject_token=t&audience=a".to_owned(), Refusal::MissingParameter("subject_token_type")),
            (GOOD.replace("&audience=https://rs.example", ""), Refusal::MissingParameter("audience")),
            (GOOD.replace("id_token", "access_token"), Refusal::TokenTypeUnsupported("subject_token_type")),
            (GOOD.replace("id_token", "saml2"), Refusal::TokenTypeUnsupported("subject_token_type")),
            (format!("{GOOD}&actor_token=a"), Refusal::MalformedParameter("actor_token")),
            (format!("{GOOD}&authorization_details=[]"), Refusal::MalformedParameter("authorization_details")),
            (format!("{GOOD}&audience=b"), Refusal::ResourceMany),
            (format!("{GOOD}&audience={}", "b".repeat(600)), Refusal::ResourceMany),
        ] {
            assert_eq!(ask(&body).unwrap_err(), refusal, "{body}");
        }
    }

    #[test]
    fn a_crossing_is_the_most_that_is_said() {
        let at = |url: &str| Resource::parse(url).unwrap();
        let crossing = Crossing {
            id: Id::from_bytes([1; 16]),
            client_id: ClientId::Registered(Id::from_bytes([2; 16])),
            audience: "https://rs.example".to_owned(),
            client_there: "app".to_owned(),
            scope: "chat.read chat.write".parse().unwrap(),
            resources: Vec::new(),
            created_at: Timestamp::from_seconds(0),
        };
        let anywhere = ask(GOOD).unwrap();
        assert_eq!(assert(None, &anywhere).unwrap_err(), Refusal::CrossingNotAllowed);
        assert_eq!(assert(Some(&crossing), &anywhere).unwrap(), (crossing.scope.clone(), None));
        let narrow = ask(&format!("{GOOD}&scope=chat.read&resource=https://a.example/")).unwrap();
        let said = assert(Some(&crossing), &narrow).unwrap();
        assert_eq!(said, ("chat.read".parse().unwrap(), Some(at("https://a.example/"))));
        let wide = ask(&format!("{GOOD}&scope=chat.read+admin")).unwrap();
        assert_eq!(assert(Some(&crossing), &wide).unwrap_err(), Refusal::ExchangeWidened);
        let one = Crossing { resources: vec![at("https://a.example/x")], ..crossing.clone() };
        assert_eq!(assert(Some(&one), &anywhere).unwrap().1, Some(at("https://a.example/x")));
        assert_eq!(assert(Some(&one), &narrow).unwrap_err(), Refusal::CrossingNotAllowed);
        let two = Crossing { resources: vec![at("https://a.example/x"), at("https://a.example/y")], ..crossing };
        assert_eq!(assert(Some(&two), &anywhere).unwrap_err(), Refusal::MissingParameter("resource"));
    }
}
