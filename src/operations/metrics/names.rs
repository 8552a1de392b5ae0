//! Every metric there is. A name is a promise: dashboards and alarms of others are made of it.

/// One family of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

/// What can be made of its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    /// With its bounds in seconds, kept in microseconds.
    Times,
    /// With its bounds in pieces.
    Sizes,
}

impl Kind {
    /// As the text format says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Times | Self::Sizes => "histogram",
        }
    }
}

macro_rules! metrics {
    ($($name:ident = $kind:ident $text:literal [$($label:literal),*], $help:literal;)*) => {
        $(pub(super) const $name: Metric =
            Metric { name: $text, kind: Kind::$kind, labels: &[$($label),*], help: $help };)*

        /// In the order in which the page tells of them.
        pub const METRICS: &[Metric] = &[$($name),*];
    };
}

metrics! {
    BUILD = Gauge "writ_build_info" ["version"], "Always 1; the label says which Writ this is.";
    REQUESTS = Counter "writ_http_requests_total" ["route", "status"], "Requests that were answered, by the kind of door and the hundreds of the status.";
    REQUEST_TIMES = Times "writ_http_request_duration_seconds" ["route"], "From the head of a request to the beginning of its answer.";
    LIMITED = Counter "writ_rate_limited_total" ["route"], "Requests that one address sent too many of.";
    GRANTS = Counter "writ_grants_total" ["grant", "outcome"], "Requests for tokens: issued, refused by the rules, or failed through a fault of ours.";
    REFUSALS = Counter "writ_refusals_total" ["reason"], "Refusals of every kind: a proof of who asks, a grant that is not good, more than may be had, a request that is not as the rules want it, too much at once, or a fault of ours.";
    SIGN_INS = Counter "writ_sign_ins_total" ["outcome"], "Sign-ins of people.";
    PASSWORDS_WAITING = Gauge "writ_passwords_waiting" [], "Passwords that wait to be hashed; 64 at most.";
    PASSWORDS_REFUSED = Counter "writ_passwords_refused_total" [], "Passwords that were not looked at because too many were waiting.";
    PASSWORD_TIMES = Times "writ_password_duration_seconds" [], "How long hashing one password took, without the wait.";
    STORE_READY = Gauge "writ_store_ready" [], "1, or 0 once nothing can be written any more.";
    COMMIT_TIMES = Times "writ_commit_duration_seconds" [], "How long a commit took, syncing included.";
    SYNC_TIMES = Times "writ_fsync_duration_seconds" [], "How long one sync of the file took. Without a file, there are none.";
    BATCHES = Sizes "writ_commit_batch_size" [], "Writes that shared one commit.";
    WRITES_WAITING = Gauge "writ_writes_waiting" [], "Writes that wait for their turn; 4,096 at most.";
    WRITES_REFUSED = Counter "writ_writes_refused_total" [], "Writes that were refused because too many were waiting.";
    ROWS = Gauge "writ_store_rows" ["table"], "Rows of the tables that say how much there is of something: people, sessions, clients, machines and so on.";
    STORE_BYTES = Gauge "writ_store_bytes" [], "Size of writ.redb.";
    DISK_FREE = Gauge "writ_disk_free_bytes" [], "What is left for Writ on the disk that holds the data directory.";
    DISK_SIZE = Gauge "writ_disk_size_bytes" [], "Size of that disk.";
    KEYS = Gauge "writ_signing_keys" ["algorithm", "state"], "Signing keys: next, signing, retained, revoked.";
    KEY_AGES = Gauge "writ_signing_key_age_seconds" ["algorithm", "state"], "Age of the oldest key of an algorithm and state, since it was made.";
    BACKUP_AGE = Gauge "writ_backup_age_seconds" [], "How long ago the newest backup was made and tried, of those that are where backups go and open under the present master key. Only while there is one.";
    BACKUP_FAILING = Gauge "writ_backup_failing" [], "1 if the last try to make one came to nothing, else 0.";
    CERTIFICATE_LEFT = Gauge "writ_certificate_left_seconds" [], "How long the certificate that TLS shows still holds. Only where Writ itself speaks TLS and has one.";
    AUDIT_ENTRIES = Gauge "writ_audit_entries" [], "Number of the newest entry of the audit log.";
    AUDIT_AGE = Gauge "writ_audit_head_age_seconds" [], "How long ago the newest entry was written.";
    AUDIT_NOT_KEPT = Gauge "writ_audit_head_behind_entries" [], "Entries that are newer than the head kept outside the file; it is renewed every ten seconds.";
    DELIVERED = Counter "writ_audit_delivered_entries_total" [], "Entries of the audit log that were delivered elsewhere. Only with audit.deliver_to.";
    DELIVERY_FAILURES = Counter "writ_audit_delivery_failures_total" [], "Deliveries that came to nothing and are tried again.";
    DELIVERY_BEHIND = Gauge "writ_audit_delivery_behind_entries" [], "Entries that wait to be delivered.";
    OUTBOUND = Counter "writ_outbound_requests_total" ["outcome"], "Requests that Writ made to others, by what came of them: documents and keys, resources and their tools, the certificate authority, the audit log sent to an address, and what `writ doctor` asks. Neither traces nor backups.";
    START = Gauge "process_start_time_seconds" [], "When the process began, in seconds since 1970.";
    CPU = Counter "process_cpu_seconds_total" [], "Processor time that the process has used.";
    MEMORY = Gauge "process_resident_memory_bytes" [], "Memory of the process that is in use.";
    VIRTUAL = Gauge "process_virtual_memory_bytes" [], "Memory of the process that has an address.";
    DESCRIPTORS = Gauge "process_open_fds" [], "File descriptors that are open.";
    MOST_DESCRIPTORS = Gauge "process_max_fds" [], "How many may be open.";
    THREADS = Gauge "process_threads" [], "Threads of the process.";
}
