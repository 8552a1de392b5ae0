//! Finding machines: by whom, of what kind, in what state, by their words. A list comes in pages, each of a bounded number of looks.

use serde::de::DeserializeOwned;

use super::named;
use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{Context, FindingKind, Machine, MachineKind, MachineStanding, Person, TenantName};
use crate::store::tables::{
    ENDS, FINDINGS, FINDINGS_BY_KIND, MACHINES, MACHINES_BY_OWNER, MACHINES_BY_TRAIT, MACHINES_BY_WORD, RETIRED,
    SUSPENDED, of_kind, of_tenant, words,
};
use crate::store::{Index, Key, Page, Read, Table};

/// Which machines are listed: all that are everything that is said here.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub state: Option<MachineStanding>,
    pub kind: Option<MachineKind>,
    /// Who answers for it.
    pub owner: Option<Id<Person>>,
    pub tenant: Option<TenantName>,
    /// One of its tags, as it is written but for capitals.
    pub tag: Option<String>,
    /// What was to be said about it when it was last looked at.
    pub finding: Option<FindingKind>,
    /// Each of these words begins a word of its name or of a tag.
    pub words: Option<String>,
}

/// Most machines given at once.
pub(super) const MOST: usize = 1_000;
/// Machines looked at for one page, and in one go. Behind it the page ends, however few it has found: whoever wants more asks again from
/// there.
pub(super) const LOOKED_AT: usize = 2_000;
pub(super) const AT_ONCE: usize = 200;
/// Words of a search that are looked at.
const MOST_WORDS: usize = 8;

/// Machines before `before`, the newest first. A page may be short, even empty, and not be the last.
pub async fn list(
    app: &App,
    ctx: &Context,
    which: Which,
    before: Option<Id<Machine>>,
    limit: usize,
) -> Result<Page<Id<Machine>, Machine>, Fault> {
    let (now, limit) = (ctx.at, limit.clamp(1, MOST));
    app.store.read(move |view| find(view, &Asked::of(which), (Way::Newest, before), (limit, LOOKED_AT), now)).await
}

impl Which {
    /// The rarest trait that is asked for and has an index.
    fn leads(&self) -> Option<String> {
        let by_state = match self.state {
            Some(MachineStanding::Suspended) => Some(SUSPENDED.to_owned()),
            Some(MachineStanding::Retired) => Some(RETIRED.to_owned()),
            Some(MachineStanding::Expired) => Some(ENDS.to_owned()),
            Some(MachineStanding::Active) | None => None,
        };
        let by_tenant = self.tenant.as_ref().filter(|tenant| tenant.as_str() != TenantName::MAIN).map(of_tenant);
        by_state.or(by_tenant).or_else(|| self.kind.map(of_kind))
    }
}

/// What is asked for, with its words taken apart.
pub(super) struct Asked {
    pub(super) which: Which,
    /// The longest first: it narrows most. `None` if words play no part.
    pub(super) words: Option<Vec<String>>,
    tag: Option<String>,
}

impl Asked {
    pub(super) fn of(which: Which) -> Self {
        let words = which.words.as_deref().map(|text| {
            let mut words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words.truncate(MOST_WORDS);
            words
        });
        Self { words, tag: which.tag.as_deref().map(str::to_lowercase), which }
    }

    /// Whether nothing is asked for.
    pub(super) fn is_anything(&self) -> bool {
        let Which { state, kind, owner, tenant, tag, finding, words } = &self.which;
        let some = [state.is_some(), kind.is_some(), owner.is_some(), tenant.is_some(), tag.is_some()];
        !some.contains(&true) && finding.is_none() && words.is_none()
    }

    /// Whether few may fit, and something leads to them.
    pub(super) fn is_led(&self) -> bool {
        let which = &self.which;
        let some = [self.words.is_some(), self.tag.is_some(), which.owner.is_some(), which.finding.is_some()];
        some.contains(&true) || which.leads().is_some()
    }

    pub(super) fn fits_all(
        &self,
        view: &impl Read,
        id: &Id<Machine>,
        machine: &Machine,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let has_finding = |kind| Ok(view.get(&FINDINGS, id)?.is_some_and(|found| found.kinds.contains(&kind)));
        Ok(self.fits(machine, now) && self.which.finding.map_or(Ok(true), has_finding)?)
    }

    /// Everything but the finding, which is no part of the row.
    fn fits(&self, machine: &Machine, now: Timestamp) -> bool {
        let which = &self.which;
        which.state.is_none_or(|state| machine.standing(now) == state)
            && which.kind.is_none_or(|kind| machine.kind == kind)
            && which.owner.is_none_or(|owner| machine.owner == owner)
            && which.tenant.as_ref().is_none_or(|tenant| machine.tenant == *tenant)
            && self.tag.as_ref().is_none_or(|tag| machine.tags.iter().any(|own| own.to_lowercase() == *tag))
            && self.words.as_ref().is_none_or(|asked| asked.iter().all(|word| has(machine, word)))
    }
}

/// Whether a word begins one of the machine's.
fn has(machine: &Machine, word: &str) -> bool {
    let texts = std::iter::once(&machine.name).chain(&machine.tags);
    texts.flat_map(|text| words(text)).any(|own| own.starts_with(word))
}

type Found = Page<Id<Machine>, Machine>;

/// Which machines come first: their ids are in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Newest,
    Oldest,
}

impl Way {
    /// Rows that an index has under `key`, in this order from behind `at`.
    fn list<V: DeserializeOwned, I: Key + ?Sized>(
        self,
        view: &impl Read,
        (table, index): (&Table<Id<Machine>, V>, &Index<V, I>),
        key: &I,
        at: Option<&Id<Machine>>,
        some: usize,
    ) -> Result<Page<Id<Machine>, V>, Fault> {
        match self {
            Self::Newest => view.list_newest(table, index, key, at, some),
            Self::Oldest => view.list_after(table, index, key, at, some),
        }
    }
}

/// By the index that leads to the fewest, through at most `looks` machines.
pub(super) fn find(
    view: &impl Read,
    asked: &Asked,
    (way, at): (Way, Option<Id<Machine>>),
    (limit, looks): (usize, usize),
    now: Timestamp,
) -> Result<Found, Fault> {
    let fits = |id: &Id<Machine>, machine: &Machine| asked.fits_all(view, id, machine, now);
    match (&asked.words, &asked.which) {
        (Some(words), _) => by_word(view, words, (way, at), limit, fits).map(|(found, _)| found),
        (None, Which { owner: Some(owner), .. }) => gather((limit, AT_ONCE, looks), at, fits, |at, some| {
            way.list(view, (&MACHINES, &MACHINES_BY_OWNER), owner, at, some)
        }),
        (None, _) if asked.tag.is_some() => {
            let tag = asked.tag.as_deref().unwrap_or_default();
            gather((limit, AT_ONCE, looks), at, fits, |at, some| {
                way.list(view, (&MACHINES, &MACHINES_BY_WORD), tag, at, some)
            })
        }
        (None, Which { finding: Some(kind), .. }) => gather((limit, AT_ONCE, looks), at, fits, |at, some| {
            let page = way.list(view, (&FINDINGS, &FINDINGS_BY_KIND), kind.as_str(), at, some)?;
            let mut rows = Vec::with_capacity(page.rows.len());
            for (id, _) in page.rows {
                rows.extend(named(view, id)?.map(|machine| (id, machine)));
            }
            Ok(Page { rows, next: page.next })
        }),
        (None, which) if which.leads().is_some() => {
            let leads = which.leads().unwrap_or_default();
            gather((limit, AT_ONCE, looks), at, fits, |at, some| {
                way.list(view, (&MACHINES, &MACHINES_BY_TRAIT), leads.as_str(), at, some)
            })
        }
        (None, _) => {
            let at_once = if asked.is_anything() { limit.min(AT_ONCE) } else { AT_ONCE };
            gather((limit, at_once, looks), at, fits, |at, some| match way {
                Way::Newest => view.newest(&MACHINES, at, some),
                Way::Oldest => view.page(&MACHINES, at, some),
            })
        }
    }
}

/// Of those that have a word which begins like the longest that is asked for, the first [`MOST`] by the alphabet: whose words are
/// more common than that asks with longer ones. Says whether those were all.
pub(super) fn by_word(
    view: &impl Read,
    words: &[String],
    (way, at): (Way, Option<Id<Machine>>),
    limit: usize,
    fits: impl Fn(&Id<Machine>, &Machine) -> Result<bool, Fault>,
) -> Result<(Found, bool), Fault> {
    let Some(longest) = words.first() else { return Ok((Page { rows: Vec::new(), next: None }, true)) };
    let mut found = view.starting(&MACHINES, &MACHINES_BY_WORD, longest, MOST)?;
    let all = found.len() < MOST;
    match way {
        Way::Newest => found.sort_by_key(|(id, _)| std::cmp::Reverse(*id)),
        Way::Oldest => found.sort_by_key(|(id, _)| *id),
    }
    found.retain(|(id, _)| {
        at.is_none_or(|at| match way {
            Way::Newest => *id < at,
            Way::Oldest => *id > at,
        })
    });
    let (mut rows, mut next) = (Vec::new(), None);
    for (id, machine) in found {
        if !fits(&id, &machine)? {
            continue;
        }
        if rows.len() >= limit {
            next = rows.last().map(|(id, _): &(Id<Machine>, Machine)| *id);
            break;
        }
        rows.push((id, machine));
    }
    Ok((Page { rows, next }, all))
}

/// Looks on, some at a time, until there are enough or it has looked at enough: (how many are wanted, read in one go, looked at).
pub(super) fn gather(
    (limit, at_once, looks): (usize, usize, usize),
    from: Option<Id<Machine>>,
    fits: impl Fn(&Id<Machine>, &Machine) -> Result<bool, Fault>,
    more: impl Fn(Option<&Id<Machine>>, usize) -> Result<Found, Fault>,
) -> Result<Found, Fault> {
    let (mut rows, mut at, mut looked) = (Vec::new(), from, 0);
    loop {
        let page = more(at.as_ref(), at_once)?;
        let (next, mut left) = (page.next, page.rows.into_iter());
        while let Some((id, machine)) = left.next() {
            looked += 1;
            if !fits(&id, &machine)? {
                continue;
            }
            rows.push((id, machine));
            if rows.len() >= limit {
                let is_last = left.len() == 0 && next.is_none();
                return Ok(Page { rows, next: (!is_last).then_some(id) });
            }
        }
        if next.is_none() || looked >= looks {
            return Ok(Page { rows, next });
        }
        at = next;
    }
}
