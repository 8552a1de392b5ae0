//! What happens in the present hour, counted in memory until it is written down: a request pays for it with an increment.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::measure::Counter;
use crate::base::{Id, Timestamp};
use crate::model::{Counted, Hour, HourNumber, Machine, Waits};

/// What is in here when the process is killed is lost: what the last ten seconds held.
#[derive(Debug, Default)]
pub struct Hours {
    /// The hour that the counts below belong to.
    present: AtomicU64,
    counts: [AtomicU64; Counted::ALL.len()],
    /// The same since the process began: never handed over.
    ever: [Counter; Counted::ALL.len()],
    waits: [AtomicU64; Waits::PLACES],
    /// Hours that are over and not written down yet.
    over: Mutex<BTreeMap<HourNumber, Hour>>,
    /// How many tokens each machine was given, in the hours that are not over.
    callers: Mutex<BTreeMap<HourNumber, Callers>>,
}

#[derive(Debug, Default)]
struct Callers {
    counts: HashMap<Id<Machine>, u64>,
    /// What the row knew of the hour, from before this process, is among them.
    is_whole: bool,
    /// The row does not know them yet.
    is_new: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Most machines that are told apart in an hour, and most hours that are held.
const MOST_CALLERS: usize = 100_000;
const MOST_HOURS: usize = 48;

impl Hours {
    pub fn count(&self, at: Timestamp, what: Counted) {
        self.turn(at);
        if let Some(count) = self.counts.get(what.place()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(ever) = self.ever.get(what.place()) {
            ever.one();
        }
    }

    /// How often it happened since the process began.
    pub fn ever(&self, what: Counted) -> u64 {
        self.ever.get(what.place()).map_or(0, Counter::get)
    }

    /// A token was given after so many microseconds.
    pub fn waited(&self, at: Timestamp, micros: u64) {
        self.turn(at);
        if let Some(count) = self.waits.get(Waits::place(micros)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts the last hour away when another one begins. What began before the turn and ends behind it counts as the new hour's, and
    /// what two threads count at the very turn may too.
    fn turn(&self, at: Timestamp) {
        let (hour, present) = (Hour::number(at), self.present.load(Ordering::Relaxed));
        if hour == present || hour + 1 == present {
            return;
        }
        let mut over = locked(&self.over);
        if self.present.load(Ordering::Relaxed) == present {
            put_away(&mut over, present, self.drain());
            self.present.store(hour, Ordering::Relaxed);
        }
    }

    fn drain(&self) -> Hour {
        self.gather(|count| count.swap(0, Ordering::Relaxed))
    }

    fn gather(&self, read: impl Fn(&AtomicU64) -> u64) -> Hour {
        let mut hour = Hour::default();
        hour.waits = Waits::new(self.waits.iter().map(&read));
        for (what, count) in Counted::ALL.iter().zip(&self.counts) {
            hour.count(*what, read(count));
        }
        hour
    }

    /// Machines were given so many tokens, the last of them then.
    pub fn called(&self, calls: impl Iterator<Item = (Id<Machine>, Timestamp, u64)>) {
        let mut callers = locked(&self.callers);
        for (machine, at, times) in calls {
            let Callers { counts, is_new, .. } = callers.entry(Hour::number(at)).or_default();
            *is_new = true;
            if counts.len() < MOST_CALLERS || counts.contains_key(&machine) {
                *counts.entry(machine).or_default() += times;
            }
        }
        while callers.len() > MOST_HOURS {
            callers.pop_first();
        }
    }

    /// The hours whose rows may know of callers from before this process.
    pub fn partial(&self) -> Vec<HourNumber> {
        locked(&self.callers).iter().filter(|(_, callers)| !callers.is_whole).map(|(hour, _)| *hour).collect()
    }

    /// What the row of an hour knew of its callers.
    pub fn knew(&self, hour: HourNumber, busiest: &[(Id<Machine>, u64)]) {
        if let Some(callers) = locked(&self.callers).get_mut(&hour).filter(|callers| !callers.is_whole) {
            callers.is_whole = true;
            for (machine, times) in busiest {
                *callers.counts.entry(*machine).or_default() += times;
            }
        }
    }

    /// Hands over what was counted, by hour, and begins anew. Callers are remembered until their hour is over.
    pub fn take(&self, now: Timestamp) -> BTreeMap<HourNumber, Hour> {
        let mut over = locked(&self.over);
        put_away(&mut over, self.present.load(Ordering::Relaxed), self.drain());
        let mut taken = std::mem::take(&mut *over);
        drop(over);
        let mut callers = locked(&self.callers);
        for (hour, callers) in callers.iter_mut().filter(|(_, callers)| callers.is_new) {
            callers.is_new = false;
            taken.entry(*hour).or_default().busiest = busiest(&callers.counts);
        }
        callers.retain(|hour, _| *hour >= Hour::number(now));
        taken
    }

    /// What was counted and is not written down yet.
    pub fn pending(&self) -> BTreeMap<HourNumber, Hour> {
        let mut pending = locked(&self.over).clone();
        put_away(
            &mut pending,
            self.present.load(Ordering::Relaxed),
            self.gather(|count| count.load(Ordering::Relaxed)),
        );
        pending
    }
}

fn put_away(over: &mut BTreeMap<HourNumber, Hour>, hour: HourNumber, counted: Hour) {
    if !counted.is_empty() {
        over.entry(hour).or_default().add(&counted);
        // Nobody takes them: the oldest go.
        while over.len() > MOST_HOURS {
            over.pop_first();
        }
    }
}

/// The most first; of equals, the one that was made first.
fn busiest(counts: &HashMap<Id<Machine>, u64>) -> Vec<(Id<Machine>, u64)> {
    let mut all: Vec<_> = counts.iter().map(|(machine, times)| (*machine, *times)).collect();
    let order = |(machine, times): &(Id<Machine>, u64)| (std::cmp::Reverse(*times), *machine);
    if all.len() > Hour::BUSIEST {
        all.select_nth_unstable_by_key(Hour::BUSIEST, order);
        all.truncate(Hour::BUSIEST);
    }
    all.sort_unstable_by_key(order);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, second: i64) -> Timestamp {
        Timestamp::from_seconds(hour * 3_600 + second)
    }

    fn machine(n: u8) -> Id<Machine> {
        Id::from_bytes([n; 16])
    }

    #[test]
    fn each_hour_has_what_happened_in_it() {
        let hours = Hours::default();
        hours.count(at(7, 10), Counted::ByCode);
        hours.count(at(7, 3_599), Counted::ByCode);
        hours.count(at(8, 0), Counted::ByCode);
        hours.waited(at(8, 1), 900);
        // It began before the turn.
        hours.count(at(7, 3_599), Counted::ByRefresh);
        assert_eq!(hours.pending().len(), 2);
        let taken = hours.take(at(8, 2));
        assert_eq!(taken.keys().copied().collect::<Vec<_>>(), [7, 8]);
        assert_eq!(taken[&7].of(Counted::ByCode), 2);
        assert_eq!((taken[&8].of(Counted::ByCode), taken[&8].of(Counted::ByRefresh)), (1, 1));
        assert_eq!(taken[&8].waits.quantile(50), Some(1_000));
        assert!(hours.take(at(8, 3)).is_empty(), "what was handed over is not handed over again");
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let hours = Hours::default();
        hours.count(at(100, 0), Counted::SignIn);
        hours.count(at(50, 0), Counted::SignIn);
        hours.count(at(100, 1), Counted::SignIn);
        let taken = hours.take(at(100, 2));
        assert_eq!((taken[&50].of(Counted::SignIn), taken[&100].of(Counted::SignIn)), (1, 2));
    }

    #[test]
    fn many_threads_count_to_the_last_one() {
        let hours = Hours::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| hours.count(at(n / 250, 0), Counted::ByCredentials)));
            }
        });
        let all: u64 = hours.take(at(1_000, 0)).values().map(|hour| hour.of(Counted::ByCredentials)).sum();
        assert_eq!(all, 40_000);
    }

    #[test]
    fn the_busiest_are_known_across_rounds_and_restarts() {
        let hours = Hours::default();
        for n in 0..100 {
            hours.called([(machine(n), at(9, 0), u64::from(n))].into_iter());
        }
        // One that stays below the others in each round, and is above them in all.
        for second in 0..60 {
            hours.called([(machine(3), at(9, second), 5)].into_iter());
            hours.take(at(9, second));
        }
        assert_eq!(hours.partial(), [9]);
        hours.knew(9, &[(machine(200), 1_000)]);
        hours.knew(9, &[(machine(200), 1_000)]);
        hours.called([(machine(3), at(9, 60), 1)].into_iter());
        let taken = hours.take(at(9, 61));
        assert_eq!(taken[&9].busiest.len(), Hour::BUSIEST);
        assert_eq!(taken[&9].busiest[..2], [(machine(200), 1_000), (machine(3), 304)]);
        hours.called([(machine(1), at(9, 3_599), 1)].into_iter());
        assert_eq!(hours.take(at(10, 0)).len(), 1);
        assert!(hours.take(at(10, 1)).is_empty(), "an hour that is over is forgotten here");
    }
}
