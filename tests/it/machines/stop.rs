//! One operation stops an identity; nothing of it buys anything from that commit on.

use writ::base::Lifetime;
use writ::model::{
    ClientState, Context, Event, Machine, MachineStanding, Origin, ProtectedResource, Subject, TokenFormat,
};
use writ::operations::Problem;
use writ::operations::authenticate_client::authenticate_client;
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::declined::Declined;
use writ::operations::seen::Seen;
use writ::operations::token::exchange;
use writ::operations::{housekeeping, machines};
use writ::protocol::client_auth::Presented;
use writ::protocol::display_name::DisplayName;
use writ::protocol::status_list::Status;
use writ::protocol::token_request::{ClientCredentials, TokenRequest};
use writ::store::Read as _;
use writ::store::tables::{DELEGATIONS, MACHINES};

use crate::rules::status_list::status;
use crate::world::{ClientApp, World, claims};

#[test]
fn case_18_a_stopped_machine_gets_nothing_and_what_it_had_is_over() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let before = robot.client_credentials(&world, &[]).tokens().access;
    let watcher = world.confidential("watcher");
    world.edit_client(&watcher, |client| {
        client.serves = vec![writ::base::Resource::parse("https://x.example/").unwrap()]
    });
    assert_eq!(robot.introspect(&world, &before)["active"], true);

    let halted =
        world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "it ran wild")).unwrap();
    assert_eq!(halted.machine.standing(world.now()), MachineStanding::Suspended);
    assert!(halted.tokens_live_until >= world.now().plus(Lifetime::from_hours(1)), "a token of an hour may be out");
    world.expect_event("machine.suspended");
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");

    // It may be let go on; what it held before stays over.
    world.later(Lifetime::from_seconds(2));
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();
    assert_eq!(robot.introspect(&world, &before)["active"], false);
    let after = robot.client_credentials(&world, &[]).tokens().access;
    assert_eq!(robot.introspect(&world, &after)["active"], true);
}

#[test]
fn retiring_is_final_and_frees_the_name() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    world.block(machines::retire(&world.app, &world.operator(), id, Seen::Anything, "replaced")).unwrap();
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientRetired");
    for credential in world.credentials(&robot) {
        assert_eq!(credential.standing(world.now()), "revoked");
    }
    assert!(matches!(
        world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)),
        Err(Declined::Conflict(_))
    ));
    let ask =
        NewCredential { name: DisplayName::parse("again").unwrap(), proof: NewProof::ClientSecret, expires_at: None };
    let again = world.block(credentials::create(&world.app, &world.operator(), id, ask));
    assert!(matches!(again, Err(Declined::Conflict(_))));
    // The row and its history stay; its name is free.
    assert_ne!(world.machine_id(&world.machine("robot", &ada, "mcp:read")), id);
    let (row, ..) = world.block(machines::show(&world.app, id)).unwrap();
    assert_eq!((row.state, row.stopped.unwrap().because.as_str()), (ClientState::Retired, "replaced"));
}

/// Moves the end of a machine's time.
fn ends_in(world: &World, robot: &ClientApp, length: Lifetime) {
    let (id, end) = (world.machine_id(robot), world.now().plus(length));
    let change = move |machine: &Machine| {
        let access_for = Some(Lifetime::from_hours(24));
        Ok(machines::Terms { expires_at: Some(end), access_for, ..machines::Terms::of(machine)? })
    };
    world.block(machines::change(&world.app, &world.operator(), id, Seen::Anything, change)).unwrap();
}

/// Of what a verifier has who looks at the signature and nothing else.
fn lives_for(world: &World, token: &str) -> i64 {
    claims(token)["exp"].as_i64().unwrap() - world.now().seconds()
}

/// Nothing that a machine is given lives longer than the machine: neither what it asks for, nor what it is given for an access key, nor
/// what it refreshes, nor that with which it acts.
#[test]
fn a_machine_ends_when_its_time_is_over() {
    let world = World::new();
    let ada = world.administrator("ada");
    let api = world.resource("https://mcp.example/a", "mcp:read");
    let desk = world.serving("desk", &ada, &api);
    let watcher = world.serving("watcher", &ada, &api);
    ends_in(&world, &desk, Lifetime::from_seconds(3));
    let fields = [("resource", "https://mcp.example/a"), ("scope", "mcp:read")];
    let answer = desk.client_credentials(&world, &fields);
    assert_eq!(answer.json()["expires_in"], 3);
    let token = answer.tokens().access;
    assert_eq!(lives_for(&world, &token), 3);
    assert_eq!(watcher.introspect(&world, &token)["active"], true, "whoever reads it here may");

    // What it acts with: the token that it shows lives for an hour.
    let other = world.machine("other", &ada, "mcp:read");
    let shown = other.client_credentials(&world, &fields).tokens().access;
    assert!(lives_for(&world, &shown) > 3);
    world.delegate(&desk, Subject::Client(other.id.clone()), "mcp:read");
    let acting = desk.exchange(&world, &shown, &[("resource", "https://mcp.example/a")]).tokens().access;
    assert_eq!(lives_for(&world, &acting), 3);
    assert_eq!(watcher.introspect(&world, &acting)["active"], true);

    world.later(Lifetime::from_seconds(3));
    desk.client_credentials(&world, &fields).expect_refusal(401, "invalid_client", "MachineExpired");
    assert_eq!(watcher.introspect(&world, &token)["active"], false);
    assert_eq!(watcher.introspect(&world, &acting)["active"], false);
}

/// A token that was given before its machine's end was moved nearer says that it lives on; the status list says that it does not.
#[test]
fn a_token_from_before_the_end_was_moved_nearer_ends_with_the_machine() {
    let world = World::new();
    let ada = world.administrator("ada");
    let api = world.resource("https://mcp.example/a", "mcp:read");
    let watcher = world.serving("watcher", &ada, &api);
    let robot = world.machine("robot", &ada, "mcp:read");
    let fields = [("resource", "https://mcp.example/a"), ("scope", "mcp:read")];
    let token = robot.client_credentials(&world, &fields).tokens().access;
    ends_in(&world, &robot, Lifetime::from_minutes(5));
    world.block(housekeeping::round(&world.app)).unwrap();
    assert_eq!(status(&world, &token), Status::Valid, "its time is not over");
    world.later(Lifetime::from_minutes(5));
    assert!(lives_for(&world, &token) > 0);
    world.block(housekeeping::round(&world.app)).unwrap();
    world.expect_event("machine.expired");
    assert_eq!(status(&world, &token), Status::Invalid);
    // Once is enough.
    world.block(housekeeping::round(&world.app)).unwrap();
    assert_eq!(world.events(100).iter().filter(|name| *name == "machine.expired").count(), 1);
    // Nor does it come back should somebody think again.
    ends_in(&world, &robot, Lifetime::from_days(30));
    world.later(Lifetime::from_seconds(2));
    assert_eq!(watcher.introspect(&world, &token)["active"], false);
    let again = robot.client_credentials(&world, &fields).tokens().access;
    assert_eq!(watcher.introspect(&world, &again)["active"], true);
}

/// An opaque token stands in no list; moving the end on afterwards brings it back as little as any other.
#[test]
fn an_opaque_token_of_a_machine_whose_time_was_over_stays_over() {
    let world = World::new();
    let ada = world.administrator("ada");
    let api = world.resource("https://mcp.example/a", "mcp:read");
    let watcher = world.serving("watcher", &ada, &api);
    world.put_resource(ProtectedResource { format: TokenFormat::Opaque, ..api });
    let robot = world.machine("robot", &ada, "mcp:read");
    let fields = [("resource", "https://mcp.example/a"), ("scope", "mcp:read")];
    let token = robot.client_credentials(&world, &fields).tokens().access;
    ends_in(&world, &robot, Lifetime::from_minutes(5));
    assert_eq!(watcher.introspect(&world, &token)["active"], true);
    world.later(Lifetime::from_minutes(5));
    world.block(housekeeping::round(&world.app)).unwrap();
    ends_in(&world, &robot, Lifetime::from_days(30));
    world.later(Lifetime::from_seconds(2));
    assert_eq!(watcher.introspect(&world, &token)["active"], false);
}

/// Retiring ends some hundred delegations at once, and housekeeping the rest; so it does for machines that were retired before
/// delegations ended with them.
#[test]
fn what_is_left_of_a_retired_machine_is_ended_by_housekeeping() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource("https://mcp.example/a", "mcp:read");
    let (robot, other) = (world.machine("robot", &ada, "mcp:read"), world.machine("other", &ada, "mcp:read"));
    let id = world.machine_id(&robot);
    world.delegate(&robot, Subject::Person(ada.id), "mcp:read");
    world.delegate(&other, Subject::Client(robot.id.clone()), "mcp:read");
    let live = || {
        world.read(|view| view.page(&DELEGATIONS, None, 10)).rows.iter().filter(|(_, d)| d.is_live(world.now())).count()
    };
    assert_eq!(live(), 2);
    world.change("retire as it once was", move |tx| {
        let machine = tx.get(&MACHINES, &id)?.unwrap();
        tx.put(&MACHINES, &id, &Machine { state: ClientState::Retired, ..machine })?;
        tx.record(Event::MachineRetired { machine: id, because: "long ago".to_owned() })
    });
    world.block(housekeeping::round(&world.app)).unwrap();
    assert_eq!(live(), 0);
}

#[test]
fn what_nobody_answers_for_does_not_act() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let robot = world.machine("robot", &bob, "mcp:read");
    let id = world.machine_id(&robot);
    let (owner, app) = (bob.id, world.app.clone());
    world.suspend(&bob);
    let by = world.operator();
    assert_eq!(world.change("orphan", move |tx| machines::orphan(&app, tx, &by, owner)).unwrap(), 1);
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
    let resumed = world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything));
    assert!(matches!(resumed, Err(Declined::Conflict(_))), "not while nobody answers for it");
    world
        .block(machines::hand_over(&world.app, &world.operator(), id, Seen::Anything, ada.email.parse().unwrap()))
        .unwrap();
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();
    world.expect_event("machine.handed_over");
    robot.client_credentials(&world, &[]).tokens();
}

/// Somebody stops it while it asks without a pause: no grant is answered after the stop is.
#[test]
fn case_49_stopping_under_load_lets_nothing_through_afterwards() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let stopped = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut granted = 0;
                    loop {
                        let was_stopped = stopped.load(std::sync::atomic::Ordering::SeqCst);
                        let status = robot.client_credentials(&world, &[]).status;
                        match (was_stopped, status) {
                            (true, status) => return (granted, status),
                            (false, 200) => granted += 1,
                            (false, _) => {}
                        }
                    }
                })
            })
            .collect();
        while !world.events(1).contains(&"token.issued".to_owned()) {
            std::thread::yield_now();
        }
        world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "drill")).unwrap();
        stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        for one in asking {
            let (_, last) = one.join().unwrap();
            assert_eq!(last, 401, "asked after the stop was answered");
        }
    });
}

/// What becomes of a request that was authenticated, read and decided before a change, and is served after it.
#[test]
fn what_is_changed_a_moment_before_counts_for_the_request_that_is_under_way() {
    let world = World::new();
    let ada = world.administrator("ada");
    let tickets = world.resource("https://tickets.example/mcp", "mcp:read mcp:write");
    world.resource("https://others.example/mcp", "mcp:read mcp:write");
    let from = Context {
        from: Origin { address: Some([192, 0, 2, 7].into()), ..world.operator().from.clone() },
        ..Context::clone(&world.operator())
    };
    let overtaken = |name: &str, ask: &str, change: fn(&mut Machine)| {
        let robot = world.machine(name, &ada, "mcp:read mcp:write");
        let id = world.machine_id(&robot);
        let presented = Presented::Secret {
            client_id: robot.id.to_string(),
            secret: writ::base::Secret::new(robot.secret.as_deref().unwrap()),
        };
        let client = world.block(authenticate_client(&world.app, &from, presented)).unwrap();
        let ask = ClientCredentials { scope: Some(ask.parse().unwrap()), resource: Some(tickets.identifier.clone()) };
        let asking = exchange(&world.app, &from, client, TokenRequest::ClientCredentials(ask), None);
        world
            .overtaken(asking, move |tx| {
                let old = tx.get(&MACHINES, &id)?.unwrap();
                let mut new = old.clone();
                change(&mut new);
                tx.replace(&MACHINES, &id, &old, &new)?;
                tx.record(Event::MachineResumed { machine: id })
            })
            .map(|tokens| (tokens.scope.to_string(), tokens.expires_in, crate::world::claims(&tokens.access_token)))
            .map_err(|problem| match problem {
                Problem::Refused(refusal) => refusal,
                Problem::Broken(fault) => panic!("{fault:?}"),
            })
    };
    let (scope, _, _) = overtaken("same", "mcp:read mcp:write", |_| ()).unwrap();
    assert_eq!(scope, "mcp:read mcp:write");
    let (scope, _, said) =
        overtaken("narrowed", "mcp:read mcp:write", |m| m.scope = "mcp:read".parse().unwrap()).unwrap();
    assert_eq!((scope.as_str(), &said["scope"]), ("mcp:read", &serde_json::json!("mcp:read")));
    let (_, seconds, said) = overtaken("brief", "mcp:read", |m| {
        m.access_for = Some(Lifetime::from_minutes(1));
        m.custom_claims = serde_json::json!({ "team": "night" }).as_object().unwrap().clone();
    })
    .unwrap();
    assert_eq!((seconds, &said["customClaims"]["team"]), (60, &serde_json::json!("night")));
    let refused = |name: &str, change: fn(&mut Machine)| overtaken(name, "mcp:write", change).unwrap_err().name();
    assert_eq!(refused("emptied", |m| m.scope = "mcp:read".parse().unwrap()), "ScopeNoneLeft");
    assert_eq!(refused("suspended", |m| m.state = ClientState::Suspended), "ClientSuspended");
    assert_eq!(refused("over", |m| m.expires_at = Some(m.created_at)), "MachineExpired");
    assert_eq!(refused("elsewhere", |m| m.networks = vec!["10.0.0.0/8".parse().unwrap()]), "NetworkNotAllowed");
    assert_eq!(
        overtaken("here", "mcp:write", |m| m.networks = vec!["192.0.2.0/24".parse().unwrap()]).unwrap().0,
        "mcp:write"
    );
    assert_eq!(refused("bound", |m| m.dpop_bound = true), "DpopProofMissing");
    let moved = |m: &mut Machine| {
        let resource = writ::base::Resource::parse("https://others.example/mcp").unwrap();
        m.access = vec![writ::model::Access { resource, scope: None, access_for: None }];
    };
    assert_eq!(refused("moved", moved), "ResourceNotAllowed");
}
