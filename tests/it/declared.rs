//! One file that says how things are: written out, compared, applied as a whole.

use serde_json::{Value, json};
use writ::model::{
    Actor, AuthMethod, ClientId, Delegation, Event, GrantType, Machine, MachineKind, PersonBy, Subject, TenantName,
};
use writ::operations::clients;
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::crossings::{self, NewCrossing};
use writ::operations::declared::{self, Applied, Doing, NotApplied, Unlisted};
use writ::operations::delegations::{self, NewDelegation};
use writ::operations::machines::{self, NewMachine, Terms};
use writ::operations::providers::{self, NewProvider, SignInTerms};
use writ::operations::roles::{self, MembershipChange};
use writ::operations::seen::Seen;
use writ::protocol::display_name::DisplayName;
use writ::store::Read as _;
use writ::store::tables::{CLIENTS, DELEGATIONS, MACHINES, MACHINES_BY_NAME, machine_key};

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
        let sign_in = (person_by == PersonBy::Link).then(|| SignInTerms {
            name: Some("Northwind".to_owned()),
            client_id: Some("writ".to_owned()),
            secret: Some(Some(writ::base::Secret::new("of theirs"))),
            ..SignInTerms::default()
        });
        let new = NewProvider { issuer: issuer.to_owned(), jwks_uri: None, jwks, person_by, sign_in };
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

/// What a resource's tokens say beside scopes is in the file where somebody chose; a choice of nothing is one too.
#[test]
fn what_tokens_say_is_in_the_file() {
    let world = World::new();
    world.administrator("ada");
    let url = "https://mcp.example/mcp";
    let resource = |claims: Value| json!({ "resources": { url: { "name": "Tickets", "claims": claims } } });
    for claims in [json!(["roles", "tenant"]), json!(["custom_claims"]), json!(["none"])] {
        world.apply(&resource(claims.clone()));
        assert_eq!(world.export()["resources"][url]["claims"], claims);
        assert_eq!(world.apply(&world.export()), Vec::<String>::new(), "what was written out is what there is");
    }
    let row = world.read(|view| view.newest(&writ::store::tables::RESOURCES, None, 1)).rows.remove(0).1;
    assert_eq!(row.said().count(), 0);
    for (claims, why) in [(json!(["permissions"]), "hold in a tenant"), (json!(["email"]), "custom_claims")] {
        let wrong = world.wrong(&resource(claims), Unlisted::Stays);
        assert!(wrong[0].1.contains(why), "{wrong:?}");
    }
    world.apply(&json!({ "resources": { url: { "name": "Tickets" } } }));
    assert_eq!(world.export()["resources"][url].get("claims"), None);
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
    let wrong = other.wrong(&json!({ "clients": { &key: {} } }), Unlisted::Stays);
    assert_eq!(wrong[0].0, format!("clients.{key}.name"));
    // One that registered itself is in no file.
    let stranger = crate::world::ClientApp::registers(&world, "stranger").id.to_string();
    let wrong = world.wrong(&json!({ "clients": { &stranger: { "name": "desk" } } }), Unlisted::Stays);
    assert_eq!(wrong[0].0, format!("clients.{stranger}"));
}

/// Two of one name are told apart by the ids that they had where the file was written, also where they have others.
#[test]
fn clients_of_one_name_are_made_elsewhere_and_known_again() {
    let world = World::new();
    let (one, two) = (world.confidential("desk"), world.confidential("desk"));
    for client in [&one, &two] {
        world.edit_client(client, |client| client.grant_types.push(GrantType::TokenExchange));
    }
    let terms = crossings::Terms {
        audience: "https://chat.example".to_owned(),
        client_there: Some("desk".to_owned()),
        scope: "chat.read".parse().unwrap(),
        resources: Vec::new(),
    };
    world
        .block(crossings::allow(&world.app, &world.operator(), NewCrossing { client: two.id.clone(), terms }))
        .unwrap();
    let file = world.export();
    let mut keys = [one.id.to_string(), two.id.to_string()];
    keys.sort();
    assert_eq!(file["clients"].as_object().unwrap().keys().collect::<Vec<_>>(), keys.iter().collect::<Vec<_>>());

    let other = World::new();
    let made = other.try_apply(&file, Unlisted::Stays, Doing::Done).unwrap();
    assert_eq!(made.made.len(), 2, "{:?}", lines(&made));
    assert!(made.made.iter().all(|one| one.secret.is_some() && !keys.contains(&one.id.to_string())));
    assert_eq!(other.apply(&file), Vec::<String>::new(), "they are known again");
    assert_eq!(other.export()["clients"], file["clients"]);
    let crossing = &other.export()["crossings"][0];
    assert_eq!((&crossing["client"], &crossing["client_there"]), (&json!(two.id.to_string()), &json!("desk")));
    // One that comes and goes by such a key.
    let mut fewer = file.clone();
    fewer["clients"].as_object_mut().unwrap().remove(&one.id.to_string());
    assert_eq!(other.prune(&fewer), [format!("remove clients.{}", one.id)]);
    assert_eq!(other.apply(&file), [format!("create clients.{}", one.id)]);
}

/// Whatever was removed, or stopped: what is written out of an appliance can be read back into it and changes nothing.
#[test]
fn nothing_that_was_removed_leaves_something_behind() {
    let world = full();
    let by = world.operator();
    let crm = world.read(|view| view.page(&CLIENTS, None, 100)).rows;
    let crm = crm.into_iter().find(|(_, client)| client.name == "crm").unwrap().1;
    // A person who is acted for.
    world.suspend(&crate::world::Someone { id: world.person_id("eve"), email: "eve@example.com".to_owned() });
    let file = world.export();
    assert!(file["delegations"].as_array().unwrap().iter().any(|one| one["person"] == "eve@example.com"));
    assert_eq!(world.apply(&file), Vec::<String>::new());
    let mut changed = file.clone();
    let of_eve =
        changed["delegations"].as_array_mut().unwrap().iter_mut().find(|one| one["person"].is_string()).unwrap();
    of_eve["purpose"] = json!("reads mail");
    let wrong = world.wrong(&changed, Unlisted::Stays);
    assert!(wrong.iter().any(|(_, why)| why == "this person is suspended"), "{wrong:?}");

    // A client with a crossing: it goes along, in the plan as well.
    let mut fewer = file.clone();
    fewer["clients"].as_object_mut().unwrap().remove("crm");
    fewer.as_object_mut().unwrap().remove("crossings");
    let plan = world.try_apply(&fewer, Unlisted::IsRemoved, Doing::Said).unwrap().plan;
    let line = plan.changes.iter().find(|change| change.place == "clients.crm").unwrap();
    let crossings = line.fields.iter().find(|field| field.name == "crossings").unwrap();
    assert_eq!(crossings.before, Some(json!(["https://chat.example"])));
    world.block(clients::remove(&world.app, &by, crm.id, Seen::Anything)).unwrap();
    world.expect_event("crossing.removed");
    assert_eq!(world.export()["crossings"], json!([]));
    assert_eq!(world.apply(&world.export()), Vec::<String>::new());

    // A machine that acts for somebody, and that another acts for.
    let robot = world.machine_named("robot").unwrap().id;
    world.block(machines::retire(&world.app, &by, robot, Seen::Anything, "replaced")).unwrap();
    world.expect_event("delegation.revoked");
    assert_eq!(world.export()["delegations"], json!([]));
    let which = delegations::Which { actor: Some(robot), ..delegations::Which::default() };
    let listed = world.block(delegations::list(&world.app, world.now(), which, None, 10)).unwrap().rows;
    assert!(!listed.is_empty() && listed.iter().all(|(_, one)| one.standing(world.now()) == "revoked"));
    assert_eq!(world.apply(&world.export()), Vec::<String>::new());
}

/// What a file does not have is not taken from those who are in no file.
#[test]
fn what_somebody_lets_act_for_them_alone_is_not_pruned_under_them() {
    let world = World::new();
    let (ada, eve) = (world.administrator("ada"), world.person("eve"));
    let resource = world.resource("https://mcp.example/own", "mcp:read");
    let robot = world.machine("robot", &ada, "mcp:read");
    let new = NewDelegation {
        actor: world.machine_id(&robot),
        subject: Subject::Person(eve.id),
        scope: "mcp:read".parse().unwrap(),
        resources: vec![resource.identifier],
        may_act: None,
        across: false,
        purpose: "answers tickets".to_owned(),
        lasts: writ::base::Lifetime::from_days(30),
    };
    let made = world.delegate_with(new).unwrap();
    let own = Delegation { granted_by: Actor::Person(eve.id), ..made.clone() };
    let row = own.clone();
    world.change("as if it was hers", move |tx| {
        tx.replace(&DELEGATIONS, &row.id, &made, &row)?;
        tx.record(Event::Tallied { what: "changed".to_owned(), count: 1 })
    });
    for file in [json!({ "resources": {} }), json!({ "resources": {}, "delegations": [] })] {
        let wrong = world.wrong(&file, Unlisted::IsRemoved);
        let at = "resources.\"https://mcp.example/own\"";
        assert!(wrong.iter().any(|(place, why)| place == at && why.contains(&own.id.to_string())), "{wrong:?}");
    }
    // It goes with its machine, and then nothing is in the way.
    world.prune(&json!({ "resources": {}, "machines": {} }));
    assert_eq!(world.export()["resources"], json!({}));
}
