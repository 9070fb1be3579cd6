#!/bin/bash
# `make bench-dsp`: what every block of the signal processing costs beside its peer. With words, only
# the rows that hold one of them, and nothing is written; without, writes docs/bench/dsp.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/setup/toolchain.sh
need_cargo
tests/setup/packages.sh asterisk-core-sounds-en-wav libspandsp2 libspeexdsp1 libgsm1 libbcg729-0 \
    libopencore-amrwb0 libvo-amrwbenc0 libopus-dev
if [ $# -gt 0 ]; then
    exec cargo bench --locked -p media-dsp --bench dsp -- "$@"
fi
out=docs/bench/dsp.md
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
cargo bench --locked -p media-dsp --bench dsp | tee "$figures"

# ITU-T P.862, from a package that scores what the test of the concealment makes.
need_pesq
{
    echo
    echo "| 20 ms frames of G.711 lost by chance, 60 s of speech | PESQ | spandsp |"
    echo "| --- | --- | --- |"
    cargo test -q --locked -p media-dsp --test plc pesq -- --nocapture |
        sed -n 's/^\(.* % lost\): PESQ \(.*\), spandsp \(.*\)$/| \1 | \2 | \3 |/p'
} | tee -a "$figures"
{
    echo "# Signal processing beside its peers"
    echo
    echo "\`make bench-dsp\` on $(date -u +%F). Nanoseconds of CPU for 20 ms of one channel, one core, the best"
    echo "of five turns taken one after another with the peers of Debian 12; channels a core is 20 ms"
    echo "by that. The ratio is ours by the peer's: below 1 is faster. What is not exact, and what was tried:"
    echo "[dsp-designs.md](dsp-designs.md)."
    echo
    cat "$figures"
} > "$out"
