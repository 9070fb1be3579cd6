#!/bin/bash
# Fetches the kernel and builds the modules that the virtual machine of tests/vm runs, into
# .cache/vm/kit: the kernel of Debian 12, whose headers any newer Debian can compile for, and DAHDI of
# Debian 13, whose spans without cards can simulate alarms.
#   kit.sh arm64    the same for a 64-bit ARM, with busybox, into .cache/vm/kit-arm64
# Ends with 3 when something cannot be fetched.
set -u
cd "$(dirname "$0")/../.." || exit 2
cache=$PWD/.cache/vm
# Raised when what is built below changes.
edition=3
case ${1:-amd64} in
amd64)
    kit=$cache/kit architecture=amd64 strip=strip
    cross=(CC=gcc)
    besides=()
    modules=(slhc.ko ppp_generic.ko hdlc.ko ledtrig-timer.ko watchdog.ko i6300esb.ko)
    ;;
arm64)
    other_architectures=amd64,arm64
    kit=$cache/kit-arm64 architecture=arm64 strip=aarch64-linux-gnu-strip
    cross=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc)
    besides=(busybox-static:arm64)
    modules=(slhc.ko ppp_generic.ko ledtrig-timer.ko i6300esb.ko virtio_mmio.ko
        virtio_input.ko)
    ;;
*) echo "usage: kit.sh [arm64]" >&2 && exit 2 ;;
esac
[ "$(cat "$kit/edition" 2>/dev/null)" = $edition ] && exit 0

. tests/vm/packages.sh
work=$kit-work
rm -rf "$kit"
other_suites "$work" bookworm trixie || exit
printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' >"$work/preferences"

echo "fetching a kernel and DAHDI into .cache/vm"
log=$work/log
other_apt get update >"$log" 2>&1
kernel=$(other_apt cache depends "linux-image-$architecture:$architecture" 2>/dev/null |
    sed -nE 's/.*Depends: linux-image-([^:]*).*/\1/p')
if [ -z "$kernel" ]; then
    tail -5 "$log"
    exit 3
fi
version=${kernel%-"$architecture"}
if ! (cd "$work/debs" && other_apt get download "linux-image-$kernel:$architecture" \
    "linux-headers-$kernel:$architecture" "linux-headers-$version-common" linux-kbuild-6.1 \
    dahdi-dkms/trixie ${besides[@]+"${besides[@]}"} >"$log" 2>&1); then
    tail -5 "$log"
    exit 3
fi

# Of the kernel itself only what is booted and inserted.
tree=$work/tree
for deb in "$work"/debs/*.deb; do
    case $deb in
    */linux-image-*)
        dpkg --fsys-tarfile "$deb" | tar -x -C "$tree" --wildcards './boot/vmlinuz-*' \
            "${modules[@]/#/*/}"
        ;;
    *) dpkg -x "$deb" "$tree" ;;
    esac || exit 1
done
headers=$tree/usr/src/linux-headers-$kernel
sed -i "s#^include /usr/src/#include $tree/usr/src/#" "$headers/Makefile" || exit 1

echo "building DAHDI for $kernel"
source=$(echo "$tree"/usr/src/dahdi-*)
{
    make -C "$source" include/dahdi/version.h KVERS="$kernel"
    make -j "$(nproc)" -C "$headers" "${cross[@]}" M="$source/drivers/dahdi" \
        DAHDI_INCLUDE="$source/include" DAHDI_BUILD_ALL= DAHDI_MODULES_EXTRA= CONFIG_DAHDI=m \
        CONFIG_DAHDI_DYNAMIC=m CONFIG_DAHDI_DYNAMIC_LOC=m modules
} >"$log" 2>&1 || {
    tail -20 "$log"
    exit 1
}
mkdir -p "$kit" || exit 1
find "$tree/lib/modules" "$source/drivers/dahdi" -name '*.ko' ! -name '*oslec*' ! -name echo.ko \
    -exec cp {} "$kit/" \; || exit 1
cp "$tree/boot/vmlinuz-$kernel" "$kit/vmlinuz" || exit 1
[ "$architecture" = amd64 ] || cp "$tree/bin/busybox" "$kit/" || exit 1
$strip --strip-debug "$kit"/*.ko || exit 1
echo $edition >"$kit/edition"
rm -rf "$work"
