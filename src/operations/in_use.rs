//! Who names a scope or a resource: what one of those machines, delegations and applications names is not removed under them. Made again,
//! it would be theirs at once, and what is written out of an appliance would name what is not there.

use super::find_client;
use crate::base::{Fault, Timestamp};
use crate::model::{ClientId, ClientState, Delegation, Subject};
use crate::operations::declined::Declined;
use crate::store::Read;
use crate::store::tables::{
    CLIENTS, CLIENTS_BY_NAMED, DELEGATIONS, DELEGATIONS_BY_NAMED, MACHINES, MACHINES_BY_NAMED, PEOPLE,
};

/// Most users of each kind that are called by their names.
const SHOWN: usize = 5;
/// Delegations looked at in one go, and most of them: those whose time is over are passed over.
const AT_ONCE: usize = 500;
const GOES: usize = 40;

/// Declines if anybody names `what` (a key of [`named_scope`](crate::store::tables::named_scope) or
/// [`named_resource`](crate::store::tables::named_resource)), which people call `called`: who, and how to let go.
pub(super) fn by_nobody(
    read: &impl Read,
    what: &(String, String),
    called: &str,
    now: Timestamp,
) -> Result<Result<(), Declined>, Fault> {
    let users = users(read, what, now)?;
    if users.is_empty() {
        return Ok(Ok(()));
    }
    let why = format!("{called} is used by {}", users.join("; "));
    Ok(Err(Declined::Conflict(why)))
}

fn users(read: &impl Read, what: &(String, String), now: Timestamp) -> Result<Vec<String>, Fault> {
    let mut users = Vec::new();
    let machines = read.list(&MACHINES, &MACHINES_BY_NAMED, what, SHOWN + 1)?;
    let machines = machines.iter().map(|(id, machine)| format!("{} ({id})", machine.name));
    users.extend(counted("the machine", "the machines", machines, "`writ machine set` takes it from them"));
    let Found { live, all } = delegations(read, what, now)?;
    let called = live.iter().map(|one| call(read, one)).collect::<Result<Vec<_>, _>>()?;
    users.extend(counted("the delegation", "the delegations", called, "`writ delegation revoke` ends them"));
    // Nobody removes what may be in use.
    users.extend(
        (!all).then(|| format!("perhaps a delegation: more than {} name it, most of them over", GOES * AT_ONCE)),
    );
    let clients = read.list(&CLIENTS, &CLIENTS_BY_NAMED, what, SHOWN + 1)?;
    let clients = clients.iter().map(|(_, client)| format!("{} ({})", client.name, client.id));
    users.extend(counted("the application", "the applications", clients, "`writ client set` takes it from them"));
    Ok(users)
}

/// Delegations that are good.
struct Found {
    live: Vec<Delegation>,
    /// Whether these are all, or enough to say no.
    all: bool,
}

/// Those that are good: of the others nothing comes any more.
fn delegations(read: &impl Read, what: &(String, String), now: Timestamp) -> Result<Found, Fault> {
    let (mut live, mut after) = (Vec::new(), None);
    for _ in 0..GOES {
        let page = read.list_after(&DELEGATIONS, &DELEGATIONS_BY_NAMED, what, after.as_ref(), AT_ONCE)?;
        for (_, delegation) in page.rows.into_iter().filter(|(_, one)| one.is_live(now)) {
            // Machines that were retired before their delegations ended with them.
            if find_client::state(read, &ClientId::Machine(delegation.actor))? != Some(ClientState::Retired) {
                live.push(delegation);
            }
        }
        after = page.next;
        if after.is_none() || live.len() > SHOWN {
            return Ok(Found { live, all: true });
        }
    }
    Ok(Found { live, all: false })
}

fn call(read: &impl Read, delegation: &Delegation) -> Result<String, Fault> {
    let actor = read.get(&MACHINES, &delegation.actor)?.map_or_else(|| delegation.actor.to_string(), |it| it.name);
    let subject = match &delegation.subject {
        Subject::Person(id) => {
            read.get(&PEOPLE, id)?.map_or_else(|| id.to_string(), |person| person.email.as_str().to_owned())
        }
        Subject::Client(id @ ClientId::Machine(_)) => {
            find_client::stored(read, id)?.client().map_or_else(|| id.to_string(), |client| client.name)
        }
        Subject::Client(id) => id.to_string(),
    };
    Ok(format!("{} ({actor} for {subject})", delegation.id))
}

fn counted(one: &str, many: &str, names: impl IntoIterator<Item = String>, how: &str) -> Option<String> {
    let names: Vec<String> = names.into_iter().collect();
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { " and more" } else { "" };
    match names.len() {
        0 => None,
        1 => Some(format!("{one} {shown}: {how}")),
        _ => Some(format!("{many} {shown}{more}: {how}")),
    }
}
