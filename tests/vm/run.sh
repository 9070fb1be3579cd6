#!/bin/bash
# `make test-vm`: drivers against the real kernel, and trunks against a real carrier's software, in virtual
# machines that boot in seconds: Debian's kernel, DAHDI's modules, busybox and one static program. Without
# hardware virtualisation, on purpose: it works on every machine.
#   run.sh --long    with a machine of another processor
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh
. tests/vm/machine.sh

[ "$(uname -m)" = x86_64 ] ||
    skipped "virtual machines" "the kit is for x86_64, this machine is $(uname -m)"
need_cargo qemu-system-x86 busybox-static cpio gcc make libelf1 xz-utils baresip-core openssl \
    binutils || exit 2
fetched "virtual machines" "Debian's kernel with DAHDI" tests/vm/kit.sh
# The longest beside all others; none minds how fast it is. What they run is built first, so that none waits
# for another.
for program in vm-spans vm-carrier vm-chain vm-front; do
    example "$program" || exit 1
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
tests/vm/carrier.sh >"$log" 2>&1 &
status=0
tests/vm/spans.sh || status=1
tests/vm/chain.sh || status=1
tests/vm/watchdog.sh || status=1
tests/vm/front.sh || status=1
wait $! || status=1
cat "$log"
[ "${1:-}" != --long ] || tests/vm/arm.sh || status=1
exit $status
