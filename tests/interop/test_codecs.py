"""Two phones without a common codec talk: every pair, in payloads that other people's codecs made."""

import glob
import itertools
import os
import re
import select
import socket
import struct
import time

import numpy

import payload
import sound
from baresip import Baresip
from lab import Skipped, test, until
from test_flows import expect, phones

SPEECH = "/usr/share/asterisk/sounds/en_US_f_Allison"
SECONDS = 5
SIDE_BY_SIDE = 23
# What two codecs in a row may cost more than each alone costs.
MARGIN = 0.04


def speech(seconds):
    """Somebody who talks without long pauses."""
    files = sorted(glob.glob(os.path.join(SPEECH, "*.wav")))
    if not files:
        raise Skipped("asterisk-core-sounds-en-wav is not installed")
    parts, count = [], 0
    for path in files:
        part = sound.read(path)
        if len(part) < 2 * sound.RATE:
            continue
        parts.append(part)
        count += len(part)
        if count >= seconds * sound.RATE:
            break
    return numpy.concatenate(parts)[:seconds * sound.RATE] * 0.7


class Voice:
    """One side of a call: says its payloads and keeps what comes."""

    def __init__(self, codec, number, payloads):
        self.codec, self.number, self.payloads = codec, number, payloads
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.to, self.sent, self.came, self.others = None, 0, {}, set()

    def say(self, elapsed):
        """Sends all that is due."""
        due = int(elapsed * 1000 / self.codec.millis)
        while self.sent < min(due, len(self.payloads)):
            head = struct.pack("!BBHII", 0x80, self.number | (0x80 if self.sent == 0 else 0),
                               self.sent, self.sent * self.codec.clock * self.codec.millis // 1000,
                               self.port)
            self.socket.sendto(head + self.payloads[self.sent], self.to)
            self.sent += 1

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

    def heard(self, source, line):
        """The score of what was heard; fails below the line."""
        if self.others:
            raise AssertionError(f"packets of types {sorted(self.others)}, {self.number} agreed")
        order = sorted(self.came)
        if not order:
            raise AssertionError("nothing was heard")
        missing = order[-1] - order[0] + 1 - len(order)
        stamps = [self.came[sequence][0] for sequence in order]
        step = self.codec.clock * self.codec.millis // 1000
        uneven = sum((after - before) & 0xFFFFFFFF != step for before, after in zip(stamps, stamps[1:]))
        wanted = len(self.payloads) * 0.95
        if len(order) < wanted or missing or uneven > 1:
            raise AssertionError(f"{len(order)} packets of {len(self.payloads)}, {missing} missing, "
                                 f"{uneven} uneven steps of the time stamp")
        decoded = self.codec.decode([self.came[sequence][1] for sequence in order])
        score = sound.likeness(source, decoded)
        if score < line:
            raise AssertionError(f"likeness {score:.3f}, {line:.3f} wanted")
        return score


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


@test
def phones_without_a_common_codec_talk_through_the_box(lab):
    source = speech(SECONDS)
    codecs = payload.all_codecs()
    spoken = {codec.name: codec.encode(source) for codec in codecs}
    alone = {codec.name: sound.likeness(source, codec.decode(spoken[codec.name])) for codec in codecs}
    offered = [codec for codec in codecs if codec.name in OFFERED]
    pairs = list(itertools.combinations_with_replacement(offered, 2))
    pairs += [(one, other) for one in codecs if one not in offered for other in offered[:3]]
    box = lab.box()
    callers = phones(lab, box, *(str(200 + n) for n in range(SIDE_BY_SIDE)))
    callees = phones(lab, box, *(str(300 + n) for n in range(SIDE_BY_SIDE)))
    scores, wrong = {}, []
    while pairs:
        now, pairs = pairs[:SIDE_BY_SIDE], pairs[SIDE_BY_SIDE:]
        talks = [Conversation(*sides, *codecs_, spoken)
                 for sides, codecs_ in zip(zip(callers, callees), now)]
        for one in talks:
            lab.at_end(one.close)
            one.place()
        talk_all(talks)
        for one in talks:
            one.end()
            for voice, (said, heard) in zip(one.voices, (one.codecs[::-1], one.codecs)):
                line = alone[said.name] * (alone[heard.name] if said is not heard else 1) - MARGIN
                try:
                    scores[said.name, heard.name] = voice.heard(source, line)
                except AssertionError as why:
                    wrong.append(f"{said.name} heard as {heard.name}: {why}")
    if wrong:
        raise AssertionError(f"{len(wrong)} of {len(scores) + len(wrong)}: " + "; ".join(wrong))
    worst = min(scores, key=scores.get)
    return (f"{len(scores)} directions, likeness {numpy.mean(list(scores.values())):.3f} in the mean, "
            f"least {scores[worst]:.3f} ({worst[0]} to {worst[1]})")


@test
def baresips_without_a_common_codec_hear_each_other(lab):
    box = lab.box()
    sources = {}
    for channels in (1, 2):
        sources[channels] = os.path.join(lab.folder, f"speech-{channels}.wav")
        sound.write(sources[channels], speech(20), channels)
    source = sources[1]
    made = {}
    for number, (codec, module, channels) in zip(range(201, 210), BARESIP):
        box.extension(str(number))
        made[codec] = Baresip(lab, box, str(number), "secret-of-the-test", sources[channels],
                              codec=codec, module=module)
    for phone in made.values():
        phone.until_registered()
    said = []
    for one, other in itertools.combinations(made, 2):
        first, second = made[one], made[other]
        place = len(second.heard()), len(first.heard())
        mark = len(first.events), len(second.events)
        first.dial(second.user)
        first.until_event("CALL_ESTABLISHED", after=mark[0])
        time.sleep(4)
        first.hang_up()
        second.until_event("CALL_CLOSED", after=mark[1])
        for phone, count, way in ((second, place[0], (one, other)), (first, place[1], (other, one))):
            new = until(lambda: phone.heard()[count:], "a recording")
            score = sound.likeness(sound.read(source), sound.read(new[-1]))
            if score < 0.85:
                raise AssertionError(f"{way[0]} heard as {way[1]}: likeness {score:.3f}")
            said.append(score)
    return f"{len(said)} directions, likeness {min(said):.3f} to {max(said):.3f}"


# What the box offers on behalf of others; the rest it speaks when asked.
OFFERED = ("PCMA", "G722", "opus", "PCMU", "GSM", "G723", "G729", "AMR-WB", "G726-32")
# How baresip calls a codec, its module, and the channels that it wants of a source.
BARESIP = (("pcma", "g711", 1), ("g722/16000/1", "g722", 1), ("opus/48000/2", "opus", 2),
           ("gsm", "gsm", 1))
