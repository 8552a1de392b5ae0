//! The limits on requests: which hold, who met them, and changing them while the appliance runs.
//!
//! A setting says what a limit is. What an administrator puts in its place is in the file, holds from the next request on and after a
//! restart, and is gone when they say "as the setting is".

use serde_json::json;

use super::declined::Declined;
use super::finished::finished;
use super::operator::Operator;
use crate::app::{App, Class, Limits, Met};
use crate::base::Fault;
use crate::model::{Event, LimitsRow};
use crate::store::tables::{LIMITS, ONLY};
use crate::store::{Read, Store};

/// One limit, as it stands.
#[derive(Clone, Debug)]
pub struct Limit {
    pub class: Class,
    /// What holds: so many requests a minute, or 0 for no limit.
    pub per_minute: u64,
    pub setting: u32,
    /// Somebody put it in the place of the setting, even if it is the same.
    pub is_changed: bool,
    pub met: Met,
}

/// What a setting may be at most.
pub const MOST: u32 = 10_000_000;
/// What is less would keep out whoever wants to change it back.
pub const LEAST_TO_GET_IN: u32 = 10;

/// Whether a setting is a limit that is changed here.
pub fn is_one(setting: &str) -> bool {
    setting.strip_prefix("limits.").is_some_and(|name| Class::TUNABLE.iter().any(|class| class.name() == name))
}

/// Every limit that is a setting.
pub fn list(app: &App) -> Result<Vec<Limit>, Fault> {
    let row = written_down(&app.store)?;
    Ok(Class::TUNABLE.iter().map(|class| limit(app, &row, *class)).collect())
}

/// How often somebody was told to wait at an account of theirs, which no setting says.
pub fn of_accounts(app: &App) -> Met {
    app.limits.how_often(Class::Account)
}

fn limit(app: &App, row: &LimitsRow, class: Class) -> Limit {
    Limit {
        class,
        per_minute: app.limits.per_minute(class),
        setting: app.limits.setting(class),
        is_changed: row.per_minute.contains_key(class.name()),
        met: app.limits.how_often(class),
    }
}

/// What was put in the place of settings.
fn written_down(store: &Store) -> Result<LimitsRow, Fault> {
    store.read_blocking(|view| Ok(view.get(&LIMITS, &ONLY.to_owned())?.unwrap_or_default()))
}

/// Lets hold what is written down: at the start, and after each change.
pub(super) fn take_over(limits: &Limits, store: &Store) -> Result<(), Fault> {
    limits.take_over(|| written_down(store))
}

/// Puts so many requests a minute in the place of a setting, or with none gives the setting back.
pub async fn set(app: &App, by: &Operator, name: &str, per_minute: Option<u32>) -> Result<Limit, Declined> {
    let class = Class::TUNABLE.into_iter().find(|class| class.name() == name);
    let class = class.ok_or_else(|| {
        let names: Vec<&str> = Class::TUNABLE.iter().map(|class| class.name()).collect();
        Declined::field("limit", format!("there is no limit of this name; there are {}", names.join(", ")))
    })?;
    if let Some(per_minute) = per_minute {
        fits(class, per_minute).map_err(|why| Declined::field("per_minute", why))?;
    }
    let (app, by) = (app.clone(), by.clone());
    finished("changing a limit ended early", async move {
        write_down(&app, &by, class, per_minute).await?;
        take_over(&app.limits, &app.store)?;
        Ok(limit(&app, &written_down(&app.store)?, class))
    })
    .await
}

async fn write_down(app: &App, by: &Operator, class: Class, per_minute: Option<u32>) -> Result<(), Declined> {
    let setting = app.limits.setting(class);
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change limit", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let only = ONLY.to_owned();
            let mut row: LimitsRow = tx.get(&LIMITS, &only)?.unwrap_or_default();
            let before = row.per_minute.get(class.name()).copied();
            if before == per_minute {
                return Ok(Ok(()));
            }
            match per_minute {
                Some(per_minute) => row.per_minute.insert(class.name().to_owned(), per_minute),
                None => row.per_minute.remove(class.name()),
            };
            tx.put(&LIMITS, &only, &row)?;
            let said = |value: Option<u32>| json!({ "per_minute": value.unwrap_or(setting), "is_the_setting": value.is_none() });
            tx.record(Event::LimitChanged {
                limit: class.name().to_owned(),
                before: said(before),
                after: said(per_minute),
            })?;
            Ok(Ok(()))
        })
        .await?
}

fn fits(class: Class, per_minute: u32) -> Result<(), String> {
    let gets_in = matches!(class, Class::Pages | Class::SignIn | Class::Api);
    if per_minute > MOST {
        return Err(format!("at most {MOST}; 0 is no limit"));
    }
    if gets_in && (1..LEAST_TO_GET_IN).contains(&per_minute) {
        return Err(format!(
            "at least {LEAST_TO_GET_IN}, or 0 for no limit: with less nobody gets in to change it back"
        ));
    }
    Ok(())
}
