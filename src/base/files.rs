//! Files that are there whole or not at all: what is in one is durable before it has its name, and then the name is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Puts a file with `bytes` in the place of whatever is at `path`. It is written to `draft`, on the same disk, until then.
pub fn replace(path: &Path, draft: &Path, bytes: &[u8]) -> io::Result<()> {
    // Left behind by a process that ended on the way, perhaps with another mode.
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    write_new(draft, bytes)?;
    rename(draft, path)
}

/// Writes a file that there must not be yet, readable by its owner only, and makes what is in it durable.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives a file that is durable another name, for good, in the place of whatever had it: whose that was, this is.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    keep_owner(from, to);
    fs::rename(from, to)?;
    sync_folder_of(to)
}

/// A command that root runs beside a service of somebody else's would otherwise leave it a file that it cannot open. Nobody else may give files
/// away, and nobody else has to; so what comes of it is not asked. Never through a symbolic link: the folder may be the other's.
fn keep_owner(from: &Path, to: &Path) {
    use std::os::unix::fs::{MetadataExt as _, lchown};
    let (Ok(present), Ok(draft)) = (fs::metadata(to), fs::symlink_metadata(from)) else { return };
    if (present.uid(), present.gid()) != (draft.uid(), draft.gid()) {
        drop(lchown(from, Some(present.uid()), Some(present.gid())));
    }
}

/// Makes durable what is called `path`, or that nothing is: without this a power cut may bring the old name back.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Where a file is.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether files can be made in a directory: its owner may forbid it, and so may whoever mounted it.
pub fn may_write_in(folder: &Path) -> io::Result<()> {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).map_err(io::Error::from)
}

/// Makes a directory, and those that it is in, for its owner alone; one that is there stays as it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_and_of_a_draft_that_was_left() {
        let place = tempfile::tempdir().unwrap();
        let (path, draft) = (place.path().join("kept"), place.path().join("kept.new"));
        fs::write(&draft, "half of it, readable by everybody").unwrap();
        for text in ["one", "two"] {
            replace(&path, &draft, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(!draft.exists());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o600);
        // Only root can give files away, so only root sees this.
        if std::os::unix::fs::chown(&path, Some(4_321), Some(4_322)).is_ok() {
            use std::os::unix::fs::MetadataExt as _;
            replace(&path, &draft, b"by root").unwrap();
            let owner = fs::metadata(&path).unwrap();
            assert_eq!((owner.uid(), owner.gid(), owner.mode() & 0o777), (4_321, 4_322, 0o600));
        }
        assert_eq!(write_new(&path, b"three").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!((folder_of(Path::new("kept")), folder_of(Path::new("a/kept"))), (Path::new("."), Path::new("a")));
    }
}
