//! Nouns: rows at rest, the context of an operation, the vocabulary of the audit log. No IO and no clock.

mod authorization;
mod backup;
mod certificate;
mod client;
mod code;
mod consent;
mod context;
mod credential;
mod delegation;
mod delivered;
mod device;
mod entitlements;
mod event;
mod family;
mod finding;
mod hour;
mod kept_setting;
mod language;
mod limits;
mod machine;
mod once;
mod passkey;
mod person;
mod provider;
mod registration;
mod resource;
mod review;
mod scope;
mod second_factor;
mod session;
mod setup;
mod signing_key;
mod status;
mod tenant;
mod token;
mod usage;

pub use authorization::{Authorization, Prompt, ResponseMode};
pub use backup::{BackupFailed, BackupMade, BackupState, BackupUpload, Restored};
pub use certificate::AcmeChallenge;
pub use client::{
    ApplicationType, AuthMethod, Client, ClientId, ClientSecret, ClientState, DocumentRecord, GrantType, Provenance,
    Tombstone,
};
pub use code::{AuthorizationCode, CodeState};
pub use consent::Consent;
pub use context::{Actor, Channel, Context, Network, Origin, Request};
pub use credential::{
    ClaimRule, ClaimTest, Credential, CredentialKind, CredentialState, ParseRuleError, TokenUse, Trust,
};
pub use delegation::{Delegation, DelegationState, Link};
pub use delivered::Delivered;
pub use device::{BrowserName, Device, SystemName};
pub use entitlements::{Entitled, Entitlements};
pub use event::{Acting, Event, EventClass, GrantName, Subject};
pub use family::{Family, FamilyState, RefreshToken, RevokedBecause};
pub use finding::{Finding, FindingKind, MachineFindings};
pub use hour::{Counted, Hour, HourNumber, Waits};
pub use kept_setting::KeptSetting;
pub use language::Language;
pub use limits::LimitsRow;
pub use machine::{Access, Authenticated, Machine, MachineKind, MachineStanding, Stopped};
pub use once::DoneOnce;
pub use passkey::Passkey;
pub use person::{Email, ParseEmailError, Person, PersonState, Standing, WeakPassword};
pub use provider::{Crossing, IdentityAssertion, IdentityProvider, PersonBy, SubjectLink, UpstreamSignIn};
pub use registration::{ClientAbout, LONGEST_KEY_SET, MOST_CLIENT_KEYS, RecentRegistration, RegistrationMode};
pub use resource::{ProtectedResource, ResourceTools, SaidClaim, TokenFormat, ToldBy, Tool, ToolHint};
pub use review::{Review, Verified};
pub use scope::{Offered, ParseScopeError, Risk, Scope, ScopeEntry, ScopeSet};
pub use second_factor::{SecondFactor, SecondFactorFor};
pub use session::{Browser, Session, SignInMethod};
pub use setup::{FrozenIssuer, InitialAccessToken, SetupState};
pub use signing_key::{Algorithm, ED25519, JwsAlgorithm, KeyState, ParseAlgorithmError, PublicJwk, Sealed, SigningKey};
pub use status::{
    ActingRuns, LIST_SIZE, ListNumber, PAGE_BITS, PageBits, StatusBlock, StatusIndex, StatusList, StatusPage,
    StatusRun, closes_at,
};
pub use tenant::{
    Membership, ParseNameError, ParseRoleInError, Permission, Role, RoleIn, RoleName, Tenant, TenantName,
};
pub use token::{AccessRecord, RevokedToken, SignInFailures, SpentProof, UsedAssertion};
pub use usage::{
    Caller, CredentialUsage, DayNumber, Days, Given, MachineUsage, Misuse, MisusedBecause, ScopeUse, ScopesUsage,
    Tally, Use, Used, Watch, grants,
};
