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
use crate::web::reply::{self, length, moment};
use crate::web::views::console::{Bar, Choice, Coming, Frame, KeyLine, KeyPage, KeyRow, KeysPage, Pill, Section, Tone};
use crate::web::views::{FlashKind, Moment};

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
    let words = [
        ("rotated", FlashKind::Done, "A new key is on its way; the lines say when it signs."),
        ("withdrawn", FlashKind::Done, "The key is withdrawn. Nothing that it signed is taken here any more."),
    ];
    let page = KeysPage {
        shell: shell(visitor, &request, &words),
        frame: Frame::of(Section::Keys),
        period: length(settings.rotation_period.seconds()),
        max_age: length(settings.jwks_max_age.seconds()),
        window: length(window.seconds()),
        hurried: keys::is_hurried(app, now).then(|| {
            "A key was withdrawn within the last day, so others keep a copy of the key set for no longer than a minute.".to_owned()
        }),
        coming: coming(&rows, now),
        lines: lines(&rows, settings.rotation_period, window, now),
        algorithms: std::iter::once(Choice::new("", "All of them", true))
            .chain(settings.algorithms.iter().map(|one| Choice::new(one.as_str(), one.as_str(), false)))
            .collect(),
        jwks_uri: format!("{}/.well-known/jwks.json", app.issuer),
        jwks: serde_json::to_string_pretty(&jwks).unwrap_or_default(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// The keys of each algorithm: what is next first, then what signs, then what did.
fn lines(rows: &[SigningKey], period: Lifetime, window: Lifetime, now: Timestamp) -> Vec<KeyLine> {
    let line = |algorithm: Algorithm| {
        let mut keys: Vec<&SigningKey> = rows.iter().filter(|key| key.algorithm == algorithm).collect();
        keys.sort_by_key(|key| (rank(key), std::cmp::Reverse((key.state_since(), key.id))));
        let mut kept = 0;
        let (older, recent): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| {
            let is_kept = matches!(key.state, KeyState::Retained { .. });
            kept += usize::from(is_kept);
            is_kept && kept > LATELY
        });
        let rows =
            |keys: Vec<&SigningKey>| keys.into_iter().map(|key| row(key, period, window, now)).collect::<Vec<_>>();
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
fn coming(rows: &[SigningKey], now: Timestamp) -> Vec<Coming> {
    let mut all: Vec<(Timestamp, Id<SigningKey>, String)> = rows
        .iter()
        .filter_map(|key| {
            let (algorithm, short) = (key.algorithm, short(&key.kid));
            let (at, words) = match key.state {
                KeyState::Next { signs_from } => (signs_from, format!("{algorithm}: {short} begins to sign")),
                KeyState::Signing { .. } => return None,
                KeyState::Retained { gone_at, .. } => {
                    (gone_at, format!("{algorithm}: {short} is not published any more"))
                }
                KeyState::Revoked { gone_at, .. } => (gone_at, format!("{algorithm}: {short} is forgotten")),
            };
            Some((at, key.id, words))
        })
        .collect();
    all.sort();
    all.truncate(COMING);
    all.into_iter().map(|(at, _, words)| Coming { at: moment(at, now), words }).collect()
}

fn short(kid: &str) -> String {
    kid.chars().take(SHORTENED).collect()
}

pub(super) fn path(kid: &str) -> String {
    format!("/console/keys/{kid}")
}

/// Its state, and what it does when.
fn standing(key: &SigningKey, now: Timestamp) -> (Pill, Vec<(String, Moment)>) {
    let said = |words: &str, at| (words.to_owned(), moment(at, now));
    match key.state {
        KeyState::Next { signs_from } => {
            (Pill::new("next", Tone::Soon), vec![said("Published", key.published_at), said("Signs", signs_from)])
        }
        KeyState::Signing { signs_from } => (Pill::new("signs", Tone::Live), vec![said("Signs since", signs_from)]),
        KeyState::Retained { retired_at, gone_at, .. } => {
            (Pill::new("published", Tone::Plain), vec![said("Signed until", retired_at), said("Gone", gone_at)])
        }
        KeyState::Revoked { revoked_at, gone_at } => {
            (Pill::new("withdrawn", Tone::Danger), vec![said("Withdrawn", revoked_at), said("Forgotten", gone_at)])
        }
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

fn row(key: &SigningKey, period: Lifetime, window: Lifetime, now: Timestamp) -> KeyRow {
    let (state, moments) = standing(key, now);
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
    let (state, mut moments) = standing(&breaks.key, now);
    moments.insert(0, ("Made".to_owned(), moment(breaks.key.created_at, now)));
    let withdrawable = breaks.key.is_published();
    let words = [("wrong-name", FlashKind::Failed, "Nothing was withdrawn: the key begins with other letters.")];
    let page = KeyPage {
        shell: shell(visitor, &request, &words),
        frame: Frame::of(Section::Keys),
        kid: breaks.key.kid.clone(),
        short: short(&breaks.key.kid),
        algorithm: breaks.key.algorithm.as_str().to_owned(),
        href: path(&breaks.key.kid),
        state,
        moments,
        signs: if withdrawable { signs(&breaks) } else { Vec::new() },
        withdrawable,
        breaks: broken(&breaks, now),
        taken_until: moment(breaks.taken_until, now),
        seen: tag(&breaks.key).map_err(|fault| visitor.broken(&fault))?.text(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// What is signed with its algorithm.
fn signs(breaks: &Breaks) -> Vec<String> {
    let mut lines: Vec<String> =
        breaks.resources.iter().map(|resource| format!("Access tokens for {resource}")).collect();
    if breaks.more_resources > 0 {
        lines.push(format!("Access tokens for {} more resources", breaks.more_resources));
    }
    if breaks.own {
        lines.push(
            "Access tokens for this appliance’s own API, and what it tells other servers about people".to_owned(),
        );
    }
    match &breaks.id_tokens {
        IdTokens::Usually => lines.push("ID tokens of every application that asked for no other algorithm".to_owned()),
        IdTokens::Of { names, not_all, .. } => {
            let whose = names.iter().cloned().chain(breaks.id_tokens.unnamed());
            lines.extend(whose.map(|whose| format!("ID tokens of {whose}")));
            if *not_all {
                lines.push("ID tokens of others, maybe: only the newest applications were looked at".to_owned());
            }
        }
    }
    if breaks.status_lists {
        lines.push("The lists that say which tokens were ended".to_owned());
    }
    lines
}

/// What stops working with the key, and what does not.
fn broken(breaks: &Breaks, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    match (breaks.key.state, breaks.tokens.until) {
        (KeyState::Next { .. }, _) => lines.push("It has signed nothing, so nothing stops working.".to_owned()),
        (_, None) => lines.push("Nothing that it signed is alive, so nothing stops working.".to_owned()),
        (_, Some(_)) if breaks.tokens.at_most == 0 => {
            lines.push("It signed no token that is known of. If there are any, they are refused here at once.".to_owned());
        }
        (_, Some(until)) => lines.push(format!(
            "Every token that it signed is refused here at once: at most {}, of which the last would end {}. Whoever holds one gets another \
             with the grant, secret or key they have.",
            breaks.tokens.at_most,
            moment(until, now).words,
        )),
    }
    match &breaks.successor {
        Some(next) if next.known_to_all => {
            lines.push(format!("{} signs from that moment on; everybody knows it already.", short(&next.kid)));
        }
        Some(next) => lines.push(format!(
            "{} signs from that moment on. It was published a moment ago: some meet a key they do not know and fetch again.",
            short(&next.kid)
        )),
        None if matches!(breaks.key.state, KeyState::Signing { .. }) => {
            lines.push("A new key is made and signs at once. Everybody meets a key they do not know and fetches again.".to_owned());
        }
        None => {}
    }
    lines.push("People stay signed in, and refresh tokens, secrets and access keys stay good.".to_owned());
    lines
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
