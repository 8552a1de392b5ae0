//! Which resource a token is for. RFC 8707.

use std::sync::Arc;

use super::refusal::{Refusal, ensure};
use crate::base::Resource;
use crate::model::{Client, ProtectedResource};

/// Reads the `resource` parameters of a request: none or one.
///
/// RFC 8707 §2: "Multiple resource parameters MAY be used to indicate that the requested token is intended to be used at
/// multiple resources." One token for several resources lets each replay it at the others, so Writ gives one at a time.
pub fn requested<'a>(values: impl Iterator<Item = &'a str>) -> Result<Option<Resource>, Refusal> {
    let mut asked: Option<Resource> = None;
    for value in values {
        // §2: "MUST be an absolute URI … MUST NOT include a fragment component."
        let resource = Resource::parse(value).map_err(|_| Refusal::ResourceMalformed)?;
        ensure(asked.as_ref().is_none_or(|known| *known == resource), Refusal::ResourceMany)?;
        asked = Some(resource);
    }
    Ok(asked)
}

/// What is known about the resource that a request is for.
#[derive(Clone, Debug)]
pub enum Facts {
    /// The request names a resource that is registered, by its identifier or an alias.
    Named(Arc<ProtectedResource>),
    /// The request names one that is not registered; these are.
    Unknown { asked: Resource, registered: Vec<String> },
    /// The request names the appliance itself.
    Itself,
    /// The request names none; this is the only one that the client may have tokens for, or else the appliance's default.
    Unnamed {
        default: Option<Arc<ProtectedResource>>,
        /// Whether any is registered that could be named.
        any: bool,
    },
}

impl Facts {
    /// Whether there are resources and nothing says which of them is meant.
    pub fn leave_open(&self, client: &Client) -> bool {
        match self {
            Self::Unnamed { default, any } => {
                *any && default.as_ref().is_none_or(|resource| !allowed(client, resource))
            }
            Self::Named(_) | Self::Unknown { .. } | Self::Itself => false,
        }
    }
}

/// Decides as [`select`] does, where the appliance itself cannot be meant: `otherwise` is why not.
///
/// RFC 8707 §2 invalid_target: "The requested resource is invalid, missing, unknown, or malformed."
pub fn required(facts: Facts, client: &Client, otherwise: Refusal) -> Result<Arc<ProtectedResource>, Refusal> {
    let none = if facts.leave_open(client) { Refusal::ResourceMissing } else { otherwise };
    select(facts, client)?.ok_or(none)
}

/// Decides which resource is meant, for a client that may be limited to some. RFC 8707 §2.
///
/// `None` means the appliance itself: its issuer becomes the audience.
pub fn select(facts: Facts, client: &Client) -> Result<Option<Arc<ProtectedResource>>, Refusal> {
    match facts {
        // §2 invalid_target: "The requested resource is invalid, missing, unknown, or malformed."
        Facts::Unknown { asked, registered } => Err(Refusal::ResourceUnknown { asked, known: registered }),
        Facts::Named(resource) => {
            if !allowed(client, &resource) {
                return Err(Refusal::ResourceNotAllowed { resource: Some(resource.identifier.clone()) });
            }
            Ok(Some(resource))
        }
        // §2: the client tells "the location of the target service or resource where access is being requested", and that may be here:
        // where there is a default resource, it is the only way to say so.
        Facts::Itself => Ok(None),
        // §2: "the authorization server … may use a pre-defined default resource value".
        Facts::Unnamed { default, .. } => Ok(default.filter(|resource| allowed(client, resource))),
    }
}

/// The resource that a person's grant is for, as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    pub identifier: Option<&'a Resource>,
    /// Its row, unless it was removed meanwhile.
    pub registered: Option<&'a ProtectedResource>,
}

/// At the token endpoint of a person's grant: it can only be the one that was granted, and only while that is registered.
/// RFC 8707 §2.2.
pub fn same(asked: &Facts, granted: Granted<'_>) -> Result<(), Refusal> {
    // §2.2: "the requested resource … must be … a subset of the resources … granted".
    match asked {
        Facts::Unnamed { .. } => {}
        Facts::Unknown { asked, registered } => {
            return Err(Refusal::ResourceUnknown { asked: asked.clone(), known: registered.clone() });
        }
        Facts::Itself => ensure(granted.identifier.is_none(), Refusal::ResourceWidened)?,
        Facts::Named(asked) => ensure(granted.identifier == Some(&asked.identifier), Refusal::ResourceWidened)?,
    }
    // A grant for a resource that is gone must not turn into one for the appliance itself.
    ensure(granted.registered.map(|resource| &resource.identifier) == granted.identifier, Refusal::ResourceGone)
}

fn allowed(client: &Client, resource: &ProtectedResource) -> bool {
    client.resources.is_empty() || client.resources.contains(&resource.identifier)
}
