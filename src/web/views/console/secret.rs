//! A new secret, shown once.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{Frame, Section, Snippet, Snippets, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/secret.html")]
pub struct SecretPage {
    pub shell: Shell,
    pub frame: Frame,
    pub machine: String,
    /// Below the issuer's path.
    pub machine_href: String,
    pub client_id: String,
    /// "Client secret", "Access key"
    pub what: String,
    /// `None` when the same form was sent before: then it was shown before.
    pub secret: Option<String>,
    /// Until when the one before it stays good.
    pub overlap: Option<Moment>,
    /// The lines of a `.env`, which stand open.
    pub env: Option<Snippet>,
    pub snippets: Snippets,
}

impl SecretPage {
    /// How the file is called that a browser makes of them. One that begins with a dot is renamed by some and hidden by others.
    pub(super) fn env_file(&self) -> String {
        let letters = self.machine.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_ ".contains(*letter));
        let name: String = letters.take(64).map(|letter| if letter == ' ' { '-' } else { letter }).collect();
        if name.trim_matches('-').is_empty() {
            "writ.env".to_owned()
        } else {
            format!("{}.env", name.to_ascii_lowercase())
        }
    }
}

impl Spoken for SecretPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.credential_form;
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            machine: "nightly-import".into(),
            machine_href: "/console/machines/mch_sample".into(),
            client_id: "mch_sample".into(),
            what: t.client_secret.into(),
            secret: Some("writ_cs_sample".into()),
            overlap: None,
            env: Some(Snippet {
                id: "snippet-env".into(),
                title: ".env".into(),
                note: String::new(),
                text: "WRIT_CLIENT_ID=mch_sample\nWRIT_CLIENT_SECRET=writ_cs_sample\n".into(),
            }),
            snippets: Snippets::sample_in(
                language,
                "curl -u \"$WRIT_CLIENT_ID:$WRIT_CLIENT_SECRET\" \\\n  -d grant_type=client_credentials https://id.example.com/oauth/token",
            ),
        };
        vec![
            ("new", page.clone()),
            ("rotated", Self { overlap: Some(sample::moment_in(language, 7 * 86_400)), ..page.clone() }),
            ("again", Self { secret: None, env: None, snippets: Snippets::default(), ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { machine: sample::HOSTILE.into(), ..page }),
        ]
    }
}
