//! The lines of the simulated board, in fake time; at last the thread itself, in real time.

use super::figures::Board;
use super::lent::BLOCK;
use super::owner::Owner;
use super::{LinesHandle, Setup, start};
use crate::media_worker::LineMessage;
use board::{Bearer, Sheet};
use call::{LineCounters, LineEvent, LineFault, SpanFacts, SpanId, SpanLoop, SpanState};
use config::IsdnSpan;
use exchange::LineCommand;
use rustix::event::{EventfdFlags, eventfd};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const NEAR: SpanId = SpanId(0);
const FAR: SpanId = SpanId(1);
const T1: SpanId = SpanId(2);

/// The thread's work without the thread, and both of its neighbours.
struct Rig {
    owner: Owner,
    now: Instant,
    began: Instant,
    told: Arc<Mutex<Vec<LineEvent>>>,
    /// Control has no room.
    full: Arc<AtomicBool>,
    messages: Receiver<LineMessage>,
    /// What the thread with sound has.
    bearers: BTreeMap<(SpanId, u8), Box<dyn Bearer>>,
    board: Arc<Board>,
}

impl Rig {
    fn new() -> Self {
        let (told, full) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (bearers, messages) = sync_channel(256);
        let (kept, deaf) = (told.clone(), full.clone());
        let tell = move |event| {
            let room = !deaf.load(Ordering::Relaxed);
            if room {
                kept.lock().unwrap().push(event);
            }
            room
        };
        let sheet = Sheet::named("sim").unwrap().unwrap();
        let setup = Setup { sheet, bearers: Some(bearers), tell: Box::new(tell) };
        let (now, board) = (Instant::now(), Arc::new(Board::default()));
        let owner = Owner::new(setup, board.clone(), now);
        let bearers = BTreeMap::new();
        Self { owner, now, began: now, told, full, messages, bearers, board }
    }

    fn command(&mut self, command: LineCommand) {
        self.owner.command(command, self.now);
    }

    /// Both ends of the first line, with D channels in step.
    fn set_up(&mut self) {
        self.set(NEAR, r#"{"line": "line 1"}"#);
        self.set(FAR, r#"{"line": "line 1 far end", "clock": 0}"#);
        self.pass(100);
    }

    fn set(&mut self, span: SpanId, json: &str) {
        self.command(LineCommand::Setup { span, setting: Some(setting(json)) });
    }

    /// Comes again whenever the owner wants to, for so many milliseconds.
    fn pass(&mut self, milliseconds: u64) {
        let until = self.now + Duration::from_millis(milliseconds);
        loop {
            let next = self.owner.turn(self.now);
            self.take_messages();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            assert!(next > self.now, "time stands still");
            self.now = next;
        }
        self.now = until;
    }

    /// The thread with sound: it drops what is wanted back, and what is lost.
    fn take_messages(&mut self) {
        while let Ok(LineMessage { span, slot, bearer }) = self.messages.try_recv() {
            match bearer {
                Some(bearer) => drop(self.bearers.insert((span, slot), bearer)),
                None => drop(self.bearers.remove(&(span, slot))),
            }
        }
    }

    fn told(&self) -> Vec<LineEvent> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    fn states(&self, span: SpanId) -> Vec<SpanState> {
        let of = |event| match event {
            LineEvent::State(state) if state.span == span => Some(state),
            LineEvent::State(_) | LineEvent::Found(_) | LineEvent::Frame { .. } => None,
        };
        self.told().into_iter().filter_map(of).collect()
    }

    fn frames(&self, at: SpanId) -> Vec<Vec<u8>> {
        frames(&self.told(), at)
    }

    fn say(&mut self, span: SpanId, octets: &[u8]) {
        self.command(LineCommand::Frame { span, octets: octets.into() });
    }

    fn fault(&mut self, span: SpanId, fault: LineFault) {
        self.command(LineCommand::Fault { span, fault });
    }

    /// The loudest sample that an end hears while it alone speaks, at 8000.
    fn loudest_while_speaking(&mut self, span: SpanId) -> i16 {
        let law = board::Law::A;
        let (mut room, mut loudest) = ([0; BLOCK], 0);
        for _ in 0..20 {
            let spoken = [law.compress(8_000); BLOCK];
            self.bearers.get_mut(&(span, 9)).unwrap().write(&spoken).unwrap();
            self.pass(5);
            let bearer = self.bearers.get_mut(&(span, 9)).unwrap();
            while bearer.read(&mut room).unwrap() > 0 {
                let peak = room.iter().map(|octet| law.expand(*octet).abs()).max();
                loudest = loudest.max(peak.unwrap());
            }
        }
        self.pass(100);
        self.drain();
        loudest
    }

    /// What was heard so far is not heard later.
    fn drain(&mut self) {
        let mut room = [0; BLOCK];
        for bearer in self.bearers.values_mut() {
            while bearer.read(&mut room).unwrap() > 0 {}
        }
    }

    fn lent(&self, span: SpanId) -> Vec<u8> {
        self.bearers.keys().filter(|(of, _)| *of == span).map(|(_, slot)| *slot).collect()
    }
}

fn setting(json: &str) -> Box<IsdnSpan> {
    Box::new(serde_json::from_str(json).unwrap())
}

fn frames(told: &[LineEvent], at: SpanId) -> Vec<Vec<u8>> {
    let of = |event: &LineEvent| match event {
        LineEvent::Frame { span, octets } if *span == at => Some(octets.to_vec()),
        LineEvent::State(_) | LineEvent::Found(_) | LineEvent::Frame { .. } => None,
    };
    told.iter().filter_map(of).collect()
}

/// Control's end of a thread that has not begun to work.
fn unheard(room: usize) -> (LinesHandle, Receiver<LineCommand>) {
    let (commands, inbox) = sync_channel(room);
    let bell = eventfd(0, EventfdFlags::NONBLOCK).unwrap().into();
    let (commands, held, board) = (Some(commands), BTreeMap::new(), Arc::default());
    (LinesHandle { commands, held, bell, board, thread: None }, inbox)
}

fn found(told: &[LineEvent]) -> Vec<SpanFacts> {
    let of = |event: &LineEvent| match event {
        LineEvent::Found(facts) => Some(facts.clone()),
        LineEvent::State(_) | LineEvent::Frame { .. } => None,
    };
    told.iter().find_map(of).unwrap_or_default()
}

#[test]
fn both_ends_of_each_simulated_line_are_found_by_their_names() {
    let mut rig = Rig::new();
    rig.pass(0);
    let facts = found(&rig.told());
    let names: Vec<_> = facts.iter().map(|facts| facts.name.as_str()).collect();
    assert_eq!(names, ["line 1", "line 1 far end", "line 2", "line 2 far end"]);
    let places: Vec<_> = facts.iter().map(|facts| facts.span.0).collect();
    assert_eq!(places, [0, 1, 2, 3]);
    assert_eq!(facts[0].kind, call::LineKind::E1);
    assert_eq!(facts[2].kind, call::LineKind::T1);
    assert!(facts.iter().all(|facts| facts.simulated));
}

#[test]
fn a_board_of_which_nobody_wants_anything_is_looked_at_once_a_second() {
    let mut rig = Rig::new();
    let second = Duration::from_secs(1);
    assert_eq!(rig.owner.turn(rig.now), Some(rig.now + second));
    assert!(rig.states(T1).last().is_some_and(|it| it.present && !it.alarms.is_down()));
    rig.command(LineCommand::Fault { span: T1, fault: LineFault::Cut { on: true } });
    rig.pass(1_000);
    assert!(rig.states(T1).last().is_some_and(|state| state.alarms.no_signal), "nobody wants it");
    rig.set_up();
    assert!(rig.owner.turn(rig.now).is_some());
    for span in [NEAR, FAR] {
        rig.command(LineCommand::Setup { span, setting: None });
    }
    rig.pass(1_000);
    let next = rig.owner.turn(rig.now).unwrap();
    assert!(next > rig.now && next <= rig.now + second);
    assert_eq!(rig.bearers.len(), 0);
}

#[test]
fn a_line_that_is_set_up_is_present_and_lends_its_bearers_but_not_its_d_channel() {
    let mut rig = Rig::new();
    rig.set_up();
    let states = rig.states(NEAR);
    assert_eq!(states.len(), 1, "{states:?}");
    assert!(states[0].present && !states[0].alarms.is_down() && states[0].is_clock);
    assert_eq!(rig.lent(NEAR), (1..=31).filter(|slot| *slot != 16).collect::<Vec<_>>());
    assert!(rig.bearers.values().all(|bearer| bearer.block() == BLOCK));
    rig.command(LineCommand::Setup { span: NEAR, setting: None });
    rig.pass(300);
    assert!(rig.lent(NEAR).is_empty());
    assert!(rig.states(NEAR).iter().all(|state| state.present), "its card is still there");
}

#[test]
fn frames_cross_from_one_d_channel_to_the_other_in_their_order() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    let sabme = [0x00, 0x01, 0x7F];
    rig.say(NEAR, &sabme);
    rig.pass(10);
    assert_eq!(rig.frames(FAR), [sabme]);
    // More at a time than the driver has room for: the rest waits.
    let many: Vec<_> = (0..24).map(|number| vec![0x02, 0x01, number, 0]).collect();
    many.iter().for_each(|frame| rig.say(FAR, frame));
    rig.pass(100);
    assert_eq!(rig.frames(NEAR), many);
    let figures = rig.board.read();
    assert_eq!((figures.frames_sent, figures.frames_received), (25, 25));
    assert_eq!((figures.frames_unsent, figures.frames_unheard), (0, 0));
}

#[test]
fn a_frame_that_finds_no_room_is_counted_and_lost() {
    let mut rig = Rig::new();
    rig.say(NEAR, &[1]);
    assert_eq!(rig.board.read().frames_unsent, 1, "nothing is set up");
    rig.set_up();
    (0..40).for_each(|_| rig.say(NEAR, &[1, 2, 3]));
    rig.say(NEAR, &[]);
    rig.pass(500);
    let figures = rig.board.read();
    assert_eq!((figures.frames_unsent, figures.frames_received), (1 + 8 + 1, 32));
    rig.full.store(true, Ordering::Relaxed);
    rig.say(NEAR, &[4, 5, 6]);
    rig.pass(20);
    assert_eq!(rig.board.read().frames_unheard, 1);
}

#[test]
fn what_control_had_no_room_for_is_told_again_as_it_is_then() {
    let mut rig = Rig::new();
    rig.full.store(true, Ordering::Relaxed);
    rig.set_up();
    rig.pass(1_000);
    rig.full.store(false, Ordering::Relaxed);
    rig.pass(500);
    let told = rig.told();
    assert_eq!(found(&told).len(), 4);
    let states = told.iter().filter(|event| matches!(event, LineEvent::State(_))).count();
    assert_eq!(states, 4, "{told:?}");
}

#[test]
fn sound_crosses_between_the_lent_bearers_without_a_change() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.drain();
    let spoken: Vec<u8> = (0..2_000_u32).map(|at| (at * 7 + at / 256) as u8).collect();
    let (mut heard, mut room) = (Vec::new(), [0; BLOCK]);
    let mut blocks = spoken.chunks(BLOCK).peekable();
    while heard.len() < 3_000 {
        if let Some(block) = blocks.peek() {
            let here = rig.bearers.get_mut(&(NEAR, 5)).unwrap();
            if here.write(block).unwrap() > 0 {
                blocks.next();
            }
        }
        rig.pass(5);
        let there = rig.bearers.get_mut(&(FAR, 5)).unwrap();
        while there.read(&mut room).unwrap() > 0 {
            heard.extend_from_slice(&room);
        }
    }
    assert!(heard.windows(spoken.len()).any(|window| window == spoken));
}

#[test]
fn a_cut_is_red_at_its_receiver_and_yellow_at_the_other_end() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    rig.fault(NEAR, LineFault::Cut { on: true });
    let cut = rig.now;
    rig.pass(10);
    let told = rig.told();
    let state = |of| {
        told.iter().find_map(|event| match event {
            LineEvent::State(state) if state.span == of => Some(*state),
            LineEvent::State(_) | LineEvent::Found(_) | LineEvent::Frame { .. } => None,
        })
    };
    let (near, far) = (state(NEAR).unwrap(), state(FAR).unwrap());
    assert!(near.alarms.red && near.alarms.no_signal && !near.alarms.yellow, "{near:?}");
    assert!(far.alarms.yellow && !far.alarms.red, "{far:?}");
    rig.say(FAR, &[1, 2, 3]);
    rig.pass(990);
    assert!(rig.frames(NEAR).is_empty(), "a frame came through a cut");
    rig.fault(NEAR, LineFault::Cut { on: false });
    rig.pass(1_500);
    let last = rig.states(NEAR).last().copied().unwrap();
    assert!(!last.alarms.is_down());
    let seconds = last.counters.severely_errored_seconds;
    assert!((1..=2).contains(&seconds), "{seconds} within {:?}", rig.now - cut);
}

#[test]
fn counters_are_told_once_a_second_and_nothing_of_a_line_that_stands_still() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    rig.pass(10_000);
    assert_eq!(rig.told(), []);
    rig.fault(FAR, LineFault::BitErrors { per_million: 100 });
    rig.pass(5_000);
    let states = rig.states(FAR);
    assert!((4..=6).contains(&states.len()), "{}", states.len());
    let last = states.last().unwrap().counters;
    assert!(last.check_errors > 0 && last.code_violations > 0, "{last:?}");
    let far = rig.owner.turn(rig.now);
    assert!(far.is_some());
    rig.fault(FAR, LineFault::BitErrors { per_million: 0 });
    rig.fault(FAR, LineFault::Slip);
    rig.pass(1_500);
    assert!(rig.states(FAR).last().is_some_and(|state| state.counters.slips == 1));
}

#[test]
fn a_card_that_is_pulled_out_and_put_back_is_set_up_as_it_was() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    rig.fault(NEAR, LineFault::Card { out: true });
    rig.pass(30);
    let told = rig.states(NEAR);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].present && told[0].counters == LineCounters::default());
    assert!(rig.lent(NEAR).is_empty(), "they are lost, and wanted back");
    assert_eq!(rig.lent(FAR).len(), 30);
    rig.pass(5_000);
    rig.fault(NEAR, LineFault::Card { out: false });
    // It is looked for each second.
    rig.pass(1_100);
    assert!(rig.states(NEAR).last().is_some_and(|state| state.present && !state.alarms.red));
    assert_eq!(rig.lent(NEAR).len(), 30);
    rig.say(FAR, &[1, 2, 3]);
    rig.pass(20);
    assert_eq!(rig.frames(NEAR), [[1, 2, 3]]);
}

#[test]
fn a_bearer_that_somebody_lost_is_lent_anew() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.bearers.remove(&(NEAR, 7)).unwrap();
    rig.pass(300);
    assert_eq!(rig.lent(NEAR).len(), 30);
}

#[test]
fn a_line_waits_for_its_bearers_before_it_is_set_up_otherwise() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    // The thread with sound is busy, and takes no messages.
    let t0 = rig.now;
    let basic = r#"{"line": "line 1", "framing": "e1"}"#;
    rig.set(NEAR, basic);
    let mut next = rig.owner.turn(rig.now);
    while let Some(at) = next.filter(|at| *at <= t0 + Duration::from_millis(500)) {
        rig.now = at;
        next = rig.owner.turn(rig.now);
    }
    assert!(rig.states(NEAR).is_empty());
    rig.pass(100);
    assert_eq!(rig.lent(NEAR).len(), 30);
    rig.say(FAR, &[9]);
    rig.pass(20);
    assert_eq!(rig.frames(NEAR), [[9]]);
}

#[test]
fn other_channels_of_a_line_do_not_disturb_the_rest() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    rig.drain();
    rig.bearers.get_mut(&(FAR, 2)).unwrap().write(&[0x11; BLOCK]).unwrap();
    rig.pass(10);
    rig.set(NEAR, r#"{"line": "line 1", "channels": "1-4", "identifier": 3}"#);
    rig.pass(10);
    assert_eq!(rig.lent(NEAR), [1, 2, 3, 4]);
    let (mut room, mut heard) = ([0; BLOCK], false);
    while rig.bearers.get_mut(&(NEAR, 2)).unwrap().read(&mut room).unwrap() > 0 {
        heard |= room.contains(&0x11);
    }
    assert!(heard, "the channel was opened anew");
    assert!(rig.states(NEAR).is_empty());
    rig.set(NEAR, r#"{"line": "line 1"}"#);
    rig.pass(10);
    assert_eq!(rig.lent(NEAR).len(), 30);
}

#[test]
fn a_line_of_the_wrong_kind_is_absent_and_tried_again_with_growing_pauses() {
    let mut rig = Rig::new();
    rig.pass(0);
    rig.told();
    rig.set(T1, r#"{"line": "line 2"}"#);
    let mut tries = Vec::new();
    rig.owner.turn(rig.now);
    while tries.len() < 7 {
        rig.now = rig.owner.lines[usize::from(T1.0)].next(rig.now).unwrap();
        tries.push((rig.now - rig.began).as_secs());
        rig.owner.turn(rig.now);
    }
    assert_eq!(tries, [1, 3, 7, 15, 31, 61, 91]);
    let states = rig.states(T1);
    assert_eq!(states.len(), 1);
    assert!(!states[0].present);
    rig.set(T1, r#"{"line": "line 2", "framing": "t1_esf"}"#);
    rig.pass(100);
    assert!(rig.states(T1).last().is_some_and(|state| state.present));
    assert_eq!(rig.lent(T1), (1..=23).collect::<Vec<_>>());
}

#[test]
fn a_looped_span_hears_itself_until_that_is_over() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.told();
    let local = Some(SpanLoop::Local);
    rig.command(LineCommand::LoopBack { span: NEAR, loop_back: local });
    rig.say(NEAR, &[7, 7]);
    rig.pass(20);
    let told = rig.told();
    assert_eq!(frames(&told, NEAR), [[7, 7]]);
    assert_eq!(frames(&told, FAR), Vec::<Vec<u8>>::new());
    let looped = told.iter().any(|event| {
        matches!(event, LineEvent::State(state) if state.loop_back == local && state.alarms.looped)
    });
    assert!(looped, "{told:?}");
    rig.command(LineCommand::LoopBack { span: NEAR, loop_back: None });
    rig.say(NEAR, &[8, 8]);
    rig.pass(20);
    assert_eq!(rig.frames(FAR), [[8, 8]]);
}

#[test]
fn an_echo_comes_back_to_who_speaks_towards_it_and_not_to_the_other_end() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.fault(NEAR, LineFault::Echo { loss_db: Some(6), delay_ms: 20 });
    let near = rig.loudest_while_speaking(NEAR);
    assert!((3_700..4_300).contains(&near), "half of 8000 is left: {near}");
    let far = rig.loudest_while_speaking(FAR);
    assert!(far < 100, "{far}");
    rig.fault(NEAR, LineFault::Echo { loss_db: None, delay_ms: 0 });
    assert!(rig.loudest_while_speaking(NEAR) < 100);
}

#[test]
fn who_was_stopped_for_an_hour_does_not_make_up_for_it() {
    let mut rig = Rig::new();
    rig.set_up();
    rig.now += Duration::from_secs(3_600);
    let began = Instant::now();
    rig.pass(20);
    assert!(began.elapsed() < Duration::from_secs(5));
    rig.told();
    rig.say(NEAR, &[5]);
    rig.pass(20);
    assert_eq!(rig.frames(FAR), [[5]]);
}

/// In real time: what control's end and the thread itself do.
#[test]
fn the_thread_carries_frames_and_ends_when_control_lets_go() {
    let (events, told) = sync_channel(256);
    let tell = Box::new(move |event| events.try_send(event).is_ok());
    let sheet = Sheet::named("sim").unwrap().unwrap();
    let (mut handle, mut ended) = start(Setup { sheet, bearers: None, tell }).unwrap();
    let hear = || told.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(matches!(hear(), LineEvent::Found(facts) if facts.len() == 4));
    let near = Some(setting(r#"{"line": "line 1"}"#));
    let far = Some(setting(r#"{"line": "line 1 far end", "clock": 0}"#));
    handle.send(LineCommand::Setup { span: NEAR, setting: near });
    handle.send(LineCommand::Setup { span: FAR, setting: far });
    handle.send(LineCommand::Frame { span: NEAR, octets: [0, 1, 0x7F].into() });
    let octets = loop {
        match hear() {
            LineEvent::State(state) => assert!(state.present),
            LineEvent::Frame { span: FAR, octets } => break octets,
            event => panic!("no frame came, but {event:?}"),
        }
    };
    assert_eq!(*octets, [0, 1, 0x7F]);
    assert!(ended.try_recv().is_err());
    drop(handle);
    assert_eq!(ended.try_recv(), Ok(()));
}

#[test]
fn a_full_queue_loses_frames_and_keeps_the_last_setup_of_each_line() {
    let (mut handle, inbox) = unheard(2);
    for number in 0..4 {
        handle.send(LineCommand::Frame { span: NEAR, octets: [number].into() });
    }
    assert_eq!(handle.figures().commands_lost, 2);
    assert!(!handle.is_behind());
    let first = Some(setting(r#"{"line": "line 1"}"#));
    let last = Some(setting(r#"{"line": "line 1", "framing": "e1"}"#));
    handle.send(LineCommand::Setup { span: NEAR, setting: first });
    handle.send(LineCommand::Setup { span: NEAR, setting: last.clone() });
    handle.send(LineCommand::Setup { span: FAR, setting: None });
    assert!(handle.is_behind());
    assert_eq!(inbox.try_iter().count(), 2);
    handle.push();
    assert!(!handle.is_behind());
    let setups: Vec<_> = inbox.try_iter().collect();
    let near = LineCommand::Setup { span: NEAR, setting: last };
    assert_eq!(setups, [near, LineCommand::Setup { span: FAR, setting: None }]);
}
