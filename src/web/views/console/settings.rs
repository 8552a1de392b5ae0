//! `/console/settings`: what holds, where it came from, and what would change it.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/settings.html")]
pub struct SettingsPage {
    pub shell: Shell,
    pub frame: Frame,
    pub version: String,
    pub licence: String,
    pub issuer: String,
    /// "12.4 MiB"; nothing without a file.
    pub size: Option<String>,
    pub head: u64,
    pub head_hash: String,
    pub head_at: Moment,
    /// The settings file that was read at the start, or the one that would have been.
    pub file: String,
    /// It was there.
    pub file_read: bool,
    /// What works and is probably not meant.
    pub doubts: Vec<String>,
    /// Where backups go.
    pub backup_place: String,
    /// The last one: its name, its size and when.
    pub backup_last: Option<(String, String, Moment)>,
    /// Why the last try came to nothing, if it did; and whether it was made all the same.
    pub backup_failed: Option<(String, Moment, bool)>,
    /// Why none of those that were made can be used any more, if so.
    pub backup_missing: Option<String>,
    /// Of when the backup is that this appliance was restored from, and what that leaves to people, until somebody has looked.
    pub restored: Option<(Moment, Vec<String>)>,
    /// What was set here and does not hold.
    pub asides: Vec<SettingAside>,
    pub groups: Vec<SettingGroup>,
}

#[derive(Clone, Debug)]
pub struct SettingAside {
    pub name: String,
    pub why: String,
    /// Below the issuer's path.
    pub href: String,
}

#[derive(Clone, Debug)]
pub struct SettingGroup {
    /// For its heading's id.
    pub id: String,
    pub title: String,
    /// `[lifetimes]`: the section of the file; nothing for those before the first section.
    pub section: Option<String>,
    pub settings: Vec<SettingLine>,
}

#[derive(Clone, Debug)]
pub struct SettingLine {
    pub name: String,
    pub about: String,
    /// Empty: not set, and there is nothing built in.
    pub value: String,
    pub hidden: bool,
    /// `built in`, `derived`, `file`, `environment`, `flag`
    pub from: String,
    /// Somebody set it.
    pub set: bool,
    /// The line of the file that says the same.
    pub line: String,
    pub variable: String,
    /// Where it is changed while Writ runs, below the issuer's path; nothing for what takes a restart.
    pub change: Option<String>,
    /// By whom it was set here, and when.
    pub kept: Option<(String, Moment)>,
    /// What was read at the start.
    pub read: String,
}

impl Spoken for SettingsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.settings;
        let line = SettingLine {
            name: "lifetimes.access".into(),
            about: "Access tokens of people; a resource may say otherwise.".into(),
            value: "30m".into(),
            hidden: false,
            from: "file".into(),
            set: true,
            line: "access = \"30m\"".into(),
            variable: "WRIT_LIFETIMES_ACCESS".into(),
            change: Some("/console/settings/of/lifetimes.access".into()),
            kept: Some(("Ada Lovelace".into(), sample::moment_in(language, -180))),
            read: "1h".into(),
        };
        let key = SettingLine {
            name: "master_key".into(),
            about: "32 bytes in base64 that seal the signing keys.".into(),
            value: String::new(),
            hidden: true,
            from: "environment".into(),
            line: "master_key = \"…\"".into(),
            variable: "WRIT_MASTER_KEY".into(),
            change: None,
            kept: None,
            ..line.clone()
        };
        let unset = SettingLine {
            name: "trusted_proxies".into(),
            about: "Addresses of the proxies that are believed.".into(),
            value: String::new(),
            set: false,
            from: "built in".into(),
            line: "trusted_proxies = \"…\"".into(),
            variable: "WRIT_TRUSTED_PROXIES".into(),
            change: None,
            kept: None,
            ..line.clone()
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Settings),
            version: "0.1.0".into(),
            licence: "MIT OR Apache-2.0".into(),
            issuer: "https://id.example.com".into(),
            size: Some((t.size)(124, "MiB")),
            head: 4_812,
            head_hash: "9f2c41d07be6aa51c0".into(),
            head_at: sample::moment_in(language, -180),
            file: "data/writ.toml".into(),
            file_read: true,
            doubts: vec![],
            backup_place: "data/backups".into(),
            backup_last: Some((
                "writ-20261121T020000-000Z.backup".into(),
                (t.size)(31, "MiB"),
                sample::moment_in(language, -7 * 3_600),
            )),
            backup_failed: None,
            backup_missing: None,
            restored: None,
            asides: vec![],
            groups: vec![
                SettingGroup {
                    id: "general".into(),
                    title: t.group.title("general").unwrap_or_default().into(),
                    section: None,
                    settings: vec![key, unset],
                },
                SettingGroup {
                    id: "lifetimes".into(),
                    title: t.group.title("lifetimes").unwrap_or_default().into(),
                    section: Some("[lifetimes]".into()),
                    settings: vec![line.clone()],
                },
            ],
        };
        let hostile = SettingGroup {
            id: "brand".into(),
            title: t.group.title("brand").unwrap_or_default().into(),
            section: Some("[brand]".into()),
            settings: vec![SettingLine {
                value: sample::HOSTILE.into(),
                line: sample::HOSTILE.into(),
                read: sample::HOSTILE.into(),
                kept: Some((sample::HOSTILE.into(), sample::moment_in(language, -180))),
                ..line
            }],
        };
        vec![
            ("some", page.clone()),
            (
                "doubtful",
                Self {
                    asides: vec![SettingAside {
                        name: "lifetimes.session_idle".into(),
                        why: "`lifetimes.session_idle` is at most `lifetimes.session`.".into(),
                        href: "/console/settings/of/lifetimes.session_idle".into(),
                    }],
                    doubts: vec!["The public URL is https, and no proxy is trusted.".into()],
                    file_read: false,
                    size: None,
                    backup_last: None,
                    backup_failed: Some((sample::HOSTILE.into(), sample::moment_in(language, -180), false)),
                    backup_missing: Some(sample::HOSTILE.into()),
                    restored: Some((
                        sample::moment_in(language, -86_400),
                        vec![sample::HOSTILE.into(), "Look for people.".into()],
                    )),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { groups: vec![hostile], ..page }),
        ]
    }
}
