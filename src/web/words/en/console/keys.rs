//! Signing keys.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const KEYS: KeysWords = KeysWords {
    lead: OfPlainAndPlain(|period, max_age| {
        html!(
            "What tokens are signed with. Each signs for {period}; the next one is published long before it does, for others may keep a copy of the key set for {max_age}."
        )
    }),
    rotate: "Rotate keys…",
    rotate_about: "Keys turn by themselves. Rotate before a change that you want settled. Nothing breaks: what the old key signed stays good until it ends. If somebody may have a key’s private half, open the key and withdraw it instead.",
    which: "Which",
    all: "All of them",
    haste: "When the new one signs",
    haste_published: "as soon as everybody can know it",
    haste_now: "at once: some meet a key they do not know and fetch again",
    submit_rotate: "Rotate keys",
    hurried: "A key was withdrawn within the last day, so others keep a copy of the key set for no longer than a minute.",
    none: "There are no keys yet.",
    none_more: "They are made when the appliance first serves.",
    legend_wait: "published, does not sign yet",
    legend_signs: "signs",
    legend_kept: "signs no more, what it signed is good",
    now: "now",
    older: OfNumber(|n| match n.get() {
        1 => html!("{n} older key is published until what it signed has ended"),
        _ => html!("{n} older keys are published until what they signed has ended"),
    }),
    coming: "What happens next",
    will_sign: |algorithm, key| format!("{algorithm}: {key} begins to sign"),
    will_go: |algorithm, key| format!("{algorithm}: {key} is not published any more"),
    will_be_forgotten: |algorithm, key| format!("{algorithm}: {key} is forgotten"),
    published: "What is published",
    key: "Key",
    state: "State",
    when: "When",
    life: "Life",
    life_from: "Its life, from",
    is_next: "next",
    is_signing: "signs",
    is_published: "published",
    is_withdrawn: "withdrawn",
    at_made: "Made",
    at_published: "Published",
    at_signs: "Signs",
    at_signs_since: "Signs since",
    at_signed_until: "Signed until",
    at_gone: "Gone",
    at_withdrawn: "Withdrawn",
    at_forgotten: "Forgotten",
    one: KeyWords {
        title: OfPlain(|key| html!("Key {key}")),
        lead: OfPlain(|algorithm| html!("A key for {algorithm}")),
        kid: "Its whole name (kid)",
        signs: OfPlain(|algorithm| html!("What is signed with {algorithm}")),
        access_tokens: |resource| format!("Access tokens for {resource}"),
        more_access_tokens: |count| format!("Access tokens for {count} more resources"),
        own_tokens: "Access tokens for this appliance’s own API, and what it tells other servers about people",
        id_tokens_usually: "ID tokens of every application that asked for no other algorithm",
        id_tokens: |application| format!("ID tokens of {application}"),
        id_tokens_unnamed: |count, besides| {
            let more = if besides { "more " } else { "" };
            let applications = if count == 1 { "application" } else { "applications" };
            format!("ID tokens of {count} {more}{applications}")
        },
        id_tokens_maybe: "ID tokens of others, maybe: only the newest applications were looked at",
        status_lists: "The lists that say which tokens were ended",
        withdraw: "Withdraw it",
        withdraw_about: "For a key whose private half somebody may have. This cannot be undone.",
        signed_nothing: "It has signed nothing, so nothing stops working.",
        nothing_alive: "Nothing that it signed is alive, so nothing stops working.",
        none_known: "It signed no token that is known of. If there are any, they are refused here at once.",
        tokens_refused: |count, until| {
            format!(
                "Every token that it signed is refused here at once: at most {count}, of which the last would end {until}. Whoever holds one gets another with the grant, secret or key they have."
            )
        },
        successor: |key| format!("{key} signs from that moment on; everybody knows it already."),
        new_successor: |key| {
            format!(
                "{key} signs from that moment on. It was published a moment ago: some meet a key they do not know and fetch again."
            )
        },
        no_successor: "A new key is made and signs at once. Everybody meets a key they do not know and fetches again.",
        what_stays: "People stay signed in, and refresh tokens, secrets and access keys stay good.",
        taken_until: OfTime(|at| {
            html!(
                "Servers that check signatures by themselves keep a copy of the key set. They take what it signed until they fetch again, {at} at the latest."
            )
        }),
        withdraw_this: "Withdraw this key…",
        why: "Why",
        type_name: OfBare(|key| html!("Type how it begins, {key}")),
        submit: "Withdraw key",
        was_withdrawn: "It was withdrawn",
        was_withdrawn_more: "It is not published any more, and nothing that it signed is good here.",
        wrong_name: "Nothing was withdrawn: the key begins with other letters.",
    },
    rotated: "A new key is on its way; the lines say when it signs.",
    withdrawn: "The key is withdrawn. Nothing that it signed is taken here any more.",
};
