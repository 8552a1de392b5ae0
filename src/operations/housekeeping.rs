//! What the appliance does by itself, in rounds: forget what is over, write down what was counted.

use super::{findings, hours, keep_head, registration, usage};
use crate::app::App;
use crate::base::Fault;
use crate::model::{Actor, Channel, Context, Event, Origin};
use crate::store::Read;
use crate::store::tables::{SESSIONS, SWEPT};

/// Most rows removed in one transaction: requests wait behind it.
const SWEEP_AT_ONCE: usize = 500;
/// Most such transactions in one round.
const SWEEPS: usize = 40;

/// Most stretches of the audit log, of 1,024 entries, that are looked through in one transaction; and most such transactions in one round.
const CUT_AT_ONCE: u64 = 2;
const CUTS: usize = 40;

/// The ticket of everything the appliance does by itself.
pub fn context(app: &App) -> Context {
    Context::new(app.clock.now(), Actor::System, Origin::within(Channel::Housekeeping))
}

/// One round. Safe to run at any time and as often as one likes.
pub async fn round(app: &App) -> Result<(), Fault> {
    let ctx = context(app);
    flush_tally(app, &ctx).await?;
    flush_last_seen(app, &ctx).await?;
    usage::flush(app, &ctx).await?;
    hours::flush(app, &ctx).await?;
    findings::look(app, &ctx).await?;
    registration::reap(app, &ctx).await?;
    cut_traffic(app, &ctx).await?;
    for _ in 0..SWEEPS {
        let event = |swept: &[(&'static str, u64)]| Event::Swept {
            tables: swept.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        };
        if app.store.sweep(&ctx, &SWEPT, SWEEP_AT_ONCE, event).await? < SWEEP_AT_ONCE {
            break;
        }
    }
    keep_head::keep(app)
}

/// Cuts old traffic out of the audit log. Heads that were kept speak of entries that are younger than any that goes.
async fn cut_traffic(app: &App, ctx: &Context) -> Result<(), Fault> {
    let until = ctx.at.minus(app.config.audit.traffic_for);
    for _ in 0..CUTS {
        let cut = app.store.write("cut traffic", ctx, move |tx| {
            let cutting = tx.cut_traffic(until, CUT_AT_ONCE)?;
            cutting.event(until).map_or(Ok(()), |event| tx.record(event))?;
            Ok(cutting.looked_at)
        });
        if cut.await? < CUT_AT_ONCE {
            break;
        }
    }
    Ok(())
}

async fn flush_tally(app: &App, ctx: &Context) -> Result<(), Fault> {
    let counted = app.tally.take();
    if counted.is_empty() {
        return Ok(());
    }
    app.store
        .write("write down tallies", ctx, move |tx| {
            counted
                .iter()
                .try_for_each(|(what, count)| tx.record(Event::Tallied { what: (*what).to_owned(), count: *count }))
        })
        .await
}

async fn flush_last_seen(app: &App, ctx: &Context) -> Result<(), Fault> {
    let seen = app.last_seen.take();
    if seen.is_empty() {
        return Ok(());
    }
    app.store
        .write("write down last seen", ctx, move |tx| {
            let mut count = 0;
            for (id, at) in &seen {
                if let Some(mut session) = tx.get(&SESSIONS, id)?.filter(|session| session.last_seen_at < *at) {
                    session.last_seen_at = *at;
                    tx.put(&SESSIONS, id, &session)?;
                    count += 1;
                }
            }
            if count > 0 { tx.record(Event::SessionsSeen { count }) } else { Ok(()) }
        })
        .await
}
