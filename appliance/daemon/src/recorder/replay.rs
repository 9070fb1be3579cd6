//! `strowgerd replay`: a recording goes into a fresh exchange, and what comes out must be the same.

use super::entry::Recorded;
use super::{Head, Line, Tally, VERSION};
use crate::Failure;
use crate::console::say;
use exchange::Exchange;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

/// What a replay came to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Everything was the same.
    Identical { inputs: u64, outputs: u64 },
    /// The first input after which it was not.
    Different { input: u64, at: Duration, what: String },
}

/// Why there is no outcome.
#[derive(Debug)]
enum Unreadable {
    Io(std::io::Error),
    NotARecording,
    /// This line is none.
    Line(u64),
}

/// Replays a recording and says how it went.
pub(crate) fn replay(path: &Path) -> Result<(), Failure> {
    let file = File::open(path).map_err(|error| {
        Failure::Refused(format!("{} cannot be read ({error}): name a recording", path.display()))
    })?;
    match run(BufReader::new(file)) {
        Ok(Outcome::Identical { inputs, outputs }) => {
            say(format_args!("{inputs} inputs, {outputs} outputs, identical"))
        }
        Ok(Outcome::Different { input, at, what }) => Err(Failure::Failed(format!(
            "different from input {input} on, {:.6} s after the start: {what}",
            at.as_secs_f64()
        ))),
        Err(Unreadable::Io(error)) => Err(Failure::Failed(format!("{}: {error}", path.display()))),
        Err(Unreadable::NotARecording) => Err(Failure::Refused(format!(
            "{} is not a recording: name a file that strowgerd run --record wrote",
            path.display()
        ))),
        Err(Unreadable::Line(line)) => {
            Err(Failure::Failed(format!("{}: line {line} is damaged", path.display())))
        }
    }
}

fn run(mut file: impl BufRead) -> Result<Outcome, Unreadable> {
    let head = read_line(&mut file)?.ok_or(Unreadable::NotARecording)?;
    let head: Head = serde_json::from_str(&head).map_err(|_| Unreadable::NotARecording)?;
    let seed = seed(&head.seed).ok_or(Unreadable::NotARecording)?;
    if head.strowgerd != VERSION {
        eprintln!("recorded by strowgerd {}, this is {VERSION}", head.strowgerd);
    }
    let start = Instant::now();
    let mut exchange = Exchange::new(seed, start);
    let mut tally = Tally::default();
    let (mut inputs, mut outputs) = (0, 0);
    while let Some(text) = read_line(&mut file)? {
        let line: Line = serde_json::from_str(&text).map_err(|_| Unreadable::Line(inputs + 2))?;
        let at = Duration::from_nanos(line.at);
        tally.outputs = 0;
        let said = feed(&mut exchange, &line.input, start + at, &mut tally);
        if tally.outputs != line.outputs || format!("{:016x}", tally.hash) != line.hash {
            let what = format!(
                "it led to {} outputs and now leads to {}: {:?} -> {said:?}",
                line.outputs, tally.outputs, line.input
            );
            return Ok(Outcome::Different { input: inputs + 1, at, what });
        }
        inputs += 1;
        outputs += tally.outputs;
    }
    Ok(Outcome::Identical { inputs, outputs })
}

fn feed(
    exchange: &mut Exchange,
    input: &Recorded,
    now: Instant,
    tally: &mut Tally,
) -> Vec<exchange::Output> {
    let message = input.message();
    match input.input(&message) {
        Some(input) => exchange.handle(input, now),
        None => exchange.handle_timeout(now),
    }
    let said: Vec<_> = std::iter::from_fn(|| exchange.poll_output()).collect();
    said.iter().for_each(|output| tally.add(output));
    said
}

/// The next line that has its end; without one the recording breaks off before it.
fn read_line(file: &mut impl BufRead) -> Result<Option<String>, Unreadable> {
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line).map_err(Unreadable::Io)?;
    if line.pop() != Some(b'\n') {
        return Ok(None);
    }
    String::from_utf8(line).map(Some).map_err(|_| Unreadable::NotARecording)
}

fn seed(hex: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if hex.len() != seed.len() * 2 {
        return None;
    }
    for (octet, at) in seed.iter_mut().zip((0..).step_by(2)) {
        *octet = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use super::super::Recorder;
    use super::*;
    use call::UnixMillis;
    use exchange::{Input, Surroundings};
    use sip::flow::{Flow, Transport};
    use std::sync::Arc;

    const OPTIONS: &[u8] = b"OPTIONS sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n\
        Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:pbx>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\
        Content-Length: 0\r\n\r\n";

    /// A short life of an exchange, recorded.
    fn recorded() -> Vec<u8> {
        let path = std::env::temp_dir().join(format!("strowger-rec-{}", std::process::id()));
        let start = Instant::now();
        let mut recorder = Recorder::create(&path, [7; 32], start).unwrap();
        let mut exchange = Exchange::new([7; 32], start);
        let local = "192.0.2.1:5060".parse().unwrap();
        let flow = Flow::udp(local, "192.0.2.9:5060".parse().unwrap());
        let surroundings = Surroundings {
            listeners: vec![(Transport::Udp, local)],
            addresses: vec![(local.ip(), 24)],
            ..Surroundings::default()
        };
        let inputs = [
            Input::Surroundings(surroundings),
            Input::Clock(UnixMillis(1_800_000_000_000)),
            Input::Config(Arc::new(config::Config::fresh("strowger"))),
            Input::Restored(Vec::new()),
            Input::Received { flow, bytes: OPTIONS },
            Input::SendFailed { flow },
        ];
        for (at, input) in (0..).zip(inputs) {
            let now = start + Duration::from_millis(at);
            recorder.input(&input, now);
            exchange.handle(input, now);
            while let Some(output) = exchange.poll_output() {
                recorder.output(&output);
            }
            recorder.end();
        }
        recorder.flush();
        let file = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    #[test]
    fn a_recording_comes_out_the_same_also_when_it_breaks_off() {
        let file = recorded();
        assert!(matches!(run(&file[..]), Ok(Outcome::Identical { inputs: 6, .. })));
        assert!(matches!(run(&file[..file.len() - 9]), Ok(Outcome::Identical { inputs: 5, .. })));
    }

    #[test]
    fn the_first_difference_is_named() {
        let text = String::from_utf8(recorded()).unwrap();
        let line = text.lines().nth(5).unwrap();
        let other = line.replace("\"outputs\":", "\"outputs\":9");
        let outcome = run(text.replace(line, &other).as_bytes()).unwrap();
        assert!(matches!(outcome, Outcome::Different { input: 5, .. }), "{outcome:?}");
    }

    #[test]
    fn another_file_is_not_a_recording() {
        assert!(matches!(run(&b"hello\n"[..]), Err(Unreadable::NotARecording)));
        assert!(matches!(run(&b""[..]), Err(Unreadable::NotARecording)));
    }
}
