"""Calls side by side between phones with one codec each, and how well they are understood."""

import os
import re
import select
import socket
import struct
import time

import numpy

import scores
import sound
from test_flows import expect, phones

SECONDS = 5
SIDE_BY_SIDE = 23
# What two codecs in a row may cost more than each alone costs: of the likeness, which is multiplied
# for both, and of the PESQ, which is that of the worse of them.
MARGIN = 0.04
PESQ_MARGIN = 1.0
# Octets that sound like nothing.
SILENCE = {"PCMA": b"\xd5", "PCMU": b"\xff"}


class Voice:
    """One side of a call: says its payloads and keeps what comes."""

    def __init__(self, codec, number, payloads):
        self.codec, self.number, self.payloads = codec, number, payloads
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.to, self.sent, self.spoken = None, 0, 0
        self.came, self.others = {}, set()

    def say(self, elapsed):
        """Sends all that is due."""
        due = int(elapsed * 1000 / self.codec.millis)
        while self.sent < min(due, len(self.payloads)):
            data = self.payloads[self.sent]
            if data:
                head = struct.pack("!BBHII", 0x80, self.number | (0x80 if self.spoken == 0 else 0),
                                   self.spoken, self.sent * self.step(), self.port)
                self.socket.sendto(head + data, self.to)
                self.spoken += 1
            self.sent += 1

    def step(self):
        """By how much the time stamp grows with each packet."""
        return self.codec.clock * self.codec.millis // 1000

    def hear(self):
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            _, number, sequence, stamp, _ = struct.unpack("!BBHII", data[:12])
            if number & 0x7F == self.number:
                self.came[sequence] = (stamp, data[12:])
            else:
                self.others.add(number & 0x7F)

    def heard(self, source, line, pauses=False):
        """How like what was heard is to what was said, and its samples; fails below the line.
        pauses: the other side says nothing where nothing is said."""
        if self.others:
            raise AssertionError(f"packets of types {sorted(self.others)}, {self.number} agreed")
        order = sorted(self.came)
        if not order:
            raise AssertionError("nothing was heard")
        missing = order[-1] - order[0] + 1 - len(order)
        stamps = [self.came[sequence][0] for sequence in order]
        step = self.step()
        uneven = sum((after - before) & 0xFFFFFFFF != step for before, after in zip(stamps, stamps[1:]))
        wanted = SECONDS * 1000 / self.codec.millis * (0.5 if pauses else 0.95)
        if len(order) < wanted or missing or uneven > (SECONDS * 5 if pauses else 1):
            raise AssertionError(f"{len(order)} packets of {wanted:.0f} at least, {missing} missing, "
                                 f"{uneven} uneven steps of the time stamp")
        decoded = self.codec.decode(self.in_time(order))
        score = sound.likeness(source, decoded)
        if score < line:
            raise AssertionError(f"likeness {score:.3f}, {line:.3f} wanted")
        return score, decoded

    def in_time(self, order):
        """The payloads, with silence for the packets that a pause spared."""
        whole = []
        for sequence in order:
            stamp, data = self.came[sequence]
            place = (stamp - self.came[order[0]][0] & 0xFFFFFFFF) // self.step()
            if self.codec.name in SILENCE:
                whole += [SILENCE[self.codec.name] * len(data)] * (place - len(whole))
            whole.append(data)
        return whole


def offered_number(invite, codec):
    """Under which payload type an offer has a codec."""
    text = invite.body.decode()
    formats = re.search(r"^m=audio \d+ \S+ (.*?)\r?$", text, re.M).group(1).split()
    for number, name in re.findall(r"^a=rtpmap:(\d+) (\S+?)\r?$", text, re.M):
        if name.lower() == codec.rtpmap.lower() and number in formats:
            return int(number)
    if codec.number < 96 and str(codec.number) in formats:
        return codec.number
    raise AssertionError(f"{codec.name} is not offered: {formats}")


class Conversation:
    """A call between two phones, each with one codec."""

    def __init__(self, first, second, one, other, spoken):
        self.name = f"{one.name} and {other.name}"
        self.phones, self.codecs = (first, second), (one, other)
        self.voices = [Voice(codec, codec.number, spoken[codec.name]) for codec in (one, other)]

    def place(self):
        (first, second), (one, other) = self.phones, self.codecs
        here, there = self.voices
        self.here = first.call(second.user, body=one.sdp("127.0.0.1", here.port), wait=False)
        try:
            incoming = second.incoming()
        except AssertionError:
            told = list(iter(lambda: first.receive(0.2), None))
            raise AssertionError(f"{self.name}: {second.user} is not called, and {first.user} was told "
                                 f"{[message.first for message in told]}") from None
        there.number = offered_number(incoming.invite, other)
        there.to = incoming.invite.media()
        body = other.sdp("127.0.0.1", there.port)
        body = body.replace(f"AVP {other.number}", f"AVP {there.number}")
        incoming.answer(body=body.replace(f":{other.number} ", f":{there.number} "))
        self.here.until_final()
        expect(self.here.final, 200)
        here.to = self.here.final.media()
        answered = self.here.final.body.decode()
        if not re.search(rf"^m=audio \d+ RTP/AVP {one.number}\r?$", answered, re.M):
            raise AssertionError(f"{self.name}: answered {answered}")
        self.there = incoming

    def end(self):
        expect(self.here.hang_up(), 200)
        self.there.until_bye()

    def close(self):
        for voice in self.voices:
            voice.socket.close()


def talk_all(conversations):
    """All talk at the same time."""
    voices = [voice for one in conversations for voice in one.voices]
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < SECONDS + 0.5:
        for voice in voices:
            voice.say(elapsed)
        select.select([voice.socket for voice in voices], [], [], 0.005)
        for voice in voices:
            voice.hear()


class Matrix:
    """Pairs of codecs, in both directions; `source` is what all say."""

    def __init__(self, lab, source, codecs):
        self.lab, self.source = lab, source
        self.spoken = {codec.name: codec.encode(source) for codec in codecs}
        self.sounds = {codec.name: codec.decode(self.spoken[codec.name])
                       for codec in codecs if not codec.pauses}
        self.alone = {name: sound.likeness(source, heard) for name, heard in self.sounds.items()}
        self.scores, self.heard, self.wrong = {}, {}, []

    def talk(self, pairs):
        box = self.lab.box()
        callers = phones(self.lab, box, *(str(200 + n) for n in range(SIDE_BY_SIDE)))
        callees = phones(self.lab, box, *(str(300 + n) for n in range(SIDE_BY_SIDE)))
        while pairs:
            now, pairs = pairs[:SIDE_BY_SIDE], pairs[SIDE_BY_SIDE:]
            talks = [Conversation(*sides, *codecs, self.spoken)
                     for sides, codecs in zip(zip(callers, callees), now)]
            for one in talks:
                self.lab.at_end(one.close)
                one.place()
            talk_all(talks)
            for one in talks:
                one.end()
                for voice, (said, heard) in zip(one.voices, (one.codecs[::-1], one.codecs)):
                    self.judge(voice, said, heard)

    def line(self, said, heard):
        """How like the source what is heard has to be: as both codecs alone, one after the other."""
        # Pauses take nothing away from what is said between them.
        one, other = (self.alone.get(name, self.alone.get(name.split(" ")[0])) for name in (said, heard))
        return one * (other if said != heard else 1) - MARGIN

    def judge(self, voice, said, heard):
        way = said.name, heard.name
        try:
            self.scores[way], self.heard[way] = voice.heard(self.source, self.line(*way), said.pauses)
        except AssertionError as why:
            self.wrong.append(f"{said.name} heard as {heard.name}: {why}")

    def verdict(self):
        if self.wrong:
            raise AssertionError(f"{len(self.wrong)} of {len(self.scores) + len(self.wrong)}: "
                                 + "; ".join(self.wrong))
        worst = min(self.scores, key=self.scores.get)
        return (f"{len(self.scores)} directions, likeness "
                f"{numpy.mean(list(self.scores.values())):.3f} in the mean, "
                f"least {self.scores[worst]:.3f} ({worst[0]} to {worst[1]})")

    def pesq(self):
        """The same by P.862, with a line for each pair of its own."""
        if scores.python() is None:
            return "PESQ not scored: pip install pesq numpy, and name that Python in PESQ_PYTHON"
        ways, names = list(self.heard), list(self.sounds)
        heard = [self.heard[way] for way in ways] + [self.sounds[name] for name in names]
        found = scores.pesq(self.lab.folder, self.source, heard)
        alone = dict(zip(names, found[len(ways):]))
        found = dict(zip(ways, found))
        lines = {(said, heard): min(alone[said], alone[heard]) - PESQ_MARGIN for said, heard in ways}
        self.write(found, lines)
        low = [f"{said} heard as {heard}: {found[said, heard]:.2f}, {lines[said, heard]:.2f} wanted"
               for said, heard in ways if found[said, heard] < lines[said, heard]]
        if low:
            raise AssertionError(f"PESQ of {len(low)} of {len(ways)}: " + "; ".join(low))
        worst = min(found, key=found.get)
        return (f"PESQ {numpy.mean(list(found.values())):.2f} in the mean, "
                f"least {found[worst]:.2f} ({worst[0]} to {worst[1]})")

    def write(self, found, lines):
        """A table of both scores and their lines, where `MATRIX` names a file."""
        if "MATRIX" not in os.environ:
            return
        with open(os.environ["MATRIX"], "w") as file:
            for way in sorted(found):
                file.write(f"| {way[0]} | {way[1]} | {self.scores[way]:.3f} | {self.line(*way):.3f} "
                           f"| {found[way]:.2f} | {lines[way]:.2f} |\n")
