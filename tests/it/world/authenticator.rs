//! A device that keeps passkeys, and the browser in front of it: by other code than the appliance's, and able to lie.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::browser::{Page, attribute};
use super::key_pair::base64;

/// WebAuthn §6.1: present, verified.
pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 4;
const ATTESTED: u8 = 64;

/// One passkey, and what is said with it. Everything that it says can be set.
pub struct Device {
    pair: Pair,
    pub id: Vec<u8>,
    pub user_handle: Vec<u8>,
    /// 0 for one that does not count.
    pub count: u32,
    pub flags: u8,
    pub origin: String,
    pub rp_id: String,
    /// What the client data says besides, as JSON: `,"crossOrigin":true`.
    pub besides: String,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Fields of a form.
pub type Fields = Vec<(&'static str, String)>;

impl Device {
    pub fn new(alg: &str) -> Self {
        let pair = match alg {
            "ES256" => Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            "RS256" => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            "EdDSA" => Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
            other => panic!("{other}"),
        };
        let mut id = vec![0; 32];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        Self {
            pair,
            id,
            user_handle: Vec::new(),
            count: 0,
            flags: PRESENT | VERIFIED,
            origin: "http://localhost:9000".to_owned(),
            rp_id: "localhost".to_owned(),
            besides: String::new(),
        }
    }

    /// Makes a passkey for the question on a page. WebAuthn §6.3.2.
    pub fn create(&mut self, page: &Page, name: &str) -> Fields {
        let form = tag(page, "data-passkey=\"create\"");
        self.user_handle = URL_SAFE_NO_PAD.decode(attribute(&form, "data-user").unwrap()).unwrap();
        let mut data = self.data(self.flags | ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        let mut object = vec![0xa3];
        object
            .extend([text("fmt"), text("none"), text("attStmt"), vec![0xa0], text("authData"), bytes(&data)].concat());
        vec![
            (
                "client_data",
                base64(self.client_data("webauthn.create", &attribute(&form, "data-challenge").unwrap()).as_bytes()),
            ),
            ("attestation", base64(&object)),
            ("name", name.to_owned()),
        ]
    }

    /// Signs what a page asks for. WebAuthn §6.3.3.
    pub fn get(&mut self, page: &Page) -> Fields {
        let form = tag(page, "data-passkey=\"get\"");
        self.answer(&attribute(&form, "data-challenge").unwrap())
    }

    /// Signs a challenge.
    pub fn answer(&mut self, challenge: &str) -> Fields {
        if self.count > 0 {
            self.count += 1;
        }
        let client_data = self.client_data("webauthn.get", challenge);
        let data = self.data(self.flags);
        let signed = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        vec![
            ("credential", base64(&self.id)),
            ("client_data", base64(client_data.as_bytes())),
            ("authenticator_data", base64(&data)),
            ("signature", base64(&self.sign(&signed))),
            ("user_handle", base64(&self.user_handle)),
        ]
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        let (origin, besides) = (&self.origin, &self.besides);
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{besides}}}"#)
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// RFC 9052 §7, the labels of RFC 9053 §7 and RFC 8230 §4.
    fn cose(&self) -> Vec<u8> {
        match &self.pair {
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                let head = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01];
                [head, vec![0x21], bytes(&point[1..33]), vec![0x22], bytes(&point[33..])].concat()
            }
            Pair::Ed25519(pair) => {
                let head = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21];
                [head, bytes(pair.public_key().as_ref())].concat()
            }
            Pair::Rsa(pair) => {
                let der = pair.as_der().unwrap();
                let parts = ring::signature::RsaKeyPair::from_pkcs8(der.as_ref()).unwrap();
                let parts = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(parts.public());
                let head = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20];
                [head, bytes(&parts.n), vec![0x21], bytes(&parts.e)].concat()
            }
        }
    }
}

fn tag(page: &Page, marker: &str) -> String {
    let at = page.body.find(marker).unwrap_or_else(|| panic!("no {marker} on {}: {}", page.path, page.body));
    let start = page.body[..at].rfind('<').unwrap();
    page.body[start..].split('>').next().unwrap().to_owned()
}

/// CBOR, as far as it is needed. RFC 8949 §3.
fn text(text: &str) -> Vec<u8> {
    [vec![0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes().to_vec()].concat()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [vec![0x59, high, low], bytes.to_vec()].concat()
}
