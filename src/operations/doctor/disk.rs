//! How much room there is.

use std::path::Path;

use super::finding::Finding;
use crate::config::Config;

/// Of the disk that holds a directory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What this process may still fill.
    pub free: u64,
    pub size: u64,
}

impl Space {
    /// Less than this is nearly nothing: a commit rewrites pages before it gives the old ones back.
    pub const LITTLE: u64 = 256 * 1_024 * 1_024;
    pub const ALMOST_NONE: u64 = 32 * 1_024 * 1_024;
}

/// `None` where the system does not say.
pub fn space(directory: &Path) -> Option<Space> {
    let known = rustix::fs::statvfs(directory).ok()?;
    Some(Space {
        free: known.f_bavail.saturating_mul(known.f_frsize),
        size: known.f_blocks.saturating_mul(known.f_frsize),
    })
}

pub(super) fn room(config: &Config) -> Vec<Finding> {
    let Some(space) = space(&config.data) else { return Vec::new() };
    vec![judge(space, &config.data)]
}

fn judge(space: Space, directory: &Path) -> Finding {
    let found = format!("{} of {} are free for {}", size(space.free), size(space.size), directory.display());
    let mend = "make room, or move the data directory to a larger disk: without room nothing can be written, and then nothing is \
                answered that would have to be";
    match space.free {
        ..Space::ALMOST_NONE => Finding::broken("disk", found, mend),
        Space::ALMOST_NONE..Space::LITTLE => Finding::look("disk", found, mend),
        _ => Finding::ok("disk", found),
    }
}

/// Bytes, for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        ..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn the_less_there_is_the_worse() {
        let state = |free| judge(Space { free, size: 1 << 40 }, Path::new("data")).state;
        assert_eq!(
            [0, Space::ALMOST_NONE, Space::LITTLE, 1 << 39].map(state),
            [State::Broken, State::Look, State::Ok, State::Ok]
        );
        assert!(space(Path::new("/")).is_some_and(|space| space.size >= space.free && space.size > 0));
        assert_eq!(space(Path::new("/there/is/no/such/place")), None);
    }
}
