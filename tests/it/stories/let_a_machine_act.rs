//! A machine's owner sends a link, and a person lets the machine act for them.

use writ::base::Resource;
use writ::model::{Access, ClientId, ClientState, MachineKind, Risk};
use writ::operations::machines::Terms;
use writ::protocol::display_name::DisplayName;
use writ::store::Read as _;
use writ::store::tables::{DELEGATIONS, MACHINES, SCOPES};

use crate::world::{Browser, ClientApp, PASSWORD, Page, Someone, World};

const ARCHIVE: &str = "https://archive.example/mcp";
const TICKETS: &str = "https://tickets.example/mcp";

struct Office {
    world: World,
    ada: Someone,
    machine: ClientApp,
}

impl Office {
    /// Grace's machine may go to the archive, where it may read and write, and what it may do is offered there.
    fn open() -> Self {
        let world = World::new();
        world.administrator("root");
        let (ada, grace) = (world.person("ada"), world.person("grace"));
        let archive = world.resource(ARCHIVE, "mcp:read mcp:write mcp:admin");
        world.resource(TICKETS, "mcp:read");
        let name = DisplayName::parse("triage").unwrap();
        let terms =
            Terms::new(name, MachineKind::Agent, "Answers tickets at night", "mcp:read mcp:write".parse().unwrap());
        let access = vec![Access { resource: archive.identifier, scope: None, access_for: None }];
        let machine = world.machine_with(Terms { access, ..terms }, &grace);
        Self { world, ada, machine }
    }

    fn link(&self) -> String {
        format!("/account/delegations/new?machine={}", self.machine.id)
    }

    fn granted(&self) -> Vec<writ::model::Delegation> {
        let page = self.world.read(|view| view.page(&DELEGATIONS, None, 10));
        page.rows.into_iter().map(|(_, delegation)| delegation).collect()
    }

    fn change_machine(&self, change: impl Fn(&mut writ::model::Machine) + Send + 'static) {
        let ClientId::Machine(id) = self.machine.id else { panic!() };
        self.world.change("change machine", move |tx| {
            let mut row = tx.get(&MACHINES, &id)?.unwrap();
            change(&mut row);
            tx.put(&MACHINES, &id, &row)?;
            tx.record(writ::model::Event::MachineResumed { machine: id })
        });
    }

    fn signed_in(&self) -> Browser {
        self.world.signed_in(&self.ada)
    }
}

fn allow(browser: &mut Browser, page: &Page, fill: &[(&str, &str)]) -> Page {
    let form = page.form_to("/account/delegations");
    browser.submit_form(&form, &[&[("decision", "allow"), ("lasts", "7d")], fill].concat())
}

#[test]
fn a_link_leads_through_the_sign_in_to_a_decision() {
    let office = Office::open();
    let mut browser = office.world.browser();
    let page = browser.get(&office.link());
    assert_eq!(page.path, "/sign-in");
    page.expect_text("to decide who acts for you");
    // A wrong password does not lose the way.
    let wrong = browser.submit(&page, &[("email", &office.ada.email), ("password", "not this one")]);
    let page = browser.submit(&wrong, &[("email", &office.ada.email), ("password", PASSWORD)]);
    assert_eq!(page.path, "/account/delegations/new");
    for words in [
        "Let <span class=\"name\">triage</span> act for you?",
        "grace@example.com",
        "Answers tickets at night",
        ARCHIVE,
    ] {
        assert!(page.body.contains(words), "{words}");
    }
    let form = page.form_to("/account/delegations");
    let boxes = form.boxes();
    assert_eq!(
        boxes.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["mcp:read", "mcp:write"],
        "not mcp:admin: it has none"
    );
    assert!(!page.body.contains(TICKETS), "it may not go there");

    let page = allow(&mut browser, &page, &[("scope", "mcp:read"), ("purpose", "Looks after my tickets")]);
    page.expect_text("Allowed. It may act for you");
    page.expect_text("Looks after my tickets");
    let [granted] = office.granted().try_into().unwrap();
    assert_eq!(granted.subject, writ::model::Subject::Person(office.ada.id));
    assert_eq!(granted.granted_by, writ::model::Actor::Person(office.ada.id));
    assert_eq!((granted.scope.to_string().as_str(), granted.purpose.as_str()), ("mcp:read", "Looks after my tickets"));
    assert_eq!(granted.resources, [Resource::parse(ARCHIVE).unwrap()]);
    assert_eq!(granted.expires_at.since(granted.granted_at).seconds(), 7 * 86_400);
    // One at a time.
    browser.get(&office.link()).expect_text("It acts for you already");
    let page = browser.get("/account");
    let page = browser.submit_form(&page.form_to("/account/agents/"), &[]);
    page.expect_text("may no longer act for you");
    browser.get(&office.link()).expect_text("In your name it may");
}

#[test]
fn nothing_is_decided_for_anybody() {
    let office = Office::open();
    office.world.change("mark a risk", |tx| {
        let mut entry = tx.get(&SCOPES, &"mcp:write".to_owned())?.unwrap();
        entry.risk = Risk::High;
        tx.put(&SCOPES, &"mcp:write".to_owned(), &entry)?;
        tx.record(writ::model::Event::ScopeCreated { scope: "mcp:write".to_owned(), after: serde_json::Value::Null })
    });
    let mut browser = office.signed_in();
    let page = browser.get(&office.link());
    let form = page.form_to("/account/delegations");
    assert_eq!(form.boxes(), [("mcp:read", true), ("mcp:write", false)], "what is risky is not ticked");
    page.expect_text("risky");
    // Without a tick, without a purpose, and with a tick that was not on the page.
    let none = allow(&mut browser, &page, &[("scope", ""), ("purpose", "Mine")]);
    none.expect_status(422).expect_text("Tick at least one thing");
    assert_eq!(none.form_to("/account/delegations").boxes(), [("mcp:read", false), ("mcp:write", false)]);
    allow(&mut browser, &page, &[("purpose", "  ")]).expect_status(422).expect_text("Say in one line");
    allow(&mut browser, &page, &[("scope", "mcp:admin")]).expect_status(422);
    let form = page.form_to("/account/delegations");
    let page = browser.submit_form(&form, &[("decision", "deny")]);
    page.expect_text("Not allowed. Nothing was changed.");
    assert!(office.granted().is_empty());
}

#[test]
fn a_link_to_nobody_says_so() {
    let office = Office::open();
    let mut browser = office.signed_in();
    let words = "Nobody can act for you by this link";
    for path in [
        "/account/delegations/new".to_owned(),
        "/account/delegations/new?machine=grace".to_owned(),
        "/account/delegations/new?machine=mch_00000000000000000000000000".to_owned(),
        format!("{}&resource={TICKETS}", office.link()),
        format!("{}&resource=https://elsewhere.example", office.link()),
    ] {
        browser.get(&path).expect_page(404, words);
    }
    let page = browser.get(&office.link());
    // Stopped while the page was open, and nobody answers for it.
    office.change_machine(|machine| machine.state = ClientState::Suspended);
    allow(&mut browser, &page, &[]).expect_page(404, words);
    office.change_machine(|machine| machine.state = ClientState::Active);
    let grace = office.world.read(|view| {
        let ClientId::Machine(id) = office.machine.id else { panic!() };
        Ok(view.get(&MACHINES, &id)?.unwrap().owner)
    });
    let grace = Someone { id: grace, email: "grace@example.com".to_owned() };
    office.world.set_person(&grace, writ::model::PersonState::Suspended);
    browser.get(&office.link()).expect_page(404, words);
    assert!(office.granted().is_empty());
}

#[test]
fn where_it_could_act_at_several_places_the_person_says_where() {
    let office = Office::open();
    office.change_machine(|machine| machine.access.clear());
    let mut browser = office.signed_in();
    let page = browser.get(&office.link());
    page.expect_text("Where may it act for you?");
    let (archive, tickets) = (format!("resource={}", encoded(ARCHIVE)), format!("resource={}", encoded(TICKETS)));
    assert!(page.body.contains(&archive) && page.body.contains(&tickets), "{}", page.body);
    let page = browser.get(&format!("{}&{tickets}", office.link()));
    assert_eq!(page.form_to("/account/delegations").boxes(), [("mcp:read", true)]);
    allow(&mut browser, &page, &[]).expect_text("Allowed.");
    let [granted] = office.granted().try_into().unwrap();
    assert_eq!(granted.resources, [Resource::parse(TICKETS).unwrap()]);
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Case 14 and 46: another site's form is nobody's decision, and a link leads nowhere but here.
#[test]
fn case_46_another_sites_form_lets_nobody_act_and_the_sign_in_leads_nowhere_else() {
    let office = Office::open();
    let mut browser = office.signed_in();
    let page = browser.get(&office.link());
    let form = page.form_to("/account/delegations");
    let machine = office.machine.id.to_string();
    let fields = |csrf: &str| {
        vec![
            ("csrf", csrf.to_owned()),
            ("machine", machine.clone()),
            ("resource", ARCHIVE.to_owned()),
            ("scope", "mcp:read".to_owned()),
            ("purpose", "x".to_owned()),
            ("lasts", "1d".to_owned()),
            ("decision", "allow".to_owned()),
        ]
    };
    for (csrf, origin) in [("", None), ("wrong", None), (form.value("csrf"), Some("https://evil.test"))] {
        let fields = fields(csrf);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut request = office.world.request("POST", "/account/delegations").form(&fields);
        if let Some(origin) = origin {
            request = request.header("Origin", origin).header("Sec-Fetch-Site", "cross-site");
        }
        assert_eq!(browser.send(request).status, 403, "{csrf} {origin:?}");
    }
    assert!(office.granted().is_empty());
    for elsewhere in ["to=%2F%2Fevil.test", "to=https%3A%2F%2Fevil.test", "next=https://evil.test", "to=%2Faccountevil"]
    {
        let mut other = office.world.browser();
        let page = other.get(&format!("/sign-in?{elsewhere}"));
        let page = other.sign_in(&page, &office.ada);
        assert_eq!(page.path, "/account", "{elsewhere}");
    }
}
