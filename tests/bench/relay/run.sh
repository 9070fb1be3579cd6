#!/bin/bash
# What a relayed call costs, beside rtpengine in the same run. Writes docs/bench/relay.md.
set -euo pipefail
cd "$(dirname "$0")/../../.."
out=docs/bench/relay.md
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
cargo bench --locked -p tests --bench relay -- "$@" | tee "$figures"
{
    echo "# A relayed call beside rtpengine"
    echo
    echo "\`make bench\` on $(date -u +%F), $(rtpengine --version 2>&1 | head -1). Each call is two streams of"
    echo "50 packets a second; CPU is that of the relay's process alone; goals are ratios to rtpengine. How the relay came to be what it"
    echo "is: [relay-designs.md](relay-designs.md)."
    echo
    grep '^|' "$figures"
    echo
    echo "Each round: CPU, and the delay's p50, p99 and p99.9."
    echo
    echo '```'
    grep -v '^|' "$figures"
    echo '```'
} > "$out"
