//! What was put in the place of settings while the appliance ran, laid over what was read when it started.
//!
//! It is read by the same code as the file, so what is too much there is too much here.

use super::load::{Source, contradictions};
use super::{Config, SETTINGS, Setting};

/// A value that is kept and does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    pub name: String,
    /// Completes the sentence "it …", or is one.
    pub why: String,
}

/// Longest value that is kept, in bytes.
pub const LONGEST_KEPT: usize = 1_024;

impl Setting {
    /// Stands for one that only another version has, which kept a value under its name: it says nothing and takes nothing.
    pub const UNKNOWN: &'static Self = &Self {
        name: "",
        default: "",
        within: "",
        about: "No setting of this version has this name: a value was kept under it by another version.",
        live: "",
        choices: &[],
        set: |_, _| Err("is no setting of this version".to_owned()),
        show: |_| Some(String::new()),
    };

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Whether it can be changed while the appliance runs.
    pub fn is_live(&self) -> bool {
        !self.live.is_empty()
    }

    /// A value as it would be shown, if it is one; else what is wrong with it.
    pub fn read(&self, within: &Config, text: &str) -> Result<String, String> {
        if text.len() > LONGEST_KEPT {
            return Err(format!("has at most {LONGEST_KEPT} bytes"));
        }
        let mut config = within.clone();
        (self.set)(&mut config, text)?;
        Ok((self.show)(&config).unwrap_or_default())
    }
}

impl Config {
    /// A copy with the values of `kept` in the place of what was read.
    ///
    /// A value that is none any more, because the file or the program changed since it was kept, is left aside and told of: it neither
    /// holds nor keeps the appliance from starting. Of values that do not go together with the rest, the first goes without which all
    /// is well, or else all of them.
    pub fn with_kept<'k>(&self, kept: impl IntoIterator<Item = (&'k str, &'k str)>) -> (Self, Vec<Aside>) {
        let mut aside = Vec::new();
        let mut good: Vec<(usize, &str)> = Vec::new();
        for (name, text) in kept {
            let position = SETTINGS.iter().position(|setting| setting.name == name && setting.is_live());
            let read = match position.and_then(|position| SETTINGS.get(position)) {
                Some(setting) => setting.read(self, text).map(drop),
                None if Setting::named(name).is_none() => Err("is no setting of this version of Writ".to_owned()),
                None => Err("is not changed while Writ runs".to_owned()),
            };
            match (read, position) {
                (Ok(()), Some(position)) => good.push((position, text)),
                (Ok(()), None) => {}
                (Err(why), _) => aside.push(Aside { name: name.to_owned(), why }),
            }
        }
        let before = contradictions(self);
        let wrong_with = |config: &Self| -> Vec<String> {
            contradictions(config).into_iter().filter(|why| !before.contains(why)).collect()
        };
        let whole = self.with(&good);
        let wrong = wrong_with(&whole);
        if wrong.is_empty() {
            return (whole, aside);
        }
        let why = wrong.join("; ");
        let left = |(position, _): &(usize, &str)| {
            let name = SETTINGS.get(*position).map_or("", |setting| setting.name);
            Aside { name: name.to_owned(), why: why.clone() }
        };
        for without in &good {
            let rest: Vec<(usize, &str)> = good.iter().copied().filter(|one| one != without).collect();
            let config = self.with(&rest);
            if wrong_with(&config).is_empty() {
                aside.push(left(without));
                return (config, aside);
            }
        }
        aside.extend(good.iter().map(left));
        (self.clone(), aside)
    }

    /// With these values, each of which is one.
    fn with(&self, values: &[(usize, &str)]) -> Self {
        let mut config = self.clone();
        for (position, text) in values {
            let Some(setting) = SETTINGS.get(*position) else { continue };
            if (setting.set)(&mut config, text).is_ok()
                && let Some(source) = config.origin.sources.get_mut(*position)
            {
                *source = Source::Kept;
            }
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn read(flags: &[(&'static str, &str)]) -> Config {
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config
    }

    fn names(aside: &[Aside]) -> Vec<&str> {
        aside.iter().map(|aside| aside.name.as_str()).collect()
    }

    #[test]
    fn what_is_kept_holds_and_says_that_it_is_kept() {
        let config = read(&[("lifetimes.access", "30m")]);
        let (with, aside) = config.with_kept([("lifetimes.access", "5m"), ("brand.accent", "plum")]);
        assert_eq!((with.lifetimes.access.seconds(), aside), (300, vec![]));
        let source = |name: &str| with.entries().find(|entry| entry.name == name).unwrap().source;
        assert_eq!((source("lifetimes.access"), source("brand.accent")), ("set here", "set here"));
        assert_eq!(source("lifetimes.code"), "built in");
        assert_eq!(config.lifetimes.access.seconds(), 1_800);
    }

    #[test]
    fn what_is_none_any_more_is_left_aside_alone() {
        let config = read(&[]);
        let kept = [("lifetimes.access", "2d"), ("listen", "0.0.0.0:80"), ("nothing", "1"), ("lifetimes.code", "30s")];
        let (with, aside) = config.with_kept(kept);
        assert_eq!(names(&aside), ["lifetimes.access", "listen", "nothing"]);
        assert_eq!((with.lifetimes.access, with.listen), (config.lifetimes.access, config.listen));
        assert_eq!(with.lifetimes.code.seconds(), 30);
    }

    #[test]
    fn of_what_does_not_go_together_as_little_as_can_be_is_left_aside() {
        // Kept while the file said 30 days for a session.
        let config = read(&[("lifetimes.session", "1d")]);
        let (with, aside) = config.with_kept([("lifetimes.session_idle", "20d"), ("lifetimes.code", "30s")]);
        assert_eq!(names(&aside), ["lifetimes.session_idle"]);
        assert!(aside[0].why.contains("at most `lifetimes.session`"), "{aside:?}");
        assert_eq!((with.lifetimes.session_idle, with.lifetimes.code.seconds()), (config.lifetimes.session_idle, 30));
        // Two that are good only together.
        let kept = [("lifetimes.session", "30d"), ("lifetimes.session_idle", "20d")];
        assert_eq!(config.with_kept(kept).1, []);
        // Two pairs, both broken: none holds.
        let kept = [("lifetimes.session_idle", "20d"), ("lifetimes.refresh", "80d"), ("lifetimes.family", "1h")];
        let (with, aside) = config.with_kept(kept);
        assert_eq!(aside.len(), 3);
        assert_eq!(with.lifetimes.family, config.lifetimes.family);
    }

    /// What opens doors, names files or is a secret is not changed by somebody who is only signed in.
    #[test]
    fn no_secret_path_or_address_is_changed_while_it_runs() {
        let config = read(&[]);
        for setting in SETTINGS.iter().filter(|setting| setting.is_live()) {
            assert!((setting.show)(&config).is_some());
            assert!(!setting.about.contains("file") && !setting.about.contains("directory"), "{}", setting.name);
            for choice in setting.choices {
                assert_eq!(setting.read(&config, choice).as_deref(), Ok(*choice), "{}", setting.name);
            }
        }
        for name in ["listen", "public_url", "data", "master_key", "tls.key", "brand.logo", "audit.traffic_for"] {
            assert!(!Setting::named(name).unwrap().is_live(), "{name}");
        }
    }

    #[test]
    fn hostile_values_are_none() {
        let config = read(&[]);
        let long = "9".repeat(2_000);
        for (name, text) in [
            ("brand.name", ""),
            ("brand.name", " House"),
            ("brand.name", "House\u{202e}"),
            ("brand.name", "House\n"),
            ("brand.name", long.as_str()),
            ("brand.support_url", "javascript:alert(1)"),
            ("brand.accent", "red"),
            ("lifetimes.access", long.as_str()),
            ("lifetimes.access", "-1"),
            ("lifetimes.access", "1s"),
            ("lifetimes.access", "99999999999999999999d"),
            ("delegation.depth", "0"),
            ("registration.mode", "OPEN"),
            ("dpop.require_nonce", "yes"),
        ] {
            assert!(Setting::named(name).unwrap().read(&config, text).is_err(), "{name} {text:.20}");
        }
    }
}
