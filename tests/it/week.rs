//! A week in the life of an appliance, in minutes: keys turn, tokens end, registrations that nobody used are removed, old traffic is cut out
//! of the audit log, backups are made and the oldest go, and there is work in every hour, some of it at once. Nothing fails that should not,
//! and nothing grows without end.
//!
//! The week is lived by a process of its own, so that memory and descriptors are the appliance's and no other test's. With
//! `WRIT_TEST_WEEK_STEP` (minutes, 60 without it) the steps are shorter and the load is heavier.

use std::cell::Cell;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use writ::base::{Entropy, Lifetime};
use writ::model::Subject;
use writ::operations::backup::restore::{Ask, Newer, Place, Sessions, restore};
use writ::operations::start::{Keeping, start};
use writ::operations::{backup, housekeeping, turn_keys};
use writ::store::tables::{
    ASSERTIONS, CLIENTS, CODES, FAILURES, FAMILIES, HOURS, PROOFS, RECENT_REGISTRATIONS, REFRESH, REVOKED, SESSIONS,
    SIGNING_KEYS, STATUS_BLOCKS, STATUS_LISTS, STATUS_PAGES, TOMBSTONES,
};
use writ::store::{Look, Read as _, RowKey, Table, View, Word, audit_search_by};

use crate::world::{Browser, CALLBACK, ClientApp, KeyPair, Signer, Someone, World, at_once, verified};

const STEP: &str = "WRIT_TEST_WEEK_STEP";
const DAY: u64 = 24 * 60;
/// Others may keep a key set for five minutes (`keys.jwks_max_age`): a token of four minutes later verifies with it.
const KEPT: u64 = 4;
const DAYS: u64 = 8;
const FRONT: &str = "https://mcp.example/a";
/// How many backups are kept (`backup.keep`).
const BACKUPS: usize = 3;

#[test]
fn in_a_week_nothing_fails_that_should_not_and_nothing_grows_without_end() {
    let lived = Command::new(std::env::current_exe().unwrap())
        .args(["week::lives_through_a_week", "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&lived.stdout).into_owned();
    assert!(lived.status.success() && said.contains("day 8"), "{said}{}", String::from_utf8_lossy(&lived.stderr));
}

#[test]
#[ignore = "the process that in_a_week_nothing_fails_that_should_not_and_nothing_grows_without_end starts"]
fn lives_through_a_week() {
    let step = std::env::var(STEP).map_or(60, |minutes| minutes.parse().unwrap());
    let mut life = Life::begin();
    let mut sizes = Vec::new();
    for day in 1..=DAYS {
        for minute in (0..DAY).step_by(step) {
            life.step(minute, step as u64);
        }
        let size = life.size();
        println!("day {day}: {size:?}");
        if day > 6 {
            size.expect_like(&sizes[1], &sizes[2], day);
        }
        sizes.push(size);
    }
    assert!(life.world.app.store.verify_audit(None).unwrap().is_ok());
    let keys = life.jwks()["keys"].as_array().unwrap().len();
    assert!(keys >= 16, "two algorithms turned daily, and stay published: {keys}");
    life.expect_backups();
}

struct Life {
    world: World,
    ada: Someone,
    browser: Browser,
    mail: ClientApp,
    crm: ClientApp,
    desk: ClientApp,
    /// Machines that ask at the same moment as the customers' application.
    machines: Vec<ClientApp>,
    signer: Signer,
    archive: String,
    /// Where backups go.
    backups: TempDir,
    /// How many were made.
    made: Cell<u64>,
    /// What the application has of the person, renewed in every step.
    refresh: String,
    steps: u64,
}

impl Life {
    fn begin() -> Self {
        let backups = tempfile::tempdir().unwrap();
        let keep = BACKUPS.to_string();
        let world = World::with_file_and(&[
            ("backup.every", "1d"),
            ("backup.keep", &keep),
            ("backup.directory", backups.path().to_str().unwrap()),
            ("workers", "2"),
            // In a week it is seen that old traffic goes.
            ("audit.traffic_for", "1d"),
            ("limits.register", "0"),
            ("limits.sign_in", "0"),
        ]);
        let ada = world.administrator("ada");
        let front = world.resource(FRONT, "mcp:read mcp:write");
        let archive = world.resource("https://mcp.example/b", "mcp:read mcp:write").identifier.to_string();
        let (mail, crm) = (world.client("mail").at(&front), world.confidential("crm").at(&front));
        let desk = world.serving("desk", &ada, &front);
        world.delegate(&desk, Subject::Person(ada.id), "mcp:read");
        let machines = ["night", "day"].map(|name| world.confidential(name).at(&front)).to_vec();
        let signer = world.signer("signer", "ES256");
        let mut browser = world.signed_in(&ada);
        let refresh = mail.tokens(&world, &mut browser).refresh.unwrap();
        Self {
            world,
            ada,
            browser,
            mail,
            crm,
            desk,
            machines,
            signer,
            archive,
            backups,
            made: Cell::new(0),
            refresh,
            steps: 0,
        }
    }

    fn step(&mut self, minute: u64, step: u64) {
        self.steps += 1;
        let cached = self.jwks();
        self.passes(KEPT);
        self.work(&cached, minute);
        self.passes(step - KEPT);
    }

    /// Time, and what the appliance does in it by itself.
    fn passes(&self, minutes: u64) {
        self.world.later(Lifetime::from_minutes(minutes));
        let app = &self.world.app;
        self.world.block(turn_keys::turn(app, &housekeeping::context(app))).unwrap();
        self.world.block(housekeeping::round(app)).unwrap();
        if self.world.block(backup::scheduled(app, &housekeeping::context(app))).unwrap().is_some() {
            self.made.set(self.made.get() + 1);
            // Looked at each day: what tells of backups is cut out of the log like other traffic.
            let failed =
                |view: &View<'_>| audit_search_by(view, Word::Event("backup.failed"), None, 10, |_| Look::Fits);
            assert!(self.world.read(failed).entries.is_empty());
        }
    }

    fn work(&mut self, cached: &Value, minute: u64) {
        let world = &self.world;
        // A person comes in every six hours, and connects the application anew.
        if minute.is_multiple_of(6 * 60) {
            self.browser = world.signed_in(&self.ada);
            let code = self.mail.code(&mut self.browser);
            self.refresh = self.mail.redeem(world, &code).tokens().refresh.unwrap();
            self.mail.redeem(world, "writ_ac_nothing").expect_refused(400, "invalid_grant");
        }
        assert_eq!(self.browser.get("/account").path, "/account");
        // The application.
        let tokens = self.mail.refresh(world, &self.refresh).tokens();
        verified(cached, &tokens.access);
        self.refresh = tokens.refresh.unwrap();
        // A machine acts for the person with it.
        let passed = self.desk.exchange(world, &tokens.access, &[("resource", &self.archive), ("scope", "mcp:read")]);
        verified(cached, &passed.tokens().access);
        // Machines for themselves, at once: with a secret; each revokes one of its tokens.
        let machines: Vec<&ClientApp> = self.machines.iter().chain([&self.crm]).collect();
        at_once(machines.len(), |which| (0..3).for_each(|n| asks(world, machines[which], cached, n == 0)));
        // With a proof, and with an assertion.
        let proof = KeyPair::new("ES256").for_tokens(world);
        let asks_itself = [("grant_type", "client_credentials"), ("resource", FRONT)];
        let bound = self.crm.token_request_with(world, &asks_itself, &[&proof]);
        verified(cached, &bound.bound_tokens().access);
        let assertion = self.signer.assertion(world, &format!("{}", self.steps));
        verified(cached, &self.signer.asks(world, "/oauth/token", &assertion, &asks_itself).tokens().access);
        // Whoever verifies offline looks at a list; strangers register and are never seen again, and guess.
        let lists = world.request("GET", "/oauth/status").send().json();
        for uri in lists["status_lists"].as_array().unwrap() {
            let path = uri.as_str().unwrap().strip_prefix(crate::world::ISSUER).unwrap();
            world.request("GET", path).send().expect_status(200);
        }
        let body = json!({ "redirect_uris": [CALLBACK], "client_name": "stranger" });
        world.request("POST", "/oauth/register").json(&body).send().expect_status(201);
        let guess = world.request("POST", "/oauth/token").basic(&self.crm.id.to_string(), "wrong");
        guess.form(&[("grant_type", "client_credentials")]).send().expect_status(401);
        let mut stranger = world.browser();
        let page = stranger.get("/sign-in");
        let name = format!("nobody{}@example.com", self.steps);
        stranger.submit(&page, &[("email", &name), ("password", "wrong password")]).expect_status(422);
        world.request("GET", "/health").send().expect_status(200);
    }

    /// One a day was made and none failed, as many are left as are kept, and the last of them opens elsewhere and is worked with.
    fn expect_backups(self) {
        let Self { world, ada, mail, crm, backups, made, .. } = self;
        assert_eq!(made.get(), DAYS);
        assert!(backup::state(&world.app).unwrap().failed.is_none());
        let mut files: Vec<_> = std::fs::read_dir(backups.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), BACKUPS, "{files:?}");
        let last = world.block(backup::list(&world.app, backups.path().to_owned())).unwrap().remove(0);
        let made_at = last.header.unwrap().made_at;
        assert!(world.now().since(made_at) <= Lifetime::from_days(1), "{made_at}");

        let elsewhere = tempfile::tempdir().unwrap();
        let mut config = world.app.config.clone();
        let key = config.master_key_file();
        config.data = elsewhere.path().join("data");
        std::fs::create_dir(&config.data).unwrap();
        std::fs::copy(key, config.master_key_file()).unwrap();
        let ask = Ask {
            backup: last.path,
            place: Place::Empty,
            sessions: Sessions::End,
            newer: Newer::CarryOver,
            newer_key: None,
        };
        restore(&config, &ask, &world.app.clock).unwrap();
        let app = start(config, Keeping::File, world.app.clock.clone(), Entropy::os()).unwrap();
        world.block(turn_keys::turn(&app, &housekeeping::context(&app))).unwrap();
        let again = World::over(app);
        let tokens = mail.tokens(&again, &mut again.signed_in(&ada));
        verified(&again.jwks(), &tokens.access);
        asks(&again, &crm, &again.jwks(), true);
        assert!(again.app.store.verify_audit(None).unwrap().is_ok());
    }

    fn jwks(&self) -> Value {
        self.world.request("GET", "/.well-known/jwks.json").send().expect_status(200).json()
    }

    fn rows<K: RowKey, V: serde::Serialize + serde::de::DeserializeOwned>(&self, table: &'static Table<K, V>) -> usize {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.world.read(|view| view.page(table, after.as_ref(), 1_000));
            count += page.rows.len();
            after = page.next;
            if after.is_none() {
                return count;
            }
        }
    }

    fn size(&self) -> Size {
        let own = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = own.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Size {
            file: std::fs::metadata(self.world.app.config.store_file()).unwrap().len(),
            resident: resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024,
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            rows: vec![
                ("sessions", self.rows(&SESSIONS)),
                ("codes", self.rows(&CODES)),
                ("refresh", self.rows(&REFRESH)),
                ("proofs", self.rows(&PROOFS)),
                ("assertions", self.rows(&ASSERTIONS)),
                ("failures", self.rows(&FAILURES)),
                ("revoked", self.rows(&REVOKED)),
                ("clients", self.rows(&CLIENTS)),
                ("status lists", self.rows(&STATUS_LISTS)),
                ("status blocks", self.rows(&STATUS_BLOCKS)),
                ("status pages", self.rows(&STATUS_PAGES)),
            ],
            kept: vec![
                // Until the day that they say: 90 days and a season, and a tombstone 90 days.
                ("families", self.rows(&FAMILIES)),
                // A queue that `registration.most_unused` bounds, not time.
                ("recent registrations", self.rows(&RECENT_REGISTRATIONS)),
                ("hours", self.rows(&HOURS)),
                ("tombstones", self.rows(&TOMBSTONES)),
                ("signing keys", self.rows(&SIGNING_KEYS)),
            ],
        }
    }
}

/// A machine gets a token that is good, and perhaps revokes it.
fn asks(world: &World, machine: &ClientApp, cached: &Value, revokes: bool) {
    let token = machine.client_credentials(world, &[("resource", FRONT)]).tokens().access;
    verified(cached, &token);
    assert_eq!(machine.introspect(world, &token)["active"], true);
    if revokes {
        let (id, secret) = (machine.id.to_string(), machine.secret.as_deref().unwrap());
        world.request("POST", "/oauth/revoke").basic(&id, secret).form(&[("token", &token)]).send().expect_status(200);
        assert_eq!(machine.introspect(world, &token)["active"], false);
    }
}

/// What an operator would look at.
#[derive(Debug)]
struct Size {
    file: u64,
    resident: u64,
    descriptors: usize,
    /// Of tables whose rows live shorter than three days, or seven at most and are replaced.
    rows: Vec<(&'static str, usize)>,
    /// Of those that live longer than a week.
    kept: Vec<(&'static str, usize)>,
}

const MIB: u64 = 1_024 * 1_024;

impl Size {
    /// Days later it is as large as on the third, within what may still grow: the file with the days, for the audit log keeps something for
    /// ever; and rows that are kept, each day by as many as from the second day to the third.
    fn expect_like(&self, second: &Self, third: &Self, day: u64) {
        assert!(self.file <= third.file * day / 3, "the file grew from {} to {} bytes", third.file, self.file);
        let memory = (third.resident, self.resident);
        assert!(memory.1 <= memory.0 * 5 / 4 + 16 * MIB, "memory grew from {} to {} bytes", memory.0, memory.1);
        let descriptors = (third.descriptors, self.descriptors);
        assert!(descriptors.1 <= descriptors.0 + 4, "descriptors grew: {descriptors:?}");
        for ((name, before), (_, now)) in third.rows.iter().zip(&self.rows) {
            // Refresh tokens of one consent live seven days, four consents a day.
            assert!(*now <= before * 5 / 2 + 16, "{name} grew from {before} to {now} rows");
        }
        let days = usize::try_from(day - 3).unwrap();
        for (((name, now), (_, third)), (_, second)) in self.kept.iter().zip(&third.kept).zip(&second.kept) {
            let most = third + days * third.saturating_sub(*second) + 2;
            assert!(*now <= most, "{name} grew faster than the days went by: {second}, {third} and then {now} rows");
        }
    }
}
