//! What each event of the audit log says, in a sentence without its end: in the log itself, and on the page of whatever it is about.

use crate::web::words::list::Text;

/// Sentences by how many texts they are filled with.
type One = fn(&str) -> String;
type Two = fn(&str, &str) -> String;
type Three = fn(&str, &str, &str) -> String;

/// Who did something, if it is nobody with a name.
pub(crate) struct ActorWords {
    pub(crate) nobody: Text,
    pub(crate) operator: Text,
    pub(crate) system: Text,
}

/// Whoever fills in a reason gives ": it calls at night", or nothing where none was given.
pub(crate) struct ToldWords {
    pub(crate) founded: One,
    pub(crate) issuer_changed: Text,
    pub(crate) migrated: Text,
    pub(crate) backup_made: One,
    pub(crate) backup_sending: One,
    pub(crate) backup_failed: One,
    pub(crate) backups_removed: One,
    pub(crate) restored: One,
    pub(crate) restore_ended: Text,
    pub(crate) restore_carried: Text,
    pub(crate) restore_seen: Text,
    pub(crate) swept: fn(u64) -> String,
    pub(crate) cut: fn(u64) -> String,
    pub(crate) certificate: One,
    pub(crate) setup_opened: Text,
    pub(crate) setup_completed: One,
    /// Signing keys, and second factors.
    pub(crate) master_key: fn(u64, u64) -> String,

    pub(crate) person_created: One,
    /// The members of the row that differ.
    pub(crate) person_changed: fn(&str, &[&str]) -> String,
    pub(crate) person_suspended: Two,
    pub(crate) person_resumed: One,
    pub(crate) password_set: One,
    pub(crate) administrator: One,
    pub(crate) administrator_no_more: One,
    pub(crate) sessions_ended: One,
    pub(crate) sessions_seen: fn(u64) -> String,
    pub(crate) signed_in: One,
    pub(crate) sign_in_refused: Two,
    pub(crate) half_done: One,
    pub(crate) signed_out: One,
    pub(crate) factor_added: One,
    pub(crate) factor_removed: One,
    pub(crate) recovery_used: fn(&str, u64) -> String,
    pub(crate) recovery_renewed: One,
    pub(crate) passkey_added: Two,
    pub(crate) passkey_removed: Two,
    pub(crate) passkey_used: One,
    pub(crate) passkey_counter: One,
    pub(crate) roles_changed: One,

    pub(crate) provider_trusted: One,
    pub(crate) provider_changed: Two,
    pub(crate) provider_removed: One,
    /// The provider, and the person.
    pub(crate) vouched: Two,
    pub(crate) answer_refused: Two,
    /// The person, what they are at the provider, and the provider.
    pub(crate) linked: Three,
    pub(crate) unlinked: Three,
    pub(crate) crossing_allowed: Text,
    pub(crate) crossing_removed: Text,

    /// Of whatever has a name.
    pub(crate) registered: One,
    pub(crate) changed: One,
    /// The members that differ.
    pub(crate) changed_what: Two,
    pub(crate) removed: One,
    pub(crate) stopped: Two,
    pub(crate) may_go_on: One,

    pub(crate) registered_itself: One,
    pub(crate) changed_itself: Two,
    pub(crate) removed_itself: One,
    pub(crate) approved: One,
    pub(crate) rejected: Two,
    pub(crate) verified: One,
    pub(crate) unverified: Two,
    pub(crate) consents_forgotten: fn(u64) -> String,
    pub(crate) reaped: fn(u64) -> String,
    pub(crate) document_changed: Two,
    pub(crate) secret_rotated: One,
    pub(crate) secrets_ended: One,
    pub(crate) old_secret_used: One,
    pub(crate) initial_token_created: Text,
    pub(crate) initial_token_revoked: Text,

    /// The machine, and who answers for it.
    pub(crate) machine_created: Two,
    pub(crate) retired: Two,
    pub(crate) expired: One,
    /// The machine, from whom and to whom.
    pub(crate) handed_over: Three,
    /// Machines, and tokens.
    pub(crate) used: fn(u64, u64) -> String,
    pub(crate) credential_created: Two,
    pub(crate) credential_rotated: One,
    pub(crate) credential_changed: One,
    pub(crate) credential_revoked: Two,
    pub(crate) credential_refused: Two,
    pub(crate) credential_ambiguous: Text,
    /// Who acts, and for whom.
    pub(crate) delegated: Two,
    pub(crate) delegated_no_more: Three,

    pub(crate) tenant_created: One,
    pub(crate) tenant_changed: Text,
    pub(crate) tenant_removed: Text,
    /// The role, and its tenant.
    pub(crate) role_created: Two,
    pub(crate) role_changed: Two,
    pub(crate) role_removed: Two,
    pub(crate) server_named_tools: fn(&str, u64) -> String,
    pub(crate) administrator_named_tools: fn(&str, u64) -> String,
    pub(crate) scope_created: One,
    pub(crate) scope_changed: One,
    pub(crate) scope_removed: One,
    pub(crate) catalogue_loaded: Text,
    pub(crate) limit_changed: One,
    pub(crate) setting_changed: One,
    pub(crate) setting_changed_to: Two,

    /// What it signs by, and its id.
    pub(crate) key_made: Two,
    pub(crate) key_signs: One,
    pub(crate) key_retired: One,
    pub(crate) key_rescheduled: One,
    pub(crate) key_withdrawn: One,
    pub(crate) key_gone: One,

    /// The person, the application, and what may be done.
    pub(crate) consent_given: Three,
    pub(crate) consent_denied: Two,
    pub(crate) consent_revoked: Two,
    /// The person, and the application.
    pub(crate) signed_in_to: Two,
    pub(crate) code_replayed: One,
    /// Who got it; for whom, if that is somebody else; and where it is good, if that is one place.
    pub(crate) token_issued: fn(&str, Option<&str>, Option<&str>) -> String,
    /// Who acts, for whom, and where.
    pub(crate) acted: Three,
    /// Who was refused, the grant, and why.
    pub(crate) token_refused: Three,
    pub(crate) token_revoked: One,
    pub(crate) identity_accepted: Text,
    pub(crate) identity_asserted: Text,
    pub(crate) scope_narrowed: Text,
    pub(crate) refresh_overlapped: Text,
    pub(crate) refresh_replayed: One,
    pub(crate) family_revoked: Text,
    pub(crate) strangers_refused: fn(u64, &str) -> String,

    pub(crate) why: WhyWords,
}

/// Reasons that the log has by a name or by a few words of ours. Others are told as they stand there.
pub(crate) struct WhyWords {
    pub(in crate::web::words) machine_stopped: Text,
    pub(in crate::web::words) machine_retired: Text,
    pub(in crate::web::words) machine_over: Text,
    pub(in crate::web::words) network: Text,
    pub(in crate::web::words) credential_over: Text,
    pub(in crate::web::words) credential_revoked: Text,
    pub(in crate::web::words) password: Text,
    pub(in crate::web::words) code: Text,
    pub(in crate::web::words) passkey_suspended: Text,
    pub(in crate::web::words) passkey_counter: Text,
    pub(in crate::web::words) provider_suspended: Text,
}

impl WhyWords {
    /// Why whoever has the right secret was refused: the names of a few rules.
    pub(crate) fn credential<'w>(&self, why: &'w str) -> &'w str {
        match why {
            "ClientSuspended" => self.machine_stopped,
            "ClientRetired" => self.machine_retired,
            "MachineExpired" => self.machine_over,
            "NetworkNotAllowed" => self.network,
            "ClientSecretExpired" => self.credential_over,
            "CredentialRevoked" => self.credential_revoked,
            other => other,
        }
    }

    /// Why somebody was not signed in, in the words that `operations` writes down.
    pub(crate) fn sign_in<'w>(&self, why: &'w str) -> &'w str {
        match why {
            "wrong password or suspended" => self.password,
            "wrong code" => self.code,
            "passkey: suspended, or removed meanwhile" => self.passkey_suspended,
            "passkey: its counter went back, so there may be a copy" => self.passkey_counter,
            "identity provider: suspended" => self.provider_suspended,
            other => other,
        }
    }
}
