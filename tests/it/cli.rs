//! The built program from outside: what a script meets.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use writ::store::engine::Engine as _;

pub const PASSWORD: &str = "seven unrelated llamas";

/// A data directory, and the program that is run on it.
pub struct Appliance {
    pub directory: TempDir,
    pub listen: String,
    pub variables: Vec<(&'static str, String)>,
}

/// One that serves. Killed when dropped, unless it was stopped.
pub struct Serving {
    child: Child,
    /// What it said on standard output before it listened and just after.
    said: Vec<String>,
    log: thread::JoinHandle<String>,
}

impl Appliance {
    pub fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { directory: tempfile::tempdir().unwrap(), listen: format!("127.0.0.1:{port}"), variables: Vec::new() }
    }

    pub fn with(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { variables, ..Self::new() }
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
        command.env_clear().env("WRIT_LISTEN", &self.listen).env("WRIT_DATA", self.data()).args(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs one command, with the password on its standard input.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut child = self.program(arguments).spawn().unwrap();
        drop(child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()));
        child.wait_with_output().unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?} was obeyed: {}", text(&output.stdout));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    pub fn set_up(&self) -> Value {
        self.json(&["setup", "--email", "ada@example.com", "--name", "Ada", "--password-stdin"])
    }

    pub fn serve(&self) -> Serving {
        let mut child = self.program(&["serve"]).spawn().unwrap();
        let mut err = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            err.read_to_string(&mut log).unwrap();
            log
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let listening = lines.next().expect("it says that it listens").unwrap();
        said.push(listening);
        // The second line is written in the same breath as the first, or not at all.
        let (tell, told) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut serving = Serving { child, said, log };
        if self.json(&["audit", "list", "--event", "setup.completed"])["entries"].as_array().unwrap().is_empty() {
            serving.said.push(told.recv().unwrap());
        }
        serving
    }

    /// The names of the audit log's events, with who did it, the oldest first.
    pub fn events(&self) -> Vec<(String, String)> {
        let list = self.json(&["audit", "list", "--limit", "1000"]);
        let entries = list["entries"].as_array().unwrap();
        let named = entries.iter().map(|entry| (entry["event"].as_str().unwrap().to_owned(), entry["by"].to_string()));
        named.rev().collect()
    }
}

impl Serving {
    /// Asks it to stop, and gives its log.
    pub fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let log = std::mem::replace(&mut self.log, thread::spawn(String::new));
        log.join().unwrap()
    }

    /// What it said on standard output before it listened and just after.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names in a JSON text and the kinds of their values: the same for two answers that differ only in their ids.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), shape(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(shape).collect()),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(known) => json!(known),
        Value::Null => Value::Null,
    }
}

pub const SCRIPT: &[&[&str]] = &[
    &["setup", "--email", "ada@example.com", "--name", "Ada", "--password-stdin"],
    &["person", "add", "--email", "grace@example.com", "--name", "Grace", "--password-stdin"],
    &["person", "password", "--email", "GRACE@example.com", "--password-stdin"],
    &[
        "scope",
        "add",
        "tickets:write",
        "--description",
        "Create and change tickets",
        "--risk",
        "high",
        "--implies",
        "mcp:read",
    ],
    &[
        "resource",
        "add",
        "https://mcp.example/mcp",
        "--name",
        "Tickets",
        "--alias",
        "https://mcp.example",
        "--scope",
        "mcp:read",
        "--scope",
        "tickets:write",
        "--default",
        "--algorithm",
        "EdDSA",
        "--access-lifetime",
        "600",
    ],
    &["resource", "add", "https://other.example", "--name", "Other", "--format", "opaque"],
    &["resource", "list"],
    &["scope", "list"],
    &[
        "machine",
        "add",
        "--name",
        "nightly",
        "--owner",
        "ada@example.com",
        "--purpose",
        "Builds",
        "--kind",
        "ci",
        "--scope",
        "tickets:write",
        "--resource",
        "https://mcp.example",
    ],
    &["client", "add", "--name", "Mail", "--redirect-uri", "https://mail.example/cb"],
    &[
        "client",
        "add",
        "--name",
        "Portal",
        "--redirect-uri",
        "https://portal.example/cb",
        "--auth",
        "client_secret_basic",
        "--grant",
        "authorization_code",
        "--grant",
        "client_credentials",
        "--scope",
        "mcp:read tickets:write",
        "--resource",
        "https://mcp.example",
        "--serves",
        "https://other.example/",
    ],
    &["client", "list"],
    &["token", "add"],
    &["provider", "add", "--issuer", "https://login.example"],
    &["provider", "set", "https://login.example", "--email-domain", "example.com"],
    &["provider", "set", "https://login.example", "--by-link"],
    &["provider", "list"],
    &["provider", "link", "https://login.example", "U1", "--person", "grace@example.com"],
    &["provider", "links", "https://login.example"],
    &["crossing", "list"],
    &["audit", "verify"],
];

#[test]
fn a_command_answers_alike_on_a_stopped_file_and_through_the_socket() {
    let run = |appliance: &Appliance| {
        let answers: Vec<Value> = SCRIPT.iter().map(|arguments| shape(&appliance.json(arguments))).collect();
        // What a serving appliance does by itself is in its log as well.
        let by_operator = appliance.events().into_iter().filter(|(_, by)| by == "\"operator\"");
        let events: Vec<String> = by_operator.map(|(event, _)| event).collect();
        (answers, events)
    };
    let stopped = Appliance::new();
    let on_file = run(&stopped);

    let appliance = Appliance::new();
    let serving = appliance.serve();
    let through_socket = run(&appliance);
    serving.stop();

    assert_eq!(on_file, through_socket);
    let events = [
        "person.created",
        "setup.completed",
        "person.created",
        "person.password_set",
        "scope.created",
        "resource.created",
        "resource.created",
        "machine.created",
        "credential.created",
        "client.registered",
        "client.registered",
        "registration.token_created",
        "provider.trusted",
        "provider.changed",
        "provider.changed",
        "provider.subject_linked",
    ];
    assert_eq!(on_file.1, events);
    let channels = |appliance: &Appliance, event: &str| {
        let list = appliance.json(&["audit", "list", "--event", event]);
        list["entries"][0]["from"]["channel"].clone()
    };
    assert_eq!(channels(&stopped, "setup.completed"), "file");
    assert_eq!(channels(&appliance, "setup.completed"), "socket");
}

#[test]
fn a_client_is_registered_listed_and_removed() {
    let appliance = Appliance::new();
    let public = appliance.json(&["client", "add", "--name", "Editor", "--redirect-uri", "http://127.0.0.1/cb"]);
    assert_eq!(public.as_object().unwrap().len(), 1, "a public client has no secret: {public}");
    let arguments = [
        "client",
        "add",
        "--name",
        "Portal",
        "--redirect-uri",
        "https://portal.example/cb",
        "--auth",
        "client_secret_post",
        "--dpop-bound",
    ];
    let confidential = appliance.json(&arguments);
    assert!(confidential["client_secret"].as_str().unwrap().starts_with("writ_cs_"));

    let keys = appliance.directory.path().join("keys.json");
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1" });
    std::fs::write(&keys, json!({ "keys": [jwk] }).to_string()).unwrap();
    let file = keys.to_str().unwrap();
    appliance.json(&[
        "client",
        "add",
        "--name",
        "Signer",
        "--redirect-uri",
        "https://s.example/cb",
        "--auth",
        "private_key_jwt",
        "--jwks",
        file,
    ]);

    let list = appliance.json(&["client", "list"]);
    let names: Vec<&str> = list["clients"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Signer", "Portal", "Editor"]);
    let bound: Vec<&serde_json::Value> = list["clients"].as_array().unwrap().iter().map(|c| &c["dpop_bound"]).collect();
    assert_eq!(bound, [false, true, false]);
    let page = appliance.json(&["client", "list", "--limit", "1"]);
    let next = page["next"].as_str().unwrap();
    assert_eq!(appliance.json(&["client", "list", "--before", next])["clients"][0]["name"], "Portal");

    let id = public["client_id"].as_str().unwrap();
    assert!(appliance.refused(&["client", "approve", id]).contains("does not wait"));
    appliance.json(&["client", "remove", id]);
    assert!(appliance.refused(&["client", "remove", id]).contains("no registered client"));
    let before = appliance.events();
    for (arguments, words) in [
        (&["--redirect-uri", "https://a.example@evil.test/cb"][..], "redirect URI"),
        (&["--redirect-uri", "http://a.example/cb"], "https"),
        (&[], "at least one"),
        (&["--redirect-uri", "https://a.example", "--auth", "password"], "token_endpoint_auth_method"),
        (&["--redirect-uri", "https://a.example", "--auth", "private_key_jwt"], "jwks"),
        (&["--redirect-uri", "https://a.example", "--jwks", "/nowhere.json"], "/nowhere.json"),
        (&["--grant", "client_credentials"], "client that authenticates"),
        (&["--redirect-uri", "https://a.example", "--scope", "no:such"], "not in the catalogue"),
        (&["--redirect-uri", "https://a.example", "--resource", "https://b.example"], "not a registered resource"),
    ] {
        let said = appliance.refused(&[&["client", "add", "--name", "X"], arguments].concat());
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(appliance.events(), before);
}

/// One request and its status and body.
fn post(address: &str, path: &str, extra: &str, body: &str) -> (u16, Value) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n{extra}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[test]
fn an_administrator_approves_who_registered_itself() {
    let appliance = Appliance::with(&[("WRIT_REGISTRATION_MODE", "approval")]);
    let serving = appliance.serve();
    let body = json!({ "client_name": "Stranger", "redirect_uris": ["http://127.0.0.1/cb"] }).to_string();
    let (status, client) = post(&appliance.listen, "/oauth/register", "", &body);
    assert_eq!(status, 201, "{client}");
    let id = client["client_id"].as_str().unwrap();
    let state = || appliance.json(&["client", "list"])["clients"][0]["state"].clone();
    assert_eq!(state(), "awaiting_approval");
    appliance.json(&["client", "reject", id, "--because", "not this one"]);
    assert_eq!(state(), "rejected");
    assert_eq!(appliance.json(&["client", "show", id])["rejected_because"], "not this one");
    appliance.json(&["client", "approve", id]);
    assert_eq!(state(), "active");
    assert_eq!(appliance.json(&["client", "verify", id])["verified"]["by"], "operator");
    appliance.json(&["client", "set", id, "--name", "Somebody else"]);
    assert!(appliance.refused(&["client", "unverify", id, "--because", "sold"]).contains("is not verified"));
    serving.stop();
}

#[test]
fn an_initial_access_token_lets_its_bearer_register() {
    let appliance = Appliance::with(&[("WRIT_REGISTRATION_MODE", "token")]);
    let token = appliance.json(&["token", "add"])["initial_access_token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("writ_ia_"));
    let serving = appliance.serve();
    let body = json!({ "redirect_uris": ["http://127.0.0.1/cb"] }).to_string();
    assert_eq!(post(&appliance.listen, "/oauth/register", "", &body).0, 401);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(post(&appliance.listen, "/oauth/register", &bearer, &body).0, 201);
    let log = serving.stop();
    assert!(!log.contains(&token));
}

/// On the file of a stopped one and through the socket: what is exported is applied, and a plan is printed as a difference.
#[test]
fn a_file_is_exported_planned_and_applied() {
    let appliance = Appliance::new();
    appliance.set_up();
    let exported = appliance.run(&["export"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let mut state: toml::Table = text(&exported.stdout).parse().unwrap();
    assert_eq!(appliance.json(&["export"]), appliance.json(&["export", "--format", "json"]));
    let path = appliance.directory.path().join("state.toml");
    let path = path.to_str().unwrap();
    let machines =
        "[deploy-bot]\nowner = \"ada@example.com\"\npurpose = \"Deploys\"\nexpires_at = 2027-01-31T00:00:00Z\n";
    state.insert("machines".to_owned(), toml::Value::Table(machines.parse().unwrap()));
    std::fs::write(path, state.to_string()).unwrap();

    let planned = text(&appliance.run(&["apply", "-f", path, "--dry-run"]).stdout);
    assert!(planned.starts_with("+ machines.deploy-bot\n    expires_at: \"2027-01-31T00:00:00.000Z\"\n"), "{planned}");
    assert!(planned.ends_with("1 change, not done.\n"), "{planned}");
    assert_eq!(appliance.json(&["machine", "list"])["machines"], json!([]));
    // A pipeline sees drift by the exit code, which is neither that of success nor that of a mistake.
    let checked = |more: &[&str]| {
        let output = appliance.run(&[&["apply", "-f", path, "--check"], more].concat());
        (output.status.code(), text(&output.stdout))
    };
    assert_eq!(checked(&[]), (Some(3), planned.clone()));
    assert_eq!(checked(&["--json"]).0, Some(3));
    assert_eq!(appliance.json(&["machine", "list"])["machines"], json!([]), "nothing was done");

    let serving = appliance.serve();
    let applied = appliance.json(&["apply", "-f", path]);
    assert_eq!((&applied["applied"], &applied["changes"][0]["change"]), (&json!(true), &json!("create")));
    assert_eq!(applied["made"][0]["client_id"], appliance.json(&["machine", "list"])["machines"][0]["client_id"]);
    let again = text(&appliance.run(&["apply", "-f", path]).stdout);
    assert_eq!(again, "Nothing to do: everything is as the file says.\n");
    assert_eq!(checked(&[]), (Some(0), again));
    serving.stop();

    std::fs::write(path, "[machines.deploy-bot]\nowner = \"bob@example.com\"\nscope = [\"no:such\"]\n").unwrap();
    let refused = appliance.refused(&["apply", "-f", path]);
    assert_eq!(refused, "writ: machines.deploy-bot.purpose: this is missing\n");
    std::fs::write(path, "[machines]\n").unwrap();
    assert_eq!(checked(&[]).0, Some(0), "what the file does not have stays, and is no drift");
    assert_eq!(checked(&["--prune"]).0, Some(3));
    let pruned = text(&appliance.run(&["apply", "-f", path, "--prune"]).stdout);
    assert!(pruned.starts_with("- machines.deploy-bot\n"), "{pruned}");
    std::fs::write(path, " ".repeat(600_000)).unwrap();
    assert!(appliance.refused(&["apply", "-f", path]).contains("at most 512 KiB"));
    assert!(appliance.refused(&["apply", "-f", "nowhere.toml"]).contains("nowhere.toml"));
    // And its members are told on their own.
    let found = appliance.json(&["machine", "findings"]);
    assert_eq!((&found["findings"], &found["next"]), (&json!([]), &Value::Null));
    assert!(appliance.refused(&["machine", "findings", "--kind", "odd"]).contains("old_secret_silent"));
}

#[test]
fn a_start_says_loudly_what_is_probably_not_meant() {
    for (variables, warned) in [
        (&[("WRIT_PUBLIC_URL", "https://id.example")][..], true),
        (&[("WRIT_PUBLIC_URL", "https://id.example"), ("WRIT_TRUSTED_PROXIES", "127.0.0.1")], false),
    ] {
        let appliance = Appliance::with(variables);
        let log = appliance.serve().stop();
        let warning = log.lines().find(|line| line.contains("WARN") && line.contains("WRIT_TRUSTED_PROXIES=127.0.0.1"));
        assert_eq!(warning.is_some(), warned, "{log}");
    }
}

#[test]
fn keys_are_listed_and_turned() {
    let appliance = Appliance::with(&[("WRIT_KEYS_ALGORITHMS", "ES256,RS256")]);
    assert_eq!(appliance.json(&["key", "list"]), json!({ "keys": [] }), "a file that was never served has none");
    let states = || {
        let mut count = BTreeMap::new();
        for key in appliance.json(&["key", "list"])["keys"].as_array().unwrap() {
            *count
                .entry((key["algorithm"].as_str().unwrap().to_owned(), key["state"].as_str().unwrap().to_owned()))
                .or_insert(0) += 1;
        }
        count
    };
    let of = |algorithm: &str, state: &str| (algorithm.to_owned(), state.to_owned());
    appliance.json(&["key", "rotate", "--algorithm", "ES256", "--at-once"]);
    assert_eq!(states().get(&of("ES256", "retained")), Some(&1));
    assert_eq!(states().get(&of("ES256", "signing")), Some(&1));
    assert_eq!(states().get(&of("ES256", "next")), Some(&1));
    assert_eq!(states().get(&of("RS256", "retained")), None);
    assert!(appliance.refused(&["key", "rotate", "--algorithm", "EdDSA"]).contains("keys.algorithms"));
    assert!(appliance.refused(&["key", "rotate", "--algorithm", "HS256"]).contains("--algorithm"));
}

#[test]
fn a_key_is_withdrawn_after_it_was_said_what_breaks() {
    let appliance = Appliance::with(&[("WRIT_KEYS_ALGORITHMS", "ES256,RS256")]);
    appliance.json(&["key", "rotate", "--algorithm", "ES256"]);
    appliance.json(&["resource", "add", "https://mcp.example/mcp", "--name", "M"]);
    let kid = |state: &str| {
        let keys = appliance.json(&["key", "list"])["keys"].clone();
        let fits = |key: &&Value| key["algorithm"] == "ES256" && key["state"] == state;
        keys.as_array().unwrap().iter().find(fits).unwrap()["kid"].as_str().unwrap().to_owned()
    };
    let (stolen, next) = (kid("signing"), kid("next"));
    let shown = appliance.json(&["key", "show", &stolen]);
    assert_eq!((&shown["signs_tokens_for"], &shown["successor"]), (&json!(["https://mcp.example/mcp"]), &json!(next)));
    let said = appliance.json(&["key", "revoke", &stolen]);
    assert!(said["done"].as_str().unwrap().contains("nothing"), "{said}");
    assert_eq!(kid("signing"), stolen);
    assert!(appliance.refused(&["key", "revoke", &stolen, "--yes"]).contains("--because"));
    let done = appliance.json(&["key", "revoke", &stolen, "--because", "found in a backup", "--yes"]);
    assert_eq!((&done["state"], &done["done"]), (&json!("revoked"), &Value::Null));
    assert_eq!(kid("signing"), next);
    assert_ne!(kid("next"), next);
    assert!(appliance.refused(&["key", "revoke", &stolen, "--because", "x", "--yes"]).contains("already"));
    assert!(appliance.refused(&["key", "show", "x"]).contains("writ key list"));
}

#[test]
fn a_key_that_nobody_uses_signs_nothing() {
    let appliance = Appliance::with(&[("WRIT_KEYS_ALGORITHMS", "ES256,RS256,EdDSA")]);
    appliance.json(&["key", "rotate", "--algorithm", "EdDSA"]);
    let keys = appliance.json(&["key", "list"])["keys"].clone();
    let unused = keys.as_array().unwrap().iter().find(|key| key["algorithm"] == "EdDSA").unwrap();
    let shown = appliance.json(&["key", "show", unused["kid"].as_str().unwrap()]);
    assert_eq!((&shown["signs_tokens_for"], &shown["signs"]), (&json!([]), &json!("nothing")));
}

#[test]
fn the_master_key_is_changed_while_nobody_serves() {
    let appliance = Appliance::new();
    assert!(appliance.refused(&["key", "rotate-master"]).contains("no appliance"));
    appliance.set_up();
    let serving = appliance.serve();
    let key = || std::fs::read(appliance.data().join("master.key")).unwrap();
    let before = key();
    assert!(appliance.refused(&["key", "rotate-master"]).contains("stop it"));
    assert_eq!(key(), before);
    serving.stop();
    let changed = appliance.json(&["key", "rotate-master"]);
    assert!(changed["changed"] == true && changed["signing_keys"].as_u64() >= Some(4), "{changed}");
    assert_ne!(key(), before);
    appliance.serve().stop();
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
    assert!(appliance.events().iter().any(|(event, _)| event == "master_key.changed"));
}

#[test]
fn bad_arguments_are_refused_in_words_and_change_nothing() {
    let appliance = Appliance::new();
    appliance.set_up();
    appliance.json(&["resource", "add", "https://mcp.example/mcp", "--name", "M"]);
    let before = appliance.events();
    for (arguments, words) in [
        (&["person", "add", "--email", "ADA@example.com", "--name", "A", "--password-stdin"][..], "already"),
        (&["person", "add", "--email", "nobody", "--name", "A", "--password-stdin"], "e-mail"),
        (&["person", "add", "--email", "a@example.com", "--name", "A"], "--password-stdin"),
        (&["person", "password", "--email", "nobody@example.com", "--password-stdin"], "nobody here"),
        (&["resource", "add", "HTTPS://mcp.example:443/mcp/", "--name", "M"], "registered already"),
        (&["resource", "add", "https://a.example", "--name", "M", "--scope", "no:such"], "not in the catalogue"),
        (&["resource", "add", "https://a.example#x", "--name", "M"], "fragment"),
        (&["resource", "add", "https://a.example", "--name", "M", "--algorithm", "none"], "--algorithm"),
        (&["resource", "add", "https://a.example", "--name", "M", "--access-lifetime", "86401"], "a day"),
        (&["resource", "add", "https://a.example", "--name", "M", "--default-scope", "mcp:read"], "not among"),
        (&["scope", "add", "mcp:read", "--description", "x"], "already"),
        (&["scope", "add", "two words", "--description", "x"], "scope"),
        (&["scope", "add", "x", "--description", "x", "--implies", "no:such"], "not in the catalogue"),
        (&["machine", "add", "--name", "m", "--owner", "grace@example.com", "--purpose", "x"], "nobody"),
        (&["machine", "add", "--name", "m", "--owner", "ada@example.com", "--purpose", " "], "purpose"),
        (
            &[
                "machine",
                "add",
                "--name",
                "m",
                "--owner",
                "ada@example.com",
                "--purpose",
                "x",
                "--resource",
                "https://b.example",
            ],
            "not a registered resource",
        ),
        (
            &["machine", "add", "--name", "m", "--owner", "ada@example.com", "--purpose", "x", "--kind", "robot"],
            "--kind",
        ),
        (&["resource"], "Usage"),
        (&["person", "show", "nobody@example.com"], "nobody here has this e-mail address"),
        (&["person", "show", "Ada"], "by their id (per_…) or by their e-mail address"),
        (&["client", "show", "Mail"], "no application here has the id or the name Mail"),
        (&["resource", "show", "https://no.example"], "no registered resource"),
        (&["resource", "show", "M"], "by its id (res_…) or its URL"),
    ] {
        let said = appliance.refused(arguments);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(appliance.events(), before);
}

#[test]
fn case_58_of_many_first_administrators_one_is_made() {
    let race = |appliance: &Appliance| {
        let racers: Vec<Child> = (0..6)
            .map(|n| {
                let email = format!("racer{n}@example.com");
                let mut child = appliance
                    .program(&["setup", "--email", &email, "--name", "R", "--password-stdin", "--json"])
                    .spawn()
                    .unwrap();
                drop(child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()));
                child
            })
            .collect();
        let outputs: Vec<Output> = racers.into_iter().map(|racer| racer.wait_with_output().unwrap()).collect();
        let (won, lost): (Vec<_>, Vec<_>) = outputs.iter().partition(|output| output.status.success());
        assert_eq!((won.len(), lost.len()), (1, 5));
        for loser in lost {
            assert!(text(&loser.stderr).contains("set up already"), "{}", text(&loser.stderr));
        }
        let count = |event: &str| appliance.events().iter().filter(|(name, _)| name == event).count();
        assert_eq!((count("setup.completed"), count("person.created")), (1, 1));
    };
    race(&Appliance::new());
    let appliance = Appliance::new();
    let serving = appliance.serve();
    race(&appliance);
    serving.stop();
}

#[test]
fn the_setup_link_is_printed_until_there_is_an_administrator() {
    let appliance = Appliance::new();
    let first = appliance.serve();
    assert_eq!(first.said[0], format!("Writ is listening on http://{}", appliance.listen));
    let link = |serving: &Serving| serving.said[1].strip_prefix("Set up: ").unwrap().to_owned();
    assert!(link(&first).starts_with(&format!("http://{}/setup?token=writ_su_", appliance.listen)));
    let before = link(&first);
    let log = first.stop();
    assert!(!log.contains("writ_su_"), "the link is for the console, not for the log");
    let second = appliance.serve();
    assert_ne!(link(&second), before, "every start makes its own");
    appliance.set_up();
    second.stop();
    let third = appliance.serve();
    assert_eq!(third.said.len(), 1);
    third.stop();
}

#[test]
fn what_belongs_to_the_owner_is_the_owners_alone() {
    let appliance = Appliance::new();
    let serving = appliance.serve();
    let mode = |name: &str| appliance.data().join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("writ.sock"), mode("master.key"), mode("writ.redb")), (0o700, 0o600, 0o600, 0o600));
    serving.stop();
    assert!(!appliance.data().join("writ.sock").exists());
}

#[test]
fn after_a_kill_the_socket_left_behind_is_nobodys() {
    let appliance = Appliance::new();
    let serving = appliance.serve();
    appliance.set_up();
    serving.kill();
    assert!(appliance.data().join("writ.sock").exists());
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
    let serving = appliance.serve();
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
    serving.stop();
}

#[test]
fn case_52_secrets_are_shown_once_and_nowhere_else() {
    let appliance = Appliance::with(&[("WRIT_LOG", "trace")]);
    let serving = appliance.serve();
    let setup_token = serving.said[1].split_once("token=").unwrap().1.to_owned();
    appliance.set_up();
    let arguments = ["machine", "add", "--name", "m", "--owner", "ada@example.com", "--purpose", "x"];
    let machine_secret = appliance.json(&arguments)["client_secret"].as_str().unwrap().to_owned();
    let arguments = ["credential", "add", "m", "--kind", "access-key"];
    let access_key = appliance.json(&arguments)["access_key"].as_str().unwrap().to_owned();
    let exchange = |project: &str| {
        let url = format!("http://{}/v1/auth/accesskey/exchange", appliance.listen);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(&url).header("Authorization", &format!("Bearer {project}:{access_key}"));
        request.send_empty().unwrap().body_mut().read_to_string().unwrap()
    };
    assert!(exchange("main").contains("sessionJwt"));
    let mut everything = exchange("another");
    assert!(everything.contains("invalid_target"), "{everything}");
    for arguments in [
        &["audit", "list"][..],
        &["key", "list"],
        &["resource", "list"],
        &["scope", "list"],
        &["config"],
        &["machine", "list"],
        &["credential", "list", "m"],
    ] {
        everything += &appliance.json(arguments).to_string();
    }
    everything += &serving.stop();
    let stored = std::fs::read(appliance.data().join("writ.redb")).unwrap();
    let master = std::fs::read_to_string(appliance.data().join("master.key")).unwrap();
    for secret in [&setup_token, &machine_secret, &access_key, &PASSWORD.to_owned(), &master.trim().to_owned()] {
        assert!(!everything.contains(secret.as_str()), "a secret was shown");
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "a secret was stored");
    }
    assert!(!everything.contains("ada@example.com"), "an address was shown");
}

#[test]
fn settings_that_cannot_work_refuse_to_start() {
    for (variables, words) in [
        (&[("WRIT_LISTNE", "127.0.0.1:1")][..], "did you mean `WRIT_LISTEN`"),
        (&[("WRIT_PUBLIC_URL", "http://id.example")], "in the clear"),
        (&[("WRIT_LISTEN", "0.0.0.0:9000"), ("WRIT_PUBLIC_URL", "https://id.example")], "trusted_proxies"),
        (&[("WRIT_MASTER_KEY", "short")], "master key"),
        (&[("WRIT_CONFIG", "/nowhere/writ.toml")], "/nowhere/writ.toml"),
        (&[("WRIT_LOG", "=[")], "log.filter"),
    ] {
        let said = Appliance::with(variables).refused(&["serve"]);
        assert!(said.contains(words), "{variables:?}: {said}");
    }
    let appliance = Appliance::new();
    std::fs::create_dir(appliance.data()).unwrap();
    std::fs::write(appliance.data().join("writ.toml"), "[registration]\nmod = 'open'\n").unwrap();
    assert!(appliance.refused(&["serve"]).contains("did you mean `registration.mode`"));
}

#[test]
fn config_says_where_each_setting_came_from() {
    let appliance = Appliance::with(&[("WRIT_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]);
    let config = appliance.json(&["config", "--log-format", "json"]);
    let find = |name: &str| {
        config["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap().clone()
    };
    assert_eq!((&find("listen")["source"], &find("log.format")["source"]), (&json!("environment"), &json!("flag")));
    assert_eq!(find("public_url")["source"], "derived");
    assert_eq!(find("master_key")["value"], "hidden");
    assert!(!appliance.data().exists(), "looking at the settings makes nothing");
}

#[test]
fn the_issuer_is_frozen_at_the_first_start_and_not_before() {
    let appliance = Appliance::new();
    appliance.set_up();
    assert!(!appliance.events().iter().any(|(event, _)| event == "appliance.founded"));
    appliance.serve().stop();
    let said = appliance.refused(&["serve", "--public-url", "https://id.example"]);
    assert!(said.contains(&format!("began as http://{}", appliance.listen)), "{said}");
    appliance.serve().stop();
}

#[test]
fn an_appliance_without_its_master_key_says_so_and_makes_no_other() {
    let appliance = Appliance::new();
    appliance.set_up();
    let key = appliance.data().join("master.key");
    std::fs::remove_file(&key).unwrap();
    assert!(appliance.refused(&["serve"]).contains("put it back"));
    assert!(!key.exists());
}

#[test]
fn verification_finds_a_removed_entry_and_fails() {
    let appliance = Appliance::new();
    appliance.set_up();
    let store = writ::store::Redb::open(&appliance.data().join("writ.redb"), writ::store::CACHE).unwrap();
    let (tell, told) = mpsc::channel();
    store.submit(
        Box::new(|tx| tx.delete("audit", &2_u64.to_be_bytes())),
        Box::new(move |outcome| tell.send(outcome.is_ok()).unwrap()),
    );
    assert!(told.recv().unwrap());
    drop(store);
    let output = appliance.run(&["audit", "verify", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["intact"], &answer["sequence"]), (&json!(false), &json!(2)));
}

#[test]
fn a_file_that_was_put_back_is_looked_at_and_not_worked_on() {
    let appliance = Appliance::new();
    appliance.set_up();
    let file = appliance.data().join("writ.redb");
    let old = std::fs::read(&file).unwrap();
    appliance.json(&["scope", "add", "tickets:read", "--description", "Read tickets"]);
    std::fs::write(&file, old).unwrap();
    let output = appliance.run(&["audit", "verify", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["intact"], false);
    let arguments = ["scope", "add", "tickets:write", "--description", "Change tickets"];
    assert!(appliance.refused(&arguments).contains("has lost entries"));
    assert!(appliance.refused(&["serve"]).contains("has lost entries"));
}

#[test]
fn a_delegation_is_granted_listed_searched_and_taken_back() {
    let appliance = Appliance::new();
    let ada = appliance.set_up()["person_id"].as_str().unwrap().to_owned();
    appliance.json(&["tenant", "add", "staging"]);
    let machine = |name: &str, tenant: &str| {
        let about = ["--owner", "ada@example.com", "--purpose", "tests", "--scope", "mcp:read", "--tenant", tenant];
        let made = appliance.json(&[["machine", "add", "--name", name].as_slice(), &about].concat());
        made["client_id"].as_str().unwrap().to_owned()
    };
    let (desk, archive, _) = (machine("desk", "main"), machine("archive", "main"), machine("archive", "staging"));
    let add = |whom: &str| {
        ["delegation", "add", "--actor", "desk", "--for", whom, "--scope", "mcp:read", "--purpose", "Reads your mail"]
            .map(str::to_owned)
    };
    fn words(words: &[String]) -> Vec<&str> {
        words.iter().map(String::as_str).collect()
    }
    let made = appliance.json(&words(&add("ada@example.com")));
    assert_eq!((&made["actor"], &made["subject"], &made["state"]), (&json!(desk), &json!(ada), &json!("live")));
    assert_eq!(made["granted_by"], "operator");
    assert!(appliance.refused(&words(&add(&ada))).contains("revoke that one first"));
    assert!(appliance.refused(&words(&add("nobody@example.com"))).contains("nobody here"));
    let archived = add("archive");
    let for_machine = [words(&archived).as_slice(), &["--may-act", "archive", "--expires-in", "1d"]].concat();
    assert_eq!(appliance.json(&for_machine)["may_act"], archive);
    let endless = [words(&archived).as_slice(), &["--expires-in", "400d"]].concat();
    assert!(appliance.refused(&endless).contains("366 days"));

    let count = |arguments: &[&str]| appliance.json(arguments)["delegations"].as_array().unwrap().len();
    assert_eq!(count(&["delegation", "list"]), 2);
    assert_eq!(count(&["delegation", "list", "--for", "ada@example.com"]), 1);
    assert_eq!(count(&["delegation", "list", "--actor", "desk", "--limit", "1"]), 1);
    assert_eq!(count(&["delegation", "list", "--actor", "archive", "--in", "staging"]), 0);
    assert_eq!(appliance.json(&["machine", "show", "desk"])["acts_for"].as_array().unwrap().len(), 2);

    let id = made["delegation_id"].as_str().unwrap();
    let over = appliance.json(&["delegation", "revoke", id, "--because", "she left"]);
    assert_eq!((&over["state"], &over["revoked_because"]), (&json!("revoked"), &json!("she left")));
    assert_eq!(appliance.json(&["machine", "show", "desk"])["acts_for"].as_array().unwrap().len(), 1);
    let found = appliance.json(&["audit", "list", "--actor", &desk, "--subject", &ada]);
    let events: Vec<&Value> = found["entries"].as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["delegation.revoked", "delegation.granted"]);
}

/// People by their addresses, applications by their names, resources by their URLs: as people name them.
#[test]
fn commands_take_the_names_that_people_use() {
    let appliance = Appliance::new();
    let ada = appliance.set_up()["person_id"].as_str().unwrap().to_owned();
    appliance.json(&["person", "add", "--email", "grace@example.com", "--name", "Grace", "--password-stdin"]);
    assert_eq!(appliance.json(&["person", "show", "ADA@example.com"])["person_id"], json!(ada));
    assert_eq!(appliance.json(&["person", "set", "grace@example.com", "--name", "Grace H"])["name"], "Grace H");
    let stopped = appliance.json(&["person", "suspend", "grace@example.com", "--because", "left"]);
    assert_eq!(stopped["state"], "suspended");
    assert_eq!(appliance.json(&["person", "resume", "grace@example.com"])["state"], "active");
    assert_eq!(
        appliance.json(&["person", "list", "--before", "grace@example.com"])["people"][0]["person_id"],
        json!(ada)
    );

    let add = |name: &str| {
        let made = appliance.json(&["client", "add", "--name", name, "--redirect-uri", "https://mail.example/cb"]);
        made["client_id"].as_str().unwrap().to_owned()
    };
    let mail = add("Mail");
    assert_eq!(appliance.json(&["client", "show", "Mail"])["client_id"], json!(mail));
    assert_eq!(appliance.json(&["client", "suspend", "Mail", "--because", "x"])["state"], "suspended");
    assert_eq!(appliance.json(&["client", "resume", &mail])["client_id"], json!(mail));
    assert_eq!(appliance.json(&["grant", "list", "--client", "Mail"])["grants"], json!([]));
    let other = add("Mail");
    // Another secret of an application, and the end of the old one.
    let portal = [
        "client",
        "add",
        "--name",
        "Portal",
        "--auth",
        "client_secret_basic",
        "--redirect-uri",
        "https://p.example/cb",
    ];
    let first = appliance.json(&portal);
    let rotated = appliance.json(&["client", "rotate-secret", "Portal", "--overlap", "1d"]);
    assert_eq!(rotated["client_id"], first["client_id"]);
    assert_ne!(rotated["client_secret"], first["client_secret"]);
    let secrets = |answer: &Value| answer["secrets"].as_array().unwrap().len();
    assert_eq!((secrets(&rotated), secrets(&appliance.json(&["client", "show", "Portal"]))), (2, 2));
    assert!(rotated["secrets"][0].as_str().unwrap().contains("not used since it has a successor"), "{rotated}");
    assert_eq!(secrets(&appliance.json(&["client", "end-old-secrets", "Portal"])), 1);
    assert!(appliance.refused(&["client", "rotate-secret", &mail]).contains("has no secret"));
    // Leave to register, listed and taken back; and a credential with another name.
    let token = appliance.json(&["token", "add"]);
    let listed = appliance.json(&["token", "list"]);
    assert_eq!(listed["tokens"][0]["token_id"], token["token_id"]);
    appliance.json(&["token", "revoke", token["token_id"].as_str().unwrap()]);
    assert_eq!(appliance.json(&["token", "list"])["tokens"], json!([]));
    let several = appliance.refused(&["client", "remove", "Mail"]);
    assert!(several.contains("2 applications are called Mail") && several.contains(&other), "{several}");

    let made = appliance.json(&[
        "resource",
        "add",
        "https://mcp.example/mcp",
        "--name",
        "M",
        "--alias",
        "https://mcp.example",
    ]);
    for name in ["https://mcp.example/mcp", "https://mcp.example", made["resource_id"].as_str().unwrap()] {
        assert_eq!(appliance.json(&["resource", "show", name])["resource_id"], made["resource_id"], "{name}");
    }
    assert_eq!(appliance.json(&["resource", "set", "https://mcp.example/mcp", "--name", "Tickets"])["name"], "Tickets");

    let machine = ["machine", "add", "--name", "robot", "--purpose", "tests", "--owner"];
    appliance.json(&[&machine[..], &[ada.as_str()]].concat());
    let credential = appliance.json(&["credential", "list", "robot"])["credentials"][0]["credential_id"].clone();
    let credential = credential.as_str().unwrap();
    let set = appliance.json(&["credential", "set", credential, "--name", "laptop", "--expires-in", "30d"]);
    assert_eq!((&set["name"], set["expires_at"].is_string()), (&json!("laptop"), true));
    let endless = appliance.json(&["credential", "set", credential, "--never-expires"]);
    assert!(endless.get("expires_at").is_none(), "{endless}");
    appliance.json(&["machine", "hand-over", "robot", "--to", "grace@example.com"]);
    let moved = appliance.json(&["person", "hand-over", "grace@example.com", "--to", &ada]);
    assert_eq!((&moved["machines"], &moved["owner"]), (&json!(1), &json!(ada)));

    // And of the log: who acted for whom, by name, within a time.
    let acts = [
        "delegation",
        "add",
        "--actor",
        "robot",
        "--for",
        "grace@example.com",
        "--scope",
        "mcp:read",
        "--purpose",
        "x",
    ];
    appliance.json(&["machine", "set", "robot", "--scope", "mcp:read"]);
    appliance.json(&acts);
    let found = |more: &[&str]| {
        let found =
            appliance.json(&[&["audit", "list", "--actor", "robot", "--subject", "grace@example.com"], more].concat());
        found["entries"].as_array().unwrap().len()
    };
    assert_eq!(found(&[]), 1);
    assert_eq!(found(&["--since", "2020-01-01T00:00:00Z", "--event", "delegation.granted"]), 1);
    assert_eq!(found(&["--until", "2020-01-01T00:00:00Z"]), 0);
    assert!(appliance.refused(&["audit", "list", "--since", "yesterday"]).contains("--since"));
}

#[test]
fn what_every_command_takes_stands_apart_from_its_own() {
    let help = text(&Appliance::new().run(&["person", "suspend", "--help"]).stdout);
    let (own, shared) = help.split_once("Options of every command:").unwrap();
    assert!(own.contains("--because") && !own.contains("--public-url"), "{help}");
    for flag in
        ["--listen", "--public-url", "--data", "--config", "--log-format", "--json", "--appliance", "--token-file"]
    {
        assert!(shared.contains(flag), "{flag}: {help}");
    }
}

#[test]
fn a_trust_is_added_and_a_token_held_against_it() {
    let appliance = Appliance::new();
    appliance.set_up();
    let make =
        ["machine", "add", "--name", "deploy", "--owner", "ada@example.com", "--purpose", "deploys", "--no-secret"];
    appliance.json(&make);
    let add = |more: &[&'static str]| {
        [&["credential", "add", "deploy", "--kind", "trust", "--preset", "github"], more].concat()
    };
    let names = appliance.refused(&add(&["--rule", "repository=octo-org/octo-repo"]));
    assert!(names.contains("repository_id"), "{names}");
    assert!(appliance.refused(&add(&["--rule", "repository_id"])).contains("CLAIM=VALUE"));
    assert!(appliance.refused(&["credential", "add", "deploy", "--rule", "a=b"]).contains("only --kind trust"));
    let nowhere = appliance.refused(&["credential", "add", "deploy", "--kind", "trust", "--preset", "circle"]);
    assert!(nowhere.contains("there is no preset circle; there are github, gitlab"), "{nowhere}");
    let own = format!("http://{}", appliance.listen);
    let itself = ["machine", "add", "--name", "m", "--owner", "ada@example.com", "--purpose", "x", "--resource", &own];
    let itself = appliance.refused(&itself);
    assert!(itself.contains("is this appliance itself") && itself.contains("leave it out"), "{itself}");
    let added =
        appliance.json(&add(&["--rule", "repository_id=74", "--rule", "repository_owner_id=65", "--rule", "ref=a|b"]));
    let id = added["credential_id"].as_str().unwrap();
    assert_eq!(
        (&added["type"], &added["hint"]),
        (&json!("trust"), &json!("https://token.actions.githubusercontent.com"))
    );
    assert_eq!(added["rules"], json!(["repository_id=74", "repository_owner_id=65", "ref=a|b"]));
    assert!(added.get("client_secret").is_none(), "{added}");

    let try_it = |token: &str| {
        let mut child = appliance.program(&["credential", "try", id, "--token-stdin", "--json"]).spawn().unwrap();
        drop(child.stdin.take().unwrap().write_all(token.as_bytes()));
        child.wait_with_output().unwrap()
    };
    assert!(!try_it("no token\n").status.success());
    let claims = crate::world::base64(br#"{"iss":"https://token.actions.githubusercontent.com","repository_id":"75"}"#);
    let output = try_it(&format!("{}.{claims}.AA\n", crate::world::base64(br#"{"alg":"none"}"#)));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["accepted"], false);
    let line = answer["checks"].as_array().unwrap().iter().find(|line| line["claim"] == "repository_id").unwrap();
    assert_eq!((&line["expected"], &line["found"], &line["holds"]), (&json!("74"), &json!("75"), &json!(false)));
}

#[test]
fn providers_and_crossings_are_made_listed_and_taken_back() {
    let appliance = Appliance::new();
    appliance.set_up();
    let keys = appliance.data().join("idp.json");
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a" });
    std::fs::write(&keys, json!({ "keys": [key] }).to_string()).unwrap();
    let idp = "https://idp.example";
    let by_email = ["--jwks", keys.to_str().unwrap(), "--email-domain", "example.com"];
    let made = appliance.json(&[&["provider", "add", "--issuer", idp][..], &by_email].concat());
    assert_eq!((&made["person_by"], &made["email_domains"]), (&json!("email"), &json!(["example.com"])));
    assert!(appliance.refused(&["provider", "add", "--issuer", "http://idp.example"]).contains("https://"));
    let link = appliance.json(&["provider", "link", idp, "U1", "--person", "ada@example.com"]);
    assert!(link["person_id"].as_str().unwrap().starts_with("per_"));
    assert_eq!(appliance.json(&["provider", "links", idp])["links"].as_array().unwrap().len(), 1);
    assert_eq!(appliance.json(&["provider", "links", idp, "--after", "U1"])["links"], json!([]));
    let set = appliance.json(&["provider", "set", idp, "--own-keys", "--by-link"]);
    assert_eq!((&set["person_by"], set.get("jwks_uri")), (&json!("link"), None));
    assert_eq!(appliance.json(&["provider", "show", set["provider_id"].as_str().unwrap()]), set);
    assert!(appliance.refused(&["provider", "show", "https://nobody.example"]).contains("no identity provider"));
    appliance.json(&["provider", "unlink", idp, "U1"]);
    assert_eq!(appliance.json(&["provider", "list"])["providers"].as_array().unwrap().len(), 1);
    let button = ["--sign-in", "Northwind", "--client-id", "writ", "--client-secret-stdin"];
    let set = appliance.json(&[&["provider", "set", idp][..], &button].concat());
    let sign_in = &set["sign_in"];
    assert_eq!(
        (&sign_in["name"], &sign_in["scope"], &sign_in["on"]),
        (&json!("Northwind"), &json!("email openid"), &json!(true))
    );
    assert!(sign_in["secret_set_at"].is_string() && !set.to_string().contains(PASSWORD), "{set}");
    let back = format!("/sign-in/provider/callback/{}", set["provider_id"].as_str().unwrap());
    assert!(sign_in["redirect_uri"].as_str().unwrap().ends_with(&back), "{set}");
    let off = appliance.json(&["provider", "set", idp, "--button", "off", "--no-client-secret"]);
    assert_eq!((&off["sign_in"]["on"], &off["sign_in"]["secret_set_at"]), (&json!(false), &Value::Null));
    assert!(appliance.refused(&["provider", "set", idp, "--scope", "email"]).contains("openid"));
    assert_eq!(appliance.json(&["provider", "set", idp, "--no-sign-in"]).get("sign_in"), None);
    appliance.json(&["provider", "remove", idp]);

    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let client = ["client", "add", "--name", "Wiki", "--redirect-uri", "https://wiki.example/cb"];
    let none = [&client[..], &["--auth", "none", "--grant", "authorization_code", "--grant", exchange]].concat();
    assert!(appliance.refused(&none).contains("need a client that authenticates"));
    let secret = ["--auth", "client_secret_basic", "--grant", "authorization_code", "--grant", exchange];
    let wiki = appliance.json(&[&client[..], &secret].concat())["client_id"].as_str().unwrap().to_owned();
    let there = ["--audience", "https://chat.example", "--client-there", "wiki-7", "--scope", "chat.read"];
    let made = appliance.json(&[&["crossing", "add", "--client", &wiki][..], &there].concat());
    assert_eq!((&made["client_there"], &made["scope"]), (&json!("wiki-7"), &json!("chat.read")));
    assert_eq!(appliance.json(&["crossing", "list"])["crossings"].as_array().unwrap().len(), 1);
    assert_eq!(appliance.json(&["crossing", "list", "--client", &wiki])["crossings"][0], made);
    assert_eq!(appliance.json(&["crossing", "show", made["crossing_id"].as_str().unwrap()]), made);
    appliance.json(&["crossing", "remove", made["crossing_id"].as_str().unwrap()]);
    let events: Vec<String> = appliance.events().into_iter().map(|(event, _)| event).collect();
    for name in ["provider.trusted", "provider.removed", "crossing.allowed", "crossing.removed"] {
        assert!(events.iter().any(|event| event == name), "{name} in {events:?}");
    }
}

/// Adding a passkey takes a browser; that of one that is there is seen and removed, and of one that is not, it is said.
#[test]
fn passkeys_and_second_factors_of_somebody_are_seen_and_taken_away() {
    let appliance = Appliance::new();
    appliance.set_up();
    let of_ada = ["--email", "ada@example.com"];
    assert_eq!(appliance.json(&[&["person", "passkeys"][..], &of_ada].concat())["passkeys"], json!([]));
    let unknown = ["--passkey", "pky_00000000000000000000000000"];
    let remove = appliance.refused(&[&["person", "remove-passkey"][..], &of_ada, &unknown].concat());
    assert!(remove.contains("no passkey"), "{remove}");
    let reset = appliance.refused(&[&["person", "reset-factor"][..], &of_ada].concat());
    assert!(reset.contains("asked for no code"), "{reset}");
    let nobody = appliance.refused(&["person", "passkeys", "--email", "nobody@example.com"]);
    assert!(nobody.contains("nobody"), "{nobody}");
}

#[test]
fn a_person_gets_another_name_and_address() {
    let appliance = Appliance::new();
    appliance.set_up();
    let add = ["person", "add", "--email", "bob@example.com", "--name", "Bob", "--password-stdin"];
    let id = appliance.json(&add)["person_id"].as_str().unwrap().to_owned();
    let named = appliance.json(&["person", "set", &id, "--name", "Robert"]);
    assert_eq!((&named["name"], &named["email"]), (&json!("Robert"), &json!("bob@example.com")));
    let moved = appliance.json(&["person", "set", &id, "--email", "robert@example.org"]);
    assert_eq!((&moved["name"], &moved["email"]), (&json!("Robert"), &json!("robert@example.org")));
    assert_eq!(appliance.json(&["person", "show", &id]), moved);
    assert!(appliance.refused(&["person", "set", &id, "--email", "ADA@example.com"]).contains("is here already"));
    assert!(appliance.refused(&["person", "set", &id, "--email", "robert"]).contains("e-mail address"));
    assert!(appliance.refused(&["person", "set", &id]).contains("--email"), "there is something to change");
    let changed = appliance.events().into_iter().filter(|(event, _)| event == "person.changed").count();
    assert_eq!(changed, 2);
}
