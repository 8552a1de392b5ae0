//! One setting: what holds, where it came from, and another value while Writ runs.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::settings::line_of_file;
use super::told;
use super::{as_seen, back, declined, sentence, shell};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::names;
use crate::operations::settings::{self, Held};
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{ChoiceInWords, Frame, Section, SettingKept, SettingPage};
use crate::web::views::{Field, Shell};
use crate::web::words::MeaningsWords;

/// The page of a setting, below the issuer's path.
pub(super) fn path(name: &str) -> String {
    format!("/console/settings/of/{name}")
}

/// What a choice means, in a language.
type Meaning = fn(&MeaningsWords) -> &'static str;

/// The setting, the choice, and what it means.
const MEANINGS: &[(&str, &str, Meaning)] = &[
    ("registration.mode", "open", |t| t.registration_open),
    ("registration.mode", "approval", |t| t.registration_approval),
    ("registration.mode", "token", |t| t.registration_token),
    ("registration.mode", "closed", |t| t.registration_closed),
    ("sign_in.second_factor", "off", |t| t.second_factor_off),
    ("sign_in.second_factor", "administrators", |t| t.second_factor_administrators),
    ("sign_in.second_factor", "everybody", |t| t.second_factor_everybody),
    ("dpop.require_nonce", "false", |t| t.no_nonce),
    ("dpop.require_nonce", "true", |t| t.nonce),
];

/// `GET /console/settings/of/{name}`
pub(super) async fn show(
    admin: Administrator,
    name: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let held = settings::one(&visitor.app, &name).map_err(|why| declined(visitor, why))?;
    page(visitor, StatusCode::OK, shell(visitor, &request, &[]), &held, None).await
}

/// `POST /console/settings/of/{name}`
pub(super) async fn change(asked: Administered, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let typed = asked.form.text("value").trim();
    match settings::set(&visitor.app, &asked.by, &name, typed, as_seen(&asked.form)).await {
        Ok(_) => Ok(back(visitor, "/console/settings", "changed")),
        Err(other) => refused(visitor, &name, Some(typed), other).await,
    }
}

/// `POST /console/settings/of/{name}/reset`
pub(super) async fn reset(asked: Administered, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    match settings::reset(&visitor.app, &asked.by, &name, as_seen(&asked.form)).await {
        Ok(_) => Ok(back(visitor, "/console/settings", "reset")),
        Err(other) => refused(visitor, &name, None, other).await,
    }
}

/// The page again, with what was typed and what is wrong with it.
async fn refused(
    visitor: &Visitor,
    name: &str,
    typed: Option<&str>,
    why: Declined,
) -> Result<HttpResponse, PageProblem> {
    let (invalid, problem) = match why {
        Declined::Broken(fault) => return Err(visitor.broken(&fault)),
        missing @ Declined::Missing(_) => return Err(declined(visitor, missing)),
        Declined::Invalid(invalid) => (invalid, None),
        other => (Invalid::default(), Some(sentence(visitor.words(), &other))),
    };
    let held = settings::one(&visitor.app, name).map_err(|why| declined(visitor, why))?;
    let wrong = invalid.of("value").map(|why| in_words(&why));
    // What cannot be given back has no field to say so at.
    let problem = problem.or_else(|| wrong.clone().filter(|_| typed.is_none()));
    let value = typed.map_or_else(|| held.entry.value.clone(), |typed| typed.chars().take(1_024).collect());
    let wrong = Wrong { field: Field { value, error: wrong.filter(|_| typed.is_some()) }, problem };
    page(visitor, StatusCode::UNPROCESSABLE_ENTITY, visitor.shell(), &held, Some(wrong)).await
}

/// The settings file's words "is between 1m and 1d" complete a sentence, and others are one.
pub(super) fn in_words(why: &str) -> String {
    let begins = ["is ", "has ", "may "].iter().any(|verb| why.starts_with(verb));
    if begins { format!("It {why}.") } else { format!("{why}.") }
}

struct Wrong {
    field: Field,
    problem: Option<String>,
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    shell: Shell,
    held: &Held,
    wrong: Option<Wrong>,
) -> Result<HttpResponse, PageProblem> {
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault: crate::base::Fault| visitor.broken(&fault);
    let (words, t) = (visitor.words(), &visitor.words().console.setting);
    let kept = match &held.kept {
        Some(kept) => {
            let names = names::of(app, told::actor(&kept.by).into_iter().collect()).await.map_err(broken)?;
            Some(SettingKept {
                by: told::by(words, &kept.by, &names),
                at: words.at(kept.at, now),
                value: kept.value.clone(),
            })
        }
        None => None,
    };
    let (field, problem) = match wrong {
        Some(wrong) => (wrong.field, wrong.problem),
        None => (Field::of(held.entry.value.clone()), None),
    };
    let name = held.name.as_str();
    let bounds = held.setting.within.split_once("..");
    let page = SettingPage {
        shell,
        frame: Frame::of(Section::Settings),
        href: path(name),
        name: name.to_owned(),
        about: held.setting.about.to_owned(),
        effect: held.setting.live.to_owned(),
        value: held.entry.value.clone(),
        read: held.read.value.clone(),
        read_from: held.read.source.to_owned(),
        kept,
        aside: held.aside.as_deref().map(in_words),
        help: bounds.map(|(least, most)| (t.between)(least, most)).unwrap_or_default(),
        choices: held
            .setting
            .choices
            .iter()
            .map(|choice| in_words_of(&t.meanings, name, choice, &field.value))
            .collect(),
        is_live: held.setting.is_live(),
        is_known: held.is_known(),
        line: line_of_file(held),
        variable: held.setting.variable(),
        seen: held.tag().map_err(broken)?.text(),
        may_be_empty: held.setting.default.is_empty(),
        field,
        problem,
    };
    reply::page(visitor, status, &page, &[])
}

fn in_words_of(t: &MeaningsWords, name: &str, choice: &str, chosen: &str) -> ChoiceInWords {
    let meaning = MEANINGS.iter().find(|(setting, known, _)| *setting == name && *known == choice);
    ChoiceInWords {
        value: choice.to_owned(),
        words: meaning.map(|(_, _, words)| words(t).to_owned()).unwrap_or_default(),
        chosen: choice == chosen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SETTINGS;
    use crate::model::Language;
    use crate::web::words;

    /// A choice that says nothing of what it means for whom is made blindly, but for a colour.
    #[test]
    fn every_choice_is_in_words() {
        let t = &words::of(Language::En).console.setting.meanings;
        for setting in SETTINGS.iter().filter(|setting| setting.is_live() && setting.name != "brand.accent") {
            for choice in setting.choices {
                assert!(!in_words_of(t, setting.name, choice, "").words.is_empty(), "{} {choice}", setting.name);
            }
        }
        for (name, choice, _) in MEANINGS {
            assert!(crate::config::Setting::named(name).unwrap().choices.contains(choice), "{name} {choice}");
        }
    }
}
