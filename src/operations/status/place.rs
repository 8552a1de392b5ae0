//! Gives each signed access token a place in a status list, inside the transaction that issues it.
//!
//! A token costs no row. A client's block is written when the one before is used up, and a grant's run is in the grant's own
//! row, which is written anyway. Which index is next is known in memory only: a job that runs twice, or never, wastes some.
//!
//! What memory says is ahead of the disk until the commit. So whoever uses a list or a block that is not known to be durable
//! looks for its row and puts it if it is not there, and only the commit of such a job makes it known (`Issued::sign`). Whatever
//! job faults or is run again, no token that was issued names a block that the file does not know.

use super::uri;
use crate::app::{App, Taken};
use crate::base::{Digest, Fault, FaultKind, Id, Lifetime};
use crate::model::{ActingRuns, ClientId, Family, Link, StatusBlock, StatusIndex, StatusList, StatusRun, Subject};
use crate::protocol::status_list::{StatusClaim, StatusReference};
use crate::store::tables::{ACTING_RUNS, STATUS_BLOCKS, STATUS_LISTS};
use crate::store::{Read as _, Tx};

/// A token's place.
pub(crate) struct Place {
    pub(crate) claim: StatusClaim,
    /// What is durable once the token is, and was not known to be.
    fresh: Option<(ClientId, Taken)>,
}

impl Place {
    /// To be called after the commit.
    pub(crate) fn committed(&self, app: &App) {
        if let Some((client, taken)) = &self.fresh {
            app.status.committed(client, taken);
        }
    }
}

/// For a token that a client gets for itself.
pub(crate) fn for_client(
    app: &App,
    tx: &mut Tx<'_>,
    (client, audience): (&ClientId, &str),
    lives_for: Lifetime,
) -> Result<Place, Fault> {
    let taken = take(app, tx, (client, audience), 1, lives_for)?;
    Ok(make(app, StatusIndex { list: taken.list, index: taken.first }, client, Some(taken)))
}

/// Places of a grant's first run: a token and a few refreshes. The next run has the double.
const FIRST_RUN: u32 = 4;
/// The same of a token that is exchanged: most are exchanged once or twice.
const FIRST_ACTING: u32 = 2;
/// How much longer than its tokens a row of theirs may be there.
const STAYS: Lifetime = Lifetime::from_minutes(5);
/// The longest run.
const LONGEST_RUN: u32 = 1_024;

/// For a token of a grant. The caller puts the changed row.
pub(crate) fn for_family(
    app: &App,
    tx: &mut Tx<'_>,
    (family, audience): (&mut Family, &str),
    lives_for: Lifetime,
) -> Result<Place, Fault> {
    // One that ends with its first token has no second.
    let first = if family.expires_at <= tx.now().plus(lives_for) { 1 } else { FIRST_RUN };
    next_in(app, tx, (&family.client_id, audience), (&mut family.status, first), lives_for)
}

/// A token with which somebody acts.
pub(crate) struct Acted<'a> {
    /// Who gets it: the first in the chain.
    pub(crate) client: &'a ClientId,
    /// Whom it is for.
    pub(crate) audience: &'a str,
    pub(crate) subject: &'a Subject,
    pub(crate) family: Option<Id<Family>>,
    pub(crate) chain: &'a [Link],
}

impl Acted<'_> {
    /// Everything whose end is the token's, but the one who gets it: that one's blocks are marked whole.
    fn ended_by(&self) -> Vec<String> {
        let mut ends = vec![self.subject.text()];
        ends.extend(self.family.map(|family| family.to_string()));
        ends.extend(self.chain.iter().flat_map(|link| [link.delegation.to_string(), link.from.to_string()]));
        ends.extend(self.chain.iter().skip(1).map(|link| link.actor.to_string()));
        ends
    }
}

/// For a token with which somebody acts: in the block of the one who gets it, for stopping that one must reach it, and in a row
/// that is found by all that ends it besides. The same token shown again goes on in the same row.
pub(crate) fn for_acting(app: &App, tx: &mut Tx<'_>, token: &Acted<'_>, lives_for: Lifetime) -> Result<Place, Fault> {
    let (ended_by, client) = (token.ended_by(), token.client.to_string());
    let parts = [client.as_str(), token.audience].into_iter().chain(ended_by.iter().map(String::as_str));
    let parts = parts.flat_map(|part| [part.as_bytes(), b"\n"]);
    let key = Digest::of_all(&parts.collect::<Vec<_>>());
    let known = tx.get(&ACTING_RUNS, &key)?;
    let (of, until) = ((token.client, token.audience), tx.now().plus(lives_for));
    // The runs say when their tokens are over. The row may stay a little longer, so that not every token moves it in the index by time.
    let stays = until.plus(STAYS);
    match known {
        // What was ended has ended the token that was shown as well, so nobody goes on with it.
        Some(known) if known.ended_at.is_none() => {
            let mut row = known.clone();
            let place = next_in(app, tx, of, (&mut row.runs, FIRST_ACTING), lives_for)?;
            if row.expires_at < until {
                row.expires_at = stays;
                tx.replace(&ACTING_RUNS, &key, &known, &row)?;
            } else {
                tx.rewrite(&ACTING_RUNS, &key, &known, &row)?;
            }
            Ok(place)
        }
        _ => {
            let (client_id, audience) = (token.client.clone(), Some(token.audience.to_owned()));
            let mut runs = Vec::new();
            let place = next_in(app, tx, of, (&mut runs, FIRST_ACTING), lives_for)?;
            let row = ActingRuns { client_id, ended_by, audience, ended_at: None, runs, expires_at: stays };
            tx.put(&ACTING_RUNS, &key, &row)?;
            Ok(place)
        }
    }
}

/// The next place of `runs`, or the first one of another run, which is `first` long where there was none.
fn next_in(
    app: &App,
    tx: &mut Tx<'_>,
    (client, audience): (&ClientId, &str),
    (runs, first): (&mut Vec<StatusRun>, u32),
    lives_for: Lifetime,
) -> Result<Place, Fault> {
    let now = tx.now();
    let going_on = runs.last_mut().filter(|run| app.status.may_go_on(client, run, now));
    if let Some(index) = going_on.and_then(|run| run.next(lives_for, now)) {
        return Ok(make(app, index, client, None));
    }
    let size = runs.last().map_or(first, |run| match run.used < run.size {
        true => first,
        false => (run.size * 2).min(LONGEST_RUN),
    });
    let taken = take(app, tx, (client, audience), size, lives_for)?;
    let mut run = StatusRun { list: taken.list, first: taken.first, size, used: 0, lives_for, expires_at: now };
    let full = || Fault::new(FaultKind::Bug, "a new run of status indices has no place");
    let index = run.next(lives_for, now).ok_or_else(full)?;
    // Only what may still have to be ended is remembered: the doubling bounds how many runs that is.
    runs.retain(|run| now < run.expires_at);
    runs.push(run);
    Ok(make(app, index, client, Some(taken)))
}

fn make(app: &App, place: StatusIndex, client: &ClientId, taken: Option<Taken>) -> Place {
    let reference = StatusReference { idx: u64::from(place.index), uri: uri(app, place.list) };
    let fresh = taken.filter(|taken| !taken.durable).map(|taken| (client.clone(), taken));
    Place { claim: StatusClaim { status_list: reference }, fresh }
}

/// Takes indices, and sees to it that the rows of their list and block are there.
fn take(
    app: &App,
    tx: &mut Tx<'_>,
    (client, audience): (&ClientId, &str),
    count: u32,
    lives_for: Lifetime,
) -> Result<Taken, Fault> {
    let now = tx.now();
    let taken = match app.status.take((client, audience), count, lives_for, now) {
        Some(taken) => taken,
        None => {
            let newest =
                tx.newest(&STATUS_LISTS, None, 1)?.rows.first().map_or(0, |(number, _)| number.saturating_add(1));
            app.status.open_list(newest.max(u64::try_from(now.millis()).unwrap_or(0)));
            let none = || Fault::new(FaultKind::Bug, "a new status list has no room");
            app.status.take((client, audience), count, lives_for, now).ok_or_else(none)?
        }
    };
    if !taken.durable {
        let list = StatusList::opened(taken.list);
        let (key, expires_at) = ((taken.list, u64::from(taken.block)), list.expires_at);
        if tx.get(&STATUS_LISTS, &taken.list)?.is_none() {
            tx.put(&STATUS_LISTS, &taken.list, &list)?;
        }
        if tx.get(&STATUS_BLOCKS, &key)?.is_none() {
            let block = StatusBlock {
                list: taken.list,
                first: taken.block,
                size: taken.size,
                client_id: client.clone(),
                audience: taken.of_one.then(|| audience.to_owned()),
                lives_for: taken.lives_for,
                ended_at: None,
                unused: 0,
                expires_at,
            };
            tx.put(&STATUS_BLOCKS, &key, &block)?;
        }
    }
    Ok(taken)
}
