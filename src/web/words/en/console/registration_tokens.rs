//! Tokens to register applications with.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const TOKENS: RegistrationTokensWords = RegistrationTokensWords {
    title: "Registration tokens",
    lead: "Who has one registers applications as if you did: they work at once, and may act for themselves.",
    open: OfLink(|setting| {
        html!(
            "Registration is {}. Anybody registers here, also without one. Who has one may register more: an application that acts for itself.",
            setting.over("open")
        )
    }),
    approval: OfLink(|setting| {
        html!(
            "Registration is {}. Who registers without one waits for you; who has one does not.",
            setting.over("approval")
        )
    }),
    token_only: OfLink(|setting| html!("Registration is {}. Nobody registers without one.", setting.over("token"))),
    closed: OfLink(|setting| {
        html!("Registration is {}. Nobody registers at all now, also not with one of these.", setting.over("closed"))
    }),
    none: "There is none.",
    none_more: "Make one for a script that sets up applications, and let it end with the day on which it is needed.",
    token: "Token",
    state: "State",
    made: "Made",
    ends: "Ends",
    uses: "Used",
    end: "End it",
    begin_end: "End…",
    end_about: "Nobody registers with it any more, from now on and for good. Who did stays registered.",
    end_token: "End token",
    is_good: "Good",
    is_over: "Over",
    is_used_up: "Used up",
    used_of: |uses, most| format!("{uses} of {most}"),
    new: "New token",
    name: "What it is for",
    name_help: "You find it again by this, and so does the audit log.",
    lasts: "Lets its bearers register for",
    one_year: "1 year",
    most_uses: "How many applications",
    most_uses_help: "Nothing for any number.",
    make: "Make token",
    lasts_wrong: "Choose how long it lets its bearers register.",
    most_uses_wrong: "A whole number, or nothing for any number.",
    nothing_made: "Nothing was made. Look at what is marked.",
    ended: "Ended: nobody registers with it any more. Who did stays registered.",
};

pub(super) const TOKEN: RegistrationTokenWords = RegistrationTokenWords {
    title: "New registration token",
    copy_now: "Copy it now: it is shown this once and kept nowhere. Whoever has it registers applications that work at once.",
    token: "Token",
    good_for: "Good for",
    applications: |most| match most {
        None => "Any number of applications".to_owned(),
        Some(1) => "1 application".to_owned(),
        Some(most) => format!("{most} applications"),
    },
    applications_until: OfPlainAndTime(|applications, at| html!("{applications}, until {at}")),
    endpoint: "To be sent to",
    to_use: "Use it",
    as_bearer: "As a bearer token of the registration request:",
    with_curl: "Register an application with curl",
    shown_before: "This form was sent before, and the token was shown then. It is kept nowhere; if it is lost, end it and make another one.",
    done: "Done",
};
