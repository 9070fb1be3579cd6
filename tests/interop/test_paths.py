"""Which way the sound of a call goes: by the box, inside the box, or past it."""

import os
import time

import sound
from lab import test, until
from test_secrecy import Wire
from test_two_phones import pair

TALK = 6


def between(box, packets):
    """The packets that went from the box to itself."""
    first, last = box.media_ports
    return sum(1 for source, to, _ in packets if first <= source <= last and first <= to <= last)


@test
def a_call_that_leaves_by_a_trunk_to_the_box_itself_is_heard_without_a_packet_between(lab):
    box = lab.box()
    mirror = box.trunk("mirror", "127.0.0.1", box.sip, kind="static", transport="udp",
                       qualify_seconds=0)
    box.route_out("7.", [mirror], strip=1)
    first, second = pair(lab, box)
    box.route_in("202", "202", trunk=mirror["id"])
    wire = Wire(lab, box)
    first.dial("7202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(1)
    calls = until(lambda: len(box.calls()) == 2 and box.calls(), "both calls in the list")
    ways = {(path["leg"], path["path"], path["codec"]) for call in calls for path in call["paths"]}
    wanted = {("201", "anchored", "PCMA"), ("202", "anchored", "PCMA"), ("mirror", "loopback", "PCMA")}
    if ways != wanted:
        raise AssertionError(f"the calls show {sorted(ways)}")
    time.sleep(TALK)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    there = sound.Heard(first.source, until(second.heard, "a recording")[-1]).demand(TALK * 0.8)
    back = sound.Heard(second.source, until(first.heard, "a recording")[-1]).demand(TALK * 0.8)
    packets = wire.packets()
    own = between(box, packets)
    if own or len(packets) < 4 * 50 * TALK:
        raise AssertionError(f"{own} of {len(packets)} packets went from the box to itself")
    records = until(lambda: [one for one in box.records() if len(one["streams"]) == 2][1:]
                    and box.records(), "both records with their streams")
    counts = [stream["stats"][way] for one in records for stream in one["streams"]
              for way in ("received", "sent")]
    if min(counts) < 50 * TALK:
        raise AssertionError(f"not every pair counted the call: {counts}")
    return f"{there}; back {back}; {len(packets)} packets, none between; counted {counts}"


def ways(box):
    return {path["leg"]: path["path"] for path in box.calls()[0]["paths"]}


def past(lab):
    """Two phones that may talk past the box, and do."""
    box = lab.box()
    tenant = box.ask("GET", "tenants/1")
    box.ask("PUT", "tenants/1", {**tenant, "media_path": "direct"})
    first, second = pair(lab, box)
    first.dial("202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    until_ways(box, "direct")
    return box, first, second


def until_ways(box, way):
    until(lambda: ways(box) == {"201": way, "202": way}, f"both legs {way}, not {ways(box)}")


def of_the_box(lab, box, seconds):
    """The packets to and from the box in so many seconds."""
    wire = Wire(lab, box)
    time.sleep(seconds)
    return wire.packets()


@test
def two_phones_that_may_talk_past_the_box_are_heard_without_it(lab):
    box, first, second = past(lab)
    packets = len(of_the_box(lab, box, TALK))
    first.hang_up()
    second.until_event("CALL_CLOSED")
    there = sound.Heard(first.source, until(second.heard, "a recording")[-1]).demand(TALK * 0.8)
    back = sound.Heard(second.source, until(first.heard, "a recording")[-1]).demand(TALK * 0.8)
    record = until(lambda: [one for one in box.records() if one["ended"]], "the record")[0]
    relayed = [stream["stats"]["received"] for stream in record["streams"]]
    if packets or max(relayed, default=0) > 50:
        raise AssertionError(f"{packets} packets on the wire, {relayed} counted by the box")
    return f"{there}; back {back}; {packets} packets of the box, {relayed} before it was left"


@test
def who_is_held_comes_back_to_the_box_for_its_music_and_leaves_it_again(lab):
    box, first, second = past(lab)
    first.command("hold")
    until_ways(box, "anchored")
    low, high = box.media_ports
    music = [data for source, _, data in of_the_box(lab, box, 2)
             if low <= source <= high and len(data) == 2 * 172]
    if len(music) < 90:
        raise AssertionError(f"the held phone got {len(music)} packets of music")
    first.command("resume")
    until_ways(box, "direct")
    time.sleep(0.2)
    again = len(of_the_box(lab, box, TALK))
    first.hang_up()
    second.until_event("CALL_CLOSED")
    if again:
        raise AssertionError(f"{again} packets went through the box after the hold")
    # The one who holds begins its recording anew, and does not finish it.
    tail = os.path.join(lab.folder, "end.wav")
    sound.write(tail, sound.read(until(second.heard, "a recording")[-1])[-4 * sound.RATE:])
    return f"{len(music)} packets of music; then {sound.Heard(first.source, tail).demand(3)}"
