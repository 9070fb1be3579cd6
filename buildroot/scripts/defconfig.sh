#!/bin/sh
# The defconfig of a board, made of what all boards have and what this one has.
#   defconfig.sh BOARD
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
board=$1
if [ ! -f "$here/configs/$board.fragment" ]; then
	echo "there is no board '$board'; each has a file in buildroot/configs" >&2
	exit 1
fi
sed "s/@BOARD@/$board/g" "$here/configs/common.fragment" "$here/configs/$board.fragment"
