//! The audit log.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const AUDIT: AuditWords = AuditWords {
    lead: OfLink(|refusals| {
        html!(
            "Everything that was done, in a chain that shows when an entry is changed or gone. What was refused has {}.",
            refusals.over("a page of its own")
        )
    }),
    verify: "Verify the chain",
    event: "Event",
    outcome: "Outcome",
    done: "Done",
    refused: "Refused",
    done_by: "Done by",
    about: "About",
    acting: "Acting machine",
    since: "From",
    until: "Until",
    nobody_called: "nobody here is called this",
    no_machine_called: "no machine here is called this",
    several_called: "nobody is called just this, or several are: choose below",
    no_day: "a day, like 2027-06-30",
    whom: "Whom do you mean?",
    nothing: "No entry fits on this page.",
    nothing_here: OfLink(|further| {
        html!("The log is long, and a page looks at a part of it. {}.", further.over("Look further back"))
    }),
    nothing_narrowed: OfLink(|all| html!("Take something out of the filter, or {}.", all.over("show all"))),
    understood: Html::of(
        "Names, addresses and ids are understood. With an acting machine, <em>About</em> is for whom it acted.",
    ),
    upkeep_shown: OfLink(|without| {
        html!("What the appliance notes for itself is among them. {}.", without.over("Leave it out"))
    }),
    upkeep_hidden: OfLink(|with| {
        html!("What the appliance notes for itself every minute is left out. {}.", with.over("Show it"))
    }),
    number: "No.",
    when: "When",
    what: "What",
    by: "By",
    from: "From",
    older: "Older entries",
    export_lines: "Export as JSON Lines",
    export_csv: "Export as CSV",
    chain_whole: |entries, hash| {
        format!("The chain is whole: {entries} entries, each as it was written. Its head is {hash}.")
    },
    chain_broken: |why| format!("The log is not as it was written: {why}."),
    live: LiveWords {
        watch: "Watch live",
        title: "New entries",
        stopped: "Stopped after half an hour. Press the button to go on.",
        waiting: "Waiting while an entry is open.",
        signed_out: "You are signed out. Load the page again to sign in.",
        none_new: "Watching. Nothing new yet.",
        some_new: "Watching. {} new.",
        more: "More came than are shown: load the page again to see all.",
        silent: "The appliance does not answer. Trying again.",
    },
    entry: EntryWords {
        title: |sequence| format!("Entry {sequence}"),
        request: "Request",
        whole: "Everything it says",
        chain: "Its place in the chain",
        before: "Before it",
        itself: "It",
        after: "After it",
        same_request: "What else the same request did",
    },
};
