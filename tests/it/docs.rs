//! The documents say what the code does.

use std::fs;
use std::path::Path;

use writ::config::SETTINGS;
use writ::operations::metrics::METRICS;

const BEGIN: &str = "<!-- table: written by `UPDATE_DOCS=1 cargo test --test it docs`, from src/config.rs -->\n";
const END: &str = "<!-- end of table -->";

fn document(name: &str) -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

fn settings_table() -> String {
    let mut table = "| setting | environment | default | may be | what for |\n|---|---|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let within = setting.within.replace("..", " to ");
        table +=
            &format!("| `{}` | `{}` | {default} | {within} | {} |\n", setting.name, setting.variable(), setting.about);
    }
    table
}

const LIVE_BEGIN: &str = "<!-- live: written by `UPDATE_DOCS=1 cargo test --test it docs`, from src/config.rs -->\n";

fn live_table() -> String {
    let mut table = "| setting | what a change means |\n|---|---|\n".to_owned();
    for setting in SETTINGS.iter().filter(|setting| setting.is_live()) {
        table += &format!("| `{}` | {} |\n", setting.name, setting.live);
    }
    table
}

#[test]
fn every_setting_that_is_changed_while_it_runs_says_what_that_means() {
    let (path, text) = document("settings.md");
    let (before, rest) = text.split_once(LIVE_BEGIN).expect("the table begins somewhere");
    let (found, after) = rest.split_once(END).expect("and ends somewhere");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{LIVE_BEGIN}{}{END}{after}", live_table())).unwrap();
        return;
    }
    assert_eq!(found, live_table(), "run: UPDATE_DOCS=1 cargo test --test it docs");
}

#[test]
fn every_setting_has_its_line_in_the_settings_document() {
    let (path, text) = document("settings.md");
    let (before, rest) = text.split_once(BEGIN).expect("the table begins somewhere");
    let (found, after) = rest.split_once(END).expect("and ends somewhere");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", settings_table())).unwrap();
        return;
    }
    assert_eq!(found, settings_table(), "run: UPDATE_DOCS=1 cargo test --test it docs");
}

const METRICS_BEGIN: &str =
    "<!-- table: written by `UPDATE_DOCS=1 cargo test --test it docs`, from src/operations/metrics/names.rs -->\n";

fn metrics_table() -> String {
    let mut table = "| metric | kind | labels | what it says |\n|---|---|---|---|\n".to_owned();
    for metric in METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        table +=
            &format!("| `{}` | {} | {} | {} |\n", metric.name, metric.kind.as_str(), labels.join(", "), metric.help);
    }
    table
}

/// That the page tells exactly these is held by `watch/metrics.rs`.
#[test]
fn every_metric_has_its_line_in_the_metrics_document() {
    let (path, text) = document("metrics.md");
    let (before, rest) = text.split_once(METRICS_BEGIN).expect("the table begins somewhere");
    let (found, after) = rest.split_once(END).expect("and ends somewhere");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{METRICS_BEGIN}{}{END}{after}", metrics_table())).unwrap();
        return;
    }
    assert_eq!(found, metrics_table(), "run: UPDATE_DOCS=1 cargo test --test it docs");
    // What the rest of the document names, and what the recipes for alarms ask for, there is.
    for document in ["metrics.md", "observe.md"] {
        let (_, text) = self::document(document);
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| is_metric(word)) {
            assert!(is_known(word), "{document} names {word}, which there is not");
        }
    }
}

fn is_metric(word: &str) -> bool {
    (word.starts_with("writ_") || word.starts_with("process_")) && word.len() > "process_".len()
}

/// A metric, or a part of a histogram.
fn is_known(word: &str) -> bool {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
    METRICS.iter().any(|metric| {
        metric.name == word || (metric.kind.as_str() == "histogram" && base.is_some_and(|base| base == metric.name))
    })
}

/// Every query of the dashboard asks for something that there is, by labels that it has.
#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana/writ.json");
    let dashboard: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            queries.push(target["expr"].as_str().unwrap());
        }
    }
    assert!(queries.len() > 15, "{}", queries.len());
    let mut asked_for = std::collections::BTreeSet::new();
    for query in queries {
        let words: Vec<&str> = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let names: Vec<&&str> = words.iter().filter(|word| is_metric(word)).collect();
        assert!(!names.is_empty(), "{query} asks for nothing");
        for name in names {
            assert!(is_known(name), "{query}: there is no {name}");
            asked_for.insert(METRICS.iter().find(|metric| name.starts_with(metric.name)).unwrap().name);
        }
        let labels = METRICS.iter().filter(|metric| query.contains(metric.name)).flat_map(|metric| metric.labels);
        let labels: Vec<&str> = labels.copied().chain(["le", "instance", "job"]).collect();
        for (at, _) in query.match_indices(" by (") {
            for label in query[at + 5..].split(')').next().unwrap().split(',') {
                assert!(labels.contains(&label.trim()), "{query}: {label} is no label");
            }
        }
    }
    assert!(asked_for.len() > 15, "the dashboard shows little of what there is: {asked_for:?}");
}

/// A setting that nothing reads would be a promise that nobody keeps.
#[test]
fn every_setting_is_read_somewhere() {
    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, text);
            } else {
                *text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut text = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["app", "operations", "web", "cli"] {
        sources(&root.join(room), &mut text);
    }
    // Paths of files in the data directory are made, and proxies judged, by methods of the settings themselves.
    text += ".data.trusted_proxies";
    for setting in SETTINGS {
        let field = setting.name.rsplit('.').next().unwrap();
        let read = |next: char| !next.is_alphanumeric() && next != '_';
        let found = text
            .match_indices(&format!(".{field}"))
            .any(|(at, word)| text[at + word.len()..].chars().next().is_none_or(read));
        // `logs::start` takes the section as a whole.
        assert!(found || setting.name.starts_with("log."), "{} is read nowhere", setting.name);
    }
}
