//! How often somebody may ask, and who met these limits.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::One;
use super::call::Call;
use super::operation::{Noun, What};
use super::problem::Problem;
use crate::app::{Often, Who};
use crate::operations::limits;
use crate::protocol::own_scopes::{ADMIN, READ};

pub(super) fn noun() -> Noun {
    Noun::new(
        "Limits",
        "limit",
        "Requests per minute that one address, or one client, may make; what does not fit is answered with 429. Counted in memory, since the process began.",
    )
    .show(What("/api/v1/limits", "showLimits", READ, "Show every limit, and who met it"), show)
    .tell(What("/api/v1/limits/change", "changeLimit", ADMIN, "Change a limit, from the next request on"), change)
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsView {
    limits: Vec<LimitView>,
}

/// A limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
struct LimitView {
    /// The name of the setting in the section `limits`.
    #[schema(example = "token")]
    limit: String,
    /// What holds; 0 for no limit.
    per_minute: u64,
    /// What the setting says.
    setting: u32,
    /// Whether it was put in the place of the setting.
    changed: bool,
    /// How often somebody was told to come later.
    met: u64,
    /// By whom most.
    most: Vec<OftenView>,
}

/// Somebody who met a limit: an address without its last bits, a client or a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetBy)]
struct OftenView {
    #[schema(example = "192.0.2.0/24")]
    who: String,
    times: u64,
    #[schema(format = DateTime)]
    last_at: String,
}

/// Which limit is to be what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LimitChange {
    #[schema(min_length = 1, max_length = 32, example = "token")]
    limit: String,
    /// 0 for no limit; without it, as the setting is.
    #[serde(default)]
    #[schema(maximum = 10000000)]
    per_minute: Option<u32>,
}

/// Who, in one word.
fn who(who: &Who) -> String {
    match who {
        Who::Network(network) => network.to_string(),
        Who::Client(client) => client.to_string(),
        Who::Person(person) => person.to_string(),
    }
}

fn view(limit: &limits::Limit) -> LimitView {
    let often = |often: &Often| OftenView { who: who(&often.who), times: often.times, last_at: often.last_at.iso() };
    LimitView {
        limit: limit.class.name().to_owned(),
        per_minute: limit.per_minute,
        setting: limit.setting,
        changed: limit.is_changed,
        met: limit.met.times,
        most: limit.met.most.iter().take(10).map(often).collect(),
    }
}

async fn show(call: Call) -> Result<One<LimitsView>, Problem> {
    let limits = limits::list(&call.app)?;
    let holding: Vec<(&str, u64)> = limits.iter().map(|limit| (limit.class.name(), limit.per_minute)).collect();
    Ok(One::of(&holding, LimitsView { limits: limits.iter().map(view).collect() })?)
}

async fn change(call: Call, ask: LimitChange) -> Result<LimitView, Problem> {
    Ok(view(&limits::set(&call.app, &call.by, &ask.limit, ask.per_minute).await?))
}
