//! People, tenants, roles, scopes, resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ADMINISTRATOR, OFFICE, Stage, broken, made};
use crate::base::{Fault, Lifetime, Resource};
use crate::model::{Algorithm, Context, Risk, RoleIn, ScopeSet, Standing, TokenFormat};
use crate::operations::operator::Operator;
use crate::operations::people::{self, NewPerson};
use crate::operations::resources::{self, NewResource, ResourceChange};
use crate::operations::roles::{self, MembershipChange, RoleTerms};
use crate::operations::scopes::{self, NewScope};
use crate::operations::seen::Seen;
use crate::operations::sign_in::SignedIn;
use crate::operations::{setup, tenants, tools};
use crate::protocol::display_name::DisplayName;

/// Everybody but the first administrator: name, e-mail address, and what they are.
const PEOPLE: [(&str, &str, Standing); 11] = [
    ("Ben Okafor", "ben@demo.example", Standing::Administrator),
    ("Chloé Laurent", "chloe@demo.example", Standing::Member),
    ("Daniel Weiss", "daniel@demo.example", Standing::Member),
    ("Elif Kaya", "elif@demo.example", Standing::Member),
    ("Farah Nasser", "farah@demo.example", Standing::Member),
    ("Goran Petrov", "goran@demo.example", Standing::Member),
    ("Hana Sato", "hana@demo.example", Standing::Member),
    ("Ivan Costa", "ivan@demo.example", Standing::Member),
    ("Joana Lima", "joana@demo.example", Standing::Member),
    ("Kofi Mensah", "kofi@demo.example", Standing::Member),
    ("Lena Fischer", "lena@demo.example", Standing::Member),
];

const SCOPES: [(&str, &str, Risk); 12] = [
    ("tickets:read", "Read tickets and their comments", Risk::Low),
    ("tickets:write", "Create and change tickets", Risk::High),
    ("docs:search", "Search the handbook", Risk::Low),
    ("docs:publish", "Publish pages of the handbook", Risk::High),
    ("code:read", "Read source code and its history", Risk::Low),
    ("code:review", "Comment on changes", Risk::Low),
    ("invoices:read", "Read invoices", Risk::Low),
    ("invoices:pay", "Pay invoices", Risk::High),
    ("deploy:run", "Put a new version into service", Risk::High),
    ("deploy:status", "See what runs where", Risk::Low),
    ("metrics:read", "Read measurements", Risk::Low),
    ("metrics:write", "Send measurements", Risk::Low),
];

pub(super) const TICKETS: &str = "https://tickets.demo.example/mcp";
pub(super) const HANDBOOK: &str = "https://handbook.demo.example/mcp";
pub(super) const CODE: &str = "https://code.demo.example/mcp";
pub(super) const BILLING: &str = "https://billing.demo.example/api";
pub(super) const DEPLOY: &str = "https://deploy.demo.example/api";
pub(super) const METRICS: &str = "https://metrics.demo.example/api";

/// Identifier, name, scopes.
const RESOURCES: [(&str, &str, &str); 6] = [
    (TICKETS, "Tickets", "tickets:read tickets:write"),
    (HANDBOOK, "Handbook", "docs:search docs:publish"),
    (CODE, "Source code", "code:read code:review"),
    (BILLING, "Billing", "invoices:read invoices:pay"),
    (DEPLOY, "Deployments", "deploy:run deploy:status"),
    (METRICS, "Measurements", "metrics:read metrics:write"),
];

/// In the place of a scope: nobody has decided yet, or any token will do.
const UNDECIDED: &str = "?";
const ANY: &str = "*";
const READS: &str = "readOnlyHint";
const DESTROYS: &str = "destructiveHint";

/// Name, what it does, a hint of the server's, and the scope that it needs.
type ToolTold = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const TOOLS: [(&str, &[ToolTold]); 2] = [
    (TICKETS, &[
        ("search_tickets", "Finds tickets by words, state and who they are for", READS, "tickets:read"),
        ("show_ticket", "Shows a ticket and its comments", READS, "tickets:read"),
        ("create_ticket", "Opens a ticket", "openWorldHint", "tickets:write"),
        ("comment", "Writes a comment", "openWorldHint", "tickets:write"),
        ("close_ticket", "Closes a ticket and tells whoever opened it", "openWorldHint", "tickets:write"),
        ("list_queues", "Names the queues", READS, ANY),
        ("merge_tickets", "Makes one ticket of two; nothing takes it apart again", DESTROYS, UNDECIDED),
    ]),
    (CODE, &[
        ("find_code", "Searches all repositories", READS, "code:read"),
        ("read_file", "Reads a file at a revision", READS, "code:read"),
        ("review_change", "Comments on a change and approves it", "openWorldHint", "code:review"),
    ]),
];

const ROLES: [(&str, &str, &str, &[&str]); 5] = [
    ("main", "release-manager", "Decides what goes into service", &["deploy.approve", "deploy.roll-back"]),
    ("main", "support", "Answers customers", &["tickets.assign", "tickets.close"]),
    ("main", "auditor", "Looks and changes nothing", &["audit.read"]),
    ("emea", "accountant", "Keeps the books of the region", &["invoices.approve"]),
    ("americas", "accountant", "Keeps the books of the region", &["invoices.approve"]),
];

const HOLDERS: [(&str, &str); 7] = [
    ("ben@demo.example", "main/release-manager"),
    ("chloe@demo.example", "main/support"),
    ("daniel@demo.example", "main/release-manager"),
    ("elif@demo.example", "emea/accountant"),
    ("joana@demo.example", "americas/accountant"),
    ("kofi@demo.example", "main/auditor"),
    ("lena@demo.example", "main/support"),
];

pub(super) fn scope(text: &str) -> Result<ScopeSet, Fault> {
    text.parse().map_err(|why| broken(text, why))
}

pub(super) fn name(text: &str) -> Result<DisplayName, Fault> {
    DisplayName::parse(text).map_err(|why| broken(text, why))
}

pub(super) fn resource(text: &str) -> Result<Resource, Fault> {
    Resource::parse(text).map_err(|why| broken(text, why))
}

impl Stage {
    /// Everybody, and the first administrator signed in.
    pub(super) async fn people(&self) -> Result<SignedIn, Fault> {
        let new = |email: &str, name: &str| {
            NewPerson::parse(email, name, self.password.clone()).map_err(|why| broken(name, why))
        };
        let ctx: Context = self.from(OFFICE)?;
        let operator = Operator::of_the_demo(&ctx);
        let first = new(ADMINISTRATOR, "Ada Moreno")?;
        made("the first administrator", setup::complete_as_operator(&self.app, &operator, first).await)?;
        let ada = self.sign_in(ADMINISTRATOR, OFFICE).await?;
        for (person, email, standing) in PEOPLE {
            made(person, people::create(&self.app, &self.by(&ada)?, new(email, person)?, standing).await)?;
        }
        Ok(ada)
    }

    /// What does not change in the month.
    pub(super) async fn nouns(&self, ada: &SignedIn) -> Result<(), Fault> {
        for (tenant, title) in [("emea", "Europe, Middle East, Africa"), ("americas", "The Americas")] {
            let (id, title) = (tenant.parse().map_err(|why| broken(tenant, why))?, name(title)?);
            let by = self.by(ada)?;
            made(tenant, tenants::add(&self.app, &by, id, title).await)?;
        }
        for (tenant, role, description, permissions) in ROLES {
            let held: RoleIn = format!("{tenant}/{role}").parse().map_err(|why| broken(role, why))?;
            let permissions: Result<Vec<_>, _> = permissions.iter().map(|permission| permission.parse()).collect();
            let permissions = permissions.map_err(|why| broken(role, why))?;
            let terms = RoleTerms { description: description.to_owned(), permissions };
            let by = self.by(ada)?;
            made(role, roles::add(&self.app, &by, held, terms).await)?;
        }
        for (email, role) in HOLDERS {
            let held: RoleIn = role.parse().map_err(|why| broken(role, why))?;
            let parsed = email.parse().map_err(|why| broken(email, why))?;
            let person = people::find(&self.app, &parsed).await?.ok_or_else(|| broken(email, "nobody has it"))?;
            let (by, change) = (self.by(ada)?, MembershipChange { roles: Some(vec![held]), ..Default::default() });
            made(role, roles::change_membership(&self.app, &by, person.id, Seen::Anything, change).await)?;
        }
        for (scope, description, risk) in SCOPES {
            let parsed = scope.parse().map_err(|why| broken(scope, why))?;
            let new = NewScope { name: parsed, description: description.to_owned(), risk, implies: ScopeSet::new() };
            made(scope, scopes::add(&self.app, &self.by(ada)?, new).await)?;
        }
        for (identifier, title, scopes) in RESOURCES {
            let new = NewResource {
                identifier: resource(identifier)?,
                name: name(title)?,
                aliases: Vec::new(),
                scopes: scope(scopes)?,
                default_scopes: None,
                is_default: false,
                algorithm: Algorithm::ES256,
                format: TokenFormat::Jwt,
                access_for: None,
                machine_access_most: None,
                claims: None,
            };
            made(title, resources::add(&self.app, &self.by(ada)?, new).await)?;
        }
        Ok(())
    }

    /// What the MCP servers can do, as they would tell it, and what each tool needs. One of each list waits for a decision.
    pub(super) async fn tools(&self, ada: &SignedIn) -> Result<(), Fault> {
        for (identifier, list) in TOOLS {
            let known = resource(identifier)?;
            let found = resources::list(&self.app).await?.into_iter().find(|one| one.identifier == known);
            let id = found.ok_or_else(|| broken("tools", identifier))?.id;
            let told: Vec<Value> = list
                .iter()
                .map(|(name, description, hint, _)| {
                    json!({ "name": name, "description": description, "annotations": { (*hint): true } })
                })
                .collect();
            let told = json!({ "tools": told }).to_string();
            made(identifier, tools::write_down(&self.app, &self.by(ada)?, id, &told).await)?;
            let mut needed = BTreeMap::new();
            for (tool, _, _, needs) in list.iter().filter(|(_, _, _, needs)| *needs != UNDECIDED) {
                let scope = if *needs == ANY { None } else { Some(needs.parse().map_err(|why| broken(tool, why))?) };
                needed.insert((*tool).to_owned(), scope);
            }
            let change = ResourceChange { tool_scopes: Some(needed), ..ResourceChange::default() };
            made(identifier, resources::change(&self.app, &self.by(ada)?, id, Seen::Anything, change).await)?;
        }
        Ok(())
    }

    /// Somebody leaves: what they answered for has nobody.
    pub(super) async fn leaves(&self, ada: &SignedIn, email: &str) -> Result<(), Fault> {
        let parsed = email.parse().map_err(|why| broken(email, why))?;
        let person = people::find(&self.app, &parsed).await?.ok_or_else(|| broken(email, "nobody has it"))?;
        let stopped = people::suspend(&self.app, &self.by(ada)?, person.id, Seen::Anything, "left the company").await;
        made("a leaver", stopped).map(drop)
    }

    /// How long something may take.
    pub(super) fn days(count: u64) -> Lifetime {
        Lifetime::from_days(count)
    }
}
