//! What the page of something that was stopped says about the tokens it had.

use crate::base::Timestamp;
use crate::operations::status::LiveTokens;
use crate::web::reply::moment;

/// Most places that are named.
const PLACES: usize = 8;

/// Which tokens may still be taken, by whom and until when; nothing if all are over.
pub(super) fn words(live: &LiveTokens, now: Timestamp) -> Option<String> {
    let until = live.until.filter(|until| live.at_most > 0 && now < *until)?;
    Some(format!(
        "At most {} tokens from before may still be taken, until {}, by a server that neither introspects nor follows the status list{}.",
        live.at_most,
        moment(until, now).exact,
        places(live)
    ))
}

/// ": 3 at https://tickets.example/mcp, 1 at https://mail.example/mcp"
fn places(live: &LiveTokens) -> String {
    let there = live.by_audience.iter().filter(|(audience, _)| !audience.is_empty());
    let named: Vec<String> =
        there.clone().take(PLACES).map(|(audience, left)| format!("{} at {audience}", left.at_most)).collect();
    let more = if there.count() > PLACES { ", and elsewhere" } else { "" };
    if named.is_empty() { String::new() } else { format!(": {}{more}", named.join(", ")) }
}
