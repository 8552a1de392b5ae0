//! Ends everything that was given out before a restore: a backup cannot know what of it was ended, used or stolen since.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::{Fault, Lifetime};
use crate::model::{Context, Event, Family, FamilyState, KeyState, RevokedBecause, SigningKey, StatusList};
use crate::store::tables::{ACCESS, CODES, FAMILIES, INITIAL_TOKENS, SESSIONS, SIGNING_KEYS, STATUS_LISTS};
use crate::store::{Read, RowKey, Store, Table};

/// Rows in one transaction.
const AT_ONCE: usize = 1_000;

/// How long a withdrawn key is told of; none of its tokens lives longer.
const WITHDRAWN_FOR: Lifetime = Lifetime::from_days(2);

/// What becomes of a row.
pub(super) enum Verdict<V> {
    Stays,
    Becomes(V),
    Goes,
}

/// Signs everybody out, ends every grant, code and token, withdraws every key: what was signed before is no signature any more.
/// Says how much there was of each.
pub(super) fn end(store: &Store, ctx: &Context) -> Result<Vec<(&'static str, u64)>, Fault> {
    let now = ctx.at;
    let mut ended = vec![
        ("sessions", each(store, ctx, &SESSIONS, "sessions", |_| Verdict::Goes)?),
        ("codes", each(store, ctx, &CODES, "codes", |_| Verdict::Goes)?),
        ("opaque tokens", each(store, ctx, &ACCESS, "opaque tokens", |_| Verdict::Goes)?),
        ("initial access tokens", each(store, ctx, &INITIAL_TOKENS, "initial access tokens", |_| Verdict::Goes)?),
    ];
    let over = FamilyState::Revoked { at: now, because: RevokedBecause::Restored };
    let families = move |family: Family| match family.state {
        FamilyState::Live => Verdict::Becomes(Family { state: over.clone(), ..family }),
        FamilyState::Revoked { .. } => Verdict::Stays,
    };
    ended.push(("lines of tokens", each(store, ctx, &FAMILIES, "lines of tokens", families)?));
    let keys = move |key: SigningKey| match key.state {
        KeyState::Revoked { .. } => Verdict::Stays,
        _ => {
            let state = KeyState::Revoked { revoked_at: now, gone_at: now.plus(WITHDRAWN_FOR) };
            Verdict::Becomes(SigningKey { state, sealed: None, ..key })
        }
    };
    ended.push(("signing keys", each(store, ctx, &SIGNING_KEYS, "signing keys", keys)?));
    // Whoever follows the lists and has not fetched the keys again yet.
    let lists = |list: StatusList| Verdict::Becomes(StatusList { void: true, version: list.version + 1, ..list });
    ended.push(("status lists", each(store, ctx, &STATUS_LISTS, "status lists", lists)?));
    ended.retain(|(_, count)| *count > 0);
    Ok(ended)
}

/// Goes through a table in bounded transactions; says how many rows did not stay as they were.
fn each<K, V>(
    store: &Store,
    ctx: &Context,
    table: &'static Table<K, V>,
    what: &'static str,
    verdict: impl Fn(V) -> Verdict<V> + Clone + Send + 'static,
) -> Result<u64, Fault>
where
    K: RowKey + Clone + Send + 'static,
    V: Serialize + DeserializeOwned + Clone + Send + 'static,
{
    let (mut after, mut all) = (None, 0);
    loop {
        let (from, verdict) = (after.clone(), verdict.clone());
        let (next, count) = store.write_blocking("end what was given out", ctx, move |tx| {
            let page = tx.page(table, from.as_ref(), AT_ONCE)?;
            let mut count = 0;
            for (key, row) in page.rows {
                match verdict(row.clone()) {
                    Verdict::Stays => continue,
                    Verdict::Becomes(new) => tx.replace(table, &key, &row, &new)?,
                    Verdict::Goes => tx.delete(table, &key)?,
                }
                count += 1;
            }
            if count > 0 {
                tx.record(Event::RestoreEnded { what: what.to_owned(), count })?;
            }
            Ok((page.next, count))
        })?;
        all += count;
        match next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}
