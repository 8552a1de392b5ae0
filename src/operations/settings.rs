//! The settings: which hold, where each comes from, and changing those that can be changed while the appliance runs.
//!
//! What an administrator puts in the place of a setting is in the file, holds from the commit on and after a restart, and is gone when
//! they say "as it was read". It is read by the same code as the settings file (`config::kept`), so that a value is good in the one
//! place exactly if it is in the other.

use serde::Serialize;
use serde_json::json;

use super::declined::Declined;
use super::finished::finished;
use super::operator::Operator;
use super::seen::{Seen, tag};
use crate::app::{App, Settings};
use crate::base::{Digest, Fault};
use crate::config::{Config, Entry, SETTINGS, Setting};
use crate::model::{Event, KeptSetting};
use crate::store::tables::KEPT_SETTINGS;
use crate::store::{MAX_ROWS, Read, Store};

/// One setting, as it stands.
#[derive(Clone, Debug)]
pub struct Held {
    pub name: String,
    /// [`Setting::UNKNOWN`] for a name that only another version has, whose value can still be taken away.
    pub setting: &'static Setting,
    /// What holds, and where it came from.
    pub entry: Entry,
    /// What was read when the appliance started.
    pub read: Entry,
    /// What somebody put in its place, whether or not it holds.
    pub kept: Option<KeptSetting>,
    /// Why that does not hold, if so.
    pub aside: Option<String>,
}

/// What a state of one is called by.
#[derive(Serialize)]
struct State<'s> {
    name: &'s str,
    kept: Option<&'s KeptSetting>,
}

impl Held {
    /// What a change that means this state is sent with.
    pub fn tag(&self) -> Result<Digest, Fault> {
        tag(&self.state())
    }

    /// The state in which it is, for its tag.
    pub fn state(&self) -> impl Serialize + '_ {
        State { name: &self.name, kept: self.kept.as_ref() }
    }

    /// Whether this version has a setting of this name.
    pub fn is_known(&self) -> bool {
        !self.setting.name.is_empty()
    }

    fn unknown(name: String, kept: Option<KeptSetting>, aside: Option<String>) -> Self {
        let nothing = Entry {
            name: Setting::UNKNOWN.name,
            value: String::new(),
            source: "unknown",
            environment: String::new(),
            about: Setting::UNKNOWN.about,
            hidden: false,
        };
        Self { name, setting: Setting::UNKNOWN, entry: nothing.clone(), read: nothing, kept, aside }
    }
}

/// Every setting, in the order of the table, and then what is kept under names that no setting of this version has. What holds is worked out
/// from the same rows that are told of, or a change meanwhile would be half in it.
pub fn list(app: &App) -> Result<Vec<Held>, Fault> {
    let kept = rows(&app.store)?;
    let (now, aside) = app.config.with_kept(kept.iter().map(|(name, row)| (name.as_str(), row.value.as_str())));
    let why = |name: &str| aside.iter().find(|aside| aside.name == name).map(|aside| aside.why.clone());
    let known = SETTINGS.iter().zip(now.entries()).zip(app.config.entries()).map(|((setting, entry), read)| Held {
        name: setting.name.to_owned(),
        setting,
        entry,
        read,
        kept: kept.iter().find(|(name, _)| name == setting.name).map(|(_, row)| row.clone()),
        aside: why(setting.name),
    });
    let strange = kept.iter().filter(|(name, _)| Setting::named(name).is_none());
    Ok(known.chain(strange.map(|(name, row)| Held::unknown(name.clone(), Some(row.clone()), why(name)))).collect())
}

/// The one of this name.
pub fn one(app: &App, name: &str) -> Result<Held, Declined> {
    let held = list(app)?.into_iter().find(|held| held.name == name);
    held.ok_or_else(|| Declined::Missing("there is no setting of this name".to_owned()))
}

fn rows(store: &Store) -> Result<Vec<(String, KeptSetting)>, Fault> {
    store.read_blocking(|view| kept(view))
}

/// There are as many as settings that can be changed, or fewer.
fn kept(read: &impl Read) -> Result<Vec<(String, KeptSetting)>, Fault> {
    Ok(read.page(&KEPT_SETTINGS, None, MAX_ROWS)?.rows)
}

/// Lets hold what is written down: at the start, and after each change.
pub(super) fn take_over(settings: &Settings, started: &Config, store: &Store) -> Result<(), Fault> {
    settings.take_over(started, || Ok(rows(store)?.into_iter().map(|(name, row)| (name, row.value)).collect()))
}

/// Puts a value in the place of a setting.
pub async fn set(app: &App, by: &Operator, name: &str, value: &str, seen: Seen) -> Result<Held, Declined> {
    let setting = live(app, name)?;
    let value = setting.read(&app.config, value.trim()).map_err(|why| Declined::field("value", why))?;
    change(app, by, setting.name.to_owned(), Some(value), seen).await
}

/// Gives back what was read when the appliance started.
pub async fn reset(app: &App, by: &Operator, name: &str, seen: Seen) -> Result<Held, Declined> {
    // What is kept under a name that is not changed here any more, or that no setting has, can still be taken away.
    if !rows(&app.store)?.iter().any(|(known, _)| known == name) {
        live(app, name)?;
    }
    change(app, by, name.to_owned(), None, seen).await
}

/// The setting of this name, if it can be changed while the appliance runs.
fn live(app: &App, name: &str) -> Result<&'static Setting, Declined> {
    let setting = Setting::named(name);
    let setting = setting.ok_or_else(|| Declined::Missing("there is no setting of this name".to_owned()))?;
    if setting.is_live() {
        return Ok(setting);
    }
    if let Some(limit) = name.strip_prefix("limits.").filter(|_| super::limits::is_one(name)) {
        let how = format!("a limit is changed with the limits: /console/limits, or `writ limits set {limit}`");
        return Err(Declined::Conflict(how));
    }
    let file = app.config.origin.file.clone().unwrap_or_else(|| app.config.settings_file());
    Err(Declined::Conflict(format!(
        "`{name}` is read when Writ starts: change it in {} or by {}, and restart Writ",
        file.display(),
        setting.variable()
    )))
}

async fn change(app: &App, by: &Operator, name: String, value: Option<String>, seen: Seen) -> Result<Held, Declined> {
    let (app, by) = (app.clone(), by.clone());
    finished("changing a setting ended early", async move {
        write_down(&app, &by, name.clone(), value, seen).await?;
        take_over(&app.settings, &app.config, &app.store)?;
        // Whether there is somewhere to register stands in it.
        app.discovery.forget();
        match one(&app, &name) {
            Err(Declined::Missing(_)) => Ok(Held::unknown(name, None, None)),
            other => other,
        }
    })
    .await
}

async fn write_down(app: &App, by: &Operator, name: String, value: Option<String>, seen: Seen) -> Result<(), Declined> {
    let (ctx, by, within) = (by, by.clone(), app.clone());
    app.store
        .write("change setting", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let before = tx.get(&KEPT_SETTINGS, &name)?;
            if let Err(declined) = seen.is_still(&State { name: &name, kept: before.as_ref() })? {
                return Ok(Err(declined));
            }
            if before.as_ref().map(|row| &row.value) == value.as_ref() {
                return Ok(Ok(()));
            }
            if let Err(why) = goes_with_the_rest(&within.config, kept(tx)?, &name, value.as_deref()) {
                return Ok(Err(Declined::field("value", why)));
            }
            match &value {
                Some(value) => {
                    let row = KeptSetting { value: value.clone(), by: by.by.clone(), at: tx.now() };
                    tx.put(&KEPT_SETTINGS, &name, &row)?;
                }
                None => {
                    tx.delete(&KEPT_SETTINGS, &name)?;
                }
            }
            let read = within.config.entries().find(|entry| entry.name == name).map(|entry| entry.value);
            let said =
                |value: Option<&String>| json!({ "value": value.or(read.as_ref()), "set_here": value.is_some() });
            let (before, after) = (said(before.as_ref().map(|row| &row.value)), said(value.as_ref()));
            tx.record(Event::SettingChanged { setting: name.clone(), before, after })?;
            Ok(Ok(()))
        })
        .await?
}

/// Whether all that is kept still holds after a change: none may push another aside.
fn goes_with_the_rest(
    started: &Config,
    rows: Vec<(String, KeptSetting)>,
    name: &str,
    value: Option<&str>,
) -> Result<(), String> {
    let pairs = |rows: &[(String, String)]| {
        started.with_kept(rows.iter().map(|(name, value)| (name.as_str(), value.as_str()))).1
    };
    let mut rows: Vec<(String, String)> = rows.into_iter().map(|(name, row)| (name, row.value)).collect();
    let already = pairs(&rows);
    rows.retain(|(known, _)| known != name);
    rows.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let fresh =
        |aside: &&crate::config::Aside| aside.name == name || !already.iter().any(|before| before.name == aside.name);
    pairs(&rows).iter().find(fresh).map_or(Ok(()), |aside| Err(aside.why.clone()))
}
