"""Calls by digital lines: the simulated board has both ends of a line, so the box is its own carrier."""

import os
import time

import sound
from baresip import Baresip
from lab import test, until

from test_two_phones import TALK


def lined(lab, dialect="euro_isdn", framing="e1_crc4", line="line 1", cancels_echo=False,
          **flags):
    """A box whose trunk `carrier` leads to `exchange`, the far end of the same line."""
    box = lab.box(board="sim", **flags)
    until(lambda: [one for one in box.every("lines") if one["name"] == line], "the line")
    for name, end, side, clock in (("carrier", line, "user", 1),
                                   ("exchange", line + " far end", "network", 0)):
        box.ask("POST", "trunks", {"name": name, "kind": "isdn", "number_format": "as_dialled", "isdn": {
            "side": side, "dialect": dialect, "numbering": "unknown",
            "cancels_echo": cancels_echo,
            "spans": [{"line": end, "framing": framing, "clock": clock}]}})
    trunks = {one["name"]: one for one in box.every("trunks")}
    box.extension("202")
    box.route_out("0.", [trunks["carrier"]], strip=1)
    box.route_in("202", "202", trunk=trunks["exchange"]["id"])
    until(lambda: all(up(box, end) for end in (line, line + " far end")), "the D channel", 30)
    return box


def phones(lab, box):
    """201 and 202, each with its melody."""
    found = []
    for number in ("201", "202"):
        if number == "201":
            box.extension(number)
        source = os.path.join(lab.folder, f"{number}.wav")
        sound.melody(source, seed=int(number), keyless=True)
        phone = Baresip(lab, box, number, "secret-of-the-test", source)
        phone.source = source
        found.append(phone.until_registered())
    return found


def up(box, name):
    line = next(one for one in box.every("lines") if one["name"] == name)
    return line["d_channel"] and line["d_channel"]["up"] and line["d_channel"]["carries"]


def busy(box, name="line 1"):
    line = next(one for one in box.every("lines") if one["name"] == name)
    return [one["slot"] for one in line["channels"] if one["usage"] == "busy"]


def across(box, first, second, line="line 1", gaps=0.15, **demands):
    """The first phone calls the second by the line; both hear each other, and all is free again.

    A line waits for nobody: where the machine stops the box for more than the 10 ms that wait to be sent,
    the line runs dry and a frame is a gap. A virtual machine does that several times a second to any thread
    in real time; what the box itself makes of turns that are late is tested in given time."""
    demands["gaps"] = gaps
    first.dial("0202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    calls = until(lambda: [one for one in box.calls() if one["state"] == "up"], "calls that are up")
    if len(calls) != 2:
        raise AssertionError(f"the call leaves and comes in again: {calls}")
    if len(busy(box, line)) != 1:
        raise AssertionError(f"one channel is busy, not {busy(box, line)}")
    time.sleep(TALK)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    until(lambda: not box.calls(), "an empty list of calls")
    until(lambda: not busy(box, line), "a free channel")
    there = sound.Heard(first.source, until(second.heard, "a recording")[-1], stretched=True)
    here = sound.Heard(second.source, until(first.heard, "a recording")[-1], stretched=True)
    return f"{there.demand(TALK * 0.8, **demands)}; back {here.demand(TALK * 0.8, **demands)}"


@test
def two_phones_hear_each_other_over_an_e1(lab):
    box = lined(lab)
    first, second = phones(lab, box)
    said = across(box, first, second)
    ends = [one["end"] for one in until(lambda: [r for r in box.records() if r["ended"]], "records")]
    if any(end["cause"] != 16 or end["why"] != "hung_up" for end in ends):
        raise AssertionError(f"the records say {ends}")
    return said


@test
def two_phones_hear_each_other_over_a_t1(lab):
    box = lined(lab, "ni2", "t1_esf", "line 2")
    return across(box, *phones(lab, box), "line 2")


@test
def two_who_talk_at_once_are_heard_while_echoes_are_cancelled(lab):
    """Tones that never rest, on both sides and without an echo: the hardest for a canceller to leave alone,
    who learns in the first second that there is none."""
    box = lined(lab, cancels_echo=True)
    return across(box, *phones(lab, box), correlation=0.95, gaps=0.2)


@test
def a_line_that_is_cut_is_seen_at_both_ends_and_comes_back(lab):
    box = lined(lab)
    def alarms(name):
        return next(one for one in box.every("lines") if one["name"] == name)["alarms"]
    span = next(one for one in box.every("lines") if one["name"] == "line 1")["span"]
    box.ask("POST", f"lines/{span}/fault", {"fault": "cut", "on": True})
    until(lambda: alarms("line 1")["red"], "red where the pair is cut")
    until(lambda: alarms("line 1 far end")["yellow"], "yellow at the far end")
    until(lambda: not up(box, "line 1"), "a D channel that is down")
    box.ask("POST", f"lines/{span}/fault", {"fault": "cut", "on": False})
    until(lambda: up(box, "line 1") and up(box, "line 1 far end"), "the D channel", 60)
    return across(box, *phones(lab, box))
