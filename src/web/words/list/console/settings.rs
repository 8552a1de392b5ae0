//! Settings: what holds and where it came from, and another value for one.

use crate::web::words::list::Text;
use crate::web::words::marks::{
    Html, OfCode, OfCodeAndPlain, OfCodeAndPlainAndTime, OfLink, OfLinkAndCode, OfNumber, OfPlain, OfPlainAndTime,
    OfTime,
};

pub(crate) struct SettingsWords {
    pub(crate) lead: Text,
    /// What is changed where: in the console, in the file that there is or is not, and which of them wins.
    pub(crate) changed_here: Html,
    pub(crate) changed_there: OfCode,
    pub(crate) changed_there_no_file: OfCode,
    pub(crate) who_wins: Text,
    pub(crate) set_aside: OfLinkAndCode,
    pub(crate) version: Text,
    pub(crate) licence: Text,
    pub(crate) issuer: Text,
    pub(crate) file: Text,
    pub(crate) no_file: Text,
    pub(crate) bytes: fn(u64) -> String,
    /// Tenths of a unit.
    pub(crate) size: fn(u64, &str) -> String,
    pub(crate) audit: Text,
    pub(crate) entry: OfNumber,
    pub(crate) hash: Text,
    pub(crate) backups: BackupsWords,
    pub(crate) limits: OfLink,
    pub(crate) registration_tokens: OfLink,
    pub(crate) providers: OfLink,
    pub(crate) groups: Text,
    pub(crate) group: SettingGroupsWords,
    pub(crate) setting: Text,
    pub(crate) value: Text,
    pub(crate) from: Text,
    pub(crate) to_change: Text,
    pub(crate) not_shown: Text,
    pub(crate) not_set: Text,
    pub(crate) read: OfPlain,
    pub(crate) by: OfPlainAndTime,
    pub(crate) change: Text,
    pub(in crate::web::words) built_in: Text,
    pub(in crate::web::words) derived: Text,
    pub(in crate::web::words) in_file: Text,
    pub(in crate::web::words) environment: Text,
    pub(in crate::web::words) flag: Text,
    pub(in crate::web::words) set_here: Text,
    pub(crate) looked: Text,
    pub(crate) changed: Text,
    pub(crate) reset: Text,
}

impl SettingsWords {
    /// Where a value came from, which settings themselves say in English.
    pub(crate) fn of_source<'s>(&self, source: &'s str) -> &'s str {
        match source {
            "built in" => self.built_in,
            "derived" => self.derived,
            "file" => self.in_file,
            "environment" => self.environment,
            "flag" => self.flag,
            "set here" => self.set_here,
            other => other,
        }
    }
}

pub(crate) struct BackupsWords {
    pub(crate) title: Text,
    pub(crate) came_to_nothing: OfTime,
    pub(crate) made_and_failed: OfTime,
    pub(crate) missing: Text,
    pub(crate) last: Text,
    /// File, size, and when.
    pub(crate) last_made: OfCodeAndPlainAndTime,
    pub(crate) none_made: Html,
    pub(crate) place: Text,
    pub(crate) not_in_them: Text,
    pub(crate) master_key: Text,
    pub(crate) restored: OfTime,
    pub(crate) looked: Text,
}

/// What people call the sections of the file.
pub(crate) struct SettingGroupsWords {
    pub(in crate::web::words) general: Text,
    pub(in crate::web::words) audit: Text,
    pub(in crate::web::words) backup: Text,
    pub(in crate::web::words) brand: Text,
    pub(in crate::web::words) delegation: Text,
    pub(in crate::web::words) dpop: Text,
    pub(in crate::web::words) keys: Text,
    pub(in crate::web::words) lifetimes: Text,
    pub(in crate::web::words) limits: Text,
    pub(in crate::web::words) log: Text,
    pub(in crate::web::words) machines: Text,
    pub(in crate::web::words) metrics: Text,
    pub(in crate::web::words) outbound: Text,
    pub(in crate::web::words) registration: Text,
    pub(in crate::web::words) sign_in: Text,
    pub(in crate::web::words) status: Text,
    pub(in crate::web::words) store: Text,
}

impl SettingGroupsWords {
    /// A section that has no words yet is called as the file calls it.
    pub(crate) fn title(&self, section: &str) -> Option<Text> {
        Some(match section {
            "general" => self.general,
            "audit" => self.audit,
            "backup" => self.backup,
            "brand" => self.brand,
            "delegation" => self.delegation,
            "dpop" => self.dpop,
            "keys" => self.keys,
            "lifetimes" => self.lifetimes,
            "limits" => self.limits,
            "log" => self.log,
            "machines" => self.machines,
            "metrics" => self.metrics,
            "outbound" => self.outbound,
            "registration" => self.registration,
            "sign_in" => self.sign_in,
            "status" => self.status,
            "store" => self.store,
            "tls" => "TLS",
            "acme" => "ACME",
            _ => return None,
        })
    }
}

pub(crate) struct SettingWords {
    pub(crate) does_not_hold: Text,
    pub(crate) set_another: Text,
    pub(crate) take_it_away: Text,
    pub(crate) holds_now: Text,
    pub(crate) set_here: Text,
    /// By whom, and when; the other names the value first.
    pub(crate) by: OfPlainAndTime,
    pub(crate) to: OfCode,
    pub(crate) read: Text,
    pub(crate) what_a_change_means: Text,
    pub(crate) how_long: Text,
    pub(crate) new_value: Text,
    pub(crate) between: fn(&str, &str) -> String,
    pub(crate) change: OfPlain,
    pub(crate) cancel: Text,
    pub(crate) registration_tokens: OfLink,
    pub(crate) read_only: Text,
    pub(crate) in_the_file: Text,
    pub(crate) in_the_environment: Text,
    pub(crate) back: Text,
    /// The value, and from where.
    pub(crate) again: OfCodeAndPlain,
    pub(crate) unset_again: OfPlain,
    pub(in crate::web::words) from_file: Text,
    pub(in crate::web::words) from_environment: Text,
    pub(in crate::web::words) from_flag: Text,
    pub(in crate::web::words) from_built_in: Text,
    pub(crate) submit_back: Text,
    pub(crate) take_away: Text,
    pub(crate) take_away_about: Text,
    pub(crate) meanings: MeaningsWords,
}

impl SettingWords {
    pub(crate) fn of_source(&self, source: &str) -> Text {
        match source {
            "file" => self.from_file,
            "environment" => self.from_environment,
            "flag" => self.from_flag,
            _ => self.from_built_in,
        }
    }
}

/// What choices mean, and for whom.
pub(crate) struct MeaningsWords {
    pub(crate) registration_open: Text,
    pub(crate) registration_approval: Text,
    pub(crate) registration_token: Text,
    pub(crate) registration_closed: Text,
    pub(crate) second_factor_off: Text,
    pub(crate) second_factor_administrators: Text,
    pub(crate) second_factor_everybody: Text,
    pub(crate) no_nonce: Text,
    pub(crate) nonce: Text,
}
