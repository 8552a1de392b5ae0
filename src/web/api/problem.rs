//! What is answered when something is not done: `application/problem+json`. RFC 9457.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::{Fault, FaultKind};
use crate::operations::declined::Declined;
use crate::web::extract::Caller;
use crate::web::problem as fault;

pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Every kind there is: the end of its `type`, the status, the title, and what to do about it.
pub(super) const KINDS: [Kind; 16] = [
    Kind {
        name: "invalid",
        status: 400,
        title: "Something in the request is wrong",
        advice: "`errors` says which member, and why.",
    },
    Kind {
        name: "unauthorized",
        status: 401,
        title: "No good access token",
        advice: "Get one for this server; `WWW-Authenticate` says what was wrong with this one.",
    },
    Kind {
        name: "forbidden",
        status: 403,
        title: "The access token does not reach that far",
        advice: "Ask for a token with the scope that `WWW-Authenticate` names.",
    },
    Kind {
        name: "missing",
        status: 404,
        title: "There is no such thing",
        advice: "Look in the list: it may have been removed.",
    },
    Kind { name: "wrong-method", status: 405, title: "This is not done here", advice: "`Allow` says what is." },
    Kind { name: "too-slow", status: 408, title: "The body did not come in time", advice: "Send it again." },
    Kind {
        name: "conflict",
        status: 409,
        title: "It does not go together with what is there",
        advice: "`detail` says with what.",
    },
    Kind {
        name: "made-already",
        status: 409,
        title: "The same request made it already",
        advice: "`made` names it. The secret that was shown then is not shown again.",
    },
    Kind {
        name: "stale",
        status: 412,
        title: "It was changed since it was read",
        advice: "Read it again, and send the change with its new ETag.",
    },
    Kind { name: "too-long", status: 413, title: "The request is too long", advice: "A body has at most 64 KiB." },
    Kind {
        name: "wrong-media-type",
        status: 415,
        title: "The body is not JSON",
        advice: "Send `Content-Type: application/json`.",
    },
    Kind {
        name: "key-reused",
        status: 422,
        title: "This idempotency key was another request's",
        advice: "Take a new key for each new request.",
    },
    Kind {
        name: "unseen",
        status: 428,
        title: "The change does not say what it changes",
        advice: "Send the ETag that you read in `If-Match`.",
    },
    Kind {
        name: "too-many",
        status: 429,
        title: "Too many requests from this address",
        advice: "`Retry-After` says how long to wait.",
    },
    Kind {
        name: "broken",
        status: 500,
        title: "Something is wrong here",
        advice: "It is not the request. The log has the story, under `error_id`.",
    },
    Kind { name: "busy", status: 503, title: "Too busy at this moment", advice: "Ask again after `Retry-After`." },
];

/// One kind of problem.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) status: u16,
    pub(super) title: &'static str,
    pub(super) advice: &'static str,
}

/// One that happened.
#[derive(Debug)]
pub(super) struct Problem {
    kind: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    made: Option<String>,
    /// How to ask for it, each scheme in a header of its own. RFC 9110 §11.6.1.
    challenges: Vec<String>,
    fault: Option<Fault>,
    /// In how many seconds to ask again. RFC 9110 §10.2.3.
    wait: Option<u64>,
}

/// A problem as it is sent. RFC 9457 §3.1.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// Which kind it is: the address of its description.
    #[schema(format = "uri")]
    r#type: String,
    /// The kind in words.
    title: &'static str,
    status: u16,
    /// What happened this time.
    detail: String,
    /// Under which the log tells the story.
    error_id: String,
    /// Which members of the request are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// What the same request made before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    made: Option<String>,
}

/// One member that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    pub(super) field: String,
    pub(super) message: String,
}

impl Problem {
    fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            made: None,
            challenges: Vec::new(),
            fault: None,
            wait: None,
        }
    }

    pub(super) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            many => format!("{} members are wrong", many.len()),
        };
        Self { errors, ..Self::new("invalid", detail) }
    }

    pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// A request that cannot be read as a whole.
    pub(super) fn unreadable(words: &str) -> Self {
        Self::new("invalid", words)
    }

    /// With the challenge for the scheme that was tried.
    pub(super) fn unauthorized(challenge: String, words: &str) -> Self {
        Self { challenges: vec![challenge], ..Self::new("unauthorized", words) }
    }

    pub(super) fn and_challenge(mut self, challenge: String) -> Self {
        self.challenges.push(challenge);
        self
    }

    pub(super) fn forbidden(challenge: String, words: &str) -> Self {
        Self { challenges: vec![challenge], ..Self::new("forbidden", words) }
    }

    pub(super) fn missing(words: &str) -> Self {
        Self::new("missing", words)
    }

    pub(super) fn too_many(seconds: u64) -> Self {
        let words = format!("too many requests from this address; try again in {seconds} seconds");
        Self { wait: Some(seconds), ..Self::new("too-many", words) }
    }

    pub(super) fn wrong_method() -> Self {
        Self::new("wrong-method", "this address does not answer this method")
    }

    pub(super) fn too_long() -> Self {
        Self::new("too-long", "the body has more than 64 KiB")
    }

    pub(super) fn too_slow() -> Self {
        Self::new("too-slow", "the body did not come within fifteen seconds")
    }

    pub(super) fn wrong_media_type() -> Self {
        Self::new("wrong-media-type", "the body is sent as something else than application/json")
    }

    pub(super) fn unseen() -> Self {
        Self::new("unseen", "this takes `If-Match` with the ETag of what is to be changed")
    }

    pub(super) fn answer(self, caller: &Caller) -> HttpResponse {
        let mut error_id = fault::error_id(&caller.ctx);
        if let Some(fault) = &self.fault {
            error_id = fault::log(caller.ctx.from.request, fault);
        }
        let kind = KINDS.iter().find(|kind| kind.name == self.kind).unwrap_or(&BROKEN);
        let mut response = HttpResponse::build(StatusCode::from_u16(kind.status).unwrap_or_default());
        for challenge in &self.challenges {
            response.append_header((WWW_AUTHENTICATE, challenge.clone()));
        }
        if let Some(seconds) = self.wait.or((kind.status == 503).then_some(1)) {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        let document = ProblemDocument {
            r#type: caller.app.issuer.url(&format!("{}#{}", super::PAGE, kind.name)),
            title: kind.title,
            status: kind.status,
            detail: self.detail,
            error_id,
            errors: self.errors,
            made: self.made,
        };
        response.insert_header((CONTENT_TYPE, PROBLEM_JSON)).body(serde_json::to_vec(&document).unwrap_or_default())
    }
}

const BROKEN: Kind = Kind { name: "broken", status: 500, title: "Something is wrong here", advice: "" };

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let (kind, words) = match fault.kind() {
            FaultKind::Busy => ("busy", "more is waiting than the appliance will hold"),
            _ => ("broken", "something is wrong here, not with the request"),
        };
        Self { fault: Some(fault), ..Self::new(kind, words) }
    }
}

impl From<Declined> for Problem {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Invalid(invalid) => {
                let error = |(field, message): (&str, String)| FieldError { field: field.to_owned(), message };
                Self::invalid(invalid.0.into_iter().map(error).collect())
            }
            Declined::Conflict(words) => Self::new("conflict", words),
            Declined::Missing(words) => Self::new("missing", words),
            Declined::Forbidden(words) => Self::new("forbidden", words),
            Declined::Stale => Self::new("stale", "what is there now is not what `If-Match` names"),
            Declined::MadeAlready(made) => {
                let words =
                    format!("the same request made {made} already; its secret was shown then, and is not shown again");
                Self { made: Some(made), ..Self::new("made-already", words) }
            }
            Declined::KeyReused => Self::new("key-reused", "this `Idempotency-Key` was used for another request"),
            Declined::Broken(fault) => fault.into(),
        }
    }
}
