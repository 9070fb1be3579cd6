#!/bin/bash
# What calls with media cost, beside rtpengine in the same run, and how exactly in time the box speaks.
# Writes docs/bench/relay.md. Words and numbers are handed on to the bench: --rounds, --seconds, --calls,
# --only (a part of a load's name); with --only nothing is written.
set -euo pipefail
cd "$(dirname "$0")/../../.."
tests/setup/packages.sh rtpengine asterisk-core-sounds-en-wav
out=docs/bench/relay.md
case " $* " in *" --only "*) exec cargo bench --locked -p tests --bench relay -- "$@" ;; esac
figures=$(mktemp)
voices=$(mktemp)
parts=$(mktemp)
trap 'rm -f "$figures" "$voices" "$parts"' EXIT
cargo bench --locked -p tests --bench relay -- "$@" | tee "$figures"
cargo bench --locked -p tests --bench relay -- voices | tee "$voices"
for part in srtp first browser conference; do
    cargo bench --locked -p media --bench "$part"
    echo
done | tee "$parts"
{
    echo "# Calls with media beside rtpengine"
    echo
    cat <<TEXT
\`make bench\` on $(date -u +%F), $(rtpengine --version 2>&1 | head -1), on
$(sed -n 's/.* s; //p' "$figures" | head -1).

Each call is two streams of 50 packets a second. CPU is that of the relay's process alone; a goal is the most
that our figure may be of rtpengine's in the same row. *Beside plain*: rtpengine passes plain calls on
meanwhile, and its price is the unit. What is translated is real speech; what comes back is decoded, and the
bench fails unless it is as loud as what was said. How the relay came to be what it is:
[relay-designs.md](relay-designs.md).

TEXT
    grep '^|' "$figures"
    cat <<TEXT

## How exactly in time the box itself speaks

The bar: p99.9 below 2 ms with both cores busy. *A bare thread* in real time does nothing but wake every
millisecond on the same processor meanwhile: what it is late by the machine took, and the box cannot be earlier.

TEXT
    grep '^|' "$voices"
    cat <<TEXT

## What one packet costs without its sockets

The bars: 200 ns for AES-CM and 90 ns for AES-GCM, 172 octets. *First*: microseconds of the first packet of a
call that is translated, for which codecs are set up; *longest* holds what other programs took meanwhile.

\`\`\`
TEXT
    cat "$parts"
    echo '```'
    echo
    echo "Each round: CPU, the delay's p50, p99 and p99.9, memory."
    echo
    echo '```'
    grep -v '^|' "$figures"
    echo '```'
} > "$out"
