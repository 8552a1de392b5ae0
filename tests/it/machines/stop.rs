//! One operation stops an identity; nothing of it buys anything from that commit on.

use writ::base::Lifetime;
use writ::model::{ClientState, MachineStanding};
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::declined::Declined;
use writ::operations::machines;
use writ::protocol::display_name::DisplayName;

use crate::world::World;

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

    let halted = world.block(machines::suspend(&world.app, &world.operator(), id, "it ran wild")).unwrap();
    assert_eq!(halted.machine.standing(world.now()), MachineStanding::Suspended);
    assert!(halted.tokens_live_until >= world.now().plus(Lifetime::from_hours(1)), "a token of an hour may be out");
    world.expect_event("machine.suspended");
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");

    // It may be let go on; what it held before stays over.
    world.later(Lifetime::from_seconds(2));
    world.block(machines::resume(&world.app, &world.operator(), id)).unwrap();
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
    world.block(machines::retire(&world.app, &world.operator(), id, "replaced")).unwrap();
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
    for credential in world.credentials(&robot) {
        assert_eq!(credential.standing(world.now()), "revoked");
    }
    assert!(matches!(world.block(machines::resume(&world.app, &world.operator(), id)), Err(Declined::Conflict(_))));
    let ask =
        NewCredential { name: DisplayName::parse("again").unwrap(), proof: NewProof::ClientSecret, expires_at: None };
    let again = world.block(credentials::create(&world.app, &world.operator(), id, ask));
    assert!(matches!(again, Err(Declined::Conflict(_))));
    // The row and its history stay; its name is free.
    assert_ne!(world.machine_id(&world.machine("robot", &ada, "mcp:read")), id);
    let (row, ..) = world.block(machines::show(&world.app, id)).unwrap();
    assert_eq!((row.state, row.stopped.unwrap().because.as_str()), (ClientState::Retired, "replaced"));
}

#[test]
fn a_machine_ends_when_its_time_is_over() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let end = world.now().plus(Lifetime::from_minutes(30));
    let change = move |machine: &writ::model::Machine| {
        Ok(machines::Terms { expires_at: Some(end), ..machines::Terms::of(machine)? })
    };
    world.block(machines::change(&world.app, &world.operator(), id, change)).unwrap();
    let token = robot.client_credentials(&world, &[]).tokens().access;
    let watcher = world.machine("watcher", &ada, "mcp:read");
    world.later(Lifetime::from_minutes(30));
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "MachineExpired");
    assert_eq!(watcher.introspect(&world, &token)["active"], false);
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
    assert_eq!(world.change("orphan", move |tx| machines::orphan(&app, tx, owner)), 1);
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
    let resumed = world.block(machines::resume(&world.app, &world.operator(), id));
    assert!(matches!(resumed, Err(Declined::Conflict(_))), "not while nobody answers for it");
    world.block(machines::hand_over(&world.app, &world.operator(), id, ada.email.parse().unwrap())).unwrap();
    world.block(machines::resume(&world.app, &world.operator(), id)).unwrap();
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
        world.block(machines::suspend(&world.app, &world.operator(), id, "drill")).unwrap();
        stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        for one in asking {
            let (_, last) = one.join().unwrap();
            assert_eq!(last, 401, "asked after the stop was answered");
        }
    });
}
