//! What can be set up: extensions, devices, trunks, routes and settings.

use crate::fake::{Client, FakeBox};
use api::Fault;
use axum::http::{StatusCode, header};
use config::{CodecName, ExtensionId, TenantId, TrunkId};
use serde_json::{Value, json};
use std::sync::Arc;

async fn administrator() -> (Arc<FakeBox>, Client) {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    (fake, client)
}

#[tokio::test]
async fn an_extension_needs_a_number_a_name_and_a_secret_and_shows_no_secret() {
    let (fake, client) = administrator().await;
    let alice = json!({"number": "201", "name": "Alice", "secret": "circle of life"});
    let answer = client.post("/api/v1/extensions", alice).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header(header::LOCATION), "/api/v1/extensions/1");
    assert_eq!(answer.header(header::ETAG), "\"1\"");
    let shown = answer.json();
    assert_eq!(shown["id"], 1);
    assert_eq!((&shown["number"], &shown["name"]), (&json!("201"), &json!("Alice")));
    assert!(shown.get("secret").is_none() && shown.get("credentials").is_none(), "{shown}");
    let kept = fake.with(|state| state.config.extensions[&ExtensionId(1)].credentials).unwrap();
    let expected = "54582964";
    let hex: String = kept.md5.iter().take(4).map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(hex, expected, "MD5 of 201:strowger:circle of life");
    assert_eq!(fake.with(|state| state.actors.clone()), ["admin"]);
    assert_eq!(client.get("/api/v1/extensions/1").await.json(), shown);
}

#[tokio::test]
async fn a_missing_secret_is_made_and_shown_once() {
    let (fake, client) = administrator().await;
    let kept = |fake: &FakeBox| {
        fake.with(|state| state.config.extensions[&ExtensionId(1)].credentials).unwrap()
    };
    let made = client.post("/api/v1/extensions", json!({"number": "201"})).await.json();
    assert_eq!(made["secret"].as_str().unwrap().len(), 26);
    assert!(client.get("/api/v1/extensions/1").await.json().get("secret").is_none());
    let first = kept(&fake);
    let path = "/api/v1/extensions/1";
    let renamed = client.put(path, json!({"number": "201", "name": "Alice"})).await.json();
    assert!(renamed.get("secret").is_none(), "it stays when only the name changes");
    assert_eq!(kept(&fake), first);
    let moved = client.put(path, json!({"number": "203", "secret": ""})).await.json();
    assert_eq!(moved["secret"].as_str().unwrap().len(), 26, "the hash covers the number");
    assert_ne!(kept(&fake), first);
    let set = client.put(path, json!({"number": "203", "secret": "mine"})).await.json();
    assert!(set.get("secret").is_none());
}

#[tokio::test]
async fn a_device_logs_in_with_a_secret_and_a_trunk_keeps_its_own() {
    let (fake, client) = administrator().await;
    client.post("/api/v1/extensions", json!({"number": "201"})).await;
    let desk = json!({"name": "desk", "extension": 1});
    let made = client.post("/api/v1/devices", desk).await.json();
    assert!(made["secret"].is_string());
    let carrier = json!({"name": "carrier", "host": "sip.example", "username": "u", "secret": "s"});
    let answer = client.post("/api/v1/trunks", carrier).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(answer.json().get("secret").is_none());
    let again = json!({"name": "carrier", "host": "sip2.example", "username": "u"});
    assert_eq!(client.put("/api/v1/trunks/1", again).await.status, StatusCode::OK);
    let trunk = fake.with(|state| Arc::clone(&state.config.trunks[&TrunkId(1)]));
    assert_eq!((trunk.host.as_str(), trunk.secret.reveal()), ("sip2.example", "s"));
}

#[tokio::test]
async fn the_codecs_of_tenants_trunks_and_devices_are_set_and_mistakes_named() {
    let (fake, client) = administrator().await;
    let mut tenant = client.get("/api/v1/tenants/1").await.json();
    assert_eq!(tenant["codecs"]["translate"], true);
    tenant["codecs"] = json!({"deny": ["gsm"], "translate": false});
    let answer = client.put("/api/v1/tenants/1", tenant.clone()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let codecs = fake.with(|state| state.config.tenants[&TenantId::DEFAULT].codecs.clone());
    assert_eq!((codecs.deny, codecs.translate), (vec![CodecName::Gsm], false));
    tenant["realm"] = json!("elsewhere");
    let refusal = client.put("/api/v1/tenants/1", tenant).await.refusal(422);
    assert_eq!(refusal.0, "realm");
    assert_eq!(client.delete("/api/v1/tenants/1").await.status, StatusCode::CONFLICT);
    let trunk = |codecs: Value| json!({"name": "c", "host": "sip.example", "username": "u", "codecs": codecs});
    let post = async |codecs: Value| client.post("/api/v1/trunks", trunk(codecs)).await;
    let refusal = post(json!({"allow": ["pcma"], "deny": ["pcma"]})).await.refusal(422);
    assert_eq!(refusal.0, "codecs");
    let refusal = post(json!({"packet_millis": 25})).await.refusal(422);
    assert_eq!(refusal.0, "codecs.packet_millis");
    assert_eq!(post(json!({"allow": ["speex"]})).await.status, 422);
    let made = post(json!({"allow": ["g729", "pcma"], "order": "allowed"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["codecs"]["allow"], json!(["g729", "pcma"]));
}

#[tokio::test]
async fn routes_take_no_secret_and_lead_somewhere() {
    let (_, client) = administrator().await;
    client.post("/api/v1/extensions", json!({"number": "201"})).await;
    let route = json!({"name": "main", "did": "+4420X.", "destination": "201"});
    let answer = client.post("/api/v1/routes/inbound", route.clone()).await;
    assert_eq!(answer.header(header::LOCATION), "/api/v1/routes/inbound/1");
    let mut secretive = route;
    secretive["secret"] = json!("x");
    let refusal = client.post("/api/v1/routes/inbound", secretive).await.refusal(422);
    assert_eq!(refusal, ("secret".to_owned(), "there is no such field".to_owned()));
    let nowhere = json!({"name": "out", "pattern": "0.", "trunks": [9]});
    let refusal = client.post("/api/v1/routes/outbound", nowhere).await.refusal(422);
    assert_eq!(refusal, ("trunks".to_owned(), "there is no trunk 9".to_owned()));
    let problem = client.delete("/api/v1/extensions/1").await.problem(409);
    assert_eq!(problem["detail"], "Still used by inbound route main: change that first.");
}

#[tokio::test]
async fn numbers_of_the_box_are_there_from_the_start_and_can_be_changed() {
    let (_, client) = administrator().await;
    let list = client.get("/api/v1/numbers?number=*43").await.json();
    assert_eq!(list["items"][0]["kind"], "echo", "{list}");
    let busy = json!({"number": "600", "kind": "tone", "tone": "busy", "name": "Busy"});
    let made = client.post("/api/v1/numbers", busy).await;
    assert_eq!(made.header(header::LOCATION), "/api/v1/numbers/4");
    let refusal = client.post("/api/v1/numbers", json!({"number": "600"})).await.refusal(422);
    assert_eq!(refusal.0, "kind");
    let twin = json!({"number": "600", "kind": "music"});
    let refusal = client.post("/api/v1/numbers", twin).await.refusal(409);
    assert_eq!(refusal, ("number".to_owned(), "this is taken already, by Busy".to_owned()));
    let help = json!({"number": "999", "kind": "music"});
    assert_eq!(client.post("/api/v1/numbers", help).await.refusal(422).0, "number");
    let room = |pin: &str| json!({"number": "700", "kind": "conference", "pin": pin});
    assert_eq!(client.post("/api/v1/numbers", room("12")).await.refusal(422).0, "pin");
    let room = client.post("/api/v1/numbers", room("2468")).await.json();
    assert_eq!(room["pin"], "2468");
    let rooms = client.get("/api/v1/conferences").await.json();
    assert_eq!(rooms["items"], json!([]));
    let route = json!({"name": "main", "did": "!", "destination": "600"});
    assert_eq!(client.post("/api/v1/routes/inbound", route).await.status, StatusCode::CREATED);
    client.delete("/api/v1/numbers/4").await.problem(409);
}

#[tokio::test]
async fn every_mistake_is_named_at_its_field() {
    let (_, client) = administrator().await;
    let post = async |body: Value| client.post("/api/v1/extensions", body).await;
    assert_eq!(post(json!({})).await.refusal(422).0, "number");
    assert_eq!(post(json!({"number": 201})).await.refusal(422).0, "number");
    assert_eq!(post(json!({"number": "2o1"})).await.refusal(422).0, "number");
    let refusal = post(json!({"number": "999"})).await.refusal(422);
    assert!(refusal.1.contains("summons help"), "{refusal:?}");
    let refusal = post(json!({"number": "201", "nmae": "x"})).await.refusal(422);
    assert_eq!(refusal, ("nmae".to_owned(), "there is no such field".to_owned()));
    assert_eq!(post(json!({"number": "201", "secret": 7})).await.refusal(422).0, "secret");
    assert_eq!(post(json!({"number": "201", "secret": "a\nb"})).await.refusal(422).0, "secret");
    let forward = json!({"number": "201", "forward": {"busy": "201"}});
    assert_eq!(post(forward).await.refusal(422).0, "forward.busy");
    let elsewhere = json!({"number": "201", "tenant": 7});
    assert_eq!(post(elsewhere).await.refusal(422).0, "tenant");
    post(json!([])).await.problem(422);
    post(json!({"number": "201", "name": "Alice"})).await;
    let refusal = post(json!({"number": "201"})).await.refusal(409);
    assert_eq!(refusal, ("number".to_owned(), "this is taken already, by Alice".to_owned()));
    let broken = client.with(header::CONTENT_TYPE, "application/json");
    broken.send("POST", "/api/v1/extensions", "{".into()).await.problem(400);
    let large = "x".repeat(70_000).into();
    broken.send("POST", "/api/v1/extensions", large).await.problem(413);
    client.send("PATCH", "/api/v1/extensions", "".into()).await.problem(405);
}

#[tokio::test]
async fn what_is_not_there_is_404_and_zero_is_never_there() {
    let (_, client) = administrator().await;
    for path in ["/api/v1/extensions/7", "/api/v1/extensions/0", "/api/v1/extensions/x"] {
        client.get(path).await.problem(404);
        client.put(path, json!({"number": "201"})).await.problem(404);
        client.delete(path).await.problem(404);
    }
    client.get("/api/v1/nonsense").await.problem(404);
    client.get("/api").await.problem(404);
}

#[tokio::test]
async fn a_change_to_an_outdated_entry_is_refused() {
    let (_, client) = administrator().await;
    let path = "/api/v1/extensions/1";
    let created = client.post("/api/v1/extensions", json!({"number": "201"})).await;
    let seen = client.with(header::IF_MATCH, created.header(header::ETAG));
    let alice = json!({"number": "201", "name": "Alice"});
    let changed = seen.put(path, alice.clone()).await;
    assert_eq!((changed.status, changed.header(header::ETAG)), (StatusCode::OK, "\"2\""));
    seen.put(path, alice).await.problem(412);
    seen.delete(path).await.problem(412);
    let known = client.with(header::IF_NONE_MATCH, "\"2\"").get(path).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    assert!(known.body.is_empty());
    let now = client.with(header::IF_MATCH, "\"2\"");
    assert_eq!(now.delete(path).await.status, StatusCode::NO_CONTENT);
    client.get(path).await.problem(404);
}

#[tokio::test]
async fn replacing_means_that_what_is_left_out_gets_its_default() {
    let (_, client) = administrator().await;
    let alice = json!({"number": "201", "name": "Alice", "do_not_disturb": true});
    let shown = client.post("/api/v1/extensions", alice).await.json();
    let replaced = client.put("/api/v1/extensions/1", json!({"number": "201"})).await.json();
    assert_eq!((&replaced["name"], &replaced["do_not_disturb"]), (&json!(""), &json!(false)));
    let mut again = shown;
    again.as_object_mut().unwrap().remove("secret");
    again["id"] = json!(99);
    let replaced = client.put("/api/v1/extensions/1", again).await.json();
    assert_eq!((&replaced["id"], &replaced["name"]), (&json!(1), &json!("Alice")));
}

#[tokio::test]
async fn lists_come_in_pages_and_can_be_searched() {
    let (_, client) = administrator().await;
    for (number, name) in [("201", "Alice Smith"), ("202", "Bob"), ("301", "Alan"), ("302", "")] {
        client.post("/api/v1/extensions", json!({"number": number, "name": name})).await;
    }
    let list = async |query: &str| client.get(&format!("/api/v1/extensions{query}")).await.json();
    let numbers = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["number"].as_str().unwrap().to_owned()).collect()
    };
    let first = list("?limit=3").await;
    assert_eq!(numbers(&first), ["201", "202", "301"]);
    let cursor = first["next"].as_str().unwrap();
    let last = list(&format!("?limit=3&cursor={cursor}")).await;
    assert_eq!((numbers(&last), &last["next"]), (vec!["302".to_owned()], &Value::Null));
    assert_eq!(numbers(&list("?q=3").await), ["301", "302"]);
    assert_eq!(numbers(&list("?q=al").await), ["201", "301"]);
    assert_eq!(numbers(&list("?q=smith").await), ["201"]);
    assert_eq!(numbers(&list("?number=202").await), ["202"]);
    assert_eq!(client.get("/api/v1/extensions?limit=0").await.refusal(422).0, "limit");
    assert_eq!(client.get("/api/v1/extensions?limit=x").await.refusal(422).0, "limit");
    assert_eq!(client.get("/api/v1/extensions?cursor=x").await.refusal(422).0, "cursor");
}

#[tokio::test]
async fn settings_are_replaced_as_a_whole() {
    let (fake, client) = administrator().await;
    let read = client.get("/api/v1/settings").await;
    assert_eq!((read.header(header::ETAG), &read.json()["country"]), ("\"0\"", &json!("GB")));
    let german = json!({"country": "DE", "wizard_done": true});
    let seen = client.with(header::IF_MATCH, "\"0\"");
    assert_eq!(seen.put("/api/v1/settings", german.clone()).await.json()["country"], "DE");
    seen.put("/api/v1/settings", german).await.problem(412);
    let nowhere = json!({"country": "XX"});
    assert_eq!(client.put("/api/v1/settings", nowhere).await.refusal(422).0, "country");
    let setup = Client::stranger(&fake).get("/api/v1/setup").await.json();
    assert_eq!(setup["wizard_done"], true);
    let countries = client.get("/api/v1/countries").await.json();
    assert!(countries["items"].as_array().unwrap().len() > 50);
    assert_eq!(countries["items"][0]["code"], "AE");
}

#[tokio::test]
async fn a_full_disk_and_a_stopping_box_say_so_in_a_sentence() {
    let (fake, client) = administrator().await;
    let alice = json!({"number": "201"});
    fake.with(|state| state.fault = Some(Fault::DiskFull));
    let problem = client.post("/api/v1/extensions", alice.clone()).await.problem(507);
    assert_eq!(problem["title"], "Insufficient Storage");
    assert!(problem["detail"].as_str().unwrap().starts_with("The disk is full"), "{problem}");
    assert_eq!(client.get("/api/v1/extensions").await.status, StatusCode::OK);
    fake.with(|state| state.fault = Some(Fault::Stopping));
    let answer = client.post("/api/v1/extensions", alice.clone()).await;
    answer.problem(503);
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
    fake.with(|state| state.fault = Some(Fault::StoreFailed));
    client.post("/api/v1/extensions", alice).await.problem(500);
}
