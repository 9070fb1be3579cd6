//! ITU-T P.862 and P.862.2, by the Python package `pesq`: of `PESQ_PYTHON`, or of the system's Python.

use super::skip;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// What is scored: at 8 kHz, or at 16 kHz.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Band {
    Narrow,
    Wide,
}

/// How well `heard` is understood as `said`, from 1 to about 4.6. None, and said, where there is no `pesq`.
pub(crate) fn pesq(band: Band, said: &[i16], heard: &[i16]) -> Option<f64> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let python = std::env::var_os("PESQ_PYTHON").unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-c", "import pesq"]).output();
    if !there.is_ok_and(|it| it.status.success()) {
        skip("pesq", "pip install pesq numpy, and name that Python in PESQ_PYTHON");
        return None;
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("pesq-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let bytes = |pcm: &[i16]| pcm.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>();
    fs::write(folder.join("said"), bytes(said)).unwrap();
    fs::write(folder.join("heard"), bytes(heard)).unwrap();
    let (rate, band) = match band {
        Band::Narrow => (8_000, "nb"),
        Band::Wide => (16_000, "wb"),
    };
    let script = format!(
        "import numpy, pesq\n\
         read = lambda name: numpy.fromfile(name, '<i2')\n\
         print(pesq.pesq({rate}, read('said'), read('heard'), '{band}'))"
    );
    let output = Command::new(&python).args(["-c", &script]).current_dir(&folder).output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    Some(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap())
}
