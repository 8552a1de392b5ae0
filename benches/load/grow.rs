//! A file with a great many clients, people and refresh tokens, filled through the store and not over HTTP.
//!
//! Everything about row `n` follows from `n`, so the driver needs no list: its ids are time-ordered and otherwise random
//! looking, its token is seeded, and all clients share one secret.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use writ::base::{Clock, Digest, Entropy, Fault, Id, Lifetime, OpaqueToken, RedirectUri, Timestamp, TokenKind};
use writ::config::Sources;
use writ::model::{
    Actor, ApplicationType, AuthMethod, Channel, Client, ClientAbout, ClientId, ClientSecret, ClientState, Consent,
    Context, Event, Family, FamilyState, GrantType, Origin, Person, Provenance, RefreshToken, Review, SignInMethod,
};
use writ::operations::start::{Keeping, open};
use writ::store::tables::{CLIENTS, CONSENTS, FAMILIES, PEOPLE, REFRESH};
use writ::store::{Read as _, Tx};

use crate::http::{Outcome, basic};
use crate::prepare::{CALLBACK, SCOPE};

/// How many there are, and which refresh tokens were rotated since.
pub(crate) struct Crowd {
    pub(crate) size: u64,
    start: Timestamp,
    rotated: Mutex<HashMap<u64, String>>,
}

/// The part of the crowd that one connection asks for, so that no two use the same refresh token at once.
pub(crate) struct Share {
    number: u64,
    of: u64,
    size: u64,
    chance: u64,
    rotated: HashMap<u64, String>,
}

const SECRET: &str = "one secret for all clients of the crowd, which is nobody's";
/// One person for so many applications.
const APPLICATIONS: u64 = 10;
/// Rows of each table in one transaction.
const BATCH: u64 = 10_000;

impl Crowd {
    /// Fills the stopped appliance in `data`; says how long it took.
    pub(crate) fn fill(data: &Path, size: u64) -> Outcome<(Self, Duration)> {
        let began = Instant::now();
        let flags = vec![("data", data.display().to_string()), ("store.cache_mib", "512".to_owned())];
        let config = Sources { flags, file: None, environment: Vec::new() }.load().map_err(|e| e.to_string())?.config;
        let app = open(config, Keeping::File, Clock::System, Entropy::os()).map_err(|e| e.to_string())?;
        let start = app.clock.now().minus(Lifetime::from_days(1));
        let person = app.store.read_blocking(|view| view.page(&PEOPLE, None, 1)).map_err(|e| e.to_string())?;
        let person = person.rows.into_iter().next().ok_or("nobody to copy")?.1;
        let context = Context::new(app.clock.now(), Actor::System, Origin::within(Channel::File));
        let mut from = 0;
        while from < size {
            let (until, model) = ((from + BATCH).min(size), person.clone());
            let batch = move |tx: &mut Tx<'_>| {
                (from..until).try_for_each(|n| put(tx, start, n, &model))?;
                tx.record(Event::Tallied { what: "rows for a benchmark".to_owned(), count: until - from })
            };
            app.store.write_blocking("fill", &context, batch).map_err(|e| e.to_string())?;
            from = until;
        }
        Ok((Self { size, start, rotated: Mutex::default() }, began.elapsed()))
    }

    pub(crate) fn share(&self, number: usize, of: usize) -> Share {
        let (number, of) = (number as u64, of as u64);
        let mut rotated = self.rotated.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = rotated.extract_if(|n, _| n % of == number).collect();
        Share { number, of, size: self.size, chance: mixed(number + 1), rotated: mine }
    }

    pub(crate) fn take_back(&self, share: Share) {
        self.rotated.lock().unwrap_or_else(PoisonError::into_inner).extend(share.rotated);
    }

    /// How client `n` authenticates.
    pub(crate) fn basic(&self, n: u64) -> String {
        basic(&ClientId::Registered(id(self.start, n)).to_string(), SECRET)
    }
}

impl Share {
    /// Any of them, each as likely as the other.
    pub(crate) fn pick(&mut self) -> u64 {
        self.chance = mixed(self.chance);
        let mine = (self.size - self.number).div_ceil(self.of);
        self.number + self.of * (self.chance % mine)
    }

    pub(crate) fn refresh_token(&self, crowd: &Crowd, n: u64) -> String {
        let first = || token(crowd.start, n).map(|token| token.secret().expose().to_owned()).unwrap_or_default();
        self.rotated.get(&n).cloned().unwrap_or_else(first)
    }

    pub(crate) fn rotated(&mut self, n: u64, token: String) {
        self.rotated.insert(n, token);
    }
}

/// Client `n`, the one family it has, and the newest refresh token in it; every so often a person too.
fn put(tx: &mut Tx<'_>, start: Timestamp, n: u64, model: &Person) -> Result<(), Fault> {
    let at = start.plus(Lifetime::from_seconds(n / 1_000));
    let person = id::<Person>(start, n / APPLICATIONS);
    if n.is_multiple_of(APPLICATIONS) {
        let email = format!("crowd-{n}@example.com").parse().unwrap();
        tx.put(&PEOPLE, &person, &Person { id: person, email, created_at: at, ..model.clone() })?;
    }
    let client = id::<Client>(start, n);
    tx.put(&CLIENTS, &client, &application(client, n, at))?;
    let family = Family {
        status: Vec::new(),
        id: id(start, n),
        client_id: ClientId::Registered(client),
        person: Some(person),
        session: Some(id(start, n)),
        scope: SCOPE.parse().unwrap(),
        resource: None,
        audience: None,
        nonce: None,
        jkt: None,
        auth_time: at,
        method: SignInMethod::Password,
        tenant: None,
        generation: 0,
        turned_at: at,
        turned_before_at: at,
        overlaps: 0,
        last_from: None,
        last_used_at: at,
        created_at: at,
        expires_at: at.plus(Lifetime::from_days(80)),
        state: FamilyState::Live,
    };
    tx.put(&FAMILIES, &family.id, &family)?;
    let consent = Consent {
        id: id(start, n),
        person,
        client_id: ClientId::Registered(client),
        client_name: format!("Application {n}"),
        client: Digest::ZERO,
        resource: None,
        scope: SCOPE.parse().unwrap(),
        redirects: vec![CALLBACK.to_owned()],
        remembered: true,
        given_at: at,
        updated_at: at,
    };
    tx.put(&CONSENTS, &consent.id, &consent)?;
    let token = RefreshToken {
        id: id(start, n),
        digest: token(start, n)?.digest(),
        family: family.id,
        generation: 0,
        expires_at: at.plus(Lifetime::from_days(7)),
    };
    tx.put(&REFRESH, &token.id, &token)
}

fn application(id: Id<Client>, n: u64, at: Timestamp) -> Client {
    Client {
        id: ClientId::Registered(id),
        name: format!("Application {n}"),
        provenance: Provenance::Administrator,
        state: ClientState::Active,
        application_type: ApplicationType::Web,
        auth_method: AuthMethod::ClientSecretBasic,
        secrets: vec![ClientSecret {
            digest: Digest::of(SECRET.as_bytes()),
            created_at: at,
            expires_at: None,
            last_used_at: None,
        }],
        jwks: None,
        jwks_uri: None,
        redirect_uris: vec![RedirectUri::parse(CALLBACK).unwrap()],
        grant_types: GrantType::ALL.to_vec(),
        scope: Some(SCOPE.parse().unwrap()),
        resources: Vec::new(),
        serves: Vec::new(),
        client_uri: None,
        about: ClientAbout::default(),
        id_token_signed_response_alg: None,
        dpop_bound_access_tokens: false,
        created_at: at,
        first_used_at: Some(at),
        last_used_at: Some(at),
        reaped_at: None,
        declared_as: None,
        void_before: None,
        review: Review::default(),
        identity: None,
    }
}

/// A thousand a second since `start`, and bits that look like chance.
fn id<T>(start: Timestamp, n: u64) -> Id<T> {
    let millis = u64::try_from(start.millis()).unwrap_or(0) + n;
    let bytes = u128::from(millis) << 80 | u128::from(mixed(n)) << 8 | 0x7000_8000_0000_0000_0000;
    Id::from_bytes(bytes.to_be_bytes())
}

fn token(start: Timestamp, n: u64) -> Result<OpaqueToken, Fault> {
    OpaqueToken::new(TokenKind::RefreshToken, id::<RefreshToken>(start, n), &Entropy::seeded(n))
}

/// SplitMix64's finalizer.
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
