#!/bin/bash
# The tier of `make test-vm` for the watchdog: QEMU's, which restarts the virtual machine when nobody pats
# it. So the machine starts twice here, and each time counts what it checked.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/machine.sh

machine+=(-device i6300esb)
reset=(-action watchdog=reset)
root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
mkdir "$root/bin" && example vm-front && cp "$built" "$root/bin/" || exit 1
in_machine "$root" 256 300 /bin/vm-front watchdog /modules && twice "$root.log"
