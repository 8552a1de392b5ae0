//! What the pages for people say, in every language they say it in.
//!
//! [`Words`] names each sentence once. A language is one value of it (`en`, `de`), so one that lacks a sentence does not compile,
//! and one that no page says is an unread field, which the compiler tells too. What a sentence is filled with are the arguments of
//! a closure: a language that leaves one out does not compile either. They come in already marked up and escaped ([`marks`]), so
//! nobody who writes a sentence can forget to.

mod de;
mod en;
mod list;
pub(crate) mod marks;

pub(crate) use list::console::*;
use list::{Span, Unit};
pub(crate) use list::{Told, Words};
pub(crate) use marks::{Html, plain, said};

use crate::base::Timestamp;
use crate::model::{Device, Language};
use crate::web::views::Moment;

/// Everything that is said in a language.
pub(crate) const fn of(language: Language) -> &'static Words {
    match language {
        Language::En => &en::WORDS,
        Language::De => &de::WORDS,
    }
}

impl Words {
    /// A time in words, with the exact one beside it.
    pub(crate) fn moment(&self, at: Timestamp, now: Timestamp) -> Moment {
        let words = match now.since(at).seconds() {
            0 if at > now => (self.time.ahead)(Span::of(at.since(now).seconds())),
            0..60 => self.time.just_now.to_owned(),
            seconds => (self.time.ago)(Span::of(seconds)),
        };
        let iso = at.iso();
        let exact = self.exact(&iso).unwrap_or_else(|| iso.clone());
        Moment { words, machine: iso, exact }
    }

    /// The same as the console tells it: whoever reads logs beside it finds the exact time in their form.
    pub(crate) fn at(&self, at: Timestamp, now: Timestamp) -> Moment {
        Moment { exact: crate::web::reply::exact(at), ..self.moment(at, now) }
    }

    /// "Firefox on Linux", as far as a browser said what it is.
    pub(crate) fn device(&self, device: Option<Device>) -> Option<String> {
        let Device { browser, system } = device?;
        match (browser, system) {
            (Some(browser), Some(system)) => Some((self.account.device)(browser.as_str(), system.as_str())),
            (Some(browser), None) => Some(browser.as_str().to_owned()),
            (None, Some(system)) => Some(system.as_str().to_owned()),
            (None, None) => None,
        }
    }

    /// "30 seconds", "1 hour", "12 days".
    pub(crate) fn length(&self, seconds: u64) -> String {
        (self.time.length)(Span::of(seconds))
    }

    /// "1 day", "7 days"
    pub(crate) fn days(&self, count: u64) -> String {
        (self.time.length)(Span { count, unit: Unit::Day })
    }

    /// `2026-08-01T09:14:00Z` as it is written out.
    fn exact(&self, iso: &str) -> Option<String> {
        let (date, clock) = iso.split_once('T')?;
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let month = self.time.months.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        Some((self.time.exact)(day.trim_start_matches('0'), month, year, clock.get(..5)?))
    }
}

impl Span {
    /// In the largest unit that does not lie about it.
    fn of(seconds: u64) -> Self {
        let (count, unit) = match seconds {
            60 => (1, Unit::Minute),
            3_600 => (1, Unit::Hour),
            0..90 => (seconds, Unit::Second),
            90..5_400 => (seconds.div_ceil(60), Unit::Minute),
            5_400..129_600 => (seconds.div_ceil(3_600), Unit::Hour),
            _ => (seconds / 86_400, Unit::Day),
        };
        Self { count, unit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_well() {
        let seconds = [1, 30, 60, 61, 90, 3_600, 3_601, 7_200, 86_400, 172_800];
        let say = |language| seconds.map(|seconds| of(language).length(seconds)).join(", ");
        assert_eq!(
            say(Language::En),
            "1 second, 30 seconds, 1 minute, 61 seconds, 2 minutes, 1 hour, 61 minutes, 2 hours, 24 hours, 2 days"
        );
        assert_eq!(
            say(Language::De),
            "1 Sekunde, 30 Sekunden, 1 Minute, 61 Sekunden, 2 Minuten, 1 Stunde, 61 Minuten, 2 Stunden, 24 Stunden, 2 Tage"
        );
    }

    #[test]
    fn days_are_counted_as_they_are() {
        let say = |language| [1, 7].map(|count| of(language).days(count)).join(", ");
        assert_eq!(say(Language::En), "1 day, 7 days");
        assert_eq!(say(Language::De), "1 Tag, 7 Tage");
    }

    #[test]
    fn a_moment_is_told_in_the_words_of_the_language() {
        let now = Timestamp::from_seconds(1_785_575_640);
        let say = |language, seconds: i64| {
            let moment = of(language).moment(Timestamp::from_seconds(now.seconds() + seconds), now);
            (moment.words, moment.exact)
        };
        let both = |words: &str, exact: &str| (words.to_owned(), exact.to_owned());
        assert_eq!(say(Language::En, 0), both("just now", "1 August 2026, 09:14 UTC"));
        assert_eq!(say(Language::De, 0), both("gerade eben", "1. August 2026, 09:14 UTC"));
        assert_eq!(say(Language::En, -3 * 86_400).0, "3 days ago");
        assert_eq!(say(Language::De, -3 * 86_400).0, "vor 3 Tagen");
        assert_eq!(say(Language::De, -60).0, "vor 1 Minute");
        assert_eq!(say(Language::De, -3_600).0, "vor 1 Stunde");
        assert_eq!(say(Language::De, 27 * 86_400).0, "in 27 Tagen");
        assert_eq!(say(Language::En, 60).0, "in 1 minute");
    }
}
