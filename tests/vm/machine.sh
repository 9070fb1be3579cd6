# Sourced from the top of the tree: one static program in a virtual machine that boots in seconds.
# shellcheck shell=bash

# skipped WHAT WHY: what this machine or network cannot do is said and counted, and fails nothing.
skipped() {
    echo "skip $1: $2"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

# example NAME: builds a program of crate board for the virtual machine; $built is where it is.
example() {
    local target=x86_64-unknown-linux-gnu
    built=${CARGO_TARGET_DIR:-$PWD/target}/$target/debug/examples/$1
    # Named, so that the flags do not reach what runs while compiling.
    RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked -q -p board --example "$1" \
        --target $target
}

# in_machine ROOT MEGABYTES SECONDS PROGRAM...: boots with the files of ROOT and those that every machine
# has, runs the program there, and fails unless it has counted its checks and none failed.
in_machine() {
    local root=$1 megabytes=$2 seconds=$3 count log=$1.log
    local kit=$PWD/.cache/vm/kit
    shift 3
    mkdir -p "$root"/{bin,dev,proc,sys,modules} &&
        cp /bin/busybox "$root/bin/" && cp "$kit"/*.ko "$root/modules/" &&
        install -m 755 tests/vm/init "$root/init" &&
        (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$root.cpio" || return 1
    # Never with KVM: where it is offered inside a virtual machine, it may not start such a kernel.
    timeout --kill-after=10 "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -M q35 \
        -m "$megabytes" -smp 2 -nographic -no-reboot -nic none -kernel "$kit/vmlinuz" \
        -initrd "$root.cpio" -append "console=ttyS0 panic=-1 quiet loglevel=3 -- $*" </dev/null 2>&1 |
        sed -u 's/\r//g; s/\x1b\[[?0-9;]*[A-Za-z]//g; s/\x1bc//g; /^SeaBIOS/d; /^Booting from/d; /^$/d' |
        tee "$log"
    count=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log")
    if [ -z "$count" ]; then
        echo "FAIL the virtual machine ended, or was ended, before its checks did"
        echo "0 passed, 1 failed"
        return 1
    fi
    case $count in *" 0 failed"*) ;; *) return 1 ;; esac
}
