//! Somebody's own links to identity providers: which there are, making one, taking one back. Each takes the password or a sign-in of a
//! moment ago.

use super::own_passkeys::allow;
use super::own_sign_in::{Asking, Changed, is_unchanged};
use super::providers::MOST_PROVIDERS;
use super::sign_in_provider::{Door, Leaving, Left, Stays, leave};
use crate::app::App;
use crate::base::{Digest, Fault, Id};
use crate::model::{Context, Event, IdentityProvider, Person, SubjectLink};
use crate::store::tables::{LINKS, LINKS_BY_PERSON, PROVIDERS, link_key};
use crate::store::{MAX_ROWS, Read};

/// What is linked, and what can be.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Each with what the provider is called.
    pub links: Vec<(SubjectLink, String)>,
    /// Providers that call nobody this person yet, and at which people sign in.
    pub doors: Vec<Door>,
}

/// What there is for somebody.
pub async fn of_person(app: &App, person: Id<Person>) -> Result<Own, Fault> {
    app.store
        .read(move |view| {
            let providers = view.page(&PROVIDERS, None, MOST_PROVIDERS)?.rows;
            if providers.is_empty() {
                return Ok(Own::default());
            }
            let linked = view.list(&LINKS, &LINKS_BY_PERSON, &person, MAX_ROWS)?;
            let called = |id| {
                let provider = providers.iter().find(|(known, _)| *known == id).map(|(_, provider)| provider);
                provider.map(|provider| provider.called().to_owned()).unwrap_or_default()
            };
            let is_linked = |id: &Id<IdentityProvider>| linked.iter().any(|(_, link)| link.provider == *id);
            let doors = providers.iter().filter(|(id, _)| !is_linked(id));
            let doors = doors.filter_map(|(_, provider)| Door::of(provider)).collect();
            Ok(Own { links: linked.iter().map(|(_, link)| (link.clone(), called(link.provider))).collect(), doors })
        })
        .await
}

/// Sends somebody to a provider, to be linked to whoever they are there.
pub async fn begin(
    app: &App,
    ctx: &Context,
    asking: Asking<'_>,
    id: Id<IdentityProvider>,
    browser: Digest,
) -> Result<Result<Result<Left, Stays>, Changed>, Fault> {
    let session = asking.signed_in.session().id;
    if let Some(no) = allow(app, ctx, asking).await? {
        return Ok(Err(no));
    }
    let leaving = Leaving { browser, ticket: None, to: None, link: Some(session) };
    Ok(Ok(leave(app, ctx, id, leaving).await?))
}

/// Takes a link back. Where an administrator lets the provider speak for addresses, the next sign-in with it may make it again.
pub async fn remove(
    app: &App,
    ctx: &Context,
    asking: Asking<'_>,
    provider: Id<IdentityProvider>,
    subject: String,
) -> Result<Changed, Fault> {
    let signed_in = asking.signed_in.clone();
    if let Some(no) = allow(app, ctx, asking).await? {
        return Ok(no);
    }
    let person = signed_in.person().id;
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("unlink own subject", &ctx, move |tx| {
            let key = link_key(provider, &subject);
            // Somebody else's is as unknown as one that there never was.
            let is_own = tx.get(&LINKS, &key)?.is_some_and(|link| link.person == person);
            if !is_own || !is_unchanged(tx, &signed_in)? {
                return Ok(Changed::Over);
            }
            tx.delete(&LINKS, &key)?;
            tx.record(Event::SubjectUnlinked { provider, subject: subject.clone(), person })?;
            Ok(Changed::Done)
        })
        .await
}
