//! Whom somebody means who types a name where the audit log has ids.

use super::search;
use crate::base::Id;
use crate::model::{ClientId, Machine, Person, ProtectedResource};
use crate::operations::declined::Declined;
use crate::operations::{self, people};
use crate::web::extract::Administrator;
use crate::web::problem::PageProblem;
use crate::web::views::console::Hit;
use crate::web::words::ConsoleWords;

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
    pub(super) const fn title(self, words: &ConsoleWords) -> &'static str {
        let t = &words.frame;
        match self {
            Self::Machines => t.machines,
            Self::Applications => t.applications,
            Self::Resources => t.resources,
            Self::People => t.people,
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
    let app = &admin.visitor.app;
    let broken = |fault| admin.visitor.broken(&fault);
    let found = search::of_nouns(admin, text, kinds).await?;
    let folded = text.to_lowercase();
    // Beside a machine stands its purpose, beside everybody else an address that is theirs alone.
    let is_theirs = |of: Kind, hit: &Hit| of != Kind::Machines && hit.about.to_lowercase() == folded;
    let of_all = || found.iter().flat_map(|(kind, hits)| hits.iter().map(|hit| (*kind, hit)));
    // Two applications may differ in their capitals alone.
    let is_called = |of: Kind, hit: &Hit| match of == Kind::Applications {
        true => hit.name == text,
        false => hit.name.to_lowercase() == folded,
    };
    let exact: Vec<(Kind, &Hit)> = of_all().filter(|(of, hit)| is_called(*of, hit) || is_theirs(*of, hit)).collect();
    let is_address = matches!(exact.as_slice(), [(of, only)] if is_theirs(*of, only));
    // Search ends somewhere. Of applications, which take any name they like, and of people another look says whether one alone has it.
    let mut is_sure = true;
    if kinds.contains(&Kind::Applications) {
        match operations::named::client(app, "name", text).await {
            Ok(id) if exact.is_empty() => return Ok(Meant::One(id.to_string())),
            Ok(id) => is_sure = exact.iter().any(|(_, hit)| hit.id == id.to_string()),
            Err(Declined::Missing(_)) => {}
            Err(Declined::Broken(fault)) => return Err(broken(fault)),
            Err(_) => is_sure = false,
        }
    }
    if kinds.contains(&Kind::People) && !is_address {
        let people = exact.iter().filter(|(of, _)| *of == Kind::People).count();
        is_sure &= people::called(app, text).await.map_err(broken)? == Some(people);
    }
    Ok(match exact.as_slice() {
        [(_, only)] if is_sure => Meant::One(only.id.clone()),
        [] => match of_all().map(|(_, hit)| hit.clone()).collect::<Vec<_>>() {
            nobody if nobody.is_empty() => Meant::Nobody,
            several => Meant::Several(several),
        },
        several => Meant::Several(several.iter().map(|(_, hit)| (*hit).clone()).collect()),
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
