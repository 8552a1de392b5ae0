//! The house on its own pages. Attack case 38: a picture that brings more than a picture.

use std::fs;

use writ::base::{Clock, Entropy, Timestamp};
use writ::config::Sources;
use writ::operations::start::{Keeping, open};

use crate::world::World;

const HOSTILE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(2)</script></svg>";
const TICKETS: &str = "https://mcp.example/tickets";

#[test]
fn case_38_the_logo_of_the_house_is_a_picture_and_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logo.svg");
    fs::write(&file, HOSTILE).unwrap();
    let world = World::with(&[("brand.logo", file.to_str().unwrap())]);
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[]);
    let logo =
        page.body.split("<img class=\"brand-mark\" src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(logo.starts_with("/static/logo-") && logo.ends_with(".svg"), "{logo}");
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "asks for your permission").expect_text(&logo);
    let answer = world.request("GET", &logo).send();
    assert_eq!((answer.status, answer.body.as_str()), (200, HOSTILE));
    let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
    assert_eq!(header("content-type"), "image/svg+xml");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let policy = header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("script"),
        "{policy}"
    );
    assert!(header("cache-control").contains("immutable"));
    assert_eq!(world.request("GET", "/static/logo.svg").send().status, 404);
}

#[test]
fn a_logo_that_is_none_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logo.png");
    let started = || {
        let flags = vec![("brand.logo", file.to_str().unwrap().to_owned())];
        let config = Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
        let clock = Clock::fixed(Timestamp::from_seconds(1_790_000_000));
        open(config, Keeping::Memory, clock, Entropy::seeded(1)).map(|_| ()).map_err(|fault| fault.to_string())
    };
    assert!(started().unwrap_err().contains("cannot be read"));
    fs::write(&file, "GIF89a").unwrap();
    assert!(started().unwrap_err().contains("is neither a PNG nor an SVG"));
    fs::write(&file, [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 64 * 1_024]].concat()).unwrap();
    assert!(started().unwrap_err().contains("has more than 64 KiB"));
    fs::write(&file, b"\x89PNG\r\n\x1a\n").unwrap();
    started().unwrap();
}
