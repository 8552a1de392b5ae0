//! Identity providers.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const PROVIDERS: ProvidersWords = ProvidersWords {
    title: "Identity providers",
    lead: "Who else can say here who somebody is: on a button of the sign-in page, or in what an application brings along.",
    add: "Add a provider",
    nobody: "Nobody’s word is taken but your own.",
    nobody_more: OfLink(|link| {
        html!(
            "{}, such as Google, Entra, Okta or Keycloak, and people who are here already can sign in with it. It makes nobody an account.",
            link.over("Add a provider")
        )
    }),
    provider: "Provider",
    issuer: "Issuer",
    state: "State",
    known_by: "People are known by",
    known_by_short: "Known by",
    people_sign_in: "people sign in",
    turned_off: "turned off",
    assertions_only: "assertions only",
    by_link: "a link",
    by_address: |domains| format!("a link, or a verified address at {domains}"),
    change: "Change",
    turn_off: "Turn off now…",
    turn_off_about: OfName(|name| {
        html!(
            "Nobody signs in with {name} from this moment. Sessions that it began go on until they end or you end them; links stay. You can turn it on again."
        )
    }),
    submit_off: "Turn provider off",
    is_off: "It is turned off: nobody signs in with it.",
    submit_on: "Turn provider on",
    no_button: OfLink(|link| {
        html!(
            "People do not sign in with it; its assertions are taken. {} and its button appears.",
            link.over("Give it a name and a client id")
        )
    }),
    redirect_uri: "Redirect URI",
    register_this: "Register this at the provider.",
    client_id: "Client id there",
    secret: "Its secret",
    secret_set: OfTime(|at| html!("set {at}, and not shown")),
    no_secret: "none: a public client",
    asks_for: "Asks for",
    keys: "Keys",
    keys_written_down: "a key set that was written down here",
    keys_in_metadata: "where its own metadata says",
    added: "Added",
    links: "Who is who",
    no_links: "Nobody is linked yet.",
    no_links_more: "People link themselves on their account page, under “Connected sign-ins”, or you do it here.",
    subject: "Subject there",
    person: "Person here",
    subject_short: "Subject",
    person_short: "Person",
    linked: "Linked",
    remove: "Remove",
    remove_of: OfBare(|name| html!("the link of {name}")),
    link_somebody: "Link somebody",
    email: "E-mail address here",
    subject_help: Html::of(
        "The <code>sub</code> by which the provider knows them. Whoever it meant before, it means no more.",
    ),
    submit_link: "Link person",
    end: "End",
    remove_provider: "Remove this provider…",
    remove_about: "Nobody signs in with it, its assertions are not taken, and its links are forgotten, with its secret. Sessions that it began go on.",
    submit_remove: "Remove provider",
    form: ProviderFormWords {
        change: OfPlain(|name| html!("Change {name}")),
        uri_to_register: "The redirect URI to register at the provider:",
        uri_comes: "Register a web application at the provider. The redirect URI to register there is said here once the provider is added: each has one of its own.",
        issuer_help: "Exactly as its own metadata says it, such as https://accounts.google.com.",
        signing_in: "Signing in",
        name: "Name on the button",
        name_help: "What people call it, such as Google. Without a name and a client id, nobody signs in with it.",
        secret: "Client secret there",
        secret_stays: "Leave it empty and the present one stays.",
        secret_sealed: "It is sealed when it is kept, and never shown again.",
        public: "It has no secret there: a public client, held by PKCE alone",
        scope_help: "openid has to be among it; email, if addresses are to count.",
        who_is_meant: "Who is meant",
        domains: "Domains it speaks for",
        domains_help: "Somebody with a verified address of one of these is the person here who has it, and linked at their first sign-in. Leave it empty, and only links count.",
        keys: "Where its keys are",
        keys_help: "Leave it empty, and its own metadata says so.",
        submit_change: "Change provider",
        submit_add: "Add provider",
        cancel: "Cancel",
        not_changed: "Nothing was changed. Look at what is marked.",
        not_added: "Nothing was added. Look at what is marked.",
    },
    said: ProviderSaid {
        added: "The provider is added. Register the redirect URI there, if people are to sign in with it.",
        changed: "The provider is changed.",
        on: "Turned on. Its button is on the sign-in page.",
        off: "Turned off. Nobody signs in with it from now on; sessions that it began go on.",
        removed: "The provider and its links are removed.",
        linked: "Linked.",
        unlinked: "The link is removed.",
        nobody: "Nothing was linked: nobody here has that address, or the subject is not one line of up to 255 characters.",
    },
};
