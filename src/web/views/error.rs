//! What went wrong, in words, and what to do next.

use askama::Template;

use super::Spoken;
use super::consent::Target;
use super::shell::{Link, Shell, sample};
use crate::model::Language;
use crate::web::words::{self, Told};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage {
    pub shell: Shell,
    pub problem: Problem,
    /// Finds the line in the log; shown to be copied.
    pub error_id: Option<String>,
    /// Where to go from here, besides the ways the page names.
    pub action: Option<Link>,
}

impl ErrorPage {
    fn status(&self) -> String {
        self.problem.status().to_string()
    }

    fn href_of_story(&self, id: &str) -> String {
        self.shell.below(&format!("/console/refusals/{id}"))
    }

    /// The id of the error, if the console has a story of such.
    pub(super) fn story(&self) -> Option<&str> {
        let has_none = matches!(self.problem, Problem::NotFound | Problem::MethodNotAllowed);
        self.error_id.as_deref().filter(|id| !has_none && !id.is_empty())
    }
}

/// Everything a person can meet. Names and addresses are shown as text and never followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The client id is not known here: removed, reaped, or of another server.
    UnknownClient,
    /// The redirect URI is not one of the client's. Only its host (or "this computer", or its scheme) is shown.
    RedirectMismatch {
        application: String,
        sent_to: String,
    },
    /// The resource is not registered; `known` may name what is.
    UnknownResource {
        asked: String,
        known: Vec<Target>,
    },
    /// The authorization in flight is over, or was never in this browser.
    FlowExpired,
    /// Registered, and waiting for an administrator.
    AwaitingApproval {
        application: String,
    },
    /// Registered, and an administrator decided against it, in these words.
    Rejected {
        application: String,
        because: String,
    },
    /// The form is too old, or was not sent by one of our pages.
    FormRefused,
    /// Signed in, and not allowed.
    Forbidden,
    NotFound,
    MethodNotAllowed,
    /// In words: "30 seconds".
    TooManyRequests {
        wait: Option<String>,
    },
    /// Ours.
    Fault,
    /// Any other refusal: the words of the rule.
    Refused {
        status: u16,
        title: String,
        words: String,
        /// What the application or its maker has to know, in English.
        detail: Option<String>,
        advice: String,
    },
}

impl Problem {
    /// A refusal in the words of the visitor's language.
    pub(crate) fn told(status: u16, told: &Told, detail: Option<String>) -> Self {
        let (title, words, advice) = (told.title.to_owned(), told.why.to_owned(), told.advice.to_owned());
        Self::Refused { status, title, words, detail, advice }
    }

    /// The status of the answer that carries the page.
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownClient | Self::RedirectMismatch { .. } | Self::UnknownResource { .. } | Self::FlowExpired => {
                400
            }
            Self::AwaitingApproval { .. } | Self::Rejected { .. } | Self::FormRefused | Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooManyRequests { .. } => 429,
            Self::Fault => 500,
            Self::Refused { status, .. } => *status,
        }
    }
}

impl Spoken for ErrorPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).error;
        let page = |problem| Self {
            shell: sample::shell_in(language),
            problem,
            error_id: Some("err_7Q2M-K4TD".into()),
            action: None,
        };
        vec![
            ("unknown_client", page(Problem::UnknownClient)),
            (
                "redirect_mismatch",
                page(Problem::RedirectMismatch { application: "Cursor".into(), sent_to: "callback.example".into() }),
            ),
            (
                "unknown_resource",
                page(Problem::UnknownResource {
                    asked: "https://mcp.tickets.example/".into(),
                    known: vec![Target {
                        name: "Tickets".into(),
                        identifier: "https://mcp.tickets.example/mcp".into(),
                    }],
                }),
            ),
            (
                "unknown_resource_none",
                page(Problem::UnknownResource { asked: "https://mcp.tickets.example/".into(), known: vec![] }),
            ),
            ("flow_expired", page(Problem::FlowExpired)),
            ("awaiting_approval", page(Problem::AwaitingApproval { application: "Cursor".into() })),
            (
                "rejected",
                page(Problem::Rejected {
                    application: "Cursor".into(),
                    because: "We use the one that IT installs. Ask in #tools for it.".into(),
                }),
            ),
            ("form_refused", page(Problem::FormRefused)),
            ("forbidden", Self { shell: sample::signed_in_in(language), ..page(Problem::Forbidden) }),
            ("not_found", Self { error_id: None, ..page(Problem::NotFound) }),
            ("method_not_allowed", page(Problem::MethodNotAllowed)),
            ("too_many_requests", page(Problem::TooManyRequests { wait: Some(words::of(language).length(30)) })),
            ("fault", Self { shell: sample::branded_in(language), ..page(Problem::Fault) }),
            (
                "refused",
                Self {
                    action: Some(Link { href: "/account".into(), label: words::of(language).frame.to_account.into() }),
                    ..page(Problem::Refused {
                        status: 400,
                        title: t.unreadable.title.into(),
                        words: t.unreadable.why.into(),
                        detail: Some("code_challenge is missing".into()),
                        advice: t.unreadable.advice.into(),
                    })
                },
            ),
            (
                "hostile",
                page(Problem::RedirectMismatch {
                    application: sample::HOSTILE.into(),
                    sent_to: sample::HOSTILE.into(),
                }),
            ),
        ]
    }
}
