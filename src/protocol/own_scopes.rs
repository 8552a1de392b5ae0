//! The scopes of the appliance's own API, and what each one covers. RFC 6750 §3.1.

use crate::model::{Client, Provenance, ScopeSet};

/// What may be done with one noun of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    pub read: &'static str,
    pub write: &'static str,
}

macro_rules! rights {
    ($($(#[$doc:meta])* $noun:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $noun: Rights =
            Rights { read: concat!("writ:", $name, ":read"), write: concat!("writ:", $name, ":write") };)*
    };
}

rights! {
    CLIENTS = "clients";
    MACHINES = "machines";
    RESOURCES = "resources";
    SCOPES = "scopes";
    PEOPLE = "people";
    GRANTS = "grants";
    KEYS = "keys";
    TENANTS = "tenants";
    ROLES = "roles";
    MEMBERSHIPS = "memberships";
    DELEGATIONS = "delegations";
    CROSSINGS = "crossings";
    BACKUPS = "backups";
    /// Whose word is taken about people is decided with [`ADMIN`] alone; only `read` is in the catalogue.
    PROVIDERS = "providers";
    /// Nobody writes them; only `read` is in the catalogue.
    FINDINGS = "findings";
    /// Nobody writes it; only `read` is in the catalogue.
    AUDIT = "audit";
}

/// Everything.
pub const ADMIN: &str = "writ:admin";
/// Every `:read`.
pub const READ: &str = "writ:read";

/// Whether a scope is one of the appliance's own: for its API, and for nothing else.
///
/// RFC 6749 §3.3: "The strings are defined by the authorization server." These are defined here, so no administrator defines them.
pub fn is_own(name: &str) -> bool {
    name.starts_with("writ:")
}

/// Whether whoever holds these scopes may do what `needed` names. RFC 6750 §3.1, insufficient_scope: "The request requires higher
/// privileges than provided by the access token."
///
/// Who may change a noun may also read it: a change begins with reading what is there.
pub fn suffices(held: &ScopeSet, needed: &str) -> bool {
    let reads = needed.strip_suffix(":read").filter(|_| needed != READ);
    held.contains(ADMIN)
        || held.contains(needed)
        || reads.is_some_and(|noun| held.contains(READ) || held.contains(&format!("{noun}:write")))
}

/// Whether whoever holds `held` may hand out `given`, or change something that has them: nobody gives what they do not have, or a
/// narrow token would only be the way to a wider one. RFC 6750 §3.1.
pub fn covers(held: &ScopeSet, given: &ScopeSet) -> bool {
    given.iter().filter(|scope| is_own(scope.as_str())).all(|scope| suffices(held, scope.as_str()))
}

/// The scopes of the API that a client may ever hold: those that its ceiling names, where an administrator wrote the ceiling. What a
/// client says of itself is a wish.
///
/// OAuth 2.1 §1.4.1: "The authorization server MAY fully or partially ignore the scope requested by the client, based on the
/// authorization server policy".
pub fn within_reach(client: &Client) -> ScopeSet {
    let vouched = matches!(client.provenance, Provenance::Administrator | Provenance::Machine);
    match &client.scope {
        Some(ceiling) if vouched => ceiling.only(|scope| is_own(scope.as_str())),
        _ => ScopeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    #[test]
    fn what_a_scope_covers() {
        for (held, needed, enough) in [
            ("writ:clients:read", CLIENTS.read, true),
            ("writ:clients:read", CLIENTS.write, false),
            ("writ:clients:read", MACHINES.read, false),
            ("writ:clients:write", CLIENTS.read, true),
            ("writ:read", AUDIT.read, true),
            ("writ:read", CLIENTS.write, false),
            ("writ:read", ADMIN, false),
            ("writ:admin", PEOPLE.write, true),
            ("writ:admin", READ, true),
            ("writ:write", READ, false),
            ("mcp:admin", CLIENTS.read, false),
            ("", CLIENTS.read, false),
        ] {
            assert_eq!(suffices(&set(held), needed), enough, "{held} for {needed}");
        }
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        assert!(covers(&set("writ:machines:write"), &set("mcp:admin")), "the scopes of others are theirs to give");
        assert!(covers(&set("writ:machines:write"), &set("writ:machines:read")));
        assert!(!covers(&set("writ:machines:write"), &set("writ:admin")));
        assert!(!covers(&set("writ:read"), &set("writ:clients:write")));
        assert!(covers(&set("writ:admin"), &set("writ:admin writ:read writ:whatever:write")));
    }
}
