//! Who is calling.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::{Lifetime, Timestamp};
use crate::model::{ClientId, Entitled, Permission, RoleName, ScopeSet, TenantName};
use crate::protocol::claims::AccessClaims;

/// What an access token says of its bearer. Made of claims whose signature, issuer, audience and time were checked; it checks
/// none of that itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthContext {
    /// The person or, when nobody stands behind the token, the machine or application itself: its `sub`.
    pub user_id: String,
    pub scopes: ScopeSet,
    pub client_id: ClientId,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// The token's `jti`, under which the audit log has it.
    pub correlation_id: String,
    pub is_machine: bool,
    /// The one tenant that roles and permissions are of.
    pub tenant_id: Option<TenantName>,
    pub roles: Vec<RoleName>,
    pub permissions: Vec<Permission>,
    /// Where there are several tenants, what holds in each.
    pub tenants: BTreeMap<TenantName, Entitled>,
    pub custom_claims: Map<String, Value>,
}

impl From<AccessClaims> for AuthContext {
    fn from(claims: AccessClaims) -> Self {
        Self {
            is_machine: claims.subject().is_some_and(|subject| subject.is_machine()),
            user_id: claims.sub,
            scopes: claims.scope,
            client_id: claims.client_id,
            issued_at: Timestamp::from_seconds(claims.iat),
            expires_at: Timestamp::from_seconds(claims.exp),
            correlation_id: claims.jti,
            tenant_id: claims.entitlements.tenant,
            roles: claims.entitlements.roles,
            permissions: claims.entitlements.permissions,
            tenants: claims.entitlements.tenants,
            custom_claims: claims.entitlements.custom_claims,
        }
    }
}

impl AuthContext {
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Whether it has one of them at least; of none, it has none.
    pub fn has_any_scope(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| self.has_scope(scope))
    }

    pub fn has_all_scopes(&self, scopes: &[&str]) -> bool {
        scopes.iter().all(|scope| self.has_scope(scope))
    }

    /// In the token's one tenant.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held.as_str() == role)
    }

    /// In the token's one tenant.
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| held.as_str() == permission)
    }

    /// The same caller, seen in one tenant: what it has in others is not there. `None` if it has nothing in this one.
    #[must_use]
    pub fn within(&self, tenant: &TenantName) -> Option<Self> {
        if self.tenant_id.as_ref() == Some(tenant) {
            return Some(self.clone());
        }
        let Entitled { roles, permissions } = self.tenants.get(tenant)?.clone();
        Some(Self { tenant_id: Some(tenant.clone()), roles, permissions, tenants: BTreeMap::new(), ..self.clone() })
    }

    /// A token is over in the second that `exp` names (RFC 7519 §4.1.4).
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// Nothing once it is over.
    pub fn time_until_expiry(&self, now: Timestamp) -> Lifetime {
        if self.is_expired(now) { Lifetime::from_seconds(0) } else { self.expires_at.since(now) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A context of these claims, over what every token has.
    pub(in crate::guard) fn context(claims: Value) -> AuthContext {
        let mut all = json!({
            "iss": "https://id.example", "sub": "mch_06bc6q5g0r0000000000000000", "aud": "https://api.example",
            "exp": 1_000, "iat": 400, "jti": "tok_1", "client_id": "mch_06bc6q5g0r0000000000000000", "scope": "a b",
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value::<AccessClaims>(all).unwrap().into()
    }

    fn client() -> String {
        use crate::base::{Entropy, Id};
        Id::<crate::model::Machine>::new(Timestamp::from_seconds(1), &Entropy::seeded(1)).unwrap().to_string()
    }

    #[test]
    fn it_says_what_the_claims_say() {
        let id = client();
        let context = context(json!({
            "sub": id, "client_id": id, "type": "machine", "tenantId": "acme", "tenant_id": "acme",
            "roles": ["admin"], "permissions": ["users.create"], "customClaims": { "team": "night" },
        }));
        assert_eq!((context.user_id.as_str(), context.client_id.to_string()), (id.as_str(), id.clone()));
        assert!(context.is_machine && context.has_role("admin") && context.has_permission("users.create"));
        assert!(!context.has_role("users.create") && !context.has_permission("admin"));
        assert_eq!(context.tenant_id, Some("acme".parse().unwrap()));
        assert_eq!(context.custom_claims["team"], "night");
        assert_eq!(context.correlation_id, "tok_1");
    }

    #[test]
    fn scopes_are_asked_for_one_by_one_or_together() {
        let id = client();
        let context = context(json!({ "sub": id, "client_id": id }));
        assert!(context.has_scope("a") && !context.has_scope("c") && !context.has_scope("a b"));
        assert!(context.has_any_scope(&["c", "b"]) && !context.has_any_scope(&["c"]) && !context.has_any_scope(&[]));
        assert!(context.has_all_scopes(&["a", "b"]) && !context.has_all_scopes(&["a", "c"]));
    }

    #[test]
    fn it_is_over_in_the_second_that_it_names() {
        let id = client();
        let context = context(json!({ "sub": id, "client_id": id }));
        let at = Timestamp::from_seconds;
        assert!(!context.is_expired(at(999)) && context.is_expired(at(1_000)));
        assert_eq!(context.time_until_expiry(at(400)), Lifetime::from_seconds(600));
        assert_eq!(context.time_until_expiry(at(2_000)), Lifetime::from_seconds(0));
    }

    /// A role in one of several tenants is no role in another, nor one as such.
    #[test]
    fn of_several_tenants_one_is_looked_at() {
        let id = client();
        let both = context(json!({ "sub": id, "client_id": id, "tenants": {
            "acme": { "roles": ["admin"], "permissions": ["users.create"] }, "beta": { "roles": ["viewer"] },
        } }));
        assert!(!both.has_role("admin") && !both.has_permission("users.create"));
        let acme = both.within(&"acme".parse().unwrap()).unwrap();
        assert!(acme.has_role("admin") && acme.has_permission("users.create") && !acme.has_role("viewer"));
        assert_eq!(acme.within(&"beta".parse().unwrap()), None);
        assert_eq!(both.within(&"gamma".parse().unwrap()), None);
        assert!(acme.within(&"acme".parse().unwrap()).is_some());
    }
}
