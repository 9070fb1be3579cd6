#!/bin/bash
# `make run`: everything that a fresh Debian needs, then the daemon on an empty default.
set -eu
cd "$(dirname "$0")/../.."
. tests/setup/toolchain.sh

# shellcheck disable=SC2046
need_cargo $(for_node)
build_webui
cargo build --release --locked -p daemon
exec "${CARGO_TARGET_DIR:-target}/release/strowgerd" run --data ./var "$@"
