//! Charts, drawn by the server: they need no script, and what they say also stands in words and in a table.
//!
//! A drawing is stretched to whatever room there is, so no text is in it: what is written on the axes stands around it.

use std::fmt::Write as _;

use super::super::shell::Moment;
use super::sample;
use crate::model::{Counted, Language};
use crate::web::words::{self, ChartWords};

/// One chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it is called in the page's own addresses.
    pub id: &'static str,
    pub title: String,
    /// What it comes to, in a sentence.
    pub summary: String,
    pub unit: Unit,
    pub series: Vec<Series>,
    /// The oldest first. Each has a number for each series.
    pub columns: Vec<Column>,
}

/// How its numbers are drawn, and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Counts stand on one another.
    Count,
    /// Microseconds are lines.
    Wait,
}

#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    /// Which of the colours, from 1.
    pub colour: u8,
    /// All of it; for waits, the last one.
    pub total: String,
}

/// A stretch of time.
#[derive(Clone, Debug)]
pub struct Column {
    /// When it began: in words, as short as fits below it.
    pub from: Moment,
    /// Something is written below it.
    pub labelled: bool,
    /// `None` where there was nothing to measure.
    pub values: Vec<Option<u64>>,
}

/// A column is so wide, and a chart so high. Nobody sees these: a drawing is as wide as its place.
const WIDTH: usize = 20;
const HEIGHT: u64 = 1_000;

impl Chart {
    pub(super) fn is_lines(&self) -> bool {
        self.unit == Unit::Wait
    }

    pub(super) fn width(&self) -> usize {
        self.columns.len() * WIDTH
    }

    /// A round number that nothing is above, whose half is round too.
    fn most(&self) -> u64 {
        let of = |column: &Column| {
            let values = column.values.iter().flatten();
            if self.is_lines() {
                values.max().copied().unwrap_or(0)
            } else {
                values.fold(0_u64, |a, b| a.saturating_add(*b))
            }
        };
        let most = self.columns.iter().map(of).max().unwrap_or(0);
        let least = if self.is_lines() { 1_000 } else { 4 };
        let most = most.max(least);
        let mut tens = 1_u64;
        loop {
            if let Some(round) = [2, 4, 6, 8, 10].into_iter().map(|n| tens.saturating_mul(n)).find(|n| *n >= most) {
                return round;
            }
            tens = tens.saturating_mul(10);
        }
    }

    /// What stands beside it, from the top down.
    pub(super) fn scale(&self, words: &ChartWords) -> [String; 3] {
        let most = self.most();
        [self.written(words, most), self.written(words, most / 2), "0".to_owned()]
    }

    /// A number as it is written in this chart.
    fn written(&self, words: &ChartWords, value: u64) -> String {
        match self.unit {
            Unit::Count => words.number(value),
            Unit::Wait => words.wait(value),
        }
    }

    /// The path of one series.
    pub(super) fn path(&self, place: &usize) -> String {
        if self.is_lines() { self.line(*place) } else { self.bars(*place) }
    }

    fn bars(&self, place: usize) -> String {
        let most = self.most();
        let mut path = String::new();
        for (n, column) in self.columns.iter().enumerate() {
            let before = column.values.iter().take(place).flatten().fold(0_u64, |a, b| a.saturating_add(*b));
            let value = column.values.get(place).copied().flatten().unwrap_or(0);
            if value > 0 {
                let (low, high) = (scaled(before, most), scaled(before.saturating_add(value), most));
                // Something that happened is never invisible. (Writing to a String cannot fail.)
                let high = high.max(low + 12);
                let (x, wide) = (n * WIDTH + 2, WIDTH - 4);
                let _ = write!(path, "M{x} {}h{wide}v-{}h-{wide}z", HEIGHT - low, high - low);
            }
        }
        path
    }

    fn line(&self, place: usize) -> String {
        let most = self.most();
        let mut path = String::new();
        let mut drawing = false;
        for (n, column) in self.columns.iter().enumerate() {
            let Some(value) = column.values.get(place).copied().flatten() else {
                drawing = false;
                continue;
            };
            let (x, y) = (n * WIDTH + WIDTH / 2, HEIGHT - scaled(value, most));
            // One that stands alone is a dot.
            let _ = if drawing { write!(path, "L{x} {y}") } else { write!(path, "M{x} {y}h1") };
            drawing = true;
        }
        path
    }

    /// What each column says to whoever points at it, and where it stands.
    pub(super) fn hints(&self, words: &ChartWords) -> Vec<Hint<'_>> {
        let hint = |(n, column): (usize, &'_ Column)| {
            let values = column.values.iter().zip(&self.series);
            let said: Vec<String> = values
                .filter_map(|(value, series)| value.filter(|value| *value > 0).map(|value| (value, series)))
                .map(|(value, series)| (words.hint)(&self.written(words, value), &series.name))
                .collect();
            let said = if said.is_empty() { words.nothing.to_owned() } else { said.join(", ") };
            (n * WIDTH, said)
        };
        let said = self.columns.iter().enumerate().map(hint);
        said.zip(&self.columns).map(|((x, said), column)| Hint { x, said, from: &column.from }).collect()
    }

    /// The columns in which there is something, for the table.
    pub(super) fn lines(&self) -> Vec<&Column> {
        self.columns.iter().filter(|column| column.values.iter().flatten().any(|value| *value > 0)).collect()
    }

    /// The names of the series, and what each comes to in a column.
    pub(super) fn cells(&self, words: &ChartWords, column: &Column) -> Vec<(&str, String)> {
        let written = |value: &Option<u64>| value.map(|value| self.written(words, value)).unwrap_or_default();
        self.series.iter().map(|series| series.name.as_str()).zip(column.values.iter().map(written)).collect()
    }
}

pub(super) struct Hint<'c> {
    pub(super) x: usize,
    pub(super) said: String,
    pub(super) from: &'c Moment,
}

impl Hint<'_> {
    pub(super) const WIDTH: usize = WIDTH;
    pub(super) const HEIGHT: u64 = HEIGHT;
}

fn scaled(value: u64, most: u64) -> u64 {
    (u128::from(value) * u128::from(HEIGHT) / u128::from(most.max(1))).try_into().unwrap_or(HEIGHT)
}

/// One machine among the busiest.
#[derive(Clone, Debug)]
pub struct Busy {
    pub name: String,
    /// Below the issuer's path.
    pub href: String,
    pub count: u64,
    /// Of a hundred, beside the busiest.
    pub share: u64,
}

impl Busy {
    pub(super) fn written(&self, words: &ChartWords) -> String {
        words.number(self.count)
    }
}

/// Charts of the samples.
pub(super) fn samples_in(language: Language) -> Vec<Chart> {
    let words = &words::of(language).console.charts;
    let columns = |values: fn(u64) -> Vec<Option<u64>>| -> Vec<Column> {
        let from = |n: u64| Moment { words: "09:00".into(), ..sample::moment_in(language, 3_600 * n.cast_signed()) };
        (0..24).map(|n| Column { from: from(n), labelled: n % 6 == 0, values: values(n) }).collect()
    };
    let series = |name: &str, colour, total: String| Series { name: name.into(), colour, total };
    vec![
        Chart {
            id: "tokens",
            title: words.tokens.into(),
            summary: (words.in_a_day)(&words.number(1_204), &words.number(1_117)),
            unit: Unit::Count,
            series: vec![
                series(words.counted(Counted::ByCredentials), 1, words.number(910)),
                series(words.counted(Counted::ByRefresh), 2, words.number(294)),
            ],
            columns: columns(|n| vec![Some(n * 7 % 40 + 20), Some(n * 5 % 17)]),
        },
        Chart {
            id: "waits",
            title: words.waits.into(),
            summary: (words.waits_summary)(&words.wait(800), &words.wait(5_000)),
            unit: Unit::Wait,
            series: vec![series(words.half, 1, words.wait(800)), series(words.nearly_all, 2, words.wait(5_000))],
            columns: columns(|n| {
                let is_quiet = n % 9 == 4;
                vec![(!is_quiet).then_some(700 + n * 10), (!is_quiet).then_some(4_000 + n * 50)]
            }),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> &'static ChartWords {
        &super::words::of(Language::En).console.charts
    }

    fn chart(unit: Unit, values: &[&[Option<u64>]]) -> Chart {
        let series = |n| Series { name: format!("series {n}"), colour: 1, total: String::new() };
        let column = |values: &&[Option<u64>]| Column {
            from: sample::moment_in(Language::En, 0),
            labelled: true,
            values: values.to_vec(),
        };
        Chart {
            id: "one",
            title: String::new(),
            summary: String::new(),
            unit,
            series: (0..2).map(series).collect(),
            columns: values.iter().map(column).collect(),
        }
    }

    #[test]
    fn counts_stand_on_one_another_below_a_round_number() {
        let chart = chart(Unit::Count, &[&[Some(3), Some(4)], &[None, None], &[Some(0), Some(1)]]);
        assert_eq!(chart.scale(words()), ["8", "4", "0"]);
        assert_eq!(chart.path(&0), "M2 1000h16v-375h-16z");
        assert_eq!(chart.path(&1), "M2 625h16v-500h-16zM42 1000h16v-125h-16z");
        assert_eq!(chart.lines().len(), 2);
        assert_eq!(chart.hints(words())[1].said, "nothing");
        assert_eq!(chart.hints(words())[0].said, "3 series 0, 4 series 1");
    }

    #[test]
    fn nothing_that_happened_is_invisible_and_no_number_is_too_large() {
        let chart = chart(Unit::Count, &[&[Some(u64::MAX / 4), Some(1)]]);
        assert!(chart.path(&1).contains("v-12"), "{}", chart.path(&1));
    }

    #[test]
    fn where_nothing_was_measured_a_line_has_a_gap() {
        let chart = chart(Unit::Wait, &[&[Some(500)], &[Some(1_000)], &[None], &[Some(2_000)]]);
        assert_eq!(chart.scale(words()), ["2 ms", "1 ms", "0"]);
        assert_eq!(chart.path(&0), "M10 750h1L30 500M70 0h1");
    }
}
