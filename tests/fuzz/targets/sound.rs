//! Any octets as a file that is to be played, and as one that was recorded and not finished.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::recording::{TAIL, mend};
use media::sound::Sound;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sound) = Sound::read(bytes) {
        assert!(!sound.pcm.is_empty());
    }
    let tail = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    if let Some(mending) = mend(bytes.len() as u64, bytes, tail) {
        assert!(mending.length <= bytes.len() as u64);
        assert!(mending.at + mending.patch.len() as u64 <= mending.length);
    }
});
