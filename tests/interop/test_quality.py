"""How calls of real phones are judged: the curve in the record, from what passes and what they report."""

import os
import subprocess
import time

from lab import need, test, until
from test_two_phones import pair


@test
def the_record_of_a_call_has_its_curve(lab):
    box = lab.box()
    first, second = pair(lab, box)
    first.dial("202")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(17)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    streams = until(lambda: [one for one in box.records() if len(one["streams"]) == 2],
                    "the finished record with its streams")[0]["streams"]
    told = []
    for stream in streams:
        points = stream.get("quality", [])
        times = [point["after_ms"] for point in points]
        if not 2 <= len(points) <= 4 or times != sorted(times):
            raise AssertionError(f"{stream['leg']}: {points}")
        wrong = [point for point in points
                 if point["heard"]["r"] < 88 or point["heard"]["loss_permille"]
                 or not 400 <= point["heard"]["mos_hundredths"] <= 441]
        said = [point["said"] for point in points if point.get("said")]
        trips = [point["round_trip_micros"] for point in points if "round_trip_micros" in point]
        if wrong or not said or not trips or max(trips) > 50_000:
            raise AssertionError(f"{stream['leg']}: {points}")
        told.append(f"R {points[-1]['heard']['r']}, there and back {trips[-1]} us")
    return "; ".join(told)


@test
def a_phone_that_talks_with_the_box_and_the_box_tell_each_other_how_they_hear(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    wire = Capture(lab, box)
    phone.dial("*43")
    phone.until_event("CALL_ESTABLISHED")
    time.sleep(17)
    phone.hang_up()
    phone.until_event("CALL_CLOSED")
    stream = until(lambda: [one for one in box.records() if one["ended"] and one["streams"]],
                   "the finished record with its streams")[0]["streams"][0]
    points = stream.get("quality", [])
    trips = [point["round_trip_micros"] for point in points if "round_trip_micros" in point]
    said = [point["said"] for point in points if point.get("said")]
    if not trips or max(trips) > 50_000 or not said or said[-1]["loss_permille"]:
        raise AssertionError(f"{points}")
    reports = wire.reports(box)
    first = reports[0]["rtcp.senderssrc"]
    kinds = [one["rtcp.pt"].split(",") for one in reports]
    senders = [one for one in reports if one["rtcp.pt"].startswith("200")]
    names = {one["rtcp.sdes.text"] for one in reports}
    # Every 2 to 6.2 s, then goodbye; each with a name, and after the first with the phone's own.
    if not 3 <= len(senders) <= 8 or any("202" not in kind for kind in kinds) or len(names) != 1:
        raise AssertionError(f"{reports}")
    if "203" not in kinds[-1] or any("203" in kind for kind in kinds[:-1]):
        raise AssertionError(f"no goodbye at the end: {kinds}")
    heard = [one for one in reports if one["rtcp.ssrc.identifier"]]
    answered = [one for one in heard if int(one["rtcp.ssrc.lsr"] or "0", 0)]
    if not heard or not answered or any(int(one["rtcp.ssrc.cum_nr"] or 0) for one in heard):
        raise AssertionError(f"the phone was not told how it is heard: {reports}")
    if any(abs(int(one["rtcp.timestamp.ntp.msw"]) - 2_208_988_800 - time.time()) > 300
           for one in senders):
        raise AssertionError(f"the time of day is wrong: {senders}")
    return f"{len(reports)} reports of {first}, there and back {trips[-1]} us"


class Capture:
    """What leaves the box for phones on this machine, as tshark sees it."""

    FIELDS = ("rtcp.pt", "rtcp.senderssrc", "rtcp.sdes.text", "rtcp.ssrc.identifier",
              "rtcp.ssrc.cum_nr", "rtcp.ssrc.lsr", "rtcp.timestamp.ntp.msw", "udp.srcport")

    def __init__(self, lab, box):
        first, last = box.media_ports
        self.path = os.path.join(lab.sub("wire"), "wire.pcap")
        self.process = lab.process(
            [need("tshark"), "-q", "-i", "lo", "-f", f"udp portrange {first}-{last}", "-F", "pcap",
             "-w", self.path], lab.sub("wire"))
        until(lambda: os.path.exists(self.path), "tshark to listen", 20)
        time.sleep(0.5)

    def reports(self, box):
        """The fields of each datagram of reports that the box sent; none may be malformed."""
        time.sleep(1)
        self.process.terminate()
        self.process.wait(10)
        first, last = box.media_ports
        ask = ["tshark", "-r", self.path, "-d", f"udp.port=={first}-{last},rtcp"]
        broken = subprocess.run(ask + ["-Y", "_ws.malformed and udp.srcport in {%d..%d}" % (first, last)],
                                capture_output=True, text=True, check=True).stdout
        if broken:
            raise AssertionError(f"malformed: {broken}")
        fields = [part for field in self.FIELDS for part in ("-e", field)]
        rows = subprocess.run(ask + ["-Y", "rtcp", "-T", "fields"] + fields,
                              capture_output=True, text=True, check=True).stdout.splitlines()
        rows = [dict(zip(self.FIELDS, row.split("\t"))) for row in rows]
        # Reports go by the odd ports of the box.
        rows = [row for row in rows if first <= int(row["udp.srcport"]) <= last
                and int(row["udp.srcport"]) % 2 and row["rtcp.pt"]]
        if not rows:
            raise AssertionError("the box reported nothing")
        return rows
