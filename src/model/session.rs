//! A browser in which somebody has signed in.

use serde::{Deserialize, Serialize};

use super::context::Network;
use super::device::Device;
use super::person::Person;
use crate::base::{Digest, Id, Lifetime, Named, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: Id<Session>,
    /// Of the cookie's value.
    pub digest: Digest,
    pub person: Id<Person>,
    /// When the person last proved who they are: the `auth_time` of what is issued here.
    pub auth_time: Timestamp,
    /// By what they proved it.
    #[serde(default, skip_serializing_if = "SignInMethod::is_usual")]
    pub method: SignInMethod,
    /// The browser, as far as it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// From where they signed in: an address without its last bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    pub last_seen_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
}

impl Session {
    pub fn is_live(&self, now: Timestamp, idle_for: Lifetime) -> bool {
        now < self.expires_at && now < self.last_seen_at.plus(idle_for)
    }
}

impl Named for Session {
    const PREFIX: &'static str = "ses";
}

/// How somebody proved who they are. Rows that say nothing are from before there was a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    #[default]
    Password,
    /// A password, and a code that their own program showed or that they kept on paper.
    PasswordAndCode,
    /// A passkey, whose device asked for a fingerprint, a face or a code.
    Passkey,
    /// The word of an identity provider.
    Provider,
    /// The same, and a code as above.
    ProviderAndCode,
    /// The same, and a second factor that was added on the strength of it.
    ProviderAndNew,
}

impl SignInMethod {
    /// Whether somebody proved who they are here and then. A provider may have known them since this morning.
    pub fn is_proof_to_us(self) -> bool {
        !matches!(self, Self::Provider | Self::ProviderAndNew)
    }

    /// RFC 8176 §2: `pwd` is "Password-based authentication", `otp` "One-time password", `mfa` "Multiple-factor authentication", `user`
    /// "User presence test". `pop` is of OpenID Connect EAP ACR Values §5: "Proof-of-possession of a key", where nobody says whether
    /// hardware keeps it. `fed` is in no registry, and what others say where another provider signed somebody in.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::PasswordAndCode => &["pwd", "otp", "mfa"],
            Self::Passkey => &["pop", "user", "mfa"],
            Self::Provider | Self::ProviderAndNew => &["fed"],
            Self::ProviderAndCode => &["fed", "otp", "mfa"],
        }
    }

    /// OpenID Connect Core §2, `acr`: "An absolute URI or an RFC 6711 registered name SHOULD be used". The one says: a password,
    /// over a connection that nobody reads; the next, of OpenID Provider Authentication Policy Extension §4: "more than one
    /// authentication factor". The last, of the same §4: "an authentication mechanism where a party potentially under the control of the
    /// Relying Party can not gain sufficient information to be able to successfully authenticate to the End User's OpenID Provider".
    /// What a provider asked for is not known here: SAML 2.0 Authentication Context §3.4.25, "performed by unspecified means".
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Password => "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
            Self::PasswordAndCode | Self::ProviderAndCode => {
                "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
            }
            Self::Passkey => "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant",
            Self::Provider | Self::ProviderAndNew => "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
        }
    }

    /// Every value that `acr` may have.
    pub const ACRS: [&'static str; 4] =
        [Self::Password.acr(), Self::PasswordAndCode.acr(), Self::Passkey.acr(), Self::Provider.acr()];

    /// Whether it took more than a password, or a provider's word, that was looked at here, or whoever it is has what takes more from now on.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::PasswordAndCode | Self::Passkey | Self::ProviderAndCode | Self::ProviderAndNew)
    }

    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A browser, signed in or not, for its id's sake.
#[derive(Clone, Copy, Debug)]
pub struct Browser;

impl Named for Browser {
    const PREFIX: &'static str = "bro";
}
