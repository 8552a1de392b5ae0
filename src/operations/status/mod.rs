//! The status of signed access tokens, for whoever verifies them without asking. draft-ietf-oauth-status-list.
//!
//! A token that is issued gets a place ([`place`]), what ends before its time sets bits in the same transaction ([`end`]), and
//! the lists are made of what is set ([`serve`]). Introspection does not look at any of it: it asks what the bits are made from.

pub mod end;
mod place;
pub mod serve;

pub use end::LiveTokens;
pub(crate) use serve::signs_lists;

pub(crate) use place::{Acted, Place, for_acting, for_client, for_family};

use crate::app::App;
use crate::model::{ListNumber, StatusIndex};
use crate::protocol::discovery::paths;
use crate::protocol::status_list::StatusReference;

/// The address of a list.
pub(crate) fn uri(app: &App, list: ListNumber) -> String {
    format!("{}{}/{list}", app.issuer, paths::STATUS)
}

/// The place that a token of ours names.
pub(crate) fn named(app: &App, reference: &StatusReference) -> Option<StatusIndex> {
    let list = reference.uri.strip_prefix(app.issuer.as_str())?.strip_prefix(paths::STATUS)?.strip_prefix('/')?;
    Some(StatusIndex { list: list.parse().ok()?, index: u32::try_from(reference.idx).ok()? })
}
