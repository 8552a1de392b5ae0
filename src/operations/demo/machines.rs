//! Machines of every kind, and what becomes of them.

use super::organisation::{BILLING, CODE, DEPLOY, HANDBOOK, METRICS, TICKETS, name, resource, scope};
use super::{CLUSTER, ELSEWHERE, HOME, OFFICE, RUNNERS, Stage, broken, dice, given, made};
use crate::base::{Fault, Id, Lifetime, Secret};
use crate::model::{ClaimRule, ClaimTest, Credential, Machine, MachineKind, Subject, TokenUse, Trust};
use crate::operations::authenticate_client::authenticate_client;
use crate::operations::credentials::{self, NewCredential, NewProof};
use crate::operations::delegations::{self, NewDelegation};
use crate::operations::machines::{self, NewMachine, Terms};
use crate::operations::seen::Seen;
use crate::operations::sign_in::SignedIn;
use crate::operations::{Problem, people, token};
use crate::protocol::client_auth::Presented;
use crate::protocol::params::Parameters;
use crate::protocol::refusal::Refusal;
use crate::protocol::token_request::TokenRequest;

/// How a machine behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Every day, so many times at most.
    Busy(u64),
    /// Once a night.
    Nightly,
    /// It was used once and not since.
    Idle,
    Never,
    /// Busy, and on the last day from somewhere new.
    Moved,
    /// Two callers have its secret.
    Shared,
    /// Its secret has a successor, and the old one is still used.
    Clings,
    /// Its secret has a successor, and the old one fell silent.
    Turned,
    /// It was stopped a week ago.
    Stopped,
    /// It was retired two weeks ago.
    Retired,
    /// Its secret ends in a few days.
    EndsSoon,
}

/// How it proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proves {
    Secret,
    Key,
    /// Tokens of its platform.
    Platform,
}

struct Part {
    name: &'static str,
    kind: MachineKind,
    purpose: &'static str,
    owner: &'static str,
    tenant: &'static str,
    at: &'static str,
    /// What it may ask for, and what it does ask for.
    scope: &'static str,
    uses: &'static str,
    proves: Proves,
    habit: Habit,
}

#[expect(clippy::too_many_arguments, reason = "one line of the table below each")]
const fn part(
    name: &'static str,
    kind: MachineKind,
    purpose: &'static str,
    owner: &'static str,
    tenant: &'static str,
    at: &'static str,
    scope: &'static str,
    uses: &'static str,
    proves: Proves,
    habit: Habit,
) -> Part {
    Part { name, kind, purpose, owner, tenant, at, scope, uses, proves, habit }
}

use Habit::{Busy, Clings, EndsSoon, Idle, Moved, Never, Nightly, Retired, Shared, Stopped, Turned};
use MachineKind::{Agent, Ci, Device, Service};
use Proves::{Key, Platform, Secret as ASecret};

#[rustfmt::skip]
const PARTS: [Part; 40] = [
    part("support-agent", Agent, "Answers tickets with what the handbook says", "chloe", "main", TICKETS, "tickets:read tickets:write", "tickets:read tickets:write", ASecret, Busy(9)),
    part("triage-agent", Agent, "Sorts new tickets", "chloe", "main", TICKETS, "tickets:read tickets:write", "tickets:read", ASecret, Busy(7)),
    part("review-agent", Agent, "Comments on changes", "daniel", "main", CODE, "code:read code:review", "code:read code:review", ASecret, Busy(8)),
    part("handbook-agent", Agent, "Answers questions from the handbook", "hana", "main", HANDBOOK, "docs:search docs:publish", "docs:search", ASecret, Busy(6)),
    part("invoice-agent", Agent, "Prepares payments", "elif", "emea", BILLING, "invoices:read invoices:pay", "invoices:read", ASecret, Busy(3)),
    part("onboarding-agent", Agent, "Guides new colleagues", "lena", "main", HANDBOOK, "docs:search", "docs:search", ASecret, Busy(2)),
    part("research-agent", Agent, "Gathers what others have written", "goran", "main", HANDBOOK, "docs:search", "docs:search", Key, Idle),
    part("release-notes-agent", Agent, "Writes what has changed", "daniel", "main", CODE, "code:read", "code:read", ASecret, Nightly),
    part("incident-agent", Agent, "Gathers facts when something breaks", "ben", "main", METRICS, "metrics:read", "metrics:read", ASecret, Moved),
    part("sales-agent", Agent, "Drafts offers", "joana", "americas", TICKETS, "tickets:read", "tickets:read", ASecret, Stopped),
    part("ticket-api", Service, "Serves the ticket board", "goran", "main", METRICS, "metrics:write", "metrics:write", ASecret, Busy(6)),
    part("nightly-import", Service, "Imports tickets at night", "goran", "main", TICKETS, "tickets:read tickets:write", "tickets:write", ASecret, Nightly),
    part("billing-sync", Service, "Copies invoices into the books", "elif", "emea", BILLING, "invoices:read", "invoices:read", ASecret, Clings),
    part("billing-sync-us", Service, "Copies invoices into the books", "joana", "americas", BILLING, "invoices:read", "invoices:read", ASecret, Turned),
    part("search-indexer", Service, "Keeps the search of the handbook", "hana", "main", HANDBOOK, "docs:search", "docs:search", ASecret, Busy(5)),
    part("metrics-collector", Service, "Gathers measurements", "ben", "main", METRICS, "metrics:read metrics:write", "metrics:write", ASecret, Busy(9)),
    part("alert-router", Service, "Wakes the right person", "ben", "main", METRICS, "metrics:read", "metrics:read", ASecret, Busy(4)),
    part("report-mailer", Service, "Sends the weekly report", "kofi", "main", METRICS, "metrics:read", "metrics:read", ASecret, EndsSoon),
    part("archive-worker", Service, "Moves old tickets away", "ivan", "main", TICKETS, "tickets:read tickets:write", "tickets:read", ASecret, Busy(2)),
    part("legacy-bridge", Service, "Speaks to the old system", "ivan", "main", TICKETS, "tickets:read", "tickets:read", ASecret, Idle),
    part("payment-gateway", Service, "Carries out payments", "elif", "emea", BILLING, "invoices:read invoices:pay", "invoices:pay", ASecret, Busy(4)),
    part("translation-service", Service, "Translates the handbook", "hana", "main", HANDBOOK, "docs:search docs:publish", "docs:publish", ASecret, Shared),
    part("status-page", Service, "Says whether everything works", "ben", "main", DEPLOY, "deploy:status", "deploy:status", ASecret, Busy(3)),
    part("data-export", Service, "Exports for the warehouse", "kofi", "main", METRICS, "metrics:read", "metrics:read", ASecret, Never),
    part("old-importer", Service, "Imported tickets before", "goran", "main", TICKETS, "tickets:write", "tickets:write", ASecret, Retired),
    part("calendar-sync", Service, "Keeps calendars in step", "lena", "main", TICKETS, "tickets:read", "tickets:read", ASecret, Never),
    part("deploy-web", Ci, "Puts the web site into service", "daniel", "main", DEPLOY, "deploy:run deploy:status", "deploy:run", ASecret, Busy(3)),
    part("deploy-api", Ci, "Puts the API into service", "daniel", "main", DEPLOY, "deploy:run deploy:status", "deploy:run", Platform, Never),
    part("deploy-docs", Ci, "Publishes the handbook", "hana", "main", HANDBOOK, "docs:publish", "docs:publish", ASecret, Nightly),
    part("integration-tests", Ci, "Tests each change", "daniel", "main", CODE, "code:read", "code:read", ASecret, Busy(6)),
    part("dependency-bot", Ci, "Updates dependencies", "goran", "main", CODE, "code:read code:review", "code:review", ASecret, Nightly),
    part("release-signing", Ci, "Signs what is released", "ben", "main", DEPLOY, "deploy:status", "deploy:status", Platform, Never),
    part("license-scan", Ci, "Looks for licences", "kofi", "main", CODE, "code:read", "code:read", ASecret, Idle),
    part("terraform-plan", Ci, "Plans what will change", "ben", "main", DEPLOY, "deploy:status", "deploy:status", ASecret, Busy(2)),
    part("lobby-display", Device, "Shows numbers in the lobby", "lena", "main", METRICS, "metrics:read", "metrics:read", Key, Busy(1)),
    part("label-printer-2", Device, "Prints labels", "joana", "americas", TICKETS, "tickets:read", "tickets:read", ASecret, Busy(1)),
    part("badge-reader-north", Device, "Opens the north door", "farah", "main", METRICS, "metrics:write", "metrics:write", ASecret, Busy(3)),
    part("badge-reader-south", Device, "Opens the south door", "farah", "main", METRICS, "metrics:write", "metrics:write", ASecret, Busy(3)),
    part("warehouse-scanner", Device, "Counts what is there", "farah", "emea", TICKETS, "tickets:write", "tickets:write", ASecret, Stopped),
    part("meeting-room-panel", Device, "Says who has the room", "farah", "main", METRICS, "metrics:read", "metrics:read", ASecret, Busy(1)),
];

/// A machine while the month is played.
pub(super) struct Actor {
    pub(super) id: Id<Machine>,
    pub(super) habit: Habit,
    part: &'static Part,
    secret: Option<Secret>,
    /// The successor of its secret.
    newer: Option<Secret>,
    credential: Option<Id<Credential>>,
    number: u64,
}

static CAST: &[Part] = &PARTS;

fn address_of(kind: MachineKind) -> [u8; 4] {
    match kind {
        Agent | Service => CLUSTER,
        Ci => RUNNERS,
        Device => OFFICE,
    }
}

/// The token requests of one day: when, and with which secret, from where.
pub(super) struct Call {
    pub(super) minute: u64,
    pub(super) actor: usize,
    with_newer: bool,
    from: [u8; 4],
}

impl Stage {
    pub(super) async fn machines(&self, ada: &SignedIn) -> Result<Vec<Actor>, Fault> {
        let mut cast = Vec::new();
        for (number, part) in (0..).zip(CAST) {
            // They came one after the other, before the month began.
            self.until(Self::days(112 - number * 2));
            let mut terms = Terms::new(name(part.name)?, part.kind, part.purpose, scope(part.scope)?);
            terms.access.push(crate::model::Access { resource: resource(part.at)?, scope: None, access_for: None });
            if part.kind == Agent {
                terms.tags.push("agents".to_owned());
            }
            let owner = format!("{}@demo.example", part.owner).parse().map_err(|why| broken(part.owner, why))?;
            let tenant = part.tenant.parse().map_err(|why| broken(part.tenant, why))?;
            let expires_at = (part.habit == EndsSoon).then(|| self.now.plus(Self::days(5)));
            let proof = match part.proves {
                ASecret => NewProof::ClientSecret,
                Key => NewProof::AccessKey,
                Platform => NewProof::Trust(trust(&(700_412_000 + number).to_string())),
            };
            let credential = Some(NewCredential { name: name("first")?, proof, expires_at });
            let new = NewMachine { terms, owner, tenant, credential };
            let new = made(part.name, machines::add(&self.app, &self.by(ada)?, new).await)?;
            let (credential, secret) = match new.credential {
                Some(made) => (Some(made.credential.id), made.secret),
                None => (None, None),
            };
            cast.push(Actor { id: new.machine.id, habit: part.habit, part, secret, newer: None, credential, number });
        }
        Ok(cast)
    }

    /// Who may act for whom.
    pub(super) async fn delegations(&self, ada: &SignedIn, cast: &[Actor]) -> Result<(), Fault> {
        let acts = [
            ("support-agent", "chloe", "tickets:read tickets:write", TICKETS, "Answers in her name"),
            ("invoice-agent", "elif", "invoices:read", BILLING, "Prepares her payments"),
            ("review-agent", "daniel", "code:read code:review", CODE, "Reviews in his name"),
            ("onboarding-agent", "lena", "docs:search", HANDBOOK, "Looks up for her"),
        ];
        for (machine, person, scopes, at, purpose) in acts {
            let actor = cast.iter().find(|actor| actor.part.name == machine);
            let actor = actor.ok_or_else(|| broken("a delegation", machine))?.id;
            let email = format!("{person}@demo.example").parse().map_err(|why| broken(person, why))?;
            let person = people::find(&self.app, &email).await?.ok_or_else(|| broken("a delegation", person))?;
            let new = NewDelegation {
                actor,
                subject: Subject::Person(person.id),
                scope: scope(scopes)?,
                resources: vec![resource(at)?],
                may_act: None,
                across: true,
                purpose: purpose.to_owned(),
                lasts: Self::days(90),
            };
            let by = self.by(ada)?;
            made(machine, delegations::grant(&self.app, &by, new).await)?;
        }
        Ok(())
    }

    /// Everything that the cast asks for on a day, in its order. The last day is cut short where it is now.
    pub(super) fn calls(cast: &[Actor], day: u64) -> Vec<Call> {
        let mut calls = Vec::new();
        for (place, actor) in cast.iter().enumerate() {
            let home = address_of(actor.part.kind);
            let mut call = |minute: u64, with_newer: bool, from: [u8; 4]| {
                calls.push(Call { minute: minute % 1_440, actor: place, with_newer, from });
            };
            let n = actor.number;
            let some = |most: u64| 1 + dice(day, n, most.max(1));
            let times = match actor.habit {
                // The last day is not over.
                Busy(most) if day == 0 => some(most.div_ceil(2)),
                Busy(most) => some(most),
                Moved | Clings | Turned | Shared | EndsSoon => some(3),
                Nightly => {
                    call(120 + n, false, home);
                    0
                }
                Idle => u64::from(day == 31),
                Stopped => {
                    if day > 7 {
                        some(3)
                    } else {
                        0
                    }
                }
                Retired => {
                    if day > 14 {
                        1
                    } else {
                        0
                    }
                }
                Never => 0,
            };
            for time in 0..times {
                // Most work is done in the day.
                let minute = match time % 3 {
                    2 => dice(day * 37 + time, n, 1_440),
                    _ => 420 + dice(day * 31 + time, n, 660),
                };
                let odd = time % 2 == 1;
                match actor.habit {
                    Moved if day <= 1 => call(minute, false, ELSEWHERE),
                    Shared if odd || day <= 1 => call(minute, false, if odd { HOME } else { CLUSTER }),
                    Clings if day <= 6 => call(minute, odd, home),
                    Turned if day <= 6 => call(minute, true, home),
                    _ => call(minute, false, home),
                }
            }
        }
        calls.sort_by_key(|call| (call.minute, call.actor));
        calls
    }

    /// One token, asked for as a program does.
    pub(super) async fn takes_a_token(&self, cast: &[Actor], call: &Call) -> Result<(), Fault> {
        let Some(actor) = cast.get(call.actor) else { return Ok(()) };
        let secret = if call.with_newer { actor.newer.as_ref() } else { None };
        let Some(secret) = secret.or(actor.secret.as_ref()) else { return Ok(()) };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &actor.id.to_string())
            .append_pair("client_secret", secret.expose())
            .append_pair("scope", actor.part.uses)
            .append_pair("resource", actor.part.at)
            .finish();
        let params = Parameters::parse(form.as_bytes()).map_err(|why| broken(actor.part.name, why))?;
        let ask = TokenRequest::parse(&params).map_err(|why| broken(actor.part.name, why))?;
        let presented = Presented::read(None, &params).map_err(|why| broken(actor.part.name, why))?;
        let ctx = self.from(call.from)?;
        let client = match authenticate_client(&self.app, &ctx, presented).await {
            // Whoever was stopped goes on asking, as it would.
            Err(Problem::Refused(Refusal::ClientSuspended)) => return Ok(()),
            known => given(actor.part.name, known)?,
        };
        let ctx = ctx.by(crate::model::Actor::Client(client.id().clone()));
        given(actor.part.name, token::exchange(&self.app, &ctx, client, ask, None).await)?;
        // How long it would have taken.
        let chance = dice(call.minute, actor.number, 40);
        self.app.hours.waited(ctx.at, if chance == 0 { 5_400 } else { 420 + chance * 37 });
        Ok(())
    }

    /// What happens to some of them on a day, before anybody calls.
    pub(super) async fn fates(&self, ada: &SignedIn, cast: &mut [Actor], day: u64) -> Result<(), Fault> {
        for actor in cast {
            let by = self.by(ada)?;
            let what = actor.part.name;
            match (actor.habit, day) {
                (Stopped, 7) => {
                    made(
                        what,
                        machines::suspend(
                            &self.app,
                            &by,
                            actor.id,
                            Seen::Anything,
                            "it called at night, and nobody knew why",
                        )
                        .await,
                    )?;
                }
                (Retired, 14) => {
                    made(
                        what,
                        machines::retire(&self.app, &by, actor.id, Seen::Anything, "nightly-import took its place")
                            .await,
                    )?;
                }
                (Clings | Turned, 6) => {
                    let Some(credential) = actor.credential else { continue };
                    let overlap = Lifetime::from_days(30);
                    let new = made(what, credentials::rotate(&self.app, &by, credential, overlap).await)?;
                    actor.newer = new.secret;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A build system's tokens for one repository.
fn trust(repository: &str) -> Trust {
    Trust {
        issuer: "https://token.actions.githubusercontent.com".to_owned(),
        audience: "https://id.demo.example".to_owned(),
        jwks_uri: None,
        jwks: None,
        rules: vec![
            ClaimRule { claim: "repository_owner_id".to_owned(), test: ClaimTest::Is("48210077".to_owned()) },
            ClaimRule { claim: "repository_id".to_owned(), test: ClaimTest::Is(repository.to_owned()) },
        ],
        preset: Some("github".to_owned()),
        token_use: TokenUse::Once,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_same_each_time() {
        assert_eq!(dice(3, 7, 100), dice(3, 7, 100));
        let kinds: std::collections::HashSet<_> = CAST.iter().map(|part| format!("{:?}", part.kind)).collect();
        assert_eq!(kinds.len(), 4);
    }
}
