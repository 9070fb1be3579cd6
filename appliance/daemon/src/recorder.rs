//! `--record`: every input of the exchange, so that a run in the field can be run again on a desk.
//!
//! The file is text, one JSON value a line, readable by its owner only. The first line is the
//! [`Head`]: the program's version and the exchange's seed. Each further line is a [`Line`]: an
//! input, its instant in nanoseconds after the start, how many outputs it led to, and a hash
//! (FNV-1a, 64 bits) over all outputs up to there. Messages are strings whose characters are their
//! octets. A file that breaks off in a line ends before that line.
//!
//! **No secret gets into it** ([`disguise`]): stored password hashes and trunk passwords are replaced
//! by others that nobody can trace back, and so is every digest made with them, so that the run
//! comes out the same. What remains, such as who called whom, is why the file is private.

mod disguise;
mod entry;
pub(crate) mod replay;

use disguise::Disguise;
pub(crate) use disguise::without_proofs;
use entry::Recorded;
use exchange::{Input, Output};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

/// Writes what goes into the exchange, and a hash of what comes out.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// `None` once it could not be written.
    out: Option<BufWriter<File>>,
    start: Instant,
    disguise: Disguise,
    tally: Tally,
    input: Option<(u64, Recorded)>,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// The program that wrote it.
    strowgerd: String,
    /// The exchange's seed in hexadecimal digits.
    seed: String,
}

/// One further line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// Nanoseconds after the start.
    at: u64,
    /// What happened.
    input: Recorded,
    /// How many outputs it led to.
    outputs: u64,
    /// The hash over all outputs so far, in hexadecimal digits.
    hash: String,
}

/// What is compared of the outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tally {
    outputs: u64,
    hash: u64,
}

impl Recorder {
    /// Begins a recording of an exchange with this seed that starts now.
    pub(crate) fn create(path: &Path, seed: [u8; 32], start: Instant) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut out = BufWriter::new(options.open(path)?);
        let head = Head { strowgerd: VERSION.to_owned(), seed: disguise::hex(&seed) };
        write_line(&mut out, &head)?;
        out.flush()?;
        let tally = Tally::default();
        Ok(Self { out: Some(out), start, disguise: Disguise::new()?, tally, input: None })
    }

    /// This goes in now.
    pub(crate) fn input(&mut self, input: &Input<'_>, now: Instant) {
        let at = self.offset(now);
        self.input = Some((at, self.disguise.input(input)));
    }

    /// Timers are let run now.
    pub(crate) fn timeout(&mut self, now: Instant) {
        self.input = Some((self.offset(now), Recorded::Timeout));
    }

    /// This came out of what went in last.
    pub(crate) fn output(&mut self, output: &Output) {
        self.tally.add(output);
    }

    /// Nothing more comes out of what went in last.
    pub(crate) fn end(&mut self) {
        let Some((at, input)) = self.input.take() else { return };
        let Some(out) = &mut self.out else { return };
        let hash = format!("{:016x}", self.tally.hash);
        let line = Line { at, input, outputs: self.tally.outputs, hash };
        self.tally.outputs = 0;
        if let Err(error) = write_line(out, &line) {
            tracing::warn!(%error, "the recording ends here");
            self.out = None;
        }
    }

    /// Hands over to the system what was gathered.
    pub(crate) fn flush(&mut self) {
        if let Some(Err(error)) = self.out.as_mut().map(Write::flush) {
            tracing::warn!(%error, "the recording ends here");
            self.out = None;
        }
    }

    fn offset(&self, now: Instant) -> u64 {
        let offset = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(offset).unwrap_or(u64::MAX)
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self { outputs: 0, hash: FNV_OFFSET }
    }
}

impl Tally {
    fn add(&mut self, output: &Output) {
        self.outputs += 1;
        match output {
            // What proves a secret is different by intention.
            Output::Send { flow, bytes } => {
                self.mix(format!("{flow:?}").as_bytes());
                self.mix(&disguise::without_proofs(bytes));
            }
            other => self.mix(format!("{other:?}").as_bytes()),
        }
    }

    fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        }
    }
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The constants of FNV-1a (draft-eastlake-fnv §5): it is here against accidents, not enemies.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
