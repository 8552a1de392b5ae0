//! The first page of the console: what needs somebody, and what happened lately, as charts.

use crate::model::{Counted, FindingKind};
use crate::web::words::list::Text;
use crate::web::words::marks::OfPlain;

pub(crate) struct OverviewWords {
    pub(crate) needs_you: Text,
    pub(crate) nothing_waits: Text,
    pub(crate) nothing_waits_more: Text,
    pub(crate) begin: Text,
    pub(crate) protect: Text,
    pub(crate) protect_more: Text,
    pub(crate) give_identity: Text,
    pub(crate) give_identity_more: Text,
    pub(crate) lately: Text,
    pub(crate) how_far_back: Text,
    pub(crate) a_day: Text,
    pub(crate) a_week: Text,
    pub(crate) nothing_counted: Text,
    pub(crate) nothing_counted_more: Text,
    pub(crate) busiest: Text,
    /// Behind a number, for whoever does not see where it stands.
    pub(crate) tokens: Text,
    pub(crate) standing: Text,
    pub(crate) issuer: Text,
    pub(crate) next_key: Text,
    pub(crate) latest: Text,
    pub(crate) wants: WantsWords,
}

/// What needs somebody, and what to do about it.
pub(crate) struct WantsWords {
    /// So many that they were not counted further; goes where the number stands.
    pub(crate) more_than: fn(u64) -> String,
    pub(crate) approval: FindingSaid,
    /// When, in words.
    pub(crate) new_key: fn(&str) -> String,
    pub(crate) new_key_advice: Text,
    pub(crate) backup_half: fn(&str) -> String,
    pub(crate) backup_failed: fn(&str) -> String,
    pub(crate) backup_missing: fn(&str) -> String,
    pub(crate) backup_old: fn(&str) -> String,
    pub(crate) backup_old_advice: Text,
    pub(crate) restored: fn(&str) -> String,
    pub(crate) restored_advice: Text,
    pub(crate) guesses: fn(&str) -> String,
    /// How many failed on a usual day.
    pub(crate) guesses_advice: fn(&str) -> String,
    pub(crate) guesses_advice_none: Text,
    pub(crate) machines: FindingsSaid,
}

/// One of which it is so, and what to do; several.
pub(crate) struct FindingSaid {
    pub(crate) one: Text,
    pub(crate) mend_one: Text,
    pub(crate) many: fn(&str) -> String,
    pub(crate) mend_many: Text,
}

pub(crate) struct FindingsSaid {
    pub(in crate::web::words) misused: FindingSaid,
    pub(in crate::web::words) no_owner: FindingSaid,
    pub(in crate::web::words) unused: FindingSaid,
    pub(in crate::web::words) never_used: FindingSaid,
    pub(in crate::web::words) scopes_unused: FindingSaid,
    pub(in crate::web::words) secret_old: FindingSaid,
    pub(in crate::web::words) credential_expiring: FindingSaid,
    pub(in crate::web::words) machine_expiring: FindingSaid,
    pub(in crate::web::words) new_network: FindingSaid,
    pub(in crate::web::words) secret_shared: FindingSaid,
    pub(in crate::web::words) old_secret_used: FindingSaid,
    pub(in crate::web::words) old_secret_silent: FindingSaid,
}

impl FindingsSaid {
    pub(crate) const fn of(&self, kind: FindingKind) -> &FindingSaid {
        match kind {
            FindingKind::CredentialMisused => &self.misused,
            FindingKind::NoOwner => &self.no_owner,
            FindingKind::Unused => &self.unused,
            FindingKind::NeverUsed => &self.never_used,
            FindingKind::ScopesUnused => &self.scopes_unused,
            FindingKind::SecretOld => &self.secret_old,
            FindingKind::CredentialExpiring => &self.credential_expiring,
            FindingKind::MachineExpiring => &self.machine_expiring,
            FindingKind::NewNetwork => &self.new_network,
            FindingKind::SecretShared => &self.secret_shared,
            FindingKind::OldSecretUsed => &self.old_secret_used,
            FindingKind::OldSecretSilent => &self.old_secret_silent,
        }
    }
}

/// Charts, and numbers as they are written.
pub(crate) struct ChartWords {
    /// Between thousands, and before tenths.
    pub(in crate::web::words) thousands: char,
    pub(in crate::web::words) tenths: char,
    pub(in crate::web::words) months: [Text; 12],
    /// A day and its month.
    pub(in crate::web::words) day: fn(&str, &str) -> String,
    pub(crate) tokens: Text,
    pub(crate) failures: Text,
    pub(crate) sign_ins: Text,
    /// How many now, and how many before.
    pub(crate) in_a_day: fn(&str, &str) -> String,
    pub(crate) in_a_week: fn(&str, &str) -> String,
    pub(crate) waits: Text,
    pub(crate) waits_summary: fn(&str, &str) -> String,
    pub(crate) half: Text,
    pub(crate) nearly_all: Text,
    pub(crate) of_machine: Text,
    pub(crate) of_machine_series: Text,
    /// A number, and whether it is one.
    pub(crate) in_four_weeks: fn(&str, bool) -> String,
    pub(crate) counted_since: fn(&str) -> String,
    pub(crate) numbers_below: Text,
    pub(crate) numbers: Text,
    /// Of which chart, behind that, for whoever does not see where it stands.
    pub(crate) numbers_of: OfPlain,
    pub(crate) from: Text,
    /// What stands at a column: a number, and of what.
    pub(crate) hint: fn(&str, &str) -> String,
    pub(crate) nothing: Text,
    pub(in crate::web::words) counted: CountedWords,
}

pub(crate) struct CountedWords {
    pub(in crate::web::words) by_credentials: Text,
    pub(in crate::web::words) by_refresh: Text,
    pub(in crate::web::words) by_code: Text,
    pub(in crate::web::words) by_exchange: Text,
    pub(in crate::web::words) by_assertion: Text,
    pub(in crate::web::words) by_access_key: Text,
    pub(in crate::web::words) refused_proof: Text,
    pub(in crate::web::words) refused_grant: Text,
    pub(in crate::web::words) refused_reach: Text,
    pub(in crate::web::words) refused_request: Text,
    pub(in crate::web::words) refused_limit: Text,
    pub(in crate::web::words) fault: Text,
    pub(in crate::web::words) sign_in: Text,
    pub(in crate::web::words) sign_in_failed: Text,
}

impl ChartWords {
    /// What a count is called.
    pub(crate) const fn counted(&self, what: Counted) -> Text {
        let t = &self.counted;
        match what {
            Counted::ByCredentials => t.by_credentials,
            Counted::ByRefresh => t.by_refresh,
            Counted::ByCode => t.by_code,
            Counted::ByExchange => t.by_exchange,
            Counted::ByAssertion => t.by_assertion,
            Counted::ByAccessKey => t.by_access_key,
            Counted::RefusedProof => t.refused_proof,
            Counted::RefusedGrant => t.refused_grant,
            Counted::RefusedReach => t.refused_reach,
            Counted::RefusedRequest => t.refused_request,
            Counted::RefusedLimit => t.refused_limit,
            Counted::Fault => t.fault,
            Counted::SignIn => t.sign_in,
            Counted::SignInFailed => t.sign_in_failed,
        }
    }

    /// `12,048`
    pub(crate) fn number(&self, value: u64) -> String {
        let digits = value.to_string();
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(self.thousands);
            }
            text.push(digit);
        }
        text
    }

    /// `0.8 ms`, `12 ms`, `1.5 s`, of microseconds.
    pub(crate) fn wait(&self, micros: u64) -> String {
        let tenths = |value: u64, unit: &str| match (value / 10, value % 10) {
            (whole, 0) => format!("{whole} {unit}"),
            (whole, tenth) => format!("{whole}{}{tenth} {unit}", self.tenths),
        };
        match micros {
            0..10_000 => tenths(micros.div_ceil(100), "ms"),
            10_000..1_000_000 => format!("{} ms", micros.div_ceil(1_000)),
            _ => tenths(micros.div_ceil(100_000), "s"),
        }
    }

    /// `21 Nov`, of `2026-11-21T…`.
    pub(crate) fn day(&self, iso: &str) -> String {
        let month = iso.get(5..7).and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
        let name = self.months.get(month.saturating_sub(1)).copied().unwrap_or_default();
        (self.day)(iso.get(8..10).unwrap_or_default().trim_start_matches('0'), name)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Language;
    use crate::web::words;

    #[test]
    fn numbers_read_well() {
        let of = |language| &words::of(language).console.charts;
        let numbers = |language| [0, 999, 1_000, 1_234_567].map(|n| of(language).number(n));
        assert_eq!(numbers(Language::En), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(numbers(Language::De), ["0", "999", "1.000", "1.234.567"]);
        let waits = |language| [0, 120, 800, 1_000, 12_345, 1_500_000].map(|n| of(language).wait(n));
        assert_eq!(waits(Language::En), ["0 ms", "0.2 ms", "0.8 ms", "1 ms", "13 ms", "1.5 s"]);
        assert_eq!(waits(Language::De), ["0 ms", "0,2 ms", "0,8 ms", "1 ms", "13 ms", "1,5 s"]);
        let days = |language| ["2026-11-21", "2027-03-01"].map(|day| of(language).day(day));
        assert_eq!(days(Language::En), ["21 Nov", "1 Mar"]);
        assert_eq!(days(Language::De), ["21. Nov.", "1. März"]);
    }
}
