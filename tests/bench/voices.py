"""Calls with media both ways, 50 packets a second from each side, out of one process."""

import socket
import struct
import time

from servers import CALLED, CALLER
from sip import Phone

# Milliseconds of sound in a packet, and its octets in G.711.
PACE, SOUND = 20, bytes([0xD5]) * 160


class Voices:
    """So many calls from one caller to one phone, all up at once; 100 a second are made."""

    def __init__(self, server, phone, secret, calls):
        self.caller = Phone(server, "+442079460000", bind=CALLER)
        self.called = Phone(server, phone, secret, bind=CALLED)
        server.bind(phone, self.called.contact())
        self.calls, self.ends, self.packets = [], [], 0
        for _ in range(calls):
            here, there = voice(CALLER), voice(CALLED)
            self.caller.media, self.called.media = here.getsockname(), there.getsockname()
            call = self.caller.call(server.number(phone), wait=False)
            try:
                incoming = self.called.incoming()
                incoming.answer()
                call.until_final()
            except AssertionError as why:
                heard = ", ".join(message.first for message in self.caller.kept[-8:])
                raise AssertionError(f"{why}; the caller heard: {heard or 'nothing'}") from None
            self.calls.append(call)
            time.sleep(0.01)
            # Each end: its socket, and where it was told to speak to.
            self.ends += [(here, call.final.media()), (there, incoming.invite.media())]

    def speak(self, seconds):
        """All speak for so long; gives the part of the packets that were heard."""
        for end, _ in self.ends:
            drain(end)
        sent = heard = 0
        start = time.monotonic()
        for turn in range(seconds * 1000):
            # Spread over the 20 ms, as from many phones.
            for at in range(turn % PACE, len(self.ends), PACE):
                end, to = self.ends[at]
                stamp = self.packets + turn // PACE
                end.sendto(struct.pack("!BBHII", 0x80, 8, stamp & 0xFFFF, stamp * 160, at + 1)
                           + SOUND, to)
                sent += 1
                if turn % 200 == at % 200:
                    heard += drain(end)
            time.sleep(max(start + (turn + 1) / 1000 - time.monotonic(), 0))
        self.packets += seconds * 1000 // PACE
        time.sleep(0.1)
        return (heard + sum(drain(end) for end, _ in self.ends)) / sent

    def hang_up(self):
        for call in self.calls:
            call.within("BYE", answer=False)
            self.called.reply(self.called.until(lambda m: m.method == "BYE"), 200, "OK")
        for end, _ in self.ends:
            end.close()
        self.caller.close()
        self.called.close()


def voice(host):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind((host, 0))
    end.setblocking(False)
    return end


def drain(end):
    """Takes what came, and says how many packets it were."""
    count = 0
    try:
        while True:
            end.recv(2048)
            count += 1
    except BlockingIOError:
        return count
