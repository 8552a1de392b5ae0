//! How parameters look on the wire. OAuth 2.1 §3.1 and §3.2.

use std::borrow::Cow;

use super::refusal::{Refusal, ensure};

/// A form body or a query, decoded once.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Most parameters in one request.
const MOST: usize = 48;

impl<'a> Parameters<'a> {
    /// Decodes `application/x-www-form-urlencoded`. OAuth 2.1 §3.1, §3.2.
    pub fn parse(encoded: &'a [u8]) -> Result<Self, Refusal> {
        let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(8);
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            let (name, value) = (decoded(name), decoded(value));
            // §3.1, §3.2: "Parameters sent without a value MUST be treated as if they were omitted".
            if value.is_empty() {
                continue;
            }
            ensure(pairs.len() < MOST, Refusal::TooManyParameters)?;
            // §3.1, §3.2: "Request and response parameters defined by this specification MUST NOT be included more than
            // once." RFC 8707 §2 alone defines one that may: `resource`.
            let repeated = name != "resource" && pairs.iter().any(|(known, _)| *known == name);
            ensure(!repeated, Refusal::RepeatedParameter)?;
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// §3.1: "The authorization server MUST ignore unrecognized request parameters": nobody asks for them.
    pub fn optional(&self, name: &str) -> Option<&str> {
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
}

/// One half of a pair. Most have nothing to decode, and tokens are long.
fn decoded(half: &[u8]) -> Cow<'_, str> {
    if !half.contains(&b'%') && !half.contains(&b'+') {
        return String::from_utf8_lossy(half);
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
    fn case_8_a_repeated_parameter_is_refused_even_an_unknown_one() {
        for body in ["client_id=a&client_id=b", "x=1&x=1", "redirect_uri=a&state=s&redirect_uri=a"] {
            assert_eq!(Parameters::parse(body.as_bytes()).unwrap_err(), Refusal::RepeatedParameter, "{body}");
        }
        assert!(Parameters::parse(b"client_id=a&client_id=").is_ok(), "an empty one counts as left out");
    }

    #[test]
    fn parameters_are_bounded() {
        let many: Vec<String> = (0..60).map(|n| format!("p{n}=1")).collect();
        assert_eq!(Parameters::parse(many.join("&").as_bytes()).unwrap_err(), Refusal::TooManyParameters);
        let long = format!("state={}", "s".repeat(9));
        assert!(Parameters::parse(long.as_bytes()).unwrap().bounded("state", 8).is_err());
    }
}
