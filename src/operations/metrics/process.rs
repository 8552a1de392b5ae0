//! What the system says of this process, under the names that every Prometheus client uses. Linux has it in `/proc`; elsewhere these
//! are not there.

use std::fs;

use super::names;
use super::page::Page;
use crate::app::App;

pub(super) fn tell(app: &App, page: &mut Page) {
    page.one(&names::START, &[], app.metrics.began_at.seconds());
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    if let Some(seconds) = cpu_seconds(&read("stat")) {
        page.one(&names::CPU, &[], seconds);
    }
    let status = read("status");
    for (metric, field) in [(&names::MEMORY, "VmRSS:"), (&names::VIRTUAL, "VmSize:")] {
        if let Some(kib) = number_after(&status, field) {
            page.one(metric, &[], kib.saturating_mul(1_024));
        }
    }
    if let Ok(open) = open_descriptors() {
        page.one(&names::DESCRIPTORS, &[], open);
    }
    if let Some(most) = most_descriptors() {
        page.one(&names::MOST_DESCRIPTORS, &[], most);
    }
    if let Some(threads) = number_after(&status, "Threads:") {
        page.one(&names::THREADS, &[], threads);
    }
}

/// How many descriptors this process has open. An error may be that there is none left to look with.
pub(crate) fn open_descriptors() -> std::io::Result<u64> {
    // The directory that is being read is one of them.
    fs::read_dir("/proc/self/fd").map(|open| (open.count() as u64).saturating_sub(1))
}

/// How many it may have.
pub(crate) fn most_descriptors() -> Option<u64> {
    number_after(&fs::read_to_string("/proc/self/limits").unwrap_or_default(), "Max open files")
}

/// The first number on the line that begins with this.
fn number_after(text: &str, begins: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(begins))?;
    line.split_whitespace().next()?.parse().ok()
}

/// proc_pid_stat(5): user and system time are the 14th and 15th field, in ticks, of which Linux has a hundred a second. The second, the
/// name in brackets, may have blanks in it.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
    Some((f64::from(user) + f64::from(system)) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_moves_no_field() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 8 0 1 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn a_limit_without_a_number_is_none() {
        assert_eq!(
            number_after("Max open files            1024                 4096\n", "Max open files"),
            Some(1_024)
        );
        assert_eq!(number_after("Max open files            unlimited\n", "Max open files"), None);
        assert_eq!(number_after("", "Threads:"), None);
    }
}
