//! Every page in every state: what must hold whatever it says.
#![expect(clippy::string_slice, reason = "a slice off its boundary fails the test, as it should")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use writ::model::Language;
use writ::web::assets;
use writ::web::views::gallery::{self, Shown};

/// Start tags with their attributes, enough for pages that we write ourselves.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    /// Where the tag starts in the page.
    at: usize,
}

impl<'a> Tag<'a> {
    fn get(&self, attribute: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(name, _)| *name == attribute).map(|(_, value)| *value)
    }
}

/// Reads the start tags of a page; quoted attribute values may hold anything but their quote.
fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut tags = vec![];
    let mut rest = 0;
    while let Some(open) = html[rest..].find('<').map(|at| at + rest) {
        rest = open + 1;
        if !html[rest..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name_end = html[rest..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap() + rest;
        let mut tag = Tag { name: &html[rest..name_end], attributes: vec![], at: open };
        rest = name_end;
        loop {
            rest += html[rest..].len() - html[rest..].trim_start().len();
            if html[rest..].starts_with('>') {
                break;
            }
            if html[rest..].starts_with('/') {
                rest += 1;
                continue;
            }
            let end = html[rest..].find(|c: char| c.is_whitespace() || "=>/".contains(c)).unwrap() + rest;
            let attribute = &html[rest..end];
            rest = end;
            let mut value = "";
            if html[rest..].starts_with('=') {
                assert!(html[rest + 1..].starts_with('"'), "an unquoted value of {attribute} in <{}>", tag.name);
                let close = html[rest + 2..].find('"').unwrap() + rest + 2;
                value = &html[rest + 2..close];
                rest = close + 1;
            }
            tag.attributes.push((attribute, value));
        }
        tags.push(tag);
    }
    tags
}

fn each(check: impl Fn(&Shown, &[Tag<'_>])) {
    let all = gallery::shown().unwrap();
    assert!(all.len() > 40, "the gallery has lost its samples: {}", all.len());
    for shown in &all {
        check(shown, &tags(&shown.html));
    }
}

fn templates(below: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn every_page_is_in_the_gallery() {
    let shown: BTreeSet<String> = gallery::shown().unwrap().iter().map(|shown| shown.template.to_owned()).collect();
    let written = ["pages", "console"].into_iter().flat_map(|folder| {
        templates(folder)
            .into_iter()
            .map(move |path| format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()))
    });
    let written: BTreeSet<String> = written.collect();
    assert_eq!(shown, written);
}

#[test]
fn a_page_has_one_heading_a_title_and_a_language() {
    each(|Shown { template, sample, language, html }, tags| {
        assert_eq!(tags.iter().filter(|tag| tag.name == "h1").count(), 1, "{template} {sample}: h1");
        assert_eq!(tags.iter().filter(|tag| tag.name == "main").count(), 1, "{template} {sample}: main");
        let focused = tags.iter().filter(|tag| tag.get("autofocus").is_some()).count();
        assert!(focused <= 1, "{template} {sample}: {focused} fields want the focus");
        let title = html.split("<title>").nth(1).unwrap().split(" · ").next().unwrap();
        assert!(!title.trim().is_empty(), "{template} {sample}: title");
        assert_eq!(
            tags.iter().find(|tag| tag.name == "html").unwrap().get("lang"),
            Some(language.tag()),
            "{template} {sample}"
        );
    });
}

#[test]
fn headings_do_not_skip_a_level() {
    each(|Shown { template, sample, .. }, tags| {
        let mut before = 0;
        for tag in tags {
            let Some(level) = tag.name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok()) else { continue };
            assert!(level <= before + 1, "{template} {sample}: h{level} after h{before}");
            before = level;
        }
    });
}

#[test]
fn every_input_has_a_label() {
    each(|Shown { template, sample, html, .. }, tags| {
        let labelled: BTreeSet<&str> =
            tags.iter().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
        for input in tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name)) {
            if input.get("type") == Some("hidden") {
                continue;
            }
            let before = &html[..input.at];
            let inside_label =
                before.rfind("<label").is_some_and(|open| before.rfind("</label>").is_none_or(|close| close < open));
            let by_id = input.get("id").is_some_and(|id| labelled.contains(id));
            // In a table, the words beside it name the row already; a second label would be read twice.
            let by_itself = input.get("aria-label").is_some_and(|name| !name.trim().is_empty());
            assert!(inside_label || by_id || by_itself, "{template} {sample}: {:?} has no label", input.get("name"));
        }
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    each(|Shown { template, sample, .. }, tags| {
        let mut ids = BTreeSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id), "{template} {sample}: the id {id} stands twice");
        }
        for tag in tags {
            for reference in ["for", "aria-describedby", "aria-labelledby", "data-copy", "data-reveal"] {
                if let Some(id) = tag.get(reference) {
                    assert!(ids.contains(id), "{template} {sample}: {reference}={id} leads nowhere");
                }
            }
        }
    });
}

#[test]
fn every_form_posts_and_carries_csrf() {
    each(|Shown { template, sample, html, .. }, tags| {
        for form in tags.iter().filter(|tag| tag.name == "form") {
            // A search changes nothing, and its address may be kept.
            if form.get("method") == Some("get") {
                assert!(form.get("action").is_some_and(|to| to.contains("/console")), "{template} {sample}");
                continue;
            }
            assert_eq!(form.get("method"), Some("post"), "{template} {sample}");
            // An application's answer goes to the application, and ours stays here.
            let ours = usize::from(form.get("data-goes-on").is_none());
            let end = html[form.at..].find("</form>").unwrap() + form.at;
            let fields = tags.iter().filter(|tag| tag.at > form.at && tag.at < end && tag.name == "input");
            let csrf: Vec<_> = fields.filter(|tag| tag.get("name") == Some("csrf")).collect();
            assert_eq!(csrf.len(), ours, "{template} {sample}: {:?}", form.get("action"));
            assert!(csrf.iter().all(|tag| tag.get("value") == Some("sample-csrf")), "{template} {sample}");
        }
    });
}

/// The Content-Security-Policy would drop them, and the page would look broken instead of failing.
#[test]
fn nothing_is_inline_and_nothing_is_loaded_from_elsewhere() {
    each(|Shown { template, sample, html, .. }, tags| {
        for tag in tags {
            assert_ne!(tag.name, "style", "{template} {sample}");
            assert!(tag.name != "script" || tag.get("src").is_some(), "{template} {sample}: an inline script");
            for (name, value) in &tag.attributes {
                assert!(*name != "style" && !name.starts_with("on"), "{template} {sample}: {name} in <{}>", tag.name);
                if *name == "src" || (tag.name == "link" && *name == "href") {
                    assert!(value.starts_with("/") && !value.starts_with("//"), "{template} {sample}: {value}");
                }
            }
        }
        assert!(html.len() < 40_000, "{template} {sample}: {} bytes", html.len());
    });
}

#[test]
fn every_file_a_page_names_is_served() {
    each(|Shown { template, sample, .. }, tags| {
        let names = tags.iter().filter_map(|tag| tag.get("src").or_else(|| tag.get("href")));
        let mut files = 0;
        for path in names.filter_map(|path| path.split_once("/static/").map(|(_, name)| name)) {
            assert!(assets::asset(path).is_some(), "{template} {sample}: {path}");
            files += 1;
        }
        assert!(files >= 3, "{template} {sample}: style, script and icon");
    });
}

/// The path of the issuer stands before every link, form and file.
#[test]
fn a_page_below_a_path_stays_below_it() {
    each(|Shown { template, sample, .. }, tags| {
        if *sample != "branded" {
            return;
        }
        for tag in tags {
            for attribute in ["href", "src", "action"] {
                if let Some(path) = tag.get(attribute).filter(|path| path.starts_with('/')) {
                    assert!(path.starts_with("/id/"), "{template}: {path}");
                }
            }
        }
    });
}

#[test]
fn what_strangers_wrote_stays_text() {
    let mut seen = 0;
    each(|Shown { template, sample, html, .. }, tags| {
        assert!(!html.contains("<script>alert"), "{template} {sample}");
        assert!(!html.contains("<img src=x"), "{template} {sample}");
        assert!(
            tags.iter().all(|tag| tag.attributes.iter().all(|(name, _)| *name != "onerror")),
            "{template} {sample}"
        );
        assert!(!html.contains("href=\"javascript:"), "{template} {sample}");
        if *sample == "hostile" {
            assert!(html.contains("&#60;script&#62;"), "{template}: the hostile sample shows nothing hostile");
        }
    });
    for shown in gallery::shown().unwrap() {
        seen += usize::from(shown.sample == "hostile");
    }
    assert!(seen >= 5, "{seen}");
}

/// Attack 50 and the rule of the login: nothing says which half was wrong, and no password comes back.
#[test]
fn a_password_is_never_sent_back() {
    each(|Shown { template, sample, .. }, tags| {
        for field in tags.iter().filter(|tag| tag.get("type") == Some("password")) {
            assert_eq!(field.get("value"), None, "{template} {sample}");
            let autocomplete = field.get("autocomplete").unwrap();
            assert!(["current-password", "new-password"].contains(&autocomplete), "{template} {sample}");
        }
    });
}

/// The consent page decides nothing for anybody: nothing risky is ticked, and neither answer is heavier.
#[test]
fn consent_ticks_no_risk_and_weighs_both_answers_alike() {
    each(|Shown { template, sample, html, .. }, tags| {
        if *template != "pages/consent.html" {
            return;
        }
        for tag in tags
            .iter()
            .filter(|tag| tag.name == "label" && tag.get("class").is_some_and(|class| class.contains("is-risky")))
        {
            let end = html[tag.at..].find("</label>").unwrap() + tag.at;
            assert!(!html[tag.at..end].contains(" checked"), "{sample}");
        }
        let answers: Vec<_> = tags.iter().filter(|tag| tag.get("name") == Some("decision")).collect();
        let values: Vec<_> = answers.iter().map(|tag| tag.get("value").unwrap()).collect();
        // Deny first: it is what the Enter key presses.
        assert_eq!(values, ["deny", "allow"], "{sample}");
        assert_eq!(answers[0].get("class"), answers[1].get("class"), "{sample}");
        assert!(tags.iter().all(|tag| tag.get("autofocus").is_none()), "{sample}");
    });
}

#[test]
fn the_consent_page_reads_in_the_order_of_a_writ() {
    let all = gallery::shown().unwrap();
    let page = all.iter().find(|shown| shown.template == "pages/consent.html" && shown.sample == "step_up").unwrap();
    let order = [
        "asks for your permission",
        "verified: comes from",
        "Answer goes to",
        "Your account",
        "To use",
        "It will also be able to",
        "It can already",
        "For how long",
        "Remember this",
        "value=\"deny\"",
        "value=\"allow\"",
        "Technical details",
    ];
    let places: Vec<_> = order.iter().map(|words| page.html.find(words).unwrap_or_else(|| panic!("{words}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// What a page says, without what it repeats of others: names, addresses, ids, and what says itself that it is English.
fn words(html: &str) -> Vec<String> {
    let mut words = vec![];
    // Elements that are open, by name and whether what is in them counts.
    let mut open: Vec<(String, bool)> = vec![];
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        if let Some(name) = tag.strip_prefix('/') {
            while open.pop().is_some_and(|(opened, _)| opened != name) {}
        } else {
            let name = tag.split([' ', '/', '\n']).next().unwrap();
            let attribute =
                |wanted: &str| tag.split(&format!(" {wanted}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            let class = attribute("class").unwrap_or_default();
            let quoted = name == "code"
                || ["name", "brand-name", "monogram"].iter().any(|it| class.split(' ').any(|known| known == *it))
                || (name != "html" && attribute("lang").is_some());
            let counts = !quoted && open.last().is_none_or(|(_, counts)| *counts);
            for said in [
                "aria-label",
                "title",
                "placeholder",
                "alt",
                "data-copied",
                "data-dark",
                "data-light",
                "data-show",
                "data-hide",
                "data-zone",
                "data-none",
                "data-some",
                "data-more",
                "data-stopped",
                "data-waiting",
                "data-signed-out",
                "data-silent",
                "data-arrived",
            ] {
                words.extend(attribute(said).filter(|_| counts).map(str::to_owned));
            }
            if !["meta", "link", "input", "img", "br", "!doctype", "path", "circle"].contains(&name) {
                open.push((name.to_owned(), counts));
            }
        }
        if open.last().is_some_and(|(_, counts)| *counts) {
            words.push(text.to_owned());
        }
    }
    let plain = words.into_iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    // A single letter stands where a logo would.
    plain.filter(|text| text.chars().any(char::is_alphabetic) && text.chars().count() > 1).collect()
}

/// Of every page there is in German, each piece of text is another than on the English page, and has no English words in it.
#[test]
fn a_german_page_has_nothing_english_left() {
    // What the samples are about, and what is the same in both languages.
    const DATA: [&str; 34] = [
        "Acme Inc. (acme)",
        "Ada Moreno",
        "Archive",
        "Claude Code",
        "Cursor",
        "Cursor (.cursor/mcp.json)",
        "ES256",
        "GitHub Actions",
        "Google",
        "Grace Hopper",
        "Main (main)",
        "Name",
        "Person",
        "Python",
        "RS256",
        "Rust",
        "Tickets",
        "Token",
        "Tokens",
        "TypeScript",
        "Version",
        "ada@example.com",
        "curl",
        "main/reader",
        "nightly-import",
        "req_…",
        "tickets.read comments.read",
        "tickets:read",
        "tickets:write",
        "two words",
        "users create",
        "·",
        "· Northwind",
        "· Writ",
    ];
    const ENGLISH: [&str; 16] =
        ["the", "you", "your", "and", "is", "of", "not", "this", "to", "that", "it", "for", "with", "from", "on", "by"];
    let all = gallery::shown().unwrap();
    let mut compared = 0;
    for german in all.iter().filter(|shown| shown.language == Language::De) {
        let (template, sample) = (german.template, german.sample);
        let same = |shown: &&Shown| (shown.template, shown.sample, shown.language) == (template, sample, Language::En);
        let english = all.iter().find(same).unwrap_or_else(|| panic!("{template} {sample} is in German only"));
        // Their names are sentences, and are in titles too.
        if ["hostile", "long"].contains(&sample) {
            continue;
        }
        // The page of a thing has its name for a title.
        let titled = |text: &str| text.trim_end_matches(" · Writ").trim_end_matches(" · Northwind").to_owned();
        let said: BTreeSet<String> = words(&english.html).iter().map(|text| titled(text)).collect();
        for text in words(&german.html) {
            let text = titled(&text);
            let host = text.contains('.') && !text.contains(' ') && !text.ends_with('.');
            // How long something took.
            let measured = text.strip_suffix(" ms").is_some_and(|number| number.parse::<f64>().is_ok());
            let data = host || measured || DATA.contains(&text.as_str());
            assert!(data || !said.contains(&text), "{template} {sample}: {text:?} is on the English page too");
            let mut parts = text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
            assert!(parts.all(|word| !ENGLISH.contains(&word.as_str())), "{template} {sample}: {text:?}");
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn no_template_switches_escaping_off() {
    for path in templates("") {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["|safe", "| safe", "escape(", "|escape", "autoescape"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
        assert!(
            !text
                .replace("<form class=\"filters\" method=\"get\"", "")
                .replace("<form class=\"search\" method=\"get\"", "")
                .contains("<form")
                || path.ends_with("parts/form.html"),
            "{}: a form of its own",
            path.display()
        );
    }
}

#[test]
fn a_page_with_its_files_is_light() {
    let files: usize = assets::files()
        .filter_map(|file| assets::asset(assets::asset_path(file).trim_start_matches("/static/")))
        .map(|(bytes, _)| bytes.len())
        .sum();
    let page = gallery::shown().unwrap().iter().map(|shown| shown.html.len()).max().unwrap();
    assert!(files + page < 150_000, "{files} + {page} bytes");
}

/// Every state of every page as files to look at, in the directory of `WRIT_GALLERY`: for designers and the browser job.
#[test]
#[ignore = "writes files; run by the browser job"]
fn write_the_gallery() {
    let out = PathBuf::from(std::env::var("WRIT_GALLERY").unwrap());
    for shown in gallery::shown().unwrap() {
        let stem = shown.template.trim_start_matches("pages/").trim_end_matches(".html");
        fs::create_dir_all(out.join("id")).unwrap();
        fs::create_dir_all(out.join("console")).unwrap();
        let language = if shown.language == Language::En { "" } else { ".de" };
        fs::write(out.join(format!("{stem}-{}{language}.html", shown.sample)), shown.html).unwrap();
    }
    for folder in ["static", "id/static"] {
        fs::create_dir_all(out.join(folder)).unwrap();
        for file in assets::files() {
            let path = assets::asset_path(file);
            let name = path.trim_start_matches("/static/");
            fs::write(out.join(folder).join(name), assets::asset(name).unwrap().0).unwrap();
        }
    }
}
