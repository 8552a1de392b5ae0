//! What the page of something that was stopped says about the tokens it had.

use crate::base::Timestamp;
use crate::operations::status::LiveTokens;
use crate::web::words::{LeftWords, Words};

/// Most places that are named.
const PLACES: usize = 8;

/// Which tokens may still be taken, by whom and until when; nothing if all are over.
pub(super) fn words(words: &Words, live: &LiveTokens, now: Timestamp) -> Option<String> {
    let until = live.until.filter(|until| live.at_most > 0 && now < *until)?;
    let t = &words.console.left;
    Some((t.at_most)(live.at_most, &words.at(until, now).exact, &places(t, live)))
}

/// ": 3 at https://tickets.example/mcp, 1 at https://mail.example/mcp"
fn places(t: &LeftWords, live: &LiveTokens) -> String {
    let there = live.by_audience.iter().filter(|(audience, _)| !audience.is_empty());
    let named: Vec<String> =
        there.clone().take(PLACES).map(|(audience, left)| (t.at)(left.at_most, audience)).collect();
    let more = there.count() > PLACES;
    if named.is_empty() { String::new() } else { (t.there)(&named.join(", "), more) }
}
