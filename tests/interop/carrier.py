"""Kamailio as the carrier behind a trunk."""

import contextlib
import os

import ports
from box import address
from lab import need, until
from sip import Wire

CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kamailio.cfg")


class Kamailio:
    """Registrar and proxy between a trunk and a phone that plays the world."""

    def __init__(self, lab, secret, world, host="127.0.0.1", inside=None):
        self.folder = lab.sub("kamailio")
        self.host, self.port = host, ports.free()
        with open(CONFIG) as file:
            text = file.read()
        listen = address(host, self.port)
        for word, value in (("LISTEN_UDP", f"udp:{listen}"), ("LISTEN_TCP", f"tcp:{listen}"),
                            ("SECRET", secret), ("WORLD_HOST", world[0]),
                            ("WORLD_PORT", str(world[1]))):
            text = text.replace(word, value)
        path = os.path.join(self.folder, "kamailio.cfg")
        with open(path, "w") as file:
            file.write(text)
        self.process = lab.process(
            [need("kamailio"), "-DD", "-E", "-f", path, "-m", "64", "-M", "8",
             "-w", self.folder, "-Y", self.folder], self.folder, inside)
        with inside or contextlib.nullcontext():
            until(self.answers, "an answer of Kamailio", 20)

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "output.log"), errors="replace") as file:
                raise AssertionError("kamailio ended: " + file.read()[-800:])
        wire = Wire(self.host, self.port)
        try:
            here = address(wire.host, wire.port)
            wire.send(f"OPTIONS sip:{self.host} SIP/2.0\r\nVia: SIP/2.0/UDP {here}"
                      f";branch=z9hG4bKprobe\r\nMax-Forwards: 5\r\nFrom: <sip:probe@{here}>;tag=1"
                      f"\r\nTo: <sip:{self.host}>\r\nCall-ID: probe-{wire.port}\r\n"
                      "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
            return wire.receive(0.5)
        except OSError:
            return None
        finally:
            wire.close()
