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
need_cargo qemu-system-x86 busybox-static cpio gcc make libelf1 xz-utils || exit 2
tests/vm/kit.sh
case $? in
0) ;;
3) skipped "virtual machines" "Debian's kernel and DAHDI cannot be fetched from here, see above" ;;
*)
    echo "FAIL the kernel's modules cannot be built, see above"
    echo "0 passed, 1 failed"
    exit 1
    ;;
esac
status=0
tests/vm/spans.sh || status=1
tests/vm/carrier.sh || status=1
tests/vm/watchdog.sh || status=1
tests/vm/front.sh || status=1
[ "${1:-}" != --long ] || tests/vm/arm.sh || status=1
exit $status
