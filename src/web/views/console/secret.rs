//! A new secret, shown once.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Moment, Shell};
use super::{Frame, Section, Snippets, sample};

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
    pub snippets: Snippets,
}

impl Sample for SecretPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Machines),
            machine: "nightly-import".into(),
            machine_href: "/console/machines/mch_sample".into(),
            client_id: "mch_sample".into(),
            what: "Client secret".into(),
            secret: Some("writ_cs_sample".into()),
            overlap: None,
            snippets: Snippets::sample(
                "curl -u \"$WRIT_CLIENT_ID:$WRIT_CLIENT_SECRET\" \\\n  -d grant_type=client_credentials https://id.example.com/oauth/token",
            ),
        };
        vec![
            ("new", page.clone()),
            ("rotated", Self { overlap: Some(sample::moment("in 7 days")), ..page.clone() }),
            ("again", Self { secret: None, snippets: Snippets::default(), ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { machine: sample::HOSTILE.into(), ..page }),
        ]
    }
}
