#!/bin/bash
# The tier of `make test-vm` for the whole chain: a telephone, the daemon on the real driver, a line, and
# Asterisk as the carrier, in one virtual machine.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/vm/machine.sh

fetched "calls of telephones by a carrier" Asterisk tests/vm/carrier-kit.sh
daemon=${STROWGERD:-${CARGO_TARGET_DIR:-$PWD/target}/debug/strowgerd}
[ -n "${STROWGERD:-}" ] || cargo build --locked -q --workspace --bin strowgerd || exit 1

root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
# The telephone of tests/interop, with those of its modules that tests/vm/chain/phone.rs loads.
phone=("$(command -v baresip)" /usr/lib/baresip/modules/{account,aufile,ctrl_tcp,g711,menu,sndfile,uuid}.so)
carrier "$root" && example vm-chain && cp "$built" "$root/bin/" &&
    here "$root" "$daemon" "$(command -v openssl)" "${phone[@]}" && strip "$root/here/strowgerd" || exit 1
in_machine "$root" 1024 600 /bin/vm-chain /modules /etc/asterisk
