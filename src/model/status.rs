//! Where the status of each signed access token stands: lists of bits, the stretches of them that a client or a grant holds,
//! and the bits that are set. Token Status List (draft-ietf-oauth-status-list).
//!
//! Nothing here is written for each token. A client holds blocks of a list, a grant holds runs within its client's blocks, and
//! the next token takes the next index; see `docs/decisions/0023`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::client::ClientId;
use crate::base::{Lifetime, Timestamp};

/// Which list. It is the moment the list was opened, in milliseconds, so that no file, not even one restored from a backup,
/// opens the same list twice.
pub type ListNumber = u64;

/// How many tokens one list speaks of.
pub const LIST_SIZE: u32 = 1 << 20;

/// For how long indices of one list are given out.
const OPEN_FOR: Lifetime = Lifetime::from_days(1);
/// No token lives longer (`operations::resources`, `lifetimes.access`, `lifetimes.machine_access`).
const LONGEST_TOKEN: Lifetime = Lifetime::from_days(1);

/// One list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusList {
    /// Grows with every change of what the list says, in the transaction of that change.
    pub version: u64,
    /// Everything it speaks of is invalid: the file was restored from a backup.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub void: bool,
    /// The last token that it speaks of is over by then, and nobody is answered any more.
    pub expires_at: Timestamp,
}

impl StatusList {
    pub fn opened(number: ListNumber) -> Self {
        Self { version: 0, void: false, expires_at: closes_at(number).plus(LONGEST_TOKEN) }
    }
}

/// When the last index of a list is given out at the latest.
pub fn closes_at(list: ListNumber) -> Timestamp {
    Timestamp::from_millis(i64::try_from(list).unwrap_or(i64::MAX)).plus(OPEN_FOR)
}

/// One token's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatusIndex {
    pub list: ListNumber,
    pub index: u32,
}

/// A stretch of a list that one client's tokens have, its own and those that people allowed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusBlock {
    pub list: ListNumber,
    pub first: u32,
    pub size: u32,
    pub client_id: ClientId,
    /// Whom all its tokens are for; those that were given before this was put down may be for anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// No token in it lives longer.
    pub lives_for: Lifetime,
    /// Set when the client was stopped, to when its last token was issued at the latest: every token in it is invalid from then on,
    /// and none is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How many of its places nobody has, as far as that was known when it ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unused: u32,
    /// As long as its list.
    pub expires_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A stretch of its client's block that one grant's tokens have. It is in the grant's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRun {
    pub list: ListNumber,
    pub first: u32,
    pub size: u32,
    /// How many tokens have a place in it.
    pub used: u32,
    /// No token in it lives longer.
    pub lives_for: Lifetime,
    /// When the last token in it is over.
    pub expires_at: Timestamp,
}

impl StatusRun {
    /// Gives a place to a token that is over at `expires_at`, if there is one left in this run and the list is still open.
    pub fn next(&mut self, lives_for: Lifetime, now: Timestamp) -> Option<StatusIndex> {
        if self.used >= self.size || lives_for > self.lives_for || now >= closes_at(self.list) {
            return None;
        }
        let index = self.first.saturating_add(self.used);
        self.used += 1;
        self.expires_at = self.expires_at.max(now.plus(lives_for));
        Some(StatusIndex { list: self.list, index })
    }
}

/// Where the tokens are that one machine acts with, of one token that it showed. They are in the machine's own blocks; this row
/// says what else ends them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActingRuns {
    /// Whose blocks the runs are in: who acts.
    pub client_id: ClientId,
    /// The ids of everything whose end is theirs: the subject, the grant, each delegation and each token that was shown on the way,
    /// and whoever else acts.
    pub ended_by: Vec<String>,
    /// Whom its tokens are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// When they were ended. The row stays until the last of them is over, to tell who may still take one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    pub runs: Vec<StatusRun>,
    /// Not before the last token in them is over.
    pub expires_at: Timestamp,
}

/// How many bits one row of set bits holds.
pub const PAGE_BITS: u32 = 1_024;
const PAGE_BYTES: usize = PAGE_BITS as usize / 8;

/// Part of a list in which something is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPage {
    pub bits: PageBits,
    /// As long as its list.
    pub expires_at: Timestamp,
}

/// The bits of one page, in the order in which a list has them: the first index is the lowest bit of the first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageBits([u8; PAGE_BYTES]);

impl Default for PageBits {
    fn default() -> Self {
        Self([0; PAGE_BYTES])
    }
}

impl PageBits {
    /// Sets the bit at `place`, counted from the beginning of the page; beyond its end there is none.
    pub fn set(&mut self, place: u32) {
        if let Some(byte) = usize::try_from(place / 8).ok().and_then(|at| self.0.get_mut(at)) {
            *byte |= 1 << (place % 8);
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for PageBits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for PageBits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).map_err(de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| de::Error::custom("a page of status bits has another length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Lifetime = Lifetime::from_hours(1);

    #[test]
    fn a_run_gives_each_place_once_and_knows_when_its_last_token_is_over() {
        let opened = Timestamp::from_seconds(1_800_000_000);
        let list = u64::try_from(opened.millis()).unwrap();
        let mut run = StatusRun { list, first: 40, size: 2, used: 0, lives_for: HOUR, expires_at: opened };
        let now = opened.plus(Lifetime::from_minutes(1));
        assert_eq!(run.next(HOUR, now), Some(StatusIndex { list, index: 40 }));
        assert_eq!(run.next(Lifetime::from_hours(2), now), None, "it would outlive what the block promises");
        assert_eq!(run.next(Lifetime::from_minutes(5), now), Some(StatusIndex { list, index: 41 }));
        assert_eq!(run.expires_at, now.plus(HOUR));
        assert_eq!(run.next(HOUR, now), None, "used up");
        let mut late = StatusRun { used: 0, ..run };
        assert_eq!(late.next(HOUR, closes_at(list)), None, "the list is closed");
    }

    #[test]
    fn a_page_keeps_its_bits_as_text() {
        let mut bits = PageBits::default();
        [0, 9, 9, PAGE_BITS - 1, PAGE_BITS, u32::MAX].into_iter().for_each(|place| bits.set(place));
        assert_eq!(bits.bytes().iter().map(|byte| byte.count_ones()).sum::<u32>(), 3);
        assert_eq!((bits.bytes()[0], bits.bytes()[1], bits.bytes()[127]), (1, 2, 128));
        let text = serde_json::to_string(&bits).unwrap();
        assert_eq!(serde_json::from_str::<PageBits>(&text).unwrap(), bits);
        assert!(serde_json::from_str::<PageBits>("\"AAAA\"").is_err());
    }
}
