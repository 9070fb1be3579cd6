"""How calls of real phones are judged: the curve in the record, from what passes and what they report."""

import os
import socket
import struct
import subprocess
import time

from lab import need, test, until
from test_flows import expect, phones
from test_media import Stream
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


TAKES = "a=rtcp-xr:voip-metrics rcvr-rtt=all\r\n"


def with_reports(lab, phone, ssrc):
    """A stream for a phone, and the socket for its reports on the next port."""
    while True:
        stream = Stream(ssrc=ssrc)
        reports = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if stream.port % 2 == 0:
                reports.bind((stream.host, stream.port + 1))
                break
        except OSError:
            pass
        stream.close()
        reports.close()
    reports.setblocking(False)
    lab.at_end(stream.close)
    lab.at_end(reports.close)
    phone.media = (stream.host, stream.port)
    return stream, reports


def say(stream, to, seconds, lost=0):
    """Fifty packets a second, of which every `lost`th does not arrive."""
    began = time.monotonic()
    for number in range(int(seconds * 50)):
        if lost and number % lost == lost - 1:
            stream.sequence = (stream.sequence + 1) & 0xFFFF
        else:
            stream.send(to)
        time.sleep(max(0, began + (number + 1) / 50 - time.monotonic()))


def came(reports):
    """All datagrams of reports that came."""
    found = []
    while True:
        try:
            found.append(reports.recv(2048))
        except BlockingIOError:
            return found


def kinds(datagram):
    """The packet types of a compound datagram (RFC 3550 §6.1), in their order."""
    found = []
    while len(datagram) >= 4:
        _, kind, words = struct.unpack("!BBH", datagram[:4])
        found.append(kind)
        datagram = datagram[4 * (words + 1):]
    return found


def asks(ssrc, instant):
    """A report of who says nothing, with a reference time (RFC 3611 §4.4)."""
    return (struct.pack("!BBHI", 0x80, 201, 1, ssrc)
            + struct.pack("!BBHIBBHQ", 0x80, 207, 4, ssrc, 4, 0, 2, instant))


@test
def a_phone_that_takes_extended_reports_is_told_what_the_box_hears_and_another_is_not(lab):
    box = lab.box()
    wire = Capture(lab, box)
    told = {}
    for number, ssrc, takes in (("201", 11, TAKES), ("202", 22, "")):
        phone, = phones(lab, box, number)
        stream, reports = with_reports(lab, phone, ssrc)
        call = phone.call("*43", body=phone.sdp() + takes)
        expect(call.final, 200)
        agreed = b"a=rtcp-xr:voip-metrics rcvr-rtt=all" in call.final.body
        if agreed != bool(takes):
            raise AssertionError(f"the box answered {call.final.body.decode()}")
        to = call.final.media()
        say(stream, to, 3)
        reports.sendto(asks(ssrc, 0x1111_2222_3333_4444), (to[0], to[1] + 1))
        say(stream, to, 12, lost=20)
        told[number] = came(reports)
        expect(call.hang_up(), 200)
    rows = wire.reports(box)
    plain = [one for one in rows if one["rtcp.xr.bt"]]
    of_metrics = [one for one in plain if "7" in one["rtcp.xr.bt"].split(",")]
    of_times = [one for one in plain if "5" in one["rtcp.xr.bt"].split(",")]
    if len(told["201"]) < 3 or len(told["202"]) < 3 or any(207 in kinds(one) for one in told["202"]):
        raise AssertionError(f"{told}")
    if len(of_metrics) < 3 or len(of_times) != 1:
        raise AssertionError(f"{plain}")
    if int(of_times[0]["rtcp.xr.lrr"].split(",")[-1], 0) != 0x2222_3333:
        raise AssertionError(f"another instant was answered: {of_times}")
    last = of_metrics[-1]
    # 5 % of 12 s after 3 s without: 4 % of all, which is 10 of 256.
    lost = [int(one) for one in last["rtcp.ssrc.fraction"].split(",")]
    r, quality = int(last["rtcp.xr.voipmetrics.rfactor"]), float(last["rtcp.xr.voipmetrics.moscq"])
    if not 6 <= lost[-1] <= 12 or not 70 <= r <= 85 or not 3.5 <= quality <= 4.3:
        raise AssertionError(f"{last}")
    if int(last["rtcp.xr.voipmetrics.gmin"]) != 16 or not 10 <= int(last["rtcp.xr.voipmetrics.jbnominal"]) <= 80:
        raise AssertionError(f"{last}")
    record = until(lambda: [one for one in box.records() if one["ended"] and one["streams"]
                            and one["from"]["number"] == "201"], "the record")[0]
    stream = record["streams"][0]
    heard = stream["quality"][-1]["heard"]
    made = heard["played"]
    # What is lost is made up, by the time.
    if not 35 <= made["concealed_permille"] <= 65 or not 40 <= heard["loss_permille"] <= 60:
        raise AssertionError(f"{heard}")
    summary = stream["summary"]["heard"]
    if summary["cause"] != "Lost 5 % on the way from the caller's phone." \
            and not summary["cause"].startswith(("Lost 4.", "Lost 5.")):
        raise AssertionError(f"{summary}")
    return (f"{len(of_metrics)} blocks of metrics, at last {lost[-1]} of 256 lost, R {r}, MOS {quality}; "
            f"{made['concealed_permille']} per mille made up; {summary['cause']}")


@test
def a_held_phone_that_hears_music_gets_reports_of_the_box(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    (one, reports), (two, _) = with_reports(lab, first, 11), with_reports(lab, second, 22)
    here = first.call("202", body=first.sdp() + TAKES, wait=False)
    there = second.incoming()
    there.ring().answer()
    here.until_final()
    expect(here.final, 200)
    to = here.final.media()
    say(one, to, 1)
    before = came(reports)
    held = there.within("INVITE", body=second.sdp("sendonly", version=2))
    expect(held, 200)
    # Whoever is held may be told by a re-INVITE, which has to be answered.
    asked = next((m for m in iter(lambda: first.receive(1), None) if m.method == "INVITE"), None)
    if asked:
        first.reply(asked, 200, "OK", body=first.sdp("recvonly", version=2) + TAKES)
    one.received()
    say(one, to, 9, lost=50)
    music, told = one.received(), came(reports)
    if before or len(music) < 300 or len(told) < 2:
        raise AssertionError(f"{len(before)} reports before, {len(music)} packets, {len(told)} reports")
    for report in told:
        if report[1] != 200 or b"\x81\xca" not in report or b"\x80\xcf" not in report:
            raise AssertionError(f"no sender's report with a name and metrics: {report.hex()}")
    names = {report[report.index(b"\x81\xca") + 10:][:16] for report in told}
    if len(names) != 1:
        raise AssertionError(f"{names}")
    return f"{len(told)} reports beside {len(music)} packets of music"


class Capture:
    """What leaves the box for phones on this machine, as tshark sees it."""

    FIELDS = ("rtcp.pt", "rtcp.senderssrc", "rtcp.sdes.text", "rtcp.ssrc.identifier",
              "rtcp.ssrc.cum_nr", "rtcp.ssrc.lsr", "rtcp.timestamp.ntp.msw", "udp.srcport",
              "rtcp.ssrc.fraction", "rtcp.xr.bt", "rtcp.xr.lrr", "rtcp.xr.voipmetrics.rfactor",
              "rtcp.xr.voipmetrics.moscq", "rtcp.xr.voipmetrics.gmin",
              "rtcp.xr.voipmetrics.jbnominal")

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
