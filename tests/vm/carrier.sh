#!/bin/bash
# The second tier of `make test-vm`: our ISDN trunk on a span, and Asterisk with its own stack on the other
# end of the line.
#   carrier.sh [LINE]...    only these of tests/vm/asterisk/lines, or those with this in their names
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/machine.sh

tests/vm/carrier-kit.sh
case $? in
0) ;;
3) skipped "a carrier in a virtual machine" "Asterisk cannot be fetched from here, see above" ;;
*)
    echo "FAIL Asterisk cannot be made ready, see above"
    echo "0 passed, 1 failed"
    exit 1
    ;;
esac
carrier=$PWD/.cache/vm/carrier
echo "beside Asterisk $(tr '\n' ' ' <"$carrier/version" | sed 's/ *$//; s/ / with libpri /')"

root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
cp -a "$carrier/files/." "$root/" && mkdir -p "$root"/{bin,etc/dahdi} &&
    cp -r tests/vm/asterisk "$root/etc/" && mv "$root/etc/asterisk/system.conf" "$root/etc/dahdi/" &&
    example vm-carrier && cp "$built" "$root/bin/" || exit 1
in_machine "$root" 512 600 /bin/vm-carrier /modules /etc/asterisk "$@"
