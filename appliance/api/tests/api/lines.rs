//! The digital lines of the box, and the trunks that use them.

use crate::fake::{Client, FakeBox, call};
use ::call::{
    ChannelService, ChannelStatus, ChannelUsage, LineAlarms, LineCounters, LineFault, LineKind,
    LineStatus, LineWish, SpanFacts, SpanId, SpanLoop,
};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

/// Line 1 of a trunk with a call on its second channel, and line 2 of none.
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
        sound: None,
    };
    let channels = vec![channel(1, None), channel(2, Some(call(1).id))];
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
