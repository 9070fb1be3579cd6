#!/bin/bash
# Fetches Asterisk with its ISDN stack into .cache/vm/carrier/files: the program, the modules that
# tests/vm/asterisk/modules.conf loads, and the libraries that those name. Only Debian's unstable suite has
# an Asterisk of today with drivers of digital trunks.
# Ends with 3 when something cannot be fetched.
set -u
cd "$(dirname "$0")/../.." || exit 2
cache=$PWD/.cache/vm
# Raised when what is built below changes; what is loaded is part of it.
edition="3 $(sed -n 's/^load *= *//p' tests/vm/asterisk/modules.conf | tr '\n' ' ')"
[ "$(cat "$cache/carrier/edition" 2>/dev/null)" = "$edition" ] && exit 0

. tests/vm/packages.sh
work=$cache/carrier-work
rm -rf "$cache/carrier"
other_suites "$work" sid || exit

echo "fetching Asterisk into .cache/vm"
log=$work/log
other_apt get update >"$log" 2>&1
# What it depends on, through libraries alone: a library that asks for a program is given none.
packages=(asterisk asterisk-modules asterisk-dahdi)
ask=(asterisk asterisk-dahdi)
while [ ${#ask[@]} -gt 0 ]; do
    found=$(other_apt cache depends --important "${ask[@]}" 2>/dev/null |
        sed -nE 's/^ *\|?Depends: ((lib|zlib)[^<>]*)$/\1/p' | sort -u)
    ask=()
    for package in $found; do
        case " ${packages[*]} " in
        *" $package "*) ;;
        *) ask+=("$package") ;;
        esac
    done
    packages+=(${ask[@]+"${ask[@]}"})
done
# Its set-up tells the driver the tones of a country; all else of it is not needed.
packages+=(dahdi)
if ! (cd "$work/debs" && other_apt get download "${packages[@]}" >"$log" 2>&1); then
    tail -5 "$log"
    exit 3
fi
tree=$work/tree
for deb in "$work"/debs/*.deb; do
    dpkg -x "$deb" "$tree" || exit 1
done

# Of all that only what is run.
root=$cache/carrier/files
lib=usr/lib/x86_64-linux-gnu
mkdir -p "$root/usr/sbin" "$root/usr/lib64" "$root/$lib/asterisk/modules" || exit 1
ln -s usr/lib64 "$root/lib64"
cp "$tree"/usr/sbin/{asterisk,dahdi_cfg} "$root/usr/sbin/" || exit 1
cp -L "$tree/usr/lib64/ld-linux-x86-64.so.2" "$root/usr/lib64/" || exit 1
# It does not start without what it knows of its core's settings.
documents=usr/share/asterisk/documentation
mkdir -p "$root/$documents" || exit 1
cp "$tree/$documents"/*.{dtd,xslt} "$root/$documents/" || exit 1
awk 'NR <= 4
    /^\t<configInfo name="(cdr|cel|features|named_acl|stasis|udptl)"/ { on = 1 }
    on
    /^\t<\/configInfo>/ { on = 0 }
    END { print "</docs>" }' "$tree/$documents/core-en_US.xml" >"$root/$documents/core-en_US.xml" || exit 1
for module in ${edition#* }; do
    cp "$tree/$lib/asterisk/modules/$module" "$root/$lib/asterisk/modules/" || exit 1
done
needed() {
    find "$root"/usr/{lib,lib64,sbin} -type f -exec objdump -p {} + | awk '/NEEDED/ { print $2 }' | sort -u
}
while :; do
    missing=
    for name in $(needed); do
        [ ! -e "$root/$lib/$name" ] && [ ! -e "$root/usr/lib64/$name" ] || continue
        missing=$(find "$tree/usr/lib" -maxdepth 2 -name "$name" | head -1)
        if [ -z "$missing" ]; then
            echo "no package has $name"
            exit 1
        fi
        cp -L "$missing" "$root/$lib/" || exit 1
    done
    [ -n "$missing" ] || break
done
dpkg-deb --field "$work"/debs/asterisk_*.deb Version >"$cache/carrier/version"
dpkg-deb --field "$work"/debs/libpri1.4_*.deb Version >>"$cache/carrier/version"
echo "$edition" >"$cache/carrier/edition"
rm -rf "$work"
