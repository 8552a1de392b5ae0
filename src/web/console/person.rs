//! `/console/people/{id}`: one person, and what is done to them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::machines::standing as machine_state;
use super::people::{named, shown_once};
use super::told;
use super::{as_seen, back, declined, left, shell, wanted};
use crate::base::{Id, Secret, Timestamp};
use crate::model::{
    ClientId, ClientState, Consent, Machine, Passkey, Person, PersonState, RoleIn, Session, Standing, Subject,
};
use crate::operations::audit::{self, Which as Entries};
use crate::operations::declined::Declined;
use crate::operations::names;
use crate::operations::roles::{self, MembershipChange};
use crate::operations::seen::{Seen, tag};
use crate::operations::set_password::set_password_of;
use crate::operations::{delegations, own_passkeys, own_sign_in, people, sessions, set_up_factor};
use crate::operations::{grants, machines};
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{
    ActingLine, AllowedLine, FactorLine, Frame, OwnedLine, OwnedPasskey, PersonPage, Pill, Section, SignedInLine, Tone,
};
use crate::web::words::{PersonSaid, PersonWords, Words};

/// Rows of each kind that the page shows; machines of theirs that are counted; roles to choose from.
const SHOWN: usize = 20;
const COUNTED: usize = 1_000;
const ROLES: usize = 200;

/// What the page before has to say.
fn said(t: &PersonSaid) -> [(&'static str, FlashKind, &'static str); 21] {
    use FlashKind::{Done, Failed};
    [
        ("added", Done, t.added),
        ("changed", Done, t.changed),
        ("stopped", Done, t.stopped),
        ("handed-over", Done, t.handed_over),
        ("no-owner", Failed, t.no_owner),
        ("resumed", Done, t.resumed),
        ("ended", Done, t.ended),
        ("over", Failed, t.over),
        ("all-ended", Done, t.all_ended),
        ("revoked", Done, t.revoked),
        ("password", Done, t.password),
        ("weak", Failed, t.weak),
        ("factor-reset", Done, t.factor_reset),
        ("no-factor", Failed, t.no_factor),
        ("passkey-removed", Done, t.passkey_removed),
        ("no-passkey", Failed, t.no_passkey),
        ("raised", Done, t.raised),
        ("lowered", Done, t.lowered),
        ("roles", Done, t.roles),
        ("not-meant", Failed, t.not_meant),
        ("last", Failed, t.last),
    ]
}

pub(super) fn path(id: Id<Person>) -> String {
    format!("/console/people/{id}")
}

pub(super) fn state(words: &Words, state: PersonState) -> Pill {
    let tone = match state {
        PersonState::Active => Tone::Live,
        PersonState::Suspended => Tone::Danger,
    };
    Pill::new(words.console.people.of_state(state), tone)
}

fn is_self(visitor: &Visitor, id: Id<Person>) -> bool {
    visitor.signed_in.as_ref().is_some_and(|signed_in| signed_in.person().id == id)
}

/// `GET /console/people/{id}`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let words = visitor.words();
    let t = &words.console.person;
    let id: Id<Person> = wanted(visitor, &id)?;
    let broken = |fault| visitor.broken(&fault);
    let person = people::by_id(app, id).await.map_err(|why| declined(visitor, why))?;
    let here = visitor.signed_in.as_ref().map(|signed_in| signed_in.session().id);
    let signed_in = sessions::of_person(app, now, id).await.map_err(broken)?;
    let which = grants::Which { person: Some(id), client: None };
    let factor = own_sign_in::second_factor_of(app, id).await.map_err(broken)?;
    let passkeys = own_passkeys::of_person(app, id).await.map_err(broken)?;
    let given = grants::list(app, which, None, SHOWN).await.map_err(broken)?;
    let owned = people::machines_of(app, id, COUNTED).await.map_err(broken)?;
    let acting = delegations::of_subject(app, &Subject::Person(id), SHOWN + 1).await.map_err(broken)?;
    let mut ids: Vec<String> = given.rows.iter().map(|(_, grant)| grant.consent.client_id.to_string()).collect();
    ids.extend(acting.iter().map(|one| one.actor.to_string()));
    let names = names::of(app, ids).await.map_err(broken)?;
    let membership = roles::membership_by_id(app, id).await.map_err(|why| declined(visitor, why))?;
    let known = roles::list(app, None).await.map_err(broken)?;
    let which = Entries { about: Some(id.to_string()), ..Entries::default() };
    let entries = audit::list(app, which, None, SHOWN).await.map_err(broken)?.entries;
    let told = told::of(&entries);
    let left = match person.state {
        PersonState::Suspended => left::words(words, &people::left(app, now, id).await.map_err(broken)?, now),
        PersonState::Active => None,
    };
    let page = PersonPage {
        shell: shell(visitor, &request, &said(&t.said)),
        frame: Frame::of(Section::People),
        href: path(id),
        administrator: person.standing == Standing::Administrator,
        state: state(words, person.state),
        suspended: person.state == PersonState::Suspended,
        left,
        yourself: is_self(visitor, id),
        added: words.at(person.created_at, now),
        seen: tag(&person.without_password()).map_err(broken)?.text(),
        seen_roles: tag(&membership).map_err(broken)?.text(),
        at_stake: at_stake(t, &owned),
        sessions: signed_in.iter().map(|session| session_line(words, session, here, now)).collect(),
        owes_factor: factor.is_none() && passkeys.is_empty() && set_up_factor::is_demanded(app, &person),
        factor: factor
            .map(|factor| FactorLine { since: words.at(factor.added_at, now), codes_left: factor.recovery.len() }),
        passkeys: passkeys
            .into_iter()
            .map(|passkey| OwnedPasskey {
                id: passkey.id.to_string(),
                name: passkey.name,
                added: words.at(passkey.created_at, now),
                used: passkey.last_used_at.map(|at| words.at(at, now)),
            })
            .collect(),
        grants: given
            .rows
            .iter()
            .map(|(grant, found)| AllowedLine {
                id: grant.to_string(),
                application: names.of(&found.consent.client_id.to_string()).to_owned(),
                application_href: client_path(&found.consent.client_id),
                resource: found.consent.resource.as_ref().map(ToString::to_string).unwrap_or_default(),
                scopes: found.consent.scope.iter().map(ToString::to_string).collect(),
                given: words.at(found.consent.given_at, now),
            })
            .collect(),
        more_grants: given.next.is_some(),
        more_machines: owned.len() > SHOWN,
        hands_over: owned.iter().any(|machine| machine.state != ClientState::Retired),
        machines: owned
            .iter()
            .take(SHOWN)
            .map(|machine| OwnedLine {
                href: super::machine::path(machine.id),
                name: machine.name.clone(),
                purpose: machine.purpose.clone(),
                state: machine_state(words, machine, now),
            })
            .collect(),
        more_delegations: acting.len() > SHOWN,
        delegations: acting
            .iter()
            .take(SHOWN)
            .map(|one| ActingLine {
                href: super::machine::path(one.actor),
                machine: names.of(&one.actor.to_string()).to_owned(),
                purpose: one.purpose.clone(),
                scopes: one.scope.iter().map(ToString::to_string).collect(),
                state: Pill::new(
                    words.console.machine_labels.delegation(one.standing(now)),
                    if one.standing(now) == "live" { Tone::Live } else { Tone::Plain },
                ),
                until: words.at(one.expires_at, now),
            })
            .collect(),
        known_roles: known
            .into_iter()
            .map(|role| RoleIn { tenant: role.tenant, role: role.name })
            .filter(|role| !membership.roles.contains(role))
            .take(ROLES)
            .map(|role| role.to_string())
            .collect(),
        roles: membership.roles.iter().map(ToString::to_string).collect(),
        claims: (!membership.custom_claims.is_empty())
            .then(|| serde_json::to_string_pretty(&membership.custom_claims).unwrap_or_default()),
        events: told::folded(app, visitor.words(), now, &told).await.map_err(broken)?,
        name: person.name,
        email: person.email.as_str().to_owned(),
        id: id.to_string(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// How many machines stop when their owner does.
fn at_stake(t: &PersonWords, owned: &[Machine]) -> String {
    let active = owned.iter().filter(|machine| machine.state == ClientState::Active).count();
    let all_counted = owned.len() < COUNTED;
    if all_counted || active <= 1 { (t.at_stake)(active) } else { (t.at_stake_at_least)(active) }
}

fn client_path(id: &ClientId) -> String {
    match id {
        ClientId::Machine(machine) => super::machine::path(*machine),
        other => {
            // An application known by its document has an address for an id.
            let id: String = url::form_urlencoded::byte_serialize(other.to_string().as_bytes()).collect();
            format!("/console/applications/{id}")
        }
    }
}

fn session_line(words: &Words, session: &Session, here: Option<Id<Session>>, now: Timestamp) -> SignedInLine {
    SignedInLine {
        id: session.id.to_string(),
        device: words.device(session.device).unwrap_or_else(|| words.console.person.a_browser.to_owned()),
        from: session.network.as_ref().map(ToString::to_string),
        current: here == Some(session.id),
        since: words.at(session.auth_time, now),
        seen: words.at(session.last_seen_at, now),
    }
}

/// Whether somebody typed the words that stop themselves, with the quotation marks around them or without.
fn is_meant(visitor: &Visitor, typed: &str) -> bool {
    typed.trim().trim_matches(['“', '”', '„', '"']).to_lowercase() == visitor.words().console.person.meant
}

/// `POST /console/people/{id}/suspension`
pub(super) async fn suspend(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let own = is_self(visitor, id);
    if own && !is_meant(visitor, asked.form.text("confirm")) {
        return Ok(back(visitor, &path(id), "not-meant"));
    }
    match people::suspend(&visitor.app, &asked.by, id, Seen::Anything, asked.form.text("because")).await {
        Ok(_) => Ok(back(visitor, &path(id), "stopped")),
        // Whoever asks administers, so the last one there is can only be themselves.
        Err(Declined::Conflict(_)) if own => Ok(back(visitor, &path(id), "last")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/resumption`
pub(super) async fn resume(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let done = people::resume(&visitor.app, &asked.by, id, as_seen(&asked.form)).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "resumed"))
}

/// `POST /console/people/{id}/handover`: every machine they answer for.
pub(super) async fn hand_over(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let owner = asked.form.text("owner").parse();
    let owner = owner.map_err(|why| declined(visitor, Declined::field("owner", why)))?;
    match machines::hand_over_all(&visitor.app, &asked.by, id, owner).await {
        Ok(_) => Ok(back(visitor, &path(id), "handed-over")),
        Err(Declined::Invalid(_)) => Ok(back(visitor, &path(id), "no-owner")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/standing`
pub(super) async fn raise(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let to = named(asked.form.text("standing"));
    match people::change_standing(&visitor.app, &asked.by, id, as_seen(&asked.form), to).await {
        Ok(_) if to == Standing::Administrator => Ok(back(visitor, &path(id), "raised")),
        Ok(_) => Ok(back(visitor, &path(id), "lowered")),
        Err(Declined::Conflict(_)) if is_self(visitor, id) => Ok(back(visitor, &path(id), "last")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/password`
pub(super) async fn password(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let person = people::by_id(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let random = asked.form.text("password").is_empty();
    let password = match random {
        true => people::random_password(&visitor.app).map_err(|fault| visitor.broken(&fault))?,
        false => Secret::new(asked.form.text("password")),
    };
    match set_password_of(&visitor.app, &asked.by, &person, password.clone()).await {
        Ok(_) if random => shown_once(visitor, &person, &password, true),
        Ok(_) => Ok(back(visitor, &path(id), "password")),
        Err(Declined::Invalid(_)) => Ok(back(visitor, &path(id), "weak")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/factor/reset`
pub(super) async fn reset_factor(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    match own_sign_in::reset(&visitor.app, &asked.by, id).await {
        Ok(_) => Ok(back(visitor, &path(id), "factor-reset")),
        Err(Declined::Conflict(_)) => Ok(back(visitor, &path(id), "no-factor")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/passkeys/{passkey}/end`
pub(super) async fn remove_passkey(
    asked: Administered,
    ids: web::Path<(String, String)>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &ids.0)?;
    let passkey: Id<Passkey> = wanted(visitor, &ids.1)?;
    match own_passkeys::remove_of(&visitor.app, &asked.by, id, passkey).await {
        Ok(_) => Ok(back(visitor, &path(id), "passkey-removed")),
        Err(Declined::Missing(_)) => Ok(back(visitor, &path(id), "no-passkey")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/sessions/end`
pub(super) async fn end_sessions(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    sessions::end_all(&visitor.app, &asked.by, id).await.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "all-ended"))
}

/// `POST /console/people/{id}/sessions/{session}/end`
pub(super) async fn end_session(
    asked: Administered,
    ids: web::Path<(String, String)>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &ids.0)?;
    let session: Id<Session> = wanted(visitor, &ids.1)?;
    match sessions::end(&visitor.app, &asked.by, id, session).await {
        Ok(()) => Ok(back(visitor, &path(id), "ended")),
        Err(Declined::Missing(_)) => Ok(back(visitor, &path(id), "over")),
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/people/{id}/grants/{grant}/revocation`
pub(super) async fn revoke(asked: Administered, ids: web::Path<(String, String)>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &ids.0)?;
    let grant: Id<Consent> = wanted(visitor, &ids.1)?;
    let found = grants::find(&visitor.app, grant).await.map_err(|why| declined(visitor, why))?;
    if found.consent.person != id {
        return Err(declined(visitor, Declined::Missing(String::new())));
    }
    let done = grants::revoke(&visitor.app, &asked.by, grant, Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "revoked"))
}

/// `POST /console/people/{id}/roles`: gives one, or takes one away.
pub(super) async fn change_roles(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let named = |field: &'static str| {
        let texts = asked.form.all(field).filter(|text| !text.is_empty());
        let roles: Result<Vec<RoleIn>, _> = texts.map(str::parse).collect();
        roles.map_err(|why| declined(visitor, Declined::field(field, why)))
    };
    let ask = MembershipChange { give: named("give")?, take: named("take")?, ..MembershipChange::default() };
    let taken = ask.take.first().cloned();
    let done = roles::change_membership(&visitor.app, &asked.by, id, as_seen(&asked.form), ask).await;
    done.map_err(|why| declined(visitor, why))?;
    // Whoever came from the page of the role goes back to it.
    match (asked.form.text("to"), taken) {
        ("role", Some(role)) => Ok(back(visitor, &super::roles::path(&role), "taken")),
        _ => Ok(back(visitor, &path(id), "roles")),
    }
}
