//! One machine.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const MACHINE: MachineWords = MachineWords {
    change: "Change",
    stop: "Stop now…",
    stop_about: OfName(|name| {
        html!(
            "{name} gets no more tokens from this moment, and every token it has is over for whoever asks this appliance. You can let it go on later."
        )
    }),
    submit_stop: "Stop this machine",
    stopped: OfTimeAndBare(|at, because| html!("Stopped {at}: {because}")),
    resume: "Let it go on",
    retired: OfTimeAndBare(|at, because| html!("Retired {at}: {because}. Its history stays.")),
    retired_once: OfBare(|because| html!("Retired: {because}. Its history stays.")),
    waits: "It has not asked for a token yet.",
    waits_more: OfLink(|link| html!("{}, and it appears on this page.", link.over("Ask for one as it will"))),
    look_again: "Look again",
    nobody: "nobody",
    made: "Made",
    ends: "Its time ends",
    grants: |count| match count {
        0 => "no tokens yet".to_owned(),
        1 => "1 token".to_owned(),
        many => format!("{many} tokens"),
    },
    stake: STAKE,
    mend: MEND,
    credentials: CREDENTIALS,
    access: ACCESS,
    acting: ACTING,
    activity: "Activity",
    nothing_lately: "Nothing lately.",
    see_all: "See all of it",
    owner_and_end: "Owner and end",
    hand_over_to: "Hand it over to",
    submit_hand_over: "Hand over",
    retire: "Retire this machine…",
    retire_about: Html::of(
        "Nothing brings it back: all its credentials end and it never gets a token again. Its history stays. To stop it for a while, use <em>Stop now</em> instead.",
    ),
    retire_name: OfBare(|name| html!("Type its name, {name}")),
    submit_retire: "Retire for good",
    was: MachineWasWords {
        made: "The machine is made.",
        changed: "The machine is changed. What it may do counts from its next token on.",
        stopped: "Stopped. It gets no more tokens.",
        resumed: "It may go on. The tokens it had before stay over.",
        retired: "Retired for good.",
        handed_over: "Somebody else answers for it now.",
        no_owner: "Nothing was handed over: nobody who can sign in here has that address.",
        trimmed: "The unused scopes are taken away.",
        credential: "The credential is made.",
        revoked: "The credential is revoked.",
        delegated: "It may act for them from now on.",
        delegation_revoked: "It acts for them no more. What it held in their name is over.",
        wrong_name: "Nothing was retired: the name was another.",
    },
};

const STAKE: StakeWords = StakeWords {
    never_got: "It never got a token.",
    got: |count, at, from| {
        let plural = if count == 1 { "" } else { "s" };
        format!("It got {count} token{plural}, the last one {at}{}.", whence(from))
    },
    acts_for_one: "It acts for somebody: 1 delegation is live.",
    acts_for: |count, more| {
        let or_more = if more { " or more" } else { "" };
        format!("It acts for others: {count}{or_more} delegations are live.")
    },
    used: |at, from| format!("It was last used {at}{}.", whence(from)),
    unused: "Nobody has used it yet.",
    only_one: "It is the only one that is good: without it the machine gets no token.",
    more_networks: |count| format!("{count} more network{}", if count == 1 { "" } else { "s" }),
    networks: |named| match named.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    },
};

fn whence(from: &str) -> String {
    if from.is_empty() { String::new() } else { format!(", from {from}") }
}

const MEND: MachineMendWords = MachineMendWords {
    hand_over: "Hand it over",
    retire: "Retire it",
    trim: "Take away what it does not need",
    see_access: "See what it may do",
    revoke: "Revoke it",
    see_credential: "See the credential",
    see_users: "See who uses it",
    give_each: "Give each its own",
    rotate: "Rotate it",
    see_credentials: "See its credentials",
};

const CREDENTIALS: MachineCredentialsWords = MachineCredentialsWords {
    add: "Add a credential",
    none: "It cannot prove itself yet.",
    none_more: "Add a secret, a key, or trust the tokens that its platform gives it.",
    key_set: "Keys at its own address",
    other_issuer: "Tokens of another issuer",
    used: OfTime(|at| html!("Last used {at}")),
    used_from: OfTimeAndPlain(|at, network| html!("Last used {at} from {network}")),
    never_used: "Never used",
    made: OfTime(|at| html!("Made {at}")),
    ends: OfTime(|at| html!("ends {at}")),
    still_used: |at, from| {
        let by = if from.is_empty() { String::new() } else { format!(" by {from}") };
        format!("Somebody still uses it: last {at}{by}. Find who has not taken up the new one.")
    },
    silent: |at| format!("Nobody used it since {at}, while the new one is in use: safe to revoke."),
    rotate: OfUnseen(|name| html!("Rotate{}…", name.after(" "))),
    rotate_about: "A second one is made. Both are good until the overlap ends, and this page tells when the old one falls silent.",
    overlap: "The old one stays good for",
    no_overlap: "no time: it ends now",
    an_hour: "1 hour",
    a_day: "1 day",
    seven_days: "7 days",
    thirty_days: "30 days",
    submit_rotate: "Rotate secret",
    try_: OfUnseen(|name| html!("Try a token{}…", name.after(" against "))),
    try_about: "Paste a token that the workload got. It is held against every rule and stays as good as it was.",
    token: "Token",
    try_from: "As if it came from",
    try_from_help: "An address of the workload. Leave it empty for your own.",
    submit_try: "Try token",
    revoke: OfUnseen(|name| html!("Revoke{}…", name.after(" "))),
    revoke_about: "It buys no more tokens from this moment. Tokens it bought before live on until they end; stop the machine to end them too.",
    submit_revoke: "Revoke credential",
};

const ACCESS: MachineAccessWords = MachineAccessWords {
    title: "Access",
    none: "It may ask for no scope.",
    none_more: OfLink(|link| html!("{}, and no more.", link.over("Give it what it needs"))),
    anywhere: "Any registered resource",
    lifetime: OfPlain(|length| html!("tokens live {length}")),
    no_scope_there: "No scope of its own there.",
    uncatalogued: "Not in the catalogue",
    used: OfTime(|at| html!("last used {at}")),
    trim: |count| match count {
        1 => "Take away the scope that it does not use".to_owned(),
        many => format!("Take away the {many} scopes that it does not use"),
    },
    tokens_live: "Tokens live",
    as_resources_say: "as each resource says",
    no_roles: "none",
    calls_from: "Calls from",
    from_anywhere: "anywhere",
    bound: "Bound to a key",
    always_bound: "yes, every token (DPoP)",
    bound_on_wish: "only when it asks for it",
};

const ACTING: MachineActingWords = MachineActingWords {
    title: "Acts for",
    add: "Let it act for somebody",
    none: "It acts for nobody but itself.",
    until: OfTime(|at| html!("until {at}")),
    at_until: OfBareAndTime(|places, at| html!("at {places} until {at}")),
    revoke: OfUnseen(|name| html!("Revoke{}…", name.after(" acting for "))),
    revoke_about: OfName(|name| {
        html!(
            "It acts for {name} no more: every token it got in that name is over, and so is what others got through it."
        )
    }),
    submit_revoke: "Revoke delegation",
    see_all: "See all it acts for",
    acted: "What it did in others’ names",
};
