//! A browser, and who is signed in there.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT;
use actix_web::{FromRequest, HttpRequest};

use super::Caller;
use crate::app::App;
use crate::base::{Digest, Fault, Id, Secret};
use crate::model::{Browser, Context};
use crate::operations::sign_in::{SignedIn, recognize};
use crate::web::cookies::{self, Name};
use crate::web::csrf;
use crate::web::problem::PageProblem;
use crate::web::views::{Accent, Brand, Person, Shell, Theme};

/// What every page handler takes.
pub(crate) struct Visitor {
    pub(crate) app: App,
    pub(crate) ctx: Context,
    pub(crate) signed_in: Option<SignedIn>,
    /// The browser's own cookie; made now if it had none.
    browser: String,
    /// It has to be set with the answer.
    pub(crate) is_new: bool,
    /// It asks for HTML by name, as browsers do for what they will show. RFC 9110 §12.5.1.
    pub(crate) reads_pages: bool,
    session_cookie: Option<String>,
    theme: Theme,
}

impl Visitor {
    /// What a ticket is bound to.
    pub(crate) fn browser(&self) -> Digest {
        Digest::of(self.browser.as_bytes())
    }

    pub(crate) fn browser_cookie(&self) -> Secret {
        Secret::new(self.browser.clone())
    }

    /// The hidden field of every form on the page.
    pub(crate) fn csrf(&self) -> String {
        let session = self.session_cookie.as_deref().filter(|_| self.signed_in.is_some());
        csrf::token(&self.app, &self.browser, session)
    }

    /// What every page needs.
    pub(crate) fn shell(&self) -> Shell {
        Shell {
            csrf: self.csrf(),
            signed_in: self.signed_in.as_ref().map(|signed_in| Person {
                name: signed_in.person().name.clone(),
                email: signed_in.person().email.as_str().to_owned(),
            }),
            administers: self.signed_in.as_ref().is_some_and(SignedIn::is_administrator),
            theme: self.theme,
            ..bare(&self.app)
        }
    }

    /// The page that says that something broke here; the log says what.
    pub(crate) fn broken(&self, fault: &Fault) -> PageProblem {
        PageProblem::broken(self.shell(), &self.ctx, fault)
    }
}

/// A page's frame before anything is known about who is there: no form, no name.
pub(crate) fn bare(app: &App) -> Shell {
    let brand = &app.config.brand;
    Shell {
        brand: Brand {
            name: brand.name.clone(),
            accent: Accent::parse(brand.accent.as_str()).unwrap_or_default(),
            logo: None,
            support_url: brand.support_url.as_ref().map(|url| url.as_str().to_owned()),
        },
        csrf: String::new(),
        signed_in: None,
        administers: false,
        flash: None,
        base: app.issuer.path().to_owned(),
        theme: Theme::Device,
        demo: app.config.demo,
    }
}

impl FromRequest for Visitor {
    type Error = PageProblem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageProblem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let Caller { app, ctx } = caller.await.map_err(|_| PageProblem::outside())?;
            let broken = |fault: Fault| PageProblem::broken(bare(&app), &ctx, &fault);
            let known = cookies::read(&request, &app.issuer, Name::Browser);
            let is_new = known.is_none();
            let browser = match known {
                Some(known) => known,
                None => Id::<Browser>::from_bytes(app.entropy.bytes().map_err(broken)?).to_string(),
            };
            let session_cookie = cookies::read(&request, &app.issuer, Name::Session);
            let signed_in = match &session_cookie {
                Some(cookie) => recognize(&app, ctx.at, cookie).await.map_err(broken)?,
                None => None,
            };
            let theme = request.cookie(Theme::COOKIE).map_or(Theme::Device, |cookie| Theme::parse(cookie.value()));
            let reads_pages = accepts_html(&request);
            Ok(Self { app, ctx, signed_in, browser, is_new, reads_pages, session_cookie, theme })
        })
    }
}

fn accepts_html(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let range = range.split(';').next().unwrap_or_default();
        range.trim().eq_ignore_ascii_case("text/html")
    })
}
