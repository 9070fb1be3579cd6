"""Captures of one call: what tshark finds in the file, who may have it, and what kill -9 leaves."""

import os
import re
import subprocess

from box import Refused
from lab import need, test, until
from test_flows import expect
from test_media import call_with_streams, play


def tshark(path, *words):
    """What tshark says of a file; it must not complain."""
    read = subprocess.run([need("tshark"), "-r", path, *words], capture_output=True, text=True,
                          check=True)
    said = [line for line in read.stderr.splitlines() if "Running as user" not in line]
    assert not said, said
    return read.stdout


def fetched(lab, box, capture):
    """The file of a capture, as the API gives it."""
    status, data, headers = box.ask_raw("GET", f"captures/{capture['id']}/packets")
    assert status == 200 and headers["Content-Type"] == "application/vnd.tcpdump.pcap", status
    path = os.path.join(lab.folder, f"{capture['id']}.pcapng")
    with open(path, "wb") as file:
        file.write(data)
    return path


def ended(box):
    return until(lambda: [it for it in box.every("captures") if it["ended"]], "the capture's end")[0]


def methods(path):
    """Requests and answers of SIP, in the order of the file."""
    fields = tshark(path, "-Y", "sip", "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code",
                    "-e", "sip.CSeq.method")
    return [tuple(line.split("\t")) for line in fields.splitlines()]


def streams(path):
    """The streams of RTP that tshark finds: ports, SSRC, codec, packets, lost."""
    found = []
    for line in tshark(path, "-q", "-z", "rtp,streams").splitlines():
        words = line.split()
        if len(words) > 8 and re.fullmatch(r"[0-9.]+", words[0]):
            found.append(words)
    return found


def sound(path):
    """No packet is broken, whoever looks at it."""
    broken = tshark(path, "-Y", "_ws.malformed || ip.checksum.status == 0")
    assert not broken, broken


@test
def a_captured_call_opens_in_wireshark_from_its_invite_to_its_bye(lab):
    box = lab.box()
    here, there, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    call = box.calls()[0]["id"]
    begun = box.ask("POST", f"calls/{call}/capture", {})
    assert begun["call"] == call and not begun["decrypted"] and begun["by"] == "admin", begun
    try:
        box.ask("POST", f"calls/{call}/capture", {})
        raise AssertionError("a call is captured twice")
    except Refused as refused:
        assert refused.status == 409, refused
    play(3, (one, port_one), (two, port_two))
    expect(here.hang_up(), 200)
    there.until_bye()
    done = ended(box)
    assert (done["stop"], done["missed"]) == ("call", 0), done
    path = fetched(lab, box, done)
    assert os.path.getsize(path) == done["octets"], done
    sound(path)
    said = methods(path)
    for what, at_least in ((("INVITE", "", "INVITE"), 2), (("", "200", "INVITE"), 2),
                           (("ACK", "", "ACK"), 2), (("BYE", "", "BYE"), 2), (("", "200", "BYE"), 2)):
        assert said.count(what) >= at_least, (what, said)
    assert len(said) == done["messages"], (said, done)
    found = streams(path)
    # What each phone said, as it came to the box and as it left it.
    assert len(found) == 4, found
    counts = [int(words[words.index("g711A") + 1]) for words in found]
    assert all(140 <= count <= 150 for count in counts), found
    assert sum(counts) == done["packets"], (counts, done)
    times = [float(it) for it in tshark(path, "-T", "fields", "-e", "frame.time_epoch").split()]
    assert times == sorted(times), "the file is in the order of time"
    box.ask("DELETE", f"captures/{done['id']}")
    assert box.every("captures") == [] and os.listdir(os.path.join(box.data, "captures")) == []
    return f"{len(said)} messages, {sum(counts)} packets in {len(found)} streams"


@test
def kill_9_leaves_a_capture_that_opens(lab):
    for _ in range(50 if lab.long else 3):
        box = lab.box()
        _, _, (one, two), (port_one, port_two) = call_with_streams(lab, box)
        call = box.calls()[0]["id"]
        begun = box.ask("POST", f"calls/{call}/capture", {"seconds": 60})
        play(2.5, (one, port_one), (two, port_two))
        box.kill()
        path = os.path.join(box.data, "captures", f"{begun['id']}.pcapng")
        assert os.stat(path).st_mode & 0o777 == 0o600
        box.start()
        listed, = box.every("captures")
        assert listed["stop"] == "crash" and listed["ended"], listed
        assert listed["octets"] == os.path.getsize(path), listed
        sound(path)
        assert ("INVITE", "", "INVITE") in methods(path)
        counts = [int(words[words.index("g711A") + 1]) for words in streams(path)]
        assert len(counts) == 4 and min(counts) > 70, counts
        box.stop()
