//! A store that speaks S3, where backups outlive the disk.
//!
//! A request is a signed URL (AWS Signature Version 4, in the query): what is sent is sealed already, and the connection is TLS. The names of what
//! was sent are in the row of how backups went, so that the oldest go without anything being listed. How one is sent is in [`send`](super::send), how
//! one comes back in [`fetch`](super::fetch).

use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use crate::base::{Clock, Fault, FaultKind, Timestamp};
use crate::config::BackupSettings;
use crate::outbound::{Outbound, OutboundError, Reach, Stored};

/// How long a signed URL is good: to begin with what it is for.
const GOOD_FOR: Duration = Duration::from_secs(15 * 60);
/// How often something is tried that fails for reasons that pass.
const TRIES: u32 = 4;
/// Whoever waits for the next try looks so often whether anybody still wants it.
const LOOK: Duration = Duration::from_millis(100);
/// Looks before the second try; twice as many before the third, and so on.
const LOOKS: u32 = 10;

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
    pub(super) bucket: Bucket,
    pub(super) credentials: Credentials,
    pub(super) prefix: String,
    pub(super) reach: Reach,
}

/// What whoever asks the store has: the way there, the time, and whether anybody still wants the answer.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) outbound: &'a Outbound,
    pub(super) clock: &'a Clock,
    pub(super) is_over: &'a dyn Fn() -> bool,
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

    /// What is there under a name.
    pub(super) fn head(&self, asking: Asking<'_>, key: &str) -> Result<Stored, OutboundError> {
        tried(asking, || {
            let url = self.signed(&self.bucket.head_object(Some(&self.credentials), key), asking.clock.now())?;
            asking.outbound.head_object(&url, self.reach)
        })
    }

    /// Removes objects that were sent. One that the store does not give up keeps no other; a store that cannot be reached is not asked again
    /// for each of them.
    pub(super) fn remove(&self, outbound: &Outbound, keys: Vec<String>, clock: &Clock) -> Removed {
        let mut removed = Removed::default();
        for key in keys {
            let url = self.signed(&self.bucket.delete_object(Some(&self.credentials), &key), clock.now());
            let answered = url.and_then(|url| outbound.delete_object(&url, self.reach));
            let is_there = answered.is_ok();
            removed = removed.and(gone(answered, "does not remove a backup").map(|()| key));
            if !is_there {
                break;
            }
        }
        removed
    }

    pub(super) fn signed<'a>(&self, action: &impl S3Action<'a>, at: Timestamp) -> Result<url::Url, OutboundError> {
        let at = jiff::Timestamp::from_millisecond(at.millis());
        Ok(action.sign_with_time(GOOD_FOR, &at.map_err(|_| OutboundError::Url("it is signed at a time that is none"))?))
    }
}

/// Tries what may fail for reasons that pass: a connection that breaks, a store that is busy (`SlowDown`), bytes that did not come as they were
/// sent (`BadDigest`). A limited number of times, longer apart each time, and no longer than anybody wants it.
pub(super) fn tried(
    asking: Asking<'_>,
    once: impl FnMut() -> Result<Stored, OutboundError>,
) -> Result<Stored, OutboundError> {
    tried_if(asking, |answered| is_busy(answered) || answered.as_ref().is_err_and(OutboundError::is_transient), once)
}

/// Whether the store said that it did nothing, for a reason that passes.
pub(super) fn is_busy(answered: &Result<Stored, OutboundError>) -> bool {
    match answered {
        Ok(Stored { status: 429 | 500.., .. }) => true,
        Ok(Stored { code, .. }) => {
            matches!(code.as_deref(), Some("BadDigest" | "RequestTimeout" | "InternalError" | "SlowDown"))
        }
        Err(_) => false,
    }
}

/// The same for the reasons that somebody names.
pub(super) fn tried_if(
    asking: Asking<'_>,
    passes: impl Fn(&Result<Stored, OutboundError>) -> bool,
    mut once: impl FnMut() -> Result<Stored, OutboundError>,
) -> Result<Stored, OutboundError> {
    let mut looks = LOOKS;
    for _ in 1..TRIES {
        let answered = once();
        if !passes(&answered) {
            return answered;
        }
        for _ in 0..looks {
            if (asking.is_over)() {
                return answered;
            }
            asking.clock.pause(LOOK);
        }
        looks *= 2;
    }
    once()
}

/// The address is a secret while its signature is good, so no error has it.
pub(super) fn good(answered: Result<Stored, OutboundError>, what: &str) -> Result<Stored, Fault> {
    match answered {
        Ok(stored) if (200..300).contains(&stored.status) && stored.code.is_none() => Ok(stored),
        Ok(Stored { status, code, .. }) => {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            Err(fault(format!("the object store {what}: status {status}{code}")))
        }
        Err(error) => Err(fault(format!("the object store {what}: {error:?}"))),
    }
}

/// The same of what was to be removed: what is gone already is no error; that the bucket is gone is one.
pub(super) fn gone(answered: Result<Stored, OutboundError>, what: &str) -> Result<(), Fault> {
    match answered {
        Ok(Stored { status: 404, code, .. }) if code.as_deref() != Some("NoSuchBucket") => Ok(()),
        answered => good(answered, what).map(drop),
    }
}

pub(super) fn fault(text: String) -> Fault {
    Fault::new(FaultKind::Storage, text)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

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

    #[test]
    fn a_signed_address_is_by_path_and_holds_no_secret() {
        let store = ObjectStore::of(&settings(&WHOLE)).unwrap().unwrap();
        let action = store.bucket.put_object(Some(&store.credentials), "writ/x.backup");
        let url = store.signed(&action, Timestamp::from_seconds(1_800_000_000)).unwrap();
        assert!(url.as_str().starts_with("https://s3.example/b/writ/x.backup?"), "{url}");
        assert!(url.as_str().contains("X-Amz-Signature=") && !url.as_str().contains("hush"));
    }

    #[test]
    fn what_passes_is_tried_again_a_few_times_and_nothing_else_is() {
        let resolver = Resolver::from_fn(|_| panic!("the store was asked"));
        let outbound = Outbound::new(OutboundPolicy { resolver, ..OutboundPolicy::default() }).unwrap();
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let answer = |status, code: Option<&str>| {
            let code = code.map(str::to_owned);
            Ok(Stored { status, length: None, tag: None, code, said: String::new() })
        };
        let asked = |answered: Result<Stored, OutboundError>, is_over: bool| {
            let count = Cell::new(0);
            let asking = Asking { outbound: &outbound, clock: &clock, is_over: &|| is_over };
            let last = tried(asking, || {
                count.set(count.get() + 1);
                answered.clone()
            });
            assert_eq!(last, answered);
            count.get()
        };
        for passing in [
            answer(503, Some("SlowDown")),
            answer(500, None),
            answer(429, None),
            answer(400, Some("BadDigest")),
            Err(OutboundError::NoConnection),
            Err(OutboundError::Malformed),
            Err(OutboundError::TooSlow),
        ] {
            assert_eq!(asked(passing.clone(), false), TRIES, "{passing:?}");
            assert_eq!(asked(passing.clone(), true), 1, "nobody wants it any more: {passing:?}");
        }
        for lasting in [
            answer(200, None),
            answer(403, Some("AccessDenied")),
            answer(404, None),
            Err(OutboundError::ForbiddenAddress),
            Err(OutboundError::Certificate),
        ] {
            assert_eq!(asked(lasting.clone(), false), 1, "{lasting:?}");
        }
    }
}
