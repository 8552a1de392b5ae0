//! Whom somebody means who types a name where the audit log has ids.

use super::search;
use crate::base::Id;
use crate::model::{ClientId, Machine, Person, ProtectedResource};
use crate::web::extract::Administrator;
use crate::web::problem::PageProblem;
use crate::web::views::console::{Hit, Hits};

/// Of what kinds whatever is named may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Machines,
    Applications,
    Resources,
    People,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Machines, Self::Applications, Self::Resources, Self::People];

    /// What search calls it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Machines => "Machines",
            Self::Applications => "Applications",
            Self::Resources => "Resources",
            Self::People => "People",
        }
    }
}

/// What was found.
pub(super) enum Meant {
    /// Nothing was typed.
    Anybody,
    One(String),
    Several(Vec<Hit>),
    Nobody,
}

/// Looks a name up: what is called exactly so comes before what begins like it.
pub(super) async fn meant(admin: &Administrator, text: &str, kinds: &[Kind]) -> Result<Meant, PageProblem> {
    if text.is_empty() {
        return Ok(Meant::Anybody);
    }
    if is_id(text) {
        return Ok(Meant::One(text.to_owned()));
    }
    let found = search::of_nouns(admin, text).await?;
    let wanted = |hits: &Hits| kinds.iter().any(|kind| kind.title() == hits.title);
    let hits: Vec<Hit> = found.into_iter().filter(wanted).flat_map(|hits| hits.hits).collect();
    let folded = text.to_lowercase();
    let is_exact = |hit: &Hit| hit.name.to_lowercase() == folded || hit.about.to_lowercase() == folded;
    let exact: Vec<Hit> = hits.iter().filter(|hit| is_exact(hit)).cloned().collect();
    let mut left = if exact.is_empty() { hits } else { exact };
    Ok(match (left.pop(), left.is_empty()) {
        (None, _) => Meant::Nobody,
        (Some(only), true) => Meant::One(only.id),
        (Some(last), false) => {
            left.push(last);
            Meant::Several(left)
        }
    })
}

/// Ids are understood as they are, also those of what is gone, and the words that the log has for those who have none.
fn is_id(text: &str) -> bool {
    matches!(text, "operator" | "system" | "nobody")
        || text.parse::<Id<Machine>>().is_ok()
        || text.parse::<Id<Person>>().is_ok()
        || text.parse::<Id<ProtectedResource>>().is_ok()
        || text.parse::<ClientId>().is_ok()
}
