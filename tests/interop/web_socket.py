"""SIP over WebSocket (RFC 7118) from nobody's library: a stream of messages, as a socket has one."""

import base64
import os
import struct


class WebSocket:
    """A socket whose messages are frames; what is not for SIP is answered here."""

    def __init__(self, stream, host, path="/ws"):
        self.stream, self.buffer = stream, b""
        key = base64.b64encode(os.urandom(16)).decode()
        stream.sendall((f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: sip\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise AssertionError(f"no WebSocket: {head.decode(errors='replace')}")

    def getsockname(self):
        return self.stream.getsockname()

    def settimeout(self, limit):
        self.stream.settimeout(limit)

    def sendall(self, data, kind=1):
        # RFC 6455 section 5.2: whole, masked, with a length of 7 bits or of 16.
        length = len(data)
        size = bytes([0x80 | length]) if length < 126 else struct.pack("!BH", 0x80 | 126, length)
        mask = os.urandom(4)
        masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(data))
        self.stream.sendall(bytes([0x80 | kind]) + size + mask + masked)

    def recv(self, _):
        """The payload of the next frame for SIP; nothing when the other side has closed."""
        while True:
            kind, payload = self.frame()
            if kind == PING:
                self.sendall(payload, PONG)
            elif kind == CLOSE:
                return b""
            elif kind != PONG:
                return payload

    def frame(self):
        while True:
            have = len(self.buffer)
            length, at = (self.buffer[1] & 0x7F, 2) if have >= 2 else (0, 2)
            if length == 126:
                length, at = (struct.unpack("!H", self.buffer[2:4])[0] if have >= 4 else 0), 4
            elif length == 127:
                length, at = (struct.unpack("!Q", self.buffer[2:10])[0] if have >= 10 else 0), 10
            if have >= at + length and have >= at:
                kind, payload = self.buffer[0] & 0x0F, self.buffer[at:at + length]
                self.buffer = self.buffer[at + length:]
                return kind, payload
            self.more()

    def more(self):
        data = self.stream.recv(65536)
        if not data:
            raise ConnectionError("the other side has gone")
        self.buffer += data

    def close(self):
        self.stream.close()


TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
