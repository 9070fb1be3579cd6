//! What people do with phones, and what they hear.

use super::Lab;
use crate::text::Sip;
use crate::ua::{Called, Habits, Phase, Talk, Ua};
use call::{CallRecord, CallState};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One phone or carrier, and the call that is meant: the latest that is not over.
pub struct Phone<'a> {
    lab: &'a mut Lab,
    index: usize,
    call: Option<usize>,
}

impl Lab {
    /// A phone or carrier by its name.
    pub fn phone(&mut self, name: &str) -> Phone<'_> {
        let index = self.index(name);
        Phone { lab: self, index, call: None }
    }

    /// One side talks with the other, and with nobody else: each hears the words that the other says
    /// now.
    pub fn talk(&mut self, one: &str, other: &str) {
        let marks = [one, other].map(|name| self.phone(name).heard().len());
        self.run_for(LISTEN);
        for (hears, speaks, mark) in [(one, other, marks[0]), (other, one, marks[1])] {
            let heard = self.phone(hears).heard();
            let heard = &heard[mark.min(heard.len())..];
            assert!(heard.len() >= 2, "{hears} hears nothing of {speaks}");
            let strange = heard.iter().find(|(name, _)| name != speaks);
            assert!(strange.is_none(), "{hears} hears {strange:?} instead of {speaks}");
        }
    }

    /// One side hears the other. What the other hears is not asked.
    pub fn hears(&mut self, one: &str, other: &str) {
        let mark = self.phone(one).heard().len();
        self.run_for(LISTEN);
        let heard = self.phone(one).heard();
        let heard = &heard[mark.min(heard.len())..];
        assert!(!heard.is_empty(), "{one} hears nothing");
        assert!(heard.iter().all(|(name, _)| name == other), "{one} hears {heard:?}");
    }

    /// The box itself lets this one hear something, without a pause, and nobody else does.
    pub fn hears_the_box(&mut self, name: &str) {
        self.run_ms(100);
        let (words, sounds) = (self.phone(name).heard().len(), self.phone(name).talk().sounds);
        self.run_for(LISTEN);
        let heard = self.phone(name).talk().sounds - sounds;
        // 20 ms each.
        assert!((80..=90).contains(&heard), "{name} hears {heard} packets of the box");
        assert_eq!(self.phone(name).heard().len(), words, "{name} hears somebody");
    }

    /// Nothing reaches this one.
    pub fn hears_nothing(&mut self, name: &str) {
        self.run_ms(100);
        let (mark, sounds) = (self.phone(name).heard().len(), self.phone(name).talk().sounds);
        self.run_for(LISTEN);
        let heard = self.phone(name).heard();
        assert_eq!(heard.len(), mark, "{name} hears {:?}", heard.last());
        assert_eq!(self.phone(name).talk().sounds, sounds, "{name} hears the box");
    }

    /// The records of calls that are over, oldest first.
    pub fn ended(&self) -> Vec<&CallRecord> {
        self.records.values().filter(|record| record.state == CallState::Ended).collect()
    }

    /// The record of the last call.
    pub fn record(&self) -> &CallRecord {
        self.records.values().next_back().expect("no call was made")
    }

    /// Sends a datagram from anywhere to anywhere.
    pub fn inject(&mut self, from: &str, to: SocketAddr, bytes: &[u8]) {
        self.post(from.parse().unwrap(), to, bytes.to_vec());
    }

    /// The names of all phones and carriers.
    pub fn names(&self) -> Vec<String> {
        self.uas.iter().map(|ua| ua.name.clone()).collect()
    }
}

impl Phone<'_> {
    /// A certain call, in the order in which this phone had them.
    #[must_use]
    pub fn on(mut self, call: usize) -> Self {
        self.call = Some(call);
        self
    }

    /// Changes what it does by itself.
    pub fn habits(&mut self, change: impl FnOnce(&mut Habits)) -> &mut Self {
        change(&mut self.ua().habits);
        self
    }

    /// What it does when it is called.
    pub fn when_called(&mut self, called: Called) {
        self.ua().habits.called = called;
    }

    /// The user agent itself.
    pub fn ua(&mut self) -> &mut Ua {
        &mut self.lab.uas[self.index]
    }

    /// Registers.
    pub fn registers(&mut self) {
        self.act(|ua, now| {
            ua.registration.expires = ua.registration.expires.max(1);
            if ua.registration.expires == 1 {
                ua.registration.expires = 3600;
            }
            ua.register(now);
        });
    }

    /// Takes its binding back.
    pub fn unregisters(&mut self) {
        self.act(|ua, now| {
            ua.registration.expires = 0;
            ua.register(now);
        });
    }

    /// Whether its last REGISTER was accepted.
    pub fn is_registered(&mut self) -> bool {
        self.ua().registration.is_up()
    }

    /// Calls somebody; the number of the call.
    pub fn dials(&mut self, number: &str) -> usize {
        let now = self.lab.now;
        let call = self.ua().dial(number, now);
        self.lab.send_all();
        call
    }

    /// Calls a URI under another name in To, as carriers do.
    pub fn dials_uri(&mut self, uri: &str, to: &str) -> usize {
        let now = self.lab.now;
        let call = self.ua().dial_uri(uri, to, now);
        self.lab.send_all();
        call
    }

    /// Sends the `number`th packet of sound, of 160 octets.
    pub fn says_sound(&mut self, payload_type: u8, number: u32, payload: &[u8]) {
        let (from, to) = (self.talk().rtp, self.talk().remote_rtp.expect("a call is up"));
        let mut packet = vec![0x80, payload_type];
        packet.extend((number as u16).to_be_bytes());
        packet.extend((number * 160).to_be_bytes());
        packet.extend([0, 0, 0, 9]);
        packet.extend(payload);
        self.lab.post(from, to, packet);
    }

    /// Answers what rings.
    pub fn answers(&mut self) {
        self.in_call(Ua::answer);
    }

    /// Refuses what rings.
    pub fn refuses(&mut self, status: u16) {
        self.in_call(|ua, call, now| ua.refuse(call, status, now));
    }

    /// Says 1xx, with or without a description.
    pub fn says(&mut self, status: u16, sdp: bool) {
        self.in_call(|ua, call, now| ua.says(call, status, sdp, now));
    }

    /// Gives up what nobody answered.
    pub fn cancels(&mut self) {
        self.in_call(Ua::cancel);
    }

    /// Hangs up.
    pub fn hangs_up(&mut self) {
        self.in_call(Ua::hang_up);
    }

    /// Puts the other side on hold.
    pub fn holds(&mut self) {
        self.offers("sendonly");
    }

    /// Takes it back.
    pub fn resumes(&mut self) {
        self.offers("sendrecv");
    }

    /// Sends a re-INVITE for this direction.
    pub fn offers(&mut self, direction: &'static str) {
        self.in_call(|ua, call, now| {
            ua.calls[call].direction = direction;
            ua.offer(call, "INVITE", now);
        });
    }

    /// Sends the other side elsewhere.
    pub fn transfers(&mut self, number: &str) {
        self.in_call(|ua, call, now| ua.refer(call, number, None, now));
    }

    /// Connects its two calls with each other.
    pub fn joins(&mut self, number: &str, other: usize) {
        self.in_call(|ua, call, now| ua.refer(call, number, Some(other), now));
    }

    /// Presses a key.
    pub fn presses(&mut self, key: char) {
        self.in_call(|ua, call, now| ua.press(call, key, now));
    }

    /// Asks for a whole picture.
    pub fn wants_picture(&mut self) {
        self.in_call(|ua, call, now| ua.wants_picture(call, now));
    }

    /// Writes to somebody.
    pub fn writes(&mut self, number: &str, text: &str) {
        self.act(|ua, now| ua.message(number, text, now));
    }

    /// Sends any request outside of calls.
    pub fn sends(&mut self, method: &str, number: &str, headers: &[(&str, &str)]) {
        self.act(|ua, now| ua.send(method, number, headers, now));
    }

    /// How far the call is that is meant.
    pub fn phase(&mut self) -> Phase {
        self.talk().phase
    }

    /// Whether the call is up.
    pub fn is_up(&mut self) -> bool {
        self.phase() == Phase::Up
    }

    /// Whether it rings.
    pub fn rings(&mut self) -> bool {
        self.phase() == Phase::Ringing
    }

    /// Whether the last call is over.
    pub fn is_free(&mut self) -> bool {
        self.ua().calls.iter().all(|talk| talk.phase == Phase::Over)
    }

    /// Which of its calls are not over.
    pub fn live(&mut self) -> Vec<usize> {
        let calls = self.ua().calls.iter().enumerate();
        calls.filter(|(_, talk)| talk.phase != Phase::Over).map(|(at, _)| at).collect()
    }

    /// The last status that answered its INVITE.
    pub fn status(&mut self) -> Option<u16> {
        self.talk().status()
    }

    /// The call that is meant.
    pub fn talk(&mut self) -> &mut Talk {
        let call = self.which();
        &mut self.ua().calls[call]
    }

    /// What it heard in all its calls, in order.
    pub fn heard(&mut self) -> Vec<(String, u32)> {
        self.ua().calls.iter().flat_map(|talk| talk.heard.clone()).collect()
    }

    /// The last message of this method or status that it received.
    pub fn saw(&mut self, wanted: &str) -> Sip {
        let ladder = self.lab.ladder();
        let ua = &self.lab.uas[self.index];
        ua.last(wanted).unwrap_or_else(|| panic!("{} saw no {wanted}\n{ladder}", ua.name)).clone()
    }

    /// How many of them.
    pub fn count(&mut self, wanted: &str) -> usize {
        self.ua().count(wanted)
    }

    /// Does anything with the user agent, and sends what comes of it.
    pub fn act(&mut self, act: impl FnOnce(&mut Ua, Instant)) {
        let now = self.lab.now;
        act(self.ua(), now);
        self.ua().speak(now);
        self.lab.send_all();
    }

    /// Does anything with the call that is meant.
    pub fn in_call(&mut self, act: impl FnOnce(&mut Ua, usize, Instant)) {
        let call = self.which();
        self.act(|ua, now| act(ua, call, now));
    }

    fn which(&mut self) -> usize {
        if let Some(call) = self.call {
            return call;
        }
        let name = self.ua().name.clone();
        let calls = &self.ua().calls;
        let live = calls.iter().rposition(|talk| talk.phase != Phase::Over);
        live.or(calls.len().checked_sub(1)).unwrap_or_else(|| panic!("{name} has no call"))
    }
}

/// How long "hears" listens: a few words.
const LISTEN: Duration = Duration::from_millis(1_700);
