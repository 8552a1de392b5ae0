//! Ends a browser's session.

use super::sign_in::SignedIn;
use crate::app::App;
use crate::base::Fault;
use crate::model::{Context, Event};
use crate::store::Read;
use crate::store::tables::SESSIONS;

/// The row goes, so the cookie is worth nothing wherever it still lies.
pub async fn sign_out(app: &App, ctx: &Context, signed_in: &SignedIn) -> Result<(), Fault> {
    let (session, person) = (signed_in.session().id, signed_in.person().id);
    app.store
        .write("sign out", ctx, move |tx| {
            if tx.get(&SESSIONS, &session)?.is_none() {
                return Ok(());
            }
            tx.delete(&SESSIONS, &session)?;
            tx.record(Event::SignedOut { person, session })
        })
        .await
}
