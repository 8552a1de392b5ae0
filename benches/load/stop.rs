//! How long it takes until each kind of verifier refuses what a machine held that was stopped, while others are busy.
//!
//! A verifier asks again and again on a connection of its own, as fast as it is answered. The stop is one request to the API. What counts
//! is how long after it was sent the verifier is first refused, and whether anything was still taken that was asked for after the stop had
//! been answered: whoever was told that a machine is stopped relies on it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use writ::base::{Lifetime, Timestamp};
use writ::protocol::status_list::{self, Status};

use crate::http::{Connection, Outcome, encode, request};
use crate::prepare::{Party, RESOURCES, SCOPE, Scene};
use crate::server::Place;

/// Machines that are stopped for each kind of verifier.
const STOPS: usize = 25;
/// How often it is taken before it is stopped.
const BEFORE: usize = 3;
/// A verifier that still takes it by then never refuses.
const TOO_LATE: Duration = Duration::from_secs(20);

/// Whoever is asked whether a machine, or what it holds, is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verifier {
    Introspection,
    Refresh,
    Exchange,
    AccessKey,
    ClientCredentials,
    StatusList,
}

impl Verifier {
    pub(crate) const ALL: [Self; 6] = [
        Self::Introspection,
        Self::Refresh,
        Self::Exchange,
        Self::AccessKey,
        Self::ClientCredentials,
        Self::StatusList,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Introspection => "introspection of its access token",
            Self::Refresh => "refresh",
            Self::Exchange => "token exchange for a person",
            Self::AccessKey => "access key exchange",
            Self::ClientCredentials => "client_credentials",
            Self::StatusList => "status list, fetched each time",
        }
    }
}

/// Who can stop machines, and those that will be.
pub(crate) struct Doomed {
    administrator: String,
    machines: Vec<Victim>,
}

/// A machine with everything that the verifiers look at.
struct Victim {
    party: Party,
    access_key: String,
}

/// Makes them as a script would; the appliance may be running or not.
pub(crate) fn prepare(place: &Place, scene: &Scene) -> Outcome<Doomed> {
    let owner = scene.people.first().ok_or("nobody to own them")?;
    let run = |words: &[&str]| place.run(words, "");
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned).ok_or("no id");
    let about = ["--owner", owner, "--purpose", "benchmarks"];
    let made = run(&[&["machine", "add", "--name", "Stopper", "--scope", "writ:admin"][..], &about].concat())?;
    let key = run(&["credential", "add", &text(&made, "client_id")?, "--kind", "access-key"])?;
    let mut doomed = Doomed { administrator: text(&key, "access_key")?, machines: Vec::new() };
    for n in 0..STOPS * Verifier::ALL.len() {
        let name = format!("doomed-{n}");
        let scopes = ["--scope", "mcp:read", "--scope", "mcp:write"];
        let more = ["--refresh-tokens", "true", "--serves", RESOURCES[0].1];
        let made = run(&[&["machine", "add", "--name", &name][..], &about, &scopes, &more].concat())?;
        let party = Party { id: text(&made, "client_id")?, secret: text(&made, "client_secret")? };
        let key = run(&["credential", "add", &party.id, "--kind", "access-key"])?;
        let whom = ["--actor", &party.id, "--for", owner, "--purpose", "benchmarks"];
        run(&[&["delegation", "add"][..], &whom, &scopes].concat())?;
        doomed.machines.push(Victim { party, access_key: text(&key, "access_key")? });
    }
    Ok(doomed)
}

/// What came of one stop.
struct Trial {
    /// From sending the stop to its answer.
    answered: Duration,
    /// From sending the stop to the first refusal.
    refused: Duration,
    /// Questions that were asked after the answer and said yes to.
    late: usize,
}

/// Stops one machine after the other, each under the eyes of one verifier; prints a table.
pub(crate) async fn measure(
    doomed: Doomed,
    scene: &Scene,
    address: std::net::SocketAddr,
    subject_token: &str,
) -> Outcome<()> {
    println!(
        "| verifier | stops | stop answered, p50 | worst | first refusal after the stop was sent, p50 | worst | taken that was asked for afterwards |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut machines = doomed.machines.into_iter();
    for verifier in Verifier::ALL {
        let mut trials = Vec::with_capacity(STOPS);
        for _ in 0..STOPS {
            let victim = machines.next().ok_or("no machine is left")?;
            let watch = Watch::over(verifier, &victim, scene, address, subject_token).await?;
            trials.push(trial(watch, &victim, &doomed.administrator, address).await?);
        }
        let (answered, refused) = (times(&trials, |t| t.answered), times(&trials, |t| t.refused));
        let late: usize = trials.iter().map(|trial| trial.late).sum();
        let title = verifier.title();
        println!("| {title} | {STOPS} | {} | {} | {} | {} | {late} |", answered.0, answered.1, refused.0, refused.1);
    }
    println!();
    Ok(())
}

/// Median and worst.
fn times(trials: &[Trial], of: fn(&Trial) -> Duration) -> (String, String) {
    let mut all: Vec<Duration> = trials.iter().map(of).collect();
    all.sort_unstable();
    let said = |time: Option<&Duration>| format!("{:.1} ms", time.map_or(0.0, Duration::as_secs_f64) * 1e3);
    (said(all.get(all.len() / 2)), said(all.last()))
}

async fn trial(mut watch: Watch, victim: &Victim, key: &str, address: std::net::SocketAddr) -> Outcome<Trial> {
    // Open before the clock runs, as an administrator's connection is.
    let mut desk = Connection::new(address);
    desk.send(&request("GET", "/.well-known/jwks.json", &[], None)).await?.expect(200)?;
    let taken_so_far = Rc::new(Cell::new(0_usize));
    let counted = Rc::clone(&taken_so_far);
    let watching = tokio::task::spawn_local(async move {
        let mut asked: Vec<(Instant, Instant, bool)> = Vec::new();
        loop {
            let began = Instant::now();
            let taken = watch.asks().await?;
            asked.push((began, Instant::now(), taken));
            if !taken {
                return Ok::<_, String>(asked);
            }
            counted.set(counted.get() + 1);
        }
    });
    // It has been taken for a while.
    while taken_so_far.get() < BEFORE && !watching.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let body = r#"{"because":"a measurement"}"#;
    let path = format!("/api/v1/machines/{}/suspension", victim.party.id);
    let length = body.len();
    let stop = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let sent = Instant::now();
    desk.send(&stop).await?.expect(200)?;
    let answered = Instant::now();
    let asked = tokio::time::timeout(TOO_LATE, watching).await.map_err(|_| "a verifier never refused")?;
    let asked = asked.map_err(|e| e.to_string())??;
    let (first, rest) = asked.split_last().ok_or("the verifier asked nothing")?;
    if !rest.iter().any(|(_, end, _)| *end < sent) {
        return Err("the verifier did not take it before the stop".to_owned());
    }
    let late = rest.iter().filter(|(began, _, _)| *began > answered).count();
    Ok(Trial { answered: answered - sent, refused: first.1.saturating_duration_since(sent), late })
}

/// One verifier that asks about one machine.
struct Watch {
    connection: Connection,
    verifier: Verifier,
    /// What it asks, where that is always the same.
    ask: String,
    access_key: String,
    refresh_token: String,
    /// The list and the place in it that the machine's token names.
    status: (String, u64),
}

impl Watch {
    async fn over(
        verifier: Verifier,
        victim: &Victim,
        scene: &Scene,
        address: std::net::SocketAddr,
        subject_token: &str,
    ) -> Outcome<Self> {
        let mut connection = Connection::new(address);
        let basic = victim.party.basic();
        let own = encode(&[("grant_type", "client_credentials"), ("scope", SCOPE), ("resource", RESOURCES[0].1)]);
        let own = request("POST", "/oauth/token", &[&basic], Some(&own));
        let header = format!("Authorization: Bearer {}:{}", RESOURCES[0].1, victim.access_key);
        let by_key = request("POST", "/v1/auth/accesskey/exchange", &[&header], Some(""));
        let mut watch = Self {
            connection: Connection::new(address),
            verifier,
            ask: String::new(),
            access_key: victim.access_key.clone(),
            refresh_token: String::new(),
            status: (String::new(), 0),
        };
        match verifier {
            Verifier::ClientCredentials => watch.ask = own,
            Verifier::AccessKey => watch.ask = by_key,
            Verifier::Introspection => {
                let answer = connection.send(&own).await?;
                answer.expect(200)?;
                let form = encode(&[("token", answer.member("access_token").ok_or("no access_token")?)]);
                watch.ask = request("POST", "/oauth/introspect", &[&scene.desk.basic()], Some(&form));
            }
            Verifier::Refresh => {
                let answer = connection.send(&by_key).await?;
                answer.expect(200)?;
                watch.refresh_token = answer.member("refreshJwt").ok_or("no refreshJwt")?.to_owned();
            }
            Verifier::Exchange => {
                let form = [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                    ("subject_token", subject_token),
                    ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                    ("resource", RESOURCES[0].1),
                ];
                watch.ask = request("POST", "/oauth/token", &[&basic], Some(&encode(&form)));
            }
            Verifier::StatusList => {
                let answer = connection.send(&own).await?;
                answer.expect(200)?;
                let token = claims(answer.member("access_token").ok_or("no access_token")?)?;
                let place = token.get("status").and_then(|status| status.get("status_list")).ok_or("no status")?;
                let uri = place.get("uri").and_then(Value::as_str).ok_or("no uri")?.to_owned();
                let path = uri.find("/oauth/").and_then(|at| uri.get(at..)).ok_or("an unknown uri")?;
                watch.ask = request("GET", path, &[], None);
                watch.status = (uri.clone(), place.get("idx").and_then(Value::as_u64).ok_or("no idx")?);
            }
        }
        Ok(watch)
    }

    /// Whether it is still taken.
    async fn asks(&mut self) -> Outcome<bool> {
        if self.verifier == Verifier::Refresh {
            let form = [
                ("grant_type", "refresh_token"),
                ("client_secret", &*self.access_key),
                ("refresh_token", &*self.refresh_token),
            ];
            self.ask = request("POST", "/oauth/token", &[], Some(&encode(&form)));
        }
        let answer = self.connection.send(&self.ask).await?;
        match self.verifier {
            Verifier::Introspection => {
                answer.expect(200)?;
                Ok(answer.body.contains("\"active\":true"))
            }
            Verifier::StatusList => {
                answer.expect(200)?;
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
                let now = Timestamp::from_seconds(i64::try_from(now).unwrap_or(0));
                let (uri, index) = &self.status;
                let list = status_list::read(&claims(answer.body)?, uri, now, Lifetime::from_minutes(1));
                let status = list.map_err(|e| e.to_string())?.statuses.at(*index);
                Ok(status == Some(Status::Valid))
            }
            Verifier::Refresh | Verifier::Exchange | Verifier::AccessKey | Verifier::ClientCredentials => {
                if ![200, 400, 401].contains(&answer.status) {
                    answer.expect(200)?;
                }
                if let Some(next) = answer.member("refresh_token") {
                    self.refresh_token = next.to_owned();
                }
                Ok(answer.status == 200)
            }
        }
    }
}

/// What a token says. Nobody's signature is looked at: that is not what is measured.
fn claims(token: &str) -> Outcome<Map<String, Value>> {
    let part = token.split('.').nth(1).ok_or("no JWT")?;
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|e| e.to_string())?;
    serde_json::from_slice(&bytes).map_err(|e| e.to_string())
}
