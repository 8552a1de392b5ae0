//! `/console/registration-tokens`: initial access tokens (RFC 7591 §3). Whoever has one registers applications.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{back, declined, mark, once, queries, sentence, setting, shell, wanted};
use crate::base::{Lifetime, Secret, Timestamp};
use crate::model::InitialAccessToken;
use crate::operations::declined::{Declined, Invalid};
use crate::operations::registration::{self, NewToken};
use crate::operations::seen::Seen;
use crate::protocol::discovery::paths;
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    Choice, Frame, Pill, RegistrationTokenPage, RegistrationTokenRow, RegistrationTokensPage, Section, Tone,
};
use crate::web::views::{Field, FlashKind, Shell};
use crate::web::words::{RegistrationTokensWords, Words};

const PATH: &str = "/console/registration-tokens";
const A_PAGE: usize = 50;

const LENGTHS: [&str; 6] = ["1h", "1d", "7d", "30d", "90d", "365d"];

fn in_words(words: &Words, length: &str) -> String {
    let lasts = length.parse::<Lifetime>().unwrap_or_default();
    match length {
        "365d" => words.console.registration_tokens.one_year.to_owned(),
        days if days.ends_with('d') => words.days(lasts.seconds() / Lifetime::from_days(1).seconds()),
        _ => words.length(lasts.seconds()),
    }
}

/// What was typed, before it is looked at.
#[derive(Debug)]
struct Typed {
    name: String,
    lasts: String,
    most_uses: String,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self { name: text("name"), lasts: text("lasts"), most_uses: text("most_uses") }
    }

    fn read(&self, t: &RegistrationTokensWords) -> Result<NewToken, Invalid> {
        let mut wrong = Vec::new();
        let lasts = LENGTHS.iter().find(|length| **length == self.lasts);
        let lasts = lasts.and_then(|length| length.parse::<Lifetime>().ok());
        if lasts.is_none() {
            wrong.push(("expires_in", t.lasts_wrong.to_owned()));
        }
        let most_uses = match self.most_uses.as_str() {
            "" => None,
            text => text.parse::<u32>().map(Some).unwrap_or_else(|_| {
                wrong.push(("most_uses", t.most_uses_wrong.to_owned()));
                None
            }),
        };
        if wrong.is_empty() { Ok(NewToken { name: self.name.clone(), lasts, most_uses }) } else { Err(Invalid(wrong)) }
    }
}

/// `GET /console/registration-tokens`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let outcomes = [("ended", FlashKind::Done, visitor.words().console.registration_tokens.ended)];
    let typed = Typed { name: String::new(), lasts: "7d".to_owned(), most_uses: "1".to_owned() };
    let before = queries(&request).remove("before");
    let shell = shell(visitor, &request, &outcomes);
    page(visitor, StatusCode::OK, shell, &typed, (&Invalid::default(), None), before.as_deref()).await
}

/// `POST /console/registration-tokens`: a new one, shown once.
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = asked;
    let visitor = &form.visitor;
    let typed = Typed::of(&form);
    let by = once(&visitor.app, by, form.text("once"), &["registration token", &format!("{typed:?}")]);
    let made = match typed.read(&visitor.words().console.registration_tokens) {
        Ok(new) => registration::add_initial_access_token(&visitor.app, &by, new).await,
        Err(invalid) => Err(Declined::Invalid(invalid)),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match made {
        Ok((row, token)) => shown(visitor, &row.name, Some((&row, &token))),
        Err(Declined::MadeAlready(_)) => shown(visitor, &typed.name, None),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => page(visitor, status, visitor.shell(), &typed, (&invalid, None), None).await,
        Err(other) => {
            let problem = Some(sentence(visitor.words(), &other));
            page(visitor, status, visitor.shell(), &typed, (&Invalid::default(), problem), None).await
        }
    }
}

/// `POST /console/registration-tokens/{id}/end`
pub(super) async fn end(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id = wanted(visitor, &id)?;
    // Somebody who registers meanwhile changes the row, and is no reason to leave it.
    let done = registration::revoke_initial_access_token(&visitor.app, &asked.by, id, Seen::Anything);
    done.await.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, PATH, "ended"))
}

fn shown(
    visitor: &Visitor,
    name: &str,
    made: Option<(&InitialAccessToken, &Secret)>,
) -> Result<HttpResponse, PageProblem> {
    let endpoint = visitor.app.issuer.url(paths::REGISTER);
    let page = RegistrationTokenPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Applications),
        name: name.to_owned(),
        token: made.map(|(_, token)| token.expose().to_owned()),
        ends: made.map(|(row, _)| visitor.words().at(row.expires_at, visitor.ctx.at)),
        uses: made
            .map(|(row, _)| (visitor.words().console.registration_token.applications)(row.most_uses))
            .unwrap_or_default(),
        command: made.map(|(_, token)| command(&endpoint, token)).unwrap_or_default(),
        endpoint,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// Registers an application with it.
fn command(endpoint: &str, token: &Secret) -> String {
    format!(
        "curl -H 'Authorization: Bearer {}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"client_name\": \"My application\", \
         \"redirect_uris\": [\"http://127.0.0.1/callback\"], \"token_endpoint_auth_method\": \"none\"}}' \\\n  {endpoint}",
        token.expose()
    )
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    shell: Shell,
    typed: &Typed,
    (wrong, problem): (&Invalid, Option<String>),
    before: Option<&str>,
) -> Result<HttpResponse, PageProblem> {
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault: crate::base::Fault| visitor.broken(&fault);
    let before = before.and_then(|text| text.parse().ok());
    let found = registration::initial_access_tokens(app, before, A_PAGE).await.map_err(broken)?;
    let field = |value: &str, name: &str| Field {
        value: value.chars().take(500).collect(),
        error: wrong.of(name).map(|why| sentence(visitor.words(), &Declined::Conflict(why))),
    };
    let words = visitor.words();
    let t = &words.console.registration_tokens;
    let page = RegistrationTokensPage {
        shell,
        frame: Frame::of(Section::Applications),
        mode: app.settings.now().registration.mode,
        mode_href: setting::path("registration.mode"),
        rows: found.rows.iter().map(|(_, token)| row(words, token, now)).collect::<Result<_, _>>().map_err(broken)?,
        next: found.next.map(|next| format!("{PATH}?before={next}")),
        once: mark(app, &visitor.ctx).map_err(broken)?,
        name: field(&typed.name, "name"),
        lasts: LENGTHS
            .into_iter()
            .map(|length| Choice::new(length, in_words(words, length), length == typed.lasts))
            .collect(),
        most_uses: field(&typed.most_uses, "most_uses"),
        problem: problem.or_else(|| {
            let unmarked = wrong.of("expires_in");
            (!wrong.0.is_empty()).then(|| unmarked.unwrap_or_else(|| t.nothing_made.to_owned()))
        }),
    };
    reply::page(visitor, status, &page, &[])
}

fn row(words: &Words, token: &InitialAccessToken, now: Timestamp) -> Result<RegistrationTokenRow, crate::base::Fault> {
    let t = &words.console.registration_tokens;
    Ok(RegistrationTokenRow {
        end_path: format!("{PATH}/{}/end", token.id),
        id: token.id.to_string(),
        name: token.name.clone(),
        made: words.at(token.created_at, now),
        ends: words.at(token.expires_at, now),
        uses: match token.most_uses {
            Some(most) => (t.used_of)(token.uses, most),
            None => token.uses.to_string(),
        },
        state: match () {
            () if now >= token.expires_at => Pill::new(t.is_over, Tone::Danger),
            () if token.is_used_up() => Pill::new(t.is_used_up, Tone::Plain),
            () => Pill::new(t.is_good, Tone::Live),
        },
    })
}
