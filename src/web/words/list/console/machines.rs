//! All machines, and what the pages about one and about many call the same things.

use crate::model::{FindingKind, MachineKind, MachineStanding};
use crate::operations::machines::Order;
use crate::web::words::list::Text;
use crate::web::words::marks::{OfBare, OfLink, OfPlain};

/// What a machine is, how it stands, and what there is to be said about it, in as few words as a row has room for.
pub(crate) struct MachineLabels {
    pub(in crate::web::words) agent: Text,
    pub(in crate::web::words) service: Text,
    pub(in crate::web::words) ci: Text,
    pub(in crate::web::words) device: Text,
    pub(in crate::web::words) active: Text,
    pub(in crate::web::words) expired: Text,
    pub(in crate::web::words) suspended: Text,
    pub(in crate::web::words) retired: Text,
    pub(in crate::web::words) credential_misused: Text,
    pub(in crate::web::words) no_owner: Text,
    pub(in crate::web::words) unused: Text,
    pub(in crate::web::words) never_used: Text,
    pub(in crate::web::words) scopes_unused: Text,
    pub(in crate::web::words) secret_old: Text,
    pub(in crate::web::words) credential_expiring: Text,
    pub(in crate::web::words) machine_expiring: Text,
    pub(in crate::web::words) new_network: Text,
    pub(in crate::web::words) secret_shared: Text,
    pub(in crate::web::words) old_secret_used: Text,
    pub(in crate::web::words) old_secret_silent: Text,
    pub(in crate::web::words) live: Text,
    pub(in crate::web::words) revoked: Text,
    pub(in crate::web::words) being_replaced: Text,
    pub(crate) name: Text,
    pub(crate) kind: Text,
    pub(crate) owner: Text,
    pub(crate) tenant: Text,
    pub(crate) client_id: Text,
    pub(crate) credentials: Text,
    pub(crate) last_used: Text,
    pub(crate) tags: Text,
    /// From which network.
    pub(crate) from: OfPlain,
    pub(crate) new_machine: Text,
    /// Why something is stopped or ended.
    pub(crate) why: Text,
    pub(crate) cancel: Text,
    pub(crate) use_it: Text,
}

impl MachineLabels {
    pub(crate) const fn kind(&self, kind: MachineKind) -> Text {
        match kind {
            MachineKind::Agent => self.agent,
            MachineKind::Service => self.service,
            MachineKind::Ci => self.ci,
            MachineKind::Device => self.device,
        }
    }

    pub(crate) const fn standing(&self, standing: MachineStanding) -> Text {
        match standing {
            MachineStanding::Active => self.active,
            MachineStanding::Expired => self.expired,
            MachineStanding::Suspended => self.suspended,
            MachineStanding::Retired => self.retired,
        }
    }

    pub(crate) const fn finding(&self, kind: FindingKind) -> Text {
        match kind {
            FindingKind::CredentialMisused => self.credential_misused,
            FindingKind::NoOwner => self.no_owner,
            FindingKind::Unused => self.unused,
            FindingKind::NeverUsed => self.never_used,
            FindingKind::ScopesUnused => self.scopes_unused,
            FindingKind::SecretOld => self.secret_old,
            FindingKind::CredentialExpiring => self.credential_expiring,
            FindingKind::MachineExpiring => self.machine_expiring,
            FindingKind::NewNetwork => self.new_network,
            FindingKind::SecretShared => self.secret_shared,
            FindingKind::OldSecretUsed => self.old_secret_used,
            FindingKind::OldSecretSilent => self.old_secret_silent,
        }
    }

    /// What [`crate::model::Delegation::standing`] comes to.
    pub(crate) fn delegation(&self, standing: &str) -> Text {
        match standing {
            "live" => self.live,
            "revoked" => self.revoked,
            _ => self.expired,
        }
    }

    /// What [`crate::model::Credential::standing`] comes to.
    pub(crate) fn credential(&self, standing: &str) -> Text {
        match standing {
            "active" => self.active,
            "being_replaced" => self.being_replaced,
            "revoked" => self.revoked,
            _ => self.expired,
        }
    }
}

/// What the page of something that was stopped says about the tokens it had.
pub(crate) struct LeftWords {
    /// How many tokens may still be taken at most, until when, and where.
    pub(crate) at_most: fn(u64, &str, &str) -> String,
    /// At some of these places, each with how many; and whether there are others.
    pub(crate) there: fn(&str, bool) -> String,
    /// So many at one place.
    pub(crate) at: fn(u64, &str) -> String,
}

pub(crate) struct MachinesWords {
    pub(crate) who_acts: Text,
    pub(crate) name_or_tag: Text,
    pub(crate) anybody: Text,
    pub(crate) tag: Text,
    pub(crate) state: Text,
    pub(crate) finding: Text,
    pub(crate) order: Text,
    pub(in crate::web::words) newest_first: Text,
    pub(in crate::web::words) oldest_first: Text,
    pub(in crate::web::words) name_up: Text,
    pub(in crate::web::words) name_down: Text,
    pub(in crate::web::words) used_last: Text,
    pub(in crate::web::words) used_first: Text,
    /// How many of them are in order.
    pub(crate) only_newest: fn(&str) -> String,
    pub(crate) by_tenant: Text,
    pub(crate) none_retired: Text,
    pub(crate) nothing_fits: Text,
    pub(crate) nothing_fits_more: OfLink,
    pub(crate) none_yet: Text,
    pub(crate) none_yet_more: OfLink,
    pub(crate) choose: Text,
    pub(crate) choose_one: OfBare,
    pub(crate) credentials_about: Text,
    pub(crate) next_end: Text,
    pub(crate) scopes_about: Text,
    pub(crate) scopes_used: Text,
    pub(crate) findings: Text,
    pub(crate) never_used: Text,
    pub(crate) no_credentials: Text,
    pub(crate) new_credentials: fn(usize) -> String,
    /// How many, and how old the oldest is.
    pub(crate) old_credentials: fn(usize, &str) -> String,
    /// Used, of those it may ask for.
    pub(crate) scopes_of: fn(usize, usize) -> String,
    pub(crate) stop: Text,
    pub(crate) stop_every: Text,
    pub(crate) stop_about: Text,
    pub(crate) submit_stop: Text,
    pub(crate) were_stopped: fn(usize) -> String,
    pub(crate) some_stopped: Text,
    pub(crate) none_chosen: Text,
}

impl MachinesWords {
    pub(crate) const fn in_order(&self, order: Order) -> Text {
        match order {
            Order::Newest => self.newest_first,
            Order::Oldest => self.oldest_first,
            Order::Name => self.name_up,
            Order::NameBackwards => self.name_down,
            Order::UsedLast => self.used_last,
            Order::UsedFirst => self.used_first,
        }
    }
}

/// A new machine, and other terms for one.
pub(crate) struct MachineFormWords {
    pub(crate) title: OfPlain,
    pub(crate) heading: OfBare,
    pub(crate) name_help: Text,
    pub(crate) purpose: Text,
    pub(crate) purpose_help: Text,
    pub(crate) owner_help: Text,
    pub(crate) scopes: Text,
    pub(crate) no_scopes: Text,
    pub(crate) resources: Text,
    pub(crate) resources_help: Text,
    pub(crate) credential: Text,
    pub(crate) no_credential: Text,
    pub(crate) more: Text,
    pub(crate) tenant_help: Text,
    pub(crate) lifetime: Text,
    pub(crate) lifetime_help: Text,
    pub(crate) expires: Text,
    pub(crate) expires_help: Text,
    pub(crate) networks: Text,
    pub(crate) networks_help: Text,
    pub(crate) roles_help: Text,
    pub(crate) tags_help: Text,
    pub(crate) description: Text,
    pub(crate) dpop: Text,
    pub(crate) submit_new: Text,
    pub(crate) submit_change: Text,
    pub(crate) nothing_changed: Text,
    /// What the credential of a new machine is called until somebody calls it something else.
    pub(crate) first_secret: Text,
    pub(crate) first_access_key: Text,
    pub(crate) wrong: MachineWrongWords,
}

/// What is wrong with a field. Its label stands above.
pub(crate) struct MachineWrongWords {
    pub(crate) scope: Text,
    pub(crate) lifetime: Text,
    pub(crate) day: Text,
    pub(crate) networks: Text,
    pub(crate) roles: Text,
    pub(crate) tenant: Text,
}
