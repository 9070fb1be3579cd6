//! What is said on a B channel, and what is heard there: a row of octets that tells of each octet whether
//! it follows the one before, tones, keys.

use std::sync::OnceLock;

use board::{Bearer, Law};

use crate::at;

pub(crate) struct Voice {
    bearer: Box<dyn Bearer>,
    source: Source,
    heard: Vec<u8>,
}

/// What is said.
pub(crate) enum Source {
    /// A row without end.
    Row(Row),
    /// This, then this octet.
    Octets(Vec<u8>, u8),
}

impl Voice {
    pub(crate) fn new(bearer: Box<dyn Bearer>, source: Source) -> Voice {
        Voice { bearer, source, heard: Vec::new() }
    }

    pub(crate) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Reads and writes what it can; whether it could.
    pub(crate) fn turn(&mut self) -> Result<bool, String> {
        let mut octets = [0; 160];
        let mut busy = false;
        loop {
            let count = self.bearer.read(&mut octets).map_err(at("read"))?;
            if count == 0 {
                break;
            }
            self.heard.extend_from_slice(&octets[..count]);
            busy = true;
        }
        loop {
            let (block, after) = self.source.next();
            if self.bearer.write(&block).map_err(at("write"))? == 0 {
                break;
            }
            self.source = after;
            busy = true;
        }
        while self.bearer.next_event().is_some() {}
        Ok(busy)
    }
}

impl Source {
    /// The next block and what follows it.
    fn next(&self) -> ([u8; 160], Source) {
        let mut block = [0; 160];
        match self {
            Source::Row(row) => {
                let mut row = *row;
                block.iter_mut().for_each(|octet| *octet = row.next());
                (block, Source::Row(row))
            }
            Source::Octets(octets, rest) => {
                let (now, later) = octets.split_at(octets.len().min(160));
                block.fill(*rest);
                block[..now.len()].copy_from_slice(now);
                (block, Source::Octets(later.to_vec(), *rest))
            }
        }
    }
}

/// A row of 65,535 octets in which any two say which comes next; another one for each key.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    last: u16,
    key: u8,
}

impl Row {
    pub(crate) fn of(key: u8) -> Row {
        Row { last: 0xace1, key }
    }

    fn next(&mut self) -> u8 {
        let octet = NEXT.get_or_init(following)[usize::from(self.last)];
        self.last = self.last << 8 | u16::from(octet);
        octet ^ self.key
    }
}

static NEXT: OnceLock<Vec<u8>> = OnceLock::new();

/// The octet that follows each pair.
fn following() -> Vec<u8> {
    let step = |last: u16| {
        // x^16 + x^14 + x^13 + x^11 + 1 is primitive.
        let bit = (last >> 15 ^ last >> 13 ^ last >> 12 ^ last >> 10) & 1;
        last << 1 | bit
    };
    (0..=u16::MAX).map(|pair| (0..8).fold(pair, |last, _| step(last)) as u8).collect()
}

/// How much of a row is heard in one piece.
pub(crate) struct Follower {
    key: u8,
    run: usize,
    /// The most octets without a gap.
    pub(crate) longest: usize,
    /// How many octets were looked at.
    seen: usize,
}

impl Follower {
    pub(crate) fn of(key: u8) -> Follower {
        Follower { key, run: 0, longest: 0, seen: 0 }
    }

    /// Looks at what is new in what was heard.
    pub(crate) fn hear(&mut self, heard: &[u8]) {
        for three in heard[self.seen.saturating_sub(2)..].windows(3) {
            let pair = [three[0] ^ self.key, three[1] ^ self.key];
            let mut row = Row { last: u16::from_be_bytes(pair), key: self.key };
            // Zeros follow each other too, and are silence of nobody.
            self.run = if pair != [0, 0] && row.next() == three[2] { self.run + 1 } else { 0 };
            self.longest = self.longest.max(self.run);
        }
        self.seen = heard.len();
    }
}

/// The most octets in a row, in steps of 25 ms, in which a tone of digital milliwatts is heard alone: 0 dBm0
/// (ITU-T G.711 table 5), within 1 dB.
pub(crate) fn milliwatt(law: Law, heard: &[u8]) -> usize {
    let (mut longest, mut run) = (0, 0);
    for block in heard.chunks_exact(200) {
        let pcm = linear(law, block);
        let all: f64 = pcm.iter().map(|sample| sample * sample).sum();
        let (tone, level) = (energy(&pcm, 1_002.0), (2.0 * all / 200.0).sqrt());
        let clean = tone > 0.97 * all && (20_500.0..25_700.0).contains(&level);
        run = if clean { run + block.len() } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The keys that are heard (ITU-T Q.23), each for at least 50 ms.
pub(crate) fn keys(law: Law, heard: &[u8]) -> String {
    let mut keys = String::new();
    let (mut before, mut blocks) = (None, 0);
    for block in heard.chunks_exact(200) {
        let pcm = linear(law, block);
        let all: f64 = pcm.iter().map(|sample| sample * sample).sum();
        let loudest = |tones: [f64; 4]| {
            let of = |tone: f64| energy(&pcm, tone);
            let best = (0..4).max_by(|a, b| of(tones[*a]).total_cmp(&of(tones[*b]))).unwrap_or(0);
            (best, of(tones[best]))
        };
        let ((row, low), (column, high)) = (loudest(ROWS), loudest(COLUMNS));
        let pressed =
            all / 200.0 > 200.0 * 200.0 && low + high > 0.8 * all && low.min(high) > 0.1 * all;
        let key = pressed.then_some((row, column));
        blocks = if key == before { blocks + 1 } else { 1 };
        before = key;
        if let (Some((row, column)), 2) = (key, blocks) {
            keys.push(char::from(KEYS[row][column]));
        }
    }
    keys
}

/// Keys as they are pressed: 100 ms, and 100 ms of silence after each.
pub(crate) fn press(law: Law, keys: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for key in keys.bytes() {
        let places = (0..4).flat_map(|row| (0..4).map(move |column| (row, column)));
        for (row, column) in places.filter(|(row, column)| KEYS[*row][*column] == key) {
            let sample = |at: usize, tone: f64| {
                (std::f64::consts::TAU * tone * at as f64 / 8_000.0).sin() * 6_000.0
            };
            let both = |at| sample(at, ROWS[row]) + sample(at, COLUMNS[column]);
            octets.extend((0..800).map(|at| law.compress(both(at) as i32)));
        }
        octets.extend([law.idle(); 800]);
    }
    octets
}

fn linear(law: Law, octets: &[u8]) -> Vec<f64> {
    octets.iter().map(|octet| f64::from(law.expand(*octet))).collect()
}

/// How much of the energy of these samples is of one tone (Goertzel).
fn energy(pcm: &[f64], tone: f64) -> f64 {
    let turn = 2.0 * (std::f64::consts::TAU * tone / 8_000.0).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in pcm {
        (last, before) = (sample + turn * last - before, last);
    }
    (last * last + before * before - turn * last * before) * 2.0 / pcm.len() as f64
}

const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[u8; 4]; 4] = [*b"123A", *b"456B", *b"789C", *b"*0#D"];
