//! The appliance and the ticket of one request.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};

use crate::app::App;
use crate::model::Context;

/// What every handler takes: the app, and who (nobody yet), when and where. The clock was read once, at the door.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) app: App,
    pub(crate) ctx: Context,
}

impl Deref for Caller {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl FromRequest for Caller {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().map(|data| data.get_ref().clone());
        let ctx = request.extensions().get::<Context>().cloned();
        ready(match (app, ctx) {
            (Some(app), Some(ctx)) => Ok(Self { app, ctx }),
            _ => Err(actix_web::error::ErrorInternalServerError("this route is outside the desk")),
        })
    }
}
