"""The loads that a server is measured under: calls, registrations, and calls with media."""

import os
import time

import ports
from lab import Lab
from probe import Probe
from servers import CALLED, CALLER, LOAD, MEDIA, SECRET, HERE
from sip import Phone
from sipp import Sipp
from voices import Voices

# Seconds between the answer and the end. None would be no call that anybody makes: a server with
# several workers lets the BYE overtake the ACK.
TALK = 0.5


class Bench(Lab):
    """A lab where a scenario may be a path."""

    def sub(self, name):
        return super().sub(os.path.basename(name))


class Run:
    """One load of calls through one server, or straight to the phone without one."""

    def __init__(self, lab, server, rate, seconds, talk=TALK, probed=False):
        count = int(rate * seconds)
        there = Sipp(lab, os.path.join(HERE, "uas"), host=CALLED, limit=seconds + 90)
        if server:
            server.bind(LOAD, f"<sip:{LOAD}@{CALLED}:{there.port}>")
            target, number = f"{server.host}:{server.sip}", server.number(LOAD)
        else:
            target, number = f"{CALLED}:{there.port}", LOAD
        probe = Probe(server) if probed else None
        before = server.cpu() if server else 0
        here = Sipp(lab, "uac", target, count, rate, CALLER, number,
                    talk=talk, at_once=15_000, limit=seconds + int(talk) + 60)
        self.peak = 0
        if talk > TALK:
            time.sleep(seconds + talk / 2)
            self.peak = server.memory()
        here.wait()
        self.delays, self.unanswered = probe.stop() if probe else ([], 0)
        self.count, self.good = count, here.successful()
        used = server.cpu() - before if server else 0
        self.ms = used / (count + len(self.delays)) * 1000
        self.retransmissions = here.retransmissions() + there.retransmissions()
        there.process.terminate()
        there.process.wait()

    def whole(self):
        """No call failed."""
        return self.good == self.count

    def clean(self):
        """No call failed, and no message had to be said twice."""
        return self.whole() and self.retransmissions == 0

    def delay(self, part):
        """A percentile of the probe's calls, in milliseconds."""
        if not self.delays:
            return 0.0
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * part))]

    def __str__(self):
        text = (f"{self.good} of {self.count}, {self.retransmissions} retransmissions, "
                f"{self.ms:.3f} ms a call")
        if self.delays:
            text += (f", p50 {self.delay(.5):.3f} ms, p99 {self.delay(.99):.3f} ms of "
                     f"{len(self.delays)}, {self.unanswered} unanswered")
        return text


class Registering:
    """One load of registrations: each of these users `times` times."""

    def __init__(self, lab, server, users, rate, times=1):
        count = len(users) * times
        before = server.cpu()
        here = Sipp(lab, "register", f"{server.host}:{server.sip}", count, rate, CALLED,
                    users=users, limit=count // rate + 40)
        here.wait()
        self.ms = (server.cpu() - before) / count * 1000
        self.count, self.good = count, here.successful()
        self.retransmissions = here.retransmissions()
        self.errors = here.errors

    def demand(self):
        if self.good != self.count:
            raise AssertionError(f"{self.good} of {self.count}: {self.errors()}")
        return self

    def clean(self):
        return self.good == self.count and self.retransmissions == 0


def relayed(server, calls, seconds):
    """Memory and CPU of calls that speak both ways: bytes a call, percent of a core for all of them,
    and the part of the packets that came through."""
    before = server.memory()
    voices = Voices(server, MEDIA, SECRET, calls)
    voices.speak(2)
    used = server.cpu()
    heard = voices.speak(seconds)
    used = server.cpu() - used
    each = (server.memory() - before) / calls
    voices.hang_up()
    return each, used / seconds * 100, heard
