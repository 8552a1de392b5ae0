//! Every sentence, by page. What is said in English and in German stands in `en` and `de`.

pub(crate) mod console;

use super::marks::{
    Html, OfBare, OfCode, OfCodeAndPlain, OfLink, OfName, OfNameAndCode, OfNameAndPlain, OfOwner, OfPlain,
    OfPlainAndTime, OfTime,
};
use crate::model::{Language, MachineKind, WeakPassword};

type Text = &'static str;

pub(crate) struct Words {
    pub(crate) language: Language,
    pub(crate) time: TimeWords,
    pub(crate) frame: FrameWords,
    pub(crate) home: HomeWords,
    pub(crate) setup: SetupWords,
    pub(crate) setup_closed: SetupClosedWords,
    pub(crate) sign_in: SignInWords,
    pub(crate) signed_out: SignedOutWords,
    pub(crate) code: CodeWords,
    pub(crate) set_up: SetUpWords,
    pub(crate) consent: ConsentWords,
    pub(crate) return_to: ReturnWords,
    pub(crate) account: AccountWords,
    pub(crate) own_password: OwnPasswordWords,
    pub(crate) own_providers: OwnProvidersWords,
    pub(crate) factor: FactorWords,
    pub(crate) passkeys: PasskeysWords,
    pub(crate) activity: ActivityWords,
    pub(crate) delegation: DelegationWords,
    pub(crate) kinds: KindsWords,
    pub(crate) error: ErrorWords,
    pub(crate) console: console::ConsoleWords,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Words({})", self.language.tag())
    }
}

/// So many of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) count: u64,
    pub(super) unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

pub(crate) struct TimeWords {
    pub(super) just_now: Text,
    pub(super) length: fn(Span) -> String,
    pub(super) ago: fn(Span) -> String,
    pub(super) ahead: fn(Span) -> String,
    pub(crate) a_year: Text,
    pub(super) months: [Text; 12],
    /// Day, month, year, clock.
    pub(super) exact: fn(&str, &str, &str, &str) -> String,
}

/// What stands around every page, and what many pages say.
pub(crate) struct FrameWords {
    pub(crate) console: Text,
    pub(crate) demo: Text,
    pub(crate) demo_about: Html,
    pub(crate) help: Text,
    pub(crate) dark_page: Text,
    pub(crate) light_page: Text,
    pub(crate) sign_in: Text,
    pub(crate) sign_out: Text,
    pub(crate) to_account: Text,
    pub(crate) what_to_do: Text,
    pub(crate) copy: Text,
    pub(crate) copied: Text,
    pub(crate) show: Text,
    pub(crate) hide: Text,
    pub(crate) email: Text,
    pub(crate) password: Text,
}

pub(crate) struct HomeWords {
    pub(crate) title: Text,
    pub(crate) almost_ready: Text,
    pub(crate) nobody_yet: OfPlain,
    pub(crate) open_link: OfPlain,
    pub(crate) also_by_command: Html,
    pub(crate) hello: OfBare,
    pub(crate) slogan: Text,
    pub(crate) about: OfPlain,
    pub(crate) connecting: Text,
    pub(crate) one_address: Text,
    pub(crate) server_metadata: Text,
    pub(crate) openid_configuration: Text,
}

pub(crate) struct SetupWords {
    pub(crate) title: Text,
    pub(crate) heading: Text,
    pub(crate) lead: OfPlain,
    pub(crate) name: Text,
    pub(crate) password_help: fn(usize) -> String,
    pub(crate) submit: Text,
    pub(crate) name_wrong: Text,
    pub(crate) email_wrong: Text,
    pub(crate) weak: WeakWords,
}

pub(crate) struct WeakWords {
    pub(super) short: fn(usize) -> String,
    pub(super) long: Text,
    pub(super) control: Text,
    pub(super) own: Text,
    pub(super) common: Text,
}

impl WeakWords {
    pub(crate) fn of(&self, weak: WeakPassword) -> String {
        match weak {
            WeakPassword::Short => (self.short)(WeakPassword::SHORTEST),
            WeakPassword::Long => self.long.to_owned(),
            WeakPassword::Control => self.control.to_owned(),
            WeakPassword::Own => self.own.to_owned(),
            WeakPassword::Common => self.common.to_owned(),
        }
    }
}

pub(crate) struct SetupClosedWords {
    pub(crate) wrong: Text,
    pub(crate) wrong_why: Text,
    pub(crate) wrong_advice: Html,
    pub(crate) expired: Text,
    pub(crate) expired_why: Text,
    pub(crate) expired_advice: Html,
    pub(crate) done: Text,
    pub(crate) done_why: Text,
    pub(crate) done_advice: Html,
}

pub(crate) struct SignInWords {
    pub(crate) confirm: Text,
    pub(crate) to_application: OfName,
    pub(crate) to_continue: Text,
    pub(crate) to_decide: Text,
    pub(crate) to_account: Text,
    pub(crate) wrong_confirming: Text,
    pub(crate) wrong: Text,
    pub(crate) throttled: OfPlain,
    pub(crate) expired: Text,
    pub(crate) go_on: Text,
    pub(crate) use_another: Text,
    pub(crate) or: Text,
    pub(crate) wrong_passkey: Text,
    pub(crate) passkey_wanted: Text,
    /// The button of an identity provider, and what came of it.
    pub(crate) continue_with: OfBare,
    pub(crate) provider: ProviderWords,
    pub(crate) cannot_get_in: Text,
    pub(crate) get_help: Text,
    pub(crate) ask: OfPlain,
}

/// Why nobody was signed in with an identity provider.
pub(crate) struct ProviderWords {
    pub(crate) over: Html,
    pub(crate) denied: OfName,
    pub(crate) away: OfName,
    pub(crate) not_good: OfName,
    pub(crate) unknown: OfName,
    pub(crate) stopped: Html,
    pub(crate) taken: OfName,
    pub(crate) another: OfName,
    pub(crate) passkey_wanted: OfName,
}

pub(crate) struct CodeWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) code: Text,
    pub(crate) submit: Text,
    pub(crate) wrong: Text,
    pub(crate) lost: Text,
    pub(crate) recovery: Text,
    pub(crate) recovery_note: Text,
    pub(crate) submit_recovery: Text,
}

/// What is wanted besides a password, set up right after it.
pub(crate) struct SetUpWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) passkey: Text,
    pub(crate) passkey_about: Text,
    pub(crate) or_codes: Text,
    pub(crate) submit_codes: Text,
}

pub(crate) struct SignedOutWords {
    pub(crate) title: Text,
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) again: Text,
}

pub(crate) struct ConsentWords {
    pub(crate) title: OfPlain,
    pub(crate) heading: OfBare,
    pub(crate) verified: OfName,
    pub(crate) by_administrator: OfPlain,
    pub(crate) checked: OfPlainAndTime,
    pub(crate) self_registered: Text,
    pub(crate) look_alike: OfPlain,
    pub(crate) nothing_ticked: Text,
    pub(crate) answer_goes_to: Text,
    pub(crate) this_computer: Text,
    pub(crate) this_computer_more: Text,
    pub(crate) an_app: Text,
    pub(crate) an_app_more: OfCode,
    pub(crate) your_account: Text,
    pub(crate) use_another: Text,
    pub(crate) to_use: Text,
    pub(crate) sign_in_only: Text,
    pub(crate) sign_in_only_more: Text,
    pub(crate) will: Text,
    pub(crate) will_also: Text,
    pub(crate) always: Text,
    pub(crate) risky: Text,
    pub(crate) nothing: Text,
    pub(crate) untick: Text,
    pub(crate) tick: Text,
    pub(crate) untick_and_tick: Text,
    pub(crate) can_already: Text,
    pub(crate) how_long: Text,
    pub(crate) until_revoked: Text,
    pub(crate) until_revoked_more: Text,
    pub(crate) for_about: OfPlain,
    pub(crate) remember: Text,
    pub(crate) deny: Text,
    pub(crate) allow: Text,
    pub(crate) technical: Text,
    pub(crate) client_id: Text,
    pub(crate) scopes: Text,
    pub(crate) redirect_uri: Text,
    pub(crate) registered: Text,
    pub(crate) administrator: Text,
    pub(crate) dynamic: Text,
    pub(crate) document: Text,
    /// A scope that the catalogue no longer has.
    pub(crate) use_scope: fn(&str) -> String,
}

pub(crate) struct ReturnWords {
    pub(crate) title: Text,
    pub(crate) allowed: Text,
    pub(crate) you_allowed: OfName,
    pub(crate) denied: Text,
    pub(crate) you_denied: OfName,
    pub(crate) refused: Text,
    pub(crate) cannot: OfName,
    pub(crate) if_nothing_happens: Text,
    pub(crate) back: OfBare,
    pub(crate) close: Text,
}

pub(crate) struct AccountWords {
    pub(crate) title: Text,
    pub(crate) applications: Text,
    pub(crate) nothing_connected: Text,
    pub(crate) nothing_connected_more: Text,
    pub(crate) last_used: OfTime,
    pub(crate) never_used: Text,
    pub(crate) allowed: OfTime,
    pub(crate) on: OfNameAndCode,
    pub(crate) may: Text,
    pub(crate) may_nothing: Text,
    pub(crate) revoke: Text,
    pub(crate) revoke_application: OfNameAndPlain,
    pub(crate) revoke_access: Text,
    pub(crate) revoke_all: Text,
    /// The house, and what all of them comes to.
    pub(crate) revoke_all_applications: OfPlain,
    pub(crate) revoke_all_agents: OfPlain,
    pub(crate) older: Text,
    pub(crate) this_computer: Text,
    pub(crate) an_app: Text,
    pub(crate) agents: Text,
    /// "agent of Grace Hopper"
    pub(crate) kind_of: fn(&str, &str) -> String,
    pub(crate) ends: OfTime,
    pub(crate) wherever: Text,
    pub(crate) in_your_name: Text,
    pub(crate) allowed_by_you: OfTime,
    pub(crate) allowed_by_administrator: OfTime,
    pub(crate) acts_only: Text,
    pub(crate) revoke_agent: OfNameAndPlain,
    pub(crate) sessions: Text,
    pub(crate) this_browser: Text,
    pub(crate) another_browser: Text,
    pub(crate) current: Text,
    pub(crate) signed_in: OfTime,
    pub(crate) last_seen: OfTime,
    /// From where, as part of a line.
    pub(crate) from: fn(&str) -> String,
    pub(crate) end_session: Text,
    pub(crate) end_others: Text,
    /// A browser and a system.
    pub(crate) device: fn(&str, &str) -> String,
    pub(crate) how: Text,
    pub(crate) password_about: Text,
    pub(crate) change_password: Text,
    pub(crate) factor: Text,
    pub(crate) factor_on: OfTime,
    pub(crate) factor_off: Text,
    pub(crate) factor_pill: Text,
    pub(crate) set_up_factor: Text,
    pub(crate) look_at_factor: Text,
    pub(crate) passkeys: Text,
    pub(crate) passkeys_about: Text,
    pub(crate) passkeys_have: fn(usize) -> String,
    pub(crate) look_at_passkeys: Text,
    pub(crate) activity_about: Text,
    pub(crate) see_activity: Text,
    pub(crate) others_ended: fn(u64) -> String,
    pub(crate) password_changed: Text,
    pub(crate) factor_removed: Text,
    /// Where the password is not enough.
    pub(crate) factor_removed_demanded: Text,
    /// After the two, where there are others.
    pub(crate) end_others_too: Text,
    pub(crate) administration: Text,
    pub(crate) administration_about: OfLink,
    pub(crate) open_console: Text,
    pub(crate) was_allowed: Text,
    pub(crate) was_not_allowed: Text,
    pub(crate) agent_revoked: Text,
    pub(crate) access_revoked: Text,
    pub(crate) revoked_before: Text,
    pub(crate) all_revoked: Text,
    pub(crate) all_agents_revoked: Text,
    pub(crate) session_ended: Text,
    pub(crate) session_over: Text,
}

pub(crate) struct OwnPasswordWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) current: Text,
    pub(crate) new: Text,
    pub(crate) wrong: Text,
    pub(crate) throttled: OfPlain,
    pub(crate) over: Text,
    pub(crate) submit: Text,
    pub(crate) back: Text,
}

/// Links to identity providers, and the page that leads to one.
pub(crate) struct OwnProvidersWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) none: Text,
    /// On the account page.
    pub(crate) look: Text,
    pub(crate) short: Text,
    pub(crate) linked_at: OfTime,
    pub(crate) known_there_as: OfCode,
    pub(crate) remove: Text,
    pub(crate) remove_about: OfName,
    pub(crate) submit_remove: Text,
    pub(crate) add: Text,
    pub(crate) add_about: Text,
    pub(crate) connect: OfBare,
    pub(crate) was_linked: Text,
    pub(crate) was_removed: Text,
    pub(crate) leaving: OfBare,
    pub(crate) leaving_about: OfName,
    pub(crate) go_on: OfBare,
}

pub(crate) struct FactorWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) scan: Text,
    pub(crate) picture: Text,
    pub(crate) type_it: Text,
    pub(crate) code: Text,
    pub(crate) code_note: Text,
    pub(crate) wrong_code: Text,
    pub(crate) submit: Text,
    pub(crate) since: OfTime,
    pub(crate) codes_left: fn(usize) -> String,
    pub(crate) renew: Text,
    pub(crate) renew_about: Text,
    pub(crate) submit_renew: Text,
    pub(crate) turn_off: Text,
    pub(crate) turn_off_about: Text,
    /// Where the password is not enough.
    pub(crate) turn_off_demanded: Text,
    pub(crate) submit_off: Text,
    pub(crate) codes: Text,
    pub(crate) codes_about: Text,
    pub(crate) kept: Text,
}

pub(crate) struct PasskeysWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) none: Text,
    pub(crate) used: OfTime,
    pub(crate) never_used: Text,
    pub(crate) added: OfTime,
    pub(crate) in_many_places: Text,
    pub(crate) in_one_place: Text,
    pub(crate) remove: Text,
    pub(crate) remove_about: OfName,
    pub(crate) submit_remove: Text,
    pub(crate) add: Text,
    pub(crate) add_about: Text,
    pub(crate) go_on: Text,
    pub(crate) name: Text,
    pub(crate) name_note: Text,
    pub(crate) wrong_name: Text,
    pub(crate) submit: Text,
    pub(crate) without: Text,
    pub(crate) nameless: Text,
    pub(crate) full: Text,
    pub(crate) not_taken: Text,
    pub(crate) cancelled: Text,
    pub(crate) known: Text,
    pub(crate) was_added: Text,
    pub(crate) was_removed: Text,
    /// On the button of the sign-in page.
    pub(crate) sign_in: Text,
}

/// What happened to somebody's account, said to them.
pub(crate) struct ActivityWords {
    pub(crate) heading: Text,
    pub(crate) about: Text,
    pub(crate) nothing: Text,
    pub(crate) older: Text,
    pub(crate) newest: Text,
    pub(crate) by_administrator: Text,
    pub(crate) signed_in: Text,
    pub(crate) half_done: Text,
    pub(crate) refused: Text,
    pub(crate) signed_out: Text,
    pub(crate) sessions_ended: Text,
    pub(crate) password: Text,
    pub(crate) factor_added: Text,
    pub(crate) factor_removed: Text,
    pub(crate) recovery_used: fn(u64) -> String,
    pub(crate) recovery_renewed: Text,
    pub(crate) passkey_added: OfName,
    pub(crate) passkey_removed: OfName,
    pub(crate) passkey_counter: Text,
    pub(crate) vouched: OfName,
    pub(crate) linked: OfName,
    pub(crate) unlinked: OfName,
    pub(crate) signed_in_to: OfName,
    pub(crate) consent_given: OfName,
    pub(crate) consent_denied: OfName,
    pub(crate) consent_revoked: OfName,
    pub(crate) delegation_granted: OfName,
    pub(crate) delegation_revoked: OfName,
    pub(crate) acted: OfNameAndCode,
    pub(crate) created: Text,
    pub(crate) suspended: Text,
    pub(crate) resumed: Text,
    pub(crate) made_administrator: Text,
    pub(crate) made_member: Text,
    pub(crate) roles: Text,
}

pub(crate) struct DelegationWords {
    pub(crate) title: OfPlain,
    pub(crate) heading: OfBare,
    pub(crate) answers_for: OfOwner,
    pub(crate) purpose: Text,
    pub(crate) purpose_more: Text,
    pub(crate) in_whose_name: Text,
    pub(crate) where_: Text,
    pub(crate) choose: Text,
    pub(crate) already: Text,
    pub(crate) already_until: OfTime,
    pub(crate) see_agents: Text,
    pub(crate) nothing: Text,
    pub(crate) nothing_more: Text,
    pub(crate) risk_note: Text,
    pub(crate) allow_for: Text,
    pub(crate) allow_for_note: Text,
    pub(crate) lasts_note: Text,
    pub(crate) acts_only: OfBare,
    pub(crate) nothing_ticked: Text,
    pub(crate) purpose_wrong: Text,
    pub(crate) cannot: Text,
    pub(crate) taken: Text,
    pub(crate) nobody: Told,
}

/// A kind of machine.
pub(crate) struct KindWords {
    /// "agent"
    pub(crate) name: Text,
    /// "this agent", as what somebody answers for.
    pub(crate) this: Text,
}

pub(crate) struct KindsWords {
    pub(super) agent: KindWords,
    pub(super) service: KindWords,
    pub(super) ci: KindWords,
    pub(super) device: KindWords,
}

impl KindsWords {
    pub(crate) fn of(&self, kind: MachineKind) -> &KindWords {
        match kind {
            MachineKind::Agent => &self.agent,
            MachineKind::Service => &self.service,
            MachineKind::Ci => &self.ci,
            MachineKind::Device => &self.device,
        }
    }
}

/// A page that says why something is not there or not done.
pub(crate) struct Told {
    pub(crate) title: Text,
    pub(crate) why: Text,
    pub(crate) advice: Text,
}

pub(crate) struct ErrorWords {
    pub(crate) title: Text,
    pub(crate) unknown_client: Told,
    pub(crate) redirect_title: Text,
    pub(crate) redirect_why: OfNameAndCode,
    pub(crate) redirect_advice: Text,
    pub(crate) resource_title: Text,
    pub(crate) resource_why: OfCodeAndPlain,
    pub(crate) resource_known: Text,
    pub(crate) resource_advice: Html,
    pub(crate) flow_expired: Told,
    pub(crate) approval_title: Text,
    pub(crate) approval_why: OfName,
    pub(crate) approval_advice: OfPlain,
    pub(crate) rejected_title: Text,
    pub(crate) rejected_why: OfNameAndPlain,
    pub(crate) rejected_advice: OfPlain,
    pub(crate) form: Told,
    pub(crate) forbidden_title: Text,
    pub(crate) forbidden_why: Text,
    pub(crate) forbidden_advice: OfPlain,
    pub(crate) not_found_title: Text,
    pub(crate) not_found_why: Text,
    pub(crate) method_title: Text,
    pub(crate) method_why: Text,
    pub(crate) too_many_title: Text,
    pub(crate) too_many_why: Text,
    pub(crate) try_in: OfPlain,
    pub(crate) try_later: Text,
    pub(crate) fault_title: Text,
    pub(crate) fault_why: Text,
    pub(crate) fault_advice: OfPlain,
    pub(crate) start_page: Text,
    pub(crate) status: OfPlain,
    pub(crate) story: OfLink,
    pub(crate) too_slow: Told,
    pub(crate) too_long: Told,
    pub(crate) client_missing: Told,
    pub(crate) client_gone_title: Text,
    pub(crate) client_gone_why: fn(&str) -> String,
    pub(crate) client_document: Told,
    pub(crate) client_suspended: Told,
    pub(crate) redirect_missing: Told,
    pub(crate) redirect_invalid: Told,
    pub(crate) unreadable: Told,
    /// What helps against most of them.
    pub(crate) connect_again: Text,
}
