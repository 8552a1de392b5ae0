//! The authorization request, and what comes next for the browser. OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::params::Parameters;
use super::refusal::{Refusal, ensure};
use super::{language, pkce, scope, target};
use crate::base::{Destination, Digest, Id, Lifetime, RedirectUri, Resource, Timestamp};
use crate::model::{
    Authorization, Client, ClientId, ClientState, Consent, GrantType, Language, Person, Prompt, ProtectedResource,
    ResponseMode, ScopeSet, TenantName,
};

/// Longest `state` that is carried back, in bytes.
pub const LONGEST_STATE: usize = 2_048;
/// Longest id token that is read as a hint, in bytes.
const LONGEST_HINT: usize = 8_192;

/// Why an authorization request is refused on a page of ours.
///
/// OAuth 2.1 §4.1.2.1: "If the request fails due to a missing, invalid, or mismatching redirect URI, or if the client
/// identifier is missing or invalid, the authorization server SHOULD inform the resource owner of the error and MUST NOT
/// automatically redirect the user agent to the invalid redirect URI." The two cannot be mixed up: this type has no URI,
/// and a [`Refusal`] is only come by once there is an [`Addressed`] to send it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    ClientMissing,
    ClientUnknown,
    /// It was registered once; nobody used it, and it is gone.
    ClientGone {
        name: String,
    },
    /// Its client-id document cannot be had or is not valid; the words say why.
    ClientDocument(String),
    ClientSuspended,
    ClientAwaitingApproval {
        name: String,
    },
    /// An administrator decided against it; the words are theirs.
    ClientRejected {
        name: String,
        because: String,
    },
    RedirectUriMissing,
    RedirectUriInvalid(&'static str),
    RedirectUriUnregistered {
        name: String,
        sent_to: Destination,
    },
    /// The request says twice who asks or where the answer goes, or cannot be read, so nothing in it can be trusted.
    Unreadable(Refusal),
}

impl Show {
    /// Where the sentence stands that says no.
    pub const fn section(&self) -> &'static str {
        match self {
            Self::ClientMissing => "OAuth 2.1 §4.1.1",
            Self::ClientUnknown
            | Self::ClientGone { .. }
            | Self::ClientSuspended
            | Self::ClientAwaitingApproval { .. }
            | Self::ClientRejected { .. } => "OAuth 2.1 §4.1.2.1",
            Self::ClientDocument(_) => "CIMD §4",
            Self::RedirectUriMissing | Self::RedirectUriInvalid(_) | Self::RedirectUriUnregistered { .. } => {
                "OAuth 2.1 §2.3.1"
            }
            Self::Unreadable(refusal) => refusal.section(),
        }
    }
}

/// The client a request names, before anything else in it is believed. OAuth 2.1 §4.1.1.
pub fn client_id(params: &Parameters<'_>) -> Result<ClientId, Show> {
    params.once("client_id").map_err(Show::Unreadable)?;
    // §4.1.1: ""client_id": REQUIRED."
    let text = params.bounded("client_id", 512).map_err(Show::Unreadable)?.ok_or(Show::ClientMissing)?;
    text.parse().map_err(|_| Show::ClientUnknown)
}

/// A request whose client and redirect URI have been checked: from here on, errors go back to the client.
#[derive(Clone, Debug)]
pub struct Addressed {
    pub redirect_uri: RedirectUri,
    /// How it is answered, errors included; in the query if it asks for what there is not.
    pub response_mode: ResponseMode,
    pub state: Option<String>,
}

/// Checks where the answer may go. OAuth 2.1 §4.1.1, §2.3.1, §4.1.2.1.
pub fn address(params: &Parameters<'_>, client: &Client) -> Result<Addressed, Show> {
    match client.state {
        ClientState::Active => {}
        ClientState::Suspended | ClientState::Retired => return Err(Show::ClientSuspended),
        ClientState::AwaitingApproval => return Err(Show::ClientAwaitingApproval { name: client.name.clone() }),
        ClientState::Rejected => {
            let because = client.review.rejected.clone().unwrap_or_default();
            return Err(Show::ClientRejected { name: client.name.clone(), because });
        }
    }
    params.once("redirect_uri").map_err(Show::Unreadable)?;
    let redirect_uri = match params.optional("redirect_uri") {
        // §2.3.1: "compare the two URIs using simple string comparison", loopback ports excepted.
        Some(sent) => {
            let sent = RedirectUri::parse(sent).map_err(|why| Show::RedirectUriInvalid(why.0))?;
            if !client.redirect_uris.iter().any(|known| sent.matches(known)) {
                return Err(Show::RedirectUriUnregistered { name: client.name.clone(), sent_to: sent.destination() });
            }
            sent
        }
        // §4.1.1: ""redirect_uri": OPTIONAL if only one redirect URI is registered for this client."
        None => match client.redirect_uris.as_slice() {
            [only] => only.clone(),
            _ => return Err(Show::RedirectUriMissing),
        },
    };
    let response_mode = response_mode(params, &redirect_uri).unwrap_or_default();
    Ok(Addressed { redirect_uri, response_mode, state: state(params).unwrap_or_default().map(str::to_owned) })
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1: "response_mode … Informs the Authorization Server of the mechanism to be used for
/// returning Authorization Response parameters". A form is posted over http(s) and to nothing else.
fn response_mode(params: &Parameters<'_>, redirect_uri: &RedirectUri) -> Result<ResponseMode, Refusal> {
    params.once("response_mode")?;
    let Some(asked) = params.optional("response_mode") else { return Ok(ResponseMode::default()) };
    let known = ResponseMode::ALL.into_iter().find(|(name, _)| *name == asked);
    let (_, mode) = known.ok_or(Refusal::UnsupportedResponseMode)?;
    let cannot_be_posted_to = matches!(redirect_uri.destination(), Destination::Application(_));
    ensure(mode != ResponseMode::FormPost || !cannot_be_posted_to, Refusal::UnsupportedResponseMode)?;
    Ok(mode)
}

/// The `state` to carry back. Of several none is the client's, and what is too long is not carried.
fn state<'p>(params: &'p Parameters<'_>) -> Result<Option<&'p str>, Refusal> {
    params.once("state")?;
    params.bounded("state", LONGEST_STATE)
}

/// The rest of the request, read but not yet held against a resource.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    pub code_challenge: String,
    pub scope: Option<ScopeSet>,
    pub resource: Option<Resource>,
    pub nonce: Option<String>,
    pub tenant: Option<TenantName>,
    pub prompt: Vec<Prompt>,
    pub max_age: Option<u64>,
    pub login_hint: Option<String>,
    /// An id token, not verified yet.
    pub id_token_hint: Option<String>,
    pub language: Option<Language>,
    pub dpop_jkt: Option<Digest>,
}

/// Reads what is asked for. OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2.1.
pub fn read(params: &Parameters<'_>, client: &Client, addressed: &Addressed) -> Result<AuthorizationRequest, Refusal> {
    // §4.1.2.1: "If the resource owner denies the access request or if the request fails for reasons other than a missing or invalid
    // redirect URI, the authorization server informs the client by adding the following parameters". That the request repeats
    // something is one of these: "includes a parameter more than once".
    params.faultless()?;
    state(params)?;
    // OpenID Connect Core §6: not supported, so refused rather than overlooked: the plain parameters may say otherwise.
    ensure(params.optional("request").is_none(), Refusal::RequestObject)?;
    ensure(params.optional("request_uri").is_none(), Refusal::RequestUri)?;
    // §4.1.1: ""response_type": REQUIRED." Only `code` is left in OAuth 2.1.
    ensure(params.required("response_type")? == "code", Refusal::UnsupportedResponseType)?;
    response_mode(params, &addressed.redirect_uri)?;
    // §4.1.2.1 unauthorized_client: "not authorized to request an authorization code using this method".
    ensure(client.allows_grant(GrantType::AuthorizationCode), Refusal::GrantNotAllowed)?;
    let code_challenge = pkce::challenge(params.optional("code_challenge"), params.optional("code_challenge_method"))?;
    let scope = scope::parse(params.optional("scope"))?;
    let resource = target::requested(params.resources())?;
    let max_age =
        params.optional("max_age").map(str::parse).transpose().map_err(|_| Refusal::MalformedParameter("max_age"))?;
    // RFC 9449 §10: "The value of the dpop_jkt authorization request parameter is the JWK Thumbprint [RFC7638] of the
    // proof-of-possession public key using the SHA-256 hash function".
    let dpop_jkt = params.optional("dpop_jkt");
    let dpop_jkt =
        dpop_jkt.map(|text| Digest::parse(text).ok_or(Refusal::MalformedParameter("dpop_jkt"))).transpose()?;
    Ok(AuthorizationRequest {
        code_challenge,
        scope,
        resource,
        nonce: params.bounded("nonce", 512)?.map(str::to_owned),
        // A parameter of ours. §4.1.2.1 invalid_request: "includes an invalid parameter value".
        tenant: (params.optional("tenant").map(str::parse).transpose())
            .map_err(|_| Refusal::MalformedParameter("tenant"))?,
        prompt: prompt(params.bounded("prompt", 128)?)?,
        max_age,
        // OpenID Connect Core §3.1.2.1: "Hint to the Authorization Server". What is no address that anybody has is none.
        login_hint: params.bounded("login_hint", 254).ok().flatten().map(str::to_owned),
        id_token_hint: params.bounded("id_token_hint", LONGEST_HINT)?.map(str::to_owned),
        language: params.optional("ui_locales").and_then(language::wished),
        dpop_jkt,
    })
}

/// Whom an id token of ours that comes back as a hint is about, once its signature was checked. OpenID Connect Core §3.1.2.2: "When an
/// id_token_hint is present, the OP MUST validate that it was the issuer of the ID Token. The OP SHOULD accept ID Tokens … even when the
/// exp time has passed." `claims` is nothing if it was not signed here: then the client means somebody whom nobody here can tell, and
/// going on as if it had not said so would give it somebody else's tokens.
pub fn hinted(claims: Option<&Map<String, Value>>, issuer: &str) -> Result<Id<Person>, Refusal> {
    let text = |name: &str| claims.and_then(|claims| claims.get(name)).and_then(Value::as_str);
    ensure(text("iss") == Some(issuer), Refusal::MalformedParameter("id_token_hint"))?;
    text("sub").and_then(|sub| sub.parse().ok()).ok_or(Refusal::MalformedParameter("id_token_hint"))
}

/// OpenID Connect Core §3.1.2.1: "prompt … Space-delimited, case-sensitive list". Values that are not known are passed over.
fn prompt(text: Option<&str>) -> Result<Vec<Prompt>, Refusal> {
    let asked = |name: &str| text.is_some_and(|text| text.split(' ').any(|part| part == name));
    let prompts: Vec<Prompt> =
        Prompt::ALL.into_iter().filter(|(name, _)| asked(name)).map(|(_, prompt)| prompt).collect();
    // §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
    let alone = text.is_none_or(|text| text.split(' ').filter(|part| !part.is_empty()).count() == 1);
    ensure(!prompts.contains(&Prompt::None) || alone, Refusal::PromptNoneWithOthers)?;
    Ok(prompts)
}

/// Holds what is asked for against the client and the resource it is for. OAuth 2.1 §1.4.1, RFC 8707 §2.
pub fn narrow(
    request: &AuthorizationRequest,
    client: &Client,
    facts: target::Facts,
) -> Result<(Option<Arc<ProtectedResource>>, scope::Narrowed), Refusal> {
    let open = facts.leave_open(client);
    let resource = target::select(facts, client)?;
    let narrowed = scope::narrow_for_person(request.scope.as_ref(), client, resource.as_deref());
    // OAuth 2.1 §1.4.1: "the authorization server MUST either process the request using a pre-defined default value or fail the
    // request". RFC 8707 §2 invalid_target: "The requested resource is invalid, missing, …". A grant of nothing would look like one.
    ensure(!open || !scope::gives_nothing(&narrowed.scope), Refusal::ResourceMissing)?;
    Ok((resource, narrowed))
}

/// Who is at the browser.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    pub person: Id<Person>,
    pub auth_time: Timestamp,
    /// They proved then who they are to us, and not to somebody whose word was taken for it.
    pub proved: bool,
}

/// Whether whoever signs in for it has to prove who they are to us, so that no provider's word does: how and when it asked is not known.
///
/// OpenID Connect Core §3.1.2.1, max_age: "Specifies the allowable elapsed time in seconds since the last time the End-User was actively
/// authenticated by the OP"; and login and select_account of `prompt` as in [`next`].
pub fn wants_proof(authorization: &Authorization) -> bool {
    is_afresh(authorization) || authorization.max_age.is_some()
}

fn is_afresh(authorization: &Authorization) -> bool {
    authorization.prompt.iter().any(|prompt| matches!(prompt, Prompt::Login | Prompt::SelectAccount))
}

/// What the browser is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Prove who you are, for the first time or again.
    SignIn {
        again: bool,
    },
    /// Decide about these scopes; those in `held` it has already.
    Consent {
        held: ScopeSet,
    },
    /// Nothing is left to ask.
    Answer,
    Refuse(Refusal),
}

/// Decides what comes next. Pages know nothing of each other; only this function does. OpenID Connect Core §3.1.2.3–4.
pub fn next(authorization: &Authorization, present: Option<Present>, consent: Option<&Consent>) -> Next {
    let silent = authorization.prompt.contains(&Prompt::None);
    let or_refuse = |next: Next, refusal: Refusal| if silent { Next::Refuse(refusal) } else { next };

    // §3.1.2.6 login_required: "The Authorization Server requires End-User authentication."
    let Some(present) = present else { return or_refuse(Next::SignIn { again: false }, Refusal::LoginRequired) };

    // §3.1.2.2: "The Authorization Server MUST NOT reply with an ID Token or Access Token for a different user, even if they have an
    // active session with the Authorization Server."
    if authorization.subject.is_some_and(|meant| meant != present.person) {
        return or_refuse(Next::SignIn { again: true }, Refusal::LoginRequired);
    }

    // §3.1.2.1 login: "SHOULD prompt the End-User for reauthentication"; select_account: "to select a user account". Either is
    // met by a sign-in after this authorization began.
    let afresh = is_afresh(authorization);
    // §3.1.2.1 max_age: "If the elapsed time is greater than this value, the OP MUST attempt to actively re-authenticate the
    // End-User." Measured when the authorization began, so that a slow consent asks nobody twice.
    let allowed = authorization.max_age.map(|seconds| authorization.asked_at.minus(Lifetime::from_seconds(seconds)));
    let stale = (!present.proved && wants_proof(authorization))
        || (afresh && present.auth_time < authorization.asked_at)
        || allowed.is_some_and(|oldest| present.auth_time < oldest);
    if stale {
        return or_refuse(Next::SignIn { again: true }, Refusal::LoginRequired);
    }

    // Only what was allowed to the same registration, answered to the same place, counts as held (attack cases 35 and 41).
    let standing = consent.filter(|consent| consent.client == authorization.client);
    let held = standing.map(|consent| consent.scope.clone()).unwrap_or_default();
    let known_place = standing.is_some_and(|consent| consent.redirects.contains(&place(&authorization.redirect_uri)));
    let remembered = standing.is_some_and(|consent| consent.remembered);
    let covered = authorization.scope.is_subset_of(&held);
    if remembered && covered && known_place && !authorization.prompt.contains(&Prompt::Consent) {
        return Next::Answer;
    }
    // §3.1.2.6 interaction_required: "The Authorization Server requires End-User interaction of some form to proceed."
    or_refuse(Next::Consent { held }, Refusal::InteractionRequired)
}

/// A redirect URI as consent remembers it: loopback ports change with every start of a program (RFC 8252 §7.3).
pub fn place(redirect_uri: &RedirectUri) -> String {
    match redirect_uri.destination() {
        Destination::ThisComputer => {
            let uri = redirect_uri.as_str();
            let path = uri.get("http://".len()..).and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)));
            format!("loopback{}", path.unwrap_or("/"))
        }
        _ => redirect_uri.as_str().to_owned(),
    }
}

/// The answer, as a browser carries it to the client.
#[derive(Clone, PartialEq, Eq)]
pub enum Carried {
    /// In the address that it is sent to.
    InAddress(String),
    /// In the fields of a form that it posts to the redirect URI.
    InForm(Vec<(String, String)>),
}

/// Puts the answer together. OAuth 2.1 §4.1.2, RFC 9207 §2.
///
/// `answer` is `code` or the error members; `state` and `iss` are added. A registered URI cannot hold any of these
/// parameters itself (`RedirectUri::parse` refuses it), so none is doubled (attack case 7).
pub fn carried(
    redirect_uri: &RedirectUri,
    mode: ResponseMode,
    state: Option<&str>,
    issuer: &str,
    answer: &[(&str, &str)],
) -> Carried {
    let mut members = answer.to_vec();
    // §4.1.2: ""state": REQUIRED if the "state" parameter was present in the client authorization request."
    members.extend(state.map(|state| ("state", state)));
    // RFC 9207 §2: "authorization servers … MUST indicate their identity in the authorization response", errors included.
    members.push(("iss", issuer));
    // OAuth 2.0 Multiple Response Type Encoding Practices §2.1, query: "encoded in the query string added to the redirect_uri"; fragment: "encoded in
    // the fragment added to the redirect_uri", which never has one of its own. Form Post Response Mode §2: "encoded as HTML form values that
    // are auto-submitted in the User Agent".
    let joint = match mode {
        ResponseMode::FormPost => {
            return Carried::InForm(
                members.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            );
        }
        ResponseMode::Fragment => '#',
        ResponseMode::Query if redirect_uri.as_str().contains('?') => '&',
        ResponseMode::Query => '?',
    };
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
    Carried::InAddress(format!("{redirect_uri}{joint}{encoded}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;

    fn authorization(prompt: Vec<Prompt>, max_age: Option<u64>) -> Authorization {
        let entropy = Entropy::seeded(1);
        Authorization {
            id: Id::new(Timestamp::from_seconds(1_000), &entropy).unwrap(),
            client_id: ClientId::Document("https://a.example/c".into()),
            client: Digest::of(b"client"),
            redirect_uri: RedirectUri::parse("http://127.0.0.1:5/cb").unwrap(),
            response_mode: ResponseMode::Query,
            state: None,
            scope: "mcp:read".parse().unwrap(),
            dropped: ScopeSet::new(),
            resource: None,
            code_challenge: String::new(),
            nonce: None,
            tenant: None,
            prompt,
            max_age,
            login_hint: None,
            subject: None,
            language: None,
            dpop_jkt: None,
            asked_at: Timestamp::from_seconds(1_000),
            browser: Digest::ZERO,
        }
    }

    fn present(auth_time: i64) -> Option<Present> {
        let (person, auth_time) = (Id::from_bytes([1; 16]), Timestamp::from_seconds(auth_time));
        Some(Present { person, auth_time, proved: true })
    }

    fn consent(scope: &str, client: &[u8], redirect: &str) -> Consent {
        Consent {
            id: Id::from_bytes([2; 16]),
            person: Id::from_bytes([1; 16]),
            client_id: ClientId::Document("https://a.example/c".into()),
            client_name: String::new(),
            client: Digest::of(client),
            resource: None,
            scope: scope.parse().unwrap(),
            redirects: vec![redirect.into()],
            remembered: true,
            given_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    #[test]
    fn nobody_signed_in_signs_in_unless_silence_was_asked_for() {
        assert_eq!(next(&authorization(vec![], None), None, None), Next::SignIn { again: false });
        assert_eq!(next(&authorization(vec![Prompt::None], None), None, None), Next::Refuse(Refusal::LoginRequired));
    }

    #[test]
    fn prompt_login_and_max_age_are_met_by_a_newer_sign_in() {
        for asked in [
            authorization(vec![Prompt::Login], None),
            authorization(vec![Prompt::SelectAccount], None),
            authorization(vec![], Some(0)),
        ] {
            assert_eq!(next(&asked, present(999), None), Next::SignIn { again: true });
            assert_eq!(next(&asked, present(1_000), None), Next::Consent { held: ScopeSet::new() });
        }
        assert_eq!(next(&authorization(vec![], Some(100)), present(899), None), Next::SignIn { again: true });
        assert_eq!(
            next(&authorization(vec![], Some(100)), present(900), None),
            Next::Consent { held: ScopeSet::new() }
        );
    }

    #[test]
    fn nobody_is_answered_but_who_is_meant() {
        let meant = |subject, prompt| Authorization {
            subject: Some(Id::from_bytes([subject; 16])),
            ..authorization(prompt, None)
        };
        let held = Next::Consent { held: ScopeSet::new() };
        assert_eq!(next(&meant(1, vec![]), present(1), None), held);
        assert_eq!(next(&meant(2, vec![]), present(1), None), Next::SignIn { again: true });
        let consent = consent("mcp:read", b"client", "loopback/cb");
        assert_eq!(next(&meant(1, vec![Prompt::None]), present(1), Some(&consent)), Next::Answer);
        let silent = meant(2, vec![Prompt::None]);
        assert_eq!(next(&silent, present(1), Some(&consent)), Next::Refuse(Refusal::LoginRequired));
        assert_eq!(next(&silent, None, None), Next::Refuse(Refusal::LoginRequired));
    }

    #[test]
    fn a_hint_is_an_id_token_of_ours() {
        let claims = |iss: &str, sub: &str| serde_json::json!({ "iss": iss, "sub": sub }).as_object().cloned();
        let person = Id::<Person>::from_bytes([1; 16]);
        let ours = claims("https://id.example", &person.to_string());
        assert_eq!(hinted(ours.as_ref(), "https://id.example"), Ok(person));
        let refused = Err(Refusal::MalformedParameter("id_token_hint"));
        for (claims, issuer) in [
            (None, "https://id.example"),
            (ours, "https://id.example/"),
            (claims("https://id.example", "mch_1"), "https://id.example"),
            (serde_json::json!({}).as_object().cloned(), "https://id.example"),
        ] {
            assert_eq!(hinted(claims.as_ref(), issuer), refused);
        }
    }

    #[test]
    fn cases_35_and_41_only_the_same_consent_answers_silently() {
        let asked = authorization(vec![], None);
        let place = "loopback/cb";
        assert_eq!(next(&asked, present(1), Some(&consent("mcp:read mcp:write", b"client", place))), Next::Answer);
        let held = |scope: &str| Next::Consent { held: scope.parse().unwrap() };
        assert_eq!(next(&asked, present(1), Some(&consent("mcp:write", b"client", place))), held("mcp:write"));
        assert_eq!(next(&asked, present(1), Some(&consent("mcp:read", b"changed", place))), held(""));
        assert_eq!(
            next(&asked, present(1), Some(&consent("mcp:read", b"client", "https://new.example/cb"))),
            held("mcp:read")
        );
        let forgotten = Consent { remembered: false, ..consent("mcp:read", b"client", place) };
        assert_eq!(next(&asked, present(1), Some(&forgotten)), held("mcp:read"));
        let silent = authorization(vec![Prompt::None], None);
        assert_eq!(next(&silent, present(1), Some(&forgotten)), Next::Refuse(Refusal::InteractionRequired));
        assert_eq!(
            next(&authorization(vec![Prompt::Consent], None), present(1), Some(&consent("mcp:read", b"client", place))),
            held("mcp:read")
        );
    }

    #[test]
    fn an_answer_carries_state_and_issuer_once() {
        let uri = RedirectUri::parse("https://a.example/cb?tenant=7").unwrap();
        let said = |mode| carried(&uri, mode, Some("a b&iss=x"), "https://id.example", &[("code", "c")]);
        let encoded = "code=c&state=a+b%26iss%3Dx&iss=https%3A%2F%2Fid.example";
        let address = |joint: char| Carried::InAddress(format!("https://a.example/cb?tenant=7{joint}{encoded}"));
        assert!(said(ResponseMode::Query) == address('&'));
        assert!(said(ResponseMode::Fragment) == address('#'));
        let fields = [("code", "c"), ("state", "a b&iss=x"), ("iss", "https://id.example")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(said(ResponseMode::FormPost) == Carried::InForm(fields.to_vec()));
    }
}
