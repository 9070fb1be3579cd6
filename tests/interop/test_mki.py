"""Master key identifiers in packets (RFC 3711 section 3.1), as libsrtp writes them."""

import base64
import os
import re
import struct
import time

from lab import test, until
from libsrtp import INBOUND, OUTBOUND, SUITES, Session
from sip import Phone
from test_flows import expect
from test_keys import PLAIN, payload_socket


@test
def libsrtp_with_master_key_identifiers_talks_through_the_box_with_a_plain_phone(lab):
    box = lab.box()
    phones = []
    for number in ("201", "202"):
        box.extension(number)
        phones.append(Phone(box, number))
        lab.at_end(phones[-1].close)
        expect(phones[-1].register(), 200)
    said = []
    for suite, (length, _) in SUITES.items():
        for octets in (1, 4):
            there, back = talk(lab, box, phones, suite, length, octets)
            said.append(f"{suite}, {octets}: {there} there, {back} back")
    return "; ".join(said)


def talk(lab, box, phones, suite, length, octets):
    """How many of 100 packets each side heard; the first seals them with the second of two keys."""
    sockets = payload_socket(lab), payload_socket(lab)
    ports = [each.getsockname()[1] for each in sockets]
    unused, key = os.urandom(length), os.urandom(length)
    call = phones[0].call("202", wait=False, body=PLAIN.format(port=ports[0]).replace(
        "RTP/AVP", "RTP/SAVP") + f"a=crypto:1 {suite} inline:{base64.b64encode(key).decode()}|5:{octets}\r\n")
    incoming = phones[1].incoming()
    incoming.answer(body=PLAIN.format(port=ports[1]))
    call.until_final()
    expect(call.final, 200)
    answer = re.search(rf"^a=crypto:1 {suite} inline:([^\s|]+)(\S*)", call.final.body.decode(), re.M)
    if answer is None or answer.group(2):
        raise AssertionError(f"the box says {call.final.body.decode()}")
    keys = [(unused, (4).to_bytes(octets, "big")), (key, (5).to_bytes(octets, "big"))]
    ours = Session(suite, keys, OUTBOUND)
    theirs = Session(suite, [(base64.b64decode(answer.group(1)), b"")], INBOUND)
    sides = [
        (sockets[0], call.final.media(), lambda packet: ours.protect(packet, 1), theirs.unprotect),
        (sockets[1], incoming.invite.media(), bytes, bytes),
    ]
    sent, heard = ([], []), ([], [])
    for sequence in range(100):
        for side, (media, to, seal, _) in enumerate(sides):
            sound = os.urandom(160)
            sent[side].append(sound)
            media.sendto(seal(struct.pack("!BBHII", 0x80, 0, sequence, sequence * 160, 77) + sound), to)
        time.sleep(0.02)
        for side, (media, _, _, open_) in enumerate(sides):
            while True:
                try:
                    packet = media.recv(2048)
                except OSError:
                    break
                if packet[1] & 0x7F == 0:
                    heard[side].append(open_(packet)[12:])
    call.hang_up()
    until(lambda: not box.calls(), "an empty list of calls")
    stats = [stream["stats"] for stream in box.records()[0]["streams"]]
    there = sum(sound in heard[1] for sound in sent[0])
    back = sum(sound in heard[0] for sound in sent[1])
    if min(there, back) < 95 or any(one["forged"] or one["malformed"] for one in stats):
        raise AssertionError(f"{there} there, {back} back: {stats}")
    return there, back
