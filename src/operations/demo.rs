//! A small believable organisation, so that every page can be seen full: invented people, machines and applications, and a month of
//! what they did.
//!
//! Everything is put down through the operations that people and programs use, with a clock that is moved along. Only the last
//! word of it depends on the day it is made: ages are counted back from now.

mod applications;
mod machines;
mod month;
mod organisation;

use std::net::IpAddr;

use crate::app::App;
use crate::base::{Clock, Digest, Entropy, Fault, FaultKind, Id, Lifetime, Secret, Timestamp};
use crate::config::{Config, Registration, SignIn};
use crate::model::{Actor, Channel, Context, Network, Origin, RegistrationMode, Request, SecondFactorFor};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::sign_in::{self, Attempt, Outcome, SignedIn};
use crate::operations::start::{Keeping, start};
use crate::operations::{Problem, housekeeping, turn_keys};

/// Who may sign in to look at it.
pub const ADMINISTRATOR: &str = "ada@demo.example";

/// How long ago the organisation began, and how many days of it were busy.
const BEGAN: Lifetime = Lifetime::from_days(150);
const BUSY_DAYS: u64 = 30;
/// What its ids come of until it is open. Its keys and secrets come of no seed: a demo may be seen by others.
const SEED: u64 = 0x5752_4954;

/// An appliance in memory with the organisation in it, and the password of everybody there: a new one each time, because a demo may be
/// seen by others. Its past is counted back from what `clock` says, and it goes on by it.
pub async fn start_demo(config: Config, clock: Clock) -> Result<(App, Secret), Fault> {
    if config.store_file().exists() {
        let text = format!(
            "{} is a real appliance; a demo does not run over one. Leave its directory, or name another with --data",
            config.store_file().display()
        );
        return Err(Fault::new(FaultKind::Settings, text));
    }
    let now = clock.now();
    let (clock, entropy) = (Clock::held(now.minus(BEGAN), clock), Entropy::rehearsed(SEED));
    let registration = Registration { mode: RegistrationMode::Approval, ..config.registration };
    // Everybody there has a password, and nobody a telephone.
    let sign_in = SignIn { second_factor: SecondFactorFor::Off };
    // Whatever is set for a real appliance here is neither opened nor written to: what is made up is sealed with a key of its own, and told nobody.
    let (master_key, master_key_next) = (None, None);
    let mut config = Config { demo: true, registration, sign_in, master_key, master_key_next, ..config };
    config.audit.deliver_to = None;
    let app = start(config, Keeping::Memory, clock, entropy)?;
    let chance: [u8; 8] = app.entropy.bytes()?;
    let password = Secret::new(format!("demo-{:016x}", u64::from_be_bytes(chance)));
    let stage = Stage { app: app.clone(), now, password: password.clone() };
    stage.play().await?;
    turn_keys::turn_quick(&app, &housekeeping::context(&app)).await?;
    app.clock.let_go();
    app.entropy.let_go();
    Ok((app, password))
}

/// The appliance while its past is made up.
struct Stage {
    app: App,
    /// When the curtain rises.
    now: Timestamp,
    password: Secret,
}

/// Why the play stops: something in it is not as the operations want it.
fn broken(what: &str, why: impl std::fmt::Debug) -> Fault {
    Fault::new(FaultKind::Bug, format!("the demo cannot make {what}: {why:?}"))
}

fn made<T>(what: &str, result: Result<T, Declined>) -> Result<T, Fault> {
    result.map_err(|declined| broken(what, declined))
}

fn given<T>(what: &str, result: Result<T, Problem>) -> Result<T, Fault> {
    result.map_err(|problem| broken(what, problem))
}

impl Stage {
    async fn play(&self) -> Result<(), Fault> {
        // Once with the slow keys too: some applications are told who somebody is, signed with RSA.
        turn_keys::turn(&self.app, &housekeeping::context(&self.app)).await?;
        // What nobody counted was not unused: the counting begins with the organisation.
        housekeeping::round(&self.app).await?;
        let ada = self.people().await?;
        self.nouns(&ada).await?;
        self.tools(&ada).await?;
        self.forgotten(&ada).await?;
        let mut cast = self.machines(&ada).await?;
        self.delegations(&ada, &cast).await?;
        self.month(&ada, &mut cast).await
    }

    /// Lets time pass until so long before now. It never goes back.
    fn until(&self, before_now: Lifetime) {
        let at = self.now.minus(before_now);
        self.app.clock.advance(at.since(self.app.clock.now()));
    }

    /// The ticket of somebody who calls from `address`.
    fn from(&self, address: [u8; 4]) -> Result<Context, Fault> {
        let at = self.app.clock.now();
        let address = IpAddr::from(address);
        let from = Origin {
            network: Some(Network::from(address)),
            address: Some(address),
            request: Some(Id::<Request>::new(at, &self.app.entropy)?),
            ..Origin::within(Channel::Http)
        };
        Ok(Context::new(at, Actor::Nobody, from))
    }

    /// What the administrator does now.
    fn by(&self, ada: &SignedIn) -> Result<Operator, Fault> {
        let ctx = self.from(OFFICE)?;
        Operator::signed_in(&ctx, ada).ok_or_else(|| broken("an administrator", "she is none"))
    }

    async fn sign_in(&self, email: &str, address: [u8; 4]) -> Result<SignedIn, Fault> {
        let ctx = self.from(address)?;
        match sign_in::sign_in(&self.app, &ctx, Attempt::of(email, self.password.clone())).await? {
            Outcome::SignedIn { cookie, .. } => {
                let known = sign_in::recognize(&self.app, ctx.at, cookie.expose()).await?;
                known.ok_or_else(|| broken("a session", email))
            }
            other => Err(broken("a sign-in", other)),
        }
    }

    /// The browser of somebody: its cookie is never seen.
    fn browser(&self, email: &str) -> Digest {
        Digest::of(email.as_bytes())
    }
}

/// Networks of the organisation, and of the world. Documentation addresses, RFC 5737.
const OFFICE: [u8; 4] = [192, 0, 2, 10];
const HOME: [u8; 4] = [198, 51, 100, 23];
const CLUSTER: [u8; 4] = [203, 0, 113, 40];
const RUNNERS: [u8; 4] = [192, 0, 2, 77];
const ELSEWHERE: [u8; 4] = [198, 51, 100, 201];

/// The same small number for the same day and thing: how busy somebody was.
const fn dice(day: u64, thing: u64, sides: u64) -> u64 {
    let mut x = (day.wrapping_mul(0x9E37_79B9_7F4A_7C15)) ^ (thing.wrapping_mul(0xBF58_476D_1CE4_E5B9)) ^ 0x94D0_49BB;
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    x % sides
}
