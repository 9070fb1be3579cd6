#!/bin/sh
# Run by Buildroot when the root is filled, before it is packed.
#   post-build.sh ROOT BOARD
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
root=$1 board=$2
install -D -m 0644 "$here/../board/$board/board.toml" "$root/etc/strowger/board.toml"
rm -f "$root/data/.keep"
