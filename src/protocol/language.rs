//! In which language a page is. OpenID Connect Core §3.1.2.1 (`ui_locales`), RFC 9110 §12.5.4 (`Accept-Language`), RFC 4647 §3.4.

use crate::base::Timestamp;
use crate::model::Language;

/// Longest list of languages that is looked at, in bytes, and most languages in it.
const LONGEST: usize = 512;
const MOST: usize = 32;

/// What somebody chose with the switch on a page, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub language: Language,
    pub at: Timestamp,
}

impl Choice {
    /// The value of a cookie: `de.1790000000`. Whoever writes another one chooses the language of their own pages.
    pub fn parse(text: &str) -> Option<Self> {
        let (tag, seconds) = text.split_once('.')?;
        let language = Language::ALL.into_iter().find(|known| known.tag() == tag)?;
        Some(Self { language, at: Timestamp::from_seconds(seconds.parse::<u32>().ok()?.into()) })
    }

    pub fn text(self) -> String {
        format!("{}.{}", self.language.tag(), self.at.seconds())
    }
}

/// What the application asked for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub language: Language,
    pub at: Timestamp,
}

/// The language of a page. The application's wish is first, which OpenID Connect Core §3.1.2.1 calls the "End-User's preferred
/// languages and scripts for the user interface"; but a switch that was pressed after it asked was pressed by somebody who saw what
/// that came to.
pub fn choose(wish: Option<Wish>, choice: Option<Choice>, accepted: Option<Language>) -> Language {
    match (wish, choice) {
        (Some(wish), Some(choice)) if choice.at.seconds() < wish.at.seconds() => wish.language,
        (_, Some(choice)) => choice.language,
        (Some(wish), None) => wish.language,
        (None, None) => accepted.unwrap_or_default(),
    }
}

/// §3.1.2.1: "a space-separated list of BCP47 [RFC5646] language tag values, ordered by preference … An error SHOULD NOT result if
/// some or all of the requested locales are not supported". The first that we have.
pub fn wished(ui_locales: &str) -> Option<Language> {
    bounded(ui_locales).split(' ').take(MOST).find_map(spoken)
}

/// RFC 9110 §12.5.4: "Each language-range can be given an associated quality value representing an estimate of the user's
/// preference for the languages specified by that range". The heaviest that we have; of equals, the first.
pub fn accepted(accept_language: &str) -> Option<Language> {
    let mut best: Option<(Language, u16)> = None;
    for range in bounded(accept_language).split(',').take(MOST) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
        // §12.4.2: "A weight of 0 means "not acceptable"". What cannot be read is no preference.
        let Some(weight) = quality(weight).filter(|weight| *weight > 0) else { continue };
        // §12.5.4 with RFC 4647 §2.1: "*" stands for any language that is not named.
        let language = if tag.trim() == "*" { Some(Language::default()) } else { spoken(tag) };
        if let Some(language) = language
            && best.is_none_or(|(_, heaviest)| weight > heaviest)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

/// A quality in thousandths. RFC 9110 §12.4.2: `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
fn quality(weight: &str) -> Option<u16> {
    let weight = weight.trim();
    if weight.is_empty() {
        return Some(1_000);
    }
    let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?;
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let thousandths = format!("{part:0<3}").parse::<u16>().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

/// RFC 4647 §3.4, lookup: "the language range is progressively truncated from the end until a matching language tag is located".
/// Ours have one part, so it is the first part that counts: `de-CH` is spoken to in German.
fn spoken(tag: &str) -> Option<Language> {
    let first = tag.trim().split('-').next().unwrap_or_default();
    Language::ALL.into_iter().find(|known| known.tag().eq_ignore_ascii_case(first))
}

/// Up to the last character that fits. What comes behind it was preferred least.
fn bounded(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{De, En};

    #[test]
    fn the_heaviest_language_that_we_have_is_taken() {
        for (header, expected) in [
            ("", None),
            ("de", Some(De)),
            ("DE-at", Some(De)),
            ("fr", None),
            ("fr, de;q=0.5, en;q=0.4", Some(De)),
            ("en;q=0.4, de;q=0.5", Some(De)),
            ("en, de", Some(En)),
            ("de;q=0, en;q=0.1", Some(En)),
            ("de;q=0", None),
            ("*", Some(En)),
            ("*;q=0.1, de;q=0.2", Some(De)),
            ("de;q=1.5, en;q=0.001", Some(En)),
            ("de;q=0.1234, en;q=0.1", Some(En)),
            ("de;q=x", None),
            ("de ; q=0.9 , en ; q=0.8", Some(De)),
            ("dé, ;;;,,, -, de--", Some(De)),
            ("deu", None),
        ] {
            assert_eq!(accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn a_list_without_end_is_not_read_to_its_end() {
        assert_eq!(accepted(&format!("{}de", "x,".repeat(1_000_000))), None);
        assert_eq!(accepted(&format!("{}de", "fr,".repeat(MOST - 1))), Some(De));
        assert_eq!(accepted(&format!("{}de", "fr,".repeat(MOST))), None);
        assert_eq!(wished(&"é".repeat(10_000)), None);
    }

    #[test]
    fn the_first_wish_that_we_can_meet_is_met() {
        assert_eq!(wished("fr-CA de-CH en"), Some(De));
        assert_eq!(wished("en-GB de"), Some(En));
        assert_eq!(wished("tlh"), None);
        assert_eq!(wished(""), None);
    }

    #[test]
    fn the_application_is_heard_first_and_the_person_after_it_last() {
        let wish = |language| Some(Wish { language, at: Timestamp::from_seconds(100) });
        let choice = |language, at| Some(Choice { language, at: Timestamp::from_seconds(at) });
        assert_eq!(choose(None, None, Some(De)), De);
        assert_eq!(choose(None, None, None), En);
        assert_eq!(choose(None, choice(En, 1), Some(De)), En);
        assert_eq!(choose(wish(De), None, Some(En)), De);
        assert_eq!(choose(wish(De), choice(En, 99), Some(En)), De);
        assert_eq!(choose(wish(De), choice(En, 100), Some(De)), En);
    }

    #[test]
    fn a_choice_that_a_page_did_not_write_is_none() {
        let choice = Choice { language: De, at: Timestamp::from_seconds(1_790_000_000) };
        assert_eq!(Choice::parse(&choice.text()), Some(choice));
        for bad in ["", "de", "de.", "fr.1", "de.-1", "de.99999999999", "DE.1", "de.1.2"] {
            assert_eq!(Choice::parse(bad), None, "{bad}");
        }
    }
}
