//! The pages as values: what each one shows, in the words it shows.
//!
//! A view holds display values, never rows; its template computes nothing and checks no permission. Every page
//! has a [`Shell`] (what surrounds it), derives [`askama::Template`], and brings its own [`Sample`]s: they feed the
//! tests, the gallery and the browser job, so a state without a sample is a state nobody has looked at.

mod account;
mod activity;
mod api;
mod code;
mod consent;
pub mod console;
mod delegation;
mod error;
mod factor;
pub mod gallery;
mod home;
mod own_password;
mod own_providers;
mod passkeys;
mod return_to;
mod set_up;
mod setup;
mod shell;
mod sign_in;
mod signed_out;

use crate::model::Language;

pub use account::{AccountPage, AgentLine, ConnectedApplication, SessionLine};
pub(crate) use activity::What;
pub use activity::{ActivityLine, ActivityPage};
pub use api::{ApiMember, ApiNoun, ApiOperation, ApiPage, ApiParameter, ApiProblem, ApiSchema};
pub use code::{CodePage, CodeProblem};
pub use consent::{Applicant, ConsentPage, Destination, Need, ScopeLine, Standing, Target, Technical, Until};
pub use delegation::{
    Agent as DelegatedAgent, DelegationPage, Length, Place as DelegationPlace, Step as DelegationStep,
    Terms as DelegationTerms,
};
pub use error::{ErrorPage, Problem};
pub use factor::{FactorPage, FactorProblem, FactorStep, Picture, grouped};
pub use home::HomePage;
pub use own_password::{OwnPasswordPage, OwnPasswordProblem};
pub use own_providers::{LeavePage, OwnDoor, OwnProvidersPage, OwnProvidersProblem, ProviderLine};
pub use passkeys::{PasskeyAsk, PasskeyForm, PasskeyLine, PasskeysPage, PasskeysProblem, PasskeysStep};
pub use return_to::{Onward, ReturnPage, Verdict};
pub use set_up::{SetUpPage, SetUpProblem};
pub use setup::{SetupClosed, SetupClosedPage, SetupPage};
pub use shell::{Accent, Brand, Field, Flash, FlashKind, Link, Moment, PermissionLine, Person, Shell, Theme, initial};
pub use sign_in::{ProviderDoor, ProviderProblem, SignInPage, SignInProblem, SignInStep};
pub use signed_out::SignedOutPage;

/// A page in every state worth looking at, by name.
pub trait Sample: Sized {
    fn samples() -> Vec<(&'static str, Self)>;
}

/// A page for people: the same in every language.
pub trait Spoken: Sized {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)>;
}

impl<P: Spoken> Sample for P {
    fn samples() -> Vec<(&'static str, Self)> {
        P::samples_in(Language::default())
    }
}
