//! Finds the client behind a `client_id`, through whichever door it came in.

use crate::app::App;
use crate::base::{Fault, Timestamp};
use crate::model::{
    ApplicationType, AuthMethod, Client, ClientAbout, ClientId, ClientState, GrantType, Provenance, Tombstone,
};
use crate::outbound::{CachePolicy, DocumentProblem};
use crate::protocol::client_document::{
    self, ClientDocument, ClientDocumentUrl, DocumentAuthentication, DocumentGrant, DocumentKeys,
};
use crate::store::Read;
use crate::store::tables::{CLIENT_STATES, CLIENTS, DOCUMENTS, MACHINE_STATES, MACHINES, TOMBSTONES};

/// What a `client_id` leads to.
#[derive(Clone, Debug)]
pub enum Found {
    Client(Box<Client>),
    /// It was registered once.
    Gone(Tombstone),
    /// Its document cannot be had, or says what a document may not say.
    BadDocument(DocumentProblem),
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
    let problem = match ClientDocumentUrl::parse(url) {
        Ok(address) => match app.documents.get(&address, now).await {
            Ok(document) => return Ok(Found::Client(Box::new(as_client(&document)))),
            Err(problem) => problem,
        },
        Err(error) => error.into(),
    };
    // A document host that is out of reach for a moment must not log everybody out: what was consented to stands for as long
    // as a document may be cached at all.
    if matches!(&problem, DocumentProblem::Fetch(error) if error.is_passing()) {
        let (url, oldest) = (url.to_owned(), now.minus(CachePolicy::LONGEST));
        let known = app.store.read(move |view| view.get(&DOCUMENTS, &url)).await?;
        if let Some(record) = known.filter(|record| record.seen_at > oldest) {
            return Ok(Found::Client(Box::new(record.client)));
        }
    }
    Ok(Found::BadDocument(problem))
}

/// How the rules see a client that its own document describes.
fn as_client(document: &ClientDocument) -> Client {
    let (auth_method, jwks, jwks_uri) = match &document.authentication {
        DocumentAuthentication::None => (AuthMethod::None, None, None),
        DocumentAuthentication::PrivateKeyJwt(DocumentKeys::Inline(jwks)) => {
            (AuthMethod::PrivateKeyJwt, serde_json::from_str(jwks).ok(), None)
        }
        DocumentAuthentication::PrivateKeyJwt(DocumentKeys::At(uri)) => {
            (AuthMethod::PrivateKeyJwt, None, Some(uri.clone()))
        }
    };
    Client {
        id: ClientId::Document(document.client_id.as_str().to_owned()),
        name: document.client_name.as_str().to_owned(),
        provenance: Provenance::Document,
        state: ClientState::Active,
        application_type: match document.application_type {
            client_document::ApplicationType::Web => ApplicationType::Web,
            client_document::ApplicationType::Native => ApplicationType::Native,
        },
        auth_method,
        secrets: Vec::new(),
        jwks,
        jwks_uri,
        redirect_uris: document.redirect_uris.clone(),
        grant_types: document
            .grant_types
            .iter()
            .map(|grant| match grant {
                DocumentGrant::AuthorizationCode => GrantType::AuthorizationCode,
                DocumentGrant::RefreshToken => GrantType::RefreshToken,
            })
            .collect(),
        scope: None,
        resources: Vec::new(),
        serves: Vec::new(),
        client_uri: document.client_uri.clone(),
        about: ClientAbout::default(),
        id_token_signed_response_alg: None,
        created_at: Timestamp::default(),
        first_used_at: None,
        reaped_at: None,
    }
}

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

/// Only the state of a stored client or machine, read inside whatever transaction needs to know it. A client-id document
/// has no state of its own here.
pub(crate) fn state(read: &impl Read, id: &ClientId) -> Result<Option<ClientState>, Fault> {
    Ok(match id {
        ClientId::Registered(id) => read.get(&CLIENT_STATES, id)?.map(|row| row.state),
        ClientId::Machine(id) => read.get(&MACHINE_STATES, id)?.map(|row| row.state),
        ClientId::Document(_) => Some(ClientState::Active),
    })
}

/// Whether it is there and may act.
pub(crate) fn stands(read: &impl Read, id: &ClientId) -> Result<bool, Fault> {
    Ok(state(read, id)? == Some(ClientState::Active))
}
