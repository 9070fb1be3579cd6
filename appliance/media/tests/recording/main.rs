//! What was recorded is read by programs of other hands, wherever its writer was stopped.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use media::recording::{Container, Layout, Recording, TAIL, mend};
use media_dsp::speech::Rate;
use std::path::Path;
use std::process::Command;

/// A tone at 16 kHz, 20 ms from this tick on.
fn tone(tick: usize, hertz: f64) -> [i16; 320] {
    std::array::from_fn(|n| {
        let at = (tick * 320 + n) as f64 / 16_000.0;
        ((at * hertz * std::f64::consts::TAU).sin() * 8_000.0) as i16
    })
}

/// A file as it grows: what lies on disk after each tick of 20 ms; 440 Hz left, 1,000 Hz right.
struct Tape {
    recording: Recording,
    file: Vec<u8>,
}

impl Tape {
    fn new(container: Container, layout: Layout) -> Self {
        Self { recording: Recording::new(container, layout, Rate::Hz16000, 77), file: Vec::new() }
    }

    fn run(&mut self, ticks: std::ops::Range<usize>) {
        for tick in ticks {
            self.recording.push(&tone(tick, 440.0), &tone(tick, 1_000.0));
            self.write();
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.recording.finish();
        self.write();
        self.file
    }

    fn write(&mut self) {
        self.recording.take(&mut self.file);
        if let Some(head) = self.recording.head() {
            self.file[..head.len()].copy_from_slice(&head);
        }
    }
}

fn mended(mut file: Vec<u8>) -> Vec<u8> {
    let tail = &file[file.len().saturating_sub(TAIL)..];
    if let Some(mending) = mend(file.len() as u64, &file[..file.len().min(4_096)], tail) {
        let at = mending.at as usize;
        file[at..at + mending.patch.len()].copy_from_slice(&mending.patch);
        file.truncate(mending.length as usize);
    }
    file
}

/// All channels of a file at 16 kHz, as FFmpeg reads it; what it complains of fails the test.
fn read(file: &[u8]) -> Option<Vec<Vec<f64>>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    std::fs::write(&path, file).unwrap();
    let channels = probe(&path)?;
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&path)
        .args(["-f", "s16le", "-ar", "16000", "-"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let samples: Vec<f64> =
        output.stdout.as_chunks().0.iter().map(|it| f64::from(i16::from_le_bytes(*it))).collect();
    let channel = |it: usize| samples.iter().skip(it).step_by(channels).copied().collect();
    Some((0..channels).map(channel).collect())
}

fn probe(path: &Path) -> Option<usize> {
    let entries = ["-v", "error", "-show_entries", "stream=channels", "-of", "csv=p=0"];
    let output = match Command::new("ffprobe").args(entries).arg(path).output() {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: no ffprobe: {error}");
            return None;
        }
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Some(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap())
}

/// How loud this tone is in the middle of a channel, against all that is there.
fn share(channel: &[f64], hertz: f64) -> f64 {
    let middle = &channel[channel.len() / 4..channel.len() * 3 / 4];
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in middle.iter().enumerate() {
        let phase = n as f64 / 16_000.0 * hertz * std::f64::consts::TAU;
        real += sample * phase.cos();
        imaginary += sample * phase.sin();
    }
    let power: f64 = middle.iter().map(|it| it * it).sum();
    2.0 * (real * real + imaginary * imaginary) / (power * middle.len() as f64)
}

#[test]
fn each_side_is_on_its_own_channel() {
    for container in [Container::Wav, Container::Opus] {
        let mut tape = Tape::new(container, Layout::Sides);
        tape.run(0..250);
        let Some(channels) = read(&tape.finish()) else { return };
        assert_eq!(channels.len(), 2, "{container:?}");
        for (channel, own, other) in
            [(&channels[0], 440.0, 1_000.0), (&channels[1], 1_000.0, 440.0)]
        {
            assert_eq!(channel.len(), 80_000, "{container:?}: the end is where the sound ends");
            assert!(share(channel, own) > 0.97, "{container:?}: {}", share(channel, own));
            assert!(share(channel, other) < 1e-4, "{container:?}: {}", share(channel, other));
        }
    }
}

#[test]
fn a_mix_has_both_sides_in_one_channel() {
    for container in [Container::Wav, Container::Opus] {
        let mut tape = Tape::new(container, Layout::Mix);
        tape.run(0..151);
        let Some(channels) = read(&tape.finish()) else { return };
        assert_eq!((channels.len(), channels[0].len()), (1, 151 * 320), "{container:?}");
        assert!(share(&channels[0], 440.0) > 0.45 && share(&channels[0], 1_000.0) > 0.45);
    }
}

#[test]
fn what_lacks_is_silence_of_the_same_length() {
    for container in [Container::Wav, Container::Opus] {
        let mut tape = Tape::new(container, Layout::Sides);
        tape.run(0..50);
        tape.recording.skip(16_000);
        tape.run(100..150);
        assert_eq!(tape.recording.samples(), 48_000);
        let Some(channels) = read(&tape.finish()) else { return };
        let loud = |part: &[f64]| part.iter().fold(0.0, |most: f64, it| most.max(it.abs()));
        assert_eq!(channels[0].len(), 48_000);
        assert!(loud(&channels[0][18_000..30_000]) < 100.0, "{container:?}");
        assert!(loud(&channels[0][36_000..44_000]) > 7_000.0, "{container:?}");
    }
}

/// A writer that is killed leaves the file as long as it was after any of its writes, or torn within
/// the last one; as it is, and after mending, all but the last second of it plays.
#[test]
fn a_file_plays_wherever_its_writer_was_stopped() {
    for container in [Container::Wav, Container::Opus] {
        for layout in [Layout::Sides, Layout::Mix] {
            let mut tape = Tape::new(container, layout);
            for ticks in [1, 49, 51, 52, 99, 101, 333] {
                tape.run(tape.recording.samples() as usize / 320..ticks);
                let torn = tape.file.len() - if ticks > 100 { 7 } else { 0 };
                let file = mended(tape.file[..torn].to_vec());
                assert_eq!(mended(file.clone()), file);
                if ticks < 52 && container == Container::Opus {
                    continue;
                }
                let Some(channels) = read(&file) else { return };
                // The last page is whole seconds, and a torn one is lost.
                let least =
                    if container == Container::Wav { ticks - 1 } else { (ticks - 52) / 50 * 50 };
                let most = ticks * 320;
                let length = channels[0].len();
                assert!(
                    ((least * 320).saturating_sub(PRE_SKIP)..=most).contains(&length),
                    "{container:?} {ticks}: {length}"
                );
            }
        }
    }
}

/// What RIFF cannot say any more RF64 says, while it is recorded and after its writer was killed.
#[test]
fn a_file_that_grows_too_large_for_riff_becomes_rf64_and_plays() {
    let mut tape = Tape::new(Container::Wav, Layout::Sides);
    tape.recording = tape.recording.large_from(100_000);
    tape.run(0..70);
    assert_eq!(tape.file[..4], *b"RIFF");
    tape.run(70..170);
    assert_eq!(tape.file[..4], *b"RF64");
    let torn = tape.file.len() - 7;
    let mended = mended(tape.file[..torn].to_vec());
    let Some(channels) = read(&mended) else { return };
    assert_eq!((channels.len(), channels[1].len()), (2, 170 * 320 - 2));
    let Some(channels) = read(&tape.finish()) else { return };
    assert_eq!(channels[0].len(), 170 * 320);
    assert!(share(&channels[0], 440.0) > 0.97 && share(&channels[1], 1_000.0) > 0.97);
}

/// Twenty hours at 16 kHz in two channels, most of them a hole in the disk.
#[test]
fn the_length_of_a_call_of_twenty_hours_is_understood() {
    let mut tape = Tape::new(Container::Wav, Layout::Sides);
    tape.run(0..50);
    let length = 80 + 20 * 3_600 * 16_000 * 4_u64;
    let mending = mend(length, &tape.file[..80], &tape.file).unwrap();
    assert_eq!((mending.length, mending.at, &mending.patch[..4]), (length, 0, &b"RF64"[..]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    std::fs::write(&path, &mending.patch).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    if probe(&path).is_none() {
        return;
    }
    let entries = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
    let output = Command::new("ffprobe").args(entries).arg(&path).output().unwrap();
    let seconds: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    assert_eq!(seconds.round(), 72_000.0);
}

/// Also where nothing put it right, players read what is there.
#[test]
fn a_file_that_was_left_alone_plays() {
    for container in [Container::Wav, Container::Opus] {
        let mut tape = Tape::new(container, Layout::Sides);
        tape.run(0..160);
        let Some(channels) = read(&tape.file) else { return };
        assert!(channels[0].len() >= 110 * 320, "{container:?}: {}", channels[0].len());
    }
}

#[test]
fn nothing_is_mended_that_is_no_recording() {
    for file in [&b""[..], b"RIFF", b"OggS", b"RIFF....WAVEfmt ", &[0; 100]] {
        assert_eq!(mend(file.len() as u64, file, file), None);
    }
}

/// Samples at 16 kHz that an encoder of Opus is late by; more than libopus has.
const PRE_SKIP: usize = 200;
