//! Restoring a backup: what was taken away since does not come back unnoticed. Attack case 60.

use std::path::{Path, PathBuf};

use serde_json::Value;
use writ::base::{Entropy, FaultKind, Id, Lifetime, Resource};
use writ::config::Config;
use writ::model::{
    ClientId, ClientState, Crossing, IdentityProvider, KeyState, Membership, PersonBy, PersonState, Role, Standing,
    TokenFormat, UpstreamSignIn,
};
use writ::operations::backup;
use writ::operations::backup::restore::{Ask, Newer, Place, Sessions, Told, restore};
use writ::operations::declined::Declined;
use writ::operations::seen::Seen;
use writ::operations::{credentials, keep_head, keys, machines, master_key, own_sign_in, people, status};
use writ::protocol::status_list::{Status, Statuses};
use writ::store::Read as _;
use writ::store::tables::{
    CLIENTS, CREDENTIALS, CROSSINGS, MACHINES, MEMBERSHIPS, ONLY, PEOPLE, PROVIDERS, RESTORED, ROLES, SESSIONS,
    STATUS_LISTS,
};

use crate::cli::{Appliance, text};
use crate::stories::second_factor::{set_up, shown};
use crate::world::{ClientApp, Someone, Tokens, World};

fn ask(backup: &Path) -> Ask {
    Ask {
        backup: backup.to_owned(),
        place: Place::Replace,
        sessions: Sessions::End,
        newer: Newer::CarryOver,
        newer_key: None,
    }
}

/// As the command does it. Of a world that was stopped just now the writer may still hold the file.
fn restored(config: &Config, ask: &Ask, clock: &writ::base::Clock) -> Result<Told, String> {
    loop {
        match restore(config, ask, clock) {
            Ok(told) => return Ok(told),
            Err(Declined::Conflict(text)) if text.contains("is in use") => std::thread::yield_now(),
            Err(Declined::Conflict(text) | Declined::Missing(text)) => return Err(text),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// People, applications and machines with what they hold, and a backup of it.
struct Before {
    world: World,
    ada: Someone,
    eve: Someone,
    app: ClientApp,
    robot: ClientApp,
    watcher: ClientApp,
    tokens: Tokens,
    /// A code that nobody has redeemed.
    code: String,
    machine_token: String,
    opaque: String,
    backup: PathBuf,
}

impl Before {
    fn new() -> Self {
        let world = World::with_file();
        let (ada, eve) = (world.administrator("ada"), world.person("eve"));
        let resource = world.resource("https://mcp.example/", "mcp:read");
        let closed = world.resource("https://opaque.example/", "mcp:read");
        world.put_resource(writ::model::ProtectedResource { format: TokenFormat::Opaque, ..closed.clone() });
        let app = world.client("mail").at(&resource);
        let robot = world.machine("robot", &ada, "mcp:read").at(&resource);
        let watcher = world.confidential("watcher");
        world.edit_client(&watcher, |client| {
            client.serves =
                ["https://mcp.example/", "https://opaque.example/"].map(|url| Resource::parse(url).unwrap()).to_vec();
        });
        let mut browser = world.signed_in(&ada);
        let tokens = app.tokens(&world, &mut browser);
        let machine_token = robot.client_credentials(&world, &[("resource", "https://mcp.example/")]).tokens().access;
        let opaque = robot.client_credentials(&world, &[("resource", "https://opaque.example/")]).tokens().access;
        let code = app.code(&mut browser);
        let made = world.block(backup::make(&world.app, &world.operator(), None)).unwrap();
        let backup = made.path;
        Self { world, ada, eve, app, robot, watcher, tokens, code, machine_token, opaque, backup }
    }

    fn active(&self, token: &str) -> bool {
        self.watcher.introspect(&self.world, token)["active"] == true
    }

    /// Stops, restores, starts. Whoever holds something goes on holding it.
    fn after(self, ask: &Ask) -> (Self, Told) {
        let clock = self.world.app.clock.clone();
        let Self { world, ada, eve, app, robot, watcher, tokens, code, machine_token, opaque, backup } = self;
        let (world, told) = world.restarted_after(|config| restored(config, ask, &clock).unwrap());
        (Self { world, ada, eve, app, robot, watcher, tokens, code, machine_token, opaque, backup }, told)
    }
}

#[test]
fn case_60_what_was_given_out_before_an_old_backup_is_over_after_it() {
    let before = Before::new();
    assert!(
        before.active(&before.tokens.access) && before.active(&before.machine_token) && before.active(&before.opaque)
    );
    let kid = |world: &World| {
        let rows = keys::list(&world.app).unwrap();
        rows.into_iter()
            .filter(|key| matches!(key.state, KeyState::Signing { .. }))
            .map(|key| key.kid)
            .collect::<Vec<_>>()
    };
    let (old_keys, refresh) = (kid(&before.world), before.tokens.refresh.clone().unwrap());
    // After the backup the code is spent, the refresh token has turned, and an access token was revoked.
    assert_eq!(before.app.redeem(&before.world, &before.code).status, 200);
    assert_eq!(before.app.refresh(&before.world, &refresh).status, 200);
    before.world.signed_in(&before.eve);
    let request = ask(&before.backup);
    let (mut after, told) = before.after(&request);

    after.app.redeem(&after.world, &after.code).expect_status(400);
    after.app.refresh(&after.world, &refresh).expect_status(400);
    for token in [&after.tokens.access, &after.machine_token, &after.opaque] {
        assert!(!after.active(token), "a token from before the restore is good");
    }
    // Nobody is signed in: neither who was so at the backup nor who was after it.
    let sessions = after.world.read(|view| view.page(&SESSIONS, None, 10)).rows;
    assert!(sessions.is_empty());
    // What verifiers fetch has no key that signed before.
    let jwks = after.world.request("GET", "/oauth/jwks").send().body;
    let published = jwks.is_empty() || old_keys.iter().all(|kid| !jwks.contains(kid.as_str()));
    assert!(published, "{jwks}");
    assert!(kid(&after.world).iter().all(|new| !old_keys.contains(new)));
    // And what follows the status lists is told that all of theirs is over.
    let lists = after.world.read(|view| view.page(&STATUS_LISTS, None, 10)).rows;
    assert!(!lists.is_empty());
    for (number, _) in lists {
        let (_, lst) = status::serve::compressed(&after.world.app.store, number).unwrap().unwrap();
        let statuses = Statuses::decode(1, &lst).unwrap();
        assert!((0..statuses.len()).all(|index| statuses.at(index) == Some(Status::Invalid)), "list {number}");
    }
    assert!(told.ended.iter().any(|(what, count)| *what == "lines of tokens" && *count > 0), "{:?}", told.ended);

    // Everybody begins anew, and it works.
    let tokens = {
        let mut browser = after.world.signed_in(&after.ada);
        after.app.tokens(&after.world, &mut browser)
    };
    assert!(after.active(&tokens.access));
    after.machine_token =
        after.robot.client_credentials(&after.world, &[("resource", "https://mcp.example/")]).tokens().access;
    assert!(after.active(&after.machine_token));
    after.world.expect_event("appliance.restored");
    assert!(after.world.app.store.verify_audit(None).unwrap().is_ok());
}

#[test]
fn case_60_whoever_was_stopped_after_an_old_backup_stays_so_where_the_newer_file_is_still_there() {
    let before = Before::new();
    let (world, robot) = (&before.world, world_machine(&before));
    let second = world.machine("second", &before.ada, "mcp:read");
    let operator = world.operator();
    world.block(machines::suspend(&world.app, &operator, robot, Seen::Anything, "stolen")).unwrap();
    world.block(people::suspend(&world.app, &operator, before.eve.id, Seen::Anything, "gone")).unwrap();
    world.edit_client(&before.watcher, |client| client.state = ClientState::Suspended);
    let credential = world.credentials(&before.robot).remove(0).id;
    world.block(credentials::revoke(&world.app, &operator, credential, Seen::Anything, "stolen")).unwrap();
    world.set_standing(&before.ada, Standing::Member);
    keep_head::keep(&world.app).unwrap();
    let request = ask(&before.backup);
    let (after, told) = before.after(&request);

    let (machine, eve, ada, watcher, credential) = after.world.read(|view| {
        let watcher = after.watcher.id.to_string().parse().unwrap();
        Ok((
            view.get(&MACHINES, &robot)?.unwrap(),
            view.get(&PEOPLE, &after.eve.id)?.unwrap(),
            view.get(&PEOPLE, &after.ada.id)?.unwrap(),
            view.get(&CLIENTS, &watcher)?.unwrap(),
            view.get(&CREDENTIALS, &credential)?.unwrap(),
        ))
    });
    assert_eq!(machine.state, ClientState::Suspended);
    assert_eq!(machine.stopped.unwrap().because, "stolen");
    assert_eq!((eve.state, ada.standing), (PersonState::Suspended, Standing::Member));
    assert_eq!(watcher.state, ClientState::Suspended);
    assert_eq!(credential.standing(after.world.now()), "revoked");
    after.robot.client_credentials(&after.world, &[]).expect_status(401);
    // What was added is not here, and that is said.
    second.client_credentials(&after.world, &[]).expect_status(401);
    let what: Vec<&str> = told.carried.iter().map(|one| one.what).collect();
    for one in ["machines stopped or retired", "credentials revoked or replaced"] {
        assert!(what.contains(&one), "{what:?}");
    }
    assert!(told.missing.unwrap() >= 6, "{:?}", told.missing);
    let row = after.world.read(|view| view.get(&RESTORED, &ONLY.to_owned())).unwrap();
    assert_eq!((row.missing, row.seen_at), (told.missing, None));
    assert_eq!(row.advice, told.advice);
    assert!(row.advice[0].contains("entries of the audit log came after the backup"), "{:?}", row.advice);
    after.world.expect_event("restore.carried_over");
    // The newer file is kept.
    assert!(told.aside.unwrap().exists());
}

/// Neither the telephone that was lost, nor the one in its place, nor the password alone; and an administrator sets it right.
#[test]
fn case_60_a_second_factor_that_was_replaced_or_removed_after_an_old_backup_opens_nothing() {
    let world = World::with_file();
    let (ada, eve) = (world.administrator("ada"), world.person("eve"));
    let (lost, paper) = set_up(&world, &ada);
    set_up(&world, &eve);
    let backup = world.block(backup::make(&world.app, &world.operator(), None)).unwrap().path;
    for person in [&ada, &eve] {
        world.block(own_sign_in::reset(&world.app, &world.operator(), person.id)).unwrap();
    }
    let (new, _) = set_up(&world, &ada);
    let clock = world.app.clock.clone();
    let (world, told) = world.restarted_after(|config| restored(config, &ask(&backup), &clock).unwrap());

    let half_way = |someone: &Someone| {
        let mut browser = world.browser();
        let page = browser.get("/sign-in");
        let page = browser.sign_in(&page, someone);
        page.expect_page(200, "One more step");
        (browser, page)
    };
    for typed in [&|| shown(&lost, &world), &|| shown(&new, &world), &|| paper[0].clone()] as [&dyn Fn() -> String; 3] {
        world.later(Lifetime::from_seconds(1_800));
        let (mut browser, page) = half_way(&ada);
        browser.submit(&page, &[("code", &typed())]);
        assert_ne!(browser.get("/account").path, "/account", "a code from before the restore is good");
    }
    half_way(&eve);
    let advice = told.advice.iter().find(|text| text.contains("reset-factor")).unwrap();
    assert!(advice.contains(&ada.id.to_string()) && advice.contains(&eve.id.to_string()), "{advice}");
    for person in [&ada, &eve] {
        world.block(own_sign_in::reset(&world.app, &world.operator(), person.id)).unwrap();
    }
    world.later(Lifetime::from_seconds(1_800));
    assert_eq!(world.signed_in(&eve).get("/account").path, "/account");
    set_up(&world, &ada);
}

#[test]
fn what_was_changed_after_the_backup_and_is_as_it_was_is_told_by_name() {
    let world = World::with_file();
    let eve = world.person("eve");
    let at = world.now();
    let (provider_id, crossing_id) = (Id::from_bytes([7; 16]), Id::from_bytes([8; 16]));
    let put = |world: &World, roles: &[&str], permissions: &[&str], domain: &str, there: &str| {
        let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
        let member = Membership { person: eve.id, roles, custom_claims: serde_json::Map::new() };
        let role = Role {
            tenant: "main".parse().unwrap(),
            name: "ops".parse().unwrap(),
            description: String::new(),
            permissions: permissions.iter().map(|one| one.parse().unwrap()).collect(),
            created_at: at,
        };
        let provider = IdentityProvider {
            id: provider_id,
            issuer: "https://idp.example".to_owned(),
            jwks_uri: None,
            jwks: None,
            person_by: PersonBy::Email { domains: vec![domain.to_owned()] },
            sign_in: Some(UpstreamSignIn {
                name: "Northwind".to_owned(),
                client_id: "writ".to_owned(),
                secret: None,
                secret_set_at: None,
                scope: "openid".parse().unwrap(),
                // Turned off after the backup: so it stays.
                on: domain == "one.example",
            }),
            created_at: at,
        };
        let crossing = Crossing {
            id: crossing_id,
            client_id: ClientId::Registered(Id::from_bytes([9; 16])),
            audience: "https://there.example".to_owned(),
            client_there: there.to_owned(),
            scope: "read".parse().unwrap(),
            resources: Vec::new(),
            created_at: at,
        };
        world.change("put", move |tx| {
            tx.put(&MEMBERSHIPS, &member.person, &member)?;
            tx.put(&ROLES, &("main".to_owned(), "ops".to_owned()), &role)?;
            tx.put(&PROVIDERS, &provider.id, &provider)?;
            tx.put(&CROSSINGS, &crossing.id, &crossing)?;
            tx.record(writ::model::Event::RestoreSeen {})
        });
    };
    put(&world, &["main/ops"], &["read"], "one.example", "one");
    let backup = world.block(backup::make(&world.app, &world.operator(), None)).unwrap().path;
    put(&world, &["main/ops", "main/more"], &["read", "write"], "two.example", "two");
    let clock = world.app.clock.clone();
    let (world, told) = world.restarted_after(|config| restored(config, &ask(&backup), &clock).unwrap());

    let names = [eve.id.to_string(), "main/ops".to_owned(), provider_id.to_string(), crossing_id.to_string()];
    for name in names {
        assert!(told.advice.iter().any(|text| text.contains(&name)), "{name}: {:?}", told.advice);
    }
    let provider = world.read(|view| view.get(&PROVIDERS, &provider_id)).unwrap();
    assert_eq!(provider.person_by, PersonBy::Email { domains: vec!["one.example".to_owned()] });
    assert!(provider.open_sign_in().is_none());
}

fn world_machine(before: &Before) -> writ::base::Id<writ::model::Machine> {
    before.world.machine_id(&before.robot)
}

#[test]
fn case_60_without_the_newer_file_it_says_what_nobody_can_know_and_how_much_is_missing() {
    let before = Before::new();
    let robot = world_machine(&before);
    let world = &before.world;
    world.block(machines::suspend(&world.app, &world.operator(), robot, Seen::Anything, "stolen")).unwrap();
    keep_head::keep(&world.app).unwrap();
    let clock = world.app.clock.clone();
    let backup = before.backup.clone();
    let Before { world, robot: machine, .. } = before;
    let (world, told) = world.restarted_after(|config| {
        std::fs::remove_file(config.store_file()).unwrap();
        let empty = Ask { place: Place::Empty, ..ask(&backup) };
        restored(config, &empty, &clock).unwrap()
    });
    // The head that was kept outside the file tells how much.
    assert!(told.missing.unwrap() >= 2, "{:?}", told.missing);
    assert!(told.carried.is_empty() && told.aside.is_none());
    assert!(told.advice.iter().any(|text| text.contains("Whatever was taken away after the backup is back")));
    // So it is: a person must do it again, and is told.
    machine.client_credentials(&world, &[("resource", "https://mcp.example/")]).expect_status(200);
}

#[test]
fn a_newer_file_that_is_not_to_be_believed_is_not() {
    let before = Before::new();
    let robot = world_machine(&before);
    let world = &before.world;
    world.block(machines::suspend(&world.app, &world.operator(), robot, Seen::Anything, "by the thief")).unwrap();
    let request = Ask { newer: Newer::Discard, ..ask(&before.backup) };
    let (after, told) = before.after(&request);
    after.robot.client_credentials(&after.world, &[("resource", "https://mcp.example/")]).expect_status(200);
    assert!(told.carried.is_empty());
}

#[test]
fn sessions_that_are_kept_are_those_that_the_newer_file_still_has() {
    let before = Before::new();
    let refresh = before.tokens.refresh.clone().unwrap();
    assert_eq!(before.app.redeem(&before.world, &before.code).status, 200);
    let request = Ask { sessions: Sessions::Keep, ..ask(&before.backup) };
    let (after, told) = before.after(&request);
    assert!(told.ended.is_empty());
    assert!(after.active(&after.machine_token), "a token from before is good");
    after.app.refresh(&after.world, &refresh).expect_status(200);
    after.app.redeem(&after.world, &after.code).expect_status(400);
}

#[test]
fn a_restore_refuses_what_it_cannot_do_and_leaves_everything_as_it_was() {
    let before = Before::new();
    let clock = before.world.app.clock.clone();
    let backup = before.backup.clone();
    // While it runs.
    let running = restore(&before.world.app.config, &ask(&backup), &clock);
    let Err(Declined::Conflict(text)) = running else { panic!("{running:?}") };
    assert!(text.contains("stop the appliance first"), "{text}");
    let Before { world, .. } = before;
    let (world, ()) = world.restarted_after(|config| {
        let refused = |ask: &Ask| restored(config, ask, &clock).unwrap_err();
        let words = refused(&Ask { place: Place::Empty, ..ask(&backup) });
        assert!(words.contains("--replace"), "{words}");
        // Damaged in the middle.
        let mut bytes = std::fs::read(&backup).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let bad = config.data.join("bad.backup");
        std::fs::write(&bad, &bytes).unwrap();
        assert!(refused(&ask(&bad)).contains("was changed or damaged"));
        // Without the key, and with another.
        let key = config.master_key_file();
        let aside = key.with_extension("aside");
        std::fs::rename(&key, &aside).unwrap();
        assert!(refused(&ask(&backup)).contains("no backup opens without the key"));
        std::fs::write(&key, format!("{}\n", "A".repeat(43) + "=")).unwrap();
        let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
        std::fs::set_permissions(&key, mode).unwrap();
        assert!(refused(&ask(&backup)).contains("another master key"));
        std::fs::rename(&aside, &key).unwrap();
        let names: Vec<String> = std::fs::read_dir(&config.data)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert!(!names.iter().any(|name| name.contains("restoring") || name.contains("before-")), "{names:?}");
    });
    assert!(!world.events(100).iter().any(|name| name == "appliance.restored"));
}

/// The drill of docs/backup.md, by hand: another directory, the key from its own place, one command, and it serves.
#[test]
fn a_drill_restores_into_another_directory_and_serves_there() {
    let appliance = Appliance::new();
    appliance.set_up();
    let serving = appliance.serve();
    appliance.json(&["machine", "add", "--name", "robot", "--owner", "ada@example.com", "--purpose", "drill"]);
    let made = appliance.json(&["backup"]);
    let backup = made["file"].as_str().unwrap().to_owned();
    let refused = appliance.refused(&["restore", &backup, "--replace"]);
    assert!(refused.contains("stop the appliance first"), "{refused}");
    serving.stop();

    let drill = Appliance::new();
    let words = drill.refused(&["restore", &backup]);
    assert!(words.contains("master.key is missing"), "{words}");
    std::fs::copy(appliance.data().join("master.key"), drill.data().join("master.key")).unwrap();
    let told: Value = drill.json(&["restore", &backup]);
    assert_eq!(told["entries"], made["entries"]);
    assert!(told["missing"].is_null(), "nobody knows here");
    let again = drill.refused(&["restore", &backup]);
    assert!(again.contains("is there already"), "{again}");

    let drill = Appliance { variables: vec![("WRIT_PUBLIC_URL", format!("http://{}", appliance.listen))], ..drill };
    let serving = drill.serve();
    let machines = drill.json(&["machine", "list"]);
    assert_eq!(machines["machines"][0]["name"], "robot");
    assert_eq!(drill.json(&["audit", "verify"])["intact"], true);
    assert!(drill.events().iter().any(|(name, _)| name == "appliance.restored"));
    serving.stop();
    // And in its own place, over what is there.
    let told: Value = appliance.json(&["restore", &backup, "--replace"]);
    assert!(told["missing"].as_u64().unwrap() >= 1);
    assert!(Path::new(told["kept"].as_str().unwrap()).exists());
    appliance.serve().stop();
    let said = appliance.run(&["restore", &backup, "--replace"]);
    assert!(text(&said.stdout).contains("to do"), "{}", text(&said.stdout));
}

/// A backup of before a change of the master key, restored over the store that came after it.
#[test]
fn case_60_a_newer_store_under_another_master_key_is_not_passed_over_in_silence() {
    let appliance = Appliance::new();
    appliance.set_up();
    appliance.json(&["machine", "add", "--name", "robot", "--owner", "ada@example.com", "--purpose", "drill"]);
    let backup = appliance.json(&["backup"])["file"].as_str().unwrap().to_owned();
    appliance.json(&["machine", "suspend", "robot", "--because", "stolen"]);
    let (key, kept) = (appliance.data().join("master.key"), appliance.directory.path().join("old.key"));
    let newer = appliance.directory.path().join("newer.key");
    std::fs::copy(&key, &kept).unwrap();
    appliance.json(&["key", "rotate-master"]);
    // With the newer key in its place the backup does not open.
    assert!(appliance.refused(&["restore", &backup, "--replace"]).contains("another master key"));
    std::fs::rename(&key, &newer).unwrap();
    std::fs::copy(&kept, &key).unwrap();

    let words = appliance.refused(&["restore", &backup, "--replace"]);
    assert!(words.contains("--newer-key FILE") && words.contains("--discard-newer"), "{words}");
    let wrong = ["restore", &backup, "--replace", "--newer-key", kept.to_str().unwrap()];
    let words = appliance.refused(&wrong);
    assert!(words.contains("old.key"), "{words}");
    let nowhere = ["restore", &backup, "--replace", "--newer-key", "/there/is/none"];
    assert!(appliance.refused(&nowhere).contains("there is no /there/is/none"));

    // Nothing was touched by any of it: with the newer key everything is as it was.
    let told = appliance.json(&["restore", &backup, "--replace", "--newer-key", newer.to_str().unwrap()]);
    assert!(told["missing"].as_u64().unwrap() >= 2, "{told}");
    assert!(told["carried_over"].to_string().contains("machines stopped or retired"), "{told}");
    assert_eq!(appliance.json(&["machine", "show", "robot"])["state"], "suspended");
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
    appliance.serve().stop();

    // Said aloud, it is left behind.
    let put_aside = told["kept"].as_str().unwrap();
    std::fs::rename(put_aside, appliance.data().join("writ.redb")).unwrap();
    appliance.json(&["restore", &backup, "--replace", "--discard-newer"]);
    assert_eq!(appliance.json(&["machine", "show", "robot"])["state"], "active");
}

/// A change of the master key seals every second factor anew, and replaces none.
#[test]
fn a_second_factor_is_good_after_a_restore_over_a_store_under_another_master_key() {
    let world = World::with_file();
    let ada = world.administrator("ada");
    let (secret, paper) = set_up(&world, &ada);
    let backup = world.block(backup::make(&world.app, &world.operator(), None)).unwrap().path;
    let signs_in = |world: &World, code: &str| {
        let mut browser = world.browser();
        let page = browser.get("/sign-in");
        let page = browser.sign_in(&page, &ada);
        page.expect_page(200, "One more step");
        browser.submit(&page, &[("code", code)]);
        browser.get("/account").path == "/account"
    };
    assert!(signs_in(&world, &paper[0]));
    let clock = world.app.clock.clone();
    let (world, told) = world.restarted_after(|config| {
        let (key, kept) = (config.master_key_file(), config.data.join("old"));
        std::fs::copy(&key, &kept).unwrap();
        // Of a world that was stopped just now the writer may still hold the file, for a moment.
        let mut tries = 0_u32..100_000;
        while let Err(fault) = master_key::change(config, &clock, &Entropy::os(), &|_| Ok(())) {
            assert!(fault.kind() == FaultKind::Busy && tries.next().is_some(), "{fault}");
            std::thread::yield_now();
        }
        let newer = config.data.join("newer");
        std::fs::rename(&key, &newer).unwrap();
        std::fs::rename(&kept, &key).unwrap();
        restored(config, &Ask { newer_key: Some(newer), ..ask(&backup) }, &clock).unwrap()
    });
    assert!(!told.advice.iter().any(|text| text.contains("reset-factor")), "{:?}", told.advice);
    world.later(Lifetime::from_seconds(1_800));
    assert!(!signs_in(&world, &paper[0]), "it was spent after the backup");
    assert!(signs_in(&world, &shown(&secret, &world)));
    assert!(signs_in(&world, &paper[1]));
}

#[test]
fn case_59_a_restore_that_is_killed_leaves_the_old_store_or_the_new_one() {
    let appliance = Appliance::new();
    appliance.set_up();
    let made = appliance.json(&["backup"]);
    let backup = made["file"].as_str().unwrap().to_owned();
    appliance.json(&[
        "machine",
        "add",
        "--name",
        "later",
        "--owner",
        "ada@example.com",
        "--purpose",
        "after the backup",
    ]);
    let seen = |part: &str| {
        let entries = std::fs::read_dir(appliance.data()).unwrap();
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains(part))
    };
    for moment in ["restoring", "redb.before-", "head.before-", "never"] {
        let mut restoring = appliance.program(&["restore", &backup, "--replace"]).spawn().unwrap();
        while !seen(moment) && restoring.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        drop(restoring.kill());
        restoring.wait().unwrap();
        assert_eq!(appliance.json(&["audit", "verify"])["intact"], true, "{moment}");
        let restored = appliance.events().iter().any(|(name, _)| name == "appliance.restored");
        let machines = appliance.json(&["machine", "list"]);
        let later = !machines["machines"].as_array().unwrap().is_empty();
        assert_ne!(restored, later, "{moment}: it is the old one with what came later, or the new one without");
        appliance.serve().stop();
        // As it was, for the next moment.
        if restored {
            let before = std::fs::read_dir(appliance.data()).unwrap().flatten().map(|entry| entry.path());
            let (stores, others): (Vec<PathBuf>, Vec<PathBuf>) = before
                .filter(|path| path.to_string_lossy().contains(".before-"))
                .partition(|path| path.to_string_lossy().contains("redb.before-"));
            std::fs::rename(stores.first().unwrap(), appliance.data().join("writ.redb")).unwrap();
            stores.iter().skip(1).chain(&others).for_each(|path| drop(std::fs::remove_file(path)));
            drop(std::fs::remove_file(appliance.data().join("writ.head")));
        }
    }
}
