//! The text format of Prometheus, version 0.0.4: a line for each sample, below two that say what it is.

use std::fmt::{Display, Write as _};

use super::names::{Kind, Metric};
use crate::base::measure::Observed;

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Page(String);

type Labels<'l> = &'l [(&'l str, &'l str)];

impl Page {
    /// A metric with one sample.
    pub(super) fn one(&mut self, metric: &Metric, labels: Labels<'_>, value: impl Display) {
        self.family(metric);
        self.sample(metric, labels, value);
    }

    /// A metric with a sample for each word of one label.
    pub(super) fn each<'w>(&mut self, metric: &Metric, label: &str, counts: impl Iterator<Item = (&'w str, u64)>) {
        self.family(metric);
        counts.for_each(|(word, count)| self.sample(metric, &[(label, word)], count));
    }

    /// The two lines above the samples.
    pub(super) fn family(&mut self, metric: &Metric) {
        let Metric { name, help, kind, .. } = metric;
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {}", kind.as_str()));
    }

    pub(super) fn sample(&mut self, metric: &Metric, labels: Labels<'_>, value: impl Display) {
        self.line(format_args!("{}{} {value}", metric.name, Braces(labels, None)));
    }

    pub(super) fn histogram(&mut self, metric: &Metric, labels: Labels<'_>, observed: &Observed) {
        let name = metric.name;
        for (bound, count) in &observed.within {
            self.line(format_args!("{name}_bucket{} {count}", Braces(labels, Some(size(metric.kind, *bound)))));
        }
        let (count, sum) = (observed.count, size(metric.kind, observed.sum));
        self.line(format_args!("{name}_bucket{} {count}", Braces(labels, Some(f64::INFINITY))));
        self.line(format_args!("{name}_sum{} {sum}", Braces(labels, None)));
        self.line(format_args!("{name}_count{} {count}", Braces(labels, None)));
    }

    pub(super) fn text(self) -> String {
        self.0
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

// A sum of microseconds that a float cannot hold exactly is two centuries.
fn size(kind: Kind, value: u64) -> f64 {
    match kind {
        Kind::Times => value as f64 / 1_000_000.0,
        _ => value as f64,
    }
}

/// Labels, and the bound of a bucket. Their values are words of ours, without anything to escape.
struct Braces<'l>(Labels<'l>, Option<f64>);

impl Display for Braces<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut before = "{";
        for (name, value) in self.0 {
            write!(f, "{before}{name}=\"{value}\"")?;
            before = ",";
        }
        match self.1 {
            Some(bound) if bound.is_infinite() => write!(f, "{before}le=\"+Inf\"}}"),
            Some(bound) => write!(f, "{before}le=\"{bound}\"}}"),
            None if before == "," => f.write_str("}"),
            None => Ok(()),
        }
    }
}
