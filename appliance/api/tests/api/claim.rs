//! The first minutes of a box.

use crate::fake::{CODE, Client, FakeBox};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

fn claim(code: &str) -> Value {
    json!({"claim_code": code, "name": "admin", "password": "correct horse"})
}

#[tokio::test]
async fn a_new_box_is_claimed_once_with_the_code_as_people_type_it() {
    let fake = FakeBox::new();
    let stranger = Client::stranger(&fake);
    let before = stranger.get("/api/v1/setup").await.json();
    assert_eq!(
        before,
        json!({ "claimed": false, "wizard_done": false, "version": "0.1.0", "ports": { "sip": 5060, "sips": 5061 } })
    );
    let answer = stranger.post("/api/v1/setup/claim", claim("abcd efgh jkmn")).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert!(answer.header(header::SET_COOKIE).starts_with("__Host-strowger="));
    let administrator = stranger.with(header::AUTHORIZATION, &format!("Bearer {token}"));
    assert_eq!(administrator.get("/api/v1/settings").await.status, StatusCode::OK);
    assert_eq!(stranger.get("/api/v1/setup").await.json()["claimed"], true);
    stranger.post("/api/v1/setup/claim", claim(CODE)).await.problem(409);
}

#[tokio::test]
async fn of_two_who_claim_at_once_one_gets_the_box() {
    let fake = FakeBox::new();
    let (one, other) = (Client::stranger(&fake), Client::stranger(&fake));
    let path = "/api/v1/setup/claim";
    let (one, other) = tokio::join!(one.post(path, claim(CODE)), other.post(path, claim(CODE)));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409]);
    assert_eq!(fake.with(|state| state.accounts.len()), 1);
}

#[tokio::test]
async fn guessing_the_code_is_slowed_down() {
    let fake = FakeBox::new();
    let stranger = Client::stranger(&fake);
    for _ in 0..5 {
        stranger.post("/api/v1/setup/claim", claim("AAAA-AAAA-AAAA")).await.problem(403);
    }
    let slowed = stranger.post("/api/v1/setup/claim", claim(CODE)).await;
    slowed.problem(429);
    assert!(!slowed.header(header::RETRY_AFTER).is_empty());
    let owner = stranger.from("192.0.2.99:1");
    assert_eq!(owner.post("/api/v1/setup/claim", claim(CODE)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_weak_password_is_refused_and_does_not_use_the_code_up() {
    let fake = FakeBox::new();
    let stranger = Client::stranger(&fake);
    let weak = json!({"claim_code": CODE, "name": "admin", "password": "short"});
    let refusal = stranger.post("/api/v1/setup/claim", weak).await.refusal(422);
    assert_eq!(refusal, ("password".to_owned(), "at least 10 characters".to_owned()));
    let nameless = json!({"claim_code": CODE, "name": " ", "password": "correct horse"});
    assert_eq!(stranger.post("/api/v1/setup/claim", nameless).await.refusal(422).0, "name");
    let partial = json!({"claim_code": CODE, "name": "admin"});
    let refusal = stranger.post("/api/v1/setup/claim", partial).await.refusal(422);
    assert_eq!(refusal, ("password".to_owned(), "this is missing".to_owned()));
    assert_eq!(stranger.post("/api/v1/setup/claim", claim(CODE)).await.status.as_u16(), 201);
}

#[tokio::test]
async fn health_says_whether_calls_can_be_made() {
    let fake = FakeBox::new();
    let stranger = Client::stranger(&fake);
    assert_eq!(stranger.get("/api/v1/health").await.status, StatusCode::OK);
    assert_eq!(stranger.send("HEAD", "/api/v1/health", "".into()).await.status, StatusCode::OK);
    fake.with(|state| state.health.store = false);
    let answer = stranger.get("/api/v1/health").await;
    assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::OK, &json!("degraded")));
    fake.with(|state| state.health.sip = false);
    let answer = stranger.get("/api/v1/health").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["status"], "starting");
}
