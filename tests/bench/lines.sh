#!/bin/bash
# What calls on digital lines cost, and how long the box takes between a line and SIP. Writes
# docs/bench/lines.md; STROWGERD is the daemon. Words are handed on to tests/bench/lines.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=docs/bench/lines.md
media=$(mktemp)
alone=$(mktemp)
calls=$(mktemp)
trap 'rm -f "$media" "$alone" "$calls"' EXIT
cargo bench --locked -p tests --bench relay -- lines | tee "$media"
cargo bench --locked -p media --bench line | tee "$alone"
/usr/bin/python3 tests/bench/lines.py "$@" | tee "$calls"
{
    echo "# Calls on digital lines"
    echo
    cat <<TEXT
\`make bench\` on $(date -u +%F), on $(sed -n 's/.* s each; //p' "$media" | head -1).

No rival stands beside: none runs without a card of its driver. The media thread of the daemon is a process of
its own with real sockets; cards are made up there, one block of 5 ms after the other by the clock, and phones
speak noise half of the time, of which the cards send an echo back (\`tests/bench/relay/lines.rs\`). *A packet
leaves after its last octet has come*: what is beside the packetisation of 20 ms, by the kernel's time stamps; the
cards' blocks meet the box's beat of 5 ms at all its phases. *SIP to ISDN* is from the INVITE's, or the
200's, entry into the exchange to that of the frame at the other end of a simulated line, less its octets at
64 kbit/s (\`tests/bench/lines.py\`): a line that is told the time every 5 ms adds or takes away up to 4 ms.

TEXT
    grep '^|' "$media"
    grep '^|' "$calls"
    cat <<TEXT

The engine alone, without sockets and cards, the fastest of ten seconds:

TEXT
    sed 's/^[0-9]/- &/' "$alone"
} >$out
echo "written: $out"
