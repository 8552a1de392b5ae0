//! Who does something, when, and from where: the ticket that every write needs.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::person::Person;
use crate::base::{Id, Named, Timestamp};

/// One operation's who, when and where. Its time is the only time the operation knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Context {
    pub at: Timestamp,
    pub by: Actor,
    pub from: Origin,
}

impl Context {
    pub fn new(at: Timestamp, by: Actor, from: Origin) -> Self {
        Self { at, by, from }
    }

    /// The same ticket, once it is known who is asking.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { by: actor, ..self.clone() }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A caller who has proved nothing.
    Nobody,
    Person(Id<Person>),
    /// An authenticated client or machine identity.
    Client(ClientId),
    /// Somebody with access to the file or the control socket.
    Operator,
    /// The appliance itself.
    System,
}

/// From where it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub channel: Channel,
    /// Coarse on purpose: the audit log outlives what a full address may be kept for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The whole address, for limits on where an identity may call from. It is never written down.
    #[serde(skip)]
    pub address: Option<IpAddr>,
    /// The request's id, which is also the error id its caller is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Id<Request>>,
    /// The door it came through, as a pattern. It is never written down.
    #[serde(skip)]
    pub door: &'static str,
    /// The application through which a person did it, with a token of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ClientId>,
}

impl Origin {
    pub fn within(channel: Channel) -> Self {
        Self { channel, network: None, address: None, request: None, door: "", via: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Http,
    /// The administrators' API.
    Api,
    /// The command line, through the running process.
    Socket,
    /// The command line, on a stopped appliance's file.
    File,
    Housekeeping,
}

/// One request, for its id's sake.
#[derive(Clone, Copy, Debug)]
pub struct Request;

impl Named for Request {
    const PREFIX: &'static str = "req";
}

/// An address with its last bits gone: /24 of IPv4, /48 of IPv6.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Network(Arc<str>);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let text = match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        };
        Self(text.into())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
