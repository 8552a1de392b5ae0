//! The house stands as `docs/architecture.md` says: which room may know which, and who may do what. No exceptions are listed
//! anywhere in this file; a rule that needs one is another rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms whose things it may use. Nothing points to the right.
const ARROWS: [(&str, &[&str]); 13] = [
    ("base", &[]),
    ("model", &["base"]),
    ("protocol", &["base", "model"]),
    ("guard", &["base", "model", "protocol"]),
    ("store", &["base", "model"]),
    ("keys", &["base", "model"]),
    ("config", &["base", "model"]),
    ("logs", &["base", "config"]),
    ("outbound", &["base", "model", "protocol"]),
    ("app", &["base", "config", "keys", "model", "outbound", "protocol", "store"]),
    ("operations", &["app", "base", "config", "keys", "model", "outbound", "protocol", "store"]),
    // Neither the store nor a key nor the web outside: what a page needs, an operation does.
    ("web", &["app", "base", "config", "model", "operations", "protocol"]),
    ("cli", &["app", "base", "config", "keys", "logs", "model", "operations", "outbound", "protocol", "store", "web"]),
];

/// One file of the sources, without its comments.
struct Source {
    /// From the root of the repository.
    path: PathBuf,
    /// The room it is in; empty for `lib.rs` and `main.rs`.
    room: String,
    /// Modules between the root of the crate and what is in this file.
    depth: usize,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    files(&root().join("src"), "rs", &mut found);
    assert!(found.len() > 100, "the sources are where they were");
    found
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(root()).unwrap().to_owned();
            let mut modules: Vec<String> =
                path.with_extension("").iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect();
            modules.retain(|module| !["mod", "lib", "main"].contains(&module.as_str()));
            let whole = fs::read_to_string(&file).unwrap();
            let lines = whole.lines().filter(|line| !line.trim_start().starts_with("//"));
            Source {
                path,
                room: modules.first().cloned().unwrap_or_default(),
                depth: modules.len(),
                text: lines.collect::<Vec<_>>().join("\n"),
            }
        })
        .collect()
}

/// What the program is made of: without the tests at the end of a file.
fn product(source: &Source) -> &str {
    if source.path.ends_with("tests.rs") {
        return "";
    }
    source.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// The names that follow a path like `crate::`, one or a group of them.
fn names_after(text: &str) -> Vec<&str> {
    let name =
        |text: &'_ str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default().len();
    let Some(group) = text.strip_prefix('{') else { return vec![&text[..name(text)]] };
    let (mut names, mut depth, mut starts) = (Vec::new(), 0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && !c.is_whitespace() => {
                names.push(&group[at..at + name(&group[at..])]);
                starts = false;
            }
            _ => {}
        }
    }
    names
}

/// The rooms that a file names, from the root or by climbing up to it.
fn rooms_used(source: &Source) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, path) in source.text.match_indices("crate::") {
        used.extend(names_after(&source.text[at + path.len()..]).into_iter().map(str::to_owned));
    }
    let text = product(source);
    let climb = "super::".repeat(source.depth);
    for (at, path) in text.match_indices(&climb).filter(|_| source.depth > 0) {
        used.extend(names_after(&text[at + path.len()..]).into_iter().map(str::to_owned));
    }
    used.retain(|name| ARROWS.iter().any(|(room, _)| room == name));
    used
}

#[test]
fn every_room_is_on_the_map() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rooms: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(rooms, ARROWS.iter().map(|(room, _)| *room).collect(), "src/lib.rs and the arrows above");
    for room in rooms {
        assert!(
            library.contains(&format!("//! - [`{room}`]")) || library.contains(&format!("[`{room}`]")),
            "{room} is not described"
        );
    }
}

#[test]
fn no_room_looks_to_the_right() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.room.is_empty()) {
        let (_, allowed) = ARROWS.iter().find(|(room, _)| *room == source.room).expect("a room on the map");
        for used in rooms_used(source) {
            if used != source.room && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The files outside of these rooms or folders in whose product one of these words stands.
fn outside(places: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources() {
        if places.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        let text = product(&source);
        let words = words.iter().filter(|word| text.contains(*word));
        found.extend(words.map(|word| format!("{}: {word}", source.path.display())));
    }
    found
}

#[test]
fn only_the_front_desk_knows_actix() {
    // A log filter may name it, and does.
    assert_eq!(
        outside(&["src/web", "src/logs.rs"], &["actix_web", "actix_http", "actix_rt", "use actix"]),
        Vec::<String>::new()
    );
}

#[test]
fn only_one_folder_knows_redb() {
    // Its neighbour in the store names the folder, which is called as the library is.
    let mut found = outside(&["src/store/redb"], &["redb::", "extern crate redb"]);
    let neighbour = fs::read_to_string(root().join("src/store/mod.rs")).unwrap();
    assert_eq!(neighbour.matches("redb::").count(), neighbour.matches("self::redb::").count());
    found.retain(|line| !line.starts_with("src/store/mod.rs"));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn rules_wait_for_nothing_and_ask_nobody() {
    for source in sources().iter().filter(|source| ["protocol", "model"].contains(&source.room.as_str())) {
        for word in ["async ", ".await", "Entropy", "Clock", "std::fs", "std::net::Tcp", "std::env", "tokio"] {
            assert!(!product(source).contains(word), "{}: {word:?}", source.path.display());
        }
    }
}

#[test]
fn only_operations_write_to_the_store() {
    let words = ["store.write(", "store.write_blocking(", "store.sweep(", ".write_blocking("];
    assert_eq!(outside(&["src/operations", "src/store"], &words), Vec::<String>::new());
    // Written over two lines it is the same.
    for source in sources().iter().filter(|source| !["operations", "store"].contains(&source.room.as_str())) {
        let text: String = product(source).split_whitespace().collect();
        assert!(!text.contains("store.write("), "{}", source.path.display());
    }
}

/// Whoever has the file may do everything. Commands come from the file, its socket and the network: one place says who has the file.
#[test]
fn only_the_command_line_has_the_file() {
    let places = ["src/cli/answer.rs", "src/operations/operator.rs"];
    assert_eq!(outside(&places, &["with_the_file"]), Vec::<String>::new());
}

/// What was changed while the appliance ran is in `app.settings`; `app.config` is what it was started with.
#[test]
fn a_setting_that_is_changed_while_it_runs_is_asked_for_each_time() {
    let live: Vec<&str> =
        writ::config::SETTINGS.iter().filter(|known| known.is_live()).map(|known| known.name).collect();
    assert!(live.len() > 20 && live.contains(&"lifetimes.access"));
    let started = ["src/operations/start.rs", "src/operations/demo.rs"];
    for source in sources().iter().filter(|source| ["app", "operations", "web", "cli"].contains(&source.room.as_str()))
    {
        let text: String = product(source).split_whitespace().collect();
        for name in &live {
            let section = name.split('.').next().unwrap();
            let stale = [format!("app.config.{section}"), format!("within.config.{section}")];
            let found = stale.iter().any(|stale| text.contains(stale.as_str()));
            let starting = started.iter().any(|path| source.path == Path::new(path));
            assert!(!found || starting, "{} asks app.config for {name}: ask app.settings.now()", source.path.display());
        }
    }
}

#[test]
fn every_rule_names_its_sentence() {
    let mut silent = Vec::new();
    let mut rules = 0;
    let mut found = Vec::new();
    files(&root().join("src/protocol"), "rs", &mut found);
    for file in found {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("pub fn ")) {
            rules += 1;
            let before = lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
            let body = lines[at..].iter().take_while(|line| **line != "}");
            if !before.chain(body).any(|line| line.contains('§')) {
                silent.push(format!("{}: {line}", file.display()));
            }
        }
    }
    assert!(rules > 25, "rules are still written as they were: {rules}");
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn no_template_says_that_something_is_safe() {
    let mut found = Vec::new();
    files(&root().join("templates"), "html", &mut found);
    assert!(found.len() > 10);
    for file in found {
        let text: String = fs::read_to_string(&file).unwrap().split_whitespace().collect();
        for word in ["|safe", "|e(\"none\")", "|escape(\"none\")", "escape=\"none\""] {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
    }
    assert_eq!(outside(&[], &["MarkupDisplay", "escape = \"none\"", "filters::Safe"]), Vec::<String>::new());
}

#[test]
fn the_imports_are_read_as_they_are_written() {
    let source = |depth, text: &str| Source { path: PathBuf::new(), room: String::new(), depth, text: text.to_owned() };
    let used = |depth, text| rooms_used(&source(depth, text)).into_iter().collect::<Vec<_>>();
    assert_eq!(used(1, "use crate::web::routes;"), ["web"]);
    assert_eq!(used(1, "use crate::{base::{Id, Secret}, model::Client};"), ["base", "model"]);
    assert_eq!(used(2, "use super::other; let x = super::super::store::Store;"), ["store"]);
    assert_eq!(used(1, "fn f(app: &crate::app::App) {}"), ["app"]);
}
