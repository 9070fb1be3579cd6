#!/bin/bash
# Makes a Debian sid with Asterisk in .cache/asterisk, once: Debian 12 itself has no Asterisk. What it
# is fetched with is what apt on this machine is set up with. Says in one line why where it cannot be.
set -eu
cd "$(dirname "$0")/../.."
folder=.cache/asterisk
[ ! -x $folder/usr/sbin/asterisk ] || exit 0

cannot() {
    echo "no Asterisk in the comparison: $1"
    exit 1
}

[ "$(id -u)" = 0 ] || cannot "a chroot needs root"
tests/setup/packages.sh mmdebstrap >/dev/null || cannot "mmdebstrap could not be installed"
here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v here="$here" '$1 == here && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || cannot "apt knows no mirror of Debian"
echo "making a Debian sid with Asterisk in $folder"
mkdir -p .cache
work=$(mktemp -d "$PWD/.cache/asterisk-XXXXXX")
log=$work/log
trap 'rm -rf --one-file-system "$work"' EXIT
# The machine's own way to its packages: proxies, and mirrors that are snapshots of a day.
apt-config dump | grep -E '^Acquire::(https?::|ftp::|Check-Valid-Until)' >"$work/apt.conf" || true
# No service starts by it, and the documentation stays out.
mmdebstrap --mode=root --variant=essential --format=directory --aptopt="$work/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --essential-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"' \
    --essential-hook='chmod 755 "$1/usr/sbin/policy-rc.d"' \
    --include=asterisk sid "$work/root" "$mirror" </dev/null >"$log" 2>&1 ||
    cannot "mmdebstrap: $(grep '^E: ' "$log" | tail -1)"
mv "$work/root" $folder
