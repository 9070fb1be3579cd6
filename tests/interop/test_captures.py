"""Captures of one call: what tshark finds in the file, who may have it, and what kill -9 leaves."""

import os
import re
import sqlite3
import subprocess
import time

import payload
import sound
from lab import need, test, until
from test_flows import expect
from test_media import call_with_streams, play
from test_secrecy import phone, srtp
from test_two_phones import pair

TALK = 5


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


def unbroken(path, but="frame.number == 0"):
    """No packet is broken, whoever looks at it, `but` what Wireshark cannot know to be encrypted."""
    broken = tshark(path, "-Y", f"(_ws.malformed || ip.checksum.status == 0) && !({but})")
    assert not broken, broken


def by_line(path):
    """The payloads of each line, encrypted or not, in order: from where, to where, of which type."""
    fields = tshark(path, "-Y", "udp.payload && !sip", "-T", "fields", "-e", "udp.srcport",
                    "-e", "udp.dstport", "-e", "udp.payload")
    lines = {}
    for line in fields.splitlines():
        source, to, data = line.split("\t")
        data = bytes.fromhex(data.replace(":", ""))
        # Neither STUN nor DTLS (RFC 7983 section 7), nor RTCP (RFC 5761 section 4).
        if len(data) < 12 or data[0] >> 6 != 2 or 192 <= data[1] <= 223:
            continue
        head = 12 + 4 * (data[0] & 15)
        if data[0] & 16:
            head += 4 + 4 * int.from_bytes(data[head + 2:head + 4], "big")
        lines.setdefault((int(source), int(to), data[1] & 127), []).append(data[head:])
    return lines


def came_in(path, box):
    """The payloads of PCMA that came to each pair of the box, in order."""
    first, last = box.media_ports
    ports = {}
    for (_, to, kind), payloads in by_line(path).items():
        if kind == 8 and first <= to <= last:
            ports.setdefault(to, []).extend(payloads)
    return ports


def likeness(lab, source, payloads):
    """How well what was captured fits what a phone played."""
    data = payload.ffmpeg(b"".join(payloads), "-f", "alaw", "-ar", "8000", "-ac", "1", "-i", "-",
                          "-f", "s16le", "-")
    path = os.path.join(lab.folder, "captured.wav")
    sound.write(path, payload.samples(data, 8000))
    return sound.Heard(source, path)


def audit(box):
    """What was noted, oldest first: who, what, of what."""
    with sqlite3.connect(f"file:{os.path.join(box.data, database(box))}?mode=ro", uri=True) as db:
        return db.execute("SELECT actor, action, subject FROM audit ORDER BY id").fetchall()


def database(box):
    return next(name for name in os.listdir(box.data) if name.endswith(".db"))


@test
def a_captured_call_opens_in_wireshark_from_its_invite_to_its_bye(lab):
    box = lab.box()
    here, there, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    call = box.calls()[0]["id"]
    begun = box.ask("POST", f"calls/{call}/capture", {})
    assert begun["call"] == call and not begun["decrypted"] and begun["by"] == "admin", begun
    box.refused(409, "POST", f"calls/{call}/capture", {})
    play(3, (one, port_one), (two, port_two))
    expect(here.hang_up(), 200)
    there.until_bye()
    done = ended(box)
    assert (done["stop"], done["missed"]) == ("call", 0), done
    path = fetched(lab, box, done)
    assert os.path.getsize(path) == done["octets"], done
    unbroken(path)
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
        unbroken(path)
        assert ("INVITE", "", "INVITE") in methods(path)
        counts = [int(words[words.index("g711A") + 1]) for words in streams(path)]
        assert len(counts) == 4 and min(counts) > 70, counts
        box.stop()


@test
def an_owner_sees_what_was_encrypted_and_nobody_sees_keys(lab):
    box = lab.box()
    first, second = phone(lab, box, "201", **srtp()), phone(lab, box, "202", **srtp(mode="srtp"))
    token = box.ask("POST", "tokens", {"label": "script"})["token"]
    said = []
    for decrypt in (False, True):
        places = {one: len(one.events) for one in (first, second)}
        first.dial("202")
        for one, place in places.items():
            one.until_event("CALL_ESTABLISHED", after=place)
        call = until(box.calls, "the call")[0]["id"]
        owner, box.token = box.token, token
        if decrypt:
            refused_as_a_script(box, "POST", f"calls/{call}/capture", {"decrypt": True})
            box.token = owner
        began = box.ask("POST", f"calls/{call}/capture", {"decrypt": decrypt})
        box.token = owner
        time.sleep(TALK)
        first.hang_up()
        for one, place in places.items():
            one.until_event("CALL_CLOSED", after=place)
        done = until(lambda: [it for it in box.every("captures")
                              if it["ended"] and it["id"] == began["id"]], "the capture's end")[0]
        assert done["decrypted"] == decrypt and done["missed"] == 0, done
        path = fetched(lab, box, done)
        # A leg that is encrypted though its profile says AVP (RFC 8643) has SRTCP that reads as noise.
        unbroken(path, *([] if decrypt else ["rtcp"]))
        with open(path, "rb") as file:
            keys = re.findall(rb"crypto:\d+ \S+ inline:([^|\s]+)|x-keys:\d+ \S+ inline:([^|\s]+)",
                              file.read())
        assert keys and all(set(b"".join(pair_)) <= set(b"A=") for pair_ in keys), keys[:3]
        ports = came_in(path, box)
        assert len(ports) == 2 and min(map(len, ports.values())) > 40 * TALK, sorted(ports)
        fits = [max(fit(lab, one.source, heard) for one in (first, second))
                for heard in ports.values()]
        if decrypt:
            assert min(fits) > 0.98, fits
            owner, box.token = box.token, token
            refused_as_a_script(box, "GET", f"captures/{done['id']}/packets")
            box.token = owner
        else:
            assert max(fits) < 0.5, f"what is encrypted is heard in the capture: {fits}"
        said.append(" and ".join(f"{it:.3f}" for it in fits))
        until(lambda: not box.calls(), "an empty list of calls")
    noted = [(actor, action, "decrypted" in subject) for actor, action, subject in audit(box)
             if "capture" in subject]
    script = "admin (token script)"
    wanted = [(script, "capture", False), ("admin", "fetch", False),
              ("admin", "capture", True), ("admin", "fetch", True)]
    assert noted == wanted, noted
    return f"as on the wire {said[0]}, decrypted {said[1]}"


def fit(lab, source, payloads):
    """How well it fits; what is encrypted sounds too, like noise."""
    assert len(payloads) > 40 * TALK, f"only {len(payloads)} packets"
    return likeness(lab, source, payloads).correlation


def refused_as_a_script(box, method, path, body=None):
    problem = box.refused(403, method, path, body)
    assert "owner" in problem["detail"], problem


@test
def what_goes_from_one_call_to_another_inside_the_box_is_captured(lab):
    box = lab.box()
    mirror = box.trunk("mirror", "127.0.0.1", box.sip, kind="static", transport="udp",
                       qualify_seconds=0)
    box.route_out("7.", [mirror], strip=1)
    first, second = pair(lab, box)
    box.route_in("202", "202", trunk=mirror["id"])
    first.dial("7202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    calls = until(lambda: len(box.calls()) == 2 and box.calls(), "both calls")
    for call in calls:
        box.ask("POST", f"calls/{call['id']}/capture", {})
    time.sleep(TALK)
    first.hang_up()
    done = until(lambda: [one for one in [box.every("captures")] if all(it["ended"] for it in one)],
                 "the captures' ends")[0]
    assert len(done) == 2, done
    inside = []
    begin, end = box.media_ports
    for capture in done:
        path = fetched(lab, box, capture)
        # The leg inside is encrypted though its profile says AVP.
        unbroken(path, "rtcp")
        found = streams(path)
        assert len(found) == 4, found
        fields = tshark(path, "-Y", "rtp", "-T", "fields", "-e", "udp.srcport", "-e", "udp.dstport")
        ends = [tuple(map(int, line.split("\t"))) for line in fields.splitlines()]
        inside.append(sum(all(begin <= port <= end for port in way) for way in ends))
        assert inside[-1] > 2 * 40 * TALK, inside
    return f"{inside} packets that no socket saw"


@test
def a_call_by_tls_is_captured_as_plain_messages(lab):
    box = lab.box()
    first, second = pair(lab, box, ("tls", "tcp"))
    first.dial("202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    call = until(box.calls, "the call")[0]["id"]
    box.ask("POST", f"calls/{call}/capture", {"seconds": 3})
    done = ended(box)
    assert done["stop"] == "time", done
    path = fetched(lab, box, done)
    unbroken(path)
    kinds = tshark(path, "-Y", "sip", "-T", "fields", "-e", "frame.interface_name").split()
    assert kinds and set(kinds) == {"streams"}, kinds
    said = methods(path)
    assert said.count(("INVITE", "", "INVITE")) >= 2 and ("", "200", "INVITE") in said, said
    assert len(streams(path)) == 4, streams(path)
    first.hang_up()
    return f"{len(said)} messages"
