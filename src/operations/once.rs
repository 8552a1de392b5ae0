//! Requests that have their effect once, however often they are sent: a client that got no answer asks again.
//!
//! The mark is put down in the transaction that makes the thing, so of many at once one makes it and the others find the mark. There are
//! never more marks than things made in a day, and only administrators make things.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::declined::Declined;
use crate::app::App;
use crate::base::{Digest, Fault, FaultKind, Lifetime};
use crate::model::{Actor, DoneOnce};
use crate::store::tables::DONE_ONCE;
use crate::store::{Read as _, Tx};

/// How long a mark is kept.
pub const KEPT_FOR: Lifetime = Lifetime::from_hours(24);

/// Whether the request says that it is to have its effect once.
#[derive(Clone, Copy)]
pub enum Once {
    /// It does not: each time counts.
    Often,
    Keyed {
        key: Digest,
        request: Digest,
    },
}

/// Whether the answer to a request holds something that is shown once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Repeatable,
    HoldsASecret,
}

impl Once {
    /// A request under a key of its sender's. Two senders may choose the same key. The request is kept as a MAC: it may hold a password,
    /// and a digest of one can be guessed at.
    pub fn keyed(app: &App, by: &Actor, key: &str, request: &[&[u8]]) -> Self {
        let by = format!("{by:?}");
        let lengths: Vec<[u8; 8]> = request.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = vec![b"request\0"];
        for (length, part) in lengths.iter().zip(request) {
            parts.extend([length.as_slice(), part]);
        }
        Self::Keyed {
            key: app.throttle.mac(&[b"once\0", by.as_bytes(), b"\0", key.as_bytes()]),
            request: app.throttle.mac(&parts),
        }
    }

    /// What the same request made before, if it did. To be asked before anything is decided.
    pub(super) fn earlier<T: DeserializeOwned>(&self, tx: &Tx<'_>) -> Result<Option<Result<T, Declined>>, Fault> {
        let Self::Keyed { key, request } = self else { return Ok(None) };
        let done = tx.get(&DONE_ONCE, key)?.filter(|done| tx.now() < done.expires_at);
        let Some(done) = done else { return Ok(None) };
        if done.request != *request {
            return Ok(Some(Err(Declined::KeyReused)));
        }
        let Some(row) = done.row else { return Ok(Some(Err(Declined::MadeAlready(done.made)))) };
        let row = serde_json::from_value(row)
            .map_err(|e| Fault::because(FaultKind::Row, "what was made once does not parse any more", e))?;
        Ok(Some(Ok(row)))
    }

    /// Puts down that it is done, in the transaction in which it is.
    pub(super) fn done<T: Serialize>(
        &self,
        tx: &mut Tx<'_>,
        made: impl fmt::Display,
        row: &T,
        answer: Answer,
    ) -> Result<(), Fault> {
        let Self::Keyed { key, request } = self else { return Ok(()) };
        let row = match answer {
            Answer::HoldsASecret => None,
            Answer::Repeatable => {
                let row = serde_json::to_value(row);
                Some(row.map_err(|e| Fault::because(FaultKind::Bug, "what was made once has no JSON", e))?)
            }
        };
        let expires_at = tx.now().plus(KEPT_FOR);
        tx.put(&DONE_ONCE, key, &DoneOnce { request: *request, made: made.to_string(), row, expires_at })
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Often => "Often",
            Self::Keyed { .. } => "Keyed",
        })
    }
}
