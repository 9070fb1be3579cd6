#!/bin/bash
# `make bench`: the daemon beside its rivals, on this machine, in one run. Writes docs/bench/*.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/setup/toolchain.sh
need_cargo
tests/setup/packages.sh sip-tester kamailio rtpengine python3 python3-numpy procps openssl
cargo build --release --locked -p daemon
export STROWGERD=${CARGO_TARGET_DIR:-$PWD/target}/release/strowgerd
tests/bench/asterisk.sh || true
/usr/bin/python3 tests/bench/signalling.py "$@"
if [ -x tests/bench/relay/run.sh ]; then tests/bench/relay/run.sh; fi
tests/bench/lines.sh
