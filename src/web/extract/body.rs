//! Request bodies, bounded.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

/// Longest form and JSON body of any endpoint, in bytes; `limits.request_bytes` is above all of them.
pub(crate) const LONGEST_FORM: usize = 64 * 1_024;

/// A whole body of at most [`LONGEST_FORM`] bytes, or the reason why there is none.
pub(crate) enum Body {
    Read(Bytes),
    TooLong,
    /// The connection broke off, or the framing was wrong.
    Broken,
}

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // The limit itself is set in `routes`, for the whole application.
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            Ok(match bytes.await {
                Ok(bytes) => Self::Read(bytes),
                Err(error) if error.as_response_error().status_code() == 413 => Self::TooLong,
                Err(_) => Self::Broken,
            })
        })
    }
}
