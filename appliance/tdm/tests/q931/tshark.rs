//! What we print, as another decoder reads it.

use std::io::Write;
use std::process::{Command, Stdio};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::*;
use tdm::q931::message::*;

/// A message and what the decoder must say of it.
type Case = (Message, &'static [&'static str]);

/// What the decoder says of each message, or nothing without the decoder.
fn decoded(messages: &[Message], services: &str) -> Option<Vec<String>> {
    // pcap (RFC draft-ietf-opsawg-pcap), link type 147: whatever the user says.
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4u32, 4 << 16 | 2, 0, 0, 65535, 147] {
        file.extend(word.to_le_bytes());
    }
    for message in messages {
        let octets = message.octets();
        for word in [0, 0, octets.len() as u32, octets.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(octets);
    }
    let mut command = Command::new("tshark");
    command.args([
        "-V",
        "-r",
        "-",
        "-o",
        r#"uat:user_dlts:"User 0 (DLT=147)","q931","0","","0","""#,
    ]);
    command.args(["-o", &format!("q932.facility_encoding:Dissect facility as {services}")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            // Past what cargo catches of a test that passes, so that it is counted as left out.
            let thread = std::thread::current();
            let test = thread.name().unwrap_or("tshark");
            let line = format!("skip {test}: tshark: {error}: apt-get install tshark\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
            return None;
        }
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(&file).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.split("\nQ.931\n").skip(1).map(str::to_owned).collect())
}

fn agree(cases: &[Case], services: &str) {
    let messages: Vec<_> = cases.iter().map(|(message, _)| message.clone()).collect();
    let Some(decoded) = decoded(&messages, services) else { return };
    assert_eq!(decoded.len(), cases.len());
    let mut disagreed = String::new();
    for ((message, expected), text) in cases.iter().zip(decoded) {
        let wrong = ["Malformed", "BER Error", "Unknown information element"];
        let wrong = wrong
            .into_iter()
            .filter(|words| text.contains(words))
            .map(|words| format!("{words} in"));
        let missed = expected.iter().filter(|words| !text.contains(*words));
        for what in wrong.chain(missed.map(|words| format!("no \"{words}\" of"))) {
            disagreed.push_str(&format!("{what} {message}:\n{text}\n"));
        }
    }
    assert!(disagreed.is_empty(), "{disagreed}");
}

fn message(kind: MessageKind, elements: impl IntoIterator<Item = Element>) -> Message {
    let call = CallReference::new(0x1234, false, ReferenceLength::Two);
    elements.into_iter().fold(Message::new(call, kind), Message::with)
}

fn setup(element: impl Into<Element>) -> Message {
    message(MessageKind::Setup, [BearerCapability::speech_alaw().into(), element.into()])
}

fn information(element: impl Into<Element>) -> Message {
    message(MessageKind::Information, [element.into()])
}

fn elements() -> Vec<Case> {
    let party = |presentation, screening| {
        PartyNumber::new(Number::isdn(TypeOfNumber::International, "4912"), presentation, screening)
    };
    let dummy = Message::new(CallReference::DUMMY, MessageKind::Register);
    let global =
        Message::new(CallReference::global(true, ReferenceLength::Two), MessageKind::Restart)
            .with(ChannelId::primary(4))
            .with(RestartIndicator::Channels);
    let service = MessageKind::Service(Discriminator::MaintenanceAtt);
    let out = ChangeStatus { channel: true, status: ServiceStatus::OutOfService };
    vec![
        (
            setup(Element::SendingComplete),
            &[
                "Call reference value length: 2",
                "Call reference flag: Message sent to originating side",
                "Call reference value: 1234",
                "Message type: SETUP (0x05)",
                "Sending complete",
                "Information transfer capability: Speech (0x00)",
                "Information transfer rate: 64 kbit/s (0x10)",
                "User information layer 1 protocol: Recommendation G.711 A-law (0x03)",
            ],
        ),
        (
            message(MessageKind::Setup, [BearerCapability::audio_ulaw().into()]),
            &["capability: 3.1 kHz audio (0x10)", "protocol: Recommendation G.711 u-law (0x02)"],
        ),
        (
            message(
                MessageKind::Setup,
                [BearerCapability { rate: Rate::Multi(6), ..BearerCapability::unrestricted() }
                    .into()],
            ),
            &["Unrestricted digital information", "Multirate", "Rate multiplier: 6"],
        ),
        (dummy, &["Call reference value length: 0", "Message type: REGISTER (0x64)"]),
        (
            global,
            &[
                "Call reference value: 0000",
                "Message type: RESTART (0x46)",
                "Indicated channel: Indicated channel is preferred",
                "Channel number: 4",
                "Restart indicator: Indicated channels",
            ],
        ),
        (
            Message::new(CallReference::global(true, ReferenceLength::Two), service)
                .with(out)
                .with(ChannelId::primary(7).exclusively()),
            &[
                "Maintenance message type: SERVICE (0x0f)",
                "Preference: Channel (1)",
                "New status: Out of Service (2)",
                "Channel number: 7",
            ],
        ),
        (
            setup(ChannelId::primary(23).on_interface(1).exclusively()),
            &[
                "Interface identifier present: True",
                "Interface ID: 1",
                "Indicated channel: Exclusive",
                "Channel indicated by number",
                "B-channel units (0x3)",
                "Channel number: 23",
            ],
        ),
        (
            setup(ChannelId::basic(BasicChannel::B2)),
            &["Interface type: Basic rate interface", "channel selection: B2 channel"],
        ),
        (
            setup(ChannelId::of(Channels::Map { kind: ChannelKind::B, map: vec![0x80, 0, 1] })),
            &[
                "Channel indicated by slot map",
                "Slot map: 0x80",
                "Slot map: 0x00",
                "Slot map: 0x01",
            ],
        ),
        (
            message(
                MessageKind::Disconnect,
                [Cause::new(Location::PUBLIC_LOCAL, CauseValue::BUSY).into()],
            ),
            &[
                "Message type: DISCONNECT (0x45)",
                "Public network serving the local user (LN) (2)",
                "Cause value: User busy (17)",
            ],
        ),
        (
            message(
                MessageKind::Status,
                [
                    Cause::new(Location::USER, CauseValue::STATUS_ENQUIRED).into(),
                    CallState::new(10).into(),
                ],
            ),
            &["Response to STATUS ENQUIRY", "Call state: Active"],
        ),
        (
            message(
                MessageKind::Progress,
                [Progress::new(Location::PRIVATE_LOCAL, Progress::IN_BAND).into()],
            ),
            &[
                "Message type: PROGRESS (0x03)",
                "In-band information or an appropriate pattern is now available",
            ],
        ),
        (
            setup(Element::CalledNumber(Number::isdn(TypeOfNumber::National, "5551234"))),
            &["Number type: National number (0x2)", "E.164", "Called party number digits: 5551234"],
        ),
        (
            setup(Element::CallingNumber(party(Presentation::Restricted, Screening::Network))),
            &[
                "Number type: International number (0x1)",
                "Screening indicator: Network-provided (0x3)",
                "Presentation indicator: Presentation restricted (0x1)",
                "Calling party number digits: 4912",
            ],
        ),
        (
            message(
                MessageKind::Connect,
                [Element::ConnectedNumber(party(Presentation::Allowed, Screening::Passed))],
            ),
            &["Connected party number digits: 4912", "User-provided, verified and passed"],
        ),
        (
            setup(Element::RedirectingNumber(RedirectingNumber {
                party: party(Presentation::Allowed, Screening::NotScreened),
                reason: Some(RedirectionReason::NoReply),
            })),
            &["Redirecting party number digits: 4912", "Call forwarding no reply"],
        ),
        (
            setup(Element::CalledSubaddress(Subaddress {
                kind: Subaddress::USER,
                odd: false,
                octets: vec![0x12],
            })),
            &[".010 .... = Type of subaddress"],
        ),
        (information(Display::new("Bob")), &["Display information: Bob"]),
        (information(Keypad("5#".into())), &["Keypad facility: 5#"]),
        (information(Signal::DIAL_TONE), &["Signal: Dial tone on"]),
        (
            message(MessageKind::Notify, [Notification::new(Notification::REMOTE_HOLD).into()]),
            &["Message type: NOTIFY", "Remote hold"],
        ),
        (
            setup(HighLayer::new(HighLayer::FAX_GROUP_3)),
            &["High layer characteristics identification: F.182 Facsimile Group 2/3"],
        ),
        (
            setup(LowLayer { bearer: BearerCapability::audio_alaw(), negotiable: Some(true) }),
            &["Low-layer compatibility", "Out-band negotiation: Possible"],
        ),
        (
            setup(UserUser { protocol: UserUser::IA5, octets: b"hi".to_vec() }),
            &["User information: hi"],
        ),
        // It reads a transit network as if it had a length of its own, as network-specific facilities do.
        (
            setup(NetworkFacility {
                network: Some(TransitNetwork::carrier("288")),
                coding: vec![0xe1],
            }),
            &[
                "Network identification length: 4",
                ".010 .... = Type of network identification",
                "Carrier Identification Code (0x1)",
                "Network identification: 288",
            ],
        ),
        (
            information(DateTime {
                year: 26,
                month: 11,
                day: 22,
                time: Some((12, 34)),
                second: None,
            }),
            &["26-11-22 12:34"],
        ),
        (
            message(
                MessageKind::CongestionControl,
                [
                    Element::CongestionLevel(15),
                    Cause::new(Location::USER, CauseValue::ACCESS_DISCARDED).into(),
                ],
            ),
            &["Message type: CONGESTION CONTROL", "Receiver not ready"],
        ),
    ]
}

#[test]
fn elements_mean_the_same_to_tshark() {
    let cases = elements();
    assert!(cases.len() > 20);
    agree(&cases, "QSIG");
}

#[test]
fn every_kind_is_called_the_same_by_tshark() {
    let kinds = MessageKind::NAMED.iter().filter(|kind| **kind != MessageKind::Segment);
    let messages: Vec<_> = kinds.map(|kind| message(*kind, [])).collect();
    let Some(decoded) = decoded(&messages, "QSIG") else { return };
    assert_eq!(decoded.len(), messages.len());
    for (message, text) in messages.iter().zip(decoded) {
        let line = format!("Message type: {} ({:#04x})", message.kind, message.kind.octet());
        assert!(text.replace('_', " ").contains(&line), "not \"{line}\":\n{text}");
    }
}

fn facility(dialect: Dialect, service: Service) -> Message {
    message(MessageKind::Facility, [dialect.facility(77, &service).into()])
}

#[test]
fn services_of_public_networks_mean_the_same_to_tshark() {
    let euro = |service| facility(Dialect::EuroIsdn, service);
    let charge = |cost, at| euro(Service::Charge(Charge { cost, at, billing: None }));
    let units = Cost::Units(vec![Units { count: Some(1234), sort: Some(2) }]);
    let money = Cost::Money { currency: "EUR".into(), amount: 123, multiplier: 1 };
    let number = Number::isdn(TypeOfNumber::National, "305551");
    agree(
        &[
            (
                charge(units.clone(), ChargeTime::During),
                &[
                    "aOCDChargingUnit",
                    "present: 77",
                    "recordedNumberOfUnits: 1234",
                    "recordedTypeOfUnits: 2",
                    "typeOfChargingInfo: subTotal (0)",
                ],
            ),
            (charge(units, ChargeTime::End), &["aOCEChargingUnit", "recordedNumberOfUnits: 1234"]),
            (
                charge(money.clone(), ChargeTime::DuringTotal),
                &[
                    "aOCDCurrency",
                    "rCurrency: EUR",
                    "currencyAmount: 123",
                    "multiplier: oneHundredth (1)",
                    "typeOfChargingInfo: total (1)",
                ],
            ),
            (
                charge(money, ChargeTime::End),
                &["aOCECurrency", "rCurrency: EUR", "currencyAmount: 123"],
            ),
            (
                charge(Cost::Free(Counting::Units), ChargeTime::End),
                &["aOCEChargingUnit", "freeOfCharge"],
            ),
            (
                charge(Cost::Free(Counting::Money), ChargeTime::During),
                &["aOCDCurrency", "freeOfCharge"],
            ),
            (
                charge(Cost::Unavailable(Counting::Money), ChargeTime::End),
                &["aOCECurrency", "chargeNotAvailable"],
            ),
            (euro(Service::MaliciousCall), &["mCIDRequest"]),
            (euro(Service::TransferExecute), &["local: 6"]),
            (
                euro(Service::Transferred { active: true, to: Some(PresentedNumber::Restricted) }),
                &["global: 0.4.0.369.1.5"],
            ),
            (
                euro(Service::Diversion(Diversion::DivertedTo {
                    count: 2,
                    reason: DiversionReason::NoReply,
                    by: Some(PresentedNumber::Allowed(number.clone())),
                    first: Some(PresentedNumber::Restricted),
                    name: None,
                })),
                &[
                    "divertingLegInformation2",
                    "diversionCounter: 2",
                    "diversionReason: cfnr (3)",
                    "publicNumberDigits: 305551",
                    "publicTypeOfNumber: nationalNumber (2)",
                    "presentationRestricted",
                ],
            ),
            (
                euro(Service::Diversion(Diversion::Calling {
                    reason: DiversionReason::Unconditional,
                    notified: 2,
                    to: Some(PresentedNumber::Allowed(number)),
                })),
                &[
                    "divertingLegInformation1",
                    "diversionReason: cfu (1)",
                    "notificationWithDivertedToNr (2)",
                    "publicNumberDigits: 305551",
                ],
            ),
            (
                euro(Service::Diversion(Diversion::Shown { allowed: true, name: None })),
                &["divertingLegInformation3", "True"],
            ),
        ],
        "ETSI",
    );
}

#[test]
fn services_of_private_networks_mean_the_same_to_tshark() {
    let qsig = |service| facility(Dialect::Qsig, service);
    let number = Number::unknown("77");
    agree(
        &[
            (
                qsig(Service::Name(NameOf::Calling, Name::new("Bob"))),
                &[
                    "endPINX (0)",
                    "discardAnyUnrecognisedInvokePdu (0)",
                    "callingName",
                    "namePresentationAllowedSimple",
                ],
            ),
            (
                qsig(Service::Name(
                    NameOf::Connected,
                    Name::Restricted(NameText { text: "Bob".into(), set: Some(1) }),
                )),
                &[
                    "connectedName",
                    "namePresentationRestrictedExtended",
                    "characterSet: iso8859-1 (1)",
                ],
            ),
            (
                qsig(Service::Name(NameOf::Called, Name::Withheld)),
                &["calledName", "RestrictedNull"],
            ),
            (
                qsig(Service::Name(NameOf::Busy, Name::Unavailable)),
                &["busyName", "nameNotAvailable"],
            ),
            (
                facility(Dialect::Ni2, Service::Name(NameOf::Calling, Name::new("Bob"))),
                &["callingName", "namePresentationAllowedSimple"],
            ),
            (
                qsig(Service::Diversion(Diversion::Calling {
                    reason: DiversionReason::Busy,
                    notified: 2,
                    to: Some(PresentedNumber::Allowed(number.clone())),
                })),
                &["divertingLegInformation1", "diversionReason: cfb (2)", "unknownPartyNumber: 77"],
            ),
            (
                qsig(Service::Diversion(Diversion::DivertedTo {
                    count: 1,
                    reason: DiversionReason::NoReply,
                    by: Some(PresentedNumber::Allowed(number)),
                    first: None,
                    name: Some(Name::new("Bob")),
                })),
                &["divertingLegInformation2", "diversionReason: cfnr (3)", "redirectingName"],
            ),
            (
                qsig(Service::Diversion(Diversion::Shown {
                    allowed: true,
                    name: Some(Name::new("Bob")),
                })),
                &["divertingLegInformation3", "redirectionName"],
            ),
        ],
        "QSIG",
    );
}
