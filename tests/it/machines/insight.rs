//! What is known of a machine's use, what follows from it, and what it costs a request: nothing.

use writ::base::Lifetime;
use writ::model::{ClientState, FindingKind, Machine, Tally};
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::findings::{self, Insight, Replaced};
use writ::operations::seen::Seen;
use writ::operations::{housekeeping, machines};
use writ::protocol::display_name::DisplayName;
use writ::store::Read as _;
use writ::store::tables::{FINDINGS, MACHINES, USAGE_BY_CREDENTIAL, USAGE_BY_MACHINE, USAGE_BY_SCOPE};

use crate::world::{Answer, ClientApp, Someone, World};

const DAY: Lifetime = Lifetime::from_days(1);

/// One whose clients may say where they call from.
fn world(settings: &[(&'static str, &str)]) -> World {
    World::with(&[settings, &[("trusted_proxies", "127.0.0.1")]].concat())
}

impl World {
    fn round(&self) {
        self.block(housekeeping::round(&self.app)).unwrap();
    }

    /// Days pass, and the appliance is awake in each.
    fn days(&self, days: u64) {
        for _ in 0..days {
            self.later(DAY);
            self.round();
        }
    }

    fn insight(&self, machine: &ClientApp) -> Insight {
        self.block(findings::of_machine(&self.app, &self.operator(), self.machine_id(machine))).unwrap()
    }

    fn kinds(&self, machine: &ClientApp) -> Vec<FindingKind> {
        self.insight(machine).findings.iter().map(|finding| finding.kind).collect()
    }

    /// The kinds in the list of all machines, after housekeeping has been through.
    fn listed(&self, kind: Option<FindingKind>) -> Vec<FindingKind> {
        self.round();
        let page = self.block(findings::list(&self.app, &self.operator(), kind, None, 100)).unwrap();
        page.rows.iter().flat_map(|(_, it)| it.findings.iter().map(|finding| finding.kind)).collect()
    }

    fn text(&self, machine: &ClientApp, kind: FindingKind) -> String {
        let findings = self.insight(machine).findings;
        findings.into_iter().find(|finding| finding.kind == kind).unwrap_or_else(|| panic!("no {kind:?}")).told()
    }

    fn entries(&self) -> u64 {
        self.app.store.audit_head().unwrap().sequence
    }
}

impl ClientApp {
    fn calls(&self, world: &World, from: &str) -> Answer {
        let request = world.request("POST", "/oauth/token").header("X-Forwarded-For", from);
        let request = request.basic(&self.id.to_string(), self.secret.as_deref().unwrap());
        request.form(&[("grant_type", "client_credentials")]).send()
    }
}

fn robot(world: &World) -> (Someone, ClientApp) {
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read mcp:write");
    // Counting begins.
    world.round();
    (ada, robot)
}

#[test]
fn a_grant_writes_nothing_of_its_use_and_a_round_writes_it_once() {
    let world = world(&[]);
    let (_, robot) = robot(&world);
    let id = world.machine_id(&robot);
    let (before, row) = (world.entries(), world.read(|view| view.get(&MACHINES, &id)));
    for n in 0..100 {
        robot.calls(&world, &format!("10.1.{}.9", n % 2)).tokens();
    }
    assert_eq!(world.entries() - before, 100, "a token.issued for each grant, and nothing else");
    assert!(world.read(|view| view.get(&USAGE_BY_MACHINE, &id)).is_none());
    assert!(world.read(|view| view.get(&USAGE_BY_SCOPE, &id)).is_none());
    // It can be seen before it is written.
    assert_eq!(world.insight(&robot).facts.usage.used.seen.unwrap().grants, 100);

    world.round();
    assert_eq!(world.entries() - before, 101, "one entry for all of it");
    world.expect_event("machine.used");
    let used = world.read(|view| view.get(&USAGE_BY_MACHINE, &id)).unwrap().used;
    assert_eq!((used.seen.unwrap().grants, used.last_at()), (100, Some(world.now())));
    let mut callers: Vec<_> = used.callers.iter().map(|it| (it.network.to_string(), it.seen.grants)).collect();
    callers.sort();
    assert_eq!(callers, [("10.1.0.0/24".to_owned(), 50), ("10.1.1.0/24".to_owned(), 50)]);
    assert_eq!(world.read(|view| view.get(&MACHINES, &id)), row, "the machine's own row is as it was");
    let scopes = world.read(|view| view.get(&USAGE_BY_SCOPE, &id)).unwrap().scopes;
    assert_eq!(
        scopes.iter().map(|it| (it.scope.as_str(), it.seen.grants)).collect::<Vec<_>>(),
        [("mcp:read", 100), ("mcp:write", 100)]
    );

    world.round();
    assert_eq!(world.entries() - before, 101, "nothing used, nothing written");
    assert_eq!(world.insight(&robot).facts.usage.used.seen.unwrap().grants, 100, "counted once");
}

#[test]
fn who_is_refused_has_used_nothing() {
    let world = world(&[]);
    let (ada, robot) = robot(&world);
    let thief = ClientApp { secret: world.machine("other", &ada, "mcp:read").secret, ..robot.clone() };
    thief.calls(&world, "10.9.9.9").expect_refused(401, "invalid_client");
    robot.client_credentials(&world, &[("scope", "mcp:admin")]).expect_refused(400, "invalid_scope");
    world.round();
    assert_eq!(world.insight(&robot).facts.usage.used, Tally::default());
}

/// Somebody rotates a secret and watches the old one fall silent.
#[test]
fn a_rotated_secret_is_safe_to_remove_once_it_is_silent() {
    let world = world(&[]);
    let (_, robot) = robot(&world);
    robot.calls(&world, "10.1.2.3").tokens();
    world.days(1);
    let old = world.credentials(&robot).remove(0);
    let made =
        world.block(credentials::rotate(&world.app, &world.operator(), old.id, Lifetime::from_days(30))).unwrap();
    let renewed = ClientApp { secret: made.secret.map(|secret| secret.expose().to_owned()), ..robot.clone() };
    let became = || {
        let old = world.credentials(&robot).into_iter().find(|credential| credential.id == old.id).unwrap();
        world.insight(&robot).replaced(&world.app, &old, &world.operator())
    };
    assert_eq!(became(), None, "nobody has come since, so nobody knows");

    world.later(Lifetime::from_hours(1));
    robot.calls(&world, "10.1.2.3").tokens();
    let used_at = world.now();
    assert_eq!(became(), Some(Replaced::Used(used_at)));
    let text = world.text(&robot, FindingKind::OldSecretUsed);
    assert!(text.contains("last used just now from 10.1.2.0/24") && text.contains("before 2027-"), "{text}");

    world.days(2);
    assert_eq!(became(), None, "silent, but nobody has shown that they have the new one");
    renewed.calls(&world, "10.1.2.3").tokens();
    world.days(1);
    assert_eq!(became(), Some(Replaced::Silent(used_at)));
    assert_eq!(world.listed(Some(FindingKind::OldSecretSilent)), [FindingKind::OldSecretSilent]);
    let text = world.text(&robot, FindingKind::OldSecretSilent);
    assert!(text.contains("last used 3 days ago from 10.1.2.0/24") && text.contains("safe to remove"), "{text}");

    // Somebody still had it.
    robot.calls(&world, "10.7.7.7").tokens();
    assert_eq!(became(), Some(Replaced::Used(world.now())));
    assert_eq!(world.listed(Some(FindingKind::OldSecretSilent)), []);
    world.days(2);
    assert!(matches!(became(), Some(Replaced::Silent(_))));
    world.block(credentials::revoke(&world.app, &world.operator(), old.id, Seen::Anything, "silent")).unwrap();
    renewed.calls(&world, "10.1.2.3").tokens();
    assert!(!world.kinds(&robot).contains(&FindingKind::OldSecretSilent), "said and done");
}

#[test]
fn findings_come_and_go_with_the_clock() {
    let world = world(&[]);
    let (ada, robot) = robot(&world);
    let forgotten = world.machine("forgotten", &ada, "mcp:read");
    robot.client_credentials(&world, &[("scope", "mcp:read")]).tokens();
    assert_eq!(world.listed(None), [], "everything is new");

    world.days(7);
    assert_eq!(world.kinds(&forgotten), [FindingKind::NeverUsed]);
    forgotten.client_credentials(&world, &[]).tokens();
    assert_eq!(world.listed(None), [], "used, if late");

    world.days(23);
    assert_eq!(world.listed(Some(FindingKind::Unused)), [FindingKind::Unused], "30 days for one, 23 for the other");
    assert!(world.text(&robot, FindingKind::Unused).starts_with("last used 30 days ago from 127.0.0.0/24"));
    robot.client_credentials(&world, &[("scope", "mcp:read")]).tokens();
    assert_eq!(world.kinds(&robot), []);

    world.days(29);
    for _ in 0..4 {
        robot.client_credentials(&world, &[("scope", "mcp:read")]).tokens();
        world.days(8);
    }
    assert_eq!(world.kinds(&robot), [FindingKind::ScopesUnused, FindingKind::SecretOld]);
    let text = world.text(&robot, FindingKind::ScopesUnused);
    assert!(text.contains("mcp:write") && !text.contains("mcp:read"), "{text}");
    // One that it is given now is not one that it never used.
    let id = world.machine_id(&robot);
    let change = |scope: &'static str| {
        let terms = move |machine: &Machine| {
            Ok(machines::Terms { scope: scope.parse().unwrap(), ..machines::Terms::of(machine)? })
        };
        world.block(machines::change(&world.app, &world.operator(), id, Seen::Anything, terms)).unwrap();
    };
    change("mcp:read mcp:admin");
    let old = world.credentials(&robot).remove(0).id;
    world.block(credentials::rotate(&world.app, &world.operator(), old, DAY)).unwrap();
    assert_eq!(world.kinds(&robot), [], "what was taken away and what was renewed");
    change("mcp:read");
    assert_eq!(world.kinds(&robot), []);
}

#[test]
fn what_ends_soon_is_said_in_time() {
    let world = world(&[]);
    let (_, robot) = robot(&world);
    let (id, end) = (world.machine_id(&robot), world.now().plus(Lifetime::from_days(30)));
    let terms = move |machine: &Machine| Ok(machines::Terms { expires_at: Some(end), ..machines::Terms::of(machine)? });
    world.block(machines::change(&world.app, &world.operator(), id, Seen::Anything, terms)).unwrap();
    let ask = NewCredential {
        name: DisplayName::parse("short").unwrap(),
        proof: NewProof::AccessKey,
        expires_at: Some(world.now().plus(Lifetime::from_days(20))),
    };
    let key = world.block(credentials::create(&world.app, &world.operator(), id, ask)).unwrap().credential;
    robot.client_credentials(&world, &[]).tokens();
    world.days(5);
    assert_eq!(world.kinds(&robot), []);
    world.days(1);
    assert_eq!(world.kinds(&robot), [FindingKind::CredentialExpiring]);
    assert_eq!(world.insight(&robot).findings[0].credential, Some(key.id));
    world.block(credentials::rotate(&world.app, &world.operator(), key.id, DAY)).unwrap();
    assert_eq!(world.kinds(&robot), [], "its successor lives on");
    world.days(10);
    // The successor was made to live as long as its predecessor.
    assert_eq!(world.kinds(&robot), [FindingKind::MachineExpiring, FindingKind::CredentialExpiring]);
    assert!(world.text(&robot, FindingKind::MachineExpiring).contains("ends in 14 days"));
    world.days(14);
    assert_eq!(world.kinds(&robot), [], "over; nothing is to be done in time any more");
}

#[test]
fn strange_networks_and_shared_secrets_are_seen() {
    let world = world(&[]);
    let (_, robot) = robot(&world);
    robot.calls(&world, "10.1.2.3").tokens();
    robot.calls(&world, "10.1.2.200").tokens();
    assert_eq!(world.kinds(&robot), [], "its first network, and the same one");
    world.days(3);
    robot.calls(&world, "203.0.113.5").tokens();
    assert_eq!(world.kinds(&robot), [FindingKind::NewNetwork], "three days apart it may have moved");
    assert!(world.text(&robot, FindingKind::NewNetwork).contains("203.0.113.0/24"));
    world.later(Lifetime::from_hours(1));
    robot.calls(&world, "10.1.2.3").tokens();
    assert_eq!(world.kinds(&robot), [FindingKind::NewNetwork, FindingKind::SecretShared]);
    world.days(1);
    assert_eq!(world.kinds(&robot), [FindingKind::NewNetwork], "within a day nobody shared it");
    world.days(6);
    assert_eq!(world.kinds(&robot), [], "it is known by now");
    robot.calls(&world, "203.0.113.77").tokens();
    assert_eq!(world.kinds(&robot), []);
}

#[test]
fn what_nobody_answers_for_is_found_and_the_retired_rest() {
    let world = world(&[]);
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let robot = world.machine("robot", &bob, "mcp:read");
    let (id, owner) = (world.machine_id(&robot), bob.id);
    assert_eq!(world.listed(None), []);
    world.suspend(&bob);
    let app = world.app.clone();
    let by = world.operator();
    world.change("orphan", move |tx| machines::orphan(&app, tx, &by, owner)).unwrap();
    assert_eq!(world.listed(None), [FindingKind::NoOwner]);
    world
        .block(machines::hand_over(&world.app, &world.operator(), id, Seen::Anything, ada.email.parse().unwrap()))
        .unwrap();
    assert_eq!(world.kinds(&robot), []);
    world.suspend(&ada);
    assert_eq!(world.listed(None), [FindingKind::NoOwner]);
    world.block(machines::retire(&world.app, &world.operator(), id, Seen::Anything, "over")).unwrap();
    assert_eq!(world.listed(None), []);
    assert!(world.read(|view| view.get(&FINDINGS, &id)).is_none(), "what is not to be said is not kept");
}

#[test]
fn the_idle_are_suspended_only_if_the_settings_say_so() {
    let idle = |settings: &[(&'static str, &str)]| {
        let world = world(settings);
        let (ada, robot) = robot(&world);
        let busy = world.machine("busy", &ada, "mcp:read");
        for _ in 0..20 {
            busy.client_credentials(&world, &[]).tokens();
            world.days(1);
        }
        let late = world.machine("late", &ada, "mcp:read");
        for _ in 0..20 {
            busy.client_credentials(&world, &[]).tokens();
            world.days(1);
        }
        let state = |machine: &ClientApp| world.insight(machine).facts.machine.state;
        assert_eq!((state(&busy), state(&late)), (ClientState::Active, ClientState::Active));
        (state(&robot), world, robot)
    };
    assert_eq!(idle(&[]).0, ClientState::Active);

    let (state, world, robot) = idle(&[("machines.suspend_idle_after", "40d")]);
    assert_eq!(state, ClientState::Suspended);
    world.expect_event("machine.suspended");
    let id = world.machine_id(&robot);
    assert_eq!(world.insight(&robot).facts.machine.stopped.unwrap().because, "unused for 40 days");
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
    // Whoever lets it act again has forty days to use it.
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();
    world.days(39);
    assert_eq!(world.insight(&robot).facts.machine.state, ClientState::Active);
    world.days(1);
    assert_eq!(world.insight(&robot).facts.machine.state, ClientState::Suspended);
}

/// An appliance that was switched off for a year does not suspend everybody in its first round.
#[test]
fn what_could_not_be_used_was_not_idle() {
    let world = world(&[("machines.suspend_idle_after", "10d")]);
    let (_, robot) = robot(&world);
    robot.client_credentials(&world, &[]).tokens();
    world.days(9);
    world.later(Lifetime::from_days(365));
    world.round();
    assert_eq!(world.insight(&robot).facts.machine.state, ClientState::Active);
    world.days(9);
    assert_eq!(world.insight(&robot).facts.machine.state, ClientState::Active);
    world.days(1);
    assert_eq!(world.insight(&robot).facts.machine.state, ClientState::Suspended);
}

#[test]
fn what_is_known_of_a_credential_goes_with_it() {
    let world = world(&[]);
    let (_, robot) = robot(&world);
    let (id, first) = (world.machine_id(&robot), world.credentials(&robot).remove(0).id);
    robot.client_credentials(&world, &[]).tokens();
    world.round();
    assert!(world.read(|view| view.get(&USAGE_BY_CREDENTIAL, &first)).is_some());
    world.block(credentials::revoke(&world.app, &world.operator(), first, Seen::Anything, "over")).unwrap();
    for n in 0..credentials::MOST_CREDENTIALS {
        world.later(Lifetime::from_seconds(1));
        let name = DisplayName::parse(&format!("secret {n}")).unwrap();
        let ask = NewCredential { name, proof: NewProof::ClientSecret, expires_at: None };
        let made = world.block(credentials::create(&world.app, &world.operator(), id, ask)).unwrap().credential;
        world.block(credentials::revoke(&world.app, &world.operator(), made.id, Seen::Anything, "over")).unwrap();
    }
    assert!(world.credentials(&robot).iter().all(|credential| credential.id != first));
    assert!(world.read(|view| view.get(&USAGE_BY_CREDENTIAL, &first)).is_none());
    assert!(world.insight(&robot).facts.usage.used.seen.is_some(), "the machine's own history stays");
}

/// The right secret from where it may not be used is the plainest sign that it was taken. Nobody else makes the log grow.
#[test]
fn a_right_secret_that_is_refused_leaves_a_line_and_a_finding() {
    let world = world(&[]);
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let networks = vec!["192.0.2.0/24".parse().unwrap()];
    let limit =
        move |machine: &Machine| Ok(machines::Terms { networks: networks.clone(), ..machines::Terms::of(machine)? });
    world.block(machines::change(&world.app, &world.operator(), id, Seen::Anything, limit)).unwrap();
    let from = |secret: &str, address: &str| {
        let request = world.request("POST", "/oauth/token").header("X-Forwarded-For", address);
        request.basic(&robot.id.to_string(), secret).form(&[("grant_type", "client_credentials")]).send()
    };
    let secret = robot.secret.clone().unwrap();
    let lines = || {
        let which =
            writ::operations::audit::Which { event: Some("credential.refused".to_owned()), ..Default::default() };
        let found = world.block(writ::operations::audit::list(&world.app, which, None, 100)).unwrap().entries;
        found.into_iter().map(|entry| entry.from.network.unwrap().to_string()).collect::<Vec<_>>()
    };
    // A stranger who guesses, and the machine where it belongs: no line.
    from("wrong", "198.51.100.1").expect_status(401);
    from(&secret, "192.0.2.7").tokens();
    assert!(lines().is_empty() && world.kinds(&robot).is_empty());

    from(&secret, "198.51.100.1").expect_refusal(400, "unauthorized_client", "NetworkNotAllowed");
    assert_eq!(lines(), ["198.51.100.0/24"]);
    assert_eq!(world.kinds(&robot), [FindingKind::CredentialMisused]);
    let text = world.text(&robot, FindingKind::CredentialMisused);
    assert!(text.contains("just now from 198.51.100.0/24") && text.contains("may not call from there"), "{text}");
    assert_eq!(world.listed(Some(FindingKind::CredentialMisused)), [FindingKind::CredentialMisused]);

    // However often, one for each network and hour; and of eight networks at most.
    let before = world.entries();
    for _ in 0..5 {
        from(&secret, "198.51.100.9").expect_status(400);
    }
    assert_eq!(lines().len(), 1);
    for network in 0..20 {
        from(&secret, &format!("203.0.{network}.1")).expect_status(400);
    }
    assert_eq!(lines().len(), 8);
    let refusals = world.entries() - before;
    assert!(refusals < 25, "{refusals}");
    world.later(Lifetime::from_hours(1));
    from(&secret, "198.51.100.9").expect_status(400);
    assert_eq!(lines().len(), 9);

    // A machine that is stopped, and a caller that was not told.
    world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "drill")).unwrap();
    world.later(Lifetime::from_hours(1));
    from(&secret, "192.0.2.7").expect_status(401);
    assert_eq!(lines().first().map(String::as_str), Some("192.0.2.0/24"));
    assert!(world.text(&robot, FindingKind::CredentialMisused).contains("the machine is stopped"));
    world.days(8);
    assert!(!world.kinds(&robot).contains(&FindingKind::CredentialMisused), "it is old news");
    // One that has ended for good is no finding any more, but whoever has its secret still leaves a line.
    world.block(machines::retire(&world.app, &world.operator(), id, Seen::Anything, "replaced")).unwrap();
    let noted = lines().len();
    from(&secret, "192.0.2.7").expect_refusal(401, "invalid_client", "ClientRetired");
    assert_eq!(lines().len(), noted + 1);
}

/// Tokens of a key that leaked can be told from others, and whoever revokes it learns how long they live.
#[test]
fn a_token_names_the_credential_that_bought_it() {
    let world = world(&[]);
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let ask = |name: &str| NewCredential {
        name: DisplayName::parse(name).unwrap(),
        proof: NewProof::AccessKey,
        expires_at: None,
    };
    let make = |name| world.block(credentials::create(&world.app, &world.operator(), id, ask(name))).unwrap();
    let (leaked, kept) = (make("leaked"), make("kept"));
    for made in [&leaked, &kept, &leaked] {
        let secret = made.secret.as_ref().unwrap().expose();
        world.token(&[("grant_type", "client_credentials"), ("client_secret", secret)]).tokens();
    }
    robot.client_credentials(&world, &[]).tokens();
    let bought = |credential: &str, event: &str| {
        let (about, event) = (Some(credential.to_owned()), Some(event.to_owned()));
        let which = writ::operations::audit::Which { about, event, ..Default::default() };
        world.block(writ::operations::audit::list(&world.app, which, None, 100)).unwrap().entries.len()
    };
    let leaked = leaked.credential;
    assert_eq!(bought(&leaked.id.to_string(), "token.issued"), 2);
    assert_eq!(bought(&kept.credential.id.to_string(), "token.issued"), 1);
    assert_eq!(bought(&leaked.id.to_string(), "credential.created"), 1);

    let until = |credential| world.block(credentials::tokens_until(&world.app, &world.operator(), credential)).unwrap();
    let operator = world.operator();
    let gone = credentials::revoke(&world.app, &operator, leaked.id, Seen::Anything, "leaked");
    let gone = world.block(gone).unwrap();
    assert_eq!(until(&gone), Some(world.now().plus(DAY)));
    world.later(DAY);
    assert_eq!(until(&gone), None, "none of them is good any more");
    assert_eq!(until(&make("never used").credential), None);
}
