"""How long the box takes between SIP and a digital line: rows for docs/bench/lines.md.

    lines.py [--calls N]

The board is simulated, so that a call leaves by one end of a line and comes in again by the other. What
goes into the exchange, and when, the daemon writes down itself (`--record`): a caller's INVITE, and then
the SETUP at the other end; the phone's 200, and then the CONNECT. Between them lies what the octets of the
frame take at 64 kbit/s, which is taken away.
"""

import argparse
import json
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))
sys.dont_write_bytecode = True

from lab import Lab, until  # noqa: E402
from sip import Phone  # noqa: E402
from test_lines import lined  # noqa: E402

SETUP, CONNECT = 0x05, 0x07


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=300)
    count = parser.parse_args().calls
    lab = Lab(tempfile.mkdtemp(prefix="strowger-bench-"), False)
    try:
        inputs = recorded(lab, count)
    finally:
        lab.close()
    lab.remove()
    for what, said, heard in (("SIP to ISDN: INVITE to SETUP", "INVITE ", SETUP),
                              ("SIP to ISDN: 200 to CONNECT", "SIP/2.0 200", CONNECT)):
        waits = sorted(between(inputs, said, heard))
        if len(waits) < count:
            raise AssertionError(f"{what}: {len(waits)} of {count}")
        p50, p99 = (waits[int(len(waits) * part)] for part in (.5, .99))
        print(f"| {what}, p50 and p99 of {len(waits)}, ms | 5 | {p50:.2f}, {p99:.2f} |")


def recorded(lab, count):
    """So many calls, one after another, and what the exchange was given."""
    path = os.path.join(lab.folder, "inputs")
    box = lined(lab, record=path)
    phones = []
    for number in ("201", "202"):
        if number == "201":
            box.extension(number)
        phones.append(Phone(box, number))
        phones[-1].register()
    caller, called = phones
    for _ in range(count):
        call = caller.call("0202", wait=False)
        there = called.incoming().ring()
        # The wire has done with the ALERTING.
        time.sleep(0.05)
        there.answer()
        call.until_final()
        call.hang_up()
        there.until_bye()
    until(lambda: not box.calls(), "an empty list of calls")
    box.stop()
    with open(path) as file:
        return [json.loads(line) for line in file][1:]


def between(inputs, said, heard):
    """Milliseconds from each message that begins so to the next frame with such a message."""
    began = None
    for one in inputs:
        text = message(one["input"])
        # Without credentials an INVITE is asked for them; a BYE has its 200 as well.
        asked = said != "INVITE " or "uthorization:" in (text or "")
        if text and text.startswith(said) and " INVITE" in text and asked:
            began = one["at"]
        frame = octets(one["input"])
        if began and frame and kind(frame) == heard:
            # And a flag, and what is checked by.
            wire = (len(frame) + 3) / 8
            yield (one["at"] - began) / 1e6 - wire
            began = None


def message(given):
    """The SIP message that came, if one did."""
    return given.get("received", {}).get("text") if isinstance(given, dict) else None


def octets(given):
    """The frame that came from a D channel, if one did."""
    line = given.get("line") if isinstance(given, dict) else None
    return line.get("frame", {}).get("octets") if isinstance(line, dict) else None


def kind(frame):
    """Which message an I frame carries (Q.921 §3.4, Q.931 §4.1), if it does."""
    if frame[2] & 1 or len(frame) < 7:
        return None
    return frame[6 + frame[5]]


if __name__ == "__main__":
    main()
