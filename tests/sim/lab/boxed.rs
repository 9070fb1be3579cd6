//! The box among the others: inputs in, outputs done, as the daemon does it.

use super::{Connection, Event, Lab, Recorded};
use crate::text::Sip;
use crate::ua::Ua;
use call::{MediaCommand, MediaEvent, PortId};
use exchange::{Input, Output};
use media::Verdict;
use sip::flow::{ConnectionId, Flow, Transport};
use sip::resolve::{Answer, Question};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

impl Lab {
    /// Tells the box something and does what it says.
    pub fn input(&mut self, input: Input<'static>) {
        let at = self.elapsed();
        if let Some(recording) = &mut self.recording {
            recording.push((at, Recorded::Other(input.clone())));
        }
        self.exchange.handle(input, self.now);
        self.drain();
    }

    pub(super) fn receive(&mut self, flow: Flow, bytes: Vec<u8>) {
        let at = self.elapsed();
        self.exchange.handle(Input::Received { flow, bytes: &bytes }, self.now);
        if let Some(recording) = &mut self.recording {
            recording.push((at, Recorded::Received { flow, bytes }));
        }
        self.drain();
    }

    /// Does all that the box wants done.
    pub(super) fn drain(&mut self) {
        while let Some(output) = self.exchange.poll_output() {
            let mut hasher = DefaultHasher::new();
            (self.elapsed(), format!("{output:?}")).hash(&mut hasher);
            self.digest = self.digest.rotate_left(7) ^ hasher.finish();
            if self.recording.is_some() {
                self.outputs.push(hasher.finish());
            }
            self.does(output);
        }
        assert!(self.exchange.poll_output().is_none(), "drained means empty");
    }

    fn does(&mut self, output: Output) {
        match output {
            Output::Send { flow, bytes } => self.box_sends(flow, &bytes),
            Output::Connect { connection, transport, remote, name: _ } => {
                self.connects(connection, transport, remote);
            }
            Output::Disconnect { connection } => {
                self.connections.remove(&connection);
            }
            Output::Media(command) => self.command(command),
            Output::Line(command) => self.line(command),
            Output::Resolve(question) => {
                self.asked.push(question.clone());
                self.after(self.dns_delay, Event::Resolved(question));
            }
            Output::Fetch(fetch) => self.fetched.push(fetch),
            Output::Feed { port, play, recording } => self.feeds.push((port, play, recording)),
            Output::Taped { recording, by, begun, .. } => self.taped.push((recording, by, begun)),
            Output::Record(record) => self.keep(*record),
            Output::Bind(binding) => {
                self.bindings.insert(binding.id, (*binding).clone());
            }
            Output::Unbind(id) => {
                self.bindings.remove(&id);
            }
            Output::Notify(event) => self.events.push(event),
            Output::Finished => self.finished = true,
        }
    }

    fn box_sends(&mut self, flow: Flow, bytes: &[u8]) {
        if let Some(message) = Sip::read(bytes) {
            let (_, to) = self
                .wire
                .route(self.source(&flow), flow.remote)
                .unwrap_or((flow.local, flow.remote));
            let found = match flow.connection {
                Some(connection) => self.connections.get(&connection).and_then(|known| known.ua),
                None => self.uas.iter().position(|ua| ua.at == to),
            };
            let name = found.map_or(to.to_string(), |index| self.uas[index].name.clone());
            self.note("box".to_owned(), name, &message);
            if let Some(index) = found {
                self.secrets.of_box(index, &message);
                self.secrets.check(index, &self.uas, &message);
            }
        }
        match flow.connection {
            None => {
                let from = self.source(&flow);
                let known = self.uas.iter().any(|ua| ua.at.ip() == flow.remote.ip());
                if self.icmp && !known {
                    self.after(Duration::from_millis(1), Event::SendFailed(flow));
                }
                self.post(from, flow.remote, bytes.to_vec());
            }
            Some(connection) => {
                let delay = match self.connections.get(&connection).map(|known| known.up) {
                    Some(true) => self.wire.delay,
                    Some(false) => self.wire.delay * 3,
                    None => return,
                };
                self.after(delay, Event::FromBox { connection, bytes: bytes.to_vec() });
            }
        }
    }

    /// The address that a datagram of the box leaves from: its flow's, else the kernel's choice.
    fn source(&self, flow: &Flow) -> SocketAddr {
        let ip = match flow.local.ip() {
            ip if ip.is_unspecified() => self.own_address(flow.remote.ip()),
            ip => ip,
        };
        SocketAddr::new(ip, flow.local.port())
    }

    fn own_address(&self, remote: IpAddr) -> IpAddr {
        let near = |(own, bits): &&(IpAddr, u8)| {
            own.is_ipv4() == remote.is_ipv4()
                && config::Subnet::new(*own, *bits).is_ok_and(|subnet| subnet.contains(remote))
        };
        let addresses = &self.surroundings.addresses;
        let family = |(own, _): &&(IpAddr, u8)| own.is_ipv4() == remote.is_ipv4();
        addresses.iter().find(near).or_else(|| addresses.iter().find(family)).unwrap().0
    }

    pub(super) fn is_box(&self, ip: IpAddr) -> bool {
        self.surroundings.addresses.iter().any(|(own, _)| *own == ip)
    }

    fn command(&mut self, command: MediaCommand) {
        match &command {
            MediaCommand::Provide { address, spare } => self.provide(*address, *spare),
            MediaCommand::Open { port, .. } | MediaCommand::Close { port }
                if port.is_browser() || port.is_line() => {}
            MediaCommand::Open { port, .. } => {
                let free = self.pool.free.entry(port.address).or_default();
                assert!(free.remove(&port.port), "{port:?} was not free");
                assert!(self.pool.lent.insert(*port), "{port:?} was lent twice");
            }
            MediaCommand::Close { port } => {
                assert!(self.pool.lent.remove(port), "{port:?} was not lent");
                let free = MediaEvent::Free { address: port.address, ports: vec![port.port] };
                self.after(Duration::from_secs(2), Event::Media(free));
            }
            MediaCommand::Browser(transport) => self.transports.push((**transport).clone()),
            MediaCommand::Handshake { port, handshake: Some(handshake) } => {
                self.handshakes.push((*port, (**handshake).clone()));
            }
            MediaCommand::Kind { .. }
            | MediaCommand::Peer { .. }
            | MediaCommand::Meet { .. }
            | MediaCommand::Line { .. }
            | MediaCommand::LoopBack { .. }
            | MediaCommand::Bert { .. }
            | MediaCommand::BertError { .. }
            | MediaCommand::Bridge { .. }
            | MediaCommand::Unbridge { .. }
            | MediaCommand::Formats { .. }
            | MediaCommand::Handshake { .. }
            | MediaCommand::Shaken { .. }
            | MediaCommand::Unshaken { .. }
            | MediaCommand::Say { .. }
            | MediaCommand::Keys { .. }
            | MediaCommand::KeysTold { .. }
            | MediaCommand::Extended { .. }
            | MediaCommand::Levels { .. }
            | MediaCommand::Press { .. }
            | MediaCommand::Refresh { .. }
            | MediaCommand::Held { .. }
            | MediaCommand::Past { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::Feed { .. }
            | MediaCommand::Stop { .. }
            | MediaCommand::Join { .. }
            | MediaCommand::Leave { .. }
            | MediaCommand::Mute { .. }
            | MediaCommand::Gain { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::StopRecord { .. }
            | MediaCommand::Capture { .. }
            | MediaCommand::StopCapture { .. } => {}
        }
        self.engine.handle(command, self.now);
        self.drain_engine();
    }

    fn provide(&mut self, address: u8, spare: u16) {
        let free = self.pool.free.entry(address).or_default().len();
        let missing = usize::from(spare).saturating_sub(free);
        let next = self.pool.next.entry(address).or_insert(20_000);
        let mut ports = Vec::new();
        for _ in 0..missing {
            if *next < 29_998 {
                ports.push(*next);
                *next += 2;
            }
        }
        let event = match ports.is_empty() && missing > 0 {
            true => MediaEvent::Exhausted { address },
            false => MediaEvent::Free { address, ports },
        };
        self.after(Duration::from_millis(1), Event::Media(event));
    }

    pub(super) fn drain_engine(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.after(Duration::from_millis(1), Event::Media(event));
        }
    }

    /// What the box itself has to say by now leaves.
    pub(super) fn engine_speaks(&mut self) {
        while let Some(spoken) = self.engine.speak(self.now) {
            while let Some(packet) = self.engine.poll_packet().map(<[u8]>::to_vec) {
                self.box_says(spoken.port, false, spoken.to, packet);
            }
        }
        self.drain_engine();
    }

    /// A packet comes to a media port of the box.
    pub(super) fn packet(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let port = PortId { address: u8::from(to.is_ipv6()), port: to.port() & !1 };
        let rtcp = to.port() & 1 == 1;
        let mut bytes = bytes.to_vec();
        let verdict = self.engine.packet(port, rtcp, from, &mut bytes, self.now);
        self.carry(verdict, bytes);
        self.drain_engine();
    }

    /// What becomes of a packet that came to the box leaves it.
    pub(super) fn carry(&mut self, verdict: Verdict, bytes: Vec<u8>) {
        let (port, rtcp, to) = match verdict {
            Verdict::Forward { port, rtcp, to } => return self.box_says(port, rtcp, to, bytes),
            Verdict::Translated { port, to } => (port, false, to),
            Verdict::Ciphered { port, rtcp, to } => (port, rtcp, to),
            Verdict::Enclosed | Verdict::Carried | Verdict::Handshake | Verdict::Drop(_) => return,
        };
        while let Some(packet) = self.engine.poll_packet().map(<[u8]>::to_vec) {
            self.box_says(port, rtcp, to, packet);
        }
    }

    fn box_says(&mut self, port: PortId, rtcp: bool, to: SocketAddr, bytes: Vec<u8>) {
        let ip = self.own_address(to.ip());
        self.post(SocketAddr::new(ip, port.port + u16::from(rtcp)), to, bytes);
    }

    pub(super) fn resolve(&mut self, question: Question) {
        let answer = match self.dns.get(&question) {
            Some(records) => {
                Answer { records: records.clone(), ttl: Some(Duration::from_secs(60)) }
            }
            None => Answer::nothing(),
        };
        self.input(Input::Resolved { question, answer });
    }

    /// The box opens a stream.
    fn connects(&mut self, connection: ConnectionId, transport: Transport, remote: SocketAddr) {
        let name = transport.via_name();
        let takes = |ua: &Ua| ua.transport == name || ua.habits.takes_streams;
        let mut uas = self.uas.iter();
        let found = uas.position(|ua| ua.at == remote && takes(ua) && !ua.habits.dead);
        let Some(ua) = found else {
            self.connections.insert(
                connection,
                Connection { ua: None, transport, local: remote, remote, up: false },
            );
            return self.after(self.wire.delay * 2, Event::Broken { connection });
        };
        let local = SocketAddr::new(self.own_address(remote.ip()), super::OPENED_FROM);
        self.connections
            .insert(connection, Connection { ua: Some(ua), transport, local, remote, up: false });
        self.after(self.wire.delay * 2, Event::Opened { connection });
    }

    pub(super) fn opened(&mut self, connection: ConnectionId) {
        let Some(known) = self.connections.get_mut(&connection) else { return };
        known.up = true;
        let local = known.local;
        self.input(Input::Connected { connection, local });
    }

    /// A user agent sends by its stream to the box; it opens one when there is none.
    pub(super) fn send_stream(&mut self, index: usize, to: SocketAddr, bytes: Vec<u8>) {
        let known = self.connections.iter().find(|(_, known)| known.ua == Some(index) && known.up);
        let connection = known.map(|(id, _)| *id).unwrap_or_else(|| {
            self.next_accepted += 2;
            let connection = ConnectionId(self.next_accepted);
            let ua = &self.uas[index];
            let transport = Transport::from_name(ua.transport).unwrap();
            let port = 49_000 + u16::try_from(self.next_accepted % 1000).unwrap();
            let own = SocketAddr::new(ua.at.ip(), port);
            let (remote, _) = self.wire.route(own, to).unwrap_or((own, to));
            let stream = Connection { ua: Some(index), transport, local: to, remote, up: true };
            self.connections.insert(connection, stream);
            connection
        });
        self.after(self.wire.delay, Event::ToBox { connection, bytes });
    }

    /// All streams of a user agent break.
    pub fn breaks_streams_of(&mut self, name: &str) {
        let index = self.index(name);
        let broken: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, known)| known.ua == Some(index))
            .map(|(id, _)| *id)
            .collect();
        if !broken.is_empty() {
            self.uas[index].stream_broke(self.now);
        }
        for connection in broken {
            if let Some(known) = self.connections.get_mut(&connection) {
                known.up = false;
            }
            self.after(Duration::ZERO, Event::Broken { connection });
        }
    }
}

/// Where the box's media is bound.
pub(super) fn media_addresses() -> Vec<IpAddr> {
    vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]
}
