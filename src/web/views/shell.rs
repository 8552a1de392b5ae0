//! What surrounds every page, and the small values that several pages show.

use crate::model::Language;
use crate::web::assets;
use crate::web::words::{self, Words};

/// What every page needs besides its own content. Made from a request and in no other way.
#[derive(Clone, Debug)]
pub struct Shell {
    pub brand: Brand,
    /// Goes into every form, by the `form` macro.
    pub csrf: String,
    pub signed_in: Option<Person>,
    /// Whoever is signed in looks after this appliance: a link leads to the console.
    pub administers: bool,
    /// Said once, at the top of the next page.
    pub flash: Option<Flash>,
    /// Path of the issuer: empty, or `/path`. Stands before every link.
    pub base: String,
    /// What this person chose with the switch; kept in the cookie [`Theme::COOKIE`].
    pub theme: Theme,
    /// The appliance holds invented data, and says so on every page.
    pub demo: bool,
    /// What this page says, in the language it says it in.
    pub(crate) words: &'static Words,
    /// This page, below the issuer: where to come back to in another language. `None` where nobody can come back to it.
    pub here: Option<String>,
}

impl Shell {
    /// The address of a file of `static/`.
    pub fn asset(&self, file: &str) -> String {
        format!("{}{}", self.base, assets::asset_path(file))
    }

    /// A path below the issuer.
    pub fn below(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What the page could be in besides.
    pub fn other_languages(&self) -> impl Iterator<Item = Language> {
        let here = self.words.language;
        Language::ALL.into_iter().filter(move |language| *language != here)
    }
}

/// Whose appliance this is, from settings.
#[derive(Clone, Debug)]
pub struct Brand {
    pub name: String,
    pub accent: Accent,
    /// Address of a logo on this origin or a `data:` URL. Without one, the seal.
    pub logo: Option<String>,
    pub support_url: Option<String>,
}

impl Brand {
    /// The name of an appliance that nobody named.
    pub const DEFAULT_NAME: &'static str = "Writ";

    /// The house has its own name: its initial stands in the seal, in its accent.
    pub(super) fn has_own_name(&self) -> bool {
        self.name != Self::DEFAULT_NAME
    }

    pub(super) fn initial(&self) -> String {
        initial(&self.name)
    }
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: Self::DEFAULT_NAME.into(), accent: Accent::Ink, logo: None, support_url: None }
    }
}

/// The accent colour. A closed list, because each was measured in light and dark (at least 4.5:1 against everything
/// it meets) and because a free colour would need a style the Content-Security-Policy forbids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accent {
    #[default]
    Ink,
    Teal,
    Forest,
    Plum,
    Graphite,
}

impl Accent {
    pub const ALL: [Self; 5] = [Self::Ink, Self::Teal, Self::Forest, Self::Plum, Self::Graphite];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ink => "ink",
            Self::Teal => "teal",
            Self::Forest => "forest",
            Self::Plum => "plum",
            Self::Graphite => "graphite",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accent| accent.name() == name)
    }
}

/// Light or dark: what the device says, unless this person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Device,
    Light,
    Dark,
}

impl Theme {
    /// Set by `writ.js`, readable by it, worth nothing to a thief.
    pub const COOKIE: &'static str = "writ_theme";

    /// The value of the cookie; anything unknown is the device's choice.
    pub fn parse(value: &str) -> Self {
        match value {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Device,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Who is signed in, as shown to themselves.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// The result of what was just done.
#[derive(Clone, Debug)]
pub struct Flash {
    pub kind: FlashKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashKind {
    /// It is done.
    Done,
    /// It is not done, and why.
    Failed,
}

impl FlashKind {
    pub(super) fn is_done(self) -> bool {
        self == Self::Done
    }
}

/// A text field that comes back with what was typed. Never used for a password.
#[derive(Clone, Debug, Default)]
pub struct Field {
    pub value: String,
    pub error: Option<String>,
}

impl Field {
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    pub fn refused(value: impl Into<String>, error: impl Into<String>) -> Self {
        Self { value: value.into(), error: Some(error.into()) }
    }
}

#[derive(Clone, Debug)]
pub struct Link {
    pub href: String,
    pub label: String,
}

/// A time in words, with the exact one for whoever points at it.
#[derive(Clone, Debug)]
pub struct Moment {
    /// "3 hours ago"
    pub words: String,
    /// RFC 3339, for `datetime`: `2026-08-01T09:14:00Z`
    pub machine: String,
    /// "1 August 2026, 09:14 UTC"
    pub exact: String,
}

/// Something an application may do: a scope in plain words.
#[derive(Clone, Debug)]
pub struct PermissionLine {
    /// The scope as the protocol writes it.
    pub name: String,
    pub words: String,
}

impl PermissionLine {
    pub fn new(name: impl Into<String>, words: impl Into<String>) -> Self {
        Self { name: name.into(), words: words.into() }
    }
}

/// The letter that stands where a logo would: never an image from elsewhere.
pub fn initial(name: &str) -> String {
    name.chars().find(|letter| letter.is_alphanumeric()).map_or_else(|| "?".to_owned(), |c| c.to_uppercase().collect())
}

/// The world of the samples.
pub(super) mod sample {
    use super::*;
    use crate::base::Timestamp;

    pub(in crate::web::views) fn shell() -> Shell {
        Shell {
            brand: Brand::default(),
            csrf: "sample-csrf".into(),
            signed_in: None,
            administers: false,
            flash: None,
            base: String::new(),
            theme: Theme::Device,
            demo: false,
            words: words::of(Language::En),
            here: None,
        }
    }

    /// The same in a language, with the switch to another.
    pub(in crate::web::views) fn shell_in(language: Language) -> Shell {
        Shell { words: words::of(language), here: Some("/sign-in".into()), ..shell() }
    }

    pub(in crate::web::views) fn signed_in_in(language: Language) -> Shell {
        Shell { signed_in: Some(ada()), ..shell_in(language) }
    }

    pub(in crate::web::views) fn branded_in(language: Language) -> Shell {
        Shell { words: words::of(language), ..branded() }
    }

    /// So many seconds before the world of the samples was looked at, or after it.
    pub(in crate::web::views) fn moment_in(language: Language, seconds: i64) -> Moment {
        let now = Timestamp::from_seconds(1_785_575_640);
        words::of(language).moment(Timestamp::from_seconds(now.seconds().saturating_add(seconds)), now)
    }

    /// What the samples' own catalogue says.
    pub(in crate::web::views) fn said(language: Language, english: &'static str, german: &'static str) -> &'static str {
        match language {
            Language::En => english,
            Language::De => german,
        }
    }

    pub(in crate::web::views) fn ada() -> Person {
        Person { name: "Ada Moreno".into(), email: "ada@example.com".into() }
    }

    /// A house that brought its own name, colour and help page, below a path.
    pub(in crate::web::views) fn branded() -> Shell {
        Shell {
            brand: Brand {
                name: "Northwind".into(),
                accent: Accent::Forest,
                logo: None,
                support_url: Some("https://help.example.com/sign-in".into()),
            },
            base: "/id".into(),
            demo: true,
            ..shell()
        }
    }

    /// What a stranger might send as a name, after direction marks were taken out.
    pub(in crate::web::views) const HOSTILE: &str =
        "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} &amp;";
}
