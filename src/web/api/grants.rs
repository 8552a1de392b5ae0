//! What people have allowed applications.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{StillTaken, Wrong, list as names};
use crate::model::{Family, FamilyState};
use crate::operations::grants::{self, Grant, Which};
use crate::protocol::own_scopes::GRANTS;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/grants/{id}";
    Noun::new(
        "Grants",
        "id",
        "What a person has allowed an application at a resource, and the lines of tokens that were issued under it.",
    )
    .list(
        What(
            "/api/v1/grants",
            "listGrants",
            GRANTS.read,
            "List grants: the newest first, or those of a person, the oldest first",
        ),
        list,
    )
    .show(What(at, "showGrant", GRANTS.read, "Show a grant"), show)
    .end(What(at, "revokeGrant", GRANTS.write, "Take a grant back, and end every token under it"), revoke)
}

/// A grant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
struct GrantView {
    #[schema(example = "con_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    person: String,
    client_id: String,
    /// The application's name, as the person read it.
    client_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource: Option<String>,
    scopes: Vec<String>,
    /// Whether the same request is answered without asking.
    remembered: bool,
    #[schema(format = DateTime)]
    given_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// The oldest fifty.
    families: Vec<FamilyView>,
}

/// A line of tokens: everything that descends from one authorization, and ends as one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Family)]
struct FamilyView {
    id: String,
    state: Life,
    scopes: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FamilyState)]
enum Life {
    Live,
    Expired,
    Revoked,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only what this person has allowed.
    #[serde(default)]
    #[param(nullable = false)]
    person: Option<String>,
    /// Only what this application was allowed.
    #[serde(default)]
    #[param(nullable = false)]
    client_id: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<GrantView>, Problem> {
    let mut wrong = Wrong::default();
    let which = Which {
        person: filter.person.and_then(|id| wrong.parsed("person", id.parse())),
        client: filter.client_id.and_then(|id| wrong.parsed("client_id", id.parse())),
    };
    wrong.none()?;
    let page = grants::list(&call.app, which, window.from()?, window.limit).await?;
    let now = call.by.at;
    Ok(Listed::of(page.rows.iter().map(|(_, grant)| view(grant, now)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<GrantView>, Problem> {
    let grant = grants::find(&call.app, call.id()?).await?;
    Ok(One::of(&grant.consent, view(&grant, call.by.at))?)
}

/// A grant that was taken back.
#[derive(Debug, Serialize, ToSchema)]
struct GrantRevoked {
    still_taken: StillTaken,
}

async fn revoke(call: Call) -> Result<GrantRevoked, Problem> {
    let left = grants::revoke(&call.app, &call.by, call.id()?, call.seen()).await?;
    Ok(GrantRevoked { still_taken: left.into() })
}

fn view(grant: &Grant, now: crate::base::Timestamp) -> GrantView {
    let Grant { consent, families } = grant;
    GrantView {
        id: consent.id.to_string(),
        person: consent.person.to_string(),
        client_id: consent.client_id.to_string(),
        client_name: consent.client_name.clone(),
        resource: consent.resource.as_ref().map(ToString::to_string),
        scopes: names(&consent.scope),
        remembered: consent.remembered,
        given_at: consent.given_at.iso(),
        updated_at: consent.updated_at.iso(),
        families: families.iter().map(|family| line(family, now)).collect(),
    }
}

fn line(family: &Family, now: crate::base::Timestamp) -> FamilyView {
    FamilyView {
        id: family.id.to_string(),
        state: match family.state {
            FamilyState::Revoked { .. } => Life::Revoked,
            FamilyState::Live if family.is_live(now) => Life::Live,
            FamilyState::Live => Life::Expired,
        },
        scopes: names(&family.scope),
        created_at: family.created_at.iso(),
        last_used_at: family.last_used_at.iso(),
        expires_at: family.expires_at.iso(),
    }
}
