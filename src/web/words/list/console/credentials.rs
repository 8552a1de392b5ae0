//! The credentials of a machine: another one, a secret that is shown once, and a token held against a trust.

use crate::protocol::federation::Preset;
use crate::web::words::list::Text;
use crate::web::words::marks::{Html, OfCheck, OfName, OfPlain, OfPlainAndPlain, OfTime};

pub(crate) struct CredentialFormWords {
    pub(crate) title: OfPlain,
    pub(crate) heading: Text,
    pub(crate) kinds: Text,
    pub(crate) client_secret: Text,
    pub(crate) access_key: Text,
    pub(crate) public_keys: Text,
    pub(crate) key_set: Text,
    pub(crate) trust: Text,
    /// What one of a kind is called until somebody calls it something else.
    pub(crate) as_name: fn(&str) -> String,
    pub(crate) client_secret_about: Text,
    pub(crate) access_key_about: Text,
    pub(crate) public_keys_about: Text,
    pub(crate) key_set_about: Text,
    pub(crate) trust_about: Text,
    pub(crate) issuers: Text,
    pub(in crate::web::words) kubernetes: Text,
    pub(in crate::web::words) google: Text,
    pub(in crate::web::words) any_issuer: Text,
    pub(crate) name_help: Text,
    pub(crate) jwks: Text,
    pub(crate) jwks_help: Text,
    pub(crate) no_key: Text,
    pub(crate) make_key_about: Html,
    pub(crate) make_key: Text,
    pub(crate) jwks_uri: Text,
    pub(crate) jwks_uri_help: Text,
    pub(crate) issuer: Text,
    pub(crate) issuer_help: Text,
    pub(crate) audience: Text,
    pub(crate) audience_help: Text,
    pub(crate) rules: Text,
    pub(crate) rules_help: Text,
    pub(crate) reuse: Text,
    pub(crate) expires: Text,
    pub(crate) expires_help: Text,
    pub(crate) submit: Text,
    pub(crate) machine_made: Text,
    pub(crate) no_kind: Text,
    pub(crate) pem: Text,
    pub(crate) private_pem: Text,
    pub(crate) no_json: fn(&str) -> String,
}

impl CredentialFormWords {
    /// Most are called as their makers call them.
    pub(crate) fn preset(&self, preset: &Preset) -> Text {
        match preset.name {
            "kubernetes" => self.kubernetes,
            "google" => self.google,
            "generic" => self.any_issuer,
            _ => preset.title,
        }
    }
}

pub(crate) struct SecretWords {
    /// What is shown, and whose it is.
    pub(crate) title: OfPlainAndPlain,
    pub(crate) copy_now: OfName,
    pub(crate) overlap: OfTime,
    pub(crate) as_file: Text,
    pub(crate) copy_lines: Text,
    pub(crate) download: Text,
    pub(crate) shown_before: Text,
    pub(crate) done: Text,
}

pub(crate) struct TrialWords {
    pub(crate) title: OfPlain,
    pub(crate) accepted: Text,
    pub(crate) refused: Text,
    pub(crate) fails: Text,
    pub(crate) fails_because: OfCheck,
    pub(crate) looked_at: Text,
    pub(crate) holds: Text,
    pub(crate) expected: Text,
    pub(crate) found: Text,
    pub(crate) yes: Text,
    pub(crate) no: Text,
    pub(crate) nothing_changed: Text,
    pub(crate) back: OfPlain,
}
