//! Where the next status indices are, and the lists as they were last served: both in memory, and both bounded.
//!
//! What must outlive the process is in the store; see `operations::status`. A process opens lists of its own, and what it
//! forgets here costs some indices that nobody uses.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Document;
use crate::base::{Lifetime, Timestamp};
use crate::model::{ClientId, LIST_SIZE, ListNumber, StatusIndex, StatusRun, closes_at};

/// The open list, and the open block of each client that asked not long ago.
#[derive(Debug, Default)]
pub struct StatusIndices {
    open: Mutex<Open>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Open {
    list: Option<OpenList>,
    /// The first list that this process opened: grants hold runs of older ones too, and do not go on with those.
    first_list: Option<ListNumber>,
    /// Two maps, as in [`VerifiedTokens`](super::VerifiedTokens): when the younger is full it becomes the older, and the older is forgotten.
    young: HashMap<ClientId, Holder>,
    old: HashMap<ClientId, Holder>,
    /// Blocks of the younger.
    young_blocks: usize,
    /// Nothing that a client got before this place is used any more, for it was stopped then.
    stopped: HashMap<ClientId, StatusIndex>,
    /// The same for everybody: what is left of `stopped` once it was too full.
    all_stopped: Option<StatusIndex>,
}

#[derive(Debug)]
struct OpenList {
    number: ListNumber,
    next: u32,
    durable: bool,
}

/// What a client has open: a block for each of those whom its tokens are for, so that a stop can say who may still take one.
#[derive(Debug)]
struct Holder {
    blocks: Vec<OpenBlock>,
    /// When a token of the client was issued last: none of this process is younger.
    last_at: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct OpenBlock {
    /// Whom its tokens are for, as [`StatusIndices`] hashes it; `None` for all those that there was no room to tell apart.
    audience: Option<u64>,
    list: ListNumber,
    first: u32,
    size: u32,
    used: u32,
    lives_for: Lifetime,
    durable: bool,
}

/// What memory knows of a client that is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The blocks that it was at, and how much of each nobody has.
    pub blocks: Vec<(StatusIndex, u32)>,
    /// No token of this process is younger.
    pub last_at: Timestamp,
}

/// Some indices, and the block they lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub list: ListNumber,
    pub first: u32,
    /// Of the block.
    pub block: u32,
    pub size: u32,
    pub lives_for: Lifetime,
    /// Whether the rows of list and block are known to be on the disk. If not, whoever uses them looks, and puts them.
    pub durable: bool,
    /// Whether the block is for the tokens of one audience, and not for all that there was no room to tell apart.
    pub of_one: bool,
}

/// The first block of a client, for which a token an hour is enough.
const SMALLEST: u32 = 16;
/// The largest: whoever uses up a block gets the double of it next.
const LARGEST: u32 = 1 << 16;
/// Most blocks remembered in the younger map, and so most clients.
const MOST_YOUNG: usize = 131_072;
/// Most audiences of one client that have a block of their own; all others share one, or every token would open another.
const MOST_OPEN: usize = 16;
/// Most stopped clients remembered one by one.
const MOST_STOPPED: usize = 65_536;

impl StatusIndices {
    /// Takes `count` indices for tokens of `client` that are for `audience`, of the block it has or of a new one. `None` if no list is open
    /// that has room for it: see [`StatusIndices::open_list`].
    pub fn take(
        &self,
        (client, audience): (&ClientId, &str),
        count: u32,
        lives_for: Lifetime,
        now: Timestamp,
    ) -> Option<Taken> {
        let audience = self.hasher.hash_one(audience);
        let mut open = self.open();
        open.list.as_ref().filter(|list| now < closes_at(list.number))?;
        open.bring_forward(client, now);
        let Open { list, young, young_blocks, .. } = &mut *open;
        let (list, holder) = (list.as_mut()?, young.get_mut(client)?);
        let (audience, known) = holder.place_of(audience, list.number, young_blocks);
        let last = known.and_then(|at| holder.blocks.get(at)).filter(|block| block.list == list.number);
        let mut block = match last.filter(|block| lives_for <= block.lives_for && block.size - block.used >= count) {
            Some(block) => *block,
            None => {
                let size = last.map_or(SMALLEST, |block| (block.size * 2).min(LARGEST)).max(count);
                let size = size.min(LIST_SIZE - list.next);
                if size < count {
                    return None;
                }
                let first = list.next;
                list.next += size;
                OpenBlock { audience, list: list.number, first, size, used: 0, lives_for, durable: false }
            }
        };
        let first = block.first + block.used;
        block.used += count;
        holder.last_at = holder.last_at.max(now);
        match known.and_then(|at| holder.blocks.get_mut(at)) {
            Some(known) => *known = block,
            None => {
                holder.blocks.push(block);
                *young_blocks += 1;
            }
        }
        Some(Taken {
            list: block.list,
            first,
            block: block.first,
            size: block.size,
            lives_for: block.lives_for,
            durable: list.durable && block.durable,
            of_one: block.audience.is_some(),
        })
    }

    /// Opens a list under a number that the store has not. Says which: one that was opened here before it and is not in the store
    /// has that number or a higher one.
    pub fn open_list(&self, at_least: ListNumber) -> ListNumber {
        let mut open = self.open();
        let number = open.list.as_ref().map_or(at_least, |list| at_least.max(list.number + 1));
        open.list = Some(OpenList { number, next: 0, durable: false });
        open.first_list.get_or_insert(number);
        number
    }

    /// What was taken is on the disk now, with the rows of its list and block.
    pub fn committed(&self, client: &ClientId, taken: &Taken) {
        let mut open = self.open();
        if let Some(list) = open.list.as_mut().filter(|list| list.number == taken.list) {
            list.durable = true;
        }
        let is_it = |block: &&mut OpenBlock| (block.list, block.first) == (taken.list, taken.block);
        if let Some(block) = open.holder(client).and_then(|holder| holder.blocks.iter_mut().find(is_it)) {
            block.durable = true;
        }
    }

    /// Whether a grant of `client` may go on with a run it has: not with one of an older process, nor with one from before the
    /// client was stopped, for what is in that is invalid already.
    pub fn may_go_on(&self, client: &ClientId, run: &StatusRun, now: Timestamp) -> bool {
        let mut open = self.open();
        if let Some(holder) = open.holder(client) {
            holder.last_at = holder.last_at.max(now);
        }
        let place = StatusIndex { list: run.list, index: run.first };
        open.first_list.is_some_and(|first| run.list >= first)
            && open.all_stopped.is_none_or(|stopped| place >= stopped)
            && open.stopped.get(client).is_none_or(|stopped| place >= *stopped)
    }

    /// No index that `client` has is given to another of its tokens. Says what is known of those it has, unless it was forgotten.
    pub fn stop(&self, client: &ClientId) -> Option<Stopped> {
        let mut open = self.open();
        let young = open.young.remove(client);
        open.young_blocks -= young.as_ref().map_or(0, |holder| holder.blocks.len());
        let holder = young.or_else(|| open.old.remove(client));
        if let Some(here) = open.list.as_ref().map(|list| StatusIndex { list: list.number, index: list.next }) {
            if open.stopped.len() >= MOST_STOPPED {
                open.stopped.clear();
                open.all_stopped = Some(here);
            }
            open.stopped.insert(client.clone(), here);
        }
        let at = |block: &OpenBlock| {
            (StatusIndex { list: block.list, index: block.first }, block.size.saturating_sub(block.used))
        };
        holder.map(|holder| Stopped { blocks: holder.blocks.iter().map(at).collect(), last_at: holder.last_at })
    }

    /// The first list of this process, if it has opened one.
    pub fn first_list(&self) -> Option<ListNumber> {
        self.open().first_list
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// What a client has open is among the younger from now on.
    fn bring_forward(&mut self, client: &ClientId, now: Timestamp) {
        if self.young.contains_key(client) {
            return;
        }
        let known = self.old.remove(client).unwrap_or(Holder { blocks: Vec::new(), last_at: now });
        if self.young_blocks.max(self.young.len()) >= MOST_YOUNG {
            self.old = std::mem::take(&mut self.young);
            self.young_blocks = 0;
        }
        self.young_blocks += known.blocks.len();
        self.young.insert(client.clone(), known);
    }

    fn holder(&mut self, client: &ClientId) -> Option<&mut Holder> {
        self.young.get_mut(client).or_else(|| self.old.get_mut(client))
    }
}

impl Holder {
    /// Which block is for `audience` while `list` is open: for whom it is then, and where it stands, if it is there.
    fn place_of(&mut self, audience: u64, list: ListNumber, all: &mut usize) -> (Option<u64>, Option<usize>) {
        let find = |blocks: &[OpenBlock], whose| blocks.iter().position(|block| block.audience == whose);
        if let Some(at) = find(&self.blocks, Some(audience)) {
            return (Some(audience), Some(at));
        }
        if self.blocks.len() >= MOST_OPEN {
            // Those of lists that were closed since are full in any case.
            let before = self.blocks.len();
            self.blocks.retain(|block| block.list == list);
            *all -= before - self.blocks.len();
        }
        match self.blocks.len() < MOST_OPEN {
            true => (Some(audience), None),
            false => (None, find(&self.blocks, None)),
        }
    }
}

/// Lists as they were last served.
#[derive(Debug, Default)]
pub struct StatusLists {
    made: Mutex<HashMap<ListNumber, MadeList>>,
    /// One is made at a time, whoever asks.
    turn: tokio::sync::Mutex<()>,
}

/// A list that was made, signed and served.
#[derive(Clone, Debug)]
pub struct MadeList {
    /// Of the row, when it was made.
    pub version: u64,
    /// The compressed bits, which stay when only the signature is too old.
    pub lst: Arc<str>,
    pub issued_at: Timestamp,
    /// Of the key that signed it.
    pub kid: Arc<str>,
    pub document: Document,
}

/// Most lists kept at once, of at most some 230 KiB each.
const MOST_MADE: usize = 64;

impl StatusLists {
    pub fn find(&self, list: ListNumber) -> Option<MadeList> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&list).cloned()
    }

    /// Keeps a list; of too many, the one that was made longest ago goes.
    pub fn keep(&self, list: ListNumber, made: MadeList) {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_MADE && !all.contains_key(&list) {
            let oldest = all.iter().min_by_key(|(_, made)| made.issued_at).map(|(number, _)| *number);
            oldest.map(|oldest| all.remove(&oldest));
        }
        all.insert(list, made);
    }

    /// Waits for the turn to make one; it lasts until the guard is dropped.
    pub async fn wait(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::base::Id;

    const HOUR: Lifetime = Lifetime::from_hours(1);
    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn client(n: u8) -> ClientId {
        ClientId::Registered(Id::from_bytes([n; 16]))
    }

    fn opened() -> StatusIndices {
        let indices = StatusIndices::default();
        assert_eq!(indices.take((&client(1), "https://a.example/"), 1, HOUR, NOW), None, "no list is open yet");
        indices.open_list(NOW.millis().unsigned_abs());
        indices
    }

    #[test]
    fn nobody_gets_an_index_twice_and_a_busy_client_gets_larger_blocks() {
        let indices = opened();
        let (mut seen, mut blocks) = (HashSet::new(), HashSet::new());
        for n in 0..10_000 {
            let taken = indices.take((&client(n as u8 % 2), "https://a.example/"), 1, HOUR, NOW).unwrap();
            assert!(seen.insert((taken.list, taken.first)));
            blocks.insert((taken.block, taken.size));
        }
        assert!(blocks.len() <= 20, "5,000 tokens of each in {} blocks", blocks.len());
        assert_eq!(blocks.iter().map(|(_, size)| *size).min(), Some(SMALLEST));
    }

    #[test]
    fn tokens_for_one_and_for_another_are_in_different_blocks() {
        let indices = opened();
        let take = |audience: &str| indices.take((&client(1), audience), 1, HOUR, NOW).unwrap();
        let (a, b, again) = (take("https://a.example/"), take("https://b.example/"), take("https://a.example/"));
        assert!(a.block != b.block && a.block == again.block && again.first == a.first + 1);
        for n in 0..MOST_OPEN {
            take(&format!("https://{n}.example/"));
        }
        assert_eq!(take("https://a.example/").block, a.block, "who has one keeps it");
        // However many more there are, they share one: no token opens a block for itself.
        let mut shared = HashSet::new();
        for n in 0..1_000 {
            let taken = take(&format!("https://more-{n}.example/"));
            assert!(!taken.of_one);
            shared.insert(taken.block);
        }
        assert!(shared.len() <= 7, "{shared:?}");
        assert_eq!(indices.stop(&client(1)).unwrap().blocks.len(), MOST_OPEN + 1);
        assert_eq!(indices.open().young_blocks, 0);
    }

    #[test]
    fn a_list_is_filled_to_its_end_and_no_further() {
        let indices = opened();
        let mut taken = 0_u32;
        while let Some(run) = indices.take((&client(1), "https://a.example/"), 4, HOUR, NOW) {
            taken += 4;
            assert!(run.first + 4 <= LIST_SIZE && run.block + run.size <= LIST_SIZE);
        }
        assert_eq!(taken, LIST_SIZE);
        let next = indices.open_list(1);
        assert!(next > NOW.millis().unsigned_abs(), "never a number from before");
        assert_eq!(indices.take((&client(1), "https://a.example/"), 4, HOUR, NOW).unwrap().list, next);
        assert_eq!(
            indices.take((&client(1), "https://a.example/"), 4, HOUR, closes_at(next)),
            None,
            "a list is open for a day"
        );
    }

    #[test]
    fn what_is_not_known_to_be_on_the_disk_says_so() {
        let indices = opened();
        let first = indices.take((&client(1), "https://a.example/"), 1, HOUR, NOW).unwrap();
        assert!(!first.durable && !indices.take((&client(1), "https://a.example/"), 1, HOUR, NOW).unwrap().durable);
        indices.committed(&client(1), &first);
        assert!(indices.take((&client(1), "https://a.example/"), 1, HOUR, NOW).unwrap().durable);
        assert!(!indices.take((&client(2), "https://a.example/"), 1, HOUR, NOW).unwrap().durable, "its block is new");
        let longer = indices.take((&client(1), "https://a.example/"), 1, Lifetime::from_hours(2), NOW).unwrap();
        assert!(longer.block != first.block && !longer.durable, "a longer life takes another block");
        indices.committed(&client(1), &first);
        assert!(
            !indices.take((&client(1), "https://a.example/"), 1, HOUR, NOW).unwrap().durable,
            "that was about the block before"
        );
    }

    #[test]
    fn who_was_stopped_goes_on_with_nothing() {
        let indices = opened();
        let run = |taken: Taken| StatusRun {
            list: taken.list,
            first: taken.first,
            size: 4,
            used: 1,
            lives_for: HOUR,
            expires_at: NOW.plus(HOUR),
        };
        let (mine, theirs) = (
            run(indices.take((&client(1), "https://a.example/"), 4, HOUR, NOW).unwrap()),
            run(indices.take((&client(2), "https://a.example/"), 4, HOUR, NOW).unwrap()),
        );
        let later = NOW.plus(HOUR);
        assert!(indices.may_go_on(&client(1), &mine, later));
        let block = StatusIndex { list: mine.list, index: mine.first };
        let known = Stopped { blocks: vec![(block, SMALLEST - 4)], last_at: later };
        assert_eq!(indices.stop(&client(1)), Some(known));
        assert_eq!(indices.stop(&client(1)), None);
        assert!(!indices.may_go_on(&client(1), &mine, NOW) && indices.may_go_on(&client(2), &theirs, NOW));
        let again = indices.take((&client(1), "https://a.example/"), 4, HOUR, NOW).unwrap();
        assert!(again.block > mine.first && indices.may_go_on(&client(1), &run(again), NOW));
        assert!(!StatusIndices::default().may_go_on(&client(2), &theirs, NOW), "another process");
        for n in 0..MOST_STOPPED {
            indices.stop(&ClientId::Document(format!("https://{n}.example/")));
        }
        assert!(!indices.may_go_on(&client(2), &theirs, NOW), "rather too much than too little");
    }

    #[test]
    fn a_crowd_is_remembered_as_far_as_there_is_room() {
        let indices = opened();
        let name = |n: usize| ClientId::Document(format!("https://{n}.example/"));
        let mut lists = 1;
        for n in 0..300_000 {
            if indices.take((&name(n), "https://a.example/"), 1, HOUR, NOW).is_none() {
                indices.open_list(1);
                lists += 1;
            }
        }
        let open = indices.open();
        assert!(open.young.len() <= MOST_YOUNG && open.old.len() <= MOST_YOUNG);
        assert_eq!(lists, 300_000_usize.div_ceil((LIST_SIZE / SMALLEST) as usize));
    }
}
