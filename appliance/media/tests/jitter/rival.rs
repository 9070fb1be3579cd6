//! What losses sound like, beside the crate `neteq` in the same run.
//!
//! With the prompts of Debian's `asterisk-core-sounds-en-wav`, and the Python package `pesq` of
//! `PESQ_PYTHON` or of the system's Python. What is missing is said in a line that begins with
//! `skip `.

use crate::network::{Chance, ms};
use call::Codec;
use media::codec::{Hearing, Types};
use media::jitter::{Decoder, JitterBuffer, Packet, Settings};
use media_dsp::g711::{self, Law};
use media_dsp::resample::Rate;
use neteq::{AudioPacket, NetEq, NetEqConfig, RtpHeader};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[test]
fn the_pesq_of_jitter_is_that_of_a_calm_network() {
    let Some(speech) = speech(60) else { return };
    let Some(contest) = Contest::new(&speech) else { return };
    let octets = coded(&speech);
    let none = vec![false; octets.len() / 160];
    let calm = contest.score(&ours(&octets, &none, 0));
    for (most, least) in [(ms(20), calm - 0.02), (ms(60), calm - 0.02), (ms(120), calm - 0.05)] {
        let score = contest.score(&ours(&octets, &none, most));
        println!("late by up to {most} µs: PESQ {score:.2}, {calm:.2} where all come in time");
        assert!(score >= least, "{most} µs: {score:.2}");
    }
}

#[test]
fn the_pesq_of_random_and_bursty_loss_is_not_below_neteqs() {
    let Some(speech) = speech(60) else { return };
    let Some(contest) = Contest::new(&speech) else { return };
    let octets = coded(&speech);
    for (name, begins, goes_on) in [("no", 0, 0), ("random", 50, 50), ("bursty", 18, 667)] {
        let lost = lost(begins, goes_on, octets.len() / 160);
        let ours = contest.score(&ours(&octets, &lost, 0));
        // Whatever serves it best.
        let waits = [20, 40].map(|wait| contest.score(&theirs(&octets, &lost, wait)));
        let theirs = waits.into_iter().fold(0.0, f64::max);
        let percent = lost.iter().filter(|it| **it).count() as f64 * 100.0 / lost.len() as f64;
        println!("{name} loss, {percent:.1} %: PESQ {ours:.2}, neteq {theirs:.2}");
        // Where nothing is lost, neither does anything; it begins at once, and has less to catch up
        // with.
        let least = if lost.contains(&true) { theirs } else { theirs - 0.03 };
        assert!(ours >= least, "{name} loss: {ours:.2}, neteq {theirs:.2}");
    }
}

/// Scores by ITU-T P.862.
struct Contest<'a> {
    python: OsString,
    folder: TempDir,
    speech: &'a [i16],
}

impl<'a> Contest<'a> {
    fn new(speech: &'a [i16]) -> Option<Self> {
        let python = std::env::var_os("PESQ_PYTHON").unwrap_or_else(|| "python3".into());
        let there = Command::new(&python).args(["-c", "import pesq"]).output();
        if !there.is_ok_and(|it| it.status.success()) {
            skip("pesq: pip install pesq numpy, and name that Python in PESQ_PYTHON");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        Some(Self { python, folder, speech })
    }

    fn score(&self, heard: &[i16]) -> f64 {
        let bytes = |pcm: &[i16]| pcm.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>();
        fs::write(self.folder.path().join("whole"), bytes(self.speech)).unwrap();
        fs::write(self.folder.path().join("heard"), bytes(heard)).unwrap();
        let script = "import numpy, pesq\n\
            read = lambda name: numpy.fromfile(name, '<i2')\n\
            print(pesq.pesq(8000, read('whole'), read('heard'), 'nb'))";
        let mut command = Command::new(&self.python);
        let output = command.args(["-c", script]).current_dir(&self.folder).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }
}

/// In A-law, for both.
fn coded(speech: &[i16]) -> Vec<u8> {
    let mut octets = vec![0; speech.len()];
    g711::Encoder::new(Law::A).encode(speech, &mut octets).unwrap();
    octets
}

/// Which packets are lost, if so many of a thousand begin a loss, and so many of it go on with it;
/// the first second has come.
fn lost(begins: u64, goes_on: u64, packets: usize) -> Vec<bool> {
    let mut chance = Chance::new(1_968);
    let mut losing = false;
    (0..packets)
        .map(|number| {
            losing = chance.permille(if losing { goes_on } else { begins });
            losing && number >= 50
        })
        .collect()
}

/// What is heard of packets that are late by chance, by up to so many microseconds, in their order.
fn ours(octets: &[u8], lost: &[bool], most: u64) -> Vec<i16> {
    let types = Types { sound: 8, noise: None };
    let mut decoder = Hearing::new(Codec::Pcma, types, Rate::Hz8000).unwrap();
    let mut buffer = JitterBuffer::new(decoder.format(), Settings::default());
    #[allow(clippy::disallowed_methods)]
    let epoch = Instant::now();
    let mut chance = Chance::new(4);
    let mut last = 0;
    let sent =
        (0_u32..).zip(octets.chunks_exact(160)).filter(|(number, _)| !lost[*number as usize]);
    let mut arrivals = sent
        .map(|(number, payload)| {
            last = last.max(u64::from(number) * ms(20) + chance.below(most + 1));
            (last, number, payload)
        })
        .peekable();
    let mut heard = Vec::new();
    for number in 0..octets.len() as u64 / 80 {
        let now = ms(5) + number * ms(10);
        while let Some((at, number, payload)) = arrivals.next_if(|it| it.0 <= now) {
            let packet = Packet {
                ssrc: 1,
                sequence: number as u16,
                timestamp: number * 160,
                payload_type: 8,
                payload,
            };
            buffer.put(&packet, &decoder, epoch + Duration::from_micros(at));
        }
        let mut pcm = [0; 80];
        buffer.get(&mut decoder, &mut pcm, epoch + Duration::from_micros(now));
        heard.extend(pcm);
    }
    heard
}

/// The same packets, decoded. It reads the clock itself, so that it does not learn in fake time how
/// long to wait: it is told.
fn theirs(octets: &[u8], lost: &[bool], wait: u32) -> Vec<i16> {
    let config = NetEqConfig { sample_rate: 8_000, max_delay_ms: wait, ..NetEqConfig::default() };
    let mut buffer = NetEq::new(config).unwrap();
    let mut decoder = g711::Decoder::new(Law::A);
    let mut heard = Vec::new();
    for (number, payload) in (0_u32..).zip(octets.chunks_exact(160)) {
        let mut pcm = [0; 160];
        decoder.decode(payload, &mut pcm).unwrap();
        let samples = pcm.iter().flat_map(|it| (f32::from(*it) / 32_768.0).to_le_bytes()).collect();
        let header = RtpHeader::new(number as u16, number * 160, 1, 8, false);
        if !lost[number as usize] {
            buffer.insert_packet(AudioPacket::new(header, samples, 8_000, 1, 20)).unwrap();
        }
        for _ in 0..2 {
            let frame = buffer.get_audio().unwrap();
            heard.extend(frame.samples.iter().map(|it| (it * 32_768.0) as i16));
        }
    }
    heard
}

/// About so many seconds of real speech at 8 kHz.
fn speech(seconds: usize) -> Option<Vec<i16>> {
    let mut files: Vec<_> = fs::read_dir("/usr/share/asterisk/sounds/en_US_f_Allison")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "wav"))
        .collect();
    files.sort();
    let mut samples = Vec::new();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let words = bytes[44..].chunks_exact(2).map(|it| i16::from_le_bytes([it[0], it[1]]));
        samples.extend(words);
        if samples.len() >= seconds * 8_000 {
            // Nothing is cut off the end by what waits.
            samples.truncate((seconds - 1) * 8_000);
            samples.resize(seconds * 8_000, 0);
            return Some(samples);
        }
    }
    skip("speech: apt-get install asterisk-core-sounds-en-wav");
    None
}

/// Says that something could not be compared; the test harness does not swallow it.
fn skip(what: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let _ = std::io::stderr().write_all(format!("skip {test}: {what}\n").as_bytes());
}
