use super::folder::Recordings;
use super::writer::Writer;
use call::{
    CallId, Codec, Container, Format, Formats, Layout, Learn, LegId, MediaCommand, MediaKind,
    PeerAddress, PortId, Recording, RecordingId, RecordingStop, Track, UnixMillis,
};
use media::Engine;
use media::recording::{Block, Taped};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

const PORTS: [PortId; 2] =
    [PortId { address: 0, port: 20_000 }, PortId { address: 0, port: 20_002 }];

fn recording(container: Container) -> Recording {
    Recording {
        id: RecordingId(7),
        call: CallId(1),
        tenant: 1,
        container,
        layout: Layout::Sides,
        by: "anna".to_owned(),
        started: UnixMillis(1_000),
        ended: None,
        stop: None,
        millis: 0,
        octets: 0,
        missed_millis: 0,
    }
}

/// What an engine has to write of a call of so many turns of 20 ms; blocks come back when `disk`
/// says so.
fn taped(container: Container, turns: u32, disk: bool) -> Vec<Taped> {
    let mut now = Instant::now();
    let mut engine = Engine::new(vec!["192.0.2.1".parse().unwrap()]);
    for (leg, port) in PORTS.into_iter().enumerate() {
        let (call, leg, kind) = (CallId(1), LegId(leg as u64), MediaKind::Audio);
        engine.handle(
            MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 0 },
            now,
        );
        let rtp = ([198, 51, 100, 1], port.port).into();
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
        let format = vec![Format { payload_type: 8, codec: Codec::Pcma }];
        let formats = Formats {
            receive: format.clone(),
            send: format,
            packet_millis: 20,
            ..Formats::default()
        };
        engine.handle(MediaCommand::Formats { port, formats: Box::new(formats) }, now);
    }
    let [caller, callee] = PORTS;
    engine.handle(MediaCommand::Bridge { a: caller, b: callee }, now);
    let recording = Box::new(recording(container));
    let tracks = PORTS.map(Track::Says);
    engine.handle(MediaCommand::Record { recording, tracks }, now);
    let mut all = Vec::new();
    for turn in 0..turns {
        for (port, octet) in [(caller, 0x2a), (callee, 0xaa)] {
            let mut packet = vec![0x80, 8];
            packet.extend((turn as u16).to_be_bytes());
            packet.extend((160 * turn).to_be_bytes());
            packet.extend([0, 0, 0, 9]);
            packet.extend([octet; 160]);
            engine.packet(port, false, ([198, 51, 100, 1], port.port).into(), &mut packet, now);
        }
        now += Duration::from_millis(20);
        while engine.speak(now).is_some() {}
        while let Some(taped) = engine.poll_taped() {
            match taped {
                Taped::Sound(block) if disk => {
                    let copy = (block.missed, block.caller().to_vec(), block.callee().to_vec());
                    engine.reuse(block);
                    all.push(Taped::End(RecordingId(copy.1.len() as u64), RecordingStop::Asked, 0));
                }
                other => all.push(other),
            }
        }
    }
    engine.handle(MediaCommand::Close { port: caller }, now);
    engine.handle(MediaCommand::Close { port: callee }, now);
    all.extend(std::iter::from_fn(|| engine.poll_taped()));
    all
}

fn writer(folder: &Recordings, back: SyncSender<Block>) -> Writer {
    Writer::new(folder.clone(), || UnixMillis(9_000), back, Box::new(|ended| panic!("{ended:?}")))
}

fn write(folder: &Recordings, taped: Vec<Taped>) {
    let (to, inbox) = sync_channel(taped.len());
    taped.into_iter().for_each(|it| to.send(it).unwrap());
    drop(to);
    let (back, _blocks) = sync_channel(64);
    writer(folder, back).run(&inbox);
}

#[test]
fn a_call_becomes_a_file_that_only_the_box_may_read() {
    for container in [Container::Wav, Container::Opus] {
        let dir = tempfile::tempdir().unwrap();
        let folder = Recordings::new(dir.path().join("recordings"));
        // As long as there are blocks, without a disk: three seconds, and the turn at once.
        write(&folder, taped(container, 150, false));
        let found = folder.list().remove(0);
        assert_eq!((found.stop, found.ended), (Some(RecordingStop::Call), Some(UnixMillis(9_000))));
        assert_eq!((found.millis, found.missed_millis), (3_020, 0));
        let file = folder.open(&found).unwrap();
        let meta = file.metadata().unwrap();
        assert_eq!((meta.len(), meta.permissions().mode() & 0o777), (found.octets, 0o600));
        let octets = std::fs::read(dir.path().join("recordings").join(found.file_name())).unwrap();
        let sound = media::sound::Sound::read(&octets).unwrap();
        assert_eq!(sound.pcm.len(), 24_160);
        if container == Container::Wav {
            // The caller says one thing and the callee another, left and right.
            let (frames, _) = octets[80..].as_chunks::<4>();
            let [a, b, c, d] = frames[20_000];
            assert_eq!(i16::from_le_bytes([a, b]), -i16::from_le_bytes([c, d]));
            assert!(i16::from_le_bytes([c, d]).unsigned_abs() > 10_000);
        }
        folder.delete(&found).unwrap();
        assert!(folder.list().is_empty() && folder.find(found.id).is_none());
    }
}

#[test]
fn a_disk_that_takes_nothing_costs_sound_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Recordings::new(dir.path().join("recordings"));
    write(&folder, taped(Container::Wav, 500, false));
    let found = folder.list().remove(0);
    // 16 blocks of 200 ms were there; the rest is silence.
    assert_eq!((found.millis, found.missed_millis), (10_020, 6_820));
}

#[test]
fn blocks_that_come_back_are_filled_again_and_again() {
    let blocks = taped(Container::Wav, 500, true);
    let full = blocks.iter().filter(|it| matches!(it, Taped::End(RecordingId(1_600), ..)));
    assert_eq!(full.count(), 50);
    assert!(matches!(blocks.last(), Some(Taped::End(RecordingId(7), RecordingStop::Call, 0))));
}

#[test]
fn a_recording_without_an_end_is_given_one() {
    for container in [Container::Wav, Container::Opus] {
        let dir = tempfile::tempdir().unwrap();
        let folder = Recordings::new(dir.path().join("recordings"));
        let mut taped = taped(container, 150, false);
        taped.pop();
        let (to, inbox) = sync_channel(taped.len());
        taped.into_iter().for_each(|it| to.send(it).unwrap());
        let (back, _blocks) = sync_channel(64);
        let writer = writer(&folder, back);
        // The thread is never told that it is over, as a killed one is not.
        std::thread::spawn(move || writer.run(&inbox));
        let path = dir.path().join("recordings").join(recording(container).file_name());
        let written = || std::fs::metadata(&path).map_or(0, |it| it.len());
        let most = if container == Container::Wav { 80 + 96_000 } else { 5_000 };
        for _ in 0..500 {
            if written() >= most {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(folder.list()[0].ended.is_none());
        assert_eq!(folder.mend_all(), 1);
        let found = folder.list().remove(0);
        assert_eq!(found.stop, Some(RecordingStop::Crash));
        assert_eq!(folder.mend_all(), 0);
        let sound = media::sound::Sound::read(&std::fs::read(&path).unwrap()).unwrap();
        assert!(sound.pcm.len() >= 8_000, "{container:?}: {}", sound.pcm.len());
        drop(to);
    }
}
