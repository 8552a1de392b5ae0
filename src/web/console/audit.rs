//! `/console/audit`: the log with its filters, one entry with its neighbours, the export, and the check that it is whole.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

use super::named::{self, Kind};
use super::told;
use super::{declined, or_any, queries, wanted};
use crate::base::{Fault, Id, Lifetime, Timestamp};
use crate::model::{Event, Language, Request};
use crate::operations::audit::{self, ActedBy, Upkeep, Which};
use crate::operations::declined::Declined;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    AuditEntryPage, AuditLivePage, AuditPage, AuditRow, Choice, Choosable, Frame, Hit, Section,
};
use crate::web::views::{Field, Flash, FlashKind};
use crate::web::words::{self, AuditWords, Words};

/// Entries on one page.
const A_PAGE: usize = 50;
/// Most entries of one export. Whoever wants all of them has the command line.
const EXPORTED: usize = 10_000;

/// What was asked for.
#[derive(Default)]
struct Asked {
    event: String,
    by: String,
    about: String,
    actor: String,
    outcome: String,
    since: String,
    until: String,
    request: String,
    /// "shown", for whoever wants what the appliance notes for itself as well.
    upkeep: String,
    before: Option<u64>,
    /// What was seen already, of somebody who watches.
    after: Option<u64>,
}

const NAMES: [&str; 9] = ["event", "by", "about", "actor", "outcome", "since", "until", "request", "upkeep"];

/// The value of `upkeep` with which it is shown.
const SHOWN: &str = "shown";

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let mut asked = queries(request);
        let mut text = |name: &str| {
            let text: String = asked.remove(name).unwrap_or_default().trim().chars().take(512).collect();
            text
        };
        Self {
            event: text("event"),
            by: text("by"),
            about: text("about"),
            actor: text("actor"),
            outcome: text("outcome"),
            since: text("since"),
            until: text("until"),
            request: text("request"),
            upkeep: text("upkeep"),
            before: text("before").parse().ok(),
            after: None,
        }
    }

    fn texts(&self) -> [&str; 9] {
        [
            &self.event,
            &self.by,
            &self.about,
            &self.actor,
            &self.outcome,
            &self.since,
            &self.until,
            &self.request,
            &self.upkeep,
        ]
    }

    /// What the log is asked; `None` if something of it cannot be read, which must not be taken for no filter.
    fn which(&self, meant: &Meant) -> Option<Which> {
        if !meant.is_clear() {
            return None;
        }
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        // Of somebody who acts, what is asked about is whom they act for.
        let acts = meant.actor.is_some();
        Some(Which {
            event: said(&self.event),
            by: meant.by.clone(),
            about: meant.about.clone().filter(|_| !acts),
            outcome: said(&self.outcome).map(|outcome| outcome.parse()).transpose().ok()?,
            upkeep: if self.upkeep == SHOWN { Upkeep::Told } else { Upkeep::LeftOut },
            since: day(&self.since, false).ok()?,
            until: day(&self.until, true).ok()?,
            after: self.after,
            acting: ActedBy { actor: meant.actor.clone(), subject: meant.about.clone().filter(|_| acts) },
            request: said(&self.request).map(|request| request.parse::<Id<Request>>()).transpose().ok()?,
        })
    }

    fn is_narrowed(&self) -> bool {
        self.texts().iter().zip(NAMES).any(|(text, name)| !text.is_empty() && name != "upkeep")
    }

    /// The query that asks for the same.
    fn query(&self) -> String {
        self.with(&[])
    }

    /// The same with other texts in some of the fields, and whatever else.
    fn with(&self, others: &[(&str, &str)]) -> String {
        let other = |name: &str| others.iter().find(|(field, _)| *field == name).map(|(_, text)| *text);
        let own = NAMES.into_iter().zip(self.texts()).map(|(name, own)| (name, other(name).unwrap_or(own)));
        let more = others.iter().copied().filter(|(name, _)| !NAMES.contains(name));
        let some = own.chain(more).filter(|(_, text)| !text.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(some).finish()
    }
}

/// What somebody typed who was asked for a day.
struct NoDay;

/// The beginning of a day, or of the one after it.
fn day(text: &str, after: bool) -> Result<Option<Timestamp>, NoDay> {
    if text.is_empty() {
        return Ok(None);
    }
    let begins = (text.len() == 10).then(|| Timestamp::parse_iso(&format!("{text}T00:00:00Z"))).flatten();
    let begins = begins.ok_or(NoDay)?;
    Ok(Some(if after { begins.plus(Lifetime::from_days(1)) } else { begins }))
}

/// One entry, as it is shown.
struct Shown {
    told: serde_json::Value,
    row: AuditRow,
    hash: String,
    request: Option<Id<Request>>,
}

/// Whom and what a filter means, once its names are looked up.
#[derive(Default)]
struct Meant {
    by: Option<String>,
    about: Option<String>,
    actor: Option<String>,
    /// Names that several have, and names that nobody has, by their fields.
    open: Vec<(&'static str, Vec<Hit>)>,
}

impl Meant {
    /// What is asked for by name is somebody's or something's; people know no ids.
    async fn of(admin: &Administrator, asked: &Asked) -> Result<Self, PageProblem> {
        let mut meant = Self::default();
        let actor = named::meant(admin, &asked.actor, &[Kind::Machines]).await?;
        meant.actor = meant.settled("actor", actor);
        let by = named::meant(admin, &asked.by, &[Kind::People, Kind::Machines, Kind::Applications]).await?;
        meant.by = meant.settled("by", by);
        let about = match named::meant(admin, &asked.about, &Kind::ALL).await? {
            // Scopes, keys and tokens are named in the log as they were typed.
            named::Meant::Nobody => named::Meant::One(asked.about.clone()),
            other => other,
        };
        meant.about = meant.settled("about", about);
        Ok(meant)
    }

    /// Of a query that has ids already, as [`Meant::query`] makes it.
    fn by_id(asked: &Asked) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { by: given(&asked.by), about: given(&asked.about), actor: given(&asked.actor), open: Vec::new() }
    }

    fn settled(&mut self, field: &'static str, meant: named::Meant) -> Option<String> {
        match meant {
            named::Meant::Anybody => None,
            named::Meant::One(id) => Some(id),
            named::Meant::Several(hits) => {
                self.open.push((field, hits));
                None
            }
            named::Meant::Nobody => {
                self.open.push((field, Vec::new()));
                None
            }
        }
    }

    /// Of a name that nobody has, nothing is told: it would be what others did.
    fn is_clear(&self) -> bool {
        self.open.is_empty()
    }

    /// The query that asks for the same by ids: whoever watches asks every two seconds, and looks no name up each time.
    fn query(&self, asked: &Asked) -> String {
        let ids = [("by", &self.by), ("about", &self.about), ("actor", &self.actor)];
        let known: Vec<_> = ids.iter().filter_map(|(field, id)| Some((*field, id.as_deref()?))).collect();
        asked.with(&known)
    }

    fn error(&self, t: &AuditWords, field: &str) -> Option<String> {
        let (_, hits) = self.open.iter().find(|(open, _)| *open == field)?;
        Some(
            match (hits.is_empty(), field) {
                (true, "actor") => t.no_machine_called,
                (true, _) => t.nobody_called,
                (false, _) => t.several_called,
            }
            .to_owned(),
        )
    }

    /// Those whom a name may mean, each with the query that asks for it.
    fn choices(&self, asked: &Asked) -> Vec<Choosable> {
        let all = self.open.iter().flat_map(|(field, hits)| hits.iter().map(move |hit| (*field, hit)));
        all.map(|(field, hit)| Choosable {
            name: hit.name.clone(),
            about: hit.about.clone(),
            href: format!("/console/audit?{}", asked.with(&[(field, &hit.id)])),
        })
        .collect()
    }
}

/// The entries that fit, and where they go on.
async fn find(
    visitor: &Visitor,
    words: &Words,
    (asked, meant): (&Asked, &Meant),
    limit: usize,
) -> Result<(Vec<Shown>, Option<u64>), Fault> {
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let Some(which) = asked.which(meant) else { return Ok((Vec::new(), None)) };
    let page = audit::list(app, which, asked.before, limit).await?;
    let told = told::of(&page.entries);
    let lines = told::lines(app, words, now, &told).await?;
    let mut shown = Vec::with_capacity(lines.len());
    for (entry, line) in page.entries.iter().zip(lines) {
        shown.push(Shown {
            told: audit::told(entry)?,
            row: AuditRow {
                sequence: line.sequence,
                at: line.at,
                event: line.event,
                words: line.words,
                by: line.by,
                by_id: told::actor(&entry.by),
                from: entry.from.network.as_ref().map(ToString::to_string).unwrap_or_default(),
                whole: String::new(),
            },
            hash: entry.hash.text(),
            request: entry.from.request,
        });
    }
    Ok((shown, page.next))
}

/// Those whose whole can be folded out.
fn rows(found: Vec<Shown>) -> Vec<AuditRow> {
    let whole =
        |shown: Shown| AuditRow { whole: serde_json::to_string_pretty(&shown.told).unwrap_or_default(), ..shown.row };
    found.into_iter().map(whole).collect()
}

/// The number of the newest entry, from which on somebody watches.
async fn newest(visitor: &Visitor) -> Result<u64, PageProblem> {
    let newest = audit::list(&visitor.app, Which::default(), None, 1).await;
    let newest = newest.map_err(|fault| visitor.broken(&fault))?;
    Ok(newest.entries.first().map_or(0, |entry| entry.sequence))
}

/// `GET /console/audit/live`: what was added behind the number `after` and fits the filter, as rows of the table, for the script that
/// watches. More at once than a page has are not told one by one.
pub(super) async fn live(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let newest = newest(visitor).await?;
    let after = queries(&request).remove("after").and_then(|after| after.parse().ok()).unwrap_or(newest).min(newest);
    let mut asked = Asked { after: Some(after), before: Some(newest.saturating_add(1)), ..Asked::of(&request) };
    asked.request.clear();
    let (mut found, next) = match after == newest {
        true => (Vec::new(), None),
        false => find(visitor, visitor.words(), (&asked, &Meant::by_id(&asked)), A_PAGE)
            .await
            .map_err(|fault| visitor.broken(&fault))?,
    };
    found.retain(|shown| shown.row.sequence > after);
    // A search looks at so much and no more: what it has not looked at is not passed over in silence.
    let more = next.is_some();
    let page = AuditLivePage { shell: visitor.shell(), rows: rows(found), newest, more };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// `GET /console/audit`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    page(&admin, &Asked::of(&request), None).await
}

async fn page(admin: &Administrator, asked: &Asked, flash: Option<Flash>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let words = visitor.words();
    let t = &words.console.audit;
    let meant = Meant::of(admin, asked).await?;
    // Whoever looks at the newest page can watch it.
    let watches = asked.before.is_none() && asked.until.is_empty() && asked.request.is_empty();
    let newest = if watches { Some(newest(visitor).await?) } else { None };
    let (found, next) = find(visitor, words, (asked, &meant), A_PAGE).await.map_err(|fault| visitor.broken(&fault))?;
    let a_day = |text: &str, after| day(text, after).is_err().then(|| t.no_day.to_owned());
    let field = |text: &str, error: Option<String>| Field { value: text.to_owned(), error };
    let names = Event::NAMES.iter().map(|name| Choice::new(*name, *name, asked.event == *name));
    let page = AuditPage {
        shell: crate::web::views::Shell { flash, ..visitor.shell() },
        frame: Frame {
            first: asked.before.map(|_| format!("/console/audit?{}", asked.query())),
            ..Frame::of(Section::Audit)
        },
        events: or_any(words, names),
        by: field(&asked.by, meant.error(t, "by")),
        about: field(&asked.about, meant.error(t, "about")),
        actor: field(&asked.actor, meant.error(t, "actor")),
        outcomes: [("", words.console.frame.any), ("done", t.done), ("refused", t.refused)]
            .map(|(value, label)| Choice::new(value, label, asked.outcome == value))
            .into(),
        choices: meant.choices(asked),
        since: field(&asked.since, a_day(&asked.since, false)),
        until: field(&asked.until, a_day(&asked.until, true)),
        rows: rows(found),
        newest,
        narrowed: asked.is_narrowed(),
        upkeep: asked.upkeep == SHOWN,
        upkeep_href: format!(
            "/console/audit?{}",
            asked.with(&[("upkeep", if asked.upkeep == SHOWN { "" } else { SHOWN })])
        ),
        next: next.map(|next| format!("/console/audit?{}", asked.with(&[("before", &next.to_string())]))),
        query: asked.query(),
        watched: meant.query(asked),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// `GET /console/audit/{sequence}`
pub(super) async fn show(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let broken = |fault| visitor.broken(&fault);
    let sequence: u64 = wanted(visitor, &id)?;
    let all = |before: u64| Asked { before: Some(before), upkeep: SHOWN.to_owned(), ..Asked::default() };
    let asked = all(sequence.saturating_add(2));
    let (around, _) = find(visitor, visitor.words(), (&asked, &Meant::default()), 3).await.map_err(broken)?;
    let has_next = around.iter().any(|shown| shown.row.sequence > sequence);
    let hash_before = around.iter().find(|shown| shown.row.sequence + 1 == sequence).map(|shown| shown.hash.clone());
    let Some(shown) = around.into_iter().find(|shown| shown.row.sequence == sequence) else {
        return Err(declined(visitor, Declined::Missing(String::new())));
    };
    let same_request = match shown.request {
        Some(request) => {
            // Entries of one request stand close together: nobody walks the whole log for them.
            let asked = all(sequence.saturating_add(20));
            let (near, _) = find(visitor, visitor.words(), (&asked, &Meant::default()), 40).await.map_err(broken)?;
            let other = |near: &Shown| near.request == Some(request) && near.row.sequence != sequence;
            near.into_iter().filter(other).map(|near| near.row).collect()
        }
        None => Vec::new(),
    };
    let page = AuditEntryPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Audit),
        whole: serde_json::to_string_pretty(&shown.told).unwrap_or_default(),
        hash: shown.hash,
        hash_before,
        has_next,
        request: shown.request.map(|id| id.to_string()),
        same_request,
        row: shown.row,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// `GET /console/audit/export`: what the filter finds, the newest first, as a file.
pub(super) async fn export(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let mut asked = Asked::of(&request);
    let as_csv = queries(&request).remove("as").as_deref() == Some("csv");
    let meant = Meant::of(&admin, &asked).await?;
    if asked.which(&meant).is_none() {
        return page(&admin, &asked, None).await;
    }
    let mut text = String::new();
    if as_csv {
        text.push_str("sequence,at,event,by,from,words,details\r\n");
    }
    // A file is kept and held against others: it says the same whoever asked for it.
    let words = words::of(Language::En);
    let mut left = EXPORTED;
    while left > 0 {
        let found = find(visitor, words, (&asked, &meant), left.min(500)).await;
        let (found, next) = found.map_err(|fault| visitor.broken(&fault))?;
        left = left.saturating_sub(found.len());
        for shown in &found {
            if as_csv {
                let row = &shown.row;
                let details = shown.told.get("details").map(ToString::to_string).unwrap_or_default();
                let cells = [&row.at.machine, &row.event, &row.by, &row.from, &row.words, &details];
                let cells: Vec<String> = cells.into_iter().map(|text| cell(text)).collect();
                // Writing to a String cannot fail.
                let _ = write!(text, "{},{}\r\n", row.sequence, cells.join(","));
            } else {
                let _ = writeln!(text, "{}", shown.told);
            }
        }
        asked.before = next;
        if next.is_none() {
            break;
        }
    }
    let (kind, name) =
        if as_csv { ("text/csv; charset=utf-8", "audit.csv") } else { ("application/jsonl", "audit.jsonl") };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(text))
}

/// A cell of RFC 4180 §2. One that a spreadsheet would take for a formula is marked as text: names are strangers' words.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// `POST /console/audit/verification`
pub(super) async fn verify(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let admin = Administrator { visitor: asked.form.visitor, by: asked.by };
    let visitor = &admin.visitor;
    let t = &visitor.words().console.audit;
    let flash = match audit::verify_alone(&visitor.app).await {
        Ok(Ok(head)) => Flash { kind: FlashKind::Done, text: (t.chain_whole)(head.sequence, &head.hash.text()) },
        Ok(Err(broken)) => Flash { kind: FlashKind::Failed, text: (t.chain_broken)(&broken.to_string()) },
        Err(Declined::Conflict(why)) => Flash { kind: FlashKind::Failed, text: why },
        Err(other) => return Err(declined(visitor, other)),
    };
    page(&admin, &Asked::default(), Some(flash)).await
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_out() {
        assert_eq!(cell("=cmd()"), "\"'=cmd()\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
