//! The command line, with an appliance somewhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Output;

use serde_json::{Value, json};

use crate::cli::{Appliance, SCRIPT, Serving, shape, text};
use crate::world::{Certificate, TlsFront, World};

/// An appliance that serves, and a directory elsewhere with nothing in it.
struct Far {
    there: Appliance,
    here: Appliance,
    _serving: Serving,
}

impl Far {
    fn open() -> Self {
        let there = Appliance::new();
        let serving = there.serve();
        there.set_up();
        Self { there, here: Appliance::new(), _serving: serving }
    }

    fn url(&self) -> String {
        format!("http://{}", self.there.listen)
    }

    /// A machine that may have these scopes: its id and its secret.
    fn machine(&self, name: &str, scope: &str) -> (String, String) {
        let made = self.there.json(&[
            "machine",
            "add",
            "--name",
            name,
            "--owner",
            "ada@example.com",
            "--purpose",
            "Looks after it",
            "--scope",
            scope,
        ]);
        let member = |name: &str| made[name].as_str().unwrap().to_owned();
        (member("client_id"), member("client_secret"))
    }

    fn token(&self, (id, secret): &(String, String), scope: &str) -> String {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", id)
            .append_pair("client_secret", secret)
            .append_pair("scope", scope)
            .append_pair("resource", &self.url())
            .finish();
        let address = &self.there.listen;
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        let request = format!(
            "POST /oauth/token HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.here.program(arguments);
        command.envs(variables.iter().copied());
        let mut child = command.spawn().unwrap();
        drop(child.stdin.take().unwrap().write_all(format!("{}\n", crate::cli::PASSWORD).as_bytes()));
        child.wait_with_output().unwrap()
    }

    fn json(&self, token: &str, arguments: &[&str]) -> Value {
        let url = self.url();
        let output = self.run(&[arguments, &["--json"]].concat(), &[("WRIT_APPLIANCE", &url), ("WRIT_TOKEN", token)]);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[track_caller]
    fn refused(&self, token: &str, arguments: &[&str]) -> Value {
        let url = self.url();
        let output = self.run(&[arguments, &["--json"]].concat(), &[("WRIT_APPLIANCE", &url), ("WRIT_TOKEN", token)]);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
        assert!(!text(&output.stderr).contains(token), "a credential is in no error");
        serde_json::from_slice(&output.stderr).unwrap()
    }
}

#[test]
fn a_command_runs_at_an_appliance_elsewhere_as_whoever_the_token_belongs_to() {
    let far = Far::open();
    let machine = far.machine("remote", "writ:admin");
    let token = far.token(&machine, "writ:admin");

    let near = Appliance::new();
    let _serving = near.serve();
    let on_the_socket: Vec<Value> = SCRIPT.iter().map(|arguments| shape(&near.json(arguments))).collect();
    let far_away: Vec<Value> = (SCRIPT.iter().skip(1)).map(|arguments| shape(&far.json(&token, arguments))).collect();
    // The machine with which they were given is in no list of these.
    assert_eq!(far_away.as_slice(), &on_the_socket[1..]);
    assert!(!far.here.data().exists(), "nothing was opened here");

    let list = far.there.json(&["audit", "list", "--event", "resource.created"]);
    let entry = &list["entries"][0];
    assert_eq!(entry["by"], json!({ "client": machine.0 }), "{entry}");
    assert_eq!(entry["from"]["channel"], "api");
    // What a machine names stays, and who that is is said.
    let used = far.json(&token, &["resource", "list"])["resources"][0]["resource_id"].as_str().unwrap().to_owned();
    let why = far.refused(&token, &["resource", "remove", &used]).to_string();
    assert!(why.contains("is used by the machine nightly") && why.contains("the application Portal"), "{why}");
    let spare =
        far.json(&token, &["resource", "add", "https://spare.example", "--name", "Spare", "--scope", "mcp:read"]);
    let id = spare["resource_id"].as_str().unwrap().to_owned();
    assert_eq!(far.json(&token, &["resource", "remove", &id])["state"], "removed");
    // A file is as good as the variable, whatever white space is behind it.
    let file = far.here.directory.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let url = far.url();
    let said = far.run(&["scope", "list", "--appliance", &url, "--token-file", file.to_str().unwrap()], &[]);
    assert!(said.status.success() && text(&said.stdout).contains("mcp:read"), "{}", text(&said.stderr));
}

#[test]
fn a_command_takes_the_scope_of_its_noun() {
    let far = Far::open();
    let machine = far.machine("narrow", "writ:scopes:read writ:people:write");
    let scopes = far.token(&machine, "writ:scopes:read");
    assert!(far.json(&scopes, &["scope", "list"])["scopes"].is_array());
    assert_eq!(far.json(&scopes, &["scope", "show", "mcp:read"])["scope"], "mcp:read");
    for (arguments, needed) in [
        (&["scope", "remove", "mcp:read"][..], "writ:scopes:write"),
        (&["client", "list"], "writ:clients:read"),
        (&["audit", "list"], "writ:audit:read"),
        (&["audit", "verify"], "writ:audit:read"),
        (&["token", "add"], "writ:admin"),
        (&["export"], "writ:read"),
        (&["provider", "list"], "writ:providers:read"),
        (&["provider", "add", "--issuer", "https://login.example"], "writ:admin"),
        (&["provider", "set", "https://login.example", "--by-link"], "writ:admin"),
        (&["provider", "link", "https://login.example", "U1", "--person", "ada@example.com"], "writ:admin"),
        (&["crossing", "list"], "writ:crossings:read"),
        (&["backup"], "writ:backups:write"),
        (&["backup", "list"], "writ:backups:read"),
        (&["crossing", "remove", "crs_00000000000000000000000000"], "writ:crossings:write"),
    ] {
        let refused = far.refused(&scopes, arguments);
        assert_eq!(refused["error"], "forbidden", "{arguments:?}: {refused}");
        assert!(refused["text"].as_str().unwrap().contains(&format!("`{needed}`")), "{arguments:?}: {refused}");
    }
    // Whose password is known is who one can be: a narrow scope does not reach it.
    let people = far.token(&machine, "writ:people:write");
    let password = ["person", "password", "--email", "ada@example.com", "--password-stdin"];
    assert!(far.refused(&people, &password)["text"].as_str().unwrap().contains("`writ:admin`"));
    far.json(&people, &["person", "add", "--email", "bob@example.com", "--name", "Bob", "--password-stdin"]);
}

#[test]
fn a_backup_is_made_there_where_backups_go_and_nowhere_else() {
    let far = Far::open();
    let machine = far.machine("remote", "writ:backups:write");
    let token = far.token(&machine, "writ:backups:write");
    let made = far.json(&token, &["backup"]);
    assert_eq!(made["verified"], true);
    let folder = far.there.data().join("backups");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let list = far.json(&token, &["backup", "list"]);
    assert_eq!(list["backups"].as_array().unwrap().len(), 1);
    assert!(list["last"].is_string());
    let place = far.there.directory.path().join("elsewhere");
    for arguments in [&["backup", place.to_str().unwrap()][..], &["backup", "list", place.to_str().unwrap()]] {
        let refused = far.refused(&token, arguments);
        assert!(refused["text"].as_str().unwrap().contains("backup.directory"), "{refused}");
    }
    // Nor by somebody whose command line does not ask first.
    let body = json!({ "command": "backup", "place": place }).to_string();
    let address = &far.there.listen;
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /api/v1/commands HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 409"), "{answer}");
    assert!(!place.exists());
}

#[test]
fn what_cannot_be_done_elsewhere_says_so() {
    let far = Far::open();
    let machine = far.machine("remote", "writ:admin");
    let token = far.token(&machine, "writ:admin");
    for (arguments, words) in [
        (&["serve"][..], "not with --appliance"),
        (&["config"], "not with --appliance"),
        (&["backup", "fetch", "--newest"], "not with --appliance"),
        (&["setup", "--email", "a@example.com", "--name", "A", "--password-stdin"], "not with --appliance"),
    ] {
        let refused = far.refused(&token, arguments);
        assert!(refused["text"].as_str().unwrap().contains(words), "{arguments:?}: {refused}");
    }
    let absent = far.refused(&token, &["client", "remove", "cli_00000000000000000000000000"]);
    assert_eq!(absent["error"], "not_found", "{absent}");
    let invalid = far.refused(&token, &["scope", "add", "x:y", "--description", "X", "--risk", "medium"]);
    assert_eq!(invalid, json!({ "error": "invalid", "text": "--risk: is low or high" }));
    let taken = far.refused(&token, &["scope", "add", "mcp:read", "--description", "X"]);
    assert_eq!(taken["error"], "refused", "{taken}");
    // Case 48: a stopped machine is stopped here too, at once.
    far.there.json(&["machine", "suspend", "remote", "--because", "lost"]);
    let stopped = far.refused(&token, &["scope", "list"]);
    assert_eq!(stopped["error"], "forbidden");
    assert!(stopped["text"].as_str().unwrap().contains("does not take this credential"), "{stopped}");
}

#[test]
fn a_credential_goes_nowhere_that_it_should_not() {
    let far = Far::open();
    let url = far.url();
    let said = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = far.run(&[&["scope", "list"], arguments].concat(), variables);
        assert!(!output.status.success(), "{arguments:?}");
        text(&output.stderr)
    };
    let token = ("WRIT_TOKEN", "a.b.c");
    assert!(said(&["--appliance", "http://id.example.com"], &[token]).contains("use https"));
    assert!(said(&["--appliance", "id.example.com"], &[token]).contains("--appliance"));
    assert!(said(&["--appliance", &url], &[]).contains("WRIT_ACCESS_KEY"));
    assert!(said(&["--appliance", &url], &[token, ("WRIT_ACCESS_KEY", "writ_ak_x")]).contains("one too many"));
    assert!(
        said(&["--appliance", &url], &[("WRIT_TOKEN", "a\r\nHost: b")]).contains("neither an access key nor a token")
    );
    assert!(said(&["--appliance", &url, "--token-file", "/nowhere"], &[]).contains("/nowhere"));
    assert!(said(&["--token-file", "/nowhere"], &[]).contains("say which appliance"));
    assert!(said(&["--appliance", &url], &[token]).contains("does not take this credential"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(said(&["--appliance", &format!("http://{free}")], &[token]).contains("nobody answers there"));
}

/// Somebody else's server, a redirect, and an appliance of another version.
#[test]
fn an_answer_that_is_not_an_appliances_is_not_believed() {
    let far = Far::open();
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\n";
    for (head, body, words) in [
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "<p>hello", "is this its public URL?"),
        ("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://evil.test/\r\n", "", "redirect"),
        (missing, r#"{"type":"/docs#missing","detail":"there is nothing at this address"}"#, "of another version"),
        ("nonsense\r\n", "", "nobody answers there"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![0; 4_096];
            let read = stream.read(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            // What is not read would reset the connection before the answer is.
            drop(stream.shutdown(std::net::Shutdown::Write));
            drop(stream.read_to_end(&mut Vec::new()));
            String::from_utf8_lossy(&asked[..read]).into_owned()
        });
        let output = far.run(&["scope", "list", "--json"], &[("WRIT_APPLIANCE", &url), ("WRIT_TOKEN", "a.b.c")]);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{said}");
        assert!(said.contains("\"unreachable\""), "{said}");
        assert!(served.join().unwrap().starts_with("POST /api/v1/commands HTTP/1.1\r\n"));
    }
}

#[test]
fn case_54_what_is_no_command_is_answered_and_none_hides_behind_another() {
    let office = crate::api::Office::open();
    let scopes = office.token_with("writ:scopes:read");
    let ask = |token: &str, body: &str| {
        let request = office.world.request("POST", "/api/v1/commands").bearer(token);
        request.header("Content-Type", "application/json").body(body.as_bytes()).send()
    };
    assert_eq!(ask(&scopes, r#"{"command":"scope_list"}"#).status, 200);
    // Two members of one name: whichever was looked at, neither runs.
    for both in
        [r#"{"command":"scope_list","command":"token_add"}"#, r#"{"command":"token_add","command":"scope_list"}"#]
    {
        assert!([400, 403].contains(&ask(&scopes, both).status), "{both}");
        assert_eq!(ask(&office.token, both).status, 400, "{both}");
    }
    for nonsense in
        [r#"{"command":"dance"}"#, r#"{"command":"person_suspend"}"#, r#"{"command":7}"#, "{}", "[]", "", "x"]
    {
        assert_eq!(ask(&scopes, nonsense).status, 403, "{nonsense}: nobody knows what it takes");
        assert_eq!(ask(&office.token, nonsense).problem(), "invalid", "{nonsense}");
    }
    let other = ask(&office.token, r#"{"command":"dance"}"#);
    assert!(other.body.contains("another version"), "{}", other.body);
    let setup =
        json!({ "command": "setup", "person": {}, "email": "a@b.example", "name": "A", "password": "x" }).to_string();
    assert_ne!(ask(&office.token, &setup).status, 200);
    assert_eq!(ask(&office.token, r#"{"command":"scope_list"}"#).header("cache-control"), Some("no-store"));
}

const BEGIN: &str = "<!-- operations: each operation of the API, and the command that does the same -->\n";

/// Whoever adds an operation to the API says which command does the same, or why none does.
#[test]
fn every_operation_of_the_api_has_its_command() {
    let world = World::new();
    let document = world.request("GET", "/api/v1/openapi.json").send().json();
    let paths = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let operations: BTreeSet<String> =
        paths.map(|operation| operation["operationId"].as_str().unwrap().to_owned()).collect();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md")).unwrap();
    let table = text.split_once(BEGIN).expect("the table").1.split("\n\n").next().unwrap();
    let rows: BTreeMap<String, String> = (table.lines().skip(2))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
        })
        .collect();
    let told: BTreeSet<String> = rows.keys().cloned().collect();
    assert_eq!(told, operations, "the table in docs/cli.md and the operations of the API");
    let commands = commands();
    for (operation, command) in rows {
        match command.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
            Some((command, _)) => {
                let named = command.strip_prefix("writ ").unwrap_or_default();
                assert!(commands.iter().any(|known| named == known), "{operation}: there is no `{command}`");
            }
            None => assert!(command.starts_with("none: "), "{operation}: a command, or `none: ` and why"),
        }
    }
}

/// Every command, as it is typed.
fn commands() -> Vec<String> {
    let (mut waiting, mut found) = (vec![Vec::new()], Vec::new());
    while let Some(path) = waiting.pop() {
        let output = Appliance::new().run(&path.iter().map(String::as_str).chain(["--help"]).collect::<Vec<_>>());
        let help = text(&output.stdout);
        let listed = help.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap().to_owned());
        match listed {
            None => found.push(path.join(" ")),
            Some(listed) => {
                // One that does something by itself as well has two lines of usage.
                if help.contains(&format!("\n       writ {} <COMMAND>", path.join(" "))) {
                    found.push(path.join(" "));
                }
                let names = listed.lines().filter(|line| !line.starts_with("   "));
                let names = names.map(|line| line.split_whitespace().next().unwrap().to_owned());
                waiting.extend(names.filter(|name| name != "help").map(|name| [path.as_slice(), &[name]].concat()));
            }
        }
    }
    found
}

/// An access key is a credential of a machine like others: it needs no token first, reaches as far as the machine, and ends with it.
#[test]
fn an_access_key_is_enough() {
    let far = Far::open();
    far.machine("keeper", "writ:scopes:read writ:machines:write");
    let made = far.there.json(&["credential", "add", "keeper", "--kind", "access-key", "--name", "laptop"]);
    let key = made["access_key"].as_str().unwrap_or_else(|| panic!("{made}"));
    let url = far.url();
    let run = |arguments: &[&str]| {
        far.run(&[arguments, &["--json"]].concat(), &[("WRIT_APPLIANCE", &url), ("WRIT_ACCESS_KEY", key)])
    };
    let listed = run(&["scope", "list"]);
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    // Nobody hands out more than they have.
    let raised = run(&[
        "machine",
        "add",
        "--name",
        "other",
        "--owner",
        "ada@example.com",
        "--purpose",
        "x",
        "--scope",
        "writ:admin",
    ]);
    assert!(!raised.status.success() && text(&raised.stderr).contains("forbidden"), "{}", text(&raised.stderr));
    let stopped = run(&["machine", "suspend", "keeper", "--because", "its own wish"]);
    assert!(stopped.status.success(), "{}", text(&stopped.stderr));
    let over = run(&["scope", "list"]);
    assert!(!over.status.success() && !text(&over.stderr).contains(key), "{}", text(&over.stderr));
}

/// An appliance behind something that ends TLS, and the access key of a machine there.
struct Behind {
    front: TlsFront,
    key: String,
    here: Appliance,
    _there: (Appliance, Serving),
}

impl Behind {
    fn tls(certificate: &Certificate) -> Self {
        let (front, listener) = TlsFront::new(certificate);
        let mut there = Appliance::new();
        there.variables.push(("WRIT_PUBLIC_URL", format!("https://localhost:{}", front.port)));
        there.variables.push(("WRIT_TRUSTED_PROXIES", "127.0.0.1".to_owned()));
        front.open(listener, &there.listen);
        let serving = there.serve();
        there.set_up();
        let about = ["--owner", "ada@example.com", "--purpose", "Looks after it", "--scope", "writ:scopes:read"];
        there.json(&[&["machine", "add", "--name", "remote"][..], &about].concat());
        let key = there.json(&["credential", "add", "remote", "--kind", "access-key"]);
        let key = key["access_key"].as_str().unwrap().to_owned();
        Self { front, key, here: Appliance::new(), _there: (there, serving) }
    }

    /// What somebody gets who trusts these certificates besides the usual.
    fn asked(&self, url: &str, trusts: &str) -> Output {
        let file = self.here.directory.path().join("roots.pem");
        std::fs::write(&file, trusts).unwrap();
        let mut command = self.here.program(&["scope", "list"]);
        command.envs([("WRIT_APPLIANCE", url), ("WRIT_ACCESS_KEY", &self.key)]);
        if !trusts.is_empty() {
            command.env("WRIT_OUTBOUND_EXTRA_ROOT", &file);
        }
        command.spawn().unwrap().wait_with_output().unwrap()
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.front.port)
    }
}

/// RFC 6750 §5.2: "the client MUST validate the TLS certificate chain when making requests to protected resources". The credential is sent
/// to nobody who does not have the right one.
#[test]
fn over_tls_the_appliance_proves_who_it_is_before_it_hears_a_credential() {
    let right = Certificate::of("localhost");
    let behind = Behind::tls(&right);
    let url = behind.url();
    let output = behind.asked(&url, &right.pem);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("mcp:read"), "{}", text(&output.stdout));

    let refused = |url: &str, trusts: &str, words: &str| {
        let before = behind.front.heard();
        let output = behind.asked(url, trusts);
        let said = text(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{}", text(&output.stdout));
        assert!(said.contains(words), "{said}");
        assert!(!said.contains(&behind.key), "a credential is in no error");
        assert_eq!(behind.front.heard(), before, "and nobody heard it");
    };
    let certificate = "its TLS certificate is not valid for this name, has expired, or comes from an authority";
    refused(&url, "", certificate);
    refused(&url, &Certificate::of("localhost").pem, certificate);
    // Another name for the same place is another name.
    refused(&format!("https://127.0.0.1:{}", behind.front.port), &right.pem, certificate);
    let (elsewhere, over) = (Certificate::of("id.example.com"), Certificate::expired("localhost"));
    behind.front.shows(&elsewhere);
    refused(&url, &elsewhere.pem, certificate);
    behind.front.shows(&over);
    refused(&url, &over.pem, certificate);
    behind.front.shows(&right);
    assert!(behind.asked(&url, &right.pem).status.success(), "it was the certificates alone");

    // Who does not speak TLS is not asked in the open instead.
    refused(&url.replace("https", "http"), &right.pem, "nobody answers there, or not with HTTP");
    let (_, plain) = (&behind._there.1, &behind._there.0.listen);
    refused(&format!("https://{plain}"), &right.pem, "no TLS");
    refused("http://id.example.com", &right.pem, "use https: over http everybody on the way could read the credential");
    refused("http://198.51.100.7:9000", &right.pem, "use https");
}
