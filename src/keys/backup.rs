//! What a backup is sealed with: AES-256-GCM under keys of its own for each file, which come from the master key.
//!
//! A file is a header and numbered chunks. The number is the nonce, so no two chunks of a file share one and none opens in the place of
//! another; the header, which says how many there are, is under a MAC. A chunk that was changed, moved, left out or
//! taken from another file does not open, and a file that was cut short has fewer than it says.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::base::{Digest, Fault, FaultKind, MacKey};

/// From which each file's keys are made.
#[derive(Clone, Debug)]
pub struct BackupKey(MacKey);

/// Bytes of chance that a file's keys are made with: each file has its own.
pub const SALT: usize = 32;

impl BackupKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(MacKey::new(key))
    }

    /// Tells which master key a file needs. Not secret.
    pub fn id(&self) -> String {
        self.0.mac(&[b"id"]).short()
    }

    /// The keys of the file with this salt.
    pub fn of_file(&self, salt: &[u8; SALT]) -> Result<FileKey, Fault> {
        let chunks = Zeroizing::new(*self.0.mac(&[b"chunks", salt]).bytes());
        let header = Zeroizing::new(*self.0.mac(&[b"header", salt]).bytes());
        let unusable = |_| Fault::new(FaultKind::Key, "the key of a backup could not be made");
        let chunks = UnboundKey::new(&AES_256_GCM, chunks.as_slice()).map_err(unusable)?;
        Ok(FileKey { chunks: LessSafeKey::new(chunks), header: MacKey::new(&header) })
    }
}

/// Seals and opens one file.
pub struct FileKey {
    chunks: LessSafeKey,
    header: MacKey,
}

impl FileKey {
    /// Over the bytes of the header.
    pub fn mac(&self, header: &[u8]) -> Digest {
        self.header.mac(&[header])
    }

    /// Seals the chunk of this number, of which there is one.
    pub fn seal(&self, number: u64, mut chunk: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.chunks
            .seal_in_place_append_tag(nonce(number), Aad::empty(), &mut chunk)
            .map_err(|_| Fault::new(FaultKind::Key, "a chunk of a backup could not be sealed"))?;
        Ok(chunk)
    }

    /// `None` for what is not the chunk of this number in this file.
    pub fn open(&self, number: u64, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let length = self.chunks.open_in_place(nonce(number), Aad::empty(), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let (_, low) = bytes.split_at_mut(NONCE_LEN - size_of::<u64>());
    low.copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_opens_in_its_file_at_its_place_and_as_it_was() {
        let key = BackupKey::new(&[7; 32]);
        let file = key.of_file(&[1; SALT]).unwrap();
        let sealed = file.seal(3, b"rows".to_vec()).unwrap();
        assert_eq!(file.open(3, sealed.clone()).unwrap(), b"rows");
        assert!(file.open(4, sealed.clone()).is_none(), "in another place");
        assert!(key.of_file(&[2; SALT]).unwrap().open(3, sealed.clone()).is_none(), "in another file");
        assert!(BackupKey::new(&[8; 32]).of_file(&[1; SALT]).unwrap().open(3, sealed.clone()).is_none(), "another key");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(file.open(3, changed).is_none(), "{at}");
        }
        assert_ne!(file.mac(b"header"), key.of_file(&[2; SALT]).unwrap().mac(b"header"));
        assert_ne!(key.id(), BackupKey::new(&[8; 32]).id());
    }
}
