//! Why something was refused: the refusal itself, as long as it is remembered, and what the audit log says went before.

use crate::app::{App, Asked, Refused};
use crate::base::{Fault, Id, Lifetime, Timestamp};
use crate::model::{ClientId, Event, Network, Request};
use crate::store::{Entry, Look, audit_search};

/// The story of one attempt.
#[derive(Clone, Debug)]
pub struct Story {
    pub id: Id<Request>,
    pub at: Timestamp,
    /// Nothing, if it is not remembered any more or was no refusal.
    pub refused: Option<Refused>,
    /// Whose attempt it was, as far as that is known.
    pub client: Option<ClientId>,
    /// When the client last sent a browser here, within the hour before.
    pub asked: Option<Asked>,
    /// What the audit log says of this request, of the client and of sign-ins from the same network: the newest first.
    pub entries: Vec<Entry>,
    /// Whether the log was looked through as far as it should be.
    pub is_whole: bool,
}

/// How far back the steps of one attempt may lie.
pub const ATTEMPT: Lifetime = Lifetime::from_hours(1);
/// What happens in one request happens within this.
const ONE_REQUEST: Lifetime = Lifetime::from_minutes(10);
/// Most entries that are told, and stretches of the log that are looked through for them.
const MOST: usize = 60;
const STRETCHES: usize = 64;

/// Everything that is known of this attempt.
pub async fn story(app: &App, id: Id<Request>) -> Result<Story, Fault> {
    let refused = app.refusals.of(id);
    let at = id.made_at();
    let mut story = Story {
        id,
        at,
        client: refused.as_ref().and_then(|refused| refused.client.clone()),
        refused,
        asked: None,
        entries: Vec::new(),
        is_whole: true,
    };
    // Of what is not remembered, the log may know the client; it is then looked through once more for what went before.
    if story.client.is_none() {
        let (entries, is_whole) = entries(app, Sought { id, at, client: None, network: None }).await?;
        story.client = entries.iter().find_map(|entry| client_of(&entry.event));
        (story.entries, story.is_whole) = (entries, is_whole);
    }
    let network = story.refused.as_ref().and_then(|refused| refused.network.clone());
    let network = network.or_else(|| story.entries.first().and_then(|entry| entry.from.network.clone()));
    if let Some(client) = story.client.clone() {
        story.asked = app.refusals.asked_by(&client, at.minus(ATTEMPT), at);
        (story.entries, story.is_whole) = entries(app, Sought { id, at, client: Some(client), network }).await?;
    }
    Ok(story)
}

/// What is looked for.
#[derive(Clone, Debug)]
struct Sought {
    id: Id<Request>,
    at: Timestamp,
    client: Option<ClientId>,
    network: Option<Network>,
}

impl Sought {
    fn look(&self, entry: &Entry) -> Look {
        let reach = if self.client.is_some() { ATTEMPT } else { ONE_REQUEST };
        // Entries stand in the order of their writing, and their times are those of requests that may have begun a little earlier.
        if entry.at < self.at.minus(reach).minus(ONE_REQUEST) {
            return Look::Ends;
        }
        if entry.from.request == Some(self.id) {
            return Look::Fits;
        }
        let before = entry.at >= self.at.minus(reach) && entry.at <= self.at;
        if before && (self.is_step(&entry.event) || self.is_sign_in(entry)) { Look::Fits } else { Look::Passes }
    }

    fn is_step(&self, event: &Event) -> bool {
        self.client.is_some() && client_of(event) == self.client
    }

    /// Which application somebody signs in for, the log does not say: from the same network, it may be this one.
    fn is_sign_in(&self, entry: &Entry) -> bool {
        let is_sign_in = matches!(entry.event, Event::SignedIn { .. } | Event::SignInRefused { .. });
        is_sign_in && self.client.is_some() && self.network.is_some() && entry.from.network == self.network
    }
}

async fn entries(app: &App, sought: Sought) -> Result<(Vec<Entry>, bool), Fault> {
    let (mut found, mut before) = (Vec::new(), None);
    for _ in 0..STRETCHES {
        let (sought, left) = (sought.clone(), MOST - found.len());
        let page = app.store.read(move |view| audit_search(view, before, left, |entry| sought.look(entry))).await?;
        found.extend(page.entries);
        before = page.next;
        if before.is_none() || found.len() >= MOST {
            return Ok((found, before.is_none()));
        }
        tokio::task::yield_now().await;
    }
    Ok((found, false))
}

/// The client whose step an event is.
fn client_of(event: &Event) -> Option<ClientId> {
    match event {
        Event::ClientRegistered { client, .. }
        | Event::ClientRegisteredItself { client, .. }
        | Event::ClientApproved { client }
        | Event::ClientSuspended { client, .. }
        | Event::ClientResumed { client }
        | Event::ConsentGiven { client, .. }
        | Event::ConsentDenied { client, .. }
        | Event::ConsentRevoked { client, .. }
        | Event::CodeIssued { client, .. }
        | Event::CodeReplayed { client, .. }
        | Event::ScopeNarrowed { client, .. }
        | Event::TokenIssued { client, .. }
        | Event::TokenRefused { client, .. }
        | Event::RefreshReplayed { client, .. } => Some(client.clone()),
        Event::TokenExchanged { actor, .. } => Some(ClientId::Machine(*actor)),
        Event::MachineSuspended { machine, .. }
        | Event::MachineResumed { machine }
        | Event::CredentialCreated { machine, .. }
        | Event::CredentialRotated { machine, .. }
        | Event::CredentialRefused { machine, .. }
        | Event::CredentialRevoked { machine, .. } => Some(ClientId::Machine(*machine)),
        _ => None,
    }
}
