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
use crate::web::reply::{self, moment};
use crate::web::views::FlashKind;
use crate::web::views::console::{Frame, LimitLine, LimitMet, LimitsPage, MetBy, Section};

/// Most that are shown of those who met one limit.
const MOST_SHOWN: usize = 5;

/// `GET /console/limits`
pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let limits = limits::list(app).map_err(|fault| visitor.broken(&fault))?;
    let words = [
        ("changed", FlashKind::Done, "The limit was changed. It holds from now on."),
        ("reset", FlashKind::Done, "The limit is as the setting says again."),
    ];
    let page = LimitsPage {
        shell: shell(visitor, &request, &words),
        frame: Frame::of(Section::Settings),
        limits: limits.iter().map(|limit| line(limit, now)).collect(),
        accounts: met(&limits::of_accounts(app), now),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn line(limit: &Limit, now: Timestamp) -> LimitLine {
    let name = limit.class.name();
    let about = SETTINGS.iter().find(|setting| setting.name.strip_prefix("limits.") == Some(name));
    let number = |per_minute: u64| if per_minute == 0 { "no limit".to_owned() } else { per_minute.to_string() };
    LimitLine {
        name: name.to_owned(),
        about: about.map(|setting| setting.about.to_owned()).unwrap_or_default(),
        holds: number(limit.per_minute),
        per_minute: limit.per_minute,
        setting: number(u64::from(limit.setting)),
        changed: limit.is_changed,
        met: met(&limit.met, now),
    }
}

fn met(met: &Met, now: Timestamp) -> LimitMet {
    LimitMet {
        times: met.times,
        last_at: met.last_at.map(|at| moment(at, now)),
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
