//! Identity providers: whose word about people is taken, and whom they mean.

use crate::model::{IdentityProvider, PersonBy};
use crate::web::words::list::Text;
use crate::web::words::marks::{Html, OfBare, OfLink, OfName, OfPlain, OfTime};

pub(crate) struct ProvidersWords {
    pub(crate) title: Text,
    pub(crate) lead: Text,
    pub(crate) add: Text,
    pub(crate) nobody: Text,
    pub(crate) nobody_more: OfLink,
    pub(crate) provider: Text,
    pub(crate) issuer: Text,
    pub(crate) state: Text,
    pub(crate) known_by: Text,
    /// The same at the side of a row.
    pub(crate) known_by_short: Text,
    pub(crate) people_sign_in: Text,
    pub(crate) turned_off: Text,
    pub(crate) assertions_only: Text,
    pub(in crate::web::words) by_link: Text,
    /// Or by an address at these domains.
    pub(in crate::web::words) by_address: fn(&str) -> String,
    /// The page of one.
    pub(crate) change: Text,
    pub(crate) turn_off: Text,
    pub(crate) turn_off_about: OfName,
    pub(crate) submit_off: Text,
    pub(crate) is_off: Text,
    pub(crate) submit_on: Text,
    pub(crate) no_button: OfLink,
    pub(crate) redirect_uri: Text,
    pub(crate) register_this: Text,
    pub(crate) client_id: Text,
    pub(crate) secret: Text,
    pub(crate) secret_set: OfTime,
    pub(crate) no_secret: Text,
    pub(crate) asks_for: Text,
    pub(crate) keys: Text,
    pub(crate) keys_written_down: Text,
    pub(crate) keys_in_metadata: Text,
    pub(crate) added: Text,
    pub(crate) links: Text,
    pub(crate) no_links: Text,
    pub(crate) no_links_more: Text,
    pub(crate) subject: Text,
    pub(crate) person: Text,
    pub(crate) subject_short: Text,
    pub(crate) person_short: Text,
    pub(crate) linked: Text,
    pub(crate) remove: Text,
    /// Whose link, for those who do not see beside what it stands.
    pub(crate) remove_of: OfBare,
    pub(crate) link_somebody: Text,
    pub(crate) email: Text,
    pub(crate) subject_help: Html,
    pub(crate) submit_link: Text,
    pub(crate) end: Text,
    pub(crate) remove_provider: Text,
    pub(crate) remove_about: Text,
    pub(crate) submit_remove: Text,
    pub(crate) form: ProviderFormWords,
    pub(crate) said: ProviderSaid,
}

impl ProvidersWords {
    /// Whether people sign in with it.
    pub(crate) fn of_state(&self, provider: &IdentityProvider) -> Text {
        match &provider.sign_in {
            Some(sign_in) if sign_in.on => self.people_sign_in,
            Some(_) => self.turned_off,
            None => self.assertions_only,
        }
    }

    pub(crate) fn of_known_by(&self, person_by: &PersonBy) -> String {
        match person_by {
            PersonBy::Link => self.by_link.to_owned(),
            PersonBy::Email { domains } => (self.by_address)(&domains.join(", ")),
        }
    }
}

pub(crate) struct ProviderFormWords {
    pub(crate) change: OfPlain,
    pub(crate) uri_to_register: Text,
    pub(crate) uri_comes: Text,
    pub(crate) issuer_help: Text,
    pub(crate) signing_in: Text,
    pub(crate) name: Text,
    pub(crate) name_help: Text,
    pub(crate) secret: Text,
    pub(crate) secret_stays: Text,
    pub(crate) secret_sealed: Text,
    pub(crate) public: Text,
    pub(crate) scope_help: Text,
    pub(crate) who_is_meant: Text,
    pub(crate) domains: Text,
    pub(crate) domains_help: Text,
    pub(crate) keys: Text,
    pub(crate) keys_help: Text,
    pub(crate) submit_change: Text,
    pub(crate) submit_add: Text,
    pub(crate) cancel: Text,
    pub(crate) not_changed: Text,
    pub(crate) not_added: Text,
}

/// What was done to one, or was not.
pub(crate) struct ProviderSaid {
    pub(crate) added: Text,
    pub(crate) changed: Text,
    pub(crate) on: Text,
    pub(crate) off: Text,
    pub(crate) removed: Text,
    pub(crate) linked: Text,
    pub(crate) unlinked: Text,
    pub(crate) nobody: Text,
}
