//! Makes status lists and serves them. draft-ietf-oauth-status-list §5, §8, §9.

use std::sync::Arc;

use super::uri;
use crate::app::{App, Document, MadeList};
use crate::base::{Digest, Fault, FaultKind, Lifetime};
use crate::keys::Signer;
use crate::model::{Algorithm, Context, LIST_SIZE, ListNumber, PAGE_BITS, StatusList};
use crate::protocol::discovery::paths;
use crate::protocol::status_list::{
    STATUS_LIST_TYPE, StatusListAggregation, StatusListClaims, StatusListObject, encode,
};
use crate::store::tables::{STATUS_BLOCKS, STATUS_BLOCKS_ENDED, STATUS_LISTS, STATUS_PAGES};
use crate::store::{Read, Store, View};

/// A change is in the list at the latest so long after its commit. Who revokes all the time, and who asks all the time, make
/// the appliance compress a list once in this time and no more often.
const SETTLES_IN: Lifetime = Lifetime::from_seconds(1);

/// The list as it is served now: a signed JWT. `None` if there is none of this number.
///
/// A number that means nothing costs one look into the store. What is made is kept until it changes, until its copies may be
/// thrown away anyway (`status.ttl`), or until its key is not the one that signs any more.
pub async fn list(app: &App, ctx: &Context, number: ListNumber) -> Result<Option<Document>, Fault> {
    let now = ctx.at;
    let row = app.store.read(move |view| view.get(&STATUS_LISTS, &number)).await?;
    let Some(row) = row.filter(|row| now < row.expires_at) else { return Ok(None) };
    if let Some(made) = current(app, ctx, number, &row)? {
        return Ok(Some(made.document));
    }
    let _turn = app.status_lists.wait().await;
    // Whoever was before may have made it.
    if let Some(made) = current(app, ctx, number, &row)? {
        return Ok(Some(made.document));
    }
    let known = app.status_lists.find(number).filter(|made| made.version == row.version);
    let (version, lst) = match known {
        Some(made) => (made.version, made.lst),
        None => {
            let store = app.store.clone();
            let making = tokio::task::spawn_blocking(move || compressed(&store, number));
            let made =
                making.await.map_err(|e| Fault::because(FaultKind::Bug, "the thread that compresses ended", e))?;
            let Some(made) = made? else { return Ok(None) };
            made
        }
    };
    let made = sign(app, ctx, number, version, lst)?;
    app.status_lists.keep(number, made.clone());
    Ok(Some(made.document))
}

/// What was made, while it may be served.
fn current(app: &App, ctx: &Context, number: ListNumber, row: &StatusList) -> Result<Option<MadeList>, Fault> {
    let Some(made) = app.status_lists.find(number) else { return Ok(None) };
    let age = ctx.at.since(made.issued_at);
    let fits = made.issued_at <= ctx.at
        && age < app.config.status.ttl
        && (made.version == row.version || age < SETTLES_IN)
        && *made.kid == *signer(app)?.kid();
    Ok(fits.then_some(made))
}

/// Lists are signed with the first of the algorithms that there is a key of; every key is in the published set.
fn signer(app: &App) -> Result<Arc<Signer>, Fault> {
    app.keys.current().signing(signs_lists(app)).map(Arc::clone)
}

/// With what they are signed.
pub(crate) fn signs_lists(app: &App) -> Algorithm {
    let preferred = Algorithm::default();
    let algorithms = &app.config.keys.algorithms;
    if algorithms.contains(&preferred) { preferred } else { *algorithms.first().unwrap_or(&preferred) }
}

fn sign(app: &App, ctx: &Context, number: ListNumber, version: u64, lst: Arc<str>) -> Result<MadeList, Fault> {
    let signer = signer(app)?;
    let settings = &app.config.status;
    // What may be kept for a while is good for that while at least.
    let valid_for = settings.valid_for.max(Lifetime::from_seconds(settings.ttl.seconds().saturating_mul(2)));
    let claims = StatusListClaims {
        iss: app.issuer.to_string(),
        sub: uri(app, number),
        iat: ctx.at.seconds(),
        exp: ctx.at.plus(valid_for).seconds(),
        ttl: settings.ttl.seconds(),
        status_list: StatusListObject {
            bits: 1,
            lst: (*lst).to_owned(),
            aggregation_uri: app.issuer.url(paths::STATUS),
        },
    };
    let body = signer.mint(STATUS_LIST_TYPE, &claims)?;
    let etag = format!("\"{}\"", Digest::of(body.as_bytes()).text());
    let document = Document { body: body.into(), etag: etag.into() };
    Ok(MadeList { version, lst, issued_at: ctx.at, kid: signer.kid().into(), document })
}

/// The bits of a list, compressed, and the version they are of. Takes some milliseconds.
pub fn compressed(store: &Store, number: ListNumber) -> Result<Option<(u64, Arc<str>)>, Fault> {
    let read = store.read_blocking(|view| match view.get(&STATUS_LISTS, &number)? {
        Some(row) if row.void => Ok(Some((row.version, vec![u8::MAX; LIST_SIZE as usize / 8]))),
        Some(row) => Ok(Some((row.version, bits(view, number)?))),
        None => Ok(None),
    })?;
    Ok(read.map(|(version, bits)| (version, encode(&bits).into())))
}

/// Rows read in one go.
const AT_ONCE: usize = 64;

fn bits(view: &View<'_>, number: ListNumber) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![0; LIST_SIZE as usize / 8];
    let mut after = number.checked_sub(1).map(|before| (before, u64::MAX));
    'pages: loop {
        let page = view.page(&STATUS_PAGES, after.as_ref(), AT_ONCE)?;
        for ((list, place), row) in page.rows {
            if list != number {
                break 'pages;
            }
            let start = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(PAGE_BITS as usize / 8);
            let room = bytes.iter_mut().skip(start);
            room.zip(row.bits.bytes()).for_each(|(byte, set)| *byte |= set);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let page = view.list_after(&STATUS_BLOCKS, &STATUS_BLOCKS_ENDED, &number, after.as_ref(), AT_ONCE)?;
        for (_, block) in page.rows {
            // Blocks begin and end on a byte.
            let (start, length) = (block.first as usize / 8, block.size as usize / 8);
            bytes.iter_mut().skip(start).take(length).for_each(|byte| *byte = u8::MAX);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(bytes),
        }
    }
}

/// Most lists named at once: of more, the newest.
const MOST_NAMED: usize = 1_000;

/// The address of every list that is served. §9.3.
pub async fn lists(app: &App, ctx: &Context) -> Result<StatusListAggregation, Fault> {
    let now = ctx.at;
    let rows = app.store.read(|view| view.newest(&STATUS_LISTS, None, MOST_NAMED)).await?.rows;
    let live = rows.iter().filter(|(_, row)| now < row.expires_at);
    Ok(StatusListAggregation { status_lists: live.map(|(number, _)| uri(app, *number)).collect() })
}
