//! How parameters look on the wire. OAuth 2.1 §3.1 and §3.2.

use std::borrow::Cow;

use super::refusal::{Refusal, ensure};

/// A form body or a query, decoded once.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What is there more than once and may not be.
    repeated: Vec<&'static str>,
    too_many: bool,
}

/// Most parameters in one request.
const MOST: usize = 48;

/// What is read here and has one value. Others are nobody's here.
const READ: [&str; 37] = [
    "acr_values",
    "actor_token",
    "actor_token_type",
    "assertion",
    "authorization_details",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "dpop_jkt",
    "error",
    "grant_type",
    "id_token_hint",
    "iss",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "requested_token_type",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "subject_token",
    "subject_token_type",
    "tenant",
    "token",
    "token_type_hint",
    "ui_locales",
];
/// RFC 8707 §2: "Multiple resource parameters MAY be used"; RFC 8693 §2.1: "Multiple audience parameters may be used".
const MAY_REPEAT: [&str; 2] = ["resource", "audience"];

impl<'a> Parameters<'a> {
    /// Decodes `application/x-www-form-urlencoded`, and refuses what is not as it should be. OAuth 2.1 §3.1, §3.2.
    pub fn parse(encoded: &'a [u8]) -> Result<Self, Refusal> {
        let params = Self::read(encoded);
        params.faultless()?;
        Ok(params)
    }

    /// The same, with what is wrong remembered for [`faultless`](Self::faultless): where an error may go has to be found in the request
    /// itself.
    pub fn read(encoded: &'a [u8]) -> Self {
        let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(8);
        let (mut repeated, mut count) = (Vec::new(), 0);
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            let (name, value) = (decoded(name), decoded(value));
            // §3.1, §3.2: "Parameters sent without a value MUST be treated as if they were omitted".
            if value.is_empty() {
                continue;
            }
            count += 1;
            // §3.1, §3.2: "Request and response parameters defined by this specification MUST NOT be included more than once." What is
            // unrecognized is ignored however often it comes.
            let is_there = pairs.iter().any(|(known, _)| *known == name);
            match READ.iter().find(|read| **read == name) {
                Some(read) if is_there && !repeated.contains(read) => repeated.push(*read),
                Some(_) if is_there => {}
                Some(_) => pairs.push((name, value)),
                None if count <= MOST => pairs.push((name, value)),
                None => {}
            }
        }
        Self { pairs, repeated, too_many: count > MOST }
    }

    /// Whether it is whole: nothing twice that has one value, and no more than anybody needs.
    pub fn faultless(&self) -> Result<(), Refusal> {
        ensure(self.repeated.is_empty(), Refusal::RepeatedParameter)?;
        ensure(!self.too_many, Refusal::TooManyParameters)
    }

    /// That this one at least is not there twice.
    pub fn once(&self, name: &str) -> Result<(), Refusal> {
        ensure(!self.repeated.contains(&name), Refusal::RepeatedParameter)
    }

    /// §3.1: "The authorization server MUST ignore unrecognized request parameters": nobody asks for them.
    pub fn optional(&self, name: &str) -> Option<&str> {
        debug_assert!(READ.contains(&name) || MAY_REPEAT.contains(&name), "{name} is read: may it be there twice?");
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// §3.2.4 invalid_request: "missing a required parameter".
    pub fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.optional(name).ok_or(Refusal::MissingParameter(name))
    }

    /// A parameter of at most `longest` bytes without control characters. §3.2.4: "otherwise malformed".
    pub fn bounded(&self, name: &'static str, longest: usize) -> Result<Option<&str>, Refusal> {
        match self.optional(name) {
            Some(value) if value.len() > longest || value.chars().any(char::is_control) => {
                Err(Refusal::MalformedParameter(name))
            }
            other => Ok(other),
        }
    }

    /// All values of `resource`. RFC 8707 §2: "Multiple resource parameters MAY be used".
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(|(name, _)| name == "resource").map(|(_, value)| value.as_ref())
    }

    /// All values of `audience`. RFC 8693 §2.1: "Multiple audience parameters may be used to indicate that the issued token is intended to
    /// be used at the multiple audiences listed."
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(|(name, _)| name == "audience").map(|(_, value)| value.as_ref())
    }
}

/// One half of a pair. Most have nothing to decode, and tokens are long.
fn decoded(half: &[u8]) -> Cow<'_, str> {
    if !half.contains(&b'%') && !half.contains(&b'+') {
        // What stands in for broken text is looked for only where there is some.
        return str::from_utf8(half).map_or_else(|_| String::from_utf8_lossy(half), Cow::Borrowed);
    }
    let name = url::form_urlencoded::parse(half).next().map(|(name, _)| name);
    name.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_what_the_standard_says_they_are() {
        let bodies: [&[u8]; 8] = [
            b"a=b&&c=d&",
            b"=x&y",
            b"a=b=c&d=%3D%26",
            b"a+b=c+d%2B",
            b"a=%zz&b=%",
            b"\xff=\xc3(",
            b"%3d=1&%26=%00",
            b"&=&=",
        ];
        for body in bodies {
            let standard: Vec<_> = url::form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty()).collect();
            assert_eq!(Parameters::parse(body).unwrap().pairs, standard, "{body:?}");
        }
    }

    #[test]
    fn case_8_a_repeated_parameter_is_refused_if_it_is_one_that_is_read() {
        for body in ["client_id=a&client_id=b", "redirect_uri=a&state=s&redirect_uri=a", "token=1&token=1"] {
            assert_eq!(Parameters::parse(body.as_bytes()).unwrap_err(), Refusal::RepeatedParameter, "{body}");
            let read = Parameters::read(body.as_bytes());
            assert_eq!(read.once(body.split('=').next().unwrap()), Err(Refusal::RepeatedParameter));
            assert!(read.once("scope").is_ok());
        }
        // It is found behind any number of others.
        let behind = format!("redirect_uri=a&{}redirect_uri=b", "x=1&".repeat(100));
        assert!(Parameters::read(behind.as_bytes()).once("redirect_uri").is_err());
        let behind = format!("redirect_uri=a&{}redirect_uri=b", "scope=x&".repeat(100));
        assert!(Parameters::read(behind.as_bytes()).once("redirect_uri").is_err());
        // §3.1: "MUST ignore unrecognized request parameters"; RFC 8693 §2.1 has one that may be repeated.
        let fine = Parameters::parse(b"x=1&x=1&resource=a&resource=b&audience=c&audience=d").unwrap();
        assert_eq!(fine.resources().chain(fine.audiences()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert!(Parameters::parse(b"client_id=a&client_id=").is_ok(), "an empty one counts as left out");
    }

    #[test]
    fn parameters_are_bounded() {
        let many: Vec<String> = (0..60).map(|n| format!("p{n}=1")).collect();
        assert_eq!(Parameters::parse(many.join("&").as_bytes()).unwrap_err(), Refusal::TooManyParameters);
        let behind = format!("{}&client_id=c", many.join("&"));
        let read = Parameters::read(behind.as_bytes());
        assert_eq!((read.optional("client_id"), read.pairs.len()), (Some("c"), MOST + 1));
        let long = format!("state={}", "s".repeat(9));
        assert!(Parameters::parse(long.as_bytes()).unwrap().bounded("state", 8).is_err());
    }
}
