#!/bin/sh
# Run by Buildroot when root and kernel are built: adds the hash tree to the root, fills the boot partitions of
# both slots and puts all into disk.img.
#   post-image.sh IMAGES BOARD
# board/<board>/boot.files says what a board starts from:
#   kind efi|tryboot|uboot      how it starts: the templates in buildroot/boot/<kind>
#   arguments ...               more of the kernel's command line
#   take FROM TO                a file of IMAGES that goes into the boot partition of each slot
#   raw FILE OFFSET             what stands before the first partition
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
images=$1 board=$2
files=$here/../board/$board/boot.files
work=$images/work
rm -rf "$work"
mkdir -p "$work"

word() {
	sed -n "s/^$1 //p" "$files"
}
kind=$(word kind)

# The numbers of a slot's partitions on a disk that has been written by nobody else.
uuid() {
	case $1 in
	boot-a) end=b00a ;;
	boot-b) end=b00b ;;
	root-a) end=400a ;;
	root-b) end=400b ;;
	data) end=00da ;;
	first) end=0001 ;;
	esac
	echo "5374726f-7767-4572-8000-00000000$end"
}

# The root with its hash tree behind it. Salt and number come from its content, so that the same root has the
# same hash.
root=$work/root.img
cp "$images/rootfs.squashfs" "$root"
octets=$(stat -c %s "$root")
if [ $((octets % 4096)) -ne 0 ]; then
	truncate -s $(((octets / 4096 + 1) * 4096)) "$root"
	octets=$(stat -c %s "$root")
fi
salt=$(sha256sum "$root" | cut -d ' ' -f 1)
blocks=$((octets / 4096))
tree=$(veritysetup format "$root" "$root" --hash sha256 --data-block-size 4096 --hash-block-size 4096 \
	--data-blocks "$blocks" --hash-offset "$octets" --salt "$salt" --no-superblock)
hash=$(echo "$tree" | sed -n 's/^Root hash:[[:space:]]*//p')
[ ${#hash} -eq 64 ]
echo "$hash" >"$images/root.hash"

# arguments_of SLOT: the kernel sets the checked root up by itself; a block that was changed is a panic, and a
# panic a restart.
arguments_of() {
	part=PARTUUID=$(uuid "root-$1")
	printf '%s' "dm-mod.waitfor=$part dm-mod.create=\"root,,,ro,0 $((blocks * 8)) verity 1 $part $part" \
		" 4096 4096 $blocks $blocks sha256 $hash $salt 1 panic_on_corruption\"" \
		" root=/dev/dm-0 ro rootfstype=squashfs panic=3 $(word arguments)"
}

for slot in a b; do
	boot=$work/boot-$slot
	mkdir -p "$boot"
	word take | while read -r from to; do
		install -D -m 0644 "$images/$from" "$boot/$to"
	done
	arguments=$(arguments_of $slot)
	(cd "$here/boot/$kind" && find . -type f) | while read -r file; do
		mkdir -p "$boot/$(dirname "$file")"
		sed "s#@ARGUMENTS@#$(echo "$arguments" | sed 's/[&#\\]/\\&/g')#" "$here/boot/$kind/$file" >"$boot/$file"
	done
	if [ -f "$boot/boot.cmd" ]; then
		mkimage -A arm64 -T script -C none -d "$boot/boot.cmd" "$boot/boot.scr" >/dev/null
		rm "$boot/boot.cmd"
	fi
	if [ -f "$boot/autoboot.txt" ]; then
		mkdir -p "$work/first"
		mv "$boot/autoboot.txt" "$work/first/"
	fi
done
find "$work" -exec touch -hd "@${SOURCE_DATE_EPOCH:-0}" {} +

# An empty memory, which the box fills.
truncate -s 256M "$work/data.img"
E2FSPROGS_FAKE_TIME=${SOURCE_DATE_EPOCH:-1} mke2fs -q -t ext4 -U "$(uuid data)" -E hash_seed="$(uuid data)" \
	"$work/data.img"

# part NAME IMAGE SIZE TYPE
part() {
	echo "	partition $1 {"
	[ -z "$2" ] || echo "		image = \"$2\""
	echo "		size = $3"
	echo "		partition-type-uuid = \"$4\""
	echo "		partition-uuid = \"$(uuid "$1")\""
	echo "	}"
}
linux=0fc63daf-8483-4772-8e79-3d69d8477de4
system=c12a7328-f81f-11d2-ba4b-00a0c93ec93b
{
	for name in first boot-a boot-b; do
		[ -d "$work/$name" ] || continue
		echo "image $name.vfat {"
		echo "	size = $([ $name = first ] && echo 8M || echo 64M)"
		echo "	vfat {"
		(cd "$work/$name" && find . -mindepth 1 -maxdepth 1) | sort | sed 's#^./##' | while read -r file; do
			echo "		file \"$file\" { image = \"$name/$file\" }"
		done
		echo "		extraargs = \"--invariant\""
		echo "	}"
		echo "}"
	done
	echo "image disk.img {"
	echo "	hdimage {"
	echo "		partition-table-type = \"gpt\""
	echo "		disk-uuid = \"5374726f-7767-4572-8000-000000000000\""
	echo "	}"
	word raw | while read -r file offset; do
		echo "	partition loader {"
		echo "		in-partition-table = false"
		echo "		image = \"$images/$file\""
		echo "		offset = $offset"
		echo "	}"
	done
	[ ! -d "$work/first" ] || part first first.vfat 8M $system
	if [ -d "$work/first" ]; then
		part boot-a boot-a.vfat 64M $system
	else
		# Room for what stands before the first partition.
		part boot-a boot-a.vfat 64M $system | sed '1a\		offset = 16M'
	fi
	part boot-b boot-b.vfat 64M $system
	part root-a root.img 256M $linux
	part root-b "" 256M $linux
	part data data.img 256M $linux
	echo "}"
} >"$work/genimage.cfg"
rm -rf "$work/tmp" "$work/empty"
mkdir "$work/empty"
genimage --rootpath "$work/empty" --tmppath "$work/tmp" --inputpath "$work" --outputpath "$images" \
	--config "$work/genimage.cfg"
