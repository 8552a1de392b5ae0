//! Whom an application may be taken for.

use crate::app::App;
use crate::base::Fault;
use crate::base::look::skeleton;
use crate::model::{Client, Provenance};
use crate::protocol::display_name::DisplayName;
use crate::store::Read;
use crate::store::tables::{CLIENTS, CLIENTS_BY_LOOK};

/// The same of each of some.
pub async fn of(app: &App, clients: Vec<Client>) -> Result<Vec<Option<String>>, Fault> {
    app.store.read(move |view| clients.iter().map(|client| resembles(view, client)).collect()).await
}

/// An application that administrators added or looked at, or that everybody knows, and whose name a stranger's resembles (attack case 38).
pub(crate) fn resembles(read: &impl Read, client: &Client) -> Result<Option<String>, Fault> {
    if !matches!(client.provenance, Provenance::Dynamic { .. }) || client.verified().is_some() {
        return Ok(None);
    }
    let Ok(name) = DisplayName::parse(&client.name) else { return Ok(None) };
    // An administrator's application is here already, and it is not this one: the same name, to the letter, is what whoever wants to
    // be taken for it would choose.
    let look = skeleton(&client.name);
    let known = if look.is_empty() { Vec::new() } else { read.list(&CLIENTS, &CLIENTS_BY_LOOK, look.as_str(), 1)? };
    if let Some((_, known)) = known.into_iter().next() {
        return Ok(Some(known.name));
    }
    // A dynamic registration of the true Cursor says "Cursor" and nothing proves it: only what looks like it, and is not it
    // to the letter, is warned about.
    Ok(name.looks_like(&WELL_KNOWN).filter(|known| *known != client.name).map(str::to_owned))
}

/// Names that people trust at sight.
const WELL_KNOWN: [&str; 12] = [
    "Claude",
    "Claude Code",
    "ChatGPT",
    "Codex",
    "Cursor",
    "Visual Studio Code",
    "Gemini CLI",
    "MCP Inspector",
    "GitHub",
    "Google",
    "Microsoft",
    "Writ",
];
