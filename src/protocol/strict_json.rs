//! JSON from strangers: of bounded length and depth, in UTF-8, each member named once. RFC 8259.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deepest accepted nesting. A client document with keys inside needs four.
pub const DEEPEST: usize = 16;

/// Why bytes are not the JSON they should be: one sentence for whoever wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrictJsonError {
    #[error("it is too large")]
    TooLarge,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("its JSON is nested too deeply")]
    TooDeep,
    #[error("it is not JSON, or names a member twice")]
    NotJson,
    #[error("it is not a JSON object")]
    NotAnObject,
}

/// Parses one JSON object of at most `longest` bytes.
///
/// RFC 8259 §4: "The names within an object SHOULD be unique." Here they must be: two readers of a document with
/// two `client_id` members may not see two clients.
pub fn parse_object(bytes: &[u8], longest: usize) -> Result<Map<String, Value>, StrictJsonError> {
    if bytes.len() > longest {
        return Err(StrictJsonError::TooLarge);
    }
    let text = str::from_utf8(bytes).map_err(|_| StrictJsonError::NotUtf8)?;
    check_depth(text)?;
    match serde_json::from_str(text) {
        Ok(Unique(Value::Object(members))) => Ok(members),
        Ok(_) => Err(StrictJsonError::NotAnObject),
        Err(_) => Err(StrictJsonError::NotJson),
    }
}

/// The member that an object names twice, if that is what is wrong with bytes that are [`StrictJsonError::NotJson`]. RFC 8259 §4.
pub fn named_twice(bytes: &[u8]) -> Option<String> {
    let error = serde_json::from_slice::<Unique>(bytes).err()?.to_string();
    let name = error.strip_prefix(TWICE)?.split('\u{0}').next()?;
    Some(name.chars().take(100).collect())
}

const TWICE: &str = "twice: ";

/// Refuses text nested deeper than [`DEEPEST`], before anything is built from it. RFC 8259 §9: "An implementation may set
/// limits on the maximum depth of nesting."
pub fn check_depth(text: &str) -> Result<(), StrictJsonError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(StrictJsonError::TooDeep);
        }
    }
    Ok(())
}

/// A value in which no object names a member twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if map.insert(name.clone(), value).is_some() {
                return Err(de::Error::custom(format_args!("{TWICE}{name}\u{0}")));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_comes_through_whole() {
        let text = r#"{"a":[1,-2,1.5,null,true],"b":{"c":"\"[{"}}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Value::Object(parse_object(text.as_bytes(), 1_000).unwrap()), expected);
    }

    #[test]
    fn a_member_is_named_once_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(parse_object(text.as_bytes(), 1_000), Err(StrictJsonError::NotJson), "{text}");
        }
    }

    #[test]
    fn a_member_that_is_named_twice_is_told() {
        assert_eq!(named_twice(br#"{"x":[{"a":1,"\u0061":2}]}"#).as_deref(), Some("a"));
        assert_eq!(named_twice(br#"{"a":1,"b":2}"#), None);
        assert_eq!(named_twice(b"{"), None);
    }

    #[test]
    fn case_33_depth_is_counted_outside_strings_only() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check_depth(&nested(DEEPEST)), Ok(()));
        assert_eq!(check_depth(&nested(DEEPEST + 1)), Err(StrictJsonError::TooDeep));
        assert_eq!(check_depth(&format!(r#""\"{}""#, nested(40))), Ok(()));
        assert_eq!(check_depth(&nested(200_000)), Err(StrictJsonError::TooDeep));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(parse_object(b"[]", 9), Err(StrictJsonError::NotAnObject));
        assert_eq!(parse_object(b"{}", 1), Err(StrictJsonError::TooLarge));
        assert_eq!(parse_object(b"{\"a\":\"\xff\"}", 90), Err(StrictJsonError::NotUtf8));
        assert_eq!(parse_object(b"{} {}", 9), Err(StrictJsonError::NotJson));
    }
}
