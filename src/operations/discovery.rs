//! What the appliance says about itself. RFC 8414 §3, OpenID Connect Discovery §4.

use crate::app::{App, Document};
use crate::base::Fault;
use crate::operations::{crossings, providers};
use crate::protocol::discovery::{Capabilities, server_metadata};
use crate::protocol::own_scopes;
use crate::store::tables::SCOPES;
use crate::store::{MAX_ROWS, Read, View};

/// The current metadata document.
pub fn document(app: &App) -> Result<Document, Fault> {
    app.discovery.get_or_make(|| {
        let (scopes, takes_id_jags, gives_id_jags) = app.store.read_blocking(|view: &View<'_>| {
            let scopes = view.page(&SCOPES, None, MAX_ROWS)?.rows;
            Ok((scopes, providers::there_is_one(view)?, crossings::there_is_one(view)?))
        })?;
        let facts = Capabilities {
            registration: app.settings.now().registration.mode,
            // Clients ask for what they find here, and those of the appliance's own API are for a few who know them. RFC 8414 §2:
            // "Servers MAY choose not to advertise some supported scope values even when this parameter is used".
            scopes: (scopes.into_iter().map(|(_, entry)| entry.name))
                .filter(|name| !own_scopes::is_own(name.as_str()))
                .collect(),
            takes_id_jags,
            gives_id_jags,
            id_token_algorithms: app.config.keys.algorithms.iter().map(ToString::to_string).collect(),
        };
        Ok(server_metadata(&app.issuer, &facts).to_string())
    })
}
