//! Resources: their list, one of them, what a client sees there, and the form. What pages of one thing have in common is said here
//! too.

use crate::model::SaidClaim;
use crate::protocol::resource_metadata::{Step, Verdict};
use crate::web::words::list::Text;
use crate::web::words::marks::{OfBare, OfLink, OfNumber, OfPlain};

/// What the pages of a resource, a scope, a role and a tenant have in common.
pub(crate) struct ThingWords {
    pub(crate) name: Text,
    pub(crate) change: Text,
    /// The title of its form, by its name.
    pub(crate) change_of: OfPlain,
    pub(crate) cancel: Text,
    pub(crate) activity: Text,
    pub(crate) nothing_lately: Text,
    pub(crate) see_all: Text,
    pub(crate) end: Text,
    /// Before it is removed.
    pub(crate) type_name: OfBare,
    /// Another name was typed than that of what was to be removed.
    pub(crate) wrong_name: Text,
    pub(crate) nothing_changed: Text,
    /// Not everything was looked at.
    pub(crate) bounded: Text,
    /// How many, and whether there may be more: "no machine", "at least 12 machines".
    pub(crate) machines: fn(usize, bool) -> String,
    pub(crate) applications: fn(usize, bool) -> String,
    pub(crate) grants: fn(usize, bool) -> String,
}

pub(crate) struct ResourcesWords {
    pub(crate) lead: Text,
    pub(crate) protect: Text,
    pub(crate) name_or_address: Text,
    pub(crate) nothing_fits: Text,
    pub(crate) nothing_yet: Text,
    pub(crate) nothing_yet_more: Text,
    pub(crate) tokens: Text,
    pub(crate) live: Text,
    pub(crate) registered: Text,
    /// The one that is meant by who names none.
    pub(crate) default: Text,
    pub(crate) default_about: Text,
    /// Behind the number of scopes.
    pub(crate) and_risky: OfNumber,
    /// By an algorithm.
    pub(crate) signed_with: fn(&str) -> String,
    pub(crate) opaque: Text,
    pub(crate) was_protected: Text,
    pub(crate) was_changed: Text,
    pub(crate) was_removed: Text,
}

pub(crate) struct ResourceWords {
    pub(crate) identifier: Text,
    pub(crate) aliases: Text,
    pub(crate) signed_with: fn(&str) -> String,
    pub(crate) opaque: Text,
    pub(crate) of_machines: Text,
    pub(crate) of_machines_at_most: OfPlain,
    pub(crate) say: Text,
    pub(crate) default: Text,
    /// What its tokens say beside scopes; there may be nothing.
    pub(in crate::web::words) says: fn(&[Text]) -> String,
    pub(in crate::web::words) says_roles: Text,
    pub(in crate::web::words) says_permissions: Text,
    pub(in crate::web::words) says_tenant: Text,
    pub(in crate::web::words) says_custom_claims: Text,
    pub(crate) code: Text,
    pub(crate) issuer: Text,
    pub(crate) audience: Text,
    pub(crate) introspection: Text,
    pub(crate) keys: Text,
    pub(crate) issuer_note: Text,
    pub(crate) check: Text,
    pub(crate) check_submit: Text,
    pub(crate) check_about: Text,
    pub(crate) clients: Text,
    pub(crate) scopes: Text,
    pub(crate) no_scopes: Text,
    pub(crate) no_scopes_more: OfLink,
    pub(crate) unasked: Text,
    pub(crate) unasked_about: Text,
    pub(crate) yes: Text,
    pub(crate) no: Text,
    pub(crate) tools: Text,
    pub(crate) to_tools: Text,
    pub(crate) no_tools: Text,
    /// How many are known, and how many of them nobody has decided about.
    pub(crate) tools_known: fn(usize, usize) -> String,
    pub(crate) who: Text,
    pub(crate) people: Text,
    pub(crate) no_people: Text,
    pub(crate) no_machines: Text,
    pub(crate) not_seen: Text,
    pub(crate) last_seen: fn(&str) -> String,
    pub(crate) applications: Text,
    pub(crate) remove: Text,
    pub(crate) remove_about: OfPlain,
    /// Grants and machines, as they are counted.
    pub(crate) at_stake: fn(&str, &str) -> String,
    pub(crate) nothing_at_stake: Text,
    pub(crate) remove_submit: Text,
}

impl ResourceWords {
    pub(crate) fn said(&self, claims: impl Iterator<Item = SaidClaim>) -> String {
        let words = claims.map(|claim| match claim {
            SaidClaim::Roles => self.says_roles,
            SaidClaim::Permissions => self.says_permissions,
            SaidClaim::Tenant => self.says_tenant,
            SaidClaim::CustomClaims => self.says_custom_claims,
        });
        (self.says)(&words.collect::<Vec<_>>())
    }
}

/// What a client sees at a resource.
pub(crate) struct ResourceCheckWords {
    pub(crate) title: OfPlain,
    pub(crate) again: Text,
    pub(crate) found: Text,
    /// At which step a client stops.
    pub(crate) stops: fn(&str) -> String,
    pub(crate) nothing_changed: Text,
    pub(crate) back: OfPlain,
    /// Whose turn it is.
    pub(crate) server: Text,
    pub(crate) here: Text,
    pub(crate) right: Text,
    pub(crate) not_looked_at: Text,
    pub(crate) could_be_better: Text,
    pub(crate) to_be_changed: Text,
    pub(in crate::web::words) answers: Text,
    pub(in crate::web::words) refuses: Text,
    pub(in crate::web::words) points: Text,
    pub(in crate::web::words) document: Text,
    pub(in crate::web::words) names_itself: Text,
    pub(in crate::web::words) names_us: Text,
    pub(in crate::web::words) scopes: Text,
    pub(in crate::web::words) unknown: Text,
    /// Not over `https://`.
    pub(in crate::web::words) plain_http: Text,
    pub(in crate::web::words) unreachable: Text,
    pub(in crate::web::words) lets_in: Text,
    pub(in crate::web::words) other_status: Text,
    pub(in crate::web::words) no_challenge: Text,
    pub(in crate::web::words) no_pointer: Text,
    pub(in crate::web::words) no_document: Text,
    /// By how it is registered here.
    pub(in crate::web::words) by_alias: fn(&str) -> String,
    pub(in crate::web::words) other_name: fn(&str) -> String,
    pub(in crate::web::words) no_name: fn(&str) -> String,
    /// By this issuer.
    pub(in crate::web::words) slash_added: fn(&str) -> String,
    pub(in crate::web::words) other_issuer: fn(&str) -> String,
    pub(in crate::web::words) no_issuer: fn(&str) -> String,
    pub(in crate::web::words) no_scopes: Text,
    pub(in crate::web::words) unknown_scopes: Text,
}

impl ResourceCheckWords {
    pub(crate) const fn step(&self, step: Step) -> Text {
        match step {
            Step::Answers => self.answers,
            Step::Refuses => self.refuses,
            Step::Points => self.points,
            Step::Document => self.document,
            Step::NamesItself => self.names_itself,
            Step::NamesUs => self.names_us,
            Step::Scopes => self.scopes,
        }
    }

    /// What to do about it, where a resource is registered as `known` and this appliance is called `issuer`.
    pub(crate) fn advice(&self, verdict: Verdict, known: &str, issuer: &str) -> String {
        let text = match verdict {
            Verdict::Right => "",
            Verdict::Unknown => self.unknown,
            Verdict::Unreachable if known.starts_with("http://") => self.plain_http,
            Verdict::Unreachable => self.unreachable,
            Verdict::LetsIn => self.lets_in,
            Verdict::OtherStatus => self.other_status,
            Verdict::NoChallenge => self.no_challenge,
            Verdict::NoPointer => self.no_pointer,
            Verdict::NoDocument => self.no_document,
            Verdict::ByAlias => return (self.by_alias)(known),
            Verdict::OtherName => return (self.other_name)(known),
            Verdict::NoName => return (self.no_name)(known),
            Verdict::SlashAdded => return (self.slash_added)(issuer),
            Verdict::OtherIssuer => return (self.other_issuer)(issuer),
            Verdict::NoIssuer => return (self.no_issuer)(issuer),
            Verdict::NoScopes => self.no_scopes,
            Verdict::UnknownScopes => self.unknown_scopes,
        };
        text.to_owned()
    }
}

pub(crate) struct ResourceFormWords {
    pub(crate) lead: Text,
    pub(crate) identifier: Text,
    pub(crate) identifier_note: Text,
    pub(crate) name_note: Text,
    pub(crate) scopes_note: Text,
    pub(crate) new_scopes: Text,
    pub(crate) new_scopes_note: Text,
    /// Behind the name of a field, for who hears it: of which row it is.
    pub(crate) words_of_scope: OfNumber,
    pub(crate) risk_of_scope: OfNumber,
    /// A risk to choose, in a narrow field.
    pub(crate) high: Text,
    pub(crate) more: Text,
    pub(crate) default_scopes: Text,
    pub(crate) default_scopes_note: Text,
    /// For a new one.
    pub(crate) default_scopes_note_new: Text,
    pub(crate) aliases: Text,
    pub(crate) aliases_note: Text,
    pub(crate) signed: Text,
    pub(crate) opaque: Text,
    pub(crate) algorithm: Text,
    pub(crate) lifetime_note: Text,
    pub(crate) machine_lifetime: Text,
    pub(crate) machine_lifetime_note: Text,
    pub(crate) claims: Text,
    pub(crate) claims_note: Text,
    pub(in crate::web::words) roles: Text,
    pub(in crate::web::words) permissions: Text,
    pub(in crate::web::words) tenant: Text,
    pub(in crate::web::words) custom_claims: Text,
    pub(crate) submit: Text,
    pub(crate) submit_change: Text,
    pub(crate) nothing_registered: Text,
    pub(crate) lifetime_wrong: Text,
    pub(crate) own_scope: Text,
    pub(crate) words_missing: Text,
    pub(crate) scope_wrong: Text,
}

impl ResourceFormWords {
    pub(crate) const fn claim(&self, claim: SaidClaim) -> Text {
        match claim {
            SaidClaim::Roles => self.roles,
            SaidClaim::Permissions => self.permissions,
            SaidClaim::Tenant => self.tenant,
            SaidClaim::CustomClaims => self.custom_claims,
        }
    }
}
