//! `GET /console`: what needs a person.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::activity::{self, Span};
use super::shell;
use super::told::{self, Told};
use crate::base::{Lifetime, Timestamp};
use crate::model::{Actor, ClientState, EventClass, FindingKind, KeyState};
use crate::operations::audit::{self, Which};
use crate::operations::backup::{self, Worry};
use crate::operations::clients::{self, Which as Clients};
use crate::operations::hours::{self, Guesses};
use crate::operations::{doctor, findings, keys, machines, resources};
use crate::web::extract::Administrator;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{Frame, OverviewPage, Section, Sentence, Wanted};
use crate::web::words::{FindingSaid, WantsWords, Words};

/// Machines with a finding that are counted; beyond it, "many".
const COUNTED: usize = 200;
/// Entries of the log that are looked at for the latest changes, and how many are shown.
const LOOKED_AT: usize = 400;
const SHOWN: usize = 12;

/// A key that takes over within this is told of.
const KEY_SOON: Lifetime = Lifetime::from_hours(6);

pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Administrator { visitor, by } = &admin;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let words = visitor.words();
    let t = &words.console.overview.wants;
    let broken = |fault| visitor.broken(&fault);
    // What the appliance itself lacks: room, keys in time, somebody who takes the copy of its log.
    let lacking = doctor::readiness(app, now).into_iter().filter(|finding| finding.state != doctor::State::Ok);
    let mut wanted: Vec<Wanted> = lacking
        .map(|finding| Wanted {
            words: Sentence::English(format!("{}: {}", finding.check, finding.found)),
            advice: Sentence::English(finding.mend.unwrap_or_default()),
            href: "/console/settings".to_owned(),
            pressing: true,
        })
        .collect();
    for (kind, count, more) in findings::count(app, by, COUNTED).await.map_err(broken)? {
        wanted.push(finding(t, kind, count, more));
    }
    let waiting = Clients { state: Some(ClientState::AwaitingApproval), ..Clients::default() };
    let waiting = clients::list(app, waiting, None, COUNTED).await.map_err(broken)?;
    if !waiting.rows.is_empty() {
        let (count, more) = (waiting.rows.len(), waiting.next.is_some());
        let (words, advice) = of_count(t, &t.approval, count, more);
        wanted.push(Wanted { words, advice, href: "/console/applications?state=waiting".to_owned(), pressing: true });
    }
    let all = machines::list(app, by, machines::Which::default(), None, 1).await.map_err(broken)?;
    let protected = resources::page(app, None, 1).await.map_err(broken)?;
    let next_key = keys::list(app).map_err(broken)?.into_iter().filter_map(|key| match key.state {
        KeyState::Next { signs_from } => Some(signs_from),
        _ => None,
    });
    let hours = hours::since(app, activity::since(now)).await.map_err(broken)?;
    if let Some(guesses) = hours::guesses(&hours, now) {
        wanted.push(guessing(words, guesses));
    }
    let next_key = next_key.min();
    if let Some(at) = next_key.filter(|at| at.since(now) < KEY_SOON) {
        wanted.push(Wanted {
            words: Sentence::Ours((t.new_key)(&words.at(at, now).words)),
            advice: Sentence::said(t.new_key_advice),
            href: "/console/keys".to_owned(),
            pressing: false,
        });
    }
    for worry in backup::worries(app, now).await.map_err(broken)? {
        wanted.push(about_backups(words, worry, now));
    }
    wanted.sort_by_key(|wanted| !wanted.pressing);
    let span = Span::parse(super::queries(&request).get("span"));
    let lately = activity::of(app, words, now, span, &hours).await.map_err(broken)?;
    let entries = audit::list(app, Which::default(), None, LOOKED_AT).await.map_err(broken)?.entries;
    let changes = entries
        .iter()
        // What the appliance does by itself, its keys foremost, is told of where it belongs.
        .filter(|entry| entry.event.class() == EventClass::Change && entry.by != Actor::System)
        .take(SHOWN);
    let changes: Vec<Told<'_>> = changes
        .map(|entry| Told { sequence: entry.sequence, at: entry.at, by: &entry.by, event: &entry.event })
        .collect();
    let page = OverviewPage {
        shell: shell(visitor, &request, &[]),
        frame: Frame::of(Section::Overview),
        is_new: all.rows.is_empty(),
        unprotected: protected.rows.is_empty(),
        wanted,
        issuer: app.issuer.to_string(),
        charts: lately.charts,
        busiest: lately.busiest,
        of_a_week: span == Span::Week,
        next_key: next_key.map(|at| words.at(at, now)),
        latest: told::lines(app, words, now, &changes).await.map_err(broken)?,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// Backups, and what having been restored from one leaves to people.
fn about_backups(words: &Words, worry: Worry, now: Timestamp) -> Wanted {
    let t = &words.console.overview.wants;
    let ago = |at| words.at(at, now).words;
    let (words, advice) = match worry {
        Worry::Failed { at, why, made: true } => ((t.backup_half)(&ago(at)), Sentence::English(why)),
        Worry::Failed { at, why, made: false } => ((t.backup_failed)(&ago(at)), Sentence::English(why)),
        Worry::Missing { since, why } => ((t.backup_missing)(&ago(since)), Sentence::English(why)),
        Worry::Old { since } => ((t.backup_old)(&ago(since)), Sentence::said(t.backup_old_advice)),
        Worry::Restored(restored) => ((t.restored)(&restored.made_at.iso()), Sentence::said(t.restored_advice)),
    };
    Wanted { words: Sentence::Ours(words), advice, href: "/console/settings#backups".to_owned(), pressing: true }
}

/// Somebody tries passwords, or has forgotten one thoroughly.
fn guessing(words: &Words, Guesses { today, usual }: Guesses) -> Wanted {
    let (t, numbers) = (&words.console.overview.wants, &words.console.charts);
    Wanted {
        words: Sentence::Ours((t.guesses)(&numbers.number(today))),
        advice: match usual {
            0 => Sentence::said(t.guesses_advice_none),
            usual => Sentence::Ours((t.guesses_advice)(&numbers.number(usual))),
        },
        href: "/console/audit?event=person.sign_in_refused".to_owned(),
        pressing: true,
    }
}

/// Of how many it is so, and what to do: of one, and of several.
fn of_count(t: &WantsWords, said: &FindingSaid, count: usize, more: bool) -> (Sentence, Sentence) {
    match (count, more) {
        (1, false) => (Sentence::said(said.one), Sentence::said(said.mend_one)),
        (count, false) => (Sentence::Ours((said.many)(&count.to_string())), Sentence::said(said.mend_many)),
        (count, true) => (Sentence::Ours((said.many)(&(t.more_than)(count as u64))), Sentence::said(said.mend_many)),
    }
}

/// Machines of which it is so.
fn finding(t: &WantsWords, kind: FindingKind, count: usize, more: bool) -> Wanted {
    let pressing = match kind {
        FindingKind::CredentialMisused
        | FindingKind::NoOwner
        | FindingKind::CredentialExpiring
        | FindingKind::NewNetwork
        | FindingKind::SecretShared => true,
        FindingKind::Unused
        | FindingKind::NeverUsed
        | FindingKind::ScopesUnused
        | FindingKind::SecretOld
        | FindingKind::MachineExpiring
        | FindingKind::OldSecretUsed
        | FindingKind::OldSecretSilent => false,
    };
    let (words, advice) = of_count(t, t.machines.of(kind), count, more);
    Wanted { words, advice, href: format!("/console/machines?finding={}", kind.as_str()), pressing }
}
