#!/bin/bash
# The tier of `make test-vm` for what is at the front of a box: a button and lamps on a GPIO chip that a
# newer kernel pretends.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/machine.sh

fetched "buttons in a virtual machine" "a kernel with gpio-sim" tests/vm/front-kit.sh
kit=$PWD/.cache/vm/front
echo "a button and lamps under Linux $(cat "$kit/version")"
root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
mkdir "$root/bin" && example vm-front && cp "$built" "$root/bin/" || exit 1
in_machine "$root" 512 300 /bin/vm-front gpio /modules
