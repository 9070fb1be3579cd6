"""Single calls beside a load, timed by the kernel: what a server adds to the set-up of a call.

A call's delay is the way of its INVITE from the caller's socket to the phone's, and the way of the
200 back. The phone's own time to answer is in neither.
"""

import re
import select
import socket
import struct
import threading
import time

from servers import CALLED, CALLER, PROBE, SECRET
from sip import Call, Incoming, Message, Phone

# Between calls; between the answer of a call and its end; how long an answer may take. Seconds.
EVERY, TALK, PATIENCE = 0.02, 0.2, 2.0
# The first caller's number: each call has one of its own, by which it is known at the far side too.
FIRST = 442079000001
# The kernel's time on a datagram (socket(7), SO_TIMESTAMPNS): Python has no name for it.
TIMESTAMPNS, STAMP = 35, struct.Struct("@qq")


class Probe:
    """A caller, a phone, and a thread that makes calls between them."""

    def __init__(self, server=None):
        if server:
            self.caller = Phone(server, "", bind=CALLER)
            self.called = Phone(server, PROBE, SECRET, bind=CALLED)
            server.bind(PROBE, self.called.contact())
            self.number = server.number(PROBE)
        else:
            self.caller, self.called, self.number = *pair(), PROBE
        for phone in (self.caller, self.called):
            phone.socket.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)
        self.made, self.began, self.reached = 0, {}, {}
        self.ways, self.calls, self.talking = [], {}, []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        """Gives the delays in milliseconds, in order, and how many calls nobody answered."""
        self.done.set()
        self.thread.join()
        self.caller.close()
        self.called.close()
        return sorted(self.ways), self.made - len(self.ways)

    def run(self):
        due, end = time.monotonic(), None
        while end is None or (time.monotonic() < end and (self.calls or self.talking)):
            if end is None and self.done.is_set():
                end = time.monotonic() + PATIENCE
            wait = max(due - time.monotonic(), 0)
            for ready in select.select([self.caller.socket, self.called.socket], [], [], wait)[0]:
                message, came = receive(ready)
                if ready is self.called.socket:
                    self.at_phone(message, came)
                else:
                    self.at_caller(message, came)
            if time.monotonic() < due:
                continue
            due += EVERY
            while self.talking and self.talking[0][0] <= time.monotonic():
                _, call = self.talking.pop(0)
                call.within("BYE", answer=False)
            if end is None:
                self.call()

    def call(self):
        number = FIRST + self.made
        self.caller.user = f"+{number}"
        call = Call(self.caller, self.number, "", self.caller.sdp(), None)
        self.calls[call.call_id] = number, call
        self.made += 1
        self.began[number] = time.time_ns()
        call.invite()

    def at_phone(self, message, came):
        if message.method == "INVITE":
            number = int(re.search(r"sips?:\+?(\d+)@", message["from"]).group(1))
            incoming = Incoming(self.called, message)
            _, _, incoming.tag = self.reached.setdefault(
                number, (came, time.time_ns(), incoming.tag))
            incoming.say(200, "OK", body=self.called.sdp())
        elif message.method == "BYE":
            self.called.reply(message, 200, "OK")

    def at_caller(self, message, came):
        if not message.status or message.status < 200 or not message["cseq"].endswith("INVITE"):
            return
        number, call = self.calls.pop(message["call-id"], (None, None))
        if call is None:
            return
        call.until_final(answer=message)
        if message.status == 200:
            reached, answered, _ = self.reached[number]
            self.ways.append((reached - self.began[number] + came - answered) / 1e6)
            self.talking.append((time.monotonic() + TALK, call))


def pair():
    """A caller and a phone with nothing between them: what the measuring itself costs."""
    class Nowhere:
        host, sip = CALLED, 9
    called = Phone(Nowhere, PROBE, SECRET, bind=CALLED)

    class There:
        host, sip = CALLED, called.port
    caller = Phone(There, "", bind=CALLER)
    called.socket.connect((CALLER, caller.port))
    return caller, called


def receive(ready):
    """A message, and when the kernel got it, in nanoseconds of the clock on the wall."""
    data, control, _, _ = ready.recvmsg(65536, 64)
    came = time.time_ns()
    for level, kind, value in control:
        if level == socket.SOL_SOCKET and kind == TIMESTAMPNS:
            seconds, nanos = STAMP.unpack(value[:STAMP.size])
            came = seconds * 1_000_000_000 + nanos
    return Message(data), came
