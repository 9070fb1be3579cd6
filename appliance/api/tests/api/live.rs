//! What the box does: calls, records, routes, backups; and the files beside the API.

use crate::fake::{Client, FakeBox, NOW, call};
use ::call::{CallState, Conference, Decider, End, Member, Party};
use axum::body::Body;
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

#[tokio::test]
async fn the_box_says_what_it_can_carry_once_it_has_measured_itself() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    assert_eq!(client.get("/api/v1/capacity").await.json()["capacity"], Value::Null);
    let measured = client.post("/api/v1/capacity/measure", Value::Null).await.json();
    assert_eq!(measured["capacity"]["codecs"][0]["codec"], "opus");
    assert_eq!(client.get("/api/v1/capacity").await.json(), measured);
}

#[tokio::test]
async fn a_live_call_is_listed_and_hung_up() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    fake.with(|state| state.calls = vec![call(2), call(1)]);
    let list = client.get("/api/v1/calls?limit=1").await.json();
    let id = list["items"][0]["id"].as_str().unwrap();
    assert_eq!(id, call(1).id.to_string(), "oldest first");
    assert_eq!(list["next"], id);
    assert_eq!(client.get("/api/v1/calls?number=203").await.json()["items"], json!([]));
    let found = client.get("/api/v1/calls?number=02").await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
    let path = format!("/api/v1/calls/{id}");
    assert_eq!(client.get(&path).await.json()["dialled"], "202");
    assert_eq!(client.delete(&path).await.status, StatusCode::NO_CONTENT);
    client.delete(&path).await.problem(404);
    client.delete("/api/v1/calls/7").await.problem(404);
}

#[tokio::test]
async fn a_call_is_recorded_listened_to_and_deleted_and_it_is_known_by_whom() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    fake.with(|state| state.calls = vec![call(1), call(2)]);
    let path = |id: u64| format!("/api/v1/calls/{}/recording", call(id).id);
    client.post(&path(1), json!({ "container": "mp3" })).await.problem(422);
    client.post("/api/v1/calls/0000000000000001/recording", json!({})).await.problem(404);
    fake.with(|state| state.calls[0].state = CallState::Up);
    let begun = client.post(&path(1), json!({ "layout": "mix" })).await;
    assert_eq!(begun.status, StatusCode::CREATED);
    let begun = begun.json();
    assert_eq!((&begun["container"], &begun["layout"]), (&json!("opus"), &json!("mix")));
    let own = format!("/api/v1/recordings/{}", begun["id"].as_str().unwrap());
    client.delete(&own).await.problem(409);
    assert_eq!(client.delete(&path(1)).await.status, StatusCode::NO_CONTENT);
    client.delete(&path(1)).await.problem(404);
    fake.with(|state| state.calls[1].state = CallState::Ringing);
    client.post(&path(2), json!({})).await.problem(409);
    let list = client.get("/api/v1/recordings").await.json();
    assert_eq!(list["items"][0]["id"], begun["id"]);
    let sound = client.get(&format!("{own}/sound")).await;
    assert_eq!(sound.header(header::CONTENT_TYPE), "audio/ogg");
    assert!(sound.header(header::CONTENT_DISPOSITION).contains(".opus"));
    assert_eq!(client.delete(&own).await.status, StatusCode::NO_CONTENT);
    client.get(&own).await.problem(404);
    let actors = fake.with(|state| state.actors.split_off(state.actors.len() - 4));
    assert!(actors.iter().all(|it| *it == actors[0]), "{actors:?}");
}

#[tokio::test]
async fn a_call_is_captured_and_what_was_encrypted_is_for_an_owner_only() {
    let fake = FakeBox::new();
    let owner = Client::administrator(&fake).await;
    fake.with(|state| state.calls = vec![call(1), call(2)]);
    let token = owner.post("/api/v1/tokens", json!({ "label": "script" })).await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let script = Client::stranger(&fake).with(header::AUTHORIZATION, &bearer);
    let path = |id: u64| format!("/api/v1/calls/{}/capture", call(id).id);
    owner.post(&path(1), json!({ "seconds": 0 })).await.problem(422);
    owner.post("/api/v1/calls/0000000000000001/capture", json!({})).await.problem(404);
    let begun = script.post(&path(1), json!({})).await;
    assert_eq!(begun.status, StatusCode::CREATED);
    assert_eq!(begun.json()["decrypted"], json!(false));
    owner.post(&path(1), json!({})).await.problem(409);

    script.post(&path(2), json!({ "decrypt": true })).await.problem(403);
    let opened = owner.post(&path(2), json!({ "decrypt": true, "seconds": 60 })).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let own = |it: &serde_json::Value| format!("/api/v1/captures/{}", it["id"].as_str().unwrap());
    let (plain, opened) = (own(&begun.json()), own(&opened.json()));
    script.get(&format!("{opened}/packets")).await.problem(403);
    for (client, capture) in [(&script, &plain), (&owner, &opened)] {
        let file = client.get(&format!("{capture}/packets")).await;
        assert_eq!(file.header(header::CONTENT_TYPE), "application/vnd.tcpdump.pcap");
        assert!(file.header(header::CONTENT_DISPOSITION).contains(".pcapng"));
    }
    owner.delete(&opened).await.problem(409);
    assert_eq!(owner.delete(&path(2)).await.status, StatusCode::NO_CONTENT);
    owner.delete(&path(2)).await.problem(404);
    assert_eq!(owner.delete(&opened).await.status, StatusCode::NO_CONTENT);
    let left = owner.get("/api/v1/captures").await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let actors = fake.with(|state| state.actors.clone());
    assert!(actors.iter().any(|it| it.contains("(token script)")), "{actors:?}");
}

#[tokio::test]
async fn a_member_of_a_conference_is_muted_made_louder_and_taken_out() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let (call, party, since) = (call(1).id, Party::default(), NOW);
    let member = Member { call, party, since, talking: false, held: false, muted: false, gain: 0 };
    let (number, name) = ("600".to_owned(), "Monday".to_owned());
    let room = Conference { id: 5, tenant: 1, number, name, members: vec![member] };
    fake.with(|state| state.conferences = vec![room]);
    let path = format!("/api/v1/conferences/5/members/{call}");
    let muted = client.patch(&path, json!({"muted": true})).await.json();
    assert_eq!((&muted["muted"], &muted["gain"]), (&json!(true), &json!(0)));
    client.patch(&path, json!({"gain": -6})).await.json();
    let list = client.get("/api/v1/conferences").await.json();
    let told = &list["items"][0]["members"][0];
    assert_eq!((&told["muted"], &told["gain"]), (&json!(true), &json!(-6)));
    let refusal = client.patch(&path, json!({"gain": 25})).await.refusal(422);
    assert_eq!(refusal, ("gain".to_owned(), "must be from -24 to 24".to_owned()));
    client.patch(&path, json!({"mute": true})).await.problem(422);
    for elsewhere in [format!("/api/v1/conferences/6/members/{call}"), path.replace("/5/", "/x/")] {
        client.patch(&elsewhere, json!({"muted": true})).await.problem(404);
        client.delete(&elsewhere).await.problem(404);
    }
    assert_eq!(client.delete(&path).await.status, StatusCode::NO_CONTENT);
    client.delete(&path).await.problem(404);
}

#[tokio::test]
async fn call_records_come_newest_first_page_by_page() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    fake.with(|state| state.records = (0..5).map(call).collect());
    let mut path = "/api/v1/cdrs?limit=2".to_owned();
    let mut started = Vec::new();
    loop {
        let page = client.get(&path).await.json();
        let items = page["items"].as_array().unwrap().iter();
        started.extend(items.map(|item| item["started"].as_u64().unwrap() - NOW.0));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/cdrs?limit=2&cursor={next}");
    }
    assert_eq!(started, [4, 3, 2, 1, 0]);
    let between = format!("/api/v1/cdrs?after={}&before={}", NOW.0 + 1, NOW.0 + 3);
    assert_eq!(client.get(&between).await.json()["items"].as_array().unwrap().len(), 2);
    let one = client.get(&format!("/api/v1/cdrs/{}", call(3).id)).await.json();
    assert_eq!(one["started"], NOW.0 + 3);
    let mut ended = call(9);
    ended.end = Some(End::hung_up(Decider::Caller));
    fake.with(|state| state.records.push(ended));
    let one = client.get(&format!("/api/v1/cdrs/{}", call(9).id)).await.json();
    assert_eq!(one["end"]["text"], "The caller hung up");
}

#[tokio::test]
async fn a_part_of_a_number_or_name_finds_the_call_however_long_one_has_to_look() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let mut records: Vec<_> = (0..8).map(call).collect();
    records[1].from.number = "+442079460958".to_owned();
    records[1].from.name = "José".to_owned();
    fake.with(|state| state.records = records);
    for typed in ["7946%200958", "020%207946", "%2B44", "JOS%C3%89"] {
        let mut path = format!("/api/v1/cdrs?number={typed}");
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let page = client.get(&path).await.json();
            pages += 1;
            found.extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/cdrs?number={typed}&cursor={next}");
        }
        assert_eq!(found, [json!(call(1).id.to_string())], "{typed}");
        assert_eq!(pages, 3, "three of eight at a time");
    }
}

#[tokio::test]
async fn a_route_is_checked_for_now_unless_another_time_is_given() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let report = client.post("/api/v1/route-check", json!({"from": "201", "to": "202"})).await;
    assert_eq!(report.json()["verdict"], "extension");
    assert_eq!(report.json()["steps"][0]["text"], format!("at {}", NOW.0));
    let sides = json!([{"leg": "201", "policy": "opportunistic"}]);
    assert_eq!(report.json()["encryption"], sides);
    let then = json!({"from": "201", "to": "202", "at": 5});
    let report = client.post("/api/v1/route-check", then).await.json();
    assert_eq!(report["steps"][0]["text"], "at 5");
    let empty = json!({"from": "201", "to": " "});
    assert_eq!(client.post("/api/v1/route-check", empty).await.refusal(422).0, "to");
}

#[tokio::test]
async fn a_backup_is_one_file_behind_a_passphrase() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let answer = client.post("/api/v1/backup", json!({"passphrase": "open sesame"})).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(answer.header(header::CONTENT_LENGTH), "11");
    assert!(answer.header(header::CONTENT_DISPOSITION).contains("strowger-backup.age"));
    assert_eq!(answer.body, b"open sesame");
    let refusal = client.post("/api/v1/backup", json!({"passphrase": "short"})).await.refusal(422);
    assert_eq!(refusal.0, "passphrase");
}

#[tokio::test]
async fn every_answer_forbids_what_browsers_need_not_do() {
    let fake = FakeBox::new();
    let stranger = Client::stranger(&fake);
    for path in ["/", "/extensions", "/missing.js", "/api/v1/health", "/api/v1/calls", "/metrics"] {
        let answer = stranger.get(path).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'self'"), "{path} {policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
    }
    assert_eq!(stranger.get("/api/v1/health").await.header(header::CACHE_CONTROL), "no-store");
    let page = stranger.get("/any/page").await;
    assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
}

#[tokio::test]
async fn the_document_needs_no_log_in() {
    let answer = Client::stranger(&FakeBox::new()).get("/api/v1/openapi.json").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn a_sound_is_uploaded_and_stays_while_it_is_somebodys_music() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let upload = async |name: &str, file: &'static [u8]| {
        client.send("POST", &format!("/api/v1/sounds?name={name}"), Body::from(file)).await
    };
    let refused = upload("Waltz", b"ID3").await.json();
    assert_eq!((&refused["status"], &refused["errors"][0]["field"]), (&json!(422), &json!("file")));
    upload("%20", b"RIFF").await.problem(422);
    client.send("POST", "/api/v1/sounds", Body::from("RIFF")).await.problem(422);
    let made = upload("Waltz", b"RIFF").await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    assert_eq!(client.get("/api/v1/sounds").await.json()["items"], json!([made]));
    let mut tenant = client.get("/api/v1/tenants/1").await.json();
    assert_eq!(tenant["music"], Value::Null);
    tenant["music"] = made["id"].clone();
    assert_eq!(client.put("/api/v1/tenants/1", tenant.clone()).await.status, StatusCode::OK);
    let refused = client.delete("/api/v1/sounds/1").await.json();
    let said = "It is still played by the music on hold of Default: change that first.";
    assert_eq!((&refused["status"], &refused["detail"]), (&json!(409), &json!(said)));
    tenant["music"] = Value::Null;
    assert_eq!(client.put("/api/v1/tenants/1", tenant).await.status, StatusCode::OK);
    assert_eq!(client.delete("/api/v1/sounds/1").await.status, StatusCode::NO_CONTENT);
    client.delete("/api/v1/sounds/1").await.problem(404);
}

#[tokio::test]
async fn a_sound_gets_another_name_and_is_otherwise_as_it_was() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let path = "/api/v1/sounds?name=Waltz";
    let mut made = client.send("POST", path, Body::from("RIFF")).await.json();
    made["name"] = json!(" Closed on Sundays ");
    let renamed = client.put("/api/v1/sounds/1", made.clone()).await;
    assert_eq!(renamed.header(header::ETAG), "\"1\"");
    assert_eq!(renamed.json()["name"], "Closed on Sundays");
    let stale = client.with(header::IF_MATCH, "\"0\"");
    stale.put("/api/v1/sounds/1", made.clone()).await.problem(412);
    made["rate"] = json!(16_000);
    let refused = client.put("/api/v1/sounds/1", made).await.json();
    assert_eq!((&refused["status"], &refused["errors"][0]["field"]), (&json!(422), &json!("rate")));
    client.put("/api/v1/sounds/1", json!({"name": "\n"})).await.problem(422);
    client.put("/api/v1/sounds/2", json!({"name": "Polka"})).await.problem(404);
}
