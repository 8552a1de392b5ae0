//! Token exchange: acting in somebody's name, and saying so. RFC 8693.
//!
//! A machine gets a token that speaks for somebody when two things hold, and not for one of them alone:
//!
//! 1. the subject's token came to the machine as it should: it is for a resource that the machine serves, or it was given to the
//!    machine itself, or it names the machine as the one who may act next (`may_act`);
//! 2. a delegation lets this machine act for this subject now: one that the person, or an administrator, granted and
//!    that either of them can take back.
//!
//! What it gets never says more than any of them: the subject's token, the delegation, the machine's own ceiling and the resource;
//! nor does it live longer. It always says who acts (`act`): a token that hides this is not to be had.

use std::sync::Arc;

use super::client_auth::AuthenticatedClient;
use super::params::Parameters;
use super::refusal::{Refusal, ensure};
use super::token_status::LiveToken;
use super::{scope, target};
use crate::base::{Id, Resource, Secret, Timestamp};
use crate::model::{
    AccessRecord, ClientId, Delegation, GrantType, Link, Machine, ProtectedResource, ScopeSet, Subject, TenantName,
    TokenFormat,
};

/// RFC 8693 §3: what kind of token a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    AccessToken,
    Jwt,
}

impl TokenType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
        }
    }

    /// Access tokens, in either of the names they go by. An id token says who signed in and allows nothing, and a refresh token
    /// is its client's alone: neither is exchanged.
    fn parse(parameter: &'static str, text: &str) -> Result<Self, Refusal> {
        let known = [Self::AccessToken, Self::Jwt].into_iter().find(|kind| kind.as_str() == text);
        known.ok_or(Refusal::TokenTypeUnsupported(parameter))
    }
}

/// RFC 8693 §2.1.
#[derive(Clone, Debug)]
pub struct TokenExchange {
    pub subject_token: Secret,
    /// Whether the subject token is said to be a JWT, of whichever issuer.
    pub is_jwt: bool,
    /// `None`: whoever authenticates is who acts.
    pub actor_token: Option<Secret>,
    pub requested: TokenType,
    pub scope: Option<ScopeSet>,
    /// By `resource` or by `audience`: one of them, or both meaning the same.
    pub resource: Option<Resource>,
}

impl TokenExchange {
    /// RFC 8693 §2.1. `params` has refused repeated parameters and knows no empty ones.
    pub fn parse(params: &Parameters<'_>) -> Result<Self, Refusal> {
        // §2.1: "subject_token REQUIRED", "subject_token_type REQUIRED".
        let subject_token = Secret::new(params.required("subject_token")?);
        let kind = TokenType::parse("subject_token_type", params.required("subject_token_type")?)?;
        // §2.1 actor_token_type: "REQUIRED when the actor_token parameter is present in the request but MUST NOT be included
        // otherwise."
        let actor_token = match (params.optional("actor_token"), params.optional("actor_token_type")) {
            (Some(token), Some(kind)) => {
                TokenType::parse("actor_token_type", kind)?;
                Some(Secret::new(token))
            }
            (Some(_), None) => return Err(Refusal::MissingParameter("actor_token_type")),
            (None, Some(_)) => return Err(Refusal::MissingParameter("actor_token")),
            (None, None) => None,
        };
        let requested = params.optional("requested_token_type");
        Ok(Self {
            subject_token,
            is_jwt: kind == TokenType::Jwt,
            actor_token,
            requested: requested
                .map_or(Ok(TokenType::AccessToken), |kind| TokenType::parse("requested_token_type", kind))?,
            scope: scope::parse(params.optional("scope"))?,
            // §2.1 audience: "The logical name of the target service": here, the resource by any of its names.
            resource: target::requested(params.resources().chain(params.audiences()))?,
        })
    }
}

/// Everything there is to know about an exchange, as it stands in one transaction.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The subject's token, if it is one of ours and everything behind it stands.
    pub subject: Option<Shown<'a>>,
    /// Whether the actor token, if one was sent, is one of ours, alive, and says nothing but that the caller is the caller.
    pub actor_token_is_callers_own: bool,
    /// The one of this machine for this subject, if there is one.
    pub delegation: Option<&'a Delegation>,
    /// Where the subject, if it is a machine, and everybody who acts already are.
    pub tenants: &'a [TenantName],
    /// Whether the subject, if it is a person, is of the caller's tenant.
    pub person_is_near: bool,
    pub target: target::Facts,
    /// Most machines in one chain.
    pub depth: usize,
}

/// A token as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    pub id: Id<AccessRecord>,
    pub token: &'a LiveToken,
}

/// What may be issued.
#[derive(Clone, Debug)]
pub struct Exchanged {
    pub subject: Subject,
    pub resource: Arc<ProtectedResource>,
    pub scope: ScopeSet,
    /// Who acts, the caller first.
    pub chain: Vec<Link>,
    pub may_act: Option<Id<Machine>>,
    /// The token's end, unless it has an earlier one of its own.
    pub ends_at: Timestamp,
}

/// Decides whether the caller gets a token that speaks for the subject. RFC 8693 §2.1, §2.2.2.
pub fn exchange(
    facts: Facts<'_>,
    client: &AuthenticatedClient,
    ask: &TokenExchange,
    now: Timestamp,
) -> Result<Exchanged, Refusal> {
    ensure(client.allows_grant(GrantType::TokenExchange), Refusal::GrantNotAllowed)?;
    let actor = client.machine().ok_or(Refusal::GrantNotAllowed)?;
    // §2.2.2: "if either the subject_token or actor_token are invalid for any reason, or are unacceptable based on policy, … the
    // value of the error parameter MUST be the invalid_request error code."
    let shown = facts.subject.ok_or(Refusal::SubjectTokenInvalid)?;
    let subject = shown.token;
    ensure(came_to(subject, client, actor.id), Refusal::SubjectTokenElsewhere)?;
    // §1.1: "principal A still has its own identity separate from B": the actor is who authenticates, and brings nobody else along.
    ensure(ask.actor_token.is_none() || facts.actor_token_is_callers_own, Refusal::ActorTokenForeign)?;
    ensure(facts.tenants.iter().all(|tenant| *tenant == actor.tenant), Refusal::SubjectOfAnotherTenant)?;
    let delegation = facts.delegation.filter(|delegation| delegation.is_live(now)).ok_or(Refusal::NotDelegated)?;
    // A person may have left since it was given.
    ensure(facts.person_is_near || delegation.across, Refusal::SubjectOfAnotherTenant)?;
    // §4.1: "A chain of delegation can be expressed by nesting one act claim within another." Whoever acted before stays in it.
    ensure(subject.chain.len() < facts.depth, Refusal::ChainTooLong { most: facts.depth })?;
    let link = Link { actor: actor.id, delegation: delegation.id, from: shown.id };
    let resource = target::required(facts.target, client, Refusal::MissingParameter("resource"))?;
    // §2.2.2: "unwilling or unable to issue a token for any target service indicated by the resource or audience parameters".
    let reaches = delegation.resources.is_empty() || delegation.resources.contains(&resource.identifier);
    ensure(reaches, Refusal::DelegationElsewhere)?;
    let fits = ask.requested == TokenType::AccessToken || resource.format == TokenFormat::Jwt;
    ensure(fits, Refusal::TokenTypeUnsupported("requested_token_type"))?;
    let most = resource.scopes.intersection(&subject.scope).intersection(&delegation.scope);
    let most = most.intersection(actor.ceiling(Some(&resource.identifier)));
    Ok(Exchanged {
        subject: subject.subject.clone(),
        scope: narrow(ask.scope.as_ref(), &most, &resource)?,
        chain: std::iter::once(link).chain(subject.chain.iter().cloned()).collect(),
        may_act: delegation.may_act,
        ends_at: Timestamp::from_seconds(subject.exp).min(delegation.expires_at),
        resource,
    })
}

/// Whether the token is in the right hands. Case 20: one that was meant for somebody else buys nothing, whoever found it.
fn came_to(token: &LiveToken, client: &AuthenticatedClient, actor: Id<Machine>) -> bool {
    let serves = client.serves.iter().any(|resource| resource.as_str() == token.audience);
    // §4.4: "the may_act claim … makes a statement that one party is authorized to become the actor and act on behalf of
    // another party."
    !token.is_refresh && (serves || token.client_id == ClientId::Machine(actor) || token.may_act == Some(actor))
}

/// Nobody gets more by exchanging: what is asked for beyond `most` is refused and not left out, so that no agent goes on with
/// less than it thinks it has.
fn narrow(asked: Option<&ScopeSet>, most: &ScopeSet, resource: &ProtectedResource) -> Result<ScopeSet, Refusal> {
    let scope = match asked {
        Some(asked) => {
            ensure(asked.is_subset_of(most), Refusal::ExchangeWidened)?;
            asked.clone()
        }
        None => {
            let usual = resource.default_scopes.intersection(most);
            if usual.is_empty() { most.clone() } else { usual }
        }
    };
    ensure(!scope.is_empty(), Refusal::ExchangeWidened)?;
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<TokenExchange, Refusal> {
        TokenExchange::parse(&Parameters::parse(body.as_bytes())?)
    }

    const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

    #[test]
    fn a_request_has_one_subject_and_says_what_kind_each_token_is() {
        let good = format!("subject_token=t&subject_token_type={ACCESS}");
        assert!(parse(&good).unwrap().actor_token.is_none());
        let both = parse(&format!("{good}&actor_token=a&actor_token_type={ACCESS}")).unwrap();
        assert_eq!(both.actor_token.unwrap().expose(), "a");
        for (body, refusal) in [
            (format!("subject_token_type={ACCESS}"), Refusal::MissingParameter("subject_token")),
            (format!("subject_token=&subject_token_type={ACCESS}"), Refusal::MissingParameter("subject_token")),
            (format!("{good}&subject_token=t"), Refusal::RepeatedParameter),
            ("subject_token=t".to_owned(), Refusal::MissingParameter("subject_token_type")),
            (format!("{good}&actor_token=a"), Refusal::MissingParameter("actor_token_type")),
            (format!("{good}&actor_token_type={ACCESS}"), Refusal::MissingParameter("actor_token")),
            (format!("{good}&requested_token_type=x"), Refusal::TokenTypeUnsupported("requested_token_type")),
            (
                "subject_token=t&subject_token_type=urn:ietf:params:oauth:token-type:id_token".to_owned(),
                Refusal::TokenTypeUnsupported("subject_token_type"),
            ),
            (format!("{good}&resource=https://a.example/&audience=https://b.example/"), Refusal::ResourceMany),
            (format!("{good}&audience=https://a.example/&audience=https://b.example/"), Refusal::ResourceMany),
            (format!("{good}&audience=b"), Refusal::ResourceMalformed),
        ] {
            assert_eq!(parse(&body).unwrap_err(), refusal, "{body}");
        }
        // §2.1: "Multiple audience parameters may be used": here they say the same, with `resource` or without.
        let twice = parse(&format!("{good}&audience=https://a.example/&audience=https://a.example/")).unwrap();
        assert_eq!(twice.resource.unwrap().as_str(), "https://a.example/");
        assert!(!format!("{:?}", parse(&good).unwrap()).contains("\"t\""), "a token is not for logs");
    }
}
