//! What the tests and the bench compare with: vectors of the ITU where they are at hand, speech of
//! Debian's packages, and libraries that nobody here wrote, opened when they are there.
//!
//! What is missing is said on standard error, in a line that begins with `skip `.

#![allow(dead_code, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

pub(crate) mod pesq;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Says, once a test, that something could not be compared. The test harness does not swallow it,
/// and the run counts the test as skipped.
pub(crate) fn skip(what: &str, why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let thread = std::thread::current();
    // A test has a thread of its name, unless all have one.
    let line = match thread.name() {
        Some("main") | None => format!("skip {what}: {why}\n"),
        Some(test) => format!("skip {test}: {what}: {why}\n"),
    };
    if SAID.lock().unwrap().insert(line.clone()) {
        // In one piece, so that no other thread's line begins within it.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// One of the ITU's vectors: `STROWGER_VECTORS`, else the folder `shared/vectors` beside the tree.
pub(crate) fn vector(name: &str) -> Option<Vec<u8>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let folder = std::env::var_os("STROWGER_VECTORS").map_or_else(beside, PathBuf::from);
    let read = fs::read(folder.join(name)).ok();
    if read.is_none() {
        skip(name, "the vector is not here");
    }
    read
}

/// Octets as 16-bit little-endian words.
pub(crate) fn words(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The first so many seconds of real speech at 8 kHz: `asterisk-core-sounds-en-wav`.
pub(crate) fn speech(seconds: usize) -> Option<Vec<i16>> {
    let mut samples = prompts(seconds * 8_000)?;
    assert!(samples.len() >= seconds * 8_000, "there are {} s of speech", samples.len() / 8_000);
    samples.truncate(seconds * 8_000);
    Some(samples)
}

/// All of it, 25 minutes.
pub(crate) fn all_speech() -> Option<Vec<i16>> {
    prompts(usize::MAX)
}

/// Whole prompts until there are so many samples: first those at the top, which are sentences.
fn prompts(enough: usize) -> Option<Vec<i16>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("/usr/share/asterisk/sounds/en_US_f_Allison")];
    while let Some(folder) = folders.pop() {
        let within = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut within: Vec<_> = within.map(|entry| entry.path()).collect();
        within.sort();
        folders.extend(within.iter().rev().filter(|it| it.is_dir()).cloned());
        files.extend(within.into_iter().filter(|it| it.extension().is_some_and(|it| it == "wav")));
    }
    if files.is_empty() {
        skip("speech", "apt-get install asterisk-core-sounds-en-wav");
        return None;
    }
    let mut samples = Vec::new();
    for file in files {
        if samples.len() >= enough {
            break;
        }
        samples.extend(words(&fs::read(file).unwrap()[WAV_HEADER..]));
    }
    Some(samples)
}

/// What a synthesiser says, six minutes at 8 kHz: a dozen voices that count, each in its language,
/// by `espeak-ng`. Its vowels are steadier than a mouth's, which makes them more like tones, and
/// half of its voices are men's.
pub(crate) fn synthetic_speech() -> Option<Vec<i16>> {
    static SAID: OnceLock<Vec<i16>> = OnceLock::new();
    if let Some(said) = SAID.get() {
        return Some(said.clone());
    }
    let numbers: Vec<_> = (0..=40).map(|number| number.to_string()).collect();
    let mut said = Vec::new();
    for voice in VOICES {
        let command = ["-v", voice, "--stdout", &numbers.join(", ")];
        let Ok(output) = Command::new("espeak-ng").args(command).output() else {
            skip("synthetic speech", "apt-get install espeak-ng");
            return None;
        };
        assert!(output.stdout.len() > WAV_HEADER, "espeak-ng has no voice {voice}");
        said.extend_from_slice(&output.stdout[WAV_HEADER..]);
    }
    let before = ["-f", "s16le", "-ar", "22050", "-ac", "1"];
    let bytes = ffmpeg(&before, &["-f", "s16le", "-ar", "8000"], said)?;
    Some(SAID.get_or_init(|| words(&bytes)).clone())
}

/// All that is spoken, and by whom: what no detector of tones may hear anything in.
pub(crate) fn talk() -> impl Iterator<Item = (&'static str, Vec<i16>)> {
    let sources = [("prompts", all_speech()), ("synthetic speech", synthetic_speech())];
    sources.into_iter().filter_map(|(whose, samples)| Some((whose, samples?)))
}

/// The first of these libraries that can be opened; its functions are called as its header says.
pub(crate) fn library(names: &[&str], package: &str) -> Option<libloading::Library> {
    // SAFETY: these are Debian's codec libraries; opening them runs no code of consequence.
    let found = names.iter().find_map(|name| unsafe { libloading::Library::new(name) }.ok());
    if found.is_none() {
        skip(names.first().copied().unwrap_or_default(), &format!("apt-get install {package}"));
    }
    found
}

/// What `ffmpeg` makes of the input, with options before and after it is named.
pub(crate) fn ffmpeg(before: &[&str], after: &[&str], input: Vec<u8>) -> Option<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error"]).args(before).args(["-i", "-"]).args(after).arg("-");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skip("ffmpeg", "apt-get install ffmpeg");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    // It writes before it has read all.
    #[allow(clippy::disallowed_methods)]
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "ffmpeg failed: {before:?} {after:?}");
    Some(output.stdout)
}

/// Numbers that look like chance and are the same every time (xorshift64*).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A sample of white noise.
    pub(crate) fn sample(&mut self) -> i16 {
        (self.next() >> 48) as i16
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Octets before the samples, in the files of both packages.
const WAV_HEADER: usize = 44;

/// Voices of `espeak-ng`: a language, and who speaks.
const VOICES: [&str; 12] = [
    "en-us+m3", "en-gb+f2", "de+m7", "fr-fr+f5", "es+m1", "it+f4", "pt-br+m5", "ru+f3", "tr+m2",
    "hi+f1", "cmn+m4", "sv+croak",
];
