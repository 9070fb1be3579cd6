#!/bin/bash
# The second tier of `make test-vm`: our ISDN trunk on a span, and Asterisk with its own stack on the other
# end of the line.
#   carrier.sh [LINE]...    only these of tests/vm/asterisk/lines, or those with this in their names
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/machine.sh

fetched "a carrier in a virtual machine" Asterisk tests/vm/carrier-kit.sh
root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
carrier "$root" && example vm-carrier && cp "$built" "$root/bin/" || exit 1
in_machine "$root" 512 600 /bin/vm-carrier /modules /etc/asterisk "$@"
