//! What the appliance does by itself, in rounds: forget what is over, write down what was counted.

use super::{findings, grants, hours, keep_head, registration, usage};
use crate::app::App;
use crate::base::{Fault, Lifetime, Timestamp, measure};
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

/// How far the clock may move between two rounds, which are ten seconds apart, and still be taken for one that runs.
const STEADY: Lifetime = Lifetime::from_hours(1);
/// Rounds for which a clock that was set has to run steadily before anything is removed by it: half an hour. Longer than whoever sets
/// clocks takes to see that it was wrong, and than anything lives that is remembered because it was used.
const ROUNDS_TO_TRUST: u32 = 180;

/// How the clock has moved, round by round. What is over is refused by whatever the clock says; that can be taken back by setting
/// it right. Removing rows cannot: it waits.
#[derive(Debug, Default)]
pub struct Steps {
    last: Option<Timestamp>,
    waits: u32,
}

/// What a round may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Everything.
    Steady,
    /// Write down and remove nothing: the clock went by leaps since it said `from`, forward or back.
    Strange { from: Timestamp },
    /// The same, for a while after it.
    Waiting,
}

impl Steps {
    pub fn step(&mut self, now: Timestamp) -> Step {
        let last = self.last.replace(now).unwrap_or(now);
        if now.since(last).max(last.since(now)) > STEADY {
            self.waits = ROUNDS_TO_TRUST;
            return Step::Strange { from: last };
        }
        if self.waits == 0 {
            return Step::Steady;
        }
        self.waits -= 1;
        Step::Waiting
    }
}

/// What of a round removes nothing.
pub async fn write_down(app: &App) -> Result<(), Fault> {
    flush(app, &context(app)).await?;
    keep_head::keep(app)
}

/// One round. Safe to run at any time and as often as one likes.
pub async fn round(app: &App) -> Result<(), Fault> {
    let ctx = context(app);
    flush(app, &ctx).await?;
    findings::look(app, &ctx).await?;
    registration::reap(app, &ctx).await?;
    grants::forget(app, &ctx).await?;
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

/// What was counted in memory since the last time.
async fn flush(app: &App, ctx: &Context) -> Result<(), Fault> {
    flush_tally(app, ctx).await?;
    flush_last_seen(app, ctx).await?;
    usage::flush(app, ctx).await?;
    hours::flush(app, ctx).await
}

async fn flush_tally(app: &App, ctx: &Context) -> Result<(), Fault> {
    let mut counted = app.tally.take();
    match measure::take_garbled() {
        0 => {}
        garbled => counted.push(("no request at all", garbled)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const ROUND: Lifetime = Lifetime::from_seconds(10);

    /// Rounds, ten seconds apart, until one may remove again.
    fn waits(steps: &mut Steps, mut now: Timestamp) -> u32 {
        for waited in 0..10_000 {
            now = now.plus(ROUND);
            match steps.step(now) {
                Step::Steady => return waited,
                step => assert_eq!(step, Step::Waiting),
            }
        }
        panic!("it never trusts the clock again")
    }

    #[test]
    fn a_clock_that_runs_is_trusted_from_the_first_round_on() {
        let mut steps = Steps::default();
        assert_eq!(waits(&mut steps, NOW), 0);
        // A round that took long, a computer that slept a little.
        assert_eq!(steps.step(NOW.plus(Lifetime::from_minutes(59))), Step::Steady);
    }

    #[test]
    fn a_clock_that_was_set_has_to_run_for_half_an_hour() {
        for set in [NOW.plus(Lifetime::from_days(365)), NOW.minus(Lifetime::from_hours(2)), Timestamp::from_seconds(0)]
        {
            let mut steps = Steps::default();
            assert_eq!(steps.step(NOW), Step::Steady);
            assert_eq!(steps.step(set), Step::Strange { from: NOW });
            assert_eq!(waits(&mut steps, set), ROUNDS_TO_TRUST);
        }
    }

    #[test]
    fn set_right_again_it_waits_anew() {
        let mut steps = Steps::default();
        let wrong = NOW.plus(Lifetime::from_days(7));
        assert_eq!(steps.step(NOW), Step::Steady);
        assert_eq!(steps.step(wrong), Step::Strange { from: NOW });
        assert_eq!(steps.step(wrong.plus(ROUND)), Step::Waiting);
        assert_eq!(steps.step(NOW), Step::Strange { from: wrong.plus(ROUND) });
        assert_eq!(waits(&mut steps, NOW), ROUNDS_TO_TRUST);
    }
}
