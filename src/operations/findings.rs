//! What there is to be said about machines, and the suspension of the idle.
//!
//! Housekeeping looks through all of them, some in each round, and notes which have findings; a list goes through those only. What
//! is said is worked out from the rows when somebody asks, so that what is mended is gone at once.

mod rule;

pub use rule::{Facts, LastUse, Length, Replaced, findings, is_idle, replaced, unused_grants, used_grants};

use crate::app::App;
use crate::base::{Fault, Id, Lifetime};
use crate::model::{
    ClientState, Context, Credential, Event, Finding, FindingKind, Machine, MachineFindings, ScopesUsage, Used, Watch,
};
use crate::operations::declined::Declined;
use crate::operations::machines::{self, unknown};
use crate::operations::{credentials, usage};
use crate::store::tables::{FINDINGS, FINDINGS_BY_KIND, MACHINES, ONLY, PEOPLE, USAGE_BY_SCOPE, WATCH};
use crate::store::{Page, Read};

/// Machines looked at in one snapshot, and snapshots in one round: 100,000 machines are looked through in 25 rounds.
const AT_ONCE: usize = 200;
const SNAPSHOTS: usize = 20;
/// Most machines suspended, or ended, in one transaction.
const SUSPENDED_AT_ONCE: usize = 100;
/// Most whose tokens or delegations are ended in one transaction: each may have some hundred.
const ENDED_AT_ONCE: usize = 10;
/// A longer silence of the appliance's own is not held against machines.
const LONGEST_NAP: Lifetime = Lifetime::from_days(1);
/// How often it is noted that it is awake.
const NOTED_EVERY: Lifetime = Lifetime::from_hours(1);

/// The part of a round that looks at machines: notes who has findings, ends the tokens of those whose time is over, and suspends the
/// idle if the settings say so.
pub(super) async fn look(app: &App, ctx: &Context) -> Result<(), Fault> {
    let watch = keep_watch(app, ctx).await?;
    for _ in 0..SNAPSHOTS {
        let (after, pass) = (app.looked.at(), (app.clone(), watch.clone()));
        let now = ctx.at;
        let looked = app
            .store
            .read(move |view| {
                let (app, watch) = pass;
                // As they are now, for all of these.
                let settings = app.settings.now();
                let settings = &settings.machines;
                let page = view.page(&MACHINES, after.as_ref(), AT_ONCE)?;
                let mut looked = Looked { next: page.next, ..Looked::default() };
                for (id, machine) in page.rows {
                    if machines::is_left(view, &machine, now)? {
                        looked.left.push(id);
                    }
                    let known = view.get(&FINDINGS, &id)?;
                    // Nothing is said about the retired, so nothing is read.
                    let kinds = if machine.state == ClientState::Retired {
                        Vec::new()
                    } else {
                        let facts = facts(view, machine, app.usage.of(id).as_ref(), watch.clone())?;
                        if settings.suspend_idle_after.is_some_and(|after| is_idle(&facts, after, now)) {
                            looked.idle.push(id);
                        }
                        kinds(&findings(&facts, settings, now))
                    };
                    if known.map_or_else(Vec::new, |known| known.kinds) != kinds {
                        looked.different.push((id, kinds));
                    }
                }
                Ok(looked)
            })
            .await?;
        note(app, ctx, looked.different).await?;
        suspend_idle(app, ctx, looked.idle, &watch).await?;
        end_left(app, ctx, looked.left).await?;
        app.looked.set(looked.next);
        if looked.next.is_none() {
            break;
        }
        // Requests go first.
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[derive(Default)]
struct Looked {
    next: Option<Id<Machine>>,
    /// Whose findings are of other kinds than those noted.
    different: Vec<(Id<Machine>, Vec<FindingKind>)>,
    idle: Vec<Id<Machine>>,
    /// Whose time is over while what came of it may not be, and the same of the retired.
    left: Vec<Id<Machine>>,
}

/// Each kind once, in the order of [`FindingKind`].
fn kinds(findings: &[Finding]) -> Vec<FindingKind> {
    let mut kinds: Vec<FindingKind> = findings.iter().map(|finding| finding.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

async fn note(app: &App, ctx: &Context, different: Vec<(Id<Machine>, Vec<FindingKind>)>) -> Result<(), Fault> {
    if different.is_empty() {
        return Ok(());
    }
    app.store
        .write("note findings", ctx, move |tx| {
            for (id, kinds) in &different {
                match kinds.is_empty() {
                    true => tx.delete(&FINDINGS, id)?,
                    false => tx.put(&FINDINGS, id, &MachineFindings { kinds: kinds.clone() })?,
                }
            }
            Ok(())
        })
        .await
}

/// Stops what was idle for so long that the settings say so, if it still is.
async fn suspend_idle(app: &App, ctx: &Context, idle: Vec<Id<Machine>>, watch: &Watch) -> Result<(), Fault> {
    let Some(after) = app.settings.now().machines.suspend_idle_after else { return Ok(()) };
    for some in idle.chunks(SUSPENDED_AT_ONCE) {
        let (app_of_job, some, watch) = (app.clone(), some.to_vec(), watch.clone());
        app.store
            .write("suspend idle machines", ctx, move |tx| {
                let app = &app_of_job;
                for id in &some {
                    let Some(machine) = tx.get(&MACHINES, id)? else { continue };
                    let facts = facts(tx, machine, app.usage.of(*id).as_ref(), watch.clone())?;
                    if is_idle(&facts, after, tx.now()) {
                        let because = format!("unused for {}", Length(after));
                        machines::stop(app, tx, &facts.machine, ClientState::Suspended, &because)?;
                        tx.record(Event::MachineSuspended { machine: *id, because })?;
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// Ends what is left of the delegations of machines that were retired, and the tokens of those whose time is over: those that were given before somebody moved the end nearer say that they live
/// longer, and who verifies them offline learns from the status list that they do not.
async fn end_left(app: &App, ctx: &Context, left: Vec<Id<Machine>>) -> Result<(), Fault> {
    for some in left.chunks(ENDED_AT_ONCE) {
        let (app_of_job, some) = (app.clone(), some.to_vec());
        app.store
            .write("end what is left of machines", ctx, move |tx| {
                some.iter().try_for_each(|id| machines::end_left(&app_of_job, tx, *id))
            })
            .await?;
    }
    Ok(())
}

/// Notes that the appliance is awake. Where it was not for a long time nothing could be used, so nothing was idle.
async fn keep_watch(app: &App, ctx: &Context) -> Result<Watch, Fault> {
    let only = ONLY.to_owned();
    let found = app.store.read(move |view| view.get(&WATCH, &only)).await?;
    let now = ctx.at;
    let watch = match found {
        None => Watch { counting_since: now, awake_since: now, seen_at: now },
        Some(watch) if now.since(watch.seen_at) < NOTED_EVERY => return Ok(watch),
        Some(watch) if now.since(watch.seen_at) > LONGEST_NAP => Watch { awake_since: now, seen_at: now, ..watch },
        Some(watch) => Watch { seen_at: now, ..watch },
    };
    let (only, row) = (ONLY.to_owned(), watch.clone());
    app.store.write("keep watch", ctx, move |tx| tx.put(&WATCH, &only, &row)).await?;
    Ok(watch)
}

/// Since when there is somebody to count. Before the first round nothing was.
fn watch(read: &impl Read, ctx: &Context) -> Result<Watch, Fault> {
    let found = read.get(&WATCH, &ONLY.to_owned())?;
    Ok(found.unwrap_or(Watch { counting_since: ctx.at, awake_since: ctx.at, seen_at: ctx.at }))
}

/// Gathers what is known of one machine.
fn facts(read: &impl Read, machine: Machine, pending: Option<&Used>, watch: Watch) -> Result<Facts, Fault> {
    let id = machine.id;
    let credentials = credentials::of_machine(read, id)?;
    let (mut by_credential, mut misused) = (Vec::new(), Vec::new());
    for credential in &credentials {
        let (used, misuses) = usage::of_credential(read, credential.id, pending)?;
        by_credential.extend(used.map(|used| (credential.id, used)));
        if !misuses.is_empty() {
            misused.push((credential.id, misuses));
        }
    }
    let mut scopes: ScopesUsage = read.get(&USAGE_BY_SCOPE, &id)?.unwrap_or_default();
    if let Some(pending) = pending {
        scopes.add(&pending.scopes);
    }
    let owner = read.get(&PEOPLE, &machine.owner)?.map(|owner| owner.state);
    let usage = usage::of_machine(read, id, pending)?;
    Ok(Facts { machine, owner, credentials, usage, by_credential, misused, scopes, watch })
}

/// What is known of one machine's use, and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Insight {
    pub facts: Facts,
    pub findings: Vec<Finding>,
}

impl Insight {
    fn of(app: &App, read: &impl Read, machine: Machine, ctx: &Context) -> Result<Self, Fault> {
        let pending = app.usage.of(machine.id);
        let facts = facts(read, machine, pending.as_ref(), watch(read, ctx)?)?;
        let findings = findings(&facts, &app.settings.now().machines, ctx.at);
        Ok(Self { facts, findings })
    }

    /// What became of a credential that has a successor.
    pub fn replaced(&self, app: &App, credential: &Credential, ctx: &Context) -> Option<Replaced> {
        replaced(&self.facts, credential, &app.settings.now().machines, ctx.at)
    }
}

/// One machine, with what is known of its use.
pub async fn of_machine(app: &App, ctx: &Context, id: Id<Machine>) -> Result<Insight, Declined> {
    let (app_, ctx) = (app.clone(), ctx.clone());
    app.store
        .read(move |view| match view.get(&MACHINES, &id)? {
            Some(machine) => Insight::of(&app_, view, machine, &ctx).map(Ok),
            None => Ok(Err(unknown(id))),
        })
        .await?
}

/// These machines, with what is known of their use.
pub async fn of_machines(app: &App, ctx: &Context, machines: Vec<Machine>) -> Result<Vec<Insight>, Fault> {
    let (app_, ctx) = (app.clone(), ctx.clone());
    app.store
        .read(move |view| machines.into_iter().map(|machine| Insight::of(&app_, view, machine, &ctx)).collect())
        .await
}

/// Most machines whose findings are given at once.
const MOST: usize = 1_000;

/// Machines of one kind of finding that [`count`] looks into; of more, the notes of the last round are counted.
const LOOKED_INTO: usize = 20;

/// How many machines have each kind of finding, and whether there are more: counted up to `most`.
pub async fn count(app: &App, ctx: &Context, most: usize) -> Result<Vec<(FindingKind, usize, bool)>, Fault> {
    let (app_, ctx) = (app.clone(), ctx.clone());
    app.store
        .read(move |view| {
            let mut counted = Vec::new();
            for kind in FindingKind::ALL {
                let noted = view.list_after(&FINDINGS, &FINDINGS_BY_KIND, kind.as_str(), None, most.min(MOST))?;
                let mut count = noted.rows.len();
                if count <= LOOKED_INTO {
                    // What was mended since the last round is not counted.
                    count = 0;
                    for (id, _) in noted.rows {
                        let Some(machine) = view.get(&MACHINES, &id)? else { continue };
                        let found = Insight::of(&app_, view, machine, &ctx)?.findings;
                        count += usize::from(found.iter().any(|finding| finding.kind == *kind));
                    }
                }
                if count > 0 {
                    counted.push((*kind, count, noted.next.is_some()));
                }
            }
            Ok(counted)
        })
        .await
}

/// The findings of up to `limit` machines behind `after`, of one kind or of all, the oldest machines first.
pub async fn list(
    app: &App,
    ctx: &Context,
    kind: Option<FindingKind>,
    after: Option<Id<Machine>>,
    limit: usize,
) -> Result<Page<Id<Machine>, Insight>, Fault> {
    let (app_, ctx) = (app.clone(), ctx.clone());
    app.store
        .read(move |view| {
            let limit = limit.min(MOST);
            let page = match kind {
                Some(kind) => view.list_after(&FINDINGS, &FINDINGS_BY_KIND, kind.as_str(), after.as_ref(), limit)?,
                None => view.page(&FINDINGS, after.as_ref(), limit)?,
            };
            let mut rows = Vec::with_capacity(page.rows.len());
            for (id, _) in page.rows {
                let Some(machine) = view.get(&MACHINES, &id)? else { continue };
                let mut insight = Insight::of(&app_, view, machine, &ctx)?;
                insight.findings.retain(|finding| kind.is_none_or(|kind| finding.kind == kind));
                if !insight.findings.is_empty() {
                    rows.push((id, insight));
                }
            }
            Ok(Page { rows, next: page.next })
        })
        .await
}
