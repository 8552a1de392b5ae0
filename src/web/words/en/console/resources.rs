//! Resources.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const THING: ThingWords = ThingWords {
    name: "Name",
    change: "Change",
    change_of: OfPlain(|name| html!("Change {name}")),
    cancel: "Cancel",
    activity: "Activity",
    nothing_lately: "Nothing lately.",
    see_all: "See all of it",
    end: "End",
    type_name: OfBare(|name| html!("Type its name, {name}")),
    wrong_name: "Nothing was removed: the name was another.",
    nothing_changed: "Nothing was changed. Look at what is marked.",
    bounded: "Only the newest 2,000 of each kind were looked at, so there may be more.",
    machines: |count, more| counted(count, more, "machine"),
    applications: |count, more| counted(count, more, "application"),
    grants: |count, more| counted(count, more, "grant"),
};

pub(super) const RESOURCES: ResourcesWords = ResourcesWords {
    lead: "The MCP servers and APIs that tokens are for. Nobody gets a token for anything else.",
    protect: "Protect an MCP server",
    name_or_address: "Name or address",
    nothing_fits: "No resource fits.",
    nothing_yet: "Nothing is protected yet.",
    nothing_yet_more: "Say where your MCP server is and what can be done there. You get the lines that its code needs, and the settings for the clients that people use.",
    tokens: "Tokens",
    live: "They live",
    registered: "Registered",
    default: "default",
    default_about: "A request that names no resource means this one",
    and_risky: OfNumber(|n| html!(", {n} risky")),
    signed_with: |algorithm| format!("signed with {algorithm}"),
    opaque: "opaque",
    was_protected: "It is registered. Put these lines into its code, then look through a client’s eyes.",
    was_changed: "The resource is changed. It counts from the next token on.",
    was_removed: "The resource is removed.",
};

pub(super) const RESOURCE: ResourceWords = ResourceWords {
    identifier: "Identifier",
    aliases: "Also written",
    signed_with: |algorithm| format!("Signed with {algorithm}: a server verifies them itself"),
    opaque: "Opaque: a server asks here about each",
    of_machines: "A machine’s",
    of_machines_at_most: OfPlain(|length| html!("{length} at most, where it says so")),
    say: "They say",
    default: "Default",
    says: |words| {
        let words = match words.split_last() {
            None => "nothing".to_owned(),
            Some((only, [])) => (*only).to_owned(),
            Some((last, first)) => format!("{} and {last}", first.join(", ")),
        };
        capital(&format!("{words}, beside scopes"))
    },
    says_roles: "roles",
    says_permissions: "permissions",
    says_tenant: "the tenant",
    says_custom_claims: "custom claims",
    code: "What its code needs",
    issuer: "Who gives the tokens (issuer)",
    audience: "Whom they are for (audience)",
    introspection: "Where to ask about one",
    keys: "Keys that sign them",
    issuer_note: "Compare the issuer as text: it has no slash at its end, and a URL type may write one there.",
    check: "What an MCP client sees",
    check_submit: "Look through a client’s eyes",
    check_about: "The server is asked as a client asks that has no token yet: whether it refuses, where its metadata is, and whether that leads here. You are told whose turn it is.",
    clients: "Connect a client",
    scopes: "What can be done there",
    no_scopes: "It offers no scopes.",
    no_scopes_more: OfLink(|link| {
        html!(
            "Its tokens say who somebody is, and nothing about what they may do. {}.",
            link.over("Choose what can be asked for")
        )
    }),
    unasked: "Unasked",
    unasked_about: "“Unasked” is what a client gets that asks for nothing in particular.",
    yes: "yes",
    no: "no",
    tools: "Its tools",
    to_tools: "Tools and what they need",
    no_tools: "If it is an MCP server: nobody has said yet which tools it has, and what each needs.",
    tools_known: |known, open| match (counted(known, false, "tool"), open) {
        (known, 0) => format!("{known} known, and decided what each needs."),
        (known, open) => format!("{known} known, {open} not decided about."),
    },
    who: "Who gets tokens for it",
    people: "People, through applications",
    no_people: "Nobody has allowed an application anything here.",
    no_machines: "No machine is meant for it, and none was seen here. Machines without a list of resources may have tokens for any.",
    not_seen: "not seen here yet",
    last_seen: |at| format!("last {at}"),
    applications: "Applications meant for it",
    remove: "Remove this resource…",
    remove_about: OfPlain(|length| {
        html!(
            "A resource that a machine, an application or a delegation names has to be taken from them first. Nobody gets a token for it any more, and no refresh token of it is answered. Tokens that are out are good until they end, {length} at most for people."
        )
    }),
    at_stake: |grants, machines| capital(&format!("{grants} of people and {machines} end there.")),
    nothing_at_stake: "Nobody is known to use it.",
    remove_submit: "Remove for good",
};

pub(super) const RESOURCE_CHECK: ResourceCheckWords = ResourceCheckWords {
    title: OfPlain(|name| html!("What a client sees at {name}")),
    again: "Look again",
    found: "A client finds its way here",
    stops: |step| format!("A client stops at “{step}”"),
    nothing_changed: "Nothing was changed, here or there. The server was asked without a token; which tools it has, it tells only somebody with one.",
    back: OfPlain(|name| html!("Back to {name}")),
    server: "Your server",
    here: "Here",
    right: "right",
    not_looked_at: "not looked at",
    could_be_better: "could be better",
    to_be_changed: "to be changed",
    answers: "It answers",
    refuses: "It refuses who has no token",
    points: "It says where its metadata is",
    document: "Its metadata is there",
    names_itself: "It calls itself as it is registered here",
    names_us: "It names this appliance",
    scopes: "What it asks for can be had here",
    unknown: "It could not be looked at: see what comes before.",
    plain_http: "It is asked over https:// only, so a server on plain http:// is not looked at. Clients may still reach it.",
    unreachable: "Start it, and let it be reached at this address from here. If only your own network reaches it, this check cannot.",
    lets_in: "It lets in whoever comes without a token. Let it answer 401 before anything else.",
    other_status: "Let it answer 401 to a request without a token, so that a client knows to get one.",
    no_challenge: "Its 401 has no WWW-Authenticate header. Send: WWW-Authenticate: Bearer resource_metadata=\"…\".",
    no_pointer: "Its WWW-Authenticate header does not say resource_metadata=\"…\". Newer clients look at the well-known place by themselves; others stop here.",
    no_document: "Serve the protected resource metadata there. The code on the resource’s page does; so do the MCP libraries.",
    by_alias: |known| {
        format!(
            "It works, because this is an alias of {known}. Clients that compare strictly want its metadata to say the address they were given."
        )
    },
    other_name: |known| {
        format!(
            "Let `resource` in its metadata be {known}. If what it says is right, give it to the resource here as another way to write its address."
        )
    },
    no_name: |known| format!("Its metadata has no `resource`. Let it say {known}."),
    slash_added: |issuer| {
        format!(
            "It writes a slash behind the issuer. Let authorization_servers say {issuer}, as text and not through a URL type."
        )
    },
    other_issuer: |issuer| format!("Its metadata sends clients elsewhere. Let authorization_servers say {issuer}."),
    no_issuer: |issuer| format!("Its metadata does not say who gives tokens. Let authorization_servers say {issuer}."),
    no_scopes: "It lists no scopes, so clients get what is given unasked. That is allowed.",
    unknown_scopes: "These are not offered by the resource. Change it and add them, or take them out of scopes_supported.",
};

pub(super) const RESOURCE_FORM: ResourceFormWords = ResourceFormWords {
    lead: "Or any other API. Next, you get the lines its code needs.",
    identifier: "Its address",
    identifier_note: "Exactly as people give it to their client, such as https://tickets.example.com/mcp. It cannot be changed later: tokens name it.",
    name_note: "What people read when they are asked: “wants to use …”.",
    scopes_note: "Each is one line that people allow or do not. Risky ones are never ticked for them.",
    new_scopes: "Something else that can be done there",
    new_scopes_note: "A name for programs, and words for people. Leave empty what you do not need.",
    words_of_scope: OfNumber(|n| html!("with scope {n}")),
    risk_of_scope: OfNumber(|n| html!("of scope {n}")),
    high: "risky",
    more: "More: defaults, other addresses, how tokens look and how long they live",
    default_scopes: "Given unasked",
    default_scopes_note: "Scopes for a client that asks for nothing in particular, with spaces between.",
    default_scopes_note_new: "Scopes for a client that asks for nothing in particular, with spaces between. Empty: those of low risk.",
    aliases: "Other ways to write its address",
    aliases_note: "One a line. ChatGPT, for one, may name only the origin: https://tickets.example.com. A slash at the end needs no line.",
    signed: "Signed: the server verifies them itself",
    opaque: "Opaque: the server asks here about each",
    algorithm: "Signed with",
    lifetime_note: "Such as 15m or 1h; a day at most. Empty: as the settings say.",
    machine_lifetime: "A machine’s live at most",
    machine_lifetime_note: "For machines that say how long theirs live. Empty: a day.",
    claims: "Beside scopes, its tokens say",
    claims_note: "As far as there is anything to say. A server is told what it needs and no more; whoever has a signed token can read it.",
    roles: "The roles somebody has",
    permissions: "The permissions these come to",
    tenant: "The tenant in which that holds",
    custom_claims: "Custom claims",
    submit: "Protect server",
    submit_change: "Change resource",
    nothing_registered: "Nothing was registered. Look at what is marked.",
    lifetime_wrong: "say it like 10m or 1h",
    own_scope: "Names that begin with writ: are the appliance’s own.",
    words_missing: "Say in one line what will happen.",
    scope_wrong: "Give it a name without spaces, quotes and backslashes, such as tickets:write.",
};

fn counted(count: usize, more: bool, one: &str) -> String {
    let at_least = if more { "at least " } else { "" };
    match count {
        0 if !more => format!("no {one}"),
        1 => format!("{at_least}1 {one}"),
        count => format!("{at_least}{count} {one}s"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
