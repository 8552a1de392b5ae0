//! Every refusal there is, produced over HTTP: what the caller reads, and what the log knows. OAuth 2.1 §3.2.4, §4.1.2.1.

use std::collections::BTreeSet;

use serde_json::json;
use writ::base::{Id, Lifetime, Timestamp};
use writ::model::{
    ClientId, ClientState, Event, GrantType, MachineKind, PersonState, ProtectedResource, TokenUse, Trust,
};
use writ::operations::audit;
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::machines::Terms;
use writ::operations::seen::Seen;
use writ::protocol::display_name::DisplayName;
use writ::store::Read as _;
use writ::store::tables::CONSENTS;

use crate::world::{
    Answer, Browser, ClientApp, KeyPair, Page, Signer, Someone, Tokens, Told, VERIFIER, Website, World,
};

/// Where all of it happens: people and applications that know each other.
struct Stage {
    world: World,
    ada: Browser,
    /// Who sits at it.
    owner: Someone,
    bob: Someone,
    /// Has no secret.
    mail: ClientApp,
    /// Has one.
    crm: ClientApp,
    /// Signs.
    bot: Signer,
    /// For proofs of possession.
    key: KeyPair,
    resource: ProtectedResource,
    other: ProtectedResource,
}

impl Stage {
    fn new() -> Self {
        let world = World::with_websites();
        let ada = world.administrator("ada");
        let resource = world.resource("https://mcp.example/a", "mcp:read mcp:write");
        let other = world.resource("https://mcp.example/b", "mcp:read");
        Self {
            bob: world.person("bob"),
            mail: world.client("mail").at(&resource),
            crm: world.confidential("crm").at(&resource),
            bot: world.signer("bot", "EdDSA"),
            key: KeyPair::new("EdDSA"),
            ada: world.signed_in(&ada),
            owner: ada,
            resource,
            other,
            world,
        }
    }

    fn code(&mut self) -> String {
        self.mail.code(&mut self.ada)
    }

    fn tokens(&mut self) -> Tokens {
        self.mail.tokens(&self.world, &mut self.ada)
    }

    fn redeem(&mut self, changes: &[(&str, &str)]) -> Answer {
        let code = self.code();
        self.mail.redeem_with(&self.world, &code, changes)
    }

    fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        fields.extend(changes);
        self.mail.token_request(&self.world, &fields)
    }

    fn authorize(&mut self, changes: &[(&str, &str)]) -> Page {
        self.ada.get(&self.mail.authorize_path(changes))
    }

    /// A token request of the confidential application with a proof.
    fn crm_with(&self, proof: &str) -> Answer {
        let resource = self.resource.identifier.to_string();
        let fields = [("grant_type", "client_credentials"), ("resource", resource.as_str())];
        self.crm.token_request_with(&self.world, &fields, &[proof])
    }

    /// A token request of the confidential application after a change to its row, which is then undone.
    fn crm_after(&self, change: impl FnOnce(&mut writ::model::Client)) -> Answer {
        let mut before = None;
        self.world.edit_client(&self.crm, |row| {
            before = Some(row.clone());
            change(row);
        });
        let resource = self.resource.identifier.to_string();
        let answer = self.crm.client_credentials(&self.world, &[("resource", &resource)]);
        self.world.put_client(before.unwrap());
        answer
    }
}

/// What came of it: the error as the caller reads it, and what the log was told.
struct Said {
    status: u16,
    error: Option<String>,
    told: Told,
}

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        let error = answer.json()["error"].as_str().map(str::to_owned);
        answer.expect_refused(answer.status, error.as_deref().unwrap_or_default());
        Self { status: answer.status, error, told: answer.told() }
    }
}

impl From<Page> for Said {
    fn from(page: Page) -> Self {
        let error = page.left_for.as_ref().map(|to| {
            assert_eq!(to.parameter("iss").as_deref(), Some(crate::world::ISSUER), "RFC 9207 §2, errors included");
            assert_eq!(to.parameter("state").as_deref(), Some("state-1"));
            assert_eq!(to.parameter("code"), None);
            to.parameter("error").unwrap()
        });
        Self { status: page.status, error, told: page.told() }
    }
}

/// A machine on terms of its own.
fn robot(stage: &Stage, name: &str, change: impl FnOnce(Terms) -> Terms) -> ClientApp {
    let name = DisplayName::parse(name).unwrap();
    let terms = Terms::new(name, MachineKind::Service, "tests", "mcp:read".parse().unwrap());
    stage.world.machine_with(change(terms), &stage.owner)
}

/// A machine behind the first resource.
fn desk(stage: &Stage, name: &str) -> ClientApp {
    let serves = vec![stage.resource.identifier.clone()];
    robot(stage, name, |terms| Terms { serves, ..terms })
}

/// The same, once it may act for whoever signs in.
fn delegated<'a>(stage: &Stage, machine: &'a ClientApp) -> &'a ClientApp {
    stage.world.delegate(machine, writ::model::Subject::Person(stage.owner.id), "mcp:read mcp:write");
    machine
}

/// The last answer to a workload's token that is sent so many times, after a machine was made for each rule.
fn workload(
    stage: &Stage,
    rules: &[&str],
    times: usize,
    token: impl Fn(&dyn Fn(&str, &str) -> String) -> String,
) -> Answer {
    let key = KeyPair::new("EdDSA");
    let issuer = format!("https://issuer.example/{}/{times}", rules.len());
    for (n, rule) in rules.iter().enumerate() {
        let id = robot(stage, &format!("{issuer} {n}"), |terms| terms).id;
        let ClientId::Machine(id) = id else { panic!() };
        let trust = Trust {
            issuer: issuer.clone(),
            audience: crate::world::ISSUER.to_owned(),
            jwks_uri: None,
            jwks: Some(json!({ "keys": [key.jwk("key-1")] })),
            rules: vec![rule.parse().unwrap()],
            preset: None,
            token_use: TokenUse::Once,
        };
        let name = DisplayName::parse("trust").unwrap();
        let new = NewCredential { name, proof: NewProof::Trust(trust), expires_at: None };
        stage.world.block(credentials::create(&stage.world.app, &stage.world.operator(), id, new)).unwrap();
    }
    let now = stage.world.now().seconds();
    let assertion = token(&|sub, jti| {
        let claims =
            json!({ "iss": issuer, "aud": crate::world::ISSUER, "sub": sub, "jti": jti, "iat": now, "exp": now + 60 });
        key.signs(&json!({ "alg": "EdDSA", "kid": "key-1" }), &claims)
    });
    // Which of the resources is not what is refused here.
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion.as_str()),
        ("resource", crate::world::ISSUER),
    ];
    (0..times).map(|_| stage.world.token(&fields)).last().unwrap()
}

type Produce = fn(&mut Stage) -> Said;

/// The variant, its `error`, the status (303: it goes back to the client in a redirect), and how to come by it.
const TABLE: &[(&str, &str, u16, Produce)] = &[
    // How the request looks.
    ("RepeatedParameter", "invalid_request", 400, |s| s.world.token(&[("scope", "1"), ("scope", "1")]).into()),
    ("MissingParameter", "invalid_request", 400, |s| s.world.token(&[]).into()),
    ("MalformedParameter", "invalid_request", 400, |s| s.redeem(&[("redirect_uri", "not a url")]).into()),
    ("TooManyParameters", "invalid_request", 400, |s| {
        let names: Vec<String> = (0..60).map(|n| format!("p{n}")).collect();
        s.world.token(&names.iter().map(|name| (name.as_str(), "1")).collect::<Vec<_>>()).into()
    }),
    ("UnsupportedGrantType", "unsupported_grant_type", 400, |s| s.world.token(&[("grant_type", "password")]).into()),
    ("UnsupportedResponseType", "unsupported_response_type", 303, |s| {
        s.authorize(&[("response_type", "token")]).into()
    }),
    ("UnsupportedResponseMode", "invalid_request", 303, |s| s.authorize(&[("response_mode", "web_message")]).into()),
    ("RequestObject", "request_not_supported", 303, |s| s.authorize(&[("request", "eyJ")]).into()),
    ("RequestUri", "request_uri_not_supported", 303, |s| {
        s.authorize(&[("request_uri", "https://app.example/r")]).into()
    }),
    ("PromptNoneWithOthers", "invalid_request", 303, |s| s.authorize(&[("prompt", "none login")]).into()),
    // Who is asking.
    ("TwoAuthMethods", "invalid_request", 400, |s| {
        s.crm.client_credentials(&s.world, &[("client_secret", "x")]).into()
    }),
    ("ClientUnknown", "invalid_client", 401, |s| {
        let nobody = Id::<writ::model::Client>::from_bytes([7; 16]).to_string();
        s.world.token(&[("grant_type", "client_credentials"), ("client_id", &nobody)]).into()
    }),
    ("ClientSecretMissing", "invalid_client", 401, |s| {
        s.world.token(&[("grant_type", "client_credentials"), ("client_id", &s.crm.id.to_string())]).into()
    }),
    ("ClientSecretWrong", "invalid_client", 401, |s| {
        let crm = ClientApp { secret: Some("writ_cs_wrong".to_owned()), ..s.crm.clone() };
        crm.client_credentials(&s.world, &[]).into()
    }),
    ("ClientSecretExpired", "invalid_client", 401, |s| {
        s.crm_after(|row| row.secrets[0].expires_at = Some(Timestamp::from_seconds(1))).into()
    }),
    ("ClientMethodMismatch", "invalid_client", 401, |s| {
        let mail = ClientApp { secret: Some("anything".to_owned()), ..s.mail.clone() };
        mail.client_credentials(&s.world, &[]).into()
    }),
    ("ClientSuspended", "invalid_client", 401, |s| s.crm_after(|row| row.state = ClientState::Suspended).into()),
    ("ClientRetired", "invalid_client", 401, |s| {
        let robot = robot(s, "replaced", |terms| terms);
        let (id, ctx) = (s.world.machine_id(&robot), s.world.operator());
        s.world.block(writ::operations::machines::retire(&s.world.app, &ctx, id, Seen::Anything, "replaced")).unwrap();
        robot.client_credentials(&s.world, &[]).into()
    }),
    ("ClientAwaitingApproval", "unauthorized_client", 400, |s| {
        s.crm_after(|row| row.state = ClientState::AwaitingApproval).into()
    }),
    ("CredentialRevoked", "invalid_client", 401, |s| {
        let robot = robot(s, "careless", |terms| terms);
        let id = s.world.credentials(&robot).remove(0).id;
        let ctx = s.world.operator();
        s.world.block(writ::operations::credentials::revoke(&s.world.app, &ctx, id, Seen::Anything, "lost")).unwrap();
        robot.client_credentials(&s.world, &[]).into()
    }),
    ("MachineExpired", "invalid_client", 401, |s| {
        let second = Lifetime::from_seconds(1);
        let expires_at = Some(s.world.now().plus(second));
        let ended = robot(s, "ended", |terms| Terms { expires_at, ..terms });
        s.world.later(second);
        ended.client_credentials(&s.world, &[]).into()
    }),
    ("NetworkNotAllowed", "unauthorized_client", 400, |s| {
        let networks = vec!["192.0.2.0/24".parse().unwrap()];
        robot(s, "elsewhere", |terms| Terms { networks, ..terms }).client_credentials(&s.world, &[]).into()
    }),
    ("AssertionInvalid", "invalid_client", 401, |s| {
        let claims = s.bot.claims(&s.world, "stale", json!({ "exp": 1 }));
        let stale = s.bot.key.signs(&s.bot.header(), &claims);
        s.bot.client_credentials(&s.world, &stale).into()
    }),
    ("AssertionReplayed", "invalid_client", 401, |s| {
        let assertion = s.bot.assertion(&s.world, "once");
        let resource = s.resource.identifier.to_string();
        let ask = || {
            let fields = [("grant_type", "client_credentials"), ("resource", resource.as_str())];
            s.bot.asks(&s.world, "/oauth/token", &assertion, &fields)
        };
        ask().expect_status(200);
        ask().into()
    }),
    ("ClientOutOfReach", "temporarily_unavailable", 503, |s| {
        let fields = [("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", "x")];
        let website = Website::new("Cursor");
        website.is_down(true);
        s.world.token(&[&fields[..], &[("client_id", website.url.as_str())]].concat()).into()
    }),
    ("GrantNotAllowed", "unauthorized_client", 400, |s| {
        s.crm_after(|row| row.grant_types = vec![GrantType::AuthorizationCode]).into()
    }),
    ("GrantAssertionInvalid", "invalid_grant", 400, |s| workload(s, &["sub=job"], 1, |key| key("other", "1")).into()),
    ("GrantAssertionReplayed", "invalid_grant", 400, |s| workload(s, &["sub=job"], 2, |key| key("job", "1")).into()),
    ("TrustAmbiguous", "invalid_grant", 400, |s| {
        workload(s, &["sub=job", "sub=job|task"], 1, |key| key("job", "1")).into()
    }),
    // Which key they have.
    ("DpopProofMissing", "invalid_dpop_proof", 400, |s| s.crm_after(|row| row.dpop_bound_access_tokens = true).into()),
    ("DpopProofInvalid", "invalid_dpop_proof", 400, |s| s.crm_with("a.b.c").into()),
    ("DpopProofReplayed", "invalid_dpop_proof", 400, |s| {
        let proof = s.key.for_tokens(&s.world);
        s.crm_with(&proof).bound_tokens();
        s.crm_with(&proof).into()
    }),
    ("DpopNonceNeeded", "use_dpop_nonce", 400, |s| {
        let proof = s.key.proof(&s.world, "POST", "/oauth/token", json!({ "nonce": "guess" }));
        s.crm_with(&proof).into()
    }),
    ("CodeOfAnotherKey", "invalid_grant", 400, |s| {
        let other = KeyPair::new("ES256").thumbprint();
        let code = s.mail.code_with(&mut s.ada, &[("dpop_jkt", &other)]);
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
        s.mail.token_request_with(&s.world, &fields, &[&s.key.for_tokens(&s.world)]).into()
    }),
    ("RefreshOfAnotherKey", "invalid_grant", 400, |s| {
        let code = s.code();
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
        let tokens = s.mail.token_request_with(&s.world, &fields, &[&s.key.for_tokens(&s.world)]).bound_tokens();
        let refresh = tokens.refresh.unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        s.mail.token_request_with(&s.world, &fields, &[&KeyPair::new("ES256").for_tokens(&s.world)]).into()
    }),
    ("PublicClientCredentials", "unauthorized_client", 400, |s| s.mail.client_credentials(&s.world, &[]).into()),
    // What is asked for.
    ("PkceMissing", "invalid_request", 303, |s| s.authorize(&[("code_challenge", "")]).into()),
    ("PkceMethod", "invalid_request", 303, |s| s.authorize(&[("code_challenge_method", "plain")]).into()),
    ("VerifierMalformed", "invalid_request", 400, |s| s.redeem(&[("code_verifier", "short")]).into()),
    ("PkceMismatch", "invalid_grant", 400, |s| s.redeem(&[("code_verifier", &"a".repeat(43))]).into()),
    ("CodeUnknown", "invalid_grant", 400, |s| s.mail.redeem(&s.world, "writ_ac_guess").into()),
    ("CodeExpired", "invalid_grant", 400, |s| {
        let code = s.code();
        s.world.later(Lifetime::from_seconds(60));
        s.mail.redeem(&s.world, &code).into()
    }),
    ("CodeReplayed", "invalid_grant", 400, |s| {
        let code = s.code();
        s.mail.redeem(&s.world, &code).tokens();
        s.mail.redeem(&s.world, &code).into()
    }),
    ("CodeOfAnotherClient", "invalid_grant", 400, |s| {
        let code = s.code();
        s.crm.redeem(&s.world, &code).into()
    }),
    ("RedirectUriMismatch", "invalid_grant", 400, |s| {
        s.redeem(&[("redirect_uri", "http://127.0.0.1:1/callback")]).into()
    }),
    ("ConsentOver", "invalid_grant", 400, |s| {
        let code = s.code();
        let page = s.ada.get("/account");
        let form = page.forms().into_iter().find(|form| form.action.contains("/revocation")).unwrap();
        s.ada.submit_form(&form, &[]).expect_status(200);
        s.mail.redeem(&s.world, &code).into()
    }),
    ("RefreshUnknown", "invalid_grant", 400, |s| s.refresh("writ_rt_guess", &[]).into()),
    ("RefreshReplayed", "invalid_grant", 400, |s| {
        let first = s.tokens().refresh.unwrap();
        let mut newest = first.clone();
        for _ in 0..3 {
            newest = s.refresh(&newest, &[]).tokens().refresh.unwrap();
        }
        s.refresh(&first, &[]).into()
    }),
    ("RefreshOfAnotherClient", "invalid_grant", 400, |s| {
        let token = s.tokens().refresh.unwrap();
        s.crm.refresh(&s.world, &token).into()
    }),
    ("FamilyOver", "invalid_grant", 400, |s| {
        let token = s.tokens().refresh.unwrap();
        let fields = [("token", token.as_str()), ("client_id", &s.mail.id.to_string())];
        s.world.request("POST", "/oauth/revoke").form(&fields).send().expect_status(200);
        s.refresh(&token, &[]).into()
    }),
    ("RefreshConsentOver", "invalid_grant", 400, |s| {
        let token = s.tokens().refresh.unwrap();
        s.world.change("forget consents", |tx| {
            for (id, _) in tx.page(&CONSENTS, None, 10)?.rows {
                tx.delete(&CONSENTS, &id)?;
            }
            tx.record(Event::CatalogueLoaded { scopes: 0 })
        });
        s.refresh(&token, &[]).into()
    }),
    ("PersonSuspended", "invalid_grant", 400, |s| {
        let token = s.mail.tokens(&s.world, &mut s.world.signed_in(&s.bob)).refresh.unwrap();
        s.world.set_person(&s.bob, PersonState::Suspended);
        s.refresh(&token, &[]).into()
    }),
    ("ScopeMalformed", "invalid_scope", 400, |s| s.crm.client_credentials(&s.world, &[("scope", "a\"b")]).into()),
    ("ScopeWidened", "invalid_scope", 400, |s| {
        let token = s.tokens().refresh.unwrap();
        s.refresh(&token, &[("scope", "mcp:read mcp:write")]).into()
    }),
    ("ScopeNoneLeft", "invalid_scope", 400, |s| s.crm.client_credentials(&s.world, &[("scope", "openid")]).into()),
    // Who may act for whom.
    ("TokenTypeUnsupported", "invalid_request", 400, |s| {
        let desk = desk(s, "clerk-1");
        let token = s.tokens().access;
        desk.exchange(&s.world, &token, &[("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")]).into()
    }),
    ("SubjectTokenInvalid", "invalid_request", 400, |s| {
        let desk = desk(s, "clerk-2");
        desk.exchange(&s.world, "writ_at_guess", &[]).into()
    }),
    ("SubjectTokenElsewhere", "invalid_request", 400, |s| {
        let elsewhere = s.other.identifier.clone();
        let robot = robot(s, "clerk-3", |terms| Terms { serves: vec![elsewhere], ..terms });
        let token = s.tokens().access;
        robot.exchange(&s.world, &token, &[]).into()
    }),
    ("ActorTokenForeign", "invalid_request", 400, |s| {
        let desk = desk(s, "clerk-4");
        let token = s.tokens().access;
        let fields = [("actor_token", "x"), ("actor_token_type", "urn:ietf:params:oauth:token-type:jwt")];
        desk.exchange(&s.world, &token, &fields).into()
    }),
    ("SubjectOfAnotherTenant", "invalid_request", 400, |s| {
        let desk = desk(s, "clerk-5");
        let token = s.tokens().access;
        let passed = delegated(s, &desk).exchange(&s.world, &token, &[("resource", "https://mcp.example/b")]);
        let elsewhere = s.other.identifier.clone();
        let next = robot(s, "clerk-6", |terms| Terms { serves: vec![elsewhere], ..terms });
        let id = s.world.machine_id(&next);
        s.world.change("move machine", move |tx| {
            let machine = writ::store::Read::get(tx, &writ::store::tables::MACHINES, &id)?.unwrap();
            let moved = writ::model::Machine { tenant: "staging".parse().unwrap(), ..machine };
            tx.put(&writ::store::tables::MACHINES, &id, &moved)?;
            tx.record(writ::model::Event::MachineResumed { machine: id })
        });
        next.exchange(&s.world, &passed.tokens().access, &[("resource", "https://mcp.example/a")]).into()
    }),
    ("NotDelegated", "invalid_request", 400, |s| {
        let desk = desk(s, "clerk-7");
        let token = s.tokens().access;
        desk.exchange(&s.world, &token, &[]).into()
    }),
    ("ChainTooLong", "invalid_request", 400, |s| {
        let desk = desk(s, "clerk-8");
        let mut token = s.tokens().access;
        delegated(s, &desk);
        for _ in 0..4 {
            token = desk.exchange(&s.world, &token, &[("resource", "https://mcp.example/a")]).tokens().access;
        }
        desk.exchange(&s.world, &token, &[("resource", "https://mcp.example/a")]).into()
    }),
    ("ExchangeWidened", "invalid_scope", 400, |s| {
        let desk = desk(s, "clerk-9");
        let token = s.tokens().access;
        let fields = [("resource", "https://mcp.example/a"), ("scope", "mcp:write")];
        delegated(s, &desk).exchange(&s.world, &token, &fields).into()
    }),
    ("DelegationElsewhere", "invalid_target", 400, |s| {
        let desk = desk(s, "clerk-10");
        let token = s.tokens().access;
        let only = vec![s.other.identifier.clone()];
        let person = writ::model::Subject::Person(s.owner.id);
        s.world
            .delegate_with(writ::operations::delegations::NewDelegation {
                actor: s.world.machine_id(&desk),
                subject: person,
                scope: "mcp:read".parse().unwrap(),
                resources: only,
                may_act: None,
                across: false,
                purpose: "tests".to_owned(),
                lasts: Lifetime::from_days(1),
            })
            .unwrap();
        desk.exchange(&s.world, &token, &[("resource", "https://mcp.example/a")]).into()
    }),
    ("ResourceUnknown", "invalid_target", 400, |s| {
        let answer = s.crm.client_credentials(&s.world, &[("resource", "https://nowhere.example/")]);
        assert!(answer.body.contains("https://mcp.example/a"), "what is known is named: {}", answer.body);
        answer.into()
    }),
    ("ResourceNotAllowed", "invalid_target", 400, |s| {
        let only = s.other.identifier.clone();
        let (world, crm, asked) = (&s.world, &s.crm, s.resource.identifier.to_string());
        world.edit_client(crm, |row| row.resources = vec![only]);
        let answer = crm.client_credentials(world, &[("resource", &asked)]);
        world.edit_client(crm, |row| row.resources.clear());
        answer.into()
    }),
    ("ResourceMissing", "invalid_target", 400, |s| s.crm.client_credentials(&s.world, &[]).into()),
    ("ProjectElsewhere", "invalid_target", 400, |s| {
        let name = |text: &str| writ::protocol::display_name::DisplayName::parse(text).unwrap();
        let kind = writ::model::MachineKind::Service;
        let terms = writ::operations::machines::Terms::new(name("keyed"), kind, "tests", "mcp:read".parse().unwrap());
        let credential = Some(writ::operations::credentials::NewCredential {
            name: name("key"),
            proof: writ::operations::credentials::NewProof::AccessKey,
            expires_at: None,
        });
        let (owner, tenant) = (s.owner.email.parse().unwrap(), writ::model::TenantName::default());
        let new = writ::operations::machines::NewMachine { terms, owner, tenant, credential };
        let made = s.world.block(writ::operations::machines::add(&s.world.app, &s.world.operator(), new)).unwrap();
        let secret = made.credential.unwrap().secret.unwrap();
        let key = secret.expose();
        s.world.request("POST", "/v1/auth/accesskey/exchange").bearer(&format!("P2beta:{key}")).send().into()
    }),
    ("ResourceWidened", "invalid_target", 400, |s| {
        let other = s.other.identifier.to_string();
        s.redeem(&[("resource", &other)]).into()
    }),
    ("ResourceGone", "invalid_target", 400, |s| {
        let token = s.tokens().refresh.unwrap();
        s.world.remove_resource(&s.resource);
        let answer = s.refresh(&token, &[]);
        s.world.put_resource(s.resource.clone());
        answer.into()
    }),
    ("ResourceMany", "invalid_target", 400, |s| {
        s.crm
            .client_credentials(&s.world, &[("resource", "https://a.example/"), ("resource", "https://b.example/")])
            .into()
    }),
    ("ResourceMalformed", "invalid_target", 400, |s| {
        s.crm.client_credentials(&s.world, &[("resource", "https://a.example/#part")]).into()
    }),
    // What a person would have to do.
    ("LoginRequired", "login_required", 303, |s| {
        s.world.browser().get(&s.mail.authorize_path(&[("prompt", "none")])).into()
    }),
    ("InteractionRequired", "interaction_required", 303, |s| {
        s.authorize(&[("prompt", "none"), ("scope", "mcp:write")]).into()
    }),
    ("AccessDenied", "access_denied", 303, |s| {
        let page = s.authorize(&[("prompt", "consent")]);
        let form = page.form("ticket");
        s.ada.submit_form(&form, &[("decision", "deny")]).into()
    }),
    ("AuthorizationOver", "invalid_request", 400, |s| {
        let page = s.authorize(&[("prompt", "consent")]);
        let form = page.form("ticket");
        s.ada.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:read")]).expect_left();
        s.ada.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:read")]).into()
    }),
    ("CrossingNotAllowed", "invalid_target", 400, |s| {
        s.world.edit_client(&s.crm, |row| row.grant_types.push(GrantType::TokenExchange));
        let code = s.crm.code_with(&mut s.ada, &[("scope", "openid mcp:read")]);
        let id = s.crm.redeem(&s.world, &code).tokens().id.unwrap();
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:id-jag"),
            ("subject_token", id.as_str()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("audience", "https://other.example"),
        ];
        s.crm.token_request(&s.world, &fields).into()
    }),
    ("WorkloadTokenRefused", "invalid_request", 400, |s| {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", "a.b.c"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ];
        s.world.token(&fields).into()
    }),
    // Last, for everybody is signed out by then.
    ("RefreshExpired", "invalid_grant", 400, |s| {
        let token = s.tokens().refresh.unwrap();
        s.world.later(Lifetime::from_days(8));
        s.refresh(&token, &[]).into()
    }),
];

/// The variants of `Refusal`, from its source: whoever adds one is sent here.
fn variants() -> BTreeSet<String> {
    let source = include_str!("../../../src/protocol/refusal.rs");
    let body = source.split_once("pub enum Refusal {\n").unwrap().1.split_once("\n}").unwrap().0;
    let lines = body.lines().map(str::trim).filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    lines.map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned()).collect()
}

#[test]
fn every_refusal_is_produced_over_http() {
    let mut stage = Stage::new();
    for (refusal, error, status, produce) in TABLE {
        let said = produce(&mut stage);
        println!("{refusal:24} {status} {error:26} {}", said.told.section);
        assert_eq!(said.told.refusal, *refusal);
        assert_eq!(said.told.error, *error, "{refusal}");
        // A redirect went elsewhere; a page of ours has no error code.
        match (status, &said.error) {
            (303, Some(read)) => assert_eq!(read, error, "{refusal}"),
            (_, Some(read)) => assert_eq!((said.status, read.as_str()), (*status, *error), "{refusal}"),
            (_, None) => assert_eq!(said.status, *status, "{refusal}"),
        }
    }
    let produced: BTreeSet<String> = TABLE.iter().map(|(refusal, ..)| (*refusal).to_owned()).collect();
    let untested: Vec<String> = variants().difference(&produced).cloned().collect();
    assert!(untested.is_empty(), "no test produces {untested:?}");
}

/// protocol.md §1.10: the id leads to the reason also where the answer is a page, or a registration that was refused; and to what was
/// written down about the request.
#[test]
fn every_error_id_leads_somewhere() {
    let mut stage = Stage::new();
    let told = |page: Page| page.told().refusal;
    assert_eq!(told(stage.ada.get("/oauth/authorize?client_id=cli_unknown")), "ClientUnknown");
    assert_eq!(told(stage.ada.get("/oauth/authorize")), "ClientMissing");
    assert_eq!(told(stage.ada.get("/oauth/authorize?client_id=a&client_id=b")), "RepeatedParameter");
    assert_eq!(told(stage.ada.get("/oauth/authorize/continue?ticket=x")), "AuthorizationOver");
    let elsewhere = [("redirect_uri", "https://evil.test/cb")];
    assert_eq!(told(stage.mail.sends(&mut stage.ada, &elsewhere)), "RedirectUriUnregistered");
    let page = stage.mail.sends(&mut stage.ada, &elsewhere);
    assert_eq!(page.told().section, "OAuth 2.1 §2.3.1");

    let metadata = json!({ "redirect_uris": ["http://app.example/cb"] });
    let answer = stage.world.request("POST", "/oauth/register").json(&metadata).send();
    assert_eq!((answer.told().refusal.as_str(), answer.told().error.as_str()), ("RedirectUri", "invalid_redirect_uri"));

    let answer = stage.crm.client_credentials(&stage.world, &[("scope", "openid")]);
    let of = |id: &str| {
        let which = audit::Which { request: Some(id.parse().unwrap()), ..audit::Which::default() };
        let page = stage.world.block(audit::list(&stage.world.app, which, None, 10)).unwrap();
        assert_eq!(page.next, None);
        page.entries.iter().map(|entry| entry.event.name()).collect::<Vec<_>>()
    };
    assert_eq!(of(answer.json()["error_id"].as_str().unwrap()), ["token.refused"]);
    stage.world.later(Lifetime::from_days(1));
    stage.crm.client_credentials(&stage.world, &[("scope", "openid")]);
    assert_eq!(of(answer.json()["error_id"].as_str().unwrap()), ["token.refused"]);
    let nothing = Id::<writ::model::Request>::new(stage.world.now(), &stage.world.app.entropy).unwrap();
    assert_eq!(of(&nothing.to_string()), [""; 0]);
}

/// OAuth 2.1 §3.2.4, protocol.md §1.10: nothing in the answer tells one reason for `invalid_client` or `invalid_grant` from
/// another, and no word of what was sent comes back.
#[test]
fn refusals_of_one_kind_read_alike_and_repeat_nothing() {
    let mut stage = Stage::new();
    let mut words = std::collections::BTreeMap::<&str, BTreeSet<String>>::new();
    let secret = "writ_cs_0123456789abcdef";
    let crm = ClientApp { secret: Some(secret.to_owned()), ..stage.crm.clone() };
    let nobody = Id::<writ::model::Client>::from_bytes([7; 16]);
    let stranger = ClientApp { id: writ::model::ClientId::Registered(nobody), ..crm.clone() };
    let other_kind = ClientApp { secret: Some(secret.to_owned()), ..stage.mail.clone() };
    for answer in [&crm, &stranger, &other_kind].map(|app| app.client_credentials(&stage.world, &[])) {
        assert!(!answer.body.contains(secret));
        words.entry("invalid_client").or_default().insert(answer.json()["error_description"].to_string());
    }
    let (code, spent) = (stage.code(), stage.code());
    stage.mail.redeem(&stage.world, &spent).tokens();
    for answer in [
        stage.crm.redeem(&stage.world, &code),
        stage.mail.redeem(&stage.world, &spent),
        stage.mail.redeem(&stage.world, "writ_ac_guess"),
        stage.mail.redeem_with(&stage.world, &code, &[("code_verifier", &"a".repeat(43))]),
    ] {
        assert!(!answer.body.contains("writ_ac_"));
        words.entry("invalid_grant").or_default().insert(answer.json()["error_description"].to_string());
    }
    for (error, words) in words {
        assert_eq!(words.len(), 1, "{error}: {words:?}");
    }
}
