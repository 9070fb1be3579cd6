//! The modules of the driver, and what it is told once.

use std::path::Path;
use std::process::Command;

use crate::pretend::done;

/// Inserts them, from this folder.
pub(crate) fn load(modules: &Path) -> Result<(), String> {
    for module in ["dahdi", "dahdi_dynamic", "dahdi_dynamic_loc"] {
        let mut insert = Command::new("insmod");
        insert.arg(modules.join(module).with_extension("ko"));
        insert.args((module == "dahdi").then_some("auto_assign_spans=1"));
        done(insert)?;
    }
    // Asterisk plays keys by the driver, which plays nothing before it knows a country's tones.
    done(Command::new("/usr/sbin/dahdi_cfg"))
}
