"""A fax by T.38: sipp's machines agree on it in the middle of a call, and what they say passes."""

import glob
import os
import re
import socket
import struct
import time

from lab import test, until
from sipp import Sipp
from test_sipp import bind

CALLER, DID = "127.0.0.2", "+442079460100"


class Machine:
    """The T.38 of one machine, whose signalling is sipp's."""

    def __init__(self, lab, host):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(0.5)
        lab.at_end(self.socket.close)
        self.keys = ["-key", "fax_port", str(self.socket.getsockname()[1]),
                     "-trace_msg", "-message_file", "messages.log"]

    def told(self, sipp):
        """Where the box wants its packets."""
        def find():
            text = "".join(open(path, errors="replace").read()
                           for path in glob.glob(os.path.join(sipp.folder, "messages.log*")))
            came = re.split(r"^-{20,}.*$", text, flags=re.M)
            came = [message for message in came if "message received" in message]
            return [re.search(r"^m=image (\d+) udptl t38", one, re.M) for one in came if "m=image" in one]
        return until(find, "T.38 agreed")[-1].group(1)

    def heard(self, count):
        """The packets that come, in their order; fewer when no more do."""
        found = []
        try:
            while len(found) < count:
                found.append(self.socket.recv(2048))
        except TimeoutError:
            pass
        return found


def packets(first):
    """UDPTL (ITU-T T.38 annex A): a number, an octet of length, an indicator, no recovery. By its number
    a packet may look like RTP, STUN or DTLS, and is none."""
    return [struct.pack("!HBBBB", (first + at) & 0xFFFF, 1, 2, 0, 0) for at in range(20)]


@test
def two_machines_go_over_to_t38_and_back_to_sound(lab):
    box = lab.box()
    box.ask("PUT", "settings", {**box.ask("GET", "settings"), "silence_seconds": 0})
    box.trunk("carrier", CALLER, 5060, kind="static", transport="udp", qualify_seconds=0)
    box.extension("201")
    box.route_in("+44.", "201")
    one, other = Machine(lab, CALLER), Machine(lab, "127.0.0.1")
    there = Sipp(lab, "uas_fax", count=1, limit=60, more=other.keys)
    bind(box, "201", f"<sip:201@127.0.0.1:{there.port}>")
    here = Sipp(lab, "uac_fax", f"127.0.0.1:{box.sip}", 1, host=CALLER, number=DID, talk=8, more=one.keys)
    ports = {one: int(one.told(here)), other: int(other.told(there))}
    time.sleep(0.3)
    said = 0
    for first in (0, 0x1400, 0x8000, 0xFFF0):
        for speaker, listener in ((one, other), (other, one)):
            sent = packets(first)
            for packet in sent:
                speaker.socket.sendto(packet, ("127.0.0.1", ports[speaker]))
                time.sleep(0.005)
            heard = listener.heard(len(sent))
            if heard != sent:
                raise AssertionError(f"{len(heard)} of {len(sent)} packets from {first:#06x} came as they are")
            said += len(sent)
    here.demand(1)
    there.demand(1)
    until(lambda: not box.calls(), "no call left over")
    record = until(lambda: [found for found in box.records() if found["ended"]], "the record")[0]
    if record["end"]["why"] != "hung_up":
        raise AssertionError(f"the record says {record['end']}")
    return f"{said} packets passed as they are"
