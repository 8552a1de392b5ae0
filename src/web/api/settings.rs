//! The settings, and those of them that are changed while the appliance runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::NoFilter;
use crate::model::Actor;
use crate::operations::settings::{self, Held};
use crate::protocol::own_scopes::{ADMIN, READ};

pub(super) fn noun() -> Noun {
    let (all, at) = ("/api/v1/settings", "/api/v1/settings/{id}");
    Noun::new(
        "Settings",
        "name",
        "What the settings file, the environment and the command line say, and what was put in its place while the appliance ran. Values are texts, as in the file; secrets are not shown.",
    )
    .list(What(all, "listSettings", READ, "List every setting, in the order of the documentation, and what another version kept"), list)
    .show(What(at, "showSetting", READ, "Show a setting"), show)
    .change(What(at, "changeSetting", ADMIN, "Change a setting at once, and for after a restart"), change)
    .end(What(at, "resetSetting", ADMIN, "Let hold again what was read at the start, or take away what no setting has"), reset)
}

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
struct SettingView {
    #[schema(example = "lifetimes.access")]
    name: String,
    /// What holds; `hidden` for a secret that is set.
    #[schema(example = "30m")]
    value: String,
    /// `built in`, `derived`, `file`, `environment`, `flag`, or `set here`; `unknown` where only another version has it.
    #[schema(example = "set here")]
    source: &'static str,
    /// What was read when the appliance started, which holds again after a reset.
    #[schema(example = "1h")]
    read: String,
    read_from: &'static str,
    /// Whether it can be changed while the appliance runs.
    can_be_changed: bool,
    /// The least and the most, where there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "1m..1d")]
    within: Option<&'static str>,
    /// All its values, where they are few.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    choices: &'static [&'static str],
    about: &'static str,
    /// What a change means for what is out already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    effect: Option<&'static str>,
    /// Who put it in the place of what was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    set_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    set_at: Option<String>,
    /// Why what was put there does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    does_not_hold: Option<String>,
}

/// What a setting is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingChange {
    #[schema(max_length = 1024, example = "30m")]
    value: String,
}

/// Who, in one word.
pub(super) fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => person.to_string(),
        Actor::Client(client) => client.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::System => "system".to_owned(),
        Actor::Nobody => "nobody".to_owned(),
    }
}

fn view(held: &Held) -> SettingView {
    let some = |text: &'static str| (!text.is_empty()).then_some(text);
    SettingView {
        name: held.name.clone(),
        value: held.entry.value.clone(),
        source: held.entry.source,
        read: held.read.value.clone(),
        read_from: held.read.source,
        can_be_changed: held.setting.is_live(),
        within: some(held.setting.within),
        choices: held.setting.choices,
        about: held.setting.about,
        effect: some(held.setting.live),
        set_by: held.kept.as_ref().map(|kept| who(&kept.by)),
        set_at: held.kept.as_ref().map(|kept| kept.at.iso()),
        does_not_hold: held.aside.clone(),
    }
}

fn shown(held: &Held) -> Result<One<SettingView>, Problem> {
    Ok(One::of(&held.state(), view(held))?)
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<SettingView>, Problem> {
    let all = settings::list(&call.app)?;
    let after: Option<String> = window.from()?;
    let begin = after.and_then(|name| all.iter().position(|held| held.name == name)).map_or(0, |at| at + 1);
    let page: Vec<&Held> = all.iter().skip(begin).take(window.limit).collect();
    let more = begin + page.len() < all.len();
    let next = page.last().filter(|_| more).map(|held| held.name.as_str());
    Ok(Listed::of(page.into_iter().map(view).collect(), &window, next))
}

async fn show(call: Call) -> Result<One<SettingView>, Problem> {
    shown(&settings::one(&call.app, &call.id::<String>()?)?)
}

async fn change(call: Call, ask: SettingChange) -> Result<One<SettingView>, Problem> {
    shown(&settings::set(&call.app, &call.by, &call.id::<String>()?, &ask.value, call.seen()).await?)
}

async fn reset(call: Call) -> Result<SettingView, Problem> {
    Ok(view(&settings::reset(&call.app, &call.by, &call.id::<String>()?, call.seen()).await?))
}
