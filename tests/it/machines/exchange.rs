//! Acting in somebody's name. RFC 8693; attack cases 19 to 22.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use writ::base::{Id, Lifetime, Resource};
use writ::model::{
    Access, Actor, ClientState, Delegation, Event, Machine, MachineKind, ProtectedResource, Subject, TenantName,
    TokenFormat,
};
use writ::operations::audit::{self, ActedBy, Which};
use writ::operations::declined::Declined;
use writ::operations::delegations::{self, NewDelegation};
use writ::operations::findings;
use writ::operations::machines::{self, Terms};
use writ::operations::seen::Seen;
use writ::operations::sign_in::recognize;
use writ::protocol::display_name::DisplayName;
use writ::store::tables::MACHINES;
use writ::store::{Entry, Read as _};

use crate::world::{Answer, Browser, ClientApp, ISSUER, KeyPair, Someone, Tokens, World, claims};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

impl World {
    /// A machine that answers for one resource.
    pub fn serving(&self, name: &str, owner: &Someone, serves: &ProtectedResource) -> ClientApp {
        let terms = Terms::new(
            DisplayName::parse(name).unwrap(),
            MachineKind::Agent,
            "tests",
            "mcp:read mcp:write mcp:tools".parse().unwrap(),
        );
        self.machine_with(Terms { serves: vec![serves.identifier.clone()], ..terms }, owner)
    }

    /// What an administrator grants.
    pub fn delegate(&self, actor: &ClientApp, subject: Subject, scope: &str) -> Delegation {
        self.delegate_with(NewDelegation {
            actor: self.machine_id(actor),
            subject,
            scope: scope.parse().unwrap(),
            resources: Vec::new(),
            may_act: None,
            across: false,
            purpose: "answers tickets".to_owned(),
            lasts: Lifetime::from_days(30),
        })
        .unwrap()
    }

    pub fn delegate_with(&self, new: NewDelegation) -> Result<Delegation, Declined> {
        self.block(delegations::grant(&self.app, &self.operator(), new))
    }

    pub fn undelegate(&self, delegation: &Delegation) {
        self.block(delegations::revoke(&self.app, &self.operator(), delegation.id, Seen::Anything, "no longer needed"))
            .unwrap();
    }

    fn acted(&self, actor: Option<&ClientApp>, subject: Option<&str>, name: Option<&str>) -> Vec<Entry> {
        let acting = ActedBy { actor: actor.map(|actor| actor.id.to_string()), subject: subject.map(str::to_owned) };
        let which = Which { acting, event: name.map(str::to_owned), ..Which::default() };
        self.block(audit::list(&self.app, which, None, 100)).unwrap().entries
    }
}

impl ClientApp {
    pub fn exchange(&self, world: &World, subject: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields =
            vec![("grant_type", EXCHANGE), ("subject_token", subject), ("subject_token_type", ACCESS_TOKEN)];
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes);
        self.token_request(world, &fields)
    }
}

/// A person, an application of theirs at the first of four resources, and a machine behind each.
pub struct Stage {
    pub world: World,
    pub ada: Someone,
    pub browser: Browser,
    pub mail: ClientApp,
    pub resources: Vec<ProtectedResource>,
    pub machines: Vec<ClientApp>,
}

impl Stage {
    pub fn new() -> Self {
        Self::in_world(World::new())
    }

    fn in_world(world: World) -> Self {
        let ada = world.administrator("ada");
        let offers = "mcp:read mcp:write mcp:tools";
        let resources: Vec<ProtectedResource> = ["a", "b", "c", "d"]
            .iter()
            .map(|name| world.resource(&format!("https://mcp.example/{name}"), offers))
            .collect();
        let machines = resources.iter().zip(["desk", "archive", "vault", "cellar"]);
        let machines = machines.map(|(resource, name)| world.serving(name, &ada, resource)).collect();
        let mail = world.client("mail").at(&resources[0]);
        Self { browser: world.signed_in(&ada), mail, ada, resources, machines, world }
    }

    fn desk(&self) -> &ClientApp {
        &self.machines[0]
    }

    fn person(&self) -> Subject {
        Subject::Person(self.ada.id)
    }

    /// Tokens that the person's application has for the first resource.
    pub fn tokens(&mut self) -> Tokens {
        let code = self.mail.code_with(&mut self.browser, &[("scope", "mcp:read mcp:write")]);
        self.mail.redeem(&self.world, &code).tokens()
    }

    pub fn at(&self, n: usize) -> String {
        self.resources[n].identifier.to_string()
    }

    /// From hand to hand: the machine behind each resource exchanges what it was sent for a token for the next one.
    pub fn passed_on(&self, mut token: String, hops: usize) -> Vec<String> {
        let mut all = Vec::new();
        for n in 0..hops {
            let answer = self.machines[n].exchange(&self.world, &token, &[("resource", &self.at(n + 1))]);
            token = answer.tokens().access;
            all.push(token.clone());
        }
        all
    }

    /// The first so many machines may act for somebody.
    pub fn delegated(&self, subject: Subject, machines: usize) -> Vec<Delegation> {
        let each = |machine| self.world.delegate(machine, subject.clone(), "mcp:read mcp:write");
        self.machines[..machines].iter().map(each).collect()
    }

    fn is_active(&self, reader: &ClientApp, token: &str) -> bool {
        reader.introspect(&self.world, token)["active"].as_bool().unwrap()
    }
}

#[test]
fn a_machine_acts_for_a_person_and_the_token_says_so() {
    let mut stage = Stage::new();
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read mcp:write");
    let tokens = stage.tokens();
    stage.world.later(Lifetime::from_minutes(20));
    let (desk, resource) = (stage.desk(), stage.at(1));
    let answer =
        desk.exchange(&stage.world, &tokens.access, &[("resource", &resource), ("scope", "mcp:read mcp:write")]);
    let body = answer.expect_status(200).json();
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN, "RFC 8693 §2.2.1: REQUIRED");
    assert_eq!(body["scope"], "mcp:read mcp:write");
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none());

    let (theirs, ours) = (tokens.claims(), claims(body["access_token"].as_str().unwrap()));
    let id = desk.id.to_string();
    assert_eq!((&ours["sub"], &ours["client_id"], &ours["aud"]), (&theirs["sub"], &json!(id), &json!(resource)));
    assert_eq!(ours["act"], json!({ "sub": id }));
    assert_eq!(
        (&ours["grant_id"], &ours["auth_time"]),
        (&theirs["grant_id"], &theirs["auth_time"]),
        "one line of tokens"
    );
    assert_eq!(ours["exp"], theirs["exp"], "it does not outlive what it came of");
    assert_eq!(body["expires_in"], 2_400);
    assert_eq!(ours.get("type"), None, "a person stands behind it");
    let said = stage.machines[1].introspect(&stage.world, body["access_token"].as_str().unwrap());
    assert_eq!((&said["active"], &said["act"], &said["sub"]), (&json!(true), &ours["act"], &theirs["sub"]));

    // By either name of its kind, and under the name `audience`.
    let changes = [("subject_token_type", JWT), ("requested_token_type", JWT), ("audience", resource.as_str())];
    assert_eq!(
        desk.exchange(&stage.world, &tokens.access, &changes).expect_status(200).json()["issued_token_type"],
        JWT
    );
    let both = [("resource", resource.as_str()), ("audience", resource.as_str())];
    desk.exchange(&stage.world, &tokens.access, &both).tokens();
    let two = [("resource", resource.as_str()), ("audience", "https://mcp.example/c")];
    desk.exchange(&stage.world, &tokens.access, &two).expect_refusal(400, "invalid_target", "ResourceMany");
    desk.exchange(&stage.world, &tokens.access, &[]).expect_refusal(400, "invalid_target", "ResourceMissing");
}

/// Three machines, each behind the one before: who did what through whom is read back from the log.
#[test]
fn a_chain_three_deep_is_read_back_from_the_audit_log() {
    let mut stage = Stage::new();
    let (world, person) = (&stage.world, stage.person());
    let delegations: Vec<Delegation> = stage.machines[..3]
        .iter()
        .map(|machine| world.delegate(machine, person.clone(), "mcp:read mcp:write"))
        .collect();
    let first = stage.tokens();
    let passed = stage.passed_on(first.access.clone(), 3);
    let [desk, archive, vault] = [0, 1, 2].map(|n| stage.machines[n].id.to_string());
    let last = claims(&passed[2]);
    assert_eq!(last["act"], json!({ "sub": vault, "act": { "sub": archive, "act": { "sub": desk } } }));
    assert_eq!(last["sub"], stage.ada.id.to_string());
    let said = stage.machines[3].introspect(&stage.world, &passed[2]);
    assert_eq!(said["act"], last["act"]);

    // Everything that each of them did for her, and all that was done for her.
    let ada = stage.ada.id.to_string();
    let exchanges = |actor| stage.world.acted(actor, Some(&ada), Some("token.exchanged"));
    let counts: Vec<usize> = stage.machines[..3].iter().map(|machine| exchanges(Some(machine)).len()).collect();
    assert_eq!(counts, [3, 2, 1], "the first in the chain is part of all three");
    assert_eq!(exchanges(None).len(), 3);
    let all = stage.world.acted(Some(&stage.machines[0]), Some(&ada), None);
    assert_eq!(all.len(), 4, "and what lets it");
    assert_eq!(all[3].event.name(), "delegation.granted");
    let Event::TokenExchanged { actor, subject, chain, scope, resource, delegation, token, family, .. } = &all[0].event
    else {
        panic!("{:?}", all[0].event)
    };
    assert_eq!((actor.to_string(), subject), (vault, &stage.person()));
    let told: Vec<String> = chain.iter().map(|link| link.actor.to_string()).collect();
    assert_eq!(told, [stage.machines[2].id.to_string(), archive, desk]);
    let by: Vec<Id<Delegation>> = chain.iter().rev().map(|link| link.delegation).collect();
    assert_eq!(by, delegations.iter().map(|delegation| delegation.id).collect::<Vec<_>>());
    let shown: Vec<Value> = chain.iter().map(|link| json!(link.from)).collect();
    assert_eq!(shown, [&passed[1], &passed[0], &first.access].map(|token| claims(token)["jti"].clone()));
    assert_eq!((scope.to_string(), resource.to_string()), ("mcp:read".to_owned(), stage.at(3)));
    assert_eq!((*delegation, json!(token)), (delegations[2].id, last["jti"].clone()));
    assert_eq!(json!(family), last["grant_id"]);
    assert_eq!(stage.world.acted(Some(&stage.machines[3]), Some(&ada), None), []);
}

#[test]
fn case_19_an_exchange_narrows_and_never_widens() {
    let mut stage = Stage::new();
    let (world, person) = (&stage.world, stage.person());
    let only_b = Some(Access {
        resource: stage.resources[1].identifier.clone(),
        scope: Some("mcp:read mcp:tools".parse().unwrap()),
        access_for: None,
    });
    world
        .delegate_with(NewDelegation {
            actor: world.machine_id(stage.desk()),
            subject: person,
            scope: "mcp:read mcp:write mcp:tools".parse().unwrap(),
            resources: vec![stage.resources[1].identifier.clone(), stage.resources[2].identifier.clone()],
            may_act: None,
            across: false,
            purpose: "tests".to_owned(),
            lasts: Lifetime::from_minutes(10),
        })
        .unwrap();
    let tokens = stage.tokens();
    let desk = stage.desk().clone();
    let ask = |n: usize, scope: &str| {
        desk.exchange(&stage.world, &tokens.access, &[("resource", &stage.at(n)), ("scope", scope)])
    };
    // The delegation and the machine may mcp:tools; the token that was shown may not.
    for scope in ["mcp:tools", "mcp:read mcp:tools", "openid", "offline_access", "mcp:admin"] {
        ask(1, scope).expect_refusal(400, "invalid_scope", "ExchangeWidened");
    }
    assert_eq!(ask(1, "mcp:read mcp:write").tokens().scope, "mcp:read mcp:write");
    // The delegation's end comes first.
    assert_eq!(ask(1, "mcp:read").json()["expires_in"], 600);
    ask(3, "mcp:read").expect_refusal(400, "invalid_target", "DelegationElsewhere");
    ask(0, "mcp:read").expect_refusal(400, "invalid_target", "DelegationElsewhere");
    // The machine's own limits hold as well.
    let access = only_b.into_iter().collect::<Vec<_>>();
    let change = move |machine: &Machine| Ok(Terms { access: access.clone(), ..Terms::of(machine)? });
    let id = stage.world.machine_id(&desk);
    stage.world.block(machines::change(&stage.world.app, &stage.world.operator(), id, Seen::Anything, change)).unwrap();
    ask(2, "mcp:read").expect_refusal(400, "invalid_target", "ResourceNotAllowed");
    ask(1, "mcp:write").expect_refusal(400, "invalid_scope", "ExchangeWidened");
    // What is shown is as narrow as what it was narrowed to.
    stage.world.delegate(&stage.machines[1], stage.person(), "mcp:read mcp:write mcp:tools");
    let narrow = ask(1, "mcp:read").tokens().access;
    let wider = [("resource", stage.at(2)), ("scope", "mcp:write".to_owned())];
    let wider: Vec<(&str, &str)> = wider.iter().map(|(name, value)| (*name, value.as_str())).collect();
    stage.machines[1].exchange(&stage.world, &narrow, &wider).expect_refusal(400, "invalid_scope", "ExchangeWidened");
    let unknown = [("resource", "https://nowhere.example/")];
    stage.machines[1].exchange(&stage.world, &narrow, &unknown).expect_refusal(
        400,
        "invalid_target",
        "ResourceUnknown",
    );
}

#[test]
fn case_20_a_token_that_is_over_or_somebody_elses_buys_nothing() {
    let mut stage = Stage::new();
    let (world, person) = (&stage.world, stage.person());
    for machine in &stage.machines {
        world.delegate(machine, person.clone(), "mcp:read mcp:write");
    }
    let tokens = stage.tokens();
    let (world, b) = (&stage.world, stage.at(1));
    let refused = |machine: &ClientApp, token: &str, refusal: &str| {
        machine.exchange(world, token, &[("resource", &b)]).expect_refusal(400, "invalid_request", refusal);
    };
    // Of another audience: the machine has it from who knows where.
    refused(&stage.machines[2], &tokens.access, "SubjectTokenElsewhere");
    // No access token at all.
    let refresh = tokens.refresh.unwrap();
    for nonsense in
        [refresh.as_str(), "writ_at_guess", "a.b.c", &"x".repeat(9_000), stage.desk().secret.as_deref().unwrap()]
    {
        refused(stage.desk(), nonsense, "SubjectTokenInvalid");
    }
    let forged = format!("{}A", &tokens.access[..tokens.access.len() - 8]);
    refused(stage.desk(), &forged, "SubjectTokenInvalid");
    // Revoked by the application that had it.
    let fields = [("token", tokens.access.as_str()), ("client_id", &stage.mail.id.to_string())];
    stage.desk().exchange(world, &tokens.access, &[("resource", &b)]).tokens();
    world.request("POST", "/oauth/revoke").form(&fields).send().expect_status(200);
    refused(stage.desk(), &tokens.access, "SubjectTokenInvalid");
    // Expired, to the second.
    let tokens = stage.tokens();
    stage.world.later(Lifetime::from_seconds(3_599));
    let last = stage.desk().exchange(&stage.world, &tokens.access, &[("resource", &stage.at(1))]);
    assert_eq!(last.expect_status(200).json()["expires_in"], 1);
    stage.world.later(Lifetime::from_seconds(1));
    let answer = stage.desk().exchange(&stage.world, &tokens.access, &[("resource", &stage.at(1))]);
    answer.expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
    // Of another tenant: as a link in the chain, and as the subject.
    let tokens = stage.tokens();
    let token = stage.passed_on(tokens.access, 1).remove(0);
    let archive = stage.world.machine_id(&stage.machines[1]);
    stage.world.change("move machine", move |tx| {
        let machine = tx.get(&MACHINES, &archive)?.unwrap();
        tx.put(&MACHINES, &archive, &Machine { tenant: "staging".parse::<TenantName>().unwrap(), ..machine })?;
        tx.record(Event::MachineResumed { machine: archive })
    });
    let answer = stage.machines[1].exchange(&stage.world, &token, &[("resource", &stage.at(2))]);
    answer.expect_refusal(400, "invalid_request", "SubjectOfAnotherTenant");
    let other = stage.world.delegate_with(NewDelegation {
        actor: archive,
        subject: Subject::Client(stage.desk().id.clone()),
        scope: "mcp:read".parse().unwrap(),
        resources: Vec::new(),
        may_act: None,
        across: false,
        purpose: "tests".to_owned(),
        lasts: Lifetime::from_days(1),
    });
    assert!(matches!(other, Err(Declined::Conflict(_))), "nor is it granted: {other:?}");
}

#[test]
fn case_21_an_exchange_without_one_subject_token_is_no_other_grant() {
    let mut stage = Stage::new();
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let token = stage.tokens().access;
    let before = stage.world.events(100).iter().filter(|name| *name == "token.issued").count();
    let (desk, b) = (stage.desk(), stage.at(1));
    let typed = [("grant_type", EXCHANGE), ("subject_token_type", ACCESS_TOKEN), ("resource", b.as_str())];
    for (extra, refusal) in [
        (vec![], "MissingParameter"),
        (vec![("subject_token", "")], "MissingParameter"),
        (vec![("subject_token", token.as_str()), ("subject_token", token.as_str())], "RepeatedParameter"),
        (vec![("subject_token", ""), ("actor_token", token.as_str())], "MissingParameter"),
    ] {
        let fields: Vec<(&str, &str)> = typed.iter().copied().chain(extra).collect();
        desk.token_request(&stage.world, &fields).expect_refusal(400, "invalid_request", refusal);
    }
    let untyped = desk.exchange(&stage.world, &token, &[("subject_token_type", ""), ("resource", &b)]);
    untyped.expect_refusal(400, "invalid_request", "MissingParameter");
    for kind in ["urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:refresh_token", "jwt"] {
        let answer = desk.exchange(&stage.world, &token, &[("subject_token_type", kind), ("resource", &b)]);
        answer.expect_refusal(400, "invalid_request", "TokenTypeUnsupported");
    }
    let after = stage.world.events(100).iter().filter(|name| *name == "token.issued").count();
    assert_eq!(before, after, "nothing was given for it");
}

#[test]
fn case_22_the_actor_is_who_authenticates_and_the_chain_is_the_servers() {
    let mut stage = Stage::new();
    let (world, person) = (&stage.world, stage.person());
    for machine in &stage.machines[..2] {
        world.delegate(machine, person.clone(), "mcp:read mcp:write");
    }
    let token = stage.tokens().access;
    let (world, desk, archive) = (&stage.world, stage.desk(), &stage.machines[1]);
    let (b, c) = (stage.at(1), stage.at(2));
    let own = desk.client_credentials(world, &[("resource", ISSUER)]).tokens().access;
    let foreign = archive.client_credentials(world, &[("resource", ISSUER)]).tokens().access;
    let with = |actor: &str| {
        let fields = [("resource", b.as_str()), ("actor_token", actor), ("actor_token_type", ACCESS_TOKEN)];
        desk.exchange(world, &token, &fields)
    };
    assert_eq!(claims(&with(&own).tokens().access)["act"], json!({ "sub": desk.id.to_string() }));
    with(&foreign).expect_refusal(400, "invalid_request", "ActorTokenForeign");
    with("writ_at_guess").expect_refusal(400, "invalid_request", "ActorTokenForeign");
    // A token in which it acts for somebody does not say that it is itself.
    let acting = desk.exchange(world, &token, &[("resource", &b)]).tokens().access;
    with(&acting).expect_refusal(400, "invalid_request", "ActorTokenForeign");
    with(&token).expect_refusal(400, "invalid_request", "ActorTokenForeign");
    let untyped = desk.exchange(world, &token, &[("resource", &b), ("actor_token", &own)]);
    untyped.expect_refusal(400, "invalid_request", "MissingParameter");
    let typed = desk.exchange(world, &token, &[("resource", &b), ("actor_token_type", ACCESS_TOKEN)]);
    typed.expect_refusal(400, "invalid_request", "MissingParameter");

    // Whatever is sent along, whoever acted before stays in the chain.
    let fields = [("resource", c.as_str()), ("act", "{}"), ("may_act", "{}"), ("requested_actor", "nobody")];
    let passed = archive.exchange(world, &acting, &fields).tokens().access;
    let chain = json!({ "sub": archive.id.to_string(), "act": { "sub": desk.id.to_string() } });
    assert_eq!(claims(&passed)["act"], chain);
    // Exchanging what it was given itself makes it longer, and not shorter.
    let again = archive.exchange(world, &passed, &[("resource", &c)]).tokens().access;
    assert_eq!(claims(&again)["act"], json!({ "sub": archive.id.to_string(), "act": chain }));

    // Nobody delegated anything to it, so that it cannot act: neither for her nor, with its own token, for another machine.
    let vault = &stage.machines[2];
    vault.exchange(world, &passed, &[("resource", &b)]).expect_refusal(400, "invalid_request", "NotDelegated");
    // Without leave nobody acts for anybody, whatever the token says; and applications act for nobody.
    let crm = world.confidential("crm");
    world.edit_client(&crm, |client| client.serves = vec![Resource::parse("https://mcp.example/a").unwrap()]);
    crm.exchange(world, &token, &[("resource", &b)]).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
    stage.mail.exchange(world, &token, &[("resource", &b)]).expect_refusal(
        400,
        "unauthorized_client",
        "GrantNotAllowed",
    );
}

#[test]
fn a_chain_is_as_deep_as_the_setting_says() {
    let mut stage = Stage::in_world(World::with(&[("delegation.depth", "2")]));
    for machine in &stage.machines {
        stage.world.delegate(machine, stage.person(), "mcp:read");
    }
    let token = stage.tokens().access;
    let passed = stage.passed_on(token, 2);
    let answer = stage.machines[2].exchange(&stage.world, &passed[1], &[("resource", &stage.at(3))]);
    answer.expect_refusal(400, "invalid_request", "ChainTooLong");
    assert!(answer.json()["error_description"].as_str().unwrap().starts_with("2 machines"), "{}", answer.body);
}

/// What ends one link ends everything that came of it, at once: for whoever asks, and for the next exchange.
#[test]
fn what_a_token_came_of_ends_it() {
    type End = fn(&mut Stage, &[Delegation], &str);
    let ends: [(&str, End); 8] = [
        ("the person is suspended", |stage, _, _| stage.world.suspend(&stage.ada)),
        ("the consent is taken back", |stage, _, _| {
            let page = stage.browser.get("/account");
            let form = page.forms().into_iter().find(|form| form.action.contains("/applications/")).unwrap();
            stage.browser.submit_form(&form, &[]).expect_status(200);
        }),
        ("the application revokes the line", |stage, _, refresh| {
            let fields = [("token", refresh), ("client_id", &stage.mail.id.to_string())];
            stage.world.request("POST", "/oauth/revoke").form(&fields).send().expect_status(200);
        }),
        ("the application is stopped", |stage, _, _| {
            stage.world.edit_client(&stage.mail, |client| client.state = ClientState::Suspended);
        }),
        ("the first machine is stopped", |stage, _, _| stop(stage, 0)),
        ("the last machine is stopped", |stage, _, _| stop(stage, 1)),
        ("the first delegation is revoked", |stage, made, _| stage.world.undelegate(&made[0])),
        ("the last delegation is revoked", |stage, made, _| stage.world.undelegate(&made[1])),
    ];
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        for (name, end) in ends {
            let mut stage = Stage::new();
            for row in &stage.resources {
                stage.world.put_resource(ProtectedResource { format, ..row.clone() });
            }
            let person = stage.person();
            let made: Vec<Delegation> = stage.machines[..3]
                .iter()
                .map(|machine| stage.world.delegate(machine, person.clone(), "mcp:read mcp:write"))
                .collect();
            let tokens = stage.tokens();
            let passed = stage.passed_on(tokens.access, 2);
            let reader = stage.machines[2].clone();
            assert!(stage.is_active(&reader, &passed[1]));
            end(&mut stage, &made, tokens.refresh.as_deref().unwrap());
            assert!(!stage.is_active(&reader, &passed[1]), "{name}, and the token is read as active ({format:?})");
            let next = reader.exchange(&stage.world, &passed[1], &[("resource", &stage.at(3))]);
            next.expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
        }
    }
}

fn stop(stage: &mut Stage, n: usize) {
    let id = stage.world.machine_id(&stage.machines[n]);
    stage
        .world
        .block(machines::suspend(&stage.world.app, &stage.world.operator(), id, Seen::Anything, "it ran wild"))
        .unwrap();
    // Let go on, it has lost what it had.
    stage.world.later(Lifetime::from_seconds(2));
    stage.world.block(machines::resume(&stage.world.app, &stage.world.operator(), id, Seen::Anything)).unwrap();
}

#[test]
fn a_revoked_token_takes_what_came_of_it_along() {
    let mut stage = Stage::new();
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let tokens = stage.tokens();
    let passed = stage.passed_on(tokens.access.clone(), 1).remove(0);
    let reader = stage.machines[1].clone();
    assert!(stage.is_active(&reader, &passed));
    let fields = [("token", tokens.access.as_str()), ("client_id", &stage.mail.id.to_string())];
    stage.world.request("POST", "/oauth/revoke").form(&fields).send().expect_status(200);
    assert!(!stage.is_active(&reader, &passed));
    // A delegation ends by itself as well, and makes room for another.
    let again = stage.tokens().access;
    stage.world.later(Lifetime::from_days(30));
    stage.desk().exchange(&stage.world, &again, &[("resource", &stage.at(1))]).expect_refused(400, "invalid_request");
    stage.browser = stage.world.signed_in(&stage.ada);
    let fresh = stage.tokens().access;
    let answer = stage.desk().exchange(&stage.world, &fresh, &[("resource", &stage.at(1))]);
    answer.expect_refusal(400, "invalid_request", "NotDelegated");
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    stage.desk().exchange(&stage.world, &fresh, &[("resource", &stage.at(1))]).tokens();
}

#[test]
fn a_machine_acts_for_another_machine_until_either_is_stopped() {
    let stage = Stage::new();
    let (world, desk, archive) = (&stage.world, stage.desk(), &stage.machines[1]);
    world.delegate(archive, Subject::Client(desk.id.clone()), "mcp:read");
    let token = desk.client_credentials(world, &[("resource", &stage.at(1)), ("scope", "mcp:read")]).tokens().access;
    let passed = archive.exchange(world, &token, &[("resource", &stage.at(2))]).tokens().access;
    let said = claims(&passed);
    assert_eq!((said["sub"].as_str(), said["type"].as_str()), (Some(desk.id.to_string().as_str()), Some("machine")));
    assert_eq!(said["act"], json!({ "sub": archive.id.to_string() }));
    assert_eq!(said.get("grant_id"), None);
    assert!(stage.is_active(&stage.machines[2], &passed));
    let id = world.machine_id(desk);
    world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "drill")).unwrap();
    assert!(!stage.is_active(&stage.machines[2], &passed));
}

#[test]
fn may_act_names_who_may_be_handed_a_token() {
    let mut stage = Stage::new();
    let (world, person) = (&stage.world, stage.person());
    let vault = world.machine_id(&stage.machines[2]);
    let new = NewDelegation {
        actor: world.machine_id(stage.desk()),
        subject: person.clone(),
        scope: "mcp:read".parse().unwrap(),
        resources: Vec::new(),
        may_act: Some(vault),
        across: false,
        purpose: "hands over to the vault".to_owned(),
        lasts: Lifetime::from_days(1),
    };
    world.delegate_with(new).unwrap();
    world.delegate(&stage.machines[2], person.clone(), "mcp:read");
    world.delegate(&stage.machines[3], person, "mcp:read");
    let token = stage.tokens().access;
    let passed = stage.passed_on(token, 1).remove(0);
    let named = json!({ "sub": vault.to_string() });
    assert_eq!(claims(&passed)["may_act"], named);
    assert_eq!(stage.machines[1].introspect(&stage.world, &passed)["may_act"], named);
    // The token is for a resource that neither of them serves: the one is named, the other is not.
    let asks = |n: usize| stage.machines[n].exchange(&stage.world, &passed, &[("resource", &stage.at(3))]);
    asks(3).expect_refusal(400, "invalid_request", "SubjectTokenElsewhere");
    let next = asks(2).tokens().access;
    assert_eq!(claims(&next).get("may_act"), None, "its own delegation names nobody");
}

#[test]
fn a_delegation_says_what_it_is_for_and_there_is_one_at_a_time() {
    let stage = Stage::new();
    let world = &stage.world;
    let good = NewDelegation {
        actor: world.machine_id(stage.desk()),
        subject: stage.person(),
        scope: "mcp:read".parse().unwrap(),
        resources: Vec::new(),
        may_act: None,
        across: false,
        purpose: "answers tickets".to_owned(),
        lasts: Lifetime::from_days(30),
    };
    let wrong = |new: NewDelegation| match world.delegate_with(new) {
        Err(Declined::Invalid(invalid)) => invalid.0[0].0,
        other => panic!("{other:?}"),
    };
    assert_eq!(wrong(NewDelegation { purpose: " ".to_owned(), ..good.clone() }), "purpose");
    assert_eq!(wrong(NewDelegation { purpose: "two\nlines".to_owned(), ..good.clone() }), "purpose");
    assert_eq!(wrong(NewDelegation { scope: "".parse().unwrap(), ..good.clone() }), "scope");
    assert_eq!(wrong(NewDelegation { scope: "no:such".parse().unwrap(), ..good.clone() }), "scope");
    assert_eq!(wrong(NewDelegation { lasts: Lifetime::from_days(367), ..good.clone() }), "expires_in");
    assert_eq!(wrong(NewDelegation { lasts: Lifetime::from_seconds(0), ..good.clone() }), "expires_in");
    let nowhere = vec![Resource::parse("https://nowhere.example/").unwrap()];
    assert_eq!(wrong(NewDelegation { resources: nowhere, ..good.clone() }), "resource");
    let itself = Subject::Client(stage.desk().id.clone());
    assert_eq!(wrong(NewDelegation { subject: itself, ..good.clone() }), "subject");
    let nobody = Subject::Person(Id::from_bytes([7; 16]));
    assert_eq!(wrong(NewDelegation { subject: nobody, ..good.clone() }), "subject");
    let application = Subject::Client(stage.mail.id.clone());
    assert_eq!(wrong(NewDelegation { subject: application, ..good.clone() }), "subject");
    let missing = world.delegate_with(NewDelegation { actor: Id::from_bytes([7; 16]), ..good.clone() });
    assert!(matches!(missing, Err(Declined::Invalid(_))));

    let made = world.delegate_with(good.clone()).unwrap();
    assert!(matches!(world.delegate_with(good.clone()), Err(Declined::Conflict(_))));
    world.undelegate(&made);
    world.undelegate(&made);
    world.delegate_with(good).unwrap();
    let granted = world.acted(Some(stage.desk()), None, Some("delegation.granted"));
    let revoked = world.acted(Some(stage.desk()), None, Some("delegation.revoked"));
    assert_eq!((granted.len(), revoked.len()), (2, 1));
}

/// Thirty-two exchange without a pause while the delegation is revoked: none that began after its answer is answered, and
/// whatever was given before is over.
#[test]
fn case_20_of_a_revocation_and_many_exchanges_at_once_nothing_survives() {
    let mut stage = Stage::new();
    let made = stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let token = stage.tokens().access;
    let (world, desk, b) = (&stage.world, stage.desk(), stage.at(1));
    let revoked = AtomicBool::new(false);
    let given: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..32)
            .map(|_| {
                scope.spawn(|| {
                    let mut given = Vec::new();
                    loop {
                        let was_revoked = revoked.load(Ordering::SeqCst);
                        let answer = desk.exchange(world, &token, &[("resource", &b)]);
                        match (was_revoked, answer.status) {
                            (false, 200) => given.push(answer.tokens().access),
                            (false, _) => {}
                            (true, _) => {
                                answer.expect_refusal(400, "invalid_request", "NotDelegated");
                                return given;
                            }
                        }
                    }
                })
            })
            .collect();
        while !world.events(1).contains(&"token.exchanged".to_owned()) {
            std::thread::yield_now();
        }
        world.undelegate(&made);
        revoked.store(true, Ordering::SeqCst);
        asking.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert!(!given.is_empty());
    for token in given.iter().take(100) {
        assert!(!stage.is_active(&stage.machines[1], token));
    }
}

#[test]
fn a_person_sees_who_may_act_for_them_and_takes_it_back() {
    let mut stage = Stage::new();
    let made = stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let page = stage.browser.get("/account");
    page.expect_text("Who acts for you");
    page.expect_text("desk");
    page.expect_text("answers tickets");
    page.expect_text("Look things up and read data");
    page.expect_text("Never used");
    let tokens = stage.tokens();
    let passed = stage.passed_on(tokens.access.clone(), 1).remove(0);
    stage.browser.get("/account").expect_text("Last used");
    // Somebody else has nothing to take back here.
    let bob = stage.world.person("bob");
    let mut other = stage.world.signed_in(&bob);
    let csrf = other.get("/account").form("csrf").value("csrf").to_owned();
    let path = format!("/account/agents/{}/revocation", made.id);
    other.post(&path, &[("csrf", &csrf)]).expect_text("already revoked");
    assert!(stage.is_active(&stage.machines[1], &passed));

    let page = stage.browser.get("/account");
    let form = page.form_to(&path);
    let page = stage.browser.submit_form(&form, &[]);
    page.expect_text("may no longer act for you");
    page.expect_no_text("answers tickets");
    assert!(!stage.is_active(&stage.machines[1], &passed));
    let answer = stage.desk().exchange(&stage.world, &tokens.access, &[("resource", &stage.at(1))]);
    answer.expect_refusal(400, "invalid_request", "NotDelegated");
    let ada = stage.ada.id;
    let entry = stage.world.acted(None, Some(&ada.to_string()), Some("delegation.revoked")).remove(0);
    assert_eq!(entry.by, Actor::Person(ada), "the log says who took it back");
}

#[test]
fn nobody_registers_itself_to_act_for_others() {
    let world = World::new();
    let ask = |grants: &[&str]| {
        let metadata = json!({
            "client_name": "agent", "redirect_uris": ["https://agent.example/cb"], "grant_types": grants,
            "token_endpoint_auth_method": "client_secret_basic",
        });
        world.request("POST", "/oauth/register").json(&metadata).send()
    };
    let answer = ask(&["authorization_code", EXCHANGE]);
    assert_eq!(answer.expect_status(201).json()["grant_types"], json!(["authorization_code"]));
    ask(&[EXCHANGE]).expect_status(400);
    let document = world.request("GET", "/.well-known/oauth-authorization-server").send().json();
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!(EXCHANGE)));
}

#[test]
fn the_search_goes_on_where_a_page_ended() {
    let mut stage = Stage::new();
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let token = stage.tokens().access;
    for _ in 0..5 {
        stage.desk().exchange(&stage.world, &token, &[("resource", &stage.at(1))]).tokens();
    }
    let acting = ActedBy { actor: Some(stage.desk().id.to_string()), subject: None };
    let which = Which { acting, ..Which::default() };
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = stage.world.block(audit::list(&stage.world.app, which.clone(), before, 2)).unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.sequence));
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 6);
    assert!(seen.is_sorted_by(|one, next| one > next), "the newest first, each once: {seen:?}");
}

#[test]
fn an_exchanged_token_is_bound_to_the_key_of_who_acts() {
    let mut stage = Stage::new();
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let token = stage.tokens().access;
    let (world, key, b) = (&stage.world, KeyPair::new("ES256"), stage.at(1));
    let fields = [
        ("grant_type", EXCHANGE),
        ("subject_token", token.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("resource", b.as_str()),
    ];
    let proof = key.proof(world, "POST", "/oauth/token", json!({}));
    let bound = stage.desk().token_request_with(world, &fields, &[&proof]).bound_tokens();
    assert_eq!(bound.claims()["cnf"]["jkt"], key.thumbprint());
    assert_eq!(bound.claims()["act"]["sub"], stage.desk().id.to_string());
    let again = stage.desk().token_request_with(world, &fields, &[&proof]);
    again.expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
}

#[test]
fn an_exchange_is_a_use_of_the_machine() {
    let mut stage = Stage::new();
    stage.world.delegate(stage.desk(), stage.person(), "mcp:read");
    let token = stage.tokens().access;
    stage.passed_on(token, 1);
    let (world, id) = (&stage.world, stage.world.machine_id(stage.desk()));
    let seen = world.block(findings::of_machine(&world.app, &world.operator(), id)).unwrap().facts.usage.used.seen;
    assert_eq!(seen.map(|seen| (seen.grants, seen.last_at)), Some((1, world.now())));
}

#[test]
fn a_person_lets_a_machine_act_for_themselves_and_for_nobody_else() {
    let stage = Stage::new();
    let (world, bob) = (&stage.world, stage.world.person("bob"));
    let browser = world.signed_in(&bob);
    let mut found =
        browser.cookies.values().map(|cookie| world.block(recognize(&world.app, world.now(), cookie)).unwrap());
    let signed_in = found.find_map(|found| found).unwrap();
    let new = NewDelegation {
        actor: world.machine_id(stage.desk()),
        // Whoever is named here: a person speaks for themselves.
        subject: stage.person(),
        scope: "mcp:read".parse().unwrap(),
        resources: Vec::new(),
        may_act: None,
        across: false,
        purpose: "answers tickets".to_owned(),
        lasts: Lifetime::from_days(1),
    };
    let made = world.block(delegations::grant_own(&world.app, &world.operator(), &signed_in, new)).unwrap();
    assert_eq!((&made.subject, &made.granted_by), (&Subject::Person(bob.id), &Actor::Person(bob.id)));
    world.signed_in(&bob).get("/account").expect_text("Allowed by you");
    world.signed_in(&stage.ada).get("/account").expect_no_text("Who acts for you");
}

/// Case 20: a machine of one tenant acts for the people of that tenant, and for others only where that was meant.
#[test]
fn case_20_a_machine_acts_for_people_of_its_tenant() {
    let mut stage = Stage::new();
    stage.world.tenant("acme");
    let (world, token) = (&stage.world, stage.mail.tokens(&stage.world, &mut stage.browser).access);
    let role = world.role("acme/reader", "read");
    let terms = Terms::new(
        DisplayName::parse("outsider").unwrap(),
        MachineKind::Agent,
        "tests",
        "mcp:read mcp:write".parse().unwrap(),
    );
    let terms = Terms { serves: vec![stage.resources[0].identifier.clone()], ..terms };
    let actor = world.machine_in("acme", terms, &stage.ada);
    let new = NewDelegation {
        actor: world.machine_id(&actor),
        subject: stage.person(),
        scope: "mcp:read".parse().unwrap(),
        resources: Vec::new(),
        may_act: None,
        across: false,
        purpose: "answers tickets".to_owned(),
        lasts: Lifetime::from_days(1),
    };
    let declined = world.delegate_with(new.clone());
    assert!(matches!(declined, Err(Declined::Conflict(_))), "she is not of it: {declined:?}");
    let member = |roles: Vec<writ::model::RoleIn>| {
        let id = stage.ada.id;
        world.change("set membership", move |tx| {
            let row = writ::model::Membership { person: id, roles: roles.clone(), custom_claims: Default::default() };
            tx.put(&writ::store::tables::MEMBERSHIPS, &id, &row)?;
            tx.record(Event::PersonCreated { person: id })
        });
    };
    member(vec![role]);
    let near = world.delegate_with(new.clone()).unwrap();
    let ask = [("resource", stage.at(1))];
    let ask: Vec<(&str, &str)> = ask.iter().map(|(name, value)| (*name, value.as_str())).collect();
    actor.exchange(world, &token, &ask).tokens();
    // She leaves: what was given for a member is over with it.
    member(Vec::new());
    actor.exchange(world, &token, &ask).expect_refusal(400, "invalid_request", "SubjectOfAnotherTenant");
    world.undelegate(&near);
    world.delegate_with(NewDelegation { across: true, ..new }).unwrap();
    actor.exchange(world, &token, &ask).tokens();
}

/// Whoever asks is looked at again in the transaction: less scope is less scope also for an exchange that is under way.
#[test]
fn an_exchange_goes_by_what_the_machine_is_when_it_is_served() {
    use writ::operations::Problem;
    use writ::operations::authenticate_client::authenticate_client;
    use writ::operations::token::exchange;
    use writ::protocol::client_auth::Presented;
    use writ::protocol::exchange::{TokenExchange, TokenType};
    use writ::protocol::token_request::TokenRequest;
    use writ::store::tables::MACHINES;

    let mut stage = Stage::new();
    let token = stage.tokens().access;
    let world = &stage.world;
    let robot = stage.desk();
    let id = world.machine_id(robot);
    world.delegate(robot, stage.person(), "mcp:read mcp:write");
    let asks = |change: fn(&mut writ::model::Machine)| {
        let secret = writ::base::Secret::new(robot.secret.as_deref().unwrap());
        let presented = Presented::Secret { client_id: robot.id.to_string(), secret };
        let ctx = writ::model::Context::clone(&world.operator());
        let client = world.block(authenticate_client(&world.app, &ctx, presented)).unwrap();
        let ask = TokenExchange {
            subject_token: writ::base::Secret::new(token.as_str()),
            actor_token: None,
            requested: TokenType::AccessToken,
            is_jwt: false,
            scope: Some("mcp:read mcp:write".parse().unwrap()),
            resource: Some(writ::base::Resource::parse(&stage.at(1)).unwrap()),
        };
        let asking = exchange(&world.app, &ctx, client, TokenRequest::Exchange(Box::new(ask)), None);
        world
            .overtaken(asking, move |tx| {
                let old = tx.get(&MACHINES, &id)?.unwrap();
                let mut new = old.clone();
                change(&mut new);
                tx.replace(&MACHINES, &id, &old, &new)?;
                tx.record(writ::model::Event::MachineResumed { machine: id })
            })
            .map(|tokens| tokens.scope.to_string())
            .map_err(|problem| match problem {
                Problem::Refused(refusal) => refusal.name(),
                Problem::Broken(fault) => panic!("{fault:?}"),
            })
    };
    assert_eq!(asks(|_| ()).as_deref(), Ok("mcp:read mcp:write"));
    assert_eq!(asks(|m| m.scope = "mcp:read".parse().unwrap()), Err("ExchangeWidened".to_owned()));
    assert_eq!(asks(|m| m.dpop_bound = true), Err("DpopProofMissing".to_owned()));
}
