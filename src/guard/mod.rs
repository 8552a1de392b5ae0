//! The resource server's side: what a token that was verified lets its bearer do. It knows nothing of the appliance's insides, so
//! that an application of somebody else's can use it alone.
//!
//! | | |
//! |---|---|
//! | [`AuthContext`] | who is calling, as the claims say |
//! | [`Need`] | what an endpoint asks of its caller, and what is missing |

mod context;
mod need;

pub use context::AuthContext;
pub use need::Need;
