"""Keys from any phone to any: as events (RFC 4733), by INFO and as tones, each once.

baresip sends and hears events; tones are ffmpeg's, and spandsp hears them; INFO is ours.
"""

import ctypes
import os
import socket
import struct
import time

import numpy

import payload
import sound
from baresip import Baresip
from lab import test, until
from sip import Phone
from test_flows import expect

KEYS = "147*2580#"
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PAD = "123A456B789C*0#D"
PLAIN = ("v=0\r\no=- 77 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
         "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n")


def tones(keys, on=0.12, off=0.12):
    """A second of silence, the tones of keys as ffmpeg makes them, and silence, as mu-law."""
    parts = ["aevalsrc=0:d=1:s=8000"]
    for key in keys:
        row, column = divmod(PAD.index(key), 4)
        wave = f"0.25*sin(2*PI*{ROWS[row]}*t)+0.3*sin(2*PI*{COLUMNS[column]}*t)"
        parts += [f"aevalsrc={wave}:d={on}:s=8000", f"aevalsrc=0:d={off}:s=8000"]
    parts.append("aevalsrc=0:d=2:s=8000")
    graph = ";".join(f"{part}[p{n}]" for n, part in enumerate(parts))
    graph += ";" + "".join(f"[p{n}]" for n in range(len(parts))) + f"concat=n={len(parts)}:v=0:a=1"
    return payload.ffmpeg(b"", "-filter_complex", graph, "-f", "mulaw", "-ar", "8000", "-")


def heard_tones(mulaw):
    """The keys that spandsp hears."""
    pcm = payload.ffmpeg(mulaw, "-f", "mulaw", "-ar", "8000", "-i", "-", "-f", "s16le", "-")
    library = ctypes.CDLL("libspandsp.so.2")
    library.dtmf_rx_init.restype = ctypes.c_void_p
    state = ctypes.c_void_p(library.dtmf_rx_init(None, None, None))
    library.dtmf_rx(state, pcm, len(pcm) // 2)
    room = ctypes.create_string_buffer(256)
    count = library.dtmf_rx_get(state, room, 255)
    return room.raw[:count].decode()


class Plain:
    """A phone of our own without events: PCMU, and INFO if it says so."""

    def __init__(self, lab, box, number):
        box.extension(number)
        self.phone = Phone(box, number)
        lab.at_end(self.phone.close)
        expect(self.phone.register(), 200)
        self.socket = payload_socket(lab)
        self.body = PLAIN.format(port=self.socket.getsockname()[1])

    def talk(self, to, seconds, mulaw=b"", meanwhile=()):
        """Sends sound, silence when there is no more; gives what came. `meanwhile` are things to
        do, each at its second."""
        began, sent, came = time.monotonic(), 0, {}
        meanwhile = sorted(meanwhile, key=lambda it: it[0])
        while (elapsed := time.monotonic() - began) < seconds:
            while meanwhile and meanwhile[0][0] <= elapsed:
                meanwhile.pop(0)[1]()
            while sent < elapsed * 50:
                part = mulaw[sent * 160:sent * 160 + 160].ljust(160, b"\xff")
                head = struct.pack("!BBHII", 0x80, 0, sent, sent * 160, 77)
                self.socket.sendto(head + part, to)
                sent += 1
            try:
                data = self.socket.recv(2048)
            except OSError:
                time.sleep(0.002)
                continue
            _, number, sequence, _, _ = struct.unpack("!BBHII", data[:12])
            if number & 0x7F != 0:
                raise AssertionError(f"a packet of type {number & 0x7F}, PCMU agreed")
            came[sequence] = data[12:]
        return b"".join(came[sequence] for sequence in sorted(came))


def payload_socket(lab):
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(("127.0.0.1", 0))
    found.setblocking(False)
    lab.at_end(found.close)
    return found


def baresip(lab, box, number):
    box.extension(number)
    source = os.path.join(lab.folder, f"{number}.wav")
    # Not a melody: spandsp would hear keys in it.
    sound.write(source, numpy.zeros(20 * sound.RATE))
    phone = Baresip(lab, box, number, "secret-of-the-test", source, codec="pcmu")
    return phone.until_registered()


def keys_of(phone):
    """What a baresip was told."""
    return "".join(event["param"] for event in list(phone.events)
                   if event.get("type") == "CALL_DTMF_START")


def record(box, by, source):
    """The keys of the finished record, if each has its source and its number."""
    done = until(lambda: [one for one in box.records() if one["ended"]], "the finished record")[0]
    keys = done.get("keys", [])
    wrong = [key for key in keys if key["source"] != source or key["by"] != by
             or not 40 <= key["duration_ms"] <= 400]
    order = [key["after_ms"] for key in keys]
    if wrong or order != sorted(order):
        raise AssertionError(f"the record says {keys}")
    return "".join(key["key"] for key in keys)


@test
def events_of_baresip_are_tones_for_who_knows_none(lab):
    box = lab.box()
    caller, callee = baresip(lab, box, "201"), Plain(lab, box, "202")
    caller.dial("202")
    incoming = callee.phone.incoming()
    incoming.answer(body=callee.body)
    caller.until_event("CALL_ESTABLISHED")
    presses = [(0.5 + 0.4 * n, lambda key=key: caller.command("sndcode", key))
               for n, key in enumerate(KEYS)]
    came = callee.talk(incoming.invite.media(), 6, meanwhile=presses)
    caller.hang_up()
    incoming.until_bye()
    heard, kept = heard_tones(came), record(box, "201", "rfc4733")
    if heard != KEYS or kept != KEYS:
        raise AssertionError(f"{KEYS} pressed, {heard} heard, {kept} in the record")
    return f"{heard} heard by spandsp"


@test
def tones_are_events_for_baresip(lab):
    box = lab.box()
    caller, callee = Plain(lab, box, "201"), baresip(lab, box, "202")
    here = caller.phone.call("202", body=caller.body)
    caller.talk(here.final.media(), 5, tones(KEYS))
    expect(here.hang_up(), 200)
    heard, kept = keys_of(callee), record(box, "201", "inband")
    if heard != KEYS or kept != KEYS:
        raise AssertionError(f"{KEYS} dialled, {heard} heard, {kept} in the record")
    return f"{heard} heard by baresip"


@test
def keys_by_info_are_events_for_baresip(lab):
    box = lab.box()
    caller, callee = Plain(lab, box, "201"), baresip(lab, box, "202")
    here = caller.phone.call("202", body=caller.body)

    def press(key):
        body = f"Signal={key}\r\nDuration=160\r\n"
        expect(here.within("INFO", "Content-Type: application/dtmf-relay\r\n", body), 200)

    presses = [(0.5 + 0.4 * n, lambda key=key: press(key)) for n, key in enumerate(KEYS)]
    caller.talk(here.final.media(), 5, meanwhile=presses)
    expect(here.hang_up(), 200)
    heard, kept = keys_of(callee), record(box, "201", "info")
    if heard != KEYS or kept != KEYS:
        raise AssertionError(f"{KEYS} pressed, {heard} heard, {kept} in the record")
    return f"{heard} heard by baresip"


@test
def events_of_baresip_reach_who_takes_info(lab):
    box = lab.box()
    caller, callee = baresip(lab, box, "201"), Plain(lab, box, "202")
    caller.dial("202")
    incoming = callee.phone.incoming()
    incoming.answer(body=callee.body, headers="Allow: INVITE, ACK, BYE, CANCEL, INFO\r\n")
    caller.until_event("CALL_ESTABLISHED")
    told = []

    def listen():
        info = incoming.until_request("INFO")
        callee.phone.reply(info, 200, "OK")
        told.append(info.body.decode().split("Signal=")[1][0])

    presses = [(0.5 + 0.5 * n, lambda key=key: caller.command("sndcode", key))
               for n, key in enumerate(KEYS)]
    listens = [(0.9 + 0.5 * n, listen) for n in range(len(KEYS))]
    came = callee.talk(incoming.invite.media(), 6, meanwhile=presses + listens)
    caller.hang_up()
    incoming.until_bye()
    told, kept, heard = "".join(told), record(box, "201", "rfc4733"), heard_tones(came)
    if told != KEYS or kept != KEYS or heard:
        raise AssertionError(f"{KEYS} pressed, {told} told, {kept} in the record, {heard} heard")
    return f"{told} told"
