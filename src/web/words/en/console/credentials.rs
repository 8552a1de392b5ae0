//! The credentials of a machine: another one, a secret that is shown once, and a token held against a trust.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const FORM: CredentialFormWords = CredentialFormWords {
    title: OfPlain(|machine| html!("New credential for {machine}")),
    heading: "New credential",
    kinds: "Kind of credential",
    client_secret: "Client secret",
    access_key: "Access key",
    public_keys: "Public keys",
    key_set: "Keys at an address",
    trust: "Token of its platform",
    as_name: |kind| kind.to_lowercase(),
    client_secret_about: "A password for a program: sent with each request for a token. It is shown once.",
    access_key_about: "One long key that is exchanged for a token, or sent as it is to this appliance’s own API. It is shown once.",
    public_keys_about: "It signs with a private key that never leaves it; here are the public ones. Nothing that is kept here can be stolen.",
    key_set_about: "It signs with a private key, and publishes the public ones at an address of its own, where it turns them by itself.",
    trust_about: "No secret at all: the tokens that its platform gives it stand for it, if their claims fulfil every rule.",
    issuers: "Kind of issuer",
    kubernetes: "Kubernetes service accounts",
    google: "Google Cloud service accounts",
    any_issuer: "Any other OpenID issuer",
    name_help: "What its owner calls it.",
    jwks: "Public keys",
    jwks_help: "A JWK Set, {\"keys\": […]}, or one JWK. Never a private key.",
    no_key: "It has no key yet: make one",
    make_key_about: Html::of(
        "Where the machine runs, in Python with PyJWT and its crypto extra. It leaves the private key in <code>private.pem</code> and prints what to paste above.",
    ),
    make_key: "Make a key",
    jwks_uri: "Address of its keys",
    jwks_uri_help: "https://, a JWK Set.",
    issuer: "Issuer",
    issuer_help: "Exactly as its tokens say it.",
    audience: "Audience",
    audience_help: "What its tokens must say they are for.",
    rules: "Rules",
    rules_help: "One a line: CLAIM=VALUE, CLAIM=ONE|ANOTHER or CLAIM^=BEGINNING. All must hold.",
    reuse: "Accept one token as often as it is shown, until it ends: for platforms that keep it in a file",
    expires: "Ends on",
    expires_help: "Empty: never.",
    submit: "Create credential",
    machine_made: "The machine is made. Say how it proves itself, and it can ask for tokens.",
    no_kind: "choose a kind of credential",
    pem: "this is PEM; make a JWK Set of the public key, as it says below",
    private_pem: "this is PEM, and a private key at that: it stays where it is; make a JWK Set of the public key, as it says below",
    no_json: |why| format!("this is no JSON: {why}"),
};

pub(super) const SECRET: SecretWords = SecretWords {
    title: OfPlainAndPlain(|what, machine| html!("{what} of {machine}")),
    copy_now: OfName(|machine| {
        html!("Copy it now: it is shown this once and kept nowhere. Whoever has it is {machine}.")
    }),
    overlap: OfTime(|at| {
        html!("The one before it stays good until {at}. Its page tells when nobody uses it any more.")
    }),
    as_file: "As a file",
    copy_lines: "Copy lines",
    download: "Download .env",
    shown_before: "This form was sent before, and the secret was shown then. It is kept nowhere; if it is lost, rotate it.",
    done: "Done",
};

pub(super) const TRIAL: TrialWords = TrialWords {
    title: OfPlain(|machine| html!("A token tried on {machine}")),
    accepted: "This token would be accepted",
    refused: "This token would be refused",
    fails: "What does not hold:",
    fails_because: OfCheck(|claim, expected, found| html!("{claim} must be {expected}, and is {found}.")),
    looked_at: "Looked at",
    holds: "Holds",
    expected: "Must be",
    found: "Is",
    yes: "yes",
    no: "no",
    nothing_changed: "Nothing was changed: the token is as good as it was.",
    back: OfPlain(|machine| html!("Back to {machine}")),
};
