#!/bin/bash
# `make run`: everything that a fresh Debian needs, then the daemon on an empty default.
set -eu
cd "$(dirname "$0")/../.."
. tests/setup/toolchain.sh

need_cargo
build_webui
cargo build --release --locked -p daemon
exec "${CARGO_TARGET_DIR:-target}/release/strowgerd" run --data ./var "$@"
