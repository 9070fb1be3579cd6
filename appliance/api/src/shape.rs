//! How the entries of `config` look in JSON, for the OpenAPI document and for nothing else: these
//! types are never made. A test holds them against what is really sent.

#![allow(dead_code)]

use config::{CodecPolicy, Isdn, PathPolicy, Prompts, RecordingTone};
use utoipa::ToSchema;

/// An extension. Any number of phones may register under its number.
#[derive(ToSchema)]
pub(crate) struct Extension {
    /// Its id.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// The tenant that it belongs to.
    tenant: u32,
    /// The internal number, which is also the log-in name of its phones.
    #[schema(example = "201")]
    number: String,
    /// Whose it is; shown on the phones that it calls.
    name: String,
    /// Switched off, it can neither register nor be reached.
    enabled: bool,
    /// The outside number that it shows on trunks; else the trunk's own.
    #[schema(example = "+442079460958")]
    caller_id: Option<String>,
    /// Nobody gets through but the forwardings.
    do_not_disturb: bool,
    /// Where calls go instead.
    forward: Forwarding,
}

/// Where calls go instead, and when.
#[derive(ToSchema)]
pub(crate) struct Forwarding {
    /// Every call.
    #[schema(example = "202")]
    always: Option<String>,
    /// When all its phones are busy, or it does not want to be disturbed.
    #[schema(example = "202")]
    busy: Option<String>,
    /// When nobody answers in `no_answer_seconds`.
    #[schema(example = "202")]
    no_answer: Option<String>,
    /// How long it rings: 5 to 300 s.
    no_answer_seconds: u16,
    /// When no phone is registered or none answers the network.
    #[schema(example = "202")]
    unreachable: Option<String>,
}

/// A phone that logs in under its own name and rings with its extension.
#[derive(ToSchema)]
pub(crate) struct Device {
    /// Its id.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// The tenant that it belongs to.
    tenant: u32,
    /// The extension that it rings with and calls as.
    extension: u32,
    /// Its log-in name: letters, digits, `-`, `_` and `.`; not a number that an extension has.
    name: String,
    /// Switched off, it cannot register.
    enabled: bool,
    /// What the phone is offered and may speak; `null` as the tenant's.
    codecs: Option<CodecPolicy>,
    /// Whether its sound is encrypted; `null` as the tenant's.
    encryption: Option<Encryption>,
    /// Whether its sound may go past the box; `null` as the tenant's.
    media_path: Option<PathPolicy>,
}

/// A tenant: one SIP domain with its own numbers, trunks and routes.
#[derive(ToSchema)]
pub(crate) struct Tenant {
    /// Its id; 1 is the one that always exists.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// What people call it.
    name: String,
    /// The digest realm of its phones; it cannot be changed once set.
    #[schema(example = "office")]
    realm: String,
    /// SIP domains that mean this tenant. The first tenant also answers to every unknown one.
    domains: Vec<String>,
    /// What phones and carriers are offered and may speak that have no policy of their own.
    codecs: CodecPolicy,
    /// Whether the sound of phones and carriers is encrypted that have no setting of their own.
    encryption: Encryption,
    /// Whether the sound of phones that have no setting of their own may go past the box.
    media_path: PathPolicy,
    /// The uploaded sound that is its music; the box's own without one, or when it is not there.
    music: Option<u32>,
    /// The uploaded sounds that its conferences say in place of tones.
    prompts: Prompts,
    /// Whether those who talk hear that their call is recorded.
    recording_tone: RecordingTone,
}

/// Whether a phone or carrier speaks encrypted (SRTP). Each side of a call is by itself: one may be
/// encrypted and the other not, and the call shows it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Encryption {
    /// Never: no keys are offered, and what is offered encrypted only is refused.
    Off,
    /// If the side can (RFC 8643): keys are offered beside a plain line, and taken where they are
    /// offered.
    Opportunistic,
    /// Always: who speaks in the clear is refused with 488.
    Required,
    /// As `opportunistic`, but what is offered beside a plain line is a handshake in the media
    /// (DTLS-SRTP) in place of keys in the signalling.
    OpportunisticDtls,
    /// As `required`, but a handshake in the media is offered in place of keys in the signalling.
    RequiredDtls,
}

/// A line to a carrier or to another exchange: by SIP, or by ISDN.
#[derive(ToSchema)]
pub(crate) struct Trunk {
    /// Its id.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// The tenant that it belongs to.
    tenant: u32,
    /// What people call it.
    name: String,
    /// Switched off, it neither registers nor carries calls.
    enabled: bool,
    /// Whether the box logs in at the carrier, is known there by its address, or has a line to it.
    kind: TrunkKind,
    /// The carrier's host name or address: its registrar and where calls go. Empty for ISDN.
    host: String,
    /// Its port, when it is not the one that DNS or the transport says.
    port: Option<u16>,
    /// How to reach it; `auto` follows RFC 3263.
    transport: TrunkTransport,
    /// The domain that the carrier wants in From and To, when it is not `host`.
    domain: Option<String>,
    /// The account's user, which the carrier also uses to call us.
    username: String,
    /// The log-in name for digest, when it is not `username`.
    auth_username: Option<String>,
    /// How long a registration is asked to last, 60 to 86,400 s.
    register_seconds: u32,
    /// How often a static trunk's carrier is asked whether he is there, 10 to 3,600 s; 0 never, and
    /// then it counts as up.
    qualify_seconds: u16,
    /// Further addresses that calls from this carrier may come from; `host` always may.
    #[schema(example = json!(["192.168.1.0/24"]))]
    peers: Vec<String>,
    /// How numbers are written towards the carrier.
    number_format: NumberFormat,
    /// What the called party is shown.
    caller_id: CallerId,
    /// What the carrier is offered and may speak; `null` as the tenant's.
    codecs: Option<CodecPolicy>,
    /// Whether its sound is encrypted; `null` as the tenant's.
    encryption: Option<Encryption>,
    /// Most calls at a time; `null` leaves it to the carrier.
    max_calls: Option<u32>,
    /// Its lines and how they are set, for a trunk of kind `isdn`; `null` for all others. Of the rest
    /// only name, numbers and the number of calls are of use then.
    isdn: Option<Isdn>,
}

/// How the carrier knows us.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum TrunkKind {
    /// The box registers with user and password.
    Register,
    /// The carrier knows our address and we know his.
    Static,
    /// Digital lines of the box lead there (E1, T1).
    Isdn,
}

/// How to reach a carrier.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum TrunkTransport {
    /// What DNS says, else UDP (RFC 3263 §4.1).
    Auto,
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

/// How numbers are written towards a carrier. Inside they are E.164.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum NumberFormat {
    /// `+442079460958`
    Plus,
    /// `442079460958`
    Digits,
    /// `02079460958` at home, `0049301234` abroad: as a person of the country dials.
    National,
    /// What the route made of the dialled digits, untouched.
    AsDialled,
}

/// What the called party is shown.
#[derive(ToSchema)]
pub(crate) struct CallerId {
    /// Shown when the extension has no outside number of its own.
    #[schema(example = "+442079460958")]
    number: Option<String>,
    /// Put the number in From as well; else From carries the account's user.
    in_from: bool,
    /// Put the number in P-Asserted-Identity (RFC 3325), for carriers that are trusted with it.
    asserted: bool,
}

/// Where calls from outside go. The first route that fits, by `order`, decides.
#[derive(ToSchema)]
pub(crate) struct InboundRoute {
    /// Its id.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// The tenant that it belongs to.
    tenant: u32,
    /// What people call it.
    name: String,
    /// Switched off, it is passed over.
    enabled: bool,
    /// Lower is tried first.
    order: u32,
    /// Only calls from this trunk; `null` takes all.
    trunk: Option<u32>,
    /// The called number, in E.164 where the box could make it so, else as the carrier sent it.
    #[schema(example = "+4420794609XX")]
    did: String,
    /// Only these callers; `null` takes all.
    #[schema(example = "2XX")]
    caller: Option<String>,
    /// Only calls on these timeslots of a digital line; `null` takes all.
    #[schema(example = "1-15,17-31")]
    channels: Option<String>,
    /// Only called numbers that a digital line marks so; `null` takes all.
    number_type: Option<config::NumberType>,
    /// The internal number that rings.
    #[schema(example = "201")]
    destination: String,
}

/// Which trunk a dialled number takes. The first route that fits, by `order`, decides.
#[derive(ToSchema)]
pub(crate) struct OutboundRoute {
    /// Its id.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// The tenant that it belongs to.
    tenant: u32,
    /// What people call it.
    name: String,
    /// Switched off, it is passed over.
    enabled: bool,
    /// Lower is tried first.
    order: u32,
    /// The number as dialled.
    #[schema(example = "0.")]
    pattern: String,
    /// Only these callers' internal numbers; `null` takes all.
    #[schema(example = "2XX")]
    caller: Option<String>,
    /// How many characters to take off the front of what was dialled.
    strip: u8,
    /// What to put in front afterwards.
    prepend: String,
    /// The trunks to try, in this order: the next one on 408, 5xx or no answer from the network.
    trunks: Vec<u32>,
    /// Calls that fit are refused: barring.
    barred: bool,
    /// How the called number is marked on digital lines; `null` as the trunk marks it.
    numbering: Option<config::IsdnNumbering>,
    /// Only these timeslots of each line of a digital trunk; `null` takes all.
    #[schema(example = "1-10,17")]
    channels: Option<String>,
}

/// A number that the box itself answers.
#[derive(ToSchema)]
pub(crate) struct Number {
    /// Its id.
    id: u32,
    /// The change that last touched it.
    revision: u64,
    /// The tenant that it belongs to.
    tenant: u32,
    /// What is dialled: digits, `*` and `#`. An inbound route may lead here too.
    #[schema(example = "*43")]
    number: String,
    /// What people call it; shown in call records.
    name: String,
    /// Switched off, nobody is answered here.
    enabled: bool,
    /// What the caller gets.
    kind: NumberKind,
    /// Which tone, where `kind` is `tone`.
    tone: NumberTone,
    /// What a caller has to key in, where `kind` is `conference`, 3 to 16 digits; without one the room is
    /// open to all.
    #[schema(example = "2468")]
    pin: Option<String>,
    /// The uploaded sound that is heard, where `kind` is `announcement`.
    sound: Option<u32>,
    /// It is heard over and over without a gap until the caller hangs up; else once.
    repeat: bool,
    /// The extension or number of the box that is called when it was heard once; without one the call
    /// ends then.
    #[schema(example = "201")]
    then: Option<String>,
}

/// What the caller of a number of the box gets.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum NumberKind {
    /// Back what was said: whoever hears himself knows that sound goes both ways.
    Echo,
    /// A tone, to measure a line by or to know it again.
    Tone,
    /// Music, over and over.
    Music,
    /// An uploaded sound.
    Announcement,
    /// A room in which all who called talk with each other.
    Conference,
    /// Keyed in during a call by one of its extensions: the call is recorded, and keyed in again no
    /// longer.
    Record,
    /// The newest recording that the calling extension had made by such a code.
    Playback,
}

/// A tone that goes on until the caller hangs up.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum NumberTone {
    /// 1,004 Hz, to measure levels with.
    Test,
    /// The country's dial tone.
    Dial,
    /// The country's ringing tone.
    Ringback,
    /// The country's busy tone.
    Busy,
    /// The country's congestion tone, or its busy tone where it has none.
    Congestion,
}

/// Settings of the box.
#[derive(ToSchema)]
pub(crate) struct Settings {
    /// The change that last touched them.
    revision: u64,
    /// What people call this box.
    name: String,
    /// Where it stands: numbering plan and emergency numbers follow.
    #[schema(example = "GB")]
    country: String,
    /// Numbers that summon help, beside those of the country.
    #[schema(example = json!(["113"]))]
    extra_emergency: Vec<String>,
    /// The set-up wizard was walked to its end.
    wizard_done: bool,
    /// Where it stands in the network.
    network: Network,
    /// How long an unanswered call rings before it ends, 10 to 3,600 s.
    ring_seconds: u16,
    /// A call without a media packet for so long is ended, 0 never; not while it is held.
    silence_seconds: u16,
    /// The session interval that we ask for, at least 90 s (RFC 4028 §4).
    session_seconds: u32,
    /// Calls that may be up at a time; over that, new ones are refused but for emergencies.
    max_calls: u32,
    /// Who is held by a phone hears music of the box; else whatever the phone lets him hear.
    hold_music: bool,
    /// How much of the time that the box measured for media the calls may take, in percent, 0 to 95:
    /// over that, new ones are refused but for emergencies. 0 sets no limit.
    load_percent: u8,
    /// Call records are kept for so many days, 0 to 36,500; 0 for ever.
    cdr_days: u16,
    /// So many call records are kept, the newest: 0 any number, else 1,000 to 100,000,000.
    cdr_count: u32,
    /// Recordings are kept for so many days, 0 to 36,500; 0 until something else deletes them.
    recording_days: u16,
    /// So many megabytes (2^20 octets) recordings may take of the disk; over that the oldest go. 0
    /// sets no limit.
    recording_mb: u32,
    /// So much of the disk recordings leave free, in percent, 0 to 90: when there is less, the oldest
    /// go. 0 deletes none for that, and recordings end when 64 MB are left.
    recording_free_percent: u8,
    /// How much may be captured, and how long it stays.
    captures: config::CaptureLimits,
}

/// What the installer says of the network.
#[derive(ToSchema)]
pub(crate) struct Network {
    /// Networks that count as inside, beside the private ranges and the box's own.
    #[schema(example = json!(["192.168.1.0/24"]))]
    inside: Vec<String>,
    /// How the outside reaches the box when a router stands between.
    external: External,
    /// Web sites beside the box's own whose pages may be telephones.
    #[schema(example = json!(["https://crm.example"]))]
    web_phones: Vec<String>,
}

/// The address that goes into c=, Contact and Via towards the outside.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum External {
    /// The one that a trunk's answers show (`received` and `rport`, RFC 3581), else our own.
    Learned,
    /// Always this one.
    Fixed(String),
    /// The one that this STUN server shows: `host` or `host:port`.
    Stun(String),
}

#[cfg(test)]
mod tests {
    use crate::body;
    use serde_json::{Value, json};

    /// Holds a value against its schema: the same members, and no others, all the way down.
    fn check(document: &Value, schema: &Value, value: &Value, path: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
            return check(document, schema, value, path);
        }
        match value {
            Value::Object(members) if schema["properties"].is_object() => {
                let properties = schema["properties"].as_object().unwrap();
                for name in properties.keys().filter(|name| *name != "secret") {
                    assert!(members.contains_key(name), "{path}.{name} is not sent");
                }
                for (name, member) in members {
                    let schema = properties.get(name);
                    let schema = schema.unwrap_or_else(|| panic!("{path}.{name} is unknown"));
                    check(document, schema, member, &format!("{path}.{name}"));
                }
            }
            Value::Object(members) if schema["additionalProperties"].is_object() => {
                for (name, member) in members {
                    check(
                        document,
                        &schema["propertyNames"],
                        &json!(name),
                        &format!("{path}.{name}"),
                    );
                    let path = format!("{path}.{name}");
                    check(document, &schema["additionalProperties"], member, &path);
                }
            }
            Value::Object(_) if schema["oneOf"].is_array() => {
                let mut ways = schema["oneOf"].as_array().into_iter().flatten();
                let way = ways.find(|way| way["$ref"].is_string());
                check(document, way.unwrap_or_else(|| panic!("{path} is no object")), value, path);
            }
            Value::String(text) if schema["enum"].is_array() => {
                assert!(schema["enum"].as_array().unwrap().contains(&json!(text)), "{path}");
            }
            Value::String(text) if schema["oneOf"].is_array() => {
                let mut ways = schema["oneOf"].as_array().unwrap().iter();
                assert!(ways.any(|way| way["enum"][0] == json!(text)), "{path}");
            }
            Value::Null => {}
            Value::Bool(_) => assert_type(schema, "boolean", path),
            Value::Number(_) => assert_type(schema, "integer", path),
            Value::String(_) => assert_type(schema, "string", path),
            Value::Array(_) => assert_type(schema, "array", path),
            Value::Object(_) => panic!("{path} should not be an object"),
        }
    }

    fn assert_type(schema: &Value, kind: &str, path: &str) {
        let kinds = &schema["type"];
        let fits = kinds == kind || kinds.as_array().is_some_and(|it| it.contains(&json!(kind)));
        assert!(fits, "{path}: {kinds} is no {kind}");
    }

    fn holds<T: serde::Serialize + serde::de::DeserializeOwned>(name: &str, sent: Value) {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let value: T = body::strict(sent).unwrap_or_else(|problem| panic!("{problem:?}"));
        let value = serde_json::to_value(value).unwrap();
        check(&document, &document["components"]["schemas"][name], &value, name);
    }

    #[test]
    fn the_document_shows_the_entries_as_they_are_sent() {
        holds::<config::Extension>("Extension", json!({"number": "201", "caller_id": "+4412"}));
        holds::<config::Feature>("Number", json!({"number": "*43", "kind": "echo"}));
        let codecs = json!({"allow": ["pcma", "amr_wb"], "order": "allowed", "packet_millis": 30});
        let desk = json!({"name": "desk", "extension": 1, "codecs": codecs});
        holds::<config::Device>("Device", desk);
        let tenant = json!({"id": 2, "name": "Second", "realm": "second", "codecs": codecs});
        holds::<config::Tenant>("Tenant", tenant);
        let trunk = json!({"name": "carrier", "host": "sip.example", "port": 5060,
            "domain": "example", "auth_username": "u", "peers": ["10.0.0.1"], "max_calls": 3});
        holds::<config::Trunk>("Trunk", trunk);
        let line = json!({"line": "line 1", "channels": "1-15"});
        let isdn = json!({"spans": [line], "timers": {"t200": 1000}});
        let trunk = json!({"name": "carrier", "kind": "isdn", "isdn": isdn});
        holds::<config::Trunk>("Trunk", trunk);
        let inbound =
            json!({"name": "in", "did": "X.", "destination": "201", "trunk": 1, "caller": "X."});
        holds::<config::InboundRoute>("InboundRoute", inbound);
        let outbound = json!({"name": "out", "pattern": "0.", "trunks": [1], "caller": "2XX"});
        holds::<config::OutboundRoute>("OutboundRoute", outbound);
        holds::<config::Settings>("Settings", json!({"extra_emergency": ["113"]}));
    }

    #[test]
    fn the_words_of_the_document_are_understood() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let words = |name: &str| {
            let schema = &document["components"]["schemas"][name];
            let one_of = schema["oneOf"].as_array().into_iter().flatten();
            let words = one_of.map(|way| way["enum"][0].clone()).collect::<Vec<_>>();
            schema["enum"].as_array().cloned().unwrap_or(words)
        };
        let trunk = |field: &str, word: Value| {
            let trunk = json!({"name": "carrier", "host": "sip.example", field: word});
            assert!(body::strict::<config::Trunk>(trunk.clone()).is_ok(), "{trunk}");
        };
        for (name, field) in [
            ("TrunkKind", "kind"),
            ("TrunkTransport", "transport"),
            ("NumberFormat", "number_format"),
        ] {
            assert!(words(name).len() > 1, "{name}");
            words(name).into_iter().for_each(|word| trunk(field, word));
        }
        for (name, field) in [("CodecName", "allow"), ("CodecOrder", "order")] {
            assert!(words(name).len() > 1, "{name}");
            for word in words(name) {
                let word = if field == "allow" { json!([word]) } else { word };
                trunk("codecs", json!({ field: word }));
            }
        }
        for external in [json!("learned"), json!({"fixed": "1.2.3.4"}), json!({"stun": "x"})] {
            let settings = json!({"network": {"external": external}});
            assert!(body::strict::<config::Settings>(settings).is_ok(), "{external}");
        }
    }
}
