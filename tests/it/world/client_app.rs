//! An application that people connect, or a machine.

use serde_json::json;
use writ::base::{Digest, Id, OpaqueToken, RedirectUri, Resource, TokenKind};
use writ::model::{
    Algorithm, ApplicationType, AuthMethod, Client, ClientAbout, ClientId, ClientSecret, ClientState, Event, GrantType,
    MachineKind, ProtectedResource, Provenance, Review, TenantName, TokenFormat,
};
use writ::operations::machines::{self, NewMachine, Terms};
use writ::protocol::display_name::DisplayName;
use writ::store::tables::{CLIENTS, RESOURCES};

use super::browser::{Browser, Page, query};
use super::http::{Answer, Request};
use super::{Someone, World};

pub const CALLBACK: &str = "http://127.0.0.1:7777/callback";
/// Of every flow in the tests.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub fn challenge() -> String {
    Digest::of(VERIFIER.as_bytes()).text()
}

/// An application, as its own code knows it.
#[derive(Clone, Debug)]
pub struct ClientApp {
    pub id: ClientId,
    pub secret: Option<String>,
    pub redirect_uri: String,
    pub resource: Option<String>,
}

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
    pub id: Option<String>,
    pub scope: String,
}

impl World {
    /// A public application that an administrator registered.
    pub fn client(&self, name: &str) -> ClientApp {
        self.register(name, AuthMethod::None)
    }

    /// One that has a secret and may also act for itself.
    pub fn confidential(&self, name: &str) -> ClientApp {
        self.register(name, AuthMethod::ClientSecretBasic)
    }

    fn register(&self, name: &str, auth_method: AuthMethod) -> ClientApp {
        let id = Id::<Client>::new(self.now(), &self.app.entropy).unwrap();
        let secret = OpaqueToken::new(TokenKind::ClientSecret, id, &self.app.entropy).unwrap();
        let secret = auth_method.has_secret().then_some(secret);
        let mut grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        if secret.is_some() {
            grant_types.push(GrantType::ClientCredentials);
        }
        let client = Client {
            id: ClientId::Registered(id),
            name: name.to_owned(),
            provenance: Provenance::Administrator,
            state: ClientState::Active,
            application_type: ApplicationType::Native,
            auth_method,
            secrets: secret
                .iter()
                .map(|secret| ClientSecret {
                    digest: secret.digest(),
                    created_at: self.now(),
                    expires_at: None,
                    last_used_at: None,
                })
                .collect(),
            jwks: None,
            jwks_uri: None,
            redirect_uris: vec![RedirectUri::parse(CALLBACK).unwrap()],
            grant_types,
            scope: secret.as_ref().map(|_| "mcp:read mcp:write mcp:admin".parse().unwrap()),
            resources: Vec::new(),
            serves: Vec::new(),
            client_uri: None,
            about: ClientAbout::default(),
            id_token_signed_response_alg: Some(Algorithm::ES256),
            dpop_bound_access_tokens: false,
            created_at: self.now(),
            first_used_at: None,
            last_used_at: None,
            reaped_at: None,
            void_before: None,
            declared_as: None,
            review: Review::default(),
            identity: None,
        };
        self.put_client(client);
        ClientApp {
            id: ClientId::Registered(id),
            secret: secret.map(|secret| secret.secret().expose().to_owned()),
            redirect_uri: CALLBACK.to_owned(),
            resource: None,
        }
    }

    /// Registers or changes an application, as an administrator would.
    pub fn put_client(&self, client: Client) {
        let ClientId::Registered(id) = client.id else { panic!("not registered here") };
        self.change("put client", move |tx| {
            tx.put(&CLIENTS, &id, &client)?;
            tx.record(Event::ClientUpdated { client: client.id.clone(), what: Vec::new() })
        });
    }

    /// Changes an application's row.
    pub fn edit_client(&self, app: &ClientApp, edit: impl FnOnce(&mut Client)) {
        let ClientId::Registered(id) = app.id else { panic!("not registered here") };
        let mut client = self.read(|view| writ::store::Read::get(view, &CLIENTS, &id)).unwrap();
        edit(&mut client);
        self.put_client(client);
    }

    /// A machine identity with these scopes.
    pub fn machine(&self, name: &str, owner: &Someone, scope: &str) -> ClientApp {
        let terms =
            Terms::new(DisplayName::parse(name).unwrap(), MachineKind::Service, "tests", scope.parse().unwrap());
        self.machine_with(terms, owner)
    }

    /// One on an administrator's terms, with a secret.
    pub fn machine_with(&self, terms: Terms, owner: &Someone) -> ClientApp {
        self.machine_in(TenantName::MAIN, terms, owner)
    }

    /// The same in a tenant.
    pub fn machine_in(&self, tenant: &str, terms: Terms, owner: &Someone) -> ClientApp {
        let credential = Some(machines::first_secret(DisplayName::parse("first").unwrap(), None));
        let owner = owner.email.parse().unwrap();
        let new = NewMachine { terms, owner, tenant: tenant.parse().unwrap(), credential };
        let made = self.block(machines::add(&self.app, &self.operator(), new)).unwrap();
        ClientApp {
            id: ClientId::Machine(made.machine.id),
            secret: made.credential.unwrap().secret.map(|secret| secret.expose().to_owned()),
            redirect_uri: String::new(),
            resource: None,
        }
    }

    /// A protected resource that offers these scopes; without `scope`, the first of them is meant.
    pub fn resource(&self, identifier: &str, scopes: &str) -> ProtectedResource {
        let row = ProtectedResource {
            id: Id::new(self.now(), &self.app.entropy).unwrap(),
            identifier: Resource::parse(identifier).unwrap(),
            aliases: Vec::new(),
            name: "Tickets".to_owned(),
            scopes: scopes.parse().unwrap(),
            default_scopes: scopes.split(' ').next().unwrap().parse().unwrap(),
            algorithm: Algorithm::ES256,
            format: TokenFormat::Jwt,
            access_for: writ::base::Lifetime::from_hours(1),
            machine_access_most: None,
            tool_scopes: std::collections::BTreeMap::new(),
            claims: None,
            is_default: false,
            created_at: self.now(),
        };
        self.put_resource(row.clone());
        row
    }

    pub fn put_resource(&self, row: ProtectedResource) {
        self.change("put resource", move |tx| {
            tx.put(&RESOURCES, &row.id, &row)?;
            tx.record(Event::ResourceCreated {
                resource: row.id,
                identifier: row.identifier.clone(),
                after: serde_json::Value::Null,
            })
        });
    }
}

impl World {
    /// Takes a resource out of the registry; no operation does that yet.
    pub fn remove_resource(&self, row: &ProtectedResource) {
        let (id, identifier) = (row.id, row.identifier.clone());
        self.change("remove resource", move |tx| {
            tx.delete(&RESOURCES, &id)?;
            tx.record(Event::ResourceCreated {
                resource: id,
                identifier: identifier.clone(),
                after: serde_json::Value::Null,
            })
        });
    }
}

impl ClientApp {
    /// One that registers itself, as a stranger does (RFC 7591).
    #[track_caller]
    pub fn registers(world: &World, name: &str) -> Self {
        let metadata =
            json!({ "client_name": name, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
        let answer = world.request("POST", "/oauth/register").json(&metadata).send();
        let id = answer.expect_status(201).json()["client_id"].as_str().unwrap().parse().unwrap();
        Self { id, secret: None, redirect_uri: CALLBACK.to_owned(), resource: None }
    }

    /// Sends a browser here to ask for what it usually asks for, with changes.
    pub fn sends(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Page {
        browser.get(&self.authorize_path(changes))
    }

    /// The same application, asking for tokens for one resource.
    #[must_use]
    pub fn at(mut self, resource: &ProtectedResource) -> Self {
        self.resource = Some(resource.identifier.to_string());
        self
    }

    /// The path of its authorization request, with changes: an empty value leaves a parameter out.
    pub fn authorize_path(&self, changes: &[(&str, &str)]) -> String {
        let (id, challenge) = (self.id.to_string(), challenge());
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("scope", "mcp:read"),
            ("state", "state-1"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        if let Some(resource) = &self.resource {
            fields.push(("resource", resource));
        }
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        format!("/oauth/authorize?{}", query(&fields))
    }

    /// Sends a browser through authorization; whatever is asked on the consent page is allowed.
    #[track_caller]
    pub fn code_with(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
        let page = self.allowed(browser, changes);
        let location = page.expect_left();
        location.parameter("code").unwrap_or_else(|| panic!("no code in {}", location.0))
    }

    #[track_caller]
    pub fn code(&self, browser: &mut Browser) -> String {
        self.code_with(browser, &[])
    }

    /// As far as the browser gets when the person allows everything.
    #[track_caller]
    pub fn allowed(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Page {
        let page = self.sends(browser, changes);
        if page.left_for.is_some() {
            return page;
        }
        page.expect_status(200);
        let form = page.form("ticket");
        let mut fill: Vec<(&str, &str)> = vec![("decision", "allow"), ("remember", "yes")];
        fill.extend(form.boxes().iter().map(|(scope, _)| ("scope", *scope)));
        browser.submit_form(&form, &fill)
    }

    /// A request to the token endpoint, authenticated as registered.
    pub fn token_request(&self, world: &World, fields: &[(&str, &str)]) -> Answer {
        self.token_request_with(world, fields, &[])
    }

    /// The same with these DPoP headers.
    pub fn token_request_with(&self, world: &World, fields: &[(&str, &str)], proofs: &[&str]) -> Answer {
        let id = self.id.to_string();
        let mut fields: Vec<(&str, &str)> = fields.to_vec();
        let mut request = Request::new(world.address, "POST", "/oauth/token");
        for proof in proofs {
            request = request.header("DPoP", proof);
        }
        match &self.secret {
            Some(secret) => request.basic(&id, secret).form(&fields).send(),
            None => {
                fields.push(("client_id", &id));
                request.form(&fields).send()
            }
        }
    }

    pub fn redeem(&self, world: &World, code: &str) -> Answer {
        self.redeem_with(world, code, &[])
    }

    pub fn redeem_with(&self, world: &World, code: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        self.token_request(world, &fields)
    }

    pub fn refresh(&self, world: &World, refresh_token: &str) -> Answer {
        self.token_request(world, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    pub fn client_credentials(&self, world: &World, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("grant_type", "client_credentials")];
        all.extend(fields);
        self.token_request(world, &all)
    }

    /// Introspection by this client itself.
    pub fn introspect(&self, world: &World, token: &str) -> serde_json::Value {
        let id = self.id.to_string();
        let request = Request::new(world.address, "POST", "/oauth/introspect");
        let answer = request.basic(&id, self.secret.as_deref().unwrap()).form(&[("token", token)]).send();
        answer.expect_status(200).json()
    }

    /// The whole flow, in a browser of somebody's.
    #[track_caller]
    pub fn tokens(&self, world: &World, browser: &mut Browser) -> Tokens {
        let code = self.code(browser);
        self.redeem(world, &code).tokens()
    }
}

impl Answer {
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        self.tokens_of("Bearer")
    }

    /// Tokens that are bound to a key.
    #[track_caller]
    pub fn bound_tokens(&self) -> Tokens {
        self.tokens_of("DPoP")
    }

    #[track_caller]
    fn tokens_of(&self, kind: &str) -> Tokens {
        self.expect_status(200);
        let body = self.json();
        assert_eq!(body["token_type"], kind);
        assert!(body["expires_in"].as_u64().is_some_and(|seconds| seconds > 0), "{body}");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Tokens {
            access: text("access_token").unwrap(),
            refresh: text("refresh_token"),
            id: text("id_token"),
            scope: text("scope").unwrap(),
        }
    }
}

impl Tokens {
    /// The claims of the access token, which is a JWT, unverified.
    #[track_caller]
    pub fn claims(&self) -> serde_json::Value {
        claims(&self.access)
    }
}

#[track_caller]
pub fn claims(jwt: &str) -> serde_json::Value {
    use base64::Engine as _;
    let payload = jwt.split('.').nth(1).unwrap_or_else(|| panic!("not a JWT: {jwt}"));
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&json).unwrap()
}
