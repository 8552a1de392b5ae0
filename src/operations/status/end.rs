//! Says in the status lists that tokens ended before their time, in the transaction that ends them, and which of them are still
//! taken by whoever follows neither the lists nor introspection.

use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{
    ClientId, ListNumber, PAGE_BITS, Person, RevokedBecause, StatusBlock, StatusIndex, StatusList, StatusPage,
    StatusRun,
};
use crate::operations::revoke::end_family;
use crate::store::tables::{
    ACTING_RUNS, ACTING_RUNS_BY_END, FAMILIES, FAMILIES_BY_GRANT, STATUS_BLOCKS, STATUS_BLOCKS_BY_CLIENT, STATUS_LISTS,
    STATUS_PAGES,
};
use crate::store::{Read, Tx};

/// Signed tokens that were ended and are not over: until then, a verifier that only looks at the signature takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveTokens {
    /// There are no more than so many.
    pub at_most: u64,
    /// And none after this moment.
    pub until: Option<Timestamp>,
}

impl LiveTokens {
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { at_most: self.at_most.saturating_add(other.at_most), until: self.until.max(other.until) }
    }

    fn some(count: u32, until: Timestamp, now: Timestamp) -> Self {
        match count > 0 && now < until {
            true => Self { at_most: u64::from(count), until: Some(until) },
            false => Self::default(),
        }
    }
}

/// Whose tokens end.
#[derive(Clone, Debug)]
pub enum Owner {
    /// All that a client or machine has, its own and those that people allowed it.
    Client(ClientId),
    /// All that people's applications have of one person. Their refresh tokens end as well.
    Person(Id<Person>),
}

/// Ends every token of `owner`, in the transaction that stops it. The caller records what this was for.
///
/// It is final: should the owner go on some day, it gets new tokens, and the old ones stay invalid.
pub fn end_owner(app: &App, tx: &mut Tx<'_>, owner: &Owner) -> Result<LiveTokens, Fault> {
    match owner {
        Owner::Client(client) => end_client(app, tx, client),
        Owner::Person(person) => end_person(tx, *person),
    }
}

/// Rows looked at in one go.
const AT_ONCE: usize = 500;

/// A client's blocks are few, however many its tokens: each is marked, and the lists say the rest.
fn end_client(app: &App, tx: &mut Tx<'_>, client: &ClientId) -> Result<LiveTokens, Fault> {
    let now = tx.now();
    let known = app.status.stop(client);
    let first_here = app.status.first_list();
    let opened_here = first_here.and_then(|first| i64::try_from(first).ok()).map(Timestamp::from_millis);
    let (mut live, mut touched, mut after) = (LiveTokens::default(), Vec::new(), None);
    loop {
        let page = tx.list_after(&STATUS_BLOCKS, &STATUS_BLOCKS_BY_CLIENT, client, after.as_ref(), AT_ONCE)?;
        for (key, block) in page.rows {
            if block.ended_at.is_some() || now >= block.expires_at {
                continue;
            }
            // Of an earlier process, its last token was issued before this one opened a list; of this one, when memory says.
            let here = first_here.is_some_and(|first| block.list >= first);
            let latest = if here { known.map(|known| known.last_at) } else { opened_here };
            let at_it = known.filter(|known| known.block == StatusIndex { list: block.list, index: block.first });
            let ended = StatusBlock {
                ended_at: Some(latest.map_or(now, |latest| latest.min(now))),
                unused: at_it.map_or(0, |known| known.unused),
                ..block.clone()
            };
            live = live.and(in_block(&ended, now));
            if touched.last() != Some(&block.list) {
                touched.push(block.list);
            }
            tx.replace(&STATUS_BLOCKS, &key, &block, &ended)?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    touched.into_iter().try_for_each(|list| changed(tx, list).map(drop))?;
    // What others act with in its name, or through it.
    Ok(live.and(end_acting(tx, &client.to_string())?))
}

/// Whether a client may have tokens that are neither over nor ended.
pub(crate) fn holds(read: &impl Read, client: &ClientId, now: Timestamp) -> Result<bool, Fault> {
    let mut after = None;
    loop {
        let page = read.list_after(&STATUS_BLOCKS, &STATUS_BLOCKS_BY_CLIENT, client, after.as_ref(), AT_ONCE)?;
        if page.rows.iter().any(|(_, block)| block.ended_at.is_none() && now < block.expires_at) {
            return Ok(true);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

/// What is left of the tokens of a client that was stopped before.
pub(crate) fn left(read: &impl Read, client: &ClientId, now: Timestamp) -> Result<LiveTokens, Fault> {
    let (mut live, mut after) = (LiveTokens::default(), None);
    loop {
        let page = read.list_after(&STATUS_BLOCKS, &STATUS_BLOCKS_BY_CLIENT, client, after.as_ref(), AT_ONCE)?;
        live = page.rows.iter().fold(live, |live, (_, block)| live.and(in_block(block, now)));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(live),
        }
    }
}

/// The tokens of an ended block that are not over.
fn in_block(block: &StatusBlock, now: Timestamp) -> LiveTokens {
    let until = block.ended_at.map(|last_issued_at| last_issued_at.plus(block.lives_for).min(block.expires_at));
    until
        .map_or_else(LiveTokens::default, |until| LiveTokens::some(block.size.saturating_sub(block.unused), until, now))
}

fn end_person(tx: &mut Tx<'_>, person: Id<Person>) -> Result<LiveTokens, Fault> {
    let (mut live, mut after) = (LiveTokens::default(), None);
    loop {
        let page = tx.list_under(&FAMILIES, &FAMILIES_BY_GRANT, &person, after.as_deref(), AT_ONCE)?;
        for (id, family) in page.rows {
            if family.is_live(tx.now()) {
                live = live.and(end_family(tx, id, RevokedBecause::PersonSuspended)?);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(live.and(end_acting(tx, &person.to_string())?))
}

/// Sets the bits of the tokens with which somebody acts and which end with `ended`: a grant, a delegation, a token that was shown, the
/// subject or one who acts.
pub(crate) fn end_acting(tx: &mut Tx<'_>, ended: &str) -> Result<LiveTokens, Fault> {
    let (mut live, mut after) = (LiveTokens::default(), None);
    loop {
        let page = tx.list_after(&ACTING_RUNS, &ACTING_RUNS_BY_END, ended, after.as_ref(), AT_ONCE)?;
        for (key, row) in page.rows {
            live = live.and(end_runs(tx, &row.runs)?);
            tx.delete(&ACTING_RUNS, &key)?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(live),
        }
    }
}

/// Sets the bits of a grant's tokens: each that it was given, and none beside it.
pub(crate) fn end_runs(tx: &mut Tx<'_>, runs: &[StatusRun]) -> Result<LiveTokens, Fault> {
    let (mut live, now) = (LiveTokens::default(), tx.now());
    for run in runs.iter().filter(|run| now < run.expires_at) {
        set(tx, run.list, run.first, run.used)?;
        live = live.and(LiveTokens::some(run.used, run.expires_at, now));
    }
    Ok(live)
}

/// Sets the bit of one token.
pub(crate) fn end_token(tx: &mut Tx<'_>, place: StatusIndex) -> Result<(), Fault> {
    set(tx, place.list, place.index, 1)
}

fn set(tx: &mut Tx<'_>, list: ListNumber, first: u32, count: u32) -> Result<(), Fault> {
    // Of a list that is over, no token is left.
    let Some(row) = changed(tx, list)? else { return Ok(()) };
    let mut at = first;
    let end = first.saturating_add(count);
    while at < end {
        let number = at / PAGE_BITS;
        let key = (list, u64::from(number));
        let known = tx.get(&STATUS_PAGES, &key)?;
        let mut page =
            known.clone().unwrap_or_else(|| StatusPage { bits: Default::default(), expires_at: row.expires_at });
        let page_end = end.min((number + 1).saturating_mul(PAGE_BITS));
        while at < page_end {
            page.bits.set(at % PAGE_BITS);
            at += 1;
        }
        if known.as_ref() != Some(&page) {
            tx.put(&STATUS_PAGES, &key, &page)?;
        }
    }
    Ok(())
}

/// The list says something else from this commit on. `None` if it is over.
fn changed(tx: &mut Tx<'_>, list: ListNumber) -> Result<Option<StatusList>, Fault> {
    let Some(row) = tx.get(&STATUS_LISTS, &list)? else { return Ok(None) };
    let newer = StatusList { version: row.version.saturating_add(1), ..row };
    tx.put(&STATUS_LISTS, &list, &newer)?;
    Ok(Some(newer))
}
