//! What happened lately, hour by hour, as charts.

use std::collections::BTreeMap;

use crate::app::App;
use crate::base::{Fault, Lifetime, Timestamp};
use crate::model::{Counted, Days, Hour, HourNumber, MachineUsage, Waits};
use crate::operations::hours;
use crate::operations::names;
use crate::web::reply::exact;
use crate::web::views::Moment;
use crate::web::views::console::charts::{Busy, Chart, Column, Series, Unit};
use crate::web::words::{ChartWords, Words};

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

    /// How many in it, and how many in the one before.
    fn summary(self, words: &ChartWords, now: u64, before: u64) -> String {
        let say = match self {
            Self::Day => words.in_a_day,
            Self::Week => words.in_a_week,
        };
        say(&words.number(now), &words.number(before))
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
    words: &Words,
    now: Timestamp,
    span: Span,
    hours: &BTreeMap<HourNumber, Hour>,
) -> Result<Activity, Fault> {
    let words = &words.console.charts;
    let view = View::new(words, now, span, hours);
    let mut charts = Vec::new();
    charts.extend(view.counts("tokens", words.tokens, &Counted::TOKENS));
    charts.extend(view.counts("failures", words.failures, &Counted::FAILURES));
    charts.extend(view.waits());
    charts.extend(view.counts("sign-ins", words.sign_ins, &[Counted::SignIn, Counted::SignInFailed]));
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
    words: &'h ChartWords,
    span: Span,
    hours: &'h BTreeMap<HourNumber, Hour>,
    /// The first hour of the first column.
    first: HourNumber,
}

impl<'h> View<'h> {
    /// The last column is the one that goes on. Columns of several hours begin where a day can be divided.
    fn new(words: &'h ChartWords, now: Timestamp, span: Span, hours: &'h BTreeMap<HourNumber, Hour>) -> Self {
        let (columns, each) = span.shape();
        let last = Hour::number(now) / each * each;
        Self { words, span, hours, first: last.saturating_sub((columns - 1) * each) }
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
            Span::Week => self.words.day(&iso),
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
            let name = self.words.counted(*what).to_owned();
            Series { name, colour: colour(*what), total: self.words.number(*total) }
        });
        let columns = self.columns().map(|(place, from, until)| {
            let values = shown.iter().map(|(what, _)| Some(self.sum(from, until, *what)));
            self.column(place, from, values.collect())
        });
        Some(Chart {
            id,
            title: title.to_owned(),
            summary: self.span.summary(self.words, now, before),
            unit: Unit::Count,
            series: series.collect(),
            columns: columns.collect(),
        })
    }

    /// How long it took to give a token: the chart's lines are the middle, and what one in a hundred exceeds.
    fn waits(&self) -> Option<Chart> {
        let words = self.words;
        let of = |from, until| {
            let mut waits = Waits::default();
            self.hours.range(from..until).for_each(|(_, hour)| waits.add(&hour.waits));
            waits
        };
        let all = of(self.first, self.first + self.span.hours());
        let (middle, last) = all.quantile(50).zip(all.quantile(99))?;
        let series = |name: &str, colour, value| Series { name: name.to_owned(), colour, total: words.wait(value) };
        let columns = self.columns().map(|(place, from, until)| {
            let waits = of(from, until);
            self.column(place, from, vec![waits.quantile(50), waits.quantile(99)])
        });
        Some(Chart {
            id: "waits",
            title: words.waits.to_owned(),
            summary: (words.waits_summary)(&words.wait(middle), &words.wait(last)),
            unit: Unit::Wait,
            series: vec![series(words.half, 1, middle), series(words.nearly_all, 2, last)],
            columns: columns.collect(),
        })
    }
}

/// The tokens of one machine, day by day; none if none was counted.
pub(super) fn of_machine(words: &Words, usage: &MachineUsage, now: Timestamp) -> Option<Chart> {
    let words = &words.console.charts;
    let since = usage.days.since?;
    let last = Days::number(now);
    let first = last.saturating_sub(Days::MOST as u64 - 1);
    let column = |(place, day): (usize, u64)| {
        let iso = Days::begins(day).iso();
        Column {
            from: Moment { words: words.day(&iso), exact: exact(Days::begins(day)), machine: iso },
            labelled: place.is_multiple_of(7),
            // From before it was counted nothing is known.
            values: vec![(day >= since).then(|| usage.days.of(day))],
        }
    };
    let columns: Vec<Column> = (first..=last).enumerate().map(column).collect();
    let all = columns.iter().flat_map(|column| &column.values).flatten().fold(0_u64, |a, b| a.saturating_add(*b));
    let from_before = usage.used.seen.is_some_and(|seen| Days::number(seen.first_at) < since);
    let mut summary = (words.in_four_weeks)(&words.number(all), all == 1);
    if from_before && since > first {
        summary.push(' ');
        summary.push_str(&(words.counted_since)(&words.day(&Days::begins(since).iso())));
    }
    Some(Chart {
        id: "tokens",
        title: words.of_machine.to_owned(),
        summary,
        unit: Unit::Count,
        series: vec![Series { name: words.of_machine_series.to_owned(), colour: 1, total: words.number(all) }],
        columns,
    })
}

/// The colour of a count, from 1.
const fn colour(what: Counted) -> u8 {
    match what {
        Counted::ByCredentials | Counted::RefusedProof | Counted::SignIn => 1,
        Counted::ByRefresh | Counted::RefusedGrant => 2,
        Counted::ByCode | Counted::RefusedReach => 3,
        Counted::ByExchange | Counted::RefusedRequest | Counted::SignInFailed => 4,
        Counted::ByAssertion | Counted::RefusedLimit => 5,
        Counted::ByAccessKey | Counted::Fault => 6,
    }
}

/// What is looked at for all of it.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.minus(hours::USUAL).minus(Lifetime::from_hours(6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;
    use crate::web::words;

    fn hours(of: impl Iterator<Item = (HourNumber, u64)>) -> BTreeMap<HourNumber, Hour> {
        of.map(|(number, times)| {
            let mut hour = Hour::default();
            hour.count(Counted::ByCode, times);
            (number, hour)
        })
        .collect()
    }

    fn english() -> &'static Words {
        words::of(Language::En)
    }

    #[test]
    fn a_day_ends_with_the_hour_that_goes_on() {
        let now = Timestamp::parse_iso("2026-11-21T08:15:00Z").unwrap();
        let last = Hour::number(now);
        let hours = hours((last - 60..=last).map(|number| (number, 1)));
        let view = View::new(&english().console.charts, now, Span::Day, &hours);
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
        let chart = of_machine(english(), &usage, Days::begins(20_027)).unwrap();
        assert_eq!(chart.columns.len(), 28);
        assert_eq!(chart.columns[0].values, [None]);
        assert_eq!(chart.columns[21].values, [Some(0)]);
        assert_eq!(chart.columns[27].values, [Some(5)]);
        assert_eq!(chart.summary, "7 tokens in the last 4 weeks. Days are counted since 24 Oct.");
        assert_eq!(
            of_machine(english(), &usage, Days::begins(20_090)).unwrap().summary,
            "0 tokens in the last 4 weeks."
        );
        assert!(of_machine(english(), &MachineUsage::default(), Days::begins(20_027)).is_none());
    }

    #[test]
    fn a_week_is_cut_where_a_day_can_be_divided() {
        let now = Timestamp::parse_iso("2026-11-21T08:15:00Z").unwrap();
        let last = Hour::number(now);
        let hours = hours((last - 400..=last).map(|number| (number, 1)));
        let chart = View::new(&english().console.charts, now, Span::Week, &hours)
            .counts("tokens", "Tokens", &Counted::TOKENS)
            .unwrap();
        assert_eq!(chart.columns.len(), 28);
        assert_eq!(chart.columns.last().unwrap().from.exact, "2026-11-21 06:00 UTC");
        assert_eq!(chart.columns.last().unwrap().values, [Some(3)]);
        assert_eq!(chart.columns[0].from.words, "14 Nov");
        assert_eq!(chart.columns[0].values, [Some(6)]);
    }
}
