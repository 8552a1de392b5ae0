//! `/console/keys`: the line of time, and a turn before its time.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{back, declined, shell};
use crate::base::{Lifetime, Timestamp};
use crate::model::{Algorithm, KeyState, SigningKey};
use crate::operations::declined::Declined;
use crate::operations::keys::{self, Haste};
use crate::web::extract::{Administered, Administrator};
use crate::web::problem::PageProblem;
use crate::web::reply::{self, length, moment};
use crate::web::views::FlashKind;
use crate::web::views::console::{Choice, Frame, KeyRow, KeysPage, Pill, Section, Tone};

/// The line of time shows as many periods before now as after it.
const PERIODS: u64 = 4;

/// `GET /console/keys`
pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let mut rows = keys::list(app).map_err(|fault| visitor.broken(&fault))?;
    rows.reverse();
    let settings = &app.config.keys;
    let ring = app.keys.current();
    let jwks: serde_json::Value = serde_json::from_str(ring.jwks().body()).unwrap_or_default();
    let words = [("rotated", FlashKind::Done, "A new key is on its way; the table says when it signs.")];
    let page = KeysPage {
        shell: shell(visitor, &request, &words),
        frame: Frame::of(Section::Keys),
        period: length(settings.rotation_period.seconds()),
        max_age: length(settings.jwks_max_age.seconds()),
        rows: rows.iter().map(|key| row(key, settings.rotation_period, now)).collect(),
        algorithms: std::iter::once(Choice::new("", "All of them", true))
            .chain(settings.algorithms.iter().map(|one| Choice::new(one.as_str(), one.as_str(), false)))
            .collect(),
        jwks_uri: format!("{}/.well-known/jwks.json", app.issuer),
        jwks: serde_json::to_string_pretty(&jwks).unwrap_or_default(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn row(key: &SigningKey, period: Lifetime, now: Timestamp) -> KeyRow {
    let said = |words: &str, at| (words.to_owned(), moment(at, now));
    let (state, moments, bar) = match key.state {
        KeyState::Next { signs_from } => {
            let moments = vec![said("Published", key.published_at), said("Signs", signs_from)];
            (Pill::new("next", Tone::Soon), moments, Some((signs_from, None)))
        }
        KeyState::Signing { signs_from } => {
            (Pill::new("signs", Tone::Live), vec![said("Signs since", signs_from)], Some((signs_from, None)))
        }
        KeyState::Retained { signs_from, retired_at, gone_at } => (
            Pill::new("published", Tone::Plain),
            vec![said("Signed until", retired_at), said("Gone", gone_at)],
            Some((signs_from, Some(retired_at))),
        ),
        KeyState::Revoked { revoked_at, gone_at } => (
            Pill::new("withdrawn", Tone::Danger),
            vec![said("Withdrawn", revoked_at), said("Forgotten", gone_at)],
            None,
        ),
    };
    KeyRow {
        kid: key.kid.clone(),
        algorithm: key.algorithm.as_str().to_owned(),
        state,
        moments,
        bar: bar.map(|(from, until)| {
            let until = until.unwrap_or_else(|| from.plus(period).max(now));
            let (from, until) = (place(from, period, now), place(until, period, now));
            (from, until.saturating_sub(from).max(4))
        }),
    }
}

/// Where a time is on the line, of 1000: now in the middle.
fn place(at: Timestamp, period: Lifetime, now: Timestamp) -> u32 {
    let half = period.seconds().saturating_mul(PERIODS).max(1);
    let away = |seconds: u64| u32::try_from(seconds.min(half).saturating_mul(500) / half).unwrap_or(500);
    if at >= now { 500 + away(at.since(now).seconds()) } else { 500 - away(now.since(at).seconds()) }
}

/// `POST /console/keys/rotation`
pub(super) async fn rotate(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let algorithm = match asked.form.text("algorithm") {
        "" => None,
        text => {
            let parsed = text.parse::<Algorithm>();
            Some(parsed.map_err(|why| declined(visitor, Declined::field("algorithm", why)))?)
        }
    };
    let haste = if asked.form.text("haste") == "now" { Haste::AtOnce } else { Haste::WhenPublished };
    let done = keys::rotate(&visitor.app, &asked.by, algorithm, haste).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/keys", "rotated"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_in_the_middle_and_nothing_leaves_the_line() {
        let (now, day) = (Timestamp::from_seconds(1_800_000_000), Lifetime::from_days(1));
        assert_eq!(place(now, day, now), 500);
        assert_eq!(place(now.plus(Lifetime::from_days(2)), day, now), 750);
        assert_eq!(place(Timestamp::from_seconds(0), day, now), 0);
        assert_eq!(place(now.plus(Lifetime::from_days(400)), day, now), 1_000);
    }
}
