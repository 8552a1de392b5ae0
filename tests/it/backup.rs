//! Backups, with the built program: made while it runs, restored, and killed in the middle.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::Appliance;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn add_machine(appliance: &Appliance, name: &str) -> Value {
    appliance.json(&["machine", "add", "--name", name, "--owner", "ada@example.com", "--purpose", "testing"])
}

#[test]
fn a_backup_is_made_of_a_running_appliance_and_of_a_stopped_one_and_is_tried_at_once() {
    let appliance = Appliance::new();
    appliance.set_up();
    let stopped = appliance.json(&["backup"]);
    let folder = appliance.data().join("backups");
    let file = PathBuf::from(stopped["file"].as_str().unwrap());
    assert_eq!(file.parent().unwrap(), folder);
    assert!(stopped["note"].as_str().unwrap().contains("The master key is NOT in it"));
    assert!(stopped["note"].as_str().unwrap().contains("master.key"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let serving = appliance.serve();
    let elsewhere = appliance.directory.path().join("elsewhere");
    let named = elsewhere.join("mine");
    let running = appliance.json(&["backup", named.to_str().unwrap()]);
    assert_eq!((running["verified"].as_bool(), running["file"].as_str()), (Some(true), named.to_str()));
    assert!(running["entries"].as_u64() > stopped["entries"].as_u64());
    let again = appliance.refused(&["backup", named.to_str().unwrap()]);
    assert!(again.contains("is there already"), "{again}");
    appliance.json(&["backup", &format!("{}/", elsewhere.display())]);
    assert_eq!(names(&elsewhere).len(), 2, "{:?}", names(&elsewhere));

    // Neither what was being written nor what it was tried in is left.
    assert_eq!(names(&folder).len(), 1);
    assert!(!names(&appliance.data()).iter().any(|name| name.contains("trial")));
    // No row can be read in it.
    let bytes = std::fs::read(&named).unwrap();
    assert!(!bytes.windows(15).any(|part| part == b"ada@example.com"));

    let events = appliance.events();
    assert_eq!(events.iter().filter(|(name, _)| name == "backup.made").count(), 3);
    let list = appliance.json(&["backup", "list"]);
    assert_eq!(list["backups"].as_array().unwrap().len(), 1);
    assert_eq!(list["backups"][0]["entries"], stopped["entries"]);
    std::fs::write(folder.join("x.backup"), b"not one").unwrap();
    let list = appliance.json(&["backup", "list"]);
    let odd = list["backups"].as_array().unwrap().iter().find(|row| row["file"] == "x.backup").unwrap().clone();
    assert!(odd["unusable"].as_str().unwrap().contains("is no backup"), "{odd}");
    serving.stop();
}

#[test]
fn a_backup_that_cannot_be_written_says_so_and_leaves_nothing() {
    let appliance = Appliance::new();
    appliance.set_up();
    let file = appliance.directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = appliance.refused(&["backup", file.join("under").to_str().unwrap()]);
    assert!(refused.contains("cannot be made"), "{refused}");
    assert!(appliance.events().iter().any(|(name, _)| name == "backup.failed"));
    // What somebody wanted elsewhere tells nothing of where backups go.
    assert!(appliance.json(&["backup", "list"])["failed"].is_null());
    std::fs::write(appliance.data().join("backups"), b"").unwrap();
    assert!(appliance.refused(&["backup"]).contains("cannot be made"));
    std::fs::remove_file(appliance.data().join("backups")).unwrap();
    assert!(appliance.json(&["backup", "list"])["failed"].as_str().unwrap().contains("cannot be made"));
}

#[test]
fn case_59_a_backup_that_is_killed_leaves_nothing_that_has_the_name_of_one() {
    let appliance = Appliance::new();
    appliance.set_up();
    for n in 0..12 {
        add_machine(&appliance, &format!("machine-{n}"));
    }
    let folder = appliance.data().join("backups");
    for round in 0..6_u32 {
        let serving = appliance.serve();
        let mut asking: Vec<_> = (0..3).map(|_| appliance.program(&["backup", "--json"]).spawn().unwrap()).collect();
        // At another moment each time: the first answer, or what is seen of the draft.
        let seen = |end: &str| folder.is_dir() && names(&folder).iter().any(|name| name.ends_with(end));
        let trial = appliance.data().join("writ.redb.trial");
        for _ in 0..200_000_u32 {
            let now = match round % 3 {
                0 => seen(".draft"),
                1 => trial.exists(),
                _ => asking.iter_mut().any(|one| one.try_wait().unwrap().is_some()),
            };
            if now {
                break;
            }
            std::thread::yield_now();
        }
        serving.kill();
        asking.into_iter().for_each(|mut one| drop(one.wait()));
        assert_eq!(appliance.json(&["audit", "verify"])["intact"], true, "round {round}");
        let made = appliance.json(&["backup"]);
        assert_eq!(made["verified"], true);
        // What the killed one left is gone, and whatever has the name of a backup is whole.
        assert!(!names(&folder).iter().any(|name| name.ends_with(".draft")), "{:?}", names(&folder));
        assert!(!trial.exists());
        let list = appliance.json(&["backup", "list"]);
        for row in list["backups"].as_array().unwrap() {
            assert!(row.get("unusable").is_none(), "{row}");
        }
    }
}

#[test]
fn a_file_is_made_smaller_and_brought_to_a_layout_with_nothing_running() {
    let appliance = Appliance::new();
    assert!(appliance.refused(&["compact"]).contains("there is no"));
    appliance.set_up();
    let serving = appliance.serve();
    for command in [&["compact"][..], &["migrate"], &["migrate", "--dry-run"]] {
        let words = appliance.refused(command);
        assert!(words.contains("stop the appliance first"), "{words}");
    }
    serving.stop();
    let smaller = appliance.json(&["compact"]);
    assert!(smaller["bytes_after"].as_u64() <= smaller["bytes_before"].as_u64(), "{smaller}");
    let newest = writ::store::migrate::STEPS.len() as u64;
    let tried = appliance.json(&["migrate", "--dry-run"]);
    assert_eq!((tried["layout_before"].as_u64(), tried["layout_after"].as_u64()), (Some(newest), Some(newest)));
    assert_eq!((tried["done"].as_bool(), tried["copy"].as_str()), (Some(false), None));
    assert_eq!(appliance.json(&["migrate"])["done"], true);
    assert!(!names(&appliance.data()).iter().any(|name| name.contains("rehearsal")));
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
}

#[test]
fn an_appliance_that_serves_makes_them_by_itself() {
    let appliance = Appliance::with(&[("WRIT_BACKUP_EVERY", "1d")]);
    appliance.set_up();
    let serving = appliance.serve();
    let made = (0..500).find_map(|_| {
        let list = appliance.json(&["backup", "list"]);
        list["last"].as_str().map(|_| list["backups"][0].clone())
    });
    assert!(made.unwrap()["entries"].as_u64().unwrap() > 0);
    let by = appliance.events().into_iter().find(|(name, _)| name == "backup.made").unwrap().1;
    assert_eq!(by, "\"system\"");
    serving.stop();
}

mod schedule {
    use writ::base::{Entropy, FaultKind, Lifetime};
    use writ::operations::backup::{self, Worry};
    use writ::operations::declined::Declined;
    use writ::operations::{doctor, housekeeping, master_key, metrics};
    use writ::store::Read as _;
    use writ::store::tables::{ONLY, RESTORED};

    use super::names;
    use crate::world::{Someone, World};

    fn world(folder: &std::path::Path) -> World {
        World::with_file_and(&[
            ("backup.every", "1d"),
            ("backup.keep", "2"),
            ("backup.directory", folder.to_str().unwrap()),
        ])
    }

    fn round(world: &World) -> bool {
        let ctx = housekeeping::context(&world.app);
        world.block(backup::scheduled(&world.app, &ctx)).unwrap().is_some()
    }

    #[test]
    fn backups_are_made_when_it_is_time_and_the_oldest_go() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        assert!(round(&world));
        assert!(!round(&world), "a day has not passed");
        std::fs::copy(folder.join(&names(&folder)[0]), folder.join("mine.backup")).unwrap();
        std::fs::write(folder.join("writ-somebody-elses.backup"), b"not ours").unwrap();
        let mut newest = Vec::new();
        for _ in 0..3 {
            world.later(Lifetime::from_days(1));
            assert!(round(&world));
            newest = names(&folder);
        }
        // Two of ours, and what was never ours to remove.
        assert_eq!(newest.len(), 4, "{newest:?}");
        assert!(newest.iter().any(|name| name == "mine.backup"));
        assert!(newest.iter().any(|name| name == "writ-somebody-elses.backup"));
        world.expect_event("backup.removed");
        assert!(world.block(backup::worries(&world.app, world.now())).unwrap().is_empty());
        world.later(Lifetime::from_days(3));
        let worries = world.block(backup::worries(&world.app, world.now())).unwrap();
        assert!(matches!(worries.as_slice(), [Worry::Old { .. }]), "{worries:?}");
    }

    #[test]
    fn one_that_came_to_nothing_is_told_on_the_first_page_and_nothing_older_goes() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        let ada = world.administrator("ada");
        assert!(round(&world));
        let before = names(&folder);
        let aside = place.path().join("aside");
        std::fs::rename(&folder, &aside).unwrap();
        std::fs::write(&folder, b"a file in the place of the directory").unwrap();
        world.later(Lifetime::from_days(1));
        let ctx = housekeeping::context(&world.app);
        assert!(world.block(backup::scheduled(&world.app, &ctx)).is_err());
        world.expect_event("backup.failed");
        let mut browser = world.signed_in(&ada);
        browser.get("/console").expect_text("The last backup came to nothing");
        browser.get("/console/settings").expect_text("cannot be made");
        // Not again at once, and then it is good.
        assert!(!round(&world));
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&aside, &folder).unwrap();
        assert_eq!(names(&folder), before);
        world.later(Lifetime::from_minutes(16));
        assert!(round(&world));
        browser.get("/console").expect_no_text("came to nothing");
    }

    /// A file that is larger than what is free, as far as anybody can tell from outside.
    #[test]
    fn without_room_it_is_declined_before_it_takes_any() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        let store = world.app.config.store_file();
        let (length, free) =
            (std::fs::metadata(&store).unwrap().len(), doctor::disk::space(&world.app.config.data).unwrap().free);
        let file = std::fs::File::options().write(true).open(&store).unwrap();
        // A hole takes no room.
        file.set_len(free * 2).unwrap();
        let left = world.app.config.data.join("writ.redb.trial");
        std::fs::write(&left, b"of one that was killed").unwrap();
        let declined = world.block(backup::make(&world.app, &world.operator(), None)).unwrap_err();
        let Declined::Conflict(text) = declined else { panic!("{declined:?}") };
        assert!(text.contains("no room for a backup: it needs") && text.contains("are free"), "{text}");
        let data = world.app.config.data.display().to_string();
        assert!(text.contains(&data) && text.contains("The store itself is well"), "{text}");
        assert!(names(&folder).is_empty());
        assert!(!left.exists(), "what a killed one left takes no room from the next");
        // Unless the store grew meanwhile, and has given it another end itself.
        if file.metadata().unwrap().len() == free * 2 {
            file.set_len(length).unwrap();
        }
        world.later(Lifetime::from_minutes(1));
        world.block(backup::make(&world.app, &world.operator(), None)).unwrap();
    }

    /// What `writ doctor`, the metrics and the console's first page say of backups.
    fn told(world: &World, reader: &Someone) -> (String, String, String) {
        let found = world.block(doctor::inside(&world.app, world.now(), false, doctor::Ask::default())).unwrap();
        let found = found.into_iter().find(|finding| finding.check == "backups").unwrap();
        let page = world.block(metrics::page(&world.app)).unwrap();
        let age = page.lines().filter(|line| line.starts_with("writ_backup_age_seconds ")).collect();
        (format!("{} {}", found.state.as_str(), found.found), age, world.signed_in(reader).get("/console").body)
    }

    #[test]
    fn one_that_is_gone_is_told_everywhere_and_another_is_made() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        let ada = world.administrator("ada");
        assert!(round(&world));
        let (doctor, age, console) = told(&world, &ada);
        assert!(doctor.starts_with("ok ") && !console.contains("no backup any more"), "{doctor}");
        assert_eq!(age, "writ_backup_age_seconds 0");
        std::fs::remove_dir_all(&folder).unwrap();
        world.later(Lifetime::from_minutes(1));
        let worries = world.block(backup::worries(&world.app, world.now())).unwrap();
        assert!(matches!(worries.as_slice(), [Worry::Missing { .. }]), "{worries:?}");
        let (doctor, age, console) = told(&world, &ada);
        assert!(doctor.starts_with("look ") && doctor.contains("there is no "), "{doctor}");
        assert!(console.contains("There is no backup any more that can be used"));
        assert_eq!(age, "", "what is gone has no age");
        assert!(!round(&world), "whoever carries them away as they are made does not fill a disk by it");
        world.later(Lifetime::from_minutes(15));
        assert!(round(&world));
        assert!(world.block(backup::worries(&world.app, world.now())).unwrap().is_empty());
        // One that lies there and opens no more is no reason to fill the disk either.
        let spoil = || names(&folder).iter().for_each(|name| std::fs::write(folder.join(name), b"damaged").unwrap());
        spoil();
        assert!(!round(&world));
        world.later(Lifetime::from_minutes(15));
        assert!(round(&world));
        spoil();
        assert!(!round(&world));
        world.later(Lifetime::from_minutes(15));
        assert!(round(&world));
        // The one before it is not there any more, and this one is: an older one that is left counts by its own age.
        world.later(Lifetime::from_hours(20));
        let older = names(&folder);
        world.block(backup::make(&world.app, &world.operator(), None)).unwrap();
        let newest = names(&folder).into_iter().find(|name| !older.contains(name)).unwrap();
        std::fs::write(folder.join(newest), b"damaged").unwrap();
        assert!(!round(&world));
        world.later(Lifetime::from_hours(4));
        assert!(round(&world), "a day after the one that is left");
    }

    #[test]
    fn those_from_before_a_change_of_the_master_key_count_for_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        let ada = world.administrator("ada");
        assert!(round(&world));
        let clock = world.app.clock.clone();
        let (world, ()) = world.restarted_after(|config| {
            // The writer of what was stopped just now may still hold the file.
            loop {
                match master_key::change(config, &clock, &Entropy::os(), &|_| Ok(())) {
                    Err(fault) if fault.kind() == FaultKind::Busy => std::thread::yield_now(),
                    changed => break drop(changed.unwrap()),
                }
            }
        });
        let (doctor, age, _) = told(&world, &ada);
        assert!(doctor.starts_with("look ") && doctor.contains("under another master key"), "{doctor}");
        assert_eq!(age, "");
        world.later(Lifetime::from_minutes(1));
        assert!(round(&world), "and another is made at once");
        assert_eq!(names(&folder).len(), 2, "what opens with the old key is not ours to remove");
        let (doctor, age, _) = told(&world, &ada);
        assert!(doctor.starts_with("ok ") && age.ends_with(" 0"), "{doctor} {age}");
    }

    /// Thousands of files on a slow disk, and somebody who asks for the list again and again.
    #[test]
    fn a_list_that_takes_long_keeps_no_schedule_and_no_schedule_a_list() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        let listing = world.app.backup_lists.clone().try_acquire_owned().unwrap();
        assert!(round(&world));
        assert!(world.block(backup::worries(&world.app, world.now())).unwrap().is_empty());
        drop(listing);
        let looking = world.app.backup_look.clone().try_acquire_owned().unwrap();
        assert_eq!(world.block(backup::list(&world.app, folder.clone())).unwrap().len(), 1);
        assert_eq!(world.block(backup::page(&world.app, None, 5)).unwrap().0.len(), 1);
        drop(looking);
    }

    #[test]
    fn one_that_somebody_puts_elsewhere_is_not_the_one_that_is_due() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("b");
        let world = world(&folder);
        assert!(round(&world));
        let failed = place.path().join("file");
        std::fs::write(&failed, b"").unwrap();
        for minutes in [60 * 12, 60 * 12 + 1] {
            world.later(Lifetime::from_minutes(minutes));
            let mine = place.path().join(format!("mine-{minutes}"));
            world.block(backup::make(&world.app, &world.operator(), Some(mine))).unwrap();
            let bad = failed.join("under");
            assert!(world.block(backup::make(&world.app, &world.operator(), Some(bad))).is_err());
            assert!(world.block(backup::worries(&world.app, world.now())).unwrap().is_empty());
        }
        assert!(round(&world), "a day has passed, whatever somebody put elsewhere");
    }

    #[test]
    fn one_that_nobody_waits_for_is_written_down_too() {
        let place = tempfile::tempdir().unwrap();
        let world = world(&place.path().join("b"));
        let by = world.operator();
        world.block(async {
            let mut asking = Box::pin(backup::make(&world.app, &by, None));
            let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(asking.as_mut().poll(cx).is_pending())).await;
            assert!(begun);
            drop(asking);
            // Its turn ends when it is written down.
            drop(world.app.backup_turn.acquire().await.unwrap());
        });
        assert!(backup::state(&world.app).unwrap().last.is_some());
        world.expect_event("backup.made");
        assert!(!round(&world), "there is one");
    }

    #[test]
    fn a_restored_file_is_told_of_until_somebody_says_that_they_have_looked() {
        let world = World::new();
        let ada = world.administrator("ada");
        world.change("mark", |tx| {
            let row = writ::model::Restored {
                at: tx.now(),
                made_at: tx.now().minus(Lifetime::from_days(2)),
                sequence: 7,
                missing: Some(3),
                advice: vec!["Look for <people>.".to_owned()],
                seen_at: None,
            };
            tx.put(&RESTORED, &ONLY.to_owned(), &row)?;
            tx.record(writ::model::Event::RestoreSeen {})
        });
        let mut browser = world.signed_in(&ada);
        browser.get("/console").expect_text("This appliance was restored from a backup");
        let page = browser.get("/console/settings");
        page.expect_text("Look for &#60;people&#62;.");
        browser.submit_form(&page.form_to("/settings/restored"), &[]);
        browser.get("/console").expect_no_text("restored from a backup");
        assert!(world.read(|view| view.get(&RESTORED, &ONLY.to_owned())).unwrap().seen_at.is_some());
        world.expect_event("restore.seen");
    }
}

/// A store that speaks S3, of which the test says what it answers.
mod object_store {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use base64::Engine as _;
    use md5::Digest as _;
    use writ::base::{Entropy, Lifetime};
    use writ::operations::backup::{self, Worry};
    use writ::operations::housekeeping;
    use writ::store::tables::RESTORED;

    use super::names;
    use crate::world::World;

    type Answer = Box<dyn FnMut(&str) -> (u16, &'static str) + Send>;

    /// Keeps the first lines of what it was asked, and the length of what it last took. It takes nothing that is not what its sender says (RFC 1864).
    struct Bucket {
        address: String,
        asked: Arc<Mutex<Vec<String>>>,
        answer: Arc<Mutex<Answer>>,
    }

    impl Bucket {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(good())));
            let (told, say) = (Arc::clone(&asked), Arc::clone(&answer));
            std::thread::spawn(move || {
                let mut length = 0;
                listener.incoming().for_each(|stream| take(stream.unwrap(), &mut length, &told, &say));
            });
            Self { address, asked, answer }
        }

        fn answers(&self, answer: impl FnMut(&str) -> (u16, &'static str) + Send + 'static) {
            *self.answer.lock().unwrap() = Box::new(answer);
        }

        fn asked(&self, method: &str) -> Vec<String> {
            let asked = self.asked.lock().unwrap();
            asked.iter().filter(|line| line.starts_with(method)).cloned().collect()
        }

        fn world(&self, folder: &Path) -> World {
            self.world_with(folder, &[])
        }

        fn world_with(&self, folder: &Path, more: &[(&'static str, &str)]) -> World {
            let usual = [
                ("backup.every", "1d"),
                ("backup.keep", "2"),
                ("backup.directory", folder.to_str().unwrap()),
                ("backup.s3_endpoint", &self.address),
                ("backup.s3_bucket", "b"),
                ("backup.s3_access_key_id", "AKID"),
                ("backup.s3_secret_access_key", "hush"),
                ("backup.s3_private", "true"),
            ];
            World::with_file_and(&[&usual[..], more].concat())
        }
    }

    fn good() -> Answer {
        Box::new(|_| (200, ""))
    }

    fn take(mut stream: TcpStream, length: &mut u64, asked: &Mutex<Vec<String>>, answer: &Mutex<Answer>) {
        let mut reader = BufReader::new(&mut stream);
        let (mut first, mut sent, mut sum) = (String::new(), 0, None);
        reader.read_line(&mut first).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                sent = value.trim().parse().unwrap();
            }
            if line.to_ascii_lowercase().starts_with("content-md5:") {
                sum = Some(line["content-md5:".len()..].trim().to_owned());
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = Vec::new();
        reader.take(sent).read_to_end(&mut body).unwrap();
        if first.starts_with("PUT ") {
            // What is sent in parts is as long as they are together.
            *length =
                if first.contains("partNumber=") && !first.contains("partNumber=1&") { *length + sent } else { sent };
            let came = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(&body));
            assert_eq!(sum, Some(came), "{first}");
        }
        asked.lock().unwrap().push(first.clone());
        let (status, body) = (answer.lock().unwrap())(&first);
        let told = if first.starts_with("HEAD ") { *length } else { body.len() as u64 };
        let head = format!("HTTP/1.1 {status} X\r\nETag: \"tag\"\r\nContent-Length: {told}\r\nConnection: close\r\n");
        write!(stream, "{head}\r\n{body}").unwrap();
    }

    fn round(world: &World) -> bool {
        let ctx = housekeeping::context(&world.app);
        world.block(backup::scheduled(&world.app, &ctx)).unwrap().is_some()
    }

    #[test]
    fn a_store_that_takes_nothing_does_not_fill_the_disk() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let folder = place.path().join("b");
        let world = bucket.world(&folder);
        let ada = world.administrator("ada");
        bucket.answers(|_| (503, "<Error><Code>SlowDown</Code></Error>"));
        for _ in 0..4 {
            assert!(round(&world));
            // The one here is a backup: the next is made when it is time for it, and the oldest go.
            world.later(Lifetime::from_minutes(16));
            assert!(!round(&world), "not again");
            world.later(Lifetime::from_days(1));
        }
        assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));
        world.expect_event("backup.made");
        world.expect_event("backup.failed");
        let worries = world.block(backup::worries(&world.app, world.now())).unwrap();
        let failed = |worry: &Worry| matches!(worry, Worry::Failed { made: true, why, .. } if why.contains("503"));
        assert!(worries.iter().any(failed), "{worries:?}");
        let mut browser = world.signed_in(&ada);
        browser.get("/console").expect_text("The last backup was made, and something after it failed");

        bucket.answers(|_| (200, ""));
        assert!(round(&world));
        assert!(world.block(backup::worries(&world.app, world.now())).unwrap().is_empty());
        browser.get("/console").expect_no_text("something after it failed");
    }

    #[test]
    fn what_breaks_is_sent_again_and_what_is_refused_is_not() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let world = bucket.world(&place.path().join("b"));
        let troubles = ["<Error><Code>SlowDown</Code></Error>", "<Error><Code>BadDigest</Code></Error>", ""];
        let mut left = troubles.into_iter();
        bucket.answers(move |first| match first.starts_with("PUT ").then(|| left.next()).flatten() {
            Some(code) if code.contains("BadDigest") => (400, code),
            Some(code) => (503, code),
            None => (200, ""),
        });
        assert!(round(&world));
        let state = backup::state(&world.app).unwrap();
        assert_eq!((bucket.asked("PUT ").len(), state.objects.len(), state.failed), (4, 1, None));
        // As often as that and no more.
        bucket.answers(|first| if first.starts_with("PUT ") { (500, "") } else { (200, "") });
        world.later(Lifetime::from_days(1));
        assert!(round(&world));
        assert_eq!(bucket.asked("PUT ").len(), 4 + 4);
        bucket.answers(|_| (403, "<Error><Code>AccessDenied</Code></Error>"));
        world.later(Lifetime::from_days(1));
        assert!(round(&world));
        assert_eq!(bucket.asked("PUT ").len(), 4 + 4 + 1);
        assert!(backup::state(&world.app).unwrap().failed.unwrap().why.contains("status 403 AccessDenied"));
    }

    #[test]
    fn each_request_is_signed_when_it_is_made() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let world = bucket.world(&place.path().join("b"));
        let clock = world.app.clock.clone();
        // A signature is good for a quarter of an hour, and a large backup takes longer on its way.
        bucket.answers(move |first| {
            if first.starts_with("PUT ") {
                clock.advance(Lifetime::from_hours(1));
            }
            (200, "")
        });
        for _ in 0..3 {
            assert!(round(&world));
            world.later(Lifetime::from_days(1));
        }
        let signed = |method: &str| {
            let line = bucket.asked(method).pop().unwrap();
            line.split("X-Amz-Date=").nth(1).unwrap().split('&').next().unwrap().to_owned()
        };
        // 2027-01-15T08:00:00Z and two days and two hours on, until the last was sent an hour later.
        assert_eq!(signed("PUT "), "20270117T100000Z");
        assert_eq!(signed("HEAD "), "20270117T110000Z");
        assert_eq!(signed("DELETE "), "20270117T110000Z");
    }

    /// Whoever removes them here has another made every quarter of an hour, and does not have the older ones removed there by it.
    #[test]
    fn where_they_are_removed_here_none_goes_there() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let folder = place.path().join("b");
        let world = bucket.world(&folder);
        for _ in 0..2 {
            assert!(round(&world));
            world.later(Lifetime::from_days(1));
        }
        let before = backup::state(&world.app).unwrap().objects;
        for _ in 0..3 {
            std::fs::remove_dir_all(&folder).unwrap();
            assert!(round(&world));
            world.later(Lifetime::from_minutes(15));
        }
        assert_eq!(bucket.asked("DELETE "), Vec::<String>::new());
        let objects = backup::state(&world.app).unwrap().objects;
        assert_eq!((objects.len(), &objects[..2]), (5, &before[..]));
        // When one was there until its time came, as many are kept as always.
        world.later(Lifetime::from_days(1));
        assert!(round(&world));
        assert_eq!(backup::state(&world.app).unwrap().objects.len(), 2);
        assert_eq!(bucket.asked("DELETE ").len(), 4);
    }

    #[test]
    fn where_only_the_last_is_removed_here_none_goes_there_either() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let folder = place.path().join("b");
        let world = bucket.world(&folder);
        for _ in 0..2 {
            assert!(round(&world));
            world.later(Lifetime::from_days(1));
        }
        for _ in 0..3 {
            let last = backup::state(&world.app).unwrap().last.unwrap().file;
            std::fs::remove_file(folder.join(last)).unwrap();
            assert!(round(&world));
            world.later(Lifetime::from_minutes(15));
        }
        assert_eq!(bucket.asked("DELETE "), Vec::<String>::new());
        assert_eq!(backup::state(&world.app).unwrap().objects.len(), 5);
    }

    #[test]
    fn what_cannot_be_removed_keeps_nothing_else_and_is_told() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let folder = place.path().join("b");
        let world = bucket.world(&folder);
        let mut sent = Vec::new();
        let mut a_day = || {
            assert!(round(&world));
            world.later(Lifetime::from_days(1));
            let objects = backup::state(&world.app).unwrap().objects;
            sent.extend(objects.last().cloned());
            (sent.clone(), objects)
        };
        a_day();
        a_day();
        let (sent, _) = a_day();
        // The store keeps the second for ever.
        let stuck = sent[1].clone();
        let held = stuck.clone();
        bucket.answers(move |first| match first.starts_with("DELETE ") && first.contains(&held) {
            true => (403, "<Error><Code>AccessDenied</Code><Message>hush</Message></Error>"),
            false => (200, ""),
        });
        a_day();
        a_day();
        let (_, objects) = a_day();
        assert_eq!(objects.len(), 3, "{objects:?}");
        assert_eq!(objects[0], stuck);
        assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));
        let worries = world.block(backup::worries(&world.app, world.now())).unwrap();
        let told = worries.iter().find_map(|worry| match worry {
            Worry::Failed { made: true, why, .. } => Some(why.clone()),
            _ => None,
        });
        let told = told.unwrap();
        assert!(told.contains("status 403 AccessDenied") && !told.contains("hush"), "{told}");
        // What is gone already is removed, and nothing is left to tell.
        bucket.answers(|first| if first.starts_with("DELETE ") { (404, "") } else { (200, "") });
        a_day();
        assert_eq!(backup::state(&world.app).unwrap().objects.len(), 2);
        assert!(
            world.block(backup::worries(&world.app, world.now().minus(Lifetime::from_days(1)))).unwrap().is_empty()
        );
    }

    const BEGUN: &str = "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket>\
                         <Key>k</Key><UploadId>up-1</UploadId></InitiateMultipartUploadResult>";

    /// More than one part of the least that a store takes, and nothing that could be made smaller.
    fn large(world: &World) {
        for number in 0..12_u32 {
            world.change("fill", move |tx| {
                let noise: Vec<u8> = (0..8).flat_map(|_| Entropy::os().bytes::<{ 64 * 1_024 }>().unwrap()).collect();
                let row = writ::model::Restored {
                    at: tx.now(),
                    made_at: tx.now(),
                    sequence: 0,
                    missing: None,
                    advice: vec![base64::engine::general_purpose::STANDARD.encode(noise)],
                    seen_at: Some(tx.now()),
                };
                tx.put(&RESTORED, &format!("noise {number}"), &row)?;
                tx.record(writ::model::Event::RestoreSeen {})
            });
        }
    }

    fn parts(bucket: &Bucket) -> Vec<String> {
        let numbers = bucket.asked("PUT ").into_iter().filter_map(|line| {
            let (_, rest) = line.split_once("partNumber=")?;
            Some(rest.split('&').next()?.to_owned())
        });
        numbers.collect()
    }

    /// Nobody sees parts, and somebody pays for them: an upload that comes to nothing is taken back, and one that could not be is remembered.
    #[test]
    fn an_upload_in_parts_that_comes_to_nothing_is_taken_back_and_remembered_until_it_is() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let world = bucket.world_with(&place.path().join("b"), &[("backup.s3_part_mib", "5")]);
        large(&world);
        // The second part is not taken, and nor is what was sent of it taken back.
        bucket.answers(|first| match first.split(' ').next() {
            Some("POST") => (200, BEGUN),
            Some("PUT") if first.contains("partNumber=2") => (403, "<Error><Code>AccessDenied</Code></Error>"),
            Some("DELETE") => (503, ""),
            _ => (200, ""),
        });
        assert!(round(&world));
        let state = backup::state(&world.app).unwrap();
        assert_eq!(state.objects, Vec::<String>::new());
        let (unfinished, why) = (state.unfinished, state.failed.unwrap().why);
        assert_eq!((unfinished.len(), unfinished[0].upload.as_str()), (1, "up-1"));
        assert!(why.contains("took no part 2") && why.contains("is still there"), "{why}");
        assert!(bucket.asked("DELETE ").iter().all(|line| line.contains("uploadId=up-1")));
        world.expect_event("backup.sending");

        // With the next one it goes, and that one is whole: 200, and an error in what is said, is none.
        let taken_back = bucket.asked("DELETE ").len();
        let mut joined = 0;
        bucket.answers(move |first| match first.split(' ').next() {
            Some("POST") if first.contains("uploads=") => (200, BEGUN),
            Some("POST") => {
                joined += 1;
                let busy = "<Error><Code>InternalError</Code></Error>";
                (200, if joined == 1 { busy } else { "<CompleteMultipartUploadResult/>" })
            }
            Some("HEAD") => (204, ""),
            _ => (200, ""),
        });
        world.later(Lifetime::from_days(1));
        assert!(round(&world));
        assert_eq!(bucket.asked("DELETE ").len(), taken_back + 1);
        assert_eq!(bucket.asked("POST ").iter().filter(|line| !line.contains("uploads=")).count(), 2);
        let state = backup::state(&world.app).unwrap();
        assert_eq!((state.unfinished, parts(&bucket)), (Vec::new(), ["1", "2", "1", "2"].map(str::to_owned).to_vec()));
    }

    /// Whoever stops it is not kept waiting for hours, and what was sent is taken back meanwhile.
    #[test]
    fn a_stop_ends_an_upload_and_takes_back_what_was_sent() {
        let (place, bucket) = (tempfile::tempdir().unwrap(), Bucket::new());
        let folder = place.path().join("b");
        let world = bucket.world_with(&folder, &[("backup.s3_part_mib", "5")]);
        large(&world);
        let turn = world.app.backup_turn.clone();
        bucket.answers(move |first| match first.split(' ').next() {
            Some("POST") => (200, BEGUN),
            Some("PUT") => {
                turn.close();
                (503, "")
            }
            _ => (204, ""),
        });
        assert!(round(&world));
        let state = backup::state(&world.app).unwrap();
        assert!(state.failed.unwrap().why.contains("the appliance was stopped while it was sent"));
        assert_eq!((state.unfinished.len(), bucket.asked("DELETE ").len(), parts(&bucket).len()), (0, 1, 1));
        assert_eq!(names(&folder).len(), 1, "the one here is one all the same");
    }
}
