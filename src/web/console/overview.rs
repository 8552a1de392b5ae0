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
use crate::web::reply::{self, moment};
use crate::web::views::console::charts::number;
use crate::web::views::console::{Frame, OverviewPage, Section, Wanted};

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
    let broken = |fault| visitor.broken(&fault);
    // What the appliance itself lacks: room, keys in time, somebody who takes the copy of its log.
    let lacking = doctor::readiness(app, now).into_iter().filter(|finding| finding.state != doctor::State::Ok);
    let mut wanted: Vec<Wanted> = lacking
        .map(|finding| Wanted {
            words: format!("{}: {}", finding.check, finding.found),
            advice: finding.mend.unwrap_or_default(),
            href: "/console/settings".to_owned(),
            pressing: true,
        })
        .collect();
    for (kind, count, more) in findings::count(app, by, COUNTED).await.map_err(broken)? {
        wanted.push(finding(kind, count, more));
    }
    let waiting = Clients { state: Some(ClientState::AwaitingApproval), ..Clients::default() };
    let waiting = clients::list(app, waiting, None, COUNTED).await.map_err(broken)?;
    if !waiting.rows.is_empty() {
        let (count, more) = (waiting.rows.len(), waiting.next.is_some());
        let (words, advice) = match (count, more) {
            (1, false) => {
                ("1 application waits for approval".to_owned(), "Look where its answers go before you approve it.")
            }
            (count, false) => (
                format!("{count} applications wait for approval"),
                "Look where their answers go before you approve them.",
            ),
            (count, true) => (
                format!("More than {count} applications wait for approval"),
                "Look where their answers go before you approve them.",
            ),
        };
        wanted.push(Wanted {
            words,
            advice: advice.to_owned(),
            href: "/console/applications?state=waiting".to_owned(),
            pressing: true,
        });
    }
    let all = machines::list(app, by, machines::Which::default(), None, 1).await.map_err(broken)?;
    let protected = resources::page(app, None, 1).await.map_err(broken)?;
    let next_key = keys::list(app).map_err(broken)?.into_iter().filter_map(|key| match key.state {
        KeyState::Next { signs_from } => Some(signs_from),
        _ => None,
    });
    let hours = hours::since(app, activity::since(now)).await.map_err(broken)?;
    if let Some(guesses) = hours::guesses(&hours, now) {
        wanted.push(guessing(guesses));
    }
    let next_key = next_key.min();
    if let Some(at) = next_key.filter(|at| at.since(now) < KEY_SOON) {
        wanted.push(Wanted {
            words: format!("A new signing key takes over in {}", activity::until(at, now)),
            advice: "Nothing is to be done, unless a server keeps the old keys and never looks again.".to_owned(),
            href: "/console/keys".to_owned(),
            pressing: false,
        });
    }
    for worry in backup::worries(app, now).await.map_err(broken)? {
        wanted.push(about_backups(worry, now));
    }
    wanted.sort_by_key(|wanted| !wanted.pressing);
    let span = Span::parse(super::queries(&request).get("span"));
    let lately = activity::of(app, now, span, &hours).await.map_err(broken)?;
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
        next_key: next_key.map(|at| moment(at, now)),
        latest: told::lines(app, now, &changes).await.map_err(broken)?,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// Backups, and what having been restored from one leaves to people.
fn about_backups(worry: Worry, now: Timestamp) -> Wanted {
    let href = "/console/settings#backups".to_owned();
    match worry {
        Worry::Failed { at, why, made } => Wanted {
            words: match made {
                true => format!("The last backup was made, and something after it failed {}", moment(at, now).words),
                false => format!("The last backup came to nothing {}", moment(at, now).words),
            },
            advice: why,
            href,
            pressing: true,
        },
        Worry::Missing { since, why } => Wanted {
            words: format!(
                "There is no backup any more that can be used: the last one was made {}",
                moment(since, now).words
            ),
            advice: why,
            href,
            pressing: true,
        },
        Worry::Old { since } => Wanted {
            words: format!("The last backup was made {}", moment(since, now).words),
            advice: "They should be closer to each other: see the log for what keeps them.".to_owned(),
            href,
            pressing: true,
        },
        Worry::Restored(restored) => Wanted {
            words: format!("This appliance was restored from a backup of {}", restored.made_at.iso()),
            advice: "Look at what came back that should not have, and say that you did.".to_owned(),
            href,
            pressing: true,
        },
    }
}

/// Somebody tries passwords, or has forgotten one thoroughly.
fn guessing(Guesses { today, usual }: Guesses) -> Wanted {
    Wanted {
        words: format!("{} sign-ins failed in the last 24 hours", number(today)),
        advice: format!(
            "A usual day has {}. Look from where they come, and whose accounts they try.",
            if usual == 0 { "none".to_owned() } else { number(usual) }
        ),
        href: "/console/audit?event=person.sign_in_refused".to_owned(),
        pressing: true,
    }
}

/// How many machines it is so with, and what to do: of one, and of several.
fn finding(kind: FindingKind, count: usize, more: bool) -> Wanted {
    let ((one, mend_one), (many, mend_many), pressing) = match kind {
        FindingKind::CredentialMisused => (
            ("machine’s credential was right and refused", "If nobody knows why, revoke it."),
            ("machines’ credentials were right and refused", "If nobody knows why, revoke them."),
            true,
        ),
        FindingKind::NoOwner => (
            ("machine has nobody who answers for it", "Hand it over to somebody who does."),
            ("machines have nobody who answers for them", "Hand them over to somebody who does."),
            true,
        ),
        FindingKind::Unused => (
            ("machine is not used any more", "Stop it, if nobody misses it."),
            ("machines are not used any more", "Stop those that nobody misses."),
            false,
        ),
        FindingKind::NeverUsed => (
            ("machine was never used", "Ask its owner, or retire it."),
            ("machines were never used", "Ask their owners, or retire them."),
            false,
        ),
        FindingKind::ScopesUnused => (
            ("machine has scopes it does not use", "Take them away with one click."),
            ("machines have scopes they do not use", "Take them away with one click each."),
            false,
        ),
        FindingKind::SecretOld => (
            ("machine has an old secret", "Rotate it with an overlap."),
            ("machines have old secrets", "Rotate them with an overlap."),
            false,
        ),
        FindingKind::CredentialExpiring => (
            ("machine has a credential that ends soon", "Give it a successor before it ends."),
            ("machines have credentials that end soon", "Give each a successor before it ends."),
            true,
        ),
        FindingKind::MachineExpiring => (
            ("machine ends soon", "Move the date, or let it end."),
            ("machines end soon", "Move the dates, or let them end."),
            false,
        ),
        FindingKind::NewNetwork => (
            ("machine calls from somewhere new", "If nobody knows why, stop it."),
            ("machines call from somewhere new", "If nobody knows why, stop them."),
            true,
        ),
        FindingKind::SecretShared => (
            ("machine’s secret has more than one caller", "Give each caller a credential of its own."),
            ("machines’ secrets have more than one caller", "Give each caller a credential of its own."),
            true,
        ),
        FindingKind::OldSecretUsed => (
            ("machine still uses a secret that has a successor", "Find who has not taken up the new one."),
            ("machines still use secrets that have successors", "Find who has not taken up the new ones."),
            false,
        ),
        FindingKind::OldSecretSilent => (
            ("machine has a replaced secret that fell silent", "Revoke it: nobody uses it."),
            ("machines have replaced secrets that fell silent", "Revoke them: nobody uses them."),
            false,
        ),
    };
    let (count, words, advice) = match (count, more) {
        (1, false) => ("1".to_owned(), one, mend_one),
        (count, false) => (count.to_string(), many, mend_many),
        (count, true) => (format!("More than {count}"), many, mend_many),
    };
    Wanted {
        words: format!("{count} {words}"),
        advice: advice.to_owned(),
        href: format!("/console/machines?finding={}", kind.as_str()),
        pressing,
    }
}
