//! What the appliance says about itself to whoever looks after it.

use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::store::Head;

#[derive(Clone, Debug)]
pub struct Facts {
    pub version: &'static str,
    pub licence: &'static str,
    /// Of the store's file; without one, nothing.
    pub file_bytes: Option<u64>,
    /// The newest entry of the audit log.
    pub head: Head,
}

pub async fn facts(app: &App) -> Result<Facts, Fault> {
    let within = app.clone();
    let look = move || {
        let file_bytes = std::fs::metadata(within.config.store_file()).ok().map(|file| file.len());
        let (version, licence) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_LICENSE"));
        Ok(Facts { version, licence, file_bytes, head: within.store.audit_head()? })
    };
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| Fault::because(FaultKind::Bug, "nobody looked at the file", error))?
}
