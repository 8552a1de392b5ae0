//! The variables by which every program with OpenTelemetry in it is told where its traces go. They are not Writ's own, so they are no
//! settings: whoever runs a collector sets them for everything that runs there.

use std::time::Duration;

use url::Url;

use crate::base::{Fault, FaultKind, Secret};

/// Where traces go, and how.
#[derive(Clone, Debug)]
pub struct Tracing {
    pub endpoint: String,
    /// Names and values. A collector's credential is one of them.
    pub headers: Vec<(String, Secret)>,
    pub timeout: Duration,
    /// What the sender is called, with whatever else is said of it.
    pub resource: Vec<(String, String)>,
    pub sampler: Sampler,
    /// Most spans that wait; what comes then is counted and forgotten.
    pub most_waiting: usize,
    pub at_once: usize,
    pub delay: Duration,
}

/// Which traces that begin here are kept, of 2^64; and whether somebody else's decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    pub keeps: u64,
    pub heeds_parent: bool,
}

const MOST_HEADERS: usize = 32;

/// What the environment says; `None` if nothing is to be sent. Every mistake is told: traces that silently go nowhere are found missing on
/// the one day they are needed.
pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Tracing>, Fault> {
    let set = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let off = set("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let endpoint = match (set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), set("OTEL_EXPORTER_OTLP_ENDPOINT")) {
        (Some(whole), _) => Some(whole),
        // OTLP exporter specification, "Endpoint URLs for OTLP/HTTP": the path of signals is added to the base.
        (None, Some(base)) => Some(format!("{}/v1/traces", base.trim_end_matches('/'))),
        (None, None) => None,
    };
    let exporter = set("OTEL_TRACES_EXPORTER");
    let (Some(endpoint), false) = (endpoint, off || exporter.as_deref() == Some("none")) else { return Ok(None) };
    let wrong = |text: String| Fault::new(FaultKind::Settings, text);
    if let Some(other) = exporter.filter(|name| name != "otlp") {
        return Err(wrong(format!("OTEL_TRACES_EXPORTER is {other}: Writ knows otlp and none")));
    }
    if !Url::parse(&endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(wrong("OTEL_EXPORTER_OTLP_ENDPOINT is a URL like http://127.0.0.1:4318".to_owned()));
    }
    let protocol = set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| set("OTEL_EXPORTER_OTLP_PROTOCOL"));
    match protocol.as_deref() {
        // A collector takes both at the same address, by their content type.
        None | Some("http/json" | "http/protobuf") => {}
        Some(other) => {
            return Err(wrong(format!(
                "OTEL_EXPORTER_OTLP_PROTOCOL is {other}: Writ sends http/json, which a collector takes on port 4318"
            )));
        }
    }
    let number = |name: &str, default: u64| match set(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| wrong(format!("{name} is a whole number"))),
    };
    let timeout = number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000)?)?;
    let headers = set("OTEL_EXPORTER_OTLP_TRACES_HEADERS").or_else(|| set("OTEL_EXPORTER_OTLP_HEADERS"));
    let headers = pairs(headers.as_deref().unwrap_or_default())
        .filter(|headers| headers.len() <= MOST_HEADERS && headers.iter().all(|(name, value)| fits_header(name, value)))
        .ok_or_else(|| wrong("OTEL_EXPORTER_OTLP_HEADERS is a list like name=value,other=value".to_owned()))?;
    let mut resource = pairs(&set("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default())
        .ok_or_else(|| wrong("OTEL_RESOURCE_ATTRIBUTES is a list like name=value,other=value".to_owned()))?;
    if let Some(name) = set("OTEL_SERVICE_NAME") {
        resource.retain(|(known, _)| known != "service.name");
        resource.push(("service.name".to_owned(), name));
    }
    if !resource.iter().any(|(name, _)| name == "service.name") {
        resource.push(("service.name".to_owned(), "writ".to_owned()));
    }
    resource.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    let waiting = number("OTEL_BSP_MAX_QUEUE_SIZE", 2_048)?.clamp(1, 65_536);
    let at_once = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)?.clamp(1, waiting);
    Ok(Some(Tracing {
        endpoint,
        headers: headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
        timeout: Duration::from_millis(timeout.clamp(100, 60_000)),
        resource,
        sampler: sampler(set("OTEL_TRACES_SAMPLER").as_deref(), set("OTEL_TRACES_SAMPLER_ARG").as_deref()).ok_or_else(
            || wrong("OTEL_TRACES_SAMPLER is [parentbased_]always_on, always_off or traceidratio".to_owned()),
        )?,
        most_waiting: usize::try_from(waiting).unwrap_or(2_048),
        at_once: usize::try_from(at_once).unwrap_or(512),
        delay: Duration::from_millis(number("OTEL_BSP_SCHEDULE_DELAY", 5_000)?.clamp(10, 60_000)),
    }))
}

fn sampler(name: Option<&str>, argument: Option<&str>) -> Option<Sampler> {
    let name = name.unwrap_or("parentbased_always_on");
    let (name, heeds_parent) = match name.strip_prefix("parentbased_") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let keeps = match name {
        "always_on" => u64::MAX,
        "always_off" => 0,
        "traceidratio" => {
            let ratio: f64 = argument.unwrap_or("1").parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio))?;
            share(ratio)
        }
        _ => return None,
    };
    Some(Sampler { keeps, heeds_parent })
}

/// A part of all traces, to the millionth.
fn share(ratio: f64) -> u64 {
    let millionths = (ratio * 1_000_000.0) as u64;
    if millionths >= 1_000_000 { u64::MAX } else { u64::MAX / 1_000_000 * millionths }
}

/// W3C Baggage, without properties: `name=value,other=value`, values percent-encoded.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_owned(), decoded(value.trim())?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn fits_header(name: &str, value: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(token) && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_these(set: &[(&str, &str)]) -> Result<Option<Tracing>, Fault> {
        read(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where_to() {
        const TO: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        assert!(read_these(&[]).unwrap().is_none());
        assert!(read_these(&[("OTEL_SERVICE_NAME", "x"), ("OTEL_TRACES_EXPORTER", "otlp")]).unwrap().is_none());
        assert!(read_these(&[TO, ("OTEL_TRACES_EXPORTER", "none")]).unwrap().is_none());
        assert!(read_these(&[TO, ("OTEL_SDK_DISABLED", "TRUE")]).unwrap().is_none());
        let tracing = read_these(&[TO]).unwrap().unwrap();
        assert_eq!(tracing.endpoint, "http://127.0.0.1:4318/v1/traces");
        assert_eq!(tracing.sampler, Sampler { keeps: u64::MAX, heeds_parent: true });
        assert!(tracing.resource.contains(&("service.name".to_owned(), "writ".to_owned())));
    }

    #[test]
    fn what_is_set_is_heeded_and_a_mistake_is_told() {
        const TO: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector.example/there");
        let tracing = read_these(&[
            TO,
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20YTpi, x-tenant = one"),
            ("OTEL_SERVICE_NAME", "id"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=test"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ]);
        let tracing = tracing.unwrap().unwrap();
        assert_eq!(tracing.endpoint, "https://collector.example/there");
        let headers: Vec<_> = tracing.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(headers, [("authorization", "Basic YTpi"), ("x-tenant", "one")]);
        assert!(!format!("{tracing:?}").contains("YTpi"), "a credential is in no log");
        let names: Vec<_> = tracing.resource.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(names.contains(&("service.name", "id")) && names.contains(&("deployment.environment", "test")));
        assert!(!tracing.sampler.heeds_parent && (tracing.sampler.keeps / (u64::MAX / 100)).abs_diff(25) <= 1);
        for mistake in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "nonsense"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=b%0d%0ac: d"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ] {
            assert_eq!(read_these(&[TO, mistake]).unwrap_err().kind(), FaultKind::Settings, "{mistake:?}");
        }
        assert!(read_these(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318")]).is_err());
    }
}
