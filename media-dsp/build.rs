//! Says in time what is missing: without libopus, the crate that binds it looks for CMake and fails with
//! something about that.

use std::env;
use std::process::{Command, exit};

fn main() {
    for variable in ["LIBOPUS_LIB_DIR", "OPUS_LIB_DIR"] {
        println!("cargo:rerun-if-env-changed={variable}");
        // Whoever names the folder of the library has it.
        if env::var_os(variable).is_some() {
            return;
        }
    }
    for variable in ["PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    let pkg_config = env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    let found = Command::new(pkg_config).args(["--exists", "opus"]).status();
    if found.is_ok_and(|status| status.success()) {
        return;
    }
    eprintln!(
        "libopus or pkg-config is missing. On Debian: apt-get install libopus-dev pkg-config; \
         `make run` and `make test` install them themselves."
    );
    exit(1);
}
