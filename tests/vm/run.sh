#!/bin/bash
# `make test-vm`: drivers against the real kernel, in a virtual machine that boots in seconds: Debian's
# kernel, DAHDI's modules, busybox and one static program. Without hardware virtualisation, on purpose:
# it works on every machine.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh

# skipped WHY: what this machine or network cannot do is said and counted, and fails nothing.
skipped() {
    echo "skip spans in a virtual machine: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

[ "$(uname -m)" = x86_64 ] || skipped "the kit is for x86_64, this machine is $(uname -m)"
need_cargo qemu-system-x86 busybox-static cpio gcc make libelf1 xz-utils || exit 2
tests/vm/kit.sh
case $? in
0) ;;
3) skipped "Debian's kernel and DAHDI cannot be fetched from here, see above" ;;
*)
    echo "FAIL the kernel's modules cannot be built, see above"
    echo "0 passed, 1 failed"
    exit 1
    ;;
esac
kit=$PWD/.cache/vm/kit

target=x86_64-unknown-linux-gnu
out=${CARGO_TARGET_DIR:-$PWD/target}
# Named, so that the flags do not reach what runs while compiling.
RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked -q -p board --example vm-spans \
    --target $target || exit 1

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,modules}
cp /bin/busybox "$out/$target/debug/examples/vm-spans" "$root/bin/" &&
    cp "$kit"/*.ko "$root/modules/" && install -m 755 tests/vm/init "$root/init" || exit 1
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$root.gz" || exit 1
trap 'rm -rf "$root" "$root.gz"' EXIT

# Never with KVM: where it is offered inside a virtual machine, it may not start such a kernel.
timeout --kill-after=10 300 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -M q35 -m 256 -smp 2 \
    -nographic -no-reboot -nic none -kernel "$kit/vmlinuz" -initrd "$root.gz" \
    -append "console=ttyS0 panic=-1 quiet loglevel=3" </dev/null 2>&1 |
    sed -u 's/\r//g; s/\x1b\[[?0-9;]*[A-Za-z]//g; s/\x1bc//g; /^SeaBIOS/d; /^Booting from/d; /^$/d' |
    tee "$root/log"
count=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$root/log")
if [ -z "$count" ]; then
    echo "FAIL the virtual machine ended, or was ended, before its checks did"
    echo "0 passed, 1 failed"
    exit 1
fi
case $count in *" 0 failed"*) ;; *) exit 1 ;; esac
