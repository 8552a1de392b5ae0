//! Die Konsole.

mod frame;

use crate::web::words::list::console::*;

pub(super) const CONSOLE: ConsoleWords =
    ConsoleWords { frame: frame::FRAME, search: frame::SEARCH, problem: frame::PROBLEM };
