//! How often an address may ask: see [`Limits`], which the whole appliance knows.

pub(crate) use crate::app::{Class, Limits};
