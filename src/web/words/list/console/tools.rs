//! The tools of an MCP server, and what a token has to have for each.

use crate::web::words::list::Text;
use crate::web::words::marks::{OfForeign, OfLink, OfNumber, OfPlain, OfTime};

pub(crate) struct ToolsWords {
    pub(crate) title: OfPlain,
    pub(crate) heading: Text,
    pub(crate) ask: Text,
    pub(crate) ask_again: Text,
    /// Who said which tools there are.
    pub(crate) by_server: OfTime,
    pub(crate) by_administrator: OfTime,
    pub(crate) undecided: OfNumber,
    pub(crate) nothing_known: Text,
    pub(crate) nothing_known_more: Text,
    pub(crate) needs: Text,
    pub(crate) no_scopes: OfLink,
    pub(crate) tool: Text,
    pub(crate) does_in_its_words: Text,
    pub(crate) does: Text,
    pub(crate) token_needs: Text,
    pub(crate) needed: Text,
    pub(crate) gone: Text,
    /// Of one tool.
    pub(crate) what_it_needs: OfPlain,
    pub(crate) not_decided: Text,
    pub(crate) any_token: Text,
    /// A scope to choose.
    pub(crate) risky: fn(&str) -> String,
    pub(crate) says_reads: Text,
    pub(crate) says_destroys: Text,
    pub(crate) submit: Text,
    pub(crate) opened: Text,
    pub(crate) whoever: Text,
    pub(crate) none: Text,
    pub(crate) code: Text,
    pub(crate) by_hand: Text,
    pub(crate) list_note: Text,
    pub(crate) submit_list: Text,
    /// What the asking came to.
    pub(crate) named_none: OfForeign,
    pub(crate) listed: Text,
    pub(crate) listed_some: Text,
    pub(crate) written: Text,
    pub(crate) decided: Text,
    pub(crate) wants_token: Text,
    pub(crate) stale: Text,
}
