//! Reading the audit log, and checking that it is whole.

use crate::app::App;
use crate::base::Fault;
use crate::store::{AuditPage, Broken, Head, audit_page};

/// Most entries given at once.
pub const MOST: usize = 1_000;

/// Entries before the number `before`, the newest first; only those called `name`, if one is given.
pub async fn list(app: &App, before: Option<u64>, name: Option<String>, limit: usize) -> Result<AuditPage, Fault> {
    app.store.read(move |view| audit_page(view, before, name.as_deref(), limit.min(MOST))).await
}

/// Walks the whole log, in a thread that may take its time.
pub async fn verify(app: &App) -> Result<Result<Head, Broken>, Fault> {
    let store = app.store.clone();
    tokio::task::spawn_blocking(move || store.verify_audit(None))
        .await
        .map_err(|error| Fault::because(crate::base::FaultKind::Bug, "the verification ended early", error))?
}
