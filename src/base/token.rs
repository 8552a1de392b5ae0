//! Opaque credentials: a prefix that says what it is, the key of its row, a secret, a checksum.
//!
//! `writ_rt_` and 70 characters of base64url over 16 bytes of id, 32 bytes of secret and 4 bytes of
//! checksum. The id finds the row, the digest of the whole text lies in the row and is compared in
//! constant time, and the checksum lets a typing error be told from a guess without reading the store
//! (and lets a secret scanner know a real one). The prefixes never change: that would revoke everything.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::digest::Digest;
use super::entropy::Entropy;
use super::fault::Fault;
use super::id::Id;
use super::secret::Secret;

/// What an opaque credential is for. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    AuthorizationCode,
    RefreshToken,
    AccessToken,
    ClientSecret,
    AccessKey,
    RegistrationAccessToken,
    InitialAccessToken,
    Session,
    Setup,
}

impl TokenKind {
    pub const ALL: [Self; 9] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::AccessToken,
        Self::ClientSecret,
        Self::AccessKey,
        Self::RegistrationAccessToken,
        Self::InitialAccessToken,
        Self::Session,
        Self::Setup,
    ];

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "writ_ac_",
            Self::RefreshToken => "writ_rt_",
            Self::AccessToken => "writ_at_",
            Self::ClientSecret => "writ_cs_",
            Self::AccessKey => "writ_ak_",
            Self::RegistrationAccessToken => "writ_ra_",
            Self::InitialAccessToken => "writ_ia_",
            Self::Session => "writ_ss_",
            Self::Setup => "writ_su_",
        }
    }
}

/// A credential whose text is in hand: just made, or just presented.
#[derive(Clone, Debug)]
pub struct OpaqueToken {
    kind: TokenKind,
    id: [u8; 16],
    text: Secret,
}

const BODY: usize = 16 + 32 + 4;

impl OpaqueToken {
    /// A new credential for the row `id`, with 256 bits of chance.
    pub fn new<T>(kind: TokenKind, id: Id<T>, entropy: &Entropy) -> Result<Self, Fault> {
        let mut body = [0_u8; BODY];
        let (key, rest) = body.split_at_mut(16);
        let (secret, sum) = rest.split_at_mut(32);
        key.copy_from_slice(id.bytes());
        entropy.fill(secret)?;
        sum.copy_from_slice(&checksum(kind, key, secret));
        let text = Secret::new(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(body)));
        zeroize::Zeroize::zeroize(&mut body);
        Ok(Self { kind, id: *id.bytes(), text })
    }

    /// Reads what a caller presented. `None` for another kind, another length, or a wrong checksum.
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(kind.prefix())?;
        let mut body = [0_u8; BODY];
        if URL_SAFE_NO_PAD.decode_slice(encoded.as_bytes(), &mut body).ok()? != BODY {
            return None;
        }
        let (key, rest) = body.split_at(16);
        let (secret, sum) = rest.split_at(32);
        let id = key.try_into().ok()?;
        (checksum(kind, key, secret) == sum).then(|| Self { kind, id, text: Secret::new(text) })
    }

    /// The kind that `text` says it is, whether or not it is genuine.
    pub fn kind_of(text: &str) -> Option<TokenKind> {
        TokenKind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))
    }

    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    pub fn id<T>(&self) -> Id<T> {
        Id::from_bytes(self.id)
    }

    /// What is stored instead of the credential.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.expose().as_bytes())
    }

    pub fn secret(&self) -> &Secret {
        &self.text
    }

    pub fn into_secret(self) -> Secret {
        self.text
    }
}

fn checksum(kind: TokenKind, key: &[u8], secret: &[u8]) -> [u8; 4] {
    let digest = Digest::of_all(&[kind.prefix().as_bytes(), key, secret]);
    let [a, b, c, d, ..] = *digest.bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Named, Timestamp};

    struct Row;
    impl Named for Row {
        const PREFIX: &'static str = "row";
    }

    fn token(kind: TokenKind) -> OpaqueToken {
        let entropy = Entropy::seeded(7);
        let id = Id::<Row>::new(Timestamp::from_millis(1), &entropy).unwrap();
        OpaqueToken::new(kind, id, &entropy).unwrap()
    }

    #[test]
    fn a_token_reads_back_as_itself_and_as_no_other_kind() {
        for kind in TokenKind::ALL {
            let made = token(kind);
            let read = OpaqueToken::parse(kind, made.secret().expose()).unwrap();
            assert_eq!(read.digest(), made.digest());
            assert_eq!(read.id::<Row>(), made.id::<Row>());
            for other in TokenKind::ALL.into_iter().filter(|other| *other != kind) {
                assert!(OpaqueToken::parse(other, made.secret().expose()).is_none());
                let renamed = made.secret().expose().replace(kind.prefix(), other.prefix());
                assert!(OpaqueToken::parse(other, &renamed).is_none(), "the checksum covers the kind");
            }
        }
    }

    #[test]
    fn a_changed_token_is_no_token() {
        let made = token(TokenKind::RefreshToken);
        let text = made.secret().expose();
        assert!(OpaqueToken::parse(TokenKind::RefreshToken, &text[..text.len() - 1]).is_none());
        assert!(OpaqueToken::parse(TokenKind::RefreshToken, &format!("{text}A")).is_none());
        for at in 8..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(OpaqueToken::parse(TokenKind::RefreshToken, &changed).is_none(), "at {at}");
        }
    }
}
