//! Files that other programs wrote sound as they should, and no file does any harm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use media::recording::{Container, Layout, Recording};
use media::sound::{Sound, Unreadable};
use media_dsp::resample::Rate;
use media_dsp::speech;
use proptest::prelude::*;
use std::process::Command;

/// Two seconds of 600 Hz at a quarter of full scale, as FFmpeg writes them; nothing without FFmpeg.
fn made(arguments: &[&str], name: &str) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let source = "sine=frequency=600:duration=2:sample_rate=48000,volume=2";
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", source])
        .args(arguments)
        .arg(&path)
        .status();
    match status {
        Ok(status) => assert!(status.success(), "{arguments:?}"),
        Err(error) => {
            println!("SKIPPED: no ffmpeg: {error}");
            return None;
        }
    }
    Some(std::fs::read(path).unwrap())
}

/// The tone's share of all power, and its amplitude.
fn tone(sound: &Sound) -> (f64, f64) {
    let middle = &sound.pcm[sound.pcm.len() / 4..sound.pcm.len() * 3 / 4];
    let (mut real, mut imaginary, mut power) = (0.0, 0.0, 0.0);
    for (n, sample) in middle.iter().enumerate() {
        let phase = n as f64 / sound.rate.hz() as f64 * 600.0 * std::f64::consts::TAU;
        real += f64::from(*sample) * phase.cos();
        imaginary += f64::from(*sample) * phase.sin();
        power += f64::from(*sample) * f64::from(*sample);
    }
    let square = 2.0 * (real * real + imaginary * imaginary) / middle.len() as f64;
    (square / power, (square * 2.0 / middle.len() as f64).sqrt())
}

#[test]
fn files_of_every_kind_sound_alike() {
    let kinds: [(&str, &str, &str, &str, Rate); 14] = [
        ("pcm_s16le", "8000", "1", "a.wav", Rate::Hz8000),
        ("pcm_s16le", "16000", "2", "a.wav", Rate::Hz16000),
        ("pcm_s16le", "11025", "1", "a.wav", Rate::Hz16000),
        ("pcm_s16le", "22050", "2", "a.wav", Rate::Hz32000),
        ("pcm_s16le", "44100", "2", "a.wav", Rate::Hz48000),
        ("pcm_s16le", "48000", "1", "a.wav", Rate::Hz48000),
        ("pcm_u8", "8000", "1", "a.wav", Rate::Hz8000),
        ("pcm_s24le", "44100", "1", "a.wav", Rate::Hz48000),
        ("pcm_s32le", "8000", "1", "a.wav", Rate::Hz8000),
        ("pcm_alaw", "8000", "1", "a.wav", Rate::Hz8000),
        ("pcm_mulaw", "8000", "2", "a.wav", Rate::Hz8000),
        ("libopus", "48000", "1", "a.opus", Rate::Hz48000),
        ("libopus", "48000", "2", "a.ogg", Rate::Hz48000),
        ("libopus", "16000", "1", "a.opus", Rate::Hz16000),
    ];
    for (codec, hertz, channels, name, rate) in kinds {
        let arguments = ["-c:a", codec, "-ar", hertz, "-ac", channels];
        let Some(file) = made(&arguments, name) else { return };
        let sound = Sound::read(&file).unwrap();
        assert_eq!(sound.rate, rate, "{arguments:?}");
        let length = sound.pcm.len() as f64 / rate.hz() as f64;
        assert!((length - 2.0).abs() < 0.001, "{arguments:?}: {length} s");
        let (share, amplitude) = tone(&sound);
        assert!(share > 0.99, "{arguments:?}: {share}");
        // FFmpeg gives each of two channels half the power of one.
        let wanted = if channels == "2" { 8_192.0 / 2_f64.sqrt() } else { 8_192.0 };
        assert!((amplitude / wanted - 1.0).abs() < 0.05, "{arguments:?}: {amplitude}");
    }
}

#[test]
fn what_cannot_be_played_is_said_why() {
    let mp3 = ["-c:a", "libmp3lame"];
    let Some(file) = made(&mp3, "a.mp3") else { return };
    assert_eq!(Sound::read(&file), Err(Unreadable::Unknown));
    let file = made(&["-c:a", "pcm_f32le"], "a.wav").unwrap();
    assert_eq!(Sound::read(&file), Err(Unreadable::Coding(3)));
    let file = made(&["-c:a", "pcm_s16le", "-ar", "96000"], "a.wav").unwrap();
    assert_eq!(Sound::read(&file), Err(Unreadable::Rate(96_000)));
    let file = made(&["-c:a", "libvorbis"], "a.ogg").unwrap();
    assert_eq!(Sound::read(&file), Err(Unreadable::Stream));
    assert_eq!(Sound::read(b"RIFF\0\0\0\0WAVE"), Err(Unreadable::Malformed));
    assert_eq!(Sound::read(b""), Err(Unreadable::Unknown));
}

#[test]
fn a_wav_file_whose_writer_never_said_its_size_is_played_to_its_end() {
    let Some(mut file) = made(&["-c:a", "pcm_s16le", "-ar", "8000", "-bitexact"], "a.wav") else {
        return;
    };
    for size in [0_u32, u32::MAX] {
        file[40..44].copy_from_slice(&size.to_le_bytes());
        assert_eq!(Sound::read(&file).unwrap().pcm.len(), 16_000);
    }
}

#[test]
fn a_recording_is_played_with_both_sides() {
    for container in [Container::Wav, Container::Opus] {
        let mut recording = Recording::new(container, Layout::Sides, speech::Rate::Hz16000, 3);
        let side = |tick: usize, hertz: f64| -> [i16; 320] {
            std::array::from_fn(|n| {
                let at = (tick * 320 + n) as f64 / 16_000.0;
                ((at * hertz * std::f64::consts::TAU).sin() * 8_192.0) as i16
            })
        };
        for tick in 0..100 {
            recording.push(&side(tick, 600.0), &side(tick, 2_000.0));
        }
        recording.finish();
        let mut file = Vec::new();
        recording.take(&mut file);
        if let Some(head) = recording.head() {
            file[..head.len()].copy_from_slice(&head);
        }
        let sound = Sound::read(&file).unwrap();
        assert_eq!((sound.rate, sound.pcm.len()), (Rate::Hz16000, 32_000), "{container:?}");
        let (share, _) = tone(&sound);
        assert!((share - 0.5).abs() < 0.05, "{container:?}: {share}");
    }
}

proptest! {
    #[test]
    fn no_octets_do_any_harm(
        kind in 0..3_usize,
        mut octets in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let head: &[u8] = [&b""[..], b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0", b"OggS\0\x02"][kind];
        octets.splice(..0, head.iter().copied());
        let _ = Sound::read(&octets);
    }
}
