//! "We are broken": what only the operator may read in detail. The single source of a 500.

use std::fmt;
use std::sync::Arc;

/// What kind of thing broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The file: disk, permission, corruption.
    Storage,
    /// There is no room where the file is: a full disk, a quota, a limit on the size of files.
    Full,
    /// A stored row does not parse.
    Row,
    /// A declared unique index already holds this value. Operations check first, so this is a bug of ours.
    Duplicate,
    /// A job changed something and recorded no event.
    Unrecorded,
    /// The system gave no randomness.
    Entropy,
    /// A key could not be made, sealed, opened or used.
    Key,
    /// More work is waiting than the appliance will hold; the caller may try again.
    Busy,
    /// Settings that cannot work.
    Settings,
    /// Anything else that is a mistake of ours.
    Bug,
}

/// A failure of the appliance itself. Cheap to clone: every waiter of a failed batch gets one.
///
/// A fault is never built from what a caller sent, and never shown to one: the caller sees an id.
#[derive(Clone)]
pub struct Fault {
    kind: FaultKind,
    text: Arc<str>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    pub fn new(kind: FaultKind, text: impl Into<Arc<str>>) -> Self {
        Self { kind, text: text.into(), cause: None }
    }

    pub fn because(
        kind: FaultKind,
        text: impl Into<Arc<str>>,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self { kind, text: text.into(), cause: Some(Arc::new(cause)) }
    }

    pub fn kind(&self) -> FaultKind {
        self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({:?}: {self})", self.kind)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Some(cause) => Some(cause.as_ref()),
            None => None,
        }
    }
}
