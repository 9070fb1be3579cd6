//! A GPIO chip that the kernel pretends (Linux, `Documentation/admin-guide/gpio/gpio-sim.rst`).

use std::fs;
use std::path::{Path, PathBuf};

/// A chip; what is plugged into its lines pulls them up or down.
pub(crate) struct Chip {
    folder: PathBuf,
    lines: PathBuf,
}

impl Chip {
    /// Plugs in a chip of eight lines with this label; `names` are those of some of its lines.
    pub(crate) fn plug(name: &str, label: &str, names: &[(u32, &str)]) -> Result<Chip, String> {
        let folder = Path::new(CONFIG).join("gpio-sim").join(name);
        let bank = folder.join("bank0");
        make(&bank)?;
        write(&bank.join("num_lines"), "8")?;
        write(&bank.join("label"), label)?;
        for (number, name) in names {
            let line = bank.join(format!("line{number}"));
            make(&line)?;
            write(&line.join("name"), name)?;
        }
        write(&folder.join("live"), "1")?;
        let lines = Path::new("/sys/devices/platform")
            .join(read(&folder.join("dev_name"))?)
            .join(read(&bank.join("chip_name"))?);
        Ok(Chip { folder, lines })
    }

    /// Takes it away, whoever has its lines.
    pub(crate) fn unplug(&self) -> Result<(), String> {
        write(&self.folder.join("live"), "0")
    }

    /// Plugs the same one in again.
    pub(crate) fn replug(&mut self) -> Result<(), String> {
        write(&self.folder.join("live"), "1")?;
        self.lines = Path::new("/sys/devices/platform")
            .join(read(&self.folder.join("dev_name"))?)
            .join(read(&self.folder.join("bank0/chip_name"))?);
        Ok(())
    }

    /// Pulls a line up, or down.
    pub(crate) fn pull(&self, line: u32, up: bool) -> Result<(), String> {
        let to = if up { "pull-up" } else { "pull-down" };
        write(&self.lines.join(format!("sim_gpio{line}/pull")), to)
    }

    /// Whether a line is high.
    pub(crate) fn is_high(&self, line: u32) -> Result<bool, String> {
        Ok(read(&self.lines.join(format!("sim_gpio{line}/value")))? == "1")
    }
}

/// Where drivers are told what to pretend.
pub(crate) const CONFIG: &str = "/sys/kernel/config";

fn make(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|why| format!("{}: {why}", file.display()))
}

fn read(file: &Path) -> Result<String, String> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(why) => Err(format!("{}: {why}", file.display())),
    }
}
