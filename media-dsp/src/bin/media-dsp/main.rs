//! `media-dsp`: codecs, the echo canceller and tones for files: raw samples in, frames out, or back.

// Whoever runs a program on files wants its data, and its complaints beside it.
#![allow(clippy::print_stdout)]

mod codec;
mod options;
mod tones;

use media_dsp::echo::{EchoCanceller, Processor, Settings, Tail};
use media_dsp::resample::{Rate, Resampler};
use options::{Failure, Options};
use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // What is no UTF-8 is no word that is known.
    let words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match run(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "media-dsp: {failure}");
            failure.code()
        }
    }
}

fn run(words: Vec<String>) -> Result<(), Failure> {
    let mut options = Options::parse(words)?;
    if options.flag("help") || options.flag("h") {
        return write(HELP.as_bytes());
    }
    let Some(verb) = options.word() else { return Err(Failure::usage("say what to do")) };
    match verb.as_str() {
        "encode" => {
            let mut codec = codec::open(&mut options)?;
            options.done()?;
            write(&codec.encode(&samples(&read()?)?)?)
        }
        "decode" => {
            let mut codec = codec::open(&mut options)?;
            options.done()?;
            write(&octets(&codec.decode(&read()?)?))
        }
        "transcode" => {
            let mut from = codec::open(&mut options)?;
            let mut to = codec::open(&mut options)?;
            options.done()?;
            let pcm = from.decode(&read()?)?;
            write(&to.encode(&at_rate(pcm, from.rate(), to.rate()))?)
        }
        "echo" => {
            let settings = echo_settings(&mut options)?;
            options.done()?;
            write(&octets(&without_echo(settings, &samples(&read()?)?)?))
        }
        "tones" => {
            let Some(what) = options.word() else {
                return Err(Failure::usage("say 'detect' or name a tone"));
            };
            if what != "detect" {
                return write(&octets(&tones::make(&what, &mut options)?));
            }
            let zone = tones::zone(&mut options)?;
            options.done()?;
            write(tones::hear(&samples(&read()?)?, zone).as_bytes())
        }
        "help" => write(HELP.as_bytes()),
        verb => Err(Failure::usage(format!("there is no '{verb}'"))),
    }
}

fn at_rate(pcm: Vec<i16>, from: Rate, to: Rate) -> Vec<i16> {
    if from == to {
        return pcm;
    }
    let mut resampler = Resampler::new(from, to);
    let mut out = vec![0; resampler.output_len(pcm.len())];
    // There is room for all that can come.
    let length = resampler.resample(&pcm, &mut out).unwrap_or(0);
    out.truncate(length);
    out
}

fn echo_settings(options: &mut Options) -> Result<Settings, Failure> {
    let tail = match options.value("tail", 128)? {
        16 => Tail::Ms16,
        32 => Tail::Ms32,
        64 => Tail::Ms64,
        128 => Tail::Ms128,
        other => return Err(Failure::usage(format!("--tail is 16, 32, 64 or 128, not {other}"))),
    };
    let delay: usize = options.value("delay", 0)?;
    if delay > MOST_DELAY {
        return Err(Failure::usage(format!("--delay is at most {MOST_DELAY} ms")));
    }
    let processor = match options.value("nlp", "on".to_owned())?.as_str() {
        "on" => Processor::ComfortNoise,
        "off" => Processor::Off,
        other => return Err(Failure::usage(format!("--nlp is on or off, not {other}"))),
    };
    Ok(Settings { tail, bulk_delay: delay * 8, processor })
}

/// What the near end says: pairs of samples, of the far end and of the line, become single ones.
fn without_echo(settings: Settings, pcm: &[i16]) -> Result<Vec<i16>, Failure> {
    let (pairs, rest) = pcm.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Failure::data("the input is pairs of samples, and half of one is left"));
    }
    let (far, near): (Vec<i16>, Vec<i16>) = pairs.iter().map(|[far, near]| (*far, *near)).unzip();
    let mut out = vec![0; near.len()];
    EchoCanceller::new(settings).cancel(&far, &near, &mut out);
    Ok(out)
}

fn read() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(Failure::Input)?;
    Ok(bytes)
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// 16-bit little-endian samples.
fn samples(bytes: &[u8]) -> Result<Vec<i16>, Failure> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Failure::data("half a sample is left: the input is 16-bit samples"));
    }
    Ok(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
}

fn octets(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// No way there and back is longer.
const MOST_DELAY: usize = 2_000;

const HELP: &str = "\
Codecs, echo cancelling and tones for files.

usage: media-dsp encode CODEC [options]        < samples > frames
       media-dsp decode CODEC [options]        < frames  > samples
       media-dsp transcode FROM TO [options]   < frames  > frames
       media-dsp echo [options]                < pairs   > samples
       media-dsp tones detect [--country DE]   < samples > a line for each
       media-dsp tones dtmf DIGITS [--ms 80] [--level -9]             > samples
       media-dsp tones NAME [--country DE] [--ms 10000] [--level -9]  > samples
       media-dsp help                                                 > this

Samples are raw, 16 bits, little-endian, one channel, at the codec's rate: 8,000 a second, with g722 and
amr-wb 16,000, with opus 48,000. What is left over at the end of an encoder's input is filled up with
silence to a whole frame. Frames are octets as RFC 3551 orders them, one after another. What only an
encoder needs to know, a decoder takes and does not heed. With transcode, an option is for the first of
the two codecs that knows it, and given a second time for the other; rates are converted.

codecs:
  pcmu, pcma              G.711, an octet for a sample
  g722                    G.722, an octet for two samples; --bitrate 64 (or 56, 48)
  g726-16, -24, -32, -40  G.726, packed as RFC 3551 says; aal2-g726-32 and so on the other way round;
                          --law linear (or a, u: samples are made from octets of G.711)
  gsm                     GSM full rate, 20 ms in 33 octets
  g729                    G.729 A, 10 ms in 10 octets, at the end of a decoder's input also 2 that
                          describe silence; --annexb leaves pauses out, describing them in 2 octets here
                          and there; --itu takes and makes the ITU's serial words. With --annexb only
                          these can be decoded again: without packets nothing tells which frames are of
                          10 octets, which of 2, and which were not sent
  g723                    G.723.1, 30 ms in 24, 20, 4 or 1 octets; --rate 6.3 (or 5.3), --vad; a frame
                          that is not sent is the one octet 0x03
  amr-wb                  AMR-WB, 20 ms, as a file of RFC 4867 section 5; --mode 2 (0 to 8), --dtx
  opus                    Opus, 20 ms, each payload behind its length in two octets, the higher first;
                          --bitrate 24000 (6000 to 510000), --dtx

echo: takes pairs of samples at 8,000 a second, what goes to the line and what comes from it, and gives
what comes from it without the echo; --tail 128 (or 64, 32, 16) ms, --delay 0 (ms before any echo),
--nlp on (or off: without the nonlinear processor and comfort noise).

tones: NAME is dial, ringback, busy, congestion or call-waiting, as in --country, a code of two letters;
--ms is how long (of dtmf, each digit, and each pause after it), --level in dBm0 (of dtmf, of each of its
two frequencies). detect tells digits, these tones, 2100, 1100 and 1004 Hz, and special information.

exit codes: 0 done, 1 standard input or output failed, 2 the command line or the input is no good
";
