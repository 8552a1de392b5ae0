//! Traces, as a collector receives them from the built program.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::cli::{Appliance, PASSWORD};
use crate::world::Request;

/// Takes what is sent, and keeps heads and bodies.
struct Collector {
    endpoint: String,
    received: Arc<Mutex<Vec<(String, String)>>>,
}

impl Collector {
    fn new(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&received);
        thread::spawn(move || listener.incoming().for_each(|stream| take(stream.unwrap(), status, &shared)));
        Self { endpoint, received }
    }

    fn spans(&self) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        let bodies = received.iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap());
        bodies.flat_map(|body| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()).collect()
    }
}

fn take(mut stream: TcpStream, status: u16, received: &Mutex<Vec<(String, String)>>) {
    let (mut head, mut length) = (String::new(), 0);
    let mut reader = BufReader::new(&mut stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    received.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
    drop(
        stream
            .write_all(format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}").as_bytes()),
    );
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn attribute<'s>(span: &'s Value, key: &str) -> &'s Value {
    let attributes = span["attributes"].as_array().unwrap().iter();
    attributes
        .into_iter()
        .find(|attribute| attribute["key"] == key)
        .map_or(&Value::Null, |attribute| &attribute["value"])
}

#[test]
fn a_collector_receives_what_happened_within_a_request_and_no_secret() {
    let collector = Collector::new(200);
    let appliance = Appliance::with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=one"),
        ("OTEL_SERVICE_NAME", "id-test"),
        ("WRIT_LOG", "info,writ=trace"),
    ]);
    appliance.set_up();
    appliance.json(&["resource", "add", "https://t.example/mcp", "--name", "T", "--scope", "mcp:read"]);
    let machine = appliance.json(&[
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
        "mcp:read",
        "--resource",
        "https://t.example/mcp",
    ]);
    let (id, secret) = (machine["client_id"].as_str().unwrap(), machine["client_secret"].as_str().unwrap());
    let serving = appliance.serve();
    let address = appliance.listen.parse().unwrap();
    let ask = |parent: &str| {
        let fields = [("grant_type", "client_credentials"), ("resource", "https://t.example/mcp")];
        Request::new(address, "POST", "/oauth/token")
            .basic(id, secret)
            .header("traceparent", parent)
            .form(&fields)
            .send()
    };
    let token = ask(PARENT).expect_status(200).json()["access_token"].as_str().unwrap().to_owned();
    ask(&PARENT.replace("-01", "-00")).expect_status(200);
    ask("nonsense-01").expect_status(200);
    Request::new(address, "GET", "/oauth/authorize?client_id=x&state=a-secret-of-the-client").send();
    let log = serving.stop();

    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|span| span["name"] == name).cloned().collect::<Vec<_>>();
    let requests = named("POST /oauth/token");
    assert_eq!(requests.len(), 2, "one was not to be kept, said its caller: {spans:?}");
    let request = requests.iter().find(|span| span["traceId"] == "0af7651916cd43dd8448eb211c80319c").unwrap();
    assert_eq!((request["parentSpanId"].as_str(), request["kind"].as_u64()), (Some("b7ad6b7169203331"), Some(2)));
    assert_eq!(attribute(request, "http.response.status_code")["intValue"], "200");
    assert_eq!(attribute(request, "http.route")["stringValue"], "/oauth/token");
    assert!(attribute(request, "request")["stringValue"].as_str().unwrap().starts_with("req_"));
    let other = requests.iter().find(|span| span["traceId"] != request["traceId"]).unwrap();
    assert!(other.get("parentSpanId").is_none(), "nobody's call: {other}");

    let nanos = |span: &Value, end: &str| span[end].as_str().unwrap().parse::<u64>().unwrap();
    for name in ["store.write", "sign"] {
        let within = named(name).into_iter().find(|span| span["parentSpanId"] == request["spanId"]);
        let within = within.unwrap_or_else(|| panic!("no {name} within the request: {spans:?}"));
        assert_eq!(within["traceId"], request["traceId"]);
        assert!(nanos(&within, "startTimeUnixNano") >= nanos(request, "startTimeUnixNano"));
        assert!(nanos(&within, "endTimeUnixNano") <= nanos(request, "endTimeUnixNano"), "{within} {request}");
    }
    for span in &spans {
        assert!(span["spanId"].as_str().unwrap().len() == 16 && span["traceId"].as_str().unwrap().len() == 32);
        assert!(nanos(span, "startTimeUnixNano") > 1_700_000_000_000_000_000);
    }

    let received = collector.received.lock().unwrap();
    assert!(received[0].0.starts_with("POST /v1/traces HTTP/1.1"), "{}", received[0].0);
    assert!(received[0].0.to_ascii_lowercase().contains("x-tenant: one"));
    assert!(received[0].1.contains(r#"{"key":"service.name","value":{"stringValue":"id-test"}}"#));
    let all: String = received.iter().map(|(_, body)| body.as_str()).collect();
    for word in
        [secret, token.as_str(), id, "a-secret-of-the-client", PASSWORD, "ada@example.com", "nonsense", "127.0.0"]
    {
        assert!(!all.contains(word), "{word} was sent");
    }
    assert!(log.contains("answered") && !log.contains("request{"), "log lines are as they are without traces");
}

#[test]
fn without_the_variables_nothing_is_sent_and_a_mistake_refuses_to_start() {
    let collector = Collector::new(200);
    let appliance =
        Appliance::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint), ("OTEL_TRACES_EXPORTER", "none")]);
    let serving = appliance.serve();
    Request::new(appliance.listen.parse().unwrap(), "GET", "/health").send().expect_status(200);
    serving.stop();
    assert!(collector.received.lock().unwrap().is_empty());

    let appliance = Appliance::with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ]);
    assert!(appliance.refused(&["serve"]).contains("http/json"));
}

#[test]
fn a_collector_that_is_down_is_told_of_once_with_what_it_cost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let appliance = Appliance::with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
    ]);
    let serving = appliance.serve();
    for _ in 0..200 {
        Request::new(appliance.listen.parse().unwrap(), "GET", "/health").send().expect_status(200);
    }
    let log = serving.stop();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("traces do not reach their collector")).collect();
    assert_eq!(told.len(), 1, "{log}");
    let dropped = told[0].split_once("dropped=").and_then(|(_, count)| count.parse::<u32>().ok());
    assert!(dropped.is_some_and(|dropped| dropped > 0), "{told:?}");
}

#[test]
fn a_collector_that_never_answers_keeps_no_stop_waiting_and_hides_no_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let appliance = Appliance::with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000"),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ]);
    let serving = appliance.serve();
    Request::new(appliance.listen.parse().unwrap(), "GET", "/health").send().expect_status(200);
    // It is in the middle of sending.
    let mut hanging = listener.accept().unwrap().0;
    hanging.read_exact(&mut [0; 4]).unwrap();
    let log = serving.stop();
    assert!(log.contains("stopping: requests in flight are finished first"), "{log}");
}
