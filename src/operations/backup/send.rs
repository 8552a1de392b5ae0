//! Sends a backup to the object store: a small one in one request, a large one in parts.
//!
//! Parts lie in the store, paid for and seen by nobody, until somebody makes an object of them or takes them back. So the name of an upload is
//! written down before the first part goes, and an upload that comes to nothing is taken back: at once, or with the next backup if the process was
//! killed or the store did not answer.

use std::fs::File;
use std::path::Path;

use rusty_s3::actions::{CompleteMultipartUpload, CreateMultipartUpload};

use super::object_store::{Asking, ObjectStore, fault, gone, good, is_busy, tried, tried_if};
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::model::{BackupUpload, Context, Event};
use crate::outbound::Stretch;
use crate::store::tables::{BACKUPS, ONLY};
use crate::store::{Read as _, Tx};

const MIB: u64 = 1_024 * 1_024;
/// An upload has no more (S3, multipart upload limits: "Maximum number of parts per upload: 10,000").
const MOST_PARTS: u64 = 10_000;
/// Nor a part ("5 MiB to 5 GiB").
const LARGEST_PART: u64 = 5 * 1_024 * MIB;
/// What is called longer is no name of an upload.
const LONGEST_UPLOAD: usize = 1_024;
/// So many uploads that could not be taken back are remembered.
const MOST_UNFINISHED: usize = 20;

/// How a copy went.
#[derive(Clone, Debug, Default)]
pub(super) struct Copied {
    /// What it is called there, if backups go there at all; or why it is not there.
    pub(super) object: Option<Result<String, String>>,
    /// What lies there in parts and could not be taken back.
    pub(super) unfinished: Vec<BackupUpload>,
}

/// Copies a backup there, if the settings say where. It takes its time, on the caller's thread, and ends early when the appliance does.
pub(super) fn copy(app: &App, ctx: &Context, path: &Path) -> Copied {
    let failed = |fault: Fault, unfinished| Copied { object: Some(Err(fault.to_string())), unfinished };
    let left = match super::state(app) {
        Ok(state) => state.unfinished,
        Err(fault) => return failed(fault, Vec::new()),
    };
    let store = match ObjectStore::of(&app.config.backup) {
        Ok(Some(store)) => store,
        Ok(None) => return Copied { object: None, unfinished: left },
        Err(fault) => return failed(fault, left),
    };
    let is_over = || app.backup_turn.is_closed();
    let asking = Asking { outbound: &app.outbound, clock: &app.clock, is_over: &is_over };
    // Of before: a process that was killed, or a store that did not answer. One that does not give one back is not asked for each of the others.
    let mut unfinished: Vec<BackupUpload> = Vec::new();
    for upload in left {
        if !unfinished.is_empty() || store.take_back(asking, &upload).is_err() {
            unfinished.push(upload);
        }
    }
    let begun = |upload: &BackupUpload| begun(app, ctx, upload);
    let sent = store.send(asking, path, u64::from(app.config.backup.s3_part_mib) * MIB, &begun);
    let object = sent.map_err(|failed| {
        unfinished.extend(failed.left);
        failed.why.to_string()
    });
    Copied { object: Some(object), unfinished }
}

/// Writes down that the store keeps parts from now on.
fn begun(app: &App, ctx: &Context, upload: &BackupUpload) -> Result<(), Fault> {
    let upload = upload.clone();
    app.store.write_blocking("begin to send a backup", ctx, move |tx: &mut Tx<'_>| {
        let only = ONLY.to_owned();
        let mut state = tx.get(&BACKUPS, &only)?.unwrap_or_default();
        let too_many = (state.unfinished.len() + 1).saturating_sub(MOST_UNFINISHED);
        state.unfinished.drain(..too_many);
        state.unfinished.push(upload.clone());
        tx.put(&BACKUPS, &only, &state)?;
        tx.record(Event::BackupSending { object: upload.object.clone() })
    })
}

/// Why one was not sent.
#[derive(Debug)]
pub(super) struct NotSent {
    why: Fault,
    /// What lies there in parts and could not be taken back.
    left: Option<BackupUpload>,
}

impl From<Fault> for NotSent {
    fn from(why: Fault) -> Self {
        Self { why, left: None }
    }
}

/// Told of an upload before its first part goes.
type Begun<'a> = dyn Fn(&BackupUpload) -> Result<(), Fault> + 'a;

impl ObjectStore {
    /// Sends a file, in parts if it has more than `part` bytes, and asks whether all of it is there. Gives the object's name.
    pub(super) fn send(
        &self,
        asking: Asking<'_>,
        path: &Path,
        part: u64,
        begun: &Begun<'_>,
    ) -> Result<String, NotSent> {
        let failed = |e| Fault::because(FaultKind::Storage, format!("the backup {}", path.display()), e);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = format!("{}{name}", self.prefix);
        if length <= part {
            self.whole(asking, &key, &file, length).map_err(|why| stopped(asking, why))?;
            self.is_there(asking, &key, length)?;
            return Ok(key);
        }
        let Some(part) = part_size(length, part) else {
            let why = format!("{length} bytes are more than such a store takes as one object, so nothing was sent");
            return Err(fault(format!("{why}: copy {} there another way", path.display())).into());
        };
        self.in_parts(asking, &key, (&file, length), part, begun)?;
        Ok(key)
    }

    fn whole(&self, asking: Asking<'_>, key: &str, file: &File, length: u64) -> Result<(), Fault> {
        let sent = tried(asking, || {
            let url = self.signed(&self.bucket.put_object(Some(&self.credentials), key), asking.clock.now())?;
            let what = Stretch { file, from: 0, length, is_over: asking.is_over };
            asking.outbound.put_object(&url, &what, self.reach)
        });
        good(sent, "took no backup").map(drop)
    }

    /// Sending may have taken hours, and what is there is what counts.
    fn is_there(&self, asking: Asking<'_>, key: &str, length: u64) -> Result<(), Fault> {
        match good(self.head(asking, key), "does not show the backup it took")?.length {
            Some(there) if there == length => Ok(()),
            there => Err(fault(format!("the object store has {there:?} bytes of {length}"))),
        }
    }

    fn in_parts(
        &self,
        asking: Asking<'_>,
        key: &str,
        (file, length): (&File, u64),
        part: u64,
        begun: &Begun<'_>,
    ) -> Result<(), NotSent> {
        let upload = BackupUpload { object: key.to_owned(), upload: self.begin(asking, key)? };
        let why = match self.parts(asking, &upload, (file, length), part, begun) {
            Ok(tags) => {
                let joined = self.join(asking, &upload, &tags);
                // It may have been made although nobody heard of it: what is there decides.
                match (joined, self.is_there(asking, key, length)) {
                    (_, Ok(())) => return Ok(()),
                    (Err(why), Err(_)) | (Ok(()), Err(why)) => why,
                }
            }
            Err(why) => stopped(asking, why),
        };
        match self.take_back(asking, &upload) {
            Ok(()) => Err(why.into()),
            Err(also) => {
                let text = format!(
                    "{why}; and what was sent of it is still there, which is tried again with the next one: {also}"
                );
                Err(NotSent { why: fault(text), left: Some(upload) })
            }
        }
    }

    fn begin(&self, asking: Asking<'_>, key: &str) -> Result<String, Fault> {
        // Again only if the store said that it did not: each is an upload of its own, and one that nobody heard of is taken back by nobody.
        let answered = tried_if(asking, is_busy, || {
            let action = self.bucket.create_multipart_upload(Some(&self.credentials), key);
            asking.outbound.post_to_store(&self.signed(&action, asking.clock.now())?, "", self.reach)
        });
        let said = good(answered, "begins no upload in parts")?.said;
        let upload = CreateMultipartUpload::parse_response(&said).ok().map(|begun| begun.upload_id().to_owned());
        let is_one = |id: &String| (1..=LONGEST_UPLOAD).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        upload.filter(is_one).ok_or_else(|| fault("the object store does not say what it calls the upload".to_owned()))
    }

    /// Sends one part after the other, each read from the file as it goes. Gives what the store calls them, which is all that is kept of them.
    fn parts(
        &self,
        asking: Asking<'_>,
        upload: &BackupUpload,
        (file, length): (&File, u64),
        part: u64,
        begun: &Begun<'_>,
    ) -> Result<Vec<String>, Fault> {
        begun(upload)?;
        let (mut tags, mut from) = (Vec::new(), 0);
        while from < length {
            let number = u16::try_from(tags.len() + 1).map_err(|_| fault("there are too many parts".to_owned()))?;
            let what = Stretch { file, from, length: part.min(length - from), is_over: asking.is_over };
            let sent = tried(asking, || {
                let (credentials, key, id) = (Some(&self.credentials), &upload.object, &upload.upload);
                let url = self.signed(&self.bucket.upload_part(credentials, key, number, id), asking.clock.now())?;
                asking.outbound.put_object(&url, &what, self.reach)
            });
            let tag = good(sent, &format!("took no part {number} of a backup"))?.tag;
            tags.push(tag.ok_or_else(|| fault(format!("the object store does not say what it calls part {number}")))?);
            from += what.length;
        }
        Ok(tags)
    }

    /// Has one object made of the parts.
    fn join(&self, asking: Asking<'_>, upload: &BackupUpload, tags: &[String]) -> Result<(), Fault> {
        let action = || -> CompleteMultipartUpload<'_, _> {
            let tags = tags.iter().map(String::as_str);
            let (credentials, key, id) = (Some(&self.credentials), &upload.object, &upload.upload);
            self.bucket.complete_multipart_upload(credentials, key, id, tags)
        };
        let body = action().body();
        let joined = tried(asking, || {
            let url = self.signed(&action(), asking.clock.now())?;
            asking.outbound.post_to_store(&url, &body, self.reach)
        });
        good(joined, "makes no object of the parts of a backup").map(drop)
    }

    /// What was sent of an upload goes.
    fn take_back(&self, asking: Asking<'_>, upload: &BackupUpload) -> Result<(), Fault> {
        let answered = tried(asking, || {
            let (credentials, key, id) = (Some(&self.credentials), &upload.object, &upload.upload);
            let action = self.bucket.abort_multipart_upload(credentials, key, id);
            asking.outbound.delete_object(&self.signed(&action, asking.clock.now())?, self.reach)
        });
        gone(answered, "does not take an upload back")
    }
}

/// Whoever stops the appliance is the reason, whatever broke by it.
fn stopped(asking: Asking<'_>, why: Fault) -> Fault {
    if (asking.is_over)() { fault("the appliance was stopped while it was sent".to_owned()) } else { why }
}

/// How large the parts of a file are: as the settings say, or as large as it takes, in whole MiB. `None` if no number of them holds it.
fn part_size(length: u64, wanted: u64) -> Option<u64> {
    let least = length.div_ceil(MOST_PARTS).div_ceil(MIB).saturating_mul(MIB);
    Some(wanted.max(least)).filter(|part| *part <= LARGEST_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_are_enough_for_whatever_such_a_store_holds() {
        let (wanted, tib) = (64 * MIB, 1_024 * 1_024 * MIB);
        assert_eq!(part_size(wanted + 1, wanted), Some(wanted));
        assert_eq!(part_size(wanted * MOST_PARTS, wanted), Some(wanted));
        assert_eq!(part_size(wanted * MOST_PARTS + 1, wanted), Some(65 * MIB));
        for length in [6 * 1_024 * MIB, tib, 5 * tib, 48 * tib, LARGEST_PART * MOST_PARTS] {
            let part = part_size(length, wanted).unwrap();
            assert!(
                length.div_ceil(part) <= MOST_PARTS && part <= LARGEST_PART && part.is_multiple_of(MIB),
                "{length}: {part}"
            );
        }
        assert_eq!(part_size(LARGEST_PART * MOST_PARTS + 1, wanted), None);
        assert_eq!(part_size(u64::MAX, wanted), None);
    }
}
