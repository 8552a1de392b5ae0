//! What machines use: seen where a grant succeeds, written down by housekeeping. A request pays for it with a look into memory.

use crate::app::{App, Grant};
use crate::base::{Fault, Id, Resource};
use crate::model::{Context, Credential, Event, Machine, MachineUsage, Misuse, ScopeSet, Tally, Used, grants};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::store::tables::{CREDENTIAL_STATES, MACHINE_STATES, USAGE_BY_CREDENTIAL, USAGE_BY_MACHINE, USAGE_BY_SCOPE};
use crate::store::{Read, Tx};

/// Most machines written down in one transaction: requests wait behind it.
const AT_ONCE: usize = 500;

/// A machine was given tokens, as of this commit. Every grant that a machine can make calls this once; it does nothing for other
/// clients. What is killed before the next round loses it, and nothing else.
pub(crate) fn saw(
    app: &App,
    ctx: &Context,
    client: &AuthenticatedClient,
    scope: &ScopeSet,
    resource: Option<&Resource>,
) {
    let Some(machine) = client.machine() else { return };
    app.usage.saw(Grant {
        at: ctx.at,
        network: ctx.from.network.as_ref(),
        machine: machine.id,
        credential: client.credential().map(|credential| credential.id),
        scope,
        resource,
    });
}

/// Writes down what was gathered since the last round.
pub(super) async fn flush(app: &App, ctx: &Context) -> Result<(), Fault> {
    let (mut gathered, mut missed) = app.usage.take();
    let calls = gathered.iter().filter_map(|(id, used)| used.machine.seen.map(|seen| (*id, seen.last_at, seen.grants)));
    app.hours.called(calls);
    while !gathered.is_empty() || missed > 0 {
        let rest = gathered.split_off(gathered.len().min(AT_ONCE));
        let (some, uncounted) = (std::mem::replace(&mut gathered, rest), std::mem::take(&mut missed));
        app.store
            .write("write down usage", ctx, move |tx| {
                let (mut machines, mut grants) = (0, 0);
                for (id, used) in &some {
                    if put(tx, *id, used)? {
                        machines += 1;
                        grants += used.machine.seen.map_or(0, |seen| seen.grants);
                    }
                }
                if machines == 0 && uncounted == 0 {
                    return Ok(());
                }
                tx.record(Event::UsageNoted { machines, grants, missed: uncounted })
            })
            .await?;
    }
    Ok(())
}

/// Says whether there is still such a machine.
fn put(tx: &mut Tx<'_>, id: Id<Machine>, used: &Used) -> Result<bool, Fault> {
    if tx.get(&MACHINE_STATES, &id)?.is_none() {
        return Ok(false);
    }
    let mut usage = tx.get(&USAGE_BY_MACHINE, &id)?.unwrap_or_default();
    usage.add(used);
    tx.put(&USAGE_BY_MACHINE, &id, &usage)?;
    for (credential, tally) in &used.credentials {
        // One that was forgotten meanwhile leaves no trace.
        if tx.get(&CREDENTIAL_STATES, credential)?.is_some() {
            let mut usage = tx.get(&USAGE_BY_CREDENTIAL, credential)?.unwrap_or_default();
            usage.used.add(tally, Tally::MOST_OF_CREDENTIAL);
            tx.put(&USAGE_BY_CREDENTIAL, credential, &usage)?;
        }
    }
    if !used.scopes.is_empty() {
        let mut usage = tx.get(&USAGE_BY_SCOPE, &id)?.unwrap_or_default();
        usage.add(&used.scopes);
        tx.put(&USAGE_BY_SCOPE, &id, &usage)?;
    }
    Ok(true)
}

/// What is known of a machine's use up to now, what is not written down yet included.
pub(super) fn of_machine(read: &impl Read, id: Id<Machine>, pending: Option<&Used>) -> Result<MachineUsage, Fault> {
    let mut usage = read.get(&USAGE_BY_MACHINE, &id)?.unwrap_or_default();
    if let Some(pending) = pending {
        usage.add(pending);
    }
    Ok(usage)
}

/// The same of one of its credentials, `None` if it was never used; and where it was refused.
pub(super) fn of_credential(
    read: &impl Read,
    id: Id<Credential>,
    pending: Option<&Used>,
) -> Result<(Option<Tally>, Vec<Misuse>), Fault> {
    let known = read.get(&USAGE_BY_CREDENTIAL, &id)?.unwrap_or_default();
    let mut used = known.used.seen.is_some().then_some(known.used);
    let pending = pending.and_then(|pending| pending.credentials.iter().find(|(known, _)| *known == id));
    if let Some((_, tally)) = pending {
        used.get_or_insert_default().add(tally, Tally::MOST_OF_CREDENTIAL);
    }
    Ok((used, known.misused))
}

/// A machine that was let act again has been idle since then at most.
pub(super) fn resumed(tx: &mut Tx<'_>, id: Id<Machine>) -> Result<(), Fault> {
    let usage = tx.get(&USAGE_BY_MACHINE, &id)?.unwrap_or_default();
    tx.put(&USAGE_BY_MACHINE, &id, &MachineUsage { counted_from: Some(tx.now()), ..usage })
}

/// A scope that a machine was given just now is not one that it never used.
pub(super) fn terms_changed(tx: &mut Tx<'_>, before: &Machine, after: &Machine) -> Result<(), Fault> {
    if grants(before).eq(grants(after)) {
        return Ok(());
    }
    let mut usage = tx.get(&USAGE_BY_SCOPE, &after.id)?.unwrap_or_default();
    usage.give(before, after, tx.now());
    tx.put(&USAGE_BY_SCOPE, &after.id, &usage)
}
