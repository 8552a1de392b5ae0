//! A line of tokens that descends from one grant and is revoked as one, and the refresh tokens in it.

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::context::Network;
use super::event::Subject;
use super::person::Person;
use super::scope::ScopeSet;
use super::session::{Session, SignInMethod};
use super::status::StatusRun;
use super::tenant::TenantName;
use crate::base::{Digest, Id, Named, Resource, Timestamp};

/// One grant and everything issued under it.
///
/// Rotation counts generations: using a refresh token of the newest generation begins the next one. Which
/// older generations are still answered is `protocol::refresh`'s rule; this row holds what it needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    pub id: Id<Family>,
    pub client_id: ClientId,
    /// Whom its tokens speak for. `None`: for the client itself, which is a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Id<Person>>,
    /// In which the person granted it. `None`: nobody signed in here for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Id<Session>>,
    pub scope: ScopeSet,
    pub resource: Option<Resource>,
    /// Whom its tokens are for, where that is neither a resource nor the appliance: a project, as a hosted service's SDKs name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The thumbprint of the key that its refresh tokens are bound to, where the client has no other proof (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Digest>,
    pub auth_time: Timestamp,
    #[serde(default, skip_serializing_if = "SignInMethod::is_usual")]
    pub method: SignInMethod,
    /// The tenant whose roles the application asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantName>,
    /// The newest generation of refresh tokens.
    pub generation: u64,
    /// When the newest generation began, that is, when the one before it was first used.
    pub turned_at: Timestamp,
    /// When the generation before the newest began.
    pub turned_before_at: Timestamp,
    /// How often an older token was answered in the overlap since the newest generation began.
    #[serde(default)]
    pub overlaps: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_from: Option<Network>,
    pub last_used_at: Timestamp,
    pub created_at: Timestamp,
    /// No refresh token of the family outlives this.
    pub expires_at: Timestamp,
    pub state: FamilyState,
    /// Where the status of its access tokens stands, of those that are not over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<StatusRun>,
}

impl Family {
    /// Whom its tokens speak for.
    pub fn subject(&self) -> Subject {
        self.person.map_or_else(|| Subject::Client(self.client_id.clone()), Subject::Person)
    }

    /// When and how the person signed in, if somebody did so here.
    pub fn sign_in(&self) -> Option<(Timestamp, SignInMethod)> {
        self.session.map(|_| (self.auth_time, self.method))
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == FamilyState::Live && now < self.expires_at
    }
}

impl Named for Family {
    const PREFIX: &'static str = "fam";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FamilyState {
    Live,
    Revoked { at: Timestamp, because: RevokedBecause },
}

/// Why a family ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedBecause {
    CodeReplayed,
    RefreshReplayed,
    /// The client asked (RFC 7009).
    ClientRevoked,
    /// The person took the consent back.
    ConsentRevoked,
    ClientRemoved,
    /// The person was stopped.
    PersonSuspended,
    /// The file was restored from a backup, which cannot know what was ended since.
    Restored,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    pub id: Id<RefreshToken>,
    pub digest: Digest,
    pub family: Id<Family>,
    pub generation: u64,
    pub expires_at: Timestamp,
}

impl Named for RefreshToken {
    const PREFIX: &'static str = "rft";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As rows of people's grants were written before machines had any: they are read, and written the same again.
    #[test]
    fn a_row_of_a_person_is_what_it_was() {
        let text = r#"{"id":"fam_01m7y7e2t7h0c6v3qk5n9xw4zb","client_id":"cli_01m7y7d4d5f6yrbg9hw1k8ap0c","person":"per_01m7y7cqg6etwbhsdzastradv6","session":"ses_01m7y7dq2m4j8s1rfyv6c3xk5a","scope":"mcp:read","resource":"https://mcp.example/a","auth_time":1800000000000,"generation":2,"turned_at":1800000000000,"turned_before_at":1800000000000,"overlaps":0,"last_used_at":1800000000000,"created_at":1800000000000,"expires_at":1800086400000,"state":"live"}"#;
        let family: Family = serde_json::from_str(text).unwrap();
        assert_eq!(family.subject().text(), "per_01m7y7cqg6etwbhsdzastradv6");
        assert_eq!(family.sign_in(), Some((family.auth_time, SignInMethod::Password)));
        assert_eq!(serde_json::to_string(&family).unwrap(), text);
        let client_id = "mch_01m7y7d4d5f6yrbg9hw1k8ap0c".parse().unwrap();
        let machines = Family { client_id, person: None, session: None, ..family };
        assert_eq!(machines.subject().text(), "mch_01m7y7d4d5f6yrbg9hw1k8ap0c");
        assert_eq!(machines.sign_in(), None);
        let again: Family = serde_json::from_str(&serde_json::to_string(&machines).unwrap()).unwrap();
        assert_eq!(again, machines);
    }
}
