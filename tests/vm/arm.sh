#!/bin/bash
# The tier of `make test-vm --long` on another processor: spans and the watchdog on a 64-bit ARM, in the same
# way as on a PC.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/cross.sh
. tests/vm/machine.sh

need_arm qemu-system-arm busybox-static cpio make libelf1 xz-utils ||
    skipped "spans on ARM in a virtual machine" "its compiler or emulator cannot be had here, see above"
fetched "spans on ARM in a virtual machine" "its kernel with DAHDI" tests/vm/kit.sh arm64
# A board as boards of this kind are; a keyboard for its lamp.
board=(qemu-system-aarch64 -M virt -cpu cortex-a53 -accel tcg,thread=multi -smp 2)
kit=$PWD/.cache/vm/kit-arm64
console=ttyAMA0
root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
mkdir -p "$root"/{spans,watchdog}/bin
# In the variable, so that the flags do not reach what runs while compiling.
CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static" \
    cargo_arm build -q -p board --example vm-spans --example vm-front || exit 1
built=${CARGO_TARGET_DIR:-$PWD/target}/arm/aarch64-unknown-linux-gnu/debug/examples
cp "$built/vm-spans" "$root/spans/bin/" && cp "$built/vm-front" "$root/watchdog/bin/" || exit 1

status=0
machine=("${board[@]}" -global virtio-mmio.force-legacy=false -device virtio-keyboard-device)
in_machine "$root/spans" 256 600 /bin/vm-spans /modules || status=1
machine=("${board[@]}" -device i6300esb)
reset=(-action watchdog=reset)
in_machine "$root/watchdog" 256 300 /bin/vm-front watchdog /modules || status=1
twice "$root/watchdog.log" || status=1
exit $status
