//! `/sign-in`: who are you.

use askama::Template;

use super::Spoken;
use super::passkeys::PasskeyAsk;
use super::shell::{Shell, sample};
use crate::model::Language;
use crate::web::words::{self, Html};

/// The form as a whole is refused, never the password by itself.
const NO_ERROR: Option<String> = None;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/sign_in.html")]
pub struct SignInPage {
    pub shell: Shell,
    /// The authorization in flight, if an application started this.
    pub ticket: Option<String>,
    /// The page of ours that somebody was on their way to, below the issuer's path.
    pub to: Option<String>,
    /// Name of that application.
    pub application: Option<String>,
    /// What was typed, or what the application suggested (`login_hint`).
    pub email: String,
    pub step: SignInStep,
    /// What a passkey has to sign; `None` where no browser has any for us.
    pub asked: Option<PasskeyAsk>,
    /// Identity providers that can say who somebody is.
    pub doors: Vec<ProviderDoor>,
    pub problem: Option<SignInProblem>,
}

/// The button of an identity provider.
#[derive(Clone, Debug)]
pub struct ProviderDoor {
    pub name: String,
    /// Below the issuer's path.
    pub href: String,
}

/// The address first. The second page is the same for every address, whether somebody has it or not.
#[derive(Clone, Debug)]
pub enum SignInStep {
    Address,
    Password {
        /// Where another address can be given, below the issuer's path. `None`: signed in already, and asked again.
        another: Option<String>,
    },
}

impl SignInPage {
    fn confirming(&self) -> bool {
        matches!(self.step, SignInStep::Password { another: None })
    }

    fn provider_words(&self, why: &ProviderProblem, name: &str) -> Html {
        let t = &self.shell.words.sign_in.provider;
        match why {
            ProviderProblem::Over => t.over.clone(),
            ProviderProblem::Denied => t.denied.say(name),
            ProviderProblem::Away => t.away.say(name),
            ProviderProblem::NotGood => t.not_good.say(name),
            ProviderProblem::Unknown => t.unknown.say(name),
            ProviderProblem::Stopped => t.stopped.clone(),
            ProviderProblem::PasskeyWanted => t.passkey_wanted.say(name),
        }
    }

    /// A link of a machine's owner led here.
    fn decides_about_a_machine(&self) -> bool {
        self.to.as_deref().is_some_and(|to| to.starts_with("/account/delegations"))
    }
}

/// Never says which half was wrong, nor whether the account exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInProblem {
    Wrong,
    WrongPasskey,
    /// The password was right and is not enough: there is a passkey.
    PasskeyWanted,
    /// In words: "30 seconds", "2 minutes".
    Throttled {
        wait: String,
    },
    /// The session or the form ran out; nothing was wrong with what was typed.
    Expired,
    /// What came of signing in with an identity provider.
    Provider {
        why: ProviderProblem,
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderProblem {
    /// Of another browser, too old, used before, or turned off.
    Over,
    Denied,
    Away,
    NotGood,
    /// Nobody here is linked to whoever it is there.
    Unknown,
    Stopped,
    /// It is right, and not enough: there is a passkey.
    PasskeyWanted,
}

impl Spoken for SignInPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let plain = Self {
            shell: sample::shell_in(language),
            ticket: None,
            to: None,
            application: None,
            email: String::new(),
            step: SignInStep::Address,
            asked: None,
            doors: vec![],
            problem: None,
        };
        let second = SignInStep::Password { another: Some("/sign-in?other=yes".into()) };
        let confirming = SignInStep::Password { another: None };
        let started =
            Self { ticket: Some("tkt_sample".into()), application: Some("Cursor".into()), to: None, ..plain.clone() };
        let started = Self { asked: Some(PasskeyAsk::sample()), ..started };
        let door = |name: &str| ProviderDoor { name: name.into(), href: "/sign-in/provider/idp_sample".into() };
        let with = Self { doors: vec![door("Google"), door("Northwind Entra")], ..started.clone() };
        let came = |why| SignInProblem::Provider { why, name: "Google".into() };
        let typed = Self { email: "ada@example.com".into(), step: second.clone(), ..started.clone() };
        vec![
            ("plain", plain.clone()),
            ("from_application", started.clone()),
            ("providers", with.clone()),
            ("unknown_to_us", Self { problem: Some(came(ProviderProblem::Unknown)), ..with.clone() }),
            ("denied", Self { problem: Some(came(ProviderProblem::Denied)), ..with.clone() }),
            ("provider_away", Self { problem: Some(came(ProviderProblem::Away)), ..with.clone() }),
            ("not_good", Self { problem: Some(came(ProviderProblem::NotGood)), ..with.clone() }),
            ("provider_over", Self { problem: Some(came(ProviderProblem::Over)), ..with.clone() }),
            ("stopped", Self { problem: Some(came(ProviderProblem::Stopped)), ..with.clone() }),
            ("vouched_passkey_wanted", Self { problem: Some(came(ProviderProblem::PasskeyWanted)), ..with }),
            ("wrong_passkey", Self { problem: Some(SignInProblem::WrongPasskey), ..started.clone() }),
            ("passkey_wanted", Self { problem: Some(SignInProblem::PasskeyWanted), ..started.clone() }),
            ("password", typed.clone()),
            ("password_alone", Self { step: second, email: "ada@example.com".into(), ..plain.clone() }),
            ("from_a_link", Self { to: Some("/account/delegations/new?machine=mch_sample".into()), ..plain.clone() }),
            ("wrong", Self { problem: Some(SignInProblem::Wrong), ..typed.clone() }),
            (
                "throttled",
                Self {
                    problem: Some(SignInProblem::Throttled { wait: words::of(language).length(30) }),
                    ..typed.clone()
                },
            ),
            ("expired", Self { problem: Some(SignInProblem::Expired), ..started }),
            ("confirming", Self { step: confirming.clone(), shell: sample::signed_in_in(language), ..typed.clone() }),
            (
                "confirming_wrong",
                Self {
                    step: confirming,
                    shell: sample::signed_in_in(language),
                    problem: Some(SignInProblem::Wrong),
                    ..typed.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..typed }),
            (
                "hostile",
                Self {
                    application: Some(sample::HOSTILE.into()),
                    email: sample::HOSTILE.into(),
                    ticket: Some(sample::HOSTILE.into()),
                    to: None,
                    doors: vec![door(sample::HOSTILE)],
                    problem: Some(SignInProblem::Provider {
                        why: ProviderProblem::Unknown,
                        name: sample::HOSTILE.into(),
                    }),
                    ..plain
                },
            ),
        ]
    }
}
