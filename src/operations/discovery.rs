//! What the appliance says about itself. RFC 8414 §3, OpenID Connect Discovery §4.

use crate::app::{App, Document};
use crate::base::Fault;
use crate::protocol::discovery::{Capabilities, server_metadata};
use crate::store::tables::SCOPES;
use crate::store::{MAX_ROWS, Read};

/// The current metadata document.
pub fn document(app: &App) -> Result<Document, Fault> {
    app.discovery.get_or_make(|| {
        let scopes = app.store.read_blocking(|view| view.page(&SCOPES, None, MAX_ROWS))?.rows;
        let facts = Capabilities {
            registration: app.config.registration.mode,
            scopes: scopes.into_iter().map(|(_, entry)| entry.name).collect(),
            id_token_algorithms: app.config.keys.algorithms.iter().map(ToString::to_string).collect(),
        };
        Ok(server_metadata(&app.issuer, &facts).to_string())
    })
}
