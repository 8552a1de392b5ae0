//! Looking through a table for rows that no index leads to: a bounded number of them at a time.

use serde::de::DeserializeOwned;

use crate::base::Fault;
use crate::store::{Page, Read, RowKey, Table};

/// Rows looked at for one page. Behind it the page ends, however few it has found: whoever wants more asks again from there.
pub(super) const LOOKED_AT: usize = 2_000;

/// The newest rows before `before` that fit, up to `limit` of them. A page may be short, even empty, and not be the last.
pub(super) fn newest<K: RowKey, V: DeserializeOwned>(
    read: &impl Read,
    table: &Table<K, V>,
    before: Option<&K>,
    limit: usize,
    fits: impl Fn(&V) -> bool,
) -> Result<Page<K, V>, Fault> {
    Ok(fitting(read.newest(table, before, LOOKED_AT)?, limit, fits))
}

/// Of the rows that were looked at, the first `limit` that fit, and where to go on.
pub(super) fn fitting<K: Clone, V>(found: Page<K, V>, limit: usize, fits: impl Fn(&V) -> bool) -> Page<K, V> {
    let (mut rows, mut next) = (Vec::new(), found.next);
    for (key, row) in found.rows {
        if !fits(&row) {
            continue;
        }
        if rows.len() >= limit {
            next = rows.last().map(|(key, _): &(K, V)| key.clone());
            break;
        }
        rows.push((key, row));
    }
    Page { rows, next }
}
