//! Machine identities.

use crate::app::App;
use crate::base::{Id, OpaqueToken, Resource, Secret, TokenKind};
use crate::model::{ClientSecret, ClientState, Context, Email, Event, Machine, MachineKind, ScopeSet};
use crate::operations::declined::Declined;
use crate::operations::{resources, scopes};
use crate::protocol::display_name::DisplayName;
use crate::store::Read;
use crate::store::tables::{MACHINES, PEOPLE, PEOPLE_BY_EMAIL};

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
    pub id: Id<Machine>,
    pub secret: Secret,
}

/// Longest purpose, in characters.
const LONGEST_PURPOSE: usize = 500;
/// Most resources of one machine.
const MOST_RESOURCES: usize = 64;

/// Makes a machine identity with a secret, of which only the digest is kept.
pub async fn add(app: &App, ctx: &Context, new: NewMachine) -> Result<Made, Declined> {
    let purpose = new.purpose.trim().to_owned();
    if !(1..=LONGEST_PURPOSE).contains(&purpose.chars().count()) || purpose.chars().any(char::is_control) {
        return Err(Declined::field("purpose", "say in one line of at most 500 characters what it is for"));
    }
    if new.resources.len() > MOST_RESOURCES || new.serves.len() > MOST_RESOURCES {
        return Err(Declined::field("resource", "a machine has at most 64 resources"));
    }
    let id = Id::new(ctx.at, &app.entropy)?;
    let secret = OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?;
    let digest = secret.digest();
    app.store
        .write("add machine", ctx, move |tx| {
            let owner = match tx.find(&PEOPLE, &PEOPLE_BY_EMAIL, new.owner.folded().as_str())? {
                Some((owner, _)) => owner,
                None => return Ok(Err(Declined::field("owner", "nobody here has this e-mail address"))),
            };
            if let Err(declined) = scopes::all_known(tx, "scope", &new.scope)? {
                return Ok(Err(declined));
            }
            let (resources, serves) =
                match (resources::all_known(tx, &new.resources)?, resources::all_known(tx, &new.serves)?) {
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
            tx.record(Event::MachineCreated { machine: id, name: machine.name, owner })?;
            Ok(Ok(()))
        })
        .await??;
    Ok(Made { id, secret: secret.into_secret() })
}
