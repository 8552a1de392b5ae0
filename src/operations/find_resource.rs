//! Finds the resource that a request means.

use std::sync::Arc;

use crate::app::App;
use crate::base::{Fault, Issuer, Resource};
use crate::model::{Client, ProtectedResource};
use crate::protocol::target::Facts;
use crate::store::Read;
use crate::store::tables::{RESOURCES, RESOURCES_BY_DEFAULT, RESOURCES_BY_URL};

/// Most resources that an error names.
const NAMED: usize = 20;

/// What is known about the resource that `client` asks for, or would be given without asking. RFC 8707 §2.
pub(crate) fn facts(app: &App, read: &impl Read, asked: Option<&Resource>, client: &Client) -> Result<Facts, Fault> {
    match (asked, client.resources.as_slice()) {
        // Its only resource may have been removed. Then it is as if it had asked for that one: a limit to one resource does not
        // turn into a token for the appliance itself.
        (None, [only]) => match known(app, read, only)? {
            Some(resource) => Ok(Facts::Unnamed { default: Some(resource), any: true }),
            None => self::asked(app, read, Some(only)),
        },
        (None, _) => default(read),
        (Some(_), _) => self::asked(app, read, asked),
    }
}

/// What is known about the resource that is asked for where it was granted before, so that there is no default.
pub(crate) fn asked(app: &App, read: &impl Read, asked: Option<&Resource>) -> Result<Facts, Fault> {
    match asked {
        Some(asked) => match known(app, read, asked)? {
            Some(resource) => Ok(Facts::Named(resource)),
            None if is_itself(asked, &app.issuer) => Ok(Facts::Itself),
            None => {
                let rows = read.page(&RESOURCES, None, NAMED)?.rows;
                Ok(Facts::Unknown {
                    asked: asked.clone(),
                    registered: rows.into_iter().map(|(_, r)| r.identifier.to_string()).collect(),
                })
            }
        },
        None => Ok(Facts::Unnamed { default: None, any: false }),
    }
}

/// Whether the appliance itself is meant, by its issuer.
pub(crate) fn is_itself(asked: &Resource, issuer: &Issuer) -> bool {
    Resource::parse(issuer.as_str()).is_ok_and(|own| own.folded() == asked.folded())
}

/// The row of the resource that was granted, whoever has its name as an alias now.
pub(crate) fn granted(
    app: &App,
    read: &impl Read,
    granted: Option<&Resource>,
) -> Result<Option<Arc<ProtectedResource>>, Fault> {
    let Some(granted) = granted else { return Ok(None) };
    Ok(known(app, read, granted)?.filter(|resource| resource.identifier == *granted))
}

/// By its identifier or an alias, as it was read not long ago if no resource was changed since.
fn known(app: &App, read: &impl Read, asked: &Resource) -> Result<Option<Arc<ProtectedResource>>, Fault> {
    let found = app.known.resources.find(read, asked, || named(read, asked))?;
    Ok(found.map(|(resource, _)| resource))
}

/// By its identifier or an alias.
pub(crate) fn named(read: &impl Read, asked: &Resource) -> Result<Option<ProtectedResource>, Fault> {
    Ok(read.find(&RESOURCES, &RESOURCES_BY_URL, asked.folded().as_str())?.map(|(_, resource)| resource))
}

/// The one marked as default, or the only one there is.
fn default(read: &impl Read) -> Result<Facts, Fault> {
    if let Some((_, resource)) = read.find(&RESOURCES, &RESOURCES_BY_DEFAULT, &())? {
        return Ok(Facts::Unnamed { default: Some(Arc::new(resource)), any: true });
    }
    let mut rows = read.page(&RESOURCES, None, 2)?.rows;
    let any = !rows.is_empty();
    let only = if rows.len() == 1 { rows.pop() } else { None };
    Ok(Facts::Unnamed { default: only.map(|(_, resource)| Arc::new(resource)), any })
}
