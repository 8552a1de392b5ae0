//! A disk that has no room, cannot sync, cannot be written or cannot be read, under the real server.

use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex, mpsc};

use redb::StorageBackend;
use serde_json::json;
use writ::app::App;
use writ::base::{Clock, Digest, Entropy, Fault, FaultKind, Lifetime, Timestamp};
use writ::config::Sources;
use writ::model::{Actor, Channel, Context, Origin};
use writ::operations::operator::Operator;
use writ::operations::start::start_over;
use writ::operations::{certificates, housekeeping, turn_keys};
use writ::store::Redb;

use super::{is_kept, register};
use crate::api::Office;
use crate::world::{Certificate, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Full,
    ReadOnly,
    /// What is written arrives when it likes, and `fsync` says that it did not.
    NoSync,
    Unreadable,
}

/// Memory that knows what a power cut would leave of it.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    live: Vec<u8>,
    durable: Vec<u8>,
    trouble: Option<Trouble>,
    /// It syncs so often, and never again.
    syncs_left: Option<u32>,
}

impl Disk {
    fn syncs_so_often(&self, syncs: u32) {
        self.0.lock().unwrap().syncs_left = Some(syncs);
    }

    fn gets(&self, trouble: Trouble) {
        self.0.lock().unwrap().trouble = Some(trouble);
    }

    /// The disk after it was mended: of what was never synced nothing arrived.
    fn mended(&self) -> Self {
        let durable = self.0.lock().unwrap().durable.clone();
        Self(Arc::new(Mutex::new(Platter { live: durable.clone(), durable, trouble: None, syncs_left: None })))
    }
}

impl Platter {
    fn writable(&self) -> io::Result<()> {
        match self.trouble {
            Some(Trouble::Full) => Err(ErrorKind::StorageFull.into()),
            Some(Trouble::ReadOnly) => Err(ErrorKind::ReadOnlyFilesystem.into()),
            Some(Trouble::NoSync | Trouble::Unreadable) | None => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.0.lock().unwrap();
        if platter.trouble == Some(Trouble::Unreadable) {
            return Err(io::Error::other("the disk cannot be read"));
        }
        let start = offset as usize;
        let bytes = platter.live.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| io::Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.writable()?;
        platter.live.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        if platter.trouble == Some(Trouble::NoSync) {
            return Err(io::Error::other("the disk did not sync"));
        }
        match &mut platter.syncs_left {
            Some(0) => return Err(io::Error::other("the disk did not sync")),
            Some(left) => *left -= 1,
            None => {}
        }
        platter.durable = platter.live.clone();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.writable()?;
        let (start, end) = (offset as usize, offset as usize + data.len());
        if platter.live.len() < end {
            platter.live.resize(end, 0);
        }
        platter.live[start..end].copy_from_slice(data);
        Ok(())
    }
}

/// Whoever is told that it failed makes another. The disk fails at each moment of a request in turn: before the backup is written down, while the oldest is
/// removed, and after that.
#[test]
fn a_backup_whose_oldest_could_not_be_removed_in_order_is_answered_as_one() {
    let dispatch = |app: &App| {
        let at = app.clock.now();
        let operator = Operator::with_the_file(&Context::new(at, Actor::Operator, Origin::within(Channel::Socket)));
        let command = serde_json::from_value(json!({ "command": "backup" })).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(writ::cli::dispatch(app, &operator, command)).map_err(|error| error.text)
    };
    for by_api in [true, false] {
        let (mut failed, mut warned, mut fine) = (0, 0, 0);
        for syncs in 0..40 {
            let (place, disk) = (tempfile::tempdir().unwrap(), Disk::default());
            let folder = place.path().join("b").to_str().unwrap().to_owned();
            let more = [("backup.directory", folder.as_str()), ("backup.every", "1d"), ("backup.keep", "1")];
            let world = World::over(appliance_with(&disk, &more).unwrap());
            world.block(turn_keys::turn(&world.app, &housekeeping::context(&world.app))).unwrap();
            let office = Office::in_world(world);
            dispatch(&office.world.app).unwrap();
            office.world.later(Lifetime::from_minutes(1));
            disk.syncs_so_often(syncs);
            let (is_made, warning) = if by_api {
                let answer = office.ask("POST", "/backups").send();
                let warning = (answer.status == 201).then(|| answer.json()["not_removed"].as_str().map(str::to_owned));
                (answer.status == 201, warning.flatten())
            } else {
                match dispatch(&office.world.app) {
                    Ok(told) => (true, told["warning"].as_str().map(str::to_owned)),
                    Err(_) => (false, None),
                }
            };
            match (is_made, &warning) {
                (false, _) => failed += 1,
                (true, None) => fine += 1,
                (true, Some(why)) => {
                    assert!(why.contains("older ones may not have been removed") && why.contains("sync"), "{why}");
                    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "the new one is there");
                    warned += 1;
                }
            }
            if fine > 0 {
                break;
            }
        }
        assert!(failed > 0 && warned > 0 && fine > 0, "{failed} {warned} {fine}");
    }
}

/// One appliance over a disk; always the same one, whenever it is opened.
fn appliance(disk: &Disk) -> Result<App, Fault> {
    appliance_with(disk, &[])
}

fn appliance_with(disk: &Disk, more: &[(&'static str, &str)]) -> Result<App, Fault> {
    let usual = [
        ("listen", "127.0.0.1:0"),
        ("public_url", "http://127.0.0.1:9000"),
        ("workers", "1"),
        ("master_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("limits.register", "0"),
    ];
    let usual = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let flags = usual.chain(more.iter().copied()).map(|(name, value)| (name, value.to_owned())).collect();
    let config = Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
    start_over(config, Redb::over(disk.clone())?, Clock::fixed(Timestamp::from_seconds(1_800_000_000)), Entropy::os())
}

#[test]
fn when_the_disk_fails_nothing_more_is_acknowledged_and_what_was_is_there_afterwards() {
    for (trouble, kind, health, words) in [
        (Trouble::Full, FaultKind::Full, "the disk is full", "make room"),
        (Trouble::ReadOnly, FaultKind::Storage, "the store cannot be written to", "must be writable"),
        (Trouble::NoSync, FaultKind::Storage, "the store cannot be written to", "did not sync"),
    ] {
        let disk = Disk::default();
        let world = World::over(appliance(&disk).unwrap());
        let promises: Vec<_> = (0..20).map(|_| register(world.address).unwrap().unwrap()).collect();
        world.request("GET", "/health").send().expect_status(200);

        disk.gets(trouble);
        // Of many at once as of one after the other.
        let refused = crate::world::at_once(8, |_| register(world.address).unwrap().unwrap_err());
        assert!(refused.iter().all(|answer| answer.json()["error"] == "server_error"), "{trouble:?}: {refused:?}");
        let sick = world.request("GET", "/health").send();
        assert_eq!((sick.expect_status(503).json()["status"].as_str(), trouble), (Some(health), trouble));
        let failure = world.app.store.failure().unwrap();
        assert!(failure.kind() == kind && failure.to_string().contains(words), "{trouble:?}: {failure}");
        // What was read already is still known: whoever verifies tokens is not disturbed by it.
        world.request("GET", "/.well-known/jwks.json").send().expect_status(200);

        // The disk has recovered; the process does not know what is on it, and says so until it is started again.
        disk.0.lock().unwrap().trouble = None;
        assert!(register(world.address).unwrap().is_err(), "{trouble:?}");
        drop(world);
        let world = World::over(appliance(&disk.mended()).unwrap());
        for promise in &promises {
            assert!(is_kept(world.address, promise), "{trouble:?}: {promise:?} was acknowledged and is gone");
        }
        register(world.address).unwrap().unwrap();
    }
}

#[test]
fn a_disk_that_cannot_be_read_is_nobodys_empty_answer() {
    let disk = Disk::default();
    let world = World::over(appliance(&disk).unwrap());
    let promise = register(world.address).unwrap().unwrap();
    drop(world);
    // Opened anew, nothing of it is in memory.
    let disk = disk.mended();
    let world = World::over(appliance(&disk).unwrap());
    disk.gets(Trouble::Unreadable);
    let answer = (world.request("GET", &format!("/oauth/register/{}", promise.client)).bearer(&promise.token)).send();
    // What was read at the start may still be known. What is not is broken, and not "no such client".
    assert!(matches!(answer.status, 200 | 500), "{} {}", answer.status, answer.body);
    drop(world);
    assert!(appliance(&disk).is_err(), "it opened a disk that cannot be read");
    assert!(is_kept(World::over(appliance(&disk.mended()).unwrap()).address, &promise));
}

#[test]
fn a_store_that_cannot_be_opened_on_a_full_disk_opens_when_there_is_room() {
    let disk = Disk::default();
    drop(appliance(&disk).unwrap());
    let full = disk.mended();
    full.gets(Trouble::Full);
    let fault = appliance(&full).err().unwrap();
    assert!(fault.to_string().contains("make room"), "{fault}");
    appliance(&full.mended()).unwrap();
    // The same where there is nothing yet.
    let fresh = Disk::default();
    fresh.gets(Trouble::Full);
    assert!(appliance(&fresh).err().unwrap().to_string().contains("make room"));
    appliance(&fresh.mended()).unwrap();
}

/// Nobody is shown what the log does not know.
#[test]
fn a_certificate_is_recorded_before_it_is_shown() {
    let (disk, files) = (Disk::default(), tempfile::tempdir().unwrap());
    let path = |name: &str| files.path().join(name);
    let put = |certificate: &Certificate| {
        std::fs::write(path("chain.pem"), &certificate.pem).unwrap();
        std::fs::write(path("key.pem"), &certificate.key_pem).unwrap();
        std::fs::set_permissions(path("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let first = Certificate::of("id.example");
    put(&first);
    let named = |name: &str| path(name).to_str().unwrap().to_owned();
    let app = appliance_with(
        &disk,
        &[
            ("public_url", "https://id.example"),
            ("tls.certificate", &named("chain.pem")),
            ("tls.key", &named("key.pem")),
        ],
    );
    let world = World::over(app.unwrap());
    let look = || world.block(certificates::look(&world.app, &housekeeping::context(&world.app)));
    look().unwrap();
    put(&Certificate::of("id.example"));
    disk.gets(Trouble::Full);
    for _ in 0..2 {
        assert_eq!(look().unwrap_err().kind(), FaultKind::Full);
        let state = world.app.certificates.state();
        assert_eq!(state.digest, Some(Digest::of(first.der())));
        assert!(state.trouble.unwrap_or_default().contains("cannot be recorded"));
    }
}

/// Only opening the file again tells what became durable, so the process does not go on.
#[test]
fn a_process_whose_disk_failed_ends_and_says_why() {
    let disk = Disk::default();
    let app = appliance(&disk).unwrap();
    let (tell, told) = mpsc::channel();
    let server = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            turn_keys::turn_quick(&app, &writ::operations::housekeeping::context(&app)).await.unwrap();
            let sockets = writ::web::Sockets::bind(&app.config).unwrap();
            let running = writ::web::listen(&app, writ::cli::ORDERS, sockets).unwrap();
            tell.send(running.address).unwrap();
            running.run(app).await
        })
    });
    let address = told.recv().unwrap();
    register(address).unwrap().unwrap();
    disk.gets(Trouble::Full);
    assert!(register(address).is_none_or(|answer| answer.is_err()));
    let fault = server.join().unwrap().unwrap_err();
    assert!(fault.kind() == FaultKind::Full && fault.to_string().contains("start again"), "{fault}");
}
