//! JSON Lines in a file: one entry a line, synced before it counts as delivered.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{Batch, Undelivered};
use crate::base::files;
use crate::config::AuditSettings;

const MIB: u64 = 1_024 * 1_024;
/// The longest half of a line that a crash can leave.
const LONGEST_TAIL: u64 = 4 * MIB;

pub(super) fn append(path: &Path, settings: &AuditSettings, batch: &Batch) -> Result<(), Undelivered> {
    let written = write(path, u64::from(settings.deliver_file_mib) * MIB, settings.deliver_files, batch);
    written.map_err(|error| Undelivered::because(format!("the file cannot be written to: {}", error.kind())))
}

fn write(path: &Path, most_bytes: u64, kept: u32, batch: &Batch) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|known| known.len() >= most_bytes) {
        put_aside(path, kept)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    mend(&mut file)?;
    let mut text = String::with_capacity(batch.lines.iter().map(|line| line.json.len() + 1).sum());
    for line in &batch.lines {
        text.push_str(&line.json);
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// `audit.jsonl` becomes `audit.jsonl.1`, that one `.2`, and so on; the oldest goes.
fn put_aside(path: &Path, kept: u32) -> io::Result<()> {
    let numbered = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..kept).rev() {
        if numbered(number).exists() {
            fs::rename(numbered(number), numbered(number + 1))?;
        }
    }
    fs::rename(path, numbered(1))?;
    files::sync_folder_of(path)
}

/// Takes away the half line that a crash left: all of it is sent again.
fn mend(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(LONGEST_TAIL);
    file.seek(SeekFrom::Start(length.saturating_sub(1)))?;
    let mut last = Vec::new();
    file.read_to_end(&mut last)?;
    if last.is_empty() || last == b"\n" {
        return Ok(());
    }
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place as u64 + 1);
    file.set_len(from + whole)
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;
    use crate::base::Timestamp;

    fn batch(texts: &[&str]) -> Batch {
        let line = |text: &&str| Line { at: Timestamp::default(), event: "test", json: (*text).to_owned() };
        Batch { first: 1, last: 1, lines: texts.iter().map(line).collect() }
    }

    #[test]
    fn files_are_put_aside_by_size_and_the_oldest_goes() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("audit.jsonl");
        for n in 0..5 {
            write(&path, 10, 2, &batch(&[&format!("line number {n}")])).unwrap();
        }
        let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
        assert_eq!(read("audit.jsonl"), "line number 4\n");
        assert_eq!(read("audit.jsonl.1"), "line number 3\n");
        assert_eq!(read("audit.jsonl.2"), "line number 2\n");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3);
    }

    #[test]
    fn half_a_line_is_taken_away() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("audit.jsonl");
        for (before, after) in [("", ""), ("one\ntw", "one\n"), ("hal", ""), ("one\n", "one\n")] {
            fs::write(&path, before).unwrap();
            write(&path, MIB, 1, &batch(&["next"])).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{after}next\n"), "{before:?}");
        }
    }
}
