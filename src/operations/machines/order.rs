//! Machines in another order than the newest first.
//!
//! By name there is an index, so that all of them are in order however many they are. By their last use there is none: it would be
//! written for every machine in every round of housekeeping. Of what is found then, so many of the newest are put in order, and whoever
//! asks is told so.

use std::fmt;
use std::str::FromStr;

use super::list::{AT_ONCE, Asked, LOOKED_AT, MOST, Way, Which, by_word, find, gather};
use super::named;
use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{Context, Machine, MachineStanding};
use crate::operations::usage;
use crate::store::Read;
use crate::store::engine::Order as Direction;
use crate::store::tables::{MACHINES, MACHINES_BY_NAME, machine_key};

/// What machines are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Newest,
    Oldest,
    /// By tenant, and in one tenant by name. Those that are retired gave their names back: they are left out, unless nobody else is asked
    /// for.
    Name,
    NameBackwards,
    /// Those that never got a token are the last.
    UsedLast,
    /// Those that never got a token are the first.
    UsedFirst,
}

/// Where a machine stands in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Made(Id<Machine>),
    /// The key of its name.
    Named((String, String), Id<Machine>),
    Used(Option<Timestamp>, Id<Machine>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(id) => id.fmt(f),
            // The name is the last: it may have anything in it.
            Self::Named((tenant, name), id) => write!(f, "{id} named {tenant} {name}"),
            Self::Used(None, id) => write!(f, "{id} used never"),
            Self::Used(Some(at), id) => write!(f, "{id} used {}", at.millis()),
        }
    }
}

/// Why a text is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let mut parts = text.splitn(4, ' ');
        let id = parts.next().and_then(|id| id.parse().ok()).ok_or(NoPlace)?;
        match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => Ok(Self::Made(id)),
            (Some("named"), Some(tenant), Some(name)) => Ok(Self::Named((tenant.to_owned(), name.to_owned()), id)),
            (Some("used"), Some("never"), None) => Ok(Self::Used(None, id)),
            (Some("used"), Some(at), None) => {
                let at = at.parse().map(Timestamp::from_millis).map_err(|_| NoPlace)?;
                Ok(Self::Used(Some(at), id))
            }
            _ => Err(NoPlace),
        }
    }
}

/// Part of the machines, in order.
#[derive(Clone, Debug)]
pub struct Sorted {
    pub machines: Vec<Machine>,
    /// Where to go on. A page may be short, even empty, and not be the last.
    pub next: Option<Place>,
    /// There are more: of what fits, only so many of the newest were put in order.
    pub only_newest: Option<usize>,
}

/// Machines behind `from`. One that is a place in another order is none.
pub async fn sorted(
    app: &App,
    ctx: &Context,
    which: Which,
    order: Order,
    from: Option<Place>,
    limit: usize,
) -> Result<Sorted, Fault> {
    let (within, now, limit) = (app.clone(), ctx.at, limit.clamp(1, MOST));
    app.store
        .read(move |view| {
            let asked = Asked::of(which);
            match order {
                Order::Newest => by_age(view, &asked, (Way::Newest, from), limit, now),
                Order::Oldest => by_age(view, &asked, (Way::Oldest, from), limit, now),
                Order::Name => by_name(view, &asked, (Direction::Ascending, from), limit, now),
                Order::NameBackwards => by_name(view, &asked, (Direction::Descending, from), limit, now),
                Order::UsedLast => by_use(&within, view, &asked, (Direction::Descending, from), limit, now),
                Order::UsedFirst => by_use(&within, view, &asked, (Direction::Ascending, from), limit, now),
            }
        })
        .await
}

fn by_age(
    view: &impl Read,
    asked: &Asked,
    (way, from): (Way, Option<Place>),
    limit: usize,
    now: Timestamp,
) -> Result<Sorted, Fault> {
    let at = match from {
        Some(Place::Made(id)) => Some(id),
        _ => None,
    };
    let page = find(view, asked, (way, at), (limit, LOOKED_AT), now)?;
    let machines = page.rows.into_iter().map(|(_, machine)| machine).collect();
    Ok(Sorted { machines, next: page.next.map(Place::Made), only_newest: None })
}

/// A few are put in order here; of many, the index knows it.
fn by_name(
    view: &impl Read,
    asked: &Asked,
    (direction, from): (Direction, Option<Place>),
    limit: usize,
    now: Timestamp,
) -> Result<Sorted, Fault> {
    let from = from.filter(|from| matches!(from, Place::Named(..)));
    let retired = asked.which.state == Some(MachineStanding::Retired);
    if asked.is_led() {
        let (found, all) = newest(view, asked, now)?;
        if all || retired {
            let placed = found.into_iter().filter(|one| retired || one.standing(now) != MachineStanding::Retired);
            let placed = placed.map(|machine| (place(&machine), machine)).collect();
            return Ok(part(placed, (direction, from), limit, all));
        }
    }
    let start = match from {
        Some(Place::Named(key, _)) => Some(key),
        _ => None,
    };
    let tenant = asked.which.tenant.as_ref().map(ToString::to_string);
    let fits = |id: &Id<Machine>, machine: &Machine| asked.fits_all(view, id, machine, now);
    let at_once = if asked.is_anything() { limit.min(AT_ONCE) } else { AT_ONCE };
    let page = gather((limit, at_once, LOOKED_AT), None, fits, |at, some| {
        let behind = match at {
            Some(id) => named(view, *id)?.map(|machine| machine_key(&machine.tenant, &machine.name)),
            None => start.clone(),
        };
        view.in_order(&MACHINES, &MACHINES_BY_NAME, (tenant.as_ref(), behind.as_ref()), direction, some)
    })?;
    let next = match page.next {
        Some(id) => named(view, id)?.map(|machine| place(&machine)),
        None => None,
    };
    Ok(Sorted { machines: page.rows.into_iter().map(|(_, machine)| machine).collect(), next, only_newest: None })
}

fn place(machine: &Machine) -> Place {
    Place::Named(machine_key(&machine.tenant, &machine.name), machine.id)
}

fn by_use(
    app: &App,
    view: &impl Read,
    asked: &Asked,
    (direction, from): (Direction, Option<Place>),
    limit: usize,
    now: Timestamp,
) -> Result<Sorted, Fault> {
    let from = from.filter(|from| matches!(from, Place::Used(..)));
    let (found, all) = newest(view, asked, now)?;
    let mut placed = Vec::with_capacity(found.len());
    for machine in found {
        let used = usage::of_machine(view, machine.id, app.usage.of(machine.id).as_ref())?.used;
        placed.push((Place::Used(used.last_at(), machine.id), machine));
    }
    Ok(part(placed, (direction, from), limit, all))
}

/// The newest of those that fit, as many as are put in order, and whether they are all.
fn newest(view: &impl Read, asked: &Asked, now: Timestamp) -> Result<(Vec<Machine>, bool), Fault> {
    let (page, all) = match &asked.words {
        Some(words) => {
            let fits = |id: &Id<Machine>, machine: &Machine| asked.fits_all(view, id, machine, now);
            by_word(view, words, (Way::Newest, None), MOST, fits)?
        }
        None => (find(view, asked, (Way::Newest, None), (MOST, LOOKED_AT), now)?, true),
    };
    let all = all && page.next.is_none();
    Ok((page.rows.into_iter().map(|(_, machine)| machine).collect(), all))
}

fn part(
    mut placed: Vec<(Place, Machine)>,
    (direction, from): (Direction, Option<Place>),
    limit: usize,
    all: bool,
) -> Sorted {
    let only_newest = (!all).then_some(placed.len());
    placed.sort_by(|(one, _), (other, _)| match direction {
        Direction::Ascending => one.cmp(other),
        Direction::Descending => other.cmp(one),
    });
    if let Some(from) = from {
        placed.retain(|(place, _)| match direction {
            Direction::Ascending => *place > from,
            Direction::Descending => *place < from,
        });
    }
    let is_more = placed.len() > limit;
    placed.truncate(limit);
    let next = placed.last().filter(|_| is_more).map(|(place, _)| place.clone());
    Sorted { machines: placed.into_iter().map(|(_, machine)| machine).collect(), next, only_newest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let id = Id::new(Timestamp::from_seconds(1), &Entropy::seeded(1)).unwrap();
        let name = ("main".to_owned(), "a name  with spaces ".to_owned());
        let at = Timestamp::from_millis(1_700_000_000_123);
        for place in [Place::Made(id), Place::Named(name, id), Place::Used(None, id), Place::Used(Some(at), id)] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for text in ["", "x", "named", &format!("{id} used"), &format!("{id} used x"), &format!("{id} named main")] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
    }
}
