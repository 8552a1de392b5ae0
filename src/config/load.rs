//! Reading settings from their four places, and the list of what holds and where it came from.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Config, DeliverTo, SETTINGS, Setting};
use crate::base::Issuer;
use crate::model::Algorithm;

/// Where settings are read from. The environment is a value, so that a test can bring its own.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Name and value of each setting that the command line gives.
    pub flags: Vec<(&'static str, String)>,
    /// The settings file the command line names.
    pub file: Option<PathBuf>,
    /// All variables; those that do not begin with `WRIT_` are not looked at.
    pub environment: Vec<(OsString, OsString)>,
}

/// Where a setting's value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    BuiltIn,
    /// Built in, but computed from another setting.
    Derived,
    File,
    Environment,
    Flag,
    /// Put in its place while the appliance ran.
    Kept,
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built in",
            Self::Derived => "derived",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
            Self::Kept => "set here",
        }
    }
}

/// The settings that hold.
#[derive(Clone, Debug)]
pub struct Effective {
    pub config: Config,
}

/// Where settings came from.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// In the table's order.
    pub(super) sources: Vec<Source>,
}

impl Default for Provenance {
    fn default() -> Self {
        Self { file: None, sources: vec![Source::BuiltIn; SETTINGS.len()] }
    }
}

/// One line of `writ config`.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Entry {
    pub name: &'static str,
    /// The value as text; `hidden` for a secret that is set.
    pub value: String,
    /// `built in`, `derived`, `file`, `environment`, `flag`, or `set here`: while the appliance ran.
    pub source: &'static str,
    /// The variable that would set it.
    pub environment: String,
    pub about: &'static str,
    /// It is a secret that is set: `value` does not say it.
    #[serde(skip)]
    pub hidden: bool,
}

/// Settings that cannot work: one sentence for each thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}
impl std::error::Error for SettingsError {}

const FILE_VARIABLE: &str = "WRIT_CONFIG";
/// What tells the command line where to go and as whom. These are no settings, and nothing prints them.
const OF_THE_CALLER: [&str; 3] = ["WRIT_APPLIANCE", "WRIT_ACCESS_KEY", "WRIT_TOKEN"];
/// A settings file larger than this is a mistake.
const LARGEST_FILE: u64 = 256 * 1024;

impl Setting {
    /// The variable that sets it: `WRIT_` and the name, dots as underscores. The filter has the short name that
    /// other programs have accustomed people to.
    pub fn variable(&self) -> String {
        if self.name == "log.filter" {
            return "WRIT_LOG".to_owned();
        }
        format!("WRIT_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

impl Sources {
    /// The real command line's environment.
    pub fn of_this_process(flags: Vec<(&'static str, String)>, file: Option<PathBuf>) -> Self {
        Self { flags, file, environment: std::env::vars_os().collect() }
    }

    /// Reads everything and checks everything; every mistake is reported, not only the first.
    pub fn load(self) -> Result<Effective, SettingsError> {
        let built_in = Config::built_in().map_err(|why| SettingsError(vec![why]))?;
        let mut reading = Reading { effective: Effective { config: built_in }, wrong: Vec::new() };
        let variables = reading.variables(self.environment);
        let find = |name: &str| variables.iter().find(|(variable, _)| variable == name).map(|(_, value)| value);

        let named = self.file.or_else(|| find(FILE_VARIABLE).map(PathBuf::from));
        let data = (self.flags.iter().find(|(name, _)| *name == "data").map(|(_, value)| value))
            .or_else(|| find("WRIT_DATA"))
            .map_or_else(|| reading.effective.config.data.clone(), PathBuf::from);
        reading.file(named, &data);
        for (position, setting) in SETTINGS.iter().enumerate() {
            if let Some(value) = find(&setting.variable()) {
                reading.set(position, value, Source::Environment, &setting.variable());
            }
        }
        for (name, value) in self.flags {
            match SETTINGS.iter().position(|setting| setting.name == name) {
                Some(position) => {
                    reading.set(position, &value, Source::Flag, &format!("--{}", name.replace(['_', '.'], "-")))
                }
                None => reading.wrong.push(format!("there is no setting `{name}`")),
            }
        }
        reading.derive();
        if reading.wrong.is_empty() {
            reading.wrong = contradictions(&reading.effective.config);
        }
        if reading.wrong.is_empty() { Ok(reading.effective) } else { Err(SettingsError(reading.wrong)) }
    }
}

impl Effective {
    /// Every setting in the table's order, secrets hidden.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.config.entries()
    }
}

impl Config {
    /// Every setting in the table's order, secrets hidden.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        SETTINGS.iter().zip(&self.origin.sources).map(|(setting, source)| {
            let value = (setting.show)(self);
            Entry {
                name: setting.name,
                hidden: value.is_none(),
                value: value.unwrap_or_else(|| "hidden".to_owned()),
                source: source.as_str(),
                environment: setting.variable(),
                about: setting.about,
            }
        })
    }
}

struct Reading {
    effective: Effective,
    wrong: Vec<String>,
}

impl Reading {
    /// The `WRIT_…` variables that name a setting; the others are mistakes. An empty one counts as not set.
    fn variables(&mut self, environment: Vec<(OsString, OsString)>) -> Vec<(String, String)> {
        let mut known = Vec::new();
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| name.starts_with("WRIT_") && !belongs_to_orchestrator(name))
            else {
                continue;
            };
            if OF_THE_CALLER.contains(&name) {
                continue;
            }
            if name != FILE_VARIABLE && !SETTINGS.iter().any(|setting| setting.variable() == name) {
                let names: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
                self.wrong.push(unknown("environment variable", name, names.iter().map(String::as_str)));
                continue;
            }
            match value.to_str() {
                Some("") => {}
                Some(value) => known.push((name.to_owned(), value.to_owned())),
                None => self.wrong.push(format!("{name} is not UTF-8 text")),
            }
        }
        known
    }

    /// Reads the file that was named, or the one in the data directory if there is one.
    fn file(&mut self, named: Option<PathBuf>, data: &Path) {
        let inside = Config::settings_file_in(data);
        let is_inside = named.is_none();
        let path = named.unwrap_or(inside);
        if is_inside && !path.exists() {
            return;
        }
        let table = match read(&path) {
            Ok(table) => table,
            Err(why) => return self.wrong.push(why),
        };
        let mut found = Vec::new();
        flatten("", &table, &mut found);
        for (name, value) in found {
            let Some(position) = SETTINGS.iter().position(|setting| setting.name == name) else {
                let names = SETTINGS.iter().map(|setting| setting.name);
                self.wrong.push(format!("{}: {}", path.display(), unknown("setting", &name, names)));
                continue;
            };
            if is_inside && name == "data" {
                self.wrong.push(format!("{}: `data` cannot be set by the file that lies in it", path.display()));
                continue;
            }
            match text_of(value) {
                Some(text) => self.set(position, &text, Source::File, &format!("{}: `{name}`", path.display())),
                None => self
                    .wrong
                    .push(format!("{}: `{name}` is text, a number, true or false, or a list of texts", path.display())),
            }
        }
        self.effective.config.origin.file = Some(path);
    }

    /// `place` is how whoever wrote the value knows it. The value itself is not repeated: it may be a secret.
    fn set(&mut self, position: usize, text: &str, source: Source, place: &str) {
        let Some(setting) = SETTINGS.get(position) else { return };
        match (setting.set)(&mut self.effective.config, text) {
            Ok(()) => {
                if let Some(of) = self.effective.config.origin.sources.get_mut(position) {
                    *of = source;
                }
            }
            Err(why) => self.wrong.push(format!("{place} {why}")),
        }
    }

    /// Nobody set a public URL: it is where the appliance listens.
    fn derive(&mut self) {
        let Some(position) = SETTINGS.iter().position(|setting| setting.name == "public_url") else { return };
        let listen = self.effective.config.listen;
        let Some(source) =
            self.effective.config.origin.sources.get_mut(position).filter(|source| **source == Source::BuiltIn)
        else {
            return;
        };
        if listen.ip().is_loopback() && listen.port() != 0 {
            let url = if listen.port() == 80 { format!("http://{}", host(listen)) } else { format!("http://{listen}") };
            match Issuer::parse(&url) {
                Ok(issuer) => {
                    self.effective.config.public_url = issuer;
                    *source = Source::Derived;
                }
                Err(error) => self.wrong.push(format!("`public_url` cannot be {url}: {error}")),
            }
        } else {
            self.wrong.push(format!(
                "`public_url` must be set when listening on {listen}: it is the URL that browsers and clients use, \
                 for instance https://id.example"
            ));
        }
    }
}

fn host(listen: std::net::SocketAddr) -> String {
    match listen {
        std::net::SocketAddr::V4(v4) => v4.ip().to_string(),
        std::net::SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    }
}

/// Settings that are each good and do not go together.
pub(super) fn contradictions(config: &Config) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut refuse = |holds: bool, why: String| {
        if holds {
            wrong.push(why);
        }
    };
    let no_proxy = config.trusted_proxies.is_empty();
    let (tls, speaks_tls) = (&config.tls, config.speaks_tls());
    refuse(
        tls.certificate.is_some() != tls.key.is_some(),
        "`tls.certificate` and `tls.key` go together: one is the certificate, the other its private key".to_owned(),
    );
    refuse(
        speaks_tls && !config.public_url.is_https(),
        format!(
            "`public_url` is {}, and `tls.certificate` or `acme.directory` makes Writ speak https: set `public_url` to the https:// \
             URL that the certificate is for",
            config.public_url.as_str()
        ),
    );
    refuse(
        tls.redirect_from.is_some() && !speaks_tls,
        "`tls.redirect_from` sends people on to https, which Writ does not speak without `tls.certificate` or `acme.directory`; \
         behind a proxy, the proxy does that"
            .to_owned(),
    );
    refuse(
        tls.redirect_from == Some(config.listen) && config.listen.port() != 0,
        "`tls.redirect_from` is another address than `listen`".to_owned(),
    );
    refuse(
        no_proxy && !config.public_url.is_https() && !config.public_url.is_loopback(),
        format!(
            "`public_url` is {}: plain http outside this computer sends passwords and tokens in the clear. Use \
             https://, or set `trusted_proxies` if a proxy on a network you trust speaks to Writ",
            config.public_url.as_str()
        ),
    );
    refuse(
        !config.may_listen_on(config.listen),
        format!(
            "`listen` is {}: without TLS Writ speaks plain http, so other computers may reach it only through a proxy that \
             speaks https. Listen on 127.0.0.1, set `trusted_proxies` to that proxy's address, or let it speak TLS itself \
             (`tls.certificate` and `tls.key`, or `acme.directory`)",
            config.listen
        ),
    );
    let acme = &config.acme;
    refuse(
        acme.directory.is_some() && tls.certificate.is_some(),
        "`acme.directory` and `tls.certificate` are two ways to the same thing: set one of them".to_owned(),
    );
    refuse(
        acme.directory.is_some() && !is_public_name(config.public_url.authority()),
        format!(
            "`acme.directory` gets a certificate for a name that is known in public, and `public_url` is {}",
            config.public_url.as_str()
        ),
    );
    refuse(
        acme.key_id.is_some() != acme.hmac_key.is_some(),
        "`acme.key_id` and `acme.hmac_key` go together: the authority gives both".to_owned(),
    );
    let lifetimes = &config.lifetimes;
    refuse(
        lifetimes.session_idle > lifetimes.session,
        "`lifetimes.session_idle` is at most `lifetimes.session`".to_owned(),
    );
    refuse(lifetimes.refresh > lifetimes.family, "`lifetimes.refresh` is at most `lifetimes.family`".to_owned());
    refuse(
        lifetimes.refresh_overlap > lifetimes.refresh_unused,
        "`lifetimes.refresh_overlap` is at most `lifetimes.refresh_unused`".to_owned(),
    );
    let audit = &config.audit;
    let is_webhook = matches!(audit.deliver_to, Some(DeliverTo::Webhook(_)));
    refuse(
        is_webhook && audit.deliver_secret.as_ref().and_then(DeliverTo::signing_key).is_none(),
        "`audit.deliver_secret` must be set to whsec_ and the base64 of 24 to 64 random bytes (`echo whsec_$(openssl rand \
         -base64 32)`): a delivery to an address is signed with it, so that its receiver knows whose it is"
            .to_owned(),
    );
    let keys = &config.keys;
    refuse(
        keys.jwks_max_age.seconds().saturating_mul(2) > keys.rotation_period.seconds(),
        "`keys.rotation_period` is at least twice `keys.jwks_max_age`: others learn of a key before it signs"
            .to_owned(),
    );
    // OpenID Connect Discovery §3, id_token_signing_alg_values_supported: "The algorithm RS256 MUST be included."
    refuse(
        !keys.algorithms.contains(&Algorithm::RS256),
        "`keys.algorithms` names RS256: OpenID Connect asks it of everybody, and clients that register no other algorithm get \
         their id tokens in it"
            .to_owned(),
    );
    wrong
}

/// Whether it is a name, and one with a dot: authorities give no certificates for `localhost` and, by and large, for addresses.
fn is_public_name(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    host.contains('.') && host.parse::<std::net::Ipv4Addr>().is_err() && !host.ends_with(".localhost")
}

fn read(path: &Path) -> Result<Table, String> {
    let problem = |why: String| format!("the settings file {} {why}", path.display());
    let size = std::fs::metadata(path).map_err(|error| problem(format!("cannot be read: {error}")))?.len();
    if size > LARGEST_FILE {
        return Err(problem(format!("is larger than {LARGEST_FILE} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
    // Only the place and the reason: the error's own text would quote a line, and a line may hold the master key.
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        problem(format!("is not TOML: line {}: {}", before.matches('\n').count() + 1, error.message()))
    })
}

/// Tables become dotted names.
fn flatten<'a>(prefix: &str, table: &'a Table, found: &mut Vec<(String, &'a Value)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => flatten(&name, inner, found),
            _ => found.push((name, value)),
        }
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(list) => {
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Kubernetes puts these into every container when a service is called `writ`.
fn belongs_to_orchestrator(name: &str) -> bool {
    name == "WRIT_PORT"
        || name == "WRIT_SERVICE_HOST"
        || name.starts_with("WRIT_SERVICE_PORT")
        || name.strip_prefix("WRIT_PORT_").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known.map(|other| (distance(name, other), other)).min();
    let shown: String = name.chars().take(80).collect();
    match nearest.filter(|(distance, _)| *distance <= 3.max(name.len() / 3)) {
        Some((_, other)) => format!("there is no {what} `{shown}`; did you mean `{other}`?"),
        None => format!("there is no {what} `{shown}`; `writ config` lists all of them"),
    }
}

/// How many single-character changes lead from one text to the other (Levenshtein), for texts of bounded length.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(128).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(128).enumerate() {
        let mut next = vec![i + 1];
        for (to, pair) in b.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or(i + 1);
            next.push((diagonal + usize::from(from != *to)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(
        variables: &[(&str, &str)],
        flags: &[(&'static str, &str)],
        file: Option<&str>,
    ) -> Result<Effective, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        let mut flags: Vec<_> = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        flags.push(("data", directory.path().display().to_string()));
        Sources {
            flags,
            file: file.map(|_| path),
            environment: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
        .load()
        .map_err(|error| error.to_string())
    }

    fn source(effective: &Effective, name: &str) -> (String, &'static str) {
        let entry = effective.entries().find(|entry| entry.name == name).unwrap();
        (entry.value, entry.source)
    }

    #[test]
    fn later_places_win_over_earlier_ones() {
        let file = "listen = '127.0.0.1:1'\nworkers = 3\n[lifetimes]\naccess = '30m'\ncode = 30\n";
        let effective =
            load(&[("WRIT_LISTEN", "127.0.0.1:2"), ("WRIT_WORKERS", "4")], &[("listen", "127.0.0.1:3")], Some(file))
                .unwrap();
        assert_eq!(source(&effective, "listen"), ("127.0.0.1:3".into(), "flag"));
        assert_eq!(source(&effective, "workers"), ("4".into(), "environment"));
        assert_eq!(source(&effective, "lifetimes.access"), ("30m".into(), "file"));
        assert_eq!(source(&effective, "lifetimes.code"), ("30s".into(), "file"));
        assert_eq!(source(&effective, "lifetimes.family"), ("90d".into(), "built in"));
        assert_eq!(source(&effective, "public_url"), ("http://127.0.0.1:3".into(), "derived"));
    }

    #[test]
    fn a_name_that_no_setting_has_refuses_and_names_the_nearest() {
        let error = load(&[("WRIT_LISTNE", "x")], &[], None).unwrap_err();
        assert!(error.contains("WRIT_LISTNE") && error.contains("did you mean `WRIT_LISTEN`"), "{error}");
        let error = load(&[], &[], Some("[lifetimes]\nacess = 5\n")).unwrap_err();
        assert!(error.contains("lifetimes.acess") && error.contains("did you mean `lifetimes.access`"), "{error}");
        let error = load(&[], &[], Some("registraton.mode = 'open'")).unwrap_err();
        assert!(error.contains("did you mean `registration.mode`"), "{error}");
        assert!(load(&[("WRIT_PORT_9000_TCP", "tcp://10.0.0.1:9000"), ("WRIT_SERVICE_HOST", "x")], &[], None).is_ok());
    }

    #[test]
    fn plain_http_stays_on_this_computer_unless_a_proxy_is_trusted() {
        for (variables, good) in [
            (&[("WRIT_PUBLIC_URL", "http://id.example")][..], false),
            (&[("WRIT_PUBLIC_URL", "http://localhost:9000")], true),
            (&[("WRIT_PUBLIC_URL", "https://id.example")], true),
            (&[("WRIT_LISTEN", "0.0.0.0:9000")], false),
            (&[("WRIT_LISTEN", "0.0.0.0:9000"), ("WRIT_PUBLIC_URL", "https://id.example")], false),
            (
                &[
                    ("WRIT_LISTEN", "0.0.0.0:9000"),
                    ("WRIT_PUBLIC_URL", "https://id.example"),
                    ("WRIT_TRUSTED_PROXIES", "10.0.0.1"),
                ],
                true,
            ),
            (&[("WRIT_PUBLIC_URL", "http://id.example"), ("WRIT_TRUSTED_PROXIES", "10.0.0.0/8")], true),
            (&[("WRIT_LISTEN", "127.0.0.1:0")], false),
        ] {
            assert_eq!(load(variables, &[], None).is_ok(), good, "{variables:?}");
        }
    }

    #[test]
    fn tls_of_its_own_lets_others_in_and_says_what_it_needs() {
        const URL: (&str, &str) = ("WRIT_PUBLIC_URL", "https://id.example");
        const OPEN: (&str, &str) = ("WRIT_LISTEN", "0.0.0.0:443");
        const PAIR: [(&str, &str); 2] = [("WRIT_TLS_CERTIFICATE", "/a"), ("WRIT_TLS_KEY", "/b")];
        const ACME: (&str, &str) = ("WRIT_ACME_DIRECTORY", "https://ca.example/dir");
        for (variables, words) in [
            (&[URL, OPEN, PAIR[0], PAIR[1], ("WRIT_TLS_REDIRECT_FROM", "0.0.0.0:80")][..], ""),
            (&[URL, OPEN, ACME], ""),
            (&[URL, ACME, ("WRIT_ACME_KEY_ID", "a"), ("WRIT_ACME_HMAC_KEY", "b")], ""),
            (&[URL, PAIR[0]], "go together"),
            (&[URL, PAIR[1]], "go together"),
            (&[PAIR[0], PAIR[1]], "makes Writ speak https"),
            (&[("WRIT_PUBLIC_URL", "http://localhost:9000"), PAIR[0], PAIR[1]], "makes Writ speak https"),
            (&[URL, ("WRIT_TLS_REDIRECT_FROM", "127.0.0.1:80")], "which Writ does not speak"),
            (
                &[URL, OPEN, PAIR[0], PAIR[1], ("WRIT_TLS_REDIRECT_FROM", "0.0.0.0:443")],
                "another address than `listen`",
            ),
            (&[URL, PAIR[0], PAIR[1], ACME], "set one of them"),
            (&[("WRIT_PUBLIC_URL", "https://localhost:8443"), ACME], "known in public"),
            (&[("WRIT_PUBLIC_URL", "https://10.0.0.1"), ACME], "known in public"),
            (&[("WRIT_PUBLIC_URL", "https://[::1]:8443"), ACME], "known in public"),
            (&[URL, ACME, ("WRIT_ACME_KEY_ID", "a")], "gives both"),
            (&[URL, ("WRIT_ACME_DIRECTORY", "http://ca.example/dir")], "is an https:// URL"),
            (&[URL, ACME, ("WRIT_ACME_CHALLENGE", "dns-01")], "is tls-alpn-01 or http-01"),
            (&[URL, ACME, ("WRIT_ACME_CONTACT", "ada")], "is an e-mail address"),
        ] {
            let loaded = load(variables, &[], None);
            match words {
                "" => assert!(loaded.is_ok(), "{variables:?} {:?}", loaded.err()),
                words => {
                    assert!(loaded.as_ref().is_err_and(|why| why.contains(words)), "{variables:?} {:?}", loaded.err())
                }
            }
        }
    }

    #[test]
    fn a_value_out_of_its_bounds_refuses_with_the_bounds() {
        let error = load(&[("WRIT_LIFETIMES_CODE", "1h")], &[], None).unwrap_err();
        assert_eq!(error, "WRIT_LIFETIMES_CODE is between 10s and 10m");
        let error = load(&[("WRIT_LIFETIMES_SESSION", "1h")], &[], None).unwrap_err();
        assert!(error.contains("session_idle"), "{error}");
        for (name, value) in [
            ("WRIT_REGISTRATION_MODE", "closd"),
            ("WRIT_BRAND_ACCENT", "red;}"),
            ("WRIT_OUTBOUND_ALLOW_LOOPBACK", "yes"),
            ("WRIT_LIMITS_REQUEST_BYTES", "10000001"),
            ("WRIT_BRAND_SUPPORT_URL", "javascript:alert(1)"),
        ] {
            assert!(load(&[(name, value)], &[], None).is_err(), "{name}={value}");
        }
    }

    #[test]
    fn a_proxy_that_nobody_named_is_doubted() {
        for (variables, doubted) in [
            (&[][..], false),
            (&[("WRIT_PUBLIC_URL", "https://id.example")], true),
            (&[("WRIT_PUBLIC_URL", "https://id.example"), ("WRIT_LISTEN", "[::1]:9000")], true),
            (&[("WRIT_PUBLIC_URL", "https://id.example"), ("WRIT_TRUSTED_PROXIES", "127.0.0.1")], false),
            (&[("WRIT_PUBLIC_URL", "http://localhost:9000")], false),
        ] {
            let doubts = load(variables, &[], None).unwrap().config.doubts();
            assert_eq!(doubts.iter().any(|doubt| doubt.contains("WRIT_TRUSTED_PROXIES")), doubted, "{variables:?}");
        }
    }

    #[test]
    fn what_is_for_laptops_is_doubted_elsewhere() {
        let clear = [("WRIT_PUBLIC_URL", "http://id.example"), ("WRIT_TRUSTED_PROXIES", "127.0.0.1")];
        for (variables, word) in [
            (&[][..], None),
            (&[("WRIT_OUTBOUND_ALLOW_LOOPBACK", "true")], Some("allow_loopback")),
            (&clear, Some("in the clear")),
        ] {
            let doubts = load(variables, &[], None).unwrap().config.doubts();
            assert_eq!(doubts.len(), usize::from(word.is_some()), "{doubts:?}");
            assert!(word.is_none_or(|word| doubts[0].contains(word)), "{doubts:?}");
        }
    }

    #[test]
    fn the_algorithm_that_openid_connect_asks_of_everybody_is_there() {
        for (algorithms, good) in [("ES256,EdDSA", false), ("RS256", true), ("ES256,RS256", true)] {
            let loaded = load(&[("WRIT_KEYS_ALGORITHMS", algorithms)], &[], None);
            assert_eq!(loaded.is_ok(), good, "{algorithms} {:?}", loaded.err());
        }
    }

    #[test]
    fn a_secret_is_in_no_list_and_in_no_error() {
        let effective = load(&[("WRIT_MASTER_KEY", "hunter2hunter2")], &[], None).unwrap();
        assert_eq!(source(&effective, "master_key"), ("hidden".into(), "environment"));
        assert!(!format!("{effective:?}").contains("hunter2"));
        let error = load(&[], &[], Some("master_key = \"hunter2\nlisten=1")).unwrap_err();
        assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn every_default_parses_and_is_within_its_bounds() {
        let mut config = Config::built_in().unwrap();
        for setting in SETTINGS {
            (setting.set)(&mut config, setting.default).unwrap_or_else(|why| panic!("{} {why}", setting.name));
        }
        assert_eq!(contradictions(&config), Vec::<String>::new());
    }
}
