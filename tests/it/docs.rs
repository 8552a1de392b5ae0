//! The documents say what the code does.

use std::fs;
use std::path::Path;

use writ::config::SETTINGS;

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
    for room in ["operations", "web", "cli"] {
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
