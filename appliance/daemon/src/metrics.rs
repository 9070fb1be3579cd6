//! Figures in the text format of Prometheus.

use crate::lines::LineFigures;
use crate::media_worker::MediaFigures;
use call::{LineStatus, Load};
use exchange::Figures;
use std::fmt::Write;
use std::time::Duration;

/// What control counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Control {
    pub(crate) datagrams_received: u64,
    pub(crate) datagrams_sent: u64,
    /// The socket's buffer was full.
    pub(crate) datagrams_lost: u64,
    /// Nobody listens there, or no way leads there.
    pub(crate) datagrams_failed: u64,
    pub(crate) stream_messages: u64,
    /// Peers that read too slowly.
    pub(crate) streams_given_up: u64,
    turns: [u64; TURN_BOUNDS.len() + 1],
    turn_time: Duration,
}

/// What control knows at one instant.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) exchange: Figures,
    pub(crate) load: Load,
    pub(crate) media: MediaFigures,
    /// How the lines of the board do, and what went over their D channels; nothing without a board.
    pub(crate) lines: Vec<LineStatus>,
    pub(crate) frames: Option<LineFigures>,
    pub(crate) control: Control,
    pub(crate) connections: usize,
    pub(crate) facts: usize,
}

/// What others know.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Others {
    /// Letters that wait for control.
    pub(crate) mail: usize,
    /// Call records and bindings that wait for the disk.
    pub(crate) journal: usize,
    /// Those that were lost.
    pub(crate) facts_dropped: u64,
    /// The disk took the last batch.
    pub(crate) store_healthy: bool,
    /// SIP connections that were accepted and are up, and those that were refused.
    pub(crate) accepted: (usize, u64),
    /// The same of the web.
    pub(crate) web: (usize, u64),
}

impl Control {
    /// A turn of the loop took so long.
    pub(crate) fn turn(&mut self, took: Duration) {
        let slot = TURN_BOUNDS.iter().position(|bound| took.as_secs_f64() <= *bound);
        if let Some(count) = self.turns.get_mut(slot.unwrap_or(TURN_BOUNDS.len())) {
            *count += 1;
        }
        self.turn_time += took;
    }
}

/// All figures as text.
pub(crate) fn text(snapshot: &Snapshot, others: &Others) -> String {
    let mut page = Page::default();
    exchange(&mut page, &snapshot.exchange);
    load(&mut page, &snapshot.load);
    control(&mut page, &snapshot.control);
    page.gauge("strowger_sip_connections", "SIP connections that are up.", snapshot.connections);
    page.counter(
        "strowger_sip_connections_refused_total",
        "SIP connections over the limit.",
        &[("", others.accepted.1)],
    );
    page.gauge("strowger_web_connections", "Web connections that are up.", others.web.0);
    page.counter(
        "strowger_web_connections_refused_total",
        "Web connections over the limit.",
        &[("", others.web.1)],
    );
    page.head("strowger_queue_depth", "gauge", "What waits, by queue.");
    page.line("strowger_queue_depth", "queue=\"control\"", others.mail);
    page.line("strowger_queue_depth", "queue=\"facts\"", snapshot.facts);
    page.line("strowger_queue_depth", "queue=\"journal\"", others.journal);
    page.line("strowger_queue_depth", "queue=\"media\"", snapshot.media.commands_waiting);
    page.line("strowger_queue_depth", "queue=\"media_events\"", snapshot.media.events_waiting);
    page.counter(
        "strowger_facts_dropped_total",
        "Call records and bindings lost because the disk refused them for too long.",
        &[("", others.facts_dropped)],
    );
    page.gauge(
        "strowger_store_healthy",
        "1 when the disk took the last batch.",
        u8::from(others.store_healthy),
    );
    media(&mut page, &snapshot.media);
    if let Some(figures) = &snapshot.frames {
        frames(&mut page, figures);
        bearers(&mut page, &snapshot.media);
        lines(&mut page, &snapshot.lines);
    }
    page.text
}

fn exchange(page: &mut Page, figures: &Figures) {
    page.gauge("strowger_calls", "Calls that are up or being placed.", figures.calls);
    page.gauge("strowger_registrations", "Phones that are registered.", figures.registrations);
    page.gauge("strowger_legs", "Legs of calls, the ending ones included.", figures.legs);
    page.gauge("strowger_transactions", "SIP transactions in memory.", figures.transactions);
    page.head("strowger_media_ports", "gauge", "Pairs of media ports in control's hand.");
    page.line("strowger_media_ports", "state=\"lent\"", figures.ports_lent);
    page.line("strowger_media_ports", "state=\"free\"", figures.ports_free);
    let mut last = "";
    for (name, label, value) in &figures.counters {
        let full = format!("strowger_{name}_total");
        if *name != last {
            page.head(&full, "counter", "Counted by the exchange.");
            last = name;
        }
        let label = if label.is_empty() { String::new() } else { format!("kind=\"{label}\"") };
        page.line(&full, &label, value);
    }
}

fn load(page: &mut Page, load: &Load) {
    let cores = |nanos: u64| Duration::from_nanos(nanos.saturating_mul(50)).as_secs_f64();
    page.gauge(
        "strowger_media_load_cores",
        "Cores that the media of all calls take, by the measured prices.",
        cores(load.used_nanos),
    );
    if let Some(budget) = load.budget_nanos {
        page.gauge("strowger_media_budget_cores", "Cores that they may take.", cores(budget));
    }
    page.counter(
        "strowger_media_load_refused_total",
        "Calls and translations that were refused for want of room.",
        &[("", load.refused)],
    );
}

fn control(page: &mut Page, control: &Control) {
    page.counter(
        "strowger_sip_datagrams_total",
        "SIP datagrams.",
        &[
            ("outcome=\"received\"", control.datagrams_received),
            ("outcome=\"sent\"", control.datagrams_sent),
            ("outcome=\"lost\"", control.datagrams_lost),
            ("outcome=\"unreachable\"", control.datagrams_failed),
        ],
    );
    page.counter(
        "strowger_sip_stream_messages_total",
        "SIP messages that came over TCP or TLS.",
        &[("", control.stream_messages)],
    );
    page.counter(
        "strowger_sip_streams_given_up_total",
        "Peers that read too slowly.",
        &[("", control.streams_given_up)],
    );
    let name = "strowger_control_turn_seconds";
    page.head(name, "histogram", "How long a turn of the control loop takes.");
    let mut sum = 0;
    for (bound, count) in TURN_BOUNDS.iter().zip(control.turns) {
        sum += count;
        page.line(&format!("{name}_bucket"), &format!("le=\"{bound}\""), sum);
    }
    let all: u64 = control.turns.iter().sum();
    page.line(&format!("{name}_bucket"), "le=\"+Inf\"", all);
    page.line(&format!("{name}_sum"), "", control.turn_time.as_secs_f64());
    page.line(&format!("{name}_count"), "", all);
}

fn media(page: &mut Page, media: &MediaFigures) {
    page.counter(
        "strowger_media_packets_total",
        "Media packets, relayed or dropped with the reason.",
        &[
            ("outcome=\"relayed\"", media.relayed),
            ("outcome=\"not_lent\"", media.dropped_not_lent),
            ("outcome=\"malformed\"", media.dropped_malformed),
            ("outcome=\"stranger\"", media.dropped_strangers),
            ("outcome=\"flood\"", media.dropped_flood),
            ("outcome=\"not_bridged\"", media.dropped_not_bridged),
            ("outcome=\"nowhere\"", media.dropped_nowhere),
            ("outcome=\"late\"", media.dropped_late),
            ("outcome=\"keyed\"", media.dropped_keyed),
            ("outcome=\"untranslatable\"", media.dropped_untranslatable),
            ("outcome=\"forged\"", media.dropped_forged),
            ("outcome=\"keyless\"", media.dropped_keyless),
            ("outcome=\"handshake\"", media.dropped_handshakes),
            ("outcome=\"repeated\"", media.dropped_repeated),
            ("outcome=\"unprotected\"", media.dropped_unprotected),
            ("outcome=\"spoken_over\"", media.dropped_spoken_over),
            ("outcome=\"reported\"", media.dropped_reported),
            ("outcome=\"circle\"", media.dropped_circle),
            ("outcome=\"unsent\"", media.dropped_unsent),
        ],
    );
    page.counter(
        "strowger_media_handshakes_failed_total",
        "Handshakes of DTLS that ended because the box failed at what it was sent.",
        &[("", media.handshakes_failed)],
    );
    page.counter(
        "strowger_media_translated_total",
        "Media packets that came in and left in another encoding, or in packets of another length.",
        &[("", media.translated)],
    );
    page.counter(
        "strowger_conference_frames_total",
        "20 ms of one member of a conference: decoded, or passed over because it is silent.",
        &[
            ("outcome=\"decoded\"", media.conference_decoded),
            ("outcome=\"passed_over\"", media.conference_passed_over),
        ],
    );
    page.counter(
        "strowger_media_octets_total",
        "Octets of relayed media packets.",
        &[("", media.relayed_octets)],
    );
    page.head("strowger_media_port_pairs", "gauge", "Pairs of media ports.");
    page.line("strowger_media_port_pairs", "state=\"bound\"", media.pairs_bound);
    page.line("strowger_media_port_pairs", "state=\"free\"", media.pairs_free);
    page.line("strowger_media_port_pairs", "state=\"lent\"", media.pairs_lent);
    page.line("strowger_media_port_pairs", "state=\"resting\"", media.pairs_resting);
    page.counter(
        "strowger_media_port_pairs_taken_total",
        "Pairs of media ports that another program had.",
        &[("", media.pairs_taken)],
    );
    page.counter(
        "strowger_media_commands_misused_total",
        "Commands that made no sense to media.",
        &[("", media.commands_misused)],
    );
    page.counter("strowger_media_turns_total", "Turns of the media thread.", &[("", media.turns)]);
    page.head("strowger_media_in_real_time", "gauge", "1 where sound goes before other programs.");
    page.line("strowger_media_in_real_time", "", media.in_real_time);
}

fn frames(page: &mut Page, figures: &LineFigures) {
    page.counter(
        "strowger_line_frames_total",
        "Frames of D channels; those lost are said again (LAPD).",
        &[
            ("outcome=\"received\"", figures.frames_received),
            ("outcome=\"sent\"", figures.frames_sent),
            ("outcome=\"bad\"", figures.frames_bad),
            ("outcome=\"unheard\"", figures.frames_unheard),
            ("outcome=\"unsent\"", figures.frames_unsent),
        ],
    );
    page.counter(
        "strowger_line_commands_lost_total",
        "Frames and other commands that the thread of the lines had no room for.",
        &[("", figures.commands_lost)],
    );
}

fn bearers(page: &mut Page, media: &MediaFigures) {
    page.counter(
        "strowger_line_octets_total",
        "Octets of B channels while a call has them, or a test.",
        &[("direction=\"received\"", media.line_received), ("direction=\"sent\"", media.line_sent)],
    );
    page.counter(
        "strowger_line_sound_faults_total",
        "What went wrong with the octets of B channels: they came and found no room, there were none to be \
         sent, sound was left out or made up between line and packets, or the channel was lost.",
        &[
            ("kind=\"overrun\"", media.line_overruns),
            ("kind=\"underrun\"", media.line_underruns),
            ("kind=\"slip\"", media.line_slips),
            ("kind=\"lost\"", media.lines_lost),
        ],
    );
}

fn lines(page: &mut Page, lines: &[LineStatus]) {
    page.head("strowger_line_up", "gauge", "1 where a trunk uses a line that has no alarm.");
    for line in lines {
        let up = line.trunk.is_some() && line.present && !line.alarms.is_down();
        page.line("strowger_line_up", &named(line), u8::from(up));
    }
    page.head("strowger_line_alarm", "gauge", "1 while a line has this alarm.");
    for line in lines {
        let alarms = &line.alarms;
        for (name, on) in [
            ("absent", !line.present),
            ("red", alarms.red),
            ("yellow", alarms.yellow),
            ("blue", alarms.blue),
        ] {
            let label = format!("{},alarm=\"{name}\"", named(line));
            page.line("strowger_line_alarm", &label, u8::from(on));
        }
    }
    page.head("strowger_line_errors_total", "counter", "What a line's driver has counted.");
    for line in lines {
        let counters = &line.counters;
        for (name, count) in [
            ("slips", counters.slips),
            ("code_violations", counters.code_violations),
            ("check_errors", counters.check_errors),
            ("far_errors", counters.far_errors),
            ("framing_errors", counters.framing_errors),
            ("errored_seconds", counters.errored_seconds),
            ("severely_errored_seconds", counters.severely_errored_seconds),
            ("missed_interrupts", counters.missed_interrupts),
        ] {
            let label = format!("{},kind=\"{name}\"", named(line));
            page.line("strowger_line_errors_total", &label, count);
        }
    }
}

/// A line's name as a label. What would end the label is left out.
fn named(line: &LineStatus) -> String {
    let name = line.facts.name.replace(['"', '\\', '\n'], "");
    format!("line=\"{name}\"")
}

#[derive(Default)]
struct Page {
    text: String,
}

/// Writing to a `String` cannot fail.
impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, label: &str, value: impl std::fmt::Display) {
        let _ = match label {
            "" => writeln!(self.text, "{name} {value}"),
            label => writeln!(self.text, "{name}{{{label}}} {value}"),
        };
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, "gauge", help);
        self.line(name, "", value);
    }

    fn counter(&mut self, name: &str, help: &str, values: &[(&str, u64)]) {
        self.head(name, "counter", help);
        for (label, value) in values {
            self.line(name, label, value);
        }
    }
}

/// Upper bounds in seconds.
const TURN_BOUNDS: [f64; 8] = [0.000_05, 0.000_2, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0];

#[cfg(test)]
mod tests {
    use super::*;
    use call::{LineAlarms, LineCounters, LineKind, SpanFacts, SpanId};

    fn snapshot() -> Snapshot {
        let counters = vec![("messages", "INVITE", 3), ("messages", "ACK", 2), ("drops", "", 1)];
        let exchange = Figures { calls: 7, counters, ..Figures::default() };
        let mut control = Control { datagrams_received: 11, ..Control::default() };
        control.turn(Duration::from_micros(100));
        control.turn(Duration::from_secs(5));
        let media = MediaFigures {
            relayed: 13,
            line_received: 640,
            line_underruns: 5,
            line_slips: 6,
            ..MediaFigures::default()
        };
        let load = Load {
            capacity: None,
            budget_nanos: Some(14_000_000),
            used_nanos: 2_000_000,
            relayed_calls_left: None,
            refused: 1,
        };
        let facts = SpanFacts {
            span: SpanId(0),
            name: "line \"1\"".into(),
            description: String::new(),
            kind: LineKind::E1,
            simulated: true,
        };
        let line = LineStatus {
            facts,
            trunk: None,
            traced: false,
            present: true,
            watched: true,
            alarms: LineAlarms { red: true, ..LineAlarms::default() },
            counters: LineCounters { slips: 4, ..LineCounters::default() },
            is_clock: false,
            loop_back: None,
            d_channel: None,
            channels: Vec::new(),
        };
        let frames = Some(LineFigures { frames_sent: 17, ..LineFigures::default() });
        let lines = vec![line];
        Snapshot { exchange, load, media, lines, frames, control, connections: 1, facts: 0 }
    }

    #[test]
    fn every_figure_has_one_head_and_its_lines() {
        let others = Others { store_healthy: true, ..Others::default() };
        let text = text(&snapshot(), &others);
        for line in [
            "strowger_calls 7",
            "strowger_media_load_cores 0.1",
            "strowger_media_budget_cores 0.7",
            "strowger_messages_total{kind=\"ACK\"} 2",
            "strowger_drops_total 1",
            "strowger_sip_datagrams_total{outcome=\"received\"} 11",
            "strowger_control_turn_seconds_bucket{le=\"0.0002\"} 1",
            "strowger_control_turn_seconds_bucket{le=\"2\"} 1",
            "strowger_control_turn_seconds_bucket{le=\"+Inf\"} 2",
            "strowger_media_packets_total{outcome=\"relayed\"} 13",
            "strowger_line_frames_total{outcome=\"sent\"} 17",
            "strowger_line_octets_total{direction=\"received\"} 640",
            "strowger_line_sound_faults_total{kind=\"underrun\"} 5",
            "strowger_line_sound_faults_total{kind=\"slip\"} 6",
            "strowger_line_up{line=\"line 1\"} 0",
            "strowger_line_alarm{line=\"line 1\",alarm=\"red\"} 1",
            "strowger_line_errors_total{line=\"line 1\",kind=\"slips\"} 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let mut heads: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let all = heads.len();
        heads.sort_unstable();
        heads.dedup();
        assert_eq!(heads.len(), all);
    }
}
