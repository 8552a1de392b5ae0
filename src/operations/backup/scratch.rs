//! Makes a store of a backup, and looks whether it is whole: for every backup that is made, and before any is restored.

use std::path::{Path, PathBuf};

use super::file::{Header, Reader};
use crate::base::{Fault, FaultKind};
use crate::keys::{BackupKey, HeadSigner};
use crate::operations::declined::Declined;
use crate::operations::keep_head;
use crate::store::engine::Name;
use crate::store::{Filling, Head, Row, Store};

/// Bytes that are laid down in one commit, and gathered in memory before.
const AT_ONCE: usize = 16 * 1_024 * 1_024;

/// Lays the rows of `backup` down in a new file at `path`.
pub fn lay_down(backup: &Path, key: &BackupKey, path: &Path) -> Result<Header, Declined> {
    let mut reader = Reader::open(backup, key)?;
    let filling = Filling::create(path)?;
    let (mut gathered, mut bytes): (Vec<(Name, Vec<Row>)>, usize) = (Vec::new(), 0);
    while let Some((table, rows)) = reader.next(backup)? {
        bytes += rows.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        gathered.push((table, rows));
        if bytes >= AT_ONCE {
            filling.put(&std::mem::take(&mut gathered))?;
            bytes = 0;
        }
    }
    filling.put(&gathered)?;
    Ok(reader.header)
}

/// Walks the audit log of what was laid down: it is whole, and ends where the backup says.
pub fn check(store: &Store, header: &Header, signer: &HeadSigner) -> Result<Head, Declined> {
    if !keep_head::is_ours(&header.head, &header.signature, signer)? {
        return Err(Declined::Conflict("the backup's audit head was not signed by this appliance".to_owned()));
    }
    let broken = |why: String| Declined::Conflict(format!("what is in the backup is not whole: {why}"));
    match store.verify_audit(Some(&header.head))? {
        Ok(head) if head == header.head => Ok(head),
        Ok(head) => {
            Err(broken(format!("its audit log ends at {}, and should at {}", head.sequence, header.head.sequence)))
        }
        Err(why) => Err(broken(why.to_string())),
    }
}

/// A file that goes when this does.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// In `folder`, in the place of one that a killed process may have left.
    pub fn within(folder: &Path, name: &str) -> Result<Self, Fault> {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(Fault::because(FaultKind::Storage, format!("{} is in the way", path.display()), e))
            }
            _ => Ok(Self(path)),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}
