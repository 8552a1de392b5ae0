//! Another master key in the place of the present one, and every moment at which the process may end on the way.

use std::path::{Path, PathBuf};

use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition, TableHandle as _};
use writ::app::App;
use writ::base::{Clock, Digest, Entropy, Fault, FaultKind, Id, Lifetime, Secret, Timestamp};
use writ::config::{Config, Sources};
use writ::keys::{HeadSigner, Master, PURPOSES};
use writ::model::{Event, IdentityProvider, Person, PersonBy, SecondFactor, UpstreamSignIn};
use writ::operations::master_key::{self, Changed, Kept, Stage};
use writ::operations::start::{Keeping, look, start};
use writ::operations::{audit, housekeeping, turn_keys};
use writ::store::tables::{PROVIDERS, SECOND_FACTORS};
use writ::store::{Head, Read as _, audit_page};

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// 32 bytes each, in base64.
const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEWER: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A data directory, and what its appliance is configured with.
struct Place {
    directory: tempfile::TempDir,
    master_key: Option<&'static str>,
    next: Option<&'static str>,
}

impl Place {
    /// With its key in a file, or in the settings.
    fn new(master_key: Option<&'static str>) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), master_key, next: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn config(&self) -> Config {
        let mut flags = vec![("data", self.directory.path().display().to_string())];
        flags.extend(self.master_key.map(|key| ("master_key", key.to_owned())));
        flags.extend(self.next.map(|key| ("master_key_next", key.to_owned())));
        let mut config = Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
        // RSA keys take longer to make than the rest of the test.
        config.keys.algorithms.retain(|algorithm| algorithm.as_str() != "RS256");
        config
    }

    fn start(&self) -> Result<App, Fault> {
        unless_busy(|| start(self.config(), Keeping::File, Clock::fixed(START), Entropy::os()))
    }

    fn change(&self) -> Result<Changed, Fault> {
        self.change_until(None)
    }

    /// As if the power went at this stage.
    fn change_until(&self, stop: Option<Stage>) -> Result<Changed, Fault> {
        let cut = |stage| match stop == Some(stage) {
            true => Err(Fault::new(FaultKind::Storage, "the power went")),
            false => Ok(()),
        };
        unless_busy(|| master_key::change(&self.config(), &Clock::fixed(START), &Entropy::os(), &cut))
    }

    fn key(&self) -> String {
        std::fs::read_to_string(self.path("master.key")).unwrap()
    }
}

/// The one before may still hold the file for a moment.
fn unless_busy<T>(work: impl Fn() -> Result<T, Fault>) -> Result<T, Fault> {
    loop {
        match work() {
            Err(fault) if fault.kind() == FaultKind::Busy => std::thread::yield_now(),
            done => return done,
        }
    }
}

/// An appliance that has signed something, with a second factor, a head beside its file and a gap in its log.
async fn furnished(place: &Place) -> String {
    let app = place.start().unwrap();
    let ctx = housekeeping::context(&app);
    turn_keys::turn(&app, &ctx).await.unwrap();
    let person = Id::<Person>::new(START, &app.entropy).unwrap();
    let secret = app.row_sealer.seal(b"shared", &in_its_row(person), &app.entropy).unwrap();
    let id = Id::<IdentityProvider>::new(START, &app.entropy).unwrap();
    let at_the_provider = IdentityProvider::seal_context(id);
    let sign_in = UpstreamSignIn {
        name: "Northwind".to_owned(),
        client_id: "writ".to_owned(),
        secret: Some(app.row_sealer.seal(b"of theirs", at_the_provider.as_bytes(), &app.entropy).unwrap()),
        secret_set_at: Some(START),
        scope: "openid".parse().unwrap(),
        on: true,
    };
    let provider = IdentityProvider {
        id,
        issuer: "https://login.example".to_owned(),
        jwks_uri: None,
        jwks: None,
        person_by: PersonBy::Link,
        sign_in: Some(sign_in),
        created_at: START,
    };
    app.store
        .write("furnish", &ctx, move |tx| {
            let factor =
                SecondFactor { person, secret: secret.clone(), last_step: 0, recovery: Vec::new(), added_at: tx.now() };
            tx.put(&SECOND_FACTORS, &person, &factor)?;
            tx.record(Event::SecondFactorAdded { person })?;
            tx.put(&PROVIDERS, &provider.id, &provider)?;
            tx.record(Event::SetupOpened {})?;
            // Old traffic, enough of it to be cut out.
            (0..4_096).try_for_each(|count| tx.record(Event::Tallied { what: "noise".to_owned(), count }))
        })
        .await
        .unwrap();
    let later = START.plus(Lifetime::from_days(1));
    let cut = app.store.write("cut", &ctx, move |tx| {
        let cut = tx.cut_traffic(later, 8)?;
        tx.record(cut.event(later).unwrap())
    });
    cut.await.unwrap();
    housekeeping::round(&app).await.unwrap();
    token(&app)
}

fn in_its_row(person: Id<Person>) -> Vec<u8> {
    format!("second factor of {person}").into_bytes()
}

fn token(app: &App) -> String {
    let ring = app.keys.current();
    ring.signing(writ::model::Algorithm::ES256).unwrap().mint("at+jwt", &serde_json::json!({ "sub": "x" })).unwrap()
}

/// It opens, what it signed is good, what was sealed opens, the log is whole, and it works on.
async fn check(place: &Place, signed: &str) {
    let app = place.start().unwrap();
    let typ = writ::keys::Typ::Exactly("at+jwt");
    app.keys.current().verify(signed, typ).unwrap();
    app.keys.current().verify(&token(&app), typ).unwrap();
    let factors = app.store.read(|view| view.page(&SECOND_FACTORS, None, 10)).await.unwrap().rows;
    for (person, factor) in &factors {
        assert_eq!(app.row_sealer.open(&factor.secret, &in_its_row(*person)).unwrap().as_slice(), b"shared");
    }
    assert_eq!(factors.len(), 1);
    let providers = app.store.read(|view| view.page(&PROVIDERS, None, 10)).await.unwrap().rows;
    for (id, provider) in &providers {
        let secret = provider.sign_in.as_ref().unwrap().secret.as_ref().unwrap();
        let opened = app.row_sealer.open(secret, IdentityProvider::seal_context(*id).as_bytes()).unwrap();
        assert_eq!(opened.as_slice(), b"of theirs");
    }
    assert_eq!(providers.len(), 1);
    assert!(audit::verify(&app).await.unwrap().is_ok(), "also against the head beside the file");
    writ::operations::setup::open_link(&app, &housekeeping::context(&app)).unwrap().unwrap();
    housekeeping::round(&app).await.unwrap();
    assert!(audit::verify(&app).await.unwrap().is_ok());
    assert!(!place.path("master.key.next").exists());
}

/// How often the change was recorded.
fn recorded(app: &App) -> usize {
    let page = app.store.read_blocking(|view| audit_page(view, None, None, 100)).unwrap();
    page.entries.iter().filter(|entry| entry.event.name() == "master_key.changed").count()
}

#[tokio::test]
async fn everything_is_sealed_under_the_new_key_and_nothing_under_the_old() {
    let place = Place::new(None);
    let signed = furnished(&place).await;
    let old = place.key();
    let marks = marks(&place.path("writ.redb"));
    assert!(marks.len() == 1, "one key sealed everything: {marks:?}");
    let changed = place.change().unwrap();
    assert_eq!((changed.signing_keys, changed.second_factors, changed.kept), (4, 1, Kept::File));
    assert_eq!(changed.provider_secrets, 1);
    assert!(changed.gaps >= 1);
    assert_ne!(place.key(), old);
    let after = self::marks(&place.path("writ.redb"));
    assert!(after.len() == 1 && after != marks, "{after:?}");
    check(&place, &signed).await;
    assert_eq!(recorded(&place.start().unwrap()), 1);
    // Once more, from the new one.
    place.change().unwrap();
    check(&place, &signed).await;
    // The old key opens nothing.
    let now = place.key();
    std::fs::write(place.path("master.key"), &old).unwrap();
    let refused = place.start().err().unwrap();
    assert!(refused.to_string().contains("another master key"), "{refused}");
    std::fs::write(place.path("master.key"), now).unwrap();
    check(&place, &signed).await;
}

/// By which keys anything in the file is sealed, whatever table it is in.
fn marks(file: &Path) -> std::collections::BTreeSet<String> {
    let database = redb::Database::open(file).unwrap();
    let tx = database.begin_read().unwrap();
    let mut marks = std::collections::BTreeSet::new();
    for table in tx.list_tables().unwrap() {
        let name = table.name().to_owned();
        let table = tx.open_table(TableDefinition::<&[u8], &[u8]>::new(&name)).unwrap();
        for row in table.iter().unwrap() {
            let (_, value) = row.unwrap();
            let text = String::from_utf8_lossy(value.value()).into_owned();
            for (at, _) in text.match_indices("\"v1.") {
                marks.insert(text[at + 4..].split('.').next().unwrap().to_owned());
            }
        }
    }
    marks
}

/// What a transaction seals anew lies in the file as it was until its page is used again: whoever takes the file and has the old key reads it there.
#[tokio::test]
async fn nothing_that_the_old_key_opens_is_left_in_the_bytes_of_the_file() {
    for in_settings in [false, true] {
        let mut place = Place::new(in_settings.then_some(OLD));
        let signed = furnished(&place).await;
        place.next = in_settings.then_some(NEW);
        let old = marks(&place.path("writ.redb")).pop_first().unwrap();
        // Cut short before the file is written anew: the old seals are there, and go when it is asked for again.
        assert!(place.change_until(Some(Stage::Sealed)).is_err());
        assert!(!marks(&place.path("writ.redb")).contains(&old) && is_in_bytes(&place, &old));
        for copy in ["writ.redb.layout-3", "writ.redb.before-20270115T080000-000Z"] {
            std::fs::write(place.path(copy), "a store of before").unwrap();
        }
        match in_settings {
            true => drop(place.change().unwrap_err()),
            false => {
                let changed = place.change().unwrap();
                let copies =
                    ["writ.redb.before-20270115T080000-000Z", "writ.redb.layout-3"].map(|name| place.path(name));
                assert_eq!((changed.not_rewritten, changed.copies), (None, copies.to_vec()));
            }
        }
        assert!(!is_in_bytes(&place, &old), "in the settings: {in_settings}");
        check(&place, &signed).await;
    }
}

fn is_in_bytes(place: &Place, mark: &str) -> bool {
    let bytes = std::fs::read(place.path("writ.redb")).unwrap();
    let sought = format!("v1.{mark}.");
    bytes.windows(sought.len()).any(|window| window == sought.as_bytes())
}

/// And none of it is told to be a copy of the store.
#[tokio::test]
async fn what_was_left_half_made_goes_when_the_store_is_opened() {
    let place = Place::new(None);
    let signed = furnished(&place).await;
    let left = ["writ.71-3.new", "writ.redb.71-0.new", "writ.redb.anew"].map(|name| place.path(name));
    let leave = || left.iter().for_each(|path| std::fs::write(path, "of one that was killed").unwrap());
    leave();
    assert_eq!(place.change().unwrap().copies, Vec::<PathBuf>::new());
    assert!(!left.iter().any(|path| path.exists()));
    leave();
    check(&place, &signed).await;
    assert!(!left.iter().any(|path| path.exists()));
}

/// The change is good, and whoever asked for it knows what it did not come to.
#[tokio::test]
async fn a_file_that_cannot_be_written_anew_is_told() {
    let place = Place::new(None);
    let signed = furnished(&place).await;
    std::fs::create_dir(place.path("writ.redb.anew")).unwrap();
    assert!(place.change().unwrap().not_rewritten.is_some());
    check(&place, &signed).await;
}

#[tokio::test]
async fn the_power_may_go_at_any_stage_of_a_change() {
    for (stage, done) in
        [(Stage::Drafted, false), (Stage::Sealed, true), (Stage::Rewritten, true), (Stage::HeadSigned, true)]
    {
        let place = Place::new(None);
        let signed = furnished(&place).await;
        let old = place.key();
        assert!(place.change_until(Some(stage)).is_err(), "{stage:?}");
        assert_eq!(place.key(), old, "{stage:?}: the new key takes its place last of all");
        assert!(place.path("master.key.next").exists());
        check(&place, &signed).await;
        assert_eq!(place.key() != old, done, "{stage:?}");
        assert_eq!(recorded(&place.start().unwrap()), usize::from(done));
        // And a change that is begun again is an ordinary one.
        place.change().unwrap();
        check(&place, &signed).await;
    }
}

#[tokio::test]
async fn a_key_in_the_settings_is_changed_for_the_one_beside_it() {
    for stage in [None, Some(Stage::Drafted), Some(Stage::Sealed), Some(Stage::HeadSigned)] {
        let mut place = Place::new(Some(OLD));
        let signed = furnished(&place).await;
        let refused = place.change().unwrap_err();
        assert!(refused.kind() == FaultKind::Settings && refused.to_string().contains("master_key_next"), "{refused}");
        place.next = Some(NEW);
        check(&place, &signed).await;
        match stage {
            None => assert_eq!(place.change().unwrap().kept, Kept::Settings),
            Some(_) => assert!(place.change_until(stage).is_err()),
        }
        // With both, it starts whatever became of the change.
        check(&place, &signed).await;
        let done = stage != Some(Stage::Drafted);
        if done {
            let again = place.change().unwrap_err();
            assert!(again.to_string().contains("already"), "{again}");
        }
        // With the right one of them alone, too, and not with the other.
        for (key, fits) in [(OLD, !done), (NEW, done)] {
            (place.master_key, place.next) = (Some(key), None);
            match fits {
                true => check(&place, &signed).await,
                false => {
                    let refused = place.start().err().unwrap();
                    assert_eq!(refused.kind(), FaultKind::Settings);
                    assert!(refused.to_string().contains("WRIT_MASTER_KEY"), "{refused}");
                }
            }
        }
        assert!(!place.path("master.key").exists(), "a key that is kept elsewhere is not put beside the file");
    }
}

/// Whoever reads that the key was changed, or only guesses, may put the new one into the place of the old one before anything was opened under it.
#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_by_the_new_key_alone() {
    for stage in [Stage::Sealed, Stage::Rewritten, Stage::HeadSigned] {
        for in_settings in [false, true] {
            let mut place = Place::new(in_settings.then_some(OLD));
            let signed = furnished(&place).await;
            let old = marks(&place.path("writ.redb")).pop_first().unwrap();
            place.next = in_settings.then_some(NEW);
            assert!(place.change_until(Some(stage)).is_err());
            match in_settings {
                true => (place.master_key, place.next) = (Some(NEW), None),
                false => std::fs::rename(place.path("master.key.next"), place.path("master.key")).unwrap(),
            }
            check(&place, &signed).await;
            assert!(!is_in_bytes(&place, &old), "{stage:?}, in the settings: {in_settings}");
            assert_eq!(recorded(&place.start().unwrap()), 1);
        }
    }
}

/// Also where the next change follows at once, and where the old key is gone while the new one is not in its place yet.
#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_before_the_next_and_without_the_old_key() {
    let mut place = Place::new(Some(OLD));
    let signed = furnished(&place).await;
    place.next = Some(NEW);
    assert!(place.change_until(Some(Stage::Sealed)).is_err());
    (place.master_key, place.next) = (Some(NEW), Some(NEWER));
    place.change().unwrap();
    place.master_key = Some(NEWER);
    place.next = None;
    check(&place, &signed).await;
    assert_eq!(recorded(&place.start().unwrap()), 2);

    let place = Place::new(None);
    let signed = furnished(&place).await;
    assert!(place.change_until(Some(Stage::Sealed)).is_err());
    std::fs::remove_file(place.path("master.key")).unwrap();
    check(&place, &signed).await;
}

/// With the key in a file, what starts next finishes all of it: also what was not written anew.
#[tokio::test]
async fn the_next_start_leaves_nothing_that_the_old_key_opens() {
    for head in [true, false] {
        let place = Place::new(None);
        let signed = furnished(&place).await;
        let old = marks(&place.path("writ.redb")).pop_first().unwrap();
        assert!(place.change_until(Some(Stage::Sealed)).is_err());
        if !head {
            std::fs::remove_file(place.path("writ.head")).unwrap();
        }
        assert!(is_in_bytes(&place, &old));
        check(&place, &signed).await;
        assert!(!is_in_bytes(&place, &old), "with a head: {head}");
    }
}

/// The old key may be the thief's by then: it signs no head that speaks of what came after the change, and a head of anybody else's is told before
/// anything is changed.
#[tokio::test]
async fn the_key_of_before_signs_no_head_of_later() {
    let mut place = Place::new(Some(OLD));
    furnished(&place).await;
    let head_of_before = std::fs::read(place.path("writ.head")).unwrap();
    place.next = Some(NEW);
    place.change().unwrap();
    (place.master_key, place.next) = (Some(NEW), None);
    let head = place.start().unwrap().store.audit_head().unwrap();
    let old = Master::from_secret(&Secret::new(OLD)).unwrap().head_signer().unwrap();
    let forged = signed_by(&head, &old);
    std::fs::write(place.path("writ.head"), &forged).unwrap();
    place.next = Some(NEWER);
    for refused in [place.start().err().unwrap(), place.change().unwrap_err()] {
        assert!(refused.to_string().contains("was not written by this appliance"), "{refused}");
    }
    place.next = None;
    assert_eq!(std::fs::read_to_string(place.path("writ.head")).unwrap(), forged);
    std::fs::write(place.path("writ.head"), head_of_before).unwrap();
    assert_eq!(recorded(&place.start().unwrap()), 1);
}

/// As `writ audit verify` and `writ doctor` do, perhaps run by root: no file is another one afterwards.
#[tokio::test]
async fn whoever_only_looks_finishes_nothing() {
    for in_settings in [true, false] {
        let mut place = Place::new(in_settings.then_some(OLD));
        let signed = furnished(&place).await;
        place.next = in_settings.then_some(NEW);
        assert!(place.change_until(Some(Stage::Sealed)).is_err());
        let there = || {
            ["writ.redb", "writ.head", "master.key", "master.key.next"].map(|name| {
                let path = place.path(name);
                path.exists().then(|| inode(&path))
            })
        };
        let before = there();
        let app = unless_busy(|| look(place.config(), Clock::fixed(START), Entropy::os())).unwrap();
        assert!(audit::verify(&app).await.unwrap().is_ok(), "the head of before is held against the log");
        drop(app);
        assert_eq!(there(), before, "in the settings: {in_settings}");
        check(&place, &signed).await;
        assert_ne!(there()[0], before[0]);
    }
}

/// Which file it is: one that takes its place is another. Opening a store leaves marks in the file itself.
fn inode(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap())
}

/// Whatever starts it again and again would copy the file as often.
#[tokio::test]
async fn a_head_of_somebody_else_has_nothing_written_anew() {
    for head in ["no head at all".to_owned(), {
        let head = Head { sequence: 1, hash: Digest::ZERO, at: START };
        let theirs = Master::from_secret(&Secret::new(NEWER)).unwrap().head_signer().unwrap();
        signed_by(&head, &theirs)
    }] {
        let mut place = Place::new(Some(OLD));
        let signed = furnished(&place).await;
        let (store, kept) = (place.path("writ.redb"), place.path("writ.head"));
        place.next = Some(NEW);
        assert!(place.change_until(Some(Stage::Sealed)).is_err());
        let ours = std::fs::read(&kept).unwrap();
        std::fs::write(&kept, &head).unwrap();
        let file = inode(&store);
        for _ in 0..2 {
            let refused = place.start().err().unwrap();
            assert!(refused.to_string().contains("was not written by this appliance"), "{refused}");
            assert_eq!(inode(&store), file);
        }
        std::fs::write(&kept, ours).unwrap();
        check(&place, &signed).await;
        assert_ne!(inode(&store), file, "it is finished once that is settled");
    }
}

/// Whoever has the old key, and can write beside the file, gets nothing signed with the new one; and what is to be found out is not wiped out.
#[tokio::test]
async fn a_head_that_the_old_key_signs_and_the_log_does_not_have_changes_nothing() {
    let mut place = Place::new(Some(OLD));
    let signed = furnished(&place).await;
    let (store, kept) = (place.path("writ.redb"), place.path("writ.head"));
    let mark = marks(&store).pop_first().unwrap();
    let ours = std::fs::read(&kept).unwrap();
    place.next = Some(NEW);
    assert!(place.change_until(Some(Stage::Sealed)).is_err());
    let old = Master::from_secret(&Secret::new(OLD)).unwrap().head_signer().unwrap();
    let forged = signed_by(&Head { sequence: 3, hash: Digest::ZERO, at: START }, &old);
    std::fs::write(&kept, &forged).unwrap();
    let file = inode(&store);
    for both in [true, false] {
        if !both {
            (place.master_key, place.next) = (Some(NEW), None);
        }
        let refused = place.start().err().unwrap();
        assert!(refused.to_string().contains("has lost entries"), "{refused}");
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), forged);
        assert!(inode(&store) == file && is_in_bytes(&place, &mark), "the file was written anew");
    }
    std::fs::write(&kept, ours).unwrap();
    check(&place, &signed).await;
    assert!(!is_in_bytes(&place, &mark));
}

/// A change that never was, written into the log by somebody who can write to the file: it makes nobody's key the one of before.
#[tokio::test]
async fn a_change_that_was_written_into_the_log_by_somebody_else_has_nothing_signed() {
    let mut place = Place::new(Some(OLD));
    furnished(&place).await;
    place.next = Some(NEW);
    place.change().unwrap();
    (place.master_key, place.next) = (Some(NEW), None);
    drop(place.start().unwrap());
    let (store, kept) = (place.path("writ.redb"), place.path("writ.head"));
    let [old, theirs] = [OLD, NEWER].map(|key| Master::from_secret(&Secret::new(key)).unwrap().head_signer().unwrap());
    let first = replace_in_the_log(&store, &old.public(), &theirs.public());
    let forged = signed_by(&first, &theirs);
    std::fs::write(&kept, &forged).unwrap();
    let file = inode(&store);
    let refused = place.start().err().unwrap();
    assert!(refused.to_string().contains("the audit log is not whole"), "{refused}");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), forged);
    assert_eq!(inode(&store), file);
}

/// As somebody does it who has the file and no key. Gives the log's first entry.
fn replace_in_the_log(file: &Path, from: &str, to: &str) -> Head {
    const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("audit");
    let tx = redb::Database::open(file).unwrap().begin_write().unwrap();
    let mut table = tx.open_table(ENTRIES).unwrap();
    let rows: Vec<(Vec<u8>, Vec<u8>)> = table
        .iter()
        .unwrap()
        .map(|row| row.unwrap())
        .map(|(key, value)| (key.value().to_vec(), value.value().to_vec()))
        .collect();
    let mut replaced = 0;
    for (key, mut value) in rows.clone() {
        if let Some(at) = value.windows(from.len()).position(|window| window == from.as_bytes()) {
            value[at..at + from.len()].copy_from_slice(to.as_bytes());
            table.insert(key.as_slice(), value.as_slice()).unwrap();
            replaced += 1;
        }
    }
    assert_eq!(replaced, 1);
    drop(table);
    tx.commit().unwrap();
    let (key, value) = rows.first().unwrap();
    Head {
        sequence: u64::from_be_bytes(key.as_slice().try_into().unwrap()),
        hash: Digest::from_bytes(*value.last_chunk().unwrap()),
        at: START,
    }
}

fn signed_by(head: &Head, signer: &HeadSigner) -> String {
    let text = serde_json::to_string(head).unwrap();
    serde_json::json!({ "head": head, "signature": signer.sign(text.as_bytes()) }).to_string()
}

#[tokio::test]
async fn the_wrong_master_key_refuses_to_start_and_changes_nothing() {
    let place = Place::new(None);
    let signed = furnished(&place).await;
    let (file, right) = (std::fs::read(place.path("writ.redb")).unwrap(), place.key());
    let other = tempfile::tempdir().unwrap();
    Master::create(&other.path().join("master.key"), &Entropy::os()).unwrap();
    std::fs::copy(other.path().join("master.key"), place.path("master.key")).unwrap();
    for refused in [place.start().err().unwrap(), place.change().unwrap_err()] {
        assert_eq!(refused.kind(), FaultKind::Settings);
        let text = refused.to_string();
        for words in ["master.key", "another master key", "Nothing was changed", "Put the right one back"] {
            assert!(text.contains(words), "{text}");
        }
        assert!(!text.contains(right.trim()));
    }
    assert!(!place.path("master.key.next").exists());
    assert!(std::fs::read(place.path("writ.redb")).unwrap().len() == file.len());
    std::fs::write(place.path("master.key"), right).unwrap();
    check(&place, &signed).await;
}

#[tokio::test]
async fn what_cannot_be_changed_says_why() {
    let place = Place::new(None);
    let refused = place.change().unwrap_err();
    assert!(refused.to_string().contains("there is no appliance"), "{refused}");
    furnished(&place).await;
    let serving = place.start().unwrap();
    let beside = master_key::change(&place.config(), &Clock::fixed(START), &Entropy::os(), &|_| Ok(()));
    assert_eq!(beside.unwrap_err().kind(), FaultKind::Busy);
    drop(serving);
    // Where the key is a file, the next one is made here and comes from nowhere else.
    let mut place = place;
    place.next = Some(NEW);
    for refused in [place.change().unwrap_err(), place.start().err().unwrap()] {
        assert!(refused.to_string().contains("master_key is not"), "{refused}");
    }
    // The same key again is no change.
    let mut place = Place::new(Some(OLD));
    furnished(&place).await;
    place.next = Some(OLD);
    assert!(place.change().unwrap_err().to_string().contains("already"));
    assert!(
        Master::from_secret(&Secret::new(OLD)).unwrap().is(&Master::from_secret(&Secret::new(OLD)).unwrap()).unwrap()
    );
}

/// Whoever derives something new, or seals another row, has to say what a change of the master key does to it.
#[test]
fn every_purpose_of_the_master_key_is_accounted_for() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut derived: Vec<String> = Vec::new();
    for (path, text) in &sources {
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (at, call) in code.match_indices("derive(\"") {
            assert!(path.ends_with("keys/master.rs"), "{path} derives something");
            derived.push(code[at + call.len()..].split('"').next().unwrap().to_owned());
        }
    }
    derived.sort();
    derived.dedup();
    let mut listed: Vec<String> = PURPOSES.iter().map(|(label, _)| (*label).to_owned()).collect();
    listed.sort();
    assert_eq!(derived, listed);
    let with_sealed: Vec<&str> = sources
        .iter()
        .filter(|(path, text)| path.contains("/model/") && text.contains("Sealed,") | text.contains("Option<Sealed>"))
        .map(|(path, _)| path.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        with_sealed,
        ["mod.rs", "provider.rs", "second_factor.rs", "signing_key.rs"],
        "operations/master_key.rs seals them anew"
    );
}

fn sources(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}
