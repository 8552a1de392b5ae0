//! Lists in pages: how many, and from where on.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::Problem;
use crate::base::Digest;

/// Most items of one page, and how many there are unless somebody says.
pub(super) const MOST: usize = 200;
pub(super) const USUAL: usize = 50;

/// The part of a list that is asked for.
#[derive(Debug)]
pub(super) struct Window {
    /// Which list: a cursor of one is none of another.
    list: &'static str,
    pub(super) limit: usize,
    /// And of which filters.
    filters: String,
    cursor: Option<String>,
}

/// Longest cursor, in bytes: a scope's name is the longest key.
const LONGEST: usize = 1_024;

impl Window {
    /// `filters` is whatever else decides what is in the list, as one text.
    pub(super) fn read(
        (list, filters): (&'static str, &str),
        limit: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Self, Problem> {
        let limit = match limit {
            None => USUAL,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit) && text.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| Problem::field("limit", format!("a number from 1 to {MOST}")))?,
        };
        let filters = Digest::of(filters.as_bytes()).text().chars().take(12).collect();
        Ok(Self { list, limit, filters, cursor: cursor.map(str::to_owned) })
    }

    /// Where the page before ended.
    pub(super) fn from<K: FromStr>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = self.cursor.as_deref() else { return Ok(None) };
        let key = Some(cursor)
            .filter(|cursor| cursor.len() <= LONGEST)
            .and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| {
                let of_this = text.strip_prefix(self.list)?.strip_prefix('\n')?;
                of_this.strip_prefix(self.filters.as_str())?.strip_prefix('\n')?.parse().ok()
            });
        match key {
            Some(key) => Ok(Some(key)),
            None => {
                let why = "this is no cursor of this list with these filters: take `next` as it came";
                Err(Problem::field("cursor", why))
            }
        }
    }

    /// The cursor of what comes behind `key`.
    pub(super) fn cursor(&self, key: &impl fmt::Display) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\n{}\n{key}", self.list, self.filters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_its_list_alone() {
        let by = |list, filters, cursor: &str| Window::read((list, filters), None, Some(cursor)).unwrap().from::<u64>();
        let read = |list, cursor: &str| by(list, "x=1", cursor);
        let cursor = Window::read(("a", "x=1"), None, None).unwrap().cursor(&7);
        assert_eq!(read("a", &cursor).unwrap(), Some(7));
        assert!(read("b", &cursor).is_err());
        assert!(by("a", "x=2", &cursor).is_err() && by("a", "", &cursor).is_err());
        for text in ["", "7", "=", "YQ", "YQo", "YQotMQ", &"A".repeat(5_000)] {
            assert!(read("a", text).is_err(), "{text}");
        }
    }

    #[test]
    fn case_54_a_page_has_a_size() {
        for text in ["0", "-1", "201", "+5", " 5", "5.0", "1e2", "99999999999999999999", "", "x", "٣"] {
            assert!(Window::read(("a", ""), Some(text), None).is_err(), "{text}");
        }
        assert_eq!(Window::read(("a", ""), Some("200"), None).unwrap().limit, 200);
    }
}
