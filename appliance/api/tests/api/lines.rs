//! The digital lines of the box, and the trunks that use them.

use crate::fake::{Client, FakeBox, call};
use ::call::{
    Bert, BertFigures, BertPattern, BertSync, ChannelService, ChannelStatus, ChannelUsage,
    LineAlarms, LineCounters, LineFault, LineKind, LineStatus, LineWish, SpanFacts, SpanId,
    SpanLoop, UnixMillis,
};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

/// A test that runs.
fn bert() -> Bert {
    let mut bert = Bert::new(BertPattern::Bits32767, UnixMillis(1_000));
    let (sync, bits, errors) = (BertSync::Inverted, 128_000, 2);
    let figures = BertFigures { sync, bits, errors, seconds: 2, ..BertFigures::default() };
    bert.count(figures, UnixMillis(2_000));
    bert
}

/// Line 1 of a trunk with a call on its second channel, a test of bit errors on its third and a restart of
/// its fourth, and line 2 of none.
fn lines() -> Vec<LineStatus> {
    let line = |span: u8, trunk, channels| LineStatus {
        facts: SpanFacts {
            span: SpanId(span),
            name: format!("line {}", span + 1),
            description: "simulated".to_owned(),
            kind: LineKind::E1,
            simulated: span == 0,
        },
        trunk,
        present: true,
        watched: true,
        alarms: LineAlarms { yellow: true, ..LineAlarms::default() },
        counters: LineCounters { slips: 3, ..LineCounters::default() },
        is_clock: span == 0,
        loop_back: None,
        traced: false,
        d_channel: None,
        channels,
    };
    let channel = |slot, call| ChannelStatus {
        slot,
        usage: ChannelUsage::Idle,
        ours: ChannelService::In,
        theirs: ChannelService::In,
        closing: None,
        call,
        looped: false,
        bert: None,
        sound: None,
    };
    let tested = ChannelStatus { bert: Some(bert()), ..channel(3, None) };
    let restarts = ChannelStatus { usage: ChannelUsage::Restarting, ..channel(4, None) };
    let channels = vec![channel(1, None), channel(2, Some(call(1).id)), tested, restarts];
    vec![line(0, Some(1), channels), line(1, None, Vec::new())]
}

#[tokio::test]
async fn the_lines_of_the_box_are_listed_with_alarms_counters_and_channels() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    assert_eq!(client.get("/api/v1/lines").await.json(), json!({"items": [], "next": null}));
    fake.with(|state| state.lines = lines());
    let list = client.get("/api/v1/lines").await.json();
    let first = &list["items"][0];
    assert_eq!(
        (&first["name"], &first["span"], &first["kind"]),
        (&json!("line 1"), &json!(0), &json!("e1"))
    );
    assert_eq!(
        (&first["alarms"]["yellow"], &first["counters"]["slips"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(first["channels"][1]["call"], json!(call(1).id.to_string()));
    assert_eq!(&client.get("/api/v1/lines/0").await.json(), first);
    for nowhere in ["/api/v1/lines/2", "/api/v1/lines/256", "/api/v1/lines/x"] {
        client.get(nowhere).await.problem(404);
    }
    Client::stranger(&fake).get("/api/v1/lines").await.problem(401);
}

#[tokio::test]
async fn what_is_wished_of_a_line_is_done_and_it_is_known_by_whom() {
    let fake = FakeBox::new();
    let owner = Client::administrator(&fake).await;
    let token = owner.post("/api/v1/tokens", json!({ "label": "script" })).await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let client = Client::stranger(&fake).with(header::AUTHORIZATION, &bearer);
    fake.with(|state| state.lines = lines());
    let span = SpanId(0);
    let (slot, service) = (Some(1), ChannelService::Out);
    for (path, body, wish) in [
        (
            "service",
            json!({"slot": 1, "service": "out"}),
            LineWish::Service { span, slot, service, gently: true },
        ),
        ("restart", json!({"slot": null}), LineWish::Restart { span, slot: None }),
        (
            "loop",
            json!({"loop_back": "remote"}),
            LineWish::LoopSpan { span, loop_back: Some(SpanLoop::Remote) },
        ),
        ("loop", json!({"loop_back": null}), LineWish::LoopSpan { span, loop_back: None }),
        ("channels/1/loop", json!({"on": true}), LineWish::LoopChannel { span, slot: 1, on: true }),
        (
            "channels/1/bert",
            json!({"pattern": "bits2047"}),
            LineWish::Bert { span, slot: 1, pattern: Some(BertPattern::Bits2047) },
        ),
        (
            "channels/1/bert",
            json!({"pattern": null}),
            LineWish::Bert { span, slot: 1, pattern: None },
        ),
        ("channels/3/bert/error", Value::Null, LineWish::BertError { span, slot: 3 }),
        ("trace", json!({"on": true}), LineWish::Trace { span, on: true }),
        (
            "fault",
            json!({"fault": "cut", "on": true}),
            LineWish::Fault { span, fault: LineFault::Cut { on: true } },
        ),
        ("fault", json!({"fault": "slip"}), LineWish::Fault { span, fault: LineFault::Slip }),
    ] {
        let answer = client.post(&format!("/api/v1/lines/0/{path}"), body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(fake.with(|state| state.wishes.pop()), Some(wish), "{path}");
        assert_eq!(fake.with(|state| state.actors.pop()), Some("admin (token script)".to_owned()));
    }
}

#[tokio::test]
async fn what_a_line_cannot_do_is_refused_in_a_sentence_and_not_done() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    fake.with(|state| state.lines = lines());
    let refused = async |path: &str, body: Value, status: u16| {
        let problem = client.post(&format!("/api/v1/lines/{path}"), body).await.problem(status);
        problem["detail"].as_str().unwrap().to_owned()
    };
    let on = || json!({"on": true});
    refused("2/trace", on(), 404).await;
    refused("0/channels/x/loop", on(), 404).await;
    assert!(refused("1/trace", on(), 409).await.starts_with("No trunk uses this line"));
    assert!(refused("0/channels/16/loop", on(), 409).await.contains("does not use this timeslot"));
    assert!(
        refused("0/channels/2/loop", on(), 409).await.starts_with("This channel carries a call")
    );
    let bert = || json!({"pattern": "bits2047"});
    for (channel, says) in [
        (2, "This channel carries a call"),
        (3, "The bit errors of this channel are being tested"),
        (4, "A channel of it is restarting"),
        (16, "The trunk of this line does not use this timeslot"),
    ] {
        let refusal = refused(&format!("0/channels/{channel}/bert"), bert(), 409).await;
        assert!(refusal.starts_with(says), "{refusal}");
    }
    let service = |slot| json!({"slot": slot, "service": "out"});
    assert!(refused("0/service", service(3), 409).await.contains("stop the test first"));
    assert!(refused("0/service", service(4), 409).await.contains("is restarting"));
    assert!(refused("0/channels/3/loop", on(), 409).await.contains("stop the test first"));
    let error = refused("0/channels/1/bert/error", Value::Null, 409).await;
    assert!(error.starts_with("No test of bit errors runs"), "{error}");
    refused("0/channels/1/bert", json!({"pattern": "bits9"}), 422).await;
    let cut = json!({"fault": "cut", "on": true});
    assert!(refused("1/fault", cut, 409).await.starts_with("This line is not simulated"));
    refused("0/restart", json!({"slott": 1}), 422).await;
    refused("0/service", json!({"service": "gone"}), 422).await;
    for (field, fault) in [
        ("per_million", json!({"fault": "bit_errors", "per_million": 500_001})),
        ("ppm", json!({"fault": "drift", "ppm": -501})),
        ("loss_db", json!({"fault": "echo", "loss_db": 61, "delay_ms": 0})),
        ("delay_ms", json!({"fault": "echo", "loss_db": null, "delay_ms": 121})),
    ] {
        let refusal = client.post("/api/v1/lines/0/fault", fault).await.refusal(422);
        assert_eq!(refusal.0, field);
    }
    assert_eq!(fake.with(|state| state.wishes.clone()), []);
}

#[tokio::test]
async fn what_a_test_of_bit_errors_has_counted_is_read_at_its_channel() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    fake.with(|state| state.lines = lines());
    let shown = client.get("/api/v1/lines/0/channels/3/bert").await.json();
    assert_eq!(
        shown,
        json!({
            "pattern": "bits32767", "begun": 1_000, "ended": null, "since": 2_000,
            "sync": "inverted", "bits": 128_000, "errors": 2, "uncompared": 0, "losses": 0,
            "slips": 0, "seconds": 2, "errored_seconds": 0, "severely_errored_seconds": 0,
            "inserted": 0, "late": 0,
        })
    );
    assert_eq!(client.get("/api/v1/lines/0").await.json()["channels"][2]["bert"], shown);
    for nowhere in
        ["0/channels/1/bert", "0/channels/16/bert", "2/channels/3/bert", "0/channels/x/bert"]
    {
        client.get(&format!("/api/v1/lines/{nowhere}")).await.problem(404);
    }
    Client::stranger(&fake).get("/api/v1/lines/0/channels/3/bert").await.problem(401);
}

#[tokio::test]
async fn a_trunk_of_digital_lines_needs_no_host_and_its_mistakes_are_named() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let named = |name: &str, isdn: Value| json!({"name": name, "kind": "isdn", "isdn": isdn});
    let trunk = |isdn: Value| named("second", isdn);
    let isdn = json!({"spans": [{"line": "line 1"}]});
    let made = client.post("/api/v1/trunks", named("carrier", isdn.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let shown = made.json();
    assert_eq!(
        (&shown["isdn"]["dialect"], &shown["isdn"]["side"]),
        (&json!("euro_isdn"), &json!("user"))
    );
    assert_eq!(shown["isdn"]["spans"][0]["framing"], "e1_crc4");
    assert_eq!(client.put("/api/v1/trunks/1", shown).await.status, StatusCode::OK);
    let refusal = client.post("/api/v1/trunks", trunk(isdn)).await.refusal(409);
    assert_eq!(
        refusal,
        ("isdn.spans.line".to_owned(), "this is taken already, by carrier".to_owned())
    );
    assert_eq!(client.post("/api/v1/trunks", trunk(Value::Null)).await.refusal(422).0, "isdn");
    let wrong = json!({"spans": [{"line": "line 2", "channels": "1-40"}]});
    let refusal = client.post("/api/v1/trunks", trunk(wrong)).await.refusal(422);
    assert!(refusal.0.starts_with("isdn.spans"), "{refusal:?}");
    let misspelt = json!({"spans": [{"line": "line 2"}], "overlapp": true});
    assert_eq!(
        client.post("/api/v1/trunks", trunk(misspelt)).await.refusal(422).0,
        "isdn.overlapp"
    );
}

#[tokio::test]
async fn a_route_says_what_it_wants_of_digital_lines_and_a_call_from_one_is_asked_about() {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let isdn = json!({"spans": [{"line": "line 1"}]});
    client.post("/api/v1/trunks", json!({"name": "carrier", "kind": "isdn", "isdn": isdn})).await;
    let sip = json!({"name": "kestrel", "kind": "static", "host": "kestrel.example"});
    client.post("/api/v1/trunks", sip).await;
    let route = |trunk: u32, channels: Value, numbering: Value| {
        json!({"name": "out", "pattern": "0.", "trunks": [trunk], "channels": channels,
            "numbering": numbering})
    };
    let outbound = "/api/v1/routes/outbound";
    let made = client.post(outbound, route(1, json!("1-10, 17"), json!("national"))).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let shown = made.json();
    assert_eq!((&shown["channels"], &shown["numbering"]), (&json!("1-10,17"), &json!("national")));
    for (route, field) in [
        (route(1, json!("1-40"), Value::Null), "channels"),
        (route(1, json!("16"), Value::Null), "channels"),
        (route(2, json!("1-10"), Value::Null), "channels"),
        (route(2, Value::Null, json!("national")), "numbering"),
        (route(1, Value::Null, json!("local")), "numbering"),
    ] {
        assert_eq!(client.post(outbound, route.clone()).await.refusal(422).0, field, "{route}");
    }
    let ask = |trunk: Value, slot: Value, kind: Value| json!({"from": "1", "to": "2", "trunk": trunk, "slot": slot, "number_type": kind});
    let check = "/api/v1/route-check";
    let asked = client.post(check, ask(json!(1), json!(31), json!("national"))).await;
    assert_eq!(asked.status, StatusCode::OK);
    for (question, field) in [
        (ask(json!(1), json!(0), Value::Null), "slot"),
        (ask(json!(1), json!(32), Value::Null), "slot"),
        (ask(json!(2), json!(1), Value::Null), "slot"),
        (ask(Value::Null, Value::Null, json!("national")), "number_type"),
        (ask(json!(7), Value::Null, Value::Null), "trunk"),
    ] {
        let refusal = client.post(check, question.clone()).await.refusal(422);
        assert_eq!(refusal.0, field, "{question}");
    }
}
