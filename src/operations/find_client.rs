//! Finds the client behind a `client_id`, through whichever door it came in.

use crate::app::App;
use crate::base::{Digest, Fault, Lifetime, Timestamp};
use crate::model::{Client, ClientId, ClientState, Credential, DocumentRecord, Tombstone};
use crate::operations::roles;
use crate::outbound::{DocumentError, LONGEST_CACHE};
use crate::store::tables::{CLIENT_STATES, CLIENTS, DOCUMENTS, MACHINE_STATES, MACHINES, TOMBSTONES};
use crate::store::{Read, Tx};

/// What a `client_id` leads to.
#[derive(Clone, Debug)]
pub enum Found {
    Client(Box<Client>),
    /// It was registered once.
    Gone(Tombstone),
    /// Its document cannot be had, or says what a document may not say.
    BadDocument(DocumentError),
    Unknown,
}

impl Found {
    pub fn client(self) -> Option<Client> {
        match self {
            Self::Client(client) => Some(*client),
            Self::Gone(_) | Self::BadDocument(_) | Self::Unknown => None,
        }
    }
}

/// Looks in the store for ids that were given here, and on the web for those that are addresses of documents.
pub async fn find(app: &App, id: &ClientId) -> Result<Found, Fault> {
    match id {
        ClientId::Registered(_) | ClientId::Machine(_) => {
            let id = id.clone();
            app.store.read(move |view| stored(view, &id)).await
        }
        ClientId::Document(url) => by_document(app, url).await,
    }
}

async fn by_document(app: &App, url: &str) -> Result<Found, Fault> {
    let now = app.clock.now();
    let error = match app.outbound.client_document(url, now).await {
        Ok(client) => return Ok(Found::Client(Box::new(Client::clone(&client)))),
        Err(error) => error,
    };
    // A document host that is out of reach for a moment must not log everybody out: what was consented to stands for as long
    // as a document may be cached at all.
    if error.is_transient() {
        let (url, oldest) = (url.to_owned(), now.minus(LONGEST_CACHE));
        let known = app.store.read(move |view| view.get(&DOCUMENTS, &url)).await?;
        if let Some(record) = known.filter(|record| record.seen_at > oldest) {
            return Ok(Found::Client(Box::new(record.client)));
        }
    }
    Ok(Found::BadDocument(error))
}

/// Notes that the document of a client which nobody had to ask about was seen again, as it was: what stands when its host is
/// out of reach. What changed is noted where a person is asked about it. The client's `created_at` is when its document was
/// fetched, so what was itself taken from the note does not make it younger.
pub(crate) fn seen_again(tx: &mut Tx<'_>, client: &Client) -> Result<(), Fault> {
    let ClientId::Document(url) = &client.id else { return Ok(()) };
    let Some(known) = tx.get(&DOCUMENTS, url)? else { return Ok(()) };
    let is_due = client.created_at >= known.seen_at.plus(SEEN_EVERY);
    if is_due && known.client.differences(client).is_empty() {
        tx.put(&DOCUMENTS, url, &DocumentRecord { client: client.clone(), seen_at: client.created_at })?;
    }
    Ok(())
}

/// How often a document that has not changed is noted.
pub(crate) const SEEN_EVERY: Lifetime = Lifetime::from_hours(12);

/// The part that needs no web.
pub(crate) fn stored(read: &impl Read, id: &ClientId) -> Result<Found, Fault> {
    Ok(match id {
        ClientId::Registered(id) => match read.get(&CLIENTS, id)? {
            Some(client) => Found::Client(Box::new(client)),
            None => read.get(&TOMBSTONES, id)?.map_or(Found::Unknown, Found::Gone),
        },
        ClientId::Machine(id) => {
            read.get(&MACHINES, id)?.map_or(Found::Unknown, |machine| Found::Client(Box::new(machine.as_client())))
        }
        ClientId::Document(url) => {
            read.get(&DOCUMENTS, url)?.map_or(Found::Unknown, |record| Found::Client(Box::new(record.client)))
        }
    })
}

/// The machine of a credential as it authenticates by it, with what its roles come to.
pub(crate) fn by_credential(read: &impl Read, credential: Credential) -> Result<Option<Client>, Fault> {
    let Some(machine) = read.get(&MACHINES, &credential.machine)? else { return Ok(None) };
    let permissions = roles::permissions_of(read, &machine)?;
    Ok(Some(machine.authenticated_by(credential, permissions)))
}

/// Only the state of a stored client or machine, read inside whatever transaction needs to know it. A client-id document
/// has no state of its own here.
pub(crate) fn state(read: &impl Read, id: &ClientId) -> Result<Option<ClientState>, Fault> {
    Ok(match id {
        ClientId::Registered(id) => read.get(&CLIENT_STATES, id)?.map(|row| row.state),
        ClientId::Machine(id) => read.get(&MACHINE_STATES, id)?.map(|row| row.state),
        ClientId::Document(_) => Some(ClientState::Active),
    })
}

/// What consent to a client that is stored here is bound to, as its row stands inside a transaction. What a client-id document
/// says is known from the web alone, and was looked at just before.
pub(crate) fn fingerprint(read: &impl Read, id: &ClientId) -> Result<Option<Digest>, Fault> {
    match id {
        ClientId::Registered(_) | ClientId::Machine(_) => {
            Ok(stored(read, id)?.client().map(|client| client.fingerprint()))
        }
        ClientId::Document(_) => Ok(None),
    }
}

/// Whether it is there and may act.
pub(crate) fn stands(read: &impl Read, id: &ClientId) -> Result<bool, Fault> {
    Ok(state(read, id)? == Some(ClientState::Active))
}

/// Whether a token that it was given at `issued` (in seconds, as `iat` has it) is still good as far as the client goes. What it
/// was given in the second in which it was stopped is over.
pub(crate) fn honours(read: &impl Read, id: &ClientId, issued: i64, now: Timestamp) -> Result<bool, Fault> {
    let since = |void: Option<Timestamp>| void.is_none_or(|void| issued > void.seconds());
    Ok(match id {
        ClientId::Machine(machine) => read.get(&MACHINE_STATES, machine)?.is_some_and(|row| {
            row.state == ClientState::Active && since(row.void_before) && row.expires_at.is_none_or(|end| now < end)
        }),
        ClientId::Registered(id) => (read.get(&CLIENT_STATES, id)?)
            .is_some_and(|row| row.state == ClientState::Active && since(row.void_before)),
        ClientId::Document(_) => stands(read, id)?,
    })
}
