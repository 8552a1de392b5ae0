//! What is finished even if nobody waits for it any more.

use crate::base::{Fault, FaultKind};
use crate::operations::declined::Declined;

/// Does it on its own, and waits for it. Whoever hung up leaves nothing half done: a commit that the memory does not know of would hold from the
/// next start on only. `what` is told of one that ended without an answer.
pub(super) async fn finished<T: Send + 'static>(
    what: &'static str,
    work: impl Future<Output = Result<T, Declined>> + Send + 'static,
) -> Result<T, Declined> {
    tokio::spawn(work).await.map_err(|error| Fault::because(FaultKind::Bug, what, error))?
}
