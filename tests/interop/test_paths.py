"""Which way the sound of a call goes: by the box, inside the box, or past it."""

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


@test
def two_phones_that_may_talk_past_the_box_do_but_for_the_music_of_a_hold(lab):
    box = lab.box()
    tenant = box.ask("GET", "tenants/1")
    box.ask("PUT", "tenants/1", {**tenant, "media_path": "direct"})
    first, second = pair(lab, box)
    first.dial("202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    direct = {"201": "direct", "202": "direct"}
    until(lambda: ways(box) == direct, f"both legs past the box: {ways(box)}")
    wire = Wire(lab, box)
    time.sleep(TALK)
    past = len(wire.packets())
    if past:
        raise AssertionError(f"{past} packets still went through the box")
    first.command("hold")
    until(lambda: ways(box) == {"201": "anchored", "202": "anchored"}, "both legs by the box")
    wire = Wire(lab, box)
    time.sleep(2)
    music = [packet for packet in wire.packets() if box.media_ports[0] <= packet[0] <= box.media_ports[1]
             and len(packet[2]) == 2 * 172]
    if len(music) < 90:
        raise AssertionError(f"the held phone got {len(music)} packets of music")
    first.command("resume")
    until(lambda: ways(box) == direct, "both legs past the box again")
    wire = Wire(lab, box)
    time.sleep(TALK)
    again = len(wire.packets())
    first.hang_up()
    second.until_event("CALL_CLOSED")
    if again:
        raise AssertionError(f"{again} packets went through the box after the hold")
    there = sound.Heard(first.source, until(second.heard, "a recording")[-1], stretched=True)
    back = sound.Heard(second.source, until(first.heard, "a recording")[-1], stretched=True)
    return f"{there.demand(TALK * 1.6, gaps=1)}; back {back.demand(TALK * 1.6, gaps=1)}; {len(music)} packets of music"
