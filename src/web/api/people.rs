//! People who can sign in. Nothing here says anything about a password.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, NoFilter, Nothing, Reason, StillTaken, Wrong};
use crate::base::{Id, Secret};
use crate::model::{Passkey, Person, PersonState, Standing};
use crate::operations::declined::Declined;
use crate::operations::machines;
use crate::operations::own_passkeys;
use crate::operations::own_sign_in;
use crate::operations::people::{self, NewPerson, PersonChange};
use crate::protocol::own_scopes::{MACHINES, PEOPLE};

pub(super) fn noun() -> Noun {
    Noun::new("People", "id", "Who can sign in here. Only a token with `writ:admin` decides about administrators.")
        .list(What("/api/v1/people", "listPeople", PEOPLE.read, "List people, the newest first"), list)
        .create(What("/api/v1/people", "createPerson", PEOPLE.write, "Add a person"), create)
        .show(What("/api/v1/people/{id}", "showPerson", PEOPLE.read, "Show a person"), show)
        .change(
            What(
                "/api/v1/people/{id}",
                "changePerson",
                PEOPLE.write,
                "Change what somebody is called, or, with `writ:admin`, the address they sign in with",
            ),
            change,
        )
        .act(
            What(
                "/api/v1/people/{id}/suspension",
                "suspendPerson",
                PEOPLE.write,
                "Stop a person, and whatever acts for them",
            ),
            suspend,
        )
        .act(
            What("/api/v1/people/{id}/suspension/end", "resumePerson", PEOPLE.write, "Let a stopped person go on"),
            resume,
        )
        .remove(
            What(
                "/api/v1/people/{id}/second-factor",
                "resetSecondFactor",
                PEOPLE.write,
                "Ask somebody for no code any more, and end their sessions: app and recovery codes are lost",
            ),
            reset_factor,
        )
        .list(
            What(
                "/api/v1/people/{id}/passkeys",
                "listPasskeys",
                PEOPLE.read,
                "List somebody's passkeys, the oldest first",
            ),
            passkeys,
        )
        .remove(
            What(
                "/api/v1/people/{id}/passkeys/{passkey}",
                "removePasskey",
                PEOPLE.write,
                "Remove one of somebody's passkeys, and end their sessions: the device is lost",
            ),
            remove_passkey,
        )
        .tell(
            What(
                "/api/v1/people/{id}/handover",
                "handOverMachinesOfPerson",
                MACHINES.write,
                "Make somebody else answer for all the machines of a person, or for none of them",
            ),
            hand_over,
        )
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
struct PersonView {
    #[schema(example = "per_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    email: String,
    name: String,
    standing: StandingName,
    state: State,
    /// In the answer to the request that stopped it: tokens that a verifier may still take that asks nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    still_taken: Option<StillTaken>,
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Standing)]
enum StandingName {
    Administrator,
    Member,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PersonState)]
enum State {
    Active,
    Suspended,
}

/// A passkey of somebody's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
struct PasskeyView {
    #[schema(example = "pky_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    /// What its owner calls it.
    name: String,
    /// It is kept on more than one device.
    backed_up: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_used_at: Option<String>,
}

/// Somebody to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPersonBody {
    #[schema(max_length = 254, example = "ada@example.com")]
    email: String,
    #[schema(min_length = 1, max_length = 128, example = "Ada Moreno")]
    name: String,
    /// What they sign in with.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Secret,
    #[serde(default)]
    standing: Option<StandingName>,
}

/// What is to be different about a person. Their sessions, and what they allowed, stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonPatch {
    /// Takes `writ:admin`, as setting a password does.
    #[serde(default)]
    #[schema(value_type = String, required = false, max_length = 254)]
    email: Given<String>,
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 128)]
    name: Given<String>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<PersonView>, Problem> {
    let page = people::list(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, person)| view(person)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<PersonView>, Problem> {
    shown(&people::by_id(&call.app, call.id()?).await?)
}

async fn create(call: Call, ask: NewPersonBody) -> Result<(String, One<PersonView>), Problem> {
    let new = NewPerson::parse(&ask.email, &ask.name, ask.password).map_err(Declined::Invalid)?;
    let standing = match ask.standing {
        Some(StandingName::Administrator) => Standing::Administrator,
        Some(StandingName::Member) | None => Standing::Member,
    };
    let made = people::create(&call.app, &call.by, new, standing).await?;
    Ok((made.id.to_string(), shown(&made)?))
}

async fn change(call: Call, ask: PersonPatch) -> Result<One<PersonView>, Problem> {
    let mut wrong = Wrong::default();
    let (email, name) = (wrong.given("email", ask.email), wrong.given("name", ask.name));
    wrong.none()?;
    let change = PersonChange::parse(email.as_deref(), name.as_deref()).map_err(Declined::Invalid)?;
    shown(&people::change(&call.app, &call.by, call.id()?, call.seen(), change).await?)
}

async fn suspend(call: Call, ask: Reason) -> Result<One<PersonView>, Problem> {
    let (person, live) = people::suspend(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?;
    let shown = PersonView { still_taken: Some(live.into()), ..view(&person) };
    Ok(One::of(&person.without_password(), shown)?)
}

async fn resume(call: Call, _: Nothing) -> Result<One<PersonView>, Problem> {
    shown(&people::resume(&call.app, &call.by, call.id()?, call.seen()).await?)
}

async fn reset_factor(call: Call) -> Result<(), Problem> {
    own_sign_in::reset(&call.app, &call.by, call.id()?).await?;
    Ok(())
}

/// There are few enough for one page.
async fn passkeys(call: Call, window: Window, _: NoFilter) -> Result<Listed<PasskeyView>, Problem> {
    let passkeys = own_passkeys::list_of(&call.app, call.id()?).await?;
    let after = window.from::<Id<Passkey>>()?;
    let mut rest = passkeys.iter().filter(|passkey| after.is_none_or(|after| passkey.id > after)).peekable();
    let items: Vec<&Passkey> = rest.by_ref().take(window.limit).collect();
    let next = items.last().filter(|_| rest.peek().is_some()).map(|passkey| passkey.id);
    Ok(Listed::of(items.into_iter().map(passkey_view).collect(), &window, next))
}

async fn remove_passkey(call: Call) -> Result<(), Problem> {
    own_passkeys::remove_of(&call.app, &call.by, call.id()?, call.passkey()?).await?;
    Ok(())
}

fn passkey_view(passkey: &Passkey) -> PasskeyView {
    PasskeyView {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        backed_up: passkey.backed_up,
        created_at: passkey.created_at.iso(),
        last_used_at: passkey.last_used_at.map(|at| at.iso()),
    }
}

fn shown(person: &Person) -> Result<One<PersonView>, Problem> {
    Ok(One::of(&person.without_password(), view(person))?)
}

fn view(person: &Person) -> PersonView {
    PersonView {
        id: person.id.to_string(),
        email: person.email.as_str().to_owned(),
        name: person.name.clone(),
        still_taken: None,
        standing: match person.standing {
            Standing::Administrator => StandingName::Administrator,
            Standing::Member => StandingName::Member,
        },
        state: match person.state {
            PersonState::Active => State::Active,
            PersonState::Suspended => State::Suspended,
        },
        created_at: person.created_at.iso(),
    }
}

/// Who answers for a person's machines from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MachinesHandover)]
struct Handover {
    /// The person, by e-mail address or id.
    #[schema(max_length = 254, example = "grace@example.com")]
    owner: String,
}

/// What was handed over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MachinesHandedOver)]
struct HandedOver {
    /// How many machines.
    machines: u64,
    /// Who answers for them now.
    owner: String,
}

async fn hand_over(call: Call, ask: Handover) -> Result<HandedOver, Problem> {
    let owner = ask.owner.parse().map_err(|why| Problem::field("owner", why))?;
    let (machines, owner) = machines::hand_over_all(&call.app, &call.by, call.id()?, owner).await?;
    Ok(HandedOver { machines, owner: owner.id.to_string() })
}
