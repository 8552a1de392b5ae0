//! Layouts: old files open, newer ones are left alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use writ::base::look::skeleton;
use writ::base::{Digest, Fault, FaultKind, Id, Lifetime, MacKey, Timestamp};
use writ::model::{
    Actor, ApplicationType, AuthMethod, Channel, Client, ClientAbout, ClientId, ClientState, Context, Event, GrantType,
    IdentityProvider, Origin, Person, Provenance, SubjectLink,
};
use writ::store::migrate::{self, STEPS, Step};
use writ::store::tables::{
    CLIENTS, CLIENTS_BY_LOOK, CLIENTS_BY_NAMED, LINKS, LINKS_BY_PERSON, LINKS_BY_PROVIDER, link_key, named_resource,
    named_scope,
};
use writ::store::{CACHE, Look, Memory, Read as _, Redb, Rehearsal, Store, Table, Word, audit_page, audit_search_by};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

static WORDS: Table<String, String> = Table::new("words");

fn key() -> MacKey {
    MacKey::new(&[7; 32])
}

fn context() -> Context {
    Context::new(NOW, Actor::Operator, Origin::within(Channel::File))
}

fn events(store: &Store) -> Vec<Event> {
    let page = store.read_blocking(|view| audit_page(view, None, None, 100)).unwrap();
    page.entries.into_iter().rev().map(|entry| entry.event).collect()
}

fn put(store: &Store, word: &'static str, meaning: &'static str) {
    store
        .write_blocking("put", &context(), move |tx| {
            tx.put(&WORDS, &word.to_owned(), &meaning.to_owned())?;
            tx.record(Event::SetupOpened {})
        })
        .unwrap();
}

fn vector() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/store-v1.redb")
}

/// Made once, when layout 1 was current; a later layout adds a file and leaves this one alone.
#[test]
#[ignore = "makes tests/vectors/store-v1.redb anew; run by hand, before layout 1 is released"]
fn make_the_file_of_layout_1() {
    let _ = std::fs::remove_file(vector());
    let store = Store::open(&vector(), CACHE, key(), NOW).unwrap();
    put(&store, "writ", "an order of a court");
    put(&store, "clerk", "who keeps the court's records");
    drop(store);
    ::redb::Database::open(vector()).unwrap().compact().unwrap();
}

#[test]
fn a_file_of_layout_1_opens() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    std::fs::copy(vector(), &path).unwrap();
    let store = Store::open(&path, CACHE, key(), NOW.plus(Lifetime::from_days(1))).unwrap();
    let word = store.read_blocking(|view| view.get(&WORDS, &"writ".to_owned())).unwrap();
    assert_eq!(word.as_deref(), Some("an order of a court"));
    let head = store.verify_audit(None).unwrap().unwrap();
    assert_eq!(head.sequence, 3 + STEPS.len() as u64 - 1);
    assert_eq!(head.hash, store.read_blocking(|view| audit_page(view, None, None, 1)).unwrap().entries[0].hash);
    put(&store, "seal", "what makes it one");
    assert!(store.verify_audit(Some(&head)).unwrap().is_ok());
}

/// Made once, when layout 2 was current.
#[test]
#[ignore = "makes tests/vectors/store-v2.redb anew; run by hand, before layout 2 is released"]
fn make_the_file_of_layout_2() {
    let path = vector().with_file_name("store-v2.redb");
    let _ = std::fs::remove_file(&path);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    put_client(&store, &CLIENTS, 1, "Tickets", Provenance::Administrator);
    put_client(&store, &CLIENTS, 2, "Tickets", Provenance::Dynamic { registration: Digest::ZERO });
    drop(store);
    ::redb::Database::open(path).unwrap().compact().unwrap();
}

fn put_client(
    store: &Store,
    table: &'static Table<Id<Client>, Client>,
    number: u8,
    name: &str,
    provenance: Provenance,
) {
    let id = Id::<Client>::from_bytes([number; 16]);
    let client = Client {
        id: ClientId::Registered(id),
        name: name.to_owned(),
        provenance,
        state: ClientState::Active,
        application_type: ApplicationType::Native,
        auth_method: AuthMethod::None,
        secrets: Vec::new(),
        jwks: None,
        jwks_uri: None,
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::AuthorizationCode],
        scope: Some("mcp:read".parse().unwrap()),
        resources: Vec::new(),
        serves: vec![writ::base::Resource::parse("https://mcp.example/a").unwrap()],
        client_uri: None,
        about: ClientAbout::default(),
        id_token_signed_response_alg: None,
        dpop_bound_access_tokens: false,
        identity: None,
        created_at: NOW,
        first_used_at: None,
        last_used_at: None,
        reaped_at: None,
        void_before: None,
        declared_as: None,
        review: writ::model::Review::default(),
    };
    store
        .write_blocking("put client", &context(), move |tx| {
            tx.put(table, &id, &client)?;
            tx.record(Event::ClientApproved { client: client.id.clone() })
        })
        .unwrap();
}

/// The administrators' clients that look like this.
fn known(store: &Store, look: &str) -> Vec<Id<Client>> {
    let rows = store.read_blocking(|view| view.list(&CLIENTS, &CLIENTS_BY_LOOK, look, 10)).unwrap();
    rows.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_file_of_layout_2_opens() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    std::fs::copy(vector().with_file_name("store-v2.redb"), &path).unwrap();
    let store = Store::open(&path, CACHE, key(), NOW.plus(Lifetime::from_days(1))).unwrap();
    assert_eq!(known(&store, &skeleton("T1ckets")), [Id::from_bytes([1; 16])]);
    let head = store.verify_audit(None).unwrap().unwrap();
    assert_eq!(head.sequence, 3 + STEPS.len() as u64 - 2);
}

/// Made once, when layout 4 was current; so were those before it.
#[test]
#[ignore = "makes tests/vectors/store-v4.redb anew; run by hand, before layout 4 is released"]
fn make_the_file_of_layout_4() {
    let path = vector().with_file_name("store-v4.redb");
    let _ = std::fs::remove_file(&path);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    put(&store, "writ", "an order of a court");
    drop(store);
    ::redb::Database::open(path).unwrap().compact().unwrap();
}

/// Made once, when layout 5 was current.
#[test]
#[ignore = "makes tests/vectors/store-v5.redb anew; run by hand, before layout 5 is released"]
fn make_the_file_of_layout_5() {
    let path = vector().with_file_name("store-v5.redb");
    let _ = std::fs::remove_file(&path);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    put_client(&store, &CLIENTS, 1, "Tickets", Provenance::Administrator);
    drop(store);
    ::redb::Database::open(path).unwrap().compact().unwrap();
}

/// Made once, when layout 6 was current.
#[test]
#[ignore = "makes tests/vectors/store-v6.redb anew; run by hand, before layout 6 is released"]
fn make_the_file_of_layout_6() {
    let path = vector().with_file_name("store-v6.redb");
    let _ = std::fs::remove_file(&path);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    put_client(&store, &CLIENTS, 1, "Tickets", Provenance::Administrator);
    drop(store);
    ::redb::Database::open(path).unwrap().compact().unwrap();
}

/// Made once, when layout 7 was current.
#[test]
#[ignore = "makes tests/vectors/store-v7.redb anew; run by hand, before layout 7 is released"]
fn make_the_file_of_layout_7() {
    let path = vector().with_file_name("store-v7.redb");
    let _ = std::fs::remove_file(&path);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    put_link(&store, &LINKS);
    drop(store);
    ::redb::Database::open(path).unwrap().compact().unwrap();
}

/// What a provider calls somebody.
fn put_link(store: &Store, table: &'static Table<(String, String), SubjectLink>) -> SubjectLink {
    let (provider, person) = (Id::<IdentityProvider>::from_bytes([1; 16]), Id::<Person>::from_bytes([2; 16]));
    let link = SubjectLink { provider, subject: "00u1".to_owned(), person, linked_at: NOW };
    let row = link.clone();
    store
        .write_blocking("put link", &context(), move |tx| {
            tx.put(table, &link_key(provider, "00u1"), &row)?;
            tx.record(Event::SubjectLinked { provider, subject: "00u1".to_owned(), person })
        })
        .unwrap();
    link
}

/// Whatever a file's layout was: each entry is found by who did it and by its name.
#[test]
fn the_newest_layout_finds_the_entries_that_were_there_before_it() {
    for layout in 1..=STEPS.len() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("store");
        std::fs::copy(vector().with_file_name(format!("store-v{layout}.redb")), &path).unwrap();
        let store = Store::open(&path, CACHE, key(), NOW.plus(Lifetime::from_days(1))).unwrap();
        let entries = store.read_blocking(|view| audit_page(view, None, None, 100)).unwrap().entries;
        assert!(entries.len() >= 2, "{layout}");
        for entry in &entries {
            let name = entry.event.name();
            let by = if entry.by == Actor::System { "system" } else { "operator" };
            for word in [Word::Event(name), Word::By(by)] {
                let found = store.read_blocking(|view| audit_search_by(view, word, None, 100, |_| Look::Fits)).unwrap();
                assert!(found.entries.contains(entry), "{layout}: {word:?}");
            }
        }
        assert!(store.verify_audit(None).unwrap().is_ok());
    }
}

#[test]
fn a_file_is_tried_on_a_copy_and_copied_before_it_gets_another_layout() {
    let newest = STEPS.len() as u64;
    for layout in 1..=newest {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("store");
        std::fs::copy(vector().with_file_name(format!("store-v{layout}.redb")), &path).unwrap();
        let is_of = |path: &Path| {
            let store = Store::as_it_is(path, CACHE, key()).unwrap();
            (store.read_blocking(migrate::layout).unwrap(), store.audit_head().unwrap().sequence)
        };
        let before = is_of(&path);
        let scratch = place.path().join("scratch");
        let tried = migrate::rehearse(&path, &key(), &scratch, NOW).unwrap();
        assert_eq!((tried.from, tried.to, tried.steps.len() as u64), (layout, newest, newest - layout));
        assert_eq!(tried.entries, before.1 + newest - layout);
        assert!(!scratch.exists());
        assert_eq!(is_of(&path), before, "only tried");

        let aside = migrate::aside(&path, layout);
        drop(Store::open(&path, CACHE, key(), NOW).unwrap());
        assert_eq!(is_of(&path).0, newest);
        assert_eq!(aside.exists(), layout < newest, "{layout}");
        if layout < newest {
            assert_eq!(is_of(&aside), before);
        }
        let files = std::fs::read_dir(place.path()).unwrap().count();
        assert_eq!(files, if layout < newest { 2 } else { 1 }, "no draft is left");
    }
}

/// [`CLIENTS`] as layout 1 had it.
static CLIENTS_OF_1: Table<Id<Client>, Client> = Table::new("clients").expires(|client| client.reaped_at);

#[test]
fn layout_2_finds_administrators_clients_by_the_look_of_their_names() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let store = Store::with_steps(Redb::open(&path, CACHE).unwrap(), key(), NOW, ONE).unwrap();
    put_client(&store, &CLIENTS_OF_1, 1, "Tickets", Provenance::Administrator);
    put_client(&store, &CLIENTS_OF_1, 2, "T\u{456}ckets", Provenance::Dynamic { registration: Digest::ZERO });
    put_client(&store, &CLIENTS_OF_1, 3, "Mail", Provenance::Administrator);
    drop(store);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    assert_eq!(known(&store, &skeleton("T1CKETS")), [Id::from_bytes([1; 16])]);
    assert_eq!(known(&store, &skeleton("mail")), [Id::from_bytes([3; 16])]);
    assert!(store.verify_audit(None).unwrap().is_ok());
}

/// Rows as they were put before there was an index by what they name.
#[test]
fn layout_5_finds_who_names_what() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let store = Store::with_steps(Redb::open(&path, CACHE).unwrap(), key(), NOW, ONE).unwrap();
    put_client(&store, &CLIENTS_OF_1, 1, "Tickets", Provenance::Administrator);
    put_client(&store, &CLIENTS_OF_1, 2, "Stranger", Provenance::Dynamic { registration: Digest::ZERO });
    drop(store);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    let named = |key: (String, String)| {
        let rows = store.read_blocking(|view| view.list(&CLIENTS, &CLIENTS_BY_NAMED, &key, 10)).unwrap();
        rows.into_iter().map(|(_, client)| client.name).collect::<Vec<_>>()
    };
    assert_eq!(named(named_scope("mcp:read")), ["Tickets"]);
    let served = writ::base::Resource::parse("https://mcp.example/a").unwrap();
    assert_eq!(named(named_resource(&served)), ["Tickets", "Stranger"]);
    assert!(store.verify_audit(None).unwrap().is_ok());
}

/// [`LINKS`] as layout 6 had it.
static LINKS_OF_6: Table<(String, String), SubjectLink> = Table::new("subject_links").indexed(&[&LINKS_BY_PROVIDER]);

#[test]
fn layout_7_finds_by_whom_somebody_is_known() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let store = Store::with_steps(Redb::open(&path, CACHE).unwrap(), key(), NOW, ONE).unwrap();
    let link = put_link(&store, &LINKS_OF_6);
    drop(store);
    let store = Store::open(&path, CACHE, key(), NOW).unwrap();
    let rows = store.read_blocking(|view| view.list(&LINKS, &LINKS_BY_PERSON, &link.person, 10)).unwrap();
    assert_eq!(rows.into_iter().map(|(_, link)| link).collect::<Vec<_>>(), [link]);
    assert!(store.verify_audit(None).unwrap().is_ok());
}

fn first(_: &mut writ::store::Tx<'_>) -> Result<(), Fault> {
    Ok(())
}

fn shout(tx: &mut writ::store::Tx<'_>) -> Result<(), Fault> {
    for (word, meaning) in tx.page(&WORDS, None, 100)?.rows {
        tx.put(&WORDS, &word, &meaning.to_uppercase())?;
    }
    Ok(())
}

fn fail(tx: &mut writ::store::Tx<'_>) -> Result<(), Fault> {
    tx.put(&WORDS, &"half".to_owned(), &"done".to_owned())?;
    Err(Fault::new(FaultKind::Bug, "on purpose"))
}

static ONE: &[Step] = &[Step { what: "the first layout", run: first }];
static THREE: &[Step] = &[
    Step { what: "the first layout", run: first },
    Step { what: "louder meanings", run: shout },
    Step { what: "nothing more", run: first },
];
static BAD: &[Step] = &[
    Step { what: "the first layout", run: first },
    Step { what: "louder meanings", run: shout },
    Step { what: "a mistake", run: fail },
];

#[test]
fn each_missing_step_is_taken_once_and_recorded() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let open = |steps| Store::with_steps(Redb::open(&path, CACHE)?, key(), NOW, steps);
    put(&open(ONE).unwrap(), "quiet", "not loud");

    let fault = open(BAD).err().unwrap();
    assert!(fault.to_string().starts_with("cannot make layout 3 (a mistake)"), "{fault}");
    for _ in 0..2 {
        let store = open(THREE).unwrap();
        let words = store.read_blocking(|view| view.page(&WORDS, None, 10)).unwrap().rows;
        assert_eq!(words, [("quiet".to_owned(), "NOT LOUD".to_owned())]);
        let migrated = |from, to| Event::Migrated { from, to };
        assert_eq!(events(&store), [migrated(0, 1), Event::SetupOpened {}, migrated(1, 2), migrated(2, 3)]);
        assert!(store.verify_audit(None).unwrap().is_ok());
    }

    let newer = open(ONE).err().unwrap();
    assert_eq!(newer.kind(), FaultKind::Storage);
    assert_eq!(newer.to_string(), "this file has layout 3 and this version of Writ knows 1: run the newer one");
    assert!(open(THREE).is_ok(), "and it was left alone");
}

#[test]
fn a_new_store_says_which_layout_it_was_made_with() {
    let store = Store::over(Memory::new(Rehearsal::On), key(), NOW).unwrap();
    assert_eq!(events(&store), [Event::Migrated { from: 0, to: STEPS.len() as u64 }]);
    let _shared: Arc<Store> = Arc::new(store);
}
