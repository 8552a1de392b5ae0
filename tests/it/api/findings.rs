//! What there is to be said about machines.

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::operations::housekeeping;

use super::Office;

fn machine(office: &Office, name: &str) -> String {
    let body = json!({ "name": name, "owner": "ada@example.com", "purpose": "tests", "scopes": ["mcp:read"] });
    office.made("/machines", &body)
}

fn found(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["client_id"].as_str().unwrap()).collect()
}

#[test]
fn findings_are_listed_by_kind_and_by_machine_in_pages() {
    let mut office = Office::open();
    let idle: Vec<String> = (0..5)
        .map(|n| {
            office.world.later(Lifetime::from_minutes(1));
            machine(&office, &format!("idle {n}"))
        })
        .collect();
    let round = |office: &Office| office.world.block(housekeeping::round(&office.world.app)).unwrap();
    assert_eq!(office.get("/findings"), json!({ "items": [] }));
    // The appliance is awake all the while, or nothing could have been used.
    for _ in 0..40 {
        round(&office);
        office.world.later(Lifetime::from_days(1));
    }
    round(&office);
    let late = office.world.machine("late", &office.ada, "writ:admin");
    office.token = super::token(&office.world, &late, "writ:admin");
    let fresh = machine(&office, "fresh");

    let all = office.get("/findings?kind=never_used");
    assert_eq!(found(&all), idle);
    let first = &all["items"][0];
    assert_eq!((&first["name"], &first["findings"][0]["kind"]), (&json!("idle 0"), &json!("never_used")));
    assert!(first["findings"][0]["text"].as_str().is_some_and(|text| !text.is_empty()));
    let (mut seen, mut path) = (Vec::new(), "/findings?kind=never_used&limit=2".to_owned());
    loop {
        let page = office.get(&path);
        seen.extend(found(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/findings?kind=never_used&limit=2&cursor={next}");
    }
    assert_eq!(seen, idle);
    assert_eq!(found(&office.get("/findings?kind=secret_shared")), Vec::<&str>::new());
    assert_eq!(office.ask("GET", "/findings?kind=other").send().wrong(), ["kind"]);
    assert_eq!(office.ask("GET", "/findings?machine=x").send().wrong(), ["machine"]);

    assert_eq!(found(&office.get(&format!("/findings?machine={}", idle[0]))), [idle[0].as_str()]);
    assert_eq!(office.get(&format!("/findings?machine={}&kind=secret_shared", idle[0])), json!({ "items": [] }));
    assert_eq!(office.get(&format!("/findings?machine={fresh}")), json!({ "items": [] }));
    let nobody = "/findings?machine=mch_00000000000000000000000000";
    assert_eq!(office.ask("GET", nobody).send().problem(), "missing");
    assert_eq!(office.get(&format!("/findings/{}", idle[0])), *first);
    assert_eq!(office.get(&format!("/findings/{fresh}"))["findings"], json!([]));
}
