//! Applications: the list of them, one, a new one, those that nobody uses, and what people allowed them.

use crate::model::{ClientState, Provenance};
use crate::operations::clients::{Checked, RegisteredBy};
use crate::web::words::list::Text;
use crate::web::words::marks::{
    Html, OfBare, OfBareAndBare, OfLink, OfName, OfNameAndPlain, OfNumber, OfPlain, OfPlainAndPlain, OfTime,
};

/// The list, and what every page about applications says.
pub(crate) struct ApplicationsWords {
    pub(crate) lead: Text,
    pub(crate) clean_up: Text,
    pub(crate) name: Text,
    pub(crate) answers: Text,
    pub(crate) registered_by: Text,
    pub(crate) state: Text,
    pub(crate) registered: Text,
    pub(crate) checked: Text,
    pub(crate) uses: Text,
    pub(crate) decide: Text,
    pub(crate) choose: Text,
    pub(crate) choose_one: OfBare,
    pub(crate) verified: Text,
    pub(crate) used: Text,
    pub(crate) never_used: Text,
    pub(crate) why: Text,
    pub(crate) cancel: Text,
    pub(in crate::web::words) waits: Text,
    pub(in crate::web::words) rejected: Text,
    pub(in crate::web::words) active: Text,
    pub(in crate::web::words) suspended: Text,
    pub(in crate::web::words) retired: Text,
    /// The same as choices of a filter.
    pub(in crate::web::words) those_waiting: Text,
    pub(in crate::web::words) those_rejected: Text,
    pub(in crate::web::words) those_active: Text,
    pub(in crate::web::words) those_suspended: Text,
    pub(in crate::web::words) those_retired: Text,
    pub(in crate::web::words) by_administrator: Text,
    pub(in crate::web::words) by_itself: Text,
    pub(in crate::web::words) by_document: Text,
    pub(in crate::web::words) those_by_administrator: Text,
    pub(in crate::web::words) those_by_itself: Text,
    pub(in crate::web::words) those_by_document: Text,
    pub(in crate::web::words) those_verified: Text,
    pub(in crate::web::words) those_checked_by_nobody: Text,
    /// Where answers go.
    pub(crate) this_computer: Text,
    pub(crate) an_app: Text,
    pub(crate) nothing_fits: Text,
    pub(crate) nothing_connected: Text,
    pub(crate) nothing_connected_more: OfLink,
    pub(crate) looks_like: OfPlain,
    pub(crate) approve_one: OfPlain,
    pub(crate) look_at: OfPlain,
    pub(crate) every_ticked: Text,
    pub(crate) approve_chosen: Text,
    pub(crate) approve_about: Text,
    pub(crate) approve: Text,
    pub(crate) reject_chosen: Text,
    pub(crate) reject_note: Text,
    pub(crate) reject: Text,
    /// What came of deciding about several.
    pub(crate) all_approved: Text,
    pub(crate) all_rejected: Text,
    pub(crate) not_all: Text,
    pub(crate) none_chosen: Text,
}

impl ApplicationsWords {
    pub(crate) const fn standing(&self, state: ClientState) -> Text {
        match state {
            ClientState::Active => self.active,
            ClientState::AwaitingApproval => self.waits,
            ClientState::Rejected => self.rejected,
            ClientState::Suspended => self.suspended,
            ClientState::Retired => self.retired,
        }
    }

    pub(crate) const fn those(&self, state: ClientState) -> Text {
        match state {
            ClientState::Active => self.those_active,
            ClientState::AwaitingApproval => self.those_waiting,
            ClientState::Rejected => self.those_rejected,
            ClientState::Suspended => self.those_suspended,
            ClientState::Retired => self.those_retired,
        }
    }

    pub(crate) const fn by(&self, provenance: &Provenance) -> Text {
        match provenance {
            Provenance::Administrator | Provenance::Machine => self.by_administrator,
            Provenance::Dynamic { .. } => self.by_itself,
            Provenance::Document => self.by_document,
        }
    }

    pub(crate) const fn those_by(&self, by: RegisteredBy) -> Text {
        match by {
            RegisteredBy::Administrator => self.those_by_administrator,
            RegisteredBy::Itself => self.those_by_itself,
            RegisteredBy::Document => self.those_by_document,
        }
    }

    pub(crate) const fn those_checked(&self, checked: Checked) -> Text {
        match checked {
            Checked::Verified => self.those_verified,
            Checked::ByNobody => self.those_checked_by_nobody,
        }
    }
}

/// One of them.
pub(crate) struct ApplicationWords {
    pub(crate) resembles: OfName,
    pub(crate) waits: Text,
    pub(crate) approve: Text,
    pub(crate) begin_reject: Text,
    pub(crate) reject_note: Text,
    pub(crate) reject: Text,
    pub(crate) rejected: OfBare,
    pub(crate) rejected_more: Text,
    pub(crate) approve_after_all: Text,
    pub(crate) begin_stop: Text,
    /// Its name, and what is at stake.
    pub(crate) stop_about: OfNameAndPlain,
    pub(crate) stop: Text,
    pub(crate) stopped: Text,
    pub(crate) let_go_on: Text,
    pub(crate) client_id: Text,
    pub(crate) checked_by: Text,
    pub(crate) nobody: Text,
    pub(crate) first_used: Text,
    pub(crate) reaped: Text,
    pub(crate) unless_used: Text,
    pub(crate) proves: Text,
    pub(crate) says_it_is_at: Text,
    pub(crate) by_itself_unchecked: Text,
    pub(crate) by_document: Text,
    pub(crate) proves_nothing: Text,
    pub(crate) proves_secret: Text,
    pub(crate) proves_key: Text,
    pub(crate) answers: Text,
    pub(crate) answers_nowhere: Text,
    /// By which grants, for which resources, with which scopes; the latter two may be none.
    pub(crate) reach: fn(&str, &str, &str) -> String,
    pub(crate) begin_verify: Text,
    pub(crate) verify_about: OfName,
    pub(crate) verify: Text,
    pub(crate) begin_unverify: Text,
    pub(crate) unverify_about: Text,
    pub(crate) unverify: Text,
    pub(crate) secrets: Text,
    pub(crate) newest_secret: Text,
    pub(crate) older_secret: Text,
    pub(crate) made: OfTime,
    pub(crate) good_until: OfTime,
    pub(crate) last_used: OfTime,
    pub(crate) not_used: Text,
    pub(crate) begin_secret: Text,
    pub(crate) secret_about: Text,
    pub(crate) overlap: Text,
    pub(crate) no_overlap: Text,
    pub(crate) make_secret: Text,
    pub(crate) begin_end_secrets: Text,
    pub(crate) end_secrets_about: Text,
    pub(crate) end_secrets: Text,
    /// Heads the page of a new one.
    pub(crate) client_secret: Text,
    pub(crate) to_use: Text,
    pub(crate) grants: Text,
    pub(crate) no_grants: Text,
    pub(crate) begin_revoke: OfPlain,
    pub(crate) revoke_about: Text,
    pub(crate) all_grants: Text,
    pub(crate) activity: Text,
    pub(crate) all_activity: Text,
    pub(crate) no_activity: Text,
    pub(crate) end: Text,
    pub(crate) begin_remove: Text,
    pub(crate) remove_about: OfPlain,
    pub(crate) remove_name: OfBare,
    pub(crate) remove: Text,
    /// What is at stake.
    pub(crate) allowed_by: fn(u64) -> String,
    pub(crate) allowed_by_more_than: fn(u64) -> String,
    pub(crate) carries: fn(&str) -> String,
    /// What was done, or was not.
    pub(crate) secrets_ended: Text,
    pub(crate) is_approved: Text,
    pub(crate) is_rejected: Text,
    pub(crate) is_verified: Text,
    pub(crate) is_unverified: Text,
    pub(crate) has_changed: Text,
    pub(crate) is_stopped: Text,
    pub(crate) is_resumed: Text,
    pub(crate) is_removed: Text,
    pub(crate) is_registered: Text,
    pub(crate) wrong_name: Text,
}

/// A new one.
pub(crate) struct ApplicationFormWords {
    pub(crate) title: Text,
    pub(crate) name_help: Text,
    pub(crate) answers_help: Text,
    pub(crate) method: Text,
    pub(crate) no_method: Text,
    pub(crate) by_secret: Text,
    pub(crate) scopes: Text,
    pub(crate) scopes_help: Text,
    pub(crate) resources: Text,
    pub(crate) resources_help: Text,
    pub(crate) submit: Text,
}

/// Those that nobody uses.
pub(crate) struct StaleApplicationsWords {
    pub(crate) title: Text,
    pub(crate) lead: Text,
    pub(crate) unused_for: Text,
    pub(crate) none_so_far: Text,
    pub(crate) look_further: Text,
    pub(crate) all_in_use: Text,
    pub(crate) none_unused: OfNumber,
    pub(crate) last_use: Text,
    pub(crate) last_used: OfTime,
    pub(crate) never_used: Html,
    pub(crate) begin_remove: Text,
    pub(crate) remove_about: Text,
    pub(crate) confirm: Text,
    /// What has to be typed.
    pub(crate) confirm_word: Text,
    pub(crate) unmeant: Text,
    pub(crate) remove: Text,
    pub(crate) removed: Text,
    pub(crate) some_removed: Text,
    pub(crate) none_chosen: Text,
}

/// What people allowed them.
pub(crate) struct GrantsWords {
    pub(crate) title: Text,
    pub(crate) heading: Text,
    pub(crate) all: Text,
    pub(crate) of_one: OfBare,
    pub(crate) of_both: OfBareAndBare,
    /// Below this too: every list that can be of somebody.
    pub(crate) none_among_newest: Text,
    pub(crate) none: Text,
    pub(crate) person: Text,
    pub(crate) application: Text,
    pub(crate) place: Text,
    pub(crate) scopes: Text,
    pub(crate) since: Text,
    pub(crate) end: Text,
    /// Who allowed it, and what they allowed it to.
    pub(crate) begin_revoke: OfPlainAndPlain,
    pub(crate) revoke_about: Text,
    pub(crate) revoke: Text,
    pub(crate) revoked: Text,
}
