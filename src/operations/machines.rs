//! Machine identities.

use crate::app::App;
use crate::base::{Fault, Id, OpaqueToken, Resource, Secret, TokenKind};
use crate::model::{ClientSecret, ClientState, Email, Event, Machine, MachineKind, ScopeSet};
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::{resources, scopes};
use crate::protocol::display_name::DisplayName;
use crate::store::tables::{MACHINES, PEOPLE, PEOPLE_BY_EMAIL};
use crate::store::{Page, Read};

/// A machine identity to be made.
#[derive(Clone, Debug)]
pub struct NewMachine {
    pub name: DisplayName,
    pub kind: MachineKind,
    /// Who answers for it.
    pub owner: Email,
    /// What it is for.
    pub purpose: String,
    /// What it may ask for; all must be in the catalogue.
    pub scope: ScopeSet,
    /// The resources it may have tokens for, by identifier or alias; none for any.
    pub resources: Vec<Resource>,
    /// The resources it answers for: it may introspect their tokens.
    pub serves: Vec<Resource>,
}

/// What is shown once.
#[derive(Debug)]
pub struct Made {
    pub machine: Machine,
    pub secret: Secret,
}

/// Longest purpose, in characters.
const LONGEST_PURPOSE: usize = 500;
/// Most resources of one machine.
const MOST_RESOURCES: usize = 64;

/// Makes a machine identity with a secret, of which only the digest is kept.
pub async fn add(app: &App, by: &Operator, new: NewMachine) -> Result<Made, Declined> {
    let purpose = new.purpose.trim().to_owned();
    if !(1..=LONGEST_PURPOSE).contains(&purpose.chars().count()) || purpose.chars().any(char::is_control) {
        return Err(Declined::field("purpose", "say in one line of at most 500 characters what it is for"));
    }
    if new.resources.len() > MOST_RESOURCES || new.serves.len() > MOST_RESOURCES {
        return Err(Declined::field("resource", "a machine has at most 64 resources"));
    }
    by.may_give(&new.scope)?;
    let (ctx, by) = (by.ctx(), by.clone());
    let id = Id::new(ctx.at, &app.entropy)?;
    let secret = OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?;
    let digest = secret.digest();
    let machine = app
        .store
        .write("add machine", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let owner = match tx.find(&PEOPLE, &PEOPLE_BY_EMAIL, new.owner.folded().as_str())? {
                Some((owner, _)) => owner,
                None => return Ok(Err(Declined::field("owner", "nobody here has this e-mail address"))),
            };
            if let Err(declined) = scopes::all_known(tx, "scope", &new.scope)? {
                return Ok(Err(declined));
            }
            let (resources, serves) = match (
                resources::all_known(tx, "resources", &new.resources)?,
                resources::all_known(tx, "serves", &new.serves)?,
            ) {
                (Ok(resources), Ok(serves)) => (resources, serves),
                (Err(declined), _) | (_, Err(declined)) => return Ok(Err(declined)),
            };
            let machine = Machine {
                id,
                name: new.name.as_str().to_owned(),
                kind: new.kind,
                owner,
                purpose: purpose.clone(),
                state: ClientState::Active,
                secrets: vec![ClientSecret { digest, created_at: tx.now(), expires_at: None }],
                scope: new.scope.clone(),
                resources,
                serves,
                created_at: tx.now(),
            };
            tx.put(&MACHINES, &id, &machine)?;
            by.request().done(tx, id, &machine, Answer::HoldsASecret)?;
            tx.record(Event::MachineCreated { machine: id, name: machine.name.clone(), owner })?;
            Ok(Ok(machine))
        })
        .await??;
    Ok(Made { machine, secret: secret.into_secret() })
}

/// Machines before `before`, the newest first.
pub async fn list(app: &App, before: Option<Id<Machine>>, limit: usize) -> Result<Page<Id<Machine>, Machine>, Fault> {
    app.store.read(move |view| view.newest(&MACHINES, before.as_ref(), limit)).await
}

/// One of them.
pub async fn find(app: &App, id: Id<Machine>) -> Result<Machine, Declined> {
    let found = app.store.read(move |view| view.get(&MACHINES, &id)).await?;
    found.ok_or_else(|| Declined::Missing(format!("there is no machine {id}")))
}
