//! Certificates from an authority, by ACME (RFC 8555). The protocol is instant-acme's; what goes over the wire is ours: TLS with our roots,
//! no redirects, no proxy from the environment, everything bounded, and no host but the one that the settings name. That one may be inside a
//! network: whoever wrote the settings chose it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeType, ExternalAccountKey,
    HttpClient, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rustls::ClientConfig;
use ureq::http::{Method, Request, Response, header};

use super::fetch::{read, understand};
use super::transport::Deadline;
use super::{Outbound, OutboundError, named};
use crate::base::{Fault, Lifetime, Secret};
use crate::model::AcmeChallenge;

/// One authority, by its directory.
#[derive(Clone)]
pub struct Authority {
    outbound: Outbound,
    directory: String,
}

/// An account there, ready to order.
pub struct Applicant(Account);

/// How an account comes to be.
pub struct NewApplicant<'a> {
    /// Where the authority writes to when something is wrong.
    pub contact: Option<&'a str>,
    /// RFC 8555 §7.3.4: the id and the MAC key, in base64url, of an account that is had there otherwise.
    pub external: Option<(&'a str, &'a Secret)>,
}

/// What has to be seen at the name that a certificate is asked for.
#[derive(Clone, Debug)]
pub struct Proof {
    /// RFC 8555 §8.3: the last segment of the path.
    pub token: String,
    /// What is there: the key authorization (§8.1).
    pub answer: String,
    /// RFC 8737 §3: its digest, for a certificate.
    pub digest: [u8; 32],
}

/// A certificate and its key, in PEM.
pub struct Issued {
    pub chain: String,
    pub key: Secret,
}

/// Why there is no certificate, in words for whoever runs the appliance.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AcmeError {
    #[error("the certificate authority cannot be asked: {0}")]
    Unreachable(OutboundError),
    #[error("the certificate authority says no: {0}")]
    Refused(String),
    #[error("the certificate authority offers no {0} for this name")]
    NoChallenge(&'static str),
    #[error("the proof for the certificate authority cannot be made: {0}")]
    Proof(Fault),
    #[error("acme.hmac_key is not base64url, as the authority gave it")]
    ExternalKey,
    #[error("the certificate authority's answer is not understood: {0}")]
    Unclear(String),
}

/// Longest answer, in bytes: a chain of certificates.
const LONGEST_ANSWER: usize = 256 * 1_024;
/// For one request.
const PATIENCE: Lifetime = Lifetime::from_seconds(30);
/// How long the authority may take to look, and to sign.
const LOOKING: std::time::Duration = std::time::Duration::from_secs(90);

impl Outbound {
    pub fn authority(&self, directory: &str) -> Authority {
        Authority { outbound: self.clone(), directory: directory.to_owned() }
    }
}

impl Authority {
    /// The account that was kept, or a new one, which is to be kept.
    pub async fn applicant(
        &self,
        kept: Option<&Secret>,
        new: NewApplicant<'_>,
    ) -> Result<(Applicant, Secret), AcmeError> {
        let builder = Account::builder_with_http(Box::new(self.clone()));
        if let Some(kept) = kept {
            let credentials: AccountCredentials =
                serde_json::from_str(kept.expose()).map_err(|_| AcmeError::Unclear("the kept account".to_owned()))?;
            return Ok((Applicant(builder.from_credentials(credentials).await?), kept.clone()));
        }
        let contact = new.contact.map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let about = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let external = new.external.map(|(id, key)| external(id, key)).transpose()?;
        let (account, credentials) = builder.create(&about, self.directory.clone(), external.as_ref()).await?;
        let kept = serde_json::to_string(&credentials).map_err(|_| AcmeError::Unclear("the account".to_owned()))?;
        Ok((Applicant(account), Secret::new(kept)))
    }
}

impl Applicant {
    /// Orders a certificate for `host`. `prove` puts a proof where the authority looks for it, at once.
    pub async fn order(
        &self,
        host: &str,
        challenge: AcmeChallenge,
        prove: impl Fn(&Proof) -> Result<(), Fault>,
    ) -> Result<Issued, AcmeError> {
        let names = [Identifier::Dns(host.to_owned())];
        let mut order = self.0.new_order(&NewOrder::new(&names)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            // RFC 8555 §7.5.1: an authorization that the account has already needs no other proof.
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let kind = match challenge {
                AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
                AcmeChallenge::Http01 => ChallengeType::Http01,
            };
            let mut offered = authorization.challenge(kind).ok_or(AcmeError::NoChallenge(challenge.as_str()))?;
            let answer = offered.key_authorization();
            let digest = answer.digest().as_ref().try_into().map_err(|_| AcmeError::Unclear("a digest".to_owned()))?;
            let proof = Proof { token: offered.token.clone(), answer: answer.as_str().to_owned(), digest };
            prove(&proof).map_err(AcmeError::Proof)?;
            offered.set_ready().await?;
        }
        let patience = RetryPolicy::new().timeout(LOOKING);
        if order.poll_ready(&patience).await? != OrderStatus::Ready {
            return Err(why_not(&mut order).await);
        }
        let key = Secret::new(order.finalize().await?);
        Ok(Issued { chain: order.poll_certificate(&patience).await?, key })
    }
}

/// What the authority found instead of the proof: it says so beside the challenge.
async fn why_not(order: &mut Order) -> AcmeError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return AcmeError::Refused(plain(&problem.to_string()));
        }
    }
    AcmeError::Refused("it did not find the proof".to_owned())
}

fn external(id: &str, key: &Secret) -> Result<ExternalAccountKey, AcmeError> {
    use base64::Engine as _;
    let key = key.expose().trim_end_matches('=');
    let key = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(key).map_err(|_| AcmeError::ExternalKey)?;
    Ok(ExternalAccountKey::new(id.to_owned(), &key))
}

impl From<instant_acme::Error> for AcmeError {
    fn from(error: instant_acme::Error) -> Self {
        match error {
            instant_acme::Error::Api(problem) => Self::Refused(plain(&problem.to_string())),
            instant_acme::Error::Other(inner) => match inner.downcast::<OutboundError>() {
                Ok(ours) => Self::Unreachable(*ours),
                Err(inner) => Self::Unclear(plain(&inner.to_string())),
            },
            other => Self::Unclear(plain(&other.to_string())),
        }
    }
}

/// Somebody else's words, for a log line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

impl HttpClient for Authority {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let Self { outbound, directory } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            // What is answered can be read; what is asked can only be made an answer.
            let mut body = BytesResponse::from(Response::new(body)).body;
            let body = body.into_bytes().await.map_err(instant_acme::Error::Other)?;
            let asked = Asked { url: parts.uri.to_string(), method: parts.method, body: body.to_vec() };
            let work = move |shared: &super::Shared, deadline| exchange(&shared.tls, &directory, &asked, deadline);
            outbound.within(PATIENCE, work).await.map_err(|error| instant_acme::Error::Other(Box::new(error)))
        })
    }
}

struct Asked {
    url: String,
    method: Method,
    body: Vec<u8>,
}

/// One request to the host of the directory, and to no other.
fn exchange(
    tls: &Arc<ClientConfig>,
    directory: &str,
    asked: &Asked,
    deadline: Deadline,
) -> Result<BytesResponse, OutboundError> {
    let place = |text: &str| -> Option<(String, u16)> {
        let url = ::url::Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.username().is_empty())?;
        Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
    };
    let home = place(directory).ok_or(OutboundError::Url("it is no https:// URL"))?;
    if place(&asked.url).as_ref() != Some(&home) {
        return Err(OutboundError::Url("the authority's directory leads to another host than its own"));
    }
    let agent = named::agent(tls, &asked.url, LONGEST_ANSWER, deadline)?;
    let request = Request::builder()
        .method(asked.method.clone())
        .uri(&asked.url)
        .header(header::CONNECTION, "close")
        .header(header::ACCEPT, "application/json, application/pem-certificate-chain, application/problem+json");
    // RFC 8555 §6.2: "the client MUST set the Content-Type header field of POST requests to application/jose+json".
    let response = if asked.method == Method::POST {
        let request = request.header(header::CONTENT_TYPE, "application/jose+json");
        agent.run(request.body(asked.body.as_slice()).map_err(|_| OutboundError::Malformed)?)
    } else {
        agent.run(request.body(()).map_err(|_| OutboundError::Malformed)?)
    };
    let (parts, mut body) = response.map_err(understand)?.into_parts();
    let body = read(&mut body, LONGEST_ANSWER)?;
    Ok(BytesResponse { parts, body: Box::new(Bytes::from(body)) })
}
