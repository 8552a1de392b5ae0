//! Applications: some that an administrator registered, some that registered themselves, and what people allow them.

use serde_json::json;

use super::organisation::{CODE, HANDBOOK, TICKETS};
use super::{HOME, OFFICE, Stage, broken, dice, given, made};
use crate::base::Fault;
use crate::model::{Actor, ClientId, ScopeSet};
use crate::operations::answering::Answer;
use crate::operations::authenticate_client::authenticate_client;
use crate::operations::authorize::{self, Step};
use crate::operations::clients::{self, NewClient};
use crate::operations::consent::{self, Decision, Remember};
use crate::operations::seen::Seen;
use crate::operations::sign_in::SignedIn;
use crate::operations::{registration, token};
use crate::protocol::authorize::Carried;
use crate::protocol::client_auth::Presented;
use crate::protocol::params::Parameters;
use crate::protocol::token_request::TokenRequest;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// How many days ago it came, and how.
struct Part {
    name: &'static str,
    redirect: &'static str,
    came: u64,
    by: By,
    /// What it asks for, where, and who allows it.
    asks: Option<(&'static str, &'static str, &'static [&'static str])>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Administrator,
    /// It registered itself, and was approved.
    Itself,
    /// It registered itself, and waits.
    Waiting,
}

const fn part(
    name: &'static str,
    redirect: &'static str,
    came: u64,
    by: By,
    asks: Option<(&'static str, &'static str, &'static [&'static str])>,
) -> Part {
    Part { name, redirect, came, by, asks }
}

use By::{Administrator, Itself, Waiting};

#[rustfmt::skip]
const PARTS: [Part; 15] = [
    part("Ticket board", "https://board.demo.example/callback", 30, Administrator, Some(("openid profile tickets:read tickets:write offline_access", TICKETS, &["ben", "chloe", "lena", "joana"]))),
    part("Handbook reader", "https://handbook.demo.example/callback", 30, Administrator, Some(("openid docs:search offline_access", HANDBOOK, &["hana", "kofi", "lena"]))),
    part("Cursor", "http://127.0.0.1/callback", 28, Itself, Some(("code:read code:review offline_access", CODE, &["daniel", "goran", "ben"]))),
    part("VS Code", "http://127.0.0.1/callback", 27, Itself, Some(("code:read offline_access", CODE, &["daniel", "elif"]))),
    part("Claude Desktop", "https://claude.ai/api/mcp/auth_callback", 26, Itself, Some(("tickets:read docs:search offline_access", TICKETS, &["chloe", "hana"]))),
    part("MCP Inspector", "http://127.0.0.1/oauth/callback", 24, Itself, Some(("tickets:read", TICKETS, &["goran"]))),
    part("Zed", "http://127.0.0.1/callback", 22, Itself, Some(("code:read offline_access", CODE, &["goran"]))),
    part("Expense reports", "https://expenses.demo.example/signed-in", 30, Administrator, Some(("openid profile email", TICKETS, &["farah", "elif"]))),
    part("Goose", "http://127.0.0.1/callback", 18, Itself, Some(("docs:search offline_access", HANDBOOK, &["kofi"]))),
    part("Wall display", "https://display.demo.example/callback", 20, Administrator, None),
    part("Survey tool", "https://survey.demo.example/callback", 12, Administrator, Some(("openid profile", HANDBOOK, &["lena"]))),
    part("LibreChat", "https://chat.demo.example/api/mcp/callback", 10, Itself, Some(("tickets:read tickets:write offline_access", TICKETS, &["joana"]))),
    part("Release console", "https://release.demo.example/callback", 8, Administrator, Some(("openid code:read", CODE, &["ben"]))),
    part("Meeting notes", "https://notes.vendor.example/callback", 0, Waiting, None),
    part("Curs0r", "https://cursor.update-check.example/callback", 0, Waiting, None),
];

/// Long gone: tried by somebody once, on a day so many before now. The first to come is the first here.
const FORGOTTEN: [Part; 3] = [
    part("Agent playground", "http://127.0.0.1/callback", 147, Itself, Some(("docs:search", HANDBOOK, &["goran"]))),
    part(
        "Spreadsheet plugin",
        "https://sheets.vendor.example/callback",
        140,
        Itself,
        Some(("tickets:read", TICKETS, &["ben"])),
    ),
    part(
        "Hackathon board",
        "http://localhost/callback",
        132,
        Itself,
        Some(("tickets:read tickets:write", TICKETS, &["joana"])),
    ),
];

/// Those that the administrator looked at and answers for.
const VERIFIED: [&str; 3] = ["Ticket board", "Cursor", "Claude Desktop"];

/// A refresh token, and whose it is.
pub(super) struct Connected {
    client: ClientId,
    token: crate::base::Secret,
    number: u64,
    from: [u8; 4],
}

impl Stage {
    /// What comes and is allowed on a day.
    pub(super) async fn applications(
        &self,
        ada: &SignedIn,
        day: u64,
        connected: &mut Vec<Connected>,
    ) -> Result<(), Fault> {
        for (number, part) in (0..).zip(&PARTS) {
            if part.came != day {
                continue;
            }
            let client = self.registers(ada, part).await?;
            if VERIFIED.contains(&part.name) {
                made(part.name, clients::verify(&self.app, &self.by(ada)?, client.clone(), Seen::Anything).await)?;
            }
            let Some((scope, resource, people)) = part.asks else { continue };
            for person in people {
                let email = format!("{person}@demo.example");
                let from = if dice(day, number, 2) == 0 { OFFICE } else { HOME };
                let person = self.sign_in(&email, from).await?;
                if let Some(token) = self.connects(&client, part, (scope, resource), &person, from).await? {
                    connected.push(Connected { client: client.clone(), token, number, from });
                }
            }
        }
        Ok(())
    }

    /// What came before the month, was tried, and is used by nobody since.
    pub(super) async fn forgotten(&self, ada: &SignedIn) -> Result<(), Fault> {
        for part in &FORGOTTEN {
            self.until(Self::days(part.came));
            let client = self.registers(ada, part).await?;
            let Some((scope, resource, people)) = part.asks else { continue };
            for person in people {
                let person = self.sign_in(&format!("{person}@demo.example"), OFFICE).await?;
                self.connects(&client, part, (scope, resource), &person, OFFICE).await?;
            }
        }
        Ok(())
    }

    async fn registers(&self, ada: &SignedIn, part: &Part) -> Result<ClientId, Fault> {
        let metadata = json!({
            "client_name": part.name, "redirect_uris": [part.redirect], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        if part.by == Administrator {
            let registration = made(part.name, clients::registration(&metadata))?;
            let new = NewClient { registration, resources: Vec::new(), serves: Vec::new() };
            return Ok(made(part.name, clients::add(&self.app, &self.by(ada)?, new).await)?.client.id);
        }
        let ctx = self.from(HOME)?;
        let new = registration::register(&self.app, &ctx, None, metadata.to_string().as_bytes()).await;
        let id = new.map_err(|why| broken(part.name, why))?.client.id;
        if part.by == Itself {
            made(part.name, clients::approve(&self.app, &self.by(ada)?, id.clone(), Seen::Anything).await)?;
        }
        Ok(id)
    }

    /// A person is asked and allows everything; the application takes its tokens, and gives back its refresh token.
    async fn connects(
        &self,
        client: &ClientId,
        part: &Part,
        (scope, resource): (&str, &str),
        person: &SignedIn,
        from: [u8; 4],
    ) -> Result<Option<crate::base::Secret>, Fault> {
        let what = part.name;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.to_string())
            .append_pair("redirect_uri", part.redirect)
            .append_pair("scope", scope)
            .append_pair("resource", resource)
            .append_pair("state", "s")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let (ctx, browser) = (self.from(from)?, self.browser(&person.person().id.to_string()));
        let step = authorize::begin(&self.app, &ctx, query.as_bytes(), browser, Some(person)).await?;
        let answer: Answer = match step {
            Step::Consent(ask) => {
                let scope: ScopeSet = ask.asked.clone();
                let decision = Decision::Allow { scope, remember: Remember::ThisToo };
                match consent::decide(&self.app, &ctx, &ask.ticket, decision, browser, person).await? {
                    Step::Answer(answer) => answer,
                    other => return Err(broken(what, other)),
                }
            }
            Step::Answer(answer) => answer,
            other => return Err(broken(what, other)),
        };
        let Carried::InAddress(url) = &answer.carried else { return Err(broken(what, &answer)) };
        let url = url::Url::parse(url).map_err(|why| broken(what, why))?;
        let code = url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        let code = code.ok_or_else(|| broken(what, &answer))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", part.redirect),
            ("code_verifier", VERIFIER),
        ];
        self.redeems(what, client, &form, from).await
    }

    async fn redeems(
        &self,
        what: &str,
        client: &ClientId,
        form: &[(&str, &str)],
        from: [u8; 4],
    ) -> Result<Option<crate::base::Secret>, Fault> {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(form).append_pair("client_id", &client.to_string());
        let text = text.finish();
        let params = Parameters::parse(text.as_bytes()).map_err(|why| broken(what, why))?;
        let ask = TokenRequest::parse(&params).map_err(|why| broken(what, why))?;
        let presented = Presented::read(None, &params).map_err(|why| broken(what, why))?;
        let ctx = self.from(from)?;
        let client = given(what, authenticate_client(&self.app, &ctx, presented).await)?;
        let ctx = ctx.by(Actor::Client(client.id().clone()));
        let tokens = given(what, token::exchange(&self.app, &ctx, client, ask, None).await)?;
        Ok(tokens.refresh_token.map(crate::base::Secret::new))
    }

    /// Some of those that are connected are used on a day.
    pub(super) async fn refreshes(&self, day: u64, connected: &mut [Connected]) -> Result<(), Fault> {
        for (place, one) in (0..).zip(connected) {
            // Often enough that none of them falls silent for longer than a refresh token lives.
            if dice(day, place * 7 + one.number, 3) != 0 && !day.is_multiple_of(4) {
                continue;
            }
            let form = [("grant_type", "refresh_token"), ("refresh_token", one.token.expose())];
            if let Some(next) = self.redeems("a refresh", &one.client, &form, one.from).await? {
                one.token = next;
            }
        }
        Ok(())
    }
}
