#!/bin/sh
# `make image BOARD=<name> BUILDROOT=<path>`: builds a board's image outside of Buildroot's own folder, into
# images/out/<board>, or what OUT says.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${BOARD:-}" ] || [ ! -f "${BUILDROOT:-}/Config.in" ]; then
	echo "usage: make image BOARD=<name> BUILDROOT=<folder of Buildroot's sources>" >&2
	exit 2
fi
buildroot=$(cd "$BUILDROOT" && pwd)
out=${OUT:-$here/../images/out/$BOARD}
mkdir -p "$out"
out=$(cd "$out" && pwd)
"$here/scripts/defconfig.sh" "$BOARD" >"$out/strowger_defconfig"
# The same commit makes the same image: no time but the commit's gets into it.
epoch=$(git -C "$here" log -1 --format=%ct 2>/dev/null || true)
[ -z "$epoch" ] || export SOURCE_DATE_EPOCH="$epoch"
build() {
	make -C "$buildroot" O="$out" BR2_EXTERNAL="$here" "$@"
}
build BR2_DEFCONFIG="$out/strowger_defconfig" defconfig
build
echo "the image is in $out/images"
