//! What happened lately, hour by hour, as charts.

use std::collections::BTreeMap;

use crate::app::App;
use crate::base::{Fault, Lifetime, Timestamp};
use crate::model::{Counted, Days, Hour, HourNumber, MachineUsage, Waits};
use crate::operations::hours;
use crate::operations::names;
use crate::web::reply::{exact, length};
use crate::web::views::Moment;
use crate::web::views::console::charts::{Busy, Chart, Column, Series, Unit, number, wait};

/// How far back the charts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    Week,
}

impl Span {
    pub(super) fn parse(text: Option<&String>) -> Self {
        if text.is_some_and(|text| text == "7d") { Self::Week } else { Self::Day }
    }

    /// Columns, and the hours of each.
    const fn shape(self) -> (u64, u64) {
        match self {
            Self::Day => (24, 1),
            Self::Week => (28, 6),
        }
    }

    const fn hours(self) -> u64 {
        let (columns, each) = self.shape();
        columns * each
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
        }
    }
}

/// Most machines that are shown among the busiest.
const BUSIEST: usize = 6;

/// What is drawn.
pub(super) struct Activity {
    pub(super) charts: Vec<Chart>,
    pub(super) busiest: Vec<Busy>,
}

pub(super) async fn of(
    app: &App,
    now: Timestamp,
    span: Span,
    hours: &BTreeMap<HourNumber, Hour>,
) -> Result<Activity, Fault> {
    let view = View::new(now, span, hours);
    let mut charts = Vec::new();
    charts.extend(view.counts("tokens", "Tokens given", &Counted::TOKENS));
    charts.extend(view.counts("failures", "What was refused", &Counted::FAILURES));
    charts.extend(view.waits());
    charts.extend(view.counts("sign-ins", "Sign-ins", &[Counted::SignIn, Counted::SignInFailed]));
    let busiest = hours::busiest(hours.range(view.first..).map(|(_, hour)| hour), BUSIEST);
    let names = names::of(app, busiest.iter().map(|(machine, _)| machine.to_string()).collect()).await?;
    let most = busiest.first().map_or(1, |(_, count)| *count).max(1);
    let busy = |(machine, count): &(_, u64)| {
        let id = crate::base::Id::<crate::model::Machine>::to_string(machine);
        Busy {
            name: names.of(&id).to_owned(),
            href: format!("/console/machines/{id}"),
            count: *count,
            share: count.saturating_mul(100).div_ceil(most),
        }
    };
    Ok(Activity { charts, busiest: busiest.iter().map(busy).collect() })
}

/// The hours that are drawn.
struct View<'h> {
    span: Span,
    hours: &'h BTreeMap<HourNumber, Hour>,
    /// The first hour of the first column.
    first: HourNumber,
}

impl<'h> View<'h> {
    /// The last column is the one that goes on. Columns of several hours begin where a day can be divided.
    fn new(now: Timestamp, span: Span, hours: &'h BTreeMap<HourNumber, Hour>) -> Self {
        let (columns, each) = span.shape();
        let last = Hour::number(now) / each * each;
        Self { span, hours, first: last.saturating_sub((columns - 1) * each) }
    }

    /// The first hour of each column, and the first that is in it no more.
    fn columns(&self) -> impl Iterator<Item = (usize, HourNumber, HourNumber)> + use<'_> {
        let (columns, each) = self.span.shape();
        (0..columns).zip(0..).map(move |(n, place)| (place, self.first + n * each, self.first + (n + 1) * each))
    }

    fn column(&self, place: usize, from: HourNumber, values: Vec<Option<u64>>) -> Column {
        let at = Hour::begins(from);
        // Every sixth hour; every day.
        let labelled = place.is_multiple_of(match self.span {
            Span::Day => 6,
            Span::Week => 4,
        });
        let iso = at.iso();
        let words = match self.span {
            Span::Day => iso.get(11..16).unwrap_or_default().to_owned(),
            Span::Week => day(&iso),
        };
        Column { from: Moment { words, machine: iso, exact: exact(at) }, labelled, values }
    }

    fn sum(&self, from: HourNumber, until: HourNumber, what: Counted) -> u64 {
        self.hours.range(from..until).map(|(_, hour)| hour.of(what)).fold(0, u64::saturating_add)
    }

    /// A chart of what was counted, of each that there was; none if there was nothing.
    fn counts(&self, id: &'static str, title: &str, of: &[Counted]) -> Option<Chart> {
        let all = |from, until| -> u64 { of.iter().map(|what| self.sum(from, until, *what)).sum() };
        let end = self.first + self.span.hours();
        let (now, before) = (all(self.first, end), all(self.first.saturating_sub(self.span.hours()), self.first));
        if now == 0 && before == 0 {
            return None;
        }
        let totals = of.iter().map(|what| (*what, self.sum(self.first, end, *what)));
        let shown: Vec<(Counted, u64)> = totals.filter(|(_, total)| *total > 0).collect();
        let series = shown.iter().map(|(what, total)| {
            let (name, colour) = words(*what);
            Series { name: name.to_owned(), colour, total: number(*total) }
        });
        let columns = self.columns().map(|(place, from, until)| {
            let values = shown.iter().map(|(what, _)| Some(self.sum(from, until, *what)));
            self.column(place, from, values.collect())
        });
        Some(Chart {
            id,
            title: title.to_owned(),
            summary: format!(
                "{} in the last {span}, {} in the {span} before.",
                number(now),
                number(before),
                span = self.span.words()
            ),
            unit: Unit::Count,
            series: series.collect(),
            columns: columns.collect(),
        })
    }

    /// How long it took to give a token: the chart's lines are the middle, and what one in a hundred exceeds.
    fn waits(&self) -> Option<Chart> {
        let of = |from, until| {
            let mut waits = Waits::default();
            self.hours.range(from..until).for_each(|(_, hour)| waits.add(&hour.waits));
            waits
        };
        let all = of(self.first, self.first + self.span.hours());
        let (middle, last) = all.quantile(50).zip(all.quantile(99))?;
        let series = |name: &str, colour, value| Series { name: name.to_owned(), colour, total: wait(value) };
        let columns = self.columns().map(|(place, from, until)| {
            let waits = of(from, until);
            self.column(place, from, vec![waits.quantile(50), waits.quantile(99)])
        });
        Some(Chart {
            id: "waits",
            title: "Time to give a token".to_owned(),
            summary: format!(
                "Half took at most about {}; all but one in a hundred, at most about {}.",
                wait(middle),
                wait(last)
            ),
            unit: Unit::Wait,
            series: vec![series("Half are faster", 1, middle), series("99 of 100 are faster", 2, last)],
            columns: columns.collect(),
        })
    }
}

/// The tokens of one machine, day by day; none if none was counted.
pub(super) fn of_machine(usage: &MachineUsage, now: Timestamp) -> Option<Chart> {
    let since = usage.days.since?;
    let last = Days::number(now);
    let first = last.saturating_sub(Days::MOST as u64 - 1);
    let column = |(place, day): (usize, u64)| {
        let iso = Days::begins(day).iso();
        Column {
            from: Moment { words: self::day(&iso), exact: exact(Days::begins(day)), machine: iso },
            labelled: place.is_multiple_of(7),
            // From before it was counted nothing is known.
            values: vec![(day >= since).then(|| usage.days.of(day))],
        }
    };
    let columns: Vec<Column> = (first..=last).enumerate().map(column).collect();
    let all = columns.iter().flat_map(|column| &column.values).flatten().fold(0_u64, |a, b| a.saturating_add(*b));
    let from_before = usage.used.seen.is_some_and(|seen| Days::number(seen.first_at) < since);
    let counted = match from_before && since > first {
        true => format!(" Days are counted since {}.", self::day(&Days::begins(since).iso())),
        false => String::new(),
    };
    let tokens = if all == 1 { "token" } else { "tokens" };
    Some(Chart {
        id: "tokens",
        title: "Tokens, day by day".to_owned(),
        summary: format!("{} {tokens} in the last 4 weeks.{counted}", number(all)),
        unit: Unit::Count,
        series: vec![Series { name: "Tokens".to_owned(), colour: 1, total: number(all) }],
        columns,
    })
}

/// What a count is called, and its colour.
const fn words(what: Counted) -> (&'static str, u8) {
    match what {
        Counted::ByCredentials => ("Client credentials", 1),
        Counted::ByRefresh => ("Refresh", 2),
        Counted::ByCode => ("After a sign-in", 3),
        Counted::ByExchange => ("Acting for somebody", 4),
        Counted::ByAssertion => ("By another’s word", 5),
        Counted::ByAccessKey => ("Access key", 6),
        Counted::RefusedProof => ("Could not prove who they are", 1),
        Counted::RefusedGrant => ("Code or token no longer good", 2),
        Counted::RefusedReach => ("Asked for what they may not have", 3),
        Counted::RefusedRequest => ("Request that cannot be answered", 4),
        Counted::RefusedLimit => ("Too much at once", 5),
        Counted::Fault => ("Something was wrong here", 6),
        Counted::SignIn => ("Signed in", 1),
        Counted::SignInFailed => ("Failed", 4),
    }
}

/// `21 Nov`, of `2026-11-21T…`.
fn day(iso: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = iso.get(5..7).and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
    let name = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or_default();
    format!("{} {name}", iso.get(8..10).unwrap_or_default().trim_start_matches('0'))
}

/// How long until something, in words.
pub(super) fn until(at: Timestamp, now: Timestamp) -> String {
    length(at.since(now).seconds())
}

/// What is looked at for all of it.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.minus(hours::USUAL).minus(Lifetime::from_hours(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(of: impl Iterator<Item = (HourNumber, u64)>) -> BTreeMap<HourNumber, Hour> {
        of.map(|(number, times)| {
            let mut hour = Hour::default();
            hour.count(Counted::ByCode, times);
            (number, hour)
        })
        .collect()
    }

    #[test]
    fn a_day_ends_with_the_hour_that_goes_on() {
        let now = Timestamp::parse_iso("2026-11-21T08:15:00Z").unwrap();
        let last = Hour::number(now);
        let hours = hours((last - 60..=last).map(|number| (number, 1)));
        let view = View::new(now, Span::Day, &hours);
        let chart = view.counts("tokens", "Tokens", &Counted::TOKENS).unwrap();
        assert_eq!(chart.columns.len(), 24);
        assert_eq!(chart.columns.last().unwrap().from.exact, "2026-11-21 08:00 UTC");
        assert_eq!(chart.summary, "24 in the last 24 hours, 24 in the 24 hours before.");
        assert_eq!(chart.series.len(), 1);
        assert!(view.waits().is_none());
        assert!(view.counts("failures", "", &Counted::FAILURES).is_none());
    }

    #[test]
    fn a_machine_has_four_weeks_and_what_was_not_counted_is_no_zero() {
        let usage: MachineUsage = serde_json::from_value(serde_json::json!({
            "used": { "seen": { "first_at": 0, "last_at": 0, "grants": 9 } },
            "days": { "since": 20_020, "counts": [[20_020, 2], [20_027, 5]] },
        }))
        .unwrap();
        let chart = of_machine(&usage, Days::begins(20_027)).unwrap();
        assert_eq!(chart.columns.len(), 28);
        assert_eq!(chart.columns[0].values, [None]);
        assert_eq!(chart.columns[21].values, [Some(0)]);
        assert_eq!(chart.columns[27].values, [Some(5)]);
        assert_eq!(chart.summary, "7 tokens in the last 4 weeks. Days are counted since 24 Oct.");
        assert_eq!(of_machine(&usage, Days::begins(20_090)).unwrap().summary, "0 tokens in the last 4 weeks.");
        assert!(of_machine(&MachineUsage::default(), Days::begins(20_027)).is_none());
    }

    #[test]
    fn a_week_is_cut_where_a_day_can_be_divided() {
        let now = Timestamp::parse_iso("2026-11-21T08:15:00Z").unwrap();
        let last = Hour::number(now);
        let hours = hours((last - 400..=last).map(|number| (number, 1)));
        let chart = View::new(now, Span::Week, &hours).counts("tokens", "Tokens", &Counted::TOKENS).unwrap();
        assert_eq!(chart.columns.len(), 28);
        assert_eq!(chart.columns.last().unwrap().from.exact, "2026-11-21 06:00 UTC");
        assert_eq!(chart.columns.last().unwrap().values, [Some(3)]);
        assert_eq!(chart.columns[0].from.words, "14 Nov");
        assert_eq!(chart.columns[0].values, [Some(6)]);
    }
}
