//! Keys of applications, and signatures checked with keys that anybody can fetch: by other code than the appliance's.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use writ::base::Id;
use writ::model::AuthMethod;

use super::{Answer, ClientApp, ISSUER, World};

/// A key pair that an application signs its assertions with.
pub struct KeyPair {
    /// As the JWS header names it.
    pub alg: &'static str,
    pair: Pair,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// RFC 7523 §2.2.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl KeyPair {
    pub fn new(alg: &'static str) -> Self {
        let pair = match alg {
            "ES256" => Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            "RS256" | "PS256" => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            "EdDSA" | "Ed25519" => Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
            other => panic!("{other}"),
        };
        Self { alg, pair }
    }

    /// One that was kept, as [`private`](Self::private) gave it.
    pub fn from_private(pkcs8: &[u8]) -> Self {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
        Self { alg: "ES256", pair: Pair::P256(pair) }
    }

    /// The private half of an ES256 key (PKCS #8).
    pub fn private(&self) -> Vec<u8> {
        let Pair::P256(pair) = &self.pair else { panic!("{} is not kept", self.alg) };
        pair.to_pkcs8v1().unwrap().as_ref().to_vec()
    }

    /// The public half, as the application registers it.
    pub fn jwk(&self, kid: &str) -> Value {
        let mut jwk = match &self.pair {
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..]) })
            }
            Pair::Rsa(pair) => {
                let der = pair.as_der().unwrap();
                let parts = ring::signature::RsaKeyPair::from_pkcs8(der.as_ref()).unwrap();
                let parts = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(parts.public());
                json!({ "kty": "RSA", "n": base64(&parts.n), "e": base64(&parts.e) })
            }
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(pair.public_key().as_ref()) })
            }
        };
        jwk["kid"] = kid.into();
        jwk
    }

    /// The public half as a DPoP proof shows it.
    pub fn shown(&self) -> Value {
        let mut jwk = self.jwk("");
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    }

    /// RFC 7638 §3, once more and by hand: the required members in the order of the alphabet.
    pub fn thumbprint(&self) -> String {
        let members: std::collections::BTreeMap<String, Value> =
            self.shown().as_object().unwrap().clone().into_iter().collect();
        let digest = ring::digest::digest(&ring::digest::SHA256, json!(members).to_string().as_bytes());
        base64(digest.as_ref())
    }

    /// A good proof for a request of now, with a `jti` of its own, and with changes to its claims: null leaves one out.
    pub fn proof(&self, world: &World, method: &str, path: &str, changes: Value) -> String {
        let jti = Id::<writ::model::Request>::new(world.now(), &world.app.entropy).unwrap().to_string();
        let now = world.now().seconds();
        let mut claims = json!({ "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now, "jti": jti });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.signs(&json!({ "typ": "dpop+jwt", "alg": self.alg, "jwk": self.shown() }), &claims)
    }

    /// A good proof for the token endpoint.
    pub fn for_tokens(&self, world: &World) -> String {
        self.proof(world, "POST", "/oauth/token", json!({}))
    }

    /// A good proof for userinfo with this token.
    pub fn beside(&self, world: &World, token: &str) -> String {
        let hash = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
        self.proof(world, "GET", "/oauth/userinfo", json!({ "ath": base64(hash.as_ref()) }))
    }

    /// Signs whatever it is given.
    pub fn signs(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::P256(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding =
                    if self.alg == "PS256" { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message.as_bytes(), &mut made).unwrap();
                made
            }
            Pair::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", base64(&signature))
    }
}

/// Header and claims, without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()))
}

pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(jwk: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap()
}

/// An application that signs.
pub struct Signer {
    pub app: ClientApp,
    pub key: KeyPair,
}

impl World {
    /// An application that authenticates with `private_key_jwt` and may act for itself.
    pub fn signer(&self, name: &str, alg: &'static str) -> Signer {
        let signer = Signer { app: ClientApp { secret: None, ..self.confidential(name) }, key: KeyPair::new(alg) };
        let jwks = json!({ "keys": [signer.key.jwk("key-1")] });
        self.edit_client(&signer.app, |client| {
            client.auth_method = AuthMethod::PrivateKeyJwt;
            client.secrets.clear();
            client.jwks = Some(jwks);
        });
        signer
    }
}

impl Signer {
    pub fn header(&self) -> Value {
        json!({ "alg": self.key.alg, "kid": "key-1", "typ": "JWT" })
    }

    /// Good claims, with a `jti` of their own, and with changes: null leaves a claim out.
    pub fn claims(&self, world: &World, jti: &str, changes: Value) -> Value {
        let (id, now) = (self.app.id.to_string(), world.now().seconds());
        let mut claims = json!({ "iss": id, "sub": id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    /// A good assertion.
    pub fn assertion(&self, world: &World, jti: &str) -> String {
        self.key.signs(&self.header(), &self.claims(world, jti, json!({})))
    }

    /// Asks for a token of its own.
    pub fn client_credentials(&self, world: &World, assertion: &str) -> Answer {
        self.asks(world, "/oauth/token", assertion, &[("grant_type", "client_credentials"), ("scope", "mcp:read")])
    }

    pub fn asks(&self, world: &World, path: &str, assertion: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
        all.extend(fields);
        world.request("POST", path).form(&all).send()
    }
}

impl World {
    /// The published keys.
    pub fn jwks(&self) -> Value {
        self.request("GET", "/.well-known/jwks.json").send().expect_status(200).json()
    }
}

/// Verifies a token as a stranger would, who has only the published keys: the key named by the header, with the one algorithm
/// that this key is for. Answers header and claims.
#[track_caller]
pub fn verified(jwks: &Value, jwt: &str) -> (Value, Value) {
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, claims, mac] = parts[..] else { panic!("not a JWT: {jwt}") };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap();
    let message = format!("{header}.{claims}");
    let (header, claims) = (json(header), json(claims));
    let keys = jwks["keys"].as_array().unwrap();
    let jwk = keys.iter().find(|jwk| jwk["kid"] == header["kid"]).unwrap_or_else(|| panic!("no key for {header}"));
    assert_eq!(jwk["alg"], header["alg"]);
    let sound = match jwk["alg"].as_str().unwrap() {
        "ES256" => {
            let point = [&[4], bytes(jwk, "x").as_slice(), &bytes(jwk, "y")].concat();
            let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, point);
            key.verify(message.as_bytes(), &decode(mac))
        }
        "EdDSA" => ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, bytes(jwk, "x"))
            .verify(message.as_bytes(), &decode(mac)),
        "RS256" => ring::signature::RsaPublicKeyComponents { n: bytes(jwk, "n"), e: bytes(jwk, "e") }.verify(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            message.as_bytes(),
            &decode(mac),
        ),
        other => panic!("{other}"),
    };
    sound.unwrap_or_else(|_| panic!("the signature does not verify: {header} {claims}"));
    (header, claims)
}
