//! Whose turn it is after a refusal, and what to do: for the administrator, who may know more than the caller was told.

use super::authorize::Show;
use super::refusal::Refusal;
use super::registration::RegistrationRefusal;

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    pub turn: Turn,
    pub stage: Stage,
    /// One sentence.
    pub words: &'static str,
}

/// Who can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Whoever looks after this appliance.
    Administrator,
    /// Whoever makes or configures the application or machine.
    Maker,
    /// The person at the browser.
    Person,
    /// It was refused as it should be; somebody ought to look why it was tried.
    Watch,
    /// It passes by itself.
    Wait,
}

/// The steps of an attempt, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Discovery,
    Registration,
    Authorize,
    SignIn,
    Consent,
    Code,
    Token,
    /// A token is used, looked at or taken back.
    Use,
}

const fn advise(turn: Turn, stage: Stage, words: &'static str) -> Advice {
    Advice { turn, stage, words }
}

impl Refusal {
    /// Whose turn it is, and what to do.
    #[expect(clippy::too_many_lines, reason = "one line for each refusal, in the order in which they are declared")]
    pub const fn advice(&self) -> Advice {
        use Stage::{Authorize, Code, Consent, Registration, SignIn, Token};
        use Turn::{Administrator, Maker, Person, Wait, Watch};
        match self {
            Self::RepeatedParameter => advise(
                Maker,
                Token,
                "Send each parameter once; a proxy or a library may add one that is there already.",
            ),
            Self::MissingParameter(_) => advise(Maker, Token, "Send the parameter that the answer names."),
            Self::MalformedParameter(_) => advise(
                Maker,
                Token,
                "Correct the parameter that the answer names; it may be encoded twice or cut short.",
            ),
            Self::TooManyParameters => advise(Maker, Token, "Send only the parameters of the specification."),
            Self::UnsupportedGrantType => advise(
                Maker,
                Token,
                "Use one of the grant types in grant_types_supported of the metadata; passwords and implicit tokens are not among them.",
            ),
            Self::UnsupportedResponseType => advise(
                Maker,
                Authorize,
                "Set the client to the authorization code flow with PKCE (response_type=code).",
            ),
            Self::UnsupportedResponseMode => advise(
                Maker,
                Authorize,
                "Leave response_mode out, or send one of those that the metadata lists as response_modes_supported.",
            ),
            Self::RequestObject | Self::RequestUri => advise(
                Maker,
                Authorize,
                "Switch signed or pushed requests off in the client and send plain parameters.",
            ),
            Self::PromptNoneWithOthers => advise(Maker, Authorize, "Send prompt=none alone, or leave it out."),

            Self::TwoAuthMethods => advise(
                Maker,
                Token,
                "Send the secret in one place: in the Authorization header or in the body, and not in both.",
            ),
            Self::ClientUnknown => advise(
                Maker,
                Registration,
                "Check the client id: it was removed, comes from another server, or is mistyped; an application that registers itself has to register again.",
            ),
            Self::ClientSecretMissing => {
                advise(Maker, Token, "Configure the client’s secret; this client may not call without one.")
            }
            Self::ClientSecretWrong => advise(
                Maker,
                Token,
                "Copy the secret again; if nobody has it any more, rotate it on the page of this machine or application.",
            ),
            Self::ClientSecretExpired => {
                advise(Administrator, Token, "Make a new secret: the one that was used is past its end.")
            }
            Self::ClientMethodMismatch => advise(
                Maker,
                Token,
                "Authenticate in the way that is registered for this client, or register the way it uses.",
            ),
            Self::ClientSuspended => {
                advise(Administrator, Token, "It is stopped; let it go on from its page if it should.")
            }
            Self::ClientRetired => advise(
                Administrator,
                Token,
                "It was retired, and nothing brings it back: make a new machine for whatever still calls by its credentials, or switch that off.",
            ),
            Self::ClientAwaitingApproval => advise(
                Administrator,
                Registration,
                "Look where its answers go, then approve it on its page or remove it.",
            ),
            Self::CredentialRevoked => {
                advise(Maker, Token, "Take up the newer credential: the one that was used was revoked.")
            }
            Self::MachineExpired => {
                advise(Administrator, Token, "Move the machine’s end on its page if it is still needed.")
            }
            Self::NetworkNotAllowed => advise(
                Administrator,
                Token,
                "Add the network it calls from to the machine’s addresses, if you know it.",
            ),
            Self::AssertionInvalid(_) => advise(
                Maker,
                Token,
                "Check the key, the audience (this server’s issuer) and the clock of the client; the answer says which was wrong.",
            ),
            Self::AssertionReplayed => advise(Maker, Token, "Make a new assertion with a new jti for each request."),
            Self::ClientOutOfReach => advise(
                Wait,
                Registration,
                "Check that the client’s metadata document or key set can be fetched from here; nothing was decided.",
            ),
            Self::GrantNotAllowed => {
                advise(Administrator, Token, "Add the grant to the client’s registration if it should have it.")
            }
            Self::PublicClientCredentials => advise(
                Administrator,
                Token,
                "Make a machine for it, with a credential: an application without a secret gets no token of its own.",
            ),
            Self::GrantAssertionInvalid(_) => advise(
                Administrator,
                Token,
                "Hold the assertion against the machine’s trust with “Try a token” on its page; it says which rule does not fit.",
            ),
            Self::GrantAssertionReplayed => {
                advise(Maker, Token, "Ask the platform for a fresh token each time; this one was used before.")
            }
            Self::TrustAmbiguous => advise(
                Administrator,
                Token,
                "Make the trusts differ: more than one machine is known by this assertion.",
            ),

            Self::DpopProofMissing => {
                advise(Maker, Token, "Send a DPoP proof: this client, or the token it holds, is bound to a key.")
            }
            Self::DpopProofInvalid(_) => advise(
                Maker,
                Token,
                "Check the proof’s method, address, clock and key; the answer says which was wrong, and behind a proxy it is often the address.",
            ),
            Self::DpopProofReplayed => {
                advise(Maker, Token, "Make a new proof for each request, also when it is tried again.")
            }
            Self::DpopNonceNeeded => {
                advise(Maker, Token, "Nothing to do: the client repeats its request with the nonce from the answer.")
            }

            Self::PkceMissing => advise(
                Maker,
                Authorize,
                "Update the client: it has to send a code challenge, which every current MCP client does.",
            ),
            Self::PkceMethod => advise(Maker, Authorize, "Set the client to code_challenge_method=S256."),
            Self::VerifierMalformed => advise(Maker, Code, "Make a verifier of 43 to 128 unreserved characters."),
            Self::PkceMismatch => advise(
                Maker,
                Code,
                "Keep the verifier with the sign-in it was made for; two sign-ins at once may have got mixed up, or a code was stolen.",
            ),
            Self::CodeUnknown => {
                advise(Maker, Code, "Start the sign-in again: this is no code of this server, or it is long over.")
            }
            Self::CodeExpired => advise(Maker, Code, "Exchange the code at once: it came later than a code lives."),
            Self::CodeReplayed { .. } => {
                advise(Watch, Code, "Find out who sent the code a second time; what the first had bought was revoked.")
            }
            Self::CodeOfAnotherClient => advise(
                Watch,
                Code,
                "Check that the client uses the same client id in both requests; otherwise somebody tries another’s code.",
            ),
            Self::CodeOfAnotherKey => {
                advise(Maker, Code, "Use the same DPoP key for the code as for the request before it.")
            }
            Self::RedirectUriMismatch => {
                advise(Maker, Code, "Send the same redirect_uri as in the authorization request, or none.")
            }
            Self::RefreshUnknown => advise(
                Person,
                Token,
                "Connect the application again: this is no refresh token of this server, or it is long over.",
            ),
            Self::RefreshExpired => advise(
                Person,
                Token,
                "Connect the application again: it was not used for longer than its refresh token lives.",
            ),
            Self::RefreshReplayed { .. } => advise(
                Watch,
                Token,
                "Two parties hold the same refresh token; find out who, then connect the application again.",
            ),
            Self::RefreshOfAnotherClient => advise(
                Watch,
                Token,
                "Check that the client did not change its client id; otherwise somebody tries another’s token.",
            ),
            Self::RefreshOfAnotherKey => advise(
                Maker,
                Token,
                "Use the DPoP key that the refresh token was issued to; a client that lost it has to connect again.",
            ),
            Self::FamilyOver => advise(
                Person,
                Token,
                "Connect the application again: the permission was revoked or has reached its end.",
            ),
            Self::RefreshConsentOver => {
                advise(Person, Token, "Connect the application again: the person took their permission back.")
            }
            Self::PersonSuspended => {
                advise(Administrator, Token, "The person is stopped; let them go on if they should.")
            }
            Self::ConsentOver => {
                advise(Person, Code, "Start the sign-in again: the permission was taken back before the code was used.")
            }
            Self::ScopeMalformed => advise(Maker, Token, "Send scopes as words with one space between them."),
            Self::ScopeWidened => {
                advise(Maker, Token, "Ask for no more than was granted; for more, the person has to be asked again.")
            }
            Self::ScopeNoneLeft => {
                advise(Administrator, Token, "Give it a scope that it asks for, or tell its maker which it may have.")
            }
            Self::TokenTypeUnsupported(_) => {
                advise(Maker, Token, "Exchange an access token or a JWT; other kinds are not taken.")
            }
            Self::SubjectTokenInvalid => {
                advise(Maker, Token, "Show a live access token of this server: this one is over, revoked or foreign.")
            }
            Self::SubjectTokenElsewhere => {
                advise(Maker, Token, "Show a token that was made for this machine’s own resource.")
            }
            Self::ActorTokenForeign => {
                advise(Maker, Token, "Leave actor_token out; the machine’s own credential says who acts.")
            }
            Self::SubjectOfAnotherTenant => {
                advise(Administrator, Token, "Put machine and person into the same tenant, if they belong together.")
            }
            Self::NotDelegated => {
                advise(Administrator, Token, "Grant the machine a delegation for this person, or ask them to.")
            }
            Self::ChainTooLong { .. } => advise(
                Administrator,
                Token,
                "Shorten the chain of machines, or allow a longer one with delegation.depth.",
            ),
            Self::ExchangeWidened => {
                advise(Maker, Token, "Ask for what token, delegation, machine and resource all allow, and no more.")
            }
            Self::DelegationElsewhere => {
                advise(Administrator, Token, "Let the delegation reach to this resource, if it should.")
            }
            Self::CrossingNotAllowed => advise(
                Administrator,
                Token,
                "Allow the crossing to that audience with `writ crossing add`, if it should be.",
            ),
            Self::WorkloadTokenRefused(_) => advise(
                Administrator,
                Token,
                "Hold the token against the machine’s trust with “Try a token” on its page; it says which rule does not fit.",
            ),
            Self::ResourceUnknown { .. } => advise(
                Administrator,
                Authorize,
                "Register the resource, or correct the address in the client: it must be the same, character for character.",
            ),
            Self::ResourceNotAllowed { .. } => {
                advise(Administrator, Token, "Add the resource to those that this client may have tokens for.")
            }
            Self::ResourceMissing => advise(
                Administrator,
                Authorize,
                "Mark one resource as the default, limit the client to one, or have the client send the resource it wants.",
            ),
            Self::ProjectElsewhere { .. } => {
                advise(Maker, Token, "Name the machine's tenant as the project, or the resource that the token is for.")
            }
            Self::ResourceWidened => {
                advise(Maker, Token, "Ask for the resource that was granted; another takes another sign-in.")
            }
            Self::ResourceGone => advise(
                Administrator,
                Token,
                "The resource was removed; register it again, or have the application connect to its successor.",
            ),
            Self::ResourceMany => advise(Maker, Token, "Ask for one resource at a time."),
            Self::ResourceMalformed => {
                advise(Maker, Token, "Send the resource as an absolute address without a fragment.")
            }

            Self::LoginRequired => advise(
                Person,
                SignIn,
                "Sign in: the application asked without showing a page, and nobody was signed in.",
            ),
            Self::InteractionRequired => advise(
                Person,
                Consent,
                "Open the application and allow it: it asked without showing a page, and somebody has to decide.",
            ),
            Self::AccessDenied => {
                advise(Person, Consent, "Nothing to mend: the person said no, and may start again in the application.")
            }
            Self::AuthorizationOver => advise(
                Person,
                SignIn,
                "Start again in the application: the sign-in took too long, was answered already, or went on in another browser.",
            ),
        }
    }
}

impl Show {
    /// Whose turn it is, and what to do.
    pub const fn advice(&self) -> Advice {
        use Stage::{Authorize, Registration};
        use Turn::{Administrator, Maker};
        match self {
            Self::ClientMissing => advise(Maker, Authorize, "Send client_id with the authorization request."),
            Self::ClientUnknown => advise(
                Maker,
                Registration,
                "Remove the connection in the application and add it again, so that it registers here.",
            ),
            Self::ClientGone { .. } => advise(
                Maker,
                Registration,
                "Connect it again: it had registered itself, nobody used it, and it was removed.",
            ),
            Self::ClientDocument(_) => {
                advise(Maker, Registration, "Correct the client’s metadata document, or make it reachable from here.")
            }
            Self::ClientSuspended => {
                advise(Administrator, Registration, "It is stopped; let it go on from its page if it should.")
            }
            Self::ClientAwaitingApproval { .. } => advise(
                Administrator,
                Registration,
                "Look where its answers go, then approve it on its page or reject it.",
            ),
            Self::ClientRejected { .. } => advise(
                Administrator,
                Registration,
                "Somebody decided against it, and its page says why. Approve it there if that does not hold any more.",
            ),
            Self::RedirectUriMissing => {
                advise(Maker, Authorize, "Send redirect_uri: more than one address is registered.")
            }
            Self::RedirectUriInvalid(_) => advise(
                Maker,
                Authorize,
                "Send an address that answers may go to: https, this computer, or the application’s own scheme.",
            ),
            Self::RedirectUriUnregistered { .. } => advise(
                Administrator,
                Authorize,
                "Register this address for the application if it is its own; if you do not know it, somebody may be fishing for codes.",
            ),
            Self::Unreadable(refusal) => Advice { stage: Authorize, ..refusal.advice() },
        }
    }

    /// What the page says of it, without any word of the request.
    pub fn public_text(&self) -> String {
        let words = match self {
            Self::ClientMissing => "The request names no client.",
            Self::ClientUnknown => "The application is not known here.",
            Self::ClientGone { .. } => "The application’s registration was removed because nobody used it.",
            Self::ClientDocument(_) => "The application’s metadata document cannot be used.",
            Self::ClientSuspended => "The application is stopped.",
            Self::ClientAwaitingApproval { .. } => "The application waits for approval.",
            Self::ClientRejected { .. } => "An administrator decided against the application.",
            Self::RedirectUriMissing => "The request does not say where its answer goes.",
            Self::RedirectUriInvalid(_) => "The answer would go to an address that cannot be used.",
            Self::RedirectUriUnregistered { .. } => "The answer would go to an address that is not registered.",
            Self::Unreadable(refusal) => return refusal.public_text(),
        };
        words.to_owned()
    }
}

impl RegistrationRefusal {
    /// Whose turn it is, and what to do.
    pub const fn advice(&self) -> Advice {
        use Stage::Registration;
        use Turn::Maker;
        match self {
            Self::Unreadable(_) => {
                advise(Maker, Registration, "Send the registration as one JSON object without repeated members.")
            }
            Self::RedirectUri { .. } => advise(
                Maker,
                Registration,
                "Register an https address, one of this computer, or the application’s own scheme.",
            ),
            Self::RedirectUris { .. } => {
                advise(Maker, Registration, "Register at least one address that answers may go to, and not too many.")
            }
            Self::Metadata { .. } => {
                advise(Maker, Registration, "Correct the member that the answer names, or leave it out.")
            }
            Self::SoftwareStatement => advise(Maker, Registration, "Register without a software statement."),
        }
    }

    /// The same as its own words, without what was sent.
    pub fn told(&self) -> String {
        match self {
            Self::RedirectUri { why, .. } => format!("A redirect URI cannot be used: {why}."),
            Self::Unreadable(_) => "The registration cannot be read.".to_owned(),
            Self::RedirectUris { .. } | Self::Metadata { .. } | Self::SoftwareStatement => self.public_text(),
        }
    }
}

/// An answer that is no refusal of the rules: only its status is known.
pub const fn of_status(status: u16) -> (&'static str, Advice) {
    use Turn::{Administrator, Maker, Person, Wait};
    match status {
        401 => (
            "The request brought no token that is good for this.",
            advise(Maker, Stage::Use, "Show a live access token of this server that was made for this address."),
        ),
        403 => (
            "The caller is not allowed to do this, or a form was not one of ours.",
            advise(
                Person,
                Stage::Use,
                "Reload the page and try again; if it stays so, give the caller the scope or standing that this takes.",
            ),
        ),
        408 => (
            "The request did not arrive in time.",
            advise(Wait, Stage::Use, "Look at the network between the caller and here."),
        ),
        410 => ("What was asked for is over.", advise(Person, Stage::Use, "Start again from the beginning.")),
        413 => (
            "The request is too long.",
            advise(Maker, Stage::Use, "Send less; the limits of each endpoint are in the documentation."),
        ),
        429 => (
            "Too many requests came from one address.",
            advise(
                Wait,
                Stage::Use,
                "Look who asks so often; behind a proxy, set trusted_proxies so that callers are told apart, or raise the limit.",
            ),
        ),
        500.. => (
            "Something broke here; it was not the request.",
            advise(Administrator, Stage::Use, "Look for this id in the log: the line of the fault says what broke."),
        ),
        _ => (
            "The request could not be read.",
            advise(Maker, Stage::Use, "Hold the request against the specification of this endpoint."),
        ),
    }
}
