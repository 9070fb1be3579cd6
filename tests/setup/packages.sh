#!/bin/sh
# Installs the Debian packages named on the command line, only those that are missing.
# No service starts by it: a test machine must not suddenly run a SIP server on port 5060.
set -eu

missing=
for package in "$@"; do
    case "$missing " in *" $package "*) continue ;; esac
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=sudo
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
    as_root=sudo
else
    echo "Please run this as root, then try again: apt-get update && apt-get install$missing" >&2
    exit 2
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "This set-up knows Debian only; please install what these packages hold:$missing" >&2
    exit 2
fi

echo "installing:$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
    trap '$as_root rm -f $policy' EXIT
    # dash does not come to the line above by itself when it is interrupted.
    trap 'exit 130' INT TERM HUP
fi
echo 'wireshark-common wireshark-common/install-setuid boolean false' |
    $as_root debconf-set-selections 2>/dev/null || true
log=$(mktemp)
# The index of a fresh machine is empty, that of an old one names packages that are gone.
# shellcheck disable=SC2086
if ! { $as_root apt-get update -q &&
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $missing; } </dev/null >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "apt-get could not install:$missing" >&2
    exit 2
fi
rm -f "$log"
