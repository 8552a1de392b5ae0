//! Why a registration is refused, and what its sender reads. RFC 7591 §3.2.2.

use crate::protocol::strict_json::StrictJsonError;

/// The rules say no to a registration or to its update. Always 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationRefusal {
    #[error("The registration cannot be read: {0}.")]
    Unreadable(#[from] StrictJsonError),
    /// One redirect URI, the first that cannot be used.
    #[error("The redirect URI '{}' cannot be used: {why}.", shown(uri))]
    RedirectUri { uri: String, why: &'static str },
    /// The list of redirect URIs as a whole.
    #[error("The member redirect_uris cannot be used: {why}.")]
    RedirectUris { why: &'static str },
    #[error("The member {member} cannot be used: {why}.")]
    Metadata { member: &'static str, why: &'static str },
    #[error("Software statements are not supported here: register with plain metadata.")]
    SoftwareStatement,
}

impl RegistrationRefusal {
    /// RFC 7591 §3.2.2, `error`.
    pub const fn error(&self) -> &'static str {
        match self {
            // "The value of one or more redirection URIs is invalid."
            Self::RedirectUri { .. } | Self::RedirectUris { .. } => "invalid_redirect_uri",
            // "The value of one of the client metadata fields is invalid and the server has rejected this request."
            Self::Unreadable(_) | Self::Metadata { .. } => "invalid_client_metadata",
            // "The software statement presented is invalid."
            Self::SoftwareStatement => "invalid_software_statement",
        }
    }

    pub const fn section(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "RFC 7591 §3.1",
            Self::RedirectUri { .. } | Self::RedirectUris { .. } => "RFC 7591 §2, redirect_uris; OAuth 2.1 §2.3.1",
            Self::Metadata { .. } => "RFC 7591 §2",
            Self::SoftwareStatement => "RFC 7591 §2.3",
        }
    }

    /// RFC 7591 §3.2.2, `error_description`: "Human-readable ASCII text description of the error used for debugging."
    pub fn public_text(&self) -> String {
        self.to_string()
    }
}

/// A stranger's text, made fit for an error: ASCII, one line, without quotes, of bounded length.
fn shown(text: &str) -> String {
    const LONGEST: usize = 160;
    let fit = |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '<' | '>' | '`') { c } else { '?' };
    let mut shown: String = text.chars().take(LONGEST).map(fit).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_uri_is_named_without_its_tricks() {
        let refused = |uri: &str| RegistrationRefusal::RedirectUri { uri: uri.to_owned(), why: "no" }.public_text();
        assert_eq!(refused("http://app.example/cb"), "The redirect URI 'http://app.example/cb' cannot be used: no.");
        let text = refused("java\u{202e}script:\"<b>'\\\n\u{7f}ä");
        assert_eq!(text, "The redirect URI 'java?script:??b??????' cannot be used: no.");
        assert!(refused(&"x".repeat(1_000_000)).len() < 250);
    }
}
