//! Who acts for whom.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const DELEGATIONS: DelegationsWords = DelegationsWords {
    title: "Who acts for whom",
    all: "Every machine, the newest first.",
    none: "Nobody acts for anybody.",
    machine: "Machine",
    subject: "Acts for",
    purpose: "To",
    scopes: "With",
    state: "State",
    until: "Until",
    end: "End",
    begin_revoke: OfPlainAndPlain(|machine, subject| {
        html!("Revoke<span class=\"unseen\"> {machine} acting for {subject}</span>…")
    }),
    revoke_about: OfNameAndName(|machine, subject| {
        html!(
            "{machine} acts for {subject} no more: every token it got in that name is over, and so is what others got through it."
        )
    }),
    why: "Why",
    revoke: "Revoke delegation",
};

pub(super) const FORM: DelegationFormWords = DelegationFormWords {
    title: OfPlain(|machine| html!("Let {machine} act for somebody")),
    heading: "Let it act for somebody",
    lead: "Its tokens then name that person, and itself as the one who acts. They see it on their account page and can take it back.",
    subject: "For whom",
    subject_help: "The e-mail address of a person, or the id of another machine.",
    purpose: "What it is for",
    purpose_help: "One line. They read it on their account page.",
    scopes: "In their name it may",
    no_scopes: "There are no scopes to choose from yet.",
    resources: "Where",
    resources_help: "None chosen means wherever this machine may go.",
    until: "Until",
    until_help: "A year at most. It ends with that day, UTC.",
    across: OfBare(|tenant| html!("Also if they have no role in {tenant}, the tenant of this machine")),
    submit: "Grant delegation",
    cancel: "Cancel",
    nobody: "There is nobody with this address, and no machine with this id.",
    no_scope_chosen: "Choose at least one.",
    wrong_day: "Choose a day within a year.",
};
