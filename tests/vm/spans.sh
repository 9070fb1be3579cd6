#!/bin/bash
# The fast tier of `make test-vm`: our driver of spans alone.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/machine.sh

root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
mkdir "$root/bin" && example vm-spans && cp "$built" "$root/bin/" || exit 1
in_machine "$root" 256 300 /bin/vm-spans /modules
