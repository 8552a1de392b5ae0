//! Tables, indexes, uniqueness, expiry, and the rule that a change leaves an event. Over the engine that runs every job
//! twice, so that each case also shows that it may be.

use serde::{Deserialize, Serialize};
use writ::base::{Fault, FaultKind, Id, Lifetime, MacKey, Named, Timestamp};
use writ::model::{Actor, Channel, Context, Event, Origin};
use writ::store::engine::Order;
use writ::store::{AnyTable, Generation, Index, Memory, Read as _, Rehearsal, Store, Table, Tx, Unique, audit_page};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Book {
    isbn: Option<String>,
    authors: Vec<String>,
    shelf: u64,
    due_at: Option<Timestamp>,
}

impl Named for Book {
    const PREFIX: &'static str = "boo";
}

static BY_ISBN: Unique<Book, str> = Unique::new("books_by_isbn", |b, out| b.isbn.iter().for_each(|isbn| out(isbn)));
static BY_AUTHOR: Index<Book, str> = Index::new("books_by_author", |b, out| b.authors.iter().for_each(|a| out(a)));
static BY_SHELF: Index<Book, (u64, bool)> = Index::new("books_by_shelf", |b, out| out(&(b.shelf, b.due_at.is_some())));
static BOOKS: Table<Id<Book>, Book> =
    Table::new("books").indexed(&[&BY_ISBN, &BY_AUTHOR, &BY_SHELF]).expires(|b| b.due_at);
static LIBRARY: Generation = Generation::new("library");
static SHELVES: Table<u64, String> = Table::new("shelves").turns(&LIBRARY);
static NOTES: Table<(String, u64), String> = Table::new("notes");
static TALLY: Table<(), u64> = Table::new("tally").unlogged("a single counter");
static SEEN: Table<u64, Timestamp> = Table::new("seen").expires(|at| Some(*at)).unlogged("bounded by its expiry");

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn context(at: Timestamp) -> Context {
    Context::new(at, Actor::Operator, Origin::within(Channel::File))
}

fn store() -> Store {
    Store::over(Memory::new(Rehearsal::On), MacKey::new(&[7; 32]), NOW).unwrap()
}

fn event() -> Event {
    Event::SetupOpened {}
}

fn id(n: u8) -> Id<Book> {
    Id::from_bytes([n; 16])
}

fn book(isbn: Option<&str>, authors: &[&str], shelf: u64) -> Book {
    Book {
        isbn: isbn.map(str::to_owned),
        authors: authors.iter().map(|a| (*a).to_owned()).collect(),
        shelf,
        due_at: None,
    }
}

/// A write that records something.
fn write<T: Send + 'static>(
    store: &Store,
    mut work: impl FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    store.write_blocking("test", &context(NOW), move |tx| {
        tx.record(event())?;
        work(tx)
    })
}

fn shelve(store: &Store, books: &[(u8, Book)]) {
    let books = books.to_vec();
    write(store, move |tx| books.iter().try_for_each(|(n, book)| tx.put(&BOOKS, &id(*n), book))).unwrap();
}

fn of_author(store: &Store, author: &str) -> Vec<u8> {
    let found = store.read_blocking(|view| view.list(&BOOKS, &BY_AUTHOR, author, 10)).unwrap();
    found.iter().map(|(id, _)| id.bytes()[0]).collect()
}

/// Nothing left in any table of these names.
fn is_empty(store: &Store, names: &[&'static str]) -> bool {
    use std::ops::ControlFlow;
    use writ::store::engine::Span;
    let mut rows = 0;
    let count = |view: &writ::store::View<'_>| {
        names.iter().try_for_each(|name| {
            view.raw().scan(name, Span::ALL, &mut |_, _| {
                rows += 1;
                Ok(ControlFlow::Continue(()))
            })
        })
    };
    store.read_blocking(count).unwrap();
    rows == 0
}

/// The first part of a key of two parts leads to every row under it, page by page, and to no other.
#[test]
fn rows_are_found_under_the_first_part_of_a_key() {
    let store = store();
    let lent = |n: u8, shelf: u64| (n, Book { due_at: n.is_multiple_of(2).then_some(NOW), ..book(None, &[], shelf) });
    shelve(&store, &[lent(1, 7), lent(2, 7), lent(3, 7), lent(4, 7), lent(5, 7), lent(6, 8), lent(9, 6)]);
    let mut after = None;
    let mut pages: Vec<Vec<u8>> = Vec::new();
    loop {
        let page = store.read_blocking(|view| view.list_under(&BOOKS, &BY_SHELF, &7_u64, after.as_deref(), 2)).unwrap();
        assert!(page.rows.iter().all(|(_, book)| book.shelf == 7));
        pages.push(page.rows.iter().map(|(id, _)| id.bytes()[0]).collect());
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, [vec![1, 3], vec![5, 2], vec![4]], "in the order of the whole key, then of the row's own");
    let none = store.read_blocking(|view| view.list_under(&BOOKS, &BY_SHELF, &9_u64, None, 2)).unwrap();
    assert!(none.rows.is_empty() && none.next.is_none());
}

#[test]
fn indexes_follow_their_rows() {
    let store = store();
    shelve(&store, &[(1, book(Some("i1"), &["ada", "bob"], 1)), (2, book(None, &["ada"], 1)), (3, book(None, &[], 2))]);
    assert_eq!(
        (of_author(&store, "ada"), of_author(&store, "bob"), of_author(&store, "ad")),
        (vec![1, 2], vec![1], vec![])
    );

    shelve(&store, &[(1, book(Some("i9"), &["bob", "bob", "cyd"], 2))]);
    assert_eq!(
        (of_author(&store, "ada"), of_author(&store, "bob"), of_author(&store, "cyd")),
        (vec![2], vec![1], vec![1])
    );
    store
        .read_blocking(|view| {
            assert_eq!(view.find(&BOOKS, &BY_ISBN, "i1")?, None);
            assert_eq!(view.find(&BOOKS, &BY_ISBN, "i9")?.unwrap().0, id(1));
            let on_two: Vec<_> = view.list(&BOOKS, &BY_SHELF, &(2, false), 10)?.into_iter().map(|(id, _)| id).collect();
            assert_eq!(on_two, [id(1), id(3)]);
            Ok(())
        })
        .unwrap();

    write(&store, |tx| {
        assert_eq!(tx.take(&BOOKS, &id(1))?.unwrap().isbn.as_deref(), Some("i9"));
        assert_eq!(tx.take(&BOOKS, &id(1))?, None);
        tx.delete(&BOOKS, &id(2))?;
        tx.delete(&BOOKS, &id(3))
    })
    .unwrap();
    assert!(is_empty(&store, &["books", "books_by_isbn", "books_by_author", "books_by_shelf", "expiry"]));
}

#[test]
fn a_unique_index_has_one_row_for_a_key() {
    let store = store();
    shelve(&store, &[(1, book(Some("i1"), &["ada"], 1))]);
    let second = write(&store, |tx| {
        tx.put(&BOOKS, &id(2), &book(None, &["ada"], 1))?;
        tx.put(&BOOKS, &id(3), &book(Some("i1"), &["ada"], 1))
    });
    assert_eq!(second.unwrap_err().kind(), FaultKind::Duplicate);
    assert_eq!(of_author(&store, "ada"), [1], "the whole job is undone");
    // The same row may keep its key, and a key that was given up may be taken.
    shelve(&store, &[(1, book(Some("i1"), &["bob"], 1))]);
    shelve(&store, &[(1, book(None, &[], 1))]);
    shelve(&store, &[(2, book(Some("i1"), &[], 1))]);
}

#[test]
fn pages_and_lists_go_on_where_they_stopped() {
    let store = store();
    let books: Vec<_> = (1..=7).map(|n| (n, book(None, &["ada"], 1))).collect();
    shelve(&store, &books);
    store
        .read_blocking(|view| {
            let (mut up, mut after) = (Vec::new(), None);
            let (mut down, mut before) = (Vec::new(), None);
            let (mut listed, mut behind) = (Vec::new(), None);
            let (mut latest, mut below) = (Vec::new(), None);
            for turn in 0..3 {
                let page = view.page(&BOOKS, after.as_ref(), 3)?;
                up.extend(page.rows.iter().map(|(id, _)| id.bytes()[0]));
                let newest = view.newest(&BOOKS, before.as_ref(), 3)?;
                down.extend(newest.rows.iter().map(|(id, _)| id.bytes()[0]));
                let list = view.list_after(&BOOKS, &BY_AUTHOR, "ada", behind.as_ref(), 3)?;
                listed.extend(list.rows.iter().map(|(id, _)| id.bytes()[0]));
                let late = view.list_newest(&BOOKS, &BY_AUTHOR, "ada", below.as_ref(), 3)?;
                latest.extend(late.rows.iter().map(|(id, _)| id.bytes()[0]));
                let nexts = [&page.next, &newest.next, &list.next, &late.next];
                assert_eq!(nexts.map(Option::is_some), [turn < 2; 4]);
                (after, before, behind, below) = (page.next, newest.next, list.next, late.next);
            }
            assert_eq!((up, listed), ((1..=7).collect(), (1..=7).collect()));
            assert_eq!(down, (1..=7).rev().collect::<Vec<u8>>());
            assert_eq!(latest, down);
            assert_eq!(view.page(&BOOKS, None, 7)?.next, None, "a full page that is the last has no next");
            Ok(())
        })
        .unwrap();
}

/// A unique index is an order of its rows, from both ends and under the first part of its keys.
#[test]
fn a_unique_index_is_gone_through_in_its_order() {
    static BY_SHELF_AND_ISBN: Unique<Book, (String, String)> = Unique::new("books_by_place", |b, out| {
        if let Some(isbn) = &b.isbn {
            out(&(format!("shelf {}", b.shelf), isbn.clone()));
        }
    });
    static PLACED: Table<Id<Book>, Book> = Table::new("books").indexed(&[&BY_SHELF_AND_ISBN]);
    let store = store();
    let books = [(1, "d", 1), (2, "b", 1), (3, "c", 2), (4, "a", 2), (5, "e", 1)];
    write(&store, move |tx| {
        books.into_iter().try_for_each(|(n, isbn, shelf)| tx.put(&PLACED, &id(n), &book(Some(isbn), &[], shelf)))?;
        tx.put(&PLACED, &id(6), &book(None, &[], 1))
    })
    .unwrap();
    let all = |under: Option<&str>, order: Order| -> String {
        let under = under.map(str::to_owned);
        let (mut found, mut behind) = (String::new(), None::<(String, String)>);
        store
            .read_blocking(|view| {
                loop {
                    let page =
                        view.in_order(&PLACED, &BY_SHELF_AND_ISBN, (under.as_ref(), behind.as_ref()), order, 2)?;
                    found.extend(page.rows.iter().filter_map(|(_, book)| book.isbn.clone()));
                    match page.rows.last().filter(|_| page.next.is_some()) {
                        Some((_, last)) => {
                            behind = last.isbn.clone().map(|isbn| (format!("shelf {}", last.shelf), isbn))
                        }
                        None => return Ok(()),
                    }
                }
            })
            .unwrap();
        found
    };
    assert_eq!((all(None, Order::Ascending), all(None, Order::Descending)), ("bdeac".into(), "caedb".into()));
    assert_eq!(all(Some("shelf 1"), Order::Ascending), "bde");
    assert_eq!(all(Some("shelf 1"), Order::Descending), "edb");
    assert_eq!(all(Some("shelf 2"), Order::Descending), "ca");
    assert_eq!(all(Some("shelf"), Order::Ascending), "", "a part of a key is whole");
}

#[test]
fn keys_of_two_parts_do_not_run_into_each_other() {
    let store = store();
    write(&store, |tx| {
        for (name, n) in [("a", 2), ("a", 1), ("ab", 1), ("a\0b", 1), ("", 9)] {
            tx.put(&NOTES, &(name.to_owned(), n), &format!("{name}{n}"))?;
        }
        Ok(())
    })
    .unwrap();
    let page = store.read_blocking(|view| view.page(&NOTES, None, 10)).unwrap();
    let keys: Vec<_> = page.rows.iter().map(|((name, n), _)| (name.as_str(), *n)).collect();
    assert_eq!(keys, [("", 9), ("a", 1), ("a", 2), ("a\0b", 1), ("ab", 1)]);
}

#[test]
fn a_change_without_an_event_is_refused() {
    let store = store();
    let silent =
        store.write_blocking("shelve quietly", &context(NOW), |tx| tx.put(&BOOKS, &id(1), &book(None, &[], 1)));
    let fault = silent.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unrecorded);
    assert_eq!(fault.to_string(), "`shelve quietly` changed books and recorded no event");
    assert_eq!(store.read_blocking(|view| view.get(&BOOKS, &id(1))).unwrap(), None);

    shelve(&store, &[(1, book(None, &[], 1))]);
    let silent = store.write_blocking("burn quietly", &context(NOW), |tx| tx.delete(&BOOKS, &id(1)));
    assert_eq!(silent.unwrap_err().kind(), FaultKind::Unrecorded);
    assert!(store.read_blocking(|view| view.get(&BOOKS, &id(1))).unwrap().is_some());

    // Removing what is not there changes nothing, and bookkeeping is declared to be worth no event.
    store.write_blocking("burn air", &context(NOW), |tx| tx.delete(&BOOKS, &id(9))).unwrap();
    store.write_blocking("count", &context(NOW), |tx| tx.put(&TALLY, &(), &1)).unwrap();
    let both = store.write_blocking("both", &context(NOW), |tx| {
        tx.put(&TALLY, &(), &2)?;
        tx.put(&BOOKS, &id(2), &book(None, &[], 1))
    });
    assert_eq!(both.unwrap_err().kind(), FaultKind::Unrecorded);
    assert_eq!(store.read_blocking(|view| view.get(&TALLY, &())).unwrap(), Some(1));
}

#[test]
fn a_refusal_commits_and_a_fault_does_not() {
    let store = store();
    let refused: Result<(), &str> = write(&store, |tx| {
        tx.put(&BOOKS, &id(1), &book(None, &[], 1))?;
        Ok(Err("no"))
    })
    .unwrap();
    assert_eq!(refused, Err("no"));
    assert!(store.read_blocking(|view| view.get(&BOOKS, &id(1))).unwrap().is_some());

    let events = store.audit_head().unwrap().sequence;
    let broken = write(&store, |tx| {
        tx.put(&BOOKS, &id(2), &book(None, &[], 1))?;
        Err::<(), _>(Fault::new(FaultKind::Bug, "on purpose"))
    });
    assert_eq!(broken.unwrap_err().kind(), FaultKind::Bug);
    assert_eq!(store.read_blocking(|view| view.get(&BOOKS, &id(2))).unwrap(), None);
    assert_eq!(store.audit_head().unwrap().sequence, events, "its event went with it");
}

#[test]
fn the_answer_is_that_of_the_last_run() {
    let store = store();
    let mut run = 0;
    let said = store.write_blocking("count", &context(NOW), move |tx| {
        run += 1;
        let before = tx.get(&TALLY, &())?.unwrap_or(0);
        tx.put(&TALLY, &(), &(before + 1))?;
        Ok((run, before + 1))
    });
    assert_eq!(said.unwrap(), (2, 1), "run twice, counted once");
}

#[test]
fn sweeping_removes_what_is_over_and_says_so_once() {
    static TABLES: &[&dyn AnyTable] = &[&BOOKS, &NOTES, &SEEN];
    let store = store();
    let due = |n: u64| Some(NOW.plus(Lifetime::from_seconds(n)));
    let rows: Vec<_> =
        (1..=6).map(|n| (n, Book { due_at: due(u64::from(n)), ..book(Some(&n.to_string()), &["ada"], 1) })).collect();
    shelve(&store, &rows);
    shelve(&store, &[(7, book(Some("7"), &[], 1)), (5, Book { due_at: None, ..rows[4].1.clone() })]);
    write(&store, move |tx| {
        tx.put(&SEEN, &1, &NOW)?;
        tx.put(&SEEN, &2, &NOW.plus(Lifetime::from_hours(1)))
    })
    .unwrap();

    let later = NOW.plus(Lifetime::from_seconds(4));
    let expired = store.read_blocking(move |view| view.expired(&BOOKS, later, 10)).unwrap();
    assert_eq!(expired.iter().map(|(id, _)| id.bytes()[0]).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(store.read_blocking(|view| view.expired(&BOOKS, NOW, 10)).unwrap().is_empty());

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sweep = |limit| {
        let event = |counts: &[(&str, u64)]| Event::Swept {
            tables: counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
        };
        runtime.block_on(store.sweep(&context(later), TABLES, limit, event)).unwrap()
    };
    let before = store.audit_head().unwrap().sequence;
    assert_eq!((sweep(3), sweep(3), sweep(3)), (3, 2, 0));
    assert_eq!(store.audit_head().unwrap().sequence, before + 2, "nothing swept, nothing said");
    let left = store.read_blocking(|view| view.page(&BOOKS, None, 10)).unwrap();
    assert_eq!(left.rows.iter().map(|(id, _)| id.bytes()[0]).collect::<Vec<_>>(), [5, 6, 7]);
    let said = store.read_blocking(|view| audit_page(view, None, Some("store.swept"), 10)).unwrap();
    let tables = |entry: &writ::store::Entry| match &entry.event {
        Event::Swept { tables } => tables.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(tables(&said.entries[1]), [("books".to_owned(), 3)]);
    assert_eq!(tables(&said.entries[0]), [("books".to_owned(), 1), ("seen".to_owned(), 1)]);
}

#[test]
fn a_job_knows_who_and_when() {
    let store = store();
    let said = store.write_blocking("look", &context(NOW), |tx| Ok((tx.now(), tx.context().by.clone())));
    assert_eq!(said.unwrap(), (NOW, Actor::Operator));
}

#[test]
fn async_callers_get_the_same() {
    let store = Store::in_memory(MacKey::new(&[7; 32]), NOW).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let writes: Vec<_> = (0..64_u64)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write("count", &context(NOW), |tx| {
                            let n = tx.get(&TALLY, &())?.unwrap_or(0) + 1;
                            tx.put(&TALLY, &(), &n)?;
                            Ok(n)
                        })
                        .await
                })
            })
            .collect();
        let mut said = Vec::new();
        for write in writes {
            said.push(write.await.unwrap().unwrap());
        }
        said.sort_unstable();
        assert_eq!(said, (1..=64).collect::<Vec<u64>>());
        assert_eq!(store.read(|view| view.get(&TALLY, &())).await.unwrap(), Some(64));
    });
}

/// What was made of rows is good while their generation is what it was, and not a commit longer.
#[test]
fn a_commit_that_changes_a_row_turns_its_generation() {
    let store = store();
    let generation = || store.read_blocking(|view| view.generation(&LIBRARY)).unwrap();
    let at_first = generation();
    write(&store, |tx| tx.put(&NOTES, &("a".to_owned(), 1), &"a note".to_owned())).unwrap();
    assert_eq!(generation(), at_first, "another table is nothing to it");
    let within = write(&store, |tx| {
        let before = tx.generation(&LIBRARY)?;
        tx.put(&SHELVES, &1, &"poetry".to_owned())?;
        let between = tx.generation(&LIBRARY)?;
        tx.put(&SHELVES, &2, &"law".to_owned())?;
        Ok((before, between))
    });
    let (before, between) = within.unwrap();
    assert_eq!((before, between), (at_first, generation()), "the job that changes it sees that at once");
    assert_ne!(before, between);
    for change in
        [(|tx| tx.replace(&SHELVES, &1, &"poetry".to_owned(), &"prose".to_owned())) as fn(&mut Tx<'_>) -> _, |tx| {
            tx.delete(&SHELVES, &2)
        }]
    {
        let before = generation();
        write(&store, change).unwrap();
        assert_ne!(generation(), before);
    }
    let before = generation();
    write(&store, |tx| tx.delete(&SHELVES, &7)).unwrap();
    assert_eq!(generation(), before, "nothing was there, so nothing changed");
    let fault = write(&store, |tx| {
        tx.put(&SHELVES, &3, &"undone".to_owned())?;
        Err::<(), _>(Fault::new(FaultKind::Bug, "a job that fails"))
    });
    assert!(fault.is_err());
    assert_eq!(generation(), before, "what is undone turns nothing");
}
