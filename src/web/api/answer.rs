//! What an operation gives back: one thing with its tag, a page of them, or nothing.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, LINK, LOCATION};
use serde::Serialize;

use super::cursor::Window;
use crate::base::{Digest, Fault};
use crate::operations::seen::tag;

/// One thing, as it is now.
pub(super) struct One<V> {
    view: V,
    tag: Digest,
}

impl<V: Serialize> One<V> {
    /// Of the row that is shown: its tag is what a change is to be sent with.
    pub(super) fn of<R: Serialize>(row: &R, view: V) -> Result<Self, Fault> {
        Ok(Self { tag: tag(row)?, view })
    }

    pub(super) fn answer(self) -> HttpResponse {
        HttpResponse::Ok().insert_header((ETAG, quoted(&self.tag))).json(self.view)
    }

    /// RFC 9110 §15.3.2: the new resource "is identified by … a Location header field in the response".
    pub(super) fn created(self, location: &str) -> HttpResponse {
        HttpResponse::Created()
            .insert_header((ETAG, quoted(&self.tag)))
            .insert_header((LOCATION, location.to_owned()))
            .json(self.view)
    }
}

fn quoted(tag: &Digest) -> String {
    format!("\"{}\"", tag.text())
}

/// Part of a list.
#[derive(Debug, Serialize)]
pub(super) struct Listed<V> {
    pub(super) items: Vec<V>,
    /// The cursor of the next part; none where this is the last. A part can be short, even empty, and not be the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<V: Serialize> Listed<V> {
    pub(super) fn of(items: Vec<V>, window: &Window, next: Option<impl fmt::Display>) -> Self {
        Self { items, next: next.map(|key| window.cursor(&key)) }
    }

    /// RFC 8288 §3: the next part is linked to as well, with the filters it was asked for with.
    pub(super) fn answer(self, limit: usize, address: &str, filters: &str) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(next) = &self.next {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in url::form_urlencoded::parse(filters.as_bytes()) {
                if name != "limit" && name != "cursor" {
                    query.append_pair(&name, &value);
                }
            }
            let query = query.append_pair("limit", &limit.to_string()).append_pair("cursor", next).finish();
            response.insert_header((LINK, format!("<{address}?{query}>; rel=\"next\"")));
        }
        response.json(self)
    }
}

/// The address of a thing in the list that is at `list`.
pub(super) fn address(list: &str, id: &str) -> String {
    // As in a form, but for the blank: in a path, a plus is a plus.
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20");
    format!("{list}/{id}")
}
