//! Every setting, once: its name, what it is without being set, what it may be, and why it exists.
//!
//! A setting is read from four places, the later ones winning: built in, the settings file (TOML), the
//! environment (`WRIT_…`), the command line. A name that no setting has refuses to start, so that a spelling
//! mistake is never a silent default. `docs/settings.md` is written from this table and checked against it.

mod deliver_to;
mod kept;
mod load;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use deliver_to::{DeliverTo, SyslogAt};
pub use kept::{Aside, LONGEST_KEPT};
pub use load::{Effective, Entry, Provenance, SettingsError, Source, Sources};
pub use value::{Accent, HouseName, HttpsUrl, LogFormat, SupportUrl};
use value::{SettingValue, within};

use crate::base::{AddressRange, Issuer, Lifetime, Secret, Timestamp};
use crate::model::{AcmeChallenge, Algorithm, Email, RegistrationMode, SecondFactorFor};

/// What the table knows about one setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the settings file: `lifetimes.access` is `access` in the section `[lifetimes]`.
    pub name: &'static str,
    /// Its value as text when nobody sets it.
    pub default: &'static str,
    /// Least and most, both allowed; empty where every value that parses is good.
    pub within: &'static str,
    pub about: &'static str,
    /// For a setting that can be changed while the appliance runs: what a change means for what is out already. Empty for one that
    /// is read when it starts, and only then.
    pub live: &'static str,
    /// Its values, where they are few.
    pub choices: &'static [&'static str],
    set: fn(&mut Config, &str) -> Result<(), String>,
    show: fn(&Config) -> Option<String>,
}

macro_rules! settings {
    (
        { $($field:ident: $type:ty = $default:literal $(in $bounds:literal)? $(live $live:literal)?, $about:literal;)* }
        $($group:ident: $struct:ident {
            $($member:ident: $mtype:ty = $mdefault:literal $(in $mbounds:literal)? $(live $mlive:literal)?, $mabout:literal;)*
        })*
    ) => {
        /// The effective settings, each of its own type. Made by [`Sources::load`]; what was changed while the appliance ran is
        /// laid over it by [`Config::with_kept`], in a copy.
        #[derive(Clone, Debug)]
        pub struct Config {
            $(#[doc = $about] pub $field: $type,)*
            $(pub $group: $struct,)*
            /// Where each came from.
            pub origin: Provenance,
        }
        $(
            #[derive(Clone, Debug)]
            pub struct $struct { $(#[doc = $mabout] pub $member: $mtype,)* }
        )*

        impl Config {
            /// What holds when nobody sets anything.
            fn built_in() -> Result<Self, String> {
                Ok(Self {
                    $($field: <$type as SettingValue>::parse($default)?,)*
                    $($group: $struct { $($member: <$mtype as SettingValue>::parse($mdefault)?,)* },)*
                    origin: Provenance::default(),
                })
            }
        }

        /// The table.
        pub const SETTINGS: &[Setting] = &[
            $(Setting {
                name: stringify!($field),
                default: $default,
                within: concat!($($bounds)?),
                about: $about,
                live: concat!($($live)?),
                choices: <$type as SettingValue>::CHOICES,
                set: |config, text| {
                    config.$field = within(<$type as SettingValue>::parse(text)?, concat!($($bounds)?))?;
                    Ok(())
                },
                show: |config| config.$field.show(),
            },)*
            $($(Setting {
                name: concat!(stringify!($group), ".", stringify!($member)),
                default: $mdefault,
                within: concat!($($mbounds)?),
                about: $mabout,
                live: concat!($($mlive)?),
                choices: <$mtype as SettingValue>::CHOICES,
                set: |config, text| {
                    config.$group.$member = within(<$mtype as SettingValue>::parse(text)?, concat!($($mbounds)?))?;
                    Ok(())
                },
                show: |config| config.$group.$member.show(),
            },)*)*
        ];
    };
}

settings! {
    {
        listen: SocketAddr = "127.0.0.1:9000", "Address and port to listen on. Outside loopback only with TLS (tls.certificate or acme.directory), or behind a trusted proxy.";
        public_url: Issuer = "http://127.0.0.1:9000", "The URL that browsers and clients use, and the issuer in every token. Without it, http:// and the listening address. Frozen at first start.";
        data: PathBuf = "data", "The directory that holds everything: writ.redb, master.key, writ.sock, writ.toml.";
        trusted_proxies: Vec<AddressRange> = "", "Addresses or networks (10.0.0.0/8) of the proxies whose X-Forwarded-For is believed: proxies, and no networks in which people have browsers. From anybody else the header is ignored.";
        master_key: Option<Secret> = "", "32 bytes in base64 that seal the signing keys. Without it, the file master.key in the data directory, made at first start.";
        master_key_next: Option<Secret> = "", "The master key that is to take the place of master_key: `writ key rotate-master` seals everything under it. Only where master_key is set.";
        demo: bool = "false", "Serve an invented organisation, in memory: nothing is kept, and what is in the data directory is not touched. The same as `writ serve --demo`.";
        demo_at: Option<Timestamp> = "", "When a demo takes it to be as it starts, such as 2027-01-15T09:30:00Z; its past is counted back from then. Pictures of two demos can be compared so. Without it, now.";
        workers: u32 = "0" in "0..256", "Threads that answer requests; 0 for one per processor.";
    }
    tls: Tls {
        certificate: Option<PathBuf> = "", "A PEM file with the certificate and those that lead to its root, the own one first. With it Writ speaks https itself. Read again when it changes, and on SIGHUP.";
        key: Option<PathBuf> = "", "The PEM file of its private key, which others may not read.";
        redirect_from: Option<SocketAddr> = "", "An address, usually port 80, where plain http is sent on to the public URL. What carries a secret is refused there.";
    }
    acme: Acme {
        directory: Option<HttpsUrl> = "", "The directory of a certificate authority, such as https://acme-v02.api.letsencrypt.org/directory: Writ then gets its certificate there by itself (RFC 8555), and renews it. Setting it agrees to the authority's terms.";
        contact: Option<Email> = "", "Where the authority writes to when something is wrong.";
        challenge: AcmeChallenge = "tls-alpn-01", "How the authority sees that this is the public URL's host: tls-alpn-01 (at port 443 of it) or http-01 (at port 80, which is tls.redirect_from).";
        key_id: Option<String> = "", "The id of an account that is had at the authority otherwise, where it asks for one (external account binding).";
        hmac_key: Option<Secret> = "", "The key that belongs to acme.key_id, in base64url.";
    }
    registration: Registration {
        mode: RegistrationMode = "open" live "Who is registered stays so, and no token ends. Discovery says at once whether there is somewhere to register.", "Who may register a client: open (anybody), approval (usable once an administrator approves), token (whoever has an initial access token), closed (nobody).";
        unused_for: Lifetime = "1d" in "1m..90d" live "Of those who register from now on. Who waits already goes when they were told.", "A registration that nobody has used is removed after this.";
        most_unused: u32 = "10000" in "1..10000000" live "From the next registration on.", "How many unused registrations are kept at once; the oldest makes room for the next.";
    }
    outbound: Outbound {
        allow_loopback: bool = "false", "Whether client documents and key sets may be fetched from this computer. For tests and laptops; Writ warns while it is on.";
        extra_root: Option<PathBuf> = "", "A PEM file of certificates to trust besides the built-in ones, when fetching documents.";
    }
    lifetimes: Lifetimes {
        code: Lifetime = "60s" in "10s..10m" live "Codes that are given from now on.", "Authorization codes. OAuth 2.1 advises at most ten minutes; clients redeem at once.";
        authorization: Lifetime = "10m" in "1m..1h" live "At once, also for whoever is on the way now.", "How long a person may take between arriving and allowing.";
        access: Lifetime = "1h" in "1m..1d" live "Tokens that are given from now on; those that are out last as long as they were given. For a resource its own page says how long.", "Access tokens of people; a resource may say otherwise.";
        machine_access: Lifetime = "1h" in "1m..1d" live "Tokens that are given from now on; those that are out last as long as they were given. For a resource its own page says how long.", "Access tokens of machines; a resource may say otherwise.";
        refresh: Lifetime = "7d" in "10m..90d" live "Refresh tokens that are given from now on; those that are out last as long as they were given.", "A refresh token that is not used.";
        family: Lifetime = "90d" in "1h..1000d" live "Consents that are given from now on; those that were given last as long as they did.", "All refresh tokens of one consent together: then the person is asked to sign in again.";
        refresh_overlap: Lifetime = "60s" in "0s..10m" live "At once, also for refresh tokens that are out.", "How long the previous refresh token is answered after its successor was first used: several processes share one.";
        refresh_unused: Lifetime = "10m" in "0s..1h" live "At once, also for refresh tokens that are out.", "How long it is answered at all while its successor has not been used: an answer may get lost.";
        session: Lifetime = "7d" in "5m..90d" live "Who signs in from now on. Who is signed in stays so for as long as it was.", "A signed-in browser, at most.";
        session_idle: Lifetime = "12h" in "5m..90d" live "At once: who is signed in and has not been here for longer signs in again.", "A signed-in browser that nobody uses.";
    }
    sign_in: SignIn {
        second_factor: SecondFactorFor = "off" live "At once, also for you: whoever is signed in with a password alone signs in again, and sets up codes or a passkey right after it. Tokens for the API of an administrator who has neither are refused.", "Of whom more than a password is demanded: off (of nobody), administrators, everybody. Who has neither codes from an app nor a passkey sets one up right after the password, before anything else.";
    }
    dpop: Dpop {
        require_nonce: bool = "false" live "From the next proof on.", "Whether every DPoP proof must have a nonce of this appliance's (RFC 9449 §8). Proofs made beforehand are then worth nothing; clients ask once more than otherwise.";
    }
    limits: Limits {
        request_bytes: u64 = "10000000" in "65536..10000000", "Largest request body of all; each endpoint allows far less.";
        addresses: u32 = "65536" in "1024..4194304", "How many addresses are counted at once; bounds the memory of all the limits below.";
        token: u32 = "60000" in "0..10000000", "Requests per minute and address to token, introspection, revocation and userinfo; 0 for no limit. Hosted clients put thousands of people behind one address.";
        client: u32 = "30000" in "0..10000000", "Requests per minute of one client that proves who it is to token, introspection and revocation, wherever it calls from; 0 for no limit. One that hammers does not use up what an address has for all.";
        authorize: u32 = "1200" in "0..10000000", "Requests per minute and address to the authorization endpoint and its consent page; 0 for no limit.";
        register: u32 = "120" in "0..10000000", "Registrations per minute and address; 0 for no limit. A hosted client registers once per person.";
        sign_in: u32 = "60" in "0..10000000", "Sign-in attempts per minute and address, besides the limit on each account; 0 for no limit. An office shares one address.";
        pages: u32 = "1200" in "0..10000000", "Other pages per minute and address; 0 for no limit.";
        api: u32 = "6000" in "0..10000000", "Requests per minute and address to the administrators' API; 0 for no limit.";
        keys: u32 = "600" in "0..10000000", "Wrong access keys per minute and address, at all the doors that take one together; 0 for no limit. Right ones are not counted.";
        metadata: u32 = "60000" in "0..10000000", "Discovery documents and key sets per minute and address; 0 for no limit.";
    }
    machines: MachineSettings {
        unused_after: Lifetime = "30d" in "1d..3650d" live "Findings follow as soon as the machines were looked through again; no token ends.", "A machine that was used once and not for this long is a finding.";
        never_used_after: Lifetime = "7d" in "1h..3650d" live "Findings follow as soon as the machines were looked through again; no token ends.", "A machine that was never used this long after it was made is a finding.";
        scopes_unused_after: Lifetime = "90d" in "1d..3650d" live "Findings follow as soon as the machines were looked through again; no token ends.", "A scope that a machine may ask for and has not for this long is a finding.";
        secret_max_age: Lifetime = "90d" in "1d..3650d" live "Findings follow as soon as the machines were looked through again; no token ends.", "A secret or access key that is older is a finding.";
        expiring_within: Lifetime = "14d" in "1h..365d" live "Findings follow as soon as the machines were looked through again; no token ends.", "A machine or a credential that ends within this is a finding.";
        new_network_for: Lifetime = "7d" in "1h..365d" live "Findings follow as soon as the machines were looked through again; no token ends.", "How long a network that a machine never called from before is a finding.";
        shared_within: Lifetime = "1d" in "1m..30d" live "Findings follow as soon as the machines were looked through again; no token ends.", "A secret that is used from more than one network within this is a finding.";
        silent_after: Lifetime = "1d" in "1h..90d" live "Findings follow as soon as the machines were looked through again; no token ends.", "An old secret that was not used for this long, while its successor was, is safe to remove. Less than the longest life of a token says so too early.";
        suspend_idle_after: Option<Lifetime> = "" in "1d..3650d" live "As soon as the machines were looked through again, those that were not used for longer are suspended.", "A machine that was not used for this long is suspended. Without it, none is.";
    }
    delegation: DelegationSettings {
        depth: u32 = "4" in "1..16" live "From the next token exchange on; tokens that are out last as long as they were given.", "How many machines may act for somebody one through the other: the greatest depth of the act claim.";
    }
    keys: KeySettings {
        algorithms: Vec<Algorithm> = "ES256,RS256,EdDSA", "The algorithms that have a signing key. RS256 is one of them, and each must stay while a resource uses it.";
        rotation_period: Lifetime = "1d" in "10m..366d", "How long a key signs before the next one does.";
        retained_periods: u32 = "12" in "1..400", "How many rotation periods a retired key stays published; never less than the longest life of a token.";
        jwks_max_age: Lifetime = "5m" in "10s..1d", "How long others may keep a copy of the key set; a new key is published at least twice as long before it signs.";
    }
    status: Status {
        ttl: Lifetime = "15s" in "1s..1h", "How long others may keep a copy of a status list, that is, how late a verifier that follows it can learn of a revocation.";
        valid_for: Lifetime = "10m" in "1m..1d", "How long a status list may be relied on while no newer one can be had.";
    }
    audit: AuditSettings {
        traffic_for: Lifetime = "90d" in "1d..36500d", "How long the audit log keeps what was only used: tokens issued, sign-ins, refusals. What was made, changed or ended stays for ever.";
        deliver_to: Option<DeliverTo> = "", "Where a copy of every entry of the audit log is sent: file:/path, syslog:/dev/log, syslog+udp://host:514, syslog+tcp://host:601, or an https:// address. Without it, nowhere.";
        deliver_secret: Option<Secret> = "", "What deliveries to an https:// address are signed with, as Standard Webhooks has it: whsec_ and base64 of 24 to 64 bytes. There must be one.";
        deliver_file_mib: u32 = "64" in "1..65536", "A file of the audit log that has this many MiB is put aside, and another one begun.";
        deliver_files: u32 = "10" in "1..1000", "How many files are kept that were put aside; the oldest goes.";
    }
    metrics: MetricsSettings {
        listen: Option<SocketAddr> = "", "A second address and port, for those who watch: /metrics in the text format of Prometheus, and /health/ready with reasons. Whoever reaches it reads it, so it belongs on loopback or a network of one's own. Without it, there is none.";
    }
    backup: BackupSettings {
        directory: Option<PathBuf> = "", "Where backups go. Without it, the directory `backups` in the data directory: on the same disk, so a copy must go elsewhere.";
        every: Option<Lifetime> = "" in "10m..366d", "How often a backup is made by itself, and restored once to see that it can be. Without it, none is.";
        keep: u32 = "30" in "1..10000", "How many backups are kept; the oldest go once a newer one was made and tried.";
        s3_bucket: Option<String> = "", "A bucket of a store that speaks S3: backups that go to backup.directory are copied there too, as many as are kept.";
        s3_endpoint: Option<String> = "", "Where that store is, for instance https://s3.eu-central-1.amazonaws.com.";
        s3_region: String = "us-east-1", "Its region, as requests to it are signed.";
        s3_prefix: String = "", "What the names of backups begin with there, for instance writ/.";
        s3_access_key_id: Option<String> = "", "The access key for it. It may put, get and delete objects under the prefix and abort uploads of them, and nothing else; `writ backup fetch --list` also lists the bucket.";
        s3_secret_access_key: Option<Secret> = "", "The secret of the access key.";
        s3_part_mib: u32 = "64" in "5..5120", "A backup of more MiB than this is sent there in parts of so many, or of more where 10,000 of them would not hold it. One that breaks is sent again by itself.";
        s3_private: bool = "false", "Whether that store may be at an address inside, where plain http is allowed too. Without it, only public addresses over https are called.";
    }
    store: Store {
        cache_mib: u32 = "64" in "1..65536", "Memory for the file's pages, in MiB.";
    }
    log: Log {
        format: LogFormat = "text", "Log lines for people (text) or for programs (json). They go to standard error.";
        filter: String = "info", "What is logged: error, warn, info, debug, trace, or per module as in `info,writ::store=debug`.";
    }
    brand: Brand {
        name: HouseName = "Writ" live "From the next page on.", "What pages call this appliance.";
        accent: Accent = "ink" live "From the next page on.", "The colour of buttons and links on pages: ink, teal, forest, plum or graphite, each readable in light and dark.";
        logo: Option<PathBuf> = "", "A PNG or SVG of at most 64 KiB that stands beside the name on every page. It is read at the start.";
        support_url: Option<SupportUrl> = "" live "From the next page on.", "Where pages send people who need help: https:// or mailto:.";
    }
}

impl Config {
    /// The store's file.
    pub fn store_file(&self) -> PathBuf {
        self.data.join("writ.redb")
    }

    /// The settings file that is read when none is named.
    pub fn settings_file(&self) -> PathBuf {
        Self::settings_file_in(&self.data)
    }

    fn settings_file_in(data: &Path) -> PathBuf {
        data.join("writ.toml")
    }

    /// The master key's file, used unless the settings hold the key.
    pub fn master_key_file(&self) -> PathBuf {
        self.data.join("master.key")
    }

    /// Where the next master key is while it takes the place of the present one.
    pub fn next_master_key_file(&self) -> PathBuf {
        self.data.join("master.key.next")
    }

    /// Where the head of the audit log is kept outside the store's file, signed.
    pub fn head_file(&self) -> PathBuf {
        self.data.join("writ.head")
    }

    /// Where an account at a certificate authority and what came of it are kept.
    pub fn acme_file(&self) -> PathBuf {
        self.data.join("acme.json")
    }

    /// The control socket of a running appliance.
    pub fn socket_file(&self) -> PathBuf {
        self.data.join("writ.sock")
    }

    /// Whether Writ itself speaks TLS.
    pub fn speaks_tls(&self) -> bool {
        self.tls.certificate.is_some() || self.acme.directory.is_some()
    }

    /// Whether other computers may reach this address: not in the clear, unless by a proxy that somebody named.
    pub fn may_listen_on(&self, address: SocketAddr) -> bool {
        self.speaks_tls() || !self.trusted_proxies.is_empty() || address.ip().to_canonical().is_loopback()
    }

    /// Settings that work and are probably not meant: in words for the log, with what to set.
    ///
    /// A proxy on this computer that nobody named is one of them. Refusing to start would be safer and would break whoever has a
    /// tunnel here that forwards no addresses, or is alone.
    pub fn doubts(&self) -> Vec<String> {
        let proxied = self.public_url.is_https() && !self.speaks_tls() && self.listen.ip().to_canonical().is_loopback();
        let nameless = proxied && self.trusted_proxies.is_empty();
        let text = "the public URL is https, so a proxy on this computer speaks for everybody, and it is not trusted: all visitors \
                    count as one address, share one limit of sign-ins and registrations, and look alike in the audit log. Set \
                    trusted_proxies to the proxy's address, for instance WRIT_TRUSTED_PROXIES=127.0.0.1,::1";
        let loopback = "outbound.allow_loopback is on: strangers' client documents may be fetched from this computer. Take it out again: it \
                        is for tests and laptops";
        let clear = "the public URL is plain http: passwords and tokens travel in the clear. Put a proxy that speaks https before it, and \
                     make its URL the public one";
        let is_clear = !self.public_url.is_https() && !self.public_url.is_loopback();
        let doubts = [(nameless, text), (self.outbound.allow_loopback, loopback), (is_clear, clear)];
        doubts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, text)| text.to_owned()).collect()
    }

    /// Whether the peer's word about who is behind it is believed.
    pub fn trusts(&self, peer: std::net::IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.contains(peer))
    }
}
