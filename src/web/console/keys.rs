//! `/console/keys`: the line of time, a turn before its time, and the page of one key, where it is withdrawn.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{as_seen, back, declined, shell};
use crate::base::{Id, Lifetime, Timestamp};
use crate::model::{Algorithm, KeyState, SigningKey};
use crate::operations::declined::Declined;
use crate::operations::keys::{self, Breaks, Haste, IdTokens};
use crate::operations::seen::tag;
use crate::web::extract::{Administered, Administrator};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    Bar, Choice, Coming, Frame, KeyLine, KeyPage, KeyRow, KeysPage, LineEnds, Pill, Section, Tone,
};
use crate::web::views::{FlashKind, Moment};
use crate::web::words::{KeyWords, Words};

/// The line of time shows as many periods before now as after it: these at least, and those at most.
const PERIODS: std::ops::RangeInclusive<u64> = 4..=64;
/// Keys that signed before the one that does, and are not folded away.
const LATELY: usize = 1;
/// Most things that are said to come.
const COMING: usize = 6;
/// So much of a kid is enough to tell one key from the others, and to be typed.
const SHORTENED: usize = 8;

/// `GET /console/keys`
pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let rows = keys::list(app).map_err(|fault| visitor.broken(&fault))?;
    let settings = &app.config.keys;
    let window = window(&rows, settings.rotation_period, now);
    let ring = app.keys.current();
    let jwks: serde_json::Value = serde_json::from_str(ring.jwks().body()).unwrap_or_default();
    let words = visitor.words();
    let t = &words.console.keys;
    let said = [("rotated", FlashKind::Done, t.rotated), ("withdrawn", FlashKind::Done, t.withdrawn)];
    let page = KeysPage {
        shell: shell(visitor, &request, &said),
        frame: Frame::of(Section::Keys),
        period: words.length(settings.rotation_period.seconds()),
        max_age: words.length(settings.jwks_max_age.seconds()),
        ends: LineEnds { from: words.at(now.minus(window), now).words, until: words.at(now.plus(window), now).words },
        hurried: keys::is_hurried(app, now),
        coming: coming(words, &rows, now),
        lines: lines(words, &rows, settings.rotation_period, window, now),
        algorithms: std::iter::once(Choice::new("", t.all, true))
            .chain(settings.algorithms.iter().map(|one| Choice::new(one.as_str(), one.as_str(), false)))
            .collect(),
        jwks_uri: format!("{}/.well-known/jwks.json", app.issuer),
        jwks: serde_json::to_string_pretty(&jwks).unwrap_or_default(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// The keys of each algorithm: what is next first, then what signs, then what did.
fn lines(words: &Words, rows: &[SigningKey], period: Lifetime, window: Lifetime, now: Timestamp) -> Vec<KeyLine> {
    let line = |algorithm: Algorithm| {
        let mut keys: Vec<&SigningKey> = rows.iter().filter(|key| key.algorithm == algorithm).collect();
        keys.sort_by_key(|key| (rank(key), std::cmp::Reverse((key.state_since(), key.id))));
        let mut kept = 0;
        let (older, recent): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| {
            let is_kept = matches!(key.state, KeyState::Retained { .. });
            kept += usize::from(is_kept);
            is_kept && kept > LATELY
        });
        let rows = |keys: Vec<&SigningKey>| {
            keys.into_iter().map(|key| row(words, key, period, window, now)).collect::<Vec<_>>()
        };
        let (rows, older) = (rows(recent), rows(older));
        (!rows.is_empty()).then(|| KeyLine { algorithm: algorithm.as_str().to_owned(), rows, older })
    };
    Algorithm::ALL.into_iter().filter_map(line).collect()
}

fn rank(key: &SigningKey) -> u8 {
    match key.state {
        KeyState::Next { .. } => 0,
        KeyState::Signing { .. } => 1,
        KeyState::Retained { .. } => 2,
        KeyState::Revoked { .. } => 3,
    }
}

/// What the schedule will do, the soonest first.
fn coming(words: &Words, rows: &[SigningKey], now: Timestamp) -> Vec<Coming> {
    let t = &words.console.keys;
    let mut all: Vec<(Timestamp, Id<SigningKey>, String)> = rows
        .iter()
        .filter_map(|key| {
            let (algorithm, short) = (key.algorithm.as_str(), short(&key.kid));
            let (at, text) = match key.state {
                KeyState::Next { signs_from } => (signs_from, (t.will_sign)(algorithm, &short)),
                KeyState::Signing { .. } => return None,
                KeyState::Retained { gone_at, .. } => (gone_at, (t.will_go)(algorithm, &short)),
                KeyState::Revoked { gone_at, .. } => (gone_at, (t.will_be_forgotten)(algorithm, &short)),
            };
            Some((at, key.id, text))
        })
        .collect();
    all.sort();
    all.truncate(COMING);
    all.into_iter().map(|(at, _, text)| Coming { at: words.at(at, now), words: text }).collect()
}

fn short(kid: &str) -> String {
    kid.chars().take(SHORTENED).collect()
}

pub(super) fn path(kid: &str) -> String {
    format!("/console/keys/{kid}")
}

/// Its state, and what it does when.
fn standing(words: &Words, key: &SigningKey, now: Timestamp) -> (Pill, Vec<(String, Moment)>) {
    let t = &words.console.keys;
    let said = |text: &str, at| (text.to_owned(), words.at(at, now));
    match key.state {
        KeyState::Next { signs_from } => (
            Pill::new(t.is_next, Tone::Soon),
            vec![said(t.at_published, key.published_at), said(t.at_signs, signs_from)],
        ),
        KeyState::Signing { signs_from } => {
            (Pill::new(t.is_signing, Tone::Live), vec![said(t.at_signs_since, signs_from)])
        }
        KeyState::Retained { retired_at, gone_at, .. } => (
            Pill::new(t.is_published, Tone::Plain),
            vec![said(t.at_signed_until, retired_at), said(t.at_gone, gone_at)],
        ),
        KeyState::Revoked { revoked_at, gone_at } => (
            Pill::new(t.is_withdrawn, Tone::Danger),
            vec![said(t.at_withdrawn, revoked_at), said(t.at_forgotten, gone_at)],
        ),
    }
}

/// So wide that every life that is drawn ends on the line, in whole periods.
fn window(rows: &[SigningKey], period: Lifetime, now: Timestamp) -> Lifetime {
    let ends = rows.iter().filter_map(|key| match key.state {
        KeyState::Retained { gone_at, .. } => Some(gone_at.since(now).seconds()),
        _ => None,
    });
    let length = period.seconds().max(1);
    let periods = ends.max().unwrap_or_default().div_ceil(length).clamp(*PERIODS.start(), *PERIODS.end());
    Lifetime::from_seconds(length.saturating_mul(periods))
}

fn row(words: &Words, key: &SigningKey, period: Lifetime, window: Lifetime, now: Timestamp) -> KeyRow {
    let (state, moments) = standing(words, key, now);
    KeyRow {
        kid: key.kid.clone(),
        short: short(&key.kid),
        href: path(&key.kid),
        state,
        moments,
        bars: bars(key, period, window, now),
    }
}

/// A life in three stretches: published and waiting, signing, and only verified with. What is to come is drawn as the schedule has it.
fn bars(key: &SigningKey, period: Lifetime, window: Lifetime, now: Timestamp) -> Vec<Bar> {
    let (signs_from, until, gone_at) = match key.state {
        KeyState::Next { signs_from } => (signs_from, signs_from.plus(period), None),
        KeyState::Signing { signs_from } => (signs_from, signs_from.plus(period).max(now), None),
        KeyState::Retained { signs_from, retired_at, gone_at } => (signs_from, retired_at, Some(gone_at)),
        KeyState::Revoked { .. } => return Vec::new(),
    };
    let stretch = |class, from, until| {
        let (from, until) = (place(from, window, now), place(until, window, now));
        Bar { class, from, long: until.saturating_sub(from) }
    };
    let kept = gone_at.map(|gone_at| stretch("life-kept", until, gone_at));
    [Some(stretch("life-wait", key.published_at, signs_from)), Some(stretch("bar-life", signs_from, until)), kept]
        .into_iter()
        .flatten()
        .filter(|bar| bar.long > 0)
        .collect()
}

/// Where a time is on the line, of 1000: now in the middle.
fn place(at: Timestamp, window: Lifetime, now: Timestamp) -> u32 {
    let half = window.seconds().max(1);
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

/// `GET /console/keys/{kid}`
pub(super) async fn one(
    admin: Administrator,
    kid: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let Administrator { visitor, by } = &admin;
    let now = visitor.ctx.at;
    let breaks = keys::breaks(&visitor.app, by, &kid).await.map_err(|why| declined(visitor, why))?;
    let words = visitor.words();
    let t = &words.console.keys;
    let (state, mut moments) = standing(words, &breaks.key, now);
    moments.insert(0, (t.at_made.to_owned(), words.at(breaks.key.created_at, now)));
    let withdrawable = breaks.key.is_published();
    let said = [("wrong-name", FlashKind::Failed, t.one.wrong_name)];
    let page = KeyPage {
        shell: shell(visitor, &request, &said),
        frame: Frame::of(Section::Keys),
        kid: breaks.key.kid.clone(),
        short: short(&breaks.key.kid),
        algorithm: breaks.key.algorithm.as_str().to_owned(),
        href: path(&breaks.key.kid),
        state,
        moments,
        signs: if withdrawable { signs(&t.one, &breaks) } else { Vec::new() },
        withdrawable,
        breaks: broken(words, &breaks, now),
        taken_until: words.at(breaks.taken_until, now),
        seen: tag(&breaks.key).map_err(|fault| visitor.broken(&fault))?.text(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// What is signed with its algorithm.
fn signs(t: &KeyWords, breaks: &Breaks) -> Vec<String> {
    let mut lines: Vec<String> =
        breaks.resources.iter().map(|resource| (t.access_tokens)(&resource.to_string())).collect();
    if breaks.more_resources > 0 {
        lines.push((t.more_access_tokens)(breaks.more_resources));
    }
    if breaks.own {
        lines.push(t.own_tokens.to_owned());
    }
    match &breaks.id_tokens {
        IdTokens::Usually => lines.push(t.id_tokens_usually.to_owned()),
        IdTokens::Of { names, more, not_all } => {
            lines.extend(names.iter().map(|name| (t.id_tokens)(name)));
            if *more > 0 {
                lines.push((t.id_tokens_unnamed)(*more, !names.is_empty()));
            }
            if *not_all {
                lines.push(t.id_tokens_maybe.to_owned());
            }
        }
    }
    if breaks.status_lists {
        lines.push(t.status_lists.to_owned());
    }
    lines
}

/// What stops working with the key, and what does not.
fn broken(words: &Words, breaks: &Breaks, now: Timestamp) -> Vec<String> {
    let t = &words.console.keys.one;
    let tokens = match (breaks.key.state, breaks.tokens.until) {
        (KeyState::Next { .. }, _) => t.signed_nothing.to_owned(),
        (_, None) => t.nothing_alive.to_owned(),
        (_, Some(_)) if breaks.tokens.at_most == 0 => t.none_known.to_owned(),
        (_, Some(until)) => (t.tokens_refused)(breaks.tokens.at_most, &words.at(until, now).words),
    };
    let successor = match &breaks.successor {
        Some(next) if next.known_to_all => Some((t.successor)(&short(&next.kid))),
        Some(next) => Some((t.new_successor)(&short(&next.kid))),
        None => matches!(breaks.key.state, KeyState::Signing { .. }).then(|| t.no_successor.to_owned()),
    };
    [Some(tokens), successor, Some(t.what_stays.to_owned())].into_iter().flatten().collect()
}

/// `POST /console/keys/{kid}/withdrawal`: nothing brings it back, so how it begins is asked for.
pub(super) async fn withdraw(asked: Administered, kid: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let key = keys::find(&visitor.app, &kid).map_err(|why| declined(visitor, why))?;
    let typed = asked.form.text("name").trim();
    if typed != short(&key.kid) && typed != key.kid {
        return Ok(back(visitor, &path(&key.kid), "wrong-name"));
    }
    let (seen, because) = (as_seen(&asked.form), asked.form.text("because"));
    let done = keys::revoke(&visitor.app, &asked.by, &key.kid, seen, because).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/keys", "withdrawn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_in_the_middle_and_nothing_leaves_the_line() {
        let (now, four) = (Timestamp::from_seconds(1_800_000_000), Lifetime::from_days(4));
        assert_eq!(place(now, four, now), 500);
        assert_eq!(place(now.plus(Lifetime::from_days(2)), four, now), 750);
        assert_eq!(place(Timestamp::from_seconds(0), four, now), 0);
        assert_eq!(place(now.plus(Lifetime::from_days(400)), four, now), 1_000);
    }
}
