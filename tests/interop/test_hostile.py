"""What arrives from strangers: torture, noise and floods, beside calls that have to go on."""

import os
import random
import re
import socket
import statistics
import threading
import time

from lab import Skipped, need_mounts, test
from test_flows import expect, phones, talking
from test_media import call_with_streams, play
from test_sipp import calls, office

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TORTURE = os.path.join(ROOT, "..", "shared", "torture")
SEEDS = os.path.join(ROOT, "tests", "data", "sip")

SILENCE = None
# What RFC 4475 says of each message that is not simply valid; for the valid ones any answer but 400
# and 5xx will do. Where a phone of the field needs it we are milder than the RFC, never stricter.
VERDICTS = {
    "badinv01": {400}, "clerr": {400, SILENCE}, "ncl": {400, SILENCE}, "scalar02": {400},
    "scalarlg": {SILENCE}, "quotbal": {400}, "ltgtruri": {400}, "lwsruri": {400},
    "lwsstart": {400}, "trws": {400}, "escruri": {400}, "baddate": {400}, "regbadct": {400},
    "badaspec": {400}, "baddn": {400, 200, 401}, "badvers": {505}, "mismatch01": {400},
    "mismatch02": {400}, "bigcode": {SILENCE}, "bcast": {SILENCE},
    "insuf": {400, SILENCE}, "unkscm": {416}, "novelsc": {416, 401, 407}, "bext01": {420},
    "multi01": {400}, "mcl01": {400, SILENCE}, "zeromf": {200, 483},
    "unreason": {SILENCE}, "noreason": {SILENCE}, "test": {400, SILENCE},
    # This file has blanks within URIs, which the RFC has not.
    "4.5.2_via-received-param-no-delim": {200, 400},
    "4.2_ipv6-bad": {400}, "4.10.1_ipv6-bug-abnf-3-colons": None,
}


# Over a stream nothing says where these end, or what is behind the end is no message.
STREAM_VERDICTS = {"inv2543": {400}, "baddn": {SILENCE, 400}, "dblreq": {SILENCE, 401}}


def torture_messages():
    if not os.path.isdir(TORTURE):
        raise Skipped("the torture messages are not beside this tree")
    for folder in ("rfc4475", "rfc5118"):
        for name in sorted(os.listdir(os.path.join(TORTURE, folder))):
            if name.endswith(".dat"):
                with open(os.path.join(TORTURE, folder, name), "rb") as file:
                    yield name[:-4], file.read()


def torture(lab, send, verdicts):
    box = lab.box()
    wrong, count = [], 0
    for name, data in torture_messages():
        count += 1
        status = send(box, data)
        allowed = verdicts.get(name, "valid")
        if allowed is None or data.startswith(b"SIP/2.0 ") and status is None:
            pass
        elif allowed == "valid":
            if status is None or status == 400 or status >= 500 and status not in (501, 505):
                wrong.append(f"{name}: {status} for a valid message")
        elif status not in allowed:
            wrong.append(f"{name}: {status}, wanted {allowed}")
        if not box.alive():
            raise AssertionError(f"the daemon died of {name}")
    if wrong or not count:
        raise AssertionError("; ".join(wrong) or "there is no torture message")
    first, second = phones(lab, box, "201", "202")
    here, there = talking(first, second, "202")
    expect(here.hang_up(), 200)
    there.until_bye()
    return f"{count} messages"


def over_udp(box, data):
    """Sends from the port to which the answer will go (RFC 3261 section 18.2.2)."""
    via = re.search(rb"^(?:via|v)\s*:[^,\r\n]*?/[^,\r\n]*?\s+(?:\[[^\]]*\]|[^\s:;,]+)\s*(?::\s*(\d+))?",
                    data, re.I | re.M)
    port = int(via.group(1)) if via and via.group(1) else 5060
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for last in range(2, 250):
            try:
                wire.bind((f"127.0.77.{last}", port if port < 65536 else 5060))
                break
            except OSError:
                continue
        wire.sendto(data, (box.host, box.sip))
        return first_final(lambda: wire.recv(65536), wire)


def first_final(receive, wire):
    end = time.monotonic() + 1.5
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            data = receive()
        except OSError:
            return None
        if not data:
            return None
        found = re.match(rb"SIP/2\.0 ([2-6]\d\d) ", data)
        if found:
            return int(found.group(1))
    return None


@test
def the_torture_messages_are_answered_as_they_should_be_over_udp(lab):
    return torture(lab, over_udp, VERDICTS)


@test
def the_torture_messages_are_answered_as_they_should_be_over_tcp(lab):
    def over_tcp(box, data):
        with socket.create_connection((box.host, box.sip), 5) as wire:
            wire.sendall(data)
            return first_final(lambda: wire.recv(65536), wire)

    return torture(lab, over_tcp, {**VERDICTS, **STREAM_VERDICTS})


def seeds():
    found = []
    if os.path.isdir(TORTURE):
        found = [data for _, data in torture_messages()]
    for folder, _, names in os.walk(SEEDS):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found.append(file.read())
    if not found:
        raise Skipped("no messages to start from")
    return [seed for seed in found if 0 < len(seed) < 4000]


def mutated(chance, messages):
    """One message with a few octets turned, cut out, doubled or taken from another one."""
    data = bytearray(chance.choice(messages))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data)) if data else 0
        what = chance.randrange(5)
        if what == 0 and data:
            data[at] = chance.randrange(256)
        elif what == 1:
            del data[at:at + chance.randint(1, 40)]
        elif what == 2:
            data[at:at] = data[at:at + chance.randint(1, 200)]
        elif what == 3:
            other = chance.choice(messages)
            begin = chance.randrange(len(other))
            data[at:at] = other[begin:begin + chance.randint(1, 60)]
        else:
            data[at:at] = chance.choice((b"\r\n", b"\0", b"<", b'"', b"99999999999", b";", b"%", b":",
                                         b"\r\n\r\n", b"\xff\xfe", b"=", b","))
    return bytes(data[:8000])


@test
def a_hundred_thousand_mutated_datagrams_change_nothing(lab):
    count = 1_000_000 if lab.long else 100_000
    box = lab.box()
    here, there, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    messages = seeds()
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    wires = []
    for last in range(1, 21):
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.bind((f"127.0.66.{last}", 0))
        wires.append(wire)
    talkers = threading.Thread(target=play, args=(count / 12_000, (one, port_one), (two, port_two)))
    talkers.start()

    def fire(some):
        for at in range(some):
            wires[at % len(wires)].sendto(mutated(chance, messages), (box.host, box.sip))
            if at % 500 == 0 and not box.alive():
                raise AssertionError("the daemon died: " + box.last_words())

    fire(count // 5)
    settled = box.resident()
    fire(count - count // 5)
    talkers.join()
    for wire in wires:
        wire.close()
    time.sleep(1)
    grown = box.resident() - settled
    if grown > 8 << 20:
        raise AssertionError(f"resident memory grew by {grown >> 10} KB")
    heard = one.received().count(22), two.received().count(11)
    expect(here.hang_up(), 200)
    there.until_bye()
    again, there = talking(here.phone, there.phone, "202")
    expect(again.hang_up(), 200)
    there.until_bye()
    if min(heard) < 0.95 * 50 * int(count / 12_000):
        raise AssertionError(f"the call in progress suffered: {heard}")
    return f"resident memory grew by {grown >> 10} KB, {heard} packets of the call arrived"


# Datagrams: 20 ms of the flood.
MOST_AT_ONCE = 300


@test
def honest_calls_complete_beside_a_flood_of_invites(lab):
    seconds, honest = (60, 10) if lab.long else (8, 10)
    box, _ = office(lab)
    there = "127.0.0.66"
    flood = [(f"INVITE sip:{number}@{box.host} SIP/2.0\r\nVia: SIP/2.0/UDP {there}:5066"
              f";branch=z9hG4bKf{number}\r\nMax-Forwards: 70\r\n"
              f"From: <sip:{number}@{there}>;tag=f{number}\r\nTo: <sip:{number}@{box.host}>\r\n"
              f"Call-ID: flood{number}\r\nCSeq: 1 INVITE\r\n"
              f"Contact: <sip:{number}@{there}:5066>\r\nContent-Length: 0\r\n\r\n").encode()
             for number in range(100_000, 140_000)]
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((there, 0))
    lab.at_end(wire.close)
    wire.connect((box.host, box.sip))
    stop = threading.Event()
    sent = [0]

    def fire():
        began, missed = time.monotonic(), 0
        while not stop.is_set():
            due = int((time.monotonic() - began) * 15_000) - missed
            # After a stop of the machine the flood goes on as it was: a second of it at once is another test.
            missed += max(0, due - sent[0] - MOST_AT_ONCE)
            for at in range(sent[0], min(due, sent[0] + MOST_AT_ONCE)):
                try:
                    wire.send(flood[at % len(flood)])
                except ConnectionError:
                    pass
                sent[0] += 1
            time.sleep(0.001)

    firing = threading.Thread(target=fire)
    before, began = box.cpu(), time.monotonic()
    firing.start()
    try:
        here = calls(lab, box, "uac", seconds * honest, rate=honest, talk=0.5, limit=seconds + 40)
        here.demand(seconds * honest)
    finally:
        stop.set()
        firing.join()
    took = time.monotonic() - began
    cpu = (box.cpu() - before) / took
    if sent[0] / took < 10_000:
        raise AssertionError(f"this machine made {sent[0] / took:.0f} INVITEs a second only")
    return (f"{seconds * honest} calls beside {sent[0] / took:.0f} INVITEs a second, "
            f"{cpu * 100:.0f} % of a core, {here.retransmissions()} retransmissions")


class Blackholed:
    """A place where names are asked of somebody who never answers."""

    def __init__(self, lab):
        need_mounts()
        folder = lab.sub("resolver")
        for name, text in (("resolv.conf", "nameserver 127.0.53.53\n"),
                           ("hosts", "127.0.0.1 localhost\n")):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        self.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.silent.bind(("127.0.53.53", 53))
        except OSError as why:
            raise Skipped(f"port 53 is not to be had: {why}") from None
        lab.at_end(self.silent.close)
        script = ('mount --bind "$0/resolv.conf" /etc/resolv.conf && '
                  'mount --bind "$0/hosts" /etc/hosts && exec "$@"')
        self.words = ("unshare", "-m", "sh", "-c", script, folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


@test
def inside_calls_are_as_fast_without_a_resolver(lab):
    def set_up_times(**flags):
        box = lab.box(**flags)
        box.trunk("far away", "sip.carrier.example", None, username="x", secret="y")
        first, second = phones(lab, box, "201", "202")
        times = []
        for _ in range(30):
            began = time.monotonic()
            here, there = talking(first, second, "202")
            times.append(time.monotonic() - began)
            expect(here.hang_up(), 200)
            there.until_bye()
        box.stop()
        return statistics.median(times), max(times)

    usual, usual_worst = set_up_times()
    dark, dark_worst = set_up_times(inside=Blackholed(lab))
    said = (f"median {usual * 1000:.1f} ms with, {dark * 1000:.1f} ms without; "
            f"worst {usual_worst * 1000:.0f} and {dark_worst * 1000:.0f} ms")
    if dark > 2 * usual + 0.02 or dark_worst > 2 * usual_worst + 0.5:
        raise AssertionError(said)
    return said
