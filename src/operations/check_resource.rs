//! What a client sees that comes to a resource: asked of the resource itself, and held against what is registered here.

use crate::app::App;
use crate::base::{Id, Lifetime};
use crate::model::ProtectedResource;
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::resources;
use crate::outbound::{Knock, Knocked, Limits, OutboundError, OutboundUrl};
use crate::protocol::resource_metadata::{self, Answered, Finding, LONGEST, Looked, Metadata};

/// For each request; there are four at most.
const TOTAL_TIME: Lifetime = Lifetime::from_seconds(5);

/// How an MCP client begins. Whoever has no token is refused before anybody reads it.
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"Writ","version":"1"}}}"#;

/// Asks a resource as a client does that has no token yet. Nothing is written, and nothing that is answered is kept.
pub async fn check(
    app: &App,
    by: &Operator,
    id: Id<ProtectedResource>,
) -> Result<(ProtectedResource, Vec<Finding>), Declined> {
    let asker = by.clone();
    app.store.read(move |view| asker.stands(view)).await??;
    let resource = resources::find(app, id).await?;
    let answered = answered(app, resource.identifier.as_str()).await.map_err(|why| why.to_string());
    let pointed = answered
        .as_ref()
        .ok()
        .and_then(|answered| answered.challenges.iter().find_map(|challenge| resource_metadata::pointed_at(challenge)));
    let looked = match pointed.or_else(|| resource_metadata::metadata_url(&resource.identifier)) {
        Some(url) => Looked { answered, document: document(app, &url).await, document_at: url },
        None => {
            let why = "its identifier names no host, so there is no place for a document".to_owned();
            Looked { answered, document: Err(why), document_at: String::new() }
        }
    };
    let findings = resource_metadata::judge(&looked, &resource, &app.issuer);
    Ok((resource, findings))
}

async fn answered(app: &App, url: &str) -> Result<Answered, OutboundError> {
    let url = OutboundUrl::parse(&plain(url))?;
    let first = app.outbound.knock(&url, Knock::Get, TOTAL_TIME).await?;
    let Knocked { status, challenges } = match first.status {
        // Some servers take nothing but what a client sends to begin with.
        400 | 404..=406 => app.outbound.knock(&url, Knock::Post(INITIALIZE), TOTAL_TIME).await?,
        _ => first,
    };
    Ok(Answered { status, challenges })
}

async fn document(app: &App, url: &str) -> Result<Metadata, String> {
    let limits = Limits { max_bytes: LONGEST, total_time: TOTAL_TIME };
    let fetched = match OutboundUrl::parse(&plain(url)) {
        Ok(url) => app.outbound.get(&url, limits).await,
        Err(why) => Err(why),
    };
    let fetched = fetched.map_err(|why| why.to_string())?;
    resource_metadata::parse(fetched.body.as_bytes()).map_err(|why| why.to_string())
}

/// A bare origin with the slash that it is asked with.
pub(super) fn plain(url: &str) -> String {
    let behind = url.split_once("://").map_or("", |(_, behind)| behind);
    if behind.is_empty() || behind.contains(['/', '?']) { url.to_owned() } else { format!("{url}/") }
}
