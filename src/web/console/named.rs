//! Whom somebody means who types a name where the audit log has ids.

use super::search;
use crate::base::Id;
use crate::model::{ClientId, Machine, Person, ProtectedResource};
use crate::operations;
use crate::operations::declined::Declined;
use crate::web::extract::Administrator;
use crate::web::problem::PageProblem;
use crate::web::views::console::Hit;

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

/// Looks a name up. One that is called exactly so is it; what only begins like it is for whoever asks to choose from, for of a search
/// among the newest nobody knows what else there is.
pub(super) async fn meant(admin: &Administrator, text: &str, kinds: &[Kind]) -> Result<Meant, PageProblem> {
    if text.is_empty() {
        return Ok(Meant::Anybody);
    }
    if is_id(text) {
        return Ok(Meant::One(text.to_owned()));
    }
    let found = search::of_nouns(admin, text, kinds).await?;
    let hits: Vec<Hit> = found.into_iter().flat_map(|hits| hits.hits).collect();
    let folded = text.to_lowercase();
    let is_exact = |hit: &&Hit| hit.name.to_lowercase() == folded || hit.about.to_lowercase() == folded;
    let exact: Vec<&Hit> = hits.iter().filter(is_exact).collect();
    // An application that registered itself takes any name it likes: whether one alone has it takes another look.
    let is_sure = !kinds.contains(&Kind::Applications) || {
        let found = operations::named::client(&admin.visitor.app, "name", text).await;
        match found {
            Ok(id) => exact.iter().any(|hit| hit.id == id.to_string()),
            Err(Declined::Missing(_)) => true,
            Err(Declined::Broken(fault)) => return Err(admin.visitor.broken(&fault)),
            Err(_) => false,
        }
    };
    Ok(match exact.as_slice() {
        [only] if is_sure => Meant::One(only.id.clone()),
        [] if hits.is_empty() => Meant::Nobody,
        [] => Meant::Several(hits),
        several => Meant::Several(several.iter().copied().cloned().collect()),
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
