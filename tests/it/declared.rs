//! One file that says how things are: written out, compared, applied as a whole.

use serde_json::{Value, json};
use writ::model::{AuthMethod, ClientId, ClientState, GrantType, Machine, MachineKind, PersonBy, Subject, TenantName};
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::crossings::{self, NewCrossing};
use writ::operations::declared::{self, Applied, Doing, NotApplied, Unlisted};
use writ::operations::declined::Declined;
use writ::operations::delegations::{self, NewDelegation};
use writ::operations::machines::{self, NewMachine, Terms};
use writ::operations::providers::{self, NewProvider};
use writ::operations::roles::{self, MembershipChange};
use writ::operations::seen::Seen;
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
        client.grant_types.push(GrantType::TokenExchange);
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
    world.role("staging/viewer", "index:read users.create");
    // One that is stopped, and that a workload could be, for a while.
    let porter = world.machine_with(terms("porter"), &ada);
    let porter_id = world.machine_id(&porter);
    let trust = NewCredential {
        name: DisplayName::parse("pipeline").unwrap(),
        proof: NewProof::Trust(serde_json::from_value(trust()).unwrap()),
        expires_at: Some(world.now().plus(writ::base::Lifetime::from_days(60))),
    };
    world.block(credentials::create(&world.app, &world.operator(), porter_id, trust)).unwrap();
    world
        .block(machines::suspend(
            &world.app,
            &world.operator(),
            porter_id,
            writ::operations::seen::Seen::Anything,
            "out of order",
        ))
        .unwrap();
    let stopped = world.confidential("stopped");
    let stop = writ::operations::clients::suspend;
    world.block(stop(&world.app, &world.operator(), stopped.id, Seen::Anything, "out of order")).unwrap();
    let eve = world.person("eve");
    let delegate = |actor, subject, may_act| {
        let new = NewDelegation {
            actor,
            subject,
            scope: "mcp:read".parse().unwrap(),
            resources: vec![writ::base::Resource::parse("https://mcp.example/a").unwrap()],
            may_act,
            across: false,
            purpose: "answers tickets".to_owned(),
            lasts: writ::base::Lifetime::from_days(30),
        };
        world.block(delegations::grant(&world.app, &world.operator(), new)).unwrap();
    };
    delegate(id, Subject::Person(eve.id), Some(porter_id));
    delegate(porter_id, Subject::Client(ClientId::Machine(id)), None);
    let give = vec!["main/deployer".parse().unwrap()];
    let custom_claims = serde_json::from_value(json!({ "floor": 3 })).unwrap();
    let change = MembershipChange { give, custom_claims: Some(custom_claims), ..MembershipChange::default() };
    world.block(roles::change_membership(&world.app, &world.operator(), eve.id, Seen::Anything, change)).unwrap();
    let keys = json!({ "keys": [KeyPair::new("ES256").jwk("idp-1")] });
    for (issuer, jwks, person_by) in [
        ("https://login.example", Some(keys), PersonBy::Email { domains: vec!["example.com".to_owned()] }),
        ("https://idp.example", None, PersonBy::Link),
    ] {
        let new = NewProvider { issuer: issuer.to_owned(), jwks_uri: None, jwks, person_by };
        world.block(providers::trust(&world.app, &world.operator(), new)).unwrap();
    }
    let terms = crossings::Terms {
        audience: "https://chat.example".to_owned(),
        client_there: Some("crm-7".to_owned()),
        scope: "chat.read".parse().unwrap(),
        resources: vec![writ::base::Resource::parse("https://chat.example/api").unwrap()],
    };
    let new = NewCrossing { client: crm.id, terms };
    world.block(crossings::allow(&world.app, &world.operator(), new)).unwrap();
    world
}

fn trust() -> Value {
    json!({
        "issuer": "https://issuer.example", "audience": "https://writ.example", "token_use": "until_it_ends",
        "rules": [{ "claim": "sub", "is": "a|b" }, { "claim": "ref", "starts_with": "refs/" }],
    })
}

#[test]
fn what_one_exports_another_takes_and_exports_again() {
    let world = full();
    let file = world.export();
    let machines = file["machines"].as_object().unwrap();
    assert_eq!(machines.keys().collect::<Vec<_>>(), ["porter", "robot", "staging/robot"]);
    assert_eq!(
        (&file["machines"]["porter"]["suspended"], &file["clients"]["stopped"]["suspended"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(file["machines"]["porter"]["credentials"][0]["rules"][0], json!({ "claim": "sub", "is": "a|b" }));
    assert_eq!(file["roles"]["staging/viewer"], json!({ "permissions": ["index:read", "users.create"] }));
    assert_eq!(file["machines"]["robot"]["credentials"].as_array().unwrap().len(), 2, "the public ones");
    assert_eq!(world.apply(&file), Vec::<String>::new(), "it is so already");
    assert_eq!(world.prune(&file), Vec::<String>::new());

    let other = World::new();
    // Who is missing is said, each by their address, and nothing is done.
    let missing = other.wrong(&file, Unlisted::Stays);
    let named = |place: &str, email: &str| missing.iter().any(|(at, why)| at == place && why.contains(email));
    assert!(named("machines.robot.owner", "ada@example.com"), "{missing:?}");
    assert!(named("delegations.\"robot for eve@example.com\".person", "eve@example.com"), "{missing:?}");
    assert!(named("memberships.\"eve@example.com\"", "eve@example.com"), "{missing:?}");
    other.administrator("ada");
    other.person("eve");
    let done = other.apply(&file);
    assert_eq!(
        done,
        [
            "create tenants.staging",
            "create roles.deployer",
            "create roles.\"staging/viewer\"",
            "create memberships.\"eve@example.com\"",
            "create resources.\"https://mcp.example/a\"",
            "create clients.crm",
            "create clients.desk",
            "create clients.stopped",
            "create machines.porter",
            "create machines.robot",
            "create machines.\"staging/robot\"",
            "create delegations.\"porter for robot\"",
            "create delegations.\"robot for eve@example.com\"",
            "create providers.\"https://idp.example\"",
            "create providers.\"https://login.example\"",
            "create crossings.\"crm to https://chat.example\"",
        ]
    );
    assert_eq!(other.export(), file);
    assert_eq!(other.apply(&file), Vec::<String>::new(), "twice is once");
    for event in [
        "tenant.created",
        "role.created",
        "resource.created",
        "client.registered",
        "client.suspended",
        "machine.created",
        "machine.suspended",
        "credential.created",
        "delegation.granted",
        "person.membership_changed",
        "provider.trusted",
        "crossing.allowed",
    ] {
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
    assert_eq!(
        stays,
        ["machines.robot.credentials.key", "machines.porter", "machines.\"staging/robot\""],
        "drift is said"
    );

    assert_eq!(world.apply(&file), ["change machines.robot"]);
    for event in ["machine.handed_over", "machine.changed"] {
        world.expect_event(event);
    }
    assert_eq!(world.machine_named("robot").unwrap().scope.to_string(), "mcp:write");
    assert_eq!(world.apply(&file), Vec::<String>::new());

    // Removing is its own word.
    let row = world.machine_named("robot").unwrap();
    assert_eq!(
        world.prune(&file),
        ["change machines.robot", "remove machines.porter", "remove machines.\"staging/robot\""]
    );
    let left = world.block(credentials::list(&world.app, row.id)).unwrap();
    let mut live: Vec<_> = left.iter().filter(|one| one.is_live(world.now())).map(|one| one.kind.as_str()).collect();
    live.sort_unstable();
    assert_eq!(live, ["access_key", "client_secret", "public_keys"], "secrets are in no file and stay");
    world.expect_event("machine.retired");
    // What the file has no section for is as it was.
    for section in ["tenants", "roles", "scopes", "resources", "clients"] {
        assert_eq!(world.export()[section], before[section]);
    }
}

/// What a token needs for each tool is in the file; which tools a server named is not, for that is not anybody's to declare.
#[test]
fn what_tools_need_is_in_the_file() {
    let world = World::new();
    world.administrator("ada");
    let url = "https://mcp.example/mcp";
    let resource = |tools: Value| {
        json!({ "resources": { url: { "name": "Tickets", "scopes": ["mcp:read", "mcp:write"],
        "tool_scopes": tools } } })
    };
    world.apply(&resource(json!({ "search": "mcp:read", "ping": "" })));
    assert_eq!(world.export()["resources"][url]["tool_scopes"], json!({ "search": "mcp:read", "ping": "" }));
    assert_eq!(world.apply(&world.export()), Vec::<String>::new(), "what was written out is what there is");
    let row = world.read(|view| view.newest(&writ::store::tables::RESOURCES, None, 1)).rows.remove(0).1;
    assert_eq!(row.tool_scopes["ping"], None);
    let wrong = world.wrong(&resource(json!({ "search": "mcp:admin" })), Unlisted::Stays);
    assert!(wrong[0].1.contains("not among the resource's scopes"), "{wrong:?}");
    let wrong = world.wrong(&resource(json!({ "two words": "mcp:read" })), Unlisted::Stays);
    assert!(wrong[0].1.contains("no name of a tool"), "{wrong:?}");
    world.apply(&resource(json!({})));
    assert_eq!(world.export()["resources"][url].get("tool_scopes"), None);
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
    assert_eq!(gone.iter().filter(|line| line.starts_with("remove ")).count(), 9, "{gone:?}");
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

#[test]
fn tenants_roles_and_delegations_change_and_go() {
    let world = full();
    let mut file = world.export();
    file["tenants"]["acme"] = json!({ "title": "Acme Ltd" });
    file["tenants"]["staging"]["title"] = json!("Staging");
    file["roles"]["acme/admin"] = json!({ "permissions": ["users.create"] });
    file["roles"]["deployer"]["permissions"] = json!(["deploy", "roll back"]);
    let wrong = world.wrong(&file, Unlisted::Stays);
    assert_eq!(wrong[0].0, "roles.deployer.permissions");
    file["roles"]["deployer"]["permissions"] = json!(["deploy", "roll.back"]);
    file["machines"]["acme/clerk"] = json!({ "owner": "ada@example.com", "purpose": "new", "kind": "ci", "roles": ["admin"], "scope": ["mcp:read"] });
    file["delegations"][1]["purpose"] = json!("answers letters");
    assert_eq!(
        world.apply(&file),
        [
            "create tenants.acme",
            "change tenants.staging",
            "create roles.\"acme/admin\"",
            "change roles.deployer",
            "create machines.\"acme/clerk\"",
            "change delegations.\"robot for eve@example.com\"",
        ]
    );
    for event in ["tenant.changed", "role.changed", "delegation.revoked", "delegation.granted"] {
        world.expect_event(event);
    }
    assert_eq!(world.apply(&file), Vec::<String>::new());
    assert_eq!(world.export(), file);

    // What is in no file stays, and is said; without it things go, if nobody needs them.
    let fewer = json!({ "delegations": [], "tenants": {}, "roles": {} });
    let said = world.try_apply(&fewer, Unlisted::Stays, Doing::Said).unwrap();
    assert_eq!((lines(&said).len(), said.plan.changes.len()), (0, 7), "{:?}", said.plan.changes);
    let wrong = world.wrong(&fewer, Unlisted::IsRemoved);
    let places: Vec<&str> = wrong.iter().map(|(place, _)| place.as_str()).collect();
    for place in ["tenants.acme", "tenants.staging", "roles.deployer", "roles.\"acme/admin\""] {
        assert!(places.contains(&place), "{place}: {wrong:?}");
    }
    file["roles"].as_object_mut().unwrap().remove("staging/viewer");
    file["roles"].as_object_mut().unwrap().remove("acme/admin");
    file["tenants"].as_object_mut().unwrap().remove("acme");
    file["machines"].as_object_mut().unwrap().remove("acme/clerk");
    file["delegations"] = json!([file["delegations"][0]]);
    assert_eq!(
        world.prune(&file),
        [
            "remove tenants.acme",
            "remove roles.\"acme/admin\"",
            "remove roles.\"staging/viewer\"",
            "remove machines.\"acme/clerk\"",
            "remove delegations.\"robot for eve@example.com\"",
        ]
    );
    assert_eq!(world.export(), file);

    // A role that a person has is not a file's to take that says nothing of them.
    file.as_object_mut().unwrap().remove("memberships");
    let held = world.role("main/auditor", "audit:read");
    let (ada, give) = (world.person_id("ada"), vec![held]);
    let change = MembershipChange { give, ..MembershipChange::default() };
    world.block(roles::change_membership(&world.app, &world.operator(), ada, Seen::Anything, change)).unwrap();
    let wrong = world.wrong(&file, Unlisted::IsRemoved);
    assert_eq!(wrong[0].0, "roles.auditor");
}

/// A file that does not say a word about it must not undo what somebody stopped in a hurry.
#[test]
fn a_stop_ends_only_where_a_file_says_so() {
    let world = full();
    let mut file = world.export();
    file["machines"]["porter"].as_object_mut().unwrap().remove("suspended");
    file["clients"]["stopped"].as_object_mut().unwrap().remove("suspended");
    let said = world.try_apply(&file, Unlisted::IsRemoved, Doing::Done).unwrap();
    assert_eq!(lines(&said), Vec::<String>::new());
    let places: Vec<&str> = said.plan.changes.iter().map(|change| change.place.as_str()).collect();
    assert_eq!(places, ["clients.stopped.suspended", "machines.porter.suspended"], "drift is said");
    assert_eq!(world.machine_named("porter").unwrap().state, ClientState::Suspended);

    file["machines"]["porter"]["suspended"] = json!(false);
    file["machines"]["robot"]["suspended"] = json!(true);
    file["machines"]["robot"]["purpose"] = json!("Sleeps");
    file["clients"]["stopped"]["suspended"] = json!(false);
    file["clients"]["desk"]["suspended"] = json!(true);
    assert_eq!(
        world.apply(&file),
        ["change clients.desk", "change clients.stopped", "change machines.porter", "change machines.robot"]
    );
    for event in ["client.suspended", "client.resumed", "machine.resumed", "machine.suspended"] {
        world.expect_event(event);
    }
    let (robot, porter) = (world.machine_named("robot").unwrap(), world.machine_named("porter").unwrap());
    assert_eq!((robot.state, robot.purpose.as_str()), (ClientState::Suspended, "Sleeps"));
    assert!(robot.void_before.is_some() && robot.stopped.is_some(), "its tokens are over");
    assert_eq!((porter.state, porter.stopped), (ClientState::Active, None));
    assert!(porter.void_before.is_some(), "what it had before it was stopped stays over");
    assert_eq!(world.apply(&file), Vec::<String>::new());
    let rows = world.read(|view| view.page(&CLIENTS, None, 100)).rows;
    for name in ["desk", "stopped"] {
        let row = rows.iter().map(|(_, row)| row).find(|row| row.name == name).unwrap();
        assert!(row.void_before.is_some(), "{name}: a change takes nothing back");
    }
    // Whose owner was stopped does not act again.
    world.suspend(&crate::world::Someone { id: world.person_id("ada"), email: "ada@example.com".to_owned() });
    file["machines"]["robot"]["suspended"] = json!(false);
    let wrong = world.wrong(&json!({ "machines": file["machines"] }), Unlisted::Stays);
    assert!(wrong.iter().any(|(place, _)| place == "machines.robot.suspended"), "{wrong:?}");
}

#[test]
fn delegations_and_trusts_that_cannot_be_are_named() {
    let world = full();
    let file = world.export();
    let one = |name: &str, value: Value| {
        let mut one = file["delegations"][1].clone();
        one[name] = value;
        let wrong = world.wrong(&json!({ "delegations": [one] }), Unlisted::Stays);
        wrong[0].0.clone()
    };
    let place = "delegations.\"robot for eve@example.com\"";
    assert_eq!(one("scope", json!([])), "delegations.0.scope");
    assert_eq!(one("scope", json!(["no:such"])), format!("{place}.scope"));
    assert_eq!(one("resources", json!(["https://nowhere.example/"])), format!("{place}.resources"));
    assert_eq!(one("purpose", json!("")), "delegations.0.purpose");
    assert_eq!(one("expires_at", json!("2020-01-01T00:00:00Z")), "delegations.0.expires_at");
    assert_eq!(one("expires_at", json!("2099-01-01T00:00:00Z")), "delegations.0.expires_at");
    assert_eq!(one("machine", json!("porter")), "delegations.0.person");
    assert_eq!(one("actor", json!("nobody")), "delegations.\"nobody for eve@example.com\".actor");
    assert_eq!(one("may_act", json!("nobody")), format!("{place}.may_act"));
    assert_eq!(one("may_act", json!("staging/robot")), place);
    let mut elsewhere = file["delegations"][1].clone();
    elsewhere["actor"] = json!("staging/robot");
    elsewhere.as_object_mut().unwrap().remove("may_act");
    let wrong = world.wrong(&json!({ "delegations": [elsewhere] }), Unlisted::Stays);
    assert!(wrong[0].0.ends_with(".person") && wrong[0].1.contains("across"), "{wrong:?}");
    elsewhere["across"] = json!(true);
    let said = world.try_apply(&json!({ "delegations": [elsewhere] }), Unlisted::Stays, Doing::Said).unwrap();
    assert_eq!(lines(&said), ["create delegations.\"staging/robot for eve@example.com\""]);
    assert_eq!(one("person", json!("nobody@example.com")), "delegations.\"robot for nobody@example.com\".person");
    let twice = json!({ "delegations": [file["delegations"][1], file["delegations"][1]] });
    assert_eq!(world.wrong(&twice, Unlisted::Stays)[0].0, place);

    // What a person granted is theirs.
    let bob = world.person("bob");
    let mut own = file["delegations"][1].clone();
    own["person"] = json!("bob@example.com");
    world.apply(&json!({ "delegations": [own] }));
    let robot = world.machine_named("robot").unwrap().id;
    world.change("as if granted by the person", move |tx| {
        use writ::store::tables::DELEGATIONS;
        let (id, row) = tx
            .page(&DELEGATIONS, None, 100)?
            .rows
            .into_iter()
            .find(|(_, row)| row.subject == Subject::Person(bob.id))
            .unwrap();
        let row = writ::model::Delegation { granted_by: writ::model::Actor::Person(bob.id), ..row };
        tx.put(&DELEGATIONS, &id, &row)?;
        tx.record(writ::model::Event::ScopeCreated { scope: robot.to_string() })
    });
    assert_eq!(world.export()["delegations"], file["delegations"], "and in no file");
    own["purpose"] = json!("other");
    let wrong = world.wrong(&json!({ "delegations": [own] }), Unlisted::Stays);
    assert!(wrong[0].1.contains("theirs to change"), "{wrong:?}");
    assert_eq!(world.prune(&json!({ "delegations": file["delegations"] })), Vec::<String>::new());

    // Two machines that one token would mean, and a trust that could mean anybody.
    let mut machines = json!({ "machines": { "robot": file["machines"]["robot"] } });
    machines["machines"]["robot"]["credentials"] = file["machines"]["porter"]["credentials"].clone();
    let wrong = world.wrong(&machines, Unlisted::Stays);
    assert!(wrong[0].0.ends_with(".credentials") && wrong[0].1.contains("same tokens"), "{wrong:?}");
    machines["machines"]["robot"]["credentials"][0]["rules"] = json!([{ "claim": "ref", "is": "main" }]);
    assert_eq!(world.wrong(&machines, Unlisted::Stays)[0].0, "machines.robot.credentials");
    machines["machines"]["robot"]["credentials"][0] =
        json!({ "name": "k", "kind": "key-set", "jwks_uri": "http://k.example" });
    assert_eq!(world.wrong(&machines, Unlisted::Stays)[0].0, "machines.robot.credentials");
    // From one to the other it moves in one step.
    let mut machines = json!({ "machines": file["machines"] });
    machines["machines"]["robot"]["credentials"] = file["machines"]["porter"]["credentials"].clone();
    machines["machines"]["porter"].as_object_mut().unwrap().remove("credentials");
    assert_eq!(world.prune(&machines), ["change machines.porter", "change machines.robot"]);
}

/// The appliance itself is no resource that a file could put somebody else's server in the place of.
#[test]
fn a_file_registers_no_resource_that_is_the_appliance() {
    let world = full();
    for resource in [
        json!({ format!("{}/", crate::world::ISSUER): { "name": "Mine", "scopes": ["mcp:read"] } }),
        json!({ "https://r.example/": { "name": "R", "scopes": ["mcp:read"], "aliases": [crate::world::ISSUER] } }),
    ] {
        let wrong = world.wrong(&json!({ "resources": resource }), Unlisted::Stays);
        assert!(wrong[0].1.contains("this appliance itself"), "{wrong:?}");
    }
}

/// People are in no file: they are named by their addresses, and whoever is not here is said.
#[test]
fn what_people_are_in_the_tenants_is_said_by_their_addresses() {
    let world = full();
    let ada = world.person_id("ada");
    let mut file = world.export();
    assert_eq!(
        file["memberships"],
        json!({ "eve@example.com": { "roles": ["main/deployer"], "custom_claims": { "floor": 3 } } })
    );
    let with = |file: &Value, email: &str, said: Value| {
        let mut file = file.clone();
        file["memberships"][email] = said;
        file
    };
    for (email, said, place, words) in [
        ("bob@example.com", json!({}), "memberships.\"bob@example.com\"", "nobody here has this e-mail address"),
        ("bob", json!({}), "memberships.bob", "this is not an e-mail address"),
        ("EVE@example.com", json!({}), "memberships.\"eve@example.com\"", "twice"),
        ("ada@example.com", json!({ "roles": ["main/none"] }), "memberships.\"ada@example.com\".roles", "neither here"),
        ("ada@example.com", json!({ "roles": ["none"] }), "memberships.\"ada@example.com\".roles", "none"),
        ("ada@example.com", json!({ "role": [] }), "memberships.\"ada@example.com\".role", "no such member"),
        (
            "ada@example.com",
            json!({ "custom_claims": { "a": "x".repeat(5_000) } }),
            "memberships.\"ada@example.com\".custom_claims",
            "4 KiB",
        ),
    ] {
        let wrong = world.wrong(&with(&file, email, said), Unlisted::Stays);
        assert!(wrong.iter().any(|(at, why)| at == place && why.contains(words)), "{email}: {wrong:?}");
    }
    // To be nothing is what most people are: it makes no row, and no line.
    assert_eq!(world.apply(&with(&file, "ada@example.com", json!({}))), Vec::<String>::new());

    // A role, somebody who has it, and a machine of its tenant that acts for them: all by one file.
    file["tenants"]["acme"] = json!({ "title": "Acme" });
    file["roles"]["acme/admin"] = json!({ "permissions": ["users.create"] });
    file["memberships"]["ada@example.com"] = json!({ "roles": ["acme/admin"] });
    file["memberships"]["eve@example.com"]["roles"] = json!(["main/deployer", "staging/viewer"]);
    file["machines"]["acme/clerk"] =
        json!({ "owner": "ada@example.com", "purpose": "new", "kind": "ci", "scope": ["mcp:read"] });
    let delegations = file["delegations"].as_array_mut().unwrap();
    let ends = delegations[0]["expires_at"].clone();
    delegations.insert(
        0,
        json!({ "actor": "acme/clerk", "person": "ada@example.com", "scope": ["mcp:read"], "purpose": "letters", "expires_at": ends }),
    );
    assert_eq!(
        world.apply(&file),
        [
            "create tenants.acme",
            "create roles.\"acme/admin\"",
            "create memberships.\"ada@example.com\"",
            "change memberships.\"eve@example.com\"",
            "create machines.\"acme/clerk\"",
            "create delegations.\"acme/clerk for ada@example.com\"",
        ]
    );
    world.expect_event("person.membership_changed");
    assert_eq!(world.export(), file);
    assert_eq!(world.apply(&file), Vec::<String>::new());
    let is = |id| world.block(roles::membership_by_id(&world.app, id)).unwrap();
    assert_eq!(is(ada).roles, ["acme/admin".parse().unwrap()]);

    // Whoever is not in the file stays what they are, and a role goes with those who have it, or not at all.
    let section = json!({ "memberships": {} });
    let said = world.try_apply(&section, Unlisted::Stays, Doing::Said).unwrap();
    assert_eq!((lines(&said).len(), said.plan.changes.len()), (0, 2), "{:?}", said.plan.changes);
    let mut fewer = file.clone();
    fewer["roles"].as_object_mut().unwrap().remove("staging/viewer");
    let wrong = world.wrong(&fewer, Unlisted::IsRemoved);
    assert!(wrong.iter().any(|(place, _)| place == "memberships.\"eve@example.com\".roles"), "{wrong:?}");
    fewer["memberships"]["eve@example.com"] = json!({ "roles": ["main/deployer"] });
    fewer["memberships"].as_object_mut().unwrap().remove("ada@example.com");
    fewer["machines"].as_object_mut().unwrap().remove("acme/clerk");
    fewer["delegations"].as_array_mut().unwrap().remove(0);
    assert_eq!(
        world.prune(&fewer),
        [
            "remove roles.\"staging/viewer\"",
            "change memberships.\"eve@example.com\"",
            "remove memberships.\"ada@example.com\"",
            "remove machines.\"acme/clerk\"",
            "remove delegations.\"acme/clerk for ada@example.com\"",
        ]
    );
    assert_eq!(world.export(), fewer);
    assert!(is(ada).roles.is_empty());
}

#[test]
fn providers_and_crossings_change_and_go() {
    let world = full();
    let mut file = world.export();
    let crm = file["crossings"][0].clone();
    assert_eq!((&crm["client"], &crm["client_there"]), (&json!("crm"), &json!("crm-7")));
    assert_eq!(file["providers"]["https://idp.example"], json!({}));
    assert_eq!(file["providers"]["https://login.example"]["email_domains"], json!(["example.com"]));
    let eve = world.person_id("eve");
    let login = world.block(providers::named(&world.app, "https://idp.example")).unwrap().id;
    world.block(providers::link(&world.app, &world.operator(), login, "U1".to_owned(), eve)).unwrap();

    let keys = file["providers"]["https://login.example"]["jwks"].clone();
    for (issuer, said, member) in [
        ("http://idp.example", json!({}), ".issuer"),
        (crate::world::ISSUER, json!({}), ".issuer"),
        ("https://new.example", json!({ "jwks": keys, "jwks_uri": "https://new.example/keys" }), ".jwks"),
        ("https://new.example", json!({ "jwks": { "keys": [] } }), ".jwks"),
        ("https://new.example", json!({ "email_domains": ["com"] }), ".email_domains"),
        ("https://new.example", json!({ "links": {} }), ".links"),
    ] {
        let mut other = file.clone();
        other["providers"][issuer] = said;
        let wrong = world.wrong(&other, Unlisted::Stays);
        assert_eq!(wrong[0].0, format!("providers.{issuer:?}{member}"), "{wrong:?}");
    }
    let crossing =
        |client: &str, audience: &str| json!({ "client": client, "audience": audience, "scope": ["chat.read"] });
    for (said, words) in [
        (crossing("nobody", "https://chat.example"), "there is no client nobody"),
        (crossing("cli_00000000000000000000000000", "https://chat.example"), "there is no client"),
        (crossing("desk", "https://chat.example"), "a way to authenticate"),
        (crossing("crm", "https://chat.example"), "twice"),
        (crossing("crm", "http://chat.example"), "no https:// address"),
        (crossing("crm", crate::world::ISSUER), "nobody needs a crossing to it"),
        (json!({ "client": "crm", "audience": "https://other.example" }), "1 to 64 scopes"),
        (json!({ "audience": "https://other.example", "scope": ["x"] }), "this is missing"),
    ] {
        let mut other = file.clone();
        other["crossings"].as_array_mut().unwrap().push(said.clone());
        let wrong = world.wrong(&other, Unlisted::Stays);
        assert!(wrong.iter().any(|(_, why)| why.contains(words)), "{said}: {wrong:?}");
    }

    // A client and where it may carry our word, in one file.
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    file["clients"]["Wiki"] = json!({
        "redirect_uris": ["https://wiki.example/cb"], "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", exchange],
    });
    file["crossings"].as_array_mut().unwrap().insert(0, crossing("Wiki", "https://chat.example"));
    file["crossings"][1]["scope"] = json!(["chat.write"]);
    file["providers"]["https://idp.example"] = json!({ "jwks_uri": "https://idp.example/keys" });
    file["providers"]["https://new.example"] = json!({});
    let done = world.apply(&file);
    assert_eq!(
        done,
        [
            "create clients.Wiki",
            "change providers.\"https://idp.example\"",
            "create providers.\"https://new.example\"",
            "create crossings.\"Wiki to https://chat.example\"",
            "change crossings.\"crm to https://chat.example\"",
        ]
    );
    for event in ["provider.trusted", "provider.changed", "crossing.removed", "crossing.allowed"] {
        world.expect_event(event);
    }
    let now = world.export();
    for section in ["providers", "crossings"] {
        let sorted = |file: &Value| {
            let mut all: Vec<String> = file[section].as_array().into_iter().flatten().map(Value::to_string).collect();
            all.sort();
            (all, file[section].as_object().cloned())
        };
        assert_eq!(sorted(&now), sorted(&file), "{section}");
    }
    assert_eq!(world.apply(&file), Vec::<String>::new());
    let links = world.block(providers::links(&world.app, login, None, 10)).unwrap().rows;
    assert_eq!(links.len(), 1, "one that is changed keeps its links");

    // One by its id is the same.
    let wiki = world.read(|view| view.page(&CLIENTS, None, 100)).rows;
    let wiki = wiki.into_iter().find(|(_, client)| client.name == "Wiki").unwrap().1.id.to_string();
    let mut by_id = file.clone();
    by_id["crossings"][0] = crossing(&wiki, "https://chat.example");
    by_id["crossings"][0]["client_there"] = json!(wiki);
    assert_eq!(world.apply(&by_id), Vec::<String>::new());

    file["providers"].as_object_mut().unwrap().remove("https://idp.example");
    file["crossings"].as_array_mut().unwrap().remove(0);
    assert_eq!(
        world.prune(&file),
        ["remove providers.\"https://idp.example\"", "remove crossings.\"Wiki to https://chat.example\""]
    );
    assert_eq!(world.export()["providers"], file["providers"]);
    let left = world.block(providers::links(&world.app, login, None, 10));
    assert!(matches!(left, Err(Declined::Missing(_))), "its links went with it");
}
