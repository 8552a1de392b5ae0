//! Reading the audit log, and checking that it is whole.

use super::keep_head;
use crate::app::App;
use crate::base::{Fault, FaultKind, Id};
use crate::model::Request;
use crate::store::{AuditPage, Broken, Head, View, audit_of_request, audit_page, audit_page_of};

/// Most entries given at once.
pub const MOST: usize = 1_000;

/// Entries before the number `before`, the newest first; only those called `name`, if one is given.
pub async fn list(app: &App, before: Option<u64>, name: Option<String>, limit: usize) -> Result<AuditPage, Fault> {
    app.store.read(move |view| audit_page(view, before, name.as_deref(), limit.min(MOST))).await
}

/// The entries of one request, which its caller was told the id of. Looks through the whole log for it, in short snapshots.
pub async fn of_request(
    app: &App,
    before: Option<u64>,
    request: Id<Request>,
    limit: usize,
) -> Result<AuditPage, Fault> {
    let mut page = AuditPage { entries: Vec::new(), next: before };
    let limit = limit.min(MOST);
    loop {
        let (before, left) = (page.next, limit - page.entries.len());
        let more = app.store.read(move |view| audit_of_request(view, before, request, left)).await?;
        page.entries.extend(more.entries);
        page.next = more.next;
        if page.next.is_none() || page.entries.len() >= limit {
            return Ok(page);
        }
        tokio::task::yield_now().await;
    }
}

/// Who acts for whom, in the words of the search: the id of a machine, and of a person or a machine. One of them may be anybody.
#[derive(Clone, Debug, Default)]
pub struct ActedBy {
    pub actor: Option<String>,
    pub subject: Option<String>,
}

/// The same of what tells of somebody acting for somebody: tokens exchanged, and delegations granted and revoked.
pub async fn list_acting(
    app: &App,
    who: ActedBy,
    before: Option<u64>,
    name: Option<String>,
    limit: usize,
) -> Result<AuditPage, Fault> {
    let look = move |view: &View<'_>| {
        let who = (who.actor.as_deref(), who.subject.as_deref());
        audit_page_of(view, who, before, name.as_deref(), limit.min(MOST))
    };
    app.store.read(look).await
}

/// Walks the whole log, through the head that was kept outside the file, in a thread that may take its time.
pub async fn verify(app: &App) -> Result<Result<Head, Broken>, Fault> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let kept = match &app.head_file {
            Some(path) => keep_head::read(path, &app.head_signer)?,
            None => None,
        };
        app.store.verify_audit(kept.as_ref())
    })
    .await
    .map_err(|error| Fault::because(FaultKind::Bug, "the verification ended early", error))?
}
