//! Where somebody is signed in, as an administrator sees it and ends it.

use std::cmp::Reverse;

use super::people::changeable;
use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{Event, Person, Session};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::store::tables::{SESSIONS, SESSIONS_BY_PERSON};
use crate::store::{Read, Tx};

/// Most rows that are looked at in one go.
const MOST: usize = 200;

/// Where somebody is signed in now: the session that was seen last is the first.
pub async fn of_person(app: &App, now: Timestamp, person: Id<Person>) -> Result<Vec<Session>, Fault> {
    let page =
        app.store.read(move |view| view.list_newest(&SESSIONS, &SESSIONS_BY_PERSON, &person, None, MOST)).await?;
    let seen = |(id, session): (Id<Session>, Session)| {
        let seen = app.last_seen.of(&id).unwrap_or_default();
        Session { last_seen_at: session.last_seen_at.max(seen), ..session }
    };
    let mut sessions: Vec<Session> = page.rows.into_iter().map(seen).collect();
    let idle_for = app.settings.now().lifetimes.session_idle;
    sessions.retain(|session| session.is_live(now, idle_for));
    sessions.sort_by_key(|session| Reverse(session.last_seen_at));
    Ok(sessions)
}

/// Ends one session of somebody.
pub async fn end(app: &App, by: &Operator, person: Id<Person>, id: Id<Session>) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("end session of person", ctx, move |tx| {
            if let Err(declined) = changeable(tx, &by, person, &Seen::Anything)? {
                return Ok(Err(declined));
            }
            if tx.get(&SESSIONS, &id)?.is_none_or(|session| session.person != person) {
                return Ok(Err(Declined::Missing("that session is over already".to_owned())));
            }
            tx.delete(&SESSIONS, &id)?;
            tx.record(Event::SignedOut { person, session: id })?;
            Ok(Ok(()))
        })
        .await?
}

/// Ends every session of somebody. Says how many there were.
pub async fn end_all(app: &App, by: &Operator, person: Id<Person>) -> Result<u64, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("end sessions of person", ctx, move |tx| {
            if let Err(declined) = changeable(tx, &by, person, &Seen::Anything)? {
                return Ok(Err(declined));
            }
            let sessions = delete_all(tx, person)?;
            if sessions > 0 {
                tx.record(Event::SessionsEnded { person, sessions })?;
            }
            Ok(Ok(sessions))
        })
        .await?
}

/// However many there are: none of them may be left. The caller records what this was for.
pub(super) fn delete_all(tx: &mut Tx<'_>, person: Id<Person>) -> Result<u64, Fault> {
    let mut sessions = 0;
    loop {
        let rows = tx.list(&SESSIONS, &SESSIONS_BY_PERSON, &person, MOST)?;
        for (id, _) in &rows {
            tx.delete(&SESSIONS, id)?;
        }
        sessions += rows.len() as u64;
        if rows.len() < MOST {
            return Ok(sessions);
        }
    }
}
