//! What an endpoint asks of its caller.

use super::context::AuthContext;

/// A condition on a caller, to be put beside the endpoint it protects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    Scope(String),
    Role(String),
    Permission(String),
    /// One of them; of none, nobody fulfils it.
    Any(Vec<Need>),
    /// Every one of them; of none, everybody does.
    All(Vec<Need>),
}

impl Need {
    pub fn scope(name: impl Into<String>) -> Self {
        Self::Scope(name.into())
    }

    pub fn role(name: impl Into<String>) -> Self {
        Self::Role(name.into())
    }

    pub fn permission(name: impl Into<String>) -> Self {
        Self::Permission(name.into())
    }

    pub fn is_met_by(&self, caller: &AuthContext) -> bool {
        match self {
            Self::Scope(scope) => caller.has_scope(scope),
            Self::Role(role) => caller.has_role(role),
            Self::Permission(permission) => caller.has_permission(permission),
            Self::Any(needs) => needs.iter().any(|need| need.is_met_by(caller)),
            Self::All(needs) => needs.iter().all(|need| need.is_met_by(caller)),
        }
    }

    /// The scopes that would help a caller who lacks something, for the `scope` of a challenge (RFC 6750 §3): those missing of
    /// all, and the first way of any. Roles and permissions cannot be asked for.
    pub fn missing_scopes(&self, caller: &AuthContext) -> Vec<&str> {
        if self.is_met_by(caller) {
            return Vec::new();
        }
        match self {
            Self::Scope(scope) => vec![scope],
            Self::Role(_) | Self::Permission(_) => Vec::new(),
            Self::Any(needs) => needs
                .iter()
                .map(|need| need.missing_scopes(caller))
                .find(|missing| !missing.is_empty())
                .unwrap_or_default(),
            Self::All(needs) => {
                let mut missing: Vec<&str> = needs.iter().flat_map(|need| need.missing_scopes(caller)).collect();
                missing.sort_unstable();
                missing.dedup();
                missing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::context::tests::context;
    use super::*;
    use serde_json::json;

    #[test]
    fn any_and_all_nest() {
        let caller = context(json!({ "roles": ["admin"], "permissions": ["users.create"] }));
        let met = |need: &Need| need.is_met_by(&caller);
        let (a, c) = (Need::scope("a"), Need::scope("c"));
        assert!(met(&a) && !met(&c) && met(&Need::role("admin")) && met(&Need::permission("users.create")));
        assert!(!met(&Need::role("a")) && !met(&Need::permission("admin")) && !met(&Need::scope("admin")));
        assert!(met(&Need::Any(vec![c.clone(), Need::role("admin")])) && !met(&Need::All(vec![a.clone(), c.clone()])));
        assert!(!met(&Need::Any(vec![])) && met(&Need::All(vec![])));
        let nested = Need::All(vec![a, Need::Any(vec![c, Need::permission("users.create")])]);
        assert!(met(&nested));
    }

    #[test]
    fn a_challenge_names_what_can_be_asked_for() {
        let caller = context(json!({}));
        let missing = |need: &Need| need.missing_scopes(&caller).join(" ");
        assert_eq!(missing(&Need::All(vec![Need::scope("d"), Need::scope("a"), Need::scope("c")])), "c d");
        assert_eq!(missing(&Need::Any(vec![Need::role("x"), Need::scope("c"), Need::scope("d")])), "c");
        assert_eq!(missing(&Need::Any(vec![Need::scope("a"), Need::scope("c")])), "", "it is met");
        assert_eq!(missing(&Need::role("x")), "");
    }
}
