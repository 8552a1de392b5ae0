//! What a token says about roles, permissions and whatever else an administrator lets it say. RFC 9068 §2.2.3.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Entitled, Entitlements, Machine, Membership, Permission, RoleName, SaidClaim, ScopeSet, TenantName,
};

/// Scopes that ask for what the appliance knows about roles and the tenant; the second is how code written for a hosted
/// service asks.
pub const CLAIMS: [&str; 2] = ["writ.claims", "descope.claims"];
/// The same for custom claims.
pub const CUSTOM_CLAIMS: [&str; 2] = ["writ.custom_claims", "descope.custom_claims"];

/// Whether a scope asks for claims of RFC 9068 §2.2.3.1 or for custom ones. Such a scope belongs to no resource, as `profile` belongs
/// to none: it opens nothing, and it is the person who lets it be said.
pub fn asks_for_claims(scope: &str) -> bool {
    CLAIMS.contains(&scope) || CUSTOM_CLAIMS.contains(&scope)
}

/// Whether tokens of this scope say anything of all this (RFC 9068 §2.2.3.1) about a person: for most, nobody has to look.
pub fn is_asked_for(scope: &ScopeSet) -> bool {
    scope.iter().any(|scope| asks_for_claims(scope.as_str()))
}

/// What a machine's token says, whatever it asked for: it has nobody whose consent would be asked. RFC 9068 §2.2.3.1.
pub fn of_machine(machine: &Machine, permissions: &[Permission]) -> Entitlements {
    Entitlements {
        roles: machine.roles.clone(),
        permissions: permissions.to_vec(),
        tenant: Some(machine.tenant.clone()),
        tenant_again: Some(machine.tenant.clone()),
        custom_claims: machine.custom_claims.clone(),
        ..Entitlements::default()
    }
}

/// What one role comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub tenant: TenantName,
    pub role: RoleName,
    pub permissions: Vec<Permission>,
}

/// What a person's token says: what its scopes let it say. RFC 9068 §2.2.3.1: "If an authorization server wants to include such
/// attributes in a JWT access token, it SHOULD use the "groups", "roles", and "entitlements" attributes".
///
/// With roles in one tenant, or in the one that the application asked for, they are said as they are; with roles in several,
/// each tenant's are said under its name, so that none is taken for another's.
pub fn of_person(
    membership: &Membership,
    holdings: &[Holding],
    scope: &ScopeSet,
    wanted: Option<&TenantName>,
) -> Entitlements {
    let mut entitlements = Entitlements::default();
    if CUSTOM_CLAIMS.iter().any(|name| scope.contains(name)) {
        entitlements.custom_claims = membership.custom_claims.clone();
    }
    if !CLAIMS.iter().any(|name| scope.contains(name)) {
        return entitlements;
    }
    let mut tenants: BTreeMap<TenantName, Entitled> = BTreeMap::new();
    for holding in holdings.iter().filter(|holding| wanted.is_none_or(|wanted| *wanted == holding.tenant)) {
        let here = tenants.entry(holding.tenant.clone()).or_default();
        here.roles.push(holding.role.clone());
        here.permissions.extend(holding.permissions.iter().cloned());
    }
    for here in tenants.values_mut() {
        here.roles.sort_unstable();
        here.permissions.sort_unstable();
        here.permissions.dedup();
    }
    if tenants.len() > 1 {
        entitlements.tenants = tenants;
    } else if let Some((tenant, here)) = tenants.pop_first() {
        entitlements.roles = here.roles;
        entitlements.permissions = here.permissions;
        entitlements.tenant_again = Some(tenant.clone());
        entitlements.tenant = Some(tenant);
    }
    entitlements
}

/// What is said of it to a resource: all of it, or what was chosen, as far as there is room. RFC 9068 §6: "In every scenario, the content of the JWT access token will
/// eventually be accessible to the resource server", and one of the "measures to prevent leakage of information" that it names is
/// "omitting the sensitive claims".
pub fn told(entitlements: Entitlements, said: Option<&BTreeSet<SaidClaim>>) -> Entitlements {
    let says = |claim| said.is_none_or(|said| said.contains(&claim));
    let mut told = entitlements;
    if !says(SaidClaim::Roles) {
        told.roles.clear();
        told.tenants.values_mut().for_each(|here| here.roles.clear());
    }
    if !says(SaidClaim::Permissions) {
        told.permissions.clear();
        told.tenants.values_mut().for_each(|here| here.permissions.clear());
        told.permissions_left_out = false;
    }
    if !says(SaidClaim::Tenant) {
        told.tenant = None;
        told.tenant_again = None;
        told.tenants.clear();
    }
    if !says(SaidClaim::CustomClaims) {
        told.custom_claims.clear();
    }
    // What is not told takes no room from what is.
    bounded(told)
}

/// Whether these can be said without the others. RFC 9068 §2.2.3.1 leaves to the authorization server in what "attributes" it says what
/// somebody may do; here a role and a permission hold in a tenant, and to whoever is not told in which one they would hold in every one.
pub const fn stand_alone(roles: bool, permissions: bool, tenant: bool) -> bool {
    tenant || !(roles || permissions)
}

/// Most bytes that roles and permissions may take in a token: it travels in a header, and servers refuse long ones.
const LONGEST: usize = 4_096;

/// Leaves the permissions out of what would be too long, and says that it did: an API that misses one refuses, which is the
/// safe side, and whoever wonders why reads it in the token.
fn bounded(entitlements: Entitlements) -> Entitlements {
    let text = |roles: &[RoleName], permissions: &[Permission]| {
        roles.iter().map(|role| role.as_str().len() + 3).sum::<usize>()
            + permissions.iter().map(|permission| permission.as_str().len() + 3).sum::<usize>()
    };
    let within: usize = entitlements
        .tenants
        .iter()
        .map(|(name, here)| name.as_str().len() + text(&here.roles, &here.permissions))
        .sum();
    if text(&entitlements.roles, &entitlements.permissions) + within <= LONGEST {
        return entitlements;
    }
    let mut short = Entitlements { permissions: Vec::new(), permissions_left_out: true, ..entitlements };
    short.tenants.values_mut().for_each(|here| here.permissions.clear());
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Entropy, Id, Timestamp};
    use serde_json::json;

    fn holding(tenant: &str, role: &str, permissions: &[&str]) -> Holding {
        Holding {
            tenant: tenant.parse().unwrap(),
            role: role.parse().unwrap(),
            permissions: permissions.iter().map(|name| name.parse().unwrap()).collect(),
        }
    }

    fn said(holdings: &[Holding], scope: &str, wanted: Option<&str>) -> serde_json::Value {
        let membership = Membership {
            person: Id::new(Timestamp::from_seconds(1), &Entropy::seeded(1)).unwrap(),
            roles: Vec::new(),
            custom_claims: json!({ "iss": "https://evil.example", "team": "night" }).as_object().unwrap().clone(),
        };
        let wanted = wanted.map(|name| name.parse().unwrap());
        let all = of_person(&membership, holdings, &scope.parse().unwrap(), wanted.as_ref());
        serde_json::to_value(told(all, None)).unwrap()
    }

    #[test]
    fn nothing_is_said_that_was_not_asked_for() {
        let held = [holding("acme", "admin", &["a"])];
        assert_eq!(said(&held, "openid profile mcp:read", None), json!({}));
        assert_eq!(said(&[], "writ.claims", None), json!({}), "nothing is said of nothing, not even null");
        let custom = json!({ "customClaims": { "iss": "https://evil.example", "team": "night" } });
        assert_eq!(said(&held, "descope.custom_claims", None), custom);
    }

    #[test]
    fn one_tenant_is_said_plainly_and_several_by_name() {
        let one = [holding("acme", "viewer", &["b", "a"]), holding("acme", "admin", &["c", "a"])];
        let plain = json!({ "roles": ["admin", "viewer"], "permissions": ["a", "b", "c"], "tenantId": "acme", "tenant_id": "acme" });
        for scope in ["writ.claims", "descope.claims"] {
            assert_eq!(said(&one, scope, None), plain);
        }
        let two = [one.to_vec(), vec![holding("beta", "viewer", &["z"])]].concat();
        let acme = json!({ "roles": ["admin", "viewer"], "permissions": ["a", "b", "c"] });
        let beta = json!({ "roles": ["viewer"], "permissions": ["z"] });
        assert_eq!(said(&two, "writ.claims", None), json!({ "tenants": { "acme": acme, "beta": beta } }));
        assert_eq!(said(&two, "writ.claims", Some("acme")), plain);
        assert_eq!(said(&two, "writ.claims", Some("gamma")), json!({}), "nobody there");
    }

    #[test]
    fn a_resource_is_told_what_it_is_to_be_told() {
        let two = serde_json::from_value::<Entitlements>(json!({
            "tenants": { "acme": { "roles": ["admin"], "permissions": ["a"] } },
            "customClaims": { "team": "night" }, "permissions_left_out": true,
        }))
        .unwrap();
        let told_of = |said: &[SaidClaim]| {
            let said = said.iter().copied().collect();
            serde_json::to_value(told(two.clone(), Some(&said))).unwrap()
        };
        use SaidClaim::{CustomClaims, Permissions, Roles, Tenant};
        assert_eq!(told_of(&[]), json!({}));
        assert_eq!(told_of(&[CustomClaims]), json!({ "customClaims": { "team": "night" } }));
        assert_eq!(told_of(&[Tenant, Roles]), json!({ "tenants": { "acme": { "roles": ["admin"] } } }));
        assert_eq!(told_of(&[Roles, Permissions, Tenant, CustomClaims]), serde_json::to_value(&two).unwrap());
        assert_eq!(told_of(&[Roles, Permissions])["tenants"], json!(null), "in which tenant is never guessed");
        assert!(!stand_alone(true, false, false) && !stand_alone(false, true, false));
        assert!(stand_alone(false, false, false) && stand_alone(true, true, true));
    }

    #[test]
    fn what_is_too_long_for_a_token_is_left_out_and_that_is_said() {
        let long: Vec<String> = (0..100).map(|n| format!("{n:03}{}", "x".repeat(50))).collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        let held = [holding("acme", "admin", &long)];
        let said_one = said(&held, "writ.claims", None);
        assert_eq!((&said_one["roles"], &said_one["permissions_left_out"]), (&json!(["admin"]), &json!(true)));
        assert_eq!(said_one.get("permissions"), None);
        let two = [held.to_vec(), vec![holding("beta", "viewer", &["z"])]].concat();
        let said_two = said(&two, "writ.claims", None);
        assert_eq!(said_two["tenants"], json!({ "acme": { "roles": ["admin"] }, "beta": { "roles": ["viewer"] } }));
        assert_eq!(said_two["permissions_left_out"], true);

        // What is not told takes no room from what is.
        let many: Vec<RoleName> = (0..80).map(|n| format!("role-{n:0>40}").parse().unwrap()).collect();
        let some: Vec<Permission> = (0..30).map(|n| format!("{n:0>40}").parse().unwrap()).collect();
        let all = Entitlements { roles: many, permissions: some.clone(), ..Entitlements::default() };
        assert!(told(all.clone(), None).permissions_left_out);
        let without = told(all, Some(&[SaidClaim::Permissions, SaidClaim::Tenant].into()));
        assert_eq!((without.permissions, without.permissions_left_out), (some, false));
    }
}
