# Sourced, from the top of the tree: Debian's own compiler for a 64-bit ARM, whose standard library comes for
# ARM too.
# shellcheck shell=bash

# need_arm PACKAGE...: installs it, and these Debian packages, which may be ARM's; then cargo_arm is it.
need_arm() {
    if ! dpkg --print-foreign-architectures | grep -qx arm64; then
        local as_root
        as_root=$([ "$(id -u)" = 0 ] || echo sudo)
        $as_root dpkg --add-architecture arm64 || {
            echo "Please run this as root, then try again: dpkg --add-architecture arm64" >&2
            return 2
        }
    fi
    tests/setup/packages.sh rustc-web cargo-web libstd-rust-web-dev libstd-rust-web-dev:arm64 gcc \
        libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross "$@"
}

# cargo_arm COMMAND...: with a folder of its own, since it is another compiler.
cargo_arm() {
    local command=$1
    shift
    RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        /usr/bin/cargo "$command" --locked --target aarch64-unknown-linux-gnu \
        --target-dir "${CARGO_TARGET_DIR:-target}/arm" "$@"
}
