//! Channels of a simulated span, in given time.

use super::*;
use board::sim::{End, Line, Terminal};
use board::{ClockSource, Setting, Span, Timeslot};
use call::{
    BertFigures, BertPattern, BertSync, CallId, Codec, Format, Formats, LegId, LineSound, MediaKind,
};
use std::net::IpAddr;

const SLOT: u8 = 3;
const PORT: PortId = PortId::of_channel(0, SLOT);
const OTHER: PortId = PortId::of_channel(0, SLOT + 1);

/// A span of the box, whose far end a test speaks at.
struct Room {
    line: Line,
    near: Terminal,
    far: [Box<dyn Bearer>; 2],
    to: SyncSender<LineMessage>,
    lines: Lines,
    engine: Engine,
    now: Instant,
    /// What the far end heard on both channels.
    heard: [Vec<u8>; 2],
}

impl Room {
    fn new() -> Self {
        Self::of(&Setting::e1())
    }

    fn of(setting: &Setting) -> Self {
        let setting = || Setting { clock: ClockSource::Own, ..setting.clone() };
        let line = Line::new(setting(), setting(), 1).unwrap();
        let (near, mut far) = (line.end(End::Near, "near"), line.end(End::Far, "far"));
        let far = [SLOT, SLOT + 1].map(|it| far.open_bearer(Timeslot(it), 40).unwrap());
        let (to, messages) = lines();
        let now = Instant::now();
        line.turn(now);
        Self {
            line,
            near,
            far,
            to,
            lines: Lines::new(messages),
            engine: Engine::new(vec![IpAddr::from([192, 0, 2, 1])]),
            now,
            heard: [Vec::new(), Vec::new()],
        }
    }

    fn tell(&mut self, command: MediaCommand) {
        self.lines.heed(&command, self.now);
        self.engine.handle(command, self.now);
    }

    fn lend(&mut self, slot: u8) {
        let bearer = self.near.open_bearer(Timeslot(slot), 40).unwrap();
        let message = LineMessage { span: SpanId(0), slot, bearer: Some(bearer) };
        self.to.try_send(message).unwrap();
    }

    fn open(&mut self, port: PortId) {
        self.open_with(port, LineLaw::A);
    }

    fn open_with(&mut self, port: PortId, law: LineLaw) {
        self.tell(MediaCommand::Open {
            port,
            call: CallId(1),
            leg: LegId(1),
            kind: MediaKind::Audio,
            dscp: 0,
            silence_seconds: 0,
        });
        let line = LineSound { law, cancel_echo: false, clear: false };
        self.tell(MediaCommand::Line { port, line });
        let formats = vec![Format { payload_type: 8, codec: Codec::Pcma }];
        let formats = Formats { receive: formats.clone(), send: formats, ..Formats::default() };
        self.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
    }

    /// Lets time pass, in which the thread turns at these milliseconds and the far end says something.
    fn pass(&mut self, turns: impl IntoIterator<Item = u64>, say: impl Fn(usize, u64) -> u8) {
        let start = self.now;
        for at in turns {
            // The far end is in step with the line.
            while self.now < start + Duration::from_millis(at) {
                self.now += Duration::from_millis(5);
                let count = (self.now - start).as_millis() as u64 / 5;
                for (side, far) in self.far.iter_mut().enumerate() {
                    let block: Vec<u8> = (0..40).map(|it| say(side, count * 40 + it)).collect();
                    let _ = far.write(&block);
                }
                self.line.turn(self.now);
                for (far, heard) in self.far.iter_mut().zip(&mut self.heard) {
                    let mut block = [0; 40];
                    while matches!(far.read(&mut block), Ok(count) if count > 0) {
                        heard.extend(block);
                    }
                }
            }
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.lines.receive(self.now);
        let mut packet = [0; 1_000];
        while let Some(port) = self.lines.next(&mut self.engine, self.now) {
            while self.engine.poll_line(port, &mut packet, self.now).is_some() {}
        }
    }
}

/// Octets by which a place is known.
fn known(side: usize, at: u64) -> u8 {
    (at * 7 + at / 251 + side as u64 * 100) as u8
}

/// Whether all that was heard after some idle octets is what the other side said, in a row.
fn is_in_a_row(heard: &[u8], side: usize) -> bool {
    let tail = &heard[heard.len() - 2_000..];
    (0..100_000).any(|from| tail.iter().zip(from..).all(|(it, at)| *it == known(side, at)))
}

#[test]
fn two_channels_hear_each_other_octet_by_octet_also_when_turns_are_late() {
    let mut room = Room::new();
    room.lend(SLOT);
    room.lend(SLOT + 1);
    room.turn();
    assert_eq!(room.lines.due(), None, "nobody has them");
    room.open(PORT);
    room.open(OTHER);
    room.tell(MediaCommand::Bridge { a: PORT, b: OTHER });
    // Every 5 ms, but now and then only after 10.
    let late = |it: &u64| it % 95 != 5;
    room.pass((1..=400).map(|it| it * 5).filter(late), known);
    assert!(is_in_a_row(&room.heard[0], 1), "{:?}", room.lines.counts);
    assert!(is_in_a_row(&room.heard[1], 0));
    let Counts { received, sent, .. } = room.lines.counts;
    assert_eq!(received, sent);
    assert!((2 * 398 * 40..=2 * 400 * 40).contains(&received), "{received}");
    assert_eq!(room.lines.counts, Counts { received, sent, ..Counts::default() });
    room.tell(MediaCommand::Close { port: PORT });
    room.tell(MediaCommand::Close { port: OTHER });
    assert_eq!(room.lines.due(), None);
}

#[test]
fn the_first_call_of_a_channel_begins_with_the_silence_of_its_own_law() {
    for (setting, law) in [(Setting::e1(), LineLaw::A), (Setting::t1(), LineLaw::Mu)] {
        let mut room = Room::of(&setting);
        room.lend(SLOT);
        room.turn();
        room.open_with(PORT, law);
        room.pass((1..=40).map(|it| it * 5), known);
        let heard = &room.heard[0];
        assert!(
            heard.len() > 1_000 && heard.iter().all(|it| *it == idle(law)),
            "{law:?}: {heard:?}"
        );
    }
}

#[test]
fn after_a_turn_that_was_much_too_late_as_much_waits_as_before() {
    let mut room = Room::new();
    room.lend(SLOT);
    room.lend(SLOT + 1);
    room.open(PORT);
    room.open(OTHER);
    room.tell(MediaCommand::Bridge { a: PORT, b: OTHER });
    room.turn();
    let turns = (1..=100).chain(106..=600).map(|it| it * 5);
    room.pass(turns, known);
    assert!(room.lines.counts.underrun > 0);
    assert!(is_in_a_row(&room.heard[0], 1));
    // What is said now is heard within the store between the two, what waits to be sent, and the turn.
    let (before, marked) = (room.heard[1].len(), 0x11);
    room.pass((1..=20).map(|it| it * 5), move |_, _| marked);
    let after = room.heard[1].iter().skip(before).position(|it| *it == marked).unwrap();
    assert!(after <= 8 * 40, "{after} octets later");
}

#[test]
fn a_channel_that_is_lost_is_silent_until_it_comes_again() {
    let mut room = Room::new();
    room.lend(SLOT);
    room.open(PORT);
    room.turn();
    room.pass((1..=40).map(|it| it * 5), known);
    room.line.pull_out(End::Near);
    room.pass((1..=40).map(|it| it * 5), known);
    assert_eq!(room.lines.counts.lost, 1);
    room.line.plug_in(End::Near);
    room.near.reopen().unwrap();
    room.tell(MediaCommand::LoopBack { port: PORT, on: true });
    room.pass((1..=40).map(|it| it * 5), known);
    assert!(!is_in_a_row(&room.heard[0], 0));
    room.lend(SLOT);
    room.pass((1..=100).map(|it| it * 5), known);
    assert!(is_in_a_row(&room.heard[0], 0), "it says what it hears");
    let taken = LineMessage { span: SpanId(0), slot: SLOT, bearer: None };
    room.to.try_send(taken).unwrap();
    room.turn();
    assert!(room.near.open_bearer(Timeslot(SLOT), 40).is_ok(), "it was given back");
}

#[test]
fn what_came_before_a_call_is_not_heard_in_it() {
    let mut room = Room::new();
    room.lend(SLOT);
    room.turn();
    room.pass((1..=100).map(|it| it * 5), |_, _| 0x11);
    room.open(PORT);
    room.tell(MediaCommand::LoopBack { port: PORT, on: true });
    room.turn();
    let before = room.heard[0].len();
    room.pass((1..=100).map(|it| it * 5), |_, _| 0x22);
    let old = room.heard[0].iter().skip(before).filter(|it| **it == 0x11).count();
    assert!(old <= 40, "{old} octets of before");
}

/// What the test of a channel told last.
fn counted(room: &mut Room, port: PortId) -> BertFigures {
    let mut last = BertFigures::default();
    while let Some(event) = room.lines.poll_event() {
        match event {
            MediaEvent::Bert { port: of, figures } if of == port => last = figures,
            event => panic!("{event:?}"),
        }
    }
    last
}

fn begin_test(room: &mut Room, pattern: BertPattern) {
    room.lend(SLOT);
    room.turn();
    room.tell(MediaCommand::Bert { port: PORT, pattern: Some(pattern) });
    room.turn();
}

/// The far end of the channel sends back what it hears, for so many milliseconds; the thread turns each of
/// `every`.
fn through_a_loop(room: &mut Room, milliseconds: u64, every: u64) {
    room.far[0].loop_back(true).unwrap();
    room.pass((1..=milliseconds / every).map(|it| it * every), |_, _| 0);
}

#[test]
fn a_channel_whose_far_end_is_looped_has_no_bit_errors_also_when_turns_are_late() {
    for (pattern, every) in [(BertPattern::Bits2047, 5), (BertPattern::Bits32767, 30)] {
        let mut room = Room::new();
        begin_test(&mut room, pattern);
        through_a_loop(&mut room, 6_000, every);
        let figures = counted(&mut room, PORT);
        assert_eq!(figures.sync, BertSync::Found);
        assert!((4..=6).contains(&figures.seconds), "{figures:?}");
        assert!((5 * 64_000..=6 * 64_000).contains(&figures.bits), "{figures:?}");
        let clean = BertFigures {
            sync: BertSync::Found,
            bits: figures.bits,
            seconds: figures.seconds,
            ..BertFigures::default()
        };
        assert_eq!(figures, clean);
        let Counts { received, sent, .. } = room.lines.counts;
        assert_eq!(room.lines.counts, Counts { received, sent, ..Counts::default() });
    }
}

#[test]
fn bits_that_are_turned_around_on_the_line_are_counted_at_their_rate() {
    let mut room = Room::new();
    begin_test(&mut room, BertPattern::Bits2047);
    room.line.bit_errors(End::Far, 1e-3);
    through_a_loop(&mut room, 20_000, 5);
    let figures = counted(&mut room, PORT);
    assert_eq!((figures.sync, figures.losses, figures.slips), (BertSync::Found, 0, 0));
    let ratio = figures.errors as f64 / figures.bits as f64;
    // 1,280 are expected, give or take 36.
    assert!((0.85e-3..1.15e-3).contains(&ratio), "{figures:?}");
    assert_eq!(figures.errored_seconds, figures.seconds);
}

#[test]
fn an_error_that_is_inserted_is_counted_once() {
    let mut room = Room::new();
    begin_test(&mut room, BertPattern::Bits2047);
    through_a_loop(&mut room, 1_000, 5);
    room.tell(MediaCommand::BertError { port: PORT });
    through_a_loop(&mut room, 3_000, 5);
    let figures = counted(&mut room, PORT);
    assert_eq!((figures.inserted, figures.errors, figures.errored_seconds), (1, 1, 1));
    assert_eq!((figures.losses, figures.slips, figures.late), (0, 0, 0));
}

#[test]
fn a_card_that_is_pulled_out_is_a_loss_and_the_test_goes_on_when_it_is_back() {
    let mut room = Room::new();
    begin_test(&mut room, BertPattern::Bits2047);
    through_a_loop(&mut room, 2_000, 5);
    room.line.pull_out(End::Near);
    room.pass((1..=400).map(|it| it * 5), |_, _| 0);
    let lost = counted(&mut room, PORT);
    assert_eq!((lost.sync, lost.losses), (BertSync::Searching, 1));
    assert!(lost.uncompared >= 64_000, "{lost:?}");
    room.line.plug_in(End::Near);
    room.near.reopen().unwrap();
    room.lend(SLOT);
    through_a_loop(&mut room, 2_000, 5);
    let back = counted(&mut room, PORT);
    assert_eq!((back.sync, back.losses, back.errors), (BertSync::Found, 1, lost.errors));
    assert!(back.severely_errored_seconds >= 2, "{back:?}");
}

#[test]
fn a_test_that_is_stopped_tells_what_it_counted_and_gives_the_channel_back() {
    let mut room = Room::new();
    begin_test(&mut room, BertPattern::Bits2047);
    through_a_loop(&mut room, 1_500, 5);
    counted(&mut room, PORT);
    room.tell(MediaCommand::Bert { port: PORT, pattern: None });
    assert!(counted(&mut room, PORT).bits > 64_000);
    assert_eq!(room.lines.due(), None, "nobody has it");
    room.tell(MediaCommand::Bert { port: PORT, pattern: None });
    room.tell(MediaCommand::BertError { port: PORT });
    assert_eq!(room.lines.poll_event(), None);
    // A call that takes the channel is heard, and the test is not.
    room.tell(MediaCommand::Bert { port: PORT, pattern: Some(BertPattern::Bits2047) });
    room.open(PORT);
    room.far[0].loop_back(false).unwrap();
    let before = room.heard[0].len();
    room.pass((1..=100).map(|it| it * 5), |_, _| 0x22);
    let heard = &room.heard[0][before + 800..];
    assert!(heard.iter().all(|it| *it == board::Law::A.idle()), "the sequence is still said");
    room.tell(MediaCommand::Close { port: PORT });
    assert_eq!(room.lines.due(), None);
}

#[test]
fn slips_are_counted_over_all_calls() {
    let mut room = Room::new();
    room.open(PORT);
    room.lines.fared(PORT, 2);
    room.lines.fared(PORT, 5);
    room.tell(MediaCommand::Close { port: PORT });
    room.open(PORT);
    room.lines.fared(PORT, 1);
    room.lines.fared(OTHER, 3);
    assert_eq!(room.lines.counts.slips, 9);
}
