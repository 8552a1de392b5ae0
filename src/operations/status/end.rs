//! Says in the status lists that tokens ended before their time, in the transaction that ends them, and which of them are still
//! taken by whoever follows neither the lists nor introspection.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::App;
use crate::base::{Digest, Fault, Id, Timestamp};
use crate::model::{
    ActingRuns, ClientId, Event, Family, FamilyState, ListNumber, PAGE_BITS, Person, RevokedBecause, StatusBlock,
    StatusIndex, StatusList, StatusPage, StatusRun,
};
use crate::store::tables::{
    ACTING_RUNS, ACTING_RUNS_BY_END, FAMILIES, FAMILIES_BY_GRANT, ISSUER, ONLY, STATUS_BLOCKS, STATUS_BLOCKS_BY_CLIENT,
    STATUS_LISTS, STATUS_PAGES,
};
use crate::store::{Read, Tx};

/// Signed tokens that were ended and are not over: until then, a verifier that only looks at the signature takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveTokens {
    /// There are no more than so many.
    pub at_most: u64,
    /// And none after this moment.
    pub until: Option<Timestamp>,
    /// The same for each of those whom they are for: 64 at most. What has no room is under the empty name, with what was
    /// given before anybody put down whom for.
    pub by_audience: BTreeMap<String, Left>,
}

/// Of the tokens for one audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub at_most: u64,
    pub until: Timestamp,
}

/// Most audiences that are told apart.
const MOST_AUDIENCES: usize = 64;

impl LiveTokens {
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.at_most = self.at_most.saturating_add(other.at_most);
        self.until = self.until.max(other.until);
        for (audience, left) in other.by_audience {
            let has_room = self.by_audience.len() < MOST_AUDIENCES || self.by_audience.contains_key(&audience);
            let audience = if has_room { audience } else { String::new() };
            let known = self.by_audience.entry(audience).or_insert(Left { at_most: 0, until: left.until });
            *known = Left { at_most: known.at_most.saturating_add(left.at_most), until: known.until.max(left.until) };
        }
        self
    }

    fn some(audience: Option<&str>, count: u32, until: Timestamp, now: Timestamp) -> Self {
        match count > 0 && now < until {
            true => {
                let at_most = u64::from(count);
                let by_audience = [(audience.unwrap_or_default().to_owned(), Left { at_most, until })].into();
                Self { at_most, until: Some(until), by_audience }
            }
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
            // Of one that ended before, the tokens may still be taken by the same verifiers.
            if block.ended_at.is_some() || now >= block.expires_at {
                live = live.and(in_block(&block, now));
                continue;
            }
            // Of an earlier process, its last token was issued before this one opened a list; of this one, when memory says.
            let here = first_here.is_some_and(|first| block.list >= first);
            let latest = if here { known.as_ref().map(|known| known.last_at) } else { opened_here };
            let here_it_is = StatusIndex { list: block.list, index: block.first };
            let at_it = known.as_ref().and_then(|known| known.blocks.iter().find(|(place, _)| *place == here_it_is));
            let ended = StatusBlock {
                ended_at: Some(latest.map_or(now, |latest| latest.min(now))),
                unused: at_it.map_or(0, |(_, unused)| *unused),
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

/// What is left of the tokens of a client that was stopped before.
pub(crate) fn left(read: &impl Read, client: &ClientId, now: Timestamp) -> Result<LiveTokens, Fault> {
    let (mut live, mut after) = (LiveTokens::default(), None);
    loop {
        let page = read.list_after(&STATUS_BLOCKS, &STATUS_BLOCKS_BY_CLIENT, client, after.as_ref(), AT_ONCE)?;
        live = page.rows.iter().fold(live, |live, (_, block)| live.and(in_block(block, now)));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(live.and(left_acting(read, &client.to_string(), now)?))
}

/// What is left of what was given in the name of a person who was stopped before.
pub(crate) fn left_of_person(read: &impl Read, person: Id<Person>, now: Timestamp) -> Result<LiveTokens, Fault> {
    let (mut live, mut after) = (LiveTokens::default(), None);
    loop {
        let page = read.list_under(&FAMILIES, &FAMILIES_BY_GRANT, &person, after.as_deref(), AT_ONCE)?;
        for (_, family) in page.rows {
            live = live.and(in_runs(audience_of(read, &family)?.as_deref(), &family.status, now));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(live.and(left_acting(read, &person.to_string(), now)?)),
        }
    }
}

/// The tokens with which somebody acted until `ended` was, and which are not over.
fn left_acting(read: &impl Read, ended: &str, now: Timestamp) -> Result<LiveTokens, Fault> {
    let (mut live, mut after) = (LiveTokens::default(), None);
    loop {
        let page = read.list_after(&ACTING_RUNS, &ACTING_RUNS_BY_END, ended, after.as_ref(), AT_ONCE)?;
        let over = page.rows.iter().filter(|(_, row)| row.ended_at.is_some());
        live = over.fold(live, |live, (_, row)| live.and(in_runs(row.audience.as_deref(), &row.runs, now)));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(live),
        }
    }
}

/// Whom the tokens of a grant are for.
fn audience_of(read: &impl Read, family: &Family) -> Result<Option<String>, Fault> {
    Ok(match (&family.audience, &family.resource) {
        (Some(audience), _) => Some(audience.clone()),
        (None, Some(resource)) => Some(resource.to_string()),
        (None, None) => read.get(&ISSUER, &ONLY.to_owned())?.map(|frozen| frozen.issuer),
    })
}

/// The tokens of an ended block that are not over.
fn in_block(block: &StatusBlock, now: Timestamp) -> LiveTokens {
    let until = block.ended_at.map(|last_issued_at| last_issued_at.plus(block.lives_for).min(block.expires_at));
    let count = block.size.saturating_sub(block.unused);
    until.map_or_else(LiveTokens::default, |until| LiveTokens::some(block.audience.as_deref(), count, until, now))
}

/// The tokens of runs that are not over.
fn in_runs(audience: Option<&str>, runs: &[StatusRun], now: Timestamp) -> LiveTokens {
    let each = runs.iter().map(|run| LiveTokens::some(audience, run.used, run.expires_at, now));
    each.fold(LiveTokens::default(), LiveTokens::and)
}

/// All of a person's grants, those that ended before included: whoever looks at signatures alone takes what is left of those as well.
fn end_person(tx: &mut Tx<'_>, person: Id<Person>) -> Result<LiveTokens, Fault> {
    let (mut ending, mut after) = (Ending::default(), None);
    loop {
        let page = tx.list_under(&FAMILIES, &FAMILIES_BY_GRANT, &person, after.as_deref(), AT_ONCE)?;
        for (id, family) in page.rows {
            if tx.now() < family.expires_at {
                ending.family(tx, id, RevokedBecause::PersonSuspended)?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    ending.acting(tx, &person.to_string())?;
    Ok(ending.live)
}

/// What ended together. What ends in two ways is counted once.
#[derive(Default)]
pub(crate) struct Ending {
    live: LiveTokens,
    counted: BTreeSet<Digest>,
}

impl Ending {
    pub(crate) fn live(self) -> LiveTokens {
        self.live
    }

    /// Ends a line of tokens, if it is not over already, with everything that others act with under it. What is left of one that ended
    /// before is counted as well.
    pub(crate) fn family(&mut self, tx: &mut Tx<'_>, id: Id<Family>, because: RevokedBecause) -> Result<(), Fault> {
        let Some(family) = tx.get(&FAMILIES, &id)? else { return Ok(()) };
        self.add(in_runs(audience_of(tx, &family)?.as_deref(), &family.status, tx.now()));
        let is_live = family.state == FamilyState::Live;
        if is_live {
            set_runs(tx, &family.status)?;
        }
        self.acting(tx, &id.to_string())?;
        if is_live {
            let ended = Family { state: FamilyState::Revoked { at: tx.now(), because }, ..family };
            tx.put(&FAMILIES, &id, &ended)?;
            tx.record(Event::FamilyRevoked { family: id, because })?;
        }
        Ok(())
    }

    /// Sets the bits of the tokens with which somebody acts and which end with `ended`: a grant, a delegation, a token that was shown, the
    /// subject or one who acts.
    fn acting(&mut self, tx: &mut Tx<'_>, ended: &str) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = tx.list_after(&ACTING_RUNS, &ACTING_RUNS_BY_END, ended, after.as_ref(), AT_ONCE)?;
            for (key, row) in page.rows {
                if row.ended_at.is_none() {
                    set_runs(tx, &row.runs)?;
                    let over = ActingRuns { ended_at: Some(tx.now()), ..row.clone() };
                    tx.replace(&ACTING_RUNS, &key, &row, &over)?;
                }
                if self.counted.insert(key) {
                    self.add(in_runs(row.audience.as_deref(), &row.runs, tx.now()));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn add(&mut self, more: LiveTokens) {
        self.live = std::mem::take(&mut self.live).and(more);
    }
}

/// The same of one thing alone.
pub(crate) fn end_acting(tx: &mut Tx<'_>, ended: &str) -> Result<LiveTokens, Fault> {
    let mut ending = Ending::default();
    ending.acting(tx, ended)?;
    Ok(ending.live)
}

/// Sets the bits of tokens: each that has a place in these runs and is not over, and none beside it.
fn set_runs(tx: &mut Tx<'_>, runs: &[StatusRun]) -> Result<(), Fault> {
    let now = tx.now();
    runs.iter().filter(|run| now < run.expires_at).try_for_each(|run| set(tx, run.list, run.first, run.used))
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
