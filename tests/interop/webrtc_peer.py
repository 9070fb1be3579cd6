"""A browser that is not Chromium: the peer connection of `webrtc`, with SIP over WebSocket from here."""

import os
import re
import struct

import payload
import sound
from box import binary
from lab import until
from lines import Driven
from sip import Phone


class WebrtcPeer(Driven):
    """A telephone in a browser; `codecs` are all that it has."""

    def __init__(self, lab, box, user, secret="secret-of-the-test", codecs=("opus",)):
        program = os.path.join(os.path.dirname(binary()), "webrtc-peer")
        if not os.path.exists(program):
            raise AssertionError(f"{program} is not built: cargo build -p webrtc-peer")
        folder = lab.sub(f"peer-{user}")
        super().__init__(lab, [program, folder, *codecs], folder, user)
        self.box, self.user, self.codecs = box, user, codecs
        self.phone = Phone(box, user, secret, transport="wss")
        lab.at_end(self.phone.close)
        self.call, self.types = None, {}

    def register(self):
        answer = self.phone.register()
        if answer.status != 200:
            raise AssertionError(f"{self.user} is not registered: {answer.first}")
        until(lambda: self.box.registered(self.user), f"{self.user} registered")
        return self

    def dial(self, number):
        """Calls with an offer that names no candidate yet; they follow when it was answered."""
        offer = self.ask("offer")
        if "a=candidate" in offer:
            raise AssertionError("the offer waited for its candidates")
        self.call = self.phone.call(number, body=offer)
        if self.call.final.status != 200:
            raise AssertionError(f"{number} was not reached: {self.call.final.first}")
        self.answered(self.call.final)
        self.trickle(offer)
        return self

    def answer(self):
        """Waits for a call and takes it."""
        self.call = self.phone.incoming()
        answer = self.ask("answer", sdp=self.call.invite.body.decode())
        self.learn(answer)
        self.call.answer(body=answer)
        self.until("connection", state="connected")
        return self

    def answered(self, message):
        """Takes what the box answered to an offer, and gives it."""
        answer = message.body.decode()
        self.learn(answer)
        self.ask("accept", sdp=answer)
        self.until("connection", state="connected")
        return answer

    def learn(self, answer):
        """Under which types the codecs were agreed on: those of the offer, whoever made it."""
        self.types = {name: int(number)
                      for number, name in re.findall(r"^a=rtpmap:(\d+) ([^/\s]+)/", answer, re.M)}

    def trickle(self, offer):
        """Tells the candidates that were found meanwhile (RFC 8840)."""
        found = [event["candidate"] for event in self.every("candidate")]
        if not found:
            raise AssertionError("no candidates were found")
        lines = re.findall(r"^a=ice-(?:ufrag|pwd):.*$", offer, re.M)[:2]
        lines += ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0"]
        lines += [f"a={one}" for one in found] + ["a=end-of-candidates"]
        headers = "Info-Package: trickle-ice\r\nContent-Type: application/trickle-ice-sdpfrag\r\n"
        told = self.call.within("INFO", headers, "".join(line.strip() + "\r\n" for line in lines))
        if told.status != 200:
            raise AssertionError(f"candidates are not taken: {told.first}")

    def again(self):
        """Offers again in the call; gives the offer and the answer."""
        offer = self.ask("offer")
        final = self.call.within("INVITE", body=offer)
        if final.status != 200:
            raise AssertionError(f"the new offer was refused: {final.first}")
        answer = final.body.decode()
        self.ask("accept", sdp=answer)
        return offer, answer

    def hang_up(self):
        self.call.hang_up()

    def play(self, codec, payloads):
        """Says payloads of a codec."""
        one = by_name(codec)
        path = os.path.join(self.folder, "says.rtp")
        with open(path, "wb") as file:
            for at, data in enumerate(payloads):
                packet = struct.pack("!BBHII", 0x80, self.types[codec],
                                     at & 0xFFFF, at * one.clock * one.millis // 1000, 0) + data
                file.write(struct.pack("!H", len(packet)) + packet)
        self.ask("play", kind="audio", path=path)

    def packets(self, kind="audio"):
        """What came so far: type, sequence number, time stamp, marker and payload of each packet."""
        with open(os.path.join(self.folder, f"{kind}.rtp"), "rb") as file:
            data = file.read()
        found = []
        while len(data) > 2:
            length = struct.unpack("!H", data[:2])[0]
            packet, data = data[2:2 + length], data[2 + length:]
            first, second, sequence, stamp, _ = struct.unpack("!BBHII", packet[:12])
            at = 12 + 4 * (first & 0x0F)
            if first & 0x10:
                at += 4 + 4 * struct.unpack("!H", packet[at + 2:at + 4])[0]
            end = len(packet) - (packet[-1] if first & 0x20 else 0)
            found.append((second & 0x7F, sequence, stamp, second >> 7, packet[at:end]))
        return found

    def heard(self, codec, since=0):
        """A WAV of what came, from a packet on."""
        packets = self.packets()[since:]
        others = {number for number, *_ in packets} - {self.types[codec]}
        if others:
            raise AssertionError(f"packets of types {sorted(others)}, {self.types[codec]} agreed")
        payloads = [data for *_, data in sorted(packets, key=lambda one: one[1])]
        path = os.path.join(self.folder, f"heard-{since}.wav")
        sound.write(path, by_name(codec).decode(payloads))
        return path


def by_name(codec):
    return next(one for one in payload.all_codecs() if one.name == codec)
