//! What may be asked for. OAuth 2.1 §1.4.1.

use super::entitlements::asks_for_claims;
use super::own_scopes::{is_own, within_reach};
use super::refusal::Refusal;
use crate::model::{Client, GrantType, ProtectedResource, Provenance, ScopeSet};

/// Scopes about the person and the session, which belong to no resource. OpenID Connect Core §5.4 and §11.
pub const OF_THE_PERSON: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Whether a scope is about the person or about what is known of the bearer, and so of no resource. Of those, a client that
/// acts for itself has only the latter.
fn of_no_resource(name: &str) -> bool {
    OF_THE_PERSON.contains(&name) || asks_for_claims(name)
}

/// Whether a scope can only be one of a resource's. RFC 9068 §2.2.3.
pub fn is_of_a_resource(name: &str) -> bool {
    !of_no_resource(name) && !is_own(name)
}

/// Whether there is nothing in a grant that anybody could use: how long it lasts (OpenID Connect Core §11) is no use by itself.
pub fn gives_nothing(scope: &ScopeSet) -> bool {
    scope.iter().all(|name| name.as_str() == "offline_access")
}

/// What a request for scopes comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// What may be granted.
    pub scope: ScopeSet,
    /// What was asked for and is not to be had. It is dropped and audited, not fatal: clients ask for what they know.
    pub dropped: ScopeSet,
}

/// Whether a client keeps what it was granted while nobody is there: it registered the grant, or was granted `offline_access`.
/// OpenID Connect Core §11: `offline_access` "requests that an OAuth 2.0 Refresh Token be issued".
pub fn may_refresh(client: &Client, granted: &ScopeSet) -> bool {
    client.allows_grant(GrantType::RefreshToken) || granted.contains("offline_access")
}

/// Reads a `scope` parameter. OAuth 2.1 §1.4.1.
pub fn parse(text: Option<&str>) -> Result<Option<ScopeSet>, Refusal> {
    text.map(|text| text.parse().map_err(|_| Refusal::ScopeMalformed)).transpose()
}

/// For a person's grant: what the resource offers, below the client's ceiling, and the person's own scopes.
///
/// OAuth 2.1 §1.4.1: "The authorization server MAY fully or partially ignore the scope requested by the client, based on
/// the authorization server policy or the resource owner's instructions."
pub fn narrow_for_person(asked: Option<&ScopeSet>, client: &Client, resource: Option<&ProtectedResource>) -> Narrowed {
    let reach = within_reach(client);
    let allowed = |name: &str| {
        // The scopes of the appliance's own API are to be had at the appliance itself, whatever a resource offers. Whether this
        // person may have them is asked once it is known who it is.
        if is_own(name) {
            return resource.is_none() && reach.contains(name);
        }
        let offered = of_no_resource(name) || resource.is_some_and(|r| r.scopes.contains(name));
        // The person's own scopes are under no ceiling but consent; nor are clients that registered themselves: MCP clients
        // register with the scope of the first challenge and ask for more with the same id later.
        let is_ceiling = matches!(client.provenance, Provenance::Administrator | Provenance::Machine);
        let ceiling =
            of_no_resource(name) || !is_ceiling || client.scope.as_ref().is_none_or(|scope| scope.contains(name));
        offered && ceiling
    };
    // §1.4.1: "If the client omits the scope parameter when requesting authorization, the authorization server MUST
    // either process the request using a pre-defined default value or fail the request indicating an invalid scope."
    let default = || resource.map(|r| r.default_scopes.only(|s| allowed(s.as_str()))).unwrap_or_default();
    match asked {
        None => Narrowed { scope: default(), dropped: ScopeSet::new() },
        Some(asked) => {
            let scope = asked.only(|s| allowed(s.as_str()));
            let dropped = asked.minus(&scope);
            // Nothing that was asked for exists here: the person is shown the default set rather than an error.
            Narrowed { scope: if scope.is_empty() { default() } else { scope }, dropped }
        }
    }
}

/// For the client itself: what it may have at this resource, below `ceiling` if it has one. `reach` is what it may have of the
/// appliance's own. OAuth 2.1 §1.4.1, §4.2.
pub fn narrow_for_client(
    asked: Option<&ScopeSet>,
    ceiling: Option<&ScopeSet>,
    reach: &ScopeSet,
    resource: Option<&ProtectedResource>,
) -> Result<Narrowed, Refusal> {
    // What the resource offers, below the client's ceiling if it has one; where there is neither, nothing.
    let allowed = |name: &str| {
        if is_own(name) {
            return resource.is_none() && reach.contains(name);
        }
        let below = ceiling.map(|scope| scope.contains(name));
        let offered = resource.map(|resource| resource.scopes.contains(name));
        // Code written for a hosted service asks for claims that a machine's token has anyway; it is not to fail for that.
        asks_for_claims(name)
            || !OF_THE_PERSON.contains(&name)
                && match (offered, below) {
                    (Some(offered), below) => offered && below != Some(false),
                    (None, below) => below == Some(true),
                }
    };
    let Some(asked) = asked else {
        // §1.4.1: "a pre-defined default value": the resource's default set, or else all the client may have.
        let default =
            resource.map(|r| r.default_scopes.only(|s| allowed(s.as_str()))).filter(|scope| !scope.is_empty());
        let all = || ceiling.map(|scope| scope.only(|s| allowed(s.as_str()))).unwrap_or_default();
        return Ok(Narrowed { scope: default.unwrap_or_else(all), dropped: ScopeSet::new() });
    };
    let scope = asked.only(|s| allowed(s.as_str()));
    // A machine has nobody who would read an empty answer: asking only for what is not to be had is an error.
    if scope.is_empty() && !asked.is_empty() {
        return Err(Refusal::ScopeNoneLeft);
    }
    Ok(Narrowed { dropped: asked.minus(&scope), scope })
}
