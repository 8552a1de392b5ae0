//! A month, day by day.

use super::applications::Connected;
use super::machines::Actor;
use super::{BUSY_DAYS, ELSEWHERE, Stage, dice};
use crate::base::{Fault, Lifetime, Resource};
use crate::model::{Counted, Hour};
use crate::operations::sign_in::{Attempt, SignedIn};
use crate::operations::{housekeeping, sign_in, tell, turn_keys, usage};
use crate::protocol::refusal::Refusal;

/// Days whose hours are looked at.
const SHOWN_DAYS: u64 = 8;

/// What somebody got wrong on the last day, and where.
const MISTAKES: [(Refusal, &str, usize); 6] = [
    (Refusal::ClientSecretWrong, "/oauth/token", 14),
    (Refusal::ClientSecretMissing, "/oauth/token", 27),
    (Refusal::ScopeNoneLeft, "/oauth/token", 4),
    (Refusal::NetworkNotAllowed, "/oauth/token", 36),
    (Refusal::ClientSuspended, "/oauth/token", 9),
    (Refusal::ResourceNotAllowed { resource: None }, "/oauth/token", 16),
];

/// What the last of them asked for.
const WANTED: &str = "https://billing.demo.example/api";

impl Stage {
    pub(super) async fn month(&self, ada: &SignedIn, cast: &mut [Actor]) -> Result<(), Fault> {
        let mut connected: Vec<Connected> = Vec::new();
        for day in (0..=BUSY_DAYS + 1).rev() {
            self.day(ada, cast, &mut connected, day).await?;
        }
        self.mistakes(cast)
    }

    /// The day that began so many days and nine hours before now: it is the last that matters, and it ends now.
    async fn day(
        &self,
        ada: &SignedIn,
        cast: &mut [Actor],
        connected: &mut Vec<Connected>,
        day: u64,
    ) -> Result<(), Fault> {
        let begins = Self::days(day).seconds() + 9 * 3_600;
        self.until(Lifetime::from_seconds(begins));
        turn_keys::turn_quick(&self.app, &housekeeping::context(&self.app)).await?;
        self.fates(ada, cast, day).await?;
        if day <= BUSY_DAYS {
            self.applications(ada, day, connected).await?;
            self.refreshes(day, connected).await?;
        }
        if day == 3 {
            self.leaves(ada, "ivan@demo.example").await?;
        }
        if dice(day, 99, 3) == 0 {
            // Somebody guesses.
            let ctx = self.from(ELSEWHERE)?;
            let wrong = crate::base::Secret::new("letmein123");
            drop(sign_in::sign_in(&self.app, &ctx, Attempt::of("kofi@demo.example", wrong)).await?);
            self.app.tally.count("too many requests from one address");
        }
        // The last day has nine hours.
        let length = if day == 0 { 9 * 3_600 } else { 24 * 3_600 };
        self.lively(day, begins, length);
        let mut hour = Hour::number(self.app.clock.now());
        for call in Self::calls(cast, day) {
            let into = call.minute * length / 1_440;
            if into + 60 < begins {
                self.until(Lifetime::from_seconds(begins - into - 60));
            }
            // Each hour has its own busiest.
            let now = Hour::number(self.app.clock.now());
            if day <= SHOWN_DAYS && now != hour {
                usage::flush(&self.app, &housekeeping::context(&self.app)).await?;
                hour = now;
            }
            self.takes_a_token(cast, &call).await?;
        }
        housekeeping::round(&self.app).await
    }

    /// What of a day is told in numbers only: people who come back, mistakes of machines, somebody who guesses on the last one.
    fn lively(&self, day: u64, begins: u64, length: u64) {
        let at = |minute: u64| self.now.minus(Lifetime::from_seconds(begins - minute * length / 1_440));
        let count = |minute, what| self.app.hours.count(at(minute), what);
        for n in 0..8 + dice(day, 201, 7) {
            count(400 + dice(day * 17 + n, 202, 640), Counted::SignIn);
        }
        for n in 0..dice(day, 203, 4) {
            count(dice(day * 13 + n, 204, 1_440), Counted::SignInFailed);
        }
        if day == 0 {
            (0..31).for_each(|n| count(700 + n * 9, Counted::SignInFailed));
        }
        for n in 0..4 + dice(day, 205, 9) {
            let what = match dice(day * 19 + n, 206, 10) {
                0..4 => Counted::RefusedGrant,
                4..7 => Counted::RefusedProof,
                7..9 => Counted::RefusedReach,
                _ => Counted::RefusedRequest,
            };
            count(dice(day * 23 + n, 207, 1_440), what);
        }
    }

    /// What was refused lately, for whoever asks why.
    fn mistakes(&self, cast: &[Actor]) -> Result<(), Fault> {
        for (place, (refusal, door, who)) in (0..).zip(MISTAKES) {
            self.until(Lifetime::from_minutes(40 - place * 6));
            let mut ctx = self.from(ELSEWHERE)?;
            ctx.from.door = door;
            if let Some(actor) = cast.get(who) {
                ctx = ctx.by(crate::model::Actor::Client(crate::model::ClientId::Machine(actor.id)));
            }
            let refusal = match refusal {
                Refusal::ResourceNotAllowed { .. } => {
                    Refusal::ResourceNotAllowed { resource: Resource::parse(WANTED).ok() }
                }
                other => other,
            };
            tell(&self.app, &ctx, &refusal);
        }
        self.until(Lifetime::default());
        Ok(())
    }
}
