//! What somebody who answers for machines should look at.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::Wrong;
use crate::model::{Finding, FindingKind};
use crate::operations::findings::{self, Insight};
use crate::protocol::own_scopes::FINDINGS;

pub(super) fn noun() -> Noun {
    Noun::new(
        "Findings",
        "client_id",
        "Machines that call for a decision, and why: unused, shared, about to end, nobody's. Worked out when it is asked for, so what is mended is gone at once.",
    )
    .list(What("/api/v1/findings", "listFindings", FINDINGS.read, "List machines with findings, the oldest first"), list)
    .show(What("/api/v1/findings/{id}", "showFindings", FINDINGS.read, "Show the findings of one machine"), show)
}

/// A machine, and what is to be said about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MachineFindings)]
struct FoundView {
    #[schema(example = "mch_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    client_id: String,
    name: String,
    tenant: String,
    /// The person who answers for it.
    owner: String,
    findings: Vec<FindingView>,
}

/// One thing that calls for a decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingView {
    kind: Kind,
    /// The credential it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    credential_id: Option<String>,
    /// Since when it is so, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    since: Option<String>,
    /// What it means and what to do.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FindingKind)]
enum Kind {
    CredentialMisused,
    NoOwner,
    Unused,
    NeverUsed,
    ScopesUnused,
    SecretOld,
    CredentialExpiring,
    MachineExpiring,
    NewNetwork,
    SecretShared,
    OldSecretUsed,
    OldSecretSilent,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only findings of this kind.
    #[serde(default)]
    #[param(nullable = false)]
    kind: Option<Kind>,
    /// Only those of this machine.
    #[serde(default)]
    #[param(nullable = false)]
    machine: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<FoundView>, Problem> {
    let mut wrong = Wrong::default();
    let machine = filter.machine.and_then(|id| wrong.parsed("machine", id.parse()));
    wrong.none()?;
    let kind = filter.kind.map(FindingKind::from);
    if let Some(id) = machine {
        // A page of one machine is all there is.
        let from = window.from::<crate::base::Id<crate::model::Machine>>()?;
        let mut insight = findings::of_machine(&call.app, &call.by, id).await?;
        insight.findings.retain(|finding| kind.is_none_or(|kind| finding.kind == kind));
        let is_there = from.is_none() && !insight.findings.is_empty();
        let items = is_there.then(|| view(&insight)).into_iter().collect();
        return Ok(Listed::of(items, &window, None::<String>));
    }
    let page = findings::list(&call.app, &call.by, kind, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, insight)| view(insight)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<FoundView>, Problem> {
    let insight = findings::of_machine(&call.app, &call.by, call.id()?).await?;
    Ok(One::of(&insight.findings, view(&insight))?)
}

fn view(insight: &Insight) -> FoundView {
    let machine = &insight.facts.machine;
    FoundView {
        client_id: machine.id.to_string(),
        name: machine.name.clone(),
        tenant: machine.tenant.to_string(),
        owner: machine.owner.to_string(),
        findings: insight.findings.iter().map(said).collect(),
    }
}

fn said(finding: &Finding) -> FindingView {
    FindingView {
        kind: finding.kind.into(),
        credential_id: finding.credential.map(|id| id.to_string()),
        since: finding.since.map(|at| at.iso()),
        text: finding.told(),
    }
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        impl From<FindingKind> for Kind {
            fn from(kind: FindingKind) -> Self {
                match kind { $(FindingKind::$kind => Self::$kind,)* }
            }
        }

        impl From<Kind> for FindingKind {
            fn from(kind: Kind) -> Self {
                match kind { $(Kind::$kind => Self::$kind,)* }
            }
        }
    };
}

kinds! {
    CredentialMisused NoOwner Unused NeverUsed ScopesUnused SecretOld CredentialExpiring MachineExpiring NewNetwork SecretShared OldSecretUsed
    OldSecretSilent
}
