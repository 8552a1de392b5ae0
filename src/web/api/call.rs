//! What a request says, read once and bounded, before an operation sees it.

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, IF_MATCH};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::commands::Orders;
use super::cursor::Window;
use super::operation::{Kind, Operation};
use super::problem::{FieldError, Problem};
use crate::app::App;
use crate::base::{Digest, Id};
use crate::model::{Passkey, TenantName};
use crate::operations::once::Once;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::strict_json::{self, StrictJsonError};
use crate::web::extract::{Body, Caller, LONGEST_FORM};

/// One permitted request.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) by: Operator,
    /// The address it was sent to, below the issuer.
    pub(super) path: String,
    operation: &'static Operation,
    places: Places,
    query: Map<String, Value>,
    /// The same as it came, for the link to the next page.
    pub(super) query_text: String,
    body: Map<String, Value>,
    seen: Option<Seen>,
    /// Who runs commands, if somebody does.
    pub(super) orders: Option<Orders>,
}

/// Longest query, in bytes, and most parameters in it.
const LONGEST_QUERY: usize = 8 * 1_024;
const MOST_PARAMETERS: usize = 32;
/// Most tags in one `If-Match`.
const MOST_TAGS: usize = 16;

impl Call {
    pub(super) fn read(
        operation: &'static Operation,
        caller: &Caller,
        by: Operator,
        request: &HttpRequest,
        body: &Body,
    ) -> Result<Self, Problem> {
        let bytes = match body {
            Body::Read(bytes) => bytes,
            Body::TooLong => return Err(Problem::too_long()),
            Body::TooSlow => return Err(Problem::too_slow()),
            Body::Broken => return Err(Problem::unreadable("the body could not be read")),
        };
        let seen = seen(request.headers())?;
        if operation.kind.needs_seen() && seen.is_none() {
            return Err(Problem::unseen());
        }
        let path = request.path();
        let path = path.strip_prefix(caller.app.issuer.path()).unwrap_or(path).to_owned();
        let once = match idempotency_key(request.headers())? {
            Some(key) if operation.kind == Kind::Create => {
                Once::keyed(&caller.app, &by.by, &key, &[path.as_bytes(), bytes])
            }
            // Elsewhere it changes nothing: those requests come to the same however often they are sent.
            _ => Once::Often,
        };
        Ok(Self {
            app: caller.app.clone(),
            by: by.once(once),
            operation,
            places: request.match_info().load().unwrap_or_default(),
            query: query(request.query_string())?,
            query_text: request.query_string().to_owned(),
            body: match operation.input {
                Some(_) if bytes.is_empty() && operation.may_be_bare() => Map::new(),
                Some(_) => members(request, bytes)?,
                None => Map::new(),
            },
            seen,
            path,
            orders: request.app_data::<Orders>().copied(),
        })
    }

    /// The id in the address. What is not one is the name of nothing.
    pub(super) fn id<T: std::str::FromStr>(&self) -> Result<T, Problem> {
        named(self.places.id.as_deref())
    }

    /// The tenant in the address.
    pub(super) fn tenant(&self) -> Result<TenantName, Problem> {
        named(self.places.tenant.as_deref())
    }

    /// The subject in the address: what an identity provider calls somebody.
    pub(super) fn subject(&self) -> Result<String, Problem> {
        named(self.places.subject.as_deref())
    }

    /// The passkey in the address, of the person there.
    pub(super) fn passkey(&self) -> Result<Id<Passkey>, Problem> {
        named(self.places.passkey.as_deref())
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.clone().unwrap_or(Seen::Anything)
    }

    /// What of a list is asked for, and the filters beside it.
    pub(super) fn window<F: DeserializeOwned>(&mut self) -> Result<(Window, F), Problem> {
        let limit = self.query.remove("limit");
        let cursor = self.query.remove("cursor");
        // The names are sorted, so that it does not matter in which order they were written.
        let filters = format!("{} {}", self.path, Value::Object(self.query.clone()));
        let window = Window::read(
            (self.operation.id, &filters),
            limit.as_ref().and_then(Value::as_str),
            cursor.as_ref().and_then(Value::as_str),
        )?;
        Ok((window, typed(std::mem::take(&mut self.query), self.operation, &["limit", "cursor"])?))
    }

    /// An operation that takes no parameters is told none.
    pub(super) fn no_query(&self) -> Result<(), Problem> {
        match self.query.keys().next() {
            Some(name) => Err(Problem::field(name, "there is no such parameter here")),
            None => Ok(()),
        }
    }

    /// The members of the body.
    pub(super) fn input<I: DeserializeOwned>(&mut self) -> Result<I, Problem> {
        typed(std::mem::take(&mut self.body), self.operation, &[])
    }
}

/// The variable parts of an address, decoded.
#[derive(Debug, Default, Deserialize)]
struct Places {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    passkey: Option<String>,
}

fn named<T: std::str::FromStr>(place: Option<&str>) -> Result<T, Problem> {
    place.and_then(|text| text.parse().ok()).ok_or_else(|| Problem::missing("there is nothing of this name"))
}

/// Members as the type that has them; what is wrong is named. `besides` are parameters of every list.
fn typed<T: DeserializeOwned>(
    members: Map<String, Value>,
    operation: &Operation,
    besides: &[&str],
) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let message = error.inner().to_string();
        let way = error.path().to_string();
        let named: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        // A member that is missing or not known is not on the way to itself; the message has its name.
        let (field, message) = match (named.split_first(), message.split_once(" field")) {
            (Some((name, known)), Some(("unknown", _))) => {
                ((*name).to_owned(), not_known(operation, &way, name, &[known, besides].concat()))
            }
            (Some((name, _)), Some(("missing", _))) => ((*name).to_owned(), "it is missing".to_owned()),
            (Some((name, _)), _) if way == "." => ((*name).to_owned(), message.clone()),
            _ => (way.clone(), message.clone()),
        };
        let message = message.chars().take(800).collect();
        Problem::invalid(vec![FieldError { field: field.chars().take(200).collect(), message }])
    })
}

/// What to say of a member that is none here: where else it is changed, or which members there are.
fn not_known(operation: &Operation, way: &str, name: &str, known: &[&str]) -> String {
    let elsewhere = operation.elsewhere.iter().find(|(member, _)| !way.contains('[') && *member == name);
    let what = if operation.kind == Kind::List { "parameter" } else { "member" };
    match (elsewhere, known) {
        (Some((_, how)), _) => format!("it is not changed here: {how}"),
        (None, []) => format!("there is no such {what} here, nor any other"),
        (None, known) => format!("there is no such {what} here; there are {}", known.join(", ")),
    }
}

fn members(request: &HttpRequest, bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // RFC 7396 §4 has a name of its own for a patch of this kind.
    if kind != "application/json" && kind != "application/merge-patch+json" {
        return Err(Problem::wrong_media_type());
    }
    strict_json::parse_object(bytes, LONGEST_FORM).map_err(|error| match strict_json::named_twice(bytes) {
        Some(name) if error == StrictJsonError::NotJson => Problem::field(name, "it is there twice"),
        _ => Problem::unreadable(&format!("the body cannot be read: {error}")),
    })
}

fn query(text: &str) -> Result<Map<String, Value>, Problem> {
    if text.len() > LONGEST_QUERY {
        return Err(Problem::unreadable("the query is too long"));
    }
    let mut query = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        if query.len() >= MOST_PARAMETERS {
            return Err(Problem::unreadable("the query has too many parameters"));
        }
        if query.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            return Err(Problem::field(name, "it is there twice"));
        }
    }
    Ok(query)
}

/// `If-Match`. RFC 9110 §13.1.1: `"*" / #entity-tag`, compared strongly, so that a weak tag matches nothing.
fn seen(headers: &HeaderMap) -> Result<Option<Seen>, Problem> {
    let wrong = || Problem::field("If-Match", "it is `*`, or ETags as they came: in quotes, with commas between them");
    let mut tags = Vec::new();
    let mut any = false;
    for header in headers.get_all(IF_MATCH) {
        for part in header.to_str().map_err(|_| wrong())?.split(',').map(str::trim) {
            if tags.len() >= MOST_TAGS {
                return Err(wrong());
            }
            if part == "*" {
                any = true;
                continue;
            }
            let weak = part.starts_with("W/");
            let text = part.strip_prefix("W/").unwrap_or(part);
            let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let text = text.filter(|text| !text.contains('"')).ok_or_else(wrong)?;
            // A tag that none of ours can be matches nothing. That is an answer of its own: 412.
            let digest = serde_json::from_value(Value::String(text.to_owned())).unwrap_or(Digest::ZERO);
            tags.push(if weak { Digest::ZERO } else { digest });
        }
    }
    Ok(match (any, tags.is_empty()) {
        (true, _) => Some(Seen::Anything),
        (false, false) => Some(Seen::OneOf(tags)),
        (false, true) => None,
    })
}

/// `Idempotency-Key`: a string in quotes (draft-ietf-httpapi-idempotency-key-header §2.1), or without them, as most clients send it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong = || Problem::field("Idempotency-Key", "it is one text of 1 to 255 visible ASCII characters");
    let mut keys = headers.get_all("idempotency-key");
    let Some(key) = keys.next() else { return Ok(None) };
    let key = key.to_str().map_err(|_| wrong())?;
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    let fits = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) && keys.next().is_none();
    if fits { Ok(Some(key.to_owned())) } else { Err(wrong()) }
}
