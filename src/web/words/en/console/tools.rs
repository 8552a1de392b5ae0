//! Tools.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const TOOLS: ToolsWords = ToolsWords {
    title: OfPlain(|name| html!("Tools of {name}")),
    heading: "Tools",
    ask: "Ask the server",
    ask_again: "Ask the server again",
    by_server: OfTime(|at| html!("Named by the server itself {at}.")),
    by_administrator: OfTime(|at| html!("Named by an administrator {at}.")),
    undecided: OfNumber(|n| match n.get() {
        1 => html!("1 tool is not decided about."),
        _ => html!("{n} tools are not decided about."),
    }),
    nothing_known: "No tools are known here yet.",
    nothing_known_more: "Ask the server: it is asked without a token, as a stranger asks. If it tells its tools only to who has one, write them down below.",
    needs: "What each tool needs",
    no_scopes: OfLink(|link| {
        html!(
            "The resource offers no scopes, so there is nothing to ask for. {} first.",
            link.over("Choose what can be asked for")
        )
    }),
    tool: "Tool",
    does_in_its_words: "What it does, in the server’s words",
    does: "Does",
    token_needs: "A token needs",
    needed: "Needs",
    gone: "not named any more",
    what_it_needs: OfPlain(|name| html!("What {name} needs")),
    not_decided: "not decided: nobody may use it",
    any_token: "any token of this server",
    risky: |scope| format!("{scope} (risky)"),
    says_reads: "says it only reads",
    says_destroys: "says it destroys",
    submit: "Save what tools need",
    opened: "What each scope opens",
    whoever: "Whoever has any token of this server",
    none: "none",
    code: "Put it into the server’s code",
    by_hand: "Write them down",
    list_note: "One name a line, with a colon and a sentence if you like. Or paste the JSON that the server answers to tools/list, as MCP Inspector shows it. Up to 60 KB: of a longer answer, the names alone will do. It takes the place of the list above; what is decided stays.",
    submit_list: "Write down tools",
    named_none: OfForeign(|why| {
        html!("The server named no tools: {why}. Paste its list below, or write the names down.")
    }),
    listed: "The server named its tools. Say what each of them needs.",
    listed_some: "The server named its tools. Some names could not be names of tools, and were left out.",
    written: "The tools are written down. Say what each of them needs.",
    decided: "It is decided. Put the map into the server’s code: it counts there.",
    wants_token: "The server tells its tools only to who has a token. Paste its list below, or write the names down.",
    stale: "Somebody changed the resource since you opened the page. This is how it stands now.",
};
