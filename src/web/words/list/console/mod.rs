//! What the console says, by room.

mod frame;

pub(crate) use frame::*;

pub(crate) struct ConsoleWords {
    pub(crate) frame: ConsoleFrameWords,
    pub(crate) search: SearchWords,
    pub(crate) problem: ConsoleProblemWords,
}
