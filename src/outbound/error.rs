//! Why a request of ours came to nothing, in words for the person who runs what we called.

/// The text tells what that person can see and change from outside. It never holds an address, nor what was
/// resolved: `public_text` does not even tell a name that leads inside from one that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error("the address cannot be fetched: {0}")]
    Url(&'static str),
    #[error("the host is, or resolves to, an address that is not on the public internet")]
    ForbiddenAddress,
    #[error("the host name was not found")]
    NameNotFound,
    #[error("no connection to the host could be made")]
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
    /// What a stranger may read. `Display` is for the audit log.
    pub fn public_text(&self) -> String {
        match self {
            // One text for three: else strangers could ask which names exist inside, and which doors are open.
            Self::ForbiddenAddress | Self::NameNotFound | Self::NoConnection => {
                "the host could not be reached at a public internet address".to_owned()
            }
            other => other.to_string(),
        }
    }

    /// Whether the fault may be ours or passing, so that the same request may well succeed soon.
    pub fn is_passing(&self) -> bool {
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
