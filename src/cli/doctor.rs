//! `writ doctor`.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::socket::{self, Reply};
use super::{Command, CommandError, answer, print};
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::config::{Config, Effective};
use crate::model::Channel;
use crate::operations::doctor::{self, Ask, Finding, State, worst};
use crate::operations::operator::Operator;

#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub struct Doctor {
    /// Hold the clock against the `Date` of this https address: nobody is asked otherwise
    #[arg(long, value_name = "URL")]
    #[serde(default)]
    time_from: Option<String>,
    /// Only say whether the appliance that runs here should be asked anything now, as /health/ready does, and exit with 0 if so and 1 if not
    #[arg(long, conflicts_with = "time_from")]
    #[serde(default)]
    ready: bool,
}

/// What the appliance itself finds.
pub(super) async fn examine(app: &App, by: &Operator, ask: Doctor) -> Result<Value, CommandError> {
    let is_serving = by.from.channel != Channel::File;
    if ask.ready {
        return Ok(json!({ "findings": doctor::deciding(app, by.at) }));
    }
    let findings = doctor::inside(app, by.at, is_serving, Ask { time_from: ask.time_from }).await?;
    Ok(json!({ "findings": findings }))
}

/// Looks at everything, whether or not it opens, and says the worst by the exit code: 0 for ok, 1 for a look, 2 for broken.
pub(super) fn run(effective: Effective, ask: Doctor, is_json: bool) -> Result<ExitCode, CommandError> {
    let config = effective.config;
    if ask.ready {
        return ready(&config, ask, is_json);
    }
    let mut findings = doctor::outside(&config);
    // Looking makes nothing: without a file there is none to open.
    if config.store_file().exists() {
        match answer::to(Command::Doctor(ask), config) {
            Ok(answer) => findings.extend(read(answer)?),
            Err(error) => findings.push(Finding::broken(
                "appliance",
                error.text,
                "it neither answers on its socket nor opens: what is broken above comes first, then what its log says",
            )),
        }
    }
    let worst = worst(&findings);
    if is_json {
        print::answer(&json!({ "worst": worst, "findings": findings }), true);
    } else {
        print::text(&told(&findings));
    }
    Ok(match worst {
        State::Ok => ExitCode::SUCCESS,
        State::Look => ExitCode::from(1),
        State::Broken => ExitCode::from(2),
    })
}

/// For whatever starts and stops containers. It goes through the control socket, which leads to the process whose data these are, whatever it listens
/// on and whichever name it answers to; and it opens no file: an appliance that does not run is not ready.
fn ready(config: &Config, ask: Doctor, is_json: bool) -> Result<ExitCode, CommandError> {
    let path = config.socket_file();
    let findings = match socket::ask(&path, &Command::Doctor(ask))? {
        Some(Reply::Ok(answer)) => read(answer)?,
        Some(Reply::Error(error)) => return Err(error),
        None => {
            let found = format!("nobody answers at {}", path.display());
            vec![Finding::broken(
                "appliance",
                found,
                "start it, or say with --data where it is; its log says why it ended",
            )]
        }
    };
    let is_ready = worst(&findings) != State::Broken;
    let reasons: Vec<&Finding> = findings.iter().filter(|finding| finding.state != State::Ok).collect();
    if is_json {
        print::answer(&json!({ "ready": is_ready, "reasons": reasons }), true);
    } else {
        let reasons: Vec<Finding> = reasons.into_iter().cloned().collect();
        print::text(&format!("{}{}\n", told(&reasons), if is_ready { "ready" } else { "not ready" }));
    }
    Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(mut answer: Value) -> Result<Vec<Finding>, CommandError> {
    let findings = answer.get_mut("findings").map(Value::take).unwrap_or_default();
    serde_json::from_value(findings)
        .map_err(|e| Fault::because(FaultKind::Bug, "the appliance is of another version", e).into())
}

/// For people: the worst last, where the eye is.
fn told(findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.state);
    let width = sorted.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { check, state, found, mend } in sorted {
        text += &format!("{:<6}  {check:<width$}  {}\n", state.as_str(), plain(found));
        if let Some(mend) = mend {
            text += &format!("{:<6}  {:<width$}  -> {}\n", "", "", plain(mend));
        }
    }
    text
}

/// Nothing that was found may move the cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
