//! `/console/limits`: how often somebody may ask, who met it, and changing it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{back, declined, shell};
use crate::app::{Met, Often, Who};
use crate::base::Timestamp;
use crate::config::SETTINGS;
use crate::model::ClientId;
use crate::operations::declined::Declined;
use crate::operations::limits::{self, Limit};
use crate::web::extract::{Administered, Administrator};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{Frame, LimitLine, LimitMet, LimitsPage, MetBy, Section};
use crate::web::words::Words;

/// Most that are shown of those who met one limit.
const MOST_SHOWN: usize = 5;

/// `GET /console/limits`
pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let limits = limits::list(app).map_err(|fault| visitor.broken(&fault))?;
    let words = visitor.words();
    let t = &words.console.limits;
    let said = [("changed", FlashKind::Done, t.changed), ("reset", FlashKind::Done, t.reset)];
    let page = LimitsPage {
        shell: shell(visitor, &request, &said),
        frame: Frame::of(Section::Settings),
        limits: limits.iter().map(|limit| line(words, limit, now)).collect(),
        accounts: met(words, &limits::of_accounts(app), now),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn line(words: &Words, limit: &Limit, now: Timestamp) -> LimitLine {
    let name = limit.class.name();
    let about = SETTINGS.iter().find(|setting| setting.name.strip_prefix("limits.") == Some(name));
    let no_limit = words.console.limits.no_limit;
    let number = |per_minute: u64| if per_minute == 0 { no_limit.to_owned() } else { per_minute.to_string() };
    LimitLine {
        name: name.to_owned(),
        about: about.map(|setting| setting.about.to_owned()).unwrap_or_default(),
        holds: number(limit.per_minute),
        per_minute: limit.per_minute,
        setting: number(u64::from(limit.setting)),
        changed: limit.is_changed,
        met: met(words, &limit.met, now),
    }
}

fn met(words: &Words, met: &Met, now: Timestamp) -> LimitMet {
    LimitMet {
        times: met.times,
        last_at: met.last_at.map(|at| words.at(at, now)),
        most: met.most.iter().take(MOST_SHOWN).map(by).collect(),
    }
}

fn by(often: &Often) -> MetBy {
    let (who, path) = match &often.who {
        Who::Network(network) => (network.to_string(), None),
        Who::Client(ClientId::Machine(id)) => (id.to_string(), Some(format!("/console/machines/{id}"))),
        Who::Client(ClientId::Registered(id)) => (id.to_string(), Some(format!("/console/applications/{id}"))),
        Who::Client(client) => (client.to_string(), None),
        Who::Person(id) => (id.to_string(), Some(format!("/console/people/{id}"))),
    };
    MetBy { who, path, times: often.times }
}

/// `POST /console/limits`: another limit, or without one the setting again.
pub(super) async fn change(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let per_minute = match asked.form.optional("per_minute").map(str::trim) {
        None => None,
        Some(text) => {
            let why = "is a number of requests a minute, 0 for no limit";
            Some(text.parse().map_err(|_| declined(visitor, Declined::field("per_minute", why)))?)
        }
    };
    let changed = limits::set(&visitor.app, &asked.by, asked.form.text("limit"), per_minute).await;
    changed.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/limits", if per_minute.is_some() { "changed" } else { "reset" }))
}
