//! Lists in pages: how many, and from where on.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::Problem;

/// Most items of one page, and how many there are unless somebody says.
pub(super) const MOST: usize = 200;
pub(super) const USUAL: usize = 50;

/// The part of a list that is asked for.
#[derive(Debug)]
pub(super) struct Window {
    /// Which list: a cursor of one is none of another.
    list: &'static str,
    pub(super) limit: usize,
    cursor: Option<String>,
}

/// Longest cursor, in bytes: a scope's name is the longest key.
const LONGEST: usize = 1_024;

impl Window {
    pub(super) fn read(list: &'static str, limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = match limit {
            None => USUAL,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit) && text.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| Problem::field("limit", format!("a number from 1 to {MOST}")))?,
        };
        Ok(Self { list, limit, cursor: cursor.map(str::to_owned) })
    }

    /// Where the page before ended.
    pub(super) fn from<K: FromStr>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = self.cursor.as_deref() else { return Ok(None) };
        let key = Some(cursor)
            .filter(|cursor| cursor.len() <= LONGEST)
            .and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.strip_prefix(self.list)?.strip_prefix('\n')?.parse().ok());
        match key {
            Some(key) => Ok(Some(key)),
            None => Err(Problem::field("cursor", "this is no cursor of this list: take `next` as it came")),
        }
    }

    /// The cursor of what comes behind `key`.
    pub(super) fn cursor(&self, key: &impl fmt::Display) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\n{key}", self.list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_its_list_alone() {
        let read = |list, cursor: &str| Window::read(list, None, Some(cursor)).unwrap().from::<u64>();
        let cursor = Window::read("a", None, None).unwrap().cursor(&7);
        assert_eq!(read("a", &cursor).unwrap(), Some(7));
        assert!(read("b", &cursor).is_err());
        for text in ["", "7", "=", "YQ", "YQo", "YQotMQ", &"A".repeat(5_000)] {
            assert!(read("a", text).is_err(), "{text}");
        }
    }

    #[test]
    fn case_54_a_page_has_a_size() {
        for text in ["0", "-1", "201", "+5", " 5", "5.0", "1e2", "99999999999999999999", "", "x", "٣"] {
            assert!(Window::read("a", Some(text), None).is_err(), "{text}");
        }
        assert_eq!(Window::read("a", Some("200"), None).unwrap().limit, 200);
    }
}
