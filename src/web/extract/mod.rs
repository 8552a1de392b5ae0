//! From bytes to typed things.

mod administrator;
mod body;
mod caller;
mod peer;
mod posted;
mod visitor;

pub(super) use administrator::{Administered, Administrator};
pub(super) use body::{Body, BodyTime, LONGEST_FORM};
pub(super) use caller::Caller;
pub(super) use peer::peer;
pub(super) use posted::Posted;
pub(super) use visitor::{Visitor, accepted_language, bare};
