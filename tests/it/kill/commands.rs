//! What is done to the file with nothing running, killed on the way: another master key, a smaller file, another layout.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use redb::ReadableTable as _;
use writ::base::{Entropy, MacKey};
use writ::keys::Master;
use writ::store::migrate::{self, STEPS};
use writ::store::{CACHE, Read as _, Store, Table};

use crate::cli::Appliance;

#[test]
fn case_59_a_change_of_the_master_key_that_is_killed_leaves_a_file_of_one_key() {
    rotates(4);
    rotates_in_the_settings(2);
}

#[test]
fn case_59_a_compaction_that_is_killed_leaves_everything() {
    compacts(3);
}

#[test]
fn case_59_a_migration_that_is_killed_leaves_a_whole_layout() {
    migrates(3);
}

#[test]
#[ignore = "takes minutes: the same a hundred and twenty times"]
fn case_59_commands_killed_many_times() {
    let inside = rotates(40);
    assert!(inside > 0, "every kill came before a change or after it");
    rotates_in_the_settings(20);
    compacts(30);
    migrates(30);
}

/// Runs it, and kills it after so many looks at it, counted from when it has begun. Says how many there were when it ended.
fn lives(mut command: Command, begun: &dyn Fn() -> bool, looks: usize) -> usize {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut look = 0;
    while look < looks && child.try_wait().unwrap().is_none() {
        look += usize::from(look > 0 || begun());
        std::thread::yield_now();
    }
    drop(child.kill());
    child.wait().unwrap();
    look
}

/// Spread over as long as it took once: the first kill early in it, the last about when it ends.
fn moments(whole: usize, kills: usize) -> impl Iterator<Item = usize> {
    (1..=kills).map(move |n| (whole * n / kills).max(1))
}

/// With signing keys, as everything that was served once.
fn furnished(variables: &[(&'static str, &str)]) -> Appliance {
    let appliance = Appliance::with(variables);
    appliance.set_up();
    appliance.json(&["machine", "add", "--name", "robot", "--owner", "ada@example.com", "--purpose", "tests"]);
    appliance.serve().stop();
    appliance
}

fn is_whole(appliance: &Appliance) {
    assert_eq!(appliance.json(&["machine", "list"])["machines"][0]["name"], "robot");
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
}

/// Says how many kills fell inside a change.
fn rotates(kills: usize) -> usize {
    let appliance = furnished(&[]);
    let [file, draft] = ["master.key", "master.key.next"].map(|name| appliance.data().join(name));
    let key = || std::fs::read_to_string(&file).unwrap();
    let change = |looks| lives(appliance.program(&["key", "rotate-master"]), &|| draft.exists(), looks);
    let first = key();
    let whole = change(usize::MAX);
    assert_ne!(key(), first, "nobody killed it");
    let mut inside = 0;
    for moment in moments(whole, kills) {
        let before = key();
        change(moment);
        let drafted = std::fs::read_to_string(&draft).ok();
        inside += usize::from(drafted.is_some());
        // The first command that opens the file finishes what was begun, or forgets it.
        is_whole(&appliance);
        let now = key();
        assert!(now == before || drafted.is_none() || drafted.as_ref() == Some(&now), "a third key");
        assert!(!draft.exists());
        // And the other one opens nothing.
        let other = if now == before { drafted } else { Some(before) };
        if let Some(other) = other {
            std::fs::write(&file, other).unwrap();
            let words = appliance.refused(&["key", "list"]);
            assert!(words.contains("another master key"), "{words}");
            std::fs::write(&file, now).unwrap();
            is_whole(&appliance);
        }
    }
    appliance.serve().stop();
    inside
}

/// The key is in the settings, with the next one beside it.
fn rotates_in_the_settings(kills: usize) {
    let secret = |n: usize| base64::engine::general_purpose::STANDARD.encode([u8::try_from(n).unwrap(); 32]);
    let mut appliance = furnished(&[("WRIT_MASTER_KEY", &secret(1))]);
    let both = |n: usize| vec![("WRIT_MASTER_KEY", secret(n)), ("WRIT_MASTER_KEY_NEXT", secret(n + 1))];
    let change = |appliance: &Appliance, looks| lives(appliance.program(&["key", "rotate-master"]), &|| true, looks);
    appliance.variables = both(1);
    let whole = change(&appliance, usize::MAX);
    let mut present = 2;
    for moment in moments(whole, kills) {
        appliance.variables = both(present);
        change(&appliance, moment);
        // Whichever of them opens it finishes the change, also alone.
        let opens: Vec<usize> = [present, present + 1]
            .into_iter()
            .filter(|n| {
                appliance.variables = vec![("WRIT_MASTER_KEY", secret(*n))];
                appliance.run(&["key", "list"]).status.success()
            })
            .collect();
        let [opener] = opens[..] else { panic!("{opens:?} open it, of {present} and the next") };
        present = opener;
        appliance.variables = vec![("WRIT_MASTER_KEY", secret(present))];
        is_whole(&appliance);
    }
    appliance.serve().stop();
}

fn compacts(kills: usize) {
    let appliance = furnished(&[]);
    let file = appliance.data().join("writ.redb");
    // With what is not needed any more.
    for _ in 0..2 {
        appliance.json(&["scope", "add", "tickets:write", "--description", "Create tickets", "--risk", "low"]);
        appliance.json(&["scope", "remove", "tickets:write"]);
    }
    let large = appliance.directory.path().join("large");
    std::fs::copy(&file, &large).unwrap();
    let entries = appliance.events().len();
    let change = |looks| lives(appliance.program(&["compact"]), &|| true, looks);
    let whole = change(usize::MAX);
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert!(size(&file) < size(&large), "nobody killed it");
    for moment in moments(whole, kills) {
        std::fs::copy(&large, &file).unwrap();
        change(moment);
        is_whole(&appliance);
        assert_eq!(appliance.events().len(), entries);
    }
    appliance.serve().stop();
}

/// What the file of layout 1 is about.
static WORDS: Table<String, String> = Table::new("words");

fn migrates(kills: usize) {
    let appliance = Appliance::new();
    let [file, head, key] = ["writ.redb", "writ.head", "master.key"].map(|name| appliance.data().join(name));
    std::fs::create_dir(appliance.data()).unwrap();
    Master::create(&key, &Entropy::os()).unwrap();
    let key = Master::read(&key).unwrap().unwrap().audit_head().unwrap();
    let (newest, scratch) = (STEPS.len() as u64, appliance.data().join("writ.redb.rehearsal"));
    let old = || {
        for path in [&head, &scratch, &migrate::aside(&file, 1)] {
            drop(std::fs::remove_file(path));
        }
        std::fs::copy(vector(), &file).unwrap();
        sealed_with(&file, &key);
    };
    let change = |looks| lives(appliance.program(&["migrate"]), &|| true, looks);
    old();
    let whole = change(usize::MAX);
    let layout = || {
        let store = Store::as_it_is(&file, CACHE, key.clone()).unwrap();
        assert!(store.verify_audit(None).unwrap().is_ok());
        let word = store.read_blocking(|view| view.get(&WORDS, &"writ".to_owned())).unwrap();
        assert_eq!(word.as_deref(), Some("an order of a court"));
        store.read_blocking(migrate::layout).unwrap()
    };
    assert_eq!(layout(), newest, "nobody killed it");
    for moment in moments(whole, kills) {
        old();
        change(moment);
        let came_to = layout();
        // Each step is whole; the next command takes those that are left.
        assert!((1..=newest).contains(&came_to), "{came_to}");
        assert_eq!(appliance.json(&["migrate"])["layout_after"], newest);
        assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
        assert!(!scratch.exists());
        assert_eq!(layout(), newest);
    }
}

fn vector() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/store-v1.redb")
}

/// The file is of a test that had a key for the head of the audit log and no master key: its head gets the MAC that it would have.
fn sealed_with(file: &Path, key: &MacKey) {
    const HEAD: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("audit_head");
    let nothing: &[u8] = &[];
    let tx = redb::Database::open(file).unwrap().begin_write().unwrap();
    {
        let mut table = tx.open_table(HEAD).unwrap();
        let row = table.get(nothing).unwrap().unwrap().value().to_vec();
        let (body, _) = row.split_at(row.len() - 32);
        let mac = key.mac(&[b"writ audit head 1\0", body]);
        table.insert(nothing, [body, mac.bytes()].concat().as_slice()).unwrap();
    }
    tx.commit().unwrap();
}
