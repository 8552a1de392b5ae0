//! Request bodies, bounded.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

/// Longest form and JSON body of any endpoint, in bytes; `limits.request_bytes` is above all of them.
pub(crate) const LONGEST_FORM: usize = 64 * 1_024;

/// A whole body of at most [`LONGEST_FORM`] bytes, or the reason why there is none.
pub(crate) enum Body {
    Read(Bytes),
    TooLong,
    /// It did not come in time.
    TooSlow,
    /// The connection broke off, or the framing was wrong.
    Broken,
}

/// How long a body may take, from its head on: nobody holds a connection by sending a byte now and then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTime(pub(crate) Duration);

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // The limit itself is set in `routes`, for the whole application.
        let bytes = Bytes::from_request(request, payload);
        let time = request.app_data::<BodyTime>().map_or(Duration::ZERO, |time| time.0);
        Box::pin(async move {
            Ok(match tokio::time::timeout(time, bytes).await {
                Ok(Ok(bytes)) => Self::Read(bytes),
                Ok(Err(error)) if error.as_response_error().status_code() == 413 => Self::TooLong,
                Ok(Err(_)) => Self::Broken,
                Err(_) => Self::TooSlow,
            })
        })
    }
}
