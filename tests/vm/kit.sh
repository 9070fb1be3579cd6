#!/bin/bash
# Fetches the kernel and builds the modules that the virtual machine of tests/vm runs, into
# .cache/vm/kit: the kernel of Debian 12, whose headers any newer Debian can compile for, and DAHDI of
# Debian 13, whose spans without cards can simulate alarms.
# Ends with 3 when something cannot be fetched.
set -u
cd "$(dirname "$0")/../.." || exit 2
cache=$PWD/.cache/vm
# Raised when what is built below changes.
edition=2
[ "$(cat "$cache/kit/edition" 2>/dev/null)" = $edition ] && exit 0

. tests/vm/packages.sh
work=$cache/work
rm -rf "$cache/kit"
other_suites "$work" bookworm trixie || exit
printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' >"$work/preferences"

echo "fetching a kernel and DAHDI into .cache/vm"
log=$work/log
other_apt get update >"$log" 2>&1
kernel=$(other_apt cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: linux-image-//p')
if [ -z "$kernel" ]; then
    tail -5 "$log"
    exit 3
fi
version=${kernel%-amd64}
if ! (cd "$work/debs" && other_apt get download "linux-image-$kernel" "linux-headers-$kernel" \
    "linux-headers-$version-common" linux-kbuild-6.1 dahdi-dkms/trixie >"$log" 2>&1); then
    tail -5 "$log"
    exit 3
fi

# Of the kernel itself only what is booted and inserted.
tree=$work/tree
for deb in "$work"/debs/*.deb; do
    case $deb in
    */linux-image-*)
        dpkg --fsys-tarfile "$deb" | tar -x -C "$tree" --wildcards './boot/vmlinuz-*' \
            '*/slhc.ko' '*/ppp_generic.ko' '*/hdlc.ko' '*/ledtrig-timer.ko'
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
    make -j "$(nproc)" -C "$headers" CC=gcc M="$source/drivers/dahdi" DAHDI_INCLUDE="$source/include" \
        DAHDI_BUILD_ALL= DAHDI_MODULES_EXTRA= CONFIG_DAHDI=m CONFIG_DAHDI_DYNAMIC=m \
        CONFIG_DAHDI_DYNAMIC_LOC=m modules
} >"$log" 2>&1 || {
    tail -20 "$log"
    exit 1
}
mkdir -p "$cache/kit" || exit 1
find "$tree/lib/modules" "$source/drivers/dahdi" -name '*.ko' ! -name '*oslec*' ! -name echo.ko \
    -exec cp {} "$cache/kit/" \; || exit 1
cp "$tree/boot/vmlinuz-$kernel" "$cache/kit/vmlinuz" || exit 1
strip --strip-debug "$cache/kit"/*.ko || exit 1
echo $edition >"$cache/kit/edition"
rm -rf "$work"
