//! The forms about machines: a new one, its terms, another credential.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Shell};
use super::{Choice, Frame, Section, sample};
use crate::model::{Language, MachineKind};
use crate::web::words;

/// `/console/machines/new`, and `/console/machines/{id}/change`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/machine_form.html")]
pub struct MachineFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub form: MachineForm,
    /// The machine that is changed, by name and address; `None` for a new one.
    pub changes: Option<(String, String)>,
    /// Where the form is sent to, below the issuer's path.
    pub action: String,
    /// A mark of this page, so that the form has its effect once.
    pub once: String,
    /// Which state of the machine the form was filled from; empty for a new one.
    pub seen: String,
    /// Kinds of credentials to begin with; empty when one is changed.
    pub credentials: Vec<Choice>,
}

#[derive(Clone, Debug, Default)]
pub struct MachineForm {
    pub name: Field,
    pub kinds: Vec<Choice>,
    pub purpose: Field,
    pub owner: Field,
    pub tenant: Field,
    /// From the catalogue: the scope, what it lets the machine do, whether it is chosen.
    pub scopes: Vec<Choice>,
    pub scope_error: Option<String>,
    pub resources: Vec<Choice>,
    pub resource_error: Option<String>,
    pub description: Field,
    pub tags: Field,
    pub lifetime: Field,
    pub expires: Field,
    pub networks: Field,
    pub roles: Field,
    pub dpop_bound: bool,
    /// Whether what is folded away must be seen: something in it is wrong, or set.
    pub unfolded: bool,
    /// What is wrong with none of the fields.
    pub problem: Option<String>,
}

/// `/console/machines/{id}/credentials/new`
#[derive(Clone, Debug, Template)]
#[template(path = "console/credential_form.html")]
pub struct CredentialPage {
    pub shell: Shell,
    pub frame: Frame,
    pub machine: String,
    /// Below the issuer's path.
    pub machine_href: String,
    pub once: String,
    pub form: CredentialForm,
}

#[derive(Clone, Debug, Default)]
pub struct CredentialForm {
    /// The kind that the form is for: `client_secret`, `access_key`, `public_keys`, `key_set`, `trust`.
    pub kind: String,
    pub kinds: Vec<Choice>,
    pub name: Field,
    pub expires: Field,
    pub jwks: Field,
    pub jwks_uri: Field,
    /// The kinds of issuers, for a trust.
    pub presets: Vec<Choice>,
    pub issuer: Field,
    pub audience: Field,
    /// One a line.
    pub rules: Field,
    /// Claims that this kind of issuer pins and offers, with what each means.
    pub claims: Vec<(String, String)>,
    pub reuse: bool,
    pub problem: Option<String>,
}

const MAKE_KEY: &str = r#"import json
import os
import uuid

from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

key = ec.generate_private_key(ec.SECP256R1())
pem = key.private_bytes(
    s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()
)
new = os.O_WRONLY | os.O_CREAT | os.O_EXCL
with os.fdopen(os.open("private.pem", new, 0o600), "wb") as kept:
    kept.write(pem)

jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
jwk.update(use="sig", alg="ES256", kid=str(uuid.uuid4()))
print(json.dumps({"keys": [jwk]}))
"#;

impl CredentialForm {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// How a key pair is made, and its public half written as it is pasted.
    pub(super) fn make_key(&self) -> &'static str {
        MAKE_KEY
    }
}

impl Spoken for MachineFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let console = &words::of(language).console;
        let (t, labels, proofs) = (&console.machine_form, &console.machine_labels, &console.credential_form);
        let says = |english, german| sample::said(language, english, german);
        let form = MachineForm {
            kinds: vec![
                Choice::new("ci", labels.kind(MachineKind::Ci), true),
                Choice::new("service", labels.kind(MachineKind::Service), false),
            ],
            owner: Field::of("ada@example.com"),
            tenant: Field::of("main"),
            scopes: vec![
                Choice::new("tickets:read", says("See tickets", "Tickets sehen"), true),
                Choice::new("tickets:delete", says("Delete tickets", "Tickets löschen"), false),
            ],
            resources: vec![Choice::new("https://mcp.tickets.example/mcp", "Tickets", false)],
            ..MachineForm::default()
        };
        let new = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            form,
            changes: None,
            action: "/console/machines/new".into(),
            once: "sample".into(),
            seen: String::new(),
            credentials: vec![
                Choice::new("client_secret", proofs.client_secret, true),
                Choice::new("none", t.no_credential, false),
            ],
        };
        let refused = MachineForm {
            name: Field::refused(
                "nightly",
                says("another machine has this name", "So heißt schon eine andere Maschine."),
            ),
            purpose: Field::refused(
                "",
                says("say in one line what it is for", "Sagen Sie in einer Zeile, wozu es sie gibt."),
            ),
            lifetime: Field::refused("2d", t.wrong.lifetime),
            scope_error: Some(t.wrong.scope.into()),
            problem: Some(t.nothing_changed.into()),
            unfolded: true,
            ..new.form.clone()
        };
        let hostile = MachineForm {
            name: Field::of(sample::HOSTILE),
            purpose: Field::refused(sample::HOSTILE, sample::HOSTILE),
            ..new.form.clone()
        };
        vec![
            ("new", new.clone()),
            (
                "nothing_registered",
                Self { form: MachineForm { scopes: vec![], resources: vec![], ..new.form.clone() }, ..new.clone() },
            ),
            ("refused", Self { form: refused, ..new.clone() }),
            (
                "change",
                Self {
                    changes: Some(("nightly-import".into(), "/console/machines/mch_sample".into())),
                    action: "/console/machines/mch_sample/change".into(),
                    credentials: vec![],
                    ..new.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..new.clone() }),
            ("hostile", Self { form: hostile, ..new }),
        ]
    }
}

impl Spoken for CredentialPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.credential_form;
        let form = CredentialForm {
            kind: "client_secret".into(),
            kinds: vec![Choice::new("client_secret", t.client_secret, true), Choice::new("trust", t.trust, false)],
            name: Field::of("second secret"),
            presets: vec![Choice::new("github", "GitHub Actions", true)],
            claims: vec![("repository_id".into(), "GitHub's number of the repository.".into())],
            ..CredentialForm::default()
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            machine: "nightly-import".into(),
            machine_href: "/console/machines/mch_sample".into(),
            once: "sample".into(),
            form,
        };
        let of_kind =
            |kind: &str| Self { form: CredentialForm { kind: kind.into(), ..page.form.clone() }, ..page.clone() };
        let refused = CredentialForm {
            kind: "trust".into(),
            rules: Field::refused("repository_id", "a rule is CLAIM=VALUE"),
            problem: Some(sample::HOSTILE.into()),
            ..page.form.clone()
        };
        vec![
            ("secret", page.clone()),
            ("keys", of_kind("public_keys")),
            ("key_set", of_kind("key_set")),
            ("trust", of_kind("trust")),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { form: refused, ..page }),
        ]
    }
}
