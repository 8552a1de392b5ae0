//! The reference engine keeps the contract, and so does the one that runs every job twice.

use std::path::Path;
use std::sync::Arc;

use writ::store::engine::Engine;
use writ::store::{Memory, Rehearsal};

mod once {
    use super::*;

    contract!(|_: &Path| Arc::new(Memory::new(Rehearsal::Off)) as Arc<dyn Engine>);
}

mod rehearsed {
    use super::*;

    contract!(|_: &Path| Arc::new(Memory::new(Rehearsal::On)) as Arc<dyn Engine>);
}
