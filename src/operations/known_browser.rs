//! Browsers in which somebody has signed in before.
//!
//! Guesses at an account are slowed down, whoever makes them, and one stranger's script would keep the owner out with that for as
//! long as it runs. So a browser in which an account's password was right once has a counter of its own for that account: its owner
//! gets in, and whoever stole such a browser has no more guesses than anybody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::base::{Fault, Lifetime, Secret};

/// What such a browser's cookie says: a name of its own, and for each account a proof that only we can make.
#[derive(Clone, Debug)]
pub struct KnownBrowser {
    name: String,
    proofs: Vec<String>,
}

/// What is guessed at: each is counted by itself, so that whoever keeps the one busy, for which an address is enough, keeps nobody from the
/// other, for which one has to have the password (attack case 49).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guessed {
    Password,
    Code,
}

impl Guessed {
    /// What its counters' names begin with.
    pub(crate) const fn label(self) -> &'static [u8] {
        match self {
            Self::Password => b"",
            Self::Code => b"code of ",
        }
    }
}

/// For how long a browser is known after a sign-in.
pub const KNOWN_FOR: Lifetime = Lifetime::from_days(180);
/// Most accounts that one browser is known to: a family's.
const MOST_ACCOUNTS: usize = 4;
/// Known browsers are counted behind the counters of names: a stranger who tries many names reaches each of those in time, and none of
/// these (docs/decisions/0042).
const BUCKETS: u64 = 1 << 16;
/// Names and proofs are 16 bytes, in base64url.
const LENGTH: usize = 22;

impl KnownBrowser {
    /// Reads a cookie. Nothing in it is believed yet.
    pub fn parse(cookie: &str) -> Option<Self> {
        let mut parts = cookie.split('.').map(str::to_owned);
        let name = parts.next()?;
        let proofs: Vec<String> = parts.collect();
        let fits = |part: &String| part.len() == LENGTH && part.is_ascii();
        (fits(&name) && proofs.len() <= MOST_ACCOUNTS && proofs.iter().all(fits)).then_some(Self { name, proofs })
    }

    /// Its counter for this account, if somebody has signed in to it here.
    pub(crate) fn counter(&self, app: &App, account: &str, of: Guessed) -> Option<u64> {
        let proof = proof(app, &self.name, account);
        let is_known = self.proofs.iter().any(|known| known.as_bytes().ct_eq(proof.as_bytes()).into());
        let named = [b"counter of a known browser\n", self.name.as_bytes(), b"\n", of.label(), account.as_bytes()];
        let mac = || app.throttle.mac(&named);
        is_known.then(|| BUCKETS + super::sign_in::bucket_of(&mac()))
    }

    /// The cookie's value after somebody has signed in to this account.
    pub(crate) fn after(known: Option<&Self>, app: &App, account: &str) -> Result<Secret, Fault> {
        let name = match known {
            Some(known) => known.name.clone(),
            None => URL_SAFE_NO_PAD.encode(app.entropy.bytes::<16>()?),
        };
        let newest = proof(app, &name, account);
        let before = known.map(|known| known.proofs.as_slice()).unwrap_or_default();
        let others = before.iter().filter(|proof| **proof != newest).take(MOST_ACCOUNTS - 1);
        let parts: Vec<&str> = [&name, &newest].into_iter().chain(others).map(String::as_str).collect();
        Ok(Secret::new(parts.join(".")))
    }
}

fn proof(app: &App, name: &str, account: &str) -> String {
    let mac = app.throttle.mac(&[b"known browser\n", name.as_bytes(), b"\n", account.as_bytes()]);
    let (proof, _) = mac.bytes().split_at(16);
    URL_SAFE_NO_PAD.encode(proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_we_did_not_make_is_none() {
        let part = "a".repeat(LENGTH);
        for good in [part.clone(), format!("{part}.{part}"), [part.as_str(); 5].join(".")] {
            assert!(KnownBrowser::parse(&good).is_some(), "{good}");
        }
        for bad in
            [String::new(), "x".to_owned(), format!("{part}."), format!("{part}.x"), [part.as_str(); 6].join(".")]
        {
            assert!(KnownBrowser::parse(&bad).is_none(), "{bad}");
        }
    }
}
