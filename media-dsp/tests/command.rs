//! The command line as a stranger uses it. (An emulator of another machine runs the tests, but not the
//! programs that they start.)

#![cfg(any(target_arch = "x86_64", not(target_os = "linux")))]
// A program that writes before it has read all is fed by a thread.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod oracle;

use oracle::{Chance, vector};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn media_dsp(words: &str, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_media-dsp"))
        .args(words.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A wrong command line reads nothing.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn done(words: &str, input: &[u8]) -> Vec<u8> {
    let output = media_dsp(words, input);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What it says when it refuses, after its name.
fn refused(words: &str, input: &[u8]) -> String {
    let output = media_dsp(words, input);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    said.strip_prefix("media-dsp: ").unwrap().trim_end().to_owned()
}

fn noise(samples: usize) -> Vec<u8> {
    let mut chance = Chance::new(7);
    (0..samples).flat_map(|_| (chance.sample() / 8).to_le_bytes()).collect()
}

#[test]
fn every_codec_gives_as_much_sound_back_as_it_got() {
    let codecs = [
        ("pcmu", 1),
        ("pcma", 1),
        ("g722", 1),
        ("g722 --bitrate 48", 1),
        ("g726-16", 1),
        ("g726-24 --law a", 1),
        ("g726-32 --law u", 1),
        ("g726-40", 1),
        ("aal2-g726-32", 1),
        ("gsm", 160),
        ("g729", 80),
        ("g723", 240),
        ("g723 --rate 5.3", 240),
        ("amr-wb --mode 8", 320),
        ("amr-wb --dtx", 320),
        ("opus --bitrate 16000", 960),
    ];
    let pcm = noise(8_000);
    for (codec, frame) in codecs {
        let frames = done(&format!("encode {codec}"), &pcm);
        let back = done(&format!("decode {codec}"), &frames);
        assert_eq!(back.len(), 8_000_usize.next_multiple_of(frame) * 2, "{codec}");
        assert!(frames.len() < pcm.len());
    }
}

#[test]
fn what_is_left_of_a_frame_is_filled_up_with_silence() {
    assert_eq!(done("encode g729", &noise(81)).len(), 20);
    assert_eq!(done("encode g723", &noise(1)).len(), 24);
    assert_eq!(done("encode pcma", b"").len(), 0);
}

#[test]
fn frames_become_those_of_another_codec_at_another_rate() {
    let wide = done("encode g722", &noise(16_000));
    assert_eq!(done("transcode g722 g729", &wide).len(), 1_000);
    assert_eq!(done("transcode g722 pcma --bitrate 64", &wide).len(), 8_000);
}

#[test]
fn the_itus_serial_words_of_g729_go_both_ways() {
    let (Some(pcm), Some(words)) = (vector("g729a/SPEECH.IN"), vector("g729a/SPEECH.BIT")) else {
        return;
    };
    assert!(done("encode g729 --itu", &pcm) == words);
    let Some(expected) = vector("g729a/SPEECH.PST") else { return };
    assert!(done("decode g729 --itu", &words) == expected);
}

#[test]
fn silence_of_g7231_is_one_octet_where_nothing_is_sent() {
    let frames = done("encode g723 --vad", &vec![0; 48_000]);
    assert!(frames.iter().filter(|octet| **octet == 3).count() > 50);
    assert_eq!(done("decode g723", &frames).len(), 48_000);
}

#[test]
fn digits_that_are_dialled_are_heard() {
    let pcm = done("tones dtmf 159D# --level -15", b"");
    let heard = String::from_utf8(done("tones detect", &pcm)).unwrap();
    let digits: Vec<_> = heard.lines().map(|line| line.split(' ').nth(3).unwrap()).collect();
    assert_eq!(digits, ["1", "5", "9", "D", "#"]);
    let busy = done("tones busy --country us --ms 4000", b"");
    let heard = String::from_utf8(done("tones detect --country US", &busy)).unwrap();
    assert!(heard.contains("busy (US)"), "{heard}");
}

#[test]
fn an_echo_is_gone_after_a_second() {
    let far = noise(24_000);
    let mut pairs = Vec::new();
    for (at, sample) in far.chunks(2).enumerate() {
        let back = at
            .checked_sub(100)
            .map_or(0, |at| i16::from_le_bytes([far[at * 2], far[at * 2 + 1]]) / 2);
        pairs.extend_from_slice(sample);
        pairs.extend_from_slice(&back.to_le_bytes());
    }
    let left = done("echo --tail 64 --nlp off", &pairs);
    let power = |bytes: &[u8]| -> f64 {
        let samples = bytes.chunks(2).map(|it| f64::from(i16::from_le_bytes([it[0], it[1]])));
        samples.map(|sample| sample * sample).sum()
    };
    assert_eq!(left.len(), far.len());
    let (after, before) = (power(&left[32_000..]), power(&far[32_000..]) / 4.0);
    assert!(after < before / 1_000.0, "{} dB", 10.0 * (before / after).log10());
}

#[test]
fn a_wrong_command_line_is_told_and_nothing_is_read() {
    let help = "; 'media-dsp help' tells how it is used";
    for (words, why) in [
        ("encode", "name a codec"),
        ("encode g7", "there is no codec 'g7'"),
        ("sing", "there is no 'sing'"),
        ("encode pcma --law a", "pcma knows no option --law"),
        ("encode g722 --bitrate 10", "--bitrate is 64, 56 or 48, not 10"),
        ("encode g722 --bitrate x", "--bitrate cannot be 'x'"),
        ("encode g723 --rate", "--rate needs a value"),
        ("decode gsm more", "'more' is one word too many"),
        ("tones dtmf 12X", "'X' is no key of a telephone"),
        ("tones dial --country xx", "the tones of 'xx' are not known"),
        ("echo --tail 5", "--tail is 16, 32, 64 or 128, not 5"),
        ("echo --delay 9999", "--delay is at most 2000 ms"),
        ("encode opus --bitrate 64", "--bitrate is 6000 to 510000, not 64"),
        ("encode g726-32 --law x", "--law is a, u or linear, not x"),
        ("encode amr-wb --mode 9", "--mode is 0 to 8, not 9"),
        ("transcode g722", "name a codec"),
        ("tones dial --ms 99999999", "--ms is at most 3600000, not 99999999"),
        ("tones dial --ms -1", "--ms cannot be '-1'"),
        ("tones dial --level nan", "--level is -80 to 3 dBm0, not NaN"),
        ("tones hum", "there is no tone 'hum'"),
        ("tones dtmf", "say which digits"),
    ] {
        assert_eq!(refused(words, b""), format!("{why}{help}"));
    }
    assert!(String::from_utf8(done("help", b"")).unwrap().contains("usage: media-dsp"));
    assert!(String::from_utf8(done("encode --help", b"")).unwrap().contains("usage: media-dsp"));
}

#[test]
fn input_that_is_no_good_is_told() {
    let half = "half a sample is left: the input is 16-bit samples";
    for (words, input, why) in [
        ("encode pcma", b"abc".as_slice(), half),
        ("tones detect", b"abc", half),
        ("decode g729", b"abc", "3 octets are no frames of 10, and at most one of 2 behind"),
        ("decode g729 --itu", &[0x21, 0x6b, 9, 0], "the last 2 words are no whole frame"),
        ("decode g723", b"abc", "the last 3 octets are no whole frame"),
        ("decode gsm", b"abc", "the last 3 octets are no whole frame"),
        ("decode gsm", &[7; 33], "frame 1 does not begin as one of GSM full rate, with 0xD"),
        ("decode amr-wb", b"#!AMR-WB\n\x44abc", "the last 4 octets are no whole frame"),
        ("decode opus", &[0, 9, 1], "the last 3 octets are no whole frame"),
        ("echo", &[0; 6], "the input is pairs of samples, and half of one is left"),
    ] {
        assert_eq!(refused(words, input), why, "{words}");
    }
}

#[test]
fn nothing_comes_of_nothing() {
    for codec in ["pcmu", "g722", "g726-24", "gsm", "g729", "g729 --itu", "g723", "opus"] {
        assert_eq!(done(&format!("encode {codec}"), b""), b"", "{codec}");
        assert_eq!(done(&format!("decode {codec}"), b""), b"", "{codec}");
    }
    assert_eq!(done("encode amr-wb", b""), b"#!AMR-WB\n");
    assert_eq!(done("decode amr-wb", b"#!AMR-WB\n"), b"");
    assert_eq!(done("transcode g722 opus", b""), b"");
    assert_eq!(done("echo", b""), b"");
    assert_eq!(done("tones detect", b""), b"");
}

#[test]
fn silence_of_annex_b_comes_back_only_with_what_tells_it_apart() {
    let pcm = [noise(8_000), vec![0; 64_000], noise(8_000)].concat();
    let words = done("encode g729 --annexb --itu", &pcm);
    assert_eq!(done("decode g729 --annexb --itu", &words).len(), pcm.len());
    let octets = done("encode g729 --annexb", &pcm);
    assert!(octets.len() < pcm.len() / 2 / 8);
    let why =
        "silence is described between the frames of speech, and without --itu nothing tells where";
    assert_eq!(refused("decode g729 --annexb", &octets), why);
    // Speech alone, and with one description behind, is a payload of RFC 3551.
    let speech = done("encode g729", &noise(800));
    assert_eq!(done("decode g729 --annexb", &speech).len(), 1_600);
    let ended = [&speech[..], &[0x5a, 0xa4]].concat();
    assert_eq!(done("decode g729", &ended).len(), 1_760);
}

#[test]
fn each_codec_of_two_can_have_the_option_of_its_own() {
    let words = done("encode g729 --itu", &noise(800));
    assert_eq!(done("transcode g729 g729 --itu", &words).len(), 100);
    assert_eq!(done("transcode g729 g729 --itu --itu", &words).len(), words.len());
    let wide = done("encode g722 --bitrate 48", &noise(640));
    done("transcode g722 opus --bitrate 48 --bitrate 12000", &wide);
}
