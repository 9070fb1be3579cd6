#!/bin/bash
# `make test-arm`: the tests of the signal processing as a 64-bit ARM runs them, in an emulator.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/cross.sh

# The C library of the emulated machine is ARM's own package: in the cross compiler's copy no thread
# ever starts under this emulator.
need_arm libc6:arm64 libopus-dev:arm64 pkg-config qemu-user-static || exit 2

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64-static
export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
# An emulator is slow with fractions: it hears few of the minutes of speech that echo is tried with, and
# none of those in which there is no tone, for which no processor has a kernel of its own.
cargo_arm test -p media-dsp -- --skip g168:: --skip disabling:: --skip speech_is_cancelled --skip talk_off:: &&
    cargo_arm test -p media-dsp --test echo -- g168::test_2c
