//! How many connections and files this process has open, of how many it may.

use super::Patient;
use super::finding::Finding;
use crate::operations::metrics::process::{most_descriptors, open_descriptors};

pub(super) fn left(patient: &Patient<'_>) -> Vec<Finding> {
    // A file that was only opened for this look has no connections.
    match (open_descriptors(), most_descriptors()) {
        (Ok(open), Some(most)) if patient.is_serving => vec![judge(open, most)],
        _ => Vec::new(),
    }
}

/// Fewer than this do not last through a busy minute: each connection of a client is one.
const FEW: u64 = 1_024;

fn judge(open: u64, most: u64) -> Finding {
    let found = format!("{open} of {most} are open");
    let mend = "let it have more: LimitNOFILE= in its unit, --ulimit nofile= of its container, `ulimit -n` in the shell that starts it; or \
                let the proxy before it keep fewer connections open";
    match most {
        _ if open.saturating_mul(20) >= most.saturating_mul(19) => Finding::broken("descriptors", found, mend),
        ..FEW => Finding::look("descriptors", found, mend),
        _ if open.saturating_mul(5) >= most.saturating_mul(4) => Finding::look("descriptors", found, mend),
        _ => Finding::ok("descriptors", found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn the_nearer_to_the_most_the_worse() {
        let states = [(100, 65_536), (52_429, 65_536), (62_260, 65_536), (100, 1_024), (20, 256), (250, 256)];
        assert_eq!(
            states.map(|(open, most)| judge(open, most).state),
            [State::Ok, State::Look, State::Broken, State::Ok, State::Look, State::Broken]
        );
    }
}
