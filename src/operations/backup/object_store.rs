//! Copies backups to a store that speaks S3, where they outlive the disk.
//!
//! A request is a signed URL (AWS Signature Version 4, in the query): what is sent is sealed already, and the connection is TLS. The names of what
//! was sent are in the row of how backups went, so that the oldest go without anything being listed.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use crate::app::App;
use crate::base::{Clock, Fault, FaultKind, Timestamp};
use crate::config::BackupSettings;
use crate::outbound::{Outbound, Reach, Stored};

/// One request may send no more (S3: "Upload an object in a single operation … up to 5 GB").
const MOST_BYTES: u64 = 5 * 1_024 * 1_024 * 1_024;
/// How long a signed URL is good.
const GOOD_FOR: Duration = Duration::from_secs(15 * 60);

/// What went of what should, and the first thing that kept any of it.
#[derive(Debug, Default)]
pub(super) struct Removed {
    pub(super) names: Vec<String>,
    pub(super) failed: Option<Fault>,
}

impl Removed {
    pub(super) fn and(mut self, outcome: Result<String, Fault>) -> Self {
        match outcome {
            Ok(name) => self.names.push(name),
            Err(fault) => drop(self.failed.get_or_insert(fault)),
        }
        self
    }
}

/// Where backups are copied to.
pub(super) struct ObjectStore {
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    reach: Reach,
}

impl ObjectStore {
    /// What the settings say; nothing without a bucket.
    pub(super) fn of(settings: &BackupSettings) -> Result<Option<Self>, Fault> {
        let Some(name) = &settings.s3_bucket else { return Ok(None) };
        let missing =
            |what: &str| Fault::new(FaultKind::Settings, format!("backup.s3_bucket is set, and backup.{what} is not"));
        let endpoint = settings.s3_endpoint.as_ref().ok_or_else(|| missing("s3_endpoint"))?;
        let key = settings.s3_access_key_id.as_ref().ok_or_else(|| missing("s3_access_key_id"))?;
        let secret = settings.s3_secret_access_key.as_ref().ok_or_else(|| missing("s3_secret_access_key"))?;
        let no_url = |why: String| Fault::new(FaultKind::Settings, format!("backup.s3_endpoint: {why}"));
        let endpoint = endpoint.parse::<url::Url>().map_err(|e| no_url(e.to_string()))?;
        // By path: every such store takes it, and it needs no name for each bucket.
        let bucket = Bucket::new(endpoint, UrlStyle::Path, name.clone(), settings.s3_region.clone());
        let bucket = bucket.map_err(|_| no_url("this is no http or https URL".to_owned()))?;
        Ok(Some(Self {
            bucket,
            credentials: Credentials::new(key.clone(), secret.expose()),
            prefix: settings.s3_prefix.clone(),
            reach: if settings.s3_private { Reach::Private } else { Reach::Public },
        }))
    }

    /// Sends a file, and asks whether all of it is there. Gives the object's name.
    pub(super) fn send(&self, outbound: &Outbound, path: &Path, clock: &Clock) -> Result<String, Fault> {
        let failed = |e| Fault::because(FaultKind::Storage, format!("the backup {}", path.display()), e);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > MOST_BYTES {
            return Err(fault(format!(
                "{length} bytes are more than S3 takes in one upload, 5 GiB, so nothing was sent: copy {} there another way",
                path.display()
            )));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = format!("{}{name}", self.prefix);
        let url = self.signed(&self.bucket.put_object(Some(&self.credentials), &key), clock.now())?;
        good(outbound.put_object(&url, &file, self.reach), "took no backup")?;
        // Sending may have taken hours, and the first signature is good for minutes.
        let url = self.signed(&self.bucket.head_object(Some(&self.credentials), &key), clock.now())?;
        let there = good(outbound.head_object(&url, self.reach), "does not show the backup it took")?;
        match there.length {
            Some(there) if there == length => Ok(key),
            there => Err(fault(format!("the object store has {there:?} bytes of {length}"))),
        }
    }

    /// Removes objects that were sent. One that the store does not give up keeps no other; a store that cannot be reached is not asked again
    /// for each of them.
    pub(super) fn remove(&self, outbound: &Outbound, keys: Vec<String>, clock: &Clock) -> Removed {
        let mut removed = Removed::default();
        for key in keys {
            let url = match self.signed(&self.bucket.delete_object(Some(&self.credentials), &key), clock.now()) {
                Ok(url) => url,
                Err(fault) => return removed.and(Err(fault)),
            };
            let answered = outbound.delete_object(&url, self.reach);
            let is_there = answered.is_ok();
            let outcome = match answered {
                // One that is gone already is no error; that the bucket is gone is one.
                Ok(Stored { status: 404, code, .. }) if code.as_deref() != Some("NoSuchBucket") => Ok(key),
                answered => good(answered, "does not remove a backup").map(|_| key),
            };
            removed = removed.and(outcome);
            if !is_there {
                break;
            }
        }
        removed
    }

    fn signed<'a>(&self, action: &impl S3Action<'a>, at: Timestamp) -> Result<url::Url, Fault> {
        let at = jiff::Timestamp::from_millisecond(at.millis());
        let at = at.map_err(|e| Fault::because(FaultKind::Bug, "a time that is none", e))?;
        Ok(action.sign_with_time(GOOD_FOR, &at))
    }
}

/// The address is a secret while its signature is good, so no error has it.
fn good<E: std::fmt::Debug>(answered: Result<Stored, E>, what: &str) -> Result<Stored, Fault> {
    match answered {
        Ok(stored) if (200..300).contains(&stored.status) => Ok(stored),
        Ok(Stored { status, code, .. }) => {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            Err(fault(format!("the object store {what}: status {status}{code}")))
        }
        Err(error) => Err(fault(format!("the object store {what}: {error:?}"))),
    }
}

fn fault(text: String) -> Fault {
    Fault::new(FaultKind::Storage, text)
}

/// Copies a backup there, if the settings say where. Gives the object's name.
pub(super) fn copy(app: &App, path: &Path) -> Result<Option<String>, Fault> {
    ObjectStore::of(&app.config.backup)?.map(|store| store.send(&app.outbound, path, &app.clock)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use crate::outbound::{OutboundPolicy, Resolver};

    fn settings(given: &[(&'static str, &str)]) -> BackupSettings {
        let flags = given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config.backup
    }

    const WHOLE: [(&str, &str); 4] = [
        ("backup.s3_bucket", "b"),
        ("backup.s3_endpoint", "https://s3.example"),
        ("backup.s3_access_key_id", "AKID"),
        ("backup.s3_secret_access_key", "hush"),
    ];

    #[test]
    fn without_a_bucket_there_is_none_and_with_one_everything_else_is_asked_for() {
        assert!(ObjectStore::of(&settings(&[])).unwrap().is_none());
        assert!(ObjectStore::of(&settings(&WHOLE)).unwrap().is_some());
        for left_out in 1..WHOLE.len() {
            let mut some = WHOLE.to_vec();
            let (name, _) = some.remove(left_out);
            let fault = ObjectStore::of(&settings(&some)).err().unwrap();
            assert!(fault.to_string().contains(name), "{fault}");
        }
        for endpoint in ["s3.example", "ftp://s3.example", "https://"] {
            let mut some = WHOLE;
            some[1].1 = endpoint;
            assert!(ObjectStore::of(&settings(&some)).is_err(), "{endpoint}");
        }
    }

    /// Nothing is sent of what could not be taken: the store would say so after hours.
    #[test]
    fn what_is_too_large_for_one_upload_is_not_begun() {
        let store = ObjectStore::of(&settings(&WHOLE)).unwrap().unwrap();
        let resolver = Resolver::from_fn(|_| panic!("the store was asked"));
        let outbound = Outbound::new(OutboundPolicy { resolver, ..OutboundPolicy::default() }).unwrap();
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("writ-large.backup");
        // A hole takes no room.
        File::create(&path).unwrap().set_len(MOST_BYTES + 1).unwrap();
        let why = store.send(&outbound, &path, &Clock::fixed(Timestamp::from_seconds(1_800_000_000))).unwrap_err();
        let why = why.to_string();
        assert!(why.contains("5 GiB, so nothing was sent") && why.contains("writ-large.backup"), "{why}");
    }

    #[test]
    fn a_signed_address_is_by_path_and_holds_no_secret() {
        let store = ObjectStore::of(&settings(&WHOLE)).unwrap().unwrap();
        let action = store.bucket.put_object(Some(&store.credentials), "writ/x.backup");
        let url = store.signed(&action, Timestamp::from_seconds(1_800_000_000)).unwrap();
        assert!(url.as_str().starts_with("https://s3.example/b/writ/x.backup?"), "{url}");
        assert!(url.as_str().contains("X-Amz-Signature=") && !url.as_str().contains("hush"));
    }
}
