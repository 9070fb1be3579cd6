# Sourced from the top of the tree: one static program in a virtual machine that boots in seconds.
# shellcheck shell=bash

# What boots, kernel and modules, and what QEMU is to have besides; other tiers say otherwise.
kit=$PWD/.cache/vm/kit
# Never with KVM: where it is offered inside a virtual machine, it may not start such a kernel. The machine's
# clock counts its instructions, two nanoseconds each, and passes over what would be waiting: however busy the
# processor below is, nobody inside comes too late, and who sleeps costs nothing.
machine=(qemu-system-x86_64 -M q35 -cpu max -accel tcg,thread=single -icount shift=1,sleep=off -smp 1)
console=ttyS0
# A reset is the end, unless a tier says otherwise.
reset=(-no-reboot)

# skipped WHAT WHY: what this machine or network cannot do is said and counted, and fails nothing.
skipped() {
    echo "skip $1: $2"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

# fetched WHAT SOFTWARE COMMAND...: has the command fetch the software that a tier needs for what it checks;
# the tier ends where that cannot be had, and where it cannot be made ready.
fetched() {
    local what=$1 software=$2
    shift 2
    "$@"
    case $? in
    0) return 0 ;;
    3) skipped "$what" "$software cannot be fetched from here, see above" ;;
    esac
    echo "FAIL $software cannot be made ready, see above"
    echo "0 passed, 1 failed"
    exit 1
}

# carrier ROOT: Asterisk and its settings among the files of ROOT.
carrier() {
    local root=$1 of=$PWD/.cache/vm/carrier
    echo "beside Asterisk $(tr '\n' ' ' <"$of/version" | sed 's/ *$//; s/ / with libpri /')"
    cp -a "$of/files/." "$root/" && mkdir -p "$root"/{bin,etc/dahdi} &&
        cp -r tests/vm/asterisk "$root/etc/" && mv "$root/etc/asterisk/system.conf" "$root/etc/dahdi/"
}

# here ROOT PROGRAM...: programs of this system and their modules in /here of ROOT, with their own libraries
# and the loader of those.
here() {
    local into=$1/here file
    shift
    mkdir -p "$into/lib" && cp -L "$@" "$into/" || return 1
    for file in $(ldd "$@" | sed -nE 's#^\s*(.* => )?(/[^ ]+) \(0x.*#\2#p' | sort -u); do
        cp -L "$file" "$into/lib/" || return 1
    done
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
    local root=$1 megabytes=$2 seconds=$3 log=$1.log busybox=/bin/busybox
    shift 3
    # That of another processor is in its kit.
    [ ! -e "$kit/busybox" ] || busybox=$kit/busybox
    mkdir -p "$root"/{bin,dev,proc,sys,modules} &&
        cp "$busybox" "$root/bin/busybox" && cp "$kit"/*.ko "$root/modules/" &&
        install -m 755 tests/vm/init "$root/init" &&
        (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$root.cpio" || return 1
    timeout --kill-after=10 "$seconds" "${machine[@]}" "${reset[@]}" -m "$megabytes" -nographic -nic none \
        -kernel "$kit/vmlinuz" -initrd "$root.cpio" \
        -append "console=$console panic=-1 quiet loglevel=3 -- $*" </dev/null 2>&1 |
        sed -u 's/\r//g; s/\x1b\[[?0-9;]*[A-Za-z]//g; s/\x1bc//g; /^SeaBIOS/d; s/^Booting from ROM[. ]*//; /^$/d' |
        tee "$log"
    if ! grep -qaE '^[0-9]+ passed, [0-9]+ failed' "$log"; then
        echo "FAIL the virtual machine ended, or was ended, before its checks did"
        echo "0 passed, 1 failed"
        return 1
    fi
    ! grep -qaE '^[0-9]+ passed, [1-9][0-9]* failed' "$log"
}

# twice LOG: whether the machine that a watchdog restarts has counted its checks before and after.
twice() {
    [ "$(grep -caE '^[0-9]+ passed, [0-9]+ failed' "$1")" != 2 ] || return 0
    echo "FAIL the virtual machine did not start twice"
    echo "0 passed, 1 failed"
    return 1
}
