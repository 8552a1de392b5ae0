//! `GET /console/settings`: what holds, where it came from, and what changes it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{back, declined, setting, shell, told};
use crate::base::Timestamp;
use crate::config::Entry;
use crate::operations::backup::{self, Worry};
use crate::operations::limits;
use crate::operations::names::Names;
use crate::operations::settings::{self, Held};
use crate::operations::{appliance, names};
use crate::web::extract::{Administered, Administrator};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{Frame, Section, SettingAside, SettingGroup, SettingLine, SettingsPage};
use crate::web::words::{SettingGroupsWords, SettingsWords, Words};

pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let facts = appliance::facts(app).await.map_err(|fault| visitor.broken(&fault))?;
    let read = app.config.origin.file.as_ref();
    let backups = backup::state(app).map_err(|fault| visitor.broken(&fault))?;
    let worries = backup::worries(app, now).await.map_err(|fault| visitor.broken(&fault))?;
    let (mut restored, mut missing) = (None, None);
    for worry in worries {
        match worry {
            Worry::Restored(row) => restored = Some(row),
            Worry::Missing { why, .. } => missing = Some(why),
            Worry::Failed { .. } | Worry::Old { .. } => {}
        }
    }
    let words = visitor.words();
    let t = &words.console.settings;
    let said = [
        ("looked", FlashKind::Done, t.looked),
        ("changed", FlashKind::Done, t.changed),
        ("reset", FlashKind::Done, t.reset),
    ];
    let all = settings::list(app).map_err(|fault| visitor.broken(&fault))?;
    let by = all.iter().filter_map(|held| held.kept.as_ref()).filter_map(|kept| told::actor(&kept.by)).collect();
    let names = names::of(app, by).await.map_err(|fault| visitor.broken(&fault))?;
    let page = SettingsPage {
        shell: shell(visitor, &request, &said),
        frame: Frame::of(Section::Settings),
        version: facts.version.to_owned(),
        licence: facts.licence.to_owned(),
        issuer: app.issuer.as_str().to_owned(),
        size: facts.file_bytes.map(|bytes| size(t, bytes)),
        head: facts.head.sequence,
        head_hash: facts.head.hash.text(),
        head_at: words.at(facts.head.at, now),
        file: read.cloned().unwrap_or_else(|| app.config.settings_file()).display().to_string(),
        file_read: read.is_some(),
        doubts: app.config.doubts(),
        backup_place: backup::directory(app).display().to_string(),
        backup_last: backups
            .last
            .or(backups.elsewhere)
            .map(|last| (last.file, size(t, last.bytes), words.at(last.at, now))),
        backup_failed: backups.failed.map(|failed| (failed.why, words.at(failed.at, now), failed.made)),
        backup_missing: missing,
        restored: restored.map(|restored| (words.at(restored.made_at, now), restored.advice)),
        asides: all.iter().filter_map(aside).collect(),
        groups: groups(words, &all, &names, now),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// `POST /console/settings/restored`: somebody looked at what a restore left to people.
pub(super) async fn looked(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    backup::seen(&visitor.app, &asked.by).await.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/settings", "looked"))
}

fn aside(held: &Held) -> Option<SettingAside> {
    let why = held.aside.as_deref().map(setting::in_words)?;
    Some(SettingAside { name: held.name.clone(), why, href: setting::path(&held.name) })
}

/// By the sections of the file, in the order of the table.
fn groups(words: &Words, all: &[Held], names: &Names, now: Timestamp) -> Vec<SettingGroup> {
    let mut groups: Vec<SettingGroup> = Vec::new();
    for held in all.iter().filter(|held| held.is_known()) {
        let section = held.setting.name.split_once('.').map(|(section, _)| section);
        let id = section.unwrap_or("general");
        let line = row(words, held, names, now);
        match groups.last_mut().filter(|group| group.id == id) {
            Some(group) => group.settings.push(line),
            None => groups.push(SettingGroup {
                id: id.to_owned(),
                title: title(&words.console.settings.group, id),
                section: section.map(|name| format!("[{name}]")),
                settings: vec![line],
            }),
        }
    }
    groups
}

/// What people call a section of the file.
fn title(t: &SettingGroupsWords, section: &str) -> String {
    t.title(section).unwrap_or(section).to_owned()
}

fn row(words: &Words, held: &Held, names: &Names, now: Timestamp) -> SettingLine {
    let own = own_name(held.setting.name);
    let change = match held.setting.is_live() {
        true => Some(setting::path(held.setting.name)),
        false => limits::is_one(held.setting.name).then(|| "/console/limits".to_owned()),
    };
    let kept = held.kept.as_ref().filter(|_| held.aside.is_none());
    SettingLine {
        change,
        kept: kept.map(|kept| (told::by(words, &kept.by, names), words.at(kept.at, now))),
        read: held.read.value.clone(),
        ..line(&held.entry, own)
    }
}

/// As it is called within its section of the file.
fn own_name(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, own)| own)
}

/// The line of the file that says what holds.
pub(super) fn line_of_file(held: &Held) -> String {
    line(&held.entry, own_name(held.setting.name)).line
}

fn line(entry: &Entry, own: &str) -> SettingLine {
    let hidden = entry.hidden;
    let shown = if hidden || entry.value.is_empty() { "…" } else { &entry.value };
    // TOML has numbers and truths of its own; everything else is a text.
    let bare = shown.parse::<u64>().is_ok() || shown.parse::<bool>().is_ok();
    let quoted = if bare { shown.to_owned() } else { serde_json::to_string(shown).unwrap_or_default() };
    SettingLine {
        name: entry.name.to_owned(),
        about: entry.about.to_owned(),
        value: if hidden { String::new() } else { entry.value.clone() },
        hidden,
        from: entry.source.to_owned(),
        set: !["built in", "derived"].contains(&entry.source),
        line: format!("{own} = {quoted}"),
        variable: entry.environment.clone(),
        change: None,
        kept: None,
        read: String::new(),
    }
}

/// "812 KiB", "12.4 MiB".
fn size(t: &SettingsWords, bytes: u64) -> String {
    let tenths = |unit: u64, name| (t.size)(bytes.saturating_mul(10) / unit, name);
    match bytes {
        0..1_024 => (t.bytes)(bytes),
        1_024..1_048_576 => tenths(1_024, "KiB"),
        1_048_576..1_073_741_824 => tenths(1_048_576, "MiB"),
        _ => tenths(1_073_741_824, "GiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;
    use crate::web::words;

    #[test]
    fn sizes_read_well() {
        let say = |language| {
            let t = &words::of(language).console.settings;
            [12, 1_024, 1_536, 13_000_000, 5_368_709_120].map(|bytes| size(t, bytes))
        };
        assert_eq!(say(Language::En), ["12 bytes", "1.0 KiB", "1.5 KiB", "12.3 MiB", "5.0 GiB"]);
        assert_eq!(say(Language::De), ["12 Bytes", "1,0 KiB", "1,5 KiB", "12,3 MiB", "5,0 GiB"]);
    }

    #[test]
    fn every_section_of_the_file_and_every_source_is_in_words() {
        for language in Language::ALL {
            let t = &words::of(language).console.settings;
            for setting in crate::config::SETTINGS.iter() {
                let section = setting.name.split_once('.').map_or("general", |(section, _)| section);
                assert!(t.group.title(section).is_some(), "{language:?} {section}");
            }
        }
        let t = &words::of(Language::De).console.settings;
        for source in ["built in", "derived", "file", "environment", "flag", "set here"] {
            assert_ne!(t.of_source(source), source);
        }
    }

    #[test]
    fn a_line_of_the_file_says_what_holds_and_no_secret() {
        let entry = |name, value: &str| Entry {
            name,
            value: value.to_owned(),
            source: "file",
            environment: "X".to_owned(),
            about: "",
            hidden: name == "master_key",
        };
        let text = |name, own, value| line(&entry(name, value), own).line;
        assert_eq!(text("lifetimes.access", "access", "30m"), "access = \"30m\"");
        assert_eq!(text("workers", "workers", "4"), "workers = 4");
        assert_eq!(text("brand.name", "name", "The \"house\""), "name = \"The \\\"house\\\"\"");
        assert_eq!(text("master_key", "master_key", "hunter2"), "master_key = \"…\"");
    }
}
