#!/bin/bash
# `make test` and `make test-long`: every test of the tree, from a fresh Debian on.
#   test.sh [--long] [--lint]
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh
. tests/setup/steps.sh

lint=
long=
for word in "$@"; do
    case $word in
    --lint) lint=yes ;;
    --long) long=--long ;;
    *) echo "usage: test.sh [--long] [--lint]" >&2 && exit 2 ;;
    esac
done

# The peers that nobody here wrote, what looks at the wire, and the fuzzer's runtime.
peers=(sip-tester baresip-core baresip-ffmpeg kamailio tshark nftables iproute2 openssl procps chromium
    python3 python3-numpy g++)
# What codecs and tones are compared with: other libraries, and speech; and what scores speech.
peers+=(ffmpeg asterisk-core-sounds-en-wav espeak-ng libspandsp2 libgsm1 libopencore-amrwb0
    libvo-amrwbenc0 libbcg729-0)
# What encrypts beside the box.
peers+=(libsrtp2-1)
# The virtual machine of the drivers, where there is one for this processor.
[ "$(uname -m)" != x86_64 ] || peers+=(qemu-system-x86 busybox-static cpio libelf1 xz-utils)
# shellcheck disable=SC2046
need_cargo "${peers[@]}" $(for_node) $(for_pesq) $([ -z "$lint" ] || for_lints) || exit 2
need_node || exit 2
need_pesq

# The browser sees the web admin inside the daemon, so it is built before the daemon is.
step "web admin: packages" install_webui
step "web admin: build" build_webui
[ -z "$lint" ] || lints
step "unit and scenario tests" cargo test --locked --workspace --no-fail-fast
step "daemon and another browser: build" cargo build --locked --workspace --bins
step "web admin: tests" npm --prefix webui test
export STROWGERD=${CARGO_TARGET_DIR:-$PWD/target}/debug/strowgerd
# Telephones mostly wait, so what only computes is done meanwhile.
begin "fuzz: build" tests/fuzz/run.sh --build
[ -z "$lint" ] || begin "signal processing on ARM" tests/setup/arm.sh
step "real peers" /usr/bin/python3 tests/interop/run.py $long
step "drivers in a virtual machine" tests/vm/run.sh $long
step "browser" tests/setup/browser.sh
step "Buildroot" buildroot/scripts/check.sh
[ -z "$lint" ] || step "signal processing on ARM" ended "signal processing on ARM"
step "fuzz: build" ended "fuzz: build"
step "fuzz" tests/fuzz/run.sh $long
total
