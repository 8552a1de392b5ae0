//! What a machine identity must be besides knowing its secret. OAuth 2.1 §2.4.

use std::net::IpAddr;

use crate::base::Timestamp;
use crate::model::Authenticated;
use crate::protocol::refusal::{Refusal, ensure};

/// Whether a machine that has proved itself may act now, and from there. OAuth 2.1 §2.4: "The authorization server MAY …
/// establish … any other requirements".
///
/// Asked after the credential, so that only the machine itself learns of it. An address that is not known is none of
/// its networks.
pub(super) fn admit(who: &Authenticated, now: Timestamp, from: Option<IpAddr>) -> Result<(), Refusal> {
    let machine = &who.machine;
    ensure(who.credential.is_live(now), Refusal::CredentialRevoked)?;
    ensure(machine.expires_at.is_none_or(|end| now < end), Refusal::MachineExpired)?;
    let here = |address: IpAddr| machine.networks.iter().any(|network| network.contains(address));
    ensure(machine.networks.is_empty() || from.is_some_and(here), Refusal::NetworkNotAllowed)
}
