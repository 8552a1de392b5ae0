//! A browser, and who is signed in there.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, USER_AGENT};
use actix_web::{FromRequest, HttpRequest};

use super::Caller;
use crate::app::App;
use crate::base::{Digest, Fault, Id, Secret, Timestamp};
use crate::model::{Browser, Context, Device, Language, ScopeEntry};
use crate::operations::authorize;
use crate::operations::scopes;
use crate::operations::sign_in::{SignedIn, recognize};
use crate::protocol::language::{self, Choice, Wish};
use crate::protocol::user_agent;
use crate::web::cookies::{self, Name};
use crate::web::csrf;
use crate::web::problem::PageProblem;
use crate::web::routes;
use crate::web::views::{Accent, Brand, Moment, Person, Shell, Theme};
use crate::web::words::{self, Words};

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
    /// It goes to what it asked for, as it says itself. Fetch Metadata Request Headers §2.3: "`Sec-Fetch-Mode` … exposes a request's mode".
    pub(crate) navigates: bool,
    session_cookie: Option<String>,
    theme: Theme,
    language: Language,
    /// What they chose with the switch.
    choice: Option<Choice>,
    /// What their browser says that they read.
    accepted: Option<Language>,
    /// Their browser, as far as it says.
    pub(crate) device: Option<Device>,
    /// This page, below the issuer, if somebody can come back to it.
    pub(crate) here: Option<String>,
}

impl Visitor {
    /// What is said to this visitor.
    pub(crate) fn words(&self) -> &'static Words {
        words::of(self.language)
    }

    /// A time in this visitor's language.
    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        self.words().moment(at, self.ctx.at)
    }

    /// What a scope lets somebody do, in this visitor's language if we know it in that.
    pub(crate) fn describes(&self, entry: &ScopeEntry) -> String {
        match scopes::description(entry, self.language) {
            "" => (self.words().consent.use_scope)(entry.name.as_str()),
            description => description.to_owned(),
        }
    }

    /// The same visitor, asked by an application that has a wish about the language.
    pub(crate) fn wished(mut self, wish: Option<Wish>) -> Self {
        self.language = language::choose(wish, self.choice, self.accepted);
        self
    }

    /// The same visitor on the way of an authorization.
    pub(crate) fn with_ticket(self, ticket: &str) -> Self {
        let wish = authorize::wish(&self.app, ticket);
        self.wished(wish)
    }

    /// The same visitor on a page that there is in English only.
    pub(crate) fn in_english(mut self) -> Self {
        (self.language, self.here) = (Language::En, None);
        self
    }

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
            here: self.here.clone(),
            ..bare(&self.app, self.language)
        }
    }

    /// The page that says that something broke here; the log says what.
    pub(crate) fn broken(&self, fault: &Fault) -> PageProblem {
        PageProblem::broken(self.shell(), &self.ctx, fault)
    }
}

/// A page's frame before anything is known about who is there: no form, no name.
pub(crate) fn bare(app: &App, language: Language) -> Shell {
    let settings = app.settings.now();
    let brand = &settings.brand;
    Shell {
        brand: Brand {
            name: brand.name.as_str().to_owned(),
            accent: Accent::parse(brand.accent.as_str()).unwrap_or_default(),
            logo: app.logo.as_ref().map(|logo| format!("{}/static/{}", app.issuer.path(), logo.name)),
            support_url: brand.support_url.as_ref().map(|url| url.as_str().to_owned()),
        },
        csrf: String::new(),
        signed_in: None,
        administers: false,
        flash: None,
        base: app.issuer.path().to_owned(),
        theme: Theme::Device,
        demo: app.config.demo,
        words: words::of(language),
        here: None,
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
            let accepted = accepted_language(request.headers());
            let choice = request.cookie(cookies::LANGUAGE).and_then(|cookie| Choice::parse(cookie.value()));
            let language = language::choose(None, choice, accepted);
            let broken = |fault: Fault| PageProblem::broken(bare(&app, language), &ctx, &fault);
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
            let navigates = request.headers().get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
            let here = here(&app, &request);
            let device = request.headers().get(USER_AGENT).and_then(|it| it.to_str().ok()).and_then(user_agent::device);
            Ok(Self {
                app,
                ctx,
                signed_in,
                browser,
                is_new,
                reads_pages,
                navigates,
                session_cookie,
                theme,
                language,
                choice,
                accepted,
                device,
                here,
            })
        })
    }
}

/// What a browser says that its owner reads.
pub(crate) fn accepted_language(headers: &HeaderMap) -> Option<Language> {
    language::accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?)
}

/// The address of a page that was asked for, and that may be asked for again.
fn here(app: &App, request: &HttpRequest) -> Option<String> {
    let path = request.path().strip_prefix(app.issuer.path())?;
    let page = request.method() == Method::GET && routes::is_page(path);
    page.then(|| match request.query_string() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    })
}

fn accepts_html(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let range = range.split(';').next().unwrap_or_default();
        range.trim().eq_ignore_ascii_case("text/html")
    })
}
