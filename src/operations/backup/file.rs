//! The file of a backup: a header of fixed length, and numbered chunks.
//!
//! ```text
//! "writ backup 1\n" ‖ length (2 bytes) ‖ header, JSON ‖ MAC (32 bytes) ‖ zeros, up to 4,096 bytes
//! then for each chunk: length (4 bytes) ‖ sealed( DEFLATE( rows of one table ) )
//! rows: length (2) ‖ name of the table, then for each row: 1 ‖ length (4) ‖ key ‖ length (4) ‖ value, or 0 ‖ length (4) ‖ key
//! ```
//!
//! Numbers are big-endian. Rows are laid down in their order, the later over the earlier. What seals a chunk is `keys::backup`'s.
//! The header is written last, when it is known how many chunks there are: until then a file has none and is no backup.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, Entropy, Fault, FaultKind, Timestamp};
use crate::keys::{BACKUP_SALT, BackupKey, FileKey, HeadSigner};
use crate::operations::declined::Declined;
use crate::operations::keep_head;
use crate::store::engine::{Name, interned};
use crate::store::{Head, Moment, Row, Rows};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
const MAGIC: &[u8] = b"writ backup 1\n";
/// What every format's first line begins with.
const FAMILY: &[u8] = b"writ backup ";
/// Bytes of the header, with what fills it up.
const HEADER: usize = 4_096;
const MAC: usize = 32;
/// Longest chunk, sealed or not, in bytes. A stretch of rows is a hundredth of it.
const LONGEST_CHUNK: usize = 128 * 1_024 * 1_024;
/// Of ten: rows of JSON shrink to a sixth at the lowest, and the highest takes ten times as long for a tenth less.
const LEVEL: u8 = 1;

/// What a backup says of itself. It is readable by everybody, and changeable by nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    /// The version of Writ that made it.
    pub version: String,
    pub issuer: String,
    pub made_at: Timestamp,
    /// The layout of the store.
    pub layout: u64,
    /// Which master key it needs.
    pub key: String,
    salt: String,
    /// The end of the audit log.
    pub head: Head,
    /// Over the JSON text of `head`, as in `writ.head`.
    pub signature: String,
    pub chunks: u64,
    /// Rows in it, those too that are in it more than once.
    pub rows: u64,
    /// Of the whole file.
    pub bytes: u64,
}

/// A backup that is being written.
pub struct Writer {
    file: BufWriter<File>,
    key: FileKey,
    key_id: String,
    salt: [u8; BACKUP_SALT],
    chunks: u64,
    rows: u64,
    bytes: u64,
}

impl Writer {
    /// A new file, readable by its owner only.
    pub fn create(path: &Path, key: &BackupKey, entropy: &Entropy) -> Result<Self, Fault> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|e| failed(path, e))?;
        let salt = entropy.bytes::<BACKUP_SALT>()?;
        let mut file = BufWriter::with_capacity(256 * 1_024, file);
        file.write_all(&[0; HEADER]).map_err(|e| failed(path, e))?;
        Ok(Self { file, key: key.of_file(&salt)?, key_id: key.id(), salt, chunks: 0, rows: 0, bytes: HEADER as u64 })
    }

    pub fn put(&mut self, rows: &Rows) -> Result<(), Fault> {
        let sealed = self.key.seal(self.chunks, compress_to_vec(&encoded(rows)?, LEVEL))?;
        let length = u32::try_from(sealed.len()).ok().filter(|_| sealed.len() <= LONGEST_CHUNK).ok_or_else(too_long)?;
        let write = |file: &mut BufWriter<File>| {
            file.write_all(&length.to_be_bytes())?;
            file.write_all(&sealed)
        };
        write(&mut self.file).map_err(unwritten)?;
        self.chunks += 1;
        self.rows += rows.rows.len() as u64;
        self.bytes += 4 + u64::from(length);
        Ok(())
    }

    /// Writes the header, and makes all of it durable.
    pub fn finish(
        mut self,
        moment: Moment,
        issuer: String,
        made_at: Timestamp,
        signer: &HeadSigner,
    ) -> Result<Header, Fault> {
        let header = Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            issuer,
            made_at,
            layout: moment.layout,
            key: self.key_id.clone(),
            salt: URL_SAFE_NO_PAD.encode(self.salt),
            signature: keep_head::sign(&moment.head, signer)?,
            head: moment.head,
            chunks: self.chunks,
            rows: self.rows,
            bytes: self.bytes,
        };
        let json =
            serde_json::to_vec(&header).map_err(|e| Fault::because(FaultKind::Bug, "a header has no JSON", e))?;
        let length = u16::try_from(json.len()).map_err(|_| too_long())?;
        let mut bytes = [MAGIC, &length.to_be_bytes(), &json].concat();
        let mac = self.key.mac(&bytes);
        bytes.extend_from_slice(mac.bytes());
        if bytes.len() > HEADER {
            return Err(too_long());
        }
        self.file.seek(SeekFrom::Start(0)).map_err(unwritten)?;
        self.file.write_all(&bytes).and_then(|()| self.file.flush()).map_err(unwritten)?;
        self.file.get_ref().sync_all().map_err(unwritten)?;
        Ok(header)
    }
}

/// What a file says of itself, with nobody to tell whether that is true: without the key it can be checked that it is a backup and has its length.
pub fn glimpse(path: &Path) -> Result<Header, Declined> {
    let mut bytes = [0; HEADER];
    let mut file = File::open(path).map_err(|e| failed(path, e))?;
    let no_backup = || Declined::Conflict(format!("{} is no backup, or one that was cut short", path.display()));
    file.read_exact(&mut bytes).map_err(|_| no_backup())?;
    let (_, _, text) = parts(&bytes).ok_or_else(|| match bytes.starts_with(FAMILY) {
        true => newer(path),
        false => no_backup(),
    })?;
    let header: Header = serde_json::from_slice(text).map_err(|_| no_backup())?;
    let length = file.metadata().map_err(|e| failed(path, e))?.len();
    if header.bytes != length {
        return Err(changed(path, &format!("it has {length} bytes, and had {}", header.bytes)));
    }
    Ok(header)
}

/// A backup that is being read. Nothing of it is given out before it was seen to be as it was written.
pub struct Reader {
    file: BufReader<File>,
    key: FileKey,
    pub header: Header,
    next: u64,
}

impl Reader {
    pub fn open(path: &Path, key: &BackupKey) -> Result<Self, Declined> {
        let file = File::open(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Declined::Missing(format!("there is no {}", path.display())),
            _ => Declined::Broken(failed(path, e)),
        })?;
        let length = file.metadata().map_err(|e| failed(path, e))?.len();
        let mut file = BufReader::with_capacity(256 * 1_024, file);
        let mut bytes = [0; HEADER];
        let no_backup = || Declined::Conflict(format!("{} is no backup, or one that was cut short", path.display()));
        file.read_exact(&mut bytes).map_err(|_| no_backup())?;
        let (said, mac, text) = parts(&bytes).ok_or_else(|| match bytes.starts_with(FAMILY) {
            true => newer(path),
            false => no_backup(),
        })?;
        let header: Header = serde_json::from_slice(text).map_err(|_| no_backup())?;
        if header.key != key.id() {
            return Err(Declined::Conflict(format!(
                "{} was made under another master key than the one that is here (it needs {}, and this one is {}): put the \
                 right master.key into its place first, or set WRIT_MASTER_KEY. It is in no backup",
                path.display(),
                header.key,
                key.id()
            )));
        }
        let salt = URL_SAFE_NO_PAD.decode(&header.salt).ok().and_then(|salt| salt.try_into().ok());
        let key = key.of_file(&salt.ok_or_else(no_backup)?)?;
        if key.mac(said) != mac {
            return Err(changed(path, "its header is not the one that was written"));
        }
        if header.format > FORMAT {
            return Err(newer(path));
        }
        if header.bytes != length {
            let why = format!("it has {length} bytes, and had {}", header.bytes);
            return Err(changed(path, &why));
        }
        Ok(Self { file, key, header, next: 0 })
    }

    /// The next rows; `None` when there are no more.
    pub fn next(&mut self, path: &Path) -> Result<Option<(Name, Vec<Row>)>, Declined> {
        if self.next == self.header.chunks {
            return Ok(None);
        }
        let number = self.next;
        let broken = || changed(path, &format!("chunk {} of {} is not as it was", number + 1, self.header.chunks));
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(|_| broken())?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST_CHUNK {
            return Err(broken());
        }
        let mut sealed = vec![0; length];
        self.file.read_exact(&mut sealed).map_err(|_| broken())?;
        let packed = self.key.open(number, sealed).ok_or_else(broken)?;
        let plain = decompress_to_vec_with_limit(&packed, LONGEST_CHUNK).map_err(|_| broken())?;
        self.next += 1;
        decoded(&plain).map(Some).ok_or_else(broken)
    }
}

fn encoded(rows: &Rows) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let name = u16::try_from(rows.table.len()).map_err(|_| too_long())?;
    bytes.extend_from_slice(&name.to_be_bytes());
    bytes.extend_from_slice(rows.table.as_bytes());
    let part = |bytes: &mut Vec<u8>, part: &[u8]| {
        let length = u32::try_from(part.len()).map_err(|_| too_long())?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
        Ok::<_, Fault>(())
    };
    for (key, value) in &rows.rows {
        bytes.push(u8::from(value.is_some()));
        part(&mut bytes, key)?;
        if let Some(value) = value {
            part(&mut bytes, value)?;
        }
    }
    Ok(bytes)
}

fn decoded(bytes: &[u8]) -> Option<(Name, Vec<Row>)> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (name, mut rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let name = interned(std::str::from_utf8(name).ok()?).ok()?;
    let mut rows = Vec::new();
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        let key = part(&mut rest)?;
        let value = match kind {
            0 => None,
            1 => Some(part(&mut rest)?),
            _ => return None,
        };
        rows.push((key, value));
    }
    Some((name, rows))
}

fn part(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (part, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    Some(part.to_vec())
}

/// What the MAC is over, the MAC, and the JSON.
fn parts(bytes: &[u8]) -> Option<(&[u8], Digest, &[u8])> {
    let (length, _) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let (said, rest) = bytes.split_at_checked(MAGIC.len() + 2 + usize::from(u16::from_be_bytes(*length)))?;
    let (mac, _) = rest.split_first_chunk::<MAC>()?;
    Some((said, Digest::from_bytes(*mac), said.get(MAGIC.len() + 2..)?))
}

fn changed(path: &Path, why: &str) -> Declined {
    Declined::Conflict(format!("{} was changed or damaged: {why}. Take another backup", path.display()))
}

fn newer(path: &Path) -> Declined {
    let version = env!("CARGO_PKG_VERSION");
    Declined::Conflict(format!(
        "{} was made by a newer version of Writ than this one ({version}): run that version, or a newer one",
        path.display()
    ))
}

fn failed(path: &Path, error: std::io::Error) -> Fault {
    Fault::because(FaultKind::Storage, format!("the backup {}", path.display()), error)
}

fn unwritten(error: std::io::Error) -> Fault {
    Fault::because(FaultKind::Storage, "the backup cannot be written", error)
}

fn too_long() -> Fault {
    Fault::new(FaultKind::Bug, "a part of the backup is longer than it can be")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Master;

    fn moment() -> Moment {
        Moment { head: Head { sequence: 3, hash: Digest::ZERO, at: Timestamp::from_seconds(1) }, layout: 4 }
    }

    fn master(byte: u8) -> Master {
        use base64::engine::general_purpose::STANDARD;
        Master::from_secret(&crate::base::Secret::new(STANDARD.encode([byte; 32]))).unwrap()
    }

    fn some(table: Name, count: u8) -> Rows {
        let rows = (0..count).map(|n| (vec![n], (n % 3 != 0).then(|| vec![n; 40]))).collect();
        Rows { table, rows }
    }

    fn written(path: &Path) -> Header {
        let master = master(7);
        let mut writer = Writer::create(path, &master.backup_key().unwrap(), &Entropy::seeded(1)).unwrap();
        for rows in [some("a", 200), some("b", 1), some("a", 3)] {
            writer.put(&rows).unwrap();
        }
        let (at, signer) = (Timestamp::from_seconds(2), master.head_signer().unwrap());
        writer.finish(moment(), "https://id.example".to_owned(), at, &signer).unwrap()
    }

    fn read(path: &Path, byte: u8) -> Result<Vec<Rows>, Declined> {
        let mut reader = Reader::open(path, &master(byte).backup_key().unwrap())?;
        let mut all = Vec::new();
        while let Some((table, rows)) = reader.next(path)? {
            all.push(Rows { table, rows });
        }
        Ok(all)
    }

    fn told(declined: Declined) -> String {
        match declined {
            Declined::Conflict(text) | Declined::Missing(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_written_is_read_in_its_order_and_by_its_key_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("b");
        let header = written(&path);
        assert_eq!((header.chunks, header.rows, header.layout), (3, 204, 4));
        assert_eq!(header.bytes, std::fs::metadata(&path).unwrap().len());
        assert_eq!(read(&path, 7).unwrap(), [some("a", 200), some("b", 1), some("a", 3)]);
        assert!(told(read(&path, 8).unwrap_err()).contains("another master key"));
        assert!(told(read(&place.path().join("none"), 7).unwrap_err()).contains("there is no"));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("b");
        written(&path);
        let whole = std::fs::read(&path).unwrap();
        let json_ends = MAGIC.len() + 2 + usize::from(u16::from_be_bytes([whole[14], whole[15]])) + MAC;
        let other = place.path().join("other");
        // What fills the header up says nothing.
        for at in (0..json_ends).chain(HEADER..whole.len()) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&other, &bytes).unwrap();
            assert!(read(&other, 7).is_err(), "{at}");
        }
        for cut in (0..whole.len()).step_by(7) {
            std::fs::write(&other, &whole[..cut]).unwrap();
            assert!(read(&other, 7).is_err(), "{cut}");
        }
        std::fs::write(&other, [whole.as_slice(), b"more"].concat()).unwrap();
        assert!(told(read(&other, 7).unwrap_err()).contains("was changed or damaged"));
    }

    #[test]
    fn chunks_that_change_places_are_noticed() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("b");
        written(&path);
        let whole = std::fs::read(&path).unwrap();
        let (header, mut rest) = whole.split_at(HEADER);
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let length = 4 + u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            chunks.push(&rest[..length]);
            rest = &rest[length..];
        }
        assert_eq!(chunks.len(), 3);
        chunks.swap(0, 2);
        std::fs::write(&path, [header, &chunks.concat()].concat()).unwrap();
        assert!(told(read(&path, 7).unwrap_err()).contains("chunk 1 of 3 is not as it was"));
    }

    #[test]
    fn a_newer_format_is_left_to_a_newer_writ() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("b");
        std::fs::write(&path, [b"writ backup 2\n".as_slice(), &[b' '; HEADER]].concat()).unwrap();
        assert!(told(read(&path, 7).unwrap_err()).contains("newer version of Writ"));
        std::fs::write(&path, [b'x'; 2 * HEADER]).unwrap();
        assert!(told(read(&path, 7).unwrap_err()).contains("is no backup"));
    }
}
