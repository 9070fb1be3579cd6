"""Whom a media port believes: strangers neither hear nor speak, a phone that moves is heard."""

import socket
import struct
import time

from lab import test, until
from test_flows import expect, phones


class Stream:
    """A socket that sends and counts RTP."""

    def __init__(self, host="127.0.0.1", ssrc=1):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.host, self.port = self.socket.getsockname()
        self.ssrc, self.sequence, self.fill = ssrc, 1000 * ssrc % 60000, ssrc % 251
        self.came = []

    def send(self, to):
        self.sequence = (self.sequence + 1) & 0xFFFF
        head = struct.pack("!BBHII", 0x80, 8, self.sequence, self.sequence * 160, self.ssrc)
        self.socket.sendto(head + bytes([self.fill]) * 160, to)
        self.drain()

    def drain(self):
        """Before the kernel's buffer is full."""
        while True:
            try:
                data, _ = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            if len(data) == 172:
                self.came.append(data[12])

    def received(self):
        """The first payload octets of all the packets that came since the last time."""
        self.drain()
        came, self.came = self.came, []
        return came

    def close(self):
        self.socket.close()


def call_with_streams(lab, box):
    first, second = phones(lab, box, "201", "202")
    streams = []
    for ssrc, phone in ((11, first), (22, second)):
        stream = Stream(ssrc=ssrc)
        lab.at_end(stream.close)
        phone.media = ("127.0.0.1", stream.port)
        streams.append(stream)
    here = first.call("202", wait=False)
    there = second.incoming()
    there.ring().answer()
    here.until_final()
    expect(here.final, 200)
    return here, there, streams, (here.final.media(), there.invite.media())


def play(seconds, *pairs):
    """Every pair of stream and address sends fifty packets a second."""
    for _ in range(int(seconds * 50)):
        for stream, to in pairs:
            stream.send(to)
        time.sleep(0.02)


@test
def a_spoofed_stream_neither_hears_nor_speaks(lab):
    box = lab.box()
    here, there, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    play(1, (one, port_one), (two, port_two))
    stranger = Stream("127.0.0.9", ssrc=33)
    lab.at_end(stranger.close)
    for stream in (one, two):
        stream.received()
    play(2, (one, port_one), (two, port_two), (stranger, port_one), (stranger, port_two),
         (stranger, port_one))
    time.sleep(0.2)
    if stranger.received():
        raise AssertionError("a stranger heard the call")
    for stream, wanted in ((one, 22), (two, 11)):
        came = stream.received()
        if set(came) != {wanted} or len(came) < 90:
            raise AssertionError(f"{wanted} should be heard alone: {sorted(set(came))}, {len(came)}")
    expect(here.hang_up(), 200)
    there.until_bye()
    record = until(lambda: [one for one in box.records() if one["ended"] and len(one["streams"]) > 1],
                   "the finished record with its streams")[0]
    counted = sum(stream["stats"]["strangers"] for stream in record["streams"])
    if counted < 200:
        raise AssertionError(f"only {counted} packets of strangers were counted")


@test
def a_phone_that_moves_its_media_after_a_re_invite_is_heard(lab):
    box = lab.box()
    here, there, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    play(1, (one, port_one), (two, port_two))
    moved = Stream(ssrc=44)
    lab.at_end(moved.close)
    here.phone.media = ("127.0.0.1", moved.port)
    answer = reinvite_or_answered(here, there)
    port_one = answer.media()
    two.received()
    play(1.5, (moved, port_one), (two, port_two))
    time.sleep(0.2)
    if two.received().count(44) < 60 or moved.received().count(22) < 60:
        raise AssertionError("after the re-INVITE the two do not hear each other")
    again = Stream(ssrc=55)
    again.socket.close()
    again.socket, again.port = moved.socket, moved.port
    play(1.5, (again, port_one), (two, port_two))
    time.sleep(0.2)
    if two.received().count(55) < 60:
        raise AssertionError("a new SSRC from the same port is not heard")
    expect(here.hang_up(), 200)
    there.until_bye()


def reinvite_or_answered(here, there):
    """The box may answer a mere move itself, or ask the other side."""
    here.cseq += 1
    cseq = here.cseq
    here.phone.send(here.make("INVITE", "", here.phone.sdp(version=2), cseq))
    try:
        asked = there.until_request("INVITE", 1)
    except AssertionError:
        asked = None
    if asked:
        there.phone.reply(asked, 200, "OK", there.tag, body=there.phone.sdp(version=2))
        there.until_request("ACK")
    done = here.phone.until(lambda m: m.status and m.status >= 200
                            and m["cseq"] == f"{cseq} INVITE")
    here.phone.send(here.make("ACK", "", "", cseq))
    return expect(done, 200)


@test
def a_call_without_sound_is_ended_with_a_reason(lab):
    box = lab.box()
    box.ask("PUT", "settings", {**box.ask("GET", "settings"), "silence_seconds": 10})
    here, there, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    play(1, (one, port_one), (two, port_two))
    here.until_bye(25)
    there.until_bye()
    record = until(lambda: [one for one in box.records() if one["ended"] and len(one["streams"]) > 1],
                   "the finished record with its streams")[0]
    if record["end"]["why"] != {"no_media": {"seconds": 10}}:
        raise AssertionError(f"the record says {record['end']}")
