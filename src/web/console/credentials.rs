//! The credentials of one machine: another one, a successor, an end; and a token held against a trust.

use std::collections::HashMap;
use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::machine::path;
use super::machine_form::day;
use super::{back, declined, mark, once, queries, sentence, shell, snippets, wanted};
use crate::base::{Id, Lifetime, Secret, Timestamp};
use crate::model::{ClaimRule, Credential, CredentialKind, Machine, TokenUse, Trust};
use crate::operations::credentials::{self, Made, NewCredential, NewProof};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::seen::Seen;
use crate::operations::{federation, machines, resources};
use crate::protocol::display_name::DisplayName;
use crate::protocol::federation::{PRESETS, Preset};
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    CheckLine, Choice, CredentialForm, CredentialPage, Frame, SecretPage, Section, TrialPage,
};
use crate::web::views::{Field, FlashKind, Shell};
use crate::web::words::{CredentialFormWords, Words};

fn known_kinds(words: &Words) -> [(&'static str, &'static str); 5] {
    let t = &words.console.credential_form;
    [
        ("client_secret", t.client_secret),
        ("access_key", t.access_key),
        ("public_keys", t.public_keys),
        ("key_set", t.key_set),
        ("trust", t.trust),
    ]
}

pub(super) fn kinds(words: &Words, chosen: &str) -> Vec<Choice> {
    known_kinds(words).into_iter().map(|(value, label)| Choice::new(value, label, value == chosen)).collect()
}

/// What was typed, before it is looked at.
#[derive(Default)]
struct Typed {
    texts: HashMap<&'static str, String>,
    reuse: bool,
}

impl Typed {
    fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }
}

const FIELDS: [&str; 9] = ["kind", "name", "expires", "jwks", "jwks_uri", "preset", "issuer", "audience", "rules"];

fn typed(form: &Posted) -> Typed {
    let text = |name| (name, form.text(name).replace('\r', "").trim().to_owned());
    Typed { texts: FIELDS.into_iter().map(text).collect(), reuse: form.text("reuse") == "yes" }
}

/// `GET /console/machines/{id}/credentials/new`
pub(super) async fn new(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let machine = machine(visitor, &id).await?;
    let (asked, t) = (queries(&request), &visitor.words().console.credential_form);
    let known = known_kinds(visitor.words());
    let kind = asked.get("kind").and_then(|kind| known.into_iter().find(|(name, _)| name == kind));
    let (kind, label) = kind.unwrap_or(known[0]);
    let preset = asked.get("preset").and_then(|name| Preset::named(name)).or_else(|| PRESETS.first());
    let mut texts = HashMap::from([("kind", kind.to_owned()), ("name", (t.as_name)(label))]);
    if let ("trust", Some(preset)) = (kind, preset) {
        let rules: Vec<String> = preset.pinned.iter().map(|pinned| format!("{}=", pinned.claim)).collect();
        texts.extend([
            ("preset", preset.name.to_owned()),
            ("name", t.preset(preset).to_owned()),
            ("issuer", preset.issuer.unwrap_or_default().to_owned()),
            ("audience", visitor.app.issuer.to_string()),
            ("rules", rules.join("\n")),
        ]);
    }
    let typed = Typed { texts, reuse: false };
    let said = [("made", FlashKind::Done, t.machine_made)];
    page(visitor, (shell(visitor, &request, &said), StatusCode::OK), &machine, &typed, &Invalid::default(), None)
}

/// The form for the first credential of a machine that was just made.
pub(super) fn next_is(visitor: &Visitor, machine: Id<Machine>, kind: &str) -> HttpResponse {
    reply::see_other(
        visitor,
        &format!("{}{}/credentials/new?kind={kind}&said=made", visitor.app.issuer.path(), path(machine)),
    )
}

/// `POST /console/machines/{id}/credentials`
pub(super) async fn create(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = asked;
    let visitor = &form.visitor;
    let machine = machine(visitor, &id).await?;
    let typed = typed(&form);
    let refuse = |invalid: &Invalid, problem: Option<String>| {
        page(visitor, (visitor.shell(), StatusCode::UNPROCESSABLE_ENTITY), &machine, &typed, invalid, problem)
    };
    let new = match new_credential(visitor.words(), &typed, visitor.ctx.at) {
        Ok(new) => new,
        Err(invalid) => return refuse(&invalid, None),
    };
    let by = once(&visitor.app, by, form.text("once"), &["credential", &id, &form_text(&typed)]);
    match credentials::create(&visitor.app, &by, machine.id, new).await {
        Ok(made) if made.secret.is_some() => shown(visitor, &machine, made, None).await,
        Ok(_) => Ok(back(visitor, &path(machine.id), "credential")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => refuse(&invalid, None),
        Err(other) => refuse(&Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

fn form_text(typed: &Typed) -> String {
    FIELDS.into_iter().map(|name| format!("{:?}", typed.text(name))).collect()
}

fn new_credential(words: &Words, typed: &Typed, now: Timestamp) -> Result<NewCredential, Invalid> {
    let t = &words.console.credential_form;
    let text = |name: &str| typed.text(name);
    let mut wrong = Invalid::default();
    let name = DisplayName::parse(text("name")).map_err(|why| wrong.0.push(("name", why.to_string()))).ok();
    let expires_at = match text("expires") {
        "" => None,
        date => day(date).filter(|end| *end > now).or_else(|| {
            wrong.0.push(("expires_at", words.console.machine_form.wrong.day.to_owned()));
            None
        }),
    };
    let proof = match text("kind") {
        "client_secret" => Some(NewProof::ClientSecret),
        "access_key" => Some(NewProof::AccessKey),
        "public_keys" => match key_set(t, text("jwks")) {
            Ok(jwks) => Some(NewProof::PublicKeys(jwks)),
            Err(why) => {
                wrong.0.push(("jwks", why));
                None
            }
        },
        "key_set" => Some(NewProof::KeySet(text("jwks_uri").to_owned())),
        "trust" => {
            let rules: Result<Vec<ClaimRule>, _> =
                text("rules").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::parse).collect();
            match rules {
                Ok(rules) => Some(NewProof::Trust(Trust {
                    issuer: text("issuer").to_owned(),
                    audience: text("audience").to_owned(),
                    jwks_uri: None,
                    jwks: None,
                    rules,
                    preset: Preset::named(text("preset")).map(|preset| preset.name.to_owned()),
                    token_use: if typed.reuse { TokenUse::UntilItEnds } else { TokenUse::Once },
                })),
                Err(why) => {
                    wrong.0.push(("rules", why.to_string()));
                    None
                }
            }
        }
        _ => {
            wrong.0.push(("kind", t.no_kind.to_owned()));
            None
        }
    };
    match (name, proof, wrong.0.is_empty()) {
        (Some(name), Some(proof), true) => Ok(NewCredential { name, proof, expires_at }),
        _ => Err(wrong),
    }
}

/// The set that was pasted. One key alone is a set of one.
fn key_set(t: &CredentialFormWords, text: &str) -> Result<Value, String> {
    if text.contains("-----BEGIN") {
        return Err(if text.contains("PRIVATE KEY") { t.private_pem } else { t.pem }.to_owned());
    }
    let pasted: Value = serde_json::from_str(text).map_err(|why| (t.no_json)(&why.to_string()))?;
    Ok(if pasted.get("kty").is_some() { json!({ "keys": [pasted] }) } else { pasted })
}

/// Whether something is in it that only the holder of a private key has: it is not shown again, not even to whoever pasted it.
/// RFC 7518 §6: every private key has a member `d`, every symmetric one a member `k`.
fn holds_private(text: &str) -> bool {
    let is_private = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
    let pasted = serde_json::from_str::<Value>(text).unwrap_or_default();
    let keys = pasted.get("keys").and_then(Value::as_array);
    text.contains("PRIVATE KEY") || is_private(&pasted) || keys.is_some_and(|keys| keys.iter().any(is_private))
}

async fn machine(visitor: &Visitor, id: &str) -> Result<Machine, PageProblem> {
    let id: Id<Machine> = wanted(visitor, id)?;
    let (machine, ..) = machines::show(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    Ok(machine)
}

fn page(
    visitor: &Visitor,
    (shell, status): (Shell, StatusCode),
    machine: &Machine,
    typed: &Typed,
    wrong: &Invalid,
    problem: Option<String>,
) -> Result<HttpResponse, PageProblem> {
    let t = &visitor.words().console.credential_form;
    let text = |name: &str| typed.text(name);
    let field = |name: &str, error: &str| Field { value: text(name).to_owned(), error: wrong.of(error) };
    let shown = if holds_private(text("jwks")) { "" } else { text("jwks") };
    let preset = Preset::named(text("preset"));
    let claims = preset.into_iter().flat_map(|preset| preset.pinned.iter().chain(preset.offered));
    let elsewhere = || {
        let shown = ["name", "expires_at", "jwks", "jwks_uri", "issuer", "audience", "rules"];
        let others = wrong.0.iter().filter(|(field, _)| !shown.contains(field));
        let words: Vec<String> = others.map(|(_, why)| why.clone()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    let form = CredentialForm {
        kind: text("kind").to_owned(),
        kinds: kinds(visitor.words(), text("kind")),
        name: field("name", "name"),
        expires: field("expires", "expires_at"),
        jwks: Field { value: shown.to_owned(), error: wrong.of("jwks") },
        jwks_uri: field("jwks_uri", "jwks_uri"),
        presets: PRESETS
            .iter()
            .map(|one| Choice::new(one.name, t.preset(one), preset.is_some_and(|preset| preset.name == one.name)))
            .collect(),
        issuer: field("issuer", "issuer"),
        audience: field("audience", "audience"),
        rules: field("rules", "rules"),
        claims: claims.map(|known| (known.claim.to_owned(), known.words.to_owned())).collect(),
        reuse: typed.reuse,
        problem: problem.or_else(elsewhere),
    };
    let page = CredentialPage {
        shell,
        frame: Frame::of(Section::Machines),
        machine: machine.name.clone(),
        machine_href: path(machine.id),
        once: mark(&visitor.app, &visitor.ctx).map_err(|fault| visitor.broken(&fault))?,
        form,
    };
    reply::page(visitor, status, &page, &[])
}

/// The only page that shows a secret. It answers the form itself: a secret is in no address.
pub(super) async fn shown(
    visitor: &Visitor,
    machine: &Machine,
    made: Made,
    overlap: Option<Timestamp>,
) -> Result<HttpResponse, PageProblem> {
    let client_id = machine.id.to_string();
    let all = resources::list(&visitor.app).await.map_err(|fault| visitor.broken(&fault))?;
    let resource = snippets::meant(machine.access.first().map(|access| &access.resource), &all);
    let secret = made.secret.as_ref().map(Secret::expose);
    let wanted = snippets::machine::For {
        client_id: &client_id,
        scope: machine.ceiling(resource.map(|resource| &resource.identifier)),
        resource,
        by: Some(&made.credential.kind),
        secret,
        dpop_bound: machine.dpop_bound,
    };
    let mut snippets = snippets::machine::of(&visitor.app, visitor.words(), &wanted);
    let words = &visitor.words().console.credential_form;
    let page = SecretPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Machines),
        machine: machine.name.clone(),
        machine_href: path(machine.id),
        env: snippets.take_env(),
        snippets,
        what: match made.credential.kind {
            CredentialKind::AccessKey { .. } => words.access_key.to_owned(),
            _ => words.client_secret.to_owned(),
        },
        secret: secret.map(str::to_owned),
        overlap: overlap.map(|at| visitor.words().at(at, visitor.ctx.at)),
        client_id: client_id.clone(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// `POST …/rotation`
pub(super) async fn rotate(asked: Administered, ids: web::Path<(String, String)>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let (machine, credential) = both(visitor, &ids).await?;
    let overlap: Lifetime = asked
        .form
        .text("overlap")
        .parse()
        .map_err(|_| declined(visitor, Declined::field("overlap", "say it like 7d")))?;
    let made = credentials::rotate(&visitor.app, &asked.by, credential, overlap).await;
    let made = made.map_err(|why| declined(visitor, why))?;
    let old = credentials::find(&visitor.app, credential).await.map_err(|why| declined(visitor, why))?;
    shown(visitor, &machine, made, old.expires_at).await
}

/// `POST …/revocation`
pub(super) async fn revoke(asked: Administered, ids: web::Path<(String, String)>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let (machine, credential) = both(visitor, &ids).await?;
    let done =
        credentials::revoke(&visitor.app, &asked.by, credential, Seen::Anything, asked.form.text("because")).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(machine.id), "revoked"))
}

/// `POST …/trial`: answers the form itself, for the token is in no address.
pub(super) async fn attempt(
    asked: Administered,
    ids: web::Path<(String, String)>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let (machine, credential) = both(visitor, &ids).await?;
    let token = Secret::new(asked.form.text("token").trim());
    let from = match asked.form.text("from").trim() {
        "" => Ok(None),
        text => text.parse::<IpAddr>().map(Some),
    };
    let trial = match from {
        Ok(from) => federation::explain(&visitor.app, &asked.by, credential, &token, from).await,
        Err(_) => Err(Declined::field("from", "an address, like 203.0.113.7 or 2001:db8::7")),
    };
    let (accepted, checks, problem) = match trial {
        Ok(trial) => (trial.accepted, trial.checks, None),
        Err(Declined::Broken(fault)) => return Err(visitor.broken(&fault)),
        Err(why) => (false, Vec::new(), Some(sentence(visitor.words(), &why))),
    };
    let page = TrialPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Machines),
        machine: machine.name.clone(),
        machine_href: path(machine.id),
        accepted,
        problem,
        checks: checks
            .into_iter()
            .map(|check| CheckLine {
                claim: check.claim,
                expected: check.expected,
                found: check.found,
                holds: check.holds,
                words: check.words.to_owned(),
            })
            .collect(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// The machine, and one of its credentials: one of another machine's is none.
async fn both(visitor: &Visitor, ids: &(String, String)) -> Result<(Machine, Id<Credential>), PageProblem> {
    let machine = machine(visitor, &ids.0).await?;
    let id: Id<Credential> = wanted(visitor, &ids.1)?;
    let credential = credentials::find(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    if credential.machine != machine.id {
        return Err(declined(visitor, Declined::Missing(String::new())));
    }
    Ok((machine, id))
}
