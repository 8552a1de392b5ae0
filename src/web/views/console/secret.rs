//! A new secret, shown once.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Moment, Shell};
use super::{Frame, Section, sample};

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
    pub snippets: Vec<Snippet>,
}

/// Something to copy, with the real values in it.
#[derive(Clone, Debug)]
pub struct Snippet {
    pub id: String,
    pub title: String,
    pub text: String,
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
            snippets: vec![Snippet {
                id: "snippet-curl".into(),
                title: "curl".into(),
                text: "curl -u \"$WRIT_CLIENT_ID:$WRIT_CLIENT_SECRET\" \\\n  -d grant_type=client_credentials https://id.example.com/oauth/token".into(),
            }],
        };
        vec![
            ("new", page.clone()),
            ("rotated", Self { overlap: Some(sample::moment("in 7 days")), ..page.clone() }),
            ("again", Self { secret: None, snippets: vec![], ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { machine: sample::HOSTILE.into(), ..page }),
        ]
    }
}
