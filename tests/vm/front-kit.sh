#!/bin/bash
# Fetches the kernel for tests/vm/front.sh into .cache/vm/front: of Debian's kernels only that of its
# unstable suite can pretend a GPIO chip.
# Ends with 3 when it cannot be fetched.
set -u
cd "$(dirname "$0")/../.." || exit 2
cache=$PWD/.cache/vm
# Raised when what is taken of it changes.
edition=1
[ "$(cat "$cache/front/edition" 2>/dev/null)" = $edition ] && exit 0

. tests/vm/packages.sh
work=$cache/front-work
rm -rf "$cache/front"
other_suites "$work" sid || exit

echo "fetching a kernel with gpio-sim into .cache/vm"
log=$work/log
other_apt get update >"$log" 2>&1
kernel=$(other_apt cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: linux-image-//p')
if [ -z "$kernel" ] || ! (cd "$work/debs" &&
    other_apt get download "linux-binary-$kernel" "linux-modules-$kernel" >"$log" 2>&1); then
    tail -5 "$log"
    exit 3
fi

# Of all that only what is booted and inserted.
for deb in "$work"/debs/*.deb; do
    dpkg --fsys-tarfile "$deb" | tar -x -C "$work/tree" --wildcards --no-wildcards-match-slash \
        --strip-components=5 './usr/lib/modules/*/vmlinuz' 2>/dev/null
    dpkg --fsys-tarfile "$deb" | tar -x -C "$work/tree" --wildcards '*/configfs.ko*' '*/gpio-sim.ko*' \
        2>/dev/null
done
find "$work/tree" -name '*.ko.xz' -exec unxz {} + || exit 1
mkdir -p "$cache/front" || exit 1
find "$work/tree" \( -name vmlinuz -o -name configfs.ko -o -name gpio-sim.ko \) -exec cp {} "$cache/front/" \;
for file in vmlinuz configfs.ko gpio-sim.ko; do
    [ -e "$cache/front/$file" ] || { echo "the kernel $kernel has no $file" && exit 1; }
done
echo "$kernel" >"$cache/front/version"
echo $edition >"$cache/front/edition"
rm -rf "$work"
