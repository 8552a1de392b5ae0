//! What is remembered of backups, and of having been restored from one.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// How backups went lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupState {
    /// The last one that was made and checked, where backups go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<BackupMade>,
    /// The same, where somebody wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<BackupMade>,
    /// What went wrong last, if nothing did so at the last one since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<BackupFailed>,
    /// The names of those that are in the object store, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// What was begun to be sent there in parts, and is neither whole nor taken back as far as is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<BackupUpload>,
}

/// A backup on its way to the object store, in parts. The store keeps those that came, out of everybody's sight, until somebody names the upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupUpload {
    /// What it is to be called there.
    pub object: String,
    /// What the store calls the upload.
    pub upload: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMade {
    pub at: Timestamp,
    /// Its file's name, without the place.
    pub file: String,
    pub bytes: u64,
    /// The last entry of the audit log in it.
    pub sequence: u64,
    /// Which master key opens it; rows from before this was written down do not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFailed {
    pub at: Timestamp,
    pub why: String,
    /// Whether there is a backup all the same, and what went wrong came after it: its copy elsewhere, or that older ones go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
}

/// That this file comes from a backup, and what is to be thought of because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub at: Timestamp,
    /// When the backup was made.
    pub made_at: Timestamp,
    /// The last entry of the audit log that was in it.
    pub sequence: u64,
    /// How many entries there were after it, as far as anybody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    /// What a person should do, in sentences.
    pub advice: Vec<String>,
    /// When somebody said that they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
}
