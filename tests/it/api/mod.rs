//! The administrators' API, from outside.

mod authority;
mod backups;
mod changes;
mod delegations;
mod documents;
mod findings;
mod hostile;
mod in_use;
mod machines;
mod machines_authority;
mod nouns;
mod once;
mod people;
mod providers;
mod state;
mod still_taken;
mod tenancy;

use serde_json::Value;

use crate::world::{Answer, ClientApp, Request, Someone, World};

/// An appliance with an administrator, and a machine that may do everything.
pub struct Office {
    pub world: World,
    pub ada: Someone,
    pub token: String,
}

impl Office {
    pub fn open() -> Self {
        Self::in_world(World::new())
    }

    pub fn in_world(world: World) -> Self {
        let ada = world.administrator("ada");
        let machine = world.machine("office", &ada, "writ:admin");
        let token = token(&world, &machine, "writ:admin");
        Self { world, ada, token }
    }

    /// A machine's token with this scope.
    pub fn token_with(&self, scope: &str) -> String {
        token(&self.world, &self.world.machine(&format!("clerk for {scope}"), &self.ada, scope), scope)
    }

    pub fn ask(&self, method: &str, path: &str) -> Request {
        self.world.request(method, &format!("/api/v1{path}")).bearer(&self.token)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path).send().expect_status(200).json()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path).json(body).send()
    }

    /// Makes one and gives its id.
    #[track_caller]
    pub fn made(&self, path: &str, body: &Value) -> String {
        let made = self.post(path, body);
        made.expect_status(201);
        let id = ["client_id", "id", "name"].iter().find_map(|name| made.json()[*name].as_str().map(str::to_owned));
        id.unwrap()
    }

    /// What a change of it is to be sent with.
    #[track_caller]
    pub fn tag(&self, path: &str) -> String {
        self.ask("GET", path).send().expect_status(200).header("etag").unwrap().to_owned()
    }

    pub fn change(&self, method: &str, path: &str, tag: &str, body: &Value) -> Answer {
        self.ask(method, path).header("If-Match", tag).json(body).send()
    }
}

/// A token for the appliance itself.
#[track_caller]
pub fn token(world: &World, machine: &ClientApp, scope: &str) -> String {
    let issuer = crate::world::ISSUER;
    let fields = [("scope", scope), ("resource", issuer)];
    machine.client_credentials(world, &fields).tokens().access
}

impl Answer {
    /// The kind of a problem: the end of its `type`.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{} {}", self.status, self.body);
        let document = self.json();
        assert_eq!(document["status"], self.status, "{}", self.body);
        assert!(document["error_id"].as_str().is_some_and(|id| id.starts_with("req_")), "{}", self.body);
        document["type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned()
    }

    /// The members that are wrong.
    #[track_caller]
    pub fn wrong(&self) -> Vec<String> {
        assert_eq!(self.problem(), "invalid", "{}", self.body);
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}
