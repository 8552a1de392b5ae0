//! Why a request of ours came to nothing, in words for the person who runs what we called.

/// `Display` is fit for strangers: it never holds an address or what was resolved, and does not tell a name that
/// leads inside from one that leads nowhere, else it would answer which names exist inside and which doors are open.
/// The operator's log takes `Debug`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error("the address cannot be fetched: {0}")]
    Url(&'static str),
    #[error("the host could not be reached at a public internet address")]
    ForbiddenAddress,
    #[error("the host could not be reached at a public internet address")]
    NameNotFound,
    #[error("the host could not be reached at a public internet address")]
    NoConnection,
    #[error(
        "the host's TLS certificate is not valid for its name, has expired, or comes from an authority that is not trusted here"
    )]
    Certificate,
    #[error("no TLS connection to the host could be agreed on")]
    Tls,
    #[error("the host answered with a redirect ({0}); redirects are not followed, so use the final address")]
    Redirected(u16),
    #[error("the host answered with status {0} and not 200")]
    Status(u16),
    #[error("the answer is not application/json or another application/…+json type")]
    ContentType,
    #[error("the answer is compressed though no compression was asked for")]
    Compressed,
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    #[error("the answer took too long")]
    TooSlow,
    #[error("the answer is not UTF-8")]
    NotUtf8,
    #[error("the answer's JSON is nested too deeply")]
    TooDeep,
    #[error("the answer is not complete, correct HTTP")]
    Malformed,
    #[error("too many requests to other hosts are in work here; try again shortly")]
    Busy,
}

impl OutboundError {
    /// What requests can come to, for counting; the first is that all went well.
    pub const OUTCOMES: [&str; 9] =
        ["ok", "bad_url", "forbidden_address", "no_connection", "tls", "status", "bad_answer", "too_slow", "busy"];

    /// Its place among [`Self::OUTCOMES`].
    pub(super) const fn outcome(&self) -> usize {
        match self {
            Self::Url(_) => 1,
            Self::ForbiddenAddress => 2,
            Self::NameNotFound | Self::NoConnection => 3,
            Self::Certificate | Self::Tls => 4,
            Self::Redirected(_) | Self::Status(_) => 5,
            Self::ContentType
            | Self::Compressed
            | Self::TooLarge(_)
            | Self::NotUtf8
            | Self::TooDeep
            | Self::Malformed => 6,
            Self::TooSlow => 7,
            Self::Busy => 8,
        }
    }

    /// Whether the fault may be ours or passing, so that the same request may well succeed soon.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NameNotFound | Self::NoConnection | Self::TooSlow | Self::Malformed | Self::Busy => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            Self::Url(_)
            | Self::ForbiddenAddress
            | Self::Certificate
            | Self::Tls
            | Self::Redirected(_)
            | Self::ContentType
            | Self::Compressed
            | Self::TooLarge(_)
            | Self::NotUtf8
            | Self::TooDeep => false,
        }
    }
}
