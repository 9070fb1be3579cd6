#!/bin/bash
# `make test-arm`: the tests of the signal processing as a 64-bit ARM runs them, in an emulator; built by
# Debian's own compiler, whose standard library comes for ARM too.
set -u
cd "$(dirname "$0")/../.." || exit 2

if ! dpkg --print-foreign-architectures | grep -qx arm64; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root dpkg --add-architecture arm64 || {
        echo "Please run this as root, then try again: dpkg --add-architecture arm64" >&2
        exit 2
    }
fi
tests/setup/packages.sh rustc-web cargo-web libstd-rust-web-dev libstd-rust-web-dev:arm64 libc6:arm64 \
    libopus-dev:arm64 pkg-config gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
    qemu-user-static || exit 2

# The C library of the emulated machine is ARM's own package: in the cross compiler's copy no thread
# ever starts under this emulator.
export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64-static
export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
# An emulator is slow with fractions: it hears few of the minutes of speech that echo is tried with, and
# none of those in which there is no tone, for which no processor has a kernel of its own.
arm() {
    /usr/bin/cargo test --locked -p media-dsp --target aarch64-unknown-linux-gnu \
        --target-dir "${CARGO_TARGET_DIR:-target}/arm" "$@"
}
arm -- --skip g168:: --skip disabling:: --skip speech_is_cancelled --skip talk_off:: &&
    arm --test echo -- g168::test_2c
