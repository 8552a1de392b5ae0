//! One file that says how things are: written out, compared, applied as a whole.

use serde_json::{Value, json};
use writ::model::{AuthMethod, Machine, MachineKind, TenantName};
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::declared::{self, Applied, Doing, NotApplied, Unlisted};
use writ::operations::declined::Declined;
use writ::operations::machines::{self, NewMachine, Terms};
use writ::protocol::display_name::DisplayName;
use writ::store::Read as _;
use writ::store::tables::{CLIENTS, MACHINES, MACHINES_BY_NAME, machine_key};

use crate::world::{KeyPair, World};

impl World {
    fn export(&self) -> Value {
        self.block(declared::export(&self.app, &self.operator())).unwrap()
    }

    fn try_apply(&self, file: &Value, unlisted: Unlisted, doing: Doing) -> Result<Applied, NotApplied> {
        self.block(declared::apply(&self.app, &self.operator(), file.clone(), unlisted, doing))
    }

    #[track_caller]
    fn apply(&self, file: &Value) -> Vec<String> {
        lines(&self.try_apply(file, Unlisted::Stays, Doing::Done).unwrap())
    }

    #[track_caller]
    fn prune(&self, file: &Value) -> Vec<String> {
        lines(&self.try_apply(file, Unlisted::IsRemoved, Doing::Done).unwrap())
    }

    /// What is wrong with a file, by place.
    #[track_caller]
    fn wrong(&self, file: &Value, unlisted: Unlisted) -> Vec<(String, String)> {
        let before = (self.export(), self.app.store.audit_head().unwrap());
        let outcome = self.try_apply(file, unlisted, Doing::Done);
        let Err(NotApplied::Wrong(wrong)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((self.export(), self.app.store.audit_head().unwrap()), before, "nothing was done");
        wrong.into_iter().map(|wrong| (wrong.place, wrong.why)).collect()
    }

    fn person_id(&self, name: &str) -> writ::base::Id<writ::model::Person> {
        let email = format!("{name}@example.com");
        let found = self.read(|view| {
            view.find(&writ::store::tables::PEOPLE, &writ::store::tables::PEOPLE_BY_EMAIL, email.as_str())
        });
        found.unwrap().0
    }

    fn machine_named(&self, name: &str) -> Option<Machine> {
        let key = machine_key(&TenantName::default(), name);
        self.read(|view| view.find(&MACHINES, &MACHINES_BY_NAME, &key)).map(|(_, machine)| machine)
    }
}

/// What a plan does; what stays is said with a `?` and left out here.
fn lines(applied: &Applied) -> Vec<String> {
    let done = applied.plan.changes.iter().filter(|change| change.kind.as_str() != "unlisted");
    done.map(|change| format!("{} {}", change.kind.as_str(), change.place)).collect()
}

/// An appliance with one of everything.
fn full() -> World {
    let world = World::new();
    let ada = world.administrator("ada");
    let url = world.resource("https://mcp.example/a", "mcp:read mcp:write").identifier;
    world.client("desk");
    let crm = world.confidential("crm");
    world.edit_client(&crm, |client| {
        client.serves = vec![url.clone()];
        client.dpop_bound_access_tokens = true;
    });
    let terms = |name: &str| {
        let name = DisplayName::parse(name).unwrap();
        Terms::new(name, MachineKind::Agent, "Runs the night shift", "mcp:read".parse().unwrap())
    };
    let access = vec![writ::model::Access {
        resource: url,
        scope: Some("mcp:write".parse().unwrap()),
        access_for: Some(writ::base::Lifetime::from_minutes(5)),
    }];
    let terms_of_robot = Terms {
        access,
        tags: vec!["night".to_owned()],
        roles: vec!["deployer".parse().unwrap()],
        dpop_bound: true,
        refresh_tokens: true,
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        custom_claims: serde_json::from_value(json!({ "team": { "name": "platform", "size": 3 } })).unwrap(),
        expires_at: Some(world.now().plus(writ::base::Lifetime::from_days(30))),
        ..terms("robot")
    };
    world.tenant("staging");
    world.role("main/deployer", "deploy");
    let robot = world.machine_with(terms_of_robot, &ada);
    let id = world.machine_id(&robot);
    for proof in [
        NewProof::PublicKeys(json!({ "keys": [KeyPair::new("EdDSA").jwk("key-1")] })),
        NewProof::KeySet("https://keys.example/jwks".to_owned()),
        NewProof::AccessKey,
    ] {
        let ask = NewCredential { name: DisplayName::parse("key").unwrap(), proof, expires_at: None };
        world.block(credentials::create(&world.app, &world.operator(), id, ask)).unwrap();
    }
    let owner = ada.email.parse().unwrap();
    let new = NewMachine {
        terms: terms("robot"),
        owner,
        tenant: "staging".parse().unwrap(),
        credential: Some(machines::first_secret(DisplayName::parse("first").unwrap(), None)),
    };
    world.block(machines::add(&world.app, &world.operator(), new)).unwrap();
    world
}

#[test]
fn what_one_exports_another_takes_and_exports_again() {
    let world = full();
    let file = world.export();
    assert_eq!(file["machines"].as_object().unwrap().keys().collect::<Vec<_>>(), ["robot", "staging/robot"]);
    assert_eq!(file["machines"]["robot"]["credentials"].as_array().unwrap().len(), 2, "the public ones");
    assert_eq!(world.apply(&file), Vec::<String>::new(), "it is so already");
    assert_eq!(world.prune(&file), Vec::<String>::new());

    let other = World::new();
    other.administrator("ada");
    other.tenant("staging");
    other.role("main/deployer", "deploy");
    let done = other.apply(&file);
    assert_eq!(
        done,
        [
            "create resources.\"https://mcp.example/a\"",
            "create clients.crm",
            "create clients.desk",
            "create machines.robot",
            "create machines.\"staging/robot\"",
        ]
    );
    assert_eq!(other.export(), file);
    assert_eq!(other.apply(&file), Vec::<String>::new(), "twice is once");
    for event in ["resource.created", "client.registered", "machine.created", "credential.created"] {
        other.expect_event(event);
    }
    // It survives its own text form.
    let toml = toml::to_string_pretty(&file).unwrap();
    let again: Value = toml::from_str(&toml).unwrap();
    assert_eq!(other.apply(&again), Vec::<String>::new());
}

#[test]
fn case_52_no_secret_is_in_a_file() {
    let world = full();
    let text = world.export().to_string();
    for word in ["digest", "writ_", "secrets", "hint", "password"] {
        assert!(!text.contains(word), "{word}");
    }
    let Applied { made, .. } = world
        .try_apply(
            &json!({ "clients": { "new": {
                "redirect_uris": ["https://new.example/cb"], "token_endpoint_auth_method": "client_secret_basic",
            }}}),
            Unlisted::Stays,
            Doing::Done,
        )
        .unwrap();
    let secret = made[0].secret.as_ref().unwrap().expose().to_owned();
    assert!(!world.export().to_string().contains(&secret[..20]));
    let row = world.read(|view| view.page(&CLIENTS, None, 100)).rows.into_iter().map(|(_, row)| row);
    assert!(row.into_iter().any(|row| row.name == "new" && row.auth_method == AuthMethod::ClientSecretBasic));
}

#[test]
fn what_differs_is_planned_and_then_done() {
    let world = full();
    world.person("bob");
    let mut file = json!({ "machines": { "robot": world.export()["machines"]["robot"] } });
    let robot = &mut file["machines"]["robot"];
    robot["owner"] = json!("bob@example.com");
    robot["scope"] = json!(["mcp:write"]);
    robot.as_object_mut().unwrap().remove("tags");
    robot["credentials"] = json!([robot["credentials"][0]]);
    let before = world.export();
    let said = world.try_apply(&file, Unlisted::Stays, Doing::Said).unwrap();
    assert_eq!(world.export(), before, "only said");
    let fields: Vec<_> = said.plan.changes[0].fields.iter().map(|field| (field.name.as_str(), &field.after)).collect();
    assert_eq!(
        fields,
        [("owner", &Some(json!("bob@example.com"))), ("scope", &Some(json!(["mcp:write"]))), ("tags", &None),]
    );
    let stays: Vec<_> = said.plan.changes[1..].iter().map(|change| change.place.as_str()).collect();
    assert_eq!(stays, ["machines.robot.credentials.key", "machines.\"staging/robot\""], "drift is said");

    assert_eq!(world.apply(&file), ["change machines.robot"]);
    for event in ["machine.handed_over", "machine.changed"] {
        world.expect_event(event);
    }
    assert_eq!(world.machine_named("robot").unwrap().scope.to_string(), "mcp:write");
    assert_eq!(world.apply(&file), Vec::<String>::new());

    // Removing is its own word.
    let row = world.machine_named("robot").unwrap();
    assert_eq!(world.prune(&file), ["change machines.robot", "remove machines.\"staging/robot\""]);
    let left = world.block(credentials::list(&world.app, row.id)).unwrap();
    let mut live: Vec<_> = left.iter().filter(|one| one.is_live(world.now())).map(|one| one.kind.as_str()).collect();
    live.sort_unstable();
    assert_eq!(live, ["access_key", "client_secret", "public_keys"], "secrets are in no file and stay");
    world.expect_event("machine.retired");
    // What the file has no section for is as it was.
    for section in ["scopes", "resources", "clients"] {
        assert_eq!(world.export()[section], before[section]);
    }
}

#[test]
fn all_nouns_change_and_go() {
    let world = full();
    let mut file = world.export();
    file["scopes"]["mcp:read"]["description"] = json!("Read everything");
    file["scopes"]["new:scope"] = json!({ "description": "Do something new", "implies": ["mcp:read"] });
    file["resources"]["https://mcp.example/a"]["scopes"] = json!(["mcp:read", "mcp:write", "new:scope"]);
    file["resources"]["https://mcp.example/b"] =
        json!({ "name": "B", "scopes": ["new:scope"], "aliases": ["https://b.example/"], "default": true });
    file["clients"]["desk"]["client_uri"] = json!("https://desk.example/");
    file["machines"]["fresh"] = json!({
        "owner": "ada@example.com", "purpose": "new", "scope": ["new:scope"],
        "access": [{ "resource": "https://b.example/" }], "expires_at": "2027-06-01T00:00:00Z",
    });
    assert_eq!(
        world.apply(&file),
        [
            "change scopes.\"mcp:read\"",
            "create scopes.\"new:scope\"",
            "change resources.\"https://mcp.example/a\"",
            "create resources.\"https://mcp.example/b\"",
            "change clients.desk",
            "create machines.fresh",
        ]
    );
    for event in ["scope.changed", "scope.created", "resource.changed", "client.changed"] {
        world.expect_event(event);
    }
    let fresh = world.machine_named("fresh").unwrap();
    assert_eq!(fresh.access[0].resource.to_string(), "https://mcp.example/b", "an alias is what it means");
    assert_eq!(world.apply(&file), Vec::<String>::new());

    // The default and an alias move in one step.
    file["resources"]["https://mcp.example/b"] = json!({ "name": "B", "scopes": ["new:scope"] });
    file["resources"]["https://mcp.example/a"]["aliases"] = json!(["https://b.example/"]);
    file["resources"]["https://mcp.example/a"]["default"] = json!(true);
    file["machines"]["fresh"]["access"][0]["resource"] = json!("https://mcp.example/b");
    assert_eq!(
        world.apply(&file),
        ["change resources.\"https://mcp.example/a\"", "change resources.\"https://mcp.example/b\""]
    );

    let empty = json!({ "resources": {}, "clients": {}, "machines": {} });
    let gone = world.prune(&empty);
    assert_eq!(gone.iter().filter(|line| line.starts_with("remove ")).count(), 7, "{gone:?}");
    for event in ["resource.removed", "client.removed", "machine.retired"] {
        world.expect_event(event);
    }
    let left = world.export();
    assert_eq!((&left["machines"], &left["clients"], &left["resources"]), (&json!({}), &json!({}), &json!({})));
}

#[test]
fn a_file_is_refused_as_a_whole_and_every_place_is_named() {
    let world = full();
    world.person("bob");
    world.suspend(&crate::world::Someone { id: world.person_id("bob"), email: "bob@example.com".to_owned() });
    let machine = |more: Value| {
        let mut machine = json!({ "owner": "ada@example.com", "purpose": "x" });
        machine.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        machine
    };
    let file = json!({
        "scopes": { "fine:scope": { "description": "Fine" }, "a b": { "description": "x" }, "no:text": {} },
        "resources": {
            "https://r.example/": { "name": "R", "scopes": ["no:such"], "algorithm": "HS256" },
            "https://s.example/": { "name": "S", "aliases": ["https://mcp.example/a"], "access_lifetime": "9d" },
        },
        "clients": {
            "web": { "redirect_uris": ["http://evil.example/cb"] },
            "desk": { "redirect_uris": ["https://d.example/cb"], "token_endpoint_auth_method": "client_secret_basic" },
            "odd": { "redirect_uris": ["https://d.example/cb"], "redirect_url": "typo" },
        },
        "machines": {
            "nightly-import": machine(json!({ "scope": ["tickets:wirte"] })),
            "nobody": machine(json!({ "owner": "nobody@example.com" })),
            "asleep": machine(json!({ "owner": "bob@example.com" })),
            "typo": machine(json!({ "purpse": "x", "kind": "robot", "networks": ["0.0.0.0/0"], "expires_at": "soon" })),
            "ROBOT": machine(json!({})),
            "robot": machine(json!({})),
            "keys": machine(json!({ "credentials": [{ "name": "k", "kind": "secret" }] })),
            "far": machine(json!({ "access": [{ "resource": "https://nowhere.example/" }], "serves": ["x"] })),
        },
    });
    let wrong = world.wrong(&file, Unlisted::Stays);
    let places: Vec<&str> = wrong.iter().map(|(place, _)| place.as_str()).collect();
    for place in [
        "scopes.\"a b\".name",
        "scopes.\"no:text\".description",
        "resources.\"https://r.example/\".scopes",
        "resources.\"https://r.example/\".algorithm",
        "resources.\"https://s.example/\".access_lifetime",
        "clients.web.redirect_uris",
        "clients.desk.token_endpoint_auth_method",
        "clients.odd.redirect_url",
        "machines.nightly-import.scope",
        "machines.nobody.owner",
        "machines.asleep.owner",
        "machines.typo.purpse",
        "machines.typo.kind",
        "machines.typo.networks",
        "machines.typo.expires_at",
        "machines.robot",
        "machines.keys.credentials",
        "machines.far.access",
        "machines.far.serves",
    ] {
        assert!(places.contains(&place), "{place} is not in {wrong:#?}");
    }
    assert!(wrong.iter().any(|(_, why)| why.contains("`tickets:wirte`")));

    // Not a document at all.
    assert_eq!(world.wrong(&json!({ "machine": {} }), Unlisted::Stays)[0].0, "machine");
    assert!(!world.wrong(&json!([]), Unlisted::Stays).is_empty());
    assert!(!world.wrong(&json!({ "machines": { "x": 5 } }), Unlisted::Stays).is_empty());
}

#[test]
fn nothing_goes_that_something_else_refers_to() {
    let world = full();
    let file = world.export();
    let mut fewer = json!({ "scopes": file["scopes"] });
    fewer["scopes"].as_object_mut().unwrap().remove("mcp:read");
    let wrong = world.wrong(&fewer, Unlisted::IsRemoved);
    assert!(
        wrong.iter().any(|(place, why)| place == "scopes.\"mcp:read\"" && why.contains("machines.robot")),
        "{wrong:?}"
    );
    let wrong = world.wrong(&json!({ "resources": {} }), Unlisted::IsRemoved);
    assert!(wrong.iter().any(|(place, _)| place == "resources.\"https://mcp.example/a\""), "{wrong:?}");
    assert_eq!(world.apply(&fewer), Vec::<String>::new(), "without the word nothing goes");
}

#[test]
fn a_client_of_a_common_name_is_its_id() {
    let world = full();
    let twin = world.client("desk");
    let file = world.export();
    let key = twin.id.to_string();
    assert_eq!(file["clients"][&key]["name"], "desk");
    assert_eq!(world.apply(&file), Vec::<String>::new());
    let wrong = world.wrong(&json!({ "clients": { "desk": {} } }), Unlisted::Stays);
    assert!(wrong[0].1.contains("several clients"), "{wrong:?}");
    let other = World::new();
    let wrong = other.wrong(&json!({ "clients": { &key: { "name": "desk" } } }), Unlisted::Stays);
    assert_eq!(wrong[0].0, format!("clients.{key}"));
}

#[test]
fn an_owner_who_is_gone_stays_until_somebody_else_is_named() {
    let world = full();
    let file = world.export();
    world.suspend(&crate::world::Someone { id: world.person_id("ada"), email: "ada@example.com".to_owned() });
    assert_eq!(world.apply(&file), Vec::<String>::new());
    let outcome = world.block(machines::hand_over(
        &world.app,
        &world.operator(),
        world.machine_named("robot").unwrap().id,
        writ::operations::seen::Seen::Anything,
        "ada@example.com".parse().unwrap(),
    ));
    assert!(matches!(outcome, Err(Declined::Invalid(_))));
}
