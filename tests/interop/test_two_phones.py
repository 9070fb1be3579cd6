"""Two phones that nobody here wrote talk through the box, and the recordings prove it."""

import os
import time

import sound
from baresip import Baresip
from lab import test, until

TALK = 6


def talk(lab, box, first, second, number):
    """One calls the other, both play their melody, and each has to hear the other's."""
    ours, theirs = first.source, second.source
    first.dial(number)
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED")
    calls = until(box.calls, "the call in the list of calls")
    if len(calls) != 1 or calls[0]["state"] != "up":
        raise AssertionError(f"one call should be up: {calls}")
    time.sleep(TALK)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    until(lambda: not box.calls(), "an empty list of calls")
    heard_there = sound.Heard(ours, until(second.heard, "a recording")[-1]).demand(TALK * 0.8)
    heard_here = sound.Heard(theirs, until(first.heard, "a recording")[-1]).demand(TALK * 0.8)
    record = until(lambda: [one for one in box.records() if one["ended"] and len(one["streams"]) > 1],
                   "the finished record with its streams")[0]
    if record["end"]["why"] != "hung_up" or not record["answered"]:
        raise AssertionError(f"the record says {record['end']}")
    lost = [stream["stats"] for stream in record["streams"] if not stream["stats"]["received"]]
    if lost or len(record["streams"]) != 2:
        raise AssertionError(f"streams without packets: {record['streams']}")
    return f"{heard_there}; back {heard_here}"


def pair(lab, box, transports=("udp", "udp"), hosts=("127.0.0.1", "127.0.0.1")):
    """Two phones, 201 and 202, registered."""
    phones = []
    for number, transport, host in zip(("201", "202"), transports, hosts):
        box.extension(number)
        source = os.path.join(lab.folder, f"{number}.wav")
        sound.melody(source, seed=int(number))
        phone = Baresip(lab, box, number, "secret-of-the-test", source, transport, host,
                        server=host)
        phone.source = source
        phones.append(phone)
    for phone in phones:
        phone.until_registered()
    return phones


@test
def two_phones_hear_each_other_over_udp(lab):
    box = lab.box()
    return talk(lab, box, *pair(lab, box), "202")


@test
def two_phones_hear_each_other_over_tcp(lab):
    box = lab.box()
    return talk(lab, box, *pair(lab, box, ("tcp", "tcp")), "202")


@test
def two_phones_hear_each_other_over_tls(lab):
    box = lab.box()
    return talk(lab, box, *pair(lab, box, ("tls", "tls")), "202")


@test
def a_phone_on_udp_hears_one_on_tls(lab):
    box = lab.box()
    return talk(lab, box, *pair(lab, box, ("udp", "tls")), "202")


@test
def a_phone_on_ipv4_hears_one_on_ipv6(lab):
    box = lab.box(sip=["127.0.0.1", "::1"])
    return talk(lab, box, *pair(lab, box, hosts=("127.0.0.1", "::1")), "202")


@test
def a_third_call_leaves_through_a_trunk(lab):
    """Another box is the carrier: the first one registers there."""
    carrier = lab.box(host="127.0.0.8")
    carrier.extension("4420794600", secret="trunk secret")
    box = lab.box()
    trunk = box.trunk("carrier", carrier.host, carrier.sip, username="4420794600",
                      secret="trunk secret", transport="udp", number_format="as_dialled")
    box.route_out("0.", [trunk], strip=1)
    until(lambda: carrier.registered("4420794600"), "the trunk's registration")
    first, second = [], []
    for where, number, kept in ((box, "201", first), (carrier, "302", second)):
        where.extension(number)
        source = os.path.join(lab.folder, f"{number}.wav")
        sound.melody(source, seed=int(number))
        phone = Baresip(lab, where, number, "secret-of-the-test", source, server=where.host)
        phone.source = source
        kept.append(phone.until_registered())
    said = talk(lab, box, first[0], second[0], "0302")
    record = box.records()[0]
    if record["direction"] != "outbound" or record["destination"] != {"trunk": "carrier"}:
        raise AssertionError(f"the record says {record['direction']} {record['destination']}")
    return said
