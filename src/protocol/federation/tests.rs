use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;
const AUDIENCE: &str = "https://id.example";

/// The claim sets that the platforms document, each with rules that fit it.
fn platforms() -> Map<String, Value> {
    serde_json::from_str(include_str!("../../../tests/vectors/workload_tokens.json")).unwrap()
}

fn rule(text: &str) -> ClaimRule {
    text.parse().unwrap()
}

/// A trust and a token that it accepts.
fn pair(platform: &str) -> (Trust, Map<String, Value>) {
    let all = platforms();
    let known = &all[platform];
    let rules = known["rules"].as_array().unwrap().iter().map(|text| rule(text.as_str().unwrap())).collect();
    let trust = Trust {
        issuer: known["issuer"].as_str().unwrap().to_owned(),
        audience: AUDIENCE.to_owned(),
        jwks_uri: Some("https://keys.example/jwks".to_owned()),
        jwks: None,
        rules,
        preset: Some(platform.to_owned()),
        token_use: TokenUse::Once,
    };
    let mut claims = known["claims"].as_object().unwrap().clone();
    claims.insert("aud".to_owned(), json!(AUDIENCE));
    claims.insert("iat".to_owned(), json!(NOW));
    claims.insert("exp".to_owned(), json!(NOW + known["lifetime"].as_i64().unwrap()));
    (trust, claims)
}

fn judged(trust: &Trust, claims: &Map<String, Value>) -> Result<Accepted, Check> {
    let token = WorkloadToken { claims: claims.clone(), digest: Digest::of(b"signed") };
    judge(trust, &token, Timestamp::from_seconds(NOW))
}

/// The claim of the first check that fails, after changes: null leaves a claim out.
fn fails(trust: &Trust, claims: &Map<String, Value>, changes: &Value) -> Option<String> {
    let mut claims = claims.clone();
    for (name, value) in changes.as_object().unwrap() {
        claims.insert(name.clone(), value.clone());
    }
    claims.retain(|_, value| !value.is_null());
    judged(trust, &claims).err().map(|check| check.claim)
}

#[test]
fn what_each_platform_documents_is_accepted_by_its_preset() {
    for platform in platforms().keys() {
        let (trust, claims) = pair(platform);
        assert_eq!(vet(&trust), Ok(()), "{platform}");
        let lines = explain(&trust, &claims, Timestamp::from_seconds(NOW));
        assert!(lines.iter().all(|line| line.holds), "{platform}: {lines:#?}");
        assert!(lines.iter().all(|line| !line.words.is_empty()));
        assert_eq!(lines.iter().filter(|line| line.words == "A rule of this trust.").count(), 0, "{platform}");
        // It is found by what it says, with a few looks.
        let pin = trust.pin().unwrap();
        assert!(issuers(&claims).any(|issuer| issuer == trust.issuer));
        assert!(
            pins(&claims).any(|(name, value)| name == pin.claim && pin.test.values().contains(&value.into_owned()))
        );
        assert!(issuers(&claims).count() * pins(&claims).count() <= 3, "{platform}");
    }
}

#[test]
fn case_57_a_claim_that_is_not_what_the_rule_says_is_refused() {
    for (platform, changes, claim) in [
        ("github", json!({ "repository_id": "75" }), "repository_id"),
        ("github", json!({ "repository_id": 74.5 }), "repository_id"),
        ("github", json!({ "repository_id": ["74"] }), "repository_id"),
        ("github", json!({ "repository_id": null }), "repository_id"),
        ("github", json!({ "repository_owner_id": "66" }), "repository_owner_id"),
        ("github", json!({ "ref": "refs/pull/7/merge", "event_name": "pull_request" }), "ref"),
        ("github", json!({ "ref": "refs/heads/main2" }), "ref"),
        // It runs on the branch that it is to be merged into.
        ("github", json!({ "event_name": "pull_request_target" }), "event_name"),
        ("gitlab", json!({ "project_id": "23" }), "project_id"),
        ("gitlab", json!({ "ref_protected": "false" }), "ref_protected"),
        ("gitlab", json!({ "pipeline_source": "merge_request_event" }), "pipeline_source"),
        ("kubernetes", json!({ "sub": "system:serviceaccount:billing:other" }), "sub"),
        (
            "kubernetes",
            json!({ "kubernetes.io": { "serviceaccount": { "uid": "x" } } }),
            "kubernetes.io.serviceaccount.uid",
        ),
        ("kubernetes", json!({ "kubernetes.io": null }), "kubernetes.io.serviceaccount.uid"),
        ("fly", json!({ "app_id": "3671582" }), "app_id"),
        ("fly", json!({ "org_id": "1" }), "org_id"),
        ("spiffe", json!({ "sub": "spiffe://prod.example.org/ns/billing/sa/importer2" }), "sub"),
        ("spiffe", json!({ "sub": "spiffe://other.example.org/ns/billing/sa/importer" }), "sub"),
    ] {
        let (trust, claims) = pair(platform);
        assert_eq!(fails(&trust, &claims, &changes).as_deref(), Some(claim), "{platform} {changes}");
    }
    // Issuers send ids as text or as numbers.
    let (trust, claims) = pair("github");
    assert_eq!(fails(&trust, &claims, &json!({ "repository_id": 74 })), None);
    // A rule on the event says that somebody has thought about it.
    let (mut trust, claims) = pair("github");
    trust.rules.push(rule("event_name=pull_request_target|push"));
    assert_eq!(fails(&trust, &claims, &json!({ "event_name": "pull_request_target" })), None);
}

#[test]
fn case_57_issuer_audience_and_times_are_looked_at_in_every_token() {
    let (trust, claims) = pair("github");
    for (changes, claim) in [
        (json!({ "iss": null }), "iss"),
        (json!({ "iss": "https://token.actions.githubusercontent.com/" }), "iss"),
        (json!({ "iss": "https://token.actions.githubusercontent.com.evil.test" }), "iss"),
        (json!({ "iss": [trust.issuer] }), "iss"),
        (json!({ "aud": null }), "aud"),
        (json!({ "aud": "https://id.example/" }), "aud"),
        (json!({ "aud": [] }), "aud"),
        (json!({ "aud": ["https://other.example"] }), "aud"),
        (json!({ "aud": [AUDIENCE, 7] }), "aud"),
        (json!({ "aud": { "0": AUDIENCE } }), "aud"),
        (json!({ "sub": null }), "sub"),
        (json!({ "sub": "" }), "sub"),
        (json!({ "sub": 7 }), "sub"),
        (json!({ "exp": null }), "exp"),
        (json!({ "exp": "soon" }), "exp"),
        (json!({ "exp": NOW - 30 }), "exp"),
        (json!({ "exp": NOW + 86_401 }), "exp"),
        (json!({ "exp": NOW + 86_401, "iat": null }), "exp"),
        (json!({ "exp": 1e300 }), "exp"),
        (json!({ "iat": NOW + 31 }), "iat"),
        (json!({ "iat": "now" }), "iat"),
        (json!({ "iat": NOW - 90_000 }), "exp"),
        (json!({ "nbf": NOW + 31 }), "nbf"),
        (json!({ "nbf": "x" }), "nbf"),
        (json!({ "jti": "" }), "jti"),
        (json!({ "jti": 7 }), "jti"),
        (json!({ "jti": "j".repeat(257) }), "jti"),
    ] {
        assert_eq!(fails(&trust, &claims, &changes).as_deref(), Some(claim), "{changes}");
    }
    for changes in [
        json!({}),
        json!({ "aud": ["https://other.example", AUDIENCE] }),
        json!({ "exp": NOW - 29 }),
        json!({ "exp": NOW + 86_400 }),
        json!({ "iat": null }),
        json!({ "iat": NOW + 30, "nbf": NOW + 30 }),
        json!({ "jti": null }),
    ] {
        assert_eq!(fails(&trust, &claims, &changes), None, "{changes}");
    }
}

#[test]
fn case_57_a_token_is_known_again_by_its_jti_or_by_itself() {
    let (trust, claims) = pair("github");
    let at = |trust: &Trust, claims: &Map<String, Value>, signed: &[u8]| {
        let token = WorkloadToken { claims: claims.clone(), digest: Digest::of(signed) };
        judge(trust, &token, Timestamp::from_seconds(NOW)).unwrap().replay()
    };
    let (key, until) = at(&trust, &claims, b"a").unwrap();
    assert_eq!(until, Timestamp::from_seconds(NOW + 330));
    // Whatever else differs, and whichever trust accepts it.
    let mut other = trust.clone();
    other.rules.pop();
    assert_eq!(at(&other, &claims, b"b"), Some((key, until)));
    let mut anonymous = claims.clone();
    anonymous.remove("jti");
    let first = at(&trust, &anonymous, b"a").unwrap().0;
    assert_ne!(first, at(&trust, &anonymous, b"b").unwrap().0);
    assert_ne!(first, key);
    // One that a platform keeps in a file may come again, and lives shorter.
    let (mut trust, claims) = pair("kubernetes");
    trust.token_use = TokenUse::UntilItEnds;
    assert_eq!(at(&trust, &claims, b"a"), None);
    assert_eq!(fails(&trust, &claims, &json!({ "exp": NOW + 7_201 })).as_deref(), Some("exp"));
}

#[test]
fn a_trust_that_anybody_could_fulfil_is_not_made() {
    let with = |platform: &str, rules: &[&str]| {
        let (mut trust, _) = pair(platform);
        trust.rules = rules.iter().map(|text| rule(text)).collect();
        trust
    };
    let all_of = |platform: &str| with(platform, &[]);
    for (trust, says) in [
        (all_of("github"), "repository_id"),
        (with("github", &["repository=octo-org/octo-repo", "repository_owner=octo-org"]), "repository_id"),
        (with("github", &["repository_id=74"]), "repository_owner_id"),
        (with("github", &["repository_owner_id=65", "repository=octo-org/octo-repo"]), "repository_id"),
        (with("github", &["repository_id^=7", "repository_owner_id=65"]), "repository_id"),
        (with("github", &["repository_id=octo-repo", "repository_owner_id=65"]), "number"),
        (with("gitlab", &["project_path=my-group/my-project", "namespace_path=my-group"]), "project_id"),
        (with("kubernetes", &["sub=system:serviceaccount:billing:importer"]), "uid"),
        (with("kubernetes", &["sub=importer", "kubernetes.io.serviceaccount.uid=x"]), "NAMESPACE:NAME"),
        (with("kubernetes", &["sub^=system:serviceaccount:billing:", "kubernetes.io.serviceaccount.uid=x"]), "sub"),
        (with("fly", &["app_name=weather-cat"]), "app_id"),
        (with("spiffe", &["sub^=spiffe://prod.example.org/"]), "sub"),
        (with("spiffe", &["sub=spiffe://prod.example.org/"]), "SPIFFE id"),
        (with("spiffe", &["sub=spiffe://other.example.org/x"]), "SPIFFE id"),
        // A public issuer is what it is, whatever it is called.
        (
            Trust { preset: None, ..with("github", &["sub=repo:octo-org/octo-repo:ref:refs/heads/main"]) },
            "repository_id",
        ),
        (
            Trust {
                preset: Some("generic".to_owned()),
                ..with("gitlab", &["sub=project_path:a/b:ref_type:branch:ref:c"])
            },
            "project_id",
        ),
        (Trust { preset: None, issuer: "https://gitlab.com/x".to_owned(), ..with("gitlab", &["sub=x"]) }, "project_id"),
        // Anywhere else something must say who.
        (
            Trust { preset: None, issuer: "https://issuer.example".to_owned(), ..with("github", &["ref=main"]) },
            "exactly who",
        ),
        (
            Trust { preset: None, issuer: "https://issuer.example".to_owned(), ..with("github", &["sub^=a"]) },
            "exactly who",
        ),
        (Trust { preset: Some("jenkins".to_owned()), ..with("github", &["sub=a"]) }, "github, gitlab"),
    ] {
        let why = vet(&trust).unwrap_err().why;
        assert!(why.contains(says), "{says}: {why}");
    }
    let own = Trust { preset: None, issuer: "https://issuer.example/a".to_owned(), ..with("github", &["sub=a|b"]) };
    assert_eq!(vet(&own), Ok(()));
    let enterprise = "https://token.actions.githubusercontent.com/octo-enterprise".to_owned();
    assert_eq!(vet(&Trust { issuer: enterprise, ..pair("github").0 }), Ok(()));
}

#[test]
fn a_trust_is_bounded_and_in_its_plain_form() {
    let good = || pair("github").0;
    for (trust, field) in [
        (Trust { issuer: "http://issuer.example".to_owned(), ..good() }, "issuer"),
        (Trust { issuer: "https://u@issuer.example".to_owned(), ..good() }, "issuer"),
        (Trust { issuer: "https://issuer.example?a=b".to_owned(), ..good() }, "issuer"),
        (Trust { issuer: "https://issuer.example#a".to_owned(), ..good() }, "issuer"),
        (Trust { issuer: format!("https://issuer.example/{}", "a".repeat(512)), ..good() }, "issuer"),
        (Trust { issuer: "spiffe://prod.example.org/path".to_owned(), ..good() }, "issuer"),
        (Trust { issuer: "spiffe://Prod.example.org".to_owned(), ..good() }, "issuer"),
        (Trust { issuer: "spiffe://prod.example.org".to_owned(), jwks_uri: None, ..good() }, "issuer"),
        (Trust { audience: String::new(), ..good() }, "audience"),
        (Trust { audience: "a\nb".to_owned(), ..good() }, "audience"),
        (Trust { audience: "https://github.com/octo-org".to_owned(), ..good() }, "audience"),
        (Trust { audience: "sts.amazonaws.com".to_owned(), ..good() }, "audience"),
        (Trust { jwks: Some(json!({})), ..good() }, "jwks"),
        (Trust { jwks_uri: Some("http://keys.example".to_owned()), ..good() }, "jwks_uri"),
    ] {
        assert_eq!(vet(&trust).unwrap_err().field, field, "{trust:?}");
    }
    for more in [
        vec![rule("aud=x")],
        vec![rule("exp=1")],
        vec![rule("ref=refs/heads/main")],
        vec![rule(&format!("{}=x", "c".repeat(129)))],
        vec![rule(&format!("a={}", "v".repeat(513)))],
        vec![ClaimRule { claim: "a".to_owned(), test: ClaimTest::OneOf(Vec::new()) }],
        vec![ClaimRule { claim: "a".to_owned(), test: ClaimTest::OneOf(vec!["v".to_owned(); 17]) }],
        vec![ClaimRule { claim: "a".to_owned(), test: ClaimTest::StartsWith(String::new()) }],
        (0..17).map(|n| rule(&format!("c{n}=x"))).collect(),
    ] {
        let mut trust = good();
        trust.rules.extend(more);
        assert_eq!(vet(&trust).unwrap_err().field, "rules", "{:?}", trust.rules);
    }
}

#[test]
fn a_name_with_dots_leads_into_objects() {
    let claims = json!({ "a": { "b": { "c": 1 } }, "a.b": { "c": 2 }, "x.y": "whole", "x": { "y": "part" } });
    let claims = claims.as_object().unwrap();
    let at = |name: &str| claim::value(claims, name).cloned();
    assert_eq!(at("a.b.c"), Some(json!(2)), "the longest name first");
    assert_eq!(at("x.y"), Some(json!("whole")));
    assert_eq!(at("a"), Some(json!({ "b": { "c": 1 } })));
    for none in ["a.c", "a.b.d", ".", "a.", ".a", "", &".".repeat(100)] {
        assert_eq!(at(none), None, "{none}");
    }
}

#[test]
fn an_explanation_shows_a_line_of_each_claim_and_no_more() {
    let (trust, mut claims) = pair("github");
    claims.insert("ref".to_owned(), json!(format!("refs/\n{}", "x".repeat(1_000))));
    let lines = explain(&trust, &claims, Timestamp::from_seconds(NOW));
    let line = lines.iter().find(|line| line.claim == "ref").unwrap();
    assert!(!line.holds && !line.found.contains('\n') && line.found.chars().count() == SHOWN + 1);
    assert_eq!(line.expected, "refs/heads/main");
}

#[test]
fn only_what_has_the_form_of_a_token_is_read() {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"a"}"#);
    assert!(WorkloadToken::unverified(&format!("h.{payload}.s")).is_some());
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        &payload,
        &format!("h.{payload}"),
        &format!("h.{payload}.s.t"),
        &format!("h.{payload}=.s"),
    ] {
        assert!(WorkloadToken::unverified(text).is_none(), "{text}");
    }
    let long = URL_SAFE_NO_PAD.encode(format!(r#"{{"a":"{}"}}"#, "x".repeat(17_000)));
    assert!(WorkloadToken::unverified(&format!("h.{long}.s")).is_none());
    let twice = URL_SAFE_NO_PAD.encode(r#"{"iss":"a","iss":"b"}"#);
    assert!(WorkloadToken::unverified(&format!("h.{twice}.s")).is_none());
}
