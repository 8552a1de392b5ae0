//! Settings.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const SETTINGS: SettingsWords = SettingsWords {
    lead: "What holds here, and where each value came from.",
    changed_here: Html::of(
        "What has a <strong>Change</strong> beside it is changed here, while Writ runs, and holds after a restart.",
    ),
    changed_there: OfCode(|file| {
        html!(
            "The rest is in the file {file}, in the environment or on the command line, and is read when Writ starts: change it there and restart it."
        )
    }),
    changed_there_no_file: OfCode(|file| {
        html!(
            "The rest is in the file {file} (there is none yet), in the environment or on the command line, and is read when Writ starts: change it there and restart it."
        )
    }),
    who_wins: "The environment wins over the file, and what is set here wins over both.",
    set_aside: OfLinkAndCode(|link, name| html!("{} was set here, and does not hold.", link.around(name))),
    version: "Version",
    licence: "Licence",
    issuer: "Issuer",
    file: "Its file",
    no_file: "none: everything is in memory",
    bytes: |bytes| format!("{bytes} bytes"),
    size: |tenths, unit| format!("{}.{} {unit}", tenths / 10, tenths % 10),
    audit: "Audit log",
    entry: OfNumber(|n| html!("Entry {n}")),
    hash: "Its hash",
    backups: BackupsWords {
        title: "Backups",
        came_to_nothing: OfTime(|at| html!("The last one came to nothing {at}:")),
        made_and_failed: OfTime(|at| html!("The last one was made, and something after it failed {at}:")),
        missing: "There is no backup any more that can be used:",
        last: "The last",
        last_made: OfCodeAndPlainAndTime(|file, size, at| html!("{file}, {size}, made and tried {at}")),
        none_made: Html::of("none was ever made: <code>writ backup</code> makes one"),
        place: "They go to",
        not_in_them: "Not in them",
        master_key: "The master key, without which none can be opened: keep a copy of it apart.",
        restored: OfTime(|at| html!("This appliance was restored from a backup, made {at}.")),
        looked: "I have looked at this",
    },
    limits: OfLink(|link| {
        html!("{} have a page of their own, which also says who met them.", link.over("Limits on requests"))
    }),
    registration_tokens: OfLink(|link| {
        html!("{} let programs register applications.", link.over("Registration tokens"))
    }),
    providers: OfLink(|link| {
        html!(
            "{}, such as Google or Okta, can sign people in; they are added and changed while Writ runs.",
            link.over("Identity providers")
        )
    }),
    groups: "Groups of settings",
    group: SettingGroupsWords {
        general: "General",
        audit: "Audit",
        backup: "Backup",
        brand: "Brand",
        delegation: "Delegation",
        dpop: "Tokens bound to keys",
        keys: "Keys",
        lifetimes: "Lifetimes",
        limits: "Limits",
        log: "The program’s own log",
        machines: "Machines",
        metrics: "Metrics",
        outbound: "Calls to others",
        registration: "Registration",
        sign_in: "Signing in",
        status: "Status lists",
        store: "Store",
    },
    setting: "Setting",
    value: "Value",
    from: "From",
    to_change: "To change it",
    not_shown: "set, and not shown",
    not_set: "not set",
    read: OfPlain(|value| html!("read at the start: {value}")),
    by: OfPlainAndTime(|by, at| html!("by {by} {at}")),
    change: "Change",
    built_in: "built in",
    derived: "derived",
    in_file: "file",
    environment: "environment",
    flag: "flag",
    set_here: "set here",
    looked: "It is not told of any more on the first page.",
    changed: "The setting was changed. It holds from now on.",
    reset: "The setting is as it was read again.",
};

pub(super) const SETTING: SettingWords = SettingWords {
    does_not_hold: "What was set here does not hold.",
    set_another: "Set another value, or go back to what was read.",
    take_it_away: "Take it away, or go back to the version that has it.",
    holds_now: "Holds now",
    set_here: "Set here",
    by: OfPlainAndTime(|by, at| html!("by {by}, {at}")),
    to: OfCode(|value| html!("to {value}")),
    read: "Read at the start",
    what_a_change_means: "What a change means.",
    how_long: "It holds after a restart, in the place of the file and the environment, until you go back to them.",
    new_value: "New value",
    between: |least, most| format!("Between {least} and {most}."),
    change: OfPlain(|name| html!("Change {name}")),
    cancel: "Cancel",
    registration_tokens: OfLink(|link| {
        html!("{} let their bearers register in every mode but the closed one.", link.over("Registration tokens"))
    }),
    read_only: "It is read when Writ starts, and not changed here: write it in the file, or set the variable, and restart Writ.",
    in_the_file: "In the file",
    in_the_environment: "In the environment",
    back: "Back to what was read",
    again: OfCodeAndPlain(|value, source| html!("Then it is {value} again, from {source}.")),
    unset_again: OfPlain(|source| html!("Then it is not set again, from {source}.")),
    from_file: "the file",
    from_environment: "the environment",
    from_flag: "the command line",
    from_built_in: "what is built in",
    submit_back: "Go back to what was read",
    take_away: "Take it away",
    take_away_about: "Nothing changes by it here: it does not hold.",
    meanings: MeaningsWords {
        registration_open: "Anybody registers, and the application works at once. MCP clients connect by themselves.",
        registration_approval: "Anybody registers, and the application works once you approve it. People who connect a new MCP client are told to wait for you.",
        registration_token: "Only who has a registration token registers. MCP clients that register themselves are turned away, unless somebody gives them one.",
        registration_closed: "Nobody registers, and discovery does not say where. Applications that you register, and those known by a document at their address, go on as before.",
        second_factor_off: "A password is enough for everybody; who has set up more is still asked for it.",
        second_factor_administrators: "Administrators who have neither codes from an app nor a passkey set one up right after the password.",
        second_factor_everybody: "Everybody who has neither sets one up right after the password.",
        no_nonce: "A proof counts for as long as it is new. Clients ask once.",
        nonce: "A proof made beforehand is worth nothing. Clients are told a nonce and ask a second time.",
    },
};
