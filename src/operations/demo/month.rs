//! A month, day by day.

use super::applications::Connected;
use super::machines::Actor;
use super::{BUSY_DAYS, ELSEWHERE, Stage, dice};
use crate::base::{Fault, Lifetime};
use crate::operations::sign_in::{Attempt, SignedIn};
use crate::operations::{housekeeping, sign_in, tell, turn_keys};
use crate::protocol::refusal::Refusal;

/// What somebody got wrong on the last day, and where.
const MISTAKES: [(Refusal, &str, usize); 6] = [
    (Refusal::ClientSecretWrong, "/oauth/token", 14),
    (Refusal::ClientSecretMissing, "/oauth/token", 27),
    (Refusal::ScopeNoneLeft, "/oauth/token", 4),
    (Refusal::NetworkNotAllowed, "/oauth/token", 36),
    (Refusal::ClientSuspended, "/oauth/token", 9),
    (Refusal::ResourceNotAllowed, "/oauth/token", 16),
];

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
        for call in Self::calls(cast, day) {
            // The hours of the day lie within the nine that the last one has.
            let into = call.minute * 9 * 60 * 60 / 1_440;
            if into + 60 < begins {
                self.until(Lifetime::from_seconds(begins - into - 60));
            }
            self.takes_a_token(cast, &call).await?;
        }
        housekeeping::round(&self.app).await
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
            tell(&self.app, &ctx, &refusal);
        }
        self.until(Lifetime::default());
        Ok(())
    }
}
