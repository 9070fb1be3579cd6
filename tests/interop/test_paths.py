"""Which way the sound of a call goes: by the box, inside the box, or past it."""

import base64
import os
import re
import struct
import time

import numpy

import sound
from lab import test, until
from libsrtp import INBOUND, OUTBOUND, SUITES, Session
from sip import Phone
from test_flows import expect
from test_keys import PLAIN, payload_socket
from test_recordings import recorded
from test_secrecy import Wire, phone, protection, srtp
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


def past(lab, one=None, other=None, way="direct"):
    """Two phones that may talk past the box, and do; how each is set up, and which way they are shown."""
    box = lab.box()
    tenant = box.ask("GET", "tenants/1")
    box.ask("PUT", "tenants/1", {**tenant, "media_path": "direct"})
    first, second = phone(lab, box, "201", **(one or {})), phone(lab, box, "202", **(other or {}))
    first.dial("202")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    until_ways(box, way)
    return box, first, second


def until_ways(box, way):
    until(lambda: ways(box) == {"201": way, "202": way}, f"both legs {way}, not {ways(box)}")


def of_the_box(lab, box, seconds):
    """The packets to and from the box in so many seconds."""
    wire = Wire(lab, box)
    time.sleep(seconds)
    return wire.packets()


def past_the_box(lab, box, phones, seconds):
    """The sound that went from phone to phone in so many seconds, each way; none may touch the box."""
    low, high = box.media_ports
    here, there = (phone.media_ports for phone in phones)
    wire = Wire(lab, box, (min(low, here[0], there[0]), max(high, here[1], there[1])))
    time.sleep(seconds)
    packets = [one for one in wire.packets() if len(one[2]) >= 2 * 172]
    of_box = sum(any(low <= port <= high for port in one[:2]) for one in packets)
    ways = [[data for source, to, data in packets if a[0] <= source <= a[1] and b[0] <= to <= b[1]]
            for a, b in ((here, there), (there, here))]
    if of_box or min(map(len, ways)) < 40 * seconds:
        raise AssertionError(f"{of_box} packets of the box, {[len(way) for way in ways]} past it")
    return ways


@test
def two_phones_that_may_talk_past_the_box_are_heard_without_it(lab):
    box, first, second = past(lab)
    packets = sum(map(len, past_the_box(lab, box, (first, second), TALK)))
    first.hang_up()
    second.until_event("CALL_CLOSED")
    there = sound.Heard(first.source, until(second.heard, "a recording")[-1]).demand(TALK * 0.8)
    back = sound.Heard(second.source, until(first.heard, "a recording")[-1]).demand(TALK * 0.8)
    relayed = left_to_the_box(box)
    return f"{there}; back {back}; {packets} packets past the box, {relayed} before it was left"


def left_to_the_box(box):
    """What the box relayed before it was left."""
    until(lambda: [one for one in box.records() if one["ended"]], "the record")
    # A pair that saw nothing is in no record; what saw something reports within a second.
    time.sleep(1.5)
    relayed = [stream["stats"]["received"] for stream in box.records()[0]["streams"]]
    if max(relayed, default=0) > 50:
        raise AssertionError(f"{relayed} packets counted by the box")
    return relayed


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
    past_the_box(lab, box, (first, second), TALK)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    # The one who holds begins its recording anew, and does not finish it.
    tail = os.path.join(lab.folder, "end.wav")
    sound.write(tail, sound.read(until(second.heard, "a recording")[-1])[-4 * sound.RATE:])
    return f"{len(music)} packets of music; then {sound.Heard(first.source, tail).demand(3)}"


def notice(path):
    """How long a recording holds the tone of 1,400 Hz, in seconds: frames of 20 ms that are hardly anything
    else. No tenth of a second of a melody is one tone."""
    heard = sound.read(path)
    frame = sound.RATE // 50
    frames = heard[:len(heard) // frame * frame].reshape(-1, frame)
    spectra = numpy.abs(numpy.fft.rfft(frames * numpy.hanning(frame))) ** 2
    near = round(1400 / (sound.RATE / frame))
    share = spectra[:, near - 2:near + 3].sum(axis=1) / numpy.maximum(spectra.sum(axis=1), 1e-9)
    loud = numpy.abs(frames).max(axis=1) > 0.02
    return float(numpy.count_nonzero((share > 0.95) & loud)) * frame / sound.RATE


@test
def who_is_recorded_comes_back_to_the_box_and_hears_the_whole_tone_and_the_file_begins_with_both(lab):
    box, first, second = past(lab)
    call = box.calls()[0]["id"]
    # What is said past the box meanwhile is what the box does not know of when it speaks.
    time.sleep(1)

    def hang_up():
        first.hang_up()
        second.until_event("CALL_CLOSED")

    # Not past the box again before the end: a phone may begin what it writes down anew then.
    note, _, sides = recorded(lab, box, call, "taped", TALK, hang_up)
    tones = [notice(until(one.heard, "a recording")[-1]) for one in (first, second)]
    # A quarter of a second, of which a frame may be cut at each end.
    if not all(0.2 <= tone <= 0.27 for tone in tones):
        raise AssertionError(f"a tone of {tones} s was heard")
    starts = [float(numpy.argmax(numpy.abs(sound.read(side)) > 0.01)) / sound.RATE for side in sides]
    # Each side is heard from the first words on: no tenth of a second of a melody is silence.
    if max(starts) > 0.3:
        raise AssertionError(f"the sides are heard from {starts} s on")
    kept = [sound.Heard(one.source, side).demand(TALK * 0.7)
            for one, side in zip((first, second), sides)]
    return f"tones of {tones} s; sides heard from {starts} s on; {kept[0]}; {kept[1]}; {note['millis']} ms"


@test
def encrypted_phones_stay_by_the_box_which_says_why(lab):
    box, first, second = past(lab, srtp(), srtp(mode="srtp"), way="anchored")
    because = {path["stays"] for path in box.calls()[0]["paths"]}
    if because != {"keys"}:
        raise AssertionError(f"they stay because of {because}")
    time.sleep(TALK)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    there = sound.Heard(first.source, until(second.heard, "a recording")[-1]).demand(TALK * 0.8)
    return f"{there}; {protection(box)}"


class Sealed:
    """A phone whose sound libsrtp seals, and which takes another's keys whenever it is told them."""

    SUITE = "AES_CM_128_HMAC_SHA1_80"

    def __init__(self, lab, box, number):
        box.extension(number)
        self.phone = Phone(box, number)
        lab.at_end(self.phone.close)
        expect(self.phone.register(), 200)
        self.socket = payload_socket(lab)
        self.key = os.urandom(SUITES[self.SUITE][0])
        self.seals = Session(self.SUITE, [(self.key, b"")], OUTBOUND)
        self.opens, self.to, self.version, self.heard = None, None, 0, []

    def sdp(self, offer=None):
        """Its own offer, or its answer to one, in the profile of that and with the tag of what it takes."""
        self.version += 1
        asked = offer.body.decode() if offer else "m=audio 1 RTP/SAVP\r\na=crypto:1 " + self.SUITE
        profile = re.search(r"^m=audio \d+ (\S+)", asked, re.M).group(1)
        tag = re.search(rf"^a=crypto:(\d+) {self.SUITE}", asked, re.M).group(1)
        body = PLAIN.format(port=self.socket.getsockname()[1]).replace("RTP/AVP", profile)
        body = re.sub(r"^(o=\S+ \S+) \S+", rf"\g<1> {self.version}", body, flags=re.M)
        return body + f"a=crypto:{tag} {self.SUITE} inline:{base64.b64encode(self.key).decode()}\r\n"

    def told(self, message):
        """What the box says of the other side."""
        key = re.search(rf"^a=crypto:\d+ {self.SUITE} inline:([^\s|]+)", message.body.decode(), re.M)
        self.opens = Session(self.SUITE, [(base64.b64decode(key.group(1)), b"")], INBOUND)
        self.to = message.media()

    def heeds(self):
        """Answers what the box offers in the call."""
        asked = self.phone.receive(0.02)
        if asked and asked.method == "INVITE" and asked.tag("to"):
            self.phone.reply(asked, 200, "OK", body=self.sdp(asked))
            self.told(asked)

    def says(self, number):
        sound = os.urandom(160)
        packet = struct.pack("!BBHII", 0x80, 0, number, number * 160, 77) + sound
        self.socket.sendto(self.seals.protect(packet), self.to)
        return sound

    def hears(self, port):
        """Takes what came from this port; all of it has to be genuine."""
        while True:
            try:
                packet, source = self.socket.recvfrom(2048)
            except OSError:
                return
            if source[1] == port:
                self.heard.append(self.opens.unprotect(packet)[12:])


@test
def phones_that_take_each_others_keys_are_heard_past_the_box(lab):
    box = lab.box()
    box.ask("PUT", "tenants/1", {**box.ask("GET", "tenants/1"), "media_path": "direct_encrypted"})
    one, other = Sealed(lab, box, "201"), Sealed(lab, box, "202")
    call = one.phone.call("202", wait=False, body=one.sdp())
    incoming = other.phone.incoming()
    other.told(incoming.invite)
    incoming.answer(body=other.sdp(incoming.invite))
    call.until_final()
    expect(call.final, 200)
    one.told(call.final)

    def left():
        one.heeds()
        other.heeds()
        return ways(box) == {"201": "direct", "202": "direct"}

    until(left, "both legs past the box")
    ports = [side.socket.getsockname()[1] for side in (one, other)]
    if [one.to[1], other.to[1]] != ports[::-1]:
        raise AssertionError(f"they were told {one.to} and {other.to}, and are at {ports}")
    said = [[], []]
    for number in range(100):
        for side, sounds in zip((one, other), said):
            sounds.append(side.says(number))
        time.sleep(0.02)
        one.hears(ports[1])
        other.hears(ports[0])
    call.hang_up()
    counts = [sum(sound in side.heard for sound in sounds)
              for side, sounds in zip((other, one), said)]
    if min(counts) < 95:
        raise AssertionError(f"{counts} of 100 were heard")
    return f"{counts[0]} there, {counts[1]} back; the box relayed {left_to_the_box(box)}"
