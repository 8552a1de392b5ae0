//! The head of the audit log that is kept outside the file.

use std::path::Path;

use writ::app::App;
use writ::base::{Clock, Entropy, Fault};
use writ::config::Sources;
use writ::operations::start::{Keeping, start};
use writ::operations::{audit, housekeeping};

use crate::world::World;

fn appliance(data: &Path) -> Result<App, Fault> {
    let flags = vec![("data", data.display().to_string())];
    let config = Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
    start(config, Keeping::File, Clock::System, Entropy::os())
}

/// Something to be lost.
fn one_more_entry(app: &App) {
    writ::operations::setup::open_link(app, &housekeeping::context(app)).unwrap().unwrap();
}

async fn is_whole(app: &App) -> bool {
    audit::verify(app).await.unwrap().is_ok()
}

#[tokio::test]
async fn a_file_that_was_put_back_to_an_earlier_day_is_noticed() {
    let data = tempfile::tempdir().unwrap();
    let (file, head) = (data.path().join("writ.redb"), data.path().join("writ.head"));
    let app = appliance(data.path()).unwrap();
    one_more_entry(&app);
    housekeeping::round(&app).await.unwrap();
    drop(app);
    std::fs::copy(&file, data.path().join("older")).unwrap();

    let app = appliance(data.path()).unwrap();
    one_more_entry(&app);
    housekeeping::round(&app).await.unwrap();
    assert!(is_whole(&app).await);
    drop(app);

    std::fs::rename(data.path().join("older"), &file).unwrap();
    let refused = appliance(data.path()).err().expect("a log that lost an entry was served");
    assert!(refused.to_string().contains("has lost entries"), "{refused}");

    // Whoever put it back on purpose moves the head away, and is served again.
    std::fs::remove_file(&head).unwrap();
    assert!(is_whole(&appliance(data.path()).unwrap()).await);
}

/// Whoever makes the head unreadable does not make it missing.
#[tokio::test]
async fn a_head_that_cannot_be_read_is_not_one_that_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let head = data.path().join("writ.head");
    let app = appliance(data.path()).unwrap();
    std::fs::remove_file(&head).unwrap();
    assert!(is_whole(&app).await, "one that is missing is no fault");
    // A name that leads to itself: nobody finds out what is there, whoever they are.
    std::os::unix::fs::symlink(&head, &head).unwrap();
    let fault = audit::verify(&app).await.unwrap_err();
    assert!(fault.to_string().contains("writ.head cannot be read"), "{fault}");
    drop(app);
    let fault = appliance(data.path()).err().unwrap();
    assert!(fault.to_string().contains("writ.head cannot be read"), "{fault}");
}

#[tokio::test]
async fn a_crash_before_the_head_is_kept_is_no_loss() {
    let data = tempfile::tempdir().unwrap();
    let app = appliance(data.path()).unwrap();
    housekeeping::round(&app).await.unwrap();
    one_more_entry(&app);
    drop(app);
    assert!(is_whole(&appliance(data.path()).unwrap()).await);
}

#[tokio::test]
async fn a_head_that_somebody_else_wrote_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let head = data.path().join("writ.head");
    let app = appliance(data.path()).unwrap();
    housekeeping::round(&app).await.unwrap();
    drop(app);
    let kept = std::fs::read_to_string(&head).unwrap();
    for changed in [kept.replace("\"sequence\":", "\"sequence\":1"), "{}".to_owned(), String::new()] {
        std::fs::write(&head, changed).unwrap();
        let refused = appliance(data.path()).err().expect("a forged head was believed");
        assert!(refused.to_string().contains("was not written by this appliance"), "{refused}");
    }
}

#[test]
fn housekeeping_cuts_old_traffic_out_and_keeps_what_was_changed() {
    use writ::base::Lifetime;
    use writ::model::Event;
    use writ::operations::audit::{self, Which};
    let world = World::with(&[("audit.traffic_for", "30d")]);
    let ada = world.administrator("ada");
    world.change("a busy day", |tx| {
        (0..2_100).try_for_each(|n| tx.record(Event::Tallied { what: "requests".to_owned(), count: n }))
    });
    let round = || world.block(writ::operations::housekeeping::round(&world.app)).unwrap();
    let named = |event: &str| {
        let which = Which { event: Some(event.to_owned()), ..Which::default() };
        world.block(audit::list(&world.app, which, None, 1_000)).unwrap().entries
    };
    world.later(Lifetime::from_days(29));
    round();
    assert!(named("audit.cut").is_empty(), "a day is left");
    world.later(Lifetime::from_days(2));
    round();
    let cut = named("audit.cut");
    assert_eq!(cut.len(), 1);
    let Event::TrafficCut { entries, .. } = cut[0].event else { panic!() };
    assert!((900..1_100).contains(&entries), "{entries}: the newest thousand stay");
    assert_eq!(named("setup.completed").len(), 1, "changes stay");
    let which = Which { about: Some(ada.id.to_string()), ..Which::default() };
    let about = world.block(audit::list(&world.app, which, None, 10)).unwrap();
    assert!(about.entries.iter().any(|entry| entry.event.name() == "person.created"));
    assert!(world.app.store.verify_audit(None).unwrap().is_ok());
    round();
    assert_eq!(named("audit.cut").len(), 1, "nothing is cut twice");
}
