//! A file as it is written: which sections it has. What is in them is read where it is planned.

use serde_json::{Map, Value};

use super::members::{Members, Notes, Wrong};

/// A file, as far as it has sections: what has no section is left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub(super) scopes: Option<Map<String, Value>>,
    pub(super) resources: Option<Map<String, Value>>,
    pub(super) tenants: Option<Map<String, Value>>,
    pub(super) roles: Option<Map<String, Value>>,
    pub(super) clients: Option<Map<String, Value>>,
    pub(super) machines: Option<Map<String, Value>>,
    pub(super) delegations: Option<Vec<Value>>,
    /// By the e-mail addresses of people.
    pub(super) memberships: Option<Map<String, Value>>,
    /// By their issuers.
    pub(super) providers: Option<Map<String, Value>>,
    pub(super) crossings: Option<Vec<Value>>,
}

impl Document {
    /// Reads the sections; what is in them is read where it is planned.
    pub(super) fn parse(value: Value) -> Result<Self, Vec<Wrong>> {
        let mut notes = Notes::default();
        let mut document = Self::default();
        if let Some(mut members) = Members::of(String::new(), value, &mut notes) {
            document.scopes = members.read("scopes");
            document.resources = members.read("resources");
            document.tenants = members.read("tenants");
            document.roles = members.read("roles");
            document.clients = members.read("clients");
            document.machines = members.read("machines");
            document.delegations = members.read("delegations");
            document.memberships = members.read("memberships");
            document.providers = members.read("providers");
            document.crossings = members.read("crossings");
            members.end();
        }
        if notes.is_empty() { Ok(document) } else { Err(notes.into_wrong()) }
    }
}
