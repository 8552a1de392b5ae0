//! The documents name real things: sections that are cited, functions and tests that exist, events, commands.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::error::ErrorKind;
use writ::model::Event;

/// The texts the rules come from, as the comments write them and as `docs/protocol.md` does.
const SPECIFICATIONS: [(&str, &str); 14] = [
    ("OAuth 2.1", "OAuth 2.1"),
    ("OAuth 2.0 Multiple Response Type Encoding Practices", "OAuth Multiple Response Types"),
    ("OpenID Connect Core", "OpenID Connect Core"),
    ("OpenID Connect Discovery", "OpenID Connect Discovery"),
    ("OpenID Connect Dynamic Client Registration", "OpenID Connect Registration"),
    ("OIDC registration", "OpenID Connect Registration"),
    ("CIMD", "CIMD"),
    ("draft-ietf-oauth-client-id-metadata-document", "CIMD"),
    ("OAuth Client ID Metadata Document", "CIMD"),
    ("rfc7523bis", "rfc7523bis"),
    ("draft-ietf-oauth-status-list", "Token Status List"),
    ("draft-ietf-oauth-identity-assertion-authz-grant", "ID-JAG"),
    ("ID-JAG", "ID-JAG"),
    ("WebAuthn", "WebAuthn"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn files(below: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            if entry.is_dir()
                && !entry.is_symlink()
                && !["node_modules", ".cache", "__pycache__"].contains(&name.as_str())
            {
                folders.push(entry);
            } else if entry.extension().is_some_and(|e| extensions.contains(&e.to_string_lossy().as_ref())) {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

// ---------------------------------------------------------------- what the sources say

/// One `§` in a source file. `specification` is known where it stands right before.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Citation {
    file: String,
    specification: Option<String>,
    section: String,
}

/// Every `§` of `src/protocol`, its unit tests left out.
fn citations() -> BTreeSet<Citation> {
    let mut found = BTreeSet::new();
    for path in files("src/protocol", &["rs"]) {
        let file = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
        if file.ends_with("tests.rs") || file == "protocol/mod.rs" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for line in text.split("#[cfg(test)]").next().unwrap().lines() {
            for (at, _) in line.match_indices('§') {
                let rest = line[at..].trim_start_matches('§').trim_start();
                let section: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
                let section = section.trim_end_matches('.').to_owned();
                assert!(!section.is_empty(), "{file}: a § without a section: {line}");
                found.insert(Citation { file: file.clone(), specification: named_before(&line[..at]), section });
            }
        }
    }
    found
}

fn named_before(text: &str) -> Option<String> {
    let text = text.strip_suffix(' ')?;
    for (written, name) in SPECIFICATIONS {
        if text.ends_with(written) {
            return Some(name.to_owned());
        }
    }
    let number = text.get(text.len().checked_sub(4)?..)?;
    let is_rfc = number.bytes().all(|b| b.is_ascii_digit()) && text.ends_with(&format!("RFC {number}"));
    is_rfc.then(|| format!("RFC {number}"))
}

/// Whether the file below `src/` has an item of this name.
fn has_item(file: &str, item: &str) -> bool {
    let Ok(text) = fs::read_to_string(root().join("src").join(file)) else { return false };
    ["fn", "struct", "enum", "const", "static", "trait", "type"].iter().any(|kind| {
        text.match_indices(&format!("{kind} {item}")).any(|(at, found)| {
            let next = text[at + found.len()..].chars().next();
            !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    })
}

/// Every name a test goes by: functions in Rust and Python, titles in JavaScript.
struct Tests {
    functions: BTreeSet<String>,
    scripts: String,
}

impl Tests {
    fn all() -> Self {
        let mut functions = BTreeSet::new();
        for path in files("src", &["rs"]).into_iter().chain(files("tests", &["rs", "py"])) {
            let text = fs::read_to_string(&path).unwrap();
            // Every function of a Python test that is called so; in Rust, what an attribute calls one.
            let is_python = path.extension().is_some_and(|e| e == "py");
            let mut is_test = is_python;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[") && (line.contains("test]") || line.contains("test(")) {
                    is_test = true;
                }
                let line = line.trim_start_matches("pub ").trim_start_matches("async ");
                let Some(rest) = line.strip_prefix(if is_python { "def " } else { "fn " }) else { continue };
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if is_test && (!is_python || name.starts_with("test_")) {
                    functions.insert(name);
                }
                is_test = is_python;
            }
        }
        let scripts = files("tests", &["mjs"]).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        Self { functions, scripts }
    }

    fn has(&self, name: &str) -> bool {
        let quoted = ['"', '`', '\''].iter().any(|quote| self.scripts.contains(&format!("test({quote}{name}")));
        self.functions.contains(name) || quoted
    }
}

// ---------------------------------------------------------------- what the documents say

/// The text between the backticks of a line.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

struct Rule {
    specification: String,
    section: String,
    items: Vec<String>,
    tests: Vec<String>,
}

fn rules() -> Vec<Rule> {
    let text = read("docs/protocol.md");
    let mut rules = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ") && line.contains(" | §")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [specification, section, _, items, tests] = cells[..] else { panic!("not five cells: {line}") };
        let tests = if tests == "none yet" { Vec::new() } else { quoted(tests) };
        rules.push(Rule {
            specification: specification.to_owned(),
            section: section.trim_start_matches('§').to_owned(),
            items: quoted(items).into_iter().map(str::to_owned).collect(),
            tests: tests.into_iter().map(str::to_owned).collect(),
        });
    }
    assert!(rules.len() > 50, "the table was found");
    rules
}

#[test]
fn every_section_cited_in_the_rules_has_its_line() {
    let rules = rules();
    let missing: Vec<Citation> = citations()
        .into_iter()
        .filter(|cited| {
            !rules.iter().any(|rule| {
                rule.section == cited.section
                    && cited.specification.as_ref().is_none_or(|name| *name == rule.specification)
                    && rule.items.iter().any(|item| item.starts_with(&format!("{}::", cited.file)))
            })
        })
        .collect();
    assert!(missing.is_empty(), "docs/protocol.md has no line that names these files: {missing:#?}");
}

#[test]
fn every_line_of_the_rules_is_about_something_that_exists() {
    let (rules, tests, citations) = (rules(), Tests::all(), citations());
    let mut seen = BTreeSet::new();
    for rule in &rules {
        let name = format!("{} §{}", rule.specification, rule.section);
        assert!(seen.insert(name.clone()), "{name} has two lines");
        assert!(!rule.items.is_empty(), "{name} names no function");
        for item in &rule.items {
            let (file, item_name) = item.split_once("::").unwrap_or_else(|| panic!("{name}: {item} has no ::"));
            assert!(has_item(file, item_name), "{name}: src/{file} has no `{item_name}`");
            let cited = citations.iter().any(|cited| cited.file == file && cited.section == rule.section);
            assert!(!file.starts_with("protocol/") || cited, "{name}: src/{file} does not cite it any more");
        }
        for test in &rule.tests {
            assert!(tests.has(test), "{name}: there is no test `{test}`");
        }
    }
}

#[test]
fn every_event_is_described_and_no_other() {
    let text = read("docs/events.md");
    let described: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
        .filter(|name| name.contains('.'))
        .collect();
    assert_eq!(described, Event::NAMES, "one line each, in the order of src/model/event.rs");

    // Name, class, and members as the source declares them.
    let source = read("src/model/event.rs");
    let declared = source.split_once("\nevents! {").unwrap().1;
    let mut doc = String::new();
    let mut members = BTreeSet::new();
    for line in declared.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("/// ") {
            if doc.is_empty() {
                doc = words.to_owned();
            }
            continue;
        }
        let before = line.split(" = \"").next().unwrap();
        let inner = before.split_once('{').map_or(before, |(_, inner)| inner);
        for part in inner.split(',') {
            if let Some((name, _)) = part.trim().trim_end_matches('}').split_once(": ") {
                members.insert(name.trim().to_owned());
            }
        }
        let Some((_, rest)) = line.split_once("= \"").filter(|_| line.ends_with(';')) else { continue };
        let (name, class) = rest.split_once("\", ").unwrap();
        let class = class.trim_end_matches(';').to_lowercase();
        let row = text.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, its_class, when, its_members] = cells[..] else { panic!("not four cells: {row}") };
        assert_eq!(its_class, class, "{name}");
        assert!(when.starts_with(doc.trim_end_matches('.')), "{name}: the source says {doc:?}, the document {when:?}");
        let written: BTreeSet<String> = quoted(its_members).into_iter().map(str::to_owned).collect();
        assert_eq!(written, members, "{name}: members");
        doc.clear();
        members.clear();
    }
}

/// The cases that the issues ask for, by their numbers.
const CASES: [&[u32]; 9] = [
    &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    &[17, 18, 19],
    &[23, 24, 25, 26, 27, 28],
    &[30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
    &[41, 42, 43],
    &[45, 46],
    &[47, 48, 49, 50, 51, 52, 53, 54],
    &[57, 58],
    &[59],
];

/// The cases that a test's name says it shows: `case_11_…`, `cases_1_to_3_and_7_…`.
fn numbers(test: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let Some(rest) = test.strip_prefix("cases_").or_else(|| test.strip_prefix("case_")) else { return found };
    let (mut last, mut word) = (None, "and");
    for part in rest.split('_') {
        match (part.parse::<u32>(), word) {
            (Ok(number), "to") => found.extend(last.unwrap_or(number)..=number),
            (Ok(number), "and") => drop(found.insert(number)),
            _ if part == "to" || part == "and" => {}
            _ => break,
        }
        last = part.parse().ok().or(last);
        word = part;
    }
    found
}

/// What is on a line `Shown by:` between backticks, and what no name has shown yet.
fn shown_by(section: &str) -> (&str, Vec<&str>) {
    let line = section.lines().find_map(|line| line.strip_prefix("Shown by: "));
    let line = line.unwrap_or_else(|| panic!("this does not say what shows it: {section}"));
    (line, quoted(line))
}

/// Adds the numbered tests that sections do not name, and lists again which cases have none.
fn with_tests(text: &str, tests: &Tests) -> String {
    let (sections, open) = text.split_once("\n## Open\n").expect("the last section lists what is open");
    let mut parts: Vec<String> = sections.split("\n## ").map(str::to_owned).collect();
    let mut still_open = String::new();
    for part in parts.iter_mut().skip(1) {
        let Some(number) = part.split_once(". ").and_then(|(number, _)| number.parse::<u32>().ok()) else { continue };
        let numbered: Vec<&String> = tests.functions.iter().filter(|test| numbers(test).contains(&number)).collect();
        let (line, named) = shown_by(part);
        let others = named.iter().filter(|name| !numbers(name).contains(&number)).map(ToString::to_string);
        let all: Vec<String> = numbered.iter().map(ToString::to_string).chain(others).collect();
        let words = match all.as_slice() {
            [] => "nothing yet".to_owned(),
            all => all.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        *part = part.replace(&format!("Shown by: {line}"), &format!("Shown by: {words}"));
        if numbered.is_empty() {
            let told = open.lines().find(|line| line.starts_with(&format!("- Case {number}:")));
            still_open +=
                &told.map_or_else(|| format!("- Case {number}: no numbered test yet.\n"), |line| format!("{line}\n"));
        }
    }
    let before = open.split("- Case ").next().unwrap();
    format!("{}\n## Open\n{before}{still_open}", parts.join("\n## "))
}

#[test]
fn every_attack_has_its_section_and_its_tests() {
    let (text, tests) = (read("docs/threats.md"), Tests::all());
    let updated = with_tests(&text, &tests);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root().join("docs/threats.md"), updated).unwrap();
        return;
    }
    let mut told = BTreeSet::new();
    for section in text.split_once("\n## Open\n").unwrap().0.split("\n## ").skip(1) {
        let Some(number) = section.split_once(". ").and_then(|(number, _)| number.parse::<u32>().ok()) else {
            continue;
        };
        assert!(told.insert(number), "case {number} is told twice");
        for test in shown_by(section).1 {
            assert!(tests.has(test), "case {number}: there is no test `{test}`");
        }
        let files: Vec<&str> = quoted(section).into_iter().filter(|name| name.starts_with("src/")).collect();
        assert!(!files.is_empty(), "case {number} names no file");
        for file in files {
            assert!(root().join(file).exists(), "case {number}: there is no {file}");
        }
    }
    let missing: Vec<&u32> = CASES.iter().copied().flatten().filter(|number| !told.contains(number)).collect();
    assert!(missing.is_empty(), "no section about {missing:?}");
    let stale: Vec<&str> = updated.lines().filter(|line| !text.lines().any(|known| known == *line)).collect();
    assert!(text == updated, "run `UPDATE_DOCS=1 cargo test --test it coverage`: {stale:#?}");
}

#[test]
fn a_tests_name_says_its_cases() {
    let all = |name| numbers(name).into_iter().collect::<Vec<_>>();
    assert_eq!(all("case_11_of_50_at_once"), [11]);
    assert_eq!(all("cases_1_to_3_and_7_tricks_in_redirects"), [1, 2, 3, 7]);
    assert_eq!(all("cases_35_and_41_only_the_same"), [35, 41]);
    assert!(numbers("waits_grow").is_empty());
}

#[test]
fn every_subcommand_is_in_the_command_line_document() {
    let text = read("docs/cli.md");
    let mut waiting = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let output = Command::new(env!("CARGO_BIN_EXE_writ")).args(&path).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let commands = help.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap());
        for line in commands.unwrap_or_default().lines() {
            let name = line.split_whitespace().next().unwrap();
            if line.starts_with("   ") || name == "help" {
                continue;
            }
            waiting.push([path.as_slice(), &[name.to_owned()]].concat());
        }
        if !path.is_empty() {
            seen += 1;
            let heading = format!("\n## writ {}\n", path.join(" "));
            let example = format!("writ {}", path.join(" "));
            assert!(text.contains(&heading) || !help.contains("Usage: writ") || is_group(&help), "no heading{heading}");
            assert!(text.contains(&example), "no example of `{example}`");
            for option in help.split_whitespace().filter(|word| word.starts_with("--") && !EVERYWHERE.contains(word)) {
                assert!(text.contains(option), "`{example}` has {option}, which docs/cli.md does not mention");
            }
        }
    }
    assert!(seen > 10, "the commands were found");
}

fn is_group(help: &str) -> bool {
    help.contains("\nCommands:\n")
}

/// What a document tells somebody to type is what the program takes: every line of the shell examples is read by the program's own reader of
/// command lines, and so is what stands in the text, where an argument may be left out but none be wrong.
#[test]
fn every_command_in_a_document_exists() {
    let mut documents = files("docs", &["md"]);
    documents.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let (mut wrong, mut examples, mut named) = (Vec::new(), 0, 0);
    for path in documents {
        let text = fs::read_to_string(&path).unwrap();
        let (shell, prose) = shell_and_prose(&text);
        let mut look = |words: &[String], may_lack: bool| {
            let line = [&["writ".to_owned()], words].concat();
            let parsed = writ::cli::parses(&line).or_else(|error| match error.kind() {
                // An option that is only named has no value.
                ErrorKind::InvalidValue if may_lack => writ::cli::parses(&[&line[..], &["x".to_owned()]].concat()),
                _ => Err(error),
            });
            let Err(error) = parsed else { return };
            let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let lacks = matches!(
                error.kind(),
                ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            );
            if !(is_help || may_lack && lacks) {
                let why = error.to_string().lines().next().unwrap_or_default().to_owned();
                wrong.push(format!("{}: `{}`: {why}", path.file_name().unwrap().to_string_lossy(), line.join(" ")));
            }
        };
        for command in commands(&shell) {
            look(&command, false);
            examples += 1;
        }
        for command in prose.split('`').skip(1).step_by(2).filter_map(|span| span.strip_prefix("writ ")) {
            for words in commands(&format!("writ {command}")) {
                look(&without_dots(&words), true);
            }
            named += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples > 60 && named > 100, "they were found: {examples}, {named}");
}

/// Dots say that something goes on, or stand for the value of an option.
fn without_dots(words: &[String]) -> Vec<String> {
    let is_value = |n: usize| n > 0 && words[n - 1].starts_with("--");
    words.iter().enumerate().filter(|(n, word)| *word != "…" || is_value(*n)).map(|(_, word)| word.clone()).collect()
}

/// The shell examples of a document, and what is in no block.
fn shell_and_prose(text: &str) -> (String, String) {
    let (mut shell, mut prose) = (String::new(), String::new());
    for (n, part) in text.split("```").enumerate() {
        match part.strip_prefix("sh\n") {
            Some(block) if n % 2 == 1 => shell += block,
            None if n % 2 == 0 => prose += part,
            _ => {}
        }
    }
    (shell, prose)
}

/// The arguments of each call of the program, as a shell would hand them over: by itself, behind variables or `sudo`, or in a container.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for words in simple_commands(text) {
        let is_ours = |word: &String| ["writ", "./writ", "writ.new"].contains(&word.as_str());
        let is_before = |word: &String| word.contains('=') || ["sudo", "-u"].contains(&word.as_str());
        let sudo = words.first().is_some_and(|word| word == "sudo");
        // `sudo -u writ`: the first of that name is the user.
        let start = words.iter().enumerate().position(|(n, word)| !(is_before(word) || sudo && n == 2));
        match start.filter(|start| is_ours(&words[*start])) {
            Some(start) => found.push(words[start + 1..].to_vec()),
            None => match words.iter().position(|word| word == "/writ") {
                Some(start) => found.push(words[start + 1..].to_vec()),
                None => {
                    let inner = words.iter().filter_map(|word| word.strip_prefix("/writ "));
                    inner.for_each(|line| found.extend(commands(&format!("writ {line}"))));
                }
            },
        }
    }
    found
}

/// Words of commands, split as a shell splits them: quotes, `$(…)`, comments, lines that go on; without redirections.
fn simple_commands(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word): (Vec<Vec<String>>, Vec<String>, Option<String>) = (vec![], vec![], None);
    let mut rest = text.chars().peekable();
    let mut quote = None;
    let mut depth = 0;
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\\') => match rest.next() {
                Some('\n') | None => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            (None, '(') if depth > 0 || word.as_ref().is_some_and(|word| word.ends_with('$')) => {
                depth += 1;
                word.get_or_insert_default().push(c);
            }
            (None, ')') if depth > 0 => {
                depth -= 1;
                word.get_or_insert_default().push(c);
            }
            (None, c) if depth > 0 => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => while rest.next_if(|c| *c != '\n').is_some() {},
            (None, ' ') => words.extend(word.take()),
            (None, '\n' | '|' | '&' | ';') => {
                words.extend(word.take());
                all.push(std::mem::take(&mut words));
            }
            (None, '<' | '>') => {
                words.extend(word.take());
                // Where it comes from or goes to.
                while rest.next_if_eq(&' ').is_some() {}
                while rest.next_if(|c| !c.is_whitespace()).is_some() {}
            }
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.take());
    all.push(words);
    all.retain(|words| !words.is_empty());
    all
}

#[test]
fn a_line_is_split_as_a_shell_splits_it() {
    let found = commands(
        "A=1 writ a --b \"c d\" 'e f' \\\n  g # writ no\necho writ no && writ h < in > out | writ i $(ls | tail -1)/x\n\
         sudo -u writ W=/x writ j\ndocker exec writ /writ k\nfly -C '/writ l m'\ndocker run writ no\n",
    );
    let expected: [&[&str]; 6] =
        [&["a", "--b", "c d", "e f", "g"], &["h"], &["i", "$(ls | tail -1)/x"], &["j"], &["k"], &["l", "m"]];
    assert_eq!(found, expected);
}

/// Told once, at the top of the document.
const EVERYWHERE: [&str; 8] =
    ["--listen", "--public-url", "--data", "--config", "--log-format", "--json", "--help", "--version"];

#[test]
fn documents_link_to_what_is_there() {
    let mut documents = files("docs", &["md"]);
    documents.extend(
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "data/README.md"].map(|n| root().join(n)),
    );
    for path in documents {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            assert!(path.parent().unwrap().join(target).exists(), "{} links to {target}", path.display());
        }
    }
}

#[test]
fn files_named_in_the_architecture_exist() {
    for name in ["docs/architecture.md", "CONTRIBUTING.md"].map(read).iter().flat_map(|text| quoted(text)) {
        let name = name.split("::").next().unwrap();
        let looks_like_one = ["src/", "tests/", "templates/", "static/", "docs/", "data/", "benches/"]
            .iter()
            .any(|p| name.starts_with(p));
        if looks_like_one
            && !name.contains(['<', '*', '…', ' '])
            && !["data/writ", "data/master"].iter().any(|p| name.starts_with(p))
        {
            assert!(root().join(name).exists(), "there is no {name}");
        }
    }
}
