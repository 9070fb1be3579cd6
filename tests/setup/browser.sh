#!/bin/bash
# The web admin in a real browser against a real daemon.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh
need_node || exit 2
cd tests/browser || exit 2
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --no-audit --no-fund --loglevel=error || exit 2
fi
exec npm test
