//! `/metrics`: what it tells, to whom, and what it never tells.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use writ::base::Lifetime;
use writ::operations::metrics::METRICS;
use writ::operations::{keep_head, turn_keys};

use crate::world::{Answer, ClientApp, Request, World};

const LISTEN: (&str, &str) = ("metrics.listen", "127.0.0.1:0");

fn watched() -> (World, SocketAddr) {
    let world = World::with(&[LISTEN]);
    let at = world.watched.expect("a setting says so");
    (world, at)
}

fn get(at: SocketAddr, path: &str) -> Answer {
    Request::new(at, "GET", path).send()
}

/// Each sample of a page, by its name and labels.
fn samples(at: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(at, "/metrics");
    answer.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let lines = answer.body.lines().filter(|line| !line.starts_with('#'));
    let mut samples = BTreeMap::new();
    for (name, value) in lines.map(|line| line.rsplit_once(' ').unwrap()) {
        assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{name} twice");
    }
    samples
}

fn machine(world: &World) -> ClientApp {
    let tickets = world.resource("https://tickets.example/mcp", "mcp:read");
    world.confidential("Portal").at(&tickets)
}

fn value(at: SocketAddr, sample: &str) -> f64 {
    *samples(at).get(sample).unwrap_or_else(|| panic!("no {sample}"))
}

#[test]
fn without_a_setting_nobody_is_told_anything() {
    let world = World::new();
    assert_eq!(world.watched, None);
    for path in ["/metrics", "/health/metrics", "//metrics", "/metrics/"] {
        assert_eq!(world.request("GET", path).send().status, 404, "{path}");
    }
}

#[test]
fn with_one_the_public_port_still_says_nothing() {
    let (world, _) = watched();
    world.request("GET", "/metrics").send().expect_status(404);
    world.request("GET", "/metrics").header("Authorization", "Bearer x").send().expect_status(404);
}

#[test]
fn the_page_tells_what_the_list_names_and_nothing_else() {
    let world = World::with_file_and(&[LISTEN, ("audit.deliver_to", "file:/nowhere/audit.jsonl")]);
    keep_head::keep(&world.app).unwrap();
    let text = get(world.watched.unwrap(), "/metrics").body;
    let told: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect();
    let listed: BTreeSet<(String, String)> =
        METRICS.iter().map(|metric| (metric.name.to_owned(), metric.kind.as_str().to_owned())).collect();
    assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), listed);
    assert_eq!(told.len(), listed.len(), "each is told once");
    // And every sample has the labels that the list gives it.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = line.split_once('{').unwrap_or((line.split(' ').next().unwrap(), ""));
        let metric =
            METRICS.iter().filter(|metric| name.starts_with(metric.name)).max_by_key(|metric| metric.name.len());
        let mut known: Vec<&str> = metric.unwrap_or_else(|| panic!("{line}")).labels.to_vec();
        if name.ends_with("_bucket") {
            known.push("le");
        }
        let found: Vec<&str> = labels.split("=\"").filter_map(|part| part.rsplit(['{', ',']).next()).collect();
        let found: Vec<&str> = found
            .into_iter()
            .filter(|label| label.bytes().all(|b| b.is_ascii_lowercase()) && !label.is_empty())
            .collect();
        assert!(found.iter().all(|label| known.contains(label)), "{line}: {found:?} and not {known:?}");
    }
}

#[test]
fn tokens_refusals_and_requests_are_counted_by_kind() {
    let (world, at) = watched();
    let app = machine(&world);
    let before = samples(at);
    app.client_credentials(&world, &[("resource", "https://tickets.example/mcp")]).expect_status(200);
    world.token(&[("grant_type", "client_credentials"), ("client_id", "cli_unknown")]).expect_status(401);
    world.token(&[("grant_type", "invented-by-a-stranger")]).expect_status(400);
    let after = samples(at);
    let more = |sample: &str| after[sample] - before[sample];
    assert_eq!(more("writ_grants_total{grant=\"client_credentials\",outcome=\"issued\"}"), 1.0);
    assert_eq!(more("writ_grants_total{grant=\"client_credentials\",outcome=\"refused\"}"), 1.0);
    assert_eq!(more("writ_grants_total{grant=\"unreadable\",outcome=\"refused\"}"), 1.0);
    assert_eq!(more("writ_refusals_total{reason=\"proof\"}"), 1.0);
    assert_eq!(more("writ_http_requests_total{route=\"token\",status=\"2xx\"}"), 1.0);
    assert_eq!(more("writ_http_requests_total{route=\"token\",status=\"4xx\"}"), 2.0);
    assert_eq!(more("writ_http_request_duration_seconds_count{route=\"token\"}"), 3.0);
    assert_eq!(more("writ_http_request_duration_seconds_bucket{route=\"token\",le=\"+Inf\"}"), 3.0);
    assert!(more("writ_http_request_duration_seconds_sum{route=\"token\"}") > 0.0);
    assert!(more("writ_commit_batch_size_count") >= 1.0, "a token was written down");
    assert!(more("writ_commit_duration_seconds_sum") > 0.0);
    assert_eq!(after["writ_writes_waiting"], 0.0);
}

#[test]
fn sign_ins_and_passwords_are_counted() {
    let (world, at) = watched();
    let ada = world.administrator("ada");
    let before = samples(at);
    world.signed_in(&ada);
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    browser.submit(&page, &[("email", &ada.email), ("password", "not this one at all")]);
    let after = samples(at);
    let more = |sample: &str| after[sample] - before[sample];
    assert_eq!(more("writ_sign_ins_total{outcome=\"signed_in\"}"), 1.0);
    assert_eq!(more("writ_sign_ins_total{outcome=\"refused\"}"), 1.0);
    assert_eq!(more("writ_password_duration_seconds_count"), 2.0);
    assert_eq!(more("writ_store_rows{table=\"sessions\"}"), 1.0);
    assert_eq!(after["writ_passwords_waiting"], 0.0);
}

#[test]
fn what_is_limited_is_counted_by_the_kind_of_door() {
    let world = World::with(&[LISTEN, ("limits.sign_in", "1")]);
    let at = world.watched.unwrap();
    let statuses: Vec<u16> = (0..4).map(|_| world.request("POST", "/sign-in").form(&[]).send().status).collect();
    let limited = statuses.iter().filter(|status| **status == 429).count();
    assert!(limited >= 2, "{statuses:?}");
    assert_eq!(value(at, "writ_rate_limited_total{route=\"sign_in\"}"), limited as f64);
    assert_eq!(value(at, "writ_rate_limited_total{route=\"token\"}"), 0.0);
}

#[test]
fn keys_and_the_audit_log_have_their_ages() {
    let (world, at) = watched();
    let before = samples(at);
    assert_eq!(before["writ_signing_keys{algorithm=\"ES256\",state=\"signing\"}"], 1.0);
    assert_eq!(before["writ_signing_key_age_seconds{algorithm=\"ES256\",state=\"signing\"}"], 0.0);
    world.later(Lifetime::from_hours(1));
    assert_eq!(value(at, "writ_signing_key_age_seconds{algorithm=\"ES256\",state=\"signing\"}"), 3_600.0);
    assert_eq!(value(at, "writ_audit_head_age_seconds"), 3_600.0);
    world.later(Lifetime::from_days(1));
    world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
    let after = samples(at);
    assert_eq!(after["writ_signing_keys{algorithm=\"ES256\",state=\"retained\"}"], 1.0);
    assert!(after["writ_audit_entries"] > before["writ_audit_entries"]);
    assert_eq!(after["writ_audit_head_age_seconds"], 0.0);
}

/// Whatever strangers send, the page has the same lines, and none of their words.
#[test]
fn strangers_add_no_line_and_no_word_to_the_page() {
    let (world, at) = watched();
    let before: Vec<String> = samples(at).into_keys().collect();
    for n in 0..50 {
        let word = format!("stranger{n}");
        world.request("GET", &format!("/{word}")).send();
        world.request("GET", "/health").header("User-Agent", &word).header("Host", &word).send();
        world.token(&[("grant_type", &word), ("client_id", &word), ("scope", &word)]);
        world.request("GET", &format!("/oauth/authorize?client_id={word}&resource=https://{word}.example")).send();
        world.request(&word.to_uppercase(), "/oauth/token").send();
    }
    assert_eq!(samples(at).into_keys().collect::<Vec<_>>(), before);
    let page = get(at, "/metrics").body;
    assert!(!page.to_lowercase().contains("stranger"));
}

/// A page in a browser has a name of its own lead to this computer, and reads nothing.
#[test]
fn a_name_that_was_bound_anew_reads_no_metrics() {
    let (_world, at) = watched();
    for host in ["evil.test", "evil.test:9100", "127.0.0.1.evil.test"] {
        assert_eq!(Request::new(at, "GET", "/metrics").header("Host", host).send().status, 404, "{host}");
    }
    get(at, "/metrics").expect_status(200);
    assert_eq!(Request::new(at, "POST", "/metrics").send().status, 404, "it is only read");
}

#[test]
fn no_secret_and_nobodys_name_is_in_the_page() {
    let (world, at) = watched();
    let ada = world.administrator("lovelace");
    world.signed_in(&ada);
    let app = machine(&world);
    let tokens = app.client_credentials(&world, &[("resource", "https://tickets.example/mcp")]).tokens();
    let page = get(at, "/metrics").body;
    for secret in [ada.email.as_str(), "lovelace", &app.id.to_string(), &tokens.access, "tickets.example"] {
        assert!(!page.contains(secret), "{secret}");
    }
}
