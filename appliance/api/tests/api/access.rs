//! Who may do what: tokens, cookies, and what a page of another site cannot do.

use crate::fake::{Client, FakeBox, NOW};
use api::TokenKind;
use axum::http::{StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Needs no log-in; everything else does.
const OPEN: [(&str, &str); 4] = [
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/setup"),
    ("POST", "/api/v1/setup/claim"),
    ("POST", "/api/v1/session"),
];

#[tokio::test]
async fn everything_in_the_document_but_the_door_itself_needs_a_log_in() {
    let stranger = Client::stranger(&FakeBox::new());
    let document = stranger.get("/api/v1/openapi.json").await.json();
    let mut open = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let (method, path) = (method.to_uppercase(), path.replace("{id}", "1"));
            for credentials in ["", "Bearer ", "Bearer 0123456789abcdef", "Basic YWRtaW46YWRtaW4="]
            {
                let client = match credentials {
                    "" => stranger.clone(),
                    text => stranger.with(header::AUTHORIZATION, text),
                };
                let answer = client.json(&method, &path, json!({})).await;
                if OPEN.contains(&(method.as_str(), path.as_str())) {
                    assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                    open.push((method.clone(), path.clone()));
                    continue;
                }
                answer.problem(401);
                assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{path}");
            }
        }
    }
    open.dedup();
    assert_eq!(open.len(), OPEN.len());
    assert!(document["paths"].as_object().unwrap().len() > 20);
}

#[tokio::test]
async fn a_log_in_gives_a_token_and_a_cookie_that_no_script_reads() {
    let fake = FakeBox::new();
    Client::administrator(&fake).await;
    let stranger = Client::stranger(&fake);
    let log_in = json!({"name": "admin", "password": "correct horse"});
    let answer = stranger.post("/api/v1/session", log_in).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let cookie = answer.header(header::SET_COOKIE).to_owned();
    assert!(cookie.starts_with("__Host-strowger="), "{cookie}");
    for rule in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict"] {
        assert!(cookie.contains(rule), "{cookie}");
    }
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 64);
    let bearer = stranger.with(header::AUTHORIZATION, &format!("Bearer {token}"));
    let session = bearer.get("/api/v1/session").await.json();
    assert_eq!((&session["name"], &session["role"]), (&json!("admin"), &json!("administrator")));
    let kept = fake.with(|state| format!("{:?} {:?}", state.tokens, state.accounts));
    assert!(!kept.contains(&token), "the token itself is not kept");
}

/// The administrator again, in a browser: a cookie, and what `X-CSRF-Token` must say.
async fn second_log_in(fake: &Arc<FakeBox>) -> (Client, String) {
    let log_in = json!({"name": "admin", "password": "correct horse"});
    let answer = Client::stranger(fake).post("/api/v1/session", log_in).await;
    let cookie = answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
    let csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
    (Client::stranger(fake).with(header::COOKIE, &cookie), csrf)
}

async fn browser(fake: &Arc<FakeBox>) -> (Client, String) {
    Client::administrator(fake).await;
    second_log_in(fake).await
}

#[tokio::test]
async fn a_cookie_alone_reads_but_changes_nothing() {
    let (browser, csrf) = browser(&FakeBox::new()).await;
    assert_eq!(browser.get("/api/v1/extensions").await.status, StatusCode::OK);
    let alice = json!({"number": "201"});
    browser.post("/api/v1/extensions", alice.clone()).await.problem(403);
    browser
        .with("x-csrf-token", "guess")
        .post("/api/v1/extensions", alice.clone())
        .await
        .problem(403);
    browser.delete("/api/v1/session").await.problem(403);
    let page = browser.with("x-csrf-token", &csrf);
    assert_eq!(page.post("/api/v1/extensions", alice).await.status, StatusCode::CREATED);
    let session = browser.get("/api/v1/session").await.json();
    assert_eq!(session["csrf"], csrf.as_str(), "a page that was loaded again finds it");
}

#[tokio::test]
async fn a_form_of_another_site_is_not_json() {
    let stranger = Client::stranger(&FakeBox::new());
    let form = stranger.with(header::CONTENT_TYPE, "text/plain");
    form.send("POST", "/api/v1/session", "{}".into()).await.problem(415);
}

#[tokio::test]
async fn who_logs_out_is_out() {
    let fake = FakeBox::new();
    let (browser, csrf) = browser(&fake).await;
    let answer = browser.with("x-csrf-token", &csrf).delete("/api/v1/session").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header(header::SET_COOKIE).contains("Max-Age=0"));
    browser.get("/api/v1/session").await.problem(401);
}

#[tokio::test]
async fn a_log_in_ends_after_a_week() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    fake.with(|state| state.now = NOW.after(Duration::from_secs(7 * 24 * 3600 - 1)));
    assert_eq!(client.get("/api/v1/session").await.status, StatusCode::OK);
    fake.with(|state| state.now = NOW.after(Duration::from_secs(7 * 24 * 3600)));
    client.get("/api/v1/session").await.problem(401);
}

#[tokio::test]
async fn five_wrong_passwords_slow_their_source_down_and_nobody_who_is_logged_in() {
    let fake = FakeBox::new();
    let administrator = Client::administrator(&fake).await;
    let guess = |name: &str| json!({"name": name, "password": "battery staple"});
    for name in ["admin", "admin", "root", "admin", "root"] {
        let answer = administrator.post("/api/v1/session", guess(name)).await;
        let problem = answer.problem(401);
        assert_eq!(problem["detail"], "The name or the password is wrong.", "says not which");
    }
    let slowed = administrator.post("/api/v1/session", guess("admin")).await;
    slowed.problem(429);
    assert_eq!(slowed.header(header::RETRY_AFTER), "2");
    let right = json!({"name": "admin", "password": "correct horse"});
    administrator.post("/api/v1/session", right.clone()).await.problem(429);
    assert_eq!(administrator.get("/api/v1/session").await.status, StatusCode::OK);
    let elsewhere = administrator.from("192.0.2.8:40000");
    assert_eq!(elsewhere.post("/api/v1/session", right).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_script_has_a_token_of_its_own_that_is_shown_once_and_can_be_revoked() {
    let fake = FakeBox::new();
    let administrator = Client::administrator(&fake).await;
    let answer = administrator.post("/api/v1/tokens", json!({"label": "export"})).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let made = answer.json();
    let token = made["token"].as_str().unwrap();
    let script = Client::stranger(&fake).with(header::AUTHORIZATION, &format!("Bearer {token}"));
    script.post("/api/v1/extensions", json!({"number": "201"})).await;
    assert_eq!(fake.with(|state| state.actors.clone()), ["admin (token export)"]);
    let list = administrator.get("/api/v1/tokens").await;
    assert!(!String::from_utf8_lossy(&list.body).contains(token));
    let labels: Vec<_> =
        list.json()["items"].as_array().unwrap().iter().map(|it| it["label"].clone()).collect();
    assert!(labels.contains(&json!("export")) && labels.len() == 2, "{labels:?}");
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(administrator.delete(&path).await.status, StatusCode::NO_CONTENT);
    script.get("/api/v1/extensions").await.problem(401);
    administrator.delete(&path).await.problem(404);
}

#[tokio::test]
async fn a_new_password_ends_the_other_log_ins() {
    let fake = FakeBox::new();
    let administrator = Client::administrator(&fake).await;
    let (browser, _) = second_log_in(&fake).await;
    let path = "/api/v1/session/password";
    let wrong = json!({"password": "wrong horse", "new_password": "battery staple"});
    assert_eq!(administrator.put(path, wrong).await.refusal(422).0, "password");
    let short = json!({"password": "correct horse", "new_password": "short"});
    assert_eq!(administrator.put(path, short).await.refusal(422).0, "new_password");
    let right = json!({"password": "correct horse", "new_password": "battery staple"});
    assert_eq!(administrator.put(path, right).await.status, StatusCode::NO_CONTENT);
    browser.get("/api/v1/session").await.problem(401);
    assert_eq!(administrator.get("/api/v1/session").await.status, StatusCode::OK);
    let log_in = json!({"name": "admin", "password": "battery staple"});
    let answer = Client::stranger(&fake).post("/api/v1/session", log_in).await;
    assert_eq!(answer.status, StatusCode::CREATED);
}

#[tokio::test]
async fn log_ins_that_nobody_ends_do_not_pile_up() {
    let fake = FakeBox::new();
    let administrator = Client::administrator(&fake).await;
    let session = fake.with(|state| state.tokens.values().next().cloned().unwrap());
    fake.with(|state| {
        for number in 0..200_u8 {
            let hash = api::TokenHash([number; 32]);
            state.tokens.insert(hash, api::Token { hash, ..session.clone() });
        }
    });
    drop(administrator);
    second_log_in(&fake).await;
    let kinds = fake.with(|state| {
        state.tokens.values().filter(|token| token.kind == TokenKind::Session).count()
    });
    assert_eq!(kinds, 50);
}

#[tokio::test]
async fn figures_are_open_to_the_box_itself_and_to_tokens() {
    let fake = FakeBox::new();
    let administrator = Client::administrator(&fake).await;
    let stranger = Client::stranger(&fake);
    stranger.get("/metrics").await.problem(401);
    let answer = administrator.get("/metrics").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "text/plain; version=0.0.4; charset=utf-8");
    for local in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
        let local = stranger.from(local);
        assert_eq!(local.get("/metrics").await.body, b"strowger_calls 0\n");
        local.with("x-forwarded-for", "203.0.113.9").get("/metrics").await.problem(401);
    }
}
